//! Every opinion of `health-check`. Pure: same facts, same plan, same moment, same items.

mod aws;
mod certificates;
mod changes;
mod cluster;
mod components;
pub(crate) mod line;
mod mesh;
mod nodes;
mod quotas;
mod read;
pub(crate) mod routing;
mod scaling;
mod served;
mod storage;
mod stored;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod words;
mod workloads;

use day2_core::Item;
use day2_core::target::Target;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::Task;
use crate::facts::Facts;
use crate::settings::{Group, Plan};
use line::Line;
use routing::Routing;

/// What everything is judged against.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The target's plan.
    pub plan: &'a Plan,
    /// The target.
    pub target: &'a Target,
    /// The task.
    pub task: Task,
    /// Zone of the deployment, for times in words.
    pub zone: &'a TimeZone,
    /// The moment.
    pub now: Timestamp,
}

/// The judgement of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The items, by code.
    pub items: Vec<Item>,
    /// Codes of the lines of which there is no item, because the whole list was read and holds nothing of their kind.
    pub absent: Vec<String>,
}

/// Judges the facts of one run. Each group gives lines; a line with complaints becomes one item for each team that owns some.
#[must_use]
pub fn assess(facts: &Facts, scene: &Scene<'_>) -> Judged {
    let broken = workloads::broken(&facts.inside, scene);
    let mut lines = of_the_cluster(facts, &broken, scene);
    let of_aws = aws::lines(&facts.aws, scene);
    if let Some(seen) = &facts.changes {
        lines.push(changes::line(seen, facts, &broken, &of_aws, scene));
    }
    lines.extend(of_aws);

    let absent = lines.iter().filter(|line| line.is_absent());
    let mut absent: Vec<String> = absent.map(|line| line.code.to_owned()).collect();
    absent.sort();
    let routing = Routing::new(&scene.plan.ownership, &facts.namespaces);
    let mut items: Vec<Item> = lines.into_iter().flat_map(|line| line.items(&routing)).collect();
    items.sort_by(|a, b| a.code.cmp(&b.code));
    Judged { items, absent }
}

fn of_the_cluster(facts: &Facts, broken: &[workloads::Broken], scene: &Scene<'_>) -> Vec<Line> {
    use Group::{Certificates, Mesh, Nodes, Quotas, Scaling, Storage, Workloads};
    let inside = &facts.inside;
    let endpoints = facts.aws.endpoints.as_deref();
    let mut lines: Vec<Line> = Vec::new();
    let mut add = |group: Group, more: Vec<Line>| {
        if scene.plan.looks_at(group) {
            lines.extend(more);
        }
    };
    add(Nodes, nodes::lines(inside, scene));
    add(Workloads, workloads::lines(inside, broken, scene));
    add(Storage, storage::lines(inside, scene));
    add(Quotas, quotas::lines(inside, scene).into_iter().collect());
    add(Mesh, mesh::lines(facts).into_iter().collect());
    add(Scaling, scaling::lines(inside, scene));
    add(Certificates, certificates::lines(inside, scene));
    add(Certificates, stored::line(inside, scene).into_iter().collect());
    add(
        Certificates,
        served::line(inside, endpoints, scene).into_iter().collect(),
    );
    if let Some(api) = &facts.cluster {
        lines.extend(cluster::lines(api, facts, broken, scene));
    }
    lines.extend(components::line(facts, scene));
    lines
}
