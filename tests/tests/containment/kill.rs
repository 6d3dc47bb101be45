//! Killed before and after each write of a run, and the same event again: the pod ends as isolated as if nothing had
//! happened, nothing is made twice, and no evidence is overwritten (`cases.md` D12).

use anyhow::{Context as _, Result, ensure};
use day2_platform::faults::{Exchange, Fault, Gate, Rule};
use day2_platform::sandbox::{Outcome, Sandbox};

use super::id;
use super::stand::{LONG, Mode, Stand, outcome_of};

#[derive(Debug, Clone, Copy)]
enum When {
    Before,
    After,
}

/// Every accepted write up to the report, as the action and which of its calls it was. Artefacts of the evidence are
/// written at the same time and in no order, so that one of them stands for all.
fn writes(calls: &[Exchange]) -> Vec<(String, u64)> {
    let mut numbers = std::collections::BTreeMap::<String, u64>::new();
    let mut writes = Vec::new();
    for call in calls {
        let number = numbers.entry(call.action()).or_default();
        *number += 1;
        if call.is_write() && (call.action() != "s3:PutObject" || *number == 1) {
            writes.push((call.action(), *number));
        }
    }
    writes
}

pub(super) async fn at_every_write_d12(stand: &mut Stand) -> Result<()> {
    let mut sandbox = Sandbox::start(&stand.launch(Mode::Auto)).await?;
    let pod = stand.miner.pod.clone();
    let event = stand.finding(&pod, &id(100)).await?;
    let mark = stand.faults.mark();
    let answer = sandbox.invoke(event).await?.answer()?;
    ensure!(outcome_of(&answer) == "applied", "{answer:#}");
    let writes = writes(&stand.faults.since(mark));
    ensure!(writes.len() >= 8, "only {writes:?}");
    stand.as_before().await?;
    for (index, (action, number)) in writes.iter().enumerate() {
        for when in [When::Before, When::After] {
            let finding = id(200 + 2 * u32::try_from(index)? + u32::from(matches!(when, When::After)));
            once(stand, &finding, (when, action, *number))
                .await
                .with_context(|| format!("killed {when:?} {action} no. {number}"))?;
        }
    }
    Ok(())
}

async fn once(stand: &mut Stand, finding: &str, (when, action, number): (When, &str, u64)) -> Result<()> {
    let pod = stand.miner.pod.clone();
    let event = stand.finding(&pod, finding).await?;
    let mark = stand.faults.mark();
    let mut first = Sandbox::start(&stand.launch(Mode::Auto)).await?;
    let held = Gate::new();
    let fault = match when {
        When::Before => Fault::HoldBefore(held.clone()),
        When::After => Fault::HoldAfter(held.clone()),
    };
    let rule = stand.faults.add(Rule::new(action, fault).nth(number));
    let pending = first.send(event.clone())?;
    tokio::select! {
        reached = held.reached(LONG) => reached?,
        ended = first.outcome(pending.clone()) => anyhow::bail!("it ended before that: {ended:?}"),
    }
    first.kill()?;
    let outcome = first.outcome(pending).await?;
    ensure!(outcome == Outcome::Died(137), "it was not held: {outcome:?}");
    stand.faults.remove(rule);
    let saved = stand.evidence(&pod.uid).await?;
    stand.journal.let_claims_end().await?;

    let mut second = Sandbox::start(&stand.launch(Mode::Auto)).await?;
    let answer = second.invoke(event).await?.answer()?;
    ensure!(
        matches!(outcome_of(&answer), "applied" | "already_done"),
        "{answer:#}"
    );
    ensure!(stand.labelled().await? == [pod.name.clone()], "not labelled once");
    ensure!(
        stand.selected_by_quarantine(&pod).await? == [pod.name.clone()],
        "not isolated"
    );
    ensure!(
        stand.cordoned().await? == [pod.node.clone()],
        "{:?}",
        stand.cordoned().await?
    );
    for (action, most) in [
        ("kubernetes:create networkpolicies", 1),
        ("kubernetes:patch pods", 1),
        ("kubernetes:patch nodes", 1),
    ] {
        let made = stand.accepted(mark, action);
        ensure!(made == most, "{action}: {made} times");
    }
    let mails = stand.accepted(mark, "sns:Publish");
    ensure!((1..=2).contains(&mails), "{mails} mails");
    let now = stand.evidence(&pod.uid).await?;
    for (key, bytes) in &saved {
        let kept = now.iter().any(|(other, there)| other == key && there == bytes);
        ensure!(kept, "{key} was overwritten");
    }
    stand.as_before().await
}
