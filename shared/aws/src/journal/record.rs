//! Writing down, in one transaction, that a report is out: publication, run, snapshot, line of the board and heartbeat
//! belong together.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use day2_core::action::Said;
use day2_core::compare::Snapshot;
use day2_core::report::{Report, Run};
use jiff::Timestamp;

use super::claim::{CLAIMED, PUBLISHED, key_of};
use super::signs::{BY_HAND, LAST, REST, RESTS};
use super::{
    Attributes, Held, Journal, PUBLICATION_DAYS, SNAPSHOT_DAYS, TTL, expires, number, occasion, pk, text,
};
use crate::error::{OpsError, aws};

/// A report that was handed over.
#[derive(Debug, Clone, Copy)]
pub struct Finished<'a> {
    /// The report.
    pub report: &'a Report,
    /// What the next run is to be compared with.
    pub snapshot: &'a Snapshot,
    /// Key of its page in the report bucket.
    pub page: &'a str,
    /// Days that its line of history is kept.
    pub history_days: u32,
    /// Whether it was mailed.
    pub mailed: bool,
    /// When it was handed over.
    pub at: Timestamp,
}

/// Stands between two concerns of one line. None of them has it: they are codes, verdicts and guards.
pub(super) const BETWEEN_CONCERNS: &str = ", ";

/// Whether the record was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// It was.
    Yes,
    /// The lease had ended and another delivery has taken over: its record counts.
    TakenOver,
}

impl Journal {
    /// Records that a report is out. Without a claim (`held`), because the journal did not answer when it was asked
    /// for one, the publication is recorded unconditionally: a later delivery shall not mail it again.
    ///
    /// # Errors
    ///
    /// [`OpsError::Aws`] when the journal does not answer or refuses.
    pub async fn record(&self, held: Option<&Held>, done: Finished<'_>) -> Result<Recorded, OpsError> {
        let run = &done.report.run;
        let answer = self
            .client
            .transact_write_items()
            .transact_items(
                TransactWriteItem::builder()
                    .update(self.published(held, &done)?)
                    .build(),
            )
            .transact_items(self.put(line(&done))?)
            .transact_items(self.put(snapshot(&done)?)?)
            .transact_items(
                TransactWriteItem::builder()
                    .update(self.on_the_board(&done)?)
                    .build(),
            )
            .transact_items(self.put(beat(
                run,
                done.report.status.word(),
                Some(&done.report.id),
                done.at,
            ))?)
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Recorded::Yes),
            Err(error) if lost(error.as_service_error()) => Ok(Recorded::TakenOver),
            Err(error) => Err(aws("dynamodb:PutItem", &self.table)(error)),
        }
    }

    /// Records that a scheduled run ended as it should without a report, for example on a day of rest.
    ///
    /// # Errors
    ///
    /// [`OpsError::Aws`] when the journal does not answer or refuses.
    pub async fn heartbeat(&self, run: &Run, outcome: &str, at: Timestamp) -> Result<(), OpsError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(beat(run, outcome, None, at)));
        put.send()
            .await
            .map(|_| ())
            .map_err(aws("dynamodb:PutItem", &self.table))
    }

    fn published(&self, held: Option<&Held>, done: &Finished<'_>) -> Result<Update, OpsError> {
        let (pk, sk) = held.map_or_else(
            || key_of(&done.report.run),
            |held| (held.pk.clone(), held.sk.clone()),
        );
        let mut update = Update::builder()
            .table_name(&self.table)
            .key("pk", text(pk))
            .key("sk", text(sk))
            .update_expression(
                "SET #state = :published, report_id = :report, published_at = :at, #ttl = :ttl",
            )
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":published", text(PUBLISHED))
            .expression_attribute_values(":report", text(&done.report.id))
            .expression_attribute_values(":at", text(done.at.to_string()))
            .expression_attribute_values(":ttl", expires(done.at, PUBLICATION_DAYS));
        if let Some(held) = held {
            // `published` by ourselves is the SDK repeating a call whose answer was lost.
            update = update
                .condition_expression(
                    "#owner = :owner AND (#state = :claimed OR (#state = :published AND report_id = :report))",
                )
                .expression_attribute_names("#owner", "owner")
                .expression_attribute_values(":owner", text(&held.owner))
                .expression_attribute_values(":claimed", text(CLAIMED));
        }
        update.build().map_err(|why| unbuilt(&why))
    }

    fn put(&self, item: Attributes) -> Result<TransactWriteItem, OpsError> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .build()
            .map_err(|why| unbuilt(&why))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

