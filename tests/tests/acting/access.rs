//! Least privilege in the cluster: what these runs asked for is granted, and what is granted they asked for.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use day2_platform::faults::Exchange;
use serde_json::Value;

use crate::house::root;

/// Rights that no run of these tests uses, and why the function has them: function, verb and resource, reason.
const NOT_USED: [(&str, &str, &str); 9] = [
    (
        THREATS,
        "delete pods",
        "a pod of a Job, where the settings allow it",
    ),
    (THREATS, "get statefulsets", OWNERS),
    (THREATS, "get jobs", OWNERS),
    (THREATS, "get cronjobs", OWNERS),
    (THREATS, "get rollouts", OWNERS),
    (THREATS, "get replicasets/scale", SCALED),
    (THREATS, "patch replicasets/scale", SCALED),
    (THREATS, "get statefulsets/scale", SCALED),
    (THREATS, "patch statefulsets/scale", SCALED),
];
const THREATS: &str = "threat-containment";
const OWNERS: &str = "the owner of a pod may be one";
const SCALED: &str = "the workload may be one; a Deployment stands for it here";

/// Paths that every authenticated user may read (Kubernetes, "Using RBAC Authorization", API discovery roles, and the role
/// `system:public-info-viewer`).
const FOR_EVERYBODY: [&str; 2] = ["get /readyz", "get /apis/"];

pub(crate) fn granted_is_used_and_used_is_granted(function: &str, calls: &[Exchange]) -> Result<()> {
    let granted = granted(function)?;
    let used: BTreeSet<String> = calls
        .iter()
        .filter(|call| call.call.service == "kubernetes")
        .map(|call| call.call.operation.clone())
        .filter(|operation| !FOR_EVERYBODY.iter().any(|path| operation.starts_with(path)))
        .collect();
    let more: Vec<&String> = used.difference(&granted).collect();
    ensure!(
        more.is_empty(),
        "{function} asks for {more:?}, which its rbac.yaml does not grant"
    );
    let excused: BTreeSet<&str> = NOT_USED
        .iter()
        .filter(|(of, _, reason)| *of == function && !reason.is_empty())
        .map(|(_, right, _)| *right)
        .collect();
    let idle: Vec<&String> = granted
        .difference(&used)
        .filter(|right| !excused.contains(right.as_str()))
        .collect();
    ensure!(
        idle.is_empty(),
        "{function} has {idle:?} and never asks for it: take it from rbac.yaml, or say why it stays"
    );
    Ok(())
}

/// `list pods`, one for each verb and resource of the rules.
fn granted(function: &str) -> Result<BTreeSet<String>> {
    let path = root().join(format!("functions/{function}/rbac.yaml"));
    let rules: Value = serde_yaml_ng::from_str(&std::fs::read_to_string(path)?)?;
    let words = |rule: &Value, field: &str| -> Vec<String> {
        let list = rule[field].as_array().into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let mut granted = BTreeSet::new();
    for rule in rules.as_array().context("no list of rules")? {
        for resource in words(rule, "resources") {
            granted.extend(
                words(rule, "verbs")
                    .iter()
                    .map(|verb| format!("{verb} {resource}")),
            );
        }
    }
    Ok(granted)
}
