//! The index page, made anew with each report from what the journal holds.
//!
//! Runs that end at the same time take turns: one writes, the others only say that they want it, and whoever writes looks
//! again before it lets go. So the last page that is written holds every run that was recorded before it, however the
//! writes of S3 overtake each other. Never a reason for a run to fail, and nothing of a report waits for it.
//!
//! A run asks for its turn and reads the journal while its report is on the way, adds its own line, and writes the page beside
//! its record. That saves exchanges and is no more than a try: whatever does not come in time is done after the record, as a
//! run does that finds another one at work (`docs/decisions/0020-the-page-is-made-beside-the-record.md`).

use std::time::Duration;

use day2_core::board::{Board, InForce};
use day2_core::html;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch::Receiver;

use super::publication::Stage;
use super::{Edge, Handing};
use crate::error::{OpsError, chain};
use crate::journal::Entry;

/// Most time that a run spends on each part of the page. It takes a tenth of a second; this is for a service that throttles.
const MOST_TIME: Duration = Duration::from_secs(3);

/// Time that is left for the answer of the invocation.
const KEPT: Duration = Duration::from_millis(500);

/// How long a turn lasts when the run dies in it: longer than a mail and [`MOST_TIME`], and short, because nobody writes
/// meanwhile.
const TURN: SignedDuration = SignedDuration::from_secs(10);

/// What must be left of a turn when the page is written: longer than [`MOST_TIME`], so that it is not another's by then.
const LEAST_TURN: SignedDuration = SignedDuration::from_secs(4);

/// How often a run writes the page because others wanted it meanwhile, before it leaves that to the next one.
const ROUNDS: usize = 5;

/// Most targets that are asked what is in force; each is two queries.
const MOST_ASKED: usize = 12;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refreshed {
    /// The page holds this run.
    Yes,
    /// Another run is writing it, and will look again.
    ByAnother,
    /// The page holds this run; others came meanwhile, again and again, and the next one writes theirs.
    Behind,
}

/// A turn that was taken while the report is on its way.
struct Early {
    /// The number to end it with.
    number: i64,
    until: Timestamp,
    /// What the page shows, this report included; `None` when it was not read in time.
    board: Option<Board>,
}

impl Early {
    /// What the page shows, unless that has become old: while a mail is slow, another run may take over.
    fn still_right(&self, now: Timestamp) -> Option<&Board> {
        let left = self.until.duration_since(now);
        self.board.as_ref().filter(|_| left >= LEAST_TURN)
    }
}

/// What an early turn has made of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    /// Nothing: it is as it was.
    No,
    /// It names this report.
    Yes,
    /// The bucket did not say.
    Perhaps,
}

impl Edge {
    /// Makes the page anew beside the publication of a report, whose stage `seen` tells. Returns a warning when that did not
    /// work.
    pub(super) async fn make_index(
        &self,
        entry: Entry<'_>,
        handing: &Handing<'_>,
        mut seen: Receiver<Stage>,
    ) -> Option<String> {
        let early = self.begin_early(entry, handing).await;
        // The page names no report that is not stored, and none that comes again because it was not mailed.
        let is_out = reached(&mut seen, Stage::Out).await;
        let written = match &early {
            Some(early) if is_out => self.write_early(early, handing).await,
            _ => Written::No,
        };
        let recorded = reached(&mut seen, Stage::Recorded).await;
        if early.is_none() && !recorded {
            return None;
        }
        let ending = Box::pin(self.end(early.as_ref(), written, recorded, handing));
        let why = match within(handing, ending).await {
            Ok(refreshed) => {
                tracing::debug!(function = entry.report.run.function, refreshed = ?refreshed, "index page");
                return None;
            }
            Err(why) => why,
        };
        tracing::warn!(
            function = entry.report.run.function,
            reason = why,
            "the index page was not made anew"
        );
        Some(format!("the index page was not made anew: {why}"))
    }

    /// Takes the turn and reads what the page shows. `None` when another run has the turn, or the journal did not answer.
    async fn begin_early(&self, entry: Entry<'_>, handing: &Handing<'_>) -> Option<Early> {
        let now = handing.watch.now();
        let until = now.checked_add(TURN).unwrap_or(now);
        let writer = writer(handing);
        let number = within(handing, self.journal.try_index(&writer, now, until))
            .await
            .ok()??;
        let board = Box::pin(self.read_board(Some(entry), handing));
        let board = within(handing, board).await.ok();
        Some(Early { number, until, board })
    }

    async fn write_early(&self, early: &Early, handing: &Handing<'_>) -> Written {
        let Some(board) = early.still_right(handing.watch.now()) else {
            return Written::No;
        };
        match within(handing, self.write_page(board, handing)).await {
            Ok(()) => Written::Yes,
            Err(_) => Written::Perhaps,
        }
    }

