//! Where things are.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The root of this checkout.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The folder of the readable code of the peers.
#[must_use]
pub fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

/// The sample events.
#[must_use]
pub fn events() -> PathBuf {
    root().join("events")
}

/// The folder of what is built once and kept, as `scripts/cache-dir` prints it.
///
/// # Errors
///
/// When the script fails.
pub fn cache() -> Result<PathBuf> {
    let output = Command::new(root().join("scripts/cache-dir")).output()?;
    ensure!(output.status.success(), "scripts/cache-dir failed");
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

/// The program `name` that was built together with this one, for example a function's binary.
///
/// # Errors
///
/// When it is not there.
pub fn built(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let path = own.parent().context("no folder")?.join(name);
    ensure!(
        path.is_file(),
        "{} is missing: build it with `cargo build --release --workspace --bins`, or run `make bench`",
        path.display()
    );
    Ok(path)
}

/// Where results go before they become a page.
///
/// # Errors
///
/// When this program does not lie in a target folder.
pub fn results() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let target = own.parent().and_then(Path::parent).context("no target folder")?;
    Ok(target.join("bench"))
}
