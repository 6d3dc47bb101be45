//! Signs of life: when a schedule was last heard of, and since when it is watched. What to make of them is for the
//! function that asks.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::claim::CLAIMED;
use super::{Attributes, Journal, number, read_number, read_text, text};
use crate::error::{OpsError, aws};

/// Outcome of a run on a day of rest: it ended well, and there is no report.
pub(crate) const RESTS: &str = "RESTS";

/// Sort key of the last report by a schedule or an event.
pub(super) const LAST: &str = "last";
/// Sort key of the last report that a person asked for: it must not hide that a schedule is silent.
pub(super) const BY_HAND: &str = "by-hand";
/// Sort key of the last run on a day of rest: it must not hide that the report of the working day before is missing.
pub(super) const REST: &str = "rest";

/// Partition key of what is watched.
const WATCHED: &str = "watched";

/// Terms of a schedule that is watched no longer. No expression is empty.
const NO_LONGER: &str = "";

/// One heartbeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beat {
    /// When the report was handed over, to the second.
    pub at: Timestamp,
    /// The time that the schedule meant, if it said so.
    pub scheduled_at: Option<Timestamp>,
    /// `PASS`, `FAIL`, `UNKNOWN`, or `RESTS`.
    pub outcome: String,
}

/// A scheduled run that has begun and is not published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begun {
    /// The time that the schedule meant.
    pub scheduled_at: Timestamp,
    /// Until when it may still be at work; after that it has died.
    pub until: Timestamp,
}

/// What the journal shows of one schedule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signs {
    /// The last report by schedule.
    pub last: Option<Beat>,
    /// The last report by hand.
    pub by_hand: Option<Beat>,
    /// The last run on a day of rest.
    pub rest: Option<Beat>,
    /// The newest scheduled run, if it has begun and is not published.
    pub begun: Option<Begun>,
}

impl Journal {
    /// The signs of life of a function's task for a target, by consistent reads.
    ///
    /// # Errors
    ///
    /// [`OpsError`] when the journal does not answer, or a row of it cannot be read.
    pub async fn signs(&self, function: &str, target: &str, task: &str) -> Result<Signs, OpsError> {
        let of = format!("{function}#{target}#{task}");
        let heartbeats = format!("heartbeat#{of}");
        let publications = format!("publication#{of}");
        let (beats, begun) = tokio::join!(self.rows_of(&heartbeats), self.newest_scheduled(&publications));
        let mut signs = Signs {
            begun: begun?,
            ..Signs::default()
        };
        for row in beats? {
            let beat = beat(&row).ok_or_else(|| self.malformed("a heartbeat cannot be read"))?;
            match read_text(&row, "sk") {
                // Written by a version that kept everything in one row.
                _ if beat.outcome == RESTS => signs.rest = Some(beat),
                Some(BY_HAND) => signs.by_hand = Some(beat),
                _ => signs.last = Some(beat),
            }
        }
        Ok(signs)
    }

    /// The newest scheduled publication, unless it is out.
    async fn newest_scheduled(&self, pk: &str) -> Result<Option<Begun>, OpsError> {
        let page = self
            .client
            .query()
            .table_name(&self.table)
            // Scheduled times begin with a digit; requests and occasions, which sort behind, with a letter.
            .key_condition_expression("pk = :pk AND sk < :before")
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":before", text(":"))
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(1)
            .send()
            .await
            .map_err(aws("dynamodb:Query", &self.table))?;
        let newest = self.items(page.items.as_deref())?.first();
        let Some(row) = newest.filter(|row| read_text(row, "state") == Some(CLAIMED)) else {
            return Ok(None);
        };
        let scheduled_at = read_text(row, "sk").and_then(|sk| sk.parse().ok());
        let until = read_number(row, "lease_until").and_then(|at| Timestamp::from_second(at).ok());
        match (scheduled_at, until) {
            (Some(scheduled_at), Some(until)) => Ok(Some(Begun { scheduled_at, until })),
            _ => Err(self.malformed("a claim cannot be read")),
        }
    }

    /// Since when each schedule is watched on its present terms (expression and zone), by name. `now` for one that is new or
    /// has new terms, which is written down: a schedule that never ran has no other beginning. One that is no longer
    /// among them begins anew when it comes back.
    ///
    /// # Errors
    ///
    /// [`OpsError`] when the journal does not answer or refuses, or a row of it cannot be read.
    pub async fn watched_since(
        &self,
        terms: &BTreeMap<String, String>,
        now: Timestamp,
    ) -> Result<BTreeMap<String, Timestamp>, OpsError> {
        let mut known = BTreeMap::new();
        for row in self.rows_of(WATCHED).await? {
            let (name, on, since) = watched(&row).ok_or_else(|| self.malformed("a watch cannot be read"))?;
            known.insert(name, (on, since));
        }
        let gone = known
            .iter()
            .filter(|(name, (on, _))| on != NO_LONGER && !terms.contains_key(*name));
        for (name, _) in gone {
            self.watch(name, NO_LONGER, now).await?;
        }
        let mut all = BTreeMap::new();
        for (name, on) in terms {
            let since = match known.get(name) {
                Some((before, since)) if before == on => *since,
                _ => {
                    self.watch(name, on, now).await?;
                    now
                }
            };
            all.insert(name.clone(), since);
        }
        Ok(all)
    }

    async fn watch(&self, name: &str, terms: &str, since: Timestamp) -> Result<(), OpsError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .item("pk", text(WATCHED))
            .item("sk", text(name))
            .item("terms", text(terms))
            .item("since", number(since.as_second()));
        put.send()
            .await
            .map(|_| ())
            .map_err(aws("dynamodb:PutItem", &self.table))
    }
}

fn beat(row: &Attributes) -> Option<Beat> {
    let second = |name| Timestamp::from_second(read_number(row, name)?).ok();
    Some(Beat {
        at: second("at")?,
        scheduled_at: second("scheduled_at"),
        outcome: read_text(row, "outcome")?.to_owned(),
    })
}

fn watched(row: &Attributes) -> Option<(String, String, Timestamp)> {
    let name = read_text(row, "sk")?.to_owned();
    let terms = read_text(row, "terms")?.to_owned();
    let since = Timestamp::from_second(read_number(row, "since")?).ok()?;
    Some((name, terms, since))
}
