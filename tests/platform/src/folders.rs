//! Where things that outlive one platform are kept: built binaries and claims on ports.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

/// The cache shared by every checkout of one user: `DAY2_CACHE_DIR`, else `$XDG_CACHE_HOME/day2`, else
/// `~/.cache/day2`. It can be deleted at any time while no platform runs.
///
/// # Errors
///
/// When none of the three variables is set, or the folder cannot be made.
pub fn cache() -> Result<PathBuf> {
    let set = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let dir = set("DAY2_CACHE_DIR")
        .or_else(|| set("XDG_CACHE_HOME").map(|base| base.join("day2")))
        .or_else(|| set("HOME").map(|home| home.join(".cache/day2")))
        .context("no folder for built binaries: set DAY2_CACHE_DIR or HOME")?;
    std::fs::create_dir_all(&dir)
        .with_context(|| format!("cannot create the cache folder {}", dir.display()))?;
    Ok(dir)
}

/// Waits for the lock of one folder of the cache and says once what `other` process it waits for; the lock ends with the
/// file handle.
///
/// # Errors
///
/// When the file cannot be made.
pub(crate) async fn lock(path: &Path, other: &str) -> Result<File> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .with_context(|| format!("cannot open {}", path.display()))?;
    if file.try_lock().is_err() {
        // A closed standard error must not stop the platform.
        let _ = writeln!(
            std::io::stderr(),
            "platform: another process {other}; waiting for it"
        );
        while file.try_lock().is_err() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
    Ok(file)
}
