//! The emulator's Python environment: made once from pinned, hashed packages, then taken from the cache.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::folders::lock;
use crate::process::Spec;

const REQUIREMENTS: &str = include_str!("../../emulator/requirements.txt");
/// `MiniStack` itself needs 3.10; `datetime.fromisoformat` reads a trailing `Z` from 3.11 on.
const OLDEST: (u32, u32) = (3, 11);
/// Names under which a new enough Python may be installed beside an older `python3`.
const CANDIDATES: [&str; 6] = [
    "python3",
    "python3.15",
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
];
/// Exit status 0 only for a Python that is new enough and can make environments.
const PROBE: &str = "import sys, venv, ensurepip; sys.exit(sys.version_info[:2] < (3, 11))";
/// Twenty packages take 15 s from a warm package cache; a slow network gets the rest.
const INSTALL_LIMIT: Duration = Duration::from_mins(15);
const PROBE_LIMIT: Duration = Duration::from_mins(1);

/// A folder with Python and the emulator's packages.
#[derive(Debug, Clone)]
pub struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// The Python interpreter that sees the packages.
    #[must_use]
    pub fn program(&self) -> PathBuf {
        self.folder.join("bin/python")
    }
}

/// The environment, made first if the cache has none for these requirements.
///
/// The cache folder is named after the requirements, so that a new pin never meets old packages. Several
/// processes may ask at the same time: one installs, the others wait. Progress goes to standard error.
///
/// # Errors
///
/// When no Python is new enough (says how to get one) or a package cannot be installed.
pub async fn ensure() -> Result<Environment> {
    ensure_in(&crate::folders::cache()?, &CANDIDATES).await
}

async fn ensure_in(cache: &Path, candidates: &[&str]) -> Result<Environment> {
    let name = folder_name();
    let environment = Environment {
        folder: cache.join(&name),
    };
    if environment.folder.is_dir() {
        return Ok(environment);
    }
    let _lock = lock(&cache.join(format!("{name}.lock")), "installs the AWS emulator").await?;
    if environment.folder.is_dir() {
        return Ok(environment); // made by whom we waited for
    }
    // What was cut short leaves its own folder only: the final name appears complete or not at all.
    let work = cache.join(format!("{name}.building"));
    if work.exists() {
        std::fs::remove_dir_all(&work).with_context(|| format!("cannot remove {}", work.display()))?;
    }
    install(candidates, &work).await?;
    std::fs::rename(&work, &environment.folder).context("cannot move the Python environment into place")?;
    Ok(environment)
}

fn folder_name() -> String {
    let digest = Sha256::digest(REQUIREMENTS);
    let hex = digest
        .iter()
        .take(8)
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    format!("emulator-{hex}")
}

async fn install(candidates: &[&str], work: &Path) -> Result<()> {
    std::fs::create_dir_all(work).with_context(|| format!("cannot create {}", work.display()))?;
    let requirements = work.join("requirements.txt");
    std::fs::write(&requirements, REQUIREMENTS)?;
    let log = work.join("install.log");
    let started = Instant::now();
    let python = find(candidates, &log).await?;
    say("installing the AWS emulator's Python packages once (about 20 s)");
    run(
        "python -m venv",
        Spec::new("python -m venv", python, &log)
            .args(["-m", "venv"])
            .arg(work),
    )
    .await?;
    let pip = Spec::new("pip install", work.join("bin/python"), &log)
        .args([
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "--no-input",
            "--require-hashes",
        ])
        // No package here needs a compiler, and none shall run its own build script.
        .args(["--only-binary", ":all:", "--requirement"])
        .arg(&requirements);
    run("pip install", pip).await?;
    say(&format!(
        "the AWS emulator is installed, {} s",
        started.elapsed().as_secs()
    ));
    Ok(())
}

async fn run(what: &str, spec: Spec) -> Result<()> {
    let mut process = spec.start()?;
    let status = process.finished(INSTALL_LIMIT).await?;
    if status != 0 {
        bail!(
            "the AWS emulator cannot be installed: {what} ended with status {status}{}",
            process.tail()
        );
    }
    Ok(())
}

/// The first candidate that is new enough and has `venv`.
async fn find(candidates: &[&str], log: &Path) -> Result<String> {
    for candidate in candidates {
        let probe = Spec::new("python3", *candidate, log).args(["-c", PROBE]).start();
        if let Ok(mut probe) = probe
            && probe.finished(PROBE_LIMIT).await? == 0
        {
            return Ok((*candidate).to_owned());
        }
    }
    bail!(
        "no Python {}.{} or newer with the modules venv and ensurepip was found (tried {}), and the local platform needs \
         it to run the AWS emulator. Install it from https://www.python.org/downloads/ or with the system's package \
         manager; on Debian and Ubuntu also the package python3-venv",
        OLDEST.0,
        OLDEST.1,
        candidates.join(", ")
    )
}

fn say(line: &str) {
    // A closed standard error must not stop the platform.
    let _ = writeln!(std::io::stderr(), "platform: {line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_missing_python_is_named_with_the_way_to_get_it() {
        let cache = tempfile::tempdir().unwrap();
        let error = ensure_in(cache.path(), &["python-that-is-not-there"])
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("Python 3.11 or newer"), "{error}");
        assert!(
            error.contains("python.org") && error.contains("python3-venv"),
            "{error}"
        );
        assert!(
            !cache.path().join(folder_name()).exists(),
            "nothing half made may look complete"
        );
    }

    #[test]
    fn every_requirement_is_pinned_and_hashed() {
        let pins = REQUIREMENTS
            .lines()
            .filter(|line| line.starts_with(|c: char| c.is_ascii_alphanumeric()));
        let mut count = 0;
        for pin in pins {
            assert!(pin.contains("==") && pin.ends_with('\\'), "{pin}");
            count += 1;
        }
        assert!(count > 15, "{count} pins");
        assert!(!REQUIREMENTS.contains("--find-links") && !REQUIREMENTS.contains("--index-url"));
    }
}
