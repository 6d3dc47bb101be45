//! `fetch-pages`: fetches the lists that `health-check` reads, page by page, and reads nothing of them but the token of the
//! next page. What a look at a cluster costs above this is the reading.
//!
//! The same transport as the product's: one HTTP/2 connection, rustls with aws-lc-rs, pages of 500, nodes and namespaces
//! first, then all others side by side.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use clap::Parser;
use futures::future::try_join_all;
use http_body_util::{BodyExt as _, Empty};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use list_server::world::{LISTS, List};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::json;

/// Fetches lists without reading them.
#[derive(Debug, Parser)]
struct Arguments {
    /// Address of the API server.
    #[arg(long)]
    server: String,
    /// File with the certificate to trust.
    #[arg(long)]
    ca: PathBuf,
    /// File with a bearer token; without it none is sent.
    #[arg(long)]
    token: Option<PathBuf>,
}

type Https = Client<HttpsConnector<HttpConnector>, Empty<Bytes>>;

struct Fetcher {
    client: Https,
    server: String,
    token: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(&arguments.ca)? {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let https = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_only()
        .enable_all_versions()
        .wrap_connector(tcp);
    let token = match &arguments.token {
        None => None,
        Some(path) => Some(std::fs::read_to_string(path)?.trim().to_owned()),
    };
    let fetcher = Fetcher {
        client: Client::builder(TokioExecutor::new()).build(https),
        server: arguments.server.trim_end_matches('/').to_owned(),
        token,
    };

    let begun = Instant::now();
    let first = |list: &List| matches!(list, List::Nodes | List::Namespaces);
    let mut bytes = 0;
    for of_first in [true, false] {
        let lists = LISTS.iter().filter(|(list, ..)| first(list) == of_first);
        let sizes = try_join_all(lists.map(|(_, path, ..)| fetcher.list(path))).await?;
        bytes += sizes.iter().sum::<usize>();
    }
    let took = begun.elapsed().as_secs_f64();
    writeln!(std::io::stdout(), "{}", json!({"bytes": bytes, "seconds": took}))?;
    Ok(())
}

impl Fetcher {
    async fn list(&self, path: &str) -> Result<usize> {
        let (mut bytes, mut next) = (0, String::new());
        loop {
            let mut request = http::Request::get(format!("{}{path}?limit=500{next}", self.server))
                .header("accept", "application/json");
            if let Some(token) = &self.token {
                request = request.header("authorization", format!("Bearer {token}"));
            }
            let answer = self.client.request(request.body(Empty::new())?).await?;
            ensure!(answer.status().is_success(), "{path}: {}", answer.status());
            let mut body = answer.into_body();
            // The token stands at the head of the page, before the items.
            let mut head = Vec::new();
            while let Some(frame) = body.frame().await {
                if let Ok(piece) = frame?.into_data() {
                    bytes += piece.len();
                    if head.len() < 2_048 {
                        head.extend(piece.iter().take(2_048));
                    }
                }
            }
            let token = token_of(&head).with_context(|| format!("{path}: no head of a list"))?;
            if token.is_empty() {
                return Ok(bytes);
            }
            next = format!("&continue={}", token.replace('=', "%3D"));
        }
    }
}

/// The token of the next page, empty on the last; none when this is not the head of a list.
fn token_of(head: &[u8]) -> Option<&str> {
    const KEY: &[u8] = b"\"continue\":\"";
    let head = head.get(..head.windows(8).position(|at| at == b"\"items\":")?)?;
    let Some(at) = head.windows(KEY.len()).position(|at| at == KEY) else {
        return Some("");
    };
    let token = head.get(at + KEY.len()..)?;
    let end = token.iter().position(|byte| *byte == b'"')?;
    std::str::from_utf8(token.get(..end)?).ok()
}
