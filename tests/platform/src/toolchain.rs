//! The control plane's programs: built once from their Go modules, then taken from the cache.

mod progress;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::folders::lock;
use crate::process::{Process, Spec};
use progress::{Progress, clock, say};

const GO_MOD: &str = include_str!("../control-plane/go.mod");
const GO_SUM: &str = include_str!("../control-plane/go.sum");

/// What `go install tool` leaves behind; etcd's program is called `server`.
const PROGRAMS: [&str; 6] = [
    "server",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubectl",
    "kwok",
];

/// A cold build takes about 7 minutes on two idle cores; a busy machine and a slow network get the rest.
const BUILD_LIMIT: Duration = Duration::from_mins(45);
/// How often the build is looked at.
const TICK: Duration = Duration::from_millis(500);

/// The folder of built programs.
#[derive(Debug, Clone)]
pub struct Tools {
    folder: PathBuf,
}

impl Tools {
    /// Path of one of the programs.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// `kubectl` of the same release as the control plane.
    #[must_use]
    pub fn kubectl(&self) -> PathBuf {
        self.program("kubectl")
    }

    fn complete(&self) -> bool {
        PROGRAMS.iter().all(|name| self.program(name).is_file())
    }
}

/// The programs, built first if the cache has none for this `go.mod` and `go.sum`.
///
/// The cache folder is named after both files, so a new release never meets old programs. Several processes
/// may ask at the same time: one builds, the others wait. Progress goes to standard error.
///
/// # Errors
///
/// When Go is missing or too old (says how to get it), or the build fails (shows its last lines).
pub async fn ensure() -> Result<Tools> {
    ensure_in(&crate::folders::cache()?, "go").await
}

async fn ensure_in(cache: &Path, go: &str) -> Result<Tools> {
    let name = folder_name();
    let tools = Tools {
        folder: cache.join(&name),
    };
    if tools.complete() {
        return Ok(tools);
    }
    let _lock = lock(&cache.join(format!("{name}.lock")), "builds the control plane").await?;
    if tools.complete() {
        return Ok(tools); // built by whom we waited for
    }
    // A build that was cut short leaves its own folder only: the final name appears complete or not at all.
    let work = cache.join(format!("{name}.building"));
    remove(&work)?;
    build(go, &work).await?;
    remove(&tools.folder)?;
    std::fs::rename(work.join("bin"), &tools.folder).context("cannot move the built programs into place")?;
    remove(&work)?;
    Ok(tools)
}

fn folder_name() -> String {
    let digest = Sha256::new().chain_update(GO_MOD).chain_update(GO_SUM).finalize();
    let mut name = "control-plane-".to_owned();
    for byte in digest.iter().take(8) {
        // Writing to a String cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

fn remove(folder: &Path) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

async fn build(go: &str, work: &Path) -> Result<()> {
    let bin = work.join("bin");
    std::fs::create_dir_all(&bin).with_context(|| format!("cannot create {}", bin.display()))?;
    std::fs::write(work.join("go.mod"), GO_MOD)?;
    std::fs::write(work.join("go.sum"), GO_SUM)?;
    check_go(go, work).await?;
    say("building the Kubernetes control plane once (about 7 minutes on two cores when nothing is cached)");

    let started = Instant::now();
    let mut install = Spec::new("go install", go, work.join("build.log"))
        .args(["install", "-v", "-trimpath", "-ldflags"])
        .arg(ldflags(&release()?))
        .arg("tool")
        .env("GOBIN", &bin)
        .env("CGO_ENABLED", "0")
        .env("GOWORK", "off")
        .env("GOFLAGS", "-mod=readonly")
        .folder(work)
        .start()?;
    let mut progress = Progress::new(started);
    let status = loop {
        if let Some(status) = install.ended()? {
            break status;
        }
        if started.elapsed() > BUILD_LIMIT {
            bail!(
                "the control plane is not built after {} minutes{}",
                BUILD_LIMIT.as_secs() / 60,
                install.tail()
            );
        }
        progress.show(install.log());
        tokio::time::sleep(TICK).await;
    };
    progress.end();
    if status != 0 {
        bail!(
            "the control plane cannot be built (go ended with status {status}){}",
            install.tail()
        );
    }
    say(&format!(
        "the control plane is built, {}",
        clock(started.elapsed())
    ));
    Ok(())
}

/// Names a missing Go with the way to get it, before anything obscure happens.
async fn check_go(go: &str, work: &Path) -> Result<()> {
    let log = work.join("go-version.log");
    let mut ask: Process = Spec::new("go version", go, &log)
        .arg("version")
        .folder(work)
        .start()?;
    if ask.finished(Duration::from_mins(10)).await? != 0 {
        bail!(
            "`go` does not work, and the local platform needs it to build the Kubernetes control plane. Install Go {} \
             or newer from https://go.dev/dl/ (or with the system's package manager) so that `go version` answers{}",
            wanted_go(),
            ask.tail()
        );
    }
    Ok(())
}

fn wanted_go() -> &'static str {
    GO_MOD
        .lines()
        .find_map(|line| line.strip_prefix("go "))
        .unwrap_or("of this year")
}

/// The Kubernetes release that `go.mod` requires, for example `v1.36.3`.
fn release() -> Result<String> {
    GO_MOD
        .lines()
        .find_map(|line| line.trim().strip_prefix("k8s.io/kubernetes "))
        .map(|rest| rest.split_whitespace().next().unwrap_or(rest).to_owned())
        .context("go.mod does not require k8s.io/kubernetes")
}

/// A plain `go install` stamps no version, and clients would see `v0.0.0-master`.
fn ldflags(release: &str) -> String {
    let mut numbers = release.trim_start_matches('v').split('.');
    let (major, minor) = (
        numbers.next().unwrap_or_default(),
        numbers.next().unwrap_or_default(),
    );
    let set = |name: &str, value: &str| format!(" -X k8s.io/component-base/version.{name}={value}");
    format!(
        "-s -w{}{}{}",
        set("gitVersion", release),
        set("gitMajor", major),
        set("gitMinor", minor)
    )
}

#[cfg(test)]
mod tests;
