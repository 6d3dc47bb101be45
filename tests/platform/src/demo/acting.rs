//! The second act: functions that change something. An alarm rings, a plan is mailed, somebody approves it by the line
//! in the mail, the change is made and seen, and when its time is over what is empty goes back.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::console::Console;
use super::stage::{MAIL_LIMIT, Stage};
use crate::deploy::Deployment;
use crate::deploy::mailbox::Mail;
use crate::wait::wait_until;
use crate::world::database::WRITER;
use crate::world::plan::TARGET;
use crate::world::troubles::CLIMBING_CONNECTIONS;

/// How many workspaces find no node. At night ten nodes are there, and one step is at most half of them.
const WAITING: usize = 5;
/// How many of them are still in use when the nodes are to go back.
const STAYING: usize = 2;
/// 95 of 100 workspaces take so long, in seconds; the runbook wants two minutes.
const SLOW_SECONDS: f64 = 240.0;
/// A pod that waits for less than a minute is not counted by the settings' default.
const UNNOTICED: Duration = Duration::from_secs(65);
/// What the world waits between two looks for new instances.
const LOOK: Duration = Duration::from_millis(500);

/// Plays both alarms.
pub(super) async fn second_act(
    stage: &mut Stage<'_>,
    deployment: &Deployment,
    console: &Console,
) -> Result<()> {
    console.step(&format!(
        "{WAITING} workspaces find no node; for the first minute that is nobody's business"
    ));
    stage.world.workspaces_pending(WAITING).await?;
    let waiting_since = tokio::time::Instant::now();
    let acu = stage.max_acu().await?;
    connections_run_out(stage, console).await?;
    tokio::time::sleep_until(waiting_since + UNNOTICED).await;
    slow_provisioning(stage, deployment, console).await?;
    stage.acu_are(acu).await?;
    console.good(&format!(
        "the maximum of the database is {acu} ACU again: what it used in the last hour fits into that"
    ));
    Ok(())
}

async fn slow_provisioning(stage: &mut Stage<'_>, deployment: &Deployment, console: &Console) -> Result<()> {
    let group = stage.world.plan().workspace_group();
    console.step(&format!(
        "the workspaces still wait, and 95 of 100 take {SLOW_SECONDS} s: the metric raises the alarm"
    ));
    let before = stage.desired(&group.auto_scaling_group()).await?;
    let said = stage.world.provisioning_is_slow(SLOW_SECONDS).await?;
    ensure!(said == "ALARM", "the alarm is {said}");
    let planned = stage.mail("PLANNED provisioning-latency").await?;
    console.mail(&planned);
    ensure!(
        stage.desired(&group.auto_scaling_group()).await? == before,
        "a plan that waits has changed something"
    );

    let line = approving_line(&planned)?;
    console.step("somebody approves it by the line in the mail:");
    console.note(&line);
    let answer = launching(stage, &line).await?;
    ensure!(is_applied(&answer), "the approved run answers {answer}");
    let applied = stage.mail("APPLIED provisioning-latency").await?;
    console.mail(&applied);
    ensure!(
        applied.subject.ends_with(", verified"),
        "not verified: {}",
        applied.subject
    );
    let raised = stage.desired(&group.auto_scaling_group()).await?;
    ensure!(
        raised > before,
        "{before} nodes were to become more, there are {raised}"
    );
    console.good(&format!("{before} -> {raised} nodes, all of them Ready"));

    console.step("the rush is over, and so is the time of the change");
    stage.world.workspaces_close(WAITING - STAYING).await?;
    stage.world.provisioning_is_fast().await?;
    stage.end_leases().await?;
    let sweeper = deployment.function("lease-sweeper")?;
    stage.fire_in(sweeper.schedules()?, "sweep").await?;
    // The subject of the database's says so much that it has no room for the name of the function.
    let both = ["REVERTED provisioning-latency", "REVERTED prod-a: prod-a-1 used"];
    let [nodes, database] = stage.mails(both).await?;
    console.mail(&nodes);
    console.mail(&database);
    let back = stage.desired(&group.auto_scaling_group()).await?;
    let staying = i32::try_from(STAYING)?;
    ensure!(
        back == before + staying,
        "of {raised} nodes {back} are wanted; {before} were there before, and {staying} of the new ones are in use"
    );
    ensure!(
        nodes.body.contains("LEFT"),
        "the mail does not say what is left:\n{}",
        nodes.body
    );
    stage.world.follow_launches().await?;
    stage.world.no_workspaces_pending().await?;
    console.good(&format!(
        "what was empty went back: {raised} -> {back} nodes; the mail says what is left to the next scheduled action"
    ));
    Ok(())
}

