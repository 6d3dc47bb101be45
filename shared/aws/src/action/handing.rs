//! The report of an action, and handing it over.

use std::time::Duration;

use day2_core::Item;
use day2_core::action::{ActionRecord, HeldBack, Occasion, Outcome, Said};
use day2_core::chart::Chart;
use day2_core::compare::{self, Snapshot};
use day2_core::report::{PastRun, Report, Run};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::case::{Case, later};
use super::respond::Memory;
use super::{Action, ActionApp};
use crate::app::Handing;
use crate::error::OpsError;
use crate::journal::{Held, Storm};

/// Minutes after which a mail about an alarm may say the same again, unless the pause is longer. An hour, as for events that
/// come too late.
const REPEATED_AFTER_MINUTES: u32 = 60;

/// Longest wait for what was held back before, and for the note that it was told.
const LOOK_BACK_SECONDS: i64 = 2;
const LOOK_BACK: Duration = Duration::from_secs(LOOK_BACK_SECONDS.unsigned_abs());

/// A report that waits to be handed over.
pub(super) struct Done {
    pub(super) report: Report,
    /// Whether it is worth a mail.
    pub(super) mail: bool,
    /// Whether it ends the run; after one that does not the event comes again.
    pub(super) ends: bool,
}

impl<A: Action> ActionApp<A> {
    pub(super) fn report(
        &self,
        run: &Run,
        memory: &Memory,
        items: Vec<Item>,
        charts: Vec<Chart>,
        action: ActionRecord,
        case: &Case<'_>,
    ) -> Report {
        let mut report = Report::new(run.clone(), items, charts);
        report.not_checked = A::not_checked(&self.settings, case.target);
        report.history.clone_from(&memory.past.runs);
        let changes = compare::compare(memory.past.previous.as_ref(), &report);
        // Without a claim the journal could not be asked.
        report.changes = if memory.held.is_some() {
            changes
        } else {
            changes.without_memory()
        };
        report.action = Some(action);
        report
    }

    /// Whether a mail is due. What a mail about the same alarm has said is counted and not said again for a while (D08).
    pub(super) async fn wants_mail(&self, case: &Case<'_>, memory: &Memory, report: &Report) -> bool {
        let Some(action) = &report.action else { return true };
        if matches!(case.occasion, Occasion::Revert) {
            return !tried_before(memory, report, action);
        }
        let safety = A::safety(&self.settings.function);
        let long = safety.cool_down_minutes.max(REPEATED_AFTER_MINUTES);
        // An alarm that goes on ringing calls no second time: a plan that is not mailed again must still leave time to be approved by
        // the mail that there is.
        let minutes = match action.approve_until {
            Some(_) => long.min(safety.approval_minutes - safety.approval_minutes / 4),
            None => long,
        };
        let changed = |run: &&PastRun| matches!(run.outcome, Some(Outcome::Applied | Outcome::Failed));
        let changed_at = memory.past.runs.iter().rfind(changed).map(|run| run.at);
        let said = Said::of(report);
        let Some(earlier) = said
            .as_ref()
            .and_then(|said| said.repeated(&memory.past.said, minutes, changed_at))
        else {
            return true;
        };
        let (counter, target) = (case.counter(A::NAME), case.target.name.as_str());
        let time = (earlier.at, later(earlier.at, minutes));
        // What cannot be counted is mailed.
        self.edge.journal.repeated(&counter, target, time).await.is_err()
    }

