//! Deployment packages of functions: a zip with one executable called `bootstrap`.

use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};

use super::python::Environment;
use crate::process::Spec;

const LIMIT: Duration = Duration::from_mins(2);
/// Fixed time stamp, so that the same binary gives the same bytes; fast compression, because dev builds are large.
const PACK: &str = "
import sys, zipfile
entry = zipfile.ZipInfo('bootstrap', (1980, 1, 1, 0, 0, 0))
entry.external_attr = 0o100755 << 16
entry.compress_type = zipfile.ZIP_DEFLATED
with zipfile.ZipFile(sys.argv[2], 'w', compresslevel=1) as package, open(sys.argv[1], 'rb') as binary:
    package.writestr(entry, binary.read(), compresslevel=1)
";

/// Packs `binary` into the zip file `package`. Packing takes seconds, and a test run deploys the same binaries several times: the
/// package is kept beside the binary, in the folder `packages`, and copied as long as the binary is the one that was packed.
///
/// # Errors
///
/// When one of the two cannot be read or written; the log beside the package says why.
pub async fn pack(python: &Environment, binary: &Path, package: &Path) -> Result<()> {
    let kept = kept(binary)?;
    if !kept.is_file() {
        let folder = kept.parent().context("a package has a folder")?;
        std::fs::create_dir_all(folder)?;
        // Whole or not at all: another process may pack the same, or be ended while it does.
        let fresh = tempfile::Builder::new().prefix("new-").tempfile_in(folder)?;
        write(python, binary, fresh.path(), package).await?;
        let older = of_same_function(folder, binary)?;
        fresh.persist(&kept)?;
        // What another has just kept under this name is being copied.
        for older in older.into_iter().filter(|older| *older != kept) {
            // Somebody else may have taken it away already.
            let _ = std::fs::remove_file(older);
        }
    }
    std::fs::copy(&kept, package)
        .map(drop)
        .with_context(|| format!("cannot copy {} to {}", kept.display(), package.display()))
}

async fn write(python: &Environment, binary: &Path, to: &Path, package: &Path) -> Result<()> {
    let mut pack = Spec::new(
        "packing a function",
        python.program(),
        package.with_extension("log"),
    )
    .args(["-c", PACK])
    .arg(binary)
    .arg(to)
    .start()?;
    match pack.finished(LIMIT).await? {
        0 => Ok(()),
        status => bail!(
            "{} cannot be packed (status {status}){}",
            binary.display(),
            pack.tail()
        ),
    }
}

/// Where the package of exactly this binary is kept: Cargo puts an older one back without touching it, so that its age alone does
/// not tell it from another.
fn kept(binary: &Path) -> Result<PathBuf> {
    let seen = binary
        .metadata()
        .with_context(|| format!("cannot read {}", binary.display()))?;
    let built = seen.modified()?.duration_since(UNIX_EPOCH)?.as_nanos();
    let name = format!("{}{built}-{}.zip", prefix(binary), seen.len());
    Ok(binary.with_file_name("packages").join(name))
}

fn prefix(binary: &Path) -> String {
    let name = binary.file_name().unwrap_or_default().to_string_lossy();
    format!("{name}-")
}

/// Packages of this function that are kept, of whichever binary.
fn of_same_function(folder: &Path, binary: &Path) -> Result<Vec<PathBuf>> {
    let prefix = prefix(binary);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // What follows the name of the function is a number, so that `scale` is not `scale-window`.
        let rest = name.strip_prefix(&prefix);
        if rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
            found.push(path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_of_exactly_one_binary() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let binary = folder.path().join("scale-window");
        std::fs::write(&binary, "one")?;
        let first = kept(&binary)?;
        assert_eq!(kept(&binary)?, first);
        let later = binary.metadata()?.modified()? + Duration::from_nanos(1);
        std::fs::File::options()
            .write(true)
            .open(&binary)?
            .set_modified(later)?;
        let second = kept(&binary)?;
        assert_ne!(second, first);
        std::fs::write(&binary, "more")?;
        std::fs::File::options()
            .write(true)
            .open(&binary)?
            .set_modified(later)?;
        assert_ne!(kept(&binary)?, second, "another length");
        Ok(())
    }

    #[test]
    fn what_is_kept_of_other_functions_stays() -> Result<()> {
        let folder = tempfile::tempdir()?;
        for name in ["scale-1-2.zip", "scale-window-1-2.zip", "new-x"] {
            std::fs::write(folder.path().join(name), "")?;
        }
        let found = of_same_function(folder.path(), Path::new("/x/scale"))?;
        assert_eq!(found, [folder.path().join("scale-1-2.zip")]);
        Ok(())
    }
}
