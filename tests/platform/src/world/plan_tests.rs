//! The plan holds at any hour of any day.

use std::collections::BTreeSet;

use super::plan::*;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

/// Moments of every weekday, of both days on which the clocks change, and around midnight.
fn moments() -> Vec<Timestamp> {
    let zone = TimeZone::get(ZONE).unwrap();
    let days = (16..=22).map(|day| Date::constant(2026, 11, day));
    let changes = [
        Date::constant(2026, 3, 8),
        Date::constant(2026, 11, 1),
        Date::constant(2026, 12, 31),
    ];
    let hours = [
        (0, 0),
        (1, 30),
        (2, 30),
        (6, 30),
        (6, 45),
        (12, 0),
        (18, 30),
        (23, 59),
    ];
    days.chain(changes)
        .flat_map(|day| {
            hours.map(|(hour, minute)| {
                day.at(hour, minute, 0, 0)
                    .to_zoned(zone.clone())
                    .unwrap()
                    .timestamp()
            })
        })
        .collect()
}

fn runs(calendar: &Value, day: Date) -> bool {
    let excepted = calendar["exceptions"]
        .as_array()
        .unwrap()
        .iter()
        .any(|one| one["date"] == day.to_string() && one["runs"] == true);
    let weekday = format!("{:?}", day.weekday())[..3].to_lowercase();
    excepted
        || calendar["working_days"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| *one == weekday)
}

#[test]
fn the_day_of_the_demo_and_the_next_one_are_worked_whatever_day_it_is() {
    let zone = TimeZone::get(ZONE).unwrap();
    for now in moments() {
        let calendar = Plan::new(now).unwrap().calendar();
        let today = now.to_zoned(zone.clone()).date();
        assert!(
            runs(&calendar, today) && runs(&calendar, today.tomorrow().unwrap()),
            "{now}: {calendar}"
        );
    }
}

#[test]
fn the_actions_of_the_day_exist_on_the_days_on_which_the_clocks_change_too() {
    let zone = TimeZone::get(ZONE).unwrap();
    for now in moments() {
        let plan = Plan::new(now).unwrap();
        assert_eq!(plan.actions().len(), 4);
        for action in plan.actions() {
            let today = now.to_zoned(zone.clone()).date();
            let hour = i8::try_from(action.at.0).unwrap();
            let minute = i8::try_from(action.at.1).unwrap();
            let due = zone.to_ambiguous_zoned(today.at(hour, minute, 0, 0));
            assert!(
                !due.is_ambiguous(),
                "{} does not exist once on {today}",
                action.clock()
            );
        }
    }
}

#[test]
fn nodes_of_the_night_were_launched_and_ready_long_before_now() {
    for now in moments() {
        let plan = Plan::new(now).unwrap();
        assert!((0..60).all(|index| now.duration_since(plan.launched_before(index)).as_hours() >= 13));
    }
}

#[test]
fn no_two_nodes_share_an_address_and_each_lies_in_its_zone() {
    let plan = Plan::new(Timestamp::UNIX_EPOCH).unwrap();
    let mut seen = BTreeSet::new();
    for group in plan.groups() {
        for (zone, name) in ZONES.into_iter().enumerate() {
            for number in 0..60 {
                let address = plan.node_address(group.name, zone, number);
                let third: usize = address.split('.').nth(2).unwrap().parse().unwrap();
                assert!(
                    (64 + 16 * zone..80 + 16 * zone).contains(&third),
                    "{address} in {name}"
                );
                assert!(seen.insert(address));
            }
        }
    }
}

#[test]
fn counts_can_be_reached_and_the_pods_stay_few() {
    let plan = Plan::new(Timestamp::UNIX_EPOCH).unwrap();
    assert!(
        plan.groups()
            .iter()
            .all(|group| group.min <= group.before && group.before <= group.peak && group.peak <= group.max)
    );
    let nodes: u32 = plan.groups().iter().map(|group| group.peak).sum();
    let of_the_platform = 2 + 2 + 3 + 3;
    let pods = nodes as usize * 2 + of_the_platform + plan.workspaces().len();
    assert!(pods <= 150, "{pods} pods");
    assert!(plan.workspaces().iter().any(|workspace| workspace.protected));
}
