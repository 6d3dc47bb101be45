//! Could the function work for a target? Every read is made, and the cluster is asked about every right. The changes to AWS
//! cannot be tried without making them, and are not said to work.

use day2_core::settings::Settings;
use day2_core::target::Target;
use day2_core::{Item, Unreadable, Verdict};
use day2_kube::Access;
use day2_reads::times::Times;

use crate::facts::Facts;
use crate::gather::{Clients, Question, connect, gather};
use crate::plan::words::{fail_if, population};
use crate::settings::{Provisioner, ProvisioningLatencySettings};

/// The resources of `rbac.yaml`; each is listed over the whole cluster.
const RULES: [(&str, &str); 4] = [
    ("", "nodes"),
    ("", "pods"),
    ("apps", "deployments"),
    ("karpenter.sh", "nodepools"),
];

/// Every right that `rbac.yaml` grants, asked of the cluster itself under the function's own role. The Deployment is
/// looked at and restarted in the provisioner's namespace only, so these may be granted there and nowhere else;
/// without leave to restart it `patch` is not needed at all.
fn questions(provisioner: Option<&Provisioner>) -> Vec<Access<'_>> {
    let everywhere = |verb, group, resource| Access {
        verb,
        group,
        resource,
        namespace: None,
    };
    let listed = RULES
        .iter()
        .map(|&(group, resource)| everywhere("list", group, resource));
    let mut questions: Vec<Access<'_>> = listed
        .chain(["get", "patch"].map(|verb| everywhere(verb, "", "nodes")))
        .collect();
    let Some(provisioner) = provisioner else {
        return questions;
    };
    let verbs = ["get", "patch"]
        .into_iter()
        .take(1 + usize::from(provisioner.may_restart));
    questions.extend(verbs.map(|verb| Access {
        verb,
        group: "apps",
        resource: "deployments",
        namespace: Some(&provisioner.namespace),
    }));
    questions
}

/// The items of one target.
pub(crate) async fn items(
    clients: &Clients,
    settings: &Settings<ProvisioningLatencySettings>,
    target: &Target,
    times: &Times,
) -> Vec<Item> {
    const CODE: &str = "PRV-801";
    const TITLE: &str = "the target is declared";
    let question = Question {
        alarm_arn: None,
        reverts: false,
        since: None,
    };
    let (facts, access) = futures::join!(
        gather(clients, settings, target, question, times),
        cluster_access(clients, settings, target, times)
    );
    let Some(facts) = facts else {
        let says = format!(
            "no platform for target `{}`: add it to the provisioning_latency settings",
            target.name
        );
        return vec![Item::judge(CODE, TITLE, Verdict::Fail, population(1, 1), says)];
    };
    vec![
        Item::judge(CODE, TITLE, Verdict::Pass, population(1, 1), "declared"),
        access,
        reads(&facts),
    ]
}

async fn cluster_access(
    clients: &Clients,
    settings: &Settings<ProvisioningLatencySettings>,
    target: &Target,
    times: &Times,
) -> Item {
    const CODE: &str = "PRV-802";
    const TITLE: &str = "the cluster grants what rbac.yaml asks for";
    let platform = settings.function.targets.get(target.name.as_str());
    let questions = questions(platform.map(|platform| &platform.provisioner));
    let wanted = u64::try_from(questions.len()).unwrap_or(u64::MAX);
    let client = match connect(clients, target, times).await {
        Ok(client) => client,
        Err(why) => return Item::unreadable(CODE, TITLE, wanted, &why),
    };
    let rights = client.rights(&questions, times.deadline).await;
    rights.item(CODE, TITLE).remedy(
        "apply infra/kubernetes/provisioning-latency.yaml and check the access entry of the function's role",
    )
}

/// Every read that a plan stands on.
fn reads(facts: &Facts) -> Item {
    let mut wrong: Vec<(String, String)> = Vec::new();
    let mut made = 0_usize;
    let mut look = |why: Option<&Unreadable>| {
        made += 1;
        wrong.extend(why.map(|why| (why.operation.clone(), why.to_string())));
    };
    for alarm in &facts.alarms {
        look(alarm.alarm.as_ref().err());
        if let Some(points) = &alarm.points {
            look(points.as_ref().err());
        }
    }
    let (cluster, group, eks) = (&facts.cluster, &facts.group, &facts.eks);
    look(cluster.readyz.as_ref().err());
    look(cluster.nodes.as_ref().err());
    look(cluster.pods.as_ref().err());
    look(cluster.deployments.as_ref().err());
    look(cluster.node_pools.as_ref().err());
    look(group.group.as_ref().err());
    look(group.scheduled.as_ref().err());
    look(group.activities.as_ref().err());
    look(group.refreshes.as_ref().err());
    look(group.subnets.as_ref().err());
    if let Some(quota) = &group.quota {
        look(quota.as_ref().err());
    }
    look(eks.cluster.as_ref().err());
    match &eks.node_groups {
        Err(why) => look(Some(why)),
        Ok(groups) => {
            for (_, described) in groups {
                look(described.as_ref().err());
            }
        }
    }
    let read = made - wrong.len();
    Item::judge(
        "PRV-803",
        "everything that a plan stands on can be read",
        fail_if(!wrong.is_empty()),
        population(made, 1),
        format!("{read} of {made} reads succeeded; the changes to AWS are not tried here"),
    )
    .remedy("allow what is denied, and correct the names in the settings")
    .subjects(wrong)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use day2_core::testing::rights;

    use super::*;

    fn provisioner(may_restart: bool) -> Provisioner {
        Provisioner {
            namespace: "coder".to_owned(),
            deployment: "coder-provisioner".to_owned(),
            may_restart,
            denied_namespaces: Vec::new(),
        }
    }

    #[test]
    fn with_leave_to_restart_every_right_of_rbac_yaml_is_asked_about_and_no_other_o08() {
        let provisioner = provisioner(true);
        let asked: BTreeSet<[&str; 3]> = questions(Some(&provisioner))
            .iter()
            .map(|one| [one.group, one.resource, one.verb])
            .collect();
        assert_eq!(Some(asked), rights(include_str!("../rbac.yaml")));
    }

    #[test]
    fn the_restart_is_asked_for_in_the_provisioner_s_namespace_and_only_with_leave_o08() {
        for (may_restart, expected) in [(false, vec!["get"]), (true, vec!["get", "patch"])] {
            let provisioner = provisioner(may_restart);
            let asked = questions(Some(&provisioner));
            let there: Vec<&str> = asked
                .iter()
                .filter(|one| one.namespace == Some("coder"))
                .map(|one| one.verb)
                .collect();
            assert_eq!(there, expected);
            let everywhere = asked.iter().filter(|one| one.namespace.is_none());
            assert!(
                everywhere
                    .clone()
                    .all(|one| one.resource != "deployments" || one.verb == "list")
            );
            assert_eq!(everywhere.count(), RULES.len() + 2);
        }
    }
}
