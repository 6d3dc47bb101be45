//! `list-server`: plays the API server of a cluster with so many pods, and the AWS calls around a look at it.
//!
//! Prints one line of JSON when it listens, and serves until it is ended.

use std::io::Write as _;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use clap::Parser;
use list_server::aws::{Call, Described};
use list_server::lists::Lists;
use list_server::serve::{Request, serve, tls, until_told};
use list_server::world::World;
use serde_json::json;
use tokio::net::TcpListener;

/// Plays the lists of a large cluster.
#[derive(Debug, Parser)]
struct Arguments {
    /// Pods; nodes, Deployments and all others follow from them.
    #[arg(long, default_value_t = 5_000)]
    pods: usize,
    /// Milliseconds that every exchange takes besides its work.
    #[arg(long, default_value_t = 0)]
    delay_ms: u64,
    /// The continuation that is refused with 410, counted from one; 0 for none.
    #[arg(long, default_value_t = 0)]
    expires: usize,
    /// File for the certificate that clients have to trust; with --kubernetes the file that holds it.
    #[arg(long)]
    ca: PathBuf,
    /// Address of a real API server that is described instead of the one played.
    #[arg(long)]
    kubernetes: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let delay = Duration::from_millis(arguments.delay_ms);
    #[expect(clippy::disallowed_methods, reason = "the ages of what is played begin now")]
    let now = jiff::Timestamp::now();
    let world = World::new(arguments.pods, now)?;
    let nodes = world.nodes();
    let lists = Lists::new(world, arguments.expires);
    let (acceptor, certificate) = tls()?;
    let path = &arguments.ca;
    let trusted = if arguments.kubernetes.is_some() {
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?
    } else {
        std::fs::write(path, &certificate).with_context(|| format!("cannot write {}", path.display()))?;
        certificate
    };

    let cluster = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let aws = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let described = Described {
        endpoint: match arguments.kubernetes {
            Some(real) => real,
            None => format!("https://{}", cluster.local_addr()?),
        },
        ca: BASE64_STANDARD.encode(&trusted),
    };
    let told = json!({
        "kubernetes": described.endpoint, "aws": format!("http://{}", aws.local_addr()?),
        "pods": arguments.pods, "nodes": nodes,
    });
    writeln!(std::io::stdout(), "{told}")?;
    std::io::stdout().flush()?;

    let of_cluster = Arc::new(move |request: &Request| lists.answer(&request.target));
    let of_aws = Arc::new(move |request: &Request| {
        let call = Call {
            method: &request.method,
            target: &request.target,
            operation: &request.operation,
            body: &request.body,
        };
        list_server::aws::answer(&described, &call)
    });
    until_told(async {
        tokio::join!(
            serve(cluster, Some(acceptor), of_cluster, delay),
            serve(aws, None, of_aws, delay),
        );
    })
    .await;
    Ok(())
}
