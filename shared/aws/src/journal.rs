//! What outlives a run, in one DynamoDB table: which publication belongs to whom, past runs, heartbeats.
//!
//! | `pk` | `sk` | what |
//! |---|---|---|
//! | `publication#<function>#<target>#<task>` | scheduled time, or `request#<id>` | who publishes it, until when; what was published |
//! | `run#<function>#<target>#<task>` | time and report id | one line of history |
//! | `snapshot#<function>#<target>#<task>` | time and report id | what the next run is compared with |
//! | `heartbeat#<function>#<target>#<task>` | `last`, `by-hand`, `rest` | when this last ended as it should: by schedule or event, by a person, on a day of rest |
//! | `watched` | function, target and task | since when the watchdog knows a schedule |
//! | `lock#<target>` | `lock` | which run may change the target, until when |
//! | `cooldown#<function>#<target>` | `last` | the pause after an action |
//! | `storm#<target>` | function, alarm and begin | how many events were suppressed |
//! | `approval#<function>#<target>` | plan id | a plan that waits for approval |
//! | `lease#<target>` | lease id | a change, written before it is made |
//! | `board` | function, target and task | the newest run of each day and verdict, for the index page |
//! | `index` | `page` | who writes the index page, until when, and how often it was wanted |
//! | `containment#<target>` | containment id | a contained pod with all that was changed for it |
//! | `breaker#<target>` | window | how many containments were opened in it |
//!
//! Every expiry is compared in code or in a condition; `ttl` only cleans up, days late.

mod approval;
mod begun;
mod board;
mod claim;
mod clock;
mod containment;
mod history;
mod lease;
mod lock;
mod pause;
mod record;
mod signs;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use day2_core::report::Run;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::error::{OpsError, aws};

pub use approval::{Proposal, Used};
pub(crate) use board::Entry;
pub use claim::{Claim, Held};
pub use containment::{Breaker, Opened};
pub use history::{MAX_RUNS, Past};
pub use lock::{Lock, Locked};
pub use pause::Storm;
pub use record::{Finished, Recorded};
pub(crate) use signs::RESTS;
pub use signs::{Beat, Begun, Signs};

/// Days that a publication record is kept. Lambda drops an asynchronous event after six hours at most, so a second
/// delivery can only come within that time.
/// Source: AWS Lambda Developer Guide, "Configuring error handling settings for asynchronous invocation".
const PUBLICATION_DAYS: i64 = 14;

/// Days that a snapshot is kept: a monthly task is still compared with its predecessor, and one skipped month is
/// bridged.
const SNAPSHOT_DAYS: i64 = 90;

/// Name of the attribute by which DynamoDB cleans up, in seconds since 1970.
const TTL: &str = "ttl";

/// The journal of one deployment.
#[derive(Debug, Clone)]
pub struct Journal {
    client: Client,
    table: String,
}

impl Journal {
    /// The journal in `table`.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }

    /// Name of the table.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.table
    }

    /// The row of this key, by a consistent read.
    async fn row(&self, pk: &str, sk: &str) -> Result<Option<Attributes>, OpsError> {
        self.dated_row(pk, sk).await.map(|(row, _)| row)
    }

    /// The row of this key, by a consistent read, and the time by the table's clock, if the answer has one.
    async fn dated_row(
        &self,
        pk: &str,
        sk: &str,
    ) -> Result<(Option<Attributes>, Option<Timestamp>), OpsError> {
        let header = clock::DateHeader::default();
        let page = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk = :sk")
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":sk", text(sk))
            .consistent_read(true)
            .limit(1)
            .customize()
            .interceptor(header.clone())
            .send()
            .await
            .map_err(aws("dynamodb:Query", &self.table))?;
        let row = self.items(page.items.as_deref())?.first().cloned();
        Ok((row, header.time()))
    }

    /// An update of the row of this key.
    fn update(&self, pk: &str, sk: &str) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .key("pk", text(pk))
            .key("sk", text(sk))
    }

    /// Sends an update that must succeed.
    async fn sent(&self, update: UpdateItemFluentBuilder) -> Result<(), OpsError> {
        update
            .send()
            .await
            .map(|_| ())
            .map_err(aws("dynamodb:UpdateItem", &self.table))
    }

    /// Sends an update; `false` when its condition was not met, and nothing was written.
    async fn met(&self, update: UpdateItemFluentBuilder) -> Result<bool, OpsError> {
        self.written(update).await.map(|written| written.is_some())
    }

    /// Sends an update and gives what it asks to be given; none when its condition was not met, and nothing was written.
    async fn written(&self, update: UpdateItemFluentBuilder) -> Result<Option<Attributes>, OpsError> {
        match update.send().await {
            Ok(done) => Ok(Some(done.attributes.unwrap_or_default())),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(None)
            }
            Err(error) => Err(aws("dynamodb:UpdateItem", &self.table)(error)),
        }
    }
}

type Attributes = HashMap<String, AttributeValue>;

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// `ttl` of something that is kept for `days` from `at`.
fn expires(at: Timestamp, days: i64) -> AttributeValue {
    number(at.as_second().saturating_add(days.saturating_mul(86_400)))
}

fn read_text<'a>(item: &'a Attributes, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

fn read_number(item: &Attributes, name: &str) -> Option<i64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// Partition key of the run's function, target and task. Their alphabets have no `#`.
fn pk(kind: &str, run: &Run) -> String {
    format!("{kind}#{}#{}#{}", run.function, run.target, run.task)
}

/// A time as a sort key: of fixed width, so that the order of texts is the order of times.
fn sort_key(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%dT%H:%M:%S.%3fZ")
        .to_string()
}

/// Sort key of a run's records: the same for every delivery of a scheduled run, so that a repeated one overwrites.
fn occasion(run: &Run, report_id: &str) -> String {
    format!(
        "{}#{report_id}",
        sort_key(run.scheduled_at.unwrap_or(run.started_at))
    )
}

/// Seconds of `at`, rounded up: a lease never ends early by rounding.
fn seconds_up(at: Timestamp) -> i64 {
    at.as_second()
        .saturating_add(i64::from(at.subsec_nanosecond() > 0))
}

fn days(count: u32) -> SignedDuration {
    SignedDuration::from_hours(i64::from(count).saturating_mul(24))
}
