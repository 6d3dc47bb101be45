//! Nodes go back: cordon, look, terminate; killed between, refused for a while, refused for ever.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use day2_platform::faults::{Fault, Rule};
use day2_platform::sandbox::{Event, Outcome, Sandbox};
use serde_json::json;

use super::journal::Lease;
use super::kill::{When, around_the_changes};
use super::stand::{BEFORE, RAISED, Stand, came_to, slow, writes};

const TERMINATE: &str = "autoscaling:TerminateInstanceInAutoScalingGroup";
/// Two nodes are begun with half a minute left.
const TIME: Duration = Duration::from_mins(1);

/// Gives a sandbox that is warm.
pub(super) async fn all(stand: &mut Stand, mut first: Sandbox) -> Result<Sandbox> {
    stand.as_before().await?;
    let outcome = stand.deliver(&mut first, slow()?).await?;
    ensure!(came_to(outcome.clone())? == "applied", "{outcome:?}");
    let lease = stand.journal.leases().await?.pop().context("no lease")?;
    // Nobody waits any more, so that what was added is needed no longer.
    stand.world.no_workspaces_pending().await?;

    what_cannot_be_terminated_takes_pods_again(stand, &mut first, &lease).await?;
    a_busy_group_is_asked_again_w15(stand, &mut first, &lease).await?;
    raised(stand, &lease).await?;
    let mark = stand.faults.mark();
    let outcome = first.invoke(revert(&lease)).await?;
    ensure!(came_to(outcome.clone())? == "reverted", "{outcome:?}");
    let places = around_the_changes(&writes(&stand.faults.since(mark)))?;
    let ends = places.iter().filter(|(action, _)| action == TERMINATE).count();
    ensure!(ends == 2 && places.len() >= 5, "{places:?}");
    let mut sandbox = first;
    for (action, number) in places {
        sandbox = killed_d12(stand, sandbox, &lease, (When::After, &action, number))
            .await
            .with_context(|| format!("killed after {action} no. {number}"))?;
    }
    Ok(sandbox)
}

fn revert(lease: &Lease) -> Event {
    Event::new(json!({"task": "revert", "lease": lease.id}).to_string()).time_left(TIME)
}

/// Two empty nodes more than before, and the change that brought them remembered.
async fn raised(stand: &mut Stand, lease: &Lease) -> Result<()> {
    stand.as_before().await?;
    stand.somebody_sets(RAISED).await?;
    stand.world.follow_launches().await?;
    stand.journal.remember(lease).await
}

/// Everything is back, once, and nothing stays cordoned.
async fn gone_back(stand: &mut Stand) -> Result<()> {
    stand.world.follow_launches().await?;
    let desired = stand.desired().await?;
    ensure!(desired == BEFORE, "{desired} nodes");
    let cordoned = stand.world.cordoned_nodes().await?;
    ensure!(cordoned.is_empty(), "{cordoned:?} are still cordoned");
    let leases = stand.journal.leases().await?;
    let states: Vec<&str> = leases.iter().map(|lease| lease.state.as_str()).collect();
    ensure!(states == ["reverted"], "leases are {states:?}");
    Ok(())
}

async fn what_cannot_be_terminated_takes_pods_again(
    stand: &mut Stand,
    sandbox: &mut Sandbox,
    lease: &Lease,
) -> Result<()> {
    raised(stand, lease).await?;
    let mark = stand.faults.mark();
    let busy = Fault::named("ScalingActivityInProgress", 400, "an activity is in progress");
    stand.faults.add(Rule::new(TERMINATE, busy));
    let outcome = sandbox.invoke(revert(lease)).await?;
    stand.faults.clear();
    let told = match &outcome {
        Outcome::Answer(answer) => answer.to_string(),
        Outcome::Error { message, .. } => message.clone(),
        other => anyhow::bail!("{other:?}"),
    };
    ensure!(told.contains("ScalingActivityInProgress"), "{told}");
    ensure!(
        stand.accepted(mark, "kubernetes:patch nodes") == 2,
        "not cordoned and uncordoned: {:?}",
        stand.faults.writes_since(mark)
    );
    let cordoned = stand.world.cordoned_nodes().await?;
    ensure!(cordoned.is_empty(), "{cordoned:?} are still cordoned");
    ensure!(stand.desired().await? == RAISED, "{}", stand.desired().await?);
    // It stays due.
    stand.one_open_lease().await
}

async fn a_busy_group_is_asked_again_w15(
    stand: &mut Stand,
    sandbox: &mut Sandbox,
    lease: &Lease,
) -> Result<()> {
    raised(stand, lease).await?;
    let mark = stand.faults.mark();
    let busy = Fault::named("ScalingActivityInProgress", 400, "an activity is in progress");
    stand.faults.add(Rule::new(TERMINATE, busy).times(2));
    let outcome = sandbox.invoke(revert(lease)).await?;
    stand.faults.clear();
    ensure!(came_to(outcome.clone())? == "reverted", "{outcome:?}");
    ensure!(stand.accepted(mark, TERMINATE) == 2, "not two nodes");
    gone_back(stand).await
}

async fn killed_d12(
    stand: &mut Stand,
    first: Sandbox,
    lease: &Lease,
    at: (When, &str, u64),
) -> Result<Sandbox> {
    raised(stand, lease).await?;
    let mark = stand.faults.mark();
    let mut second = Sandbox::start(&stand.provisioning).await?;
    stand.killed_at(first, revert(lease), at).await?;
    stand.world.follow_launches().await?;
    stand.journal.let_claims_end().await?;
    let outcome = second.invoke(revert(lease)).await?;
    let word = came_to(outcome.clone())?;
    ensure!(
        matches!(word.as_str(), "reverted" | "nothing_to_do"),
        "{outcome:?}"
    );
    let ended = stand.accepted(mark, TERMINATE);
    ensure!(ended == 2, "{ended} were terminated: {outcome:?}");
    let mails = stand.accepted(mark, "sns:Publish");
    ensure!((1..=2).contains(&mails), "{mails} mails");
    gone_back(stand).await?;
    Ok(second)
}
