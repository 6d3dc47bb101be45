//! `HLT-191`: what was changed lately, ranked by how near it lies to what is broken. In the task `triage` only.

use day2_core::Observed;
use day2_kube::Folded;
use jiff::Timestamp;

use super::Scene;
use super::line::{Finding, Line};
use super::words::{age, count};
use super::workloads::Broken;
use crate::facts::Facts;
use crate::facts::changes::Changes;
use crate::facts::inside::Inside;
use crate::reduce::traces::{Touched, TraceTally};

/// Changes that are listed.
const MOST: usize = 20;

/// Seconds by which a change may seem to come after what it caused: times of the API are whole seconds, of several clocks.
const SLACK_SECONDS: i64 = 60;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// When.
    pub(crate) at: Timestamp,
    /// Its namespace; none for what all workloads stand on.
    pub(crate) namespace: Option<String>,
    /// The name of the changed thing, as findings name workloads (`shop/Deployment/web`).
    pub(crate) name: String,
    /// What was changed.
    pub(crate) what: String,
}

/// How near a change lies to what is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    /// Nowhere near it, or later.
    Elsewhere,
    /// What all workloads stand on.
    Below,
    /// The same namespace.
    SameNamespace,
    /// The broken workload itself.
    Itself,
}

pub(super) fn line(seen: &Changes, facts: &Facts, broken: &[Broken], scene: &Scene<'_>) -> Line {
    const CODE: &str = "HLT-191";
    const TITLE: &str = "no late change lies near what is broken";
    let lists = [&seen.replica_sets, &seen.revisions, &seen.config_maps];
    let mut line = Line::new(CODE, TITLE, 0);
    for list in lists {
        match list {
            Ok(list) => {
                line.examined += list.sum.examined;
                line = line.short_of(list.shortfall.as_ref());
            }
            Err(why) => line = line.short_of(Some(why)),
        }
    }
    let mut all = templates(&seen.replica_sets);
    all.extend(templates(&seen.revisions));
    all.extend(config_maps(&seen.config_maps));
    all.extend(of_nodes(&facts.inside, seen.since));
    all.extend(of_autoscalers(&facts.inside, seen.since));
    all.extend(super::aws::changes_below(&facts.aws));
    line.examined += all.len();
    let found = all.len();
    let mut near: Vec<(Nearness, Change)> = all
        .into_iter()
        .map(|change| (nearness(&change, broken), change))
        .filter(|(near, _)| *near > Nearness::Elsewhere)
        .collect();
    near.sort_by(|(a, x), (b, y)| b.cmp(a).then(y.at.cmp(&x.at)).then_with(|| x.name.cmp(&y.name)));
    let minutes = scene.plan.changes.minutes;
    let seen = format!(
        "{} in {minutes} min, {} near the {} that {} broken",
        count(found, "change"),
        near.len(),
        count(broken.len(), "thing"),
        if broken.len() == 1 { "is" } else { "are" },
    );
    let wrong = near.into_iter().take(MOST).map(|(near, change)| {
        let place = match near {
            Nearness::Itself => ", and it is broken",
            Nearness::SameNamespace => ", beside what is broken",
            Nearness::Below | Nearness::Elsewhere => "",
        };
        let says = format!("{} {} ago{place}", change.what, age(change.at, scene.now));
        Finding {
            namespace: change.namespace,
            name: change.name,
            says,
        }
    });
    line.seen(seen)
        .threshold(format!("looked back {minutes} min"), "changes.minutes")
        .remedy("begin with the first: a change that lies before the trouble and on the same workload is its likely cause")
        .wrong(wrong)
}

/// A change that came after the trouble did not cause it.
fn nearness(change: &Change, broken: &[Broken]) -> Nearness {
    broken
        .iter()
        .filter(|one| {
            one.since
                .is_none_or(|since| change.at.as_second() <= since.as_second() + SLACK_SECONDS)
        })
        .map(|one| {
            let same = change.namespace.as_deref() == Some(one.workload.namespace.as_str());
            match &change.namespace {
                None => Nearness::Below,
                Some(_) if same && change.name == one.workload.to_string() => Nearness::Itself,
                Some(_) if same => Nearness::SameNamespace,
                Some(_) => Nearness::Elsewhere,
            }
        })
        .max()
        .unwrap_or(Nearness::Elsewhere)
}

fn sum(list: &Observed<Folded<TraceTally>>) -> impl Iterator<Item = &Touched> {
    list.iter().flat_map(|list| &list.sum.changes)
}

/// A new replica set or revision is a new template of what owns it.
fn templates(list: &Observed<Folded<TraceTally>>) -> Vec<Change> {
    let of = |one: &Touched| {
        let kind = if one.owner_kind.is_empty() {
            "ReplicaSet"
        } else {
            &one.owner_kind
        };
        Change {
            at: one.at,
            namespace: Some(one.namespace.clone()),
            name: format!("{}/{kind}/{}", one.namespace, one.name),
            what: "new pod template".to_owned(),
        }
    };
    sum(list).map(of).collect()
}

/// Written by controllers into every namespace.
const EVERYWHERE: [&str; 3] = ["kube-root-ca.crt", "istio-ca-root-cert", "istio-ca-crl"];

fn config_maps(list: &Observed<Folded<TraceTally>>) -> Vec<Change> {
    sum(list)
        .filter(|one| !EVERYWHERE.contains(&one.name.as_str()))
        .map(|one| {
            let how = if one.new { "created" } else { "changed" };
            let by = one.by.as_ref().map_or_else(String::new, |by| format!(" by {by}"));
            Change {
                at: one.at,
                namespace: Some(one.namespace.clone()),
                name: format!("{}/ConfigMap/{}", one.namespace, one.name),
                what: format!("{how}{by}"),
            }
        })
        .collect()
}

fn of_nodes(inside: &Inside, since: Timestamp) -> Vec<Change> {
    let nodes = inside.nodes.as_ref().and_then(|nodes| nodes.as_ref().ok());
    let late = |at: Option<Timestamp>| at.filter(|at| *at >= since);
    nodes
        .into_iter()
        .flat_map(|nodes| &nodes.sum)
        .flat_map(|node| {
            let lost = late(node.readiness.since()).filter(|_| !node.readiness.is_ready());
            [
                (lost, "stopped being Ready"),
                (late(node.cordoned_at), "cordoned"),
                (late(node.created_at), "joined"),
            ]
            .into_iter()
            .filter_map(|(at, what)| {
                Some(Change {
                    at: at?,
                    namespace: None,
                    name: format!("node {}", node.name),
                    what: what.to_owned(),
                })
            })
        })
        .collect()
}

fn of_autoscalers(inside: &Inside, since: Timestamp) -> Vec<Change> {
    let Some(Ok(all)) = &inside.autoscalers else {
        return Vec::new();
    };
    all.items()
        .iter()
        .filter_map(|one| {
            let at = one.last_scaled_at.filter(|at| *at >= since)?;
            Some(Change {
                at,
                namespace: Some(one.namespace.clone()),
                name: format!("{}/{}/{}", one.namespace, one.target.kind, one.target.name),
                what: format!("scaled to {} by its autoscaler", one.desired),
            })
        })
        .collect()
}
