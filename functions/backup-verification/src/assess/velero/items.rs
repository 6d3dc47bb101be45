//! `BAK-024`: a completed backup holds about as much as the ones before. One that lost a namespace completes all the same.

use day2_core::{Item, Verdict};

use super::{completed_of, counted};
use crate::assess::median::{LEAST, below_percent, median};
use crate::assess::{Says, count, population, worse_of};
use crate::facts::VeleroFacts;
use crate::settings::VeleroPolicy;

pub(super) fn whole(facts: &VeleroFacts, policy: &VeleroPolicy) -> Item {
    const CODE: &str = "BAK-024";
    const TITLE: &str = "Velero backups hold as much as before";
    let (schedules, backups) = match super::made(CODE, TITLE, facts) {
        Ok(both) => both,
        Err(item) => return *item,
    };
    let most = usize::try_from(policy.compare_last).unwrap_or(7);
    let (mut wrong, mut unread): (Says, Says) = (Vec::new(), Vec::new());
    let (mut examined, mut told) = (0, Vec::new());
    for schedule in counted(schedules, policy) {
        let name = || schedule.name.clone();
        let done = completed_of(schedule, backups);
        let Some((newest, earlier)) = done.split_first() else {
            unread.push((name(), "no backup of it ever completed".to_owned()));
            continue;
        };
        let items = |items: Option<i64>| items.and_then(|items| u64::try_from(items).ok());
        let Some(now) = items(newest.items) else {
            unread.push((
                name(),
                format!("{} does not say how many items it holds", newest.name),
            ));
            continue;
        };
        if now == 0 {
            examined += 1;
            wrong.push((name(), format!("{} is Completed and holds nothing", newest.name)));
            continue;
        }
        let before: Vec<u64> = earlier
            .iter()
            .filter_map(|backup| items(backup.items))
            .take(most)
            .collect();
        let Some(usual) = median(&before) else {
            unread.push((
                name(),
                format!(
                    "{} to compare with, {LEAST} are needed",
                    count(before.len(), "completed backup")
                ),
            ));
            continue;
        };
        examined += 1;
        let lost = below_percent(now, usual);
        if lost > policy.item_drop_percent() {
            wrong.push((
                name(),
                format!(
                    "{} holds {now} items, {lost:.0} % fewer than the median of {usual}",
                    newest.name
                ),
            ));
        }
        told.push(format!("{}: {now} of about {usual}", schedule.name));
    }
    let verdict = match (examined, wrong.is_empty()) {
        (0, true) => Verdict::Unknown,
        _ => worse_of(&wrong, &unread),
    };
    let seen = if told.is_empty() {
        "nothing could be compared".to_owned()
    } else {
        told.join("; ")
    };
    Item::judge(CODE, TITLE, verdict, population(examined, 1), seen)
        .threshold(
            format!("at most {} % fewer items than the median of the last {most}", policy.item_drop_percent()),
            "velero.max_item_drop_percent, velero.compare_last",
        )
        .remedy("compare velero backup describe --details of both: a namespace, a CRD or a label that the selector needs is gone")
        .subjects(wrong)
        .subjects(unread)
}
