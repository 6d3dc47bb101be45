//! From the name of an EKS cluster to a client that may talk to it.

use aws_credential_types::provider::SharedCredentialsProvider;
use day2_core::{Cause, Observed, Unreadable};
use jiff::Timestamp;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::Clock;
use crate::endpoint::Endpoint;
use crate::list::{ListQuery, Listed};
use crate::objects::{
    DaemonSet, Deployment, DeploymentDetail, Deployments, HorizontalPodAutoscaler, Node, Pod,
    PodDisruptionBudget, ReplicaSet, StatefulSet, StatefulSets,
};
use crate::tls;
use crate::token_source::TokenSource;
use crate::transport::{Limits, Transport};
use day2_core::arn::Partition;

/// Which cluster, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterParams {
    /// Name of the EKS cluster.
    pub name: String,
    /// Its region.
    pub region: String,
    /// Its partition.
    pub partition: Partition,
    /// Its account; a cluster of the same name elsewhere is refused.
    pub account_id: String,
    /// The endpoint that the target's settings name, to be used instead of the described one.
    pub endpoint: Option<String>,
}

/// What `DescribeCluster` says that a function may want to judge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClusterFacts {
    /// `ACTIVE`, `UPDATING`, …
    pub status: String,
    /// Kubernetes version, for example `1.33`.
    pub version: Option<String>,
    /// `API`, `API_AND_CONFIG_MAP` or `CONFIG_MAP`; the last has no access entries.
    pub authentication_mode: Option<String>,
    /// `computeConfig.enabled`: EKS Auto Mode makes nodes here; none when EKS does not say.
    pub auto_mode: Option<bool>,
}

/// A client of one cluster. Cheap to clone; lives across invocations.
#[derive(Clone)]
pub struct ClusterClient {
    name: String,
    facts: ClusterFacts,
    transport: Transport,
}

impl std::fmt::Debug for ClusterClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClusterClient")
            .field("name", &self.name)
            .field("facts", &self.facts)
            .finish_non_exhaustive()
    }
}

/// How `DescribeCluster` is named in reports.
const DESCRIBE: &str = "eks:DescribeCluster";

impl ClusterClient {
    /// Describes the cluster and prepares a client that trusts its CA only. Makes no connection to it yet.
    ///
    /// `credentials` sign the cluster's token, so that they must be those of the target's role if it has one.
    ///
    /// # Errors
    ///
    /// When the cluster cannot be described in time, belongs to another account or region, has no endpoint yet, has an
    /// endpoint that may not be given a token, or CA data that cannot be used.
    pub async fn connect(
        eks: &aws_sdk_eks::Client,
        credentials: SharedCredentialsProvider,
        params: &ClusterParams,
        clock: Clock,
        deadline: Timestamp,
    ) -> Observed<Self> {
        Self::connect_within(eks, credentials, params, clock, deadline, Limits::default()).await
    }

    pub(crate) async fn connect_within(
        eks: &aws_sdk_eks::Client,
        credentials: SharedCredentialsProvider,
        params: &ClusterParams,
        clock: Clock,
        deadline: Timestamp,
        limits: Limits,
    ) -> Observed<Self> {
        let refused = |cause: Cause, why: String| Unreadable::new(DESCRIBE, &params.name, cause, why);
        let left = deadline.duration_since(clock()).try_into().unwrap_or_default();
        let described = tokio::time::timeout_at(
            Instant::now() + left,
            eks.describe_cluster().name(&params.name).send(),
        )
        .await
        .map_err(|_| refused(Cause::TimedOut, "no answer came".to_owned()))?
        .map_err(|error| day2_aws::unreadable(DESCRIBE, &params.name, &error))?;
        let cluster = described
            .cluster
            .ok_or_else(|| refused(Cause::Malformed, "the answer holds no cluster".to_owned()))?;

        if let Some(arn) = cluster.arn()
            && !is_ours(arn, params)
        {
            return Err(refused(
                Cause::Other,
                format!(
                    "`{arn}` is not in account {} and region {}",
                    params.account_id, params.region
                ),
            ));
        }
        let facts = ClusterFacts {
            status: cluster
                .status()
                .map(|status| status.as_str().to_owned())
                .unwrap_or_default(),
            version: cluster.version().map(str::to_owned),
            authentication_mode: cluster
                .access_config()
                .and_then(|access| access.authentication_mode())
                .map(|mode| mode.as_str().to_owned()),
            auto_mode: cluster
                .compute_config()
                .and_then(aws_sdk_eks::types::ComputeConfigResponse::enabled),
        };
        let endpoint = match (&params.endpoint, cluster.endpoint()) {
            (Some(named), _) => Endpoint::named_in_settings(named),
            (None, Some(described)) => Endpoint::described(described, &params.region, params.partition),
            (None, None) => {
                let why = format!("the cluster is {} and has no endpoint yet", facts.status);
                return Err(refused(Cause::Other, why));
            }
        }
        .map_err(|error| refused(Cause::Other, error.to_string()))?;
        let ca = cluster
            .certificate_authority()
            .and_then(|ca| ca.data())
            .unwrap_or_default();
        let tls = tls::trusting(ca).map_err(|why| refused(Cause::Malformed, why))?;
        let tokens = TokenSource {
            credentials,
            cluster: params.name.clone(),
            region: params.region.clone(),
            partition: params.partition,
            clock: clock.clone(),
            current: Mutex::new(None),
        };
        Ok(Self {
            name: params.name.clone(),
            facts,
            transport: Transport::new(endpoint, tls, tokens, clock, limits),
        })
    }