    /// Events of the same alarm that were counted in times that are over, and that nobody was told of yet: the next mail about
    /// the alarm tells them, and the digest need not (D08). What cannot be read is left to the digest.
    async fn held_back(&self, case: &Case<'_>) -> Vec<Storm> {
        if case.occasion.alarm_arn().is_none() {
            return Vec::new();
        }
        let target = case.target.name.as_str();
        let (counter, now) = (case.counter(A::NAME), case.watch.now());
        // The time that is kept for the publication is not for this.
        let left = case.end().duration_since(now);
        if left < SignedDuration::from_secs(2 * LOOK_BACK_SECONDS) {
            return Vec::new();
        }
        let read = tokio::time::timeout(LOOK_BACK, self.edge.journal.storms(target));
        let Ok(Ok(mut storms)) = read.await else {
            return Vec::new();
        };
        storms.retain(|storm| storm.function == counter && storm.until <= now && storm.suppressed > 0);
        storms
    }

    /// Hands a report over and says it in the answer.
    pub(super) async fn hand_over(
        &self,
        case: &Case<'_>,
        done: Done,
        held: Option<&Held>,
    ) -> Result<Value, OpsError> {
        let Done {
            mut report,
            mail,
            ends,
        } = done;
        let outcome = report.action.as_ref().map(|action| action.outcome);
        let token = format!("{}/{}", report.id, outcome.map_or("", Outcome::word));
        // Without a claim the journal does not answer; and a mail that an earlier delivery sent tells nothing more.
        let will_mail = mail && held.is_some_and(|held| held.already_mailed.as_deref() != Some(&*token));
        let held_back = if will_mail {
            self.held_back(case).await
        } else {
            Vec::new()
        };
        if let (Some(action), Some(told)) = (report.action.as_mut(), in_one(&held_back)) {
            action.held_back = Some(told);
        }
        case.token.replace(token.clone());
        let deployment = &self.settings.deployment;
        let mut snapshot = Snapshot::of(&report);
        let runners = format!("{}-9", A::CODE);
        snapshot
            .open
            .retain(|complaint| !complaint.code.starts_with(&runners));
        let handing = Handing {
            deployment,
            topic: case.target.topic_arn.as_ref().unwrap_or(&deployment.topic_arn),
            invocation: &case.invocation,
            watch: &case.watch,
            held,
            mail,
            token: &token,
            ends,
            mailed: &case.mailed,
            snapshot,
        };
        let warning = self.edge.publish(&report, &handing).await?;
        let paused = report.action.as_ref().and_then(|action| action.pauses_until);
        if let Some(until) = paused.filter(|_| case.mailed.get()) {
            self.note_told(case, self.pause_that_ends(until)).await;
        }
        if case.mailed.get() {
            // Told twice is the lesser harm.
            let noted = tokio::time::timeout(LOOK_BACK, async {
                for storm in &held_back {
                    self.edge.journal.digested(storm, case.watch.now()).await?;
                }
                Ok::<(), OpsError>(())
            });
            if !matches!(noted.await, Ok(Ok(()))) {
                tracing::warn!(function = A::NAME, "told, and not noted so");
            }
        }
        let mut answer = json!({ "outcome": outcome, "reports": [report] });
        if let (Some(warning), Some(members)) = (warning, answer.as_object_mut()) {
            members.insert("warnings".to_owned(), json!([warning]));
        }
        Ok(answer)
    }
}

/// All of them in one time.
fn in_one(storms: &[Storm]) -> Option<HeldBack> {
    Some(HeldBack {
        events: storms
            .iter()
            .fold(0, |sum, storm| storm.suppressed.saturating_add(sum)),
        since: storms.iter().map(|storm| storm.since).min()?,
        until: storms.iter().map(|storm| storm.until).max()?,
    })
}

/// Whether the same attempt to take the same lease back was mailed within a day: the sweeper asks every five minutes,
/// and says itself what is overdue.
fn tried_before(memory: &Memory, report: &Report, action: &ActionRecord) -> bool {
    /// Minutes of a day.
    const DAY: u32 = 1_440;
    let failed = matches!(action.outcome, Outcome::Refused | Outcome::Failed);
    failed
        && memory.past.runs.iter().any(|run| {
            !run.silent
                && run.outcome == Some(action.outcome)
                && run.lease == action.lease
                && later(run.at, DAY) > report.run.started_at
        })
}
