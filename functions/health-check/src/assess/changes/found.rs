//! Every change that was seen, wherever it was read, in one shape.

mod workloads;

use jiff::Timestamp;

use crate::facts::Facts;
use crate::facts::aws_changes::{self, AwsChanges};
use crate::facts::changes::{Changes, Traces};
use crate::facts::inside::Inside;
use crate::reduce::traces::{How, Touched};

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    /// When.
    pub(super) at: Timestamp,
    /// Where it lies.
    pub(super) about: About,
    /// The name of the changed thing, as findings name workloads (`shop/Deployment/web`).
    pub(super) name: String,
    /// What was changed.
    pub(super) what: String,
    /// Whether it was tried and came to nothing.
    pub(super) failed: bool,
}

/// Where a change lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum About {
    /// In this namespace.
    Namespace(String),
    /// On a node.
    Node { name: String, event: NodeEvent },
    /// On something of AWS.
    Aws(aws_changes::About),
}

/// What happened to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NodeEvent {
    /// It is not Ready any more.
    Lost,
    /// It takes no more pods.
    Cordoned,
    /// It is new.
    Joined,
}

impl NodeEvent {
    const fn words(self) -> &'static str {
        match self {
            Self::Lost => "stopped being Ready",
            Self::Cordoned => "cordoned",
            Self::Joined => "joined",
        }
    }
}

pub(super) fn all(seen: &Changes, facts: &Facts) -> Vec<Change> {
    let mut all = workloads::of(seen);
    all.extend(config_maps(&seen.config_maps));
    all.extend(of_nodes(&facts.inside, seen.since));
    all.extend(of_autoscalers(&facts.inside, seen.since));
    all.extend(facts.aws.changes.iter().flat_map(of_aws));
    all
}

fn inside(namespace: &str, at: Timestamp, name: String, what: String) -> Change {
    Change {
        at,
        about: About::Namespace(namespace.to_owned()),
        name,
        what,
        failed: false,
    }
}

fn touched(list: &Traces) -> impl Iterator<Item = &Touched> {
    list.iter().flat_map(|list| &list.sum.changes)
}

/// Written by controllers into every namespace.
const EVERYWHERE: [&str; 3] = ["kube-root-ca.crt", "istio-ca-root-cert", "istio-ca-crl"];

fn config_maps(list: &Traces) -> Vec<Change> {
    touched(list)
        .filter(|one| !EVERYWHERE.contains(&one.name.as_str()))
        .map(|one| {
            let name = format!("{}/ConfigMap/{}", one.namespace, one.name);
            inside(&one.namespace, one.at, name, done(one))
        })
        .collect()
}

/// What was done, and by whom.
fn done(one: &Touched) -> String {
    let how = match one.how {
        How::Made => "created",
        How::Changed => "changed",
    };
    format!("{how}{}", by(one))
}

fn by(one: &Touched) -> String {
    one.by.as_ref().map_or_else(String::new, |by| format!(" by {by}"))
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
                (lost, NodeEvent::Lost),
                (late(node.cordoned_at), NodeEvent::Cordoned),
                (late(node.created_at), NodeEvent::Joined),
            ]
            .into_iter()
            .filter_map(|(at, event)| {
                Some(Change {
                    at: at?,
                    about: About::Node {
                        name: node.name.clone(),
                        event,
                    },
                    name: format!("node {}", node.name),
                    what: event.words().to_owned(),
                    failed: false,
                })
            })
        })
        .collect()
}

fn of_autoscalers(facts: &Inside, since: Timestamp) -> Vec<Change> {
    let Some(Ok(all)) = &facts.autoscalers else {
        return Vec::new();
    };
    all.items()
        .iter()
        .filter_map(|one| {
            let at = one.last_scaled_at.filter(|at| *at >= since)?;
            let name = format!("{}/{}/{}", one.namespace, one.target.kind, one.target.name);
            let what = format!("scaled to {} by its autoscaler", one.desired);
            Some(inside(&one.namespace, at, name, what))
        })
        .collect()
}

fn of_aws(seen: &AwsChanges) -> Vec<Change> {
    let of = |source: &aws_changes::Source| {
        let about = About::Aws(source.about.clone());
        let changes = source.changes.iter().flatten();
        changes
            .map(|change| Change {
                at: change.at,
                about: about.clone(),
                name: change.what.clone(),
                what: change.says.clone(),
                failed: change.failed,
            })
            .collect::<Vec<_>>()
    };
    seen.sources.iter().flat_map(of).collect()
}
