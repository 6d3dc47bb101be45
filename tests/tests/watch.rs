//! The watchdog in the deployed world: a schedule that stops is named by mail, and one that comes back is resolved; the
//! watchdog itself that stops rings an alarm. Called by `world.rs`, which has the platform.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use aws_sdk_dynamodb::types::AttributeValue;
use day2_platform::clock;
use day2_platform::demo::Stage;
use day2_platform::deploy::mailbox::{Mail, Mailbox};
use day2_platform::deploy::reports::Report;
use day2_platform::deploy::{Deployment, Function};
use day2_platform::platform::Platform;
use day2_platform::wait::wait_until;
use day2_platform::world::plan::TARGET;
use jiff::{SignedDuration, Timestamp};

const ALARM: &str = "day2-watchdog";
/// What the watchdog looks at: the deployment, by its name.
const OWN: &str = "day2";
const SOON: Duration = Duration::from_mins(1);
const MISSING: &str = "WDG-001";

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

    // A week in which the morning check and the sweeper were silent, and nobody else.
    let silent = ["scale-window/prescale/prod-a", "lease-sweeper/sweep/prod-a"];
    for name in silent {
        watchdog.journal.silent_for_a_week(name).await?;
    }
    let (mail, missing) = watchdog.look(stage).await?;
    ensure!(
        missing.named("FAIL") == BTreeMap::from([(MISSING.to_owned(), names(&silent))]),
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

    // They run again.
    stage.fire("prescale").await?;
    let sweeper = deployment.function("lease-sweeper")?;
    let swept = stage.fire_of(&sweeper, &format!("sweep-{TARGET}")).await?;
    ensure!(swept.subject.contains("lease-sweeper"), "{}", swept.subject);
    for (function, schedule) in [
        ("health-check", format!("morning-{TARGET}")),
        ("evidence-audit", format!("audit-{TARGET}")),
        ("doctor", format!("examine-{OWN}")),
    ] {
        let function = deployment.function(function)?;
        stage.fire_of(&function, &schedule).await?;
    }
    let (mail, well) = watchdog.look(stage).await?;
    ensure!(well.status == "PASS", "{}: {:?}", well.status, well.named("FAIL"));
    ensure!(
        well.resolved().get(MISSING) == Some(&names(&silent)),
        "resolved are {:?}",
        well.resolved()
    );
    ensure!(
        mail.subject.starts_with("[day2] PASS watchdog look day2"),
        "{}",
        mail.subject
    );

    the_watchdog_stops(platform, &operations).await
}

/// Two hours without a heartbeat of the watchdog: its datapoints are gone, as they would be by then.
async fn the_watchdog_stops(platform: &Platform, operations: &Mailbox) -> Result<()> {
    let quiet = |mail: &Mail| mail.subject.starts_with("OK");
    while !quiet(
        &operations
            .next(SOON)
            .await
            .context("the alarm that is quiet tells nobody")?,
    ) {}
    let control = platform.emulator.control();
    let dimensions = [("function", "watchdog"), ("target", OWN), ("task", "look")];
    let dimensions = dimensions.map(|(name, value)| (name.to_owned(), value.to_owned()));
    control
        .forget_metric("Day2", "Heartbeat", &BTreeMap::from(dimensions))
        .await?;
    let state = control.evaluate_alarm(ALARM).await?;
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
        let [function, task, target] = name.split('/').collect::<Vec<_>>()[..] else {
            anyhow::bail!("{name} is no schedule");
        };
        let heartbeat = format!("heartbeat#{function}#{target}#{task}");
        if self.has(&heartbeat, "last").await? {
            let week = ago(7);
            self.set(&heartbeat, "last", &[("at", week), ("scheduled_at", week)])
                .await?;
        }
        Ok(())
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
