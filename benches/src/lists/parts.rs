//! What a cluster is made of: programs, ports and keys.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context as _, Result};
use day2_platform::toolchain::ensure;

use super::Place;
use crate::folders;

pub(super) fn list_server(ca: &Path, arguments: &[String]) -> Result<(Child, Place)> {
    let mut child = spawn(
        Command::new(folders::built("list-server")?)
            .args(arguments)
            .arg("--ca")
            .arg(ca)
            .stdout(Stdio::piped()),
    )?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
    let place = serde_json::from_str(&line).context("the list server does not say where it is")?;
    Ok((child, place))
}

pub(super) fn spawn(command: &mut Command) -> Result<Child> {
    let name = command.get_program().to_string_lossy().into_owned();
    command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot start {name}"))
}

/// The folder with the programs of the local platform's control plane; built if they are not there yet, which takes some minutes.
pub(super) fn programs() -> Result<PathBuf> {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    if let Some(folder) = FOLDER.get() {
        return Ok(folder.clone());
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let kubectl = runtime.block_on(ensure())?.kubectl();
    let folder = kubectl.parent().context("no folder")?.to_owned();
    Ok(FOLDER.get_or_init(|| folder).clone())
}

/// kubectl of the same version as the API server.
///
/// # Errors
///
/// When it cannot be built.
pub fn kubectl() -> Result<PathBuf> {
    Ok(programs()?.join("kubectl"))
}

pub(super) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The keys of a control plane of one.
pub(super) struct Keys {
    pub(super) server: PathBuf,
    pub(super) accounts: PathBuf,
    pub(super) accounts_public: PathBuf,
}

impl Keys {
    pub(super) fn write(folder: &Path) -> Result<Self> {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned(), "localhost".to_owned()])?;
        let accounts = rcgen::KeyPair::generate()?;
        let keys = Self {
            server: folder.join("server.key"),
            accounts: folder.join("accounts.key"),
            accounts_public: folder.join("accounts.pub"),
        };
        std::fs::write(folder.join("ca.pem"), made.cert.pem())?;
        std::fs::write(&keys.server, made.signing_key.serialize_pem())?;
        std::fs::write(&keys.accounts, accounts.serialize_pem())?;
        std::fs::write(&keys.accounts_public, accounts.public_key_pem())?;
        Ok(keys)
    }
}
