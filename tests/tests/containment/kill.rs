//! Killed before and after each write of a run, and the same event again: the pod ends as isolated as if nothing had
//! happened, nothing is made twice, and no evidence is overwritten (`cases.md` D12). The cases are made from the writes of a
//! run that nobody disturbed.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use day2_core::containment::{Containment, MeasureState};
use day2_platform::faults::{Exchange, Fault, Gate, Mark, Rule};
use day2_platform::sandbox::{Event, Outcome, Sandbox};
use day2_platform::world::miner::{DEPLOYMENT, PodId};

use super::id;
use super::sessions;
use super::stand::{LONG, Mode, Stand, outcome_of};
use super::suspects::{Run, Suspect};
use crate::acting::kill::UNRENEWED;

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
    let writes = undisturbed(stand).await?;
    ensure!(writes.len() >= 8, "only {writes:?}");
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

/// The writes of a run that nothing disturbs, and that was quick enough to renew nothing.
async fn undisturbed(stand: &mut Stand) -> Result<Vec<(String, u64)>> {
    let mut sandbox = Sandbox::start(&stand.launch(Mode::Auto)).await?;
    let pod = stand.miner.pod.clone();
    for round in 0..3 {
        let event = stand.finding(&pod, &id(100 + round)).await?;
        let (mark, begun) = (stand.faults.mark(), Instant::now());
        let answer = sandbox.invoke(event).await?.answer()?;
        let took = begun.elapsed();
        ensure!(outcome_of(&answer) == "applied", "{answer:#}");
        let writes = writes(&stand.faults.since(mark));
        stand.as_before().await?;
        if took < UNRENEWED {
            return Ok(writes);
        }
    }
    anyhow::bail!("three runs in a row took longer than {UNRENEWED:?}")
}

/// Delivers, and kills at this write. Gives what was in the evidence at that moment.
async fn killed(
    stand: &Stand,
    (mode, event, pod): (Mode, &Event, &PodId),
    (when, rule): (When, impl FnOnce(Fault) -> Rule),
) -> Result<Vec<(String, Vec<u8>)>> {
    let mut first = Sandbox::start(&stand.launch(mode)).await?;
    let held = Gate::new();
    let fault = match when {
        When::Before => Fault::HoldBefore(held.clone()),
        When::After => Fault::HoldAfter(held.clone()),
    };
    let rule = stand.faults.add(rule(fault));
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
    Ok(saved)
}

async fn nothing_was_overwritten(stand: &Stand, pod: &PodId, saved: &[(String, Vec<u8>)]) -> Result<()> {
    let now = stand.evidence(&pod.uid).await?;
    for (key, bytes) in saved {
        let kept = now.iter().any(|(other, there)| other == key && there == bytes);
        ensure!(kept, "{key} was overwritten");
    }
    Ok(())
}

async fn once(stand: &mut Stand, finding: &str, (when, action, number): (When, &str, u64)) -> Result<()> {
    let pod = stand.miner.pod.clone();
    let event = stand.finding(&pod, finding).await?;
    let mark = stand.faults.mark();
    let rule = |fault| Rule::new(action, fault).nth(number);
    let saved = killed(stand, (Mode::Auto, &event, &pod), (when, rule)).await?;

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
        ("iam:PutRolePolicy", 1),
    ] {
        let made = stand.accepted(mark, action);
        ensure!(made == most, "{action}: {made} times");
    }
    sessions::denied_of(stand, &[(DEPLOYMENT, &pod)]).await?;
    let mails = stand.accepted(mark, "sns:Publish");
    ensure!((1..=2).contains(&mails), "{mails} mails");
    nothing_was_overwritten(stand, &pod, &saved).await?;
    stand.as_before().await
}

/// A write of the end of a workload, to be killed at.
#[derive(Debug)]
struct Point {
    when: When,
    action: String,
    number: u64,
    manifest: bool,
}

/// From the manifest on: before and after each change of the cluster, and after each word to the journal. What follows the last
/// of them is the publication, which ends like that of a run that ended nothing.
fn points_of_the_end(calls: &[Exchange]) -> Vec<Point> {
    let mut numbers = std::collections::BTreeMap::<String, u64>::new();
    let (mut points, mut begun, mut last) = (Vec::new(), false, 0);
    for call in calls {
        let number = numbers.entry(call.action()).or_default();
        *number += 1;
        let manifest = is_manifest(call);
        begun |= manifest;
        if !begun || !call.is_write() {
            continue;
        }
        let point = |when| Point {
            when,
            action: call.action(),
            number: *number,
            manifest,
        };
        let in_cluster = call.call.service == "kubernetes";
        if in_cluster {
            points.push(point(When::Before));
        }
        points.push(point(When::After));
        if in_cluster {
            // And the word to the journal that follows.
            last = points.len() + 1;
        }
    }
    points.truncate(last);
    points
}

