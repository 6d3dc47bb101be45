//! KWOK: plays the kubelets of all nodes by the rules in `kwok/*.yaml`, and answers `kubectl logs`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
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

/// Containers, by name, with a log of their own, and one of the instance before the present one. KWOK reads this once, at its
/// start.
pub const SPEAKING: [&str; 2] = ["checkout", "fetch"];

/// Where the containers' logs are kept.
#[derive(Debug, Clone)]
pub struct PodLogs {
    /// What all containers say that have no log of their own.
    all: PathBuf,
}

/// Which of a container's logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instance {
    /// That of the running container.
    Current,
    /// That of the one before it, which `kubectl logs --previous` shows.
    Previous,
}

impl PodLogs {
    pub(crate) const fn new(all: PathBuf) -> Self {
        Self { all }
    }

    /// Adds lines to the log of every container of that name, which must be one of [`SPEAKING`]. Bytes stay as they are, but
    /// for line feeds, which end a line of a log.
    ///
    /// # Errors
    ///
    /// When there is no such log, or it cannot be written.
    pub fn add(
        &self,
        container: &str,
        instance: Instance,
        at: jiff::Timestamp,
        lines: &[&[u8]],
    ) -> Result<()> {
        ensure!(
            SPEAKING.contains(&container),
            "containers called {container} have no log of their own"
        );
        append(&self.of(container, instance), at, lines)
    }

    fn of(&self, container: &str, instance: Instance) -> PathBuf {
        let suffix = match instance {
            Instance::Current => "log",
            Instance::Previous => "previous.log",
        };
        self.all.with_file_name(format!("container-{container}.{suffix}"))
    }

    /// The object by which KWOK finds them; makes the files.
    fn rules(&self) -> Result<serde_json::Value> {
        let mut logs = vec![json!({"logsFile": self.all, "previousLogsFile": self.all, "follow": false})];
        let mut files = vec![self.all.clone()];
        for container in SPEAKING {
            let [current, previous] =
                [Instance::Current, Instance::Previous].map(|instance| self.of(container, instance));
            logs.push(json!({
                "containers": [container], "logsFile": current, "previousLogsFile": previous, "follow": false,
            }));
            files.extend([current, previous]);
        }
        for file in files {
            std::fs::write(&file, FIRST_LINE).with_context(|| format!("cannot write {}", file.display()))?;
        }
        Ok(json!({
            "apiVersion": "kwok.x-k8s.io/v1alpha1",
            "kind": "ClusterLogs",
            "metadata": {"name": "all"},
            "spec": {"logs": logs},
        }))
    }
}

pub(crate) fn kwok(tools: &Tools, layout: &Layout) -> Result<Spec> {
    let logs = PodLogs::new(layout.pod_log()).rules()?;
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

/// Appends `lines` to what all containers say, all with the time `at`.
pub(crate) fn append_log(path: &Path, at: jiff::Timestamp, lines: &[&str]) -> Result<()> {
    let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
    append(path, at, &lines)
}

fn append(path: &Path, at: jiff::Timestamp, lines: &[&[u8]]) -> Result<()> {
    let mut text = Vec::new();
    for line in lines {
        write!(text, "{at:.9} stdout F ")?;
        text.extend(line.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }));
        text.push(b'\n');
    }
    std::fs::File::options()
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(&text))
        .with_context(|| format!("cannot append to {}", path.display()))
}
