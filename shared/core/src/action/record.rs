//! What a report says of an action.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Effect, Mode, Outcome, Plan, PlanId};

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Not carried out.
    Planned,
    /// Carried out now.
    Applied,
    /// Carried out in part; the rest is said.
    Partly,
    /// Whether an earlier delivery carried it out is not known; its lease takes back what is there.
    Unknown,
    /// Found as it should be: another delivery of the same occasion had done it.
    AlreadyDone,
    /// What must still be true was not; nothing was changed.
    Refused,
    /// Failed; whether anything was changed is said.
    Failed,
    /// Not begun, because a step before it failed or the time was up.
    NotBegun,
}

impl StepState {
    /// The words for a report.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Applied => "applied",
            Self::Partly => "applied in part",
            Self::Unknown => "not known",
            Self::AlreadyDone => "already done",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::NotBegun => "not begun",
        }
    }
}

/// What came of one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct StepResult {
    /// The step's resource.
    pub resource: String,
    /// Where it stands.
    pub state: StepState,
    /// What was seen.
    pub says: String,
    /// Lease that takes it back, if it is temporary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease: Option<String>,
    /// When the lease ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// The part of a report that an action adds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct ActionRecord {
    /// What came of it.
    pub outcome: Outcome,
    /// How far it was allowed to go.
    pub mode: Mode,
    /// The outcome in one sentence, for subject and head.
    pub says: String,
    /// Id of the plan; absent when it has no steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<PlanId>,
    /// The plan.
    pub plan: Plan<Value>,
    /// What came of each step; empty when nothing was carried out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<StepResult>,
    /// The lease that was to be taken back; absent for anything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<String>,
    /// Until when the plan can be approved; absent when it waits for nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approve_until: Option<Timestamp>,
    /// Whether the effect was seen; absent when nothing was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// Who claims to have approved: the request id to look up in `CloudTrail`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    /// Until when alarms are only counted for this target because of what was done; absent when no alarm is held back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pauses_until: Option<Timestamp>,
    /// Events of the same alarm that were counted before, and that no mail told of; absent when there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_back: Option<HeldBack>,
}

/// Events of one alarm that were not acted on and not mailed: they came while the function paused, or too late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct HeldBack {
    /// How many.
    pub events: u64,
    /// Begin of the time in which they came.
    pub since: Timestamp,
    /// Its end.
    pub until: Timestamp,
}
