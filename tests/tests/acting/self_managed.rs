//! A group that was made without EKS: Auto Scaling sets its size.

use anyhow::{Result, ensure};
use day2_platform::sandbox::Sandbox;
use day2_platform::world::plan::TARGET;

use super::stand::{RAISE, RAISED, Stand, came_to, slow};

const SET: &str = "autoscaling:SetDesiredCapacity";

pub(super) async fn a_group_without_eks_is_raised_by_auto_scaling(
    stand: &mut Stand,
    sandbox: &mut Sandbox,
) -> Result<()> {
    stand.as_before().await?;
    let group = stand.world.plan().workspace_group();
    stand.control().forget_node_group(TARGET, group.name).await?;
    let mark = stand.faults.mark();
    let event = slow()?;
    let outcome = stand.deliver_to(sandbox, event.clone(), SET).await?;
    ensure!(came_to(outcome.clone())? == "applied", "{outcome:?}");
    let again = sandbox.invoke(event).await?;
    ensure!(came_to(again.clone())? == "already_done", "{again:?}");
    ensure!(stand.desired().await? == RAISED, "{}", stand.desired().await?);
    ensure!(stand.accepted(mark, SET) == 1, "not raised once");
    ensure!(stand.accepted(mark, RAISE) == 0, "EKS knows nothing of the group");
    stand.one_open_lease().await?;
    let name = group.auto_scaling_group();
    stand
        .control()
        .adopt_node_group(TARGET, group.name, &name, group.instance_type)
        .await
}
