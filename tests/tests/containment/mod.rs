//! The real binary of `threat-containment` as a process, behind fronts that spoil or hold its calls: a pod that mines in a
//! real cluster, GuardDuty's finding of it, evidence in a bucket with Object Lock, the shipped RBAC.

mod kill;
mod order;
mod owners;
mod quirks;
mod release;
mod repeats;
mod sessions;
mod shown;
mod speed;
mod spoiled;
mod stand;
mod storm;
mod suspects;

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use day2_platform::faults::{Fault, Rule};
use day2_platform::sandbox::{Event, Outcome, Sandbox};
use serde_json::{Value, json};

use crate::dry_run::differences;
use stand::{LONG, Mode, Stand, items, outcome_of};

#[tokio::test]
async fn the_pod_of_a_finding_is_contained_once_and_with_evidence_first() -> Result<()> {
    let mut stand = Stand::new().await?;
    observe_changes_nothing_o11(&mut stand).await?;
    a_forged_finding_contains_nothing_e10(&mut stand).await?;
    what_is_not_acted_on_changes_nothing_e05_e06_e08(&mut stand).await?;
    isolated_and_proven_with_its_evidence_and_nobody_else_d03_d04_k19(&mut stand).await?;
    too_little_time_begins_nothing_d13(&mut stand).await?;
    without_a_journal_nothing_is_changed_d15(&mut stand).await?;
    an_approval_carries_out_exactly_what_was_mailed_and_once_o11(&mut stand).await?;
    without_evidence_nothing_ends_and_the_isolation_stays_w20_k29(&mut stand).await?;
    kill::at_every_write_d12(&mut stand).await?;
    storm::forty_findings_over_few_pods_d09_d10(&mut stand).await?;
    the_workload_ends_only_after_its_evidence_k29(&mut stand).await?;
    keda_is_paused_before_the_workload_is_scaled_k15(&mut stand).await
}

/// The end of workloads, and what nobody planned: a platform of its own, so that both take half the time.
#[tokio::test]
async fn whatever_fails_nothing_is_destroyed_before_its_evidence() -> Result<()> {
    let mut stand = Stand::new().await?;
    shown::what_observe_shows_is_what_auto_does_o11(&mut stand).await?;
    shown::in_observe_no_sample_changes_anything_o11(&mut stand).await?;
    shown::secrets_of_a_log_are_in_the_evidence_and_nowhere_else_e18(&mut stand).await?;
    release::what_was_closed_opens_again_and_its_evidence_stands(&mut stand).await?;
    release::a_node_of_two_contained_pods_is_opened_by_the_last_release(&mut stand).await?;
    shown::an_update_while_the_pod_is_contained_joins_d04(&mut stand).await?;
    shown::no_hostile_name_reaches_the_cluster_e11(&mut stand).await?;
    speed::the_pod_is_isolated_after_at_most_six_exchanges_that_wait_for_each_other(&mut stand).await?;
    Box::pin(kill::at_every_write_of_an_end_d12(&mut stand)).await?;
    Box::pin(spoiled::nothing_is_destroyed_before_its_evidence_is_stored_w20_k29_k30(&mut stand)).await?;
    Box::pin(storm::a_thousand_findings_over_forty_pods_lose_nothing_d09(
        &mut stand,
    ))
    .await
}

/// Roles of IAM, and a world that does not do as it should: a third platform.
#[tokio::test]
async fn sessions_end_and_nothing_odd_keeps_a_pod_from_being_contained() -> Result<()> {
    let mut stand = Stand::new().await?;
    Box::pin(
        repeats::a_repeat_is_one_write_and_a_look_reads_one_record_however_many_there_are_d03_d09(&mut stand),
    )
    .await?;
    Box::pin(repeats::a_hundred_deliveries_of_one_incident_are_two_mails_at_most_d03_d08(&mut stand)).await?;
    Box::pin(repeats::what_was_released_meanwhile_is_looked_at_again_d04(
        &mut stand,
    ))
    .await?;
    Box::pin(repeats::a_pod_that_took_the_name_meanwhile_is_not_touched_k11(
        &mut stand,
    ))
    .await?;
    Box::pin(repeats::a_repeat_takes_over_from_who_died_at_work_d02_d14(
        &mut stand,
    ))
    .await?;
    sessions::older_ones_of_the_pods_role_are_denied_until_the_release_and_no_others(&mut stand).await?;
    sessions::the_role_of_pod_identity_is_the_pods_own_too(&mut stand).await?;
    sessions::what_somebody_wrote_is_neither_overwritten_nor_deleted(&mut stand).await?;
    quirks::what_is_no_event_is_rejected_and_the_next_one_is_served_e01(&mut stand).await?;
    quirks::a_finding_of_a_mebibyte_is_contained_in_bounded_memory_e02(&mut stand).await?;
    quirks::a_cluster_that_stumbles_does_not_keep_a_pod_from_being_contained_k01_k03_k07_k08(&mut stand)
        .await?;
    quirks::what_the_cluster_never_shows_is_unknown_and_named_k02_k08(&mut stand).await?;
    quirks::a_pod_that_a_finalizer_holds_is_named_and_not_stripped_k13(&mut stand).await?;
    quirks::a_log_that_is_no_text_is_stored_as_bytes_and_cut_at_its_cap_k28(&mut stand).await?;
    owners::each_kind_of_owner_is_ended_in_its_own_way_k14(&mut stand).await
}

