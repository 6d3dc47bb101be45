//! Several deliveries at once, and those that died: one changes the target at a time.

use std::time::Duration;

use anyhow::{Result, ensure};
use day2_platform::faults::{Fault, Gate, Rule};
use day2_platform::sandbox::{Event, Outcome, Sandbox};
use day2_platform::wait::wait_until;

use super::kill::When;
use super::stand::{
    LONG, PROVISIONING_LATENCY, RAISE, RAISED, SECOND_ALARM, SOON, Stand, alarm, came_to, comes_again, slow,
};

/// What is written before the change: where the first is held, so that the second comes while it acts.
const REMEMBERED: &str = "dynamodb:PutItem";

impl Stand {
    /// The first delivery is held with the lock; the second is made meanwhile; then the first goes on.
    async fn while_the_first_acts(
        &mut self,
        first: (&mut Sandbox, Event),
        second: (&mut Sandbox, Event),
    ) -> Result<(Outcome, Outcome)> {
        let (held, raised) = (Gate::new(), Gate::new());
        self.faults
            .add(Rule::new(REMEMBERED, Fault::HoldBefore(held.clone())));
        self.faults
            .add(Rule::new(RAISE, Fault::HoldAfter(raised.clone())));
        let pending = first.0.send(first.1)?;
        held.reached(SOON).await?;
        let of_second = second.0.invoke(second.1).await?;
        held.release();
        raised.reached(SOON).await?;
        self.nodes_join(&raised).await?;
        let of_first = first.0.outcome(pending).await?;
        self.faults.clear();
        Ok((of_first, of_second))
    }
}

pub(super) async fn the_same_alarm_twice_d02(
    stand: &mut Stand,
    first: &mut Sandbox,
    second: &mut Sandbox,
) -> Result<()> {
    stand.as_before().await?;
    let mark = stand.faults.mark();
    let event = slow()?;
    let (of_first, of_second) = stand
        .while_the_first_acts((first, event.clone()), (second, event.clone()))
        .await?;
    let refused = comes_again(of_second)?;
    ensure!(refused.contains("in progress elsewhere"), "{refused}");
    ensure!(came_to(of_first.clone())? == "applied", "{of_first:?}");
    // Lambda delivers the refused one again.
    let again = second.invoke(event).await?;
    ensure!(came_to(again.clone())? == "already_done", "{again:?}");
    ensure!(stand.desired().await? == RAISED, "{}", stand.desired().await?);
    ensure!(stand.accepted(mark, RAISE) == 1, "raised more than once");
    ensure!(stand.accepted(mark, "sns:Publish") == 1, "not one mail");
    stand.one_open_lease().await
}

pub(super) async fn two_alarms_of_one_target_d11(
    stand: &mut Stand,
    first: &mut Sandbox,
    second: &mut Sandbox,
) -> Result<()> {
    stand.as_before().await?;
    let mark = stand.faults.mark();
    let other = Event::new(alarm(PROVISIONING_LATENCY, SECOND_ALARM)?).time_left(LONG);
    let (of_first, of_second) = stand
        .while_the_first_acts((first, slow()?), (second, other.clone()))
        .await?;
    let refused = comes_again(of_second)?;
    ensure!(refused.contains("a change of prod-a"), "{refused}");
    ensure!(came_to(of_first.clone())? == "applied", "{of_first:?}");
    let again = second.invoke(other).await?;
    ensure!(came_to(again.clone())? == "suppressed", "{again:?}");
    ensure!(
        stand.desired().await? == RAISED,
        "the sum: {}",
        stand.desired().await?
    );
    ensure!(stand.accepted(mark, RAISE) == 1, "raised more than once");
    stand.one_open_lease().await
}

/// In real time: the lock of a killed run is waited for as long as it could have lived, and no longer.
pub(super) async fn a_dead_holder_is_waited_for_d14(
    stand: &mut Stand,
    first: Sandbox,
    second: &mut Sandbox,
) -> Result<Sandbox> {
    stand.as_before().await?;
    let mark = stand.faults.mark();
    let payload = alarm(PROVISIONING_LATENCY, SECOND_ALARM)?;
    let short = Event::new(payload.clone()).time_left(Duration::from_secs(30));
    let mut third = Sandbox::start(&stand.provisioning).await?;
    // The first update is the claim, the second the lock.
    stand
        .killed_at(first, short, (When::After, "dynamodb:UpdateItem", 2))
        .await?;
    let same = comes_again(second.invoke(Event::new(payload).time_left(LONG)).await?)?;
    ensure!(same.contains("in progress elsewhere"), "{same}");
    let event = slow()?;
    let other = comes_again(third.invoke(event.clone()).await?)?;
    ensure!(other.contains("a change of prod-a"), "{other}");
    ensure!(
        stand.accepted(mark, RAISE) == 0,
        "raised under the lock of another"
    );
    let word = wait_until(
        Duration::from_mins(2),
        "the lock of the dead one ends",
        async || came_to(stand.deliver(&mut third, event.clone()).await?),
    )
    .await?;
    ensure!(word == "applied", "{word}");
    ensure!(stand.desired().await? == RAISED, "{}", stand.desired().await?);
    ensure!(stand.accepted(mark, RAISE) == 1, "raised more than once");
    Ok(third)
}
