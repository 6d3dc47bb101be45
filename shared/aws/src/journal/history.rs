//! Reading back: the runs of the last days, and what the run before complained about.

use day2_core::action::{Outcome, PlanId, Said};
use day2_core::compare::Snapshot;
use day2_core::report::{PastRun, Run};
use day2_core::{Cause, Unreadable, Verdict};
use jiff::Timestamp;

use super::record::BETWEEN_CONCERNS;
use super::{Attributes, Journal, days, pk, read_text, sort_key, text};
use crate::error::{OpsError, aws};
use crate::pages::Pages;

/// Most runs of history in a report, the newest. Fourteen days of a check that runs every 40 minutes; a page cannot
/// show more marks than that side by side.
pub const MAX_RUNS: usize = 500;

/// Rows per page of history; a row is about 300 bytes.
const PAGE: i32 = 250;

/// What the journal remembers of a function, task and target.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Past {
    /// Earlier runs, oldest first.
    pub runs: Vec<PastRun>,
    /// What the mails of those runs said that an alarm called.
    pub said: Vec<Said>,
    /// What is to be compared with; `None` when there was no run before.
    pub previous: Option<Snapshot>,
}

impl Journal {
    /// The last `history_days` before `run` began, and the newest snapshot. An earlier, unfinished delivery of the
    /// same report (`report_id`) counts as neither: a run is not compared with itself.
    ///
    /// # Errors
    ///
    /// [`OpsError::Aws`] when the journal does not answer; [`OpsError::Read`] when it answers what cannot be read.
    pub async fn past(&self, run: &Run, report_id: &str, history_days: u32) -> Result<Past, OpsError> {
        let since = run
            .started_at
            .checked_sub(days(history_days))
            .unwrap_or(Timestamp::UNIX_EPOCH);
        let (runs, previous) = tokio::join!(self.runs(run, report_id, since), self.previous(run, report_id));
        let (runs, said) = runs?;
        Ok(Past {
            runs,
            said,
            previous: previous?,
        })
    }

    async fn runs(
        &self,
        run: &Run,
        report_id: &str,
        since: Timestamp,
    ) -> Result<(Vec<PastRun>, Vec<Said>), OpsError> {
        let mut pages = Pages::new("dynamodb:Query", &self.table);
        let mut start = None;
        let mut runs: Vec<PastRun> = Vec::new();
        let mut mailed = Vec::new();
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("pk = :pk AND sk >= :since")
                .expression_attribute_values(":pk", text(pk("run", run)))
                .expression_attribute_values(":since", text(sort_key(since)))
                .scan_index_forward(false)
                .consistent_read(true)
                .limit(PAGE)
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(aws("dynamodb:Query", &self.table))?;
            for item in self.items(page.items.as_deref())? {
                if read_text(item, "report_id") != Some(report_id) {
                    runs.push(past_run(item).ok_or_else(|| self.malformed("a run cannot be read"))?);
                    mailed.extend(said(item));
                }
            }
            let token = page
                .last_evaluated_key
                .as_ref()
                .and_then(|key| read_text(key, "sk"));
            if runs.len() >= MAX_RUNS || pages.next(token).map_err(OpsError::Read)?.is_none() {
                break;
            }
            start = page.last_evaluated_key;
        }
        runs.truncate(MAX_RUNS);
        runs.reverse();
        Ok((runs, mailed))
    }

    async fn previous(&self, run: &Run, report_id: &str) -> Result<Option<Snapshot>, OpsError> {
        let page = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(pk("snapshot", run)))
            .scan_index_forward(false)
            .consistent_read(true)
            // The newest may be of an unfinished delivery of this very report.
            .limit(2)
            .send()
            .await
            .map_err(aws("dynamodb:Query", &self.table))?;
        let items = self.items(page.items.as_deref())?;
        let Some(item) = items
            .iter()
            .find(|item| read_text(item, "report_id") != Some(report_id))
        else {
            return Ok(None);
        };
        let json = read_text(item, "snapshot").unwrap_or_default();
        serde_json::from_str(json)
            .map(Some)
            .map_err(|why| self.malformed(&format!("a snapshot cannot be read: {why}")))
    }

    /// The rows of an answer. DynamoDB always sends the list; without it the answer was cut (`cases.md` W04), and the
    /// SDK would show the same as an empty list.
    pub(super) fn items<'a>(&self, items: Option<&'a [Attributes]>) -> Result<&'a [Attributes], OpsError> {
        items.ok_or_else(|| self.malformed("the answer has no list of items"))
    }

    pub(super) fn malformed(&self, why: &str) -> OpsError {
        OpsError::Read(Unreadable::new(
            "dynamodb:Query",
            &self.table,
            Cause::Malformed,
            why,
        ))
    }
}

fn past_run(item: &Attributes) -> Option<PastRun> {
    let status = match read_text(item, "status")? {
        "PASS" => Verdict::Pass,
        "UNKNOWN" => Verdict::Unknown,
        "FAIL" => Verdict::Fail,
        _ => return None,
    };
    Some(PastRun {
        at: read_text(item, "at")?.parse().ok()?,
        status,
        outcome: read_text(item, "outcome").and_then(Outcome::named),
        plan_id: read_text(item, "plan_id").and_then(PlanId::parse),
        lease: read_text(item, "lease").map(str::to_owned),
        silent: item
            .get("mailed")
            .is_some_and(|mailed| mailed.as_bool() == Ok(&false)),
        page: read_text(item, "page").map(str::to_owned),
    })
}

/// What the mail of a run said. A line of a version that did not write it down says nothing: then it is mailed once more.
fn said(item: &Attributes) -> Option<Said> {
    let mailed = item.get("mailed").and_then(|mailed| mailed.as_bool().ok());
    let alarm = read_text(item, "alarm").filter(|_| mailed == Some(&true))?;
    let concerns = read_text(item, "concerns").unwrap_or_default();
    Some(Said {
        at: read_text(item, "at")?.parse().ok()?,
        alarm: alarm.to_owned(),
        outcome: read_text(item, "outcome").and_then(Outcome::named)?,
        plan_id: read_text(item, "plan_id").and_then(PlanId::parse),
        concerns: concerns
            .split(BETWEEN_CONCERNS)
            .filter(|one| !one.is_empty())
            .map(str::to_owned)
            .collect(),
    })
}