async fn connections_run_out(stage: &mut Stage<'_>, console: &Console) -> Result<()> {
    console.step("connections of the writer climb by 150 a minute, and 16 ACU allow 3,360");
    let before = stage.max_acu().await?;
    let said = stage.world.connections(WRITER, &CLIMBING_CONNECTIONS).await?;
    ensure!(said == "ALARM", "the alarm is {said}");
    let planned = stage.mail("PLANNED connection-exhaustion").await?;
    console.mail(&planned);
    ensure!(
        planned.body.contains("reboot"),
        "the mail does not say that connections rise only after a reboot"
    );

    let line = approving_line(&planned)?;
    console.step("somebody approves it by the line in the mail:");
    console.note(&line);
    let answer = stage.shell(&line).await?;
    ensure!(is_applied(&answer), "the approved run answers {answer}");
    let applied = stage.mail("APPLIED connection-exhaustion").await?;
    console.mail(&applied);
    let after = stage.max_acu().await?;
    ensure!(
        after > before,
        "{before} ACU were to become more, there are {after}"
    );
    console.good(&format!(
        "{before} -> {after} ACU at most, and the mail says what that does not do"
    ));
    stage.world.connections(WRITER, &[]).await?;
    Ok(())
}

/// Whether a function's answer says that its plan was carried out.
pub(super) fn is_applied(answer: &Value) -> bool {
    answer.get("outcome").and_then(Value::as_str) == Some("applied")
}

/// Runs the line while the world does what a cloud does: instances that are launched become nodes.
async fn launching(stage: &mut Stage<'_>, line: &str) -> Result<Value> {
    let (world, shell) = stage.parts(line);
    let mut shell = std::pin::pin!(shell);
    loop {
        tokio::select! {
            answer = &mut shell => return answer,
            () = tokio::time::sleep(LOOK) => {
                world.follow_launches().await?;
            }
        }
    }
}

/// The line of a mail that approves its plan, as it is copied: from `echo` to the end of the command.
pub(super) fn approving_line(mail: &Mail) -> Result<String> {
    let mut lines = mail.body.lines().map(str::trim_end);
    let first = lines
        .by_ref()
        .find(|line| line.trim_start().starts_with("echo '") && line.contains("\"approve\""))
        .context("the mail has no line that approves")?;
    let mut command = vec![first.trim_start()];
    while command.last().is_some_and(|line| line.ends_with('\\')) {
        command.push(
            lines
                .next()
                .context("the line that approves is cut")?
                .trim_start(),
        );
    }
    Ok(command.join("\n"))
}

