//! The last run of each `CronJob`, however old, and those of which no Job is left to tell.

use day2_core::Verdict;
use serde_json::{Value, json};

use super::world::{World, ago, put, sick};

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// Due every day at 02:00, which was nine hours ago, and made a Job then; succeeded so many minutes ago.
fn nightly(succeeded: Option<i64>) -> Value {
    let status = json!({"lastScheduleTime": ago(9 * HOUR), "lastSuccessfulTime": succeeded.map(ago)});
    json!({"metadata": {"name": "backup", "namespace": "shop", "creationTimestamp": ago(90 * DAY)},
           "spec": {"schedule": "0 2 * * *"}, "status": status})
}

fn with(mut cron_job: Value, changes: &[(&str, Value)]) -> Value {
    for (pointer, value) in changes {
        put(&mut cron_job, pointer, value.clone());
    }
    cron_job
}

/// A Job of it that was made so many minutes ago and ended a little later.
fn run(name: &str, made: i64, end: &str) -> Value {
    json!({"metadata": {"name": name, "namespace": "shop", "creationTimestamp": ago(made),
                        "ownerReferences": [{"kind": "CronJob", "name": "backup", "controller": true}]},
           "status": {"conditions": [{"type": end, "status": "True", "reason": "BackoffLimitExceeded", "lastTransitionTime": ago(made - 5)}]}})
}

fn told(world: &World) -> String {
    let (code, name, says) = world.only();
    assert_eq!(
        (code.as_str(), name.as_str()),
        ("HLT-131", "shop/CronJob/backup"),
        "{says}"
    );
    says
}

#[test]
fn a_weekly_run_that_failed_stays_failed_until_a_later_one_succeeds() {
    // It failed on Saturday, and it is Friday.
    let saturday = 6 * DAY + 9 * HOUR;
    let failed = World::well().with("jobs", run("backup-2", saturday, "Failed"));
    assert!(told(&failed).contains("its last run backup-2 failed 6 d ago: BackoffLimitExceeded"));
    failed
        .clone()
        .with("jobs", run("backup-3", DAY, "Complete"))
        .is_well("somebody ran it by hand");
    let mut bare = run("backup-2", saturday, "Failed");
    put(&mut bare, "/metadata/ownerReferences", json!(null));
    World::well()
        .with("jobs", bare)
        .is_well("nobody runs a Job of last week again");
    let weekly = with(
        nightly(Some(saturday + 7 * DAY)),
        &[
            ("/spec/schedule", json!("0 2 * * 6")),
            ("/status/lastScheduleTime", json!(ago(saturday))),
        ],
    );
    let known = failed.with("cronjobs", weekly.clone());
    assert!(
        told(&known).starts_with("its last run backup-2 failed"),
        "one finding for both lists"
    );
    let gone = World::well().with("cronjobs", weekly);
    assert_eq!(
        told(&gone),
        "last succeeded 13 d ago, and was due 6 d ago: the Job made for it did not succeed",
        "the same finding when its Job is gone"
    );
}

#[test]
fn a_success_counts_as_long_as_the_schedule_lets_expect() {
    let last_night = Some(8 * HOUR + 50);
    let the_night_before = Some(DAY + 8 * HOUR + 50);
    let days_ago = Some(3 * DAY + 8 * HOUR + 50);
    let running = ("/status/active", json!([{"kind": "Job", "name": "backup-9"}]));
    let made = |minutes: i64| ("/status/lastScheduleTime", json!(ago(minutes)));
    let schedule = |cron: &str| ("/spec/schedule", json!(cron));
    let zone = |name: &str| ("/spec/timeZone", json!(name));
    let no_status = ("/status", json!({}));
    for (what, cron_job, says) in [
        ("it succeeded", nightly(last_night), None),
        (
            "it did not, and its Job is gone",
            nightly(the_night_before),
            Some("last succeeded 32 h ago, and was due 9 h ago: the Job made for it did not succeed"),
        ),
        (
            "it was not started: a webhook refuses the Job, or too many starts were missed",
            with(nightly(the_night_before), &[made(DAY + 9 * HOUR)]),
            Some("last succeeded 32 h ago, and was due 9 h ago: no Job was made for it"),
        ),
        (
            "it never did",
            nightly(None),
            Some("has never succeeded, and was due 9 h ago: the Job made for it did not succeed"),
        ),
        (
            "it is younger than its first due time",
            with(
                nightly(None),
                &[
                    no_status.clone(),
                    ("/metadata/creationTimestamp", json!(ago(8 * HOUR))),
                ],
            ),
            None,
        ),
        (
            "it was due half an hour ago, within the hour that it has",
            with(nightly(Some(DAY + 20)), &[schedule("30 10 * * *"), made(30)]),
            None,
        ),
        (
            "it runs, and has time until it is due again",
            with(nightly(the_night_before), std::slice::from_ref(&running)),
            None,
        ),
        (
            "it hangs, and keeps the next runs from beginning",
            with(nightly(days_ago), &[running.clone(), made(2 * DAY + 9 * HOUR)]),
            Some("last succeeded 3 d ago, and was due 33 h ago: its run of 2 d ago still goes on"),
        ),
        (
            "the zone of its schedule is its own: 02:00 in Tokyo",
            with(nightly(Some(17 * HOUR + 50)), &[zone("Asia/Tokyo")]),
            None,
        ),
        (
            "and the same success is too old for 02:00 UTC",
            nightly(Some(17 * HOUR + 50)),
            Some("last succeeded 17 h ago"),
        ),
        (
            "it is only there to be run by hand",
            with(nightly(None), &[no_status, schedule("0 0 30 2 *")]),
            None,
        ),
        (
            "it is never due, and its last run did not succeed",
            with(nightly(the_night_before), &[schedule("0 0 30 2 *")]),
            Some("was due 9 h ago: the Job made for it did not succeed"),
        ),
        (
            "nobody can read its schedule, and its last run did not succeed",
            with(nightly(the_night_before), &[schedule("whenever")]),
            Some("was due 9 h ago: the Job made for it did not succeed"),
        ),
    ] {
        let world = World::well().with("cronjobs", cron_job);
        match says {
            None => world.is_well(what),
            Some(says) => assert!(told(&world).contains(says), "{what}: {}", told(&world)),
        }
    }
}

