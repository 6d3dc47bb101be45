//! Deliveries that say nothing new: each is counted, costs as little as may be however many pods are contained, and is never
//! answered at the price of what has changed meanwhile. Exchanges are counted by the record of the fronts.

use std::collections::BTreeMap;

use anyhow::{Result, bail, ensure};
use day2_platform::faults::{Exchange, Fault, Gate, Rule};
use day2_platform::sandbox::{Event, Outcome, Sandbox};
use day2_platform::wait::wait_until;
use day2_platform::world::miner::NAMESPACE;
use day2_platform::world::plan::TARGET;
use serde_json::Value;

use super::id;
use super::release::release;
use super::stand::{LONG, Mode, RELEASE, Stand, outcome_of};
use super::suspects::Run;

/// A whole look of a warm sandbox at a finding whose pod is contained: the one record, the finding at GuardDuty, the pod, whose
/// turn it is, and the count.
const LOOK: [&str; 5] = [
    "dynamodb:Query",
    "dynamodb:UpdateItem",
    "dynamodb:UpdateItem",
    "guardduty:GetFindings",
    "kubernetes:get pods",
];

/// What the same event costs again: the count, which proves that the containment is open.
const COUNT: [&str; 1] = ["dynamodb:UpdateItem"];

/// Delivers a document as an event of its own: its word, and the exchanges that it took, sorted.
async fn delivered(stand: &Stand, sandbox: &mut Sandbox, document: &Value) -> Result<(Value, Vec<String>)> {
    let mark = stand.faults.mark();
    let event = Event::new(document.to_string()).time_left(LONG);
    let answer = sandbox.invoke(event).await?.answer()?;
    let mut calls: Vec<String> = stand.faults.since(mark).iter().map(Exchange::action).collect();
    calls.sort();
    Ok((answer, calls))
}

async fn joins(stand: &Stand, sandbox: &mut Sandbox, document: &Value, cost: &[&str]) -> Result<()> {
    let (answer, calls) = delivered(stand, sandbox, document).await?;
    ensure!(outcome_of(&answer) == "suppressed", "{answer:#}");
    ensure!(calls == cost, "{calls:?} instead of {cost:?}");
    Ok(())
}

pub(super) async fn a_repeat_is_one_write_and_a_look_reads_one_record_however_many_there_are_d03_d09(
    stand: &mut Stand,
) -> Result<()> {
    let mut pods = Vec::new();
    for number in 801..804 {
        pods.push(stand.suspect(number, Run::Alone).await?.pod);
    }
    let mut sandbox = Sandbox::start(&stand.launch(Mode::Auto)).await?;
    let contained = stand.finding_document(&pods[0], &id(810)).await?;
    let (answer, _) = delivered(stand, &mut sandbox, &contained).await?;
    ensure!(outcome_of(&answer) == "applied", "{answer:#}");
    let second = stand.finding_document(&pods[0], &id(811)).await?;
    joins(stand, &mut sandbox, &second, &LOOK).await?;
    joins(stand, &mut sandbox, &second, &COUNT).await?;
    // The finding that began it comes by another road, and again.
    joins(stand, &mut sandbox, &contained, &LOOK).await?;
    joins(stand, &mut sandbox, &contained, &COUNT).await?;

    // More are contained, and there is a record that nobody could read: it costs the same.
    for (pod, number) in pods[1..].iter().zip(812..) {
        let document = stand.finding_document(pod, &id(number)).await?;
        let (answer, _) = delivered(stand, &mut sandbox, &document).await?;
        ensure!(outcome_of(&answer) == "applied", "{answer:#}");
    }
    let pk = format!("containment#{TARGET}");
    stand
        .journal
        .spoil(&pk, &format!("{TARGET}.{}", "0".repeat(32)))
        .await?;
    let third = stand.finding_document(&pods[0], &id(820)).await?;
    joins(stand, &mut sandbox, &third, &LOOK).await?;
    joins(stand, &mut sandbox, &third, &COUNT).await?;
    // An update of a finding may say something new.
    let updated = stand.finding_document(&pods[0], &id(820)).await?;
    ensure!(
        updated["detail"]["updatedAt"] != third["detail"]["updatedAt"],
        "it is no update"
    );
    joins(stand, &mut sandbox, &updated, &LOOK).await?;

    // What another sandbox contained is looked at once, too.
    let mut other = Sandbox::start(&stand.launch(Mode::Auto)).await?;
    let (answer, calls) = delivered(stand, &mut other, &second).await?;
    ensure!(outcome_of(&answer) == "suppressed", "{answer:#}");
    let warm: Vec<&String> = calls
        .iter()
        .filter(|call| !matches!(call.as_str(), "eks:DescribeCluster" | "guardduty:ListDetectors"))
        .collect();
    ensure!(warm == LOOK.iter().collect::<Vec<_>>(), "{calls:?}");
    joins(stand, &mut other, &second, &COUNT).await?;

    // Every delivery after the first is in the record of its pod, by whichever way it was answered, and in no other.
    let mut noted = BTreeMap::new();
    for pod in &pods {
        let record = stand.record(pod).await?;
        noted.insert(pod.name.clone(), (record.noted, record.joined.len()));
    }
    let seen: Vec<(u64, usize)> = pods.iter().map(|pod| noted[&pod.name]).collect();
    ensure!(seen == [(9, 3), (0, 0), (0, 0)], "{noted:?}");
    stand.as_before().await
}

