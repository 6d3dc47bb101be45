//! Proves that the function could work for a target: every kind of read answers, and the cluster grants what it needs.
//!
//! `rds:ModifyDBCluster` is not tried: RDS has no dry run, and a write to prove a right would be a change.

use std::collections::BTreeMap;

use day2_aws::Moment;
use day2_core::item::Population;
use day2_core::settings::Settings;
use day2_core::target::Target;
use day2_core::{Item, Verdict};
use day2_kube::Access;
use day2_reads::alarms;
use day2_reads::times::Times;

use crate::gather::{Clients, database};
use crate::settings::{ConnectionExhaustionSettings, Policy};

/// What `rbac.yaml` grants, asked of the cluster itself under the function's own role; the verbs stand in [`VERBS`].
const RULES: [(&str, &str); 4] = [
    ("apps", "deployments"),
    ("", "pods"),
    ("autoscaling", "horizontalpodautoscalers"),
    ("policy", "poddisruptionbudgets"),
];
/// Verbs of each rule.
const VERBS: [&[&str]; 4] = [&["get", "patch"], &["list"], &["list"], &["list"]];

pub(crate) async fn self_check(
    clients: &Clients,
    settings: &Settings<ConnectionExhaustionSettings>,
    target: &Target,
    at: Moment,
) -> Vec<Item> {
    let times = Times::of(at);
    let Some(policy) = settings.function.targets.get(target.name.as_str()) else {
        let missing = "no policy: add it to the connection_exhaustion settings".to_owned();
        return vec![item(
            "CNX-801",
            "the target has a policy",
            &[(target.name.to_string(), missing)],
            &[],
            1,
        )];
    };
    let mut items = vec![item("CNX-801", "the target has a policy", &[], &[], 1)];
    items.push(alarms(clients, policy, settings.deployment.name.as_str(), &times).await);
    items.push(reads(clients, target, &times).await);
    if !policy.clients.is_empty() {
        items.push(cluster(clients, target, policy, &times).await);
    }
    items
}

fn item(
    code: &str,
    title: &str,
    wrong: &[(String, String)],
    unread: &[(String, String)],
    asked: usize,
) -> Item {
    let verdict = match (wrong.is_empty(), unread.is_empty()) {
        (false, _) => Verdict::Fail,
        (true, false) => Verdict::Unknown,
        (true, true) => Verdict::Pass,
    };
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    Item::judge(
        code,
        title,
        verdict,
        Population {
            examined: count(asked.saturating_sub(unread.len())),
            expected_at_least: count(asked),
        },
        format!(
            "{} of {asked} fine",
            asked.saturating_sub(wrong.len() + unread.len())
        ),
    )
    .subjects(wrong.iter().cloned())
    .subjects(unread.iter().cloned())
}

/// Every bound alarm exists, can be judged again, and is not one of our own.
async fn alarms(clients: &Clients, policy: &Policy, deployment: &str, times: &Times) -> Item {
    const CODE: &str = "CNX-802";
    const TITLE: &str = "every bound alarm can be judged again";
    let names: Vec<String> = policy
        .alarm_arns
        .iter()
        .filter_map(|arn| arn.resource().strip_prefix("alarm:"))
        .map(str::to_owned)
        .collect();
    let (mut wrong, mut unread) = (Vec::new(), Vec::new());
    for (name, alarm) in alarms::by_names(&clients.cloudwatch, times, &names).await {
        if name.starts_with(&format!("{deployment}-")) {
            wrong.push((
                name,
                "is one of this deployment's own: it never calls this function".to_owned(),
            ));
            continue;
        }
        match alarm {
            Ok(alarm) if matches!(alarm.watches, alarms::Watches::Metric(_)) => {}
            Ok(_) => wrong.push((
                name,
                "has no fixed threshold on one metric: bind the metric alarms behind it".to_owned(),
            )),
            Err(why) => unread.push((name, why.to_string())),
        }
    }
    item(CODE, TITLE, &wrong, &unread, names.len().max(1))
        .remedy("bind metric alarms on DatabaseConnections of each instance")
}

