//! The AWS side of the platform: one emulator process, how to reach it, and what it was asked.
//!
//! The emulator is `MiniStack`, completed by the Python modules in `emulator/`; its README says what they add.

pub mod api;
pub mod control;
mod http;
pub mod package;
pub mod placement;
pub mod python;
pub mod recorder;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};

use crate::ports::Port;
use crate::process::{Process, Spec};
use crate::rights::records::{self, Of};

pub use placement::Placement;
pub use recorder::{Call, Recorder};

/// The account of the local platform.
pub const ACCOUNT: &str = "123456789012";
/// The region of the local platform.
pub const REGION: &str = "us-east-1";
/// Access key and secret of the account's root user in `MiniStack`; every other caller is held to its policies.
pub const ROOT_KEY: &str = "test";

/// The call log, in the state folder (`emulator/__main__.py`).
const CALLS: &str = "aws-calls.jsonl";

/// A cold start takes 2 s on two idle cores; a busy machine gets the rest.
const START_LIMIT: Duration = Duration::from_mins(3);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Longer than any Lambda function of the platform runs, because a synchronous invocation is one attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_mins(2);

/// Where and how to start the emulator.
#[derive(Debug)]
pub struct Options {
    /// Folder for its files, its log and the call log. Made when it is not there.
    pub state_dir: PathBuf,
    /// The loopback port it listens on; claimed as long as the emulator lives.
    pub port: Port,
}

/// A running emulator; dropping it ends it and the Lambda functions it runs.
pub struct Emulator {
    process: Process,
    port: Port,
    state_dir: PathBuf,
    python: python::Environment,
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator")
            .field("endpoint", &self.endpoint())
            .field("state_dir", &self.state_dir)
            .finish_non_exhaustive()
    }
}

impl Emulator {
    /// Starts it and waits until it answers. The first start on a machine installs its Python packages.
    ///
    /// # Errors
    ///
    /// When Python is missing or too old (says how to get it), its packages cannot be installed, or the emulator
    /// does not answer within 60 s; each with the last lines of the log.
    pub async fn start(options: Options) -> Result<Self> {
        let python = python::ensure().await?;
        let Options { state_dir, port } = options;
        std::fs::create_dir_all(&state_dir)
            .with_context(|| format!("cannot create {}", state_dir.display()))?;
        let state_dir = state_dir.canonicalize()?;
        records::keep(Of::Aws, &state_dir.join(CALLS))?;
        let process = Spec::new(
            "the AWS emulator",
            python.program(),
            state_dir.join("emulator.log"),
        )
        .args([
            "-B",
            "-m",
            "emulator",
            "--port",
            &port.number().to_string(),
            "--account",
            ACCOUNT,
        ])
        .args(["--region", REGION, "--state-dir"])
        .arg(&state_dir)
        .clean_env()
        // Python finds the package `emulator` in the folder it runs in.
        .folder(env!("CARGO_MANIFEST_DIR"))
        .start()?;
        let mut emulator = Self {
            process,
            port,
            state_dir,
            python,
        };
        let control = emulator.control();
        emulator
            .process
            .ready(START_LIMIT, async || control.health().await)
            .await?;
        Ok(emulator)
    }

    /// `http://127.0.0.1:<port>`, for every service.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The loopback port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port.number()
    }

    /// An SDK configuration of the account's root user. Nothing of the process environment or `~/.aws` is read.
    #[must_use]
    pub fn sdk_config(&self) -> SdkConfig {
        self.sdk_config_as(Credentials::new(ROOT_KEY, ROOT_KEY, None, None, "platform"))
    }

    /// The same in another region.
    #[must_use]
    pub fn sdk_config_in(&self, region: &'static str) -> SdkConfig {
        let region = Region::from_static(region);
        self.sdk_config().into_builder().region(region).build()
    }

    /// The same for other credentials, for example a role's session.
    #[must_use]
    pub fn sdk_config_as(&self, credentials: Credentials) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static(REGION))
            .endpoint_url(self.endpoint())
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(RetryConfig::standard().with_max_attempts(2))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT_TIMEOUT)
                    .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                    .build(),
            )
            .build()
    }

    /// What no AWS call can say: placing facts that in AWS come from inside.
    #[must_use]
    pub fn control(&self) -> control::Control {
        control::Control::new(self.port.number())
    }

    /// Signed calls to services for which the workspace has no SDK crate, as the root user.
    #[must_use]
    pub fn api(&self) -> api::Api {
        api::Api::as_root(self.port.number())
    }

    /// Every AWS call made so far, and those to come.
    #[must_use]
    pub fn recorder(&self) -> Recorder {
        Recorder::new(self.state_dir.join(CALLS))
    }

    /// Which service is reached where.
    #[must_use]
    pub fn placement(&self) -> Placement {
        Placement::new(self.endpoint())
    }

    /// The Python of the emulator, which also packs functions.
    #[must_use]
    pub const fn python(&self) -> &python::Environment {
        &self.python
    }

    /// The process, to see that it lives and to read its log.
    pub const fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Ends it, and the functions it runs.
    pub fn stop(self) {
        drop(self);
    }
}
