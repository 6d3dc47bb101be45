//! One function in one sandbox: what it was told, its clients, and how an event becomes reports.

mod acted;
pub(crate) mod budget;
mod index;
mod outcome;
mod publication;
mod run;
pub(crate) mod self_check;
#[cfg(test)]
mod tests;
mod watch;

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use aws_config::SdkConfig;
use day2_core::settings::{Mistakes, Settings, Validate};
use day2_core::target::Target;
use day2_core::trigger::{Manual, Scheduled, Trigger, classify};
use deserr::Deserr;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::boot::{self, Environment};
use crate::check::Check;
use crate::error::OpsError;
use crate::journal::Journal;
use crate::publish::Publisher;
use crate::settings;

use outcome::Outcomes;
pub use publication::{Edge, Handing};
use run::Job;
pub(crate) use run::LOOK;
pub use self_check::{MOST_SKEW, prove};
pub use watch::Watch;

/// Time kept for handing a report over: two objects, a mail and a record take less than a second; a service that
/// throttles takes some seconds more.
pub const PUBLISH_RESERVE: SignedDuration = SignedDuration::from_secs(6);

/// Least time for a run itself. With less, the first throttled read would end it.
pub const LEAST_RUN: SignedDuration = SignedDuration::from_secs(4);

/// Time assumed when the runtime gives no real deadline, as tools for local invocation do.
pub const ASSUMED_TIME: SignedDuration = SignedDuration::from_secs(60);

/// Longest time that Lambda gives. Source: AWS Lambda Developer Guide, "Lambda quotas", function timeout.
const LONGEST_TIME: SignedDuration = SignedDuration::from_mins(15);

/// What the runtime says about one invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// The time now.
    pub now: Timestamp,
    /// When Lambda ends the invocation.
    pub deadline: Timestamp,
    /// Lambda's request id; the same when it delivers an event again.
    pub request_id: String,
    /// Name of the function as deployed.
    pub lambda: String,
    /// What tells this sandbox from others: its log stream.
    pub sandbox: String,
}

impl Invocation {
    /// Takes from the runtime's context what is needed here.
    ///
    /// A deadline of days ago is none (cargo-lambda sends 600000, ten minutes after 1970): [`ASSUMED_TIME`] is taken
    /// instead. One that has just passed is real, and leaves no time.
    #[must_use]
    pub fn new(context: &lambda_runtime::Context, now: Timestamp) -> Self {
        let deadline = i64::try_from(context.deadline)
            .ok()
            .and_then(|at| Timestamp::from_millisecond(at).ok());
        let real = deadline.filter(|at| now.duration_since(*at) < SignedDuration::from_hours(24));
        let longest = now.checked_add(LONGEST_TIME).unwrap_or(now);
        Self {
            now,
            deadline: real
                .unwrap_or_else(|| now.checked_add(ASSUMED_TIME).unwrap_or(now))
                .min(longest),
            request_id: context.request_id.clone(),
            lambda: context.env_config.function_name.clone(),
            sandbox: context.env_config.log_stream.clone(),
        }
    }
}

/// A function that is ready to take events.
pub struct App<C: Check> {
    settings: Settings<C::Settings>,
    edge: Edge,
    clients: Clients<C::Ctx>,
}

/// What an [`App`] is made of; `F` is the function's own part of the settings.
pub struct Parts<F> {
    /// What it was told.
    pub settings: Settings<F>,
    /// Configuration of the function's own account and region.
    pub aws: SdkConfig,
    /// Its journal.
    pub journal: Journal,
    /// Where its reports go.
    pub publisher: Publisher,
    /// Where its metrics go: standard output, which CloudWatch Logs reads.
    pub metrics: Box<dyn Write + Send>,
}

impl<F> Parts<F> {
    /// Loads the settings and builds the clients.
    ///
    /// # Errors
    ///
    /// As [`settings::load`].
    pub async fn load(aws: SdkConfig, environment: &Environment) -> Result<Self, OpsError>
    where
        F: Deserr<Mistakes> + Validate,
    {
        let settings = settings::load(environment, &aws_sdk_s3::Client::new(&aws)).await?;
        let journal = Journal::new(
            aws_sdk_dynamodb::Client::new(&aws),
            settings.deployment.journal_table.as_str(),
        );
        let publisher = Publisher::new(&aws);
        Ok(Self {
            settings,
            aws,
            journal,
            publisher,
            metrics: Box::new(std::io::stdout()),
        })
    }

    /// What is asked, and where results go.
    #[must_use]
    pub fn split(self) -> (Settings<F>, Edge) {
        let edge = Edge {
            aws: self.aws,
            journal: self.journal,
            publisher: self.publisher,
            metrics: Mutex::new(self.metrics),
        };
        (self.settings, edge)
    }
}

impl<C: Check> App<C> {
    /// Loads the settings and builds the clients.
    ///
    /// # Errors
    ///
    /// As [`settings::load`].
    pub async fn start(aws: SdkConfig, environment: &Environment) -> Result<Self, OpsError> {
        Parts::load(aws, environment).await.map(Self::new)
    }

    /// An app of given parts.
    #[must_use]
    pub fn new(parts: Parts<C::Settings>) -> Self {
        let (settings, edge) = parts.split();
        Self {
            settings,
            edge,
            clients: Clients::default(),
        }
    }

    /// Uses `ctx` for the target of this name instead of connecting, for tests.
    #[must_use]
    pub fn with_ctx(self, target: &str, ctx: C::Ctx) -> Self {
        self.clients.keep(target, ctx);
        self
    }

