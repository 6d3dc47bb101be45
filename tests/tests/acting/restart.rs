//! A provisioner that does not run is restarted by its own rollout, once, also when the function is killed meanwhile.

use anyhow::{Context as _, Result, ensure};
use day2_platform::sandbox::Sandbox;
use day2_platform::world::workloads::PROVISIONER;

use super::kill::{When, Write, around_the_changes};
use super::shown::{is_what_was_done_o11, observed_o11};
use super::stand::{BEFORE, RAISE, Stand, came_to, slow, writes};

/// The write that restarts.
pub(super) const PATCH: &str = "kubernetes:patch deployments";

/// Gives a sandbox that is warm.
pub(super) async fn all(stand: &mut Stand, mut sandbox: Sandbox) -> Result<Sandbox> {
    let places = a_broken_provisioner_is_restarted(stand, &mut sandbox).await?;
    ensure!(places.len() == 3, "{places:?}");
    for (action, number) in places {
        sandbox = killed_d12(stand, sandbox, (When::After, &action, number))
            .await
            .with_context(|| format!("killed after {action} no. {number}"))?;
    }
    Ok(sandbox)
}

/// It is what was shown before (O11). Gives the writes around the change.
async fn a_broken_provisioner_is_restarted(stand: &mut Stand, sandbox: &mut Sandbox) -> Result<Vec<Write>> {
    stand.as_before().await?;
    stand.world.provisioner_is_broken().await?;
    let shown = observed_o11(stand, &stand.observing_provisioning, slow()?).await?;
    let mark = stand.faults.mark();
    let event = slow()?;
    let outcome = stand.deliver(sandbox, event.clone()).await?;
    is_what_was_done_o11(&shown, outcome)?;
    let again = sandbox.invoke(event).await?;
    ensure!(came_to(again.clone())? == "already_done", "{again:?}");
    ensure!(stand.accepted(mark, PATCH) == 1, "not restarted once");
    ensure!(stand.accepted(mark, RAISE) == 0, "nobody waits for a node");
    ensure!(stand.desired().await? == BEFORE, "{}", stand.desired().await?);
    around_the_changes(&writes(&stand.faults.since(mark)))
}

async fn killed_d12(stand: &mut Stand, first: Sandbox, at: (When, &str, u64)) -> Result<Sandbox> {
    stand.as_before().await?;
    stand.rolled_out(PROVISIONER).await?;
    stand.world.provisioner_is_broken().await?;
    let mark = stand.faults.mark();
    let mut second = Sandbox::start(&stand.provisioning).await?;
    let event = slow()?;
    stand.killed_at(first, event.clone(), at).await?;
    stand.journal.let_claims_end().await?;
    let outcome = second.invoke(event).await?;
    ensure!(came_to(outcome.clone())? == "applied", "{outcome:?}");
    ensure!(
        stand.accepted(mark, PATCH) == 1,
        "not restarted once: {outcome:?}"
    );
    ensure!(stand.accepted(mark, RAISE) == 0, "nobody waits for a node");
    let mails = stand.accepted(mark, "sns:Publish");
    ensure!((1..=2).contains(&mails), "{mails} mails");
    // It stays, and nothing is to be taken back.
    stand.one_lease("closed").await?;
    Ok(second)
}
