//! What the status of a cluster or instance means for a change.

/// What a status means for a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It can be changed.
    Available,
    /// It is being changed, which ends by itself: the API answers `InvalidDBClusterState` until then.
    Passing,
    /// It is stopped, being deleted, failed, or in a state that is not known.
    Other,
}

/// States that end by themselves within minutes. Source: *Amazon Aurora User Guide*, "Viewing DB cluster status"; *Amazon
/// RDS User Guide*, "Viewing Amazon RDS DB instance status".
const PASSING: [&str; 17] = [
    "backing-up",
    "backtracking",
    "configuring-enhanced-monitoring",
    "configuring-iam-database-auth",
    "configuring-log-exports",
    "failing-over",
    "maintenance",
    "modifying",
    "promoting",
    "rebooting",
    "renaming",
    "resetting-master-credentials",
    "scaling-compute",
    "starting",
    "storage-optimization",
    "update-iam-db-auth",
    "upgrading",
];

/// What `status` means.
pub(crate) fn standing(status: &str) -> Standing {
    if status == "available" {
        Standing::Available
    } else if PASSING.contains(&status) {
        Standing::Passing
    } else {
        Standing::Other
    }
}
