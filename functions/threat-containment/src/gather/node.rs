//! The node of the pod, the nodes around it, and the Auto Scaling group of its instance.

use day2_aws::error::unreadable;
use day2_core::{Cause, Observed, Unreadable};
use day2_kube::objects::{Node, PodDetail};
use day2_kube::{ClusterClient, ListQuery};
use day2_reads::times::Times;

use super::Clients;
use crate::facts::{DnsPod, GroupMember, NodeFacts, instance_of};

const INSTANCES: &str = "autoscaling:DescribeAutoScalingInstances";

/// Reads the nodes, the cluster's DNS, and then the group of the pod's instance.
pub async fn facts(clients: &Clients, cluster: &ClusterClient, pod: &PodDetail, times: &Times) -> NodeFacts {
    let (nodes, dns) = futures::join!(nodes(cluster, times), dns(cluster, times));
    let node = nodes
        .as_ref()
        .ok()
        .and_then(|nodes| nodes.iter().find(|node| Some(&node.name) == pod.node.as_ref()));
    let member = match node.and_then(instance_of) {
        None => Ok(None),
        Some(instance) => member(clients, instance, times).await,
    };
    NodeFacts { nodes, dns, member }
}

/// All nodes.
///
/// # Errors
///
/// When they could not be read completely.
pub async fn nodes(cluster: &ClusterClient, times: &Times) -> Observed<Vec<Node>> {
    cluster
        .list_nodes(&ListQuery::all(), times.deadline)
        .await?
        .complete()
}

async fn dns(cluster: &ClusterClient, times: &Times) -> Observed<Vec<DnsPod>> {
    let query = ListQuery::all()
        .in_namespace("kube-system")
        .labelled("k8s-app=kube-dns");
    let pods = cluster.list_pods(&query, times.deadline).await?.complete()?;
    Ok(pods
        .into_iter()
        .map(|pod| DnsPod {
            ready: pod.ready() && pod.deleting_since.is_none(),
            node: pod.node,
        })
        .collect())
}

/// The group of an instance, if it is in one.
///
/// # Errors
///
/// When it could not be read.
pub async fn member(clients: &Clients, instance: &str, times: &Times) -> Observed<Option<GroupMember>> {
    let read = async {
        let answer = clients
            .autoscaling
            .describe_auto_scaling_instances()
            .instance_ids(instance)
            .send()
            .await
            .map_err(|error| unreadable(INSTANCES, instance, &error))?;
        let listed = answer.auto_scaling_instances.ok_or_else(|| {
            Unreadable::new(
                INSTANCES,
                instance,
                Cause::Malformed,
                "the answer holds no instances",
            )
        })?;
        let found = listed.into_iter().find(|one| one.instance_id() == Some(instance));
        Ok(found.and_then(|one| {
            Some(GroupMember {
                group: one.auto_scaling_group_name()?.to_owned(),
                protected: one.protected_from_scale_in() == Some(true),
            })
        }))
    };
    times.within(INSTANCES, instance, read).await
}
