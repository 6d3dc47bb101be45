//! The peers' programs: Python in a virtual environment with pinned libraries, outside the checkout.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::folders;
use crate::lists::kubectl;

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
        let home = PathBuf::from(said(Command::new(script).stderr(Stdio::inherit()))?);
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

    /// Python and its libraries with their versions; where a cluster is asked (rows 3 to 5) the AWS CLI, kubectl and jq too.
    ///
    /// # Errors
    ///
    /// When one of them does not say.
    pub fn versions(&self, with_a_cluster: bool) -> Result<Vec<String>> {
        let print = "import sys, importlib.metadata as m; print('Python ' + sys.version.split()[0]); \
            [print(n + ' ' + m.version(n)) for n in ('boto3', 'kubernetes', 'awslambdaric', 'aws-lambda-powertools')]";
        let mut all: Vec<String> = self.say(print)?.lines().map(str::to_owned).collect();
        if with_a_cluster {
            // `aws-cli/1.45.5 Python/3.11.7 …`, `Client Version: v1.36.2` and a line on Kustomize, `jq-1.6`.
            let aws = said(Command::new(cli()?.join("aws")).arg("--version"))?;
            all.push(first_word(&aws).replace('/', " "));
            let kubectl = said(Command::new(kubectl()?).args(["version", "--client"]))?;
            let version = kubectl
                .lines()
                .find_map(|line| line.strip_prefix("Client Version: "));
            all.push(format!("kubectl {}", version.unwrap_or(&kubectl)));
            all.push(first_word(&said(Command::new(program("jq")?).arg("--version"))?).replace('-', " "));
        }
        Ok(all)
    }

    fn say(&self, program: &str) -> Result<String> {
        said(Command::new(self.python()).args(["-c", program]))
    }
}

/// The folder of the AWS CLI, which is installed when it is asked for the first time.
///
/// # Errors
///
/// When the script fails; its words go to standard error.
pub fn cli() -> Result<PathBuf> {
    let script = folders::peers().join("scan/install-cli");
    Ok(PathBuf::from(said(
        Command::new(script).stderr(Stdio::inherit()),
    )?))
}

/// What a program prints.
fn said(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("cannot start {command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?} ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
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
