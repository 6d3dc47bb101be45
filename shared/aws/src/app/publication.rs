//! Handing over one report: objects first, so that the mail can say where they are; then the mail; then the record.
//!
//! What fails decides what a second delivery does. No mail: the report is stored, the claim is given back, and the
//! next delivery mails. No objects: the mail says so, the claim is given back with the note that it was mailed, and
//! the next delivery stores without mailing again. No record: the report is out, and repeating would only mail it
//! twice, so the run is a success with a warning, and the missing heartbeat tells the watchdog. No index page: the next run that
//! reports makes it. That page is made beside all this (`super::index`) and learns how far it is; nothing here waits for it.

use std::cell::Cell;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use aws_config::SdkConfig;
use day2_core::arn::Arn;
use day2_core::compare::Snapshot;
use day2_core::emf::{self, Figure};
use day2_core::links::{Place, Rendering};
use day2_core::report::Report;
use day2_core::settings::Deployment;
use jiff::Timestamp;
use tokio::sync::watch::{self, Sender};

use super::budget::unanswered;
use super::{Invocation, Watch};
use crate::error::{OpsError, chain};
use crate::journal::{Entry, Finished, Held, Journal, Recorded};
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

/// How far a publication is. One that fails ends before the next stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// The report is being stored and mailed.
    OnItsWay,
    /// It is stored, and mailed if the policy wants that.
    Out,
    /// The journal knows it.
    Recorded,
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
        let rendering = self.rendering(report, handing);
        let page = rendering.place.page.clone();
        let entry = Entry { report, page: &page };
        let (stage, seen) = watch::channel(Stage::OnItsWay);
        let handing_over = tokio::time::timeout(time_left, self.hand_over(report, handing, rendering, stage));
        let index = async {
            // Of one that comes again there is nothing to show yet.
            if handing.ends {
                self.make_index(entry, handing, seen).await
            } else {
                None
            }
        };
        // On the heap, because the futures of all SDK calls lie within them. The report has the first turn each time. When it ends, its
        // stage is gone, and the index knows that there is no more to wait for.
        let (done, not_made) = tokio::join!(biased; Box::pin(handing_over), Box::pin(index));
        let done = done.unwrap_or_else(|_| {
            let why = unanswered("publication", &report.id);
            Err(("the time was up", OpsError::Read(why)))
        });
        let warning = done.map_err(|(what, source)| failed(what, source))?;
        Ok(warning.or(not_made))
    }

    async fn hand_over(
        &self,
        report: &Report,
        handing: &Handing<'_>,
        mut rendering: Rendering,
        stage: Sender<Stage>,
    ) -> Result<Option<String>, (&'static str, OpsError)> {
        let stored = self.publisher.store(report, &rendering).await;
        rendering.not_stored = stored.as_ref().err().map(|error| chain(error));
        let mailed = self
            .mail(report, handing, &rendering)
            .await
            .map_err(|error| ("the mail", error))?;
        handing.mailed.set(mailed);
        stored.map_err(|error| ("the objects in the report bucket", error))?;
        stage.send_replace(Stage::Out);
        let warning = if handing.ends {
            self.note(report, handing, &rendering).await
        } else {
            None
        };
        if warning.is_none() && handing.ends {
            self.write(&emf::heartbeat(report, handing.watch.now()));
            stage.send_replace(Stage::Recorded);
        }
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
        self.write(&emf::line(report, watch.now()));
    }

    /// Writes what a function knows beside its verdict. A repeated delivery writes it again, so what is shown of it is the
    /// maximum; of [`Figure::foreign`] it is the sum.
    pub fn tell(&self, figures: &[Figure], at: Timestamp) {
        for figure in figures {
            self.write(&figure.line(at));
        }
    }

    fn write(&self, line: &str) {
        let mut out = self.metrics.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = writeln!(out, "{line}").and_then(|()| out.flush()) {
            tracing::warn!(metrics = line, error = %error, "metrics not written");
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
