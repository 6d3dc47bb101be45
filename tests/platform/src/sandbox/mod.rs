//! Sandboxes of ours: a function's real binary as a process, given one event at a time as AWS Lambda does.
//!
//! `MiniStack` runs functions too, as Terraform deployed them. Here a test holds the process itself: it chooses the
//! deadline and the request id of each event, may kill the process at any moment, run several at once, and use a warm
//! one again.

mod ground;
mod runtime_api;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use aws_credential_types::Credentials;
use serde_json::Value;
use tokio::time::{Instant, sleep};

pub use ground::{Ground, Role};

use crate::aws::{ACCOUNT, REGION};
use crate::process::{Process, Spec};
use runtime_api::{Finished, RuntimeApi};

/// How often a sandbox looks whether its process lives.
const LOOK: Duration = Duration::from_millis(10);
/// Longest time until a process asks for its first event. Lambda gives 10 s; a busy machine gets the rest.
const START_LIMIT: Duration = Duration::from_mins(1);
/// Time of an event that sets no other.
const TIME_LEFT: Duration = Duration::from_mins(1);

/// What a sandbox runs, and with what.
#[derive(Debug, Clone)]
pub struct Launch {
    function: String,
    binary: PathBuf,
    folder: PathBuf,
    credentials: Credentials,
    variables: BTreeMap<String, String>,
}

impl Launch {
    /// Runs the binary of `function` that was built together with the running program, with these credentials, against
    /// the AWS endpoint at `endpoint`. `folder` gets logs and is the process's home.
    ///
    /// # Errors
    ///
    /// As [`crate::deploy::binary`].
    pub fn new(
        function: &str,
        folder: impl Into<PathBuf>,
        credentials: &Credentials,
        endpoint: &str,
    ) -> Result<Self> {
        let variables = [("AWS_ENDPOINT_URL", endpoint)];
        Ok(Self {
            function: function.to_owned(),
            binary: crate::deploy::binary(function)?,
            folder: folder.into(),
            credentials: credentials.clone(),
            variables: variables
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        })
    }

    /// The settings of the function: the variable `DAY2_SETTINGS`.
    #[must_use]
    pub fn settings(self, document: &Value) -> Self {
        self.variable("DAY2_SETTINGS", &document.to_string())
    }

