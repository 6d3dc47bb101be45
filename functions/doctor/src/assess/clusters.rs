//! `DOC-021` and `DOC-022`: clusters know access entries, and have one for each function that enters.

use day2_core::target::Target;

use super::{IfAny, Tally};
use crate::facts::{Cluster, Facts};
use crate::settings::{DoctorSettings, Function};

const LET_IN: (&str, &str) = ("DOC-021", "every cluster knows access entries");
const ENTRIES: (&str, &str) = ("DOC-022", "every function has its access entry");

/// Only clusters with entries of ours are judged: another may map the roles in its own way.
pub(super) fn let_functions_in(facts: &Facts, settings: &DoctorSettings) -> IfAny {
    let mut tally = Tally::default();
    for (path, seen) in &facts.clusters {
        let Some((target, name)) = entered(path, settings) else {
            continue;
        };
        match seen {
            Ok(Cluster { mode: Some(mode), .. }) if mode.contains("API") => tally.good(),
            Ok(Cluster { mode: Some(mode), .. }) => tally.bad(
                path,
                format!("its authentication mode is {mode}, which knows no access entries"),
                &format!(
                    "aws eks update-cluster-config --region {} --name {name} --access-config \
                     authenticationMode=API_AND_CONFIG_MAP (there is no way back; the aws-auth ConfigMap stays in force)",
                    target.region
                ),
            ),
            Ok(Cluster { mode: None, .. }) => tally.unknown(path, "EKS does not tell its authentication mode"),
            // DOC-051 tells of one that is not there.
            Err(why) => tally.unknown(path, why.to_string()),
        }
    }
    tally.item_if_any(
        LET_IN,
        "clusters",
        "let the cluster know access entries beside its ConfigMap",
    )
}

/// The target of `target/cluster` and the name of the cluster, if a function has an access entry there. Terraform makes entries in
/// the account and region of the functions, without a role (`infra/targets.tf`); elsewhere a cluster of that name is another one.
fn entered<'a>(path: &'a str, settings: &'a DoctorSettings) -> Option<(&'a Target, &'a str)> {
    let (target, name) = path.split_once('/')?;
    let target = settings
        .platforms
        .iter()
        .find(|one| one.name.as_str() == target)?;
    let enters = |function: &Function| {
        target.role_arn.is_none()
            && function.arn.account_id() == Some(&target.account_id)
            && function.arn.region() == Some(&target.region)
            && function.clusters.iter().any(|one| one.as_str() == name)
    };
    settings.functions.values().any(enters).then_some((target, name))
}

pub(super) fn entries(facts: &Facts, settings: &DoctorSettings) -> IfAny {
    const APPLY: &str = "run terraform apply, which makes the access entry";
    let mut tally = Tally::default();
    for entry in &facts.entries {
        let name = format!("{} {}", entry.function, entry.cluster);
        let group = settings
            .functions
            .get(&entry.function)
            .map(|function| function.kubernetes_group.as_str())
            .unwrap_or_default();
        match &entry.groups {
            Err(why) => tally.unread(name, why, "its role has no access entry", APPLY),
            Ok(groups) if groups.iter().any(|one| one == group) => tally.good(),
            Ok(groups) => tally.bad(
                name,
                format!(
                    "its access entry has the groups [{}], not {group}",
                    groups.join(", ")
                ),
                APPLY,
            ),
        }
    }
    tally.item_if_any(
        ENTRIES,
        "access entries",
        "apply Terraform for the entries, and infra/kubernetes for what their groups may do",
    )
}
