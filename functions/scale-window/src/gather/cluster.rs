//! What the cluster says: one client, and of five lists those that the task judges, side by side.

use day2_core::target::Target;
use day2_core::{Cause, Observed, Unreadable};
use day2_kube::{ClusterClient, ListQuery, Listed};
use day2_reads::clusters;
use day2_reads::times::Times;

use super::Clients;
use crate::Task;
use crate::facts::Cluster;
use crate::settings::{Part, Plan};

/// The lists that not every task judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    deployments: bool,
    daemon_sets: bool,
}

impl Wanted {
    /// What a task judges. Nodes, pods and budgets are every task's: a cordoned node is told with what holds it.
    pub(super) fn by(task: Task, plan: &Plan) -> Self {
        Self {
            deployments: task == Task::Prescale && !plan.not_checked.contains(&Part::Workloads),
            daemon_sets: task == Task::Postscale,
        }
    }
}

pub(super) async fn cluster(clients: &Clients, target: &Target, wanted: Wanted, times: &Times) -> Cluster {
    let client = match connect(clients, target, times).await {
        Ok(client) => client,
        Err(why) => return Cluster::unreadable(&why),
    };
    let (all, deadline) = (ListQuery::all(), times.deadline);
    let (nodes, pods, deployments, daemon_sets, budgets) = futures::join!(
        client.list_nodes(&all, deadline),
        client.list_pods(&all, deadline),
        asked(
            wanted.deployments,
            "deployments",
            client.list_deployments(&all, deadline)
        ),
        asked(
            wanted.daemon_sets,
            "daemonsets",
            client.list_daemonsets(&all, deadline)
        ),
        client.list_pdbs(&all, deadline),
    );
    Cluster {
        nodes: nodes.and_then(Listed::complete),
        pods: pods.and_then(Listed::complete),
        deployments: deployments.and_then(Listed::complete),
        daemon_sets: daemon_sets.and_then(Listed::complete),
        budgets: budgets.and_then(Listed::complete),
    }
}

/// The list, or that nobody asked for it: never an empty one, over which a line could pass.
async fn asked<T>(
    wanted: bool,
    resource: &str,
    list: impl Future<Output = Observed<Listed<T>>>,
) -> Observed<Listed<T>> {
    if wanted {
        list.await
    } else {
        let why = "this task does not judge them and did not ask for them";
        Err(Unreadable::new(
            format!("list {resource}"),
            "the cluster",
            Cause::Other,
            why,
        ))
    }
}

/// Connects to the target's cluster.
pub(crate) async fn connect(clients: &Clients, target: &Target, times: &Times) -> Observed<ClusterClient> {
    clusters::connect(&clients.eks, clients.credentials.clone(), target, times).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::tests::world::{settings, settings_with};
    use serde_json::json;

    #[test]
    fn each_task_asks_for_the_lists_that_it_judges_and_for_no_other() {
        let all = settings();
        let without = settings_with(&json!({
            "control": {"groups": [{"node_group": "control", "min_ready": 2}]},
            "not_checked": ["workloads", "probes", "nat", "schedule", "quotas"]
        }));
        for (settings, task, deployments, daemon_sets) in [
            (&all, Task::Prescale, true, false),
            (&without, Task::Prescale, false, false),
            (&all, Task::Postscale, false, true),
            (&all, Task::Scaledown, false, false),
        ] {
            let wanted = Wanted {
                deployments,
                daemon_sets,
            };
            assert_eq!(
                Wanted::by(task, &settings.function.targets["prod-a"]),
                wanted,
                "{task:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_list_that_nobody_asked_for_is_never_an_empty_one_w25() {
        let list = async { panic!("was asked for") };
        let answer: Observed<Listed<()>> = asked(false, "deployments", list).await;
        assert!(answer.is_err_and(|why| why.operation == "list deployments"));
    }
}
