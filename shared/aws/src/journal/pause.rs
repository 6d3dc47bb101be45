//! The pause after an action, and how many events were not mailed: held back, or a repetition of what a mail had said.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValue;
use day2_core::action::CoolDown;
use jiff::Timestamp;

use super::{Attributes, Journal, TTL, expires, number, read_number, read_text, seconds_up, sort_key, text};
use crate::error::{OpsError, aws};
use crate::pages::Pages;

/// Days that a pause and a storm are kept after their end, for people who look back.
const KEPT_DAYS: i64 = 30;

/// Events of one kind, for one target, that were not mailed in one span of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storm {
    /// The function that would have acted, and what of it is counted by itself, for example the alarm.
    pub function: String,
    /// Its target.
    pub target: String,
    /// Begin of the time, to the second.
    pub since: Timestamp,
    /// Its end.
    pub until: Timestamp,
    /// How many events came in it that were held back: not acted on, because of a pause or because they came too late.
    pub suppressed: u64,
    /// How many were looked at and said only what a mail had said. Nobody need be told of them.
    pub repeats: u64,
    /// Sort key of its row: not always what begin and function give, since rows of earlier versions began within a second.
    pub row: String,
}

/// How often events were suppressed in one pause, and whether somebody was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suppressed {
    /// This one included.
    pub count: u64,
    /// Whether a mail said so.
    pub noticed: bool,
}

impl Journal {
    /// The pause of this function on this target, over or not.
    ///
    /// # Errors
    ///
    /// [`OpsError`] when the journal does not answer, or a row of it cannot be read.
    pub async fn cool_down(&self, function: &str, target: &str) -> Result<Option<CoolDown>, OpsError> {
        let Some(item) = self.row(&format!("cooldown#{function}#{target}"), "last").await? else {
            return Ok(None);
        };
        let read = || {
            Some(CoolDown {
                occasion: read_text(&item, "occasion")?.to_owned(),
                until: second(&item, "until")?,
            })
        };
        read()
            .map(Some)
            .ok_or_else(|| self.malformed("a cool-down cannot be read"))
    }

