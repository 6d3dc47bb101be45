//! Making the world from another process: `platform seed` asks the process that runs the platform, because the world
//! lives in it (the endpoint that users see, and the metrics that stay fresh).

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::platform::{Platform, running};
use crate::world::World;

/// The file in the folder of a running platform that says where it takes the request.
const FILE: &str = "seed-port";
const DONE: &str = "done";

/// Takes requests to make the world, and makes it once.
#[derive(Debug)]
pub struct Seeding {
    listener: TcpListener,
}

impl Seeding {
    /// Listens on a free port of 127.0.0.1 and writes it down for [`ask`].
    ///
    /// # Errors
    ///
    /// When no port can be listened on, or the file cannot be written.
    pub async fn open(platform: &Platform) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("port for requests to make the world")?;
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
            // Who asked may be gone; the world is there all the same.
            let _ = answer(stream, platform, world).await;
        }
    }
}

async fn answer(mut stream: TcpStream, platform: &Platform, world: &mut Option<World>) -> Result<()> {
    let said = if world.is_some() {
        "this platform has its world already".to_owned()
    } else {
        match platform.seed().await {
            Ok(made) => {
                *world = Some(made);
                DONE.to_owned()
            }
            Err(error) => format!("{error:#}"),
        }
    };
    stream.write_all(said.as_bytes()).await?;
    Ok(stream.shutdown().await?)
}

/// Asks the platform that runs in this state folder to make the world, and returns when it is there.
///
/// # Errors
///
/// When no platform runs there, it has a world already, or the world cannot be made.
pub async fn ask(state: &Path) -> Result<()> {
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
    let mut said = String::new();
    stream.read_to_string(&mut said).await?;
    match said.as_str() {
        DONE => Ok(()),
        "" => bail!("the platform ended before the world was made"),
        why => bail!("{why}"),
    }
}

fn file(state: &Path) -> PathBuf {
    crate::platform::run_folder(state).join(FILE)
}
