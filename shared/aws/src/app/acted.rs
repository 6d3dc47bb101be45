//! What was done is remembered before it is told.

use day2_core::report::Report;

use super::Edge;
use crate::journal::Held;

/// Most bytes of a report that is remembered between acting and publishing. A row of DynamoDB holds 400 kB.
/// Source: Amazon DynamoDB Developer Guide, "Service, account, and table quotas", items.
const MOST_REMEMBERED: usize = 350_000;

impl Edge {
    /// Remembers the report of what was done, so that a delivery after a failed publication does nothing again (`cases.md`
    /// W18). One that is too large is remembered without its items, charts and history. What cannot be remembered is logged:
    /// every change is in the journal by itself.
    pub async fn note_acted(&self, held: &Held, report: &Report) {
        let function = report.run.function.as_str();
        let json = |report: &Report| {
            let text = serde_json::to_string(report).ok()?;
            (text.len() <= MOST_REMEMBERED).then_some(text)
        };
        let short = || {
            let mut short = report.clone();
            (short.charts, short.history) = (Vec::new(), Vec::new());
            short.items.clear();
            json(&short)
        };
        let Some(text) = json(report).or_else(short) else {
            tracing::warn!(
                function,
                report_id = report.id,
                "the report is too large to be remembered"
            );
            return;
        };
        if let Err(error) = self.journal.note_acted(held, &text).await {
            tracing::warn!(function, report_id = report.id, error = ?error, "acted, and not noted so");
        }
    }
}
