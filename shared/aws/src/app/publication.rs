//! Handing over one report: objects first, so that the mail can say where they are; then the mail; then the record.
//!
//! What fails decides what a second delivery does. No mail: the report is stored, the claim is given back, and the
//! next delivery mails. No objects: the mail says so, the claim is given back with the note that it was mailed, and
//! the next delivery stores without mailing again. No record: the report is out, and repeating would only mail it
//! twice, so the run is a success with a warning, and the missing heartbeat tells the watchdog.

use std::io::Write as _;
use std::sync::PoisonError;

use day2_core::compare::{Snapshot, should_mail};
use day2_core::emf;
use day2_core::links::{Place, Rendering};
use day2_core::report::Report;

use super::budget::unanswered;
use super::run::{Job, Turn, is_runners};
use super::{App, Watch};
use crate::check::Check;
use crate::error::{OpsError, chain};
use crate::journal::{Finished, Recorded};

impl<C: Check> App<C> {
    /// Publishes `report` and returns a warning about what could not be recorded. `turn.mailed` learns whether the
    /// mail is out, also when the rest fails.
    pub(super) async fn publish(&self, report: &Report, turn: &Turn<'_>) -> Result<Option<String>, OpsError> {
        self.measure(report, turn.watch);
        let failed = |what: &str, source| OpsError::Publish {
            report_id: report.id.clone(),
            what: what.to_owned(),
            source: Box::new(source),
        };
        let time_left = turn.watch.until(turn.job.invocation.deadline);
        let done = tokio::time::timeout(time_left, self.hand_over(report, turn)).await;
        let done = done.unwrap_or_else(|_| {
            let why = unanswered("publication", &report.id);
            Err(("the time was up", OpsError::Read(why)))
        });
        done.map_err(|(what, source)| failed(what, source))
    }

    async fn hand_over(
        &self,
        report: &Report,
        turn: &Turn<'_>,
    ) -> Result<Option<String>, (&'static str, OpsError)> {
        let mut rendering = self.rendering(report, turn.job);
        let stored = self.publisher.store(report, &rendering).await;
        rendering.not_stored = stored.as_ref().err().map(|error| chain(error));
        let mailed = self
            .mail(report, turn, &rendering)
            .await
            .map_err(|error| ("the mail", error))?;
        turn.mailed.set(mailed);
        stored.map_err(|error| ("the objects in the report bucket", error))?;
        let warning = self.note(report, turn, &rendering).await;
        tracing::info!(
            function = C::NAME,
            task = report.run.task,
            target_name = report.run.target,
            status = report.status.word(),
            report_id = report.id,
            page = rendering.place.page,
            mailed,
            "report published"
        );
        Ok(warning)
    }

    /// Mails if the policy says so and no earlier delivery has; returns whether the report is mailed now.
    async fn mail(&self, report: &Report, turn: &Turn<'_>, rendering: &Rendering) -> Result<bool, OpsError> {
        let memory = turn.memory;
        if memory.held.as_ref().is_some_and(|held| held.already_mailed) {
            return Ok(true);
        }
        let deployment = &self.settings.deployment;
        if !should_mail(
            deployment.mail,
            memory.past.previous.as_ref().map(|before| before.status),
            report,
        ) {
            return Ok(false);
        }
        let topic = turn.target.topic_arn.as_ref().unwrap_or(&deployment.topic_arn);
        self.publisher.mail(topic, report, rendering).await.map(|_| true)
    }

    /// Records what is out. A failure is a warning.
    async fn note(&self, report: &Report, turn: &Turn<'_>, rendering: &Rendering) -> Option<String> {
        let mut snapshot = Snapshot::of(report);
        snapshot
            .open
            .retain(|complaint| !is_runners::<C>(&complaint.code));
        let done = Finished {
            report,
            snapshot: &snapshot,
            page: &rendering.place.page,
            history_days: self.settings.deployment.history_days,
            at: turn.watch.now(),
        };
        match self.journal.record(turn.memory.held.as_ref(), done).await {
            Ok(Recorded::Yes) => None,
            Ok(Recorded::TakenOver) => Some(
                "another delivery took over while this one published; the report may come twice".to_owned(),
            ),
            Err(error) => {
                tracing::warn!(function = C::NAME, report_id = report.id, error = ?error, "published, and not recorded");
                Some(format!("published, and not recorded: {}", chain(&error)))
            }
        }
    }

    /// Writes the metrics of the run. They do not wait for the publication: an alarm on them is the way left when
    /// mail is out of order. A repeated delivery counts again, so alarms use the maximum.
    fn measure(&self, report: &Report, watch: &Watch) {
        let line = emf::line(report, watch.now());
        let mut out = self.metrics.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = writeln!(out, "{line}").and_then(|()| out.flush()) {
            tracing::warn!(function = C::NAME, report_id = report.id, error = %error, "metrics not written");
        }
    }

    fn rendering(&self, report: &Report, job: &Job<'_>) -> Rendering {
        let deployment = &self.settings.deployment;
        Rendering {
            place: Place::of(
                report,
                deployment.partition,
                self.region(),
                deployment.report_bucket.as_str(),
            ),
            not_stored: None,
            lambda: job.invocation.lambda.clone(),
            lambda_region: self.region().to_owned(),
        }
    }
}
