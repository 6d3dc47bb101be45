//! The deployed product in its world: firing a schedule, reading what it mailed and stored, calling it by hand.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::aws::REGION;
use crate::deploy::mailbox::{Mail, Mailbox};
use crate::deploy::reports::{Bucket, Named, Report};
use crate::deploy::{Deployment, Function, repository};
use crate::platform::Platform;
use crate::process::Spec;
use crate::world::World;
use crate::world::plan::TARGET;

/// A dev-profile function starts in a second and runs for one or two; a busy machine gets the rest.
pub(super) const MAIL_LIMIT: Duration = Duration::from_secs(90);
/// A function that acts looks for the effect for some minutes.
const ACTION_LIMIT: Duration = Duration::from_mins(6);
/// Installing the pinned AWS CLI takes most of it, once.
const TOOLS_LIMIT: Duration = Duration::from_mins(10);
const FUNCTION: &str = "scale-window";

/// World, deployment and mailbox.
#[derive(Debug)]
pub struct Stage<'a> {
    platform: &'a Platform,
    /// The world.
    pub world: World,
    /// The deployed function.
    pub function: Function,
    /// What it mails.
    pub mailbox: Mailbox,
    /// What it stores.
    pub bucket: Bucket,
    /// Name of the journal table.
    pub(super) journal: String,
    /// Log groups of all deployed functions.
    log_groups: Vec<String>,
    fired: i64,
}

/// What one run sent out.
#[derive(Debug)]
pub struct Delivery {
    /// The mail.
    pub mail: Mail,
    /// The stored report.
    pub report: Report,
}

impl<'a> Stage<'a> {
    /// Subscribes a mailbox to the reports.
    ///
    /// # Errors
    ///
    /// When the deployment misses an output, or the mailbox is refused.
    pub async fn new(platform: &'a Platform, world: World, deployment: &Deployment) -> Result<Self> {
        Ok(Self {
            platform,
            world,
            function: deployment.function(FUNCTION)?,
            mailbox: Mailbox::subscribe(&platform.emulator, deployment.output("topic_arn")?).await?,
            bucket: Bucket::new(&platform.emulator, deployment.output("report_bucket")?),
            journal: deployment.output("journal_table")?.to_owned(),
            log_groups: deployment
                .names()
                .iter()
                .map(|name| deployment.function(name).map(|function| function.log_group_name))
                .collect::<Result<_>>()?,
            fired: 0,
        })
    }