    /// The clients of a target.
    async fn ctx(&self, target: &Target) -> Arc<C::Ctx> {
        self.clients
            .of(target, &self.edge.aws, async |aws| C::connect(aws).await)
            .await
    }
}

/// Clients by target.
pub struct Clients<X>(Mutex<BTreeMap<String, Arc<X>>>);

impl<X> Default for Clients<X> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<X> Clients<X> {
    /// The clients of `target`, built once per sandbox, so that an assumed role and open connections are used again.
    pub async fn of(
        &self,
        target: &Target,
        base: &SdkConfig,
        connect: impl AsyncFnOnce(&SdkConfig) -> X,
    ) -> Arc<X> {
        let name = target.name.as_str();
        if let Some(known) = self.known(name) {
            return known;
        }
        let made = connect(&boot::for_target(base, target).await).await;
        self.keep(name, made)
    }

    /// The clients of the target of this name, if they were built.
    fn known(&self, target: &str) -> Option<Arc<X>> {
        let clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        clients.get(target).cloned()
    }

    /// Keeps the clients of a target.
    pub fn keep(&self, target: &str, ctx: X) -> Arc<X> {
        let ctx = Arc::new(ctx);
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        clients.insert(target.to_owned(), Arc::clone(&ctx));
        ctx
    }
}

/// Takes one event and returns what the invocation answers.
///
/// Success means that every due report is out, or that there was none due. `{"reports":[…]}` has one report per
/// target that was looked at; `already_published` and `rests` name the others.
///
/// # Errors
///
/// [`OpsError`] for what Lambda shall deliver again (transient) or keep at the failure destination: a rejected event,
/// too little time, a claim held elsewhere, reads that failed beyond their budget, a publication that failed.
pub async fn handle<C: Check>(
    app: &App<C>,
    event: &[u8],
    invocation: &Invocation,
) -> Result<Value, OpsError> {
    match classify(event) {
        Trigger::Scheduled(scheduled) => app.scheduled(scheduled, invocation).await,
        Trigger::Manual(manual) => app.manual(manual, invocation).await,
        Trigger::SelfCheck => app.self_check(invocation).await,
        Trigger::Alarm(_) => Ok(ignored::<C>("the event is an alarm")),
        Trigger::Finding(_) => Ok(ignored::<C>("the event is a finding")),
        Trigger::Revert { .. } => Err(OpsError::Event(format!(
            "{} is a check: it changes nothing, so there is nothing to revert",
            C::NAME
        ))),
        Trigger::Ignored(reason) => Ok(ignored::<C>(&reason)),
        Trigger::Rejected(reason) => Err(OpsError::Event(reason)),
    }
}

fn ignored<C: Check>(reason: &str) -> Value {
    tracing::info!(function = C::NAME, reason, "event ignored");
    json!({ "outcome": "ignored", "reason": reason })
}

impl<C: Check> App<C> {
    async fn scheduled(&self, event: Scheduled, invocation: &Invocation) -> Result<Value, OpsError> {
        let task = Self::task(event.task)?;
        let targets = self.targets(event.target.as_slice())?;
        let job = Job {
            task: &task,
            trigger: "schedule",
            scheduled_at: event.scheduled_at,
            invocation,
        };
        self.each(&targets, &job).await
    }

    async fn manual(&self, event: Manual, invocation: &Invocation) -> Result<Value, OpsError> {
        if event.mode.is_some() || event.approve.is_some() {
            let why = "is a check: it changes nothing, so it has no mode and nothing to approve; leave out mode and approve";
            return Err(OpsError::Event(format!("{} {why}", C::NAME)));
        }
        event.names_nothing_else(C::NAME).map_err(OpsError::Event)?;
        let task = Self::task(event.task)?;
        let targets = self.targets(&event.targets)?;
        let job = Job {
            task: &task,
            trigger: "manual",
            scheduled_at: None,
            invocation,
        };
        self.each(&targets, &job).await
    }

    /// One target after another, so that each has all connections and the order of reports is that of the settings.
    async fn each(&self, targets: &[&Target], job: &Job<'_>) -> Result<Value, OpsError> {
        let watch = Watch::start(job.invocation.now);
        let mut outcomes = Outcomes::default();
        for (index, target) in targets.iter().enumerate() {
            let after = targets.len().saturating_sub(index.saturating_add(1));
            // On the heap, because the futures of all SDK calls of a run lie within it.
            let done = Box::pin(self.one(target, job, &watch, after, index == 0)).await;
            outcomes.add(target.name.as_str(), done);
        }
        outcomes.finish()
    }

    fn task(named: Option<String>) -> Result<String, OpsError> {
        let task = named.unwrap_or_else(|| C::DEFAULT_TASK.to_owned());
        if C::TASKS.contains(&task.as_str()) {
            return Ok(task);
        }
        Err(OpsError::Event(format!(
            "{} has no task `{task}`; it has {}",
            C::NAME,
            C::TASKS.join(", ")
        )))
    }

    /// The targets of these names in the order of the settings, each once; all of them for no name.
    fn targets(&self, names: &[String]) -> Result<Vec<&Target>, OpsError> {
        let known = || self.settings.targets.iter();
        if let Some(unknown) = names.iter().find(|name| self.settings.target(name).is_none()) {
            let list: Vec<&str> = known().map(|target| target.name.as_str()).collect();
            return Err(OpsError::Event(format!(
                "there is no target `{unknown}`; the settings have {}",
                list.join(", ")
            )));
        }
        let wanted =
            |target: &&Target| names.is_empty() || names.iter().any(|name| target.name.as_str() == name);
        Ok(known().filter(wanted).collect())
    }
}
