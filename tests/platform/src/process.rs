//! Child processes that cannot outlive us.
//!
//! Each child runs below a small `sh` that holds the reading end of a pipe. The writing end is ours alone, so
//! the pipe closes when we close it and also when we die in any way, SIGKILL included; then the shell ends the
//! child and everything in its process group. (`PR_SET_PDEATHSIG` would need unsafe code, and is Linux only.)

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::wait::wait_until;

/// The shell around each child; says itself how it works.
const KEEPER: &str = include_str!("process/keeper.sh");

/// How long an ended group may take to disappear, beyond the grace of its child.
const LINGER: Duration = Duration::from_secs(3);
/// Lines of the log shown in errors.
const TAIL_LINES: usize = 12;
/// Bytes of the log read for [`TAIL_LINES`].
const TAIL_BYTES: u64 = 8_192;

/// What to start, and how.
#[derive(Debug, Clone)]
pub struct Spec {
    name: String,
    program: PathBuf,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    clean: bool,
    folder: Option<PathBuf>,
    log: PathBuf,
    grace: Duration,
}

impl Spec {
    /// A child called `name` in messages; what it prints is appended to the file `log`.
    pub fn new(name: impl Into<String>, program: impl Into<PathBuf>, log: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            clean: false,
            folder: None,
            log: log.into(),
            grace: Duration::ZERO,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args
            .extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets an environment variable of the child.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env
            .push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// The child inherits only `PATH`, `HOME` and `TMPDIR`, so that a person's AWS or Kubernetes settings,
    /// proxies and the like do not reach it.
    #[must_use]
    pub const fn clean_env(mut self) -> Self {
        self.clean = true;
        self
    }

    /// Runs the child in `folder`.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Time between SIGTERM and SIGKILL when it is stopped (steps of 0.1 s). Default: none, because most
    /// parts of the platform have nothing worth saving.
    #[must_use]
    pub const fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Starts it. Whether it works shows later: see [`Process::ready`] and [`Process::alive`].
    ///
    /// # Errors
    ///
    /// When the log cannot be written or no process can be started.
    pub fn start(self) -> Result<Process> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", KEEPER])
            .arg(format!("keeper-of-{}", self.name))
            .arg((self.grace.as_millis() / 100).to_string())
            .arg(&self.log)
            .arg(&self.program)
            .args(&self.args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(open_log(&self.log)?)
            // Ctrl-C in a terminal goes to the whole foreground group: ours, which then decides the order.
            .process_group(0);
        if self.clean {
            command.env_clear();
            for name in ["PATH", "HOME", "TMPDIR"] {
                command.envs(std::env::var_os(name).map(|value| (name, value)));
            }
        }
        command.envs(self.env);
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot start {}", self.name))?;
        let pipe = child.stdin.take();
        Ok(Process {
            name: self.name,
            log: self.log,
            grace: self.grace,
            child,
            pipe,
            status: None,
        })
    }
}

fn open_log(path: &Path) -> Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    File::options()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("cannot write the log {}", path.display()))
}

/// A running child. Dropping it ends the child and all of its process group, and waits until that is done.
#[derive(Debug)]
pub struct Process {
    name: String,
    log: PathBuf,
    grace: Duration,
    child: Child,
    /// Our end of the pipe; closing it is the order to stop.
    pipe: Option<ChildStdin>,
    status: Option<i32>,
}

impl Process {
    /// The name given in [`Spec::new`].
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it writes what it prints.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The process group; children of the child belong to it unless they leave on purpose.
    #[must_use]
    pub fn group(&self) -> u32 {
        self.child.id()
    }

