//! What the cluster says: one client, five lists side by side.

use day2_core::Observed;
use day2_core::target::Target;
use day2_kube::{ClusterClient, ListQuery};
use day2_reads::clusters;
use day2_reads::times::Times;

use super::Clients;
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
    clusters::connect(&clients.eks, clients.credentials.clone(), target, times).await
}
