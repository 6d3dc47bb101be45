//! The database: killed around its one write, refused for a while, without a journal; and a client that leaks.

use anyhow::{Context as _, Result, ensure};
use aws_sdk_rds::types::ServerlessV2ScalingConfiguration;
use day2_platform::aws::control::DatabaseInstance;
use day2_platform::faults::{Fault, Gate, Rule};
use day2_platform::sandbox::{Event, Sandbox};
use day2_platform::world::alarms::connections_alarm;
use day2_platform::world::database::{READER, WRITER};
use day2_platform::world::plan::TARGET;

use super::kill::When;
use super::stand::{CONNECTION_EXHAUSTION, LONG, SOON, Stand, alarm, came_to, comes_again};

const MODIFY: &str = "rds:ModifyDBCluster";
/// Maximum of the capacity range before, in ACU.
const BEFORE: f64 = 16.0;
/// Connections of the writer, one count a minute: 16 ACU allow 3,360.
const RISING: [f64; 6] = [2_350.0, 2_500.0, 2_650.0, 2_800.0, 2_950.0, 3_100.0];

pub(super) async fn all(stand: &mut Stand) -> Result<()> {
    let state = stand.world.connections(WRITER, &RISING).await?;
    ensure!(state == "ALARM", "the alarm is {state}");
    let mut sandbox = Sandbox::start(&stand.connections).await?;
    as_before(stand).await?;
    let outcome = sandbox.invoke(rising()?).await?;
    ensure!(came_to(outcome.clone())? == "applied", "{outcome:?}");
    let (_, raised) = range(stand).await?;
    ensure!(raised > BEFORE, "{raised} ACU");
    for at in [
        (When::After, "dynamodb:PutItem", 1),
        (When::Before, MODIFY, 1),
        (When::After, MODIFY, 1),
        (When::After, "sns:Publish", 1),
    ] {
        sandbox = killed_d12(stand, sandbox, raised, at)
            .await
            .with_context(|| format!("killed {at:?}"))?;
    }
    a_cluster_that_is_being_changed_is_left_for_the_next_delivery_w06(stand, &mut sandbox, raised).await?;
    without_a_journal_nothing_is_changed_d15(stand, &mut sandbox).await?;
    a_leaking_client_is_restarted_once(stand).await
}

fn rising() -> Result<Event> {
    let payload = alarm(CONNECTION_EXHAUSTION, &connections_alarm(WRITER))?;
    Ok(Event::new(payload).time_left(LONG))
}

/// Minimum and maximum of the capacity range, in ACU.
async fn range(stand: &Stand) -> Result<(f64, f64)> {
    let describe = stand.rds.describe_db_clusters().db_cluster_identifier(TARGET);
    let seen = describe.send().await?;
    let cluster = seen.db_clusters().first().context("no cluster")?;
    let range = cluster
        .serverless_v2_scaling_configuration()
        .context("no capacity range")?;
    let bounds = range.min_capacity().zip(range.max_capacity());
    bounds.context("the range has no bounds")
}

async fn as_before(stand: &Stand) -> Result<()> {
    stand.faults.clear();
    stand.journal.forget().await?;
    let first = ServerlessV2ScalingConfiguration::builder()
        .min_capacity(1.0)
        .max_capacity(BEFORE)
        .build();
    let modify = stand.rds.modify_db_cluster().db_cluster_identifier(TARGET);
    modify.serverless_v2_scaling_configuration(first).send().await?;
    // A change waits for a reboot of each instance; these have been rebooted.
    for instance in [WRITER, READER] {
        let rebooted = DatabaseInstance {
            id: instance.to_owned(),
            parameter_apply_status: Some("in-sync".to_owned()),
            ..DatabaseInstance::default()
        };
        stand.control().place_database_instance(&rebooted).await?;
    }
    is(stand, BEFORE).await
}

async fn is(stand: &Stand, wanted: f64) -> Result<()> {
    let (min, max) = range(stand).await?;
    ensure!((max - wanted).abs() < 0.1, "{max} and not {wanted} ACU");
    ensure!((min - 1.0).abs() < 0.1, "the minimum became {min} ACU");
    Ok(())
}

