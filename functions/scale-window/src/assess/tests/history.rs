use day2_core::{Cause, Item, Unreadable, Verdict};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::world::{complaint, complaints, item, judge, settings_with, world};
use crate::Task;
use day2_reads::scaling_activities::Activity;

fn failed(started_at: &str, message: &str) -> Activity {
    Activity {
        group: "prod-a-workspace".into(),
        status: "Failed".into(),
        description: "Launching a new EC2 instance".into(),
        message: message.into(),
        started_at: started_at.parse::<Timestamp>().unwrap(),
        zone: Some("us-east-1b".into()),
    }
}

/// The morning of 2026-11-20, with the scale-up at 06:45 and these limits, after these failed launches.
fn after(earlier: Vec<Activity>, limits: &Value) -> Vec<Item> {
    let settings = settings_with(&json!({
        "scheduled_actions": [{"node_group": "workspace", "at": "06:45", "desired": 4}],
        "limits": limits,
        "not_checked": ["probes", "nat", "quotas"]
    }));
    let mut facts = world(2);
    facts.groups[0].earlier = Some(Ok(earlier));
    judge(&facts, &settings, Task::Prescale)
}

/// One failed launch at this time of each of these days of November.
fn on(days: impl IntoIterator<Item = i8>, time: &str) -> Vec<Activity> {
    days.into_iter()
        .map(|day| {
            failed(
                &format!("2026-11-{day:02}T{time}Z"),
                "InsufficientInstanceCapacity",
            )
        })
        .collect()
}

#[test]
fn a_shortage_of_every_other_morning_fails_and_one_less_is_told_only() {
    let few = after(on(14..20, "11:46:00"), &json!({}));
    let line = item(&few, "SCW-020");
    assert_eq!(line.verdict(), Verdict::Pass);
    assert_eq!(line.seen, "of 14 days with failed launches: workspace 6");

    let mut many = on(13..20, "11:46:00");
    many.extend(on([19], "11:50:00"));
    let line = item(&after(many, &json!({})), "SCW-020");
    assert_eq!(line.verdict(), Verdict::Fail);
    assert_eq!(
        line.subjects[0].says,
        "on 7 of 14 days, last on 2026-11-19: 8 × no capacity (us-east-1b)"
    );
}

#[test]
fn only_the_hour_after_the_scale_up_of_the_days_that_count_is_looked_at() {
    let limits = json!({"history_failed_days": 1});
    for (at, verdict) in [
        ("2026-11-19T11:44:59Z", Verdict::Pass),
        ("2026-11-19T11:45:00Z", Verdict::Fail),
        ("2026-11-19T12:44:59Z", Verdict::Fail),
        ("2026-11-19T12:45:00Z", Verdict::Pass),
        // The first of fourteen days, and the day before it.
        ("2026-11-06T11:45:00Z", Verdict::Fail),
        ("2026-11-05T11:45:00Z", Verdict::Pass),
        // What fails today is SCW-016's.
        ("2026-11-20T11:45:00Z", Verdict::Pass),
    ] {
        let line = item(&after(vec![failed(at, "no capacity")], &limits), "SCW-020");
        assert_eq!(line.verdict(), verdict, "{at}");
    }
}

#[test]
fn a_scale_up_keeps_its_local_time_over_a_change_of_the_clock_t01() {
    // Until 1 November the clock in New York was an hour ahead: 06:45 was 10:45 UTC.
    let limits = json!({"history_failed_days": 1, "history_days": 30});
    for (at, verdict) in [
        ("2026-10-30T10:50:00Z", Verdict::Fail),
        ("2026-10-30T11:50:00Z", Verdict::Pass),
        ("2026-11-02T11:50:00Z", Verdict::Fail),
    ] {
        let line = item(&after(vec![failed(at, "no capacity")], &limits), "SCW-020");
        assert_eq!(line.verdict(), verdict, "{at}");
    }
}

#[test]
fn a_history_that_could_not_be_read_is_unknown_and_hides_no_neighbour_w28() {
    let mut facts = world(2);
    let why = Unreadable::new("autoscaling:DescribeScalingActivities", "g", Cause::Throttled, "");
    facts.groups[0].earlier = Some(Err(why));
    let items = judge(&facts, &super::world::settings(), Task::Prescale);
    assert_eq!(complaints(&items), [complaint("SCW-020", &["workspace"])]);
    assert_eq!(item(&items, "SCW-020").verdict(), Verdict::Unknown);
}

#[test]
fn without_days_there_is_no_line() {
    let items = judge(&world(2), &super::world::settings(), Task::Prescale);
    assert!(items.iter().all(|item| item.code != "SCW-020"));
}
