//! What was measured, as data: `target/bench/row-<n>.json` for each row, `docs/performance.json` for the page.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::row::{Goal, Metric};
use crate::stats::{Spread, ratios, spread};

/// One row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RowResult {
    /// Its number in the table.
    pub number: u32,
    /// What is measured.
    pub name: String,
    /// What users run today.
    pub against: String,
    /// The target in words.
    pub target: String,
    /// Pairs that were counted.
    pub rounds: u32,
    /// Its cases; empty when it was not measured.
    pub cases: Vec<CaseResult>,
    /// What a reader must know.
    pub notes: Vec<String>,
    /// Why it has no cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_measured: Option<String>,
}

impl RowResult {
    /// These cases among those that were measured before: in their place where there was one of the name, else at the end.
    ///
    /// # Errors
    ///
    /// When the others have another number of rounds.
    pub fn beside(self, before: Self) -> Result<Self> {
        ensure!(
            before.cases.is_empty() || before.rounds == self.rounds,
            "the other cases of row {} have {} rounds",
            self.number,
            before.rounds
        );
        let mut cases = before.cases;
        for now in self.cases {
            match cases.iter_mut().find(|case| case.label == now.label) {
                Some(case) => *case = now,
                None => cases.push(now),
            }
        }
        Ok(Self { cases, ..self })
    }
}

/// When a case was measured, and what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// `2026-11-23`, in UTC.
    pub day: String,
    /// `714d7f6`, or `714d7f6-dirty` where files differed from it.
    pub commit: String,
}

/// One case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseResult {
    /// What tells it from the others of its row.
    pub label: String,
    /// The day, and the commit that was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<Made>,
    /// Name of the other side.
    pub peer: String,
    /// Name of Day2's side.
    pub ours: String,
    /// Every metric that both sides have.
    pub measured: Vec<Measured>,
    /// Processor time of the server that plays AWS and the cluster, in ms for a run, beside the other side and beside Day2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_ms: Option<[f64; 2]>,
    /// What came of the goals.
    pub goals: Vec<Verdict>,
}

/// One metric of both sides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Which.
    pub metric: Metric,
    /// The other side's, in the metric's unit.
    pub peer: Spread,
    /// Day2's.
    pub ours: Spread,
    /// Peer divided by ours, paired by round.
    pub ratio: Spread,
}

impl Measured {
    /// None when one side does not have the metric.
    #[must_use]
    pub fn of(metric: Metric, peer: &[f64], ours: &[f64]) -> Option<Self> {
        if peer.len() != ours.len() {
            return None;
        }
        Some(Self {
            metric,
            peer: spread(peer)?,
            ours: spread(ours)?,
            ratio: spread(&ratios(peer, ours))?,
        })
    }
}

/// A goal, and whether it was reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The goal.
    pub goal: Goal,
    /// Whether it was reached; a goal without a measurement is not.
    pub met: bool,
}

/// Judges goals by the near end of the interval.
#[must_use]
pub fn verdicts(goals: &[Goal], measured: &[Measured]) -> Vec<Verdict> {
    let of = |metric: Metric| measured.iter().find(|one| one.metric == metric);
    let met = |goal: Goal| match goal {
        Goal::TimesLess { metric, times } => of(metric).is_some_and(|one| one.ratio.low >= times),
        Goal::AtMostTimes { metric, times } => {
            of(metric).is_some_and(|one| one.ratio.low > 0.0 && 1.0 / one.ratio.low <= times)
        }
        Goal::AtMost { metric, value } => of(metric).is_some_and(|one| one.ours.high <= value),
    };
    goals
        .iter()
        .map(|goal| Verdict {
            goal: *goal,
            met: met(*goal),
        })
        .collect()
}

/// Everything of one page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// On what it was measured.
    pub machine: Machine,
    /// The rows, by number.
    pub rows: Vec<RowResult>,
}

/// On what it was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// Processors.
    pub cores: usize,
    /// Model of the processor.
    pub processor: String,
    /// Load average over one minute, when the rows began and when the last one ended: other work adds noise to times, and
    /// leaves processor time and memory much as they are.
    pub load: [String; 2],
    /// Versions of the peers: Python and its libraries, the AWS CLI, kubectl, jq.
    pub peers: Vec<String>,
}

impl Machine {
    /// This one. `began` is [`load`] as it was when the rows began.
    #[must_use]
    pub fn here(began: String, peers: Vec<String>) -> Self {
        let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = info
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        Self {
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            processor: model.map_or("unknown", |(_, name)| name).trim().to_owned(),
            load: [began, load()],
            peers,
        }
    }
}

/// The load average over one minute.
#[must_use]
pub fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// Writes a value as JSON that reads well in a diff.
///
/// # Errors
///
/// When the file cannot be written.
pub fn write(path: &Path, value: &impl Serialize) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// Reads what [`write()`] wrote.
///
/// # Errors
///
/// When there is no such file, or it holds something else.
pub fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not as expected", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(rounds: u32, cases: &[(&str, &str)]) -> RowResult {
        let mut row = crate::rows::not_measured(3, "").unwrap();
        row.rounds = rounds;
        row.cases = cases
            .iter()
            .map(|(label, peer)| CaseResult {
                label: (*label).to_owned(),
                made: None,
                peer: (*peer).to_owned(),
                ours: "Day2".to_owned(),
                measured: Vec::new(),
                server_ms: None,
                goals: Vec::new(),
            })
            .collect();
        row
    }

    #[test]
    fn a_case_that_is_measured_alone_takes_its_place_among_the_others_of_as_many_rounds() {
        let before = row(15, &[("a", "old"), ("b", "old")]);
        let now = row(15, &[("b", "new"), ("c", "new")])
            .beside(before.clone())
            .unwrap();
        assert_eq!(now, row(15, &[("a", "old"), ("b", "new"), ("c", "new")]));
        let why = row(3, &[("b", "new")]).beside(before).unwrap_err().to_string();
        assert!(why.contains("have 15 rounds"), "{why}");
    }
}
