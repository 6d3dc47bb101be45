//! The files of one cluster, and the command lines of its control plane.

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::access::{Access, write_kubeconfig};
use crate::pki::{self, Authority, save};
use crate::ports::Port;
use crate::process::Spec;
use crate::toolchain::Tools;

/// The group that authorization lets through unseen (Kubernetes, "Using RBAC authorization").
const MASTERS: &str = "system:masters";
/// EKS gives clusters this range for services unless the VPC uses it (EKS user guide, "Create cluster").
const SERVICE_RANGE: &str = "172.20.0.0/16";
/// How long the apiserver believes the token webhook, short so that a removed access entry shows at once.
const TOKEN_CACHE: &str = "1s";

/// Folders, ports and keys of one cluster.
pub(crate) struct Layout {
    root: PathBuf,
    pki: PathBuf,
    etcd: Port,
    etcd_peer: Port,
    apiserver: Port,
    pub(crate) kwok: Port,
}

impl Layout {
    /// Makes folders, keys and the kubeconfigs of the parts.
    pub(crate) fn new(state: &Path) -> Result<Self> {
        let root = std::path::absolute(state)?;
        let pki = root.join("pki");
        for folder in [&pki, &root.join("logs")] {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        let layout = Self {
            root,
            pki,
            etcd: Port::claim()?,
            etcd_peer: Port::claim()?,
            apiserver: Port::claim()?,
            kwok: Port::claim()?,
        };
        layout.write_keys()?;
        Ok(layout)
    }

    fn write_keys(&self) -> Result<()> {
        let authority = Authority::new("day2-local-platform")?;
        let local = ["127.0.0.1", "localhost"];
        let service = "172.20.0.1"; // the first address of SERVICE_RANGE is the apiserver's own service
        let names = [
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            "kubernetes.default.svc.cluster.local",
        ];
        let all: Vec<&str> = local.into_iter().chain([service]).chain(names).collect();
        let put = |name: &str, pair: &pki::Pair| -> Result<()> {
            save(&self.pki, &format!("{name}.crt"), &pair.certificate)?;
            save(&self.pki, &format!("{name}.key"), &pair.key).map(drop)
        };
        put("ca", authority.pair())?;
        put("apiserver", &authority.server("kube-apiserver", &all)?)?;
        put("front", &authority.server("kube-apiserver", &local)?)?;
        put("kwok-server", &authority.server("kwok", &local)?)?;
        put(
            "kubelet-client",
            &authority.client("kube-apiserver-kubelet-client", MASTERS)?,
        )?;
        let (private, public) = pki::signing_key()?;
        save(&self.pki, "service-accounts.key", &private)?;
        save(&self.pki, "service-accounts.pub", &public)?;
        // The parts of the control plane call as `system:` users, whom the recorder leaves out.
        for (file, user) in [
            ("admin", "admin"),
            ("controller-manager", "system:kube-controller-manager"),
            ("scheduler", "system:kube-scheduler"),
            ("kwok", "system:kwok"),
        ] {
            let pair = authority.client(user, MASTERS)?;
            put(file, &pair)?;
            write_kubeconfig(
                &self.kubeconfig(file),
                &self.endpoint(),
                &authority.pair().certificate,
                user,
                &pair,
            )?;
        }
        Ok(())
    }

    /// The admin's way in, from the files written by [`Self::new`].
    pub(crate) fn access(&self) -> Result<Access> {
        let read = |name: &str| {
            let path = self.pki.join(name);
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        let pair = |name: &str| -> Result<pki::Pair> {
            Ok(pki::Pair {
                certificate: read(&format!("{name}.crt"))?,
                key: read(&format!("{name}.key"))?,
            })
        };
        Ok(Access::new(
            self.endpoint(),
            read("ca.crt")?,
            pair("admin")?,
            pair("front")?,
            self.kubeconfig("admin"),
        ))
    }

    fn endpoint(&self) -> String {
        format!("https://127.0.0.1:{}", self.apiserver)
    }

    pub(crate) fn kubeconfig(&self, user: &str) -> PathBuf {
        self.root.join(format!("{user}.kubeconfig"))
    }

    pub(crate) fn key_file(&self, name: &str) -> PathBuf {
        self.pki.join(name)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    pub(crate) fn log(&self, part: &str) -> PathBuf {
        self.logs().join(format!("{part}.log"))
    }

    pub(crate) fn audit_log(&self) -> PathBuf {
        self.logs().join("audit.jsonl")
    }

    pub(crate) fn pod_log(&self) -> PathBuf {
        self.root.join("pod.log")
    }

    /// The claims, to be kept for as long as the cluster runs.
    pub(crate) fn into_ports(self) -> Vec<Port> {
        vec![self.etcd, self.etcd_peer, self.apiserver, self.kwok]
    }
}

fn flag(name: &str, value: impl Display) -> String {
    format!("--{name}={value}")
}

fn file_flag(name: &str, path: &Path) -> String {
    flag(name, path.display())
}

/// How much garbage a part may gather before it is collected, in percent of what lives (Go's `GOGC`, 100 by itself). Several platforms
/// share two processors in the tests, and collecting is a large part of what an API server does while it starts; memory is not
/// scarce.
const GARBAGE: &str = "400";

/// etcd keeps its data in the state folder and does not wait for the disk: nothing here outlives the machine.
pub(crate) fn etcd(tools: &Tools, layout: &Layout) -> Spec {
    let (client, peer) = (
        format!("http://127.0.0.1:{}", layout.etcd),
        format!("http://127.0.0.1:{}", layout.etcd_peer),
    );
    Spec::new("etcd", tools.program("server"), layout.log("etcd"))
        .args(["--name=day2", "--unsafe-no-fsync", "--log-level=warn"])
        .arg(file_flag("data-dir", &layout.root.join("etcd")))
        .arg(flag("listen-client-urls", &client))
        .arg(flag("advertise-client-urls", &client))
        .arg(flag("listen-peer-urls", &peer))
        .arg(flag("initial-advertise-peer-urls", &peer))
        .arg(flag("initial-cluster", format!("day2={peer}")))
        .clean_env()
        .env("GOGC", GARBAGE)
}

/// The apiserver, with the token webhook and the audit log that [`super::recorder`] reads.
pub(crate) fn apiserver(tools: &Tools, layout: &Layout, webhook: SocketAddr) -> Result<Spec> {
    let webhook_config = write_json(layout, "token-webhook.json", &token_webhook(webhook))?;
    let authentication = write_json(layout, "authentication.json", &authentication())?;
    let policy = write_json(layout, "audit-policy.json", &audit_policy())?;
    let key = |name: &str| layout.key_file(name);
    Ok(Spec::new(
        "kube-apiserver",
        tools.program("kube-apiserver"),
        layout.log("kube-apiserver"),
    )
    .args([
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",
    ])
    .args([
        "--authorization-mode=Node,RBAC",
        "--allow-privileged=true",
        "--profiling=false",
    ])
    .arg(flag("secure-port", &layout.apiserver))
    .arg(flag("etcd-servers", format!("http://127.0.0.1:{}", layout.etcd)))
    .arg(flag("service-cluster-ip-range", SERVICE_RANGE))
    .arg(file_flag("tls-cert-file", &key("apiserver.crt")))
    .arg(file_flag("tls-private-key-file", &key("apiserver.key")))
    .arg(file_flag("client-ca-file", &key("ca.crt")))
    .arg(flag("service-account-issuer", layout.endpoint()))
    .arg(file_flag(
        "service-account-key-file",
        &key("service-accounts.pub"),
    ))
    .arg(file_flag(
        "service-account-signing-key-file",
        &key("service-accounts.key"),
    ))
    .arg("--kubelet-preferred-address-types=InternalIP")
    .arg(file_flag("kubelet-certificate-authority", &key("ca.crt")))
    .arg(file_flag(
        "kubelet-client-certificate",
        &key("kubelet-client.crt"),
    ))
    .arg(file_flag("kubelet-client-key", &key("kubelet-client.key")))
    .arg(file_flag("authentication-config", &authentication))
    .arg(file_flag(
        "authentication-token-webhook-config-file",
        &webhook_config,
    ))
    .arg("--authentication-token-webhook-version=v1")
    .arg(flag("authentication-token-webhook-cache-ttl", TOKEN_CACHE))
    .arg(file_flag("audit-policy-file", &policy))
    .arg(file_flag("audit-log-path", &layout.audit_log()))
    // Blocking: a call is in the log when its answer is complete. Size 0: one file, never rotated away.
    .args([
        "--audit-log-format=json",
        "--audit-log-mode=blocking",
        "--audit-log-maxsize=0",
    ])
    .clean_env()
    .env("GOGC", GARBAGE))
}

/// Every controller stays on: without `nodelifecycle` the taint `not-ready` of a new node is never removed.
pub(crate) fn controller_manager(tools: &Tools, layout: &Layout) -> Spec {
    let name = "kube-controller-manager";
    Spec::new(name, tools.program(name), layout.log(name))
        .arg(file_flag("kubeconfig", &layout.kubeconfig("controller-manager")))
        .args(["--leader-elect=false", "--secure-port=0", "--profiling=false"])
        .args([
            "--kube-api-qps=2000",
            "--kube-api-burst=3000",
            "--node-monitor-period=2s",
        ])
        // An autoscaler that follows within seconds; by itself it looks every 15 s, leaves pods of five minutes out, and
        // waits five more before it takes any away.
        .args([
            "--horizontal-pod-autoscaler-sync-period=3s",
            "--horizontal-pod-autoscaler-cpu-initialization-period=1s",
            "--horizontal-pod-autoscaler-initial-readiness-delay=1s",
            "--horizontal-pod-autoscaler-downscale-stabilization=5s",
        ])
        .arg(file_flag(
            "service-account-private-key-file",
            &layout.key_file("service-accounts.key"),
        ))
        .arg(file_flag("root-ca-file", &layout.key_file("ca.crt")))
        .arg(file_flag("cluster-signing-cert-file", &layout.key_file("ca.crt")))
        .arg(file_flag("cluster-signing-key-file", &layout.key_file("ca.key")))
        .clean_env()
        .env("GOGC", GARBAGE)
}

pub(crate) fn scheduler(tools: &Tools, layout: &Layout) -> Spec {
    let name = "kube-scheduler";
    Spec::new(name, tools.program(name), layout.log(name))
        .arg(file_flag("kubeconfig", &layout.kubeconfig("scheduler")))
        .args(["--leader-elect=false", "--secure-port=0", "--profiling=false"])
        .args(["--kube-api-qps=2000", "--kube-api-burst=3000"])
        .clean_env()
        .env("GOGC", GARBAGE)
}

/// The kubeconfig by which the apiserver calls the webhook: plain HTTP, as both ends are on loopback.
fn token_webhook(address: SocketAddr) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "webhook",
        "clusters": [{"name": "webhook", "cluster": {"server": format!("http://{address}/")}}],
        "users": [{"name": "apiserver", "user": {}}],
        "contexts": [{"name": "webhook", "context": {"cluster": "webhook", "user": "apiserver"}}],
    })
}

/// Strangers may ask for health and nothing else, as on EKS from Kubernetes 1.32 on.
fn authentication() -> Value {
    let health = ["/healthz", "/livez", "/readyz"].map(|path| json!({"path": path}));
    json!({
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AuthenticationConfiguration",
        "anonymous": {"enabled": true, "conditions": health},
    })
}

/// One line per call of everybody but the parts of the control plane, whose calls are a thousandfold.
fn audit_policy() -> Value {
    json!({
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [
            {"level": "None", "users": [
                "system:apiserver", "system:kube-controller-manager", "system:kube-scheduler", "system:kwok",
            ]},
            {"level": "None", "nonResourceURLs": ["/healthz*", "/livez*", "/readyz*"]},
            {"level": "Metadata"},
        ],
    })
}

fn write_json(layout: &Layout, name: &str, value: &Value) -> Result<PathBuf> {
    save(layout.root(), name, &serde_json::to_string_pretty(value)?)
}
