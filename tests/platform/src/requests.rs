//! What another process asks of a running platform: `platform seed` and `platform trouble` ask the process that runs it,
//! because the world lives there (the endpoint that users see, and the metrics that stay fresh).

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::platform::{Platform, running};
use crate::world::World;
use crate::world::database::WRITER;
use crate::world::troubles::CLIMBING_CONNECTIONS;

/// The file in the folder of a running platform that says where it takes requests.
const FILE: &str = "requests-port";
const DONE: &str = "done";

/// Longest wait for what somebody asks who has connected; [`ask`] says it at once.
const PATIENCE: Duration = Duration::from_secs(2);

/// What can be asked for. Its name is what goes over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Request {
    /// Makes the world, once.
    Seed,
    /// Connections of the database's writer climb until its alarm rings.
    Connections,
    /// The trouble is over: connections are as on any day.
    Over,
}

impl Request {
    fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }
}

/// Takes requests.
#[derive(Debug)]
pub struct Requests {
    listener: TcpListener,
}

impl Requests {
    /// Listens on a free port of 127.0.0.1 and writes it down for [`ask`].
    ///
    /// # Errors
    ///
    /// When no port can be listened on, or the file cannot be written.
    pub async fn open(platform: &Platform) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("port for requests to the platform")?;
        let path = file(platform.state_dir());
        let (written, port) = (path.with_extension("new"), listener.local_addr()?.port());
        // Whole or not there at all, for who reads it meanwhile.
        std::fs::write(&written, port.to_string())
            .and_then(|()| std::fs::rename(&written, &path))
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { listener })
    }

    /// Answers requests for ever; `world` is what they make, or what there is.
    pub async fn serve(self, platform: &Platform, world: &mut Option<World>) {
        loop {
            let Ok((stream, _)) = self.listener.accept().await else {
                continue;
            };
            // Who asked may be gone; what was asked is done all the same.
            let _ = answer(stream, platform, world).await;
        }
    }
}

async fn answer(mut stream: TcpStream, platform: &Platform, world: &mut Option<World>) -> Result<()> {
    let mut asked = String::new();
    // One is answered at a time: who connects and says nothing must not keep the others waiting.
    timeout(PATIENCE, stream.read_to_string(&mut asked))
        .await
        .context("nothing was asked")??;
    let done = match Request::from_str(&asked, false) {
        Ok(request) => fulfil(request, platform, world).await,
        Err(why) => Err(anyhow::anyhow!(why)),
    };
    let said = done.map_or_else(|error| format!("{error:#}"), |()| DONE.to_owned());
    stream.write_all(said.as_bytes()).await?;
    Ok(stream.shutdown().await?)
}

async fn fulfil(request: Request, platform: &Platform, world: &mut Option<World>) -> Result<()> {
    let counts: &[f64] = match request {
        Request::Seed => {
            ensure!(world.is_none(), "this platform has its world already");
            *world = Some(platform.seed().await?);
            return Ok(());
        }
        Request::Connections => &CLIMBING_CONNECTIONS,
        Request::Over => &[],
    };
    let world = world
        .as_ref()
        .context("this platform is empty; make its world with `platform seed`")?;
    let is = world.connections(WRITER, counts).await?;
    let wanted = if counts.is_empty() { "OK" } else { "ALARM" };
    ensure!(is == wanted, "the alarm is {is} and not {wanted}");
    Ok(())
}

/// Asks the platform that runs in this state folder, and returns when it is done.
///
/// # Errors
///
/// When no platform runs there, or it cannot do what is asked for: it says why.
pub async fn ask(state: &Path, request: Request) -> Result<()> {
    running(state)?;
    let path = file(state);
    let port = std::fs::read_to_string(&path)
        .with_context(|| format!("the platform is still starting: no {}", path.display()))?;
    let port: u16 = port
        .parse()
        .with_context(|| format!("{} names no port", path.display()))?;
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
        .await
        .context("the platform takes no requests")?;
    stream.write_all(request.name().as_bytes()).await?;
    stream.shutdown().await?;
    let mut said = String::new();
    stream.read_to_string(&mut said).await?;
    match said.as_str() {
        DONE => Ok(()),
        "" => bail!("the platform ended before it was done"),
        why => bail!("{why}"),
    }
}

fn file(state: &Path) -> PathBuf {
    crate::platform::run_folder(state).join(FILE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_understood() {
        for request in Request::value_variants() {
            assert_eq!(Request::from_str(&request.name(), false), Ok(*request));
        }
        assert!(Request::from_str("", false).is_err());
    }
}
