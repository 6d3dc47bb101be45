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
            fired: 0,
        })
    }

    /// Lets the Scheduler fire a task's schedule now, and waits for mail and report. Each firing has a second of its
    /// own: a report is published once per scheduled time.
    ///
    /// # Errors
    ///
    /// When no mail comes; with the last lines of the function's log.
    pub async fn fire(&mut self, task: &str) -> Result<Delivery> {
        self.fired = crate::clock::now().as_second().max(self.fired + 1);
        let schedule = format!("{task}-{TARGET}");
        let control = self.platform.emulator.control();
        let at = Timestamp::from_second(self.fired)?;
        control
            .fire_schedule(&self.function.schedule_group_name, &schedule, at)
            .await?;
        let mail = match self.mailbox.next(MAIL_LIMIT).await {
            Ok(mail) => mail,
            Err(error) => return Err(error.context(self.log().await)),
        };
        let report = self.bucket.latest(FUNCTION, TARGET, task).await?;
        Ok(Delivery { mail, report })
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

    /// Runs the line with the pinned AWS CLI and gives the function's answer.
    ///
    /// # Errors
    ///
    /// When the CLI cannot be installed or fails, or the function ends in an error.
    pub async fn invoke(&self, line: &Invocation) -> Result<Value> {
        let logs = self.platform.state_dir().join("run/cli");
        let tools = aws_cli(&logs.join("tools.log")).await?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(std::iter::once(tools).chain(std::env::split_paths(&path)))?;
        let mut call = Spec::new("aws lambda invoke", "/bin/sh", logs.join("invoke.log"))
            .args(["-c", &line.line])
            .clean_env()
            .env("PATH", path);
        for (name, value) in self.platform.emulator.placement().shell_variables() {
            call = call.env(name, value);
        }
        let mut call = call.start()?;
        let status = call.finished(MAIL_LIMIT).await?;
        ensure!(
            status == 0,
            "aws lambda invoke ended with status {status}{}",
            call.tail()
        );
        let text = std::fs::read_to_string(&line.answer).context("the function's answer")?;
        let answer: Value =
            serde_json::from_str(&text).with_context(|| format!("the answer is no JSON: {text}"))?;
        ensure!(
            answer.get("errorMessage").is_none(),
            "the function ended in an error: {answer}"
        );
        Ok(summary(&answer))
    }

    /// The last lines of the function's log.
    async fn log(&self) -> String {
        let request = json!({"logGroupName": self.function.log_group_name, "limit": 200});
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
        Ok(())
    }
}
