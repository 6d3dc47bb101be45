//! The peers' programs: Python in a virtual environment with pinned libraries, outside the checkout.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::folders;

/// The environment of the peers.
#[derive(Debug, Clone)]
pub struct Peers {
    home: PathBuf,
}

impl Peers {
    /// Makes the environment if there is none for these requirements, by `benches/peers/install`.
    ///
    /// # Errors
    ///
    /// When the script fails; its words go to standard error.
    pub fn ready() -> Result<Self> {
        let script = folders::peers().join("install");
        let output = Command::new(&script)
            .stderr(std::process::Stdio::inherit())
            .output()
            .with_context(|| format!("cannot start {}", script.display()))?;
        ensure!(output.status.success(), "{} failed", script.display());
        let home = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        Ok(Self { home })
    }

    /// Python with the peers' libraries.
    #[must_use]
    pub fn python(&self) -> PathBuf {
        self.home.join("bin/python")
    }

    /// Where the libraries are.
    ///
    /// # Errors
    ///
    /// When Python does not say.
    pub fn libraries(&self) -> Result<PathBuf> {
        let print = "import sysconfig; print(sysconfig.get_path('purelib'))";
        Ok(PathBuf::from(self.say(print)?))
    }

    /// Python and its libraries with their versions.
    ///
    /// # Errors
    ///
    /// When Python does not say.
    pub fn versions(&self) -> Result<Vec<String>> {
        let print = "import sys, importlib.metadata as m; print('Python ' + sys.version.split()[0]); \
            [print(n + ' ' + m.version(n)) for n in ('boto3', 'kubernetes', 'awslambdaric', 'aws-lambda-powertools')]";
        Ok(self.say(print)?.lines().map(str::to_owned).collect())
    }

    fn say(&self, program: &str) -> Result<String> {
        let output = Command::new(self.python()).args(["-c", program]).output()?;
        ensure!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

/// A program of the PATH, for example `kubectl` or `jq`.
///
/// # Errors
///
/// When there is none, with the way to get it.
pub fn program(name: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| is_file(file));
    match found {
        Some(file) => Ok(file),
        None => bail!("{name} is not on the PATH; install it with the system's package manager"),
    }
}

fn is_file(path: &Path) -> bool {
    path.is_file()
}
