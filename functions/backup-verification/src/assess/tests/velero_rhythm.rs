//! `BAK-026`: a namespace is as late as its own schedules let it be.

use day2_core::Verdict::{self, Fail, Pass, Unknown};
use day2_kube::objects::{VeleroBackup, VeleroSchedule};
use serde_json::json;

use super::world::*;
use crate::facts::Facts;

/// The 16th of November, a Monday, 02:30 in UTC.
const MONDAY: i64 = 10 + 4 * 24;
/// A week before.
const MONDAY_BEFORE: i64 = MONDAY + 7 * 24;

/// A schedule of these days of the week that takes these namespaces.
fn on(days: &str, name: &str, namespaces: &[&str]) -> VeleroSchedule {
    let mut one = schedule(name, json!({"includedNamespaces": namespaces}));
    one.cron = format!("0 2 * * {days}");
    one
}

fn of(schedule: &str, hours: i64, namespaces: &[&str]) -> VeleroBackup {
    let mut one = backup(schedule, &format!("{schedule}-{hours}"), "Completed", hours, 100);
    one.scope.included_namespaces = namespaces.iter().map(|&name| name.to_owned()).collect();
    one
}

fn there(facts: &mut Facts, schedules: Vec<VeleroSchedule>, backups: Vec<VeleroBackup>) {
    let velero = facts.velero.as_mut().unwrap();
    velero.schedules = Ok(Some(schedules));
    velero.backups = Ok(Some(backups));
}

/// What is so, the schedules, the backups, the verdict, and the namespaces that are named.
type Row<'r> = (
    &'r str,
    Vec<VeleroSchedule>,
    Vec<VeleroBackup>,
    Verdict,
    &'r [&'r str],
);

/// Now is Friday: a limit of 26 hours would fail on each day but Monday and Tuesday.
#[test]
fn a_namespace_is_judged_by_the_rhythm_of_the_schedules_that_take_it() {
    let both: &[&str] = &["shop", "team-a"];
    let paused = || {
        let mut one = on("1", "weekly", both);
        one.paused = true;
        one
    };
    let unread = || {
        let mut one = on("1", "weekly", both);
        one.cron = "whenever".to_owned();
        one
    };
    let nightly = || on("*", "nightly", &["team-a"]);
    let weekly = || on("1", "weekly", both);
    let table: [Row<'_>; 8] = [
        (
            "weekly and in time",
            vec![weekly()],
            vec![of("weekly", MONDAY, both)],
            Pass,
            &[],
        ),
        (
            "by hand and since it was due",
            vec![weekly()],
            vec![of("hand", 50, both)],
            Pass,
            &[],
        ),
        (
            "a week late",
            vec![weekly()],
            vec![of("weekly", MONDAY_BEFORE, both)],
            Fail,
            both,
        ),
        (
            "weekly and nightly, and the nightly one is late",
            vec![weekly(), nightly()],
            vec![of("weekly", MONDAY, both)],
            Fail,
            &["team-a"],
        ),
        (
            "weekly and nightly, both in time",
            vec![weekly(), nightly()],
            vec![of("weekly", MONDAY, both), of("nightly", 10, &["team-a"])],
            Pass,
            &[],
        ),
        (
            "paused",
            vec![paused()],
            vec![of("weekly", MONDAY, both)],
            Fail,
            both,
        ),
        (
            "no cron expression",
            vec![unread()],
            vec![of("weekly", MONDAY, both)],
            Unknown,
            both,
        ),
        (
            "no schedule",
            vec![],
            vec![of("weekly", MONDAY, both)],
            Fail,
            both,
        ),
    ];
    for (what, schedules, backups, verdict, named) in table {
        let items = judged(|facts| there(facts, schedules, backups));
        let found = item(&items, "BAK-026");
        assert_eq!(found.verdict(), verdict, "{what}: {found:#?}");
        let names: Vec<&str> = found
            .subjects
            .iter()
            .map(|subject| subject.name.as_str())
            .collect();
        assert_eq!(names, named, "{what}");
    }
}

#[test]
fn a_namespace_that_was_made_since_its_weekly_schedule_was_due_is_not_late() {
    for (hours, verdict) in [(3 * 24, Pass), (6 * 24, Fail)] {
        let items = judged(|facts| {
            let mut fresh = namespace("fresh");
            fresh.created_at = Some(hours_ago(hours));
            let others = ["shop", "team-a"];
            there(
                facts,
                vec![on("1", "weekly", &["*"])],
                vec![of("weekly", MONDAY, &others)],
            );
            let velero = facts.velero.as_mut().unwrap();
            velero.namespaces.as_mut().unwrap().push(fresh);
        });
        assert_eq!(item(&items, "BAK-026").verdict(), verdict, "{hours} h");
    }
}

/// Old by the clock and perhaps in time: nobody knows.
#[test]
fn an_old_backup_is_unknown_where_the_schedules_cannot_be_read_w28() {
    let items = judged(|facts| {
        there(facts, Vec::new(), vec![of("weekly", MONDAY, &["shop", "team-a"])]);
        facts.velero.as_mut().unwrap().schedules = denied("list schedules");
    });
    let found = item(&items, "BAK-026");
    assert_eq!((found.verdict(), found.subjects.len()), (Unknown, 2));
    assert!(found.subjects[0].says.contains("list schedules"), "{found:#?}");
}
