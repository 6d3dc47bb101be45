//! Judgements of what AWS and the endpoints said. Each group is judged by itself.

mod alarms;
mod changes;
mod database;
mod eks;
mod endpoints;
mod filling;
mod security;
#[cfg(test)]
mod tests;
mod volumes;

use super::Scene;
use super::changes::Change;
use super::line::Line;
use crate::facts::aws::AwsFacts;

/// What AWS changed, for the ranking among all changes.
pub(super) fn changes_below(seen: &AwsFacts) -> Vec<Change> {
    seen.changes.as_ref().map(changes::below).unwrap_or_default()
}

pub(super) fn lines(seen: &AwsFacts, scene: &Scene<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    lines.extend(seen.alarms.iter().flat_map(|seen| alarms::lines(seen, scene)));
    lines.extend(seen.security.iter().flat_map(|seen| security::lines(seen, scene)));
    lines.extend(seen.eks.iter().flat_map(|seen| eks::lines(seen, scene)));
    lines.extend(seen.database.iter().flat_map(|seen| database::lines(seen, scene)));
    lines.extend(
        seen.endpoints
            .iter()
            .flat_map(|seen| endpoints::lines(seen, scene)),
    );
    lines.extend(seen.volumes.iter().map(|seen| volumes::line(seen, scene)));
    lines.extend(seen.changes.iter().map(|seen| changes::line(seen, scene)));
    lines
}
