//! The alarms of the platform.

/// One metric alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alarm {
    /// Its name.
    pub name: &'static str,
    /// Namespace of its metric.
    pub namespace: &'static str,
    /// Name of its metric.
    pub metric: &'static str,
    /// Above this it rings.
    pub threshold: u32,
}

const fn alarm(name: &'static str, namespace: &'static str, metric: &'static str, threshold: u32) -> Alarm {
    Alarm {
        name,
        namespace,
        metric,
        threshold,
    }
}

/// The metric alarms whose state a test sets. None watches a metric that the world sends, and each ignores missing data,
/// so that the state stays.
pub const ALARMS: [Alarm; 8] = [
    alarm("prod-a-coder-api-5xx", "Coder", "ApiErrors", 5),
    alarm("prod-a-coder-provisioner-queue", "Coder", "QueuedJobs", 50),
    alarm(
        "prod-a-workspace-start-slow",
        "Coder",
        "WorkspaceStartSeconds",
        300,
    ),
    alarm(
        "prod-a-node-not-ready",
        "ContainerInsights",
        "cluster_failed_node_count",
        0,
    ),
    alarm(
        "prod-a-pod-restarts",
        "ContainerInsights",
        "pod_number_of_container_restarts",
        20,
    ),
    alarm("prod-a-db-cpu", "AWS/RDS", "CPUUtilization", 80),
    alarm("prod-a-db-acu", "AWS/RDS", "ACUUtilization", 90),
    alarm("prod-a-db-deadlocks", "AWS/RDS", "Deadlocks", 0),
];
/// The composite alarm.
pub const COMPOSITE: &str = "prod-a-platform";
/// Its rule.
pub const COMPOSITE_RULE: &str = "ALARM(\"prod-a-coder-api-5xx\") OR ALARM(\"prod-a-node-not-ready\")";

/// The alarm on the 95th percentile of how long a workspace takes to be provisioned. The world sends its metric.
pub const PROVISIONING: &str = "prod-a-provisioning-p95";
/// Namespace of that metric.
pub const PROVISIONING_NAMESPACE: &str = "Coder/Provisioning";
/// Name of that metric, in seconds.
pub const PROVISIONING_METRIC: &str = "WorkspaceProvisioningSeconds";
/// Name and value of its one dimension.
pub const PROVISIONING_DIMENSION: (&str, &str) = ("Environment", "prod-a");
/// Above so many seconds the alarm on provisioning rings, in 3 of 5 minutes.
pub const PROVISIONING_SECONDS: u32 = 120;
/// Above so many connections the alarm of an instance rings, in 3 of 3 minutes: four fifths of what 16 capacity units
/// allow.
pub const CONNECTIONS: u32 = 2_688;

/// The alarm on the connections of a database instance. The world sends its metric.
#[must_use]
pub fn connections_alarm(instance: &str) -> String {
    format!("prod-a-db-connections-{instance}")
}

/// How many alarms there are, the composite one included.
#[must_use]
pub const fn count() -> usize {
    const OF_PROVISIONING: usize = 1;
    const OF_CONNECTIONS: usize = 2;
    const COMPOSITES: usize = 1;
    ALARMS.len() + OF_PROVISIONING + OF_CONNECTIONS + COMPOSITES
}
