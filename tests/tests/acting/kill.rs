//! Killed after each write of a run, and the same event again: it ends as if nothing had happened (`cases.md` D12).
//!
//! Between one write and the next there are only reads, so that to die before a write is to have died after the one before it:
//! only the first write needs both. The places are taken from a run that nothing disturbs, and not from a list.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use day2_platform::faults::{Fault, Gate, Rule};
use day2_platform::sandbox::{Event, Outcome, Sandbox};

use super::stand::{RAISE, RAISED, SOON, Stand, came_to, is_our_own, slow, writes};

/// A run that takes longer renews its claim, every 15 seconds, and has writes that a quicker one has not.
pub(crate) const UNRENEWED: Duration = Duration::from_secs(14);

/// A write of a run that nothing disturbs: its action, and which call of that action it is.
pub(super) type Write = (String, u64);

/// Where a run is killed.
#[derive(Debug, Clone, Copy)]
pub(super) enum When {
    Before,
    After,
}

/// The writes after which a kill leaves something half done: every change, what is remembered right before the first, and
/// what is noted right after the last. What is around them is the runner's own, and the same for every plan.
pub(super) fn around_the_changes(writes: &[Write]) -> Result<Vec<Write>> {
    let changes = |(action, _): &Write| !is_our_own(action);
    let first = writes.iter().position(changes).context("nothing was changed")?;
    let last = writes.iter().rposition(changes).context("nothing was changed")?;
    let around = writes.get(first.saturating_sub(1)..=last + 1);
    Ok(around
        .with_context(|| format!("nothing is noted after {writes:?}"))?
        .to_vec())
}

impl Stand {
    /// Delivers and kills at the `number`th call of `action`. The sandbox is used up.
    pub(super) async fn killed_at(
        &mut self,
        mut sandbox: Sandbox,
        event: Event,
        (when, action, number): (When, &str, u64),
    ) -> Result<()> {
        let (held, raised) = (Gate::new(), Gate::new());
        let fault = match when {
            When::Before => Fault::HoldBefore(held.clone()),
            When::After => Fault::HoldAfter(held.clone()),
        };
        let rules = [
            self.faults.add(Rule::new(action, fault).nth(number)),
            self.faults
                .add(Rule::new(RAISE, Fault::HoldAfter(raised.clone()))),
        ];
        let pending = sandbox.send(event)?;
        let reached = async {
            tokio::select! {
                reached = held.reached(SOON) => reached,
                reached = raised.reached(SOON) => {
                    reached?;
                    self.nodes_join(&raised).await?;
                    held.reached(SOON).await
                }
            }
        };
        tokio::select! {
            reached = reached => reached?,
            ended = sandbox.outcome(pending.clone()) => bail!("it ended before that: {ended:?}"),
        }
        sandbox.kill()?;
        let outcome = sandbox.outcome(pending).await?;
        ensure!(outcome == Outcome::Died(137), "it was not held: {outcome:?}");
        for rule in rules {
            self.faults.remove(rule);
        }
        Ok(())
    }
}

/// Gives a sandbox that is warm.
pub(super) async fn at_every_write_d12(stand: &mut Stand, mut sandbox: Sandbox) -> Result<Sandbox> {
    let writes = undisturbed(stand, &mut sandbox).await?;
    ensure!(writes.len() >= 10, "only {writes:?}");
    ensure!(
        writes.iter().filter(|(action, _)| action == RAISE).count() == 1,
        "{writes:?}"
    );

    let first = writes.first().into_iter().map(|write| (When::Before, write));
    for (when, (action, number)) in first.chain(writes.iter().map(|write| (When::After, write))) {
        sandbox = once(stand, sandbox, (when, action, *number))
            .await
            .with_context(|| format!("killed {when:?} {action} no. {number}"))?;
    }
    Ok(sandbox)
}

/// The writes of a run that nothing disturbs, and that was quick enough to renew nothing.
async fn undisturbed(stand: &mut Stand, sandbox: &mut Sandbox) -> Result<Vec<Write>> {
    for _ in 0..3 {
        stand.as_before().await?;
        let (mark, begun) = (stand.faults.mark(), Instant::now());
        let outcome = stand.deliver(sandbox, slow()?).await?;
        ensure!(came_to(outcome.clone())? == "applied", "{outcome:?}");
        ensure!(stand.desired().await? == RAISED, "{}", stand.desired().await?);
        stand.one_open_lease().await?;
        if begun.elapsed() < UNRENEWED {
            return Ok(writes(&stand.faults.since(mark)));
        }
    }
    bail!("three runs in a row took longer than {UNRENEWED:?}")
}

/// One kill, one redelivery.
async fn once(stand: &mut Stand, first: Sandbox, at: (When, &str, u64)) -> Result<Sandbox> {
    stand.as_before().await?;
    let mark = stand.faults.mark();
    let event = slow()?;
    let mut second = Sandbox::start(&stand.provisioning).await?;
    stand.killed_at(first, event.clone(), at).await?;
    // What was launched comes, whoever asked for it and died.
    stand.world.follow_launches().await?;
    stand.journal.let_claims_end().await?;
    let outcome = stand.deliver(&mut second, event).await?;
    let word = came_to(outcome.clone())?;
    ensure!(matches!(word.as_str(), "applied" | "already_done"), "{outcome:?}");
    let desired = stand.desired().await?;
    ensure!(desired == RAISED, "{desired} nodes: {outcome:?}");
    let raises = stand.accepted(mark, RAISE);
    ensure!(raises == 1, "raised {raises} times");
    stand.one_open_lease().await?;
    let mails = stand.accepted(mark, "sns:Publish");
    ensure!((1..=2).contains(&mails), "{mails} mails");
    Ok(second)
}
