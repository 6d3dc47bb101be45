//! Shorthands for what `health-check` lists. Each needs the verb `list` on its resource.
//!
//! Those whose name ends in `_into` reduce the list while it is read, because a large cluster has too many of these objects
//! to hold.

use day2_core::Observed;
use jiff::Timestamp;

use crate::ClusterClient;
use crate::fold::{Folded, Reduce};
use crate::list::{ListQuery, Listed};
use crate::objects::{
    Certificate, ConfigMaps, ControllerRevisions, CronJob, DaemonSetTraces, DeploymentDetail,
    DeploymentTraces, Job, Kind, Namespace, NodeClaim, NodeHealth, NodePoolRoom, Notice, PodHealth,
    ReplicaSets, ResourceQuota, ScaledObject, StatefulSetTraces, StorageClass, Trace, Volume,
    VolumeAttachment, VolumeClaim, Workload,
};

/// Small lists, and kinds that a cluster may not know: none when it does not. Each fails as [`list`](ClusterClient::list) does.
#[expect(clippy::missing_errors_doc, reason = "said once for all above")]
impl ClusterClient {
    /// Namespaces.
    pub async fn list_namespaces(&self, deadline: Timestamp) -> Observed<Listed<Namespace>> {
        self.list::<Namespace>(&ListQuery::all(), deadline).await
    }

    /// Resource quotas.
    pub async fn list_resource_quotas(&self, deadline: Timestamp) -> Observed<Listed<ResourceQuota>> {
        self.list::<ResourceQuota>(&ListQuery::all(), deadline).await
    }

    /// Cron jobs.
    pub async fn list_cron_jobs(&self, deadline: Timestamp) -> Observed<Listed<CronJob>> {
        self.list::<CronJob>(&ListQuery::all(), deadline).await
    }

    /// Storage classes.
    pub async fn list_storage_classes(&self, deadline: Timestamp) -> Observed<Listed<StorageClass>> {
        self.list::<StorageClass>(&ListQuery::all(), deadline).await
    }

    /// Karpenter's node claims, which EKS Auto Mode uses too.
    pub async fn list_node_claims(&self, deadline: Timestamp) -> Observed<Option<Listed<NodeClaim>>> {
        self.list_if_served::<NodeClaim>(deadline).await
    }

    /// Node pools with their limits.
    pub async fn list_node_pools(&self, deadline: Timestamp) -> Observed<Option<Listed<NodePoolRoom>>> {
        self.list_if_served::<NodePoolRoom>(deadline).await
    }

    /// KEDA's scaled objects.
    pub async fn list_scaled_objects_everywhere(
        &self,
        deadline: Timestamp,
    ) -> Observed<Option<Listed<ScaledObject>>> {
        self.list_if_served::<ScaledObject>(deadline).await
    }

    /// cert-manager's certificates.
    pub async fn list_certificates(&self, deadline: Timestamp) -> Observed<Option<Listed<Certificate>>> {
        self.list_if_served::<Certificate>(deadline).await
    }
}

/// Large lists, reduced while they are read. Each fails as [`fold`](ClusterClient::fold) does.
#[expect(clippy::missing_errors_doc, reason = "said once for all above")]
impl ClusterClient {
    /// Pods.
    pub async fn list_pods_into<R: Reduce<PodHealth>>(
        &self,
        reduce: &R,
        deadline: Timestamp,
    ) -> Observed<Folded<R::Sum>> {
        self.all_into::<PodHealth, R>(reduce, deadline).await
    }

    /// Nodes.
    pub async fn list_nodes_into<R: Reduce<NodeHealth>>(
        &self,
        reduce: &R,
        deadline: Timestamp,
    ) -> Observed<Folded<R::Sum>> {
        self.all_into::<NodeHealth, R>(reduce, deadline).await
    }

    /// Deployments.
    pub async fn list_deployments_into<R: Reduce<DeploymentDetail>>(
        &self,
        reduce: &R,
        deadline: Timestamp,
    ) -> Observed<Folded<R::Sum>> {
        self.all_into::<DeploymentDetail, R>(reduce, deadline).await
    }

