//! The few fields of Kubernetes objects that the functions judge.
//!
//! These are projections, not the API types: a pod is 6–10 kB of JSON, and a function looks at a few hundred
//! bytes of it. Every field that the API may omit or send as `null` is read as absent, unknown fields are ignored
//! and integers saturate, so that an API server newer or older than this code is still understood.

mod binding;
mod certificate;
mod container;
mod controller;
mod cron_job;
mod daemon_set;
mod deployment;
mod endpoint_slice;
mod event;
mod higher_policy;
mod horizontal_pod_autoscaler;
mod job;
mod managed;
mod meta;
mod namespace;
mod network_policy;
mod node;
mod node_agent;
mod node_health;
mod node_hold;
mod node_pool;
mod notice;
mod placement;
mod pod;
mod pod_detail;
mod pod_disruption_budget;
mod pod_health;
mod pod_hold;
mod policy_endpoint;
mod provisioning;
mod quantity;
mod replica_set;
mod resource_quota;
mod resources;
mod room;
mod scale;
mod scaled_object;
mod selector;
mod service_account;
mod tls_secret;
mod trace;
mod velero_backup;
mod velero_location;
mod velero_restore;
mod velero_scope;
mod volumes;
mod workload;

pub use binding::{Binding, Subject};
pub(crate) use binding::{ClusterRoleBindings, RoleBindings};
pub use certificate::Certificate;
pub use container::{Ended, Waiting};
pub(crate) use controller::ControllerWire;
pub use controller::{Controller, DeployedBy};
pub use cron_job::CronJob;
pub use daemon_set::DaemonSet;
pub use deployment::{DeploymentContainer, DeploymentDetail};
pub use endpoint_slice::{Endpoint, EndpointSlice};
pub use event::Event;
pub use higher_policy::HigherPolicy;
pub(crate) use higher_policy::{AdminPolicies, ClusterPolicies, EksClusterPolicies};
pub use horizontal_pod_autoscaler::{HorizontalPodAutoscaler, ScaleTarget};
pub use job::Job;
pub use meta::{Condition, Owner, Status};
pub use namespace::Namespace;
pub(crate) use network_policy::ApplicationNetworkPolicies;
pub use network_policy::{NetworkPolicy, Opening};
pub use node::{Node, Readiness, Taint};
pub use node_agent::NodeAgent;
pub use node_health::NodeHealth;
pub(crate) use node_hold::NodeHold;
pub use node_pool::{NodeClass, NodePool};
pub use notice::Notice;
pub use placement::{Placement, Term, Toleration};
pub use pod::{ANNOTATIONS_KEPT, Pod};
pub use pod_detail::{ContainerRole, PodContainer, PodDetail};
pub use pod_disruption_budget::PodDisruptionBudget;
pub use pod_health::{ContainerHealth, ContainerKind, ContainerState, End, PodHealth};
pub(crate) use pod_hold::PodHold;
pub use policy_endpoint::{PolicyEndpoint, RestrictedPod};
pub use provisioning::{NodeClaim, NodePoolRoom};
pub use quantity::milli;
pub use replica_set::ReplicaSet;
pub use resource_quota::ResourceQuota;
pub use resources::Resources;
pub use room::{NodeRoom, PodRoom, is_passing_taint};
pub(crate) use scale::Scale;
pub use scaled_object::ScaledObject;
pub(crate) use scaled_object::ScaledObjectHold;
pub use selector::{LabelSelector, Operator, Requirement};
pub use service_account::ServiceAccount;
pub use tls_secret::TlsSecret;
pub use trace::{
    ConfigMaps, ControllerRevisions, DaemonSetTraces, DeploymentTraces, ReplicaSets, StatefulSetTraces, Trace,
};
pub use velero_backup::{VeleroBackup, VeleroSchedule};
pub use velero_location::VeleroLocation;
pub use velero_restore::VeleroRestore;
pub use velero_scope::{Coverage, Scope};
pub use volumes::{StorageClass, Volume, VolumeAttachment, VolumeClaim};
pub use workload::{Deployment, Deployments, StatefulSet, StatefulSets, Workload};

use serde::de::DeserializeOwned;

/// A kind of object that can be listed: where the API serves it, and what one element becomes.
pub trait Kind {
    /// What one element of the list is read into.
    type Object: DeserializeOwned;
    /// API group; empty for the core group.
    const GROUP: &'static str;
    /// API version within the group.
    const VERSION: &'static str;
    /// Plural resource name in lower case, as RBAC rules name it.
    const PLURAL: &'static str;
    /// Whether lists ask for `metadata` only, so that what the objects hold never comes here.
    const METADATA_ONLY: bool = false;
}
