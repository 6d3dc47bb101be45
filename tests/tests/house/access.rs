//! What a function may do in a cluster: `rbac.yaml`, the manifest that people apply, the self-check and the reads
//! in the code say the same.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize as _;
use serde_json::{Value, json};

use super::trees::caught;
use super::{functions, manifest_keys, names_in, obeyed, quoted, shipped_code, text};

/// API group, resource, verb.
type Rule = (String, String, String);

/// The rules of one list, each for one group, resource and verb.
fn flat(rules: &Value) -> BTreeSet<Rule> {
    let words = |rule: &Value, field: &str| -> Vec<String> {
        let list = rule[field].as_array().into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let mut flat = BTreeSet::new();
    for rule in rules.as_array().into_iter().flatten() {
        for group in words(rule, "apiGroups") {
            for resource in words(rule, "resources") {
                for verb in words(rule, "verbs") {
                    flat.insert((group.clone(), resource.clone(), verb));
                }
            }
        }
    }
    flat
}

/// All documents of a text; one that cannot be read is null, so that it counts.
fn documents(yaml: &str) -> Vec<Value> {
    serde_yaml_ng::Deserializer::from_str(yaml)
        .map(|document| Value::deserialize(document).unwrap_or_default())
        .collect()
}

/// The functions that talk to a cluster.
fn in_clusters(root: &Path) -> Vec<String> {
    let mut names = functions(root);
    names.retain(|name| {
        let manifest = text(&root.join("functions").join(name).join("Cargo.toml"));
        manifest_keys(&manifest, "[dependencies]").contains(&"day2-kube".to_owned())
    });
    names
}

/// The rules in a function's `rbac.yaml`; none when it cannot be read.
fn rules_of(root: &Path, name: &str) -> BTreeSet<Rule> {
    let file = root.join("functions").join(name).join("rbac.yaml");
    documents(&text(&file)).first().map(flat).unwrap_or_default()
}

fn code_of(root: &Path, name: &str) -> String {
    shipped_code(root, &format!("functions/{name}/src"))
        .into_iter()
        .map(|(_, code)| code)
        .collect()
}

/// What the self-check asks the cluster about, as its tables say it: each pair of group and resource in `RULES` with its list in
/// `VERBS`, or with `list` where `may_list` is asked. `None` where the verbs are code.
fn asked(code: &str) -> Option<BTreeSet<Rule>> {
    let list = code.split_once("const RULES")?.1.split_once("];")?.0;
    let words: Vec<&str> = quoted(list).collect();
    let pairs: Vec<&[&str]> = words.chunks_exact(2).collect();
    let verbs: Vec<Vec<&str>> = match code.split_once("const VERBS") {
        Some((_, rest)) => {
            // The type of the table ends in a bracket too.
            let table = rest.split_once("= [")?.1.split_once("];")?.0;
            let lists = table.split("&[").skip(1);
            lists.map(|verbs| quoted(verbs).collect()).collect()
        }
        None if code.contains(".may_list(&RULES,") => vec![vec!["list"]; pairs.len()],
        None => return None,
    };
    if pairs.len() != verbs.len() {
        return None;
    }
    let mut asked = BTreeSet::new();
    for (pair, verbs) in pairs.iter().zip(verbs) {
        for verb in verbs {
            asked.insert((pair[0].to_owned(), pair[1].to_owned(), verb.to_owned()));
        }
    }
    Some(asked)
}

/// A right in words, as `patch deployments/scale of apps`.
fn said((group, resource, verb): &Rule) -> String {
    match group.as_str() {
        "" => format!("{verb} {resource}"),
        group => format!("{verb} {resource} of {group}"),
    }
}

/// Resources that the code reads, by the methods of the cluster client that it calls.
fn read(code: &str) -> BTreeSet<String> {
    code.split(".list_")
        .skip(1)
        .filter_map(|rest| rest.split_once('(').map(|(name, _)| name))
        .filter(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        .map(|name| {
            let name = name.trim_end_matches("_into");
            name.trim_end_matches("_everywhere").trim_end_matches("_metadata")
        })
        .flat_map(|name| match name {
            "pdbs" => vec!["poddisruptionbudgets".to_owned()],
            "deployment_details" => vec!["deployments".to_owned()],
            "node_rooms" => vec!["nodes".to_owned()],
            "pod_rooms" | "pod_siblings" => vec!["pods".to_owned()],
            "events_of" => vec!["events".to_owned()],
            // The tiers above the policies of namespaces, of EKS and of the Network Policy API.
            "higher_policies" => ["adminnetworkpolicies", "clusternetworkpolicies"]
                .map(str::to_owned)
                .to_vec(),
            _ => vec![name.replace('_', "")],
        })
        .collect()
}

/// Rights that would reach further than a report needs: contents of secrets, a shell in a pod, rights of somebody else.
const NEVER: [&str; 14] = [
    "*",
    "secrets",
    "pods/exec",
    "pods/attach",
    "pods/portforward",
    "pods/proxy",
    "services/proxy",
    "nodes/proxy",
    "pods/ephemeralcontainers",
    "serviceaccounts/token",
    "escalate",
    "bind",
    "impersonate",
    "deletecollection",
];

/// Everything that any function may change in a cluster. Who closes cannot open: `threat-containment` creates policies, and
/// only `threat-release` deletes them (`cases.md` O08).
const CHANGES: [(&str, &[&str]); 4] = [
    ("connection-exhaustion", &["patch deployments"]),
    ("provisioning-latency", &["patch deployments", "patch nodes"]),
    (
        "threat-containment",
        &[
            "create networkpolicies",
            "delete pods",
            "patch deployments/scale",
            "patch nodes",
            "patch pods",
            "patch replicasets/scale",
            "patch scaledobjects",
            "patch statefulsets/scale",
        ],
    ),
    (
        "threat-release",
        &[
            "delete networkpolicies",
            "patch deployments/scale",
            "patch nodes",
            "patch pods",
            "patch replicasets/scale",
            "patch scaledobjects",
            "patch statefulsets/scale",
        ],
    ),
];

fn only_who_acts_changes_and_only_what_it_acts_on(root: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    for name in functions(root) {
        let file = format!("functions/{name}/rbac.yaml");
        if !root.join(&file).is_file() {
            continue;
        }
        let rules = documents(&text(&root.join(&file))).first().map(flat);
        let granted: BTreeSet<String> = rules
            .iter()
            .flatten()
            .filter(|(_, _, verb)| !matches!(verb.as_str(), "get" | "list"))
            .map(|(_, resource, verb)| format!("{verb} {resource}"))
            .collect();
        let allowed = CHANGES.iter().find(|(of, _)| *of == name);
        let allowed: BTreeSet<String> = allowed
            .iter()
            .flat_map(|(_, rights)| rights.iter())
            .map(|right| (*right).to_owned())
            .collect();
        for right in granted.difference(&allowed) {
            wrong.push(format!(
                "{file} grants {right}, which the table of changes does not know; remove it, or argue for it there"
            ));
        }
        for right in allowed.difference(&granted) {
            wrong.push(format!(
                "{file} lacks {right}; take it out of the table of changes"
            ));
        }
    }
    wrong
}

#[test]
fn readers_read_and_who_closes_cannot_open_o08() {
    obeyed(only_who_acts_changes_and_only_what_it_acts_on);
}

#[test]
fn a_right_to_change_too_many_or_too_few_is_found() {
    let law = only_who_acts_changes_and_only_what_it_acts_on;
    let threats = "functions/threat-containment/rbac.yaml";
    caught(law, "grants delete networkpolicies", |tree| {
        tree.replace(
            threats,
            "verbs: [get, list, create]",
            "verbs: [get, list, create, delete]",
        );
    });
    caught(law, "grants update pods", |tree| {
        tree.replace(
            threats,
            "verbs: [get, list, patch, delete]",
            "verbs: [get, list, patch, delete, update]",
        );
    });
    caught(law, "lacks delete pods", |tree| {
        tree.replace(
            threats,
            "verbs: [get, list, patch, delete]",
            "verbs: [get, list, patch]",
        );
    });
    caught(law, "grants patch pods", |tree| {
        tree.replace(
            "functions/scale-window/rbac.yaml",
            "resources: [pods]\n  verbs: [list]",
            "resources: [pods]\n  verbs: [list, patch]",
        );
    });
}

fn clusters_grant_what_the_code_reads(root: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    for name in in_clusters(root) {
        let file = format!("functions/{name}/rbac.yaml");
        let rules = rules_of(root, &name);
        if rules.is_empty() {
            wrong.push(format!(
                "{file} has no rules, but the function reads a cluster; write its ClusterRole rules"
            ));
        }
        for (_, resource, _) in rules
            .iter()
            .filter(|rule| NEVER.iter().any(|word| rule.1 == *word || rule.2 == *word))
        {
            wrong.push(format!(
                "{file} grants {resource}, or any verb, which no function may have; remove it"
            ));
        }
        let granted: BTreeSet<String> = rules
            .iter()
            .filter(|rule| rule.2 == "list")
            .map(|rule| rule.1.clone())
            .collect();
        let read = read(&code_of(root, &name));
        for resource in granted.difference(&read) {
            wrong.push(format!(
                "{file} lets the function list {resource}, which no code does; remove the rule"
            ));
        }
        for resource in read.difference(&granted) {
            wrong.push(format!(
                "{file} does not let the function list {resource}, which the code does; add the rule"
            ));
        }
    }
    wrong
}

/// What people apply for a function: a role with these rules, and its binding to the function's own group.
fn role_and_binding(name: &str, rules: &Value) -> [Value; 2] {
    let (api, group) = ("rbac.authorization.k8s.io", format!("day2:{name}"));
    let version = format!("{api}/v1");
    let metadata = json!({ "name": group, "labels": { "app.kubernetes.io/part-of": "day2" } });
    [
        json!({ "apiVersion": version, "kind": "ClusterRole", "metadata": metadata, "rules": rules }),
        json!({
            "apiVersion": version,
            "kind": "ClusterRoleBinding",
            "metadata": metadata,
            "roleRef": { "apiGroup": api, "kind": "ClusterRole", "name": group },
            "subjects": [{ "apiGroup": api, "kind": "Group", "name": group }],
        }),
    ]
}

/// Whole documents are compared: whatever else a manifest said, it would grant (another binding, another subject, paths of the API
/// server, the rules of other roles by `aggregationRule`).
fn manifests_grant_the_rules_and_nothing_else(root: &Path) -> Vec<String> {
    let (mut wrong, names) = (Vec::new(), in_clusters(root));
    for name in &names {
        let (file, applied) = (
            format!("functions/{name}/rbac.yaml"),
            format!("infra/kubernetes/{name}.yaml"),
        );
        let rules = documents(&text(&root.join(&file))).into_iter().next();
        let [role, binding] = role_and_binding(name, &rules.unwrap_or_default());
        let manifests = documents(&text(&root.join(&applied)));
        if manifests.first() != Some(&role) {
            wrong.push(format!(
                "{applied} must begin with the ClusterRole day2:{name}: the rules of {file} as they stand there, and nothing else"
            ));
        }
        if manifests.get(1) != Some(&binding) {
            wrong.push(format!(
                "{applied} must bind the ClusterRole day2:{name} to the group day2:{name} and to nobody else"
            ));
        }
        if manifests.len() > 2 {
            wrong.push(format!(
                "{applied} holds more than a ClusterRole and its binding; take it out"
            ));
        }
    }
    for file in names_in(&root.join("infra/kubernetes")) {
        if file != "guards" && !names.iter().any(|name| file == format!("{name}.yaml")) {
            wrong.push(format!(
                "infra/kubernetes/{file} is of no function that talks to a cluster; remove it"
            ));
        }
    }
    for file in names_in(&root.join("infra/kubernetes/guards")) {
        let guard = format!("infra/kubernetes/guards/{file}");
        let refuses = |one: &Value| {
            let version = one["apiVersion"].as_str().unwrap_or_default();
            version.starts_with("admissionregistration.k8s.io/")
        };
        if !documents(&text(&root.join(&guard))).iter().all(refuses) {
            wrong.push(format!(
                "{guard} may only refuse (admissionregistration.k8s.io); take the rest out"
            ));
        }
    }
    wrong
}

#[test]
fn rules_manifest_and_code_agree() {
    obeyed(manifests_grant_the_rules_and_nothing_else);
    obeyed(clusters_grant_what_the_code_reads);
}

#[test]
fn whatever_else_a_manifest_grants_is_found_o08() {
    const APPLIED: &str = "infra/kubernetes/scale-window.yaml";
    const ADMINISTRATORS: &str = "---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: day2:scale-window-more
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: cluster-admin
subjects:
  - apiGroup: rbac.authorization.k8s.io
    kind: Group
    name: day2:scale-window
";
    let law = manifests_grant_the_rules_and_nothing_else;
    for (from, to) in [
        (
            "resources: [pods]\n    verbs: [list]",
            "resources: [pods]\n    verbs: [list, delete]",
        ),
        (
            "resources: [pods]\n    verbs: [list]",
            "resources: [pods]\n    resourceNames: [one]\n    verbs: [list]",
        ),
        (
            "\nrules:\n",
            "\nrules:\n  - nonResourceURLs: [/metrics]\n    verbs: [get]\n",
        ),
        (
            "\nrules:\n",
            "\naggregationRule:\n  clusterRoleSelectors: [{ matchLabels: { day2: more } }]\nrules:\n",
        ),
    ] {
        caught(law, "must begin with the ClusterRole day2:scale-window", |tree| {
            tree.replace(APPLIED, from, to);
        });
    }
    for (from, to) in [
        (
            "kind: Group\n    name: day2:scale-window",
            "kind: Group\n    name: system:masters",
        ),
        (
            "kind: ClusterRole\n  name: day2:scale-window",
            "kind: ClusterRole\n  name: cluster-admin",
        ),
        (
            "\nsubjects:\n",
            "\nsubjects:\n  - apiGroup: rbac.authorization.k8s.io\n    kind: User\n    name: somebody\n",
        ),
    ] {
        caught(law, "must bind the ClusterRole day2:scale-window", |tree| {
            tree.replace(APPLIED, from, to);
        });
    }
    caught(law, "must bind the ClusterRole day2:scale-window", |tree| {
        let second =
            "  - apiGroup: rbac.authorization.k8s.io\n    kind: Group\n    name: system:authenticated\n";
        tree.append(APPLIED, second);
    });
    caught(law, "scale-window.yaml holds more than a ClusterRole", |tree| {
        tree.append(APPLIED, ADMINISTRATORS);
    });
    caught(law, "watchdog.yaml is of no function that talks", |tree| {
        tree.write("infra/kubernetes/watchdog.yaml", ADMINISTRATORS);
    });
    caught(law, "guards/threat-containment.yaml may only refuse", |tree| {
        tree.append("infra/kubernetes/guards/threat-containment.yaml", ADMINISTRATORS);
    });
}

#[test]
fn a_rule_too_many_or_too_few_is_found_in_each_place() {
    const RULES: &str = "functions/scale-window/rbac.yaml";
    let law = clusters_grant_what_the_code_reads;
    caught(law, "does not let the function list pods", |tree| {
        tree.replace(RULES, "resources: [pods]", "resources: [events]");
    });
    caught(
        law,
        "lets the function list services, which no code does",
        |tree| {
            tree.append(
                RULES,
                "- apiGroups: [\"\"]\n  resources: [services]\n  verbs: [list]\n",
            );
        },
    );
    caught(law, "grants secrets", |tree| {
        tree.append(
            RULES,
            "- apiGroups: [\"\"]\n  resources: [secrets]\n  verbs: [list]\n",
        );
    });
    for verb in ["escalate", "bind", "impersonate", "'*'"] {
        caught(law, "or any verb, which no function may have", |tree| {
            let rule = format!("- apiGroups: [\"\"]\n  resources: [users]\n  verbs: [{verb}]\n");
            tree.append(RULES, &rule);
        });
    }
    caught(law, "has no rules", |tree| {
        tree.remove(RULES);
    });
}

/// Where the verbs are code, a test beside them compares the questions with the rules.
const COMPARED: &str = "include_str!(\"../rbac.yaml\")";

fn self_checks_ask_about_every_right_and_no_other(root: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    for name in in_clusters(root) {
        let (file, code) = (
            format!("functions/{name}/rbac.yaml"),
            format!("functions/{name}/src/self_check.rs"),
        );
        let Some(asked) = asked(&code_of(root, &name)) else {
            if !text(&root.join(&code)).contains(COMPARED) {
                wrong.push(format!(
                    "functions/{name}/src: which verbs the self-check asks about cannot be read; write VERBS beside RULES, or \
                     compare the questions with {file} in a test in {code}"
                ));
            }
            continue;
        };
        let granted = rules_of(root, &name);
        for right in granted.difference(&asked) {
            let right = said(right);
            wrong.push(format!(
                "{file} grants {right}, which the self-check does not ask about; ask about it, or remove the rule"
            ));
        }
        for right in asked.difference(&granted) {
            let right = said(right);
            wrong.push(format!(
                "{file} does not grant {right}, which the self-check asks about; add the rule, or ask no more"
            ));
        }
    }
    wrong
}

#[test]
fn a_self_check_asks_about_every_right_that_is_granted_and_about_no_other_o08() {
    obeyed(self_checks_ask_about_every_right_and_no_other);
}

#[test]
fn a_verb_that_is_only_granted_or_only_asked_about_is_found() {
    let law = self_checks_ask_about_every_right_and_no_other;
    let (rules, code) = (
        "functions/scale-window/rbac.yaml",
        "functions/scale-window/src/check.rs",
    );
    caught(
        law,
        "grants list pods, which the self-check does not ask",
        |tree| {
            tree.replace(code, "(\"\", \"pods\"),", "");
        },
    );
    caught(
        law,
        "grants get pods, which the self-check does not ask",
        |tree| {
            tree.replace(
                rules,
                "resources: [pods]\n  verbs: [list]",
                "resources: [pods]\n  verbs: [get, list]",
            );
        },
    );
    caught(law, "does not grant list daemonsets of apps", |tree| {
        tree.replace(
            rules,
            "resources: [daemonsets]\n  verbs: [list]",
            "resources: [daemonsets]\n  verbs: [get]",
        );
    });
    caught(law, "functions/scale-window/src: which verbs", |tree| {
        tree.replace(code, ".may_list(&RULES,", ".may_read(&RULES,");
    });
    let (rules, code) = (
        "functions/threat-containment/rbac.yaml",
        "functions/threat-containment/src/self_check.rs",
    );
    caught(
        law,
        "grants delete pods, which the self-check does not ask",
        |tree| {
            tree.replace(code, "\"patch\", \"delete\"]", "\"patch\"]");
        },
    );
    caught(
        law,
        "does not grant delete pods, which the self-check asks",
        |tree| {
            tree.replace(rules, "[get, list, patch, delete]", "[get, list, patch]");
        },
    );
    caught(law, "functions/threat-containment/src: which verbs", |tree| {
        tree.replace(code, "    &[\"get\"],\n", "");
    });
    caught(law, "functions/threat-release/src: which verbs", |tree| {
        tree.replace("functions/threat-release/src/self_check.rs", COMPARED, "\"\"");
    });
}
