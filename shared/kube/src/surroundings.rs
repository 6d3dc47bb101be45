//! What surrounds a pod: its policies, its events, its rights, its Services.

use day2_core::Observed;
use day2_core::names::DnsLabel;
use futures::future::join;
use jiff::Timestamp;

use crate::ClusterClient;
use crate::list::{ListQuery, Listed};
use crate::objects::{
    AdminPolicies, ApplicationNetworkPolicies, Binding, ClusterPolicies, ClusterRoleBindings,
    EksClusterPolicies, EndpointSlice, Event, HigherPolicy, Kind, NetworkPolicy, PolicyEndpoint,
    RoleBindings, ScaledObject, ServiceAccount,
};

/// Policies above the policies of namespaces, of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HigherTier {
    /// `clusternetworkpolicies.networking.k8s.aws`, as `kubectl` names the kind.
    pub kind: String,
    /// All of them; none inside when the cluster does not know the kind.
    pub policies: Observed<Option<Vec<HigherPolicy>>>,
}

/// Each needs the verb `list` on its resource and fails as [`list`](ClusterClient::list) does. Kinds that a cluster may not
/// know give none then.
#[expect(clippy::missing_errors_doc, reason = "said once for all above")]
impl ClusterClient {
    /// Network policies of a namespace.
    pub async fn list_network_policies(
        &self,
        namespace: &DnsLabel,
        deadline: Timestamp,
    ) -> Observed<Listed<NetworkPolicy>> {
        self.list::<NetworkPolicy>(&within(namespace), deadline).await
    }

    /// Application network policies of a namespace (`networking.k8s.aws`), which EKS enforces beside the others.
    pub async fn list_application_network_policies(
        &self,
        namespace: &DnsLabel,
        deadline: Timestamp,
    ) -> Observed<Option<Listed<NetworkPolicy>>> {
        self.list_served_of::<ApplicationNetworkPolicies>(&within(namespace), deadline)
            .await
    }

    /// The service accounts of the whole cluster that act as an IAM role (IRSA); the others are not kept.
    pub async fn list_service_accounts(&self, deadline: Timestamp) -> Observed<Listed<ServiceAccount>> {
        let with_role = |account: ServiceAccount| account.role_arn.is_some().then_some(account);
        self.list_map::<ServiceAccount, _>(&ListQuery::all(), deadline, with_role)
            .await
    }

    /// What the VPC CNI made of the network policies of a namespace.
    pub async fn list_policy_endpoints(
        &self,
        namespace: &DnsLabel,
        deadline: Timestamp,
    ) -> Observed<Option<Listed<PolicyEndpoint>>> {
        self.list_served_of::<PolicyEndpoint>(&within(namespace), deadline)
            .await
    }

    /// KEDA's scaled objects of a namespace.
    pub async fn list_scaled_objects(
        &self,
        namespace: &DnsLabel,
        deadline: Timestamp,
    ) -> Observed<Option<Listed<ScaledObject>>> {
        self.list_served_of::<ScaledObject>(&within(namespace), deadline)
            .await
    }

    /// Events about the object with this uid. The API server keeps them for an hour.
    pub async fn list_events_of(
        &self,
        namespace: &DnsLabel,
        uid: &DnsLabel,
        deadline: Timestamp,
    ) -> Observed<Listed<Event>> {
        let query = within(namespace).with_fields(format!("involvedObject.uid={uid}"));
        self.list::<Event>(&query, deadline).await
    }

    /// The role bindings of a namespace by which this service account of the same namespace has rights.
    pub async fn list_role_bindings(
        &self,
        namespace: &DnsLabel,
        account: &str,
        deadline: Timestamp,
    ) -> Observed<Listed<Binding>> {
        self.list_map::<RoleBindings, _>(&within(namespace), deadline, |binding| {
            binding.names(namespace, account).is_some().then_some(binding)
        })
        .await
    }

    /// The cluster role bindings by which a service account has rights.
    pub async fn list_cluster_role_bindings(
        &self,
        namespace: &DnsLabel,
        account: &str,
        deadline: Timestamp,
    ) -> Observed<Listed<Binding>> {
        self.list_map::<ClusterRoleBindings, _>(&ListQuery::all(), deadline, |binding| {
            binding.names(namespace, account).is_some().then_some(binding)
        })
        .await
    }

    /// The endpoint slices of a namespace in which the pod with this uid stands.
    pub async fn list_endpoint_slices(
        &self,
        namespace: &DnsLabel,
        pod_uid: &str,
        deadline: Timestamp,
    ) -> Observed<Listed<EndpointSlice>> {
        self.list_map::<EndpointSlice, _>(&within(namespace), deadline, |slice| {
            slice.endpoint(pod_uid).is_some().then_some(slice)
        })
        .await
    }

    /// The policies of administrators, of every kind that EKS or the Network Policy API know: `clusternetworkpolicies` of
    /// `networking.k8s.aws`, `adminnetworkpolicies` and `clusternetworkpolicies` of `policy.networking.k8s.io`.
    pub async fn list_higher_policies(&self, deadline: Timestamp) -> [HigherTier; 3] {
        let (eks, (admin, cluster)) = join(
            self.tier::<EksClusterPolicies>(deadline),
            join(
                self.tier::<AdminPolicies>(deadline),
                self.tier::<ClusterPolicies>(deadline),
            ),
        )
        .await;
        [eks, admin, cluster]
    }

    async fn tier<K: Kind<Object = HigherPolicy>>(&self, deadline: Timestamp) -> HigherTier {
        let policies = match self.list_if_served::<K>(deadline).await {
            Ok(Some(listed)) => listed.complete().map(Some),
            Ok(None) => Ok(None),
            Err(why) => Err(why),
        };
        HigherTier {
            kind: format!("{}.{}", K::PLURAL, K::GROUP),
            policies,
        }
    }
}

fn within(namespace: &DnsLabel) -> ListQuery {
    ListQuery::all().in_namespace(namespace.as_str())
}
