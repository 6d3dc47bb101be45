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

/// The metric alarms. None watches a metric that the world keeps sending, so that a state which a test sets stays.
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
