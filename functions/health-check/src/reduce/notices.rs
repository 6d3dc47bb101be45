//! Warning events: the newest of each object, of those kinds that explain something.

use std::collections::BTreeMap;

use day2_kube::Reduce;
use day2_kube::objects::Notice;
use jiff::Timestamp;

use super::short;

/// Objects whose warning is kept. Who has more is in one large trouble, in which a few explain the rest.
const MOST: usize = 5_000;

/// Reasons that explain why something does not start or does not get ready.
const TELLING: [&str; 8] = [
    "FailedCreate",
    FAILED_SCHEDULING,
    "FailedMount",
    "FailedAttachVolume",
    "FailedCreatePodSandBox",
    "FailedBinding",
    "ProvisioningFailed",
    "Unhealthy",
];

/// Said by the scheduler, whose words the pod has in its condition, and by Karpenter, which says why it makes no node.
pub const FAILED_SCHEDULING: &str = "FailedScheduling";

/// Karpenter's words (`pkg/controllers/provisioning/scheduling/events.go`).
const OF_KARPENTER: &str = "Failed to schedule pod";

fn is_the_schedulers(notice: &Notice) -> bool {
    notice.reason == FAILED_SCHEDULING && !notice.message.trim_start().starts_with(OF_KARPENTER)
}

/// One warning.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    /// When it was last seen.
    pub at: Option<Timestamp>,
    /// For example `FailedMount`.
    pub reason: String,
    /// Text of the cluster, shortened.
    pub message: String,
}

/// Warnings by kind, namespace and name of the object.
pub type Warnings = BTreeMap<(String, String, String), Warning>;

/// Keeps the newest telling warning of each object.
#[derive(Debug, Clone, Copy)]
pub struct EachNotice;

impl Reduce<Notice> for EachNotice {
    type Sum = Warnings;

    fn empty(&self) -> Warnings {
        Warnings::new()
    }

    fn take(&self, sum: &mut Warnings, notice: Notice) {
        if TELLING.contains(&notice.reason.as_str()) && !is_the_schedulers(&notice) {
            let warning = Warning {
                at: notice.last_at,
                reason: notice.reason,
                message: short(&notice.message, 240),
            };
            keep(sum, (notice.kind, notice.namespace, notice.name), warning);
        }
    }

    fn join(&self, sum: &mut Warnings, page: Warnings) {
        for (key, warning) in page {
            keep(sum, key, warning);
        }
    }
}

fn keep(sum: &mut Warnings, key: (String, String, String), warning: Warning) {
    if let Some(known) = sum.get_mut(&key) {
        *known = known.clone().max(warning);
    } else if sum.len() < MOST {
        sum.insert(key, warning);
    }
}
