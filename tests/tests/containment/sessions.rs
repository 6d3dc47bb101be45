//! Sessions of the pod's IAM role: older ones are denied by a policy of the containment's own, newer ones are not, and no other
//! role is touched. The emulator judges each call by the policies of its role, the condition on `aws:TokenIssueTime` among them.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use aws_credential_types::Credentials;
use day2_core::containment::Containment;
use day2_core::containment::sessions::policy_name;
use day2_platform::sandbox::Sandbox;
use day2_platform::wait::wait_until;
use day2_platform::world::miner::{DEPLOYMENT, NAMESPACE, NEIGHBOUR, PodId, role_arn};
use day2_platform::world::plan::TARGET;

use super::id;
use super::kill::is_manifest;
use super::release::release;
use super::stand::{Mode, RELEASE, Stand, items, outcome_of};

const PUT: &str = "iam:PutRolePolicy";
const SOON: Duration = Duration::from_secs(20);

/// What a team's policy allows the role.
struct Session(aws_sdk_s3::Client);

impl Session {
    /// As a pod of this workload has one.
    async fn of(stand: &Stand, workload: &str) -> Result<Self> {
        let emulator = &stand.platform.emulator;
        let made = aws_sdk_sts::Client::new(&emulator.sdk_config())
            .assume_role()
            .role_arn(role_arn(workload))
            .role_session_name(workload)
            .send()
            .await?;
        let made = made.credentials().context("no credentials")?;
        let credentials = Credentials::new(
            made.access_key_id(),
            made.secret_access_key(),
            Some(made.session_token().to_owned()),
            None,
            "test",
        );
        Ok(Self(aws_sdk_s3::Client::new(
            &emulator.sdk_config_as(credentials),
        )))
    }

    async fn may(&self) -> bool {
        self.0.list_buckets().send().await.is_ok()
    }
}

/// The roles of exactly these workloads have a policy of the containment of exactly these pods, and no role has another one.
pub(super) async fn denied_of(stand: &Stand, expected: &[(&str, &PodId)]) -> Result<()> {
    let mut wanted: Vec<(String, String)> = expected
        .iter()
        .map(|(workload, pod)| {
            let role = role_arn(workload);
            let name = role.rsplit('/').next().unwrap_or_default().to_owned();
            (name, policy_name(&Containment::id_of(TARGET, &pod.uid, 1)))
        })
        .collect();
    wanted.sort();
    let all = stand.world.policies_of_roles().await?;
    let (own, ours): (Vec<_>, Vec<_>) = all.into_keys().partition(|(_, policy)| policy == "app");
    ensure!(own.len() == 2, "a team's own policy is gone: {own:?}");
    ensure!(ours == wanted, "denied are {ours:?} instead of {wanted:?}");
    Ok(())
}

pub(super) async fn older_ones_of_the_pods_role_are_denied_until_the_release_and_no_others(
    stand: &mut Stand,
) -> Result<()> {
    stand.as_before().await?;
    let (taken, neighbour) = (
        Session::of(stand, DEPLOYMENT).await?,
        Session::of(stand, NEIGHBOUR).await?,
    );
    ensure!(
        taken.may().await && neighbour.may().await,
        "the roles allow nothing"
    );
    let mut containing = Sandbox::start(&stand.launch(Mode::Auto)).await?;
    let pod = stand.miner.pod.clone();
    let event = stand.finding(&pod, &id(600)).await?;
    let mark = stand.faults.mark();
    let answer = containing.invoke(event.clone()).await?.answer()?;
    ensure!(outcome_of(&answer) == "applied", "{answer:#}");
    denied_of(stand, &[(DEPLOYMENT, &pod)]).await?;
    ensure!(!taken.may().await, "a session that was taken away still works");
    ensure!(neighbour.may().await, "the neighbour's sessions are denied too");
    wait_until(SOON, "a session of now works", async || {
        ensure!(Session::of(stand, DEPLOYMENT).await?.may().await, "it is denied");
        Ok(())
    })
    .await?;
    let item = items(&answer, "THR-011").context("no word of the sessions")?;
    ensure!(item["verdict"] == "PASS", "{item:#}");

    // After the isolation and the evidence, and nothing of it on the way to the isolated pod.
    let calls = stand.faults.since(mark);
    let put = calls.iter().find(|call| call.action() == PUT).context("no put")?;
    let policy = calls
        .iter()
        .find(|call| call.action() == "kubernetes:create networkpolicies")
        .context("no policy")?;
    let manifest = calls
        .iter()
        .find(|call| is_manifest(call))
        .context("no manifest")?;
    ensure!(
        policy.is_before(put) && manifest.is_before(put),
        "sessions were denied too early"
    );
    for call in &calls {
        let about_roles = call.call.service == "iam"
            || call.call.operation.contains("PodIdentity")
            || call.call.operation.ends_with("serviceaccounts");
        ensure!(
            !about_roles || !call.is_before(policy),
            "{} delays the isolation",
            call.action()
        );
    }
    let answer = containing.invoke(event).await?.answer()?;
    ensure!(outcome_of(&answer) == "already_done", "{answer:#}");
    ensure!(stand.accepted(mark, PUT) == 1, "it was put twice");

    let mut releasing = Sandbox::start(&stand.launch_of(RELEASE)).await?;
    release(&mut releasing, &pod).await?;
    denied_of(stand, &[]).await?;
    ensure!(
        taken.may().await && neighbour.may().await,
        "the release gave nothing back"
    );
    stand.as_before().await
}

