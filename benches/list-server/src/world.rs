//! The cluster that is played: every object is made when it is asked for, from its number alone, so that a list of 150,000
//! pods needs no more memory than one of 500.
//!
//! Sizes as an API server sends them: 5 kB for a pod and for a node, both with their `managedFields`.

use std::io::Write as _;

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};

use crate::template::{Field, Template};

/// Pods of one Deployment.
pub const PODS_OF_A_DEPLOYMENT: usize = 20;
/// Replica sets that are kept of one Deployment, the one in use among them.
const REPLICA_SETS_OF_A_DEPLOYMENT: usize = 3;
/// Pods for each node: 150,000 on 5,000.
const PODS_OF_A_NODE: usize = 30;
/// Namespaces.
const NAMESPACES: usize = 40;

/// One node in so many is not Ready.
const NOT_READY: (usize, usize) = (250, 17);
/// One pod in so many crashes again and again, and where the first is.
const CRASHING: (usize, usize) = (1_000, 7);
/// Pods whose image cannot be pulled.
const PULLING: (usize, usize) = (1_500, 31);
/// Pods that fit on no node.
const UNSCHEDULABLE: (usize, usize) = (2_000, 53);
/// Pods that were restarted two hours ago.
const RESTARTED: (usize, usize) = (700, 73);

fn is(index: usize, (each, first): (usize, usize)) -> bool {
    index % each == first
}

/// A list that the cluster has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// `pods`
    Pods,
    /// `nodes`
    Nodes,
    /// `namespaces`
    Namespaces,
    /// `deployments`
    Deployments,
    /// `statefulsets`: there are none.
    StatefulSets,
    /// `daemonsets`
    DaemonSets,
    /// `jobs`
    Jobs,
    /// `cronjobs`: there are none.
    CronJobs,
    /// `horizontalpodautoscalers`
    Autoscalers,
    /// `poddisruptionbudgets`
    Budgets,
    /// `events`: warnings only.
    Events,
    /// `persistentvolumeclaims`
    Claims,
    /// `persistentvolumes`
    Volumes,
    /// `volumeattachments`
    Attachments,
    /// `storageclasses`
    Classes,
    /// `resourcequotas`
    Quotas,
    /// `replicasets`: of each Deployment the last ones.
    ReplicaSets,
    /// `configmaps`
    ConfigMaps,
}

/// Path, kind of the list, and whether its objects lie in namespaces.
pub const LISTS: [(List, &str, &str, bool); 16] = [
    (List::Pods, "/api/v1/pods", "Pod", true),
    (List::Nodes, "/api/v1/nodes", "Node", false),
    (List::Namespaces, "/api/v1/namespaces", "Namespace", false),
    (List::Events, "/api/v1/events", "Event", true),
    (
        List::Claims,
        "/api/v1/persistentvolumeclaims",
        "PersistentVolumeClaim",
        true,
    ),
    (
        List::Volumes,
        "/api/v1/persistentvolumes",
        "PersistentVolume",
        false,
    ),
    (List::Quotas, "/api/v1/resourcequotas", "ResourceQuota", true),
    (List::Deployments, "/apis/apps/v1/deployments", "Deployment", true),
    (
        List::StatefulSets,
        "/apis/apps/v1/statefulsets",
        "StatefulSet",
        true,
    ),
    (List::DaemonSets, "/apis/apps/v1/daemonsets", "DaemonSet", true),
    (List::Jobs, "/apis/batch/v1/jobs", "Job", true),
    (List::CronJobs, "/apis/batch/v1/cronjobs", "CronJob", true),
    (
        List::Autoscalers,
        "/apis/autoscaling/v2/horizontalpodautoscalers",
        "HorizontalPodAutoscaler",
        true,
    ),
    (
        List::Budgets,
        "/apis/policy/v1/poddisruptionbudgets",
        "PodDisruptionBudget",
        true,
    ),
    (
        List::Classes,
        "/apis/storage.k8s.io/v1/storageclasses",
        "StorageClass",
        false,
    ),
    (
        List::Attachments,
        "/apis/storage.k8s.io/v1/volumeattachments",
        "VolumeAttachment",
        false,
    ),
];

/// What only a triage reads: what was changed lately. Of [`LISTS`] it reads the metadata once more.
pub const OF_TRIAGE: [(List, &str, &str, bool); 2] = [
    (List::ReplicaSets, "/apis/apps/v1/replicasets", "ReplicaSet", true),
    (List::ConfigMaps, "/api/v1/configmaps", "ConfigMap", true),
];

#[derive(Debug)]
struct Templates {
    pod: Template,
    running: Template,
    restarted: Template,
    crashing: Template,
    pulling: Template,
    unschedulable: Template,
    node: Template,
    ready: Template,
    not_ready: Template,
    namespace: Template,
    deployment: Template,
    daemon_set: Template,
    job: Template,
    autoscaler: Template,
    budget: Template,
    event: Template,
    claim: Template,
    volume: Template,
    attachment: Template,
    class: Template,
    quota: Template,
    replica_set: Template,
    config_map: Template,
}

