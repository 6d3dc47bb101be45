//! Could the function work for a target? The cluster is asked about every right. What is changed cannot be tried without
//! changing it, and is not said to work.

use day2_core::Item;
use day2_core::target::Target;
use day2_kube::Access;
use day2_reads::times::Times;

use crate::gather::Clients;

/// What is asked of the cluster: API group, resource. Each is asked with every verb that `rbac.yaml` gives it.
const RULES: [(&str, &str); 7] = [
    ("", "pods"),
    ("", "nodes"),
    ("networking.k8s.io", "networkpolicies"),
    ("apps", "deployments/scale"),
    ("apps", "statefulsets/scale"),
    ("apps", "replicasets/scale"),
    ("keda.sh", "scaledobjects"),
];

/// The verbs of each rule: a look, and the change.
const fn verbs(resource: &str) -> [&'static str; 2] {
    match resource.as_bytes() {
        b"networkpolicies" => ["get", "delete"],
        _ => ["get", "patch"],
    }
}

/// The items of one target.
pub(crate) async fn items(clients: &Clients, target: &Target, times: &Times) -> Vec<Item> {
    const CODE: &str = "THX-801";
    const TITLE: &str = "the cluster grants what rbac.yaml asks for";
    let questions: Vec<Access<'_>> = RULES
        .iter()
        .flat_map(|&(group, resource)| {
            verbs(resource).map(|verb| Access {
                verb,
                group,
                resource,
                namespace: None,
            })
        })
        .collect();
    let wanted = u64::try_from(questions.len()).unwrap_or(u64::MAX);
    let remedy =
        "apply infra/kubernetes/threat-release.yaml and check the access entry of the function's role";
    let item = match clients.cluster(target, times).await {
        Ok(cluster) => cluster.rights(&questions, times.deadline).await.item(CODE, TITLE),
        Err(why) => Item::unreadable(CODE, TITLE, wanted, &why),
    };
    vec![item.remedy(remedy)]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use day2_core::testing::rights;

    use super::*;

    #[test]
    fn the_cluster_is_asked_about_every_right_of_rbac_yaml_and_about_no_other_o08() {
        let asked: BTreeSet<[&str; 3]> = RULES
            .iter()
            .flat_map(|&(group, resource)| verbs(resource).map(|verb| [group, resource, verb]))
            .collect();
        assert_eq!(Some(asked), rights(include_str!("../rbac.yaml")));
    }
}
