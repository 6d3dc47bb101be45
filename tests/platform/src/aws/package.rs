//! Deployment packages of functions: a zip with one executable called `bootstrap`.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};

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

/// Packs `binary` into the zip file `package`.
///
/// # Errors
///
/// When one of the two cannot be read or written; the log beside the package says why.
pub async fn pack(python: &Environment, binary: &Path, package: &Path) -> Result<()> {
    let mut pack = Spec::new(
        "packing a function",
        python.program(),
        package.with_extension("log"),
    )
    .args(["-c", PACK])
    .arg(binary)
    .arg(package)
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
