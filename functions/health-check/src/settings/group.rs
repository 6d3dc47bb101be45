//! The groups of items, each of which a deployment may leave out in writing.

use day2_core::settings::Mistakes;
use deserr::Deserr;

/// A group of items that look at one part of a platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserr)]
#[deserr(error = Mistakes, rename_all = lowercase)]
pub enum Group {
    /// The API server, versions, the cluster's own workloads: `HLT-101` and following.
    Cluster,
    /// Nodes, their room, and the node claims behind them: `HLT-111` and following.
    Nodes,
    /// Workloads and their pods: `HLT-121` and following.
    Workloads,
    /// Volume claims, attachments and zones: `HLT-141` and following.
    Storage,
    /// `ResourceQuota` objects: `HLT-151` and following.
    Quotas,
    /// The Istio proxies: `HLT-161` and following.
    Mesh,
    /// KEDA: `HLT-166` and following.
    Scaling,
    /// cert-manager: `HLT-171` and following.
    Certificates,
    /// CloudWatch alarms: `HLT-201` and following.
    Alarms,
    /// GuardDuty and Security Hub: `HLT-211` and following.
    Security,
    /// What EKS itself says of the cluster: health issues, add-ons, insights: `HLT-221` and following.
    Eks,
    /// The database: `HLT-231` and following.
    Database,
    /// Declared HTTP endpoints and the certificates they serve: `HLT-241` and following.
    Endpoints,
    /// How full volumes are, by metrics: `HLT-251` and following.
    Volumes,
}

impl Group {
    /// The groups that look into the Kubernetes cluster.
    pub const OF_THE_CLUSTER: [Self; 8] = [
        Self::Cluster,
        Self::Nodes,
        Self::Workloads,
        Self::Storage,
        Self::Quotas,
        Self::Mesh,
        Self::Scaling,
        Self::Certificates,
    ];

    /// The groups that look at AWS and at endpoints.
    pub const OF_AWS: [Self; 6] = [
        Self::Alarms,
        Self::Security,
        Self::Eks,
        Self::Database,
        Self::Endpoints,
        Self::Volumes,
    ];

    /// The word in the settings.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Nodes => "nodes",
            Self::Workloads => "workloads",
            Self::Storage => "storage",
            Self::Quotas => "quotas",
            Self::Mesh => "mesh",
            Self::Scaling => "scaling",
            Self::Certificates => "certificates",
            Self::Alarms => "alarms",
            Self::Security => "security",
            Self::Eks => "eks",
            Self::Database => "database",
            Self::Endpoints => "endpoints",
            Self::Volumes => "volumes",
        }
    }
}
