//! Terraform (or `OpenTofu`) on a root of `tests/platform`, in a folder of the platform's own.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::process::Spec;

const LIMIT: Duration = Duration::from_mins(15);
const TICK: Duration = Duration::from_millis(250);

/// Which root: where it lies in the checkout, and under the folder of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    /// `infra/`: the functions.
    Functions,
    /// `infra/evidence`: bucket and key of the evidence. Nothing destroys it.
    Evidence,
}

impl Root {
    const fn folder(self) -> &'static str {
        match self {
            Self::Functions => "tests/platform/terraform",
            Self::Evidence => "tests/platform/evidence",
        }
    }
}

/// Is told from time to time how far a long step is.
#[derive(Clone)]
pub struct Progress(Arc<dyn Fn(&str) + Send + Sync>);

impl Progress {
    /// Calls `tell`.
    pub fn new(tell: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    /// Says nothing.
    #[must_use]
    pub fn silent() -> Self {
        Self::new(|_| {})
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}

/// One deployment.
#[derive(Debug)]
pub struct Terraform {
    program: PathBuf,
    root: PathBuf,
    logs: PathBuf,
    progress: Progress,
}

impl Terraform {
    /// Prepares the folder of a deployment: a copy of the root, beside links to what it refers to, so that Terraform's
    /// own files stay out of the checkout and two platforms never share them.
    ///
    /// # Errors
    ///
    /// When neither `terraform` nor `tofu` is installed (says how to get one), or the folder cannot be written.
    pub fn new(which: Root, folder: &Path, variables: &Value, progress: Progress) -> Result<Self> {
        let program = program()?;
        let root = folder.join(which.folder());
        std::fs::create_dir_all(&root).with_context(|| format!("cannot create {}", root.display()))?;
        let checkout = super::repository();
        for entry in std::fs::read_dir(checkout.join(which.folder()))? {
            let path = entry?.path();
            if let (Some("tf"), Some(name)) =
                (path.extension().and_then(|end| end.to_str()), path.file_name())
            {
                std::fs::copy(&path, root.join(name))?;
            }
        }
        for linked in ["infra", "functions"] {
            std::os::unix::fs::symlink(checkout.join(linked), folder.join(linked))
                .with_context(|| format!("cannot link {linked} into {}", folder.display()))?;
        }
        std::fs::write(
            root.join("platform.auto.tfvars.json"),
            serde_json::to_vec_pretty(variables)?,
        )?;
        Ok(Self {
            program,
            root,
            logs: folder.to_path_buf(),
            progress,
        })
    }

    /// Installs the provider: from `TF_PLUGIN_DIR` where that is set, else from the registry into a cache that all
    /// platforms share.
    ///
    /// # Errors
    ///
    /// With the last lines of the log.
    pub async fn init(&self) -> Result<()> {
        let mirror = super::plugin_folder(&self.program, &self.logs)?;
        let mut arguments = vec![
            "init".to_owned(),
            "-input=false".to_owned(),
            "-no-color".to_owned(),
        ];
        arguments.extend(mirror.map(|folder| format!("-plugin-dir={}", folder.display())));
        let cache = plugin_cache()?;
        let lock = File::create(cache.join("lock"))?;
        // Installing into the shared cache is not safe for two at once (Terraform CLI, "Provider Plugin Cache").
        while lock.try_lock().is_err() {
            tokio::time::sleep(TICK).await;
        }
        self.run("init", &arguments).await
    }

    /// Deploys.
    ///
    /// # Errors
    ///
    /// With the last lines of the log.
    pub async fn apply(&self) -> Result<()> {
        self.run(
            "apply",
            &["apply", "-auto-approve", "-input=false", "-no-color"].map(str::to_owned),
        )
        .await
    }

    /// Deploys some resources and what they need; [`Terraform::apply`] does the rest.
    ///
    /// # Errors
    ///
    /// With the last lines of the log.
    pub async fn apply_only(&self, resources: &[&str]) -> Result<()> {
        let mut arguments = ["apply", "-auto-approve", "-input=false", "-no-color"]
            .map(str::to_owned)
            .to_vec();
        arguments.extend(resources.iter().map(|resource| format!("-target={resource}")));
        self.run("apply", &arguments).await
    }

    /// Removes everything.
    ///
    /// # Errors
    ///
    /// With the last lines of the log.
    pub async fn destroy(&self) -> Result<()> {
        self.run(
            "destroy",
            &["destroy", "-auto-approve", "-input=false", "-no-color"].map(str::to_owned),
        )
        .await
    }

    /// What another plan would change; nothing when it is empty.
    ///
    /// # Errors
    ///
    /// When the plan cannot be made.
    pub async fn pending_changes(&self) -> Result<Option<String>> {
        let arguments = ["plan", "-detailed-exitcode", "-input=false", "-no-color"].map(str::to_owned);
        match self.status("plan", &arguments).await? {
            (0, _) => Ok(None),
            (2, log) => Ok(Some(std::fs::read_to_string(log)?)),
            (status, log) => bail!("terraform plan ended with status {status}, see {}", log.display()),
        }
    }

    /// The outputs: name → `{value, type}`.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn outputs(&self) -> Result<Value> {
        let (status, log) = self
            .status("output", &["output", "-json", "-no-color"].map(str::to_owned))
            .await?;
        let text = std::fs::read_to_string(log)?;
        ensure!(status == 0, "terraform output: {text}");
        serde_json::from_str(&text).context("the outputs are not JSON")
    }

    async fn run(&self, step: &str, arguments: &[String]) -> Result<()> {
        let (status, log) = self.status(step, arguments).await?;
        if status != 0 {
            let text = std::fs::read_to_string(&log).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            let last = lines
                .get(lines.len().saturating_sub(40)..)
                .unwrap_or_default()
                .join("\n  ");
            bail!(
                "terraform {step} ended with status {status}, see {}\n  {last}",
                log.display()
            );
        }
        Ok(())
    }

    async fn status(&self, step: &str, arguments: &[String]) -> Result<(i32, PathBuf)> {
        let log = self.logs.join(format!("{step}.log"));
        if log.exists() {
            std::fs::remove_file(&log)?;
        }
        let mut process = Spec::new(format!("terraform {step}"), &self.program, &log)
            .args(arguments)
            .folder(&self.root)
            .clean_env()
            // A person's own configuration may name mirrors and credentials that are not meant here.
            .env("TF_CLI_CONFIG_FILE", configuration())
            .env("TF_PLUGIN_CACHE_DIR", plugin_cache()?)
            // There is no lock file to compare with: the folder is new each time.
            .env("TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE", "true")
            .env("TF_IN_AUTOMATION", "1")
            // Terraform and the provider hold the schemas all the time and would walk over them again and again.
            .env("GOGC", "400")
            .env("CHECKPOINT_DISABLE", "1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .start()?;
        let began = std::time::Instant::now();
        let status = loop {
            if let Some(status) = process.ended()? {
                break status;
            }
            ensure!(
                began.elapsed() < LIMIT,
                "terraform {step} is not done after {} s{}",
                LIMIT.as_secs(),
                process.tail()
            );
            (self.progress.0)(&format!("terraform {step}: {}", done(&log)));
            tokio::time::sleep(TICK).await;
        };
        Ok((status, log))
    }
}

/// How many resources are done, by the lines that say so.
fn done(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let count = text
        .lines()
        .filter(|line| line.contains(" complete after "))
        .count();
    format!("{count} resources done")
}

/// A configuration file that a person named, if it is there.
fn configuration() -> String {
    variable("TF_CLI_CONFIG_FILE")
        .filter(|path| Path::new(path).is_file())
        .unwrap_or_else(|| "/dev/null".to_owned())
}

fn plugin_cache() -> Result<PathBuf> {
    let folder = crate::folders::cache()?.join("terraform-plugins");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}

fn variable(name: &str) -> Option<String> {
    std::env::var_os(name)?
        .into_string()
        .ok()
        .filter(|value| !value.is_empty())
}

/// The program on the search path: `terraform`, else `tofu`.
///
/// # Errors
///
/// When there is neither; says how to get one.
pub fn program() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = ["terraform", "tofu"]
        .iter()
        .flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)))
        .find(|program| program.is_file());
    found.context(
        "neither `terraform` nor `tofu` was found, and one of them deploys the functions: get version 1.11 or newer from \
         https://developer.hashicorp.com/terraform/install or https://opentofu.org/docs/intro/install",
    )
}