async fn observe_changes_nothing_o11(stand: &mut Stand) -> Result<()> {
    let mut sandbox = Sandbox::start(&stand.launch(Mode::Observe)).await?;
    let pod = stand.miner.pod.clone();
    let event = stand.finding(&pod, &id(1)).await?;
    let mark = stand.faults.mark();
    let answer = sandbox.invoke(event).await?.answer()?;
    ensure!(outcome_of(&answer) == "planned", "{answer}");
    stand.nothing_was_changed(mark)?;
    ensure!(stand.labelled().await?.is_empty(), "a pod is labelled");
    Ok(())
}

async fn a_forged_finding_contains_nothing_e10(stand: &mut Stand) -> Result<()> {
    let mut sandbox = Sandbox::start(&stand.launch(Mode::Auto)).await?;
    let mark = stand.faults.mark();
    let event = Stand::forged(&stand.miner.pod, &id(2));
    let answer = sandbox.invoke(event).await?.answer()?;
    ensure!(outcome_of(&answer) == "refused", "{answer}");
    let says = answer["reports"][0]["action"]["says"]
        .as_str()
        .unwrap_or_default();
    ensure!(says.contains("SECURITY NOTICE"), "{says}");
    stand.nothing_was_changed(mark)?;
    // GuardDuty knows the finding, and says that it is about another pod.
    let other = stand.miner.others[0].clone();
    stand.finding(&other, &id(3)).await?;
    let event = Stand::forged(&stand.miner.pod, &id(3));
    let answer = sandbox.invoke(event).await?.answer()?;
    ensure!(outcome_of(&answer) == "refused", "{answer}");
    stand.nothing_was_changed(mark)
}

async fn what_is_not_acted_on_changes_nothing_e05_e06_e08(stand: &mut Stand) -> Result<()> {
    let mut sandbox = Sandbox::start(&stand.launch(Mode::Auto)).await?;
    let mark = stand.faults.mark();
    let cases = [
        (("/service/archived", Value::Bool(true)), "suppressed"),
        (
            ("/service/additionalInfo/value", "{\"sample\":true}".into()),
            "suppressed",
        ),
        (("/severity", 5.0.into()), "suppressed"),
        (
            ("/type", "Discovery:Kubernetes/MaliciousIPCaller".into()),
            "suppressed",
        ),
        (
            (
                "/resource/eksClusterDetails/arn",
                "arn:aws:eks:us-east-1:999988887777:cluster/prod-a".into(),
            ),
            "ignored",
        ),
    ];
    for (number, (change, expected)) in (40..).zip(cases) {
        let event = Stand::changed(&stand.miner.pod, &id(number), change.clone())?;
        let answer = sandbox.invoke(event).await?.answer()?;
        ensure!(outcome_of(&answer) == expected, "{change:?}: {answer}");
    }
    stand.nothing_was_changed(mark)
}

