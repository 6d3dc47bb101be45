//! The real binaries of the functions that act, as processes, behind fronts that spoil or hold their calls: killed at
//! every write, called twice at once, throttled, refused. Real `DynamoDB` conditions, a real API server and its RBAC. One
//! seeded platform for all claims, without Terraform, which `world.rs` proves.

pub(crate) mod access;
mod at_once;
mod connections;
pub(crate) mod journal;
mod kill;
mod restart;
mod revert;
mod spoiled;
pub(crate) mod stand;

use anyhow::Result;
use day2_platform::sandbox::Sandbox;
use tokio::time::Instant;

use stand::{Stand, noticed};

#[tokio::test]
async fn what_acts_acts_once_whatever_happens_to_it() -> Result<()> {
    let mut stand = Stand::new().await?;
    let begun = stand.faults.mark();
    // They must wait for a minute before they count; the database's part takes longer than that.
    stand.workspaces_wait().await?;
    let waiting_since = Instant::now();

    connections::all(&mut stand).await?;
    let after_connections = stand.faults.mark();
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
    let mut first = revert::all(&mut stand, first).await?;
    restart::a_broken_provisioner_is_restarted(&mut stand, &mut first).await?;

    let all = stand.faults.since(begun);
    let of_connections = all.len() - stand.faults.since(after_connections).len();
    let (connections, provisioning) = all.split_at(of_connections);
    access::granted_is_used_and_used_is_granted("connection-exhaustion", connections)?;
    access::granted_is_used_and_used_is_granted("provisioning-latency", provisioning)
}
