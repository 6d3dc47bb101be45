//! The watchdog in the deployed world: a schedule that stops is named by mail, and one that comes back is resolved; the
//! watchdog itself that stops rings an alarm. Called by `world.rs`, which has the platform.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use aws_sdk_dynamodb::types::AttributeValue;
use day2_platform::aws::api::Api;
use day2_platform::clock;
use day2_platform::demo::Stage;
use day2_platform::deploy::mailbox::{Mail, Mailbox};
use day2_platform::deploy::reports::Report;
use day2_platform::deploy::{Deployment, Function};
use day2_platform::platform::Platform;
use day2_platform::wait::wait_until;
use day2_platform::world::plan::TARGET;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const ALARM: &str = "day2-watchdog";
/// What the watchdog looks at: the deployment, by its name.
const OWN: &str = "day2";
const SOON: Duration = Duration::from_mins(1);
const MISSING: &str = "WDG-001";
/// The schedules that somebody stops: one has reported before, the other never.
const STOPPED: [&str; 2] = ["scale-window/prescale/prod-a", "lease-sweeper/sweep/prod-a"];
/// One that nobody stops.
const GOES_ON: &str = "scale-window/scaledown/prod-a";
/// Shorter than `watchdog.silent_hours`, which is 2.
const PATIENCE: SignedDuration = SignedDuration::from_mins(90);
/// Longer than it, by the third that the alarm may take.
const SILENCE: SignedDuration = SignedDuration::from_hours(3);

/// A deployment without schedules that fire: the test fires them, and moves the journal in time instead of waiting for days.
pub(crate) async fn what_is_missing_is_told_o03(
    platform: &Platform,
    stage: &mut Stage<'_>,
    deployment: &Deployment,
) -> Result<()> {
    let watchdog = Watched {
        function: deployment.function("watchdog")?,
        journal: Journal::new(platform, deployment.output("journal_table")?),
    };
    let operations = Mailbox::called(
        "platform-operations",
        &platform.emulator,
        deployment.output("operations_topic_arn")?,
    )
    .await?;
    let control = platform.emulator.control();
    ensure!(
        control.evaluate_alarm(ALARM).await? == "ALARM",
        "nobody has looked yet"
    );

    let (mail, first) = watchdog.look(stage).await?;
    ensure!(
        mail.subject.starts_with("[day2] UNKNOWN watchdog look day2"),
        "{}",
        mail.subject
    );
    // What was fired today is here; what never ran is new.
    ensure!(first.named("FAIL").is_empty(), "{:?}", first.named("FAIL"));
    let new = first.named("UNKNOWN").remove("WDG-002").unwrap_or_default();
    let not_run_yet = [
        "backup-verification/daily/prod-a",
        "backup-verification/weekly/prod-a",
        "doctor/examine/day2",
        "evidence-audit/audit/prod-a",
        "health-check/morning/prod-a",
        "lease-sweeper/sweep/prod-a",
    ];
    ensure!(new == names(&not_run_yet), "new are {new:?}");
    wait_until(SOON, "the alarm is quiet", async || {
        let is = control.evaluate_alarm(ALARM).await?;
        ensure!(is == "OK", "it is {is}");
        Ok(())
    })
    .await?;

    let scheduler = Scheduler(platform.emulator.api());
    scheduler
        .two_are_stopped(stage, deployment, &watchdog.journal)
        .await?;
    let (mail, missing) = watchdog.look(stage).await?;
    ensure!(
        missing.named("FAIL") == BTreeMap::from([(MISSING.to_owned(), names(&STOPPED))]),
        "missing are {:?}",
        missing.named("FAIL")
    );
    ensure!(
        mail.subject.starts_with("[day2] FAIL watchdog look day2"),
        "{}",
        mail.subject
    );
    for words in ["scale-window/prescale/prod-a", "missing since", "never reported"] {
        ensure!(
            mail.body.contains(words),
            "the mail does not say {words}:\n{}",
            mail.body
        );
    }

    scheduler.they_go_on(stage, deployment).await?;
    for (function, schedule) in [
        ("backup-verification", format!("daily-{TARGET}")),
        ("backup-verification", format!("weekly-{TARGET}")),
        ("health-check", format!("morning-{TARGET}")),
        ("evidence-audit", format!("audit-{TARGET}")),
        ("doctor", format!("examine-{OWN}")),
    ] {
        let function = deployment.function(function)?;
        stage.fire_of(&function, &schedule).await?;
    }
    // A mail is out before the journal knows of the report.
    wait_until(SOON, "the doctor's report is recorded", async || {
        let row = heartbeat_of(&format!("doctor/examine/{OWN}"))?;
        ensure!(watchdog.journal.has(&row, "last").await?, "not yet");
        Ok(())
    })
    .await?;
    let (mail, well) = watchdog.look(stage).await?;
    ensure!(well.status == "PASS", "{}: {:?}", well.status, well.named("FAIL"));
    ensure!(
        well.resolved().get(MISSING) == Some(&names(&STOPPED)),
        "resolved are {:?}",
        well.resolved()
    );
    ensure!(
        mail.subject.starts_with("[day2] PASS watchdog look day2"),
        "{}",
        mail.subject
    );

    scheduler.the_watchdog_is_stopped(stage, deployment).await?;
    the_watchdog_is_silent(platform, &operations).await
}

