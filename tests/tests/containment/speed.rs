//! How far the isolation is from the event: exchanges that wait for each other, counted by what overlapped what.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use day2_platform::faults::{Exchange, Fault, Gate, Rule};
use day2_platform::sandbox::Sandbox;

use super::id;
use super::stand::{LONG, Mode, Stand, outcome_of};

/// What a caller of real APIs waits for each answer.
const REAL: Duration = Duration::from_millis(20);

/// Long enough that a busy machine does not make one out of what was begun together.
const SLOW: Duration = Duration::from_millis(200);

/// Exchanges that may wait for each other: first looks, owner, its owner beside the claim, record, isolation, and one to spare.
const MOST: usize = 6;

/// The most exchanges of which each was answered before the next began, up to this one.
fn chain(calls: &[Exchange], last: &Exchange) -> usize {
    let mut done: Vec<&Exchange> = calls.iter().filter(|call| call.is_before(last)).collect();
    done.sort_by_key(|call| call.answered);
    let mut depths: Vec<usize> = Vec::new();
    for (index, call) in done.iter().enumerate() {
        let earlier = done[..index].iter().zip(&depths);
        let waited = earlier
            .filter(|(one, _)| one.is_before(call))
            .map(|(_, depth)| *depth);
        depths.push(waited.max().unwrap_or(0) + 1);
    }
    depths.into_iter().max().unwrap_or(0) + 1
}

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
        Ok::<_, anyhow::Error>(chain(&calls, call))
    };
    Ok((depth(policy)?.max(depth("kubernetes:patch pods")?), took))
}

#[cfg(test)]
mod tests {
    use day2_platform::faults::Call;

    use super::*;

    fn call(began: u64, answered: u64) -> Exchange {
        Exchange {
            call: Call::named("kubernetes", "get pods", "shop/p"),
            began,
            answered: Some(answered),
            forwarded: true,
            done: Some(200),
            status: Some(200),
            fault: None,
        }
    }

    #[test]
    fn only_what_waited_counts_as_one_more() {
        let together = [call(1, 4), call(2, 5), call(3, 6)];
        assert_eq!(chain(&together, &call(7, 8)), 2);
        let one_by_one = [call(1, 2), call(3, 4), call(5, 6)];
        assert_eq!(chain(&one_by_one, &call(7, 8)), 4);
        // One that still runs is not waited for.
        assert_eq!(chain(&[call(1, 9), call(2, 3)], &call(7, 8)), 2);
    }
}
