//! The report: what a run returns, stores and mails.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::action::{ActionRecord, Outcome, PlanId};
use crate::chart::Chart;
use crate::compare::{Changes, Snapshot, compare};
use crate::digest::sha256;
use crate::item::Item;
use crate::verdict::Verdict;

/// Version of the JSON shape; changes only with a documented migration.
pub const SCHEMA: &str = "day2.report/1";

/// Who ran, for what, and when. Everything that identifies a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct Run {
    /// Function name, for example `scale-window`.
    pub function: String,
    /// Task of the function, for example `prescale`.
    pub task: String,
    /// Target name from settings, for example `prod-a`.
    pub target: String,
    /// AWS account of the target.
    pub account_id: String,
    /// AWS region of the target.
    pub region: String,
    /// How the run came about: `schedule`, `manual`, `alarm`, `finding`.
    pub trigger: String,
    /// IANA zone in which times are shown, for example `America/New_York`.
    pub zone: String,
    /// When the schedule meant this run, if known.
    pub scheduled_at: Option<Timestamp>,
    /// What tells the occasion of an action from others: the alarm and its change of state, or the approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occasion: Option<String>,
    /// When this run began.
    pub started_at: Timestamp,
    /// Lambda request id, to join with logs.
    pub request_id: String,
}

impl Run {
    /// Id of the report: the same for every delivery of the same scheduled run, so that a repeated delivery can be
    /// recognised (`cases.md` T03), and for every delivery of the same alarm or approval (D05). Other runs are told
    /// apart by their request id.
    #[must_use]
    pub fn report_id(&self) -> String {
        let scheduled = self.scheduled_at.map(|at| at.to_string());
        let moment = scheduled
            .or_else(|| self.occasion.clone())
            .unwrap_or_else(|| self.request_id.clone());
        sha256(
            &[&*self.function, &*self.task, &*self.target, &*moment].join("\n"),
            16,
        )
    }
}

/// One earlier run of the same function, task and target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct PastRun {
    /// When it began.
    pub at: Timestamp,
    /// What it said.
    pub status: Verdict,
    /// What came of it, for an action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Id of its plan, for an action that had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<PlanId>,
    /// The lease that it took back, or tried to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<String>,
    /// Whether it was not mailed, because an earlier mail had said the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
    /// Key of its HTML page in the report bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
}

/// What a verdict means for something that is about to happen, for example this morning's scale-up.
///
/// Only a proof says `go`. What could not be seen is no reason to stop by itself, and none to go: it is called what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Everything was looked at and passed.
    Go,
    /// Something failed.
    NoGo,
    /// Nothing failed, and not everything could be seen. Whoever needs a yes or no takes it for a no.
    GoNotProven,
}

impl Decision {
    /// The decision that follows from a verdict.
    #[must_use]
    pub const fn of(status: Verdict) -> Self {
        match status {
            Verdict::Pass => Self::Go,
            Verdict::Fail => Self::NoGo,
            Verdict::Unknown => Self::GoNotProven,
        }
    }

    /// The words of subject, first line and page.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Go => "GO",
            Self::NoGo => "NO-GO",
            Self::GoNotProven => "GO not proven",
        }
    }
}

/// The result of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: String,
    /// Id of the report: the same for every delivery of the same scheduled run, alarm or approval.
    pub id: String,
    /// Worst verdict of all items.
    pub status: Verdict,
    /// Whether what the task stands before may go ahead; absent for a task that stands before nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// Identity of the run.
    #[serde(flatten)]
    pub run: Run,
    /// What an action planned and did; absent for a check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<ActionRecord>,
    /// The judged lines, in the function's own order.
    pub items: Vec<Item>,
    /// What is new, still there, or resolved since the run before.
    pub changes: Changes,
    /// Figures for the HTML page.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub charts: Vec<Chart>,
    /// Parts that the settings leave out on purpose, so that a green report is not read as more than it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_checked: Vec<String>,
    /// Codes of the lines that are left out because the run read the whole list and found nothing of their kind. It is neither
    /// a `Pass` over nothing nor a line that nobody looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<String>,
    /// Earlier runs, oldest first, at most 14 days.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<PastRun>,
}

impl Report {
    /// A report over `items`; the status is theirs.
    #[must_use]
    pub fn new(run: Run, items: Vec<Item>, charts: Vec<Chart>) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            id: run.report_id(),
            status: Verdict::worst(items.iter().map(Item::verdict)),
            decision: None,
            run,
            action: None,
            items,
            changes: Changes::default(),
            charts,
            not_checked: Vec::new(),
            absent: Vec::new(),
            history: Vec::new(),
        }
    }

    /// The same report of a task that something waits for: its status says whether that may go ahead.
    #[must_use]
    pub const fn deciding(mut self) -> Self {
        self.decision = Some(Decision::of(self.status));
        self
    }

    /// The same report, compared with what is remembered of the run before.
    #[must_use]
    pub fn compared_with(mut self, previous: Option<&Snapshot>) -> Self {
        self.changes = compare(previous, &self);
        self
    }

    /// Number of items with this verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.items.iter().filter(|item| item.verdict() == verdict).count()
    }
}

#[cfg(test)]
mod tests;
