//! Why an action runs, as far as it matters to its plan.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::PlanId;
use crate::trigger::Alarm;

/// Why an action runs. It says where to look, never what is true.
#[derive(Debug, Clone, PartialEq)]
pub enum Occasion {
    /// An alarm changed its state.
    Alarm(Alarm),
    /// A person asked, with nothing but a target.
    Manual,
    /// A person asked to undo a containment.
    Release {
        /// Its id.
        containment: String,
    },
    /// A person approved a plan.
    Approved(Approved),
    /// A lease ended, or a person wants it ended now.
    Revert,
}

/// An approval that was found and is not used yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    /// The plan that was approved.
    pub plan: PlanId,
    /// When it was proposed: the same changes may be proposed again on another day.
    pub proposed_at: Timestamp,
    /// ARN of the alarm that led to the proposal, if one did.
    pub alarm_arn: Option<String>,
    /// Id of the containment that is to be undone, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub containment: Option<String>,
    /// Key of the occasion that led to the proposal.
    pub occasion: String,
}

impl Occasion {
    /// What tells this occasion from others: the same for every delivery and every road (`cases.md` D05). `None` for
    /// a call by hand, which its request id tells apart.
    #[must_use]
    pub fn key(&self) -> Option<String> {
        match self {
            Self::Alarm(alarm) => Some(alarm.dedup_key()),
            Self::Approved(approved) => Some(format!("approval:{}@{}", approved.plan, approved.proposed_at)),
            Self::Manual | Self::Release { .. } | Self::Revert => None,
        }
    }

    /// ARN of the alarm behind it, also behind an approval.
    #[must_use]
    pub fn alarm_arn(&self) -> Option<&str> {
        match self {
            Self::Alarm(alarm) => Some(alarm.arn.as_str()),
            Self::Approved(approved) => approved.alarm_arn.as_deref(),
            Self::Manual | Self::Release { .. } | Self::Revert => None,
        }
    }

    /// Id of the containment that is to be undone, also behind an approval.
    #[must_use]
    pub fn containment(&self) -> Option<&str> {
        match self {
            Self::Release { containment } => Some(containment),
            Self::Approved(approved) => approved.containment.as_deref(),
            Self::Alarm(_) | Self::Manual | Self::Revert => None,
        }
    }

    /// The word for a report.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Alarm(_) => "alarm",
            Self::Manual | Self::Release { .. } => "manual",
            Self::Approved(_) => "approval",
            Self::Revert => "revert",
        }
    }
}