/// Three hours later nobody has heard of the watchdog, which may be silent for two.
async fn the_watchdog_is_silent(platform: &Platform, operations: &Mailbox) -> Result<()> {
    let quiet = |mail: &Mail| mail.subject.starts_with("OK");
    while !quiet(
        &operations
            .next(SOON)
            .await
            .context("the alarm that is quiet tells nobody")?,
    ) {}
    let control = platform.emulator.control();
    let soon = control.evaluate_alarm_later(ALARM, PATIENCE).await?;
    ensure!(soon == "OK", "after {PATIENCE} the alarm is {soon}");
    let state = control.evaluate_alarm_later(ALARM, SILENCE).await?;
    ensure!(state == "ALARM", "the alarm is {state}");
    // Alarms of other functions may become quiet meanwhile, and say so.
    let mut told = operations.next(SOON).await.context("the alarm tells nobody")?;
    while quiet(&told) {
        told = operations.next(SOON).await.context("the alarm tells nobody")?;
    }
    ensure!(
        told.subject.starts_with("ALARM") && told.subject.contains(ALARM),
        "{}",
        told.subject
    );
    while !operations.is_empty().await? {
        let other = operations.next(SOON).await?;
        ensure!(quiet(&other), "another alarm too: {}", other.subject);
    }
    Ok(())
}

fn names(all: &[&str]) -> BTreeSet<String> {
    all.iter().map(|name| (*name).to_owned()).collect()
}

struct Watched {
    function: Function,
    journal: Journal,
}

impl Watched {
    /// Fires the watchdog's schedule; gives its mail and its report.
    async fn look(&self, stage: &mut Stage<'_>) -> Result<(Mail, Report)> {
        let mail = stage.fire_of(&self.function, &format!("look-{OWN}")).await?;
        let report = stage.bucket.latest("watchdog", OWN, "look").await?;
        Ok((mail, report))
    }
}

/// The schedules, as somebody with the right to change them does. A name is `function/task/target`.
struct Scheduler(Api);

impl Scheduler {
    async fn switch(&self, name: &str, on: bool) -> Result<()> {
        let (function, schedule) = schedule_of(name)?;
        let path = format!("/schedules/{schedule}?groupName=day2-{function}");
        let mut document = self.0.rest("scheduler", "GET", &path, &Value::Null).await?;
        document["State"] = json!(if on { "ENABLED" } else { "DISABLED" });
        let path = format!("/schedules/{schedule}");
        self.0.rest("scheduler", "PUT", &path, &document).await.map(drop)
    }

    /// A week passes for three schedules. Two of them are switched off: when their time comes, they fire nothing. The third goes on.
    async fn two_are_stopped(
        &self,
        stage: &mut Stage<'_>,
        deployment: &Deployment,
        journal: &Journal,
    ) -> Result<()> {
        for name in STOPPED.into_iter().chain([GOES_ON]) {
            self.switch(name, name == GOES_ON).await?;
            journal.silent_for_a_week(name).await?;
            let fired = self.comes_round(stage, deployment, name).await?;
            ensure!(fired.is_some() == (name == GOES_ON), "{name} fired: {fired:?}");
        }
        journal.is_heard(GOES_ON).await
    }