    /// The emulator that everything is deployed into.
    pub(super) const fn emulator(&self) -> &'a crate::aws::Emulator {
        &self.platform.emulator
    }

    /// A second in which nothing was fired yet.
    pub(super) fn next_second(&mut self) -> Result<Timestamp> {
        self.fired = crate::clock::now().as_second().max(self.fired + 1);
        Ok(Timestamp::from_second(self.fired)?)
    }

    /// Lets the Scheduler fire a task's schedule now, and waits for mail and report. Each firing has a second of its
    /// own: a report is published once per scheduled time.
    ///
    /// # Errors
    ///
    /// When no mail comes; with the last lines of the function's log.
    pub async fn fire(&mut self, task: &str) -> Result<Delivery> {
        let at = self.next_second()?;
        let schedule = format!("{task}-{TARGET}");
        let control = self.platform.emulator.control();
        control
            .fire_schedule(self.function.schedules()?, &schedule, at)
            .await?;
        let mail = match self.mailbox.next(MAIL_LIMIT).await {
            Ok(mail) => mail,
            Err(error) => return Err(error.context(self.log().await)),
        };
        let report = self.bucket.latest(FUNCTION, TARGET, task).await?;
        Ok(Delivery { mail, report })
    }

    /// Lets the Scheduler fire a schedule of another function now, and waits for its mail.
    ///
    /// # Errors
    ///
    /// When no mail comes; with the last lines of the function's log.
    pub async fn fire_of(&mut self, function: &Function, schedule: &str) -> Result<Mail> {
        let at = self.next_second()?;
        let control = self.platform.emulator.control();
        control.fire_schedule(function.schedules()?, schedule, at).await?;
        self.mail_of(function, schedule).await
    }

    /// Lets the time of a schedule come, as the Scheduler's clock would; gives the mail, or none when the schedule is disabled.
    ///
    /// # Errors
    ///
    /// When it fired and no mail comes; with the last lines of the function's log.
    pub async fn comes_round(&mut self, function: &Function, schedule: &str) -> Result<Option<Mail>> {
        let at = self.next_second()?;
        let control = self.platform.emulator.control();
        if !control
            .schedule_comes_round(function.schedules()?, schedule, at)
            .await?
        {
            return Ok(None);
        }
        self.mail_of(function, schedule).await.map(Some)
    }

    async fn mail_of(&mut self, function: &Function, schedule: &str) -> Result<Mail> {
        match self.mailbox.next(MAIL_LIMIT).await {
            Ok(mail) => Ok(mail),
            Err(error) => {
                let log = self.log_of(&function.log_group_name).await;
                Err(error.context(log).context(format!("{schedule} was fired")))
            }
        }
    }

    /// The line that calls the function by hand, for versions 1 and 2 of the AWS CLI.
    #[must_use]
    pub fn invocation(&self, payload: &str) -> Invocation {
        let answer = self.platform.state_dir().join("run/answer.json");
        let line = format!(
            "echo '{payload}' | aws lambda invoke --function-name {} --region {REGION} --cli-read-timeout 0 \
             --payload fileb:///dev/stdin '{}'",
            self.function.function_name,
            answer.display()
        );
        Invocation { line, answer }
    }

    /// The line that calls any function by hand and prints its answer.
    pub(super) fn line_to(function: &str, payload: &str) -> String {
        format!(
            "echo '{payload}' | aws lambda invoke --function-name {function} --region {REGION} --cli-read-timeout 0 \
             --payload fileb:///dev/stdin /dev/stdout"
        )
    }

    /// A client for the cluster's admin.
    pub(super) fn kube(&self) -> Result<kube::Client> {
        self.platform.cluster.admin_client()
    }

    /// Runs the line with the pinned AWS CLI and gives the function's answer.
    ///
    /// # Errors
    ///
    /// When the CLI cannot be installed or fails, or the function ends in an error.
    pub async fn invoke(&self, line: &Invocation) -> Result<Value> {
        run_line(self.platform, &line.line).await?;
        let text = std::fs::read_to_string(&line.answer).context("the function's answer")?;
        let answer: Value =
            serde_json::from_str(&text).with_context(|| format!("the answer is no JSON: {text}"))?;
        ensure!(
            answer.get("errorMessage").is_none(),
            "the function ended in an error: {answer}"
        );
        Ok(summary(&answer))
    }

    /// Runs a line of a mail with the pinned AWS CLI and gives the function's answer, which the line prints first.
    ///
    /// # Errors
    ///
    /// When the CLI cannot be installed or fails, or the function ends in an error.
    pub(super) async fn shell(&self, line: &str) -> Result<Value> {
        answered(self.platform, line).await
    }

    /// The world, and a call that runs beside it.
    pub(super) fn parts(
        &mut self,
        line: &str,
    ) -> (&mut World, impl Future<Output = Result<Value>> + use<'a>) {
        let (platform, line) = (self.platform, line.to_owned());
        let call = async move { answered(platform, &line).await };
        (&mut self.world, call)
    }

    /// The last lines of the log of every function.
    pub(super) async fn logs(&self) -> String {
        let mut all = Vec::new();
        for group in &self.log_groups {
            all.push(format!("{group}: {}", self.log_of(group).await));
        }
        all.join("\n")
    }

    /// The last lines of the function's log.
    async fn log(&self) -> String {
        self.log_of(&self.function.log_group_name).await
    }

    async fn log_of(&self, group: &str) -> String {
        let request = json!({"logGroupName": group, "limit": 200});
        let answer = self
            .platform
            .emulator
            .api()
            .json("logs", "Logs_20140328.FilterLogEvents", &request)
            .await;
        let lines: Vec<String> = match answer {
            Ok(found) => {
                let events = found
                    .get("events")
                    .and_then(Value::as_array)
                    .cloned()
                    .unwrap_or_default();
                events
                    .iter()
                    .filter_map(|event| event.get("message")?.as_str().map(str::to_owned))
                    .collect()
            }
            Err(error) => vec![error.to_string()],
        };
        let last = lines
            .get(lines.len().saturating_sub(15)..)
            .unwrap_or_default()
            .join("\n  ");
        format!("last lines of the function's log:\n  {last}")
    }
}

