//! Changes, written before they are made, so that none can be made that nobody remembers or takes back.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use day2_core::action::{Lease, LeaseState};
use jiff::Timestamp;

use super::{Attributes, Journal, TTL, expires, number, read_text, text};
use crate::error::{OpsError, aws};

/// Days that a lease is kept after it has ended.
const KEPT_DAYS: i64 = 30;

/// Partition key of the leases of a target. They are few: each is a change that a guard allowed.
fn pk(target: &str) -> String {
    format!("lease#{target}")
}

impl Journal {
    /// Remembers a change that is about to be made, and returns what is remembered. One that is known already (another
    /// delivery of the same occasion wrote it) stays as it was: the value before is the one before the first
    /// delivery. One that is no longer open must not be made: it would be in force, and nothing would take it back.
    ///
    /// # Errors
    ///
    /// [`OpsError`] when the journal does not answer or refuses.
    pub async fn remember_change(&self, lease: &Lease) -> Result<Lease, OpsError> {
        let json = serde_json::to_string(lease)
            .map_err(|why| OpsError::Refused(format!("a change cannot be remembered: {why}")))?;
        let item = Attributes::from([
            ("pk".to_owned(), text(pk(&lease.target))),
            ("sk".to_owned(), text(&lease.id)),
            ("function".to_owned(), text(&lease.function)),
            ("target".to_owned(), text(&lease.target)),
            ("lease".to_owned(), text(json)),
            ("state".to_owned(), text(lease.state.word())),
        ]);
        let answer = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .send()
            .await;
        match answer {
            Ok(_) => Ok(lease.clone()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(PutItemError::is_conditional_check_failed_exception) =>
            {
                let known = self.lease(&lease.id).await?;
                known.ok_or_else(|| self.malformed("a lease is there and cannot be found"))
            }
            Err(error) => Err(aws("dynamodb:PutItem", &self.table)(error)),
        }
    }

    /// Writes where a change stands now. One that is no longer open stays as it is.
    ///
    /// # Errors
    ///
    /// [`OpsError::Aws`] when the journal does not answer or refuses.
    pub async fn change_is(&self, id: &str, state: LeaseState, at: Timestamp) -> Result<(), OpsError> {
        let mut update = self
            .update(&pk(Lease::target_in(id).unwrap_or_default()), id)
            .condition_expression("#state = :pending OR #state = :active")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":state", text(state.word()))
            .expression_attribute_values(":pending", text(LeaseState::Pending.word()))
            .expression_attribute_values(":active", text(LeaseState::Active.word()))
            .expression_attribute_values(":at", number(at.as_second()));
        update = if state.is_open() {
            update.update_expression("SET #state = :state, changed_at = :at")
        } else {
            update
                .update_expression("SET #state = :state, changed_at = :at, #ttl = :ttl")
                .expression_attribute_names("#ttl", TTL)
                .expression_attribute_values(":ttl", expires(at, KEPT_DAYS))
        };
        self.met(update).await.map(|_| ())
    }

    /// Every change on `target` that is, or may be, in force, of all functions; oldest first.
    ///
    /// # Errors
    ///
    /// [`OpsError`] when the journal does not answer, or a row of it cannot be read.
    pub async fn open_leases(&self, target: &str) -> Result<Vec<Lease>, OpsError> {
        let mut leases = Vec::new();
        for row in self.rows_of(&pk(target)).await? {
            let lease = lease(&row).ok_or_else(|| self.malformed("a lease cannot be read"))?;
            if lease.state.is_open() {
                leases.push(lease);
            }
        }
        leases.sort_by_key(|lease| lease.created_at);
        Ok(leases)
    }

    /// The change of this id.
    ///
    /// # Errors
    ///
    /// [`OpsError`] when the journal does not answer, or its row cannot be read.
    pub async fn lease(&self, id: &str) -> Result<Option<Lease>, OpsError> {
        let Some(target) = Lease::target_in(id) else {
            return Ok(None);
        };
        let Some(row) = self.row(&pk(target), id).await? else {
            return Ok(None);
        };
        lease(&row)
            .map(Some)
            .ok_or_else(|| self.malformed("a lease cannot be read"))
    }
}

/// The lease of a row; where it stands is in a column of its own, because only that changes.
fn lease(row: &Attributes) -> Option<Lease> {
    let mut lease: Lease = serde_json::from_str(read_text(row, "lease")?).ok()?;
    lease.state = LeaseState::named(read_text(row, "state")?)?;
    Some(lease)
}
