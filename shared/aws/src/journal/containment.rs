//! Containments: one row each, in a partition per target, written before anything is changed.
//!
//! A row is opened in one transaction with the counters of the circuit breaker, so that however many runs begin at the same
//! time, no more containments are opened than the settings allow (`cases.md` D10). Afterwards one run writes it, and must
//! have seen the last version of it: a run that was taken over while it was frozen learns so before its next change.
//! Findings that join are counted in columns of their own, which any run may write.

use std::time::Duration;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, Put, ReturnValue, TransactWriteItem, Update,
};
use day2_core::action::Lease;
use day2_core::containment::{Containment, ContainmentState, MAX_FINDINGS};
use day2_core::{Cause, Unreadable};
use jiff::Timestamp;

use super::{Attributes, Journal, TTL, expires, number, read_number, read_text, text};
use crate::error::{OpsError, aws};

/// Days that a containment is kept after its release.
const KEPT_DAYS: i64 = 90;

/// Days that a counter is kept; the longest window is a day.
const COUNTED_DAYS: i64 = 3;

/// How often a transaction that met another one is sent.
const ATTEMPTS: u32 = 7;

/// First pause between two attempts; it doubles, to about two seconds in all.
const FIRST_PAUSE: Duration = Duration::from_millis(15);

/// How many containments may be opened in one window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breaker {
    /// The window, unique within the target, for example `hour 2026-03-06T11`.
    pub window: String,
    /// Most containments in it. At least 1.
    pub most: u32,
    /// What is said when it trips, for example `10 containments in this hour`.
    pub says: String,
}

/// What came of opening a containment.
#[derive(Debug, Clone, PartialEq)]
pub enum Opened {
    /// It was opened now, by us.
    New(Containment),
    /// It is known: an earlier delivery opened it, or this call did and its answer was lost.
    Known(Containment),
    /// A breaker is open: nothing was written.
    Tripped {
        /// What [`Breaker::says`].
        says: String,
    },
}

fn pk(target: &str) -> String {
    format!("containment#{target}")
}

fn breaker_pk(target: &str) -> String {
    format!("breaker#{target}")
}

