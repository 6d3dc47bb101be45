use day2_core::{Cause, Unreadable, Verdict};

use super::world::{complaint, complaints, item, judge, settings, world};
use crate::Task;

#[test]
fn a_changed_desired_minimum_or_maximum_is_named() {
    for (change, words) in [
        (
            (|group| group.desired = 3) as fn(&mut day2_reads::scaling_groups::Group),
            "desired is 3, planned 2",
        ),
        (|group| group.min = 1, "minimum is 1, planned 2"),
        (|group| group.max = 5, "maximum is 5, planned 6"),
    ] {
        let mut facts = world(2);
        change(facts.groups[0].group.as_mut().unwrap());
        let items = judge(&facts, &settings(), Task::Prescale);
        let line = item(&items, "SCW-011");
        assert_eq!(line.verdict(), Verdict::Fail);
        assert_eq!(line.subjects[0].says, words);
    }
}

#[test]
fn a_suspended_process_fails_with_its_reason() {
    let mut facts = world(2);
    facts.groups[0].group.as_mut().unwrap().suspended = vec![("Launch".into(), "user suspended".into())];
    let items = judge(&facts, &settings(), Task::Prescale);
    assert_eq!(complaints(&items), [complaint("SCW-012", &["workspace"])]);
    assert!(
        item(&items, "SCW-012").subjects[0]
            .says
            .contains("Launch (user suspended)")
    );
}

#[test]
fn a_group_that_does_not_exist_is_unknown_never_a_pass_w25() {
    let mut facts = world(2);
    facts.groups[0].group = Err(Unreadable::new(
        "autoscaling:DescribeAutoScalingGroups",
        "prod-a-workspace",
        Cause::NotFound,
        "",
    ));
    let items = judge(&facts, &settings(), Task::Prescale);
    for code in ["SCW-011", "SCW-012", "SCW-014", "SCW-015"] {
        assert_eq!(item(&items, code).verdict(), Verdict::Unknown, "{code}");
    }
    assert_eq!(item(&items, "SCW-001").verdict(), Verdict::Pass);
}

#[test]
fn the_evening_compares_with_its_own_count() {
    assert_eq!(complaints(&judge(&world(2), &settings(), Task::Scaledown)), []);
    let items = judge(&world(4), &settings(), Task::Scaledown);
    assert_eq!(item(&items, "SCW-011").verdict(), Verdict::Fail);
}

#[test]
fn each_process_that_the_scaling_needs_fails_and_any_other_is_said_and_does_not() {
    let suspended = |process: &str| {
        let mut facts = world(2);
        facts.groups[0].group.as_mut().unwrap().suspended = vec![(process.into(), String::new())];
        item(&judge(&facts, &settings(), Task::Prescale), "SCW-012")
    };
    for process in [
        "Launch",
        "Terminate",
        "ScheduledActions",
        "HealthCheck",
        "ReplaceUnhealthy",
        "AddToLoadBalancer",
    ] {
        let line = suspended(process);
        assert_eq!(line.verdict(), Verdict::Fail, "{process}");
        assert_eq!(line.subjects[0].says, format!("suspended: {process}"));
        assert!(!line.seen.contains("also suspended"), "{}", line.seen);
    }
    for told in [
        "AZRebalance (zones are not evened out)",
        "AlarmNotification (scaling policies do not act)",
        "InstanceRefresh (no instance is refreshed)",
        "SomethingNew",
    ] {
        let process = told.split(' ').next().unwrap();
        let line = suspended(process);
        assert_eq!(line.verdict(), Verdict::Pass, "{process}");
        assert!(
            line.seen.ends_with(&format!("; also suspended: {told}")),
            "{}",
            line.seen
        );
    }
}

#[test]
fn more_than_the_peak_is_what_users_asked_for() {
    let mut facts = world(4);
    facts.groups[0].group.as_mut().unwrap().desired = 5;
    assert_eq!(
        item(&judge(&facts, &settings(), Task::Postscale), "SCW-011").verdict(),
        Verdict::Pass
    );
    facts.groups[0].group.as_mut().unwrap().desired = 3;
    assert_eq!(
        item(&judge(&facts, &settings(), Task::Postscale), "SCW-011").verdict(),
        Verdict::Fail
    );
}
