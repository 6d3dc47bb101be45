//! The lists of the cluster, each reduced while it is read.
//!
//! Nodes come first: what a pod means depends on whether its node answers. Then all other lists side by side; the pods, by
//! far the longest, take as long as all the others together.

use std::future::Future;

use day2_core::Observed;
use day2_kube::{ClusterClient, Folded, ListQuery, Listed};
use day2_reads::times::Times;

use crate::facts::inside::Inside;
use crate::facts::namespaces::Namespaces;
use crate::reduce::jobs::EachJob;
use crate::reduce::nodes::EachNode;
use crate::reduce::notices::EachNotice;
use crate::reduce::pods::PodRules;
use crate::reduce::storage::EachStored;
use crate::reduce::workloads::{EachWorkload, WorkloadTally};
use crate::settings::{Group, Plan};

/// Reads a list if one of the groups that need it is in force.
async fn wanted<T>(
    client: &Observed<ClusterClient>,
    plan: &Plan,
    groups: &[Group],
    read: impl AsyncFnOnce(&ClusterClient) -> Observed<T>,
) -> Option<Observed<T>> {
    if !groups.iter().any(|group| plan.looks_at(*group)) {
        return None;
    }
    Some(match client {
        Ok(client) => read(client).await,
        Err(why) => Err(why.clone()),
    })
}

pub(super) async fn inside(
    client: &Observed<ClusterClient>,
    plan: &Plan,
    namespaces: impl Future<Output = Observed<Namespaces>>,
    times: &Times,
) -> (Observed<Namespaces>, Inside) {
    use Group::{Certificates, Cluster, Mesh, Nodes, Quotas, Scaling, Storage, Workloads};
    let until = times.deadline;
    let (namespaces, nodes) = futures::join!(
        namespaces,
        wanted(
            client,
            plan,
            &[Cluster, Nodes, Workloads, Storage],
            async |client| { client.list_nodes_into(&EachNode, until).await }
        )
    );
    let known = nodes.as_ref().and_then(|nodes| nodes.as_ref().ok());
    let rules = PodRules::new(
        plan,
        known.map(|nodes| nodes.sum.as_slice()),
        namespaces.as_ref().ok(),
        times.now,
    );
    let each = EachWorkload(&plan.cluster.system_namespaces);
    let of_workloads = [Cluster, Workloads];
    let all = ListQuery::all();

    // Two halves: one join of so many lists would be one very large future.
    let workloads = async {
        futures::join!(
            wanted(
                client,
                plan,
                &[Nodes, Workloads, Storage, Mesh, Cluster],
                async |client| { client.list_pods_into(&rules, until).await }
            ),
            wanted(client, plan, &of_workloads, async |client| {
                client.list_deployments_into(&each, until).await
            }),
            wanted(client, plan, &of_workloads, async |client| {
                client.list_stateful_sets_into(&each, until).await
            }),
            wanted(client, plan, &of_workloads, async |client| {
                let sets = client.list_daemonsets(&all, until).await?;
                Ok(daemon_sets(&each, sets))
            }),
            wanted(client, plan, &[Workloads], async |client| {
                client.list_jobs_into(&EachJob(rules.restarts_since), until).await
            }),
            wanted(client, plan, &[Workloads], async |client| {
                client.list_horizontal_pod_autoscalers(&all, until).await
            }),
            wanted(client, plan, &[Workloads], async |client| client
                .list_pdbs(&all, until)
                .await),
            wanted(client, plan, &[Workloads, Storage], async |client| {
                client.list_events_into(&EachNotice, until).await
            }),
        )
    };
    let others = async {
        futures::join!(
            wanted(client, plan, &[Nodes], async |client| client
                .list_node_claims(until)
                .await),
            wanted(client, plan, &[Nodes, Storage], async |client| {
                client.list_node_pools(until).await
            }),
            wanted(client, plan, &[Storage], async |client| {
                client
                    .list_persistent_volume_claims_into(&EachStored, until)
                    .await
            }),
            wanted(client, plan, &[Storage], async |client| {
                client.list_persistent_volumes_into(&EachStored, until).await
            }),
            wanted(client, plan, &[Storage], async |client| {
                client.list_volume_attachments_into(&EachStored, until).await
            }),
            wanted(client, plan, &[Storage], async |client| client
                .list_storage_classes(until)
                .await),
            wanted(client, plan, &[Quotas], async |client| client
                .list_resource_quotas(until)
                .await),
            wanted(client, plan, &[Scaling], async |client| {
                client.list_scaled_objects_everywhere(until).await
            }),
            wanted(client, plan, &[Certificates], async |client| {
                client.list_certificates(until).await
            }),
        )
    };
    let (
        (pods, deployments, stateful_sets, daemon_sets, jobs, autoscalers, budgets, warnings),
        (
            node_claims,
            node_pools,
            claims,
            volumes,
            attachments,
            classes,
            quotas,
            scaled_objects,
            certificates,
        ),
    ) = futures::join!(Box::pin(workloads), Box::pin(others));
    let mut pods = pods;
    if let (Some(Ok(pods)), Some(Ok(jobs))) = (&mut pods, &jobs) {
        let made_by = &jobs.sum.cron_jobs;
        pods.sum
            .adopt(|namespace, job| made_by.get(&(namespace.to_owned(), job.to_owned())).cloned());
    }
    drop(rules);
    let inside = Inside {
        nodes,
        node_claims,
        node_pools,
        pods,
        deployments,
        stateful_sets,
        daemon_sets,
        jobs,
        autoscalers,
        budgets,
        warnings,
        claims,
        volumes,
        attachments,
        classes,
        quotas,
        scaled_objects,
        certificates,
    };
    (namespaces, inside)
}

fn daemon_sets(
    each: &EachWorkload<'_>,
    sets: Listed<day2_kube::objects::DaemonSet>,
) -> Folded<WorkloadTally> {
    let (sets, shortfall) = sets.into_parts();
    Folded {
        sum: each.daemon_sets(&sets),
        read: sets.len(),
        shortfall,
    }
}