impl Journal {
    /// Opens a containment, or returns the one that is known by this id. The breakers count in the same transaction.
    ///
    /// # Errors
    ///
    /// [`OpsError`] when the journal does not answer or refuses, or its row cannot be read.
    pub async fn open_containment(
        &self,
        containment: &Containment,
        breakers: &[Breaker],
        now: Timestamp,
    ) -> Result<Opened, OpsError> {
        let mut containment = containment.clone();
        containment.version = 1;
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(row(&containment)?))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(|why| unbuilt(&why))?;
        let mut items = vec![TransactWriteItem::builder().put(put).build()];
        for breaker in breakers {
            items.push(self.counted(&containment.target, breaker, now)?);
        }
        let mut pause = FIRST_PAUSE;
        let mut tried = 0_u32;
        let sent = loop {
            let request = self.client.transact_write_items();
            let sent = request.set_transact_items(Some(items.clone())).send().await;
            tried += 1;
            match sent {
                Err(error) if in_conflict(error.as_service_error()) && tried < ATTEMPTS => {
                    tokio::time::sleep(pause).await;
                    // Not all at the same time again: the id is as good as random.
                    let spread = containment.id.bytes().fold(0_u64, |sum, byte| {
                        sum.wrapping_mul(31).wrapping_add(u64::from(byte))
                    });
                    pause = pause * 2 + Duration::from_millis(spread % 23);
                }
                sent => break sent,
            }
        };
        match sent {
            Ok(_) => Ok(Opened::New(containment)),
            Err(error) if in_conflict(error.as_service_error()) => Err(OpsError::Read(Unreadable::new(
                "dynamodb:PutItem",
                &self.table,
                Cause::Throttled,
                "other transactions hold the counters of the circuit breaker",
            ))),
            Err(error) => match refused(error.as_service_error()) {
                Some(0) => {
                    let known = self.containment(&containment.id).await?;
                    known
                        .map(Opened::Known)
                        .ok_or_else(|| self.malformed("a containment is there and cannot be found"))
                }
                Some(at) => Ok(Opened::Tripped {
                    says: at
                        .checked_sub(1)
                        .and_then(|at| breakers.get(at))
                        .map(|breaker| breaker.says.clone())
                        .unwrap_or_default(),
                }),
                None => Err(aws("dynamodb:PutItem", &self.table)(error)),
            },
        }
    }

    /// The containment of this id.
    ///
    /// # Errors
    ///
    /// [`OpsError`] when the journal does not answer, or its row cannot be read.
    pub async fn containment(&self, id: &str) -> Result<Option<Containment>, OpsError> {
        self.containment_now(id).await.map(|(known, _)| known)
    }

    /// The containment of this id, and the time by the table's clock, if the answer has one. One row is read, however many
    /// there are.
    ///
    /// # Errors
    ///
    /// [`OpsError`] when the journal does not answer, or its row cannot be read.
    pub async fn containment_now(
        &self,
        id: &str,
    ) -> Result<(Option<Containment>, Option<Timestamp>), OpsError> {
        let Some(target) = Containment::target_in(id) else {
            return Ok((None, None));
        };
        let (row, now) = self.dated_row(&pk(target), id).await?;
        let known = row.map(|row| read(&row).ok_or_else(|| self.malformed("a containment cannot be read")));
        Ok((known.transpose()?, now))
    }

    /// Every containment of `target` that is kept, open or released, oldest first.
    ///
    /// # Errors
    ///
    /// [`OpsError`] when the journal does not answer, or a row of it cannot be read.
    pub async fn containments(&self, target: &str) -> Result<Vec<Containment>, OpsError> {
        let mut all = Vec::new();
        for row in self.rows_of(&pk(target)).await? {
            all.push(read(&row).ok_or_else(|| self.malformed("a containment cannot be read"))?);
        }
        all.sort_by_key(|one| one.opened_at);
        Ok(all)
    }

    /// Every change on `target` that is, or may be, in force, open containments among them; oldest first.
    ///
    /// # Errors
    ///
    /// [`OpsError`] when the journal does not answer, or a row of it cannot be read.
    pub async fn changes_in_force(&self, target: &str) -> Result<Vec<Lease>, OpsError> {
        let (leases, containments) = tokio::join!(
            Box::pin(self.open_leases(target)),
            Box::pin(self.containments(target)),
        );
        let (mut changes, containments) = (leases?, containments?);
        let open = containments.iter().filter(|one| one.is_open());
        changes.extend(open.map(Containment::as_change));
        changes.sort_by_key(|change| change.created_at);
        Ok(changes)
    }

    /// Writes a containment whose last version was seen, and counts the version on. `false` when another run has
    /// written it since: then nothing was written, and nothing more may be changed on the strength of it.
    ///
    /// # Errors
    ///
    /// [`OpsError`] when the journal does not answer or refuses.
    pub async fn save_containment(
        &self,
        containment: &mut Containment,
        now: Timestamp,
    ) -> Result<bool, OpsError> {
        let next = containment.version.saturating_add(1);
        let mut update = self
            .update(&pk(&containment.target), &containment.id)
            .condition_expression("version = :seen OR (version = :next AND body = :body)")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":seen", version(containment.version))
            .expression_attribute_values(":next", version(next))
            .expression_attribute_values(":body", text(body(containment)?))
            .expression_attribute_values(":state", text(containment.state.word()));
        update = match containment.state {
            ContainmentState::Open => {
                update.update_expression("SET body = :body, version = :next, #state = :state")
            }
            ContainmentState::Released => update
                .update_expression("SET body = :body, version = :next, #state = :state, #ttl = :ttl")
                .expression_attribute_names("#ttl", TTL)
                .expression_attribute_values(":ttl", expires(now, KEPT_DAYS)),
        };
        let ours = self.met(update).await?;
        if ours {
            containment.version = next;
        }
        Ok(ours)
    }

    /// Notes that another finding joined an open containment. Returns how many deliveries have, this one included; none when
    /// there is no such containment, or it is released: then nothing was written.
    ///
    /// `noted` is what the caller saw last, 0 if nothing. The number only grows, so that from [`MAX_FINDINGS`] on a list that is
    /// full need not be asked for; one that filled up meanwhile costs one write more.
    ///
    /// # Errors
    ///
    /// [`OpsError`] when the journal does not answer or refuses, or answers what cannot be read.
    pub async fn join_containment(
        &self,
        id: &str,
        finding: &str,
        noted: u64,
    ) -> Result<Option<u64>, OpsError> {
        let pk = pk(Containment::target_in(id).unwrap_or_default());
        let most = u64::try_from(MAX_FINDINGS).unwrap_or(u64::MAX);
        let joining = || {
            self.update(&pk, id)
                .expression_attribute_names("#state", "state")
                .expression_attribute_values(":open", text(ContainmentState::Open.word()))
                .expression_attribute_values(":one", number(1))
                .expression_attribute_values(":finding", text(finding))
                .return_values(ReturnValue::UpdatedNew)
        };
        if noted < most {
            let listed = joining()
                .update_expression("SET last_finding = :finding ADD noted :one, joined :ids")
                .condition_expression("#state = :open AND (attribute_not_exists(noted) OR :most > noted)")
                .expression_attribute_values(":most", version(most))
                .expression_attribute_values(":ids", AttributeValue::Ss(vec![finding.to_owned()]));
            if let Some(noted) = self.noted(listed).await? {
                return Ok(Some(noted));
            }
        }
        let counted = joining()
            .update_expression("SET last_finding = :finding ADD noted :one")
            .condition_expression("#state = :open");
        self.noted(counted).await
    }

    /// Sends an update that counts; none when its condition was not met.
    async fn noted(&self, update: UpdateItemFluentBuilder) -> Result<Option<u64>, OpsError> {
        let Some(row) = self.written(update).await? else {
            return Ok(None);
        };
        let noted = read_number(&row, "noted").and_then(|noted| u64::try_from(noted).ok());
        noted.map(Some).ok_or_else(|| {
            OpsError::Read(Unreadable::new(
                "dynamodb:UpdateItem",
                &self.table,
                Cause::Malformed,
                "the answer does not say how often it was counted",
            ))
        })
    }

    fn counted(
        &self,
        target: &str,
        breaker: &Breaker,
        now: Timestamp,
    ) -> Result<TransactWriteItem, OpsError> {
        let update = Update::builder()
            .table_name(&self.table)
            .key("pk", text(breaker_pk(target)))
            .key("sk", text(&breaker.window))
            .update_expression("SET #ttl = :ttl ADD taken :one")
            .condition_expression("attribute_not_exists(taken) OR :most > taken")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":ttl", expires(now, COUNTED_DAYS))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":most", number(i64::from(breaker.most)))
            .build()
            .map_err(|why| unbuilt(&why))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