async fn killed_d12(
    stand: &mut Stand,
    first: Sandbox,
    raised: f64,
    at: (When, &str, u64),
) -> Result<Sandbox> {
    as_before(stand).await?;
    let mark = stand.faults.mark();
    let event = rising()?;
    let mut second = Sandbox::start(&stand.connections).await?;
    stand.killed_at(first, event.clone(), at).await?;
    stand.journal.let_claims_end().await?;
    let outcome = second.invoke(event).await?;
    ensure!(came_to(outcome.clone())? == "applied", "{outcome:?}");
    is(stand, raised).await?;
    ensure!(stand.accepted(mark, MODIFY) == 1, "not changed exactly once");
    let mails = stand.accepted(mark, "sns:Publish");
    ensure!((1..=2).contains(&mails), "{mails} mails");
    stand.one_open_lease().await?;
    Ok(second)
}

async fn a_cluster_that_is_being_changed_is_left_for_the_next_delivery_w06(
    stand: &Stand,
    sandbox: &mut Sandbox,
    raised: f64,
) -> Result<()> {
    as_before(stand).await?;
    let mark = stand.faults.mark();
    let event = rising()?;
    let busy = Fault::named("InvalidDBClusterStateFault", 400, "the cluster is being modified");
    let rule = stand.faults.add(Rule::new(MODIFY, busy));
    let told = comes_again(sandbox.invoke(event.clone()).await?)?;
    ensure!(told.contains("InvalidDBClusterState"), "{told}");
    is(stand, BEFORE).await?;
    ensure!(
        stand.accepted(mark, "sns:Publish") == 0,
        "a mail before it is decided"
    );
    let tried = stand.faults.since(mark);
    let tried = tried.iter().filter(|call| call.action() == MODIFY).count();
    ensure!(tried == 3, "asked {tried} times");
    stand.faults.remove(rule);
    let outcome = sandbox.invoke(event).await?;
    ensure!(came_to(outcome.clone())? == "applied", "{outcome:?}");
    is(stand, raised).await?;
    stand.one_open_lease().await
}

async fn without_a_journal_nothing_is_changed_d15(stand: &Stand, sandbox: &mut Sandbox) -> Result<()> {
    as_before(stand).await?;
    let mark = stand.faults.mark();
    stand.faults.add(Rule::new("dynamodb:*", Fault::Throttle));
    let outcome = sandbox.invoke(rising()?).await?;
    stand.faults.clear();
    let told = comes_again(outcome)?;
    ensure!(told.contains("dynamodb:"), "{told}");
    let read = stand.faults.since(mark);
    ensure!(
        read.iter().any(|call| call.action() == "rds:DescribeDBClusters"),
        "the database was not looked at"
    );
    let wrote = stand.faults.writes_since(mark);
    let other = wrote
        .iter()
        .find(|call| !matches!(call.call.service.as_str(), "s3" | "sns"));
    ensure!(other.is_none(), "{other:?} was written without a journal");
    is(stand, BEFORE).await
}

/// More connections than its pools explain. When it is restarted they fall.
async fn a_leaking_client_is_restarted_once(stand: &mut Stand) -> Result<()> {
    as_before(stand).await?;
    let mark = stand.faults.mark();
    let mut sandbox = Sandbox::start(&stand.leaking).await?;
    let restarted = Gate::new();
    let patch = "kubernetes:patch deployments";
    stand
        .faults
        .add(Rule::new(patch, Fault::HoldAfter(restarted.clone())));
    let event = rising()?;
    let pending = sandbox.send(event.clone())?;
    restarted.reached(SOON).await?;
    stand.world.connections(WRITER, &[]).await?;
    restarted.release();
    let outcome = sandbox.outcome(pending).await?;
    stand.faults.clear();
    ensure!(came_to(outcome.clone())? == "applied", "{outcome:?}");
    let again = sandbox.invoke(event).await?;
    ensure!(came_to(again.clone())? == "already_done", "{again:?}");
    ensure!(stand.accepted(mark, patch) == 1, "not restarted exactly once");
    ensure!(stand.accepted(mark, MODIFY) == 0, "the capacity was changed too");
    is(stand, BEFORE).await
}
