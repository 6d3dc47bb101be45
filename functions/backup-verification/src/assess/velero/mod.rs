//! `BAK-021` to `BAK-028`: Velero's storage, schedules, backups, and the namespaces and volumes that they leave out.
//!
//! A cluster that does not know Velero's kinds fails: the plan says that Velero backs it up.

mod items;
mod locations;
mod namespaces;
mod phases;
mod schedules;
mod volumes;

use day2_core::chart::{Bars, Chart};
use day2_core::{Item, Observed, Verdict};
use day2_kube::objects::{VeleroBackup, VeleroSchedule};
use jiff::Timestamp;

use super::population;
use crate::facts::VeleroFacts;
use crate::settings::VeleroPolicy;

/// Everything about Velero.
pub(crate) fn items(facts: &VeleroFacts, policy: &VeleroPolicy, now: Timestamp) -> Vec<Item> {
    vec![
        locations::available(facts, policy, now),
        schedules::kept(facts, policy, now),
        phases::ended(facts, policy, now),
        items::whole(facts, policy),
        namespaces::scheduled(facts, policy),
        namespaces::backed_up(facts, policy, now),
        phases::removed(facts, now),
        volumes::saved(facts, policy, now),
    ]
}

/// The number of items in each schedule's backups, oldest first.
pub(crate) fn chart(facts: &VeleroFacts, policy: &VeleroPolicy) -> Vec<Chart> {
    let (Ok(Some(schedules)), Ok(Some(backups))) = (&facts.schedules, &facts.backups) else {
        return Vec::new();
    };
    let most = usize::try_from(policy.compare_last)
        .unwrap_or(7)
        .saturating_add(1);
    let bars = |schedule: &VeleroSchedule| {
        let mut done = completed_of(schedule, backups);
        done.truncate(most);
        done.reverse();
        let bars: Vec<(String, f64)> = done
            .iter()
            .filter_map(|backup| {
                let items = u32::try_from(backup.items?).ok()?;
                Some((backup.name.clone(), f64::from(items)))
            })
            .collect();
        (bars.len() > 1).then(|| {
            Chart::Bars(Bars {
                title: format!("Items in the backups of {}", schedule.name),
                unit: "items".to_owned(),
                bars,
            })
        })
    };
    counted(schedules, policy).filter_map(bars).collect()
}

/// The list of a kind, or the item that says why there is none.
fn served<'a, T>(code: &str, title: &str, seen: &'a Observed<Option<Vec<T>>>) -> Result<&'a [T], Box<Item>> {
    match seen {
        Ok(Some(list)) => Ok(list),
        Ok(None) => Err(Box::new(
            Item::judge(
                code,
                title,
                Verdict::Fail,
                population(0, 1),
                "the cluster does not know velero.io: Velero is not installed",
            )
            .threshold("Velero is installed", "velero")
            .remedy("install Velero, or leave it out: not_checked = [\"velero\"]"),
        )),
        Err(why) => Err(Box::new(Item::unreadable(code, title, 1, why))),
    }
}

/// The schedules, and the backups that were made.
fn made<'a>(
    code: &str,
    title: &str,
    facts: &'a VeleroFacts,
) -> Result<(&'a [VeleroSchedule], &'a [VeleroBackup]), Box<Item>> {
    let schedules = served(code, title, &facts.schedules)?;
    Ok((schedules, served(code, title, &facts.backups)?))
}

/// The schedules that count.
fn counted<'a>(
    schedules: &'a [VeleroSchedule],
    policy: &'a VeleroPolicy,
) -> impl Iterator<Item = &'a VeleroSchedule> {
    schedules
        .iter()
        .filter(|schedule| !policy.ignore_schedules.contains(&schedule.name))
}

/// Those of them that make backups.
fn running<'a>(
    schedules: &'a [VeleroSchedule],
    policy: &'a VeleroPolicy,
) -> impl Iterator<Item = &'a VeleroSchedule> {
    counted(schedules, policy).filter(|schedule| !schedule.paused && schedule.phase != "FailedValidation")
}

/// When a backup began; Velero writes it only when it takes the backup up.
fn began(backup: &VeleroBackup) -> Option<Timestamp> {
    backup.started_at.or(backup.created_at)
}

fn is_of(backup: &VeleroBackup, schedule: &VeleroSchedule) -> bool {
    backup.namespace == schedule.namespace && backup.schedule.as_deref() == Some(schedule.name.as_str())
}

/// Whether it is of a schedule that does not count, be that still there or gone.
fn is_ignored(backup: &VeleroBackup, policy: &VeleroPolicy) -> bool {
    backup
        .schedule
        .as_ref()
        .is_some_and(|name| policy.ignore_schedules.contains(name))
}

/// The schedule's completed backups, newest first.
fn completed_of<'a>(schedule: &VeleroSchedule, backups: &'a [VeleroBackup]) -> Vec<&'a VeleroBackup> {
    let mut done: Vec<&VeleroBackup> = backups
        .iter()
        .filter(|backup| is_of(backup, schedule) && backup.phase == "Completed")
        .collect();
    done.sort_by_key(|backup| std::cmp::Reverse(began(backup)));
    done
}
