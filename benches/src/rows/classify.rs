//! Row 7: from the bytes of an event to its kind and key.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::titled;
use crate::peers::Peers;
use crate::row::{Case, Goal, Metric, Row, Sample, Side};
use crate::{child, folders};

/// How often each side goes over all events: about a second of work for each.
const OURS: u64 = 2_000;
/// As above, for Python.
const PEERS: u64 = 60;

/// The row.
///
/// # Errors
///
/// When a program is missing.
pub fn row(peers: &Peers, quick: bool) -> Result<Row> {
    let share = if quick { 4 } else { 1 };
    let (program, python, script) = (
        folders::built("classify")?,
        peers.python(),
        folders::peers().join("classify.py"),
    );
    let mut row = titled(7);
    row.cases.push(Case {
        label: "processor time per million events".to_owned(),
        peer: Side::new("Powertools data classes", move || {
            per_million(Command::new(&python).arg(&script), PEERS / share)
        }),
        ours: Side::new("Day2", move || {
            per_million(&mut Command::new(&program), OURS / share)
        }),
        same: same_decisions,
        goals: vec![Goal::TimesLess {
            metric: Metric::Cpu,
            times: 50.0,
        }],
    });
    row.notes = vec![
        "All sample events of `events/` that are not broken on purpose, mixed: schedules, alarms in four shapes, findings in \
         five, calls by hand, and what is ignored. Each side reads them once and then goes over the bytes again and again in \
         one process; counted is the processor time of that loop, without the start of the process."
            .to_owned(),
        "Kind and key of every event are compared in every round. Day2 does more for it: it refuses duplicate keys, depths \
         and hostile names, and checks every ARN; the Python side trusts its input, as such handlers do."
            .to_owned(),
        "Day2's peak RSS is that of `bench`, which starts the program: its own is smaller and not known.".to_owned(),
    ];
    Ok(row)
}

fn per_million(command: &mut Command, repetitions: u64) -> Result<Sample> {
    let mut sample = child::run(command.arg(folders::events()).arg(repetitions.to_string()))?;
    let said = sample.answer.take();
    let events = said["decisions"].as_array().map_or(0, Vec::len);
    let nanoseconds = said["nanoseconds"]
        .as_u64()
        .context("the program does not say how long it took")?;
    let count = u64::try_from(events)? * repetitions;
    ensure!(count > 0 && nanoseconds > 0, "nothing was classified");
    sample.wall = Duration::ZERO;
    sample.cpu = Duration::from_nanos(u64::try_from(
        u128::from(nanoseconds) * 1_000_000 / u128::from(count),
    )?);
    sample.answer = said["decisions"].clone();
    Ok(sample)
}

/// Names the first event on which the sides differ.
fn same_decisions(ours: &Value, peer: &Value) -> Result<()> {
    let (ours, peer) = (
        ours.as_array().context("no list")?,
        peer.as_array().context("no list")?,
    );
    ensure!(
        ours.len() == peer.len() && !ours.is_empty(),
        "{} and {} events",
        ours.len(),
        peer.len()
    );
    for (own, theirs) in ours.iter().zip(peer) {
        ensure!(own == theirs, "ours: {own}, peer: {theirs}");
    }
    Ok(())
}