async fn isolated_and_proven_with_its_evidence_and_nobody_else_d03_d04_k19(stand: &mut Stand) -> Result<()> {
    let mut sandbox = Sandbox::start(&stand.launch(Mode::Auto)).await?;
    let pod = stand.miner.pod.clone();
    let event = stand.finding(&pod, &id(5)).await?;
    let answer = sandbox.invoke(event.clone()).await?.answer()?;
    ensure!(outcome_of(&answer) == "applied", "{answer:#}");

    // Exactly this pod, and nothing of its neighbours.
    ensure!(
        stand.labelled().await? == [pod.name.clone()],
        "{:?}",
        stand.labelled().await?
    );
    let selected = stand.selected_by_quarantine(&pod).await?;
    ensure!(selected == [pod.name.clone()], "the policy selects {selected:?}");
    ensure!(
        stand.cordoned().await? == [pod.node.clone()],
        "{:?}",
        stand.cordoned().await?
    );
    ensure!(stand.replicas().await? == 3, "replicas were changed");

    // The other policy that still opens it is named.
    let proof = items(&answer, "THR-003").context("no proof")?;
    ensure!(proof.to_string().contains("allow-egress"), "{proof:#}");

    // Evidence is there, with both logs of the miner, and no word of them anywhere else (E18).
    let evidence = stand.evidence(&pod.uid).await?;
    ensure!(
        evidence.iter().any(|(key, _)| key.contains("manifest")),
        "{evidence:?}"
    );
    let logs: Vec<_> = evidence.iter().filter(|(key, _)| key.contains("-log")).collect();
    let mark_of_log = day2_platform::world::miner::LOG_MARK.as_bytes();
    ensure!(
        logs.iter()
            .any(|(_, bytes)| bytes.windows(mark_of_log.len()).any(|part| part == mark_of_log)),
        "the log of the miner is not in the evidence: {:?}",
        evidence.iter().map(|(key, _)| key).collect::<Vec<_>>()
    );
    ensure!(
        !answer.to_string().contains("stratum+tcp"),
        "the report repeats a log"
    );
    ensure!(!sandbox.log()?.contains("stratum+tcp"), "our log repeats a log");

    // The same finding again, by whatever road, changes nothing and mails nothing.
    let again = stand.faults.mark();
    let by_administrator = Stand::by_administrator(&pod, &id(5));
    let answer = sandbox.invoke(by_administrator).await?.answer()?;
    ensure!(outcome_of(&answer) == "suppressed", "{answer}");
    let updated = stand.updated(&pod, &id(5)).await?;
    let answer = sandbox.invoke(updated).await?.answer()?;
    ensure!(outcome_of(&answer) == "suppressed", "{answer}");
    stand.nothing_was_changed(again)?;
    ensure!(stand.accepted(again, "sns:Publish") == 0, "it was mailed again");
    let answer = sandbox.invoke(event).await?.answer()?;
    ensure!(outcome_of(&answer) == "already_done", "{answer}");
    stand.as_before().await
}

async fn too_little_time_begins_nothing_d13(stand: &mut Stand) -> Result<()> {
    let pod = stand.miner.pod.clone();
    let mark = stand.faults.mark();
    for millis in [0, 200, 2_000, 10_000] {
        let mut sandbox = Sandbox::start(&stand.launch(Mode::Auto)).await?;
        let event = stand.finding(&pod, &id(6)).await?;
        let outcome = sandbox
            .invoke(event.time_left(Duration::from_millis(millis)))
            .await?;
        ensure!(
            matches!(&outcome, Outcome::Error { kind, .. } if kind == "Transient")
                || outcome == Outcome::TimedOut,
            "{millis} ms: {outcome:?}"
        );
    }
    stand.nothing_was_changed(mark)
}

async fn without_a_journal_nothing_is_changed_d15(stand: &mut Stand) -> Result<()> {
    let mut sandbox = Sandbox::start(&stand.launch(Mode::Auto)).await?;
    let pod = stand.miner.pod.clone();
    let event = stand.finding(&pod, &id(7)).await?;
    let mark = stand.faults.mark();
    let rule = stand.faults.add(Rule::new("dynamodb:*", Fault::Throttle));
    let outcome = sandbox.invoke(event).await?;
    stand.faults.remove(rule);
    ensure!(
        matches!(&outcome, Outcome::Error { kind, .. } if kind == "Transient"),
        "{outcome:?}"
    );
    stand.nothing_was_changed(mark)
}

