//! The lists of the cluster, each reduced while it is read.
//!
//! Nodes come first: what a pod means depends on whether its node answers. Then all other lists side by side; the pods, by
//! far the longest, take as long as all the others together.

use std::future::Future;

use day2_core::Observed;
use day2_core::target::NodeGroup;
use day2_kube::objects::DaemonSet;
use day2_kube::{ClusterClient, Folded, ListQuery, Listed};
use day2_reads::times::Times;
use jiff::Timestamp;

use crate::counted::Before;
use crate::facts::inside::Inside;
use crate::facts::namespaces::Namespaces;
use crate::reduce::jobs::EachJob;
use crate::reduce::nodes::EachNode;
use crate::reduce::notices::EachNotice;
use crate::reduce::pods::PodRules;
use crate::reduce::storage::EachStored;
use crate::reduce::workloads::{EachWorkload, WorkloadTally};
use crate::settings::Group::{self, Certificates, Cluster, Mesh, Nodes, Quotas, Scaling, Storage, Workloads};
use crate::settings::Plan;

/// Reads lists that a group in force needs.
struct Reader<'a> {
    client: &'a Observed<ClusterClient>,
    plan: &'a Plan,
    until: Timestamp,
}

impl Reader<'_> {
    /// Reads a list if one of the groups that need it is in force.
    async fn wanted<T>(
        &self,
        groups: &[Group],
        read: impl AsyncFnOnce(&ClusterClient, Timestamp) -> Observed<T>,
    ) -> Option<Observed<T>> {
        if !groups.iter().any(|group| self.plan.looks_at(*group)) {
            return None;
        }
        Some(match self.client {
            Ok(client) => read(client, self.until).await,
            Err(why) => Err(why.clone()),
        })
    }
}

pub(super) async fn inside(
    client: &Observed<ClusterClient>,
    plan: &Plan,
    groups: &[NodeGroup],
    namespaces: impl Future<Output = Observed<Namespaces>>,
    before: impl Future<Output = Option<Before>>,
    times: &Times,
) -> (Observed<Namespaces>, Inside) {
    let reader = Reader {
        client,
        plan,
        until: times.deadline,
    };
    let (namespaces, before, nodes) = futures::join!(
        namespaces,
        before,
        reader.wanted(&[Cluster, Nodes, Workloads, Storage], async |client, until| {
            client.list_nodes_into(&EachNode(groups), until).await
        })
    );
    let known = nodes.as_ref().and_then(|nodes| nodes.as_ref().ok());
    let rules = PodRules::new(
        plan,
        known.map(|nodes| nodes.sum.as_slice()),
        namespaces.as_ref().ok(),
        before.as_ref(),
        times.now,
    );
    let (workloads, others) = futures::join!(Box::pin(workloads(&reader, &rules)), Box::pin(others(&reader)));
    drop(rules);
    let inside = Inside {
        nodes,
        node_claims: others.node_claims,
        node_pools: others.node_pools,
        claims: others.claims,
        volumes: others.volumes,
        attachments: others.attachments,
        classes: others.classes,
        quotas: others.quotas,
        scaled_objects: others.scaled_objects,
        certificates: others.certificates,
        ..workloads
    };
    (namespaces, inside)
}

/// Pods, and what makes and protects them.
async fn workloads(reader: &Reader<'_>, rules: &PodRules<'_>) -> Inside {
    let each = EachWorkload(&reader.plan.cluster.system_namespaces);
    let all = ListQuery::all();
    let of_pods = [Nodes, Workloads, Storage, Mesh, Cluster];
    let of_workloads = [Cluster, Workloads];
    let (mut pods, deployments, stateful_sets, daemon_sets, jobs, cron_jobs, autoscalers, budgets, warnings) = futures::join!(
        reader.wanted(&of_pods, async |client, until| client
            .list_pods_into(rules, until)
            .await),
        reader.wanted(&of_workloads, async |client, until| {
            client.list_deployments_into(&each, until).await
        }),
        reader.wanted(&of_workloads, async |client, until| {
            client.list_stateful_sets_into(&each, until).await
        }),
        reader.wanted(&of_workloads, async |client, until| {
            let sets = client.list_daemonsets(&all, until).await?;
            Ok(daemon_sets(&each, sets))
        }),
        reader.wanted(&[Workloads], async |client, until| {
            client.list_jobs_into(&EachJob(rules.restarts_since), until).await
        }),
        reader.wanted(&[Workloads], async |client, until| client
            .list_cron_jobs(until)
            .await),
        reader.wanted(&[Workloads], async |client, until| {
            client.list_horizontal_pod_autoscalers(&all, until).await
        }),
        reader.wanted(&[Workloads], async |client, until| {
            client.list_pdbs(&all, until).await
        }),
        reader.wanted(&[Workloads, Storage], async |client, until| {
            client.list_events_into(&EachNotice, until).await
        }),
    );
    if let (Some(Ok(pods)), Some(Ok(jobs))) = (&mut pods, &jobs) {
        let made_by = &jobs.sum.cron_jobs;
        pods.sum
            .adopt(|namespace, job| made_by.get(&(namespace.to_owned(), job.to_owned())).cloned());
    }
    Inside {
        pods,
        deployments,
        stateful_sets,
        daemon_sets,
        jobs,
        cron_jobs,
        autoscalers,
        budgets,
        warnings,
        ..Inside::default()
    }
}

/// Storage, quotas, and the kinds that a cluster may not know.
async fn others(reader: &Reader<'_>) -> Inside {
    let (
        node_claims,
        node_pools,
        claims,
        volumes,
        attachments,
        classes,
        quotas,
        scaled_objects,
        certificates,
    ) = futures::join!(
        reader.wanted(&[Nodes], async |client, until| client
            .list_node_claims(until)
            .await),
        reader.wanted(&[Nodes, Storage], async |client, until| client
            .list_node_pools(until)
            .await),
        reader.wanted(&[Storage], async |client, until| {
            client
                .list_persistent_volume_claims_into(&EachStored, until)
                .await
        }),
        reader.wanted(&[Storage], async |client, until| {
            client.list_persistent_volumes_into(&EachStored, until).await
        }),
        reader.wanted(&[Storage], async |client, until| {
            client.list_volume_attachments_into(&EachStored, until).await
        }),
        reader.wanted(&[Storage], async |client, until| client
            .list_storage_classes(until)
            .await),
        reader.wanted(&[Quotas], async |client, until| client
            .list_resource_quotas(until)
            .await),
        reader.wanted(&[Scaling], async |client, until| {
            client.list_scaled_objects_everywhere(until).await
        }),
        reader.wanted(&[Certificates], async |client, until| client
            .list_certificates(until)
            .await),
    );
    Inside {
        node_claims,
        node_pools,
        claims,
        volumes,
        attachments,
        classes,
        quotas,
        scaled_objects,
        certificates,
        ..Inside::default()
    }
}

fn daemon_sets(each: &EachWorkload<'_>, sets: Listed<DaemonSet>) -> Folded<WorkloadTally> {
    let (sets, shortfall) = sets.into_parts();
    Folded {
        sum: each.daemon_sets(&sets),
        read: sets.len(),
        shortfall,
    }
}