#[test]
fn a_schedule_that_cannot_be_read_is_unknown_and_never_in_time() {
    for (pointer, value) in [("/spec/schedule", "whenever"), ("/spec/timeZone", "Middle/Earth")] {
        let odd = with(nightly(Some(HOUR)), &[(pointer, json!(value))]);
        let item = World::well().with("cronjobs", odd).item("HLT-131");
        assert_eq!(item.verdict(), Verdict::Unknown, "{value}");
        assert!(item.subjects[0].says.contains(value), "{:?}", item.subjects);
    }
}

#[test]
fn the_time_that_a_cron_job_has_is_a_setting() {
    let due = with(
        nightly(Some(DAY + 20)),
        &[
            ("/spec/schedule", json!("30 10 * * *")),
            ("/status/lastScheduleTime", json!(ago(30))),
        ],
    );
    let world = World::well().with("cronjobs", due);
    world.is_well("60 minutes by default");
    assert!(told(&world.plan("workloads", json!({"cron_job_minutes": 20}))).contains("was due 30 min ago"));
}

#[test]
fn a_suspended_cron_job_is_told_and_no_failure_and_its_failed_run_is_one() {
    let suspended = |name: &str| {
        with(
            nightly(Some(30 * DAY)),
            &[("/spec/suspend", json!(true)), ("/metadata/name", json!(name))],
        )
    };
    let one = World::well().with("cronjobs", suspended("backup"));
    one.is_well("somebody has stopped it");
    assert_eq!(
        one.item("HLT-131").seen,
        "0 Jobs, 1 CronJob, 1 suspended: shop/backup"
    );
    let many = ["a", "b", "c", "d", "e"]
        .into_iter()
        .fold(World::well(), |world, name| {
            world.with("cronjobs", suspended(name))
        });
    assert_eq!(
        many.item("HLT-131").seen,
        "0 Jobs, 5 CronJobs, 5 suspended: shop/a, shop/b, shop/c and 2 more"
    );
    let failed = one.with("jobs", run("backup-2", 20 * DAY + HOUR, "Failed"));
    assert!(told(&failed).contains("its last run backup-2 failed 20 d ago"));
}

#[test]
fn a_later_success_makes_up_for_a_failure_although_its_job_is_gone() {
    let failed = World::well().with("jobs", run("backup-2", 2 * DAY, "Failed"));
    failed
        .clone()
        .with("cronjobs", nightly(Some(8 * HOUR)))
        .is_well("successfulJobsHistoryLimit: 0");
    let before = failed.with("cronjobs", nightly(Some(3 * DAY)));
    assert!(told(&before).starts_with("its last run backup-2 failed"));
}

#[test]
fn a_cron_job_whose_pod_tells_the_cause_is_named_there_and_not_twice() {
    let mut pod = sick("backup-3-x", &json!({"waiting": {"reason": "ImagePullBackOff"}}));
    let owner = json!({"kind": "Job", "name": "backup-3", "controller": true});
    put(&mut pod, "/metadata/ownerReferences/0", owner);
    let mut running = run("backup-3", 2 * DAY, "Suspended");
    put(&mut running, "/status", json!({"active": 1}));
    let hangs = with(
        nightly(Some(5 * DAY)),
        &[("/status/active", json!([{"name": "backup-3"}]))],
    );
    let world = World::well().with("jobs", running).with("cronjobs", hangs);
    assert!(told(&world).contains("still goes on"));
    assert_eq!(world.with("pods", pod).named(), ["HLT-122 shop/CronJob/backup"]);
}

#[test]
fn what_one_list_tells_is_told_although_the_other_may_not_be_read_w28() {
    let late = World::well()
        .with("cronjobs", nightly(Some(5 * DAY)))
        .of("jobs", json!("forbidden"));
    let failed = World::well()
        .with("jobs", run("backup-2", DAY, "Failed"))
        .of("cronjobs", json!("forbidden"));
    for (world, unread, seen) in [
        (late, "list jobs", "Jobs could not be read, 1 CronJob"),
        (failed, "list cronjobs", "1 Job, CronJobs could not be read"),
    ] {
        let item = world.item("HLT-131");
        let names: Vec<&str> = item
            .subjects
            .iter()
            .map(|subject| subject.name.as_str())
            .collect();
        assert_eq!(
            (item.verdict(), item.seen.as_str()),
            (Verdict::Fail, seen),
            "{item:#?}"
        );
        assert_eq!(names, ["shop/CronJob/backup", unread]);
    }
}