    /// Ends the early turn where the page is as the journal is and nobody has wanted it meanwhile; otherwise makes it from the
    /// journal as it is now. That is also how a page is put right whose report was not recorded, and how those who relied on a
    /// run get their page when its mail fails.
    async fn end(
        &self,
        early: Option<&Early>,
        written: Written,
        recorded: bool,
        handing: &Handing<'_>,
    ) -> Result<Refreshed, OpsError> {
        let as_the_journal = match written {
            Written::No => !recorded,
            Written::Yes => recorded,
            Written::Perhaps => false,
        };
        if let Some(early) = early.filter(|_| as_the_journal)
            && self.journal.index_is_made(&writer(handing), early.number).await?
        {
            return Ok(Refreshed::Yes);
        }
        self.take_turns(handing).await
    }

    async fn take_turns(&self, handing: &Handing<'_>) -> Result<Refreshed, OpsError> {
        let writer = writer(handing);
        for _ in 0..ROUNDS {
            let now = handing.watch.now();
            let until = now.checked_add(TURN).unwrap_or(now);
            let Some(number) = self.journal.take_index(&writer, now, until).await? else {
                return Ok(Refreshed::ByAnother);
            };
            let board = self.read_board(None, handing).await;
            let written = match board {
                Ok(board) => self.write_page(&board, handing).await,
                Err(error) => Err(error),
            };
            if let Err(error) = written {
                // The next run need not wait for the end of the turn. What failed is what is told.
                if let Err(also) = self.journal.leave_index(&writer).await {
                    tracing::warn!(error = ?also, "the turn at the index page ends by itself");
                }
                return Err(error);
            }
            if self.journal.index_is_made(&writer, number).await? {
                return Ok(Refreshed::Yes);
            }
        }
        self.journal.leave_index(&writer).await?;
        Ok(Refreshed::Behind)
    }

    /// What the page shows: what is recorded, and `besides` a report that is about to be.
    async fn read_board(&self, besides: Option<Entry<'_>>, handing: &Handing<'_>) -> Result<Board, OpsError> {
        let deployment = handing.deployment;
        let made_at = handing.watch.now();
        let read = self.journal.board(made_at, besides).await?;
        let mut board = Board {
            deployment: deployment.name.as_str().to_owned(),
            zone: deployment.zone.name().to_owned(),
            made_at,
            lines: read.lines,
            cut: read.cut,
            in_force: Vec::new(),
            not_looked_at: Vec::new(),
        };
        let mut targets = board.may_be_changed();
        board.not_looked_at = targets.split_off(targets.len().min(MOST_ASKED));
        board.in_force = join_all(targets.into_iter().map(|target| self.in_force(target))).await;
        Ok(board)
    }

    async fn write_page(&self, board: &Board, handing: &Handing<'_>) -> Result<(), OpsError> {
        let bucket = handing.deployment.report_bucket.as_str();
        Box::pin(self.publisher.store_index(bucket, html::index(board))).await
    }

    async fn in_force(&self, target: String) -> InForce {
        let changes = self.journal.changes_in_force(&target).await;
        InForce {
            changes: changes.map_err(|error| error.to_unreadable("dynamodb:Query", self.journal.table())),
            target,
        }
    }
}

/// What tells the turns of this run from those of others.
fn writer(handing: &Handing<'_>) -> String {
    format!("{} {}", handing.invocation.request_id, handing.invocation.sandbox)
}

/// Waits until the publication is so far; `false` when it ended before.
async fn reached(seen: &mut Receiver<Stage>, stage: Stage) -> bool {
    seen.wait_for(|now| *now >= stage).await.is_ok()
}

/// One part of the work, in its time; otherwise why not.
async fn within<T>(
    handing: &Handing<'_>,
    work: impl Future<Output = Result<T, OpsError>>,
) -> Result<T, String> {
    let left = handing.watch.until(handing.invocation.deadline);
    let time = left.saturating_sub(KEPT).min(MOST_TIME);
    match tokio::time::timeout(time, work).await {
        Ok(done) => done.map_err(|error| chain(&error)),
        Err(_) => Err(format!("no answer within {} ms", time.as_millis())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{MORNING, at};

    #[test]
    fn what_was_read_early_is_written_only_while_nobody_can_have_taken_over() {
        let early = Early {
            number: 1,
            until: at(MORNING).checked_add(TURN).unwrap(),
            board: Some(Board {
                deployment: "day2".to_owned(),
                zone: "UTC".to_owned(),
                made_at: at(MORNING),
                lines: Vec::new(),
                cut: false,
                in_force: Vec::new(),
                not_looked_at: Vec::new(),
            }),
        };
        let after = |seconds| {
            at(MORNING)
                .checked_add(SignedDuration::from_secs(seconds))
                .unwrap()
        };
        assert!(early.still_right(after(6)).is_some());
        assert!(early.still_right(after(7)).is_none());
        assert!(MOST_TIME < LEAST_TURN.unsigned_abs());
    }
}
