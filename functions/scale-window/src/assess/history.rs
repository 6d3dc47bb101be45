//! `SCW-020`: how did launches at this hour go on the days before?

use std::collections::{BTreeMap, BTreeSet};

use day2_core::Item;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::causes::{cause, place};
use super::scene::PlannedGroup;
use super::{count, population, worse_of};
use crate::settings::{Limits, Plan};
use crate::window::scale_up_at;
use day2_reads::scaling_activities::Activity;

/// How long after the planned scale-up a launch belongs to it.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// On how many of the last days launches in the hour of the scale-up came to nothing, by cause, type and zone.
///
/// A single such day is ordinary: Auto Scaling tries again in another zone, and its history keeps the attempt. What
/// happens on every second day will happen today. `None` when nobody asked (`limits.history_days` is 0).
pub(crate) fn earlier_days(
    groups: &[PlannedGroup<'_>],
    plan: &Plan,
    zone: &TimeZone,
    now: Timestamp,
) -> Option<Item> {
    let limits = &plan.limits;
    let (mut wrong, mut unread, mut summary, mut examined) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for group in groups {
        let name = &group.plan.node_group;
        match group.earlier? {
            Err(why) => unread.push((name.clone(), why.to_string())),
            Ok(all) => {
                examined += 1;
                let at = scale_up_at(plan, group.plan, zone, now);
                let failed = Failed::of(all, limits, zone, (at, now));
                summary.push(format!("{name} {}", failed.days.len()));
                if failed.days.len() >= usize::try_from(limits.history_failed_days).unwrap_or(usize::MAX) {
                    wrong.push((name.clone(), failed.says(limits)));
                }
            }
        }
    }
    let days = limits.history_days;
    Some(
        Item::judge(
            "SCW-020",
            "launches of the scale-up worked on earlier days",
            worse_of(&wrong, &unread),
            population(examined, u64::try_from(groups.len()).unwrap_or(u64::MAX)),
            if summary.is_empty() {
                "no history could be read".to_owned()
            } else {
                format!(
                    "of {} with failed launches: {}",
                    count(days, "day"),
                    summary.join(", ")
                )
            },
        )
        .threshold(
            format!(
                "failed launches in the hour after the scale-up on fewer than {} of {}",
                limits.history_failed_days,
                count(days, "day")
            ),
            "limits.history_failed_days, history_days; API DescribeScalingActivities",
        )
        .remedy("expect it again today: add instance types or zones, reserve capacity, raise the quota, or scale up earlier")
        .subjects(wrong)
        .subjects(unread),
    )
}

/// The failed launches of one group in the hours that count.
struct Failed {
    days: BTreeSet<Date>,
    causes: BTreeMap<String, usize>,
}

impl Failed {
    fn of(all: &[Activity], limits: &Limits, zone: &TimeZone, (at, now): (Time, Timestamp)) -> Self {
        let today = now.to_zoned(zone.clone()).date();
        let mut found = Self {
            days: BTreeSet::new(),
            causes: BTreeMap::new(),
        };
        for ago in 1..=i64::from(limits.history_days) {
            let Ok(day) = today.checked_sub(ago.days()) else {
                continue;
            };
            let Ok(began) = day.to_datetime(at).to_zoned(zone.clone()) else {
                continue;
            };
            let began = began.timestamp();
            for one in all.iter().filter(|one| one.is_failed_launch()) {
                let after = one.started_at.duration_since(began);
                if SignedDuration::ZERO <= after && after < HOUR {
                    found.days.insert(day);
                    let named = format!("{}{}", cause(one), place(one));
                    *found.causes.entry(named).or_default() += 1;
                }
            }
        }
        found
    }

    /// `on 9 of 14 days, last on 2026-11-19: 31 × no capacity (m7g.2xlarge in us-east-1b)`.
    fn says(&self, limits: &Limits) -> String {
        let mut causes: Vec<(&String, &usize)> = self.causes.iter().collect();
        causes.sort_by_key(|(named, number)| (std::cmp::Reverse(**number), (*named).clone()));
        let causes: Vec<String> = causes
            .iter()
            .map(|(named, number)| format!("{number} × {named}"))
            .collect();
        let last = self.days.last().map_or_else(String::new, ToString::to_string);
        format!(
            "on {} of {}, last on {last}: {}",
            self.days.len(),
            count(limits.history_days, "day"),
            causes.join(", ")
        )
    }
}
