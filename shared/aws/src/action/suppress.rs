//! Events that are not acted on: too old, or within the pause after an action. The first of each alarm is told, the others are
//! counted; of the alarm whose action began the pause, the mail about that action has told it.

use day2_core::action::{Outcome, Plan, Refusal};
use day2_core::report::{Report, Run};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::case::Case;
use super::handing::Done;
use super::{Action, ActionApp};
use crate::error::OpsError;
use crate::journal::Held;

impl<A: Action> ActionApp<A> {
    /// Counts an event that is not acted on; the first of its alarm is told unless a mail has announced it, the others are left
    /// to the digest (D08).
    pub(super) async fn suppress(
        &self,
        case: &Case<'_>,
        run: &Run,
        held: Held,
        refusal: Refusal,
        window: (Timestamp, Timestamp),
    ) -> Result<Value, OpsError> {
        let target = case.target.name.as_str();
        let journal = &self.edge.journal;
        let counter = case.counter(A::NAME);
        let suppressed = journal.suppress(&counter, target, window).await?;
        let count = suppressed.count;
        tracing::info!(
            function = A::NAME,
            target_name = target,
            count,
            reason = refusal.says,
            "suppressed"
        );
        if suppressed.noticed && !case.by_hand() {
            self.edge.journal.settle(&held, &run.report_id()).await?;
            return Ok(json!({ "outcome": "suppressed", "reason": refusal.says, "count": count }));
        }
        let done = Self::suppressed(case, run, refusal, window.1);
        let answer = self.hand_over(case, done, Some(&held)).await?;
        self.note_told(case, window).await;
        Ok(answer)
    }

    /// Begin and end of the pause that ends then.
    pub(super) fn pause_that_ends(&self, until: Timestamp) -> (Timestamp, Timestamp) {
        let minutes = i64::from(A::safety(&self.settings.function).cool_down_minutes);
        let since = until.checked_sub(SignedDuration::from_mins(minutes));
        (since.unwrap_or(until), until)
    }

    /// Notes that a mail said that events like this one are only counted in this time.
    pub(super) async fn note_told(&self, case: &Case<'_>, window: (Timestamp, Timestamp)) {
        let (target, now) = (case.target.name.as_str(), case.watch.now());
        let noted = self
            .edge
            .journal
            .noticed(&case.counter(A::NAME), target, window, now)
            .await;
        // Told twice is the lesser harm.
        if let Err(error) = noted {
            tracing::warn!(function = A::NAME, error = ?error, "told, and not noted so");
        }
    }

    /// The word of the first suppressed event of an alarm.
    fn suppressed(case: &Case<'_>, run: &Run, refusal: Refusal, until: Timestamp) -> Done {
        let says = format!("{}; others until {until} are only counted", refusal.says);
        let plan = Plan {
            refusals: vec![refusal],
            ..Plan::default()
        };
        let mut report = Report::new(run.clone(), Vec::new(), Vec::new());
        report.action = Some(Self::record(case, Outcome::Suppressed, says, plan));
        Done {
            report,
            mail: true,
            ends: true,
        }
    }
}
