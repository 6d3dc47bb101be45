//! Many findings over few pods: each pod once, no more than the breaker allows, and few mails (`cases.md` D09, D10).

use std::collections::{BTreeSet, VecDeque};
use std::time::Instant;

use anyhow::{Result, ensure};
use day2_core::containment::Containment;
use day2_platform::faults::Mark;
use day2_platform::sandbox::{Event, Outcome, Sandbox};
use day2_platform::world::miner::PodId;
use day2_platform::world::plan::TARGET;
use tokio::sync::Mutex;

use super::id;
use super::stand::{Lane, Mode, Stand, outcome_of};

/// Findings per pod.
const FINDINGS: u32 = 13;

pub(super) async fn forty_findings_over_few_pods_d09_d10(stand: &mut Stand) -> Result<()> {
    let mut pods = stand.miner.others.clone();
    pods.insert(0, stand.miner.pod.clone());
    let mark = stand.faults.mark();
    let mut sandboxes = Vec::new();
    for _ in 0..3 {
        sandboxes.push(Sandbox::start(&stand.launch(Mode::Few)).await?);
    }
    let mut words = Vec::new();
    for round in 0..FINDINGS {
        let mut pending = Vec::new();
        for (index, sandbox) in sandboxes.iter_mut().enumerate() {
            let pod = &pods[index % pods.len()];
            let number = 1_000 + round * 3 + u32::try_from(index)?;
            let event = stand.finding(pod, &id(number)).await?;
            pending.push(sandbox.send(event)?);
        }
        for (sandbox, pending) in sandboxes.iter_mut().zip(pending) {
            let answer = sandbox.outcome(pending).await?.answer()?;
            words.push(outcome_of(&answer).to_owned());
        }
    }
    let policies = stand.accepted(mark, "kubernetes:create networkpolicies");
    ensure!(policies == 2, "{policies} pods were cut off: {words:?}");
    let labels = stand.accepted(mark, "kubernetes:patch pods");
    ensure!(labels == 3, "{labels} pods were labelled");
    let mails = stand.accepted(mark, "sns:Publish");
    ensure!(
        (3..=4).contains(&mails),
        "{mails} mails for {} findings",
        words.len()
    );
    ensure!(
        words.iter().filter(|word| *word == "suppressed").count() > 30,
        "{words:?}"
    );
    stand.as_before().await
}

/// Findings of the storm, all different, and the pods that they are about.
const STORM: u32 = 1_000;
const PODS: u32 = 40;

/// How often an event is delivered: Lambda tries twice more.
const DELIVERIES: usize = 3;

/// Growth of a process over the second half of the storm that is none: the allocator's, not the storm's.
const NOISE: u64 = 12 << 20;

/// A thousand findings on forty pods: each pod is cut off once, each finding is a containment's first one or noted by the one
/// that it joins, and what a process holds does not grow with them.
pub(super) async fn a_thousand_findings_over_forty_pods_lose_nothing_d09(stand: &mut Stand) -> Result<()> {
    let pods = stand.swarm("swarm", PODS).await?;
    let lane = stand.lane().await?;
    let mut events = VecDeque::new();
    for number in 0..STORM {
        let pod = &pods[usize::try_from(number % PODS)?];
        events.push_back((stand.finding(pod, &id(40_000 + number)).await?, pod.clone()));
    }
    let launch = lane.launch(Mode::Auto);
    let mut sandboxes = [
        Sandbox::start(&launch).await?,
        Sandbox::start(&launch).await?,
        Sandbox::start(&launch).await?,
        Sandbox::start(&launch).await?,
    ];
    let (mark, begun) = (lane.faults.mark(), Instant::now());
    let mut words = Vec::new();
    let mut peaks = Vec::new();
    let half = events.split_off(events.len() / 2);
    for part in [events, half] {
        let left = Mutex::new((part, Vec::new()));
        let [a, b, c, d] = &mut sandboxes;
        tokio::try_join!(
            work(stand, a, &left),
            work(stand, b, &left),
            work(stand, c, &left),
            work(stand, d, &left)
        )?;
        words.extend(left.into_inner().1);
        let peak: Result<Vec<u64>> = sandboxes.iter().map(Sandbox::peak_memory).collect();
        peaks.push(peak?.into_iter().max().unwrap_or_default());
    }
    eprintln!(
        "{STORM} findings over {PODS} pods in {:?} by 4 processes; peak RSS {} MiB after half, {} MiB at the end",
        begun.elapsed(),
        peaks[0] >> 20,
        peaks[1] >> 20
    );
    ensure!(
        peaks[1] <= peaks[0] + NOISE,
        "memory grows with the storm: {peaks:?}"
    );
    once_each(stand, &lane, mark, &pods).await?;
    ensure!(words.len() == usize::try_from(STORM)?, "{} answers", words.len());
    let of = |word: &str| words.iter().filter(|one| *one == word).count();
    let (applied, joined) = (of("applied"), of("suppressed"));
    ensure!(
        applied == pods.len() && applied + joined == words.len(),
        "{applied} contained, {joined} joined: {:?}",
        words.iter().collect::<BTreeSet<_>>()
    );
    stand.nodes_as_before().await?;
    stand.as_before().await
}

/// The events that are left, each with its pod, and the words of what came of the others.
type Left = Mutex<(VecDeque<(Event, PodId)>, Vec<String>)>;

/// Delivers until none is left, each until it is answered.
async fn work(stand: &Stand, sandbox: &mut Sandbox, left: &Left) -> Result<()> {
    loop {
        let Some((event, pod)) = left.lock().await.0.pop_front() else {
            return Ok(());
        };
        let mut came = None;
        for _ in 0..DELIVERIES {
            match sandbox.invoke(event.clone()).await? {
                Outcome::Answer(answer) => {
                    came = Some(outcome_of(&answer).to_owned());
                    break;
                }
                // Another one was about to open the record: Lambda delivers again.
                Outcome::Error { .. } => stand.is_known(&pod).await?,
                other => anyhow::bail!("{other:?}"),
            }
        }
        let came =
            came.ok_or_else(|| anyhow::anyhow!("an event would have gone to the failure destination"))?;
        left.lock().await.1.push(came);
    }
}

/// One label and one policy for each pod, and every finding in the journal.
async fn once_each(stand: &Stand, lane: &Lane, mark: Mark, pods: &[PodId]) -> Result<()> {
    let writes = lane.faults.writes_since(mark);
    let labelled: Vec<&str> = writes
        .iter()
        .filter(|call| call.action() == "kubernetes:patch pods")
        .map(|call| call.call.resource.as_str())
        .collect();
    let distinct: BTreeSet<&str> = labelled.iter().copied().collect();
    ensure!(
        labelled.len() == pods.len() && distinct.len() == pods.len(),
        "{} labels on {} pods",
        labelled.len(),
        distinct.len()
    );
    let policies = writes
        .iter()
        .filter(|call| call.action() == "kubernetes:create networkpolicies")
        .count();
    ensure!(policies == pods.len(), "{policies} policies");
    let uids: BTreeSet<&str> = pods.iter().map(|pod| pod.uid.as_str()).collect();
    let records: Vec<Containment> = stand.records.containments(TARGET).await?;
    let known: BTreeSet<&str> = records.iter().map(|one| one.pod.uid.as_str()).collect();
    ensure!(
        known == uids && records.len() == pods.len(),
        "{} records",
        records.len()
    );
    let accounted: u64 = records.iter().map(|one| 1 + one.noted).sum();
    ensure!(
        accounted == u64::from(STORM),
        "{accounted} of {STORM} findings are in the journal"
    );
    Ok(())
}
