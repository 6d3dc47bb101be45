//! What the pods use: the Metrics API (`metrics.k8s.io`), by which the cluster's own autoscaler decides. Served from loopback
//! through the apiserver's aggregation layer, as metrics-server does it.
//!
//! Source: Kubernetes, "Resource metrics pipeline" and "Kubernetes API Aggregation Layer".

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::api::{Api, ListParams};
use kube::{Client, ResourceExt};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use url::form_urlencoded;

use crate::cluster::{Cluster, extensions, objects};
use crate::http1::{Answer, Connection, Request};
use crate::wait::wait_until;

const GROUP_VERSION: &str = "metrics.k8s.io/v1beta1";
/// Pods use so much of the processor time that they request, in percent.
const ORDINARY_PERCENT: u32 = 30;
/// The aggregation layer looks at a new backend within some seconds.
const SERVED_LIMIT: Duration = Duration::from_mins(1);

/// Usage in percent of the request, by namespace and label `app`; what is not named uses [`ORDINARY_PERCENT`].
type Shares = Arc<Mutex<BTreeMap<(String, String), u32>>>;

/// The running server.
#[derive(Debug)]
pub(super) struct Usage {
    shares: Shares,
    task: JoinHandle<()>,
}

impl Usage {
    /// Serves, and tells the apiserver; returns when it passes requests on.
    pub(super) async fn start(cluster: &Cluster) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("port for the Metrics API")?;
        let port = listener.local_addr()?.port();
        let kube = cluster.admin_client()?;
        let shares = Shares::default();
        let server = Server {
            acceptor: acceptor(cluster)?,
            kube: kube.clone(),
            shares: Arc::clone(&shares),
        };
        let usage = Self {
            shares,
            task: tokio::spawn(accept(listener, server)),
        };
        register(&kube, port).await?;
        Ok(usage)
    }

    /// How much of their requested processor time the pods of an app use from now on, in percent; none for the ordinary.
    pub(super) fn set(&self, namespace: &str, app: &str, percent: Option<u32>) {
        let key = (namespace.to_owned(), app.to_owned());
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        match percent {
            Some(percent) => shares.insert(key, percent),
            None => shares.remove(&key),
        };
    }
}

impl Drop for Usage {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Clone)]
struct Server {
    acceptor: TlsAcceptor,
    kube: Client,
    shares: Shares,
}

fn acceptor(cluster: &Cluster) -> Result<TlsAcceptor> {
    let front = cluster.front_certificate();
    let chain = vec![CertificateDer::from_pem_slice(front.certificate.as_bytes())?];
    let key = PrivateKeyDer::from_pem_slice(front.key.as_bytes())?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// A Service that leads out of the cluster, and the `APIService` that uses it.
async fn register(kube: &Client, port: u16) -> Result<()> {
    let service: Service = serde_json::from_value(json!({
        "metadata": {"name": "metrics", "namespace": "kube-system"},
        "spec": {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": port}]},
    }))?;
    objects::create(&Api::namespaced(kube.clone(), "kube-system"), &service).await?;
    let api_service = json!({
        "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
        "metadata": {"name": "v1beta1.metrics.k8s.io"},
        "spec": {
            "group": "metrics.k8s.io", "version": "v1beta1", "groupPriorityMinimum": 100, "versionPriority": 100,
            "insecureSkipTLSVerify": true,
            "service": {"name": "metrics", "namespace": "kube-system", "port": port},
        },
    });
    extensions::create(kube, "apiservices", api_service).await?;
    wait_until(SERVED_LIMIT, "the Metrics API is served", async || {
        let request = http::Request::get(format!("/apis/{GROUP_VERSION}/pods")).body(Vec::new())?;
        kube.request_text(request).await.map(drop)?;
        Ok(())
    })
    .await
}

async fn accept(listener: TcpListener, server: Server) {
    // Dropped with this task, and every connection with it.
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let server = server.clone();
                // A caller that goes away in the middle is no error here.
                open.spawn(async move { let _ = connection(stream, &server).await; });
            }
            Some(_) = open.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, server: &Server) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut connection = Connection::new(server.acceptor.accept(stream).await?);
    while let Some(request) = connection.request().await? {
        let answer = server.answer(&request).await;
        let (head, body) = answer.parts(request.method == "HEAD");
        connection.send(&head).await?;
        connection.send(body).await?;
        if request.is_last() {
            break;
        }
    }
    connection.close().await;
    Ok(())
}

impl Server {
    async fn answer(&self, request: &Request) -> Answer {
        match self.document(request).await {
            Ok(document) => Answer::new(200, "application/json", document.to_string()),
            Err(error) => Answer::new(404, "text/plain", format!("{error:#}\n")),
        }
    }

    async fn document(&self, request: &Request) -> Result<Value> {
        let path = request
            .path()
            .strip_prefix("/apis/metrics.k8s.io/v1beta1")
            .context("another group")?;
        if path.is_empty() {
            return Ok(resources());
        }
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let api = match parts.as_slice() {
            ["pods"] => Api::<Pod>::all(self.kube.clone()),
            ["namespaces", namespace, "pods"] => Api::namespaced(self.kube.clone(), namespace),
            _ => anyhow::bail!("no {path} here"),
        };
        let selector = form_urlencoded::parse(request.query().as_bytes())
            .find(|(name, _)| name == "labelSelector")
            .map(|(_, value)| value.into_owned());
        let params = ListParams {
            label_selector: selector,
            ..ListParams::default()
        };
        let pods = api.list(&params).await?;
        let items: Vec<Value> = pods
            .iter()
            .filter(|pod| runs(pod))
            .map(|pod| self.used(pod))
            .collect();
        Ok(json!({"kind": "PodMetricsList", "apiVersion": GROUP_VERSION, "metadata": {}, "items": items}))
    }

    fn used(&self, pod: &Pod) -> Value {
        let namespace = pod.namespace().unwrap_or_default();
        let app = pod.labels().get("app").cloned().unwrap_or_default();
        let share = {
            let shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
            shares.get(&(namespace.clone(), app)).copied()
        };
        let percent = share.unwrap_or(ORDINARY_PERCENT);
        let containers = pod
            .spec
            .iter()
            .flat_map(|spec| &spec.containers)
            .map(|container| {
                let requests = container.resources.as_ref().and_then(|all| all.requests.as_ref());
                let asked = requests.and_then(|all| all.get("cpu")).map_or(0, millicores);
                let cpu = format!("{}m", asked * u64::from(percent) / 100);
                json!({"name": container.name, "usage": {"cpu": cpu, "memory": "64Mi"}})
            });
        json!({
            "metadata": {"name": pod.name_any(), "namespace": namespace, "labels": pod.labels()},
            "timestamp": crate::clock::now(), "window": "10s", "containers": containers.collect::<Vec<_>>(),
        })
    }
}

fn resources() -> Value {
    json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": GROUP_VERSION,
        "resources": [{"name": "pods", "singularName": "", "namespaced": true, "kind": "PodMetrics", "verbs": ["get", "list"]}],
    })
}

fn runs(pod: &Pod) -> bool {
    pod.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Running")
}

/// Thousandths of a core of a quantity such as `250m` or `2`.
fn millicores(quantity: &Quantity) -> u64 {
    quantity.0.strip_suffix('m').map_or_else(
        || quantity.0.parse::<u64>().unwrap_or_default() * 1000,
        |milli| milli.parse().unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_are_read_in_both_notations() {
        for (text, expected) in [("250m", 250), ("2", 2000), ("0", 0)] {
            assert_eq!(millicores(&Quantity(text.to_owned())), expected);
        }
    }
}
