//! What each group may do in a cluster, by the kind of its function (O08).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::trees::caught;
use super::{functions, obeyed, quoted, shipped_code, text};

/// What a function that is not a check may do beyond get, list and watch: resource and verb. Equal to its `rbac.yaml` in both directions.
const MAY_CHANGE: [(&str, &[(&str, &str)]); 4] = [
    ("connection-exhaustion", &[("deployments", "patch")]),
    (
        "provisioning-latency",
        &[("deployments", "patch"), ("nodes", "patch")],
    ),
    (
        "threat-containment",
        &[
            ("deployments/scale", "patch"),
            ("networkpolicies", "create"),
            ("nodes", "patch"),
            ("pods", "delete"),
            ("pods", "patch"),
            ("replicasets/scale", "patch"),
            ("scaledobjects", "patch"),
            ("statefulsets/scale", "patch"),
        ],
    ),
    (
        "threat-release",
        &[
            ("deployments/scale", "patch"),
            ("networkpolicies", "delete"),
            ("nodes", "patch"),
            ("pods", "patch"),
            ("replicasets/scale", "patch"),
            ("scaledobjects", "patch"),
            ("statefulsets/scale", "patch"),
        ],
    ),
];

/// What no group of ours may ever have: everything, contents of secrets, a shell, another's rights.
const NEVER: [&str; 14] = [
    "*",
    "secrets",
    "pods/exec",
    "pods/attach",
    "pods/portforward",
    "pods/proxy",
    "pods/ephemeralcontainers",
    "nodes/proxy",
    "services/proxy",
    "serviceaccounts/token",
    "certificatesigningrequests/approval",
    "escalate",
    "bind",
    "impersonate",
];

/// Logs of a pod can hold what its owner never meant for others: only who captures evidence reads them.
const READS_LOGS: [&str; 1] = ["threat-containment"];

fn words<'a>(rule: &'a Value, field: &str) -> Vec<&'a str> {
    let list = rule[field].as_array().into_iter().flatten();
    list.filter_map(Value::as_str).collect()
}

fn groups_are_narrow(root: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    let may_change: BTreeMap<&str, &[(&str, &str)]> = MAY_CHANGE.into_iter().collect();
    for name in functions(root) {
        let file = format!("functions/{name}/rbac.yaml");
        let written = text(&root.join(&file));
        let rules: Value = serde_yaml_ng::from_str(&written).unwrap_or_default();
        let mut changes = BTreeSet::new();
        for rule in rules.as_array().into_iter().flatten() {
            if !rule["nonResourceURLs"].is_null() {
                wrong.push(format!("{file} grants paths of the API server itself"));
            }
            for verb in words(rule, "verbs") {
                for resource in words(rule, "resources") {
                    let never = NEVER.contains(&verb) || NEVER.contains(&resource);
                    if never || words(rule, "apiGroups").contains(&"*") {
                        wrong.push(format!(
                            "{file} grants {verb} on {resource}, which no function may have"
                        ));
                    }
                    if resource == "pods/log" && !READS_LOGS.contains(&name.as_str()) {
                        wrong.push(format!("{file} lets {name} read logs of pods"));
                    }
                    if !["get", "list", "watch"].contains(&verb) {
                        changes.insert((resource.to_owned(), verb.to_owned()));
                    }
                }
            }
        }
        for (resource, verb) in may_change.get(name.as_str()).copied().unwrap_or_default() {
            if !changes.remove(&((*resource).to_owned(), (*verb).to_owned())) {
                wrong.push(format!("{file} must let {name} {verb} {resource}"));
            }
        }
        for (resource, verb) in changes {
            wrong.push(format!(
                "{file} lets {name} {verb} {resource}; if it should, name it in MAY_CHANGE"
            ));
        }
    }
    wrong
}

#[test]
fn readers_read_and_who_changes_something_changes_exactly_that_o08() {
    obeyed(groups_are_narrow);
}

