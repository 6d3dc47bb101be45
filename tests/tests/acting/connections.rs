//! The database: killed around its one write, refused for a while, without a journal; and a client that leaks.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use aws_sdk_rds::types::ServerlessV2ScalingConfiguration;
use day2_platform::aws::control::DatabaseInstance;
use day2_platform::clock;
use day2_platform::faults::{Fault, Gate, Mark, Rule};
use day2_platform::sandbox::{Event, Outcome, Sandbox};
use day2_platform::world::alarms::connections_alarm;
use day2_platform::world::database::{READER, WRITER};
use day2_platform::world::plan::TARGET;
use day2_platform::world::workloads::CLIENT;
use serde_json::json;

use super::journal::Lease;
use super::kill::{When, around_the_changes};
use super::restart::PATCH;
use super::shown::{in_observe_no_sample_changes_anything_o11, is_what_was_done_o11, observed_o11};
use super::stand::{CONNECTION_EXHAUSTION, LONG, Stand, alarm, came_to, comes_again, writes};

const MODIFY: &str = "rds:ModifyDBCluster";
/// Maximum of the capacity range before, in ACU.
const BEFORE: f64 = 16.0;
/// Connections of the writer, one count a minute: 16 ACU allow 3,360.
const RISING: [f64; 6] = [2_350.0, 2_500.0, 2_650.0, 2_800.0, 2_950.0, 3_100.0];

