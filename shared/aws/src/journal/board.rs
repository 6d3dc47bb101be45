//! The board: what the index page shows of each function, task and target, and whose turn it is to write that page.
//!
//! One row per function, task and target, in one partition, so that the page costs one query. A row has a place for each of
//! sixteen days and each verdict, and a run writes its own place only: runs that end at the same time cannot lose each
//! other's, and a run that is recorded twice is there once.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, Update};
use day2_core::Verdict;
use day2_core::action::Outcome;
use day2_core::board::{Line, slot};
use day2_core::report::{PastRun, Report};
use jiff::Timestamp;

use super::record::{Finished, unbuilt};
use super::{
    Attributes, Journal, SNAPSHOT_DAYS, TTL, expires, number, read_number, read_text, seconds_up, text,
};
use crate::error::{OpsError, aws};

/// Partition key of the lines.
const BOARD: &str = "board";

/// Key of the row about the page.
const INDEX: (&str, &str) = ("index", "page");

/// Lines per page of the query. A line is about 2 kB, and DynamoDB ends a page at 1 MB.
const PAGE: i32 = 500;

/// Pages that are read: 2,000 lines, which are 200 targets with ten reports each.
const MOST_PAGES: usize = 4;

/// How often a turn is asked for that others take and let go in between; the last of them has then seen that it was wanted.
const MOST_TRIES: usize = 4;

/// What stands for no outcome in a place.
const NONE: &str = "-";

/// The verdicts with their letters in the name of a place.
const LETTERS: [(char, Verdict); 3] = [
    ('P', Verdict::Pass),
    ('U', Verdict::Unknown),
    ('F', Verdict::Fail),
];

/// The lines of the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lines {
    /// Those that were read.
    pub(crate) lines: Vec<Line>,
    /// Whether there are more.
    pub(crate) cut: bool,
}

/// A report as the board shows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    /// The report.
    pub(crate) report: &'a Report,
    /// Key of its page in the report bucket.
    pub(crate) page: &'a str,
}

impl Entry<'_> {
    /// Sort key of its row.
    fn row(&self) -> String {
        let run = &self.report.run;
        format!("{}#{}#{}", run.function, run.target, run.task)
    }

    /// Name of its place in the row: day and verdict.
    fn place(&self) -> String {
        let (run, status) = (&self.report.run, self.report.status);
        let letter = LETTERS
            .iter()
            .find(|(_, of)| *of == status)
            .map_or('U', |(letter, _)| *letter);
        format!("d{:02}{letter}", slot(&run.zone, run.started_at))
    }

    /// What stands in the place.
    fn told(&self) -> String {
        let outcome = self.report.action.as_ref();
        let outcome = outcome.map_or(NONE, |action| action.outcome.word());
        format!("{} {outcome} {}", self.report.run.started_at, self.page)
    }

    /// Puts it among rows that were read, as its record puts it into the table. When there are more rows than were read,
    /// one that is not among them is not begun: it may have days that are not known here.
    fn put_into(&self, rows: &mut Vec<Attributes>, cut: bool, now: Timestamp) {
        let name = self.row();
        let known = rows
            .iter()
            .position(|row| read_text(row, "sk") == Some(name.as_str()));
        let row = match known {
            Some(at) => rows.get_mut(at),
            None if cut => None,
            None => {
                rows.push(Attributes::from([("sk".to_owned(), text(name))]));
                rows.last_mut()
            }
        };
        if let Some(row) = row {
            row.insert(self.place(), text(self.told()));
            row.insert(TTL.to_owned(), expires(now, SNAPSHOT_DAYS));
        }
    }
}