/// Whether other transactions were at the same rows at the same time, so that nothing was written. The SDK does not send
/// again then. Source: Amazon DynamoDB Developer Guide, "Managing complex workflows with DynamoDB transactions".
fn in_conflict(error: Option<&TransactWriteItemsError>) -> bool {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error else {
        return false;
    };
    let reasons = cancelled.cancellation_reasons();
    let code = |code: &str| reasons.iter().any(|reason| reason.code() == Some(code));
    code("TransactionConflict") && !code("ConditionalCheckFailed")
}

/// Which item's condition cancelled a transaction; none when something else did.
fn refused(error: Option<&TransactWriteItemsError>) -> Option<usize> {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error else {
        return None;
    };
    let failed = |reason: &CancellationReason| reason.code() == Some("ConditionalCheckFailed");
    cancelled.cancellation_reasons().iter().position(failed)
}

fn row(containment: &Containment) -> Result<Attributes, OpsError> {
    Ok(Attributes::from([
        ("pk".to_owned(), text(pk(&containment.target))),
        ("sk".to_owned(), text(&containment.id)),
        ("target".to_owned(), text(&containment.target)),
        ("body".to_owned(), text(body(containment)?)),
        ("state".to_owned(), text(containment.state.word())),
        ("version".to_owned(), version(containment.version)),
    ]))
}

fn body(containment: &Containment) -> Result<String, OpsError> {
    serde_json::to_string(containment)
        .map_err(|why| OpsError::Refused(format!("a containment cannot be remembered: {why}")))
}

fn version(of: u64) -> AttributeValue {
    number(i64::try_from(of).unwrap_or(i64::MAX))
}

fn read(row: &Attributes) -> Option<Containment> {
    let mut one: Containment = serde_json::from_str(read_text(row, "body")?).ok()?;
    let count = |name: &str| read_number(row, name).and_then(|number| u64::try_from(number).ok());
    one.state = ContainmentState::named(read_text(row, "state")?)?;
    one.version = count("version")?;
    one.noted = count("noted").unwrap_or(0);
    one.joined = row
        .get("joined")
        .and_then(|ids| ids.as_ss().ok())
        .cloned()
        .unwrap_or_default();
    one.joined.sort();
    Some(one)
}

fn unbuilt(why: &aws_sdk_dynamodb::error::BuildError) -> OpsError {
    OpsError::Refused(format!("a record cannot be built: {}", crate::error::chain(why)))
}

#[cfg(test)]
mod tests;