async fn an_approval_carries_out_exactly_what_was_mailed_and_once_o11(stand: &mut Stand) -> Result<()> {
    let mut sandbox = Sandbox::start(&stand.launch(Mode::Approve)).await?;
    let pod = stand.miner.pod.clone();
    let event = stand.finding(&pod, &id(8)).await?;
    let mark = stand.faults.mark();
    let mailed = sandbox.invoke(event).await?.answer()?;
    ensure!(outcome_of(&mailed) == "planned", "{mailed:#}");
    ensure!(
        !stand.evidence(&pod.uid).await?.is_empty(),
        "nothing was captured"
    );
    ensure!(
        stand.labelled().await?.is_empty(),
        "it was labelled without approval"
    );
    let plan = mailed["reports"][0]["action"]["plan_id"]
        .as_str()
        .context("no plan")?;
    let wrong = json!({"targets": ["prod-a"], "approve": "0".repeat(64)});
    sandbox.invoke(Event::new(wrong.to_string())).await?.error()?;
    let approval = json!({"targets": ["prod-a"], "approve": plan}).to_string();
    let answer = sandbox
        .invoke(Event::new(approval.clone()).time_left(LONG))
        .await?
        .answer()?;
    ensure!(outcome_of(&answer) == "applied", "{answer:#}");
    let differences = differences(&mailed, &answer)?;
    ensure!(differences.is_empty(), "{differences:#?}");
    // Cut off first, and ended with its workload.
    ensure!(stand.accepted(mark, "kubernetes:patch pods") == 1, "not labelled");
    ensure!(
        stand.replicas().await? == 0,
        "approved and not ended: {}",
        left_out(&answer)
    );
    ensure!(stand.accepted(mark, "kubernetes:create networkpolicies") == 1);
    let answer = sandbox
        .invoke(Event::new(approval).time_left(LONG))
        .await?
        .answer()?;
    ensure!(outcome_of(&answer) != "planned", "{answer:#}");
    ensure!(
        stand.accepted(mark, "kubernetes:patch deployments/scale") == 1,
        "an approval counted twice"
    );
    stand.as_before().await
}

async fn without_evidence_nothing_ends_and_the_isolation_stays_w20_k29(stand: &mut Stand) -> Result<()> {
    let mut sandbox = Sandbox::start(&stand.launch(Mode::End)).await?;
    let pod = stand.miner.pod.clone();
    let event = stand.finding(&pod, &id(11)).await?;
    let denied = Fault::named("AccessDenied", 403, "not allowed to use the key");
    let rule = stand
        .faults
        .add(Rule::new("s3:PutObject", denied).on("day2-evidence"));
    let answer = sandbox.invoke(event).await?.answer()?;
    stand.faults.remove(rule);
    ensure!(
        stand.labelled().await? == [pod.name.clone()],
        "not isolated: {answer:#}"
    );
    ensure!(stand.replicas().await? == 3, "ended without evidence: {answer:#}");
    let evidence = items(&answer, "THR-004").context("no word of the evidence")?;
    ensure!(evidence["verdict"] != "PASS", "{evidence:#}");
    stand.as_before().await
}

async fn the_workload_ends_only_after_its_evidence_k29(stand: &mut Stand) -> Result<()> {
    let mut sandbox = Sandbox::start(&stand.launch(Mode::End)).await?;
    let pod = stand.miner.pod.clone();
    let event = stand.finding(&pod, &id(9)).await?;
    let mark = stand.faults.mark();
    let answer = sandbox.invoke(event).await?.answer()?;
    ensure!(outcome_of(&answer) == "applied", "{answer:#}");
    ensure!(
        stand.replicas().await? == 0,
        "the workload stands: {}",
        left_out(&answer)
    );
    let calls = stand.faults.writes_since(mark);
    let manifest = calls
        .iter()
        .position(|call| call.call.resource.contains("manifest"))
        .context("no manifest was written")?;
    let scaled = calls
        .iter()
        .position(|call| call.action() == "kubernetes:patch deployments/scale")
        .context("nothing was scaled")?;
    ensure!(manifest < scaled, "it was ended before its evidence was sealed");
    stand.as_before().await
}

async fn keda_is_paused_before_the_workload_is_scaled_k15(stand: &mut Stand) -> Result<()> {
    let mut sandbox = Sandbox::start(&stand.launch(Mode::End)).await?;
    let event = stand.finding_of_sibling(&id(10)).await?;
    let mark = stand.faults.mark();
    let answer = sandbox.invoke(event).await?.answer()?;
    ensure!(outcome_of(&answer) == "applied", "{answer:#}");
    let calls = stand.faults.writes_since(mark);
    let at = |action: &str| calls.iter().position(|call| call.action() == action);
    let paused = at("kubernetes:patch scaledobjects").context("KEDA was not paused")?;
    let scaled = at("kubernetes:patch deployments/scale").context("nothing was scaled")?;
    ensure!(paused < scaled, "KEDA would bring it back");
    // What runs the same image elsewhere is named and not touched.
    ensure!(stand.replicas().await? == 3, "the other workload was scaled");
    let siblings = items(&answer, "THR-006").context("no siblings")?;
    ensure!(siblings.to_string().contains("checkout"), "{siblings:#}");
    Ok(())
}

/// What was not done, and why.
fn left_out(answer: &Value) -> &Value {
    &answer["reports"][0]["action"]["plan"]["skips"]
}

/// A finding id.
pub(crate) fn id(number: u32) -> String {
    format!("{number:032x}")
}