/// However often GuardDuty sees one pod again, it is one mail, where a person decides and where the function acts, and what joins is
/// counted. What is not acted on is one mail in an hour of the clock; all of it is counted for the digest.
pub(super) async fn a_hundred_deliveries_of_one_incident_are_two_mails_at_most_d03_d08(
    stand: &mut Stand,
) -> Result<()> {
    const DELIVERIES: u32 = 100;
    let pod = stand.suspect(860, Run::Alone).await?.pod;
    for (mode, first, again) in [
        (Mode::Approve, "planned", "already_done"),
        (Mode::Auto, "applied", "suppressed"),
    ] {
        let mut sandbox = Sandbox::start(&stand.launch(mode)).await?;
        let mark = stand.faults.mark();
        let mut document = Value::Null;
        for number in 0..DELIVERIES {
            // An update of the finding, and the same event once more.
            if number % 2 == 0 {
                document = stand.finding_document(&pod, &id(860)).await?;
            }
            let event = Event::new(document.to_string()).time_left(LONG);
            let answer = sandbox.invoke(event).await?.answer()?;
            let expected = if number == 0 { first } else { again };
            ensure!(
                outcome_of(&answer) == expected,
                "{mode:?}, no. {number}: {answer:#}"
            );
        }
        let mails = stand.accepted(mark, "sns:Publish");
        ensure!(mails == 1, "{mode:?}: {mails} mails");
    }
    let record = stand.record(&pod).await?;
    ensure!(record.noted == 99, "{} joined", record.noted);

    let mut sandbox = Sandbox::start(&stand.launch(Mode::Auto)).await?;
    let mark = stand.faults.mark();
    for number in 0..DELIVERIES {
        let low = ("/severity", Value::from(5.0));
        let event = Stand::changed(&pod, &id(8_600 + number), low)?;
        let answer = sandbox.invoke(event).await?.answer()?;
        ensure!(outcome_of(&answer) == "suppressed", "no. {number}: {answer:#}");
    }
    // The hour may turn meanwhile.
    let mails = stand.accepted(mark, "sns:Publish");
    ensure!((1..=2).contains(&mails), "{mails} mails");
    let storms = stand.records.storms(TARGET).await?;
    let counted: u64 = storms.iter().map(|storm| storm.suppressed).sum();
    ensure!(counted == u64::from(DELIVERIES), "{storms:?}");
    stand.as_before().await
}

/// A release between two deliveries, by another function: the memory gives way, and nothing is counted as contained that is not.
pub(super) async fn what_was_released_meanwhile_is_looked_at_again_d04(stand: &mut Stand) -> Result<()> {
    let pod = stand.suspect(830, Run::Alone).await?.pod;
    let mut sandbox = Sandbox::start(&stand.launch(Mode::Auto)).await?;
    let first = stand.finding_document(&pod, &id(830)).await?;
    let (answer, _) = delivered(stand, &mut sandbox, &first).await?;
    ensure!(outcome_of(&answer) == "applied", "{answer:#}");
    let again = stand.finding_document(&pod, &id(831)).await?;
    joins(stand, &mut sandbox, &again, &LOOK).await?;
    joins(stand, &mut sandbox, &again, &COUNT).await?;
    let mut releasing = Sandbox::start(&stand.launch_of(RELEASE)).await?;
    release(&mut releasing, &pod).await?;

    let mark = stand.faults.mark();
    let (answer, calls) = delivered(stand, &mut sandbox, &again).await?;
    ensure!(
        outcome_of(&answer) == "suppressed" && answer.to_string().contains("was released after"),
        "{answer:#}"
    );
    for looked in ["guardduty:GetFindings", "kubernetes:get pods"] {
        ensure!(
            calls.iter().any(|call| call == looked),
            "no {looked} in {calls:?}"
        );
    }
    stand.nothing_was_changed(mark)?;
    let record = stand.record(&pod).await?;
    ensure!(record.noted == 2 && !record.is_open(), "{record:?}");
    ensure!(
        stand.labelled().await?.is_empty(),
        "{:?}",
        stand.labelled().await?
    );
    // What GuardDuty sees after the release is a new occasion, of a second generation; and then that is what it joins.
    let released = record.released_at;
    let fresh = wait_until(LONG, "GuardDuty sees it after the release", async || {
        let seen = stand.finding_document(&pod, &id(832)).await?;
        let at = seen["detail"]["updatedAt"].as_str().unwrap_or_default();
        let at: Option<jiff::Timestamp> = at.parse().ok();
        ensure!(at > released, "{at:?} is not after {released:?}");
        Ok(seen)
    })
    .await?;
    let (answer, _) = delivered(stand, &mut sandbox, &fresh).await?;
    ensure!(outcome_of(&answer) == "applied", "{answer:#}");
    ensure!(
        stand.labelled().await? == [pod.name.clone()],
        "{:?}",
        stand.labelled().await?
    );
    for _ in 0..3 {
        let (answer, _) = delivered(stand, &mut sandbox, &fresh).await?;
        ensure!(outcome_of(&answer) == "suppressed", "{answer:#}");
    }
    let of_pod: Vec<(u32, u64)> = stand
        .records
        .containments(TARGET)
        .await?
        .iter()
        .filter(|one| one.pod.uid == pod.uid)
        .map(|one| (one.generation, one.noted))
        .collect();
    ensure!(of_pod == [(1, 2), (2, 3)], "{of_pod:?}");
    stand.as_before().await
}