    /// Name of the cluster.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What `DescribeCluster` said when the client was made.
    #[must_use]
    pub const fn facts(&self) -> &ClusterFacts {
        &self.facts
    }

    /// kube's client over the same transport, for calls that are not lists. It repeats nothing but a 401 and
    /// gives up after 30 s; [`unreadable`](crate::unreadable) says what an error of it means. Must be called within
    /// a tokio runtime.
    #[must_use]
    pub fn kube(&self) -> kube::Client {
        kube::Client::new(self.transport.clone(), "default")
    }

    pub(crate) const fn transport(&self) -> &Transport {
        &self.transport
    }
}

/// Shorthands for the kinds that the functions read. Each needs the verb `list` on its resource and fails as
/// [`list`](ClusterClient::list) does.
#[expect(clippy::missing_errors_doc, reason = "said once for all above")]
impl ClusterClient {
    /// Nodes.
    pub async fn list_nodes(&self, query: &ListQuery, deadline: Timestamp) -> Observed<Listed<Node>> {
        self.list::<Node>(query, deadline).await
    }

    /// Pods. For large clusters see [`list_map`](ClusterClient::list_map).
    pub async fn list_pods(&self, query: &ListQuery, deadline: Timestamp) -> Observed<Listed<Pod>> {
        self.list::<Pod>(query, deadline).await
    }

    /// Deployments.
    pub async fn list_deployments(
        &self,
        query: &ListQuery,
        deadline: Timestamp,
    ) -> Observed<Listed<Deployment>> {
        self.list::<Deployments>(query, deadline).await
    }

    /// Deployments with what judges their rollout and tells what they run.
    pub async fn list_deployment_details(
        &self,
        query: &ListQuery,
        deadline: Timestamp,
    ) -> Observed<Listed<DeploymentDetail>> {
        self.list::<DeploymentDetail>(query, deadline).await
    }

    /// Horizontal pod autoscalers.
    pub async fn list_horizontal_pod_autoscalers(
        &self,
        query: &ListQuery,
        deadline: Timestamp,
    ) -> Observed<Listed<HorizontalPodAutoscaler>> {
        self.list::<HorizontalPodAutoscaler>(query, deadline).await
    }

    /// Stateful sets.
    pub async fn list_stateful_sets(
        &self,
        query: &ListQuery,
        deadline: Timestamp,
    ) -> Observed<Listed<StatefulSet>> {
        self.list::<StatefulSets>(query, deadline).await
    }

    /// Replica sets, which lead from a pod to its Deployment.
    pub async fn list_replica_sets(
        &self,
        query: &ListQuery,
        deadline: Timestamp,
    ) -> Observed<Listed<ReplicaSet>> {
        self.list::<ReplicaSet>(query, deadline).await
    }

    /// Daemon sets.
    pub async fn list_daemonsets(
        &self,
        query: &ListQuery,
        deadline: Timestamp,
    ) -> Observed<Listed<DaemonSet>> {
        self.list::<DaemonSet>(query, deadline).await
    }

    /// Pod disruption budgets.
    pub async fn list_pdbs(
        &self,
        query: &ListQuery,
        deadline: Timestamp,
    ) -> Observed<Listed<PodDisruptionBudget>> {
        self.list::<PodDisruptionBudget>(query, deadline).await
    }
}

/// Whether an ARN `arn:partition:eks:region:account:cluster/name` is the cluster that was meant.
fn is_ours(arn: &str, params: &ClusterParams) -> bool {
    let wanted = format!(
        "arn:{}:eks:{}:{}:cluster/{}",
        params.partition, params.region, params.account_id, params.name
    );
    arn == wanted
}
