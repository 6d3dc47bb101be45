//! What the pools of the known clients may open, now and when their autoscalers have gone to the end.

use day2_kube::objects::DeploymentDetail;

use crate::facts::ClientFacts;
use crate::settings::{Client, Policy};

/// One client and its share.
#[derive(Debug, Clone)]
pub struct Pool<'a> {
    /// The client of the settings.
    pub client: &'a Client,
    /// What the cluster says of it.
    pub facts: &'a ClientFacts,
    /// Pods and connections, or why they are not known.
    pub counts: Result<Counts, String>,
}

/// Pods of a client, and the connections that their pools may open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Pods now.
    pub pods: u64,
    /// Connections that they may open.
    pub connections: u64,
    /// Pods at the maximum of its autoscaler; as many as wanted where it has none.
    pub most_pods: u64,
    /// Connections that those may open.
    pub most_connections: u64,
    /// Whether an autoscaler was found.
    pub autoscaled: bool,
}

impl<'a> Pool<'a> {
    /// Its Deployment, if there is one.
    #[must_use]
    pub fn deployment(&self) -> Option<&'a DeploymentDetail> {
        self.facts.deployment.as_ref().ok()?.as_ref()
    }
}

/// The pools of all clients, in the order of the settings.
#[must_use]
pub fn pools<'a>(policy: &'a Policy, facts: &'a [ClientFacts]) -> Vec<Pool<'a>> {
    policy
        .clients
        .iter()
        .zip(facts)
        .map(|(client, facts)| Pool {
            client,
            facts,
            counts: counts(client, facts),
        })
        .collect()
}

fn counts(client: &Client, facts: &ClientFacts) -> Result<Counts, String> {
    let deployment = facts
        .deployment
        .as_ref()
        .map_err(ToString::to_string)?
        .as_ref()
        .ok_or_else(|| format!("there is no {}", client.resource()))?;
    let autoscalers = facts.autoscalers.as_ref().map_err(ToString::to_string)?;
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    let pods = count(deployment.present);
    let most = autoscalers.iter().map(|one| count(one.max)).max();
    let most_pods = most.unwrap_or(0).max(count(deployment.desired));
    let per_pod = u64::from(client.pool_size);
    Ok(Counts {
        pods,
        connections: pods.saturating_mul(per_pod),
        most_pods,
        most_connections: most_pods.saturating_mul(per_pod),
        autoscaled: most.is_some(),
    })
}

/// Sums over all clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sums {
    /// Connections that the pods of now may open.
    pub connections: u64,
    /// Connections that the pods at the maximum may open.
    pub most_connections: u64,
}

/// The sums, when every client is known; otherwise the name of the first that is not, with the reason.
///
/// # Errors
///
/// In words.
pub fn sums(pools: &[Pool<'_>]) -> Result<Sums, String> {
    let mut sums = Sums {
        connections: 0,
        most_connections: 0,
    };
    for pool in pools {
        let counts = pool
            .counts
            .as_ref()
            .map_err(|why| format!("{}: {why}", pool.client.name))?;
        sums.connections = sums.connections.saturating_add(counts.connections);
        sums.most_connections = sums.most_connections.saturating_add(counts.most_connections);
    }
    Ok(sums)
}
