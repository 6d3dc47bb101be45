//! What the lists of the cluster were reduced to. A list that no group in force looks at is `None`.

use day2_core::Observed;
use day2_kube::objects::{
    Certificate, CronJob, HorizontalPodAutoscaler, NodeClaim, NodePoolRoom, PodDisruptionBudget,
    ResourceQuota, ScaledObject, StorageClass,
};
use day2_kube::{Folded, Listed};

use super::stored::StoredCertificate;
use crate::reduce::jobs::JobTally;
use crate::reduce::nodes::NodeFact;
use crate::reduce::notices::Warnings;
use crate::reduce::pods::PodTally;
use crate::reduce::storage::{AttachmentTally, ClaimTally, VolumeTally};
use crate::reduce::workloads::WorkloadTally;

/// A list that was reduced, or why it could not be read.
pub type Reduced<S> = Option<Observed<Folded<S>>>;

/// A list of a kind that the cluster may not know: then the inner value is none.
pub type Served<T> = Option<Observed<Option<Listed<T>>>>;

/// The lists.
#[derive(Debug, Clone, Default)]
pub struct Inside {
    /// Nodes.
    pub nodes: Reduced<Vec<NodeFact>>,
    /// Node claims of Karpenter and Auto Mode.
    pub node_claims: Served<NodeClaim>,
    /// Node pools of both.
    pub node_pools: Served<NodePoolRoom>,
    /// Pods.
    pub pods: Reduced<PodTally>,
    /// Deployments.
    pub deployments: Reduced<WorkloadTally>,
    /// Stateful sets.
    pub stateful_sets: Reduced<WorkloadTally>,
    /// Daemon sets.
    pub daemon_sets: Reduced<WorkloadTally>,
    /// Jobs.
    pub jobs: Reduced<JobTally>,
    /// What makes Jobs by a schedule.
    pub cron_jobs: Option<Observed<Listed<CronJob>>>,
    /// Horizontal pod autoscalers.
    pub autoscalers: Option<Observed<Listed<HorizontalPodAutoscaler>>>,
    /// Pod disruption budgets.
    pub budgets: Option<Observed<Listed<PodDisruptionBudget>>>,
    /// Warning events.
    pub warnings: Reduced<Warnings>,
    /// Volume claims.
    pub claims: Reduced<ClaimTally>,
    /// Volumes.
    pub volumes: Reduced<VolumeTally>,
    /// Volume attachments.
    pub attachments: Reduced<AttachmentTally>,
    /// Storage classes.
    pub classes: Option<Observed<Listed<StorageClass>>>,
    /// Resource quotas.
    pub quotas: Option<Observed<Listed<ResourceQuota>>>,
    /// KEDA's scaled objects.
    pub scaled_objects: Served<ScaledObject>,
    /// cert-manager's certificates.
    pub certificates: Served<Certificate>,
    /// Certificates in the declared Secrets, in the order of the settings; none where none is declared.
    pub stored: Option<Vec<StoredCertificate>>,
}
