//! `DOC-051` to `DOC-055`: what the settings name exists, and the alarms about Day2 tell somebody.

use day2_core::Observed;
use day2_core::arn::Arn;

use super::{IfAny, Tally};
use crate::facts::Facts;
use crate::settings::DoctorSettings;

const CLUSTERS: (&str, &str) = ("DOC-051", "every cluster of the settings works");
const GROUPS: (&str, &str) = ("DOC-052", "every node group of the settings exists");
const DATABASES: (&str, &str) = ("DOC-053", "every database of the settings exists");
const CALLING: (&str, &str) = ("DOC-054", "every alarm that calls a function exists");
const HEALTH: (&str, &str) = ("DOC-055", "every alarm about Day2 tells somebody");

/// What is named in the settings and is not there.
const NAMED: &str = "correct the name in the target's settings and apply, or make it again";

pub(super) fn clusters(facts: &Facts) -> IfAny {
    let mut tally = Tally::default();
    for (path, seen) in &facts.clusters {
        match seen {
            Err(why) => tally.unread(path, why, "there is no such cluster", NAMED),
            Ok(cluster) if matches!(cluster.status.as_str(), "ACTIVE" | "UPDATING") => tally.good(),
            Ok(cluster) => tally.bad(
                path,
                format!("its status is {}", cluster.status),
                "see what EKS says of it (aws eks describe-cluster), or take the target out of the settings",
            ),
        }
    }
    tally.item_if_any(CLUSTERS, "clusters", "let the settings name clusters that work")
}

pub(super) fn groups(facts: &Facts) -> IfAny {
    let missing = "there is no Auto Scaling group of this name";
    let remedy = "a managed node group that was made again has another Auto Scaling group: write its name \
                  (aws eks describe-nodegroup) into node_groups";
    existing(&facts.groups, missing).item_if_any(GROUPS, "groups", remedy)
}

/// Whatever its state is: what a stopped database means is not for this check.
pub(super) fn databases(facts: &Facts) -> IfAny {
    let remedy = "write the identifier of the cluster or instance as it is now into the target's database";
    existing(&facts.databases, "there is no such database").item_if_any(DATABASES, "databases", remedy)
}

pub(super) fn calling_alarms(facts: &Facts) -> IfAny {
    let missing = "there is no such alarm: the function waits for nothing";
    let remedy = "make the alarm again, or name the alarm that took its place in the function's settings";
    existing(&facts.calling_alarms, missing).item_if_any(CALLING, "alarms", remedy)
}

fn existing<T>(all: &[(String, Observed<T>)], missing: &str) -> Tally {
    let mut tally = Tally::default();
    for (name, seen) in all {
        match seen {
            Ok(_) => tally.good(),
            Err(why) => tally.unread(name, why, missing, NAMED),
        }
    }
    tally
}

pub(super) fn health_alarms(facts: &Facts, settings: &DoctorSettings) -> IfAny {
    const APPLY: &str = "run terraform apply, which puts the alarm back";
    let Some(topic) = settings.operations_topic_arn.as_ref().map(Arn::as_str) else {
        return (HEALTH.0, None);
    };
    let mut tally = Tally::default();
    for (name, seen) in &facts.health_alarms {
        match seen {
            Err(why) => tally.unread(name, why, "there is no such alarm", APPLY),
            Ok(alarm) if !alarm.enabled => {
                tally.bad(
                    name,
                    "its actions are switched off",
                    &format!("aws cloudwatch enable-alarm-actions --alarm-names {name}"),
                );
            }
            Ok(alarm) if !alarm.on_alarm.iter().any(|one| one == topic) => {
                tally.bad(name, format!("it does not notify {topic}"), APPLY);
            }
            Ok(_) => tally.good(),
        }
    }
    tally.item_if_any(
        HEALTH,
        "alarms",
        "let each alarm about Day2 notify the topic of operations",
    )
}
