//! The real binaries of the functions that act, as processes, behind fronts that spoil or hold their calls: killed at
//! every write, called twice at once, throttled, refused. Real `DynamoDB` conditions, a real API server and its RBAC. One
//! seeded platform for all claims, without Terraform, which `world.rs` proves.

mod at_once;
mod connections;
pub(crate) mod journal;
pub(crate) mod kill;
mod restart;
mod revert;
mod self_managed;
mod shown;
mod spoiled;
pub(crate) mod stand;

use anyhow::Result;
use day2_platform::sandbox::Sandbox;
use day2_platform::world::alarms::PROVISIONING;
use tokio::time::Instant;

use stand::{PROVISIONING_LATENCY, Stand, noticed};

#[tokio::test]
async fn what_acts_acts_once_whatever_happens_to_it() -> Result<()> {
    let mut stand = Stand::new().await?;
    // They must wait for a minute before they count; the database's part takes longer than that.
    stand.workspaces_wait().await?;
    let waiting_since = Instant::now();

    connections::all(&mut stand).await?;
    noticed(waiting_since).await;

    let first = Sandbox::start(&stand.provisioning).await?;
    let mut first = kill::at_every_write_d12(&mut stand, first).await?;
    let mut second = Sandbox::start(&stand.provisioning).await?;
    at_once::the_same_alarm_twice_d02(&mut stand, &mut first, &mut second).await?;
    at_once::two_alarms_of_one_target_d11(&mut stand, &mut first, &mut second).await?;
    let mut first = at_once::a_dead_holder_is_waited_for_d14(&mut stand, first, &mut second).await?;
    spoiled::without_a_journal_nothing_is_changed_d15(&mut stand, &mut first).await?;
    spoiled::a_busy_group_is_asked_again_w15(&mut stand, &mut first).await?;
    spoiled::what_somebody_raised_meanwhile_is_not_lowered_w14(&mut stand, &mut first).await?;
    let mut first =
        spoiled::a_size_that_shows_late_is_not_raised_a_second_time_d12(&mut stand, first).await?;
    shown::what_observe_shows_is_what_auto_does_o11(&mut stand, &mut first).await?;
    let samples = (PROVISIONING_LATENCY, "prod-a-provisioning-p95", PROVISIONING);
    let observing = stand.observing_provisioning.clone();
    stand.as_before().await?;
    shown::in_observe_no_sample_changes_anything_o11(&stand, &observing, samples).await?;
    self_managed::a_group_without_eks_is_raised_by_auto_scaling(&mut stand, &mut first).await?;
    let first = revert::all(&mut stand, first).await?;
    restart::all(&mut stand, first).await?;
    Ok(())
}
