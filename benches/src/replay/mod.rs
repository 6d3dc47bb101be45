//! A server that plays AWS and a cluster: the same answers for both sides, each after a settable delay.
//!
//! It is a process of its own (`src/bin/replay.rs`), so that what it costs is nobody's, and it speaks TLS with a
//! certificate of its own authority, because real endpoints do and the handshake is a large part of a first call.

mod answers;
mod cluster;
mod server;
mod table;

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::row::Sample;
use crate::{child, folders};
pub use answers::finding;
pub use cluster::suspect;
pub use server::{Isolated, serve};

/// The account that the answers are of.
pub const ACCOUNT: &str = "123456789012";
/// Their region.
pub const REGION: &str = "us-east-1";
/// The cluster, and the target.
pub const CLUSTER: &str = "prod-a";

/// Where a replay server is, and whom to trust.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// `https://127.0.0.1:port`, for AWS and the cluster alike.
    pub endpoint: String,
    /// The certificate of its authority, PEM.
    pub authority: String,
}

/// A running replay server; dropping it ends it.
pub struct Replay {
    place: Place,
    bundle: PathBuf,
    child: Option<Child>,
    isolated: Receiver<Isolated>,
    // The server ends when this closes, also when this program dies.
    _stdin: ChildStdin,
    _folder: tempfile::TempDir,
}

/// Where Linux systems keep the certificates that they trust; a function trusts about as many.
const SYSTEM_BUNDLES: [&str; 2] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
];

impl Replay {
    /// Starts one that waits `delay` before each answer.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub fn start(delay: Duration) -> Result<Self> {
        let mut child = Command::new(folders::built("replay")?)
            .arg(delay.as_millis().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the replay server")?;
        let stdin = child.stdin.take().context("no input")?;
        let stdout = child.stdout.take().context("no output")?;
        let mut said = BufReader::new(stdout);
        let mut line = String::new();
        said.read_line(&mut line)?;
        let (tell, isolated) = channel();
        std::thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                if let Ok(one) = serde_json::from_str(&line) {
                    // The receiver ends with the server.
                    let _ = tell.send(one);
                }
            }
        });
        let place: Place =
            serde_json::from_str(&line).context("the replay server does not say where it is")?;
        let folder = tempfile::tempdir()?;
        let bundle = folder.path().join("trusted.pem");
        let system = SYSTEM_BUNDLES
            .iter()
            .find_map(|path| std::fs::read_to_string(Path::new(path)).ok());
        std::fs::write(
            &bundle,
            format!("{}{}", system.unwrap_or_default(), place.authority),
        )?;
        Ok(Self {
            place,
            bundle,
            child: Some(child),
            isolated,
            _stdin: stdin,
            _folder: folder,
        })
    }

    /// Where it is.
    #[must_use]
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// A file with the certificates that a side trusts: the system's and the server's authority.
    #[must_use]
    pub fn bundle(&self) -> &Path {
        &self.bundle
    }

    /// Waits until a pod is isolated: its label and a policy that selects it both stand.
    ///
    /// # Errors
    ///
    /// When none is within `limit`.
    pub fn next_isolated(&self, limit: Duration) -> Result<Isolated> {
        self.isolated.recv_timeout(limit).context("no pod was isolated")
    }

    /// Pods that were isolated since they were last asked for.
    #[must_use]
    pub fn isolated_meanwhile(&self) -> Vec<Isolated> {
        self.isolated.try_iter().collect()
    }

    /// Runs something, and counts apart what this server used meanwhile.
    ///
    /// # Errors
    ///
    /// As the run; when the server is gone.
    pub fn beside(&self, run: impl FnOnce() -> Result<Sample>) -> Result<Sample> {
        let server = self.child.as_ref().context("the server has ended")?.id();
        let before = child::usage(server)?.cpu;
        let sample = run()?;
        let server = child::usage(server)?.cpu.checked_sub(before);
        Ok(Sample { server, ..sample })
    }

    /// The variables that lead a side to this server.
    #[must_use]
    pub fn variables(&self) -> Vec<(String, String)> {
        let bundle = self.bundle.display().to_string();
        [
            ("AWS_ENDPOINT_URL", self.place.endpoint.clone()),
            ("SSL_CERT_FILE", bundle.clone()),
            ("AWS_CA_BUNDLE", bundle),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// A settings document of a function, with the part `function`.
    #[must_use]
    pub fn settings(&self, function: &Value) -> Value {
        json!({
            "deployment": {
                "name": "bench", "zone": "Europe/Berlin", "partition": "aws",
                "topic_arn": format!("arn:aws:sns:{REGION}:{ACCOUNT}:bench-reports"),
                "report_bucket": "bench-reports", "journal_table": "bench-journal",
            },
            "targets": [{
                "name": CLUSTER, "account_id": ACCOUNT, "region": REGION,
                "cluster": {"name": CLUSTER, "endpoint": self.place.endpoint},
            }],
            "function": function,
        })
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        if let Some(child) = self.child.take() {
            let _ = child::end(child);
        }
    }
}

/// Whether the two answers of a case name the cluster and its nodes alike.
///
/// # Errors
///
/// When they do not, or are empty.
pub fn same_cluster(ours: &Value, peer: &Value) -> Result<()> {
    ensure!(
        ours["nodes"].as_u64().is_some_and(|nodes| nodes > 0),
        "no nodes: {ours}"
    );
    crate::run::equal(ours, peer)
}