/// A pod that has taken the name between two deliveries is another one: nothing of the old event touches it, whether the finding
/// has a uid or not.
pub(super) async fn a_pod_that_took_the_name_meanwhile_is_not_touched_k11(stand: &mut Stand) -> Result<()> {
    let old = stand.suspect(840, Run::Alone).await?.pod;
    let mut sandbox = Sandbox::start(&stand.launch(Mode::Auto)).await?;
    let first = stand.finding_document(&old, &id(840)).await?;
    let (answer, _) = delivered(stand, &mut sandbox, &first).await?;
    ensure!(outcome_of(&answer) == "applied", "{answer:#}");
    let nameless = stand.finding_without_uid(&old, &id(841)).await?;
    for document in [&first, &first, &nameless, &nameless] {
        let (answer, _) = delivered(stand, &mut sandbox, document).await?;
        ensure!(outcome_of(&answer) == "suppressed", "{answer:#}");
    }
    let name = old.name.as_str();
    let gone = [
        "delete",
        "pod",
        "-n",
        NAMESPACE,
        name,
        "--grace-period=0",
        "--force",
    ];
    stand.kubectl(&gone).await?;
    let new = stand.suspect(840, Run::Alone).await?.pod;
    ensure!(new.name == old.name && new.uid != old.uid, "it is the same pod");

    // On a slow machine the look is too old by now, and the pod is seen to be another one: that is a refusal.
    let mark = stand.faults.mark();
    for document in [&first, &nameless] {
        let (answer, _) = delivered(stand, &mut sandbox, document).await?;
        ensure!(
            matches!(outcome_of(&answer), "suppressed" | "refused"),
            "{answer:#}"
        );
    }
    // An update is looked at in any case.
    let updated = stand.finding_document(&old, &id(840)).await?;
    let (answer, calls) = delivered(stand, &mut sandbox, &updated).await?;
    ensure!(outcome_of(&answer) == "refused", "{answer:#}");
    ensure!(
        answer.to_string().contains(&new.uid) && calls.iter().any(|call| call == "kubernetes:get pods"),
        "{answer:#}"
    );
    stand.nothing_was_changed(mark)?;
    ensure!(
        stand.labelled().await?.is_empty(),
        "{:?}",
        stand.labelled().await?
    );
    ensure!(stand.lives(&new).await?, "the new pod was ended");
    let records = stand.records.containments(TARGET).await?;
    ensure!(records.len() == 1 && records[0].pod.uid == old.uid, "{records:?}");
    stand.nodes_as_before().await?;
    stand
        .kubectl(&[
            "delete",
            "pod",
            "-n",
            NAMESPACE,
            name,
            "--grace-period=0",
            "--force",
        ])
        .await?;
    stand.as_before().await
}

/// While somebody is at work nothing is remembered: who repeats a finding takes the work over when the one at work has died.
pub(super) async fn a_repeat_takes_over_from_who_died_at_work_d02_d14(stand: &mut Stand) -> Result<()> {
    let pod = stand.suspect(850, Run::Alone).await?.pod;
    let (mut first, mut second) = (
        Sandbox::start(&stand.launch(Mode::Auto)).await?,
        Sandbox::start(&stand.launch(Mode::Auto)).await?,
    );
    let event = stand.finding(&pod, &id(850)).await?;
    let again = stand.finding_document(&pod, &id(851)).await?;
    let held = Gate::new();
    let rule = Rule::new("s3:PutObject", Fault::HoldBefore(held.clone()));
    let rule = stand.faults.add(rule.on("manifest").nth(1));
    let pending = first.send(event)?;
    tokio::select! {
        reached = held.reached(LONG) => reached?,
        ended = first.outcome(pending.clone()) => bail!("it ended before that: {ended:?}"),
    }
    for _ in 0..2 {
        let (answer, _) = delivered(stand, &mut second, &again).await?;
        ensure!(outcome_of(&answer) == "suppressed", "{answer:#}");
    }
    first.kill()?;
    ensure!(first.outcome(pending).await? == Outcome::Died(137));
    stand.faults.remove(rule);
    stand.journal.let_claims_end().await?;
    let (answer, _) = delivered(stand, &mut second, &again).await?;
    ensure!(outcome_of(&answer) == "applied", "{answer:#}");
    let record = stand.record(&pod).await?;
    ensure!(
        record.noted == 2 && record.evidence.iter().any(|sealed| sealed.complete),
        "{record:?}"
    );
    stand.as_before().await
}
