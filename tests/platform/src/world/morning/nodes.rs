//! Nodes that are not well, or were forgotten.

use anyhow::{Context, Result, ensure};
use jiff::SignedDuration;
use k8s_openapi::api::core::v1::Node;
use kube::ResourceExt;
use kube::api::{Api, ListParams, Patch, PatchParams};
use serde_json::json;

use super::{Broken, LIMIT, Trouble, World};
use crate::clock;
use crate::cluster::stages::{self, SickNode};
use crate::wait::wait_until;
use crate::world::plan::GROUP_LABEL;

/// The taint that the node controller gives a cordoned node.
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
const DAYS: i64 = 2;
/// Label by which the way back finds the node.
const SUBJECT: &str = "day2.test/subject-of";

impl World {
    /// The pods on it stay as they are for five minutes, then the node controller evicts them.
    pub(super) async fn node_fails(&self, trouble: Trouble) -> Result<Broken> {
        let node = self.chosen_node("not-ready", 0).await?;
        stages::break_node(&self.kube, &node, SickNode::NotReady).await?;
        Ok(trouble.told(None, node, "container runtime is down"))
    }

    pub(super) async fn node_is_well(&self) -> Result<()> {
        let node = self.released_node("not-ready").await?;
        stages::mend_node(&self.kube, &node).await?;
        self.settled().await
    }

    pub(super) async fn node_is_forgotten(&self, trouble: Trouble) -> Result<Broken> {
        let node = self.chosen_node("forgotten", 1).await?;
        let since = clock::now().checked_sub(SignedDuration::from_hours(24 * DAYS))?;
        let cordon = json!({"spec": {"unschedulable": true, "taints": [
            {"key": UNSCHEDULABLE, "effect": "NoSchedule", "timeAdded": since},
        ]}});
        self.patch_node(&node, cordon).await?;
        wait_until(LIMIT, "the node is cordoned since days", async || {
            let seen = Api::<Node>::all(self.kube.clone()).get(&node).await?;
            let taints = seen.spec.and_then(|spec| spec.taints).unwrap_or_default();
            let old = |taint: &k8s_openapi::api::core::v1::Taint| {
                taint.key == UNSCHEDULABLE && taint.time_added.as_ref().is_some_and(|time| time.0 <= since)
            };
            ensure!(taints.iter().any(old), "{taints:?}");
            Ok(())
        })
        .await?;
        Ok(trouble.told(None, node, "cordoned"))
    }

    pub(super) async fn node_is_remembered(&self) -> Result<()> {
        let node = self.released_node("forgotten").await?;
        self.patch_node(&node, json!({"spec": {"unschedulable": false}}))
            .await?;
        wait_until(LIMIT, "the node takes pods", async || {
            let seen = Api::<Node>::all(self.kube.clone()).get(&node).await?;
            let taints = seen.spec.and_then(|spec| spec.taints).unwrap_or_default();
            ensure!(taints.is_empty(), "{taints:?}");
            Ok(())
        })
        .await
    }

    async fn patch_node(&self, node: &str, patch: serde_json::Value) -> Result<()> {
        let api = Api::<Node>::all(self.kube.clone());
        let sent = api
            .patch(node, &PatchParams::default(), &Patch::Merge(patch))
            .await;
        sent.map(drop).with_context(|| format!("patch {node}"))
    }

    /// A workspace node, the same for every world of this plan, marked for the way back.
    async fn chosen_node(&self, subject: &str, index: usize) -> Result<String> {
        let group = self.plan.workspace_group().name;
        let of_group = ListParams::default().labels(&format!("{GROUP_LABEL}={group},!{SUBJECT}"));
        let nodes = Api::<Node>::all(self.kube.clone()).list(&of_group).await?;
        let node = nodes.items.get(index).context("no such node")?.name_any();
        self.patch_node(&node, json!({"metadata": {"labels": {(SUBJECT): subject}}}))
            .await?;
        Ok(node)
    }

    async fn released_node(&self, subject: &str) -> Result<String> {
        let marked = ListParams::default().labels(&format!("{SUBJECT}={subject}"));
        let nodes = Api::<Node>::all(self.kube.clone()).list(&marked).await?;
        let node = nodes.items.first().context("it has not begun")?.name_any();
        self.patch_node(&node, json!({"metadata": {"labels": {(SUBJECT): null}}}))
            .await?;
        Ok(node)
    }
}
