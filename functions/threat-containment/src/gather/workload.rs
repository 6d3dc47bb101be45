//! What would bring the workload back, as whom the pod acts, and who else in the cluster is like it.

use day2_core::names::{DnsLabel, DnsName};
use day2_core::{Cause, Observed, Unreadable};
use day2_kube::objects::PodDetail;
use day2_kube::{ClusterClient, Likeness, ListQuery};
use day2_reads::pod_identities::{self, ActsAs};
use day2_reads::times::Times;

use super::Clients;
use crate::facts::WorkloadFacts;

/// Reads all at once; who else in the cluster acts as a role only where `actors` are asked for.
pub async fn facts(
    (clients, cluster): (&Clients, &ClusterClient),
    pod: &PodDetail,
    namespace: &DnsLabel,
    actors: bool,
    times: &Times,
) -> WorkloadFacts {
    let likeness = likeness(pod);
    let autoscalers = async {
        let query = ListQuery::all().in_namespace(namespace.as_str());
        cluster
            .list_horizontal_pod_autoscalers(&query, times.deadline)
            .await?
            .complete()
    };
    let scaled_objects = async {
        match cluster.list_scaled_objects(namespace, times.deadline).await? {
            None => Ok(None),
            Some(listed) => listed.complete().map(Some),
        }
    };
    let siblings = cluster.list_pod_siblings(&likeness, times.deadline);
    let account = async {
        let name: DnsName = pod.service_account.parse().map_err(|misfit| {
            let why = format!("the name {misfit}");
            Unreadable::new("get serviceaccounts", cluster.name(), Cause::Malformed, why)
        })?;
        cluster
            .get_service_account(namespace, &name, times.deadline)
            .await
    };
    let own = (namespace.as_str(), pod.service_account.as_str());
    let pod_identity = pod_identities::of_account(&clients.eks, times, cluster.name(), own);
    let actors = async {
        if actors {
            Some(all_actors(clients, cluster, times).await)
        } else {
            None
        }
    };
    let (autoscalers, scaled_objects, siblings, account, pod_identity, actors) = futures::join!(
        autoscalers,
        scaled_objects,
        siblings,
        account,
        Box::pin(pod_identity),
        Box::pin(actors)
    );
    WorkloadFacts {
        autoscalers,
        scaled_objects,
        account,
        pod_identity,
        actors,
        siblings,
    }
}

/// Every service account of the cluster that acts as an IRSA role or by EKS Pod Identity.
async fn all_actors(clients: &Clients, cluster: &ClusterClient, times: &Times) -> Observed<Vec<ActsAs>> {
    let (accounts, identities) = futures::join!(
        cluster.list_service_accounts(times.deadline),
        pod_identities::of_cluster(&clients.eks, times, cluster.name())
    );
    let mut all = identities?;
    all.extend(accounts?.complete()?.into_iter().filter_map(|account| {
        Some(ActsAs {
            role_arn: account.role_arn?,
            namespace: account.namespace,
            service_account: account.name,
        })
    }));
    Ok(all)
}

/// What makes another pod like this one: an image by its digest, or the service account. The account `default` says nothing:
/// most pods have it.
#[must_use]
pub fn likeness(pod: &PodDetail) -> Likeness {
    let named = pod.service_account != "default";
    Likeness {
        digests: pod.digests().into_iter().map(str::to_owned).collect(),
        service_account: named.then(|| (pod.namespace.clone(), pod.service_account.clone())),
    }
}

/// Whether anything with a digest of the pod still runs.
///
/// # Errors
///
/// When the pods could not be read completely: then nothing is said to have ended.
pub async fn still_runs(cluster: &ClusterClient, pod: &PodDetail, times: &Times) -> Observed<Vec<String>> {
    let likeness = Likeness {
        digests: likeness(pod).digests,
        service_account: None,
    };
    if likeness.digests.is_empty() {
        return Err(Unreadable::new(
            "list pods",
            cluster.name(),
            Cause::Other,
            "the pod reports no image digest, so nothing can be looked for",
        ));
    }
    let listed = cluster.list_pod_siblings(&likeness, times.deadline).await?;
    let running = |one: &&day2_kube::Sibling| !matches!(one.phase.as_str(), "Succeeded" | "Failed");
    let pods = listed.complete()?;
    Ok(pods
        .iter()
        .filter(running)
        .map(|one| format!("{}/{}", one.namespace, one.name))
        .collect())
}