pub(super) async fn all(stand: &mut Stand) -> Result<()> {
    let state = stand.world.connections(WRITER, &RISING).await?;
    ensure!(state == "ALARM", "the alarm is {state}");
    let mut sandbox = Sandbox::start(&stand.connections).await?;
    let observing = stand.observing_connections.clone();
    let ringing = connections_alarm(WRITER);
    let samples = (CONNECTION_EXHAUSTION, "prod-a-1-connections", ringing.as_str());
    in_observe_no_sample_changes_anything_o11(stand, &observing, samples).await?;
    as_before(stand).await?;
    let shown = observed_o11(stand, &observing, rising()?).await?;
    let mark = stand.faults.mark();
    let outcome = sandbox.invoke(rising()?).await?;
    is_what_was_done_o11(&shown, outcome)?;
    let lease = stand.journal.leases().await?.pop().context("no lease")?;
    let (_, raised) = range(stand).await?;
    ensure!(raised > BEFORE, "{raised} ACU");
    let mut places = around_the_changes(&writes(&stand.faults.since(mark)))?;
    ensure!(places.len() == 3, "{places:?}");
    places.push(("sns:Publish".to_owned(), 1));
    for (action, number) in places {
        sandbox = killed_d12(stand, sandbox, raised, (When::After, &action, number))
            .await
            .with_context(|| format!("killed after {action} no. {number}"))?;
    }
    a_cluster_that_is_being_changed_is_left_for_the_next_delivery_w06(stand, &mut sandbox, raised).await?;
    without_a_journal_nothing_is_changed_d15(stand, &mut sandbox).await?;
    a_leaking_client(stand).await?;
    taken_back(stand, sandbox, (raised, &lease)).await
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
    somebody_sets(stand, BEFORE).await?;
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

/// Sets the maximum of the range, as a person does.
async fn somebody_sets(stand: &Stand, max: f64) -> Result<()> {
    let range = ServerlessV2ScalingConfiguration::builder()
        .min_capacity(1.0)
        .max_capacity(max)
        .build();
    let modify = stand.rds.modify_db_cluster().db_cluster_identifier(TARGET);
    modify.serverless_v2_scaling_configuration(range).send().await?;
    Ok(())
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
async fn a_leaking_client(stand: &mut Stand) -> Result<()> {
    as_before(stand).await?;
    let shown = observed_o11(stand, &stand.observing_leak, rising()?).await?;
    let mark = stand.faults.mark();
    let mut sandbox = Sandbox::start(&stand.leaking).await?;
    let event = rising()?;
    let outcome = restarting(stand, &mut sandbox, event.clone()).await?;
    is_what_was_done_o11(&shown, outcome)?;
    let places = around_the_changes(&writes(&stand.faults.since(mark)))?;
    ensure!(places.len() == 3, "{places:?}");
    let again = sandbox.invoke(event).await?;
    ensure!(came_to(again.clone())? == "already_done", "{again:?}");
    restarted_once(stand, mark).await?;
    for (action, number) in places {
        sandbox = restart_killed_d12(stand, sandbox, (When::After, &action, number))
            .await
            .with_context(|| format!("restart killed after {action} no. {number}"))?;
    }
    Ok(())
}

/// One delivery. Once the client restarts, what it held is gone.
async fn restarting(stand: &Stand, sandbox: &mut Sandbox, event: Event) -> Result<Outcome> {
    let restarted = Gate::new();
    let rule = stand
        .faults
        .add(Rule::new(PATCH, Fault::HoldAfter(restarted.clone())));
    let pending = sandbox.send(event)?;
    let outcome = {
        let mut ended = std::pin::pin!(sandbox.outcome(pending));
        tokio::select! {
            outcome = &mut ended => outcome,
            reached = restarted.reached(LONG) => {
                reached?;
                stand.world.connections(WRITER, &[]).await?;
                restarted.release();
                ended.await
            }
        }
    };
    stand.faults.remove(rule);
    outcome
}

async fn restarted_once(stand: &Stand, mark: Mark) -> Result<()> {
    ensure!(stand.accepted(mark, PATCH) == 1, "not restarted exactly once");
    ensure!(stand.accepted(mark, MODIFY) == 0, "the capacity was changed too");
    is(stand, BEFORE).await?;
    // It stays, and nothing is to be taken back.
    stand.one_lease("closed").await
}

async fn restart_killed_d12(stand: &mut Stand, first: Sandbox, at: (When, &str, u64)) -> Result<Sandbox> {
    as_before(stand).await?;
    stand.rolled_out(CLIENT).await?;
    let state = stand.world.connections(WRITER, &RISING).await?;
    ensure!(state == "ALARM", "the alarm is {state}");
    let mark = stand.faults.mark();
    let mut second = Sandbox::start(&stand.leaking).await?;
    let event = rising()?;
    stand.killed_at(first, event.clone(), at).await?;
    if stand.accepted(mark, PATCH) > 0 {
        // The next delivery takes one short look at what the first has begun.
        stand.rolled_out(CLIENT).await?;
        early_in_a_minute().await;
        stand.world.connections(WRITER, &[]).await?;
    }
    stand.journal.let_claims_end().await?;
    let outcome = restarting(stand, &mut second, event).await?;
    ensure!(came_to(outcome.clone())? == "applied", "{outcome:?}");
    let mails = stand.accepted(mark, "sns:Publish");
    ensure!((1..=2).contains(&mails), "{mails} mails");
    restarted_once(stand, mark).await?;
    Ok(second)
}

/// An alarm is judged by whole minutes. What falls at the end of one is OK a moment later, before the next delivery has looked.
async fn early_in_a_minute() {
    let passed = clock::now().as_second().rem_euclid(60);
    if passed > 40 {
        tokio::time::sleep(Duration::from_secs((61 - passed).unsigned_abs())).await;
    }
}

/// The rush is over, and the raise goes back: once, wherever the function is killed.
async fn taken_back(stand: &mut Stand, mut sandbox: Sandbox, (raised, lease): (f64, &Lease)) -> Result<()> {
    stand.world.connections(WRITER, &[]).await?;
    was_raised(stand, raised, lease).await?;
    let mark = stand.faults.mark();
    let outcome = sandbox.invoke(revert(lease)).await?;
    ensure!(came_to(outcome.clone())? == "reverted", "{outcome:?}");
    is_back_once(stand, mark).await?;
    let places = around_the_changes(&writes(&stand.faults.since(mark)))?;
    for (action, number) in places {
        was_raised(stand, raised, lease).await?;
        let mark = stand.faults.mark();
        let mut second = Sandbox::start(&stand.connections).await?;
        let at = (When::After, action.as_str(), number);
        stand.killed_at(sandbox, revert(lease), at).await?;
        stand.journal.let_claims_end().await?;
        let outcome = second.invoke(revert(lease)).await?;
        let word = came_to(outcome.clone())?;
        ensure!(
            matches!(word.as_str(), "reverted" | "nothing_to_do"),
            "killed after {action} no. {number}: {outcome:?}"
        );
        is_back_once(stand, mark)
            .await
            .with_context(|| format!("killed after {action} no. {number}: {outcome:?}"))?;
        sandbox = second;
    }
    Ok(())
}

fn revert(lease: &Lease) -> Event {
    Event::new(json!({"task": "revert", "lease": lease.id}).to_string()).time_left(LONG)
}

/// Raised, and the change remembered that did it.
async fn was_raised(stand: &Stand, raised: f64, lease: &Lease) -> Result<()> {
    as_before(stand).await?;
    somebody_sets(stand, raised).await?;
    stand.journal.remember(lease).await
}

async fn is_back_once(stand: &Stand, mark: Mark) -> Result<()> {
    is(stand, BEFORE).await?;
    ensure!(stand.accepted(mark, MODIFY) == 1, "not lowered exactly once");
    let mails = stand.accepted(mark, "sns:Publish");
    ensure!((1..=2).contains(&mails), "{mails} mails");
    stand.one_lease("reverted").await
}
