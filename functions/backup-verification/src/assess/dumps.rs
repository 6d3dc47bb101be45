//! `BAK-031` and `BAK-032`: dumps in S3, by age and by size. A job that writes an empty file every night is on time.

use day2_core::chart::{Bars, Chart};
use day2_core::compare::Notes;
use day2_core::{Item, Observed};
use jiff::Timestamp;

use super::median::{LEAST, below_percent, median};
use super::{Says, Scene, age, count, hours, lasting, population, worse_of};
use crate::facts::{Dump, Dumps};
use crate::settings::DumpPolicy;

/// The newest dump of each prefix is young enough.
pub(crate) fn young(plans: &[DumpPolicy], facts: &[Observed<Dumps>], now: Timestamp) -> Item {
    let (mut wrong, mut unread): (Says, Says) = (Vec::new(), Vec::new());
    let (mut examined, mut told) = (0, Vec::new());
    for (plan, seen) in plans.iter().zip(facts) {
        let name = || plan.name.clone();
        let dumps = match seen {
            Ok(dumps) => dumps,
            Err(why) => {
                unread.push((name(), why.to_string()));
                continue;
            }
        };
        examined += 1;
        let Some(newest) = dumps.newest.first() else {
            wrong.push((
                name(),
                format!("no object below s3://{}/{}", plan.bucket, plan.prefix),
            ));
            continue;
        };
        match age(newest.at, now) {
            None => unread.push((name(), format!("{} is of the future", newest.key))),
            Some(age) => {
                if age > hours(plan.max_age_hours) {
                    wrong.push((
                        name(),
                        format!(
                            "{} is {} old, more than {} h",
                            newest.key,
                            lasting(age),
                            plan.max_age_hours
                        ),
                    ));
                }
                told.push(format!(
                    "{}: {} old, 1 of {}",
                    plan.name,
                    lasting(age),
                    dumps.count
                ));
            }
        }
    }
    Item::judge(
        "BAK-031",
        "the newest dumps in S3 are young enough",
        worse_of(&wrong, &unread),
        population(examined, plans.len()),
        told_or(&told, "no dump was found"),
    )
    .threshold("the declared age of each", "dumps[…].max_age_hours")
    .remedy("read the log of the job that dumps; a Job that was applied again without a new name did not run again")
    .subjects(wrong)
    .subjects(unread)
}

/// The newest dump of each prefix is not empty and about as large as the ones before.
pub(crate) fn sized(
    plans: &[DumpPolicy],
    facts: &[Observed<Dumps>],
    scene: &Scene<'_>,
    notes: &mut Notes,
) -> Item {
    let (mut wrong, mut unread): (Says, Says) = (Vec::new(), Vec::new());
    let (mut examined, mut told) = (0, Vec::new());
    for (plan, seen) in plans.iter().zip(facts) {
        let name = || plan.name.clone();
        let remembered = remembered(scene, plan);
        let dumps = match seen {
            Ok(dumps) => dumps,
            Err(why) => {
                note(notes, plan, &remembered);
                unread.push((name(), why.to_string()));
                continue;
            }
        };
        let known = history(&dumps.newest, &remembered, plan);
        note(notes, plan, &known);
        let Some((newest, earlier)) = known.split_first().filter(|_| !dumps.newest.is_empty()) else {
            unread.push((name(), "there is no dump".to_owned()));
            continue;
        };
        examined += 1;
        if newest.bytes < plan.min_bytes {
            wrong.push((
                name(),
                format!(
                    "{} has {} bytes, at least {} are expected",
                    newest.key, newest.bytes, plan.min_bytes
                ),
            ));
            continue;
        }
        let sizes: Vec<u64> = earlier.iter().map(|dump| dump.bytes).collect();
        let Some(usual) = median(&sizes) else {
            unread.push((
                name(),
                format!(
                    "{} to compare with, {LEAST} are needed",
                    count(sizes.len(), "earlier dump")
                ),
            ));
            continue;
        };
        let lost = below_percent(newest.bytes, usual);
        if lost > plan.shrink_percent() {
            wrong.push((
                name(),
                format!(
                    "{} has {} bytes, {lost:.0} % fewer than the median of {usual}",
                    newest.key, newest.bytes
                ),
            ));
        }
        told.push(format!("{}: {} bytes, median {usual}", plan.name, newest.bytes));
    }
    Item::judge(
        "BAK-032",
        "the newest dumps are as large as before",
        worse_of(&wrong, &unread),
        population(examined, plans.len()),
        told_or(&told, "nothing could be compared"),
    )
    .threshold(
        "not empty, and not much smaller than the median of the ones before",
        "dumps[…].min_bytes, dumps[…].max_shrink_percent, dumps[…].compare_last",
    )
    .remedy("restore it somewhere and count rows before you need it; an empty dump is a job that failed and said nothing")
    .subjects(wrong)
    .subjects(unread)
}

/// Sizes of the dumps, oldest first.
pub(crate) fn charts(plans: &[DumpPolicy], facts: &[Observed<Dumps>]) -> Vec<Chart> {
    let chart = |(plan, seen): (&DumpPolicy, &Observed<Dumps>)| {
        let dumps = seen.as_ref().ok().filter(|dumps| dumps.newest.len() > 1)?;
        let bars = dumps.newest.iter().rev().map(|dump| {
            let label = dump.key.rsplit('/').next().unwrap_or(&dump.key);
            (label.to_owned(), mebibytes(dump.bytes))
        });
        Some(Chart::Bars(Bars {
            title: format!("Size of the dumps {}", plan.name),
            unit: "MiB".to_owned(),
            bars: bars.collect(),
        }))
    };
    plans.iter().zip(facts).filter_map(chart).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a figure is drawn with three digits")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn told_or(told: &[String], nothing: &str) -> String {
    if told.is_empty() {
        nothing.to_owned()
    } else {
        told.join("; ")
    }
}

/// What earlier runs saw. Where each dump overwrites the last one (`latest.dump`), S3 has no other history.
fn remembered(scene: &Scene<'_>, plan: &DumpPolicy) -> Vec<Dump> {
    scene
        .noted(&key(plan))
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}

fn note(notes: &mut Notes, plan: &DumpPolicy, known: &[Dump]) {
    if let Ok(text) = serde_json::to_string(known) {
        notes.put(&key(plan), text);
    }
}

fn key(plan: &DumpPolicy) -> String {
    format!("dump/{}", plan.name)
}

/// What is there and what is remembered, each dump once, newest first, as many as are compared.
fn history(there: &[Dump], remembered: &[Dump], plan: &DumpPolicy) -> Vec<Dump> {
    let mut all: Vec<Dump> = there.to_vec();
    let ours = |dump: &&Dump| dump.key.starts_with(&plan.prefix);
    for dump in remembered.iter().filter(ours) {
        if !all
            .iter()
            .any(|known| known.key == dump.key && known.at == dump.at)
        {
            all.push(dump.clone());
        }
    }
    all.sort_by_key(|dump| std::cmp::Reverse(dump.at));
    // The newest is what is there: one that was remembered and is gone is no dump any more.
    if let Some(newest) = there.first() {
        all.retain(|dump| dump.at <= newest.at);
    }
    all.truncate(usize::try_from(plan.compare_last).unwrap_or(7).saturating_add(1));
    all
}
