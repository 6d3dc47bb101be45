//! `fill-cluster`: puts the objects that `list-server` plays into a real API server, so that both can be measured against.
//!
//! No controller may run there: the state of every object is written as it is and stays so. Jobs are left out, because an
//! API server takes them only from the hands of their controller.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use clap::Parser;
use futures::{StreamExt as _, TryStreamExt as _};
use http_body_util::{BodyExt as _, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use list_server::world::{LISTS, List, OF_TRIAGE, World};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Value, json};

/// Requests under way at a time.
const AT_ONCE: usize = 48;

/// Fills a cluster.
#[derive(Debug, Parser)]
struct Arguments {
    /// Address of the API server.
    #[arg(long)]
    server: String,
    /// File with the certificate to trust.
    #[arg(long)]
    ca: PathBuf,
    /// Pods; everything else follows from them.
    #[arg(long)]
    pods: usize,
}

struct Filler {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    server: String,
    world: World,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(&arguments.ca)? {
        roots.add(certificate?)?;
    }
    let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let https = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_only()
        .enable_all_versions()
        .build();
    #[expect(
        clippy::disallowed_methods,
        reason = "the ages of what is put there begin now"
    )]
    let now = jiff::Timestamp::now();
    let filler = Filler {
        client: Client::builder(TokioExecutor::new()).build(https),
        server: arguments.server.trim_end_matches('/').to_owned(),
        world: World::new(arguments.pods, now)?,
    };
    // Namespaces and nodes first: nothing can be put into a namespace that is not there.
    let order = |list: &List| match list {
        List::Namespaces => 0,
        List::Nodes => 1,
        _ => 2,
    };
    let mut lists: Vec<_> = LISTS
        .iter()
        .chain(&OF_TRIAGE)
        .filter(|(list, ..)| !matches!(list, List::Jobs | List::CronJobs | List::StatefulSets))
        .collect();
    lists.sort_by_key(|(list, ..)| order(list));
    for (list, path, kind, namespaced) in lists {
        let count = filler.world.count(*list);
        futures::stream::iter(0..count)
            .map(|index| filler.put(*list, index, path, kind, *namespaced))
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<()>>()
            .await?;
        writeln!(std::io::stdout(), "{count} {kind}")?;
    }
    Ok(())
}

impl Filler {
    async fn put(&self, list: List, index: usize, path: &str, kind: &str, namespaced: bool) -> Result<()> {
        let mut text = Vec::new();
        self.world.write(list, index, &mut text);
        let mut object: Value = serde_json::from_slice(&text)?;
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let version = folder.trim_start_matches("/apis/").trim_start_matches("/api/");
        let plural = path.rsplit('/').next().unwrap_or_default();
        let fields = object.as_object_mut().context("an object")?;
        fields.insert("apiVersion".to_owned(), json!(version));
        fields.insert("kind".to_owned(), json!(kind));
        let status = fields.remove("status");
        let meta = fields
            .get_mut("metadata")
            .and_then(Value::as_object_mut)
            .context("metadata")?;
        // The API server's own.
        for own in [
            "uid",
            "resourceVersion",
            "creationTimestamp",
            "managedFields",
            "generation",
        ] {
            meta.remove(own);
        }
        let text = |name: &str| {
            meta.get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let (name, namespace) = (text("name"), text("namespace"));
        if namespace == "kube-system" && index == 0 {
            let system = json!({"metadata": {"name": namespace}});
            // The API server makes it by itself, sooner or later.
            let _ = self.send("POST", "/api/v1/namespaces", &system).await;
        }
        let place = if namespaced {
            format!("{folder}/namespaces/{namespace}/{plural}")
        } else {
            path.to_owned()
        };
        self.send("POST", &place, &object).await?;
        if let Some(status) = status {
            self.send(
                "PATCH",
                &format!("{place}/{name}/status"),
                &json!({"status": status}),
            )
            .await?;
        }
        Ok(())
    }

    async fn send(&self, method: &str, path: &str, body: &Value) -> Result<()> {
        let kind = if method == "PATCH" {
            "application/merge-patch+json"
        } else {
            "application/json"
        };
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.server))
            .header("authorization", "Bearer bench")
            .header("content-type", kind)
            .body(Full::new(Bytes::from(body.to_string())))?;
        let answer = self.client.request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        ensure!(
            status.is_success(),
            "{method} {path}: {status}: {}",
            String::from_utf8_lossy(&body)
        );
        Ok(())
    }
}
