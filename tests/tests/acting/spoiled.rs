//! Calls that are refused or overtaken while the function acts.

use anyhow::{Context as _, Result, ensure};
use day2_platform::faults::{Fault, Gate, Rule};
use day2_platform::sandbox::Sandbox;

use super::kill::When;
use super::stand::{BEFORE, RAISE, RAISED, SOON, Stand, came_to, comes_again, slow};

pub(super) async fn without_a_journal_nothing_is_changed_d15(
    stand: &mut Stand,
    sandbox: &mut Sandbox,
) -> Result<()> {
    stand.as_before().await?;
    let mark = stand.faults.mark();
    stand.faults.add(Rule::new("dynamodb:*", Fault::Throttle));
    let outcome = sandbox.invoke(slow()?).await?;
    stand.faults.clear();
    let told = comes_again(outcome)?;
    ensure!(told.contains("dynamodb:"), "{told}");
    let read = stand.faults.since(mark);
    for action in ["autoscaling:DescribeAutoScalingGroups", "kubernetes:list pods"] {
        ensure!(read.iter().any(|call| call.action() == action), "no {action}");
    }
    let wrote = stand.faults.writes_since(mark);
    for call in &wrote {
        ensure!(
            matches!(call.call.service.as_str(), "s3" | "sns"),
            "{} was written without a journal",
            call.action()
        );
    }
    ensure!(stand.accepted(mark, "sns:Publish") == 1, "nobody was told");
    ensure!(stand.desired().await? == BEFORE, "{}", stand.desired().await?);
    Ok(())
}

pub(super) async fn a_busy_group_is_asked_again_w15(stand: &mut Stand, sandbox: &mut Sandbox) -> Result<()> {
    stand.as_before().await?;
    let mark = stand.faults.mark();
    let busy = Fault::named("ResourceInUseException", 409, "another update is in progress");
    stand.faults.add(Rule::new(RAISE, busy).times(2));
    let outcome = stand.deliver(sandbox, slow()?).await?;
    stand.faults.clear();
    ensure!(came_to(outcome.clone())? == "applied", "{outcome:?}");
    let mut asked = stand.faults.since(mark);
    asked.retain(|call| call.action() == RAISE);
    let statuses: Vec<Option<u16>> = asked.iter().map(|call| call.status).collect();
    ensure!(statuses == [Some(409), Some(409), Some(200)], "{statuses:?}");
    ensure!(stand.desired().await? == RAISED, "{}", stand.desired().await?);
    stand.one_open_lease().await
}

/// Held is the very last call before the write, whichever that is.
pub(super) async fn what_somebody_raised_meanwhile_is_not_lowered_w14(
    stand: &mut Stand,
    sandbox: &mut Sandbox,
) -> Result<()> {
    const BY_SOMEBODY: i32 = 14;
    stand.as_before().await?;
    let mark = stand.faults.mark();
    let outcome = stand.deliver(sandbox, slow()?).await?;
    ensure!(came_to(outcome.clone())? == "applied", "{outcome:?}");
    let calls = stand.faults.since(mark);
    let write = calls.iter().position(|call| call.action() == RAISE);
    let before = calls.get(..write.context("no raise")?).unwrap_or_default();
    let last = before.last().context("nothing before the raise")?.action();
    let number = before.iter().filter(|call| call.action() == last).count();

    stand.as_before().await?;
    let mark = stand.faults.mark();
    let held = Gate::new();
    let rule = Rule::new(&last, Fault::HoldBefore(held.clone()));
    stand.faults.add(rule.nth(u64::try_from(number)?));
    let pending = sandbox.send(slow()?)?;
    held.reached(SOON).await?;
    stand.somebody_sets(BY_SOMEBODY).await?;
    stand.world.follow_launches().await?;
    held.release();
    let outcome = sandbox.outcome(pending).await?;
    stand.faults.clear();
    let desired = stand.desired().await?;
    ensure!(
        desired == BY_SOMEBODY,
        "{BY_SOMEBODY} were set by somebody, now {desired} ({last} was held): {outcome:?}"
    );
    ensure!(came_to(outcome.clone())? == "applied", "{outcome:?}");
    ensure!(stand.accepted(mark, RAISE) == 0, "raised although it was enough");
    Ok(())
}

/// Auto Scaling tells the size from before the raise for as long as it takes, and the run that raised is dead: the next
/// delivery goes on with the raise that was written down, and adds nothing to it.
pub(super) async fn a_size_that_shows_late_is_not_raised_a_second_time_d12(
    stand: &mut Stand,
    first: Sandbox,
) -> Result<Sandbox> {
    stand.as_before().await?;
    let mark = stand.faults.mark();
    let event = slow()?;
    let mut second = Sandbox::start(&stand.provisioning).await?;
    let old = Rule::new("autoscaling:DescribeAutoScalingGroups", Fault::Stale);
    stand.faults.add(old);
    stand
        .killed_at(first, event.clone(), (When::After, RAISE, 1))
        .await?;
    stand.world.follow_launches().await?;
    stand.journal.let_claims_end().await?;
    ensure!(stand.desired().await? == RAISED, "{}", stand.desired().await?);

    let asked = Gate::new();
    stand
        .faults
        .add(Rule::new(RAISE, Fault::HoldAfter(asked.clone())));
    let pending = second.send(event)?;
    asked.reached(SOON).await?;
    let desired = stand.desired().await?;
    ensure!(
        desired == RAISED,
        "{desired} nodes, after a look that showed {BEFORE}"
    );
    // Now it shows.
    stand.faults.clear();
    asked.release();
    let outcome = second.outcome(pending).await?;
    ensure!(came_to(outcome.clone())? == "applied", "{outcome:?}");
    ensure!(stand.desired().await? == RAISED, "{}", stand.desired().await?);
    ensure!(
        stand.accepted(mark, RAISE) == 2,
        "the second did not go by what it saw"
    );
    stand.one_open_lease().await?;
    Ok(second)
}