/// One line of history.
fn line(done: &Finished<'_>) -> Attributes {
    let report = done.report;
    let mut line = Attributes::from([
        ("pk".to_owned(), text(pk("run", &report.run))),
        ("sk".to_owned(), text(occasion(&report.run, &report.id))),
        ("report_id".to_owned(), text(&report.id)),
        ("at".to_owned(), text(report.run.started_at.to_string())),
        ("status".to_owned(), text(report.status.word())),
        ("page".to_owned(), text(done.page)),
        // A day more than is read, so that the oldest line does not vanish while it is still shown.
        (
            TTL.to_owned(),
            expires(done.at, i64::from(done.history_days).saturating_add(1)),
        ),
    ]);
    if let Some(action) = &report.action {
        line.insert("outcome".to_owned(), text(action.outcome.word()));
        line.insert("mailed".to_owned(), AttributeValue::Bool(done.mailed));
        if let Some(lease) = &action.lease {
            line.insert("lease".to_owned(), text(lease));
        }
        if let Some(plan) = &action.plan_id {
            line.insert("plan_id".to_owned(), text(plan.as_str()));
        }
    }
    if let Some(said) = Said::of(report) {
        line.insert("alarm".to_owned(), text(said.alarm));
        if !said.concerns.is_empty() {
            let concerns: Vec<String> = said.concerns.into_iter().collect();
            line.insert("concerns".to_owned(), text(concerns.join(BETWEEN_CONCERNS)));
        }
    }
    line
}

fn snapshot(done: &Finished<'_>) -> Result<Attributes, OpsError> {
    let report = done.report;
    let json = serde_json::to_string(done.snapshot)
        .map_err(|why| OpsError::Refused(format!("a snapshot is no JSON: {why}")))?;
    Ok(Attributes::from([
        ("pk".to_owned(), text(pk("snapshot", &report.run))),
        ("sk".to_owned(), text(occasion(&report.run, &report.id))),
        ("report_id".to_owned(), text(&report.id)),
        ("snapshot".to_owned(), text(json)),
        (TTL.to_owned(), expires(done.at, SNAPSHOT_DAYS)),
    ]))
}

/// A heartbeat has no `ttl`: a schedule that stopped long ago is exactly what it must show.
fn beat(run: &Run, outcome: &str, report_id: Option<&str>, at: Timestamp) -> Attributes {
    let kind = match run.trigger.as_str() {
        _ if outcome == RESTS => REST,
        "manual" => BY_HAND,
        _ => LAST,
    };
    let mut item = Attributes::from([
        ("pk".to_owned(), text(pk("heartbeat", run))),
        ("sk".to_owned(), text(kind)),
        ("at".to_owned(), number(at.as_second())),
        ("outcome".to_owned(), text(outcome)),
        ("trigger".to_owned(), text(&run.trigger)),
    ]);
    if let Some(scheduled_at) = run.scheduled_at {
        item.insert("scheduled_at".to_owned(), number(scheduled_at.as_second()));
    }
    if let Some(report_id) = report_id {
        item.insert("report_id".to_owned(), text(report_id));
    }
    item
}

/// Whether the first item's condition, "the claim is still ours", is what cancelled the transaction.
fn lost(error: Option<&TransactWriteItemsError>) -> bool {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error else {
        return false;
    };
    cancelled
        .cancellation_reasons()
        .first()
        .and_then(|reason| reason.code())
        == Some("ConditionalCheckFailed")
}

pub(super) fn unbuilt(why: &aws_sdk_dynamodb::error::BuildError) -> OpsError {
    OpsError::Refused(format!("a record cannot be built: {}", crate::error::chain(why)))
}
