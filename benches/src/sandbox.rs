//! One sandbox of Lambda: a process that asks the runtime API for events.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::child;
use crate::row::Sample;
use crate::runtime_api::RuntimeApi;
use crate::starved::Starved;

/// Longest wait for a start and for an answer: a starved Python takes more than a minute.
const LIMIT: Duration = Duration::from_mins(5);

/// How to start the process.
#[derive(Clone)]
pub struct Launch {
    /// The program: a function's binary, or Python.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Where it starts.
    pub folder: PathBuf,
    /// Its environment beside what Lambda sets.
    pub variables: BTreeMap<String, String>,
    /// Limits on processor and memory, if any.
    pub starved: Option<Rc<Starved>>,
}

/// A running sandbox.
pub struct Sandbox {
    api: Rc<RuntimeApi>,
    child: Option<Child>,
    began: Instant,
}

impl Sandbox {
    /// Starts the process.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn start(api: &Rc<RuntimeApi>, launch: &Launch) -> Result<Self> {
        api.reset();
        let mut command = match &launch.starved {
            None => Command::new(&launch.program),
            Some(starved) => starved.command(&launch.program),
        };
        command
            .args(&launch.arguments)
            .current_dir(&launch.folder)
            .env_clear()
            .envs(environment(api.address()))
            .envs(&launch.variables)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        let began = Instant::now();
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {}", launch.program.display()))?;
        Ok(Self {
            api: Rc::clone(api),
            child: Some(child),
            began,
        })
    }

    /// Waits until it asks for its first event, and tells how long that took.
    ///
    /// # Errors
    ///
    /// When it never asks.
    pub fn ready(&self) -> Result<Duration> {
        Ok(self.api.ready(LIMIT)?.saturating_duration_since(self.began))
    }

    /// Gives it an event and waits for the answer.
    ///
    /// # Errors
    ///
    /// When it answers with an error, or not at all.
    pub fn invoke(&self, event: &[u8]) -> Result<(Value, Duration)> {
        let given = Instant::now();
        self.api.give(event);
        let done = self.api.finished(LIMIT)?;
        if done.failed {
            bail!("the function answers with an error: {}", done.body);
        }
        Ok((done.body, done.at.saturating_duration_since(given)))
    }

    /// What the process has used until now. In the kernel's ticks of 10 ms, so only for longer work.
    ///
    /// # Errors
    ///
    /// When it is gone.
    pub fn usage(&self) -> Result<child::Usage> {
        let child = self.child.as_ref().context("the sandbox has ended")?;
        child::usage(child.id())
    }

    /// Ends the process, and tells processor time and peak resident set of its whole life.
    ///
    /// # Errors
    ///
    /// When it cannot be waited for.
    pub fn end(mut self) -> Result<(Duration, u64)> {
        let child = self.child.take().context("the sandbox has ended")?;
        child::end(child)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(child) = self.child.take() {
            let _ = child::end(child);
        }
    }
}

/// A cold start: from the start of the process, which finds its event waiting, to the answer.
///
/// # Errors
///
/// When the function cannot be started or does not answer.
pub fn cold(api: &Rc<RuntimeApi>, launch: &Launch, event: &[u8]) -> Result<Sample> {
    let sandbox = Sandbox::start(api, launch)?;
    let began = sandbox.began;
    api.give(event);
    let done = api.finished(LIMIT)?;
    let page_faults = sandbox.usage().ok().map(|usage| usage.page_faults);
    let (cpu, rss) = sandbox.end()?;
    if done.failed {
        bail!("the function answers with an error: {}", done.body);
    }
    Ok(Sample {
        wall: done.at.saturating_duration_since(began),
        cpu,
        peak_rss_bytes: Some(rss),
        page_faults,
        answer: done.body,
        ..Sample::default()
    })
}

/// A first event that comes after Init: from the event to the answer, starved from the end of Init on, as Lambda does it.
///
/// # Errors
///
/// As [`cold`]; when the process cannot be starved.
pub fn first_event(api: &Rc<RuntimeApi>, launch: &Launch, starved: &Starved, event: &[u8]) -> Result<Sample> {
    let sandbox = Sandbox::start(api, launch)?;
    sandbox.ready()?;
    let process = sandbox.child.as_ref().context("the sandbox has ended")?.id();
    starved.take(process)?;
    let (answer, wall) = sandbox.invoke(event)?;
    let (cpu, rss) = sandbox.end()?;
    Ok(Sample {
        wall,
        cpu,
        peak_rss_bytes: Some(rss),
        answer,
        ..Sample::default()
    })
}

/// The environment of a function (AWS Lambda developer guide, "Defined runtime environment variables").
fn environment(api: &str) -> BTreeMap<String, String> {
    [
        ("AWS_ACCESS_KEY_ID", "ASIABENCHBENCHBENCH0"),
        ("AWS_SECRET_ACCESS_KEY", "bench"),
        ("AWS_SESSION_TOKEN", "bench"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/bench"),
        ("AWS_LAMBDA_LOG_LEVEL", "INFO"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
        ("AWS_LAMBDA_RUNTIME_API", api),
        ("_HANDLER", "bootstrap"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("TZ", ":UTC"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}
