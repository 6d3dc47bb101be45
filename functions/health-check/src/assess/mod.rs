//! Every opinion of `health-check`. Pure: same facts, same plan, same moment, same items.

mod aws;
mod cluster;
pub(crate) mod line;
pub(crate) mod routing;
pub(crate) mod words;

use day2_core::Item;
use day2_core::chart::Chart;
use day2_core::target::Target;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::Task;
use crate::facts::Facts;
use crate::settings::Plan;
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

/// Judges the facts of one run. Each group gives lines; a line with complaints becomes one item for each team that owns some.
#[must_use]
pub fn assess(facts: &Facts, scene: &Scene<'_>) -> (Vec<Item>, Vec<Chart>) {
    let mut lines: Vec<Line> = Vec::new();
    lines.extend(facts.cluster.iter().flat_map(|seen| cluster::lines(seen, scene)));
    lines.extend(aws::lines(&facts.aws, scene));

    let routing = Routing::new(&scene.plan.ownership, &facts.namespaces);
    let mut items: Vec<Item> = lines.into_iter().flat_map(|line| line.items(&routing)).collect();
    items.sort_by(|a, b| a.code.cmp(&b.code));
    (items, Vec::new())
}
