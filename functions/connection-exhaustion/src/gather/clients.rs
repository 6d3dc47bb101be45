//! The clients of the database: their Deployments, autoscalers, pods and disruption budgets.

use day2_core::target::Target;
use day2_core::{Observed, Unreadable};
use day2_kube::objects::{DeploymentDetail, Pod};
use day2_kube::{ClusterClient, ListQuery, Listed};
use day2_reads::times::Times;
use futures::future::join_all;
use jiff::Timestamp;

use super::Clients;
use crate::facts::ClientFacts;
use crate::settings::{Client, Policy};

/// Reads every client of the settings, in their order.
pub(super) async fn clients(
    clients: &Clients,
    target: &Target,
    policy: &Policy,
    times: &Times,
) -> Vec<ClientFacts> {
    if policy.clients.is_empty() {
        return Vec::new();
    }
    match clients.cluster(target, times).await {
        Ok(cluster) => {
            let read = policy
                .clients
                .iter()
                .map(|client| one(&cluster, client, times.deadline));
            join_all(read).await
        }
        Err(why) => policy.clients.iter().map(|_| unreadable(&why)).collect(),
    }
}

/// Reads one client.
pub(crate) async fn one(cluster: &ClusterClient, client: &Client, deadline: Timestamp) -> ClientFacts {
    let (namespace, name) = (client.namespace.as_str(), client.deployment.as_str());
    let here = ListQuery::all().in_namespace(namespace);
    let (own, autoscalers, budgets) = futures::join!(
        async {
            let deployment = cluster.get_deployment(namespace, name, deadline).await;
            let pods = pods(cluster, &deployment, &here, deadline).await;
            (deployment, pods)
        },
        async { whole(cluster.list_horizontal_pod_autoscalers(&here, deadline).await) },
        async { whole(cluster.list_pdbs(&here, deadline).await) },
    );
    let (deployment, pods) = own;
    ClientFacts {
        deployment,
        autoscalers: autoscalers.map(|all| {
            all.into_iter()
                .filter(|one| one.scales_deployment(namespace, name))
                .collect()
        }),
        pods,
        budgets,
    }
}

/// The pods that the Deployment's selector selects. Of a large namespace only those are sent.
async fn pods(
    cluster: &ClusterClient,
    deployment: &Observed<Option<DeploymentDetail>>,
    here: &ListQuery,
    deadline: Timestamp,
) -> Observed<Vec<Pod>> {
    let deployment = match deployment {
        Ok(Some(deployment)) => deployment,
        Ok(None) => return Ok(Vec::new()),
        Err(why) => return Err(why.clone()),
    };
    let Some(selector) = &deployment.selector else {
        return Ok(Vec::new());
    };
    let labels: Vec<String> = selector
        .match_labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let query = if labels.is_empty() {
        here.clone()
    } else {
        here.clone().labelled(labels.join(","))
    };
    let pods = whole(cluster.list_pods(&query, deadline).await)?;
    Ok(pods
        .into_iter()
        .filter(|pod| selector.matches(&pod.labels))
        .collect())
}

/// A part of a list proves nothing here: a budget that was not read may forbid.
fn whole<T>(listed: Observed<Listed<T>>) -> Observed<Vec<T>> {
    let (items, shortfall) = listed?.into_parts();
    shortfall.map_or(Ok(items), Err)
}

fn unreadable(why: &Unreadable) -> ClientFacts {
    ClientFacts {
        deployment: Err(why.clone()),
        autoscalers: Err(why.clone()),
        pods: Err(why.clone()),
        budgets: Err(why.clone()),
    }
}
