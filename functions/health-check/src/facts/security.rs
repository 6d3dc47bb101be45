//! What is read for the group `security`.

use day2_core::Observed;
use day2_reads::coverage::Coverage;
use day2_reads::coverage_statistics::Counts;
use day2_reads::detectors::Detector;
use day2_reads::findings::Finding;
use day2_reads::security_findings::SecurityFinding;

/// Findings, and whether anything watches.
#[derive(Debug, Clone)]
pub struct SecurityFacts {
    /// Detectors of the account and region; empty when `GuardDuty` is not switched on.
    pub detectors: Observed<Vec<Detector>>,
    /// Their findings that nobody archived, of at least the severity of the plan.
    pub findings: Observed<Vec<Finding>>,
    /// What Runtime Monitoring knows of the target's cluster; nothing where it is not asked.
    pub runtime: Option<Runtime>,
    /// Security Hub; nothing where it is not asked.
    pub hub: Option<Hub>,
}

/// What Security Hub holds.
#[derive(Debug, Clone)]
pub struct Hub {
    /// Open findings.
    pub open: Observed<Vec<SecurityFinding>>,
    /// Whether it holds any finding at all. Asked only where none is open.
    pub any: Observed<bool>,
}

/// What Runtime Monitoring sees.
#[derive(Debug, Clone)]
pub struct Runtime {
    /// Coverage of the target's cluster; empty when Runtime Monitoring does not know it.
    pub cluster: Observed<Vec<Coverage>>,
    /// All clusters of the account and region by state.
    pub all: Observed<Counts>,
}
