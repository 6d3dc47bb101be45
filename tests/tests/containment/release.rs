//! The three functions one after the other, as processes: what `threat-containment` did is undone by `threat-release` from the
//! journal alone, and what it saved is proven by `evidence-audit`.

use anyhow::{Context as _, Result, ensure};
use day2_core::containment::{Containment, MeasureState};
use day2_platform::deploy::mailbox::Mailbox;
use day2_platform::sandbox::{Event, Sandbox};
use day2_platform::world::miner::{DEPLOYMENT, PodId};
use day2_platform::world::plan::TARGET;
use serde_json::{Value, json};

use super::id;
use super::sessions;
use super::stand::{AUDIT, LONG, Mode, RELEASE, Stand, items, outcome_of};
use super::suspects::Run;
use crate::dry_run::differences;

pub(super) async fn what_was_closed_opens_again_and_its_evidence_stands(stand: &mut Stand) -> Result<()> {
    stand.as_before().await?;
    let mails = Mailbox::subscribe(&stand.platform.emulator, &stand.ground.topic_arn).await?;
    let mut containing = Sandbox::start(&stand.launch(Mode::End)).await?;
    let pod = stand.miner.pod.clone();
    let event = stand.finding(&pod, &id(90)).await?;
    let answer = containing.invoke(event).await?.answer()?;
    ensure!(outcome_of(&answer) == "applied", "{answer:#}");
    let mail = mails.next(LONG).await?;
    let way_back = format!(
        r#"{{"containment":"{}"}}"#,
        Containment::id_of(TARGET, &pod.uid, 1)
    );
    for word in [
        way_back.as_str(),
        "NetworkPolicy `allow-egress` selects the pod too",
        "HorizontalPodAutoscaler checkout",
        "deny the role's older sessions",
        "healthy pods of this role",
    ] {
        ensure!(
            mail.body.contains(word),
            "no {word} in {}\n{}",
            mail.subject,
            mail.body
        );
    }
    ensure!(stand.replicas().await? == 0, "the workload stands: {answer:#}");
    ensure!(!stand.cordoned().await?.is_empty(), "no node is cordoned");
    sessions::denied_of(stand, &[(DEPLOYMENT, &pod)]).await?;

    let mut releasing = Sandbox::start(&stand.launch_of(RELEASE)).await?;
    let (planned, answer) = release(&mut releasing, &pod).await?;
    for code in ["THX-003", "THX-004"] {
        let item = items(&planned, code).with_context(|| format!("no {code}"))?;
        ensure!(item["verdict"] == "PASS", "{item:#}");
    }
    ensure!(
        stand.replicas().await? == 3,
        "the replicas did not come back: {answer:#}"
    );
    ensure!(
        stand.labelled().await?.is_empty(),
        "{:?}",
        stand.labelled().await?
    );
    ensure!(
        stand.cordoned().await?.is_empty(),
        "{:?}",
        stand.cordoned().await?
    );
    ensure!(
        stand.selected_by_quarantine(&pod).await.is_err(),
        "the policy is still there"
    );
    sessions::denied_of(stand, &[]).await?;

    let mut auditing = Sandbox::start(&stand.launch_of(AUDIT)).await?;
    let call = Event::new(json!({"task": "audit", "targets": [TARGET]}).to_string()).time_left(LONG);
    let answer = auditing.invoke(call).await?.answer()?;
    // Runs that were killed have left captures without a manifest; as long as they are young, that is not known to be bad.
    for code in ["EVA-001", "EVA-003", "EVA-004", "EVA-005"] {
        let item = items(&answer, code).with_context(|| format!("no {code}: {answer:#}"))?;
        ensure!(item["verdict"] != "FAIL", "{item:#}");
    }
    for code in ["EVA-002", "EVA-006", "EVA-007"] {
        let item = items(&answer, code).with_context(|| format!("no {code}: {answer:#}"))?;
        ensure!(item["verdict"] == "PASS", "{item:#}");
    }
    stand.as_before().await
}

/// Plans the release of a pod and approves it: both answers. What was shown is what was done (O11).
pub(super) async fn release(releasing: &mut Sandbox, pod: &PodId) -> Result<(Value, Value)> {
    let id = Containment::id_of(TARGET, &pod.uid, 1);
    let call = Event::new(json!({"containment": id}).to_string()).time_left(LONG);
    let planned = releasing.invoke(call).await?.answer()?;
    ensure!(outcome_of(&planned) == "planned", "{planned:#}");
    let plan = planned
        .pointer("/reports/0/action/plan_id")
        .and_then(Value::as_str);
    let approval = json!({"targets": [TARGET], "approve": plan.context("no plan id")?});
    let approval = Event::new(approval.to_string()).time_left(LONG);
    let answer = releasing.invoke(approval).await?.answer()?;
    ensure!(outcome_of(&answer) == "applied", "{answer:#}");
    let differences = differences(&planned, &answer)?;
    ensure!(differences.is_empty(), "{differences:#?}");
    Ok((planned, answer))
}

/// Two contained pods of one node: the release of the first leaves the cordon to the second and says so, the release of the
/// second lifts it.
pub(super) async fn a_node_of_two_contained_pods_is_opened_by_the_last_release(
    stand: &mut Stand,
) -> Result<()> {
    stand.as_before().await?;
    let (one, other) = (
        stand.suspect(90_001, Run::Alone).await?.pod,
        stand.suspect(90_002, Run::Alone).await?.pod,
    );
    ensure!(
        one.node == other.node,
        "they stand on {} and {}",
        one.node,
        other.node
    );
    let mut containing = Sandbox::start(&stand.launch(Mode::Auto)).await?;
    for (pod, number) in [(&one, 91), (&other, 92)] {
        let event = stand.finding(pod, &id(number)).await?;
        let answer = containing.invoke(event).await?.answer()?;
        ensure!(outcome_of(&answer) == "applied", "{answer:#}");
    }
    ensure!(stand.cordoned().await? == std::slice::from_ref(&one.node));

    let mut releasing = Sandbox::start(&stand.launch_of(RELEASE)).await?;
    let (planned, _) = release(&mut releasing, &one).await?;
    let second = Containment::id_of(TARGET, &other.uid, 1);
    let skips = planned["reports"][0]["action"]["plan"]["skips"].to_string();
    ensure!(
        skips.contains(&format!("the containment {second} needs it too")),
        "{skips}"
    );
    ensure!(
        stand.cordoned().await? == [one.node.clone()],
        "the node was opened"
    );
    ensure!(
        stand.labelled().await? == [other.name.clone()],
        "{:?}",
        stand.labelled().await?
    );
    stand.selected_by_quarantine(&other).await?;
    let node = format!("node {}", one.node);
    let record = stand.record(&one).await?;
    let state = |record: &Containment| record.measure(&node).map(|taken| taken.state);
    ensure!(
        !record.is_open() && state(&record) == Some(MeasureState::Left),
        "{record:?}"
    );
    let record = stand.record(&other).await?;
    ensure!(state(&record) == Some(MeasureState::Active), "{record:?}");

    release(&mut releasing, &other).await?;
    ensure!(
        stand.cordoned().await?.is_empty(),
        "{:?}",
        stand.cordoned().await?
    );
    ensure!(!stand.record(&other).await?.is_open());
    stand.as_before().await
}
