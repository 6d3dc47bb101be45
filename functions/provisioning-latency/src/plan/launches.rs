//! `PRV-009`: launches that failed lately. Where AWS has no capacity, asking for more nodes brings none.

use std::collections::BTreeMap;

use day2_core::{Item, Observed};
use day2_reads::launch_failures::LaunchFailure;
use day2_reads::scaling_activities::Activity;
use jiff::Timestamp;

use super::words::{fail_if, minutes_since, population};
use crate::settings::Limits;

/// Why a launch failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Failure {
    /// AWS has no capacity of this type in the zone.
    NoCapacity,
    /// A quota of the account is used up.
    Quota,
    /// The subnet has no free addresses.
    NoAddresses,
    /// Launch template, image, permission and the like.
    Other,
}

impl Failure {
    /// The words for a report.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::NoCapacity => "no capacity in AWS",
            Self::Quota => "quota used up",
            Self::NoAddresses => "no free addresses",
            Self::Other => "another cause",
        }
    }

    fn of(one: &Activity) -> Self {
        match one.failure() {
            LaunchFailure::NoCapacity | LaunchFailure::NoSpotCapacity => Self::NoCapacity,
            LaunchFailure::Quota => Self::Quota,
            LaunchFailure::NoAddresses => Self::NoAddresses,
            LaunchFailure::Template
            | LaunchFailure::Image
            | LaunchFailure::Permission
            | LaunchFailure::Other => Self::Other,
        }
    }
}

/// Failed launches since the last one that succeeded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Failures {
    /// Count, words of the newest, and its time, by cause.
    pub(crate) by_cause: BTreeMap<Failure, (usize, String, Option<Timestamp>)>,
    /// Launches in the window.
    pub(crate) launches: usize,
    /// Failed launches that a later successful one made up for.
    pub(crate) made_up_for: usize,
}

impl Failures {
    /// Of the activities in the window. Auto Scaling tries again until it succeeds, so that a failure in front of a success
    /// is no shortage that lasts.
    pub(crate) fn of(activities: &[Activity], limits: &Limits, now: Timestamp) -> Self {
        let mut failures = Self::default();
        let launches: Vec<&Activity> = activities
            .iter()
            .filter(|one| {
                one.is_launch() && minutes_since(one.started_at, now) <= i64::from(limits.launches_minutes)
            })
            .collect();
        let succeeded = launches
            .iter()
            .filter(|one| one.status == "Successful")
            .map(|one| one.started_at)
            .max();
        for one in &launches {
            failures.launches += 1;
            if !one.came_to_nothing() {
                continue;
            }
            if succeeded > Some(one.started_at) {
                failures.made_up_for += 1;
                continue;
            }
            let entry = failures
                .by_cause
                .entry(Failure::of(one))
                .or_insert_with(|| (0, String::new(), None));
            entry.0 += 1;
            if entry.2.is_none_or(|known| known < one.started_at) {
                (entry.1, entry.2) = (one.message.clone(), Some(one.started_at));
            }
        }
        failures
    }

    /// How many failed and were not made up for.
    pub(crate) fn total(&self) -> usize {
        self.by_cause.values().map(|(number, ..)| number).sum()
    }

    /// What makes a raise useless, if anything does: AWS has nothing to give, or the account may not have it.
    pub(crate) fn hopeless(&self) -> Option<String> {
        let found = [Failure::NoCapacity, Failure::Quota, Failure::NoAddresses]
            .into_iter()
            .find_map(|cause| self.by_cause.get(&cause).map(|found| (cause, found)));
        found.map(|(cause, (number, words, _))| {
            let launches = match number {
                1 => "1 launch".to_owned(),
                more => format!("{more} launches"),
            };
            format!(
                "{launches} failed and none succeeded since ({}): {words}",
                cause.words()
            )
        })
    }
}

/// The item.
pub(crate) fn item(failures: &Observed<Failures>, limits: &Limits, now: Timestamp) -> Item {
    const CODE: &str = "PRV-009";
    const TITLE: &str = "launches of the group succeed";
    let failures = match failures {
        Ok(failures) => failures,
        Err(why) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let wrong = failures.by_cause.iter().map(|(cause, (number, words, at))| {
        let ago = at.map_or(0, |at| minutes_since(at, now));
        (
            cause.words().to_owned(),
            format!("{number} ×, last {ago} min ago: {words}"),
        )
    });
    let made_up = if failures.made_up_for == 0 {
        String::new()
    } else {
        format!(", {} made up for since", failures.made_up_for)
    };
    // The population is the history that was read: a group that launched nothing has an empty one.
    Item::judge(
        CODE,
        TITLE,
        fail_if(failures.total() > 0),
        population(1, 1),
        format!(
            "{} of {} launches in the last {} min failed or were cancelled{made_up}",
            failures.total(),
            failures.launches,
            limits.launches_minutes
        ),
    )
    .threshold(
        "none Failed or Cancelled since the last that succeeded",
        "limits.launches_minutes; autoscaling:DescribeScalingActivities",
    )
    .remedy("capacity: add instance types or zones; quota: request more; addresses: add subnets; otherwise: mend launch template or image")
    .subjects(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-20T14:00:00Z";

    fn launch(status: &str, minutes_ago: i64, message: &str) -> Activity {
        let now: Timestamp = NOW.parse().unwrap();
        Activity {
            group: "g".to_owned(),
            status: status.to_owned(),
            description: "Launching a new EC2 instance".to_owned(),
            message: message.to_owned(),
            started_at: now - jiff::SignedDuration::from_mins(minutes_ago),
            zone: None,
        }
    }

    fn failures(activities: &[Activity]) -> Failures {
        Failures::of(activities, &Limits::default(), NOW.parse().unwrap())
    }

    /// As an activity says it, without EC2's code.
    const ICE: &str = "We currently do not have sufficient m7i.xlarge capacity in the Availability Zone you requested \
        (us-east-1b). Our system will be working on provisioning additional capacity. Launching EC2 instance failed.";

    #[test]
    fn launches_that_failed_for_lack_of_capacity_make_a_raise_useless_w16() {
        let seen = failures(&[launch("Failed", 3, ICE), launch("Cancelled", 5, ICE)]);
        assert_eq!(seen.total(), 2);
        assert!(seen.hopeless().unwrap().starts_with("2 launches failed"));
    }

    #[test]
    fn a_failure_that_a_later_launch_made_up_for_is_no_shortage() {
        let seen = failures(&[launch("Successful", 2, ""), launch("Failed", 3, ICE)]);
        assert_eq!((seen.total(), seen.made_up_for), (0, 1));
        assert_eq!(seen.hopeless(), None);
    }

    #[test]
    fn what_failed_before_the_window_or_for_another_cause_does_not_stop_a_raise() {
        assert_eq!(failures(&[launch("Failed", 31, ICE)]).hopeless(), None);
        let template = failures(&[launch("Failed", 3, "Invalid launch template")]);
        assert_eq!(template.total(), 1);
        assert_eq!(template.hopeless(), None);
    }

    #[test]
    fn terminations_are_no_launches() {
        let mut gone = launch("Failed", 3, ICE);
        gone.description = "Terminating EC2 instance: i-1".to_owned();
        assert_eq!(failures(&[gone]).launches, 0);
    }
}
