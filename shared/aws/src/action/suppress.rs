//! Events that are not acted on: too old, or within the pause after an action. The first is told, the others counted.

use day2_core::action::{Outcome, Plan, Refusal};
use day2_core::report::{Report, Run};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::case::Case;
use super::handing::Done;
use super::{Action, ActionApp};
use crate::error::OpsError;
use crate::journal::Held;

impl<A: Action> ActionApp<A> {
    /// Counts an event that is not acted on; the first of a pause is told, the others are left to the digest (D08).
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
        let suppressed = journal.suppress(A::NAME, target, window.0, window.1).await?;
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
        // Told twice is the lesser harm.
        if let Err(error) = journal.noticed(A::NAME, target, window.0, case.watch.now()).await {
            tracing::warn!(function = A::NAME, error = ?error, "told, and not noted so");
        }
        Ok(answer)
    }

    /// The word of the first suppressed event of a pause.
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