pub(super) async fn the_role_of_pod_identity_is_the_pods_own_too(stand: &mut Stand) -> Result<()> {
    let eks = aws_sdk_eks::Client::new(&stand.platform.emulator.sdk_config());
    let made = eks
        .create_pod_identity_association()
        .cluster_name(TARGET)
        .namespace(NAMESPACE)
        .service_account(DEPLOYMENT)
        .role_arn(role_arn(NEIGHBOUR))
        .send()
        .await?;
    let made = made.association().and_then(|one| one.association_id());
    let made = made.context("no association")?.to_owned();
    let mut containing = Sandbox::start(&stand.launch(Mode::Auto)).await?;
    let pod = stand.miner.pod.clone();
    let event = stand.finding(&pod, &id(601)).await?;
    let answer = containing.invoke(event).await?.answer()?;
    ensure!(outcome_of(&answer) == "applied", "{answer:#}");
    denied_of(stand, &[(DEPLOYMENT, &pod), (NEIGHBOUR, &pod)]).await?;
    // The neighbour's account acts as it too, and the step says so.
    let steps = answer["reports"][0]["action"]["plan"]["steps"].to_string();
    ensure!(
        steps.contains(&format!("{NAMESPACE}/{NEIGHBOUR} act as it too")),
        "{steps}"
    );
    let mut releasing = Sandbox::start(&stand.launch_of(RELEASE)).await?;
    release(&mut releasing, &pod).await?;
    denied_of(stand, &[]).await?;
    eks.delete_pod_identity_association()
        .cluster_name(TARGET)
        .association_id(made)
        .send()
        .await?;
    stand.as_before().await
}

pub(super) async fn what_somebody_wrote_is_neither_overwritten_nor_deleted(stand: &mut Stand) -> Result<()> {
    let iam = aws_sdk_iam::Client::new(&stand.platform.emulator.sdk_config());
    let mut containing = Sandbox::start(&stand.launch(Mode::Auto)).await?;
    let pod = stand.miner.pod.clone();
    let event = stand.finding(&pod, &id(602)).await?;
    let answer = containing.invoke(event).await?.answer()?;
    ensure!(outcome_of(&answer) == "applied", "{answer:#}");
    let ours = policy_name(&Containment::id_of(TARGET, &pod.uid, 1));
    let role = format!("{TARGET}-{DEPLOYMENT}");
    let theirs = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;
    iam.put_role_policy()
        .role_name(&role)
        .policy_name(&ours)
        .policy_document(theirs)
        .send()
        .await?;
    let mut releasing = Sandbox::start(&stand.launch_of(RELEASE)).await?;
    let mark = stand.faults.mark();
    let (planned, _) = release(&mut releasing, &pod).await?;
    let skips = planned["reports"][0]["action"]["plan"]["skips"].to_string();
    ensure!(skips.contains("does not say any more what was put"), "{skips}");
    ensure!(
        stand.accepted(mark, "iam:DeleteRolePolicy") == 0,
        "somebody's policy was deleted"
    );
    let left = iam
        .get_role_policy()
        .role_name(&role)
        .policy_name(&ours)
        .send()
        .await?;
    ensure!(left.policy_document().contains("Deny"), "it was changed");
    stand.as_before().await
}
