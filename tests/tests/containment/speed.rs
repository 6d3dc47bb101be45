//! How far the isolation is from the event: exchanges that wait for each other, counted by what overlapped what.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use day2_platform::faults::{Fault, Gate, Rule};
use day2_platform::sandbox::Sandbox;

use super::id;
use super::stand::{LONG, Mode, Stand, outcome_of};
use crate::chain::longest;

/// What a caller of real APIs waits for each answer.
const REAL: Duration = Duration::from_millis(20);

/// Long enough that a busy machine does not make one out of what was begun together.
const SLOW: Duration = Duration::from_millis(200);

/// Exchanges that may wait for each other: first looks, owner, its owner beside the claim, record, isolation, and one to spare.
const MOST: usize = 6;

/// Warm, and every exchange takes its time. The time itself is printed and not judged: the machine has other work.
pub(super) async fn the_pod_is_isolated_after_at_most_six_exchanges_that_wait_for_each_other(
    stand: &mut Stand,
) -> Result<()> {
    let mut sandbox = Sandbox::start(&stand.launch(Mode::Auto)).await?;
    let warming = stand.finding(&stand.miner.others[0], &id(71)).await?;
    let answer = sandbox.invoke(warming).await?.answer()?;
    ensure!(outcome_of(&answer) == "applied", "{answer:#}");
    for (number, exchange) in [(72, SLOW), (73, REAL)] {
        let (depth, took) = isolated(stand, &mut sandbox, number, exchange).await?;
        eprintln!(
            "isolated after {depth} exchanges of {exchange:?} in {took:?}; 1.3 times six are {:?}",
            exchange * 78 / 10
        );
        ensure!(exchange == REAL || depth <= MOST, "{depth} exchanges");
        stand.as_before().await?;
    }
    Ok(())
}

/// Exchanges that waited for each other until the pod had label and policy, and the time until the policy was there.
async fn isolated(
    stand: &Stand,
    sandbox: &mut Sandbox,
    number: u32,
    exchange: Duration,
) -> Result<(usize, Duration)> {
    let event = stand.finding(&stand.miner.pod, &id(number)).await?;
    let mark = stand.faults.mark();
    stand.faults.add(Rule::new("*", Fault::Delay(exchange)));
    let created = Gate::new();
    let policy = "kubernetes:create networkpolicies";
    stand
        .faults
        .add(Rule::new(policy, Fault::HoldAfter(created.clone())));
    let begun = Instant::now();
    let pending = sandbox.send(event)?;
    created.reached(LONG).await?;
    let took = begun.elapsed();
    created.release();
    let answer = sandbox.outcome(pending).await?.answer()?;
    ensure!(outcome_of(&answer) == "applied", "{answer:#}");
    let calls = stand.faults.since(mark);
    let depth = |action: &str| {
        let call = calls.iter().find(|call| call.action() == action);
        let call = call.with_context(|| format!("no {action}"))?;
        Ok::<_, anyhow::Error>(longest(&calls, call))
    };
    Ok((depth(policy)?.max(depth("kubernetes:patch pods")?), took))
}
