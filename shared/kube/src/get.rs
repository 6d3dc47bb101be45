//! One object by its name. "There is none" is an answer, not an error.

use day2_core::Observed;
use day2_core::names::{DnsLabel, DnsName};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::ClusterClient;
use crate::fault::Fault;
use crate::objects::{
    DeploymentDetail, Kind, NetworkPolicy, Node, NodeAgent, Pod, PodDetail, ServiceAccount, TlsSecret,
};
use crate::path;

/// One object each. Each needs the verb `get` on its resource. None means that the API server itself says that there
/// is no such object; a 404 of something in between is an error. Repeated and limited in time as lists are.
#[expect(clippy::missing_errors_doc, reason = "said once for all above")]
impl ClusterClient {
    /// A Deployment.
    pub async fn get_deployment(
        &self,
        namespace: &str,
        name: &str,
        deadline: Timestamp,
    ) -> Observed<Option<DeploymentDetail>> {
        self.get::<DeploymentDetail>(Some(namespace), name, deadline)
            .await
    }

    /// A pod.
    pub async fn get_pod(&self, namespace: &str, name: &str, deadline: Timestamp) -> Observed<Option<Pod>> {
        self.get::<Pod>(Some(namespace), name, deadline).await
    }

    /// A pod with what a containment must know of it.
    pub async fn get_pod_detail(
        &self,
        namespace: &DnsLabel,
        name: &DnsName,
        deadline: Timestamp,
    ) -> Observed<Option<PodDetail>> {
        self.get::<PodDetail>(Some(namespace), name, deadline).await
    }

    /// The VPC CNI's DaemonSet `kube-system/aws-node`.
    pub async fn get_node_agent(&self, deadline: Timestamp) -> Observed<Option<NodeAgent>> {
        self.get::<NodeAgent>(Some("kube-system"), "aws-node", deadline)
            .await
    }

    /// A service account.
    pub async fn get_service_account(
        &self,
        namespace: &DnsLabel,
        name: &DnsName,
        deadline: Timestamp,
    ) -> Observed<Option<ServiceAccount>> {
        self.get::<ServiceAccount>(Some(namespace), name, deadline).await
    }

    /// A network policy.
    pub async fn get_network_policy(
        &self,
        namespace: &DnsLabel,
        name: &DnsName,
        deadline: Timestamp,
    ) -> Observed<Option<NetworkPolicy>> {
        self.get::<NetworkPolicy>(Some(namespace), name, deadline).await
    }

    /// The certificate of one Secret. The API gives a Secret whole or not at all; what is kept is in [`TlsSecret`]. The right to
    /// it is a `Role` in the namespace with `resourceNames`, never a rule for the whole cluster.
    pub async fn get_tls_secret(
        &self,
        namespace: &DnsLabel,
        name: &DnsName,
        deadline: Timestamp,
    ) -> Observed<Option<TlsSecret>> {
        self.get::<TlsSecret>(Some(namespace), name, deadline).await
    }

    /// A node.
    pub async fn get_node(&self, name: &str, deadline: Timestamp) -> Observed<Option<Node>> {
        self.get::<Node>(None, name, deadline).await
    }

    async fn get<K: Kind>(
        &self,
        namespace: Option<&str>,
        name: &str,
        deadline: Timestamp,
    ) -> Observed<Option<K::Object>> {
        let until = self.transport().until(deadline);
        let got = match path::object::<K>(namespace, name) {
            Ok(path) => self.fetch(&path, until).await,
            Err(fault) => Err(fault),
        };
        got.map_err(|fault| self.unreadable(&operation::<K>("get", namespace, name), &fault))
    }

    /// What is at `path`; none when the API server says that nothing is.
    pub(crate) async fn fetch<T: DeserializeOwned>(
        &self,
        path: &str,
        until: Instant,
    ) -> Result<Option<T>, Fault> {
        match self.transport().read_small(path, until).await {
            Ok(body) => serde_json::from_slice(&body)
                .map(Some)
                .map_err(|error| Fault::Malformed(error.to_string())),
            Err(fault) if fault.is_no_such_object() => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}

/// An operation on one object in the words of a report: `get deployments shop/web`.
pub(crate) fn operation<K: Kind>(verb: &str, namespace: Option<&str>, name: &str) -> String {
    match namespace {
        Some(namespace) => format!("{verb} {} {namespace}/{name}", K::PLURAL),
        None => format!("{verb} {} {name}", K::PLURAL),
    }
}
