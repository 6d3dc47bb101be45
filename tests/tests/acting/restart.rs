//! A provisioner that does not run is restarted by its own rollout.

use anyhow::{Result, ensure};
use day2_platform::sandbox::Sandbox;

use super::stand::{BEFORE, RAISE, Stand, came_to, slow};

pub(super) async fn a_broken_provisioner_is_restarted(
    stand: &mut Stand,
    sandbox: &mut Sandbox,
) -> Result<()> {
    stand.as_before().await?;
    stand.world.provisioner_is_broken().await?;
    let mark = stand.faults.mark();
    let event = slow()?;
    let outcome = stand.deliver(sandbox, event.clone()).await?;
    ensure!(came_to(outcome.clone())? == "applied", "{outcome:?}");
    let again = sandbox.invoke(event).await?;
    ensure!(came_to(again.clone())? == "already_done", "{again:?}");
    ensure!(
        stand.accepted(mark, "kubernetes:patch deployments") == 1,
        "not restarted once"
    );
    ensure!(stand.accepted(mark, RAISE) == 0, "nobody waits for a node");
    ensure!(stand.desired().await? == BEFORE, "{}", stand.desired().await?);
    Ok(())
}
