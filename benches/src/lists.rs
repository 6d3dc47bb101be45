//! The two clusters that a scan is measured on: lists that are played (`list-server`), and a real API server.

mod parts;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::replay::{ACCOUNT, CLUSTER, REGION};
use crate::row::Sample;
use crate::sandbox::Launch;
use crate::{child, folders};
pub use parts::kubectl;
use parts::{Keys, free_port, list_server, programs, spawn, text};

/// Longest wait for a part to start.
const START_LIMIT: Duration = Duration::from_mins(1);

/// A cluster to be scanned, and the AWS around it. Dropping it ends every process of it.
pub struct Scanned {
    /// Where everything listens.
    pub place: Place,
    folder: TempDir,
    children: Vec<Child>,
}

/// Where everything listens.
#[derive(Debug, Clone, Deserialize)]
pub struct Place {
    /// Address of the API server.
    pub kubernetes: String,
    /// Address that plays AWS.
    pub aws: String,
}

impl Drop for Scanned {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Scanned {
    /// Lists of a cluster with so many pods, each exchange of which takes `delay` longer than its work.
    ///
    /// # Errors
    ///
    /// When the server does not start.
    pub fn played(pods: usize, delay: Duration) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let ca = folder.path().join("ca.pem");
        let (server, place) = list_server(
            &ca,
            &[
                "--pods".to_owned(),
                pods.to_string(),
                "--delay-ms".to_owned(),
                delay.as_millis().to_string(),
            ],
        )?;
        let made = Self {
            place,
            folder,
            children: vec![server],
        };
        made.write_kubeconfig()?;
        Ok(made)
    }

