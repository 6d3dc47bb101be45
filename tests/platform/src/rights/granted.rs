//! What the files of the functions allow.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::Rights;

/// `permissions.json`, as far as a function itself uses it: `implied` holds what AWS does with the role on its behalf.
#[derive(Deserialize)]
struct Policy {
    #[serde(rename = "Statement")]
    statements: Vec<Statement>,
}

#[derive(Deserialize)]
struct Statement {
    #[serde(rename = "Action")]
    actions: Vec<String>,
}

/// A rule of `rbac.yaml`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    api_groups: Vec<String>,
    resources: Vec<String>,
    verbs: Vec<String>,
}

/// The rights of every function of the checkout at `root`.
///
/// # Errors
///
/// When a file is not there or not what it should be.
pub fn read(root: &Path) -> Result<Rights> {
    let folder = root.join("functions");
    let mut all = Rights::new();
    let entries = std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let own = entry?.path();
        let Some(name) = own.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if own.is_dir() {
            all.insert(name.to_owned(), of_one(&own)?);
        }
    }
    ensure!(!all.is_empty(), "{} has no functions", folder.display());
    Ok(all)
}

fn of_one(folder: &Path) -> Result<BTreeSet<String>> {
    let path = folder.join("permissions.json");
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut rights = actions(&text).with_context(|| format!("{} is no policy", path.display()))?;
    let path = folder.join("rbac.yaml");
    if path.is_file() {
        let text = std::fs::read_to_string(&path)?;
        rights.extend(rules(&text).with_context(|| format!("{} has no rules", path.display()))?);
    }
    Ok(rights)
}

pub(super) fn actions(policy: &str) -> Result<BTreeSet<String>> {
    let policy: Policy = serde_json::from_str(policy)?;
    Ok(policy
        .statements
        .into_iter()
        .flat_map(|one| one.actions)
        .collect())
}

pub(super) fn rules(text: &str) -> Result<BTreeSet<String>> {
    let rules: Vec<Rule> = serde_yaml_ng::from_str(text)?;
    let mut rights = BTreeSet::new();
    for rule in &rules {
        for group in &rule.api_groups {
            for resource in &rule.resources {
                let path = if group.is_empty() {
                    resource.clone()
                } else {
                    format!("{group}/{resource}")
                };
                rights.extend(rule.verbs.iter().map(|verb| format!("{verb} {path}")));
            }
        }
    }
    Ok(rights)
}
