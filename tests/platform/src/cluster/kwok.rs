//! KWOK: plays the kubelets of all nodes by the rules in `kwok/*.yaml`, and answers `kubectl logs`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;

use super::control_plane::Layout;
use crate::pki::save;
use crate::process::Spec;
use crate::toolchain::Tools;

/// Nodes: join, heartbeat, the two ways to be not ready.
const NODES: &str = include_str!("../../kwok/nodes.yaml");
/// Pods that do well: ready, complete, deleted, recovered.
const PODS: &str = include_str!("../../kwok/pods.yaml");
/// Pods that do not.
const SICK_PODS: &str = include_str!("../../kwok/sick-pods.yaml");

/// Addresses of pods; large enough for 150,000 of them.
const POD_RANGE: &str = "10.0.0.0/8";
/// Kubelets hold their lease for 40 s and renew it every 10 s (Kubernetes, "Leases", node heartbeats).
const LEASE_SECONDS: &str = "40";

/// What every container says before [`append_log`] adds more. CRI format, or KWOK refuses to read it.
const FIRST_LINE: &str = "2026-01-01T00:00:00.000000000Z stdout F started\n";

pub(crate) fn kwok(tools: &Tools, layout: &Layout) -> Result<Spec> {
    let pod_log = layout.pod_log();
    std::fs::write(&pod_log, FIRST_LINE).with_context(|| format!("cannot write {}", pod_log.display()))?;
    let logs = json!({
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "ClusterLogs",
        "metadata": {"name": "all"},
        "spec": {"logs": [{"logsFile": pod_log, "previousLogsFile": pod_log, "follow": false}]},
    });
    let logs = serde_json::to_string(&logs)?;
    let config = save(
        layout.root(),
        "kwok.yaml",
        &[NODES, PODS, SICK_PODS, logs.as_str()].join("\n---\n"),
    )?;
    let config = config.to_string_lossy().into_owned();
    let file = |name: &str, path: &Path| format!("--{name}={}", path.display());
    Ok(Spec::new("kwok", tools.program("kwok"), layout.log("kwok"))
        .arg(file("kubeconfig", &layout.kubeconfig("kwok")))
        .arg(format!("--config={config}"))
        .args(["--manage-all-nodes=true", "--node-ip=127.0.0.1"])
        .arg(format!("--node-port={}", layout.kwok))
        .arg(format!("--server-address=127.0.0.1:{}", layout.kwok))
        .arg(file("tls-cert-file", &layout.key_file("kwok-server.crt")))
        .arg(file("tls-private-key-file", &layout.key_file("kwok-server.key")))
        .arg(format!("--node-lease-duration-seconds={LEASE_SECONDS}"))
        .arg(format!("--cidr={POD_RANGE}"))
        .clean_env())
}

/// Appends `lines`, all with the time `at`.
pub(crate) fn append_log(path: &Path, at: jiff::Timestamp, lines: &[&str]) -> Result<()> {
    let mut text = String::new();
    for line in lines {
        writeln!(text, "{at:.9} stdout F {}", line.replace('\n', " "))?;
    }
    std::fs::File::options()
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("cannot append to {}", path.display()))
}