async fn reads(clients: &Clients, target: &Target, times: &Times) -> Item {
    const CODE: &str = "CNX-803";
    const TITLE: &str = "the database, its parameters and its metrics are readable";
    let found = match Box::pin(database::database(clients, target, times)).await {
        Ok(found) => found,
        Err(why) => return Item::unreadable(CODE, TITLE, 1, &why),
    };
    let mut unread: Vec<(String, String)> = Vec::new();
    let mut note = |what: &str, why: Option<String>| unread.extend(why.map(|why| (what.to_owned(), why)));
    let text = |why: &day2_core::Unreadable| why.to_string();
    if let Some(cluster) = &found.cluster {
        note(
            "parameters of the cluster",
            cluster.parameter.as_ref().err().map(text),
        );
        note("global databases", cluster.membership.as_ref().err().map(text));
        note("engine versions", cluster.engine_limit.as_ref().err().map(text));
    }
    for one in &found.instances {
        note(&one.id, one.described.as_ref().err().map(text));
        note(
            &format!("parameters of {}", one.id),
            one.parameter.as_ref().err().map(text),
        );
        note(
            &format!("connections of {}", one.id),
            one.connections.as_ref().err().map(text),
        );
        note(
            &format!("capacity of {}", one.id),
            one.capacity.as_ref().err().map(text),
        );
    }
    let asked = found.instances.len() * 4 + if found.cluster.is_some() { 4 } else { 1 };
    item(CODE, TITLE, &[], &unread, asked)
        .remedy("grant what functions/connection-exhaustion/permissions.json asks for")
}

/// Asked in the namespace of each client, because the rules may be bound there and nowhere else.
async fn cluster(clients: &Clients, target: &Target, policy: &Policy, times: &Times) -> Item {
    const CODE: &str = "CNX-804";
    const TITLE: &str = "the cluster grants what rbac.yaml asks for";
    let questions = questions(policy);
    let client = match clients.cluster(target, times).await {
        Ok(client) => client,
        Err(why) => {
            let asked = u64::try_from(questions.len()).unwrap_or(u64::MAX);
            return Item::unreadable(CODE, TITLE, asked, &why);
        }
    };
    let rights = client.rights(&questions, times.deadline).await;
    item(CODE, TITLE, &rights.denied, &rights.unread, questions.len()).remedy(
        "apply infra/kubernetes/connection-exhaustion.yaml, or bind its ClusterRole in each namespace of a client, and check \
         the access entry of the function's role",
    )
}

/// Every verb of every rule, in every namespace of a client; `patch` only where one may be restarted.
fn questions(policy: &Policy) -> Vec<Access<'_>> {
    let mut restarts: BTreeMap<&str, bool> = BTreeMap::new();
    for client in &policy.clients {
        *restarts.entry(client.namespace.as_str()).or_default() |= client.may_restart;
    }
    let mut questions = Vec::new();
    for (namespace, may_restart) in restarts {
        for ((group, resource), verbs) in RULES.iter().zip(VERBS) {
            let needed = verbs.iter().filter(|verb| may_restart || **verb != "patch");
            questions.extend(needed.map(|verb| Access {
                verb,
                group,
                resource,
                namespace: Some(namespace),
            }));
        }
    }
    questions
}

#[cfg(test)]
mod tests {
    use super::questions;
    use crate::plan::tests::world::World;

    #[test]
    fn rights_are_asked_for_in_the_namespaces_of_the_clients_and_patch_only_where_one_may_be_restarted_o08() {
        let settings = World::new().settings();
        let policy = settings.function.targets.get("prod-a").unwrap();
        let asked: Vec<String> = questions(policy)
            .iter()
            .map(|one| format!("{} {} in {}", one.verb, one.resource, one.namespace.unwrap()))
            .collect();
        let of = |namespace: &str, verbs: &[&str]| -> Vec<String> {
            verbs
                .iter()
                .map(|verb| format!("{verb} in {namespace}"))
                .collect()
        };
        let read = [
            "list pods",
            "list horizontalpodautoscalers",
            "list poddisruptionbudgets",
        ];
        let mut expected = of("bi", &["get deployments"]);
        expected.extend(of("bi", &read));
        expected.extend(of("coder", &["get deployments", "patch deployments"]));
        expected.extend(of("coder", &read));
        assert_eq!(asked, expected);
    }
}