    /// A real etcd and API server with the same objects. No controller runs there, so that nothing changes while it is
    /// measured. The programs are those of the local platform, from its cache.
    ///
    /// # Errors
    ///
    /// When the programs cannot be built, or one does not start.
    pub fn real(pods: usize) -> Result<Self> {
        let programs = programs()?;
        let folder = tempfile::tempdir()?;
        let root = folder.path();
        let (client, peer, port) = (free_port()?, free_port()?, free_port()?);
        let (client, peer) = (
            format!("http://127.0.0.1:{client}"),
            format!("http://127.0.0.1:{peer}"),
        );
        let mut children = Vec::new();
        children.push(spawn(
            Command::new(programs.join("server"))
                .args(["--name=bench", "--unsafe-no-fsync", "--log-level=error"])
                .arg("--quota-backend-bytes=6442450944")
                .arg(format!("--data-dir={}", root.join("etcd").display()))
                .arg(format!("--listen-client-urls={client}"))
                .arg(format!("--advertise-client-urls={client}"))
                .arg(format!("--listen-peer-urls={peer}"))
                .arg(format!("--initial-advertise-peer-urls={peer}"))
                .arg(format!("--initial-cluster=bench={peer}")),
        )?);
        // The webhook that believes every token is part of the server that plays AWS.
        let kubernetes = format!("https://127.0.0.1:{port}");
        let ca = root.join("ca.pem");
        let keys = Keys::write(root)?;
        let (server, place) = list_server(
            &ca,
            &[
                "--pods".to_owned(),
                "0".to_owned(),
                "--kubernetes".to_owned(),
                kubernetes,
            ],
        )?;
        children.push(server);
        let webhook = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "webhook",
            "clusters": [{"name": "webhook", "cluster": {"server": format!("{}/authenticate", place.aws)}}],
            "users": [{"name": "apiserver", "user": {}}],
            "contexts": [{"name": "webhook", "context": {"cluster": "webhook", "user": "apiserver"}}],
        });
        std::fs::write(root.join("webhook.json"), webhook.to_string())?;
        let file = |name: &str, path: &Path| format!("--{name}={}", path.display());
        children.push(spawn(
            Command::new(programs.join("kube-apiserver"))
                .args([
                    "--bind-address=127.0.0.1",
                    "--advertise-address=127.0.0.1",
                    "--endpoint-reconciler-type=none",
                ])
                .args([
                    "--authorization-mode=AlwaysAllow",
                    "--disable-admission-plugins=ServiceAccount",
                ])
                .args([
                    "--service-cluster-ip-range=172.20.0.0/16",
                    "--authentication-token-webhook-version=v1",
                ])
                .arg(format!("--secure-port={port}"))
                .arg(format!("--etcd-servers={client}"))
                .arg(format!("--service-account-issuer={}", place.kubernetes))
                .arg(file("tls-cert-file", &ca))
                .arg(file("tls-private-key-file", &keys.server))
                .arg(file("service-account-key-file", &keys.accounts_public))
                .arg(file("service-account-signing-key-file", &keys.accounts))
                .arg(file(
                    "authentication-token-webhook-config-file",
                    &root.join("webhook.json"),
                )),
        )?);
        let mut made = Self {
            place,
            folder,
            children,
        };
        made.write_kubeconfig()?;
        made.wait_until_ready()?;
        made.fill(pods)?;
        Ok(made)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let begun = Instant::now();
        loop {
            let ready = self.kubectl()?.args(["get", "--raw", "/readyz"]).output()?;
            if ready.status.success() {
                return Ok(());
            }
            for child in &mut self.children {
                if let Some(status) = child.try_wait()? {
                    bail!("a part of the control plane ended with {status}");
                }
            }
            ensure!(
                begun.elapsed() < START_LIMIT,
                "the API server is not ready: {}",
                text(&ready.stderr)
            );
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn fill(&self, pods: usize) -> Result<()> {
        let filled = Command::new(folders::built("fill-cluster")?)
            .args(["--server", &self.place.kubernetes, "--pods", &pods.to_string()])
            .arg("--ca")
            .arg(self.ca())
            .stdin(Stdio::null())
            .output()?;
        ensure!(
            filled.status.success(),
            "cannot fill the cluster: {}",
            text(&filled.stderr)
        );
        Ok(())
    }

    /// The certificate that clients trust.
    #[must_use]
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The kubeconfig for kubectl and the Python client.
    #[must_use]
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    fn write_kubeconfig(&self) -> Result<()> {
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": CLUSTER,
            "clusters": [{"name": CLUSTER, "cluster": {"server": self.place.kubernetes, "certificate-authority": self.ca()}}],
            "users": [{"name": "bench", "user": {"token": "bench"}}],
            "contexts": [{"name": CLUSTER, "context": {"cluster": CLUSTER, "user": "bench"}}],
        });
        std::fs::write(self.kubeconfig(), config.to_string()).context("cannot write the kubeconfig")
    }

    /// kubectl with this cluster as its only one.
    ///
    /// # Errors
    ///
    /// When there is no kubectl.
    pub fn kubectl(&self) -> Result<Command> {
        let mut command = Command::new(kubectl()?);
        self.surround(&mut command)?;
        Ok(command)
    }

    /// Gives a command the environment of a person at a terminal: this cluster, a home of its own (where kubectl keeps what
    /// it has discovered), kubectl on the PATH.
    ///
    /// # Errors
    ///
    /// When there is no kubectl.
    pub fn surround(&self, command: &mut Command) -> Result<()> {
        let kubectl = kubectl()?;
        let folder = kubectl.parent().context("no folder")?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path =
            std::env::join_paths(std::iter::once(folder.to_owned()).chain(std::env::split_paths(&path)))?;
        command
            .env("KUBECONFIG", self.kubeconfig())
            .env("HOME", self.folder.path())
            .env("PATH", path);
        Ok(())
    }

    /// How `health-check` is started to scan it.
    ///
    /// # Errors
    ///
    /// When the function was not built.
    pub fn launch(&self) -> Result<Launch> {
        let variables = [
            ("AWS_ENDPOINT_URL", self.place.aws.clone()),
            ("DAY2_SETTINGS", self.settings().to_string()),
        ];
        Ok(Launch {
            program: folders::built("health-check")?,
            arguments: Vec::new(),
            folder: folders::root(),
            variables: variables
                .map(|(name, value)| (name.to_owned(), value))
                .into_iter()
                .collect::<BTreeMap<_, _>>(),
            starved: None,
        })
    }

    /// Every group inside the cluster, none of AWS. No grace: what is put into a real API server is young there.
    fn settings(&self) -> Value {
        let plan = json!({
            "not_checked": ["alarms", "security", "eks", "database", "endpoints", "volumes"],
            "workloads": {"grace_minutes": 0},
        });
        json!({
            "deployment": {
                "name": "day2", "zone": "Europe/Berlin", "partition": "aws",
                "topic_arn": format!("arn:aws:sns:{REGION}:{ACCOUNT}:day2-reports"),
                "report_bucket": "day2-reports", "journal_table": "day2-journal",
            },
            "targets": [{
                "name": CLUSTER, "account_id": ACCOUNT, "region": REGION,
                "cluster": {"name": CLUSTER, "endpoint": self.place.kubernetes},
            }],
            "function": {"targets": {CLUSTER: plan}},
        })
    }

    /// Runs something, and counts apart what the servers used meanwhile: etcd, the API server, and what plays AWS or the lists.
    ///
    /// # Errors
    ///
    /// As the run; when a server is gone.
    pub fn beside(&self, run: impl FnOnce() -> Result<Sample>) -> Result<Sample> {
        let before = self.used()?;
        let sample = run()?;
        let server = self.used()?.checked_sub(before);
        Ok(Sample { server, ..sample })
    }

    fn used(&self) -> Result<Duration> {
        let all = self.children.iter();
        all.map(|child| Ok(child::usage(child.id())?.cpu)).sum()
    }

    /// Fetches the lists and reads nothing of them.
    ///
    /// # Errors
    ///
    /// When the program was not built.
    pub fn fetcher(&self) -> Result<Command> {
        let token = self.folder.path().join("token");
        std::fs::write(&token, "bench")?;
        let mut command = Command::new(folders::built("fetch-pages")?);
        command
            .args(["--server", &self.place.kubernetes])
            .arg("--ca")
            .arg(self.ca())
            .arg("--token")
            .arg(token);
        Ok(command)
    }
}