pub(super) fn is_manifest(call: &Exchange) -> bool {
    call.action() == "s3:PutObject"
        && call.call.resource.contains("evidence/")
        && call.call.resource.contains("manifest")
}

/// Resource and state of everything that was done.
fn measures(record: &Containment, of: &Suspect) -> Vec<(String, MeasureState)> {
    let mut measures: Vec<(String, MeasureState)> = record
        .measures
        .iter()
        .map(|taken| {
            let resource = taken
                .resource
                .replace(&of.pod.uid, "UID")
                .replace(&of.pod.name, "POD");
            (resource.replace(&of.name, "NAME"), taken.state)
        })
        .collect();
    measures.sort_by(|a, b| a.0.cmp(&b.0));
    measures
}

/// The end of a pod alone, of a workload with an autoscaler, and of one that KEDA scales.
pub(super) async fn at_every_write_of_an_end_d12(stand: &mut Stand) -> Result<()> {
    let mut number = 1_000;
    for (run, changes) in [(Run::Alone, 1), (Run::Automatic, 1), (Run::Scaled, 2)] {
        number += 100;
        stand.nodes_as_before().await?;
        let suspect = stand.suspect(number, run).await?;
        let mut sandbox = Sandbox::start(&stand.launch(Mode::End)).await?;
        let mark = stand.faults.mark();
        let event = stand.finding(&suspect.pod, &id(number)).await?;
        let answer = sandbox.invoke(event).await?.answer()?;
        ensure!(outcome_of(&answer) == "applied", "{answer:#}");
        stand.is_ended(&suspect).await?;
        let expected = measures(&stand.record(&suspect.pod).await?, &suspect);
        ensure!(
            expected.iter().all(|(_, state)| *state == MeasureState::Active),
            "{expected:?}"
        );
        let points = points_of_the_end(&stand.faults.since(mark));
        // The node's measures run beside the capture, and may come after the manifest.
        let ends = points
            .iter()
            .filter(|point| point.action.starts_with("kubernetes:") && !point.action.ends_with(" nodes"));
        ensure!(ends.count() == 2 * changes, "{points:#?}");
        for point in points {
            number += 1;
            stand.nodes_as_before().await?;
            end_once(stand, (number, run), &point, &expected)
                .await
                .with_context(|| format!("{run:?}, killed at {point:?}"))?;
        }
        stand.journal.forget().await?;
    }
    stand.as_before().await
}

async fn end_once(
    stand: &Stand,
    (number, run): (u32, Run),
    point: &Point,
    expected: &[(String, MeasureState)],
) -> Result<()> {
    let suspect = stand.suspect(number, run).await?;
    let pod = &suspect.pod;
    let event = stand.finding(pod, &id(number)).await?;
    let mark = stand.faults.mark();
    let rule = |fault| {
        let rule = Rule::new(&point.action, fault);
        if point.manifest {
            rule.on("manifest").nth(1)
        } else {
            rule.nth(point.number)
        }
    };
    let saved = killed(stand, (Mode::End, &event, pod), (point.when, rule)).await?;
    let mut second = Sandbox::start(&stand.launch(Mode::End)).await?;
    let answer = second.invoke(event).await?.answer()?;
    ensure!(outcome_of(&answer) == "applied", "{answer:#}");
    stand.is_ended(&suspect).await?;
    made_once(stand, mark, run)?;
    nothing_was_overwritten(stand, pod, &saved).await?;
    let record = stand.record(pod).await?;
    ensure!(
        record.evidence.iter().any(|sealed| sealed.complete),
        "no evidence in {record:?}"
    );
    // The protection of the instance was found, where another suspect of the node has it.
    let wanted: Vec<_> = expected
        .iter()
        .filter(|(name, _)| !name.starts_with("instance "))
        .collect();
    let seen = measures(&record, &suspect);
    let seen: Vec<_> = seen
        .iter()
        .filter(|(name, _)| !name.starts_with("instance "))
        .collect();
    ensure!(seen == wanted, "{seen:?} instead of {wanted:?}");
    Ok(())
}

/// Each change of the cluster was accepted once, whoever sent it.
fn made_once(stand: &Stand, mark: Mark, run: Run) -> Result<()> {
    for (action, times) in [
        ("kubernetes:patch pods", 1),
        ("kubernetes:create networkpolicies", 1),
        ("kubernetes:delete pods", usize::from(run == Run::Alone)),
        (
            "kubernetes:patch deployments/scale",
            usize::from(run != Run::Alone),
        ),
        ("kubernetes:patch scaledobjects", usize::from(run == Run::Scaled)),
    ] {
        let made = stand.accepted(mark, action);
        ensure!(made == times, "{action}: {made} times");
    }
    let mails = stand.accepted(mark, "sns:Publish");
    ensure!((1..=2).contains(&mails), "{mails} mails");
    Ok(())
}