/// A cluster of a size.
#[derive(Debug)]
pub struct World {
    pods: usize,
    templates: Templates,
    created: String,
    lately: String,
}

impl World {
    /// A cluster with so many pods, in which some things were wrong two hours before `now`.
    ///
    /// # Errors
    ///
    /// When a template holds a field that nobody fills.
    pub fn new(pods: usize, now: Timestamp) -> Result<Self> {
        let ago = |hours: i64| -> Result<String> {
            let at = now.checked_sub(SignedDuration::from_hours(hours))?;
            Ok(at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        };
        let read = Template::read;
        Ok(Self {
            pods,
            created: ago(240)?,
            lately: ago(2)?,
            templates: Templates {
                pod: read(include_str!("../objects/pod.json"))?,
                running: read(include_str!("../objects/pod-status-running.json"))?,
                restarted: read(include_str!("../objects/pod-status-restarted.json"))?,
                crashing: read(include_str!("../objects/pod-status-crashing.json"))?,
                pulling: read(include_str!("../objects/pod-status-pulling.json"))?,
                unschedulable: read(include_str!("../objects/pod-status-unschedulable.json"))?,
                node: read(include_str!("../objects/node.json"))?,
                ready: read(include_str!("../objects/node-ready.json"))?,
                not_ready: read(include_str!("../objects/node-not-ready.json"))?,
                namespace: read(include_str!("../objects/namespace.json"))?,
                deployment: read(include_str!("../objects/deployment.json"))?,
                daemon_set: read(include_str!("../objects/daemonset.json"))?,
                job: read(include_str!("../objects/job.json"))?,
                autoscaler: read(include_str!("../objects/hpa.json"))?,
                budget: read(include_str!("../objects/pdb.json"))?,
                event: read(include_str!("../objects/event.json"))?,
                claim: read(include_str!("../objects/claim.json"))?,
                volume: read(include_str!("../objects/volume.json"))?,
                attachment: read(include_str!("../objects/attachment.json"))?,
                class: read(include_str!("../objects/class.json"))?,
                quota: read(include_str!("../objects/quota.json"))?,
                replica_set: read(include_str!("../objects/replicaset.json"))?,
                config_map: read(include_str!("../objects/configmap.json"))?,
            },
        })
    }

    /// Nodes of the cluster.
    #[must_use]
    pub const fn nodes(&self) -> usize {
        self.pods.div_ceil(PODS_OF_A_NODE)
    }

    /// How many objects a list has.
    #[must_use]
    pub fn count(&self, list: List) -> usize {
        let deployments = self.pods.div_ceil(PODS_OF_A_DEPLOYMENT);
        match list {
            List::Pods => self.pods,
            List::Nodes => self.nodes(),
            List::Namespaces | List::Quotas => NAMESPACES,
            List::Deployments | List::ConfigMaps => deployments,
            List::ReplicaSets => deployments * REPLICA_SETS_OF_A_DEPLOYMENT,
            List::StatefulSets | List::CronJobs => 0,
            List::DaemonSets => 6,
            List::Jobs => self.pods / 200,
            List::Autoscalers | List::Budgets => deployments / 4,
            List::Events | List::Claims | List::Volumes | List::Attachments => self.pods / 50,
            List::Classes => 1,
        }
    }

    /// Writes the object of this number.
    pub fn write(&self, list: List, index: usize, out: &mut Vec<u8>) {
        let templates = &self.templates;
        let template = match list {
            List::Pods => &templates.pod,
            List::Nodes => &templates.node,
            List::Namespaces => &templates.namespace,
            List::Deployments => &templates.deployment,
            List::StatefulSets | List::CronJobs => return,
            List::DaemonSets => &templates.daemon_set,
            List::Jobs => &templates.job,
            List::Autoscalers => &templates.autoscaler,
            List::Budgets => &templates.budget,
            List::Events => &templates.event,
            List::Claims => &templates.claim,
            List::Volumes => &templates.volume,
            List::Attachments => &templates.attachment,
            List::Classes => &templates.class,
            List::Quotas => &templates.quota,
            List::ReplicaSets => &templates.replica_set,
            List::ConfigMaps => &templates.config_map,
        };
        template.write(out, |field, out| self.fill(list, index, field, out));
    }

    fn fill(&self, list: List, index: usize, field: Field, out: &mut Vec<u8>) {
        // The number of the Deployment that an object belongs to.
        let app = match list {
            List::Pods => index / PODS_OF_A_DEPLOYMENT,
            List::Events => index * 50 / PODS_OF_A_DEPLOYMENT,
            List::ReplicaSets => index / REPLICA_SETS_OF_A_DEPLOYMENT,
            _ => index,
        };
        // Writing to a vector cannot fail.
        let _ = match field {
            Field::App => write!(out, "app-{app:05}"),
            Field::Owner => write!(out, "app-{app:05}-7d9c8b6f54"),
            Field::Namespace => write!(out, "team-{:02}", app % NAMESPACES),
            Field::Name => self.name(list, index, out),
            Field::Node => self.node_name(index, out),
            Field::Nodes => write!(out, "{}", self.nodes()),
            Field::Index => write!(out, "{index}"),
            Field::Serial => write!(out, "{index:012x}"),
            Field::Uid => write!(out, "{:08x}-5c1d-4e2f-8a3b-{index:012x}", mixed(index)),
            Field::Version => write!(out, "{}", 700_000_000 + index),
            Field::Zone => out.write_all(match index % 3 {
                0 => b"a",
                1 => b"b",
                _ => b"c",
            }),
            Field::Created => out.write_all(self.created.as_bytes()),
            Field::Lately => out.write_all(self.lately.as_bytes()),
            Field::Bound => {
                if !is(index, UNSCHEDULABLE) {
                    let _ = out.write_all(b"\"nodeName\":\"");
                    let _ = self.node_name(index, out);
                    let _ = out.write_all(b"\",");
                }
                Ok(())
            }
            Field::Ready => {
                let templates = &self.templates;
                let template = if is(index, NOT_READY) {
                    &templates.not_ready
                } else {
                    &templates.ready
                };
                template.write(out, |field, out| self.fill(list, index, field, out));
                Ok(())
            }
            Field::Status => {
                self.status(index)
                    .write(out, |field, out| self.fill(list, index, field, out));
                Ok(())
            }
        };
    }

    fn status(&self, pod: usize) -> &Template {
        let templates = &self.templates;
        if is(pod, CRASHING) {
            &templates.crashing
        } else if is(pod, PULLING) {
            &templates.pulling
        } else if is(pod, UNSCHEDULABLE) {
            &templates.unschedulable
        } else if is(pod, RESTARTED) {
            &templates.restarted
        } else {
            &templates.running
        }
    }

    fn name(&self, list: List, index: usize, out: &mut Vec<u8>) -> std::io::Result<()> {
        match list {
            List::Nodes => self.node_name(index, out),
            List::Namespaces => write!(out, "team-{index:02}"),
            List::Events => self.name(List::Pods, index * 50, out),
            List::ReplicaSets => write!(
                out,
                "app-{:05}-7d9c8b6f5{}",
                index / REPLICA_SETS_OF_A_DEPLOYMENT,
                index % REPLICA_SETS_OF_A_DEPLOYMENT
            ),
            _ => write!(
                out,
                "app-{:05}-7d9c8b6f54-{:05}",
                index / PODS_OF_A_DEPLOYMENT,
                index % PODS_OF_A_DEPLOYMENT
            ),
        }
    }

    fn node_name(&self, index: usize, out: &mut Vec<u8>) -> std::io::Result<()> {
        let node = index % self.nodes().max(1);
        write!(
            out,
            "ip-10-{}-{}-{}.eu-central-1.compute.internal",
            node / 65_536,
            node / 256 % 256,
            node % 256
        )
    }
}

/// A number that looks like no other's neighbour (the finaliser of murmur3): names of restarts hold the first part of a uid.
fn mixed(index: usize) -> u32 {
    let mut mixed = u32::try_from(index).unwrap_or(u32::MAX);
    mixed = (mixed ^ (mixed >> 16)).wrapping_mul(0x85eb_ca6b);
    mixed = (mixed ^ (mixed >> 13)).wrapping_mul(0xc2b2_ae35);
    mixed ^ (mixed >> 16)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_object_is_json_of_its_usual_size() {
        let world = World::new(5_000, "2026-03-06T11:00:00Z".parse().unwrap()).unwrap();
        for (list, path, ..) in LISTS.into_iter().chain(OF_TRIAGE) {
            let mut sum = 0;
            for index in 0..world.count(list) {
                let mut out = Vec::new();
                world.write(list, index, &mut out);
                sum += out.len();
                let object: Value = serde_json::from_slice(&out).unwrap_or_else(|error| {
                    panic!("{path} {index}: {error}: {}", String::from_utf8_lossy(&out))
                });
                assert!(object["metadata"]["name"].is_string(), "{path} {index}");
            }
            let each = sum / world.count(list).max(1);
            match list {
                List::Pods => assert!((3_800..5_500).contains(&each), "a pod is {each} bytes"),
                List::Nodes => assert!((5_000..7_000).contains(&each), "a node is {each} bytes"),
                _ => {}
            }
        }
    }
}
