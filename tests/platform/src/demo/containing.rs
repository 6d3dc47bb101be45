//! The third act: a pod mines. GuardDuty finds it, the pod is cut off, evidence is kept, its workload ends; an audit proves the
//! evidence; and a person releases it all again.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment as Workload;
use k8s_openapi::api::core::v1::Node;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::ResourceExt;
use kube::api::{Api, ListParams};

use super::acting::{approving_line, is_applied};
use super::console::Console;
use super::stage::Stage;
use crate::deploy::Deployment;
use crate::deploy::reports::Bucket;
use crate::world::miner::{
    DEPLOYMENT, Miner, NAMESPACE, NEIGHBOUR, OPEN_POLICY, OTHER_NAMESPACE, REPLICAS, SIBLING, role_arn,
};
use crate::world::plan::TARGET;

const FINDING: &str = "4d2c9b8a7f6e5d4c3b2a190817263544";
/// How the policies are called that cut a pod off, before its uid.
const QUARANTINE: &str = "day2-quarantine-";

/// Plays it.
pub(super) async fn third_act(
    stage: &mut Stage<'_>,
    deployment: &Deployment,
    console: &Console,
) -> Result<()> {
    console.step(&format!(
        "a pod of {NAMESPACE}/{DEPLOYMENT} was taken over and mines; {NEIGHBOUR} beside it is innocent"
    ));
    let miner = stage.world.miner().await?;
    let bystanders = stage.bystanders().await?;
    console.step("GuardDuty finds it, and the event is on the bus");
    stage.world.miner_is_found(&miner, FINDING).await?;
    let contained = stage.mail("[day2] APPLIED prod-a: pod").await?;
    console.mail(&contained);
    stage.is_contained(&miner, deployment).await?;
    ensure!(
        contained.body.contains(OPEN_POLICY),
        "the mail does not name the policy that keeps the pod's way out open:\n{}",
        contained.body
    );
    ensure!(
        stage.bystanders().await? == bystanders,
        "pods that had nothing to do with it were ended"
    );
    console.good(
        "cut off, captured, its node closed and kept, its role's older sessions denied, its workload at zero; the neighbours run",
    );

    console.step("somebody doubts the evidence: evidence-audit");
    let audit = deployment.function("evidence-audit")?;
    let audited = stage
        .fire_and_wait(audit.schedules()?, "audit", "evidence-audit")
        .await?;
    console.mail(&audited);
    ensure!(
        audited.subject.contains("PASS"),
        "the audit says {}",
        audited.subject
    );

    console.step("the case is closed: threat-release, by its own approval");
    let containment = containment_of(&contained.body)?;
    let release = deployment.function("threat-release")?;
    let payload = format!(r#"{{"targets":["{TARGET}"],"containment":"{containment}"}}"#);
    let line = Stage::line_to(&release.function_name, &payload);
    console.note(&line);
    stage.shell(&line).await?;
    let planned = stage.mail("[day2] PLANNED prod-a: ").await?;
    console.mail(&planned);
    let line = approving_line(&planned)?;
    console.note(&line);
    let answer = stage.shell(&line).await?;
    ensure!(is_applied(&answer), "the approved release answers {answer}");
    let released = stage.mail("[day2] APPLIED prod-a: ").await?;
    console.mail(&released);
    stage.is_released(&miner).await?;
    ensure!(stage.bystanders().await? == bystanders, "the release ended pods");
    stage.world.no_miner().await?;
    console.good("all is as it was before, and the evidence stays");
    Ok(())
}

/// The id that a mail gives for `threat-release`: `{"containment":"…"}`.
fn containment_of(body: &str) -> Result<&str> {
    let after = body.split("{\"containment\":\"").nth(1);
    let id = after.and_then(|rest| rest.split('"').next());
    id.filter(|id| !id.is_empty() && !id.contains(char::is_whitespace))
        .context("the mail does not say how to release the pod")
}

impl Stage<'_> {
    /// Uids of the pods that have nothing to do with it.
    async fn bystanders(&self) -> Result<BTreeSet<String>> {
        let mut uids = BTreeSet::new();
        for (namespace, app) in [(NAMESPACE, NEIGHBOUR), (OTHER_NAMESPACE, SIBLING)] {
            let pods = self.world.pod_ids(namespace, app).await?;
            uids.extend(pods.into_iter().map(|pod| pod.uid));
        }
        ensure!(uids.len() == 3, "{} bystanders", uids.len());
        Ok(uids)
    }

    async fn quarantines(&self) -> Result<Vec<String>> {
        let policies = Api::<NetworkPolicy>::namespaced(self.kube()?, NAMESPACE);
        let all = policies.list(&ListParams::default()).await?;
        let names = all.iter().map(ResourceExt::name_any);
        Ok(names.filter(|name| name.starts_with(QUARANTINE)).collect())
    }

    async fn replicas(&self) -> Result<Option<i32>> {
        let workloads = Api::<Workload>::namespaced(self.kube()?, NAMESPACE);
        Ok(workloads
            .get(DEPLOYMENT)
            .await?
            .spec
            .and_then(|spec| spec.replicas))
    }

    async fn takes_pods(&self, node: &str) -> Result<bool> {
        let node = Api::<Node>::all(self.kube()?).get(node).await?;
        Ok(node.spec.and_then(|spec| spec.unschedulable) != Some(true))
    }

    async fn is_protected(&self, node: &str) -> Result<bool> {
        let node = Api::<Node>::all(self.kube()?).get(node).await?;
        let provider = node
            .spec
            .and_then(|spec| spec.provider_id)
            .context("no provider id")?;
        let id = provider.rsplit('/').next().unwrap_or_default().to_owned();
        let seen = aws_sdk_autoscaling::Client::new(&self.emulator().sdk_config())
            .describe_auto_scaling_instances()
            .instance_ids(id)
            .send()
            .await?;
        let instance = seen
            .auto_scaling_instances()
            .first()
            .context("no such instance")?;
        Ok(instance.protected_from_scale_in() == Some(true))
    }

    /// The roles, the neighbour's among them, of which older sessions are denied.
    async fn denials(&self) -> Result<Vec<String>> {
        let policies = self.world.policies_of_roles().await?;
        ensure!(
            policies.len() >= 2,
            "each role has a policy of its own: {policies:?}"
        );
        let ours = policies
            .into_keys()
            .filter(|(_, policy)| policy.starts_with("day2-"));
        Ok(ours.map(|(role, _)| role).collect())
    }

    async fn is_contained(&self, miner: &Miner, deployment: &Deployment) -> Result<()> {
        let policies = self.quarantines().await?;
        ensure!(
            policies == [format!("{QUARANTINE}{}", miner.pod.uid)],
            "the quarantines are {policies:?}"
        );
        ensure!(self.replicas().await? == Some(0), "the workload is not at zero");
        ensure!(!self.takes_pods(&miner.pod.node).await?, "its node takes pods");
        ensure!(
            self.is_protected(&miner.pod.node).await?,
            "its instance may be scaled in"
        );
        for pod in &miner.others {
            let same = pod.node == miner.pod.node;
            ensure!(
                same || self.takes_pods(&pod.node).await?,
                "{} is cordoned too",
                pod.node
            );
        }
        let denied = self.denials().await?;
        let role = role_arn(DEPLOYMENT);
        ensure!(
            denied.len() == 1 && denied.iter().all(|one| role.ends_with(&format!("/{one}"))),
            "older sessions are denied of {denied:?}"
        );
        let kept = Bucket::new(self.emulator(), deployment.evidence_bucket()?)
            .keys("evidence/")
            .await?;
        ensure!(kept.len() > 3, "the evidence is {kept:?}");
        Ok(())
    }

    async fn is_released(&self, miner: &Miner) -> Result<()> {
        let policies = self.quarantines().await?;
        ensure!(policies.is_empty(), "left are {policies:?}");
        let denied = self.denials().await?;
        ensure!(denied.is_empty(), "older sessions are still denied of {denied:?}");
        let wanted = i32::try_from(REPLICAS)?;
        ensure!(self.replicas().await? == Some(wanted), "the workload is not back");
        ensure!(self.takes_pods(&miner.pod.node).await?, "its node takes no pods");
        ensure!(
            !self.is_protected(&miner.pod.node).await?,
            "its instance cannot be scaled in"
        );
        Ok(())
    }
}
