//! Judgements of what AWS and the endpoints said. Each group is judged by itself.

mod alarms;
mod changes;
mod database;
mod eks;
mod endpoints;
mod filling;
mod security;
#[cfg(test)]
pub(super) mod tests;
mod volumes;

use super::Scene;
use super::line::Line;
use crate::facts::aws::AwsFacts;

/// Lines that fail because the database is in trouble now; of the others one looks ahead, and one back.
pub(super) const OF_THE_DATABASE: [&str; 4] = ["HLT-231", "HLT-232", "HLT-233", "HLT-234"];

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
    lines.extend(seen.changes.iter().filter_map(changes::line));
    lines
}