    /// Begins the pause, before the first change. Returns `false` when a pause of another occasion runs: then
    /// nothing may be changed.
    ///
    /// # Errors
    ///
    /// [`OpsError::Aws`] when the journal does not answer or refuses.
    pub async fn pause(
        &self,
        function: &str,
        target: &str,
        pause: &CoolDown,
        now: Timestamp,
        overrule: bool,
    ) -> Result<bool, OpsError> {
        let mut update = self
            .update(&format!("cooldown#{function}#{target}"), "last")
            .update_expression("SET occasion = :occasion, #until = :until, #ttl = :ttl")
            .expression_attribute_names("#until", "until")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":occasion", text(&pause.occasion))
            .expression_attribute_values(":until", number(seconds_up(pause.until)))
            .expression_attribute_values(":ttl", expires(pause.until, KEPT_DAYS));
        if !overrule {
            update = update
                .condition_expression("attribute_not_exists(pk) OR #until <= :now OR occasion = :occasion")
                .expression_attribute_values(":now", number(now.as_second()));
        }
        self.met(update).await
    }

    /// Counts one suppressed event of `function`, which may name more than the function, and returns how many there are in
    /// this time, from begin to end. A delivery that comes again counts again: the number says how often we were called.
    ///
    /// # Errors
    ///
    /// [`OpsError::Aws`] when the journal does not answer or refuses.
    pub async fn suppress(
        &self,
        function: &str,
        target: &str,
        time: (Timestamp, Timestamp),
    ) -> Result<Suppressed, OpsError> {
        let done = timed(self.row_of_storm(function, target, time.0), time)
            // A later time may begin with this row, and is to be told too.
            .update_expression(
                "SET since = :since, #until = :until, #ttl = :ttl ADD suppressed :one REMOVE told_at",
            )
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::AllNew)
            .send()
            .await
            .map_err(aws("dynamodb:UpdateItem", &self.table))?;
        let item = done.attributes();
        let count = item.and_then(|item| read_number(item, "suppressed"));
        Ok(Suppressed {
            count: count.and_then(|count| u64::try_from(count).ok()).unwrap_or(1),
            noticed: item.is_some_and(|item| item.contains_key("noticed_at")),
        })
    }

    /// Counts one event that was looked at and said only what a mail of this time had said.
    ///
    /// # Errors
    ///
    /// [`OpsError::Aws`] when the journal does not answer or refuses.
    pub async fn repeated(
        &self,
        function: &str,
        target: &str,
        time: (Timestamp, Timestamp),
    ) -> Result<(), OpsError> {
        let update = timed(self.row_of_storm(function, target, time.0), time)
            .update_expression(
                "SET since = :since, #until = :until, #ttl = :ttl ADD repeats :one, suppressed :none",
            )
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":none", number(0));
        self.sent(update).await
    }

    /// Notes that somebody was told that events of this time are only counted, be there any yet or not.
    ///
    /// # Errors
    ///
    /// [`OpsError::Aws`] when the journal does not answer or refuses.
    pub async fn noticed(
        &self,
        function: &str,
        target: &str,
        time: (Timestamp, Timestamp),
        at: Timestamp,
    ) -> Result<(), OpsError> {
        let update = timed(self.row_of_storm(function, target, time.0), time)
            .update_expression(
                "SET noticed_at = :at, since = :since, #until = :until, #ttl = :ttl ADD suppressed :none",
            )
            .expression_attribute_values(":at", number(at.as_second()))
            .expression_attribute_values(":none", number(0));
        self.sent(update).await
    }

    /// An update of the row of one storm. The begin counts to the second, as it is kept: else a storm that was read could
    /// not be found again.
    fn row_of_storm(&self, function: &str, target: &str, since: Timestamp) -> UpdateItemFluentBuilder {
        let since = Timestamp::from_second(since.as_second()).unwrap_or(since);
        self.update(
            &format!("storm#{target}"),
            &format!("{function}#{}", sort_key(since)),
        )
    }

    /// Storms of `target` that were not yet told, over or not. One that was expected and did not come is none.
    ///
    /// # Errors
    ///
    /// [`OpsError`] when the journal does not answer, or a row of it cannot be read.
    pub async fn storms(&self, target: &str) -> Result<Vec<Storm>, OpsError> {
        let rows = self.rows_of(&format!("storm#{target}")).await?;
        let mut storms = Vec::new();
        for row in rows.iter().filter(|row| !row.contains_key("told_at")) {
            let storm = storm(row, target).ok_or_else(|| self.malformed("a storm cannot be read"))?;
            if storm.suppressed > 0 || storm.repeats > 0 {
                storms.push(storm);
            }
        }
        Ok(storms)
    }

    /// Marks a storm as told.
    ///
    /// # Errors
    ///
    /// [`OpsError::Aws`] when the journal does not answer or refuses.
    pub async fn digested(&self, storm: &Storm, at: Timestamp) -> Result<(), OpsError> {
        let update = self
            .update(&format!("storm#{}", storm.target), &storm.row)
            .update_expression("SET told_at = :at")
            .expression_attribute_values(":at", number(at.as_second()));
        self.sent(update).await
    }

    /// All rows under one partition key, over all pages.
    pub(super) async fn rows_of(&self, pk: &str) -> Result<Vec<Attributes>, OpsError> {
        self.first_rows_of(pk, PAGE, usize::MAX)
            .await
            .map(|(rows, _)| rows)
    }

    /// The rows of the first pages under one partition key, and whether there are more.
    pub(super) async fn first_rows_of(
        &self,
        pk: &str,
        page_size: i32,
        most_pages: usize,
    ) -> Result<(Vec<Attributes>, bool), OpsError> {
        let mut pages = Pages::new("dynamodb:Query", &self.table);
        let mut start = None;
        let mut rows = Vec::new();
        for _ in 0..most_pages {
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("pk = :pk")
                .expression_attribute_values(":pk", text(pk))
                .consistent_read(true)
                .limit(page_size)
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(aws("dynamodb:Query", &self.table))?;
            rows.extend_from_slice(self.items(page.items.as_deref())?);
            let token = page
                .last_evaluated_key
                .as_ref()
                .and_then(|key| read_text(key, "sk"));
            if pages.next(token).map_err(OpsError::Read)?.is_none() {
                return Ok((rows, false));
            }
            start = page.last_evaluated_key;
        }
        Ok((rows, true))
    }
}

/// Rows per page; a lease is about 2 kB.
const PAGE: i32 = 250;

/// The update of a storm with its begin, end and expiry.
fn timed(update: UpdateItemFluentBuilder, (since, until): (Timestamp, Timestamp)) -> UpdateItemFluentBuilder {
    update
        .expression_attribute_names("#until", "until")
        .expression_attribute_names("#ttl", TTL)
        .expression_attribute_values(":since", number(since.as_second()))
        .expression_attribute_values(":until", number(seconds_up(until)))
        .expression_attribute_values(":ttl", expires(until, KEPT_DAYS))
}

fn storm(row: &Attributes, target: &str) -> Option<Storm> {
    // The name of an alarm may have a `#`.
    let sk = read_text(row, "sk")?;
    let (function, _) = sk.rsplit_once('#')?;
    Some(Storm {
        row: sk.to_owned(),
        function: function.to_owned(),
        target: target.to_owned(),
        since: second(row, "since")?,
        until: second(row, "until")?,
        suppressed: u64::try_from(read_number(row, "suppressed")?).ok()?,
        // Rows of earlier versions have none.
        repeats: read_number(row, "repeats")
            .and_then(|repeats| u64::try_from(repeats).ok())
            .unwrap_or_default(),
    })
}

/// A time kept in seconds since 1970.
pub(super) fn second(row: &Attributes, name: &str) -> Option<Timestamp> {
    Timestamp::from_second(read_number(row, name)?).ok()
}