impl Journal {
    /// The update that puts a finished run on the board, for the transaction that records it.
    pub(super) fn on_the_board(&self, done: &Finished<'_>) -> Result<Update, OpsError> {
        let entry = Entry {
            report: done.report,
            page: done.page,
        };
        Update::builder()
            .table_name(&self.table)
            .key("pk", text(BOARD))
            .key("sk", text(entry.row()))
            .update_expression("SET #place = :run, #ttl = :ttl")
            .expression_attribute_names("#place", entry.place())
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":run", text(entry.told()))
            .expression_attribute_values(":ttl", expires(done.at, SNAPSHOT_DAYS))
            .build()
            .map_err(|why| unbuilt(&why))
    }

    /// The lines of everything that has reported in the last 90 days, by a consistent read; with `besides`, a report that is
    /// about to be recorded.
    ///
    /// # Errors
    ///
    /// [`OpsError`] when the journal does not answer, or a line cannot be read.
    pub(crate) async fn board(&self, now: Timestamp, besides: Option<Entry<'_>>) -> Result<Lines, OpsError> {
        let (mut rows, cut) = self.first_rows_of(BOARD, PAGE, MOST_PAGES).await?;
        if let Some(entry) = besides {
            entry.put_into(&mut rows, cut, now);
        }
        let kept = |row: &&Attributes| read_number(row, TTL).is_none_or(|end| end > now.as_second());
        let lines = rows
            .iter()
            .filter(kept)
            .map(|row| line(row).ok_or_else(|| self.malformed("a line of the board cannot be read")))
            .collect::<Result<_, _>>()?;
        Ok(Lines { lines, cut })
    }

    /// Says that the index page is to be made anew, and asks to be the one who does it until `until`. `None` when another
    /// run is at it: it will see that the page was wanted again. Otherwise the number to end with. To be asked after the
    /// record: whoever is at it looks again at what is recorded.
    ///
    /// # Errors
    ///
    /// [`OpsError::Aws`] when the journal does not answer or refuses.
    pub(crate) async fn take_index(
        &self,
        writer: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<i64>, OpsError> {
        for _ in 0..MOST_TRIES {
            if let Some(number) = self.try_index(writer, now, until).await? {
                return Ok(Some(number));
            }
            let asked = self
                .wanting_index(now)
                .update_expression("SET asked_at = :now ADD wanted :one")
                .send()
                .await
                .map_err(aws("dynamodb:UpdateItem", &self.table))?;
            // The writer may have let go between the two calls, and then nobody sees what we want.
            let ends = asked.attributes().and_then(|row| read_number(row, "lease_until"));
            if ends.is_some_and(|ends| ends > now.as_second()) {
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// Asks to be the one who makes the index page until `until`, and leaves no trace when another run is at it (`None`).
    /// Otherwise the number to end with.
    ///
    /// # Errors
    ///
    /// [`OpsError::Aws`] when the journal does not answer or refuses.
    pub(crate) async fn try_index(
        &self,
        writer: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<i64>, OpsError> {
        let update = self
            .wanting_index(now)
            .update_expression("SET writer = :writer, lease_until = :until, taken_at = :now ADD wanted :one")
            .condition_expression(
                "attribute_not_exists(lease_until) OR lease_until <= :now OR writer = :writer",
            )
            .expression_attribute_values(":writer", text(writer))
            .expression_attribute_values(":until", number(seconds_up(until)));
        let Some(row) = self.written(update).await? else {
            return Ok(None);
        };
        read_number(&row, "wanted")
            .map(Some)
            .ok_or_else(|| self.malformed("the row of the index page has no number"))
    }

    /// An update of the row about the page that counts up how often it was wanted.
    fn wanting_index(&self, now: Timestamp) -> UpdateItemFluentBuilder {
        let (pk, sk) = INDEX;
        self.update(pk, sk)
            .expression_attribute_values(":now", number(now.as_second()))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::AllNew)
    }

    /// Lets the index page go if nobody has wanted it since it was taken with this number. Otherwise it is still ours, or
    /// another run has taken it over, and what was written may not be the newest.
    ///
    /// # Errors
    ///
    /// [`OpsError::Aws`] when the journal does not answer or refuses.
    pub(crate) async fn index_is_made(&self, writer: &str, number_taken: i64) -> Result<bool, OpsError> {
        let update = self
            .letting_go(writer)
            .condition_expression("writer = :writer AND wanted = :wanted")
            .expression_attribute_values(":wanted", number(number_taken));
        self.met(update).await
    }

    /// Lets the index page go as it is.
    ///
    /// # Errors
    ///
    /// [`OpsError::Aws`] when the journal does not answer or refuses.
    pub(crate) async fn leave_index(&self, writer: &str) -> Result<(), OpsError> {
        let update = self.letting_go(writer).condition_expression("writer = :writer");
        self.met(update).await.map(|_| ())
    }

    fn letting_go(&self, writer: &str) -> UpdateItemFluentBuilder {
        let (pk, sk) = INDEX;
        self.update(pk, sk)
            .update_expression("SET lease_until = :never")
            .expression_attribute_values(":never", number(0))
            .expression_attribute_values(":writer", text(writer))
    }
}

fn line(row: &Attributes) -> Option<Line> {
    let mut names = read_text(row, "sk")?.split('#');
    let (function, target, task) = (names.next()?, names.next()?, names.next()?);
    let mut runs = Vec::new();
    for name in row.keys().filter(|name| name.starts_with('d')) {
        runs.push(past(name, read_text(row, name)?)?);
    }
    runs.sort_by_key(|run| (run.at, run.status));
    Some(Line {
        function: function.to_owned(),
        target: target.to_owned(),
        task: task.to_owned(),
        runs,
    })
}

/// A run in its place.
fn past(place: &str, run: &str) -> Option<PastRun> {
    let letter = place.chars().next_back()?;
    let (_, status) = *LETTERS.iter().find(|(of, _)| *of == letter)?;
    let mut parts = run.splitn(3, ' ');
    let (at, outcome, page) = (parts.next()?, parts.next()?, parts.next()?);
    Some(PastRun {
        at: at.parse().ok()?,
        status,
        outcome: Outcome::named(outcome),
        plan_id: None,
        lease: None,
        silent: false,
        page: Some(page.to_owned()),
    })
}

#[cfg(test)]
mod tests;