    /// The most memory that the child has had at once, in bytes (`VmHWM` of proc(5), so Linux only).
    ///
    /// # Errors
    ///
    /// When it has ended, or the system does not tell.
    pub fn peak_memory(&self) -> Result<u64> {
        let keeper = self.group();
        let children = std::fs::read_to_string(format!("/proc/{keeper}/task/{keeper}/children"))?;
        let shell = std::fs::read_link(format!("/proc/{keeper}/exe"))?;
        let is_shell =
            |pid: &&str| std::fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe == shell);
        let child = children.split_whitespace().find(|pid| !is_shell(pid));
        let child = child.with_context(|| format!("{} has no process", self.name))?;
        let status = std::fs::read_to_string(format!("/proc/{child}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        Ok(kibibytes.context("no VmHWM")? * 1_024)
    }

    /// The exit status once the child has ended, as a shell gives it (128 + signal when killed).
    ///
    /// # Errors
    ///
    /// When the operating system does not tell.
    pub fn ended(&mut self) -> Result<Option<i32>> {
        if self.status.is_none() && self.child.try_wait()?.is_some() {
            self.end_group();
            let mut word = String::new();
            if let Some(mut pipe) = self.child.stdout.take() {
                pipe.read_to_string(&mut word)?;
            }
            // No word: the shell itself was killed from outside.
            self.status = Some(word.trim().parse().unwrap_or(128 + 9));
        }
        Ok(self.status)
    }

    /// An error with the last lines of the log if it has ended, whatever its status.
    ///
    /// # Errors
    ///
    /// As said.
    pub fn alive(&mut self) -> Result<()> {
        match self.ended()? {
            None => Ok(()),
            Some(status) => bail!("{} ended with status {status}{}", self.name, self.tail()),
        }
    }

    /// Asks `probe` until it answers `Ok`.
    ///
    /// # Errors
    ///
    /// At once when the process ends, and after `within` otherwise; both with the last lines of the log.
    pub async fn ready(
        &mut self,
        within: Duration,
        mut probe: impl AsyncFnMut() -> Result<()>,
    ) -> Result<()> {
        let what = format!("{} answers", self.name);
        let outcome = wait_until(within, &what, async || match self.alive() {
            Ok(()) => probe().await.map(|()| Ok(())),
            Err(dead) => Ok(Err(dead)),
        })
        .await;
        match outcome {
            Ok(result) => result,
            Err(error) => {
                let error = format!("{error:#}");
                Err(anyhow!("{error}{}", self.tail()))
            }
        }
    }

    /// Waits until it ends by itself and gives its status.
    ///
    /// # Errors
    ///
    /// When it does not end in time.
    pub async fn finished(&mut self, within: Duration) -> Result<i32> {
        let what = format!("{} is finished", self.name);
        wait_until(within, &what, async || self.ended()?.context("it still runs")).await
    }

    /// Gives the order to stop without waiting; dropping then waits. For stopping several at the same time.
    pub fn close(&mut self) {
        self.pipe = None;
    }

    /// Ends it by SIGKILL, and all of its process group, without any word of warning; returns when it is gone.
    ///
    /// # Errors
    ///
    /// When the operating system does not tell that it is gone.
    pub fn kill(&mut self) -> Result<()> {
        if self.ended()?.is_none() {
            self.end_group();
            self.child.wait()?;
            self.ended()?;
        }
        Ok(())
    }

    /// The last lines of its log, ready to be put behind an error.
    #[must_use]
    pub fn tail(&self) -> String {
        let lines = tail(&self.log).unwrap_or_else(|error| vec![format!("(unreadable: {error})")]);
        format!(
            "\nlast lines of {}:\n  {}",
            self.log.display(),
            lines.join("\n  ")
        )
    }

    fn end_group(&self) {
        // ESRCH is the normal answer: the group has ended by itself.
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.close();
        let deadline = Instant::now() + self.grace + LINGER;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
        if self.status.is_none() {
            self.end_group();
            let _ = self.child.wait();
        }
    }
}

fn tail(path: &Path) -> Result<Vec<String>> {
    let mut file = File::open(path)?;
    let start = file.metadata()?.len().saturating_sub(TAIL_BYTES);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    Ok(lines
        .into_iter()
        .rev()
        .take(TAIL_LINES)
        .rev()
        .map(str::to_owned)
        .collect())
}

#[cfg(test)]
mod tests;
