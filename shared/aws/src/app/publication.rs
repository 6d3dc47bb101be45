//! Handing over one report: objects first, so that the mail can say where they are; then the mail; then the record.
//!
//! What fails decides what a second delivery does. No mail: the report is stored, the claim is given back, and the
//! next delivery mails. No objects: the mail says so, the claim is given back with the note that it was mailed, and
//! the next delivery stores without mailing again. No record: the report is out, and repeating would only mail it
//! twice, so the run is a success with a warning, and the missing heartbeat tells the watchdog. No index page: the next run that
//! reports makes it.

use std::cell::Cell;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use aws_config::SdkConfig;
use day2_core::arn::Arn;
use day2_core::compare::Snapshot;
use day2_core::emf;
use day2_core::links::{Place, Rendering};
use day2_core::report::Report;
use day2_core::settings::Deployment;

use super::budget::unanswered;
use super::{Invocation, Watch};
use crate::error::{OpsError, chain};
use crate::journal::{Finished, Held, Journal, Recorded};
use crate::publish::Publisher;

/// Where results go: what functions of every kind have in common.
pub struct Edge {
    /// Configuration of the function's own account and region.
    pub aws: SdkConfig,
    /// The journal.
    pub journal: Journal,
    pub(crate) publisher: Publisher,
    pub(crate) metrics: Mutex<Box<dyn Write + Send>>,
}

/// One report that is to be handed over.
pub struct Handing<'a> {
    /// The deployment, for bucket and history.
    pub deployment: &'a Deployment,
    /// Where it is mailed to.
    pub topic: &'a Arn,
    /// The invocation, for its end and the name in the lines to copy.
    pub invocation: &'a Invocation,
    /// The clock of the run.
    pub watch: &'a Watch,
    /// The claim, if there is one.
    pub held: Option<&'a Held>,
    /// Whether the policy wants a mail.
    pub mail: bool,
    /// What tells this mail from another one of the same run.
    pub token: &'a str,
    /// Whether the report ends the run. One that does not is not recorded: the event comes again.
    pub ends: bool,
    /// Learns whether the mail is out, also when the rest fails.
    pub mailed: &'a Cell<bool>,
    /// What the next run is compared with.
    pub snapshot: Snapshot,
}

impl Edge {
    /// Region of the function itself.
    pub(crate) fn region(&self) -> &str {
        self.aws.region().map_or("", AsRef::as_ref)
    }

    /// Publishes `report` and returns a warning about what could not be recorded.
    ///
    /// # Errors
    ///
    /// [`OpsError::Publish`] when it could not be handed over whole: the event must come again.
    pub async fn publish(&self, report: &Report, handing: &Handing<'_>) -> Result<Option<String>, OpsError> {
        self.measure(report, handing.watch);
        let failed = |what: &str, source| OpsError::Publish {
            report_id: report.id.clone(),
            what: what.to_owned(),
            source: Box::new(source),
        };
        let time_left = handing.watch.until(handing.invocation.deadline);
        let done = tokio::time::timeout(time_left, self.hand_over(report, handing)).await;
        let done = done.unwrap_or_else(|_| {
            let why = unanswered("publication", &report.id);
            Err(("the time was up", OpsError::Read(why)))
        });
        let warning = done.map_err(|(what, source)| failed(what, source))?;
        if warning.is_none() && handing.ends {
            self.write(&emf::heartbeat(report, handing.watch.now()), report);
            return Ok(Box::pin(self.refresh_index(&report.run, handing)).await);
        }
        Ok(warning)
    }

    async fn hand_over(
        &self,
        report: &Report,
        handing: &Handing<'_>,
    ) -> Result<Option<String>, (&'static str, OpsError)> {
        let mut rendering = self.rendering(report, handing);
        let stored = self.publisher.store(report, &rendering).await;
        rendering.not_stored = stored.as_ref().err().map(|error| chain(error));
        let mailed = self
            .mail(report, handing, &rendering)
            .await
            .map_err(|error| ("the mail", error))?;
        handing.mailed.set(mailed);
        stored.map_err(|error| ("the objects in the report bucket", error))?;
        let warning = if handing.ends {
            self.note(report, handing, &rendering).await
        } else {
            None
        };
        tracing::info!(
            function = report.run.function,
            task = report.run.task,
            target_name = report.run.target,
            status = report.status.word(),
            outcome = report.action.as_ref().map(|action| action.outcome.word()),
            report_id = report.id,
            page = rendering.place.page,
            mailed,
            "report published"
        );
        Ok(warning)
    }

    /// Mails if the policy says so and no earlier delivery has; returns whether the report is mailed now.
    async fn mail(
        &self,
        report: &Report,
        handing: &Handing<'_>,
        rendering: &Rendering,
    ) -> Result<bool, OpsError> {
        let before = handing.held.and_then(|held| held.already_mailed.as_deref());
        if before == Some(handing.token) {
            return Ok(true);
        }
        if !handing.mail {
            return Ok(false);
        }
        self.publisher
            .mail(handing.topic, report, rendering)
            .await
            .map(|_| true)
    }

    /// Records what is out. A failure is a warning.
    async fn note(&self, report: &Report, handing: &Handing<'_>, rendering: &Rendering) -> Option<String> {
        let done = Finished {
            report,
            snapshot: &handing.snapshot,
            page: &rendering.place.page,
            history_days: handing.deployment.history_days,
            mailed: handing.mailed.get(),
            at: handing.watch.now(),
        };
        match self.journal.record(handing.held, done).await {
            Ok(Recorded::Yes) => None,
            Ok(Recorded::TakenOver) => Some(
                "another delivery took over while this one published; the report may come twice".to_owned(),
            ),
            Err(error) => {
                tracing::warn!(function = report.run.function, report_id = report.id, error = ?error, "published, and not recorded");
                Some(format!("published, and not recorded: {}", chain(&error)))
            }
        }
    }

    /// Writes the metrics of the run. They do not wait for the publication: an alarm on them is the way left when
    /// mail is out of order. A repeated delivery counts again, so alarms use the maximum.
    fn measure(&self, report: &Report, watch: &Watch) {
        self.write(&emf::line(report, watch.now()), report);
    }

    fn write(&self, line: &str, report: &Report) {
        let mut out = self.metrics.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = writeln!(out, "{line}").and_then(|()| out.flush()) {
            tracing::warn!(function = report.run.function, report_id = report.id, error = %error, "metrics not written");
        }
    }

    fn rendering(&self, report: &Report, handing: &Handing<'_>) -> Rendering {
        let deployment = handing.deployment;
        Rendering {
            place: Place::of(
                report,
                deployment.partition,
                self.region(),
                deployment.report_bucket.as_str(),
            ),
            not_stored: None,
            lambda: handing.invocation.lambda.clone(),
            lambda_region: self.region().to_owned(),
        }
    }

    /// Gives a claim back as well as may be: without it the next delivery waits for the end of the lease.
    pub async fn give_back(&self, held: &Held, mailed: Option<&str>) {
        if let Err(error) = self.journal.release(held, mailed).await {
            tracing::warn!(error = ?error, "claim not given back, its lease ends by itself");
        }
    }
}
