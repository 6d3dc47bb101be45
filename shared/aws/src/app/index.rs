//! The index page, made anew after each report from what the journal holds.
//!
//! Runs that end at the same time take turns: one writes, the others only say that they want it, and whoever writes looks
//! again before it lets go. So the last page that is written holds every run that was recorded before it, however the
//! writes of S3 overtake each other. Never a reason for a run to fail: its report is out.

use std::time::Duration;

use day2_core::board::{Board, InForce};
use day2_core::html;
use day2_core::report::Run;
use futures::future::join_all;
use jiff::SignedDuration;

use super::{Edge, Handing};
use crate::error::{OpsError, chain};

/// Most time that a run spends on the page. It takes a tenth of a second; this is for a service that throttles.
const MOST_TIME: Duration = Duration::from_secs(3);

/// Time that is left for the answer of the invocation.
const KEPT: Duration = Duration::from_millis(500);

/// How long a turn lasts when the run dies in it: longer than [`MOST_TIME`], and short, because nobody writes meanwhile.
const TURN: SignedDuration = SignedDuration::from_secs(10);

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

impl Edge {
    /// Makes the page anew. Returns a warning when that did not work.
    pub(super) async fn refresh_index(&self, run: &Run, handing: &Handing<'_>) -> Option<String> {
        let left = handing.watch.until(handing.invocation.deadline);
        let time = left.saturating_sub(KEPT).min(MOST_TIME);
        let done = tokio::time::timeout(time, self.take_turns(handing)).await;
        let why = match done {
            Ok(Ok(refreshed)) => {
                tracing::debug!(function = run.function, refreshed = ?refreshed, "index page");
                return None;
            }
            Ok(Err(error)) => chain(&error),
            Err(_) => format!("no answer within {} ms", time.as_millis()),
        };
        tracing::warn!(
            function = run.function,
            reason = why,
            "the report is out, and the index page was not made anew"
        );
        Some(format!("the index page was not made anew: {why}"))
    }

    async fn take_turns(&self, handing: &Handing<'_>) -> Result<Refreshed, OpsError> {
        let writer = format!("{} {}", handing.invocation.request_id, handing.invocation.sandbox);
        for _ in 0..ROUNDS {
            let now = handing.watch.now();
            let until = now.checked_add(TURN).unwrap_or(now);
            let Some(number) = self.journal.take_index(&writer, now, until).await? else {
                return Ok(Refreshed::ByAnother);
            };
            if let Err(error) = self.write_index(handing).await {
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

    async fn write_index(&self, handing: &Handing<'_>) -> Result<(), OpsError> {
        let deployment = handing.deployment;
        let made_at = handing.watch.now();
        let read = self.journal.board(made_at).await?;
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
        let page = html::index(&board);
        self.publisher
            .store_index(deployment.report_bucket.as_str(), page)
            .await
    }

    async fn in_force(&self, target: String) -> InForce {
        let changes = self.journal.changes_in_force(&target).await;
        InForce {
            changes: changes.map_err(|error| error.to_unreadable("dynamodb:Query", self.journal.table())),
            target,
        }
    }
}