impl Stage<'_> {
    /// Desired capacity of an Auto Scaling group.
    async fn desired(&self, group: &str) -> Result<i32> {
        let client = aws_sdk_autoscaling::Client::new(&self.emulator().sdk_config());
        let seen = client
            .describe_auto_scaling_groups()
            .auto_scaling_group_names(group)
            .send()
            .await?;
        let group = seen.auto_scaling_groups().first();
        group
            .and_then(aws_sdk_autoscaling::types::AutoScalingGroup::desired_capacity)
            .context("the group has no desired capacity")
    }

    /// Maximum of the database cluster's range, in ACU.
    async fn max_acu(&self) -> Result<f64> {
        let client = aws_sdk_rds::Client::new(&self.emulator().sdk_config());
        let seen = client
            .describe_db_clusters()
            .db_cluster_identifier(TARGET)
            .send()
            .await?;
        let range = seen
            .db_clusters()
            .first()
            .and_then(|cluster| cluster.serverless_v2_scaling_configuration());
        range
            .and_then(aws_sdk_rds::types::ServerlessV2ScalingConfigurationInfo::max_capacity)
            .context("the cluster has no range")
    }

    /// Waits until the maximum of the database is so: the sweeper asks one owner after the other.
    async fn acu_are(&self, wanted: f64) -> Result<()> {
        let what = "the raised maximum of the database goes back";
        let back = wait_until(MAIL_LIMIT, what, async || {
            let seen = self.max_acu().await?;
            let is_back = (seen - wanted).abs() < f64::EPSILON;
            ensure!(is_back, "it is {seen} ACU, and {wanted} were there before");
            Ok(())
        });
        match back.await {
            Ok(()) => Ok(()),
            Err(error) => Err(error.context(self.logs().await)),
        }
    }

    /// Lets the time of every temporary change end now: the demo does not wait for two hours.
    async fn end_leases(&self) -> Result<()> {
        let client = aws_sdk_dynamodb::Client::new(&self.emulator().sdk_config());
        let rows = client
            .query()
            .table_name(&self.journal)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(format!("lease#{TARGET}")))
            .send()
            .await?;
        let now = Timestamp::from_second(crate::clock::now().as_second())?;
        for mut row in rows.items.context("no list of leases")? {
            let text = row.get("lease").and_then(|value| value.as_s().ok());
            let mut lease: Value = serde_json::from_str(text.context("a lease is no text")?)?;
            let Some(end) = lease.get_mut("expires_at").filter(|end| !end.is_null()) else {
                continue;
            };
            *end = json!(now);
            row.insert("lease".to_owned(), AttributeValue::S(lease.to_string()));
            client
                .put_item()
                .table_name(&self.journal)
                .set_item(Some(row))
                .send()
                .await?;
        }
        Ok(())
    }

    /// Fires a schedule and waits for the mail whose subject has these words; other mails of the run are passed over.
    pub(super) async fn fire_and_wait(&mut self, group: &str, task: &str, words: &str) -> Result<Mail> {
        self.fire_in(group, task).await?;
        self.mail(words).await
    }

    /// Fires a schedule.
    async fn fire_in(&mut self, group: &str, task: &str) -> Result<()> {
        let at = self.next_second()?;
        let control = self.emulator().control();
        control
            .fire_schedule(group, &format!("{task}-{TARGET}"), at)
            .await?;
        Ok(())
    }

    /// The next mail whose subject has these words; others that come before it are passed over.
    pub(super) async fn mail(&mut self, words: &str) -> Result<Mail> {
        let [mail] = self.mails([words]).await?;
        Ok(mail)
    }

    /// The next mails whose subjects have these words, in whatever order they come; others are passed over. Each has its time.
    async fn mails<const N: usize>(&mut self, words: [&str; N]) -> Result<[Mail; N]> {
        let mut ends = tokio::time::Instant::now() + MAIL_LIMIT;
        let mut found = words.map(|words| (words, None));
        let mut others = String::new();
        while let Some(missing) = found
            .iter()
            .find_map(|(words, mail)| mail.is_none().then_some(*words))
        {
            let left = ends.saturating_duration_since(tokio::time::Instant::now());
            let mail = match self.mailbox.next(left).await {
                Ok(mail) => mail,
                Err(error) => {
                    let logs = self.logs().await;
                    return Err(
                        error.context(format!("no mail says {missing}; others were\n{others}\n{logs}"))
                    );
                }
            };
            let wanted = found
                .iter_mut()
                .find(|(words, seen)| seen.is_none() && mail.subject.contains(*words));
            match wanted {
                Some((_, place)) => {
                    *place = Some(mail);
                    ends = tokio::time::Instant::now() + MAIL_LIMIT;
                }
                None => others = format!("{others}{}\n{}\n", mail.subject, mail.body),
            }
        }
        let found: Vec<Mail> = found.into_iter().filter_map(|(_, mail)| mail).collect();
        found.try_into().map_err(|_| anyhow::anyhow!("a mail is missing"))
    }
}
