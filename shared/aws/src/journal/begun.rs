//! Which occasions have begun to change something, for the circuit breaker. A run that never came to publish its report
//! is in no history, and it may have changed something all the same.

use day2_core::action::Begun;
use jiff::{SignedDuration, Timestamp};

use super::{Attributes, Journal, TTL, expires, number, read_number, read_text};
use crate::error::OpsError;

/// Days that a row is kept. The circuit breaker looks back one.
const KEPT_DAYS: i64 = 3;

impl Journal {
    /// Remembers that `occasion` begins to change something, before it does. Another delivery of it is not one more: the
    /// time stays that of the first.
    ///
    /// # Errors
    ///
    /// [`OpsError::Aws`] when the journal does not answer or refuses.
    pub async fn begin(
        &self,
        function: &str,
        target: &str,
        occasion: &str,
        now: Timestamp,
    ) -> Result<(), OpsError> {
        let update = self
            .update(&pk(function, target), occasion)
            .condition_expression("attribute_not_exists(pk)")
            .update_expression("SET #at = :at, #ttl = :ttl")
            .expression_attribute_names("#at", "at")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":at", number(now.as_second()))
            .expression_attribute_values(":ttl", expires(now, KEPT_DAYS));
        self.met(update).await.map(|_| ())
    }

    /// The occasions of this function and target that began to change something in the 24 hours before `now`.
    ///
    /// # Errors
    ///
    /// [`OpsError`] when the journal does not answer, or a row of it cannot be read.
    pub async fn begun(&self, function: &str, target: &str, now: Timestamp) -> Result<Vec<Begun>, OpsError> {
        let since = now
            .checked_sub(SignedDuration::from_hours(24))
            .unwrap_or(Timestamp::UNIX_EPOCH);
        let mut begun = Vec::new();
        for row in self.rows_of(&pk(function, target)).await? {
            let one = read(&row).ok_or_else(|| self.malformed("a begun action cannot be read"))?;
            if one.at >= since {
                begun.push(one);
            }
        }
        Ok(begun)
    }
}

fn pk(function: &str, target: &str) -> String {
    format!("begun#{function}#{target}")
}

fn read(row: &Attributes) -> Option<Begun> {
    Some(Begun {
        occasion: read_text(row, "sk")?.to_owned(),
        at: Timestamp::from_second(read_number(row, "at")?).ok()?,
    })
}