    /// Stateful sets.
    pub async fn list_stateful_sets_into<R: Reduce<Workload>>(
        &self,
        reduce: &R,
        deadline: Timestamp,
    ) -> Observed<Folded<R::Sum>> {
        self.all_into::<crate::objects::StatefulSets, R>(reduce, deadline)
            .await
    }

    /// Jobs.
    pub async fn list_jobs_into<R: Reduce<Job>>(
        &self,
        reduce: &R,
        deadline: Timestamp,
    ) -> Observed<Folded<R::Sum>> {
        self.all_into::<Job, R>(reduce, deadline).await
    }

    /// Volume claims.
    pub async fn list_persistent_volume_claims_into<R: Reduce<VolumeClaim>>(
        &self,
        reduce: &R,
        deadline: Timestamp,
    ) -> Observed<Folded<R::Sum>> {
        self.all_into::<VolumeClaim, R>(reduce, deadline).await
    }

    /// Volumes.
    pub async fn list_persistent_volumes_into<R: Reduce<Volume>>(
        &self,
        reduce: &R,
        deadline: Timestamp,
    ) -> Observed<Folded<R::Sum>> {
        self.all_into::<Volume, R>(reduce, deadline).await
    }

    /// Volume attachments.
    pub async fn list_volume_attachments_into<R: Reduce<VolumeAttachment>>(
        &self,
        reduce: &R,
        deadline: Timestamp,
    ) -> Observed<Folded<R::Sum>> {
        self.all_into::<VolumeAttachment, R>(reduce, deadline).await
    }

    /// Warning events; Kubernetes keeps them for an hour.
    pub async fn list_events_into<R: Reduce<Notice>>(
        &self,
        reduce: &R,
        deadline: Timestamp,
    ) -> Observed<Folded<R::Sum>> {
        let warnings = ListQuery::all().with_fields("type=Warning");
        self.fold::<Notice, R>(&warnings, reduce, deadline).await
    }

    /// Replica sets, metadata only.
    pub async fn list_replica_sets_into<R: Reduce<Trace>>(
        &self,
        reduce: &R,
        deadline: Timestamp,
    ) -> Observed<Folded<R::Sum>> {
        self.all_into::<ReplicaSets, R>(reduce, deadline).await
    }

    /// Controller revisions, metadata only.
    pub async fn list_controller_revisions_into<R: Reduce<Trace>>(
        &self,
        reduce: &R,
        deadline: Timestamp,
    ) -> Observed<Folded<R::Sum>> {
        self.all_into::<ControllerRevisions, R>(reduce, deadline).await
    }

    /// Config maps, metadata only: what they hold is not sent.
    pub async fn list_config_maps_into<R: Reduce<Trace>>(
        &self,
        reduce: &R,
        deadline: Timestamp,
    ) -> Observed<Folded<R::Sum>> {
        self.all_into::<ConfigMaps, R>(reduce, deadline).await
    }

    /// Deployments, metadata only.
    pub async fn list_deployments_metadata_into<R: Reduce<Trace>>(
        &self,
        reduce: &R,
        deadline: Timestamp,
    ) -> Observed<Folded<R::Sum>> {
        self.all_into::<DeploymentTraces, R>(reduce, deadline).await
    }

    /// Stateful sets, metadata only.
    pub async fn list_stateful_sets_metadata_into<R: Reduce<Trace>>(
        &self,
        reduce: &R,
        deadline: Timestamp,
    ) -> Observed<Folded<R::Sum>> {
        self.all_into::<StatefulSetTraces, R>(reduce, deadline).await
    }

    /// Daemon sets, metadata only.
    pub async fn list_daemon_sets_metadata_into<R: Reduce<Trace>>(
        &self,
        reduce: &R,
        deadline: Timestamp,
    ) -> Observed<Folded<R::Sum>> {
        self.all_into::<DaemonSetTraces, R>(reduce, deadline).await
    }

    async fn all_into<K: Kind, R: Reduce<K::Object>>(
        &self,
        reduce: &R,
        deadline: Timestamp,
    ) -> Observed<Folded<R::Sum>> {
        self.fold::<K, R>(&ListQuery::all(), reduce, deadline).await
    }
}