    /// Sets an environment variable, for example `AWS_ENDPOINT_URL_DYNAMODB`.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The environment of a function (AWS Lambda developer guide, "Defined runtime environment variables").
    fn environment(&self, runtime_api: &str, stream: &str) -> BTreeMap<String, String> {
        let function = self.function.as_str();
        let group = format!("/aws/lambda/{function}");
        let home = self.folder.display().to_string();
        let mut all: BTreeMap<String, String> = [
            ("_HANDLER", "bootstrap"),
            ("AWS_ACCESS_KEY_ID", self.credentials.access_key_id()),
            ("AWS_SECRET_ACCESS_KEY", self.credentials.secret_access_key()),
            (
                "AWS_SESSION_TOKEN",
                self.credentials.session_token().unwrap_or_default(),
            ),
            ("AWS_DEFAULT_REGION", REGION),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_FUNCTION_NAME", function),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
            ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", &group),
            ("AWS_LAMBDA_LOG_LEVEL", "INFO"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", stream),
            ("AWS_LAMBDA_RUNTIME_API", runtime_api),
            ("AWS_REGION", REGION),
            ("HOME", &home),
            ("TZ", ":UTC"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        all.extend(self.variables.clone());
        all
    }
}

/// One event for a function.
#[derive(Debug, Clone)]
pub struct Event {
    payload: Vec<u8>,
    request_id: String,
    time_left: Duration,
}

impl Event {
    /// An event with a request id of its own and a minute's time.
    #[must_use]
    pub fn new(payload: impl Into<Vec<u8>>) -> Self {
        Self {
            payload: payload.into(),
            request_id: format!("{:08x}-0000-4000-8000-{:012x}", std::process::id(), next_number()),
            time_left: TIME_LEFT,
        }
    }

    /// Sets the request id: Lambda's retries of an event keep it.
    #[must_use]
    pub fn request_id(mut self, id: &str) -> Self {
        id.clone_into(&mut self.request_id);
        self
    }

    /// Sets the time from the moment at which the function takes the event until it is ended.
    #[must_use]
    pub const fn time_left(mut self, time: Duration) -> Self {
        self.time_left = time;
        self
    }
}

/// A number that no other event and no other sandbox of this process has.
fn next_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// How an event ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The function answered.
    Answer(Value),
    /// The function ended in an error: Lambda delivers an asynchronous event again.
    Error {
        /// `errorType`.
        kind: String,
        /// `errorMessage`.
        message: String,
    },
    /// The deadline passed, and the process was killed, as Lambda does.
    TimedOut,
    /// The process ended while it had the event; the status as a shell gives it (137 when killed).
    Died(i32),
}

impl Outcome {
    /// The answer.
    ///
    /// # Errors
    ///
    /// When it ended otherwise.
    pub fn answer(self) -> Result<Value> {
        match self {
            Self::Answer(answer) => Ok(answer),
            other => bail!("the function did not answer: {other:?}"),
        }
    }

    /// The `errorMessage` of a function error.
    ///
    /// # Errors
    ///
    /// When it ended otherwise.
    pub fn error(self) -> Result<String> {
        match self {
            Self::Error { message, .. } => Ok(message),
            other => bail!("the function did not end in an error: {other:?}"),
        }
    }
}

/// An event that a sandbox was given.
#[derive(Debug, Clone)]
#[must_use = "wait for its outcome"]
pub struct Pending {
    request_id: String,
    sent: Instant,
}

/// One process of a function. Dropping it ends the process.
#[derive(Debug)]
pub struct Sandbox {
    process: Process,
    api: RuntimeApi,
}

impl Sandbox {
    /// Starts the process and waits until it asks for an event.
    ///
    /// # Errors
    ///
    /// When it cannot be started, ends, or reports that it cannot initialise; with the last lines of its log.
    pub async fn start(launch: &Launch) -> Result<Self> {
        let stream = format!("{}-{}", std::process::id(), next_number());
        let arn = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{}", launch.function);
        let api = RuntimeApi::start(arn).await?;
        let log = launch.folder.join(format!("{}-{stream}.log", launch.function));
        let mut spec = Spec::new(&launch.function, &launch.binary, log).clean_env();
        for (name, value) in launch.environment(api.address(), &stream) {
            spec = spec.env(name, value);
        }
        let mut sandbox = Self {
            process: spec.start()?,
            api,
        };
        let begun = Instant::now();
        while !sandbox.api.is_asking() {
            sandbox.process.alive()?;
            if let Some(why) = sandbox.api.init_error() {
                bail!("{} did not initialise: {why}", sandbox.process.name());
            }
            ensure!(
                begun.elapsed() < START_LIMIT,
                "{} asks for no event{}",
                sandbox.process.name(),
                sandbox.process.tail()
            );
            sleep(LOOK).await;
        }
        Ok(sandbox)
    }

    /// Gives it an event and waits for the outcome.
    ///
    /// # Errors
    ///
    /// When the process is gone or busy already.
    pub async fn invoke(&mut self, event: Event) -> Result<Outcome> {
        let pending = self.send(event)?;
        self.outcome(pending).await
    }

    /// Gives it an event without waiting.
    ///
    /// # Errors
    ///
    /// When the process is gone or has an event already.
    pub fn send(&mut self, event: Event) -> Result<Pending> {
        self.process.alive()?;
        let request_id = event.request_id.clone();
        self.api.give(event)?;
        Ok(Pending {
            request_id,
            sent: Instant::now(),
        })
    }

    /// Waits for the outcome of an event, and kills the process at the deadline.
    ///
    /// # Errors
    ///
    /// When the process never takes the event, or the operating system does not tell how it ended.
    pub async fn outcome(&mut self, pending: Pending) -> Result<Outcome> {
        loop {
            if let Some(finished) = self.api.finished(&pending.request_id) {
                return Ok(finished.into());
            }
            if let Some(status) = self.process.ended()? {
                return Ok(Outcome::Died(status));
            }
            match self.api.deadline(&pending.request_id) {
                Some(deadline) if Instant::now() >= deadline => {
                    self.process.kill()?;
                    return Ok(Outcome::TimedOut);
                }
                None if pending.sent.elapsed() > START_LIMIT => {
                    bail!(
                        "{} does not take the event{}",
                        self.process.name(),
                        self.process.tail()
                    );
                }
                _ => {}
            }
            tokio::select! {
                () = self.api.changed() => {}
                () = sleep(LOOK) => {}
            }
        }
    }

    /// Kills the process by SIGKILL; returns when it is gone.
    ///
    /// # Errors
    ///
    /// When the operating system does not tell that it is gone.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// The most memory that the process has had at once, in bytes.
    ///
    /// # Errors
    ///
    /// As [`Process::peak_memory`].
    pub fn peak_memory(&self) -> Result<u64> {
        self.process.peak_memory()
    }

    /// Everything that the process has logged.
    ///
    /// # Errors
    ///
    /// When the log cannot be read.
    pub fn log(&self) -> Result<String> {
        let path = self.process.log();
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
    }
}

impl From<Finished> for Outcome {
    fn from(finished: Finished) -> Self {
        let text = String::from_utf8_lossy(&finished.body).into_owned();
        let document = serde_json::from_str(&text).unwrap_or(Value::String(text));
        if finished.failed {
            let field = |name: &str| {
                let found = document.get(name).and_then(Value::as_str);
                found.unwrap_or_default().to_owned()
            };
            return Self::Error {
                kind: field("errorType"),
                message: field("errorMessage"),
            };
        }
        Self::Answer(document)
    }
}
