//! Limits of the group `workloads`.

use day2_core::settings::Mistakes;
use deserr::Deserr;

/// Limits of the group `workloads`.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct WorkloadLimits {
    /// Time that a pod has for starting and for getting Ready again, and an autoscaler for seeing its metrics, in minutes; 0 is none.
    #[deserr(default = 5)]
    pub grace_minutes: u32,
    /// Time that a deleted pod may stay beyond its grace, in minutes.
    #[deserr(default = 10)]
    pub terminating_minutes: u32,
    /// How far back restarts, failed pods and failed Jobs without a `CronJob` count, in hours.
    #[deserr(default = 24)]
    pub window_hours: u32,
    /// Most restarts of one workload within `window_hours`.
    #[deserr(default = 2)]
    pub max_restarts: u32,
    /// Longest time that an autoscaler may stand at its maximum, in minutes; 0 is none.
    #[deserr(default = 30)]
    pub hpa_minutes: u32,
    /// Time from when a `CronJob` is due until it has succeeded or is still running, in minutes; 0 is none.
    #[deserr(default = 60)]
    pub cron_job_minutes: u32,
}

impl Default for WorkloadLimits {
    fn default() -> Self {
        Self {
            grace_minutes: 5,
            terminating_minutes: 10,
            window_hours: 24,
            max_restarts: 2,
            hpa_minutes: 30,
            cron_job_minutes: 60,
        }
    }
}