#[test]
fn a_right_too_many_in_a_cluster_is_found() {
    let law = groups_are_narrow;
    let seed = |file: &str, from: &str, to: &str, says: &str| {
        caught(law, says, |tree| {
            tree.replace(file, from, to);
        });
    };
    let reader = "functions/scale-window/rbac.yaml";
    seed(reader, "[list]", "[list, patch]", "lets scale-window patch");
    seed(
        reader,
        "resources: [pods]",
        "resources: [pods, pods/log]",
        "lets scale-window read logs of pods",
    );
    seed(
        reader,
        "resources: [pods]",
        "resources: [secrets]",
        "grants list on secrets",
    );
    seed(
        reader,
        "resources: [pods]",
        "resources: [nodes/proxy]",
        "grants list on nodes/proxy",
    );
    seed(reader, "[list]", "[\"*\"]", "which no function may have");
    seed(
        reader,
        "apiGroups: [\"\"]",
        "apiGroups: [\"*\"]",
        "which no function may have",
    );
    seed(
        reader,
        "- apiGroups",
        "- nonResourceURLs: [/metrics]\n  verbs: [get]\n- apiGroups",
        "grants paths of the API server itself",
    );
    let containment = "functions/threat-containment/rbac.yaml";
    seed(
        containment,
        "[get, list, create]",
        "[get, list, create, update]",
        "lets threat-containment update networkpolicies",
    );
    seed(
        containment,
        "[get, list, create]",
        "[get, list, create, delete]",
        "lets threat-containment delete networkpolicies",
    );
    seed(
        containment,
        "[get, list, create]",
        "[get, list]",
        "must let threat-containment create networkpolicies",
    );
    seed(containment, "pods/log", "pods/exec", "grants get on pods/exec");
    seed(
        "functions/threat-release/rbac.yaml",
        "[get, delete]",
        "[get, delete, create]",
        "lets threat-release create networkpolicies",
    );
    seed(
        "functions/connection-exhaustion/rbac.yaml",
        "verbs: [get, patch]",
        "verbs: [get, impersonate]",
        "which no function may have",
    );
}

/// Who may read a Secret, and that is by its name: no rule of ours grants any, so that the right is somebody's decision in the
/// namespace.
const READS_SECRETS: [&str; 1] = ["health-check"];

fn secrets_are_read_by_name_in_one_function(root: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    for name in functions(root) {
        for (path, code) in shipped_code(root, &format!("functions/{name}/src")) {
            if code.contains(".get_tls_secret(") && !READS_SECRETS.contains(&name.as_str()) {
                wrong.push(format!("{path} reads a Secret, which {name} may not"));
            }
        }
    }
    for (path, code) in shipped_code(root, "shared/kube/src") {
        if code.contains("list_secrets") || code.contains("list_tls_secrets") {
            wrong.push(format!("{path} lists Secrets, which nobody may"));
        }
    }
    wrong
}

#[test]
fn secrets_are_never_listed_and_read_by_one_function_only() {
    let law = secrets_are_read_by_name_in_one_function;
    obeyed(law);
    caught(law, "reads a Secret, which scale-window may not", |tree| {
        tree.append(
            "functions/scale-window/src/gather/mod.rs",
            "\nasync fn peek() { client.get_tls_secret(a, b, c).await; }\n",
        );
    });
    caught(law, "lists Secrets, which nobody may", |tree| {
        tree.append("shared/kube/src/get.rs", "\npub fn list_secrets() {}\n");
    });
}

/// The guard of the API server denies the namespaces that the function denies itself.
fn guard_denies_what_the_function_denies(root: &Path) -> Vec<String> {
    let file = "infra/kubernetes/guards/threat-containment.yaml";
    let (guard, settings) = (
        text(&root.join(file)),
        text(&root.join("functions/threat-containment/src/settings/mod.rs")),
    );
    let denied: Vec<&str> = settings
        .split_once("const DENIED_NAMESPACES")
        .and_then(|(_, rest)| rest.split_once("];"))
        .map(|(list, _)| quoted(list).collect())
        .unwrap_or_default();
    if denied.is_empty() {
        return vec!["functions/threat-containment/src/settings/mod.rs has no DENIED_NAMESPACES".to_owned()];
    }
    denied
        .into_iter()
        .filter(|name| {
            let written = name.strip_suffix('*').map_or_else(
                || format!("'{name}'"),
                |beginning| format!("startsWith('{beginning}')"),
            );
            !guard.contains(&written)
        })
        .map(|name| format!("{file} does not deny {name}, which the function does; add it"))
        .collect()
}

#[test]
fn the_guard_denies_what_the_function_denies_o09() {
    let law = guard_denies_what_the_function_denies;
    obeyed(law);
    let guard = "infra/kubernetes/guards/threat-containment.yaml";
    caught(law, "does not deny karpenter", |tree| {
        tree.replace(guard, "'karpenter', ", "");
    });
    caught(law, "does not deny cilium*", |tree| {
        tree.replace(guard, "startsWith('cilium')", "startsWith('x')");
    });
    caught(law, "has no DENIED_NAMESPACES", |tree| {
        tree.replace(
            "functions/threat-containment/src/settings/mod.rs",
            "const DENIED_NAMESPACES",
            "const OTHER",
        );
    });
}