/// Runs a line in a shell that has the pinned AWS CLI and knows the platform; gives what it printed.
async fn run_line(platform: &Platform, line: &str) -> Result<String> {
    let logs = platform.state_dir().join("run/cli");
    let tools = aws_cli(&logs.join("tools.log")).await?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(tools).chain(std::env::split_paths(&path)))?;
    let log = logs.join("invoke.log");
    let mut call = Spec::new("aws lambda invoke", "/bin/sh", &log)
        .args(["-c", line])
        .clean_env()
        .env("PATH", path);
    for (name, value) in platform.emulator.placement().shell_variables() {
        call = call.env(name, value);
    }
    let mut call = call.start()?;
    let status = call.finished(ACTION_LIMIT).await?;
    ensure!(
        status == 0,
        "aws lambda invoke ended with status {status}{}",
        call.tail()
    );
    std::fs::read_to_string(&log).context("what the AWS CLI printed")
}

/// The answer of a function to a line that prints it.
async fn answered(platform: &Platform, line: &str) -> Result<Value> {
    let printed = run_line(platform, line).await?;
    let mut documents = serde_json::Deserializer::from_str(&printed).into_iter::<Value>();
    let answer = documents.next().context("nothing was printed")?;
    let answer = answer.with_context(|| format!("the answer is no JSON: {printed}"))?;
    ensure!(
        answer.get("errorMessage").is_none(),
        "the function ended in an error: {answer}"
    );
    Ok(answer)
}

/// A call by the AWS CLI.
#[derive(Debug)]
pub struct Invocation {
    line: String,
    answer: PathBuf,
}

impl Invocation {
    /// The line for a shell.
    #[must_use]
    pub fn line(&self) -> &str {
        &self.line
    }
}

/// The part of an answer that fits on a line.
fn summary(answer: &Value) -> Value {
    let report = answer.pointer("/reports/0").unwrap_or(answer);
    let fields = ["status", "task", "target", "id"];
    let some: serde_json::Map<String, Value> = fields
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), report.get(*name)?.clone())))
        .collect();
    Value::Object(some)
}

/// The folder of the pinned helper programs, which has `aws`.
async fn aws_cli(log: &std::path::Path) -> Result<PathBuf> {
    let mut tools = Spec::new("scripts/tools", repository().join("scripts/tools"), log).start()?;
    let status = tools.finished(TOOLS_LIMIT).await?;
    ensure!(status == 0, "the AWS CLI cannot be installed{}", tools.tail());
    let text = std::fs::read_to_string(log)?;
    let folder = text.lines().last().context("scripts/tools names no folder")?;
    Ok(PathBuf::from(folder))
}

impl Delivery {
    /// The report has this status, and exactly these items failed with exactly these subjects; the mail tells each.
    ///
    /// # Errors
    ///
    /// With both sides when they differ.
    pub fn expect(&self, status: &str, failed: &Named) -> Result<()> {
        let report = &self.report;
        let details: Vec<String> = report
            .items
            .iter()
            .filter(|item| item.verdict != "PASS")
            .map(|item| {
                format!(
                    "{} {} {}: {} {:?}",
                    item.verdict, item.code, item.title, item.seen, item.subjects
                )
            })
            .collect();
        let details = details.join("\n  ");
        ensure!(
            report.status == status,
            "the report says {}, not {status}:\n  {details}",
            report.status
        );
        ensure!(
            report.named("FAIL") == *failed,
            "failed should be {failed:?}; the report says\n  {details}"
        );
        ensure!(
            self.mail.subject.starts_with(&format!("[day2] {status} ")),
            "subject: {}",
            self.mail.subject
        );
        for (code, subjects) in failed {
            for word in subjects.iter().chain([code]) {
                ensure!(
                    self.mail.body.contains(word.as_str()),
                    "the mail does not name {word}:\n{}",
                    self.mail.body
                );
            }
        }
        Ok(())
    }

    /// All of these are resolved.
    ///
    /// # Errors
    ///
    /// With what is not.
    pub fn expect_resolved(&self, before: &Named) -> Result<()> {
        let resolved = self.report.resolved();
        for (code, subjects) in before {
            let now = resolved.get(code).cloned().unwrap_or_default();
            ensure!(
                subjects.is_subset(&now),
                "{code} {subjects:?} is not resolved; resolved are {resolved:?}"
            );
        }
        ensure!(
            self.mail.body.to_lowercase().contains("resolved"),
            "the mail does not say resolved:\n{}",
            self.mail.body
        );
        // Wherever its lines are wrapped.
        let words: Vec<&str> = self.mail.body.split_whitespace().collect();
        ensure!(
            before.is_empty() || words.windows(2).any(|pair| pair == ["(reported", "for"]),
            "the mail does not say for how long:\n{}",
            self.mail.body
        );
        Ok(())
    }
}
