//! What the cluster says: one client, five lists side by side.

use day2_core::target::Target;
use day2_core::{Cause, Observed, Unreadable};
use day2_kube::{ClusterClient, ClusterParams, ListQuery};

use super::{Clients, Times};
use crate::facts::Cluster;

pub(super) async fn cluster(clients: &Clients, target: &Target, times: &Times) -> Cluster {
    let client = match connect(clients, target, times).await {
        Ok(client) => client,
        Err(why) => return Cluster::unreadable(&why),
    };
    let (all, deadline) = (ListQuery::all(), times.deadline);
    let (nodes, pods, deployments, daemon_sets, budgets) = futures::join!(
        client.list_nodes(&all, deadline),
        client.list_pods(&all, deadline),
        client.list_deployments(&all, deadline),
        client.list_daemonsets(&all, deadline),
        client.list_pdbs(&all, deadline),
    );
    Cluster {
        nodes: nodes.and_then(day2_kube::Listed::complete),
        pods: pods.and_then(day2_kube::Listed::complete),
        deployments: deployments.and_then(day2_kube::Listed::complete),
        daemon_sets: daemon_sets.and_then(day2_kube::Listed::complete),
        budgets: budgets.and_then(day2_kube::Listed::complete),
    }
}

/// Connects to the target's cluster.
pub(crate) async fn connect(clients: &Clients, target: &Target, times: &Times) -> Observed<ClusterClient> {
    let refused = |why: &str| Unreadable::new("settings", target.name.as_str(), Cause::NotFound, why);
    let cluster = target
        .cluster
        .as_ref()
        .ok_or_else(|| refused("the target declares no cluster"))?;
    let credentials = clients
        .credentials
        .clone()
        .ok_or_else(|| refused("there are no AWS credentials"))?;
    let params = ClusterParams {
        name: cluster.name.as_str().to_owned(),
        region: target.region.as_str().to_owned(),
        partition: target.region.partition(),
        account_id: target.account_id.as_str().to_owned(),
        endpoint: cluster.endpoint.as_ref().map(|url| url.as_str().to_owned()),
    };
    ClusterClient::connect(
        &clients.eks,
        credentials,
        &params,
        times.clock.clone(),
        times.deadline,
    )
    .await
}