    /// They are switched on, and run again when their time comes. Then all are off, as this platform is deployed.
    async fn they_go_on(&self, stage: &mut Stage<'_>, deployment: &Deployment) -> Result<()> {
        for name in STOPPED {
            self.switch(name, true).await?;
            let mail = self.comes_round(stage, deployment, name).await?;
            let mail = mail.with_context(|| format!("{name} is switched on and fires nothing"))?;
            let [function, ..] = parts(name)?;
            ensure!(mail.subject.contains(function), "{}", mail.subject);
        }
        for name in STOPPED.into_iter().chain([GOES_ON]) {
            self.switch(name, false).await?;
        }
        Ok(())
    }

    async fn the_watchdog_is_stopped(&self, stage: &mut Stage<'_>, deployment: &Deployment) -> Result<()> {
        let own = format!("watchdog/look/{OWN}");
        self.switch(&own, false).await?;
        let fired = self.comes_round(stage, deployment, &own).await?;
        ensure!(fired.is_none(), "the watchdog is stopped and fires: {fired:?}");
        Ok(())
    }

    /// Its time comes: the mail, or none if it does not fire.
    async fn comes_round(
        &self,
        stage: &mut Stage<'_>,
        deployment: &Deployment,
        name: &str,
    ) -> Result<Option<Mail>> {
        let (function, schedule) = schedule_of(name)?;
        let function = deployment.function(function)?;
        stage.comes_round(&function, &schedule).await
    }
}

/// Function, task and target of a schedule's name.
fn parts(name: &str) -> Result<[&str; 3]> {
    let parts: Vec<&str> = name.split('/').collect();
    parts
        .try_into()
        .map_err(|_| anyhow::anyhow!("{name} is no schedule"))
}

/// Function, and the name of its schedule.
fn schedule_of(name: &str) -> Result<(&str, String)> {
    let [function, task, target] = parts(name)?;
    Ok((function, format!("{task}-{target}")))
}

/// The journal's row of its last report.
fn heartbeat_of(name: &str) -> Result<String> {
    let [function, task, target] = parts(name)?;
    Ok(format!("heartbeat#{function}#{target}#{task}"))
}

struct Journal {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

impl Journal {
    fn new(platform: &Platform, table: &str) -> Self {
        Self {
            client: aws_sdk_dynamodb::Client::new(&platform.emulator.sdk_config()),
            table: table.to_owned(),
        }
    }

    /// The schedule has been watched for two weeks, and its last report, if it had one, is a week old.
    async fn silent_for_a_week(&self, name: &str) -> Result<()> {
        let ago = |days: i64| clock::now() - SignedDuration::from_hours(24 * days);
        self.set("watched", name, &[("since", ago(14))]).await?;
        let heartbeat = heartbeat_of(name)?;
        if self.has(&heartbeat, "last").await? {
            let week = ago(7);
            self.set(&heartbeat, "last", &[("at", week), ("scheduled_at", week)])
                .await?;
        }
        Ok(())
    }

    /// The journal knows of a report of now; a mail is out before that.
    async fn is_heard(&self, name: &str) -> Result<()> {
        let heartbeat = heartbeat_of(name)?;
        let day_ago = clock::now() - SignedDuration::from_hours(24);
        wait_until(SOON, "the report is recorded", async || {
            let get = self.client.get_item().table_name(&self.table);
            let row = get.set_key(Some(key(&heartbeat, "last"))).send().await?;
            let at = row.item.as_ref().and_then(|row| row.get("at")?.as_n().ok());
            let at: i64 = at.context("no heartbeat")?.parse()?;
            ensure!(at > day_ago.as_second(), "its last report is of {at}");
            Ok(())
        })
        .await
    }

    async fn has(&self, pk: &str, sk: &str) -> Result<bool> {
        let get = self.client.get_item().table_name(&self.table);
        let row = get.set_key(Some(key(pk, sk))).send().await?;
        Ok(row.item.is_some())
    }

    /// Sets times of a row that is there.
    async fn set(&self, pk: &str, sk: &str, times: &[(&str, Timestamp)]) -> Result<()> {
        for (name, at) in times {
            self.client
                .update_item()
                .table_name(&self.table)
                .set_key(Some(key(pk, sk)))
                .condition_expression("attribute_exists(pk)")
                .update_expression("SET #name = :at")
                .expression_attribute_names("#name", *name)
                .expression_attribute_values(":at", AttributeValue::N(at.as_second().to_string()))
                .send()
                .await
                .with_context(|| format!("{name} of {pk} {sk}"))?;
        }
        Ok(())
    }
}

fn key(pk: &str, sk: &str) -> HashMap<String, AttributeValue> {
    let text = |value: &str| AttributeValue::S(value.to_owned());
    HashMap::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))])
}
