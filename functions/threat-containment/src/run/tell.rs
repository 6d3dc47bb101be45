//! Words: claiming an occasion, making its report, handing it over. And the endings that change nothing.

use std::pin::Pin;
use std::time::Duration;

use day2_aws::app::Handing;
use day2_aws::error::OpsError;
use day2_aws::journal::{Claim, Held};
use day2_core::Item;
use day2_core::action::{ActionRecord, Effect, Guard, Outcome, Plan, Refusal, StepResult};
use day2_core::chart::Chart;
use day2_core::compare::{self, Snapshot};
use day2_core::report::{Report, Run};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::ThreatContainment;
use super::case::Case;
use crate::accept::HeldBack;
use crate::plan::NAME;

/// How often a claim is renewed. Two renewals may be late before it ends.
const RENEW_EVERY: Duration = Duration::from_secs(15);

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) outcome: Outcome,
    /// The finding in one sentence, for the subject.
    pub(crate) says: String,
    pub(crate) items: Vec<Item>,
    pub(crate) charts: Vec<Chart>,
    pub(crate) plan: Plan<Value>,
    pub(crate) results: Vec<StepResult>,
    pub(crate) effect: Option<Effect>,
    /// Plan that waits for approval, and until when.
    pub(crate) proposed: Option<(day2_core::action::PlanId, Timestamp)>,
    pub(crate) approved: bool,
}

impl Ending {
    /// An ending that changed nothing.
    pub(crate) fn of(outcome: Outcome, says: impl Into<String>, items: Vec<Item>) -> Self {
        Self {
            outcome,
            says: says.into(),
            items,
            charts: Vec::new(),
            plan: Plan::default(),
            results: Vec::new(),
            effect: None,
            proposed: None,
            approved: false,
        }
    }

    pub(crate) fn refusing(
        mut self,
        guard: Guard,
        says: impl Into<String>,
        allowed_by: impl Into<String>,
    ) -> Self {
        self.plan.refusals.push(Refusal::new(guard, says, allowed_by));
        self
    }

    fn record(self, case: &Case<'_>) -> (ActionRecord, Vec<Item>, Vec<Chart>) {
        let plan_id = match &self.proposed {
            Some((id, _)) => Some(id.clone()),
            None => (!self.plan.steps.is_empty()).then(|| self.plan.id(NAME, case.target.name.as_str())),
        };
        let record = ActionRecord {
            outcome: self.outcome,
            mode: case.mode,
            says: self.says,
            plan_id,
            plan: self.plan,
            results: self.results,
            lease: None,
            approve_until: self.proposed.map(|(_, until)| until),
            effect: self.effect,
            approved_by: self.approved.then(|| case.invocation.request_id.clone()),
            pauses_until: None,
            held_back: None,
        };
        (record, self.items, self.charts)
    }
}

/// How a report is handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// Mailed; the occasion is over.
    Mail,
    /// Mailed; the event comes again.
    Again,
}

impl ThreatContainment {
    /// Ends an occasion that changed nothing with a report of its own, once.
    pub(super) async fn tell(
        &self,
        case: &Case<'_>,
        occasion: String,
        ending: Ending,
    ) -> Result<Value, OpsError> {
        let run = case.run(Some(occasion), self.zone());
        let held = match self.claim(case, &run).await? {
            Claim::Ours(held) => held,
            other => return answered(case, &run, other),
        };
        let told = self.publish(case, &run, &held, ending, How::Mail).await;
        self.given_back(case, &held, told).await
    }

    /// Ends an occasion of which an attacker, or a noisy day, could make a thousand: the first of an hour is mailed, the
    /// others are counted and told by `lease-sweeper` (`cases.md` D08, D09).
    pub(super) async fn tell_once_an_hour(
        &self,
        case: &Case<'_>,
        what: &str,
        occasion: String,
        ending: Ending,
    ) -> Result<Value, OpsError> {
        let run = case.run(Some(occasion), self.zone());
        let held = match self.claim(case, &run).await? {
            Claim::Ours(held) => held,
            other => return answered(case, &run, other),
        };
        let told = Box::pin(self.hourly(case, what, &run, &held, ending)).await;
        self.given_back(case, &held, told).await
    }

    /// `what` is counted by itself: a sample that was told must not swallow a security notice.
    pub(super) async fn hourly(
        &self,
        case: &Case<'_>,
        what: &str,
        run: &Run,
        held: &Held,
        ending: Ending,
    ) -> Result<Value, OpsError> {
        let (since, until) = hour_of(case.watch.now());
        let target = case.target.name.as_str();
        let journal = &self.edge.journal;
        let counter = format!("{NAME}, {what}");
        let held_back = journal.suppress(&counter, target, (since, until)).await?;
        let reason = ending.says.clone();
        let count = held_back.count;
        tracing::info!(function = NAME, target_name = target, count, reason, "held back");
        if held_back.noticed && !case.by_hand() {
            let outcome = ending.outcome;
            journal.settle(held, &run.report_id()).await?;
            return Ok(json!({ "outcome": outcome, "reason": reason, "count": count }));
        }
        let ending = Ending {
            says: format!("{reason}; others until {until} are only counted"),
            ..ending
        };
        let answer = self.publish(case, run, held, ending, How::Mail).await?;
        // Told twice is the lesser harm.
        let now = case.watch.now();
        if let Err(error) = journal.noticed(&counter, target, (since, until), now).await {
            tracing::warn!(function = NAME, error = ?error, "told, and not noted so");
        }
        Ok(answer)
    }

