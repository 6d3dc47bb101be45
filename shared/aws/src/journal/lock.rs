//! Who may change a target: one run at a time, of whichever function. The lease is longer than the holder can live,
//! and the owner can be verified before every change.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use jiff::Timestamp;

use super::{Journal, TTL, expires, number, read_number, seconds_up, text};
use crate::error::{OpsError, aws};

/// Days that the row of a lock is kept after its last use.
const LOCK_DAYS: i64 = 30;

/// Whom the lock belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lock {
    /// Us.
    Ours(Locked),
    /// Another run, which is at work or has died; after `until` the lock can be taken over.
    Busy {
        /// End of the other's lease.
        until: Timestamp,
    },
}

/// A lock that is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locked {
    pk: String,
    owner: String,
}

impl Journal {
    /// Takes the lock of `target` for `owner` until `until`. The condition is the table's, so two runs never both
    /// get it; an expired lock is taken over (`cases.md` D14). `now` should be the table's time, not the sandbox's
    /// (D16): see [`Journal::probe`].
    ///
    /// # Errors
    ///
    /// [`OpsError::Aws`] when the journal does not answer or refuses.
    pub async fn lock(
        &self,
        target: &str,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Lock, OpsError> {
        let pk = format!("lock#{target}");
        let answer = self
            .update(&pk, "lock")
            .update_expression("SET #owner = :owner, lease_until = :until, #ttl = :ttl")
            .condition_expression("attribute_not_exists(pk) OR lease_until <= :now OR #owner = :owner")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":owner", text(owner))
            .expression_attribute_values(":until", number(seconds_up(until)))
            .expression_attribute_values(":now", number(now.as_second()))
            .expression_attribute_values(":ttl", expires(now, LOCK_DAYS))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Lock::Ours(Locked {
                pk,
                owner: owner.to_owned(),
            })),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(lost)) => {
                    let until = lost.item().and_then(|item| read_number(item, "lease_until"));
                    let until = until.and_then(|at| Timestamp::from_second(at).ok());
                    // Without a readable end the lock is treated as held, never as free.
                    Ok(Lock::Busy {
                        until: until.unwrap_or(now),
                    })
                }
                _ => Err(aws("dynamodb:UpdateItem", &self.table)(error)),
            },
        }
    }

    /// Whether the lock is still ours at `now`. Asked before every change, because a run may have been frozen.
    ///
    /// # Errors
    ///
    /// [`OpsError::Aws`] when the journal does not answer or refuses.
    pub async fn still_locked(&self, lock: &Locked, now: Timestamp) -> Result<bool, OpsError> {
        let update = self
            .update(&lock.pk, "lock")
            .update_expression("SET verified_at = :now")
            .condition_expression("#owner = :owner AND lease_until > :now")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", text(&lock.owner))
            .expression_attribute_values(":now", number(now.as_second()));
        self.met(update).await
    }

    /// Gives the lock back. One that is no longer ours stays as it is.
    ///
    /// # Errors
    ///
    /// [`OpsError::Aws`] when the journal does not answer or refuses.
    pub async fn unlock(&self, lock: &Locked) -> Result<(), OpsError> {
        let update = self
            .update(&lock.pk, "lock")
            .update_expression("SET lease_until = :over")
            .condition_expression("#owner = :owner")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", text(&lock.owner))
            .expression_attribute_values(":over", number(0));
        self.met(update).await.map(|_| ())
    }
}