    /// A finding of ours that is not acted on.
    pub(super) async fn held_back(&self, case: &Case<'_>, why: &HeldBack) -> Result<Value, OpsError> {
        let finding = &case.finding;
        let seen = finding.updated_at.map_or_else(String::new, |at| at.to_string());
        let occasion = format!("held-back:{}@{seen}", finding.dedup_key());
        let guard = match why {
            HeldBack::Stale(_) => Guard::Freshness,
            _ => Guard::Finding,
        };
        let says = format!("finding {} is not acted on: {}", finding.kind, why.says());
        let ending =
            Ending::of(Outcome::Suppressed, says, Vec::new()).refusing(guard, why.says(), why.allowed_by());
        self.tell_once_an_hour(case, "held back", occasion, ending).await
    }

    pub(super) async fn claim(&self, case: &Case<'_>, run: &Run) -> Result<Claim, OpsError> {
        let owner = case.owner(run);
        self.edge
            .journal
            .claim(run, &owner, case.watch.now(), case.lease_until())
            .await
    }

    /// Gives a claim back when its work failed, so that the next delivery need not wait.
    pub(super) async fn given_back(
        &self,
        case: &Case<'_>,
        held: &Held,
        done: Result<Value, OpsError>,
    ) -> Result<Value, OpsError> {
        if done.is_err() {
            let mailed = case.mailed.get().then(|| case.token.borrow().clone());
            self.edge.give_back(held, mailed.as_deref()).await;
        }
        done
    }

    /// Does `work`, and keeps the claim meanwhile.
    pub(super) async fn kept<T>(
        &self,
        case: &Case<'_>,
        run: &Run,
        mut work: Pin<Box<impl Future<Output = T>>>,
    ) -> T {
        let owner = case.owner(run);
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = tokio::time::sleep(RENEW_EVERY) => {
                    let (now, until) = (case.watch.now(), case.lease_until());
                    // Before each change the record's version is asked for; here nothing is lost but time.
                    if let Err(error) = self.edge.journal.claim(run, &owner, now, until).await {
                        tracing::warn!(function = NAME, error = ?error, "claim not renewed");
                    }
                }
            }
        }
    }

    /// Makes the report and hands it over.
    pub(super) async fn publish(
        &self,
        case: &Case<'_>,
        run: &Run,
        held: &Held,
        ending: Ending,
        how: How,
    ) -> Result<Value, OpsError> {
        let days = self.settings.deployment.history_days;
        let past = self.edge.journal.past(run, &run.report_id(), days).await?;
        let acted = !ending.results.is_empty();
        let (action, items, charts) = ending.record(case);
        let mut report = Report::new(run.clone(), items, charts);
        report.history.clone_from(&past.runs);
        report.changes = compare::compare(past.previous.as_ref(), &report);
        report.action = Some(action);
        if acted && how != How::Again {
            self.edge.note_acted(held, &report).await;
        }
        self.hand_over(case, report, held, how).await
    }

    /// Hands a report over and says it in the answer.
    pub(super) async fn hand_over(
        &self,
        case: &Case<'_>,
        report: Report,
        held: &Held,
        how: How,
    ) -> Result<Value, OpsError> {
        let outcome = report.action.as_ref().map(|action| action.outcome);
        let token = format!("{}/{}", report.id, outcome.map_or("", Outcome::word));
        case.token.replace(token.clone());
        let deployment = &self.settings.deployment;
        let mut snapshot = Snapshot::of(&report);
        // A containment is about one pod: what another one had is not "still" there.
        snapshot
            .open
            .retain(|complaint| !complaint.code.starts_with(Self::CODE));
        let handing = Handing {
            deployment,
            topic: case.target.topic_arn.as_ref().unwrap_or(&deployment.topic_arn),
            invocation: &case.invocation,
            watch: &case.watch,
            held: Some(held),
            mail: true,
            token: &token,
            ends: how != How::Again,
            mailed: &case.mailed,
            snapshot,
        };
        let warning = self.edge.publish(&report, &handing).await?;
        let mut answer = json!({ "outcome": outcome, "reports": [report] });
        if let (Some(warning), Some(members)) = (warning, answer.as_object_mut()) {
            members.insert("warnings".to_owned(), json!([warning]));
        }
        Ok(answer)
    }
}

/// The answer to an occasion that is another delivery's.
pub(super) fn answered(case: &Case<'_>, run: &Run, claim: Claim) -> Result<Value, OpsError> {
    match claim {
        Claim::InProgress { until } => Err(OpsError::InProgress {
            what: format!("{NAME} {}", case.target.name),
            until,
        }),
        Claim::AlreadyDone { report_id } => {
            tracing::info!(
                function = NAME,
                target_name = run.target,
                report_id,
                "already done"
            );
            Ok(json!({ "outcome": "already_done", "report_id": report_id }))
        }
        Claim::Ours(_) => Err(OpsError::Refused("a claim of ours was not used".to_owned())),
    }
}

/// Begin and end of the hour of the clock around `now`.
pub(super) fn hour_of(now: Timestamp) -> (Timestamp, Timestamp) {
    let since = Timestamp::from_second(now.as_second().div_euclid(3_600) * 3_600).unwrap_or(now);
    let until = since.checked_add(SignedDuration::from_hours(1)).unwrap_or(now);
    (since, until)
}
