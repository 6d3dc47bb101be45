use day2_core::Verdict;
use serde_json::json;

use super::world::{ago, complaint, complaints, item, judge, settings, settings_with, world};
use crate::Task;
use day2_reads::scaling_activities::Activity;
use day2_reads::subnets::Subnet;

#[test]
fn a_zone_without_addresses_for_the_new_nodes_is_named_and_the_other_is_not() {
    let mut facts = world(2);
    // Two new nodes over two zones with 16 addresses each: 16 per zone.
    facts.subnets.as_mut().unwrap()[1].free_addresses = 15;
    let items = judge(&facts, &settings(), Task::Prescale);
    assert_eq!(complaints(&items), [complaint("SCW-014", &["us-east-1b"])]);
    facts.subnets.as_mut().unwrap()[1].free_addresses = 16;
    assert_eq!(complaints(&judge(&facts, &settings(), Task::Prescale)), []);
}

#[test]
fn the_subnets_of_a_zone_add_up_and_each_is_told_with_its_addresses_where_they_are_short() {
    let judged = |second: u64| {
        let mut facts = world(2);
        let all = facts.subnets.as_mut().unwrap();
        all[1].free_addresses = 5;
        // One more of the group, and one that the group does not launch into.
        for (id, free_addresses) in [("subnet-b2", second), ("subnet-of-others", 900)] {
            all.push(Subnet {
                id: id.into(),
                zone: "us-east-1b".into(),
                free_addresses,
            });
        }
        let group = facts.groups[0].group.as_mut().unwrap();
        group.subnets.push("subnet-b2".into());
        item(&judge(&facts, &settings(), Task::Prescale), "SCW-014")
    };
    let line = judged(10);
    assert_eq!(line.verdict(), Verdict::Fail);
    assert_eq!(line.subjects.len(), 1);
    assert_eq!(
        line.subjects[0].says,
        "15 free addresses (subnet-b 5, subnet-b2 10), the peak needs 16"
    );
    assert_eq!(judged(11).verdict(), Verdict::Pass);
}

#[test]
fn a_subnet_that_was_not_returned_makes_the_line_unknown() {
    let mut facts = world(2);
    facts.subnets.as_mut().unwrap().pop();
    assert_eq!(
        item(&judge(&facts, &settings(), Task::Prescale), "SCW-014").verdict(),
        Verdict::Unknown
    );
}

#[test]
fn a_maximum_below_the_peak_fails() {
    let mut facts = world(2);
    facts.groups[0].group.as_mut().unwrap().max = 3;
    let items = judge(&facts, &settings(), Task::Prescale);
    assert_eq!(item(&items, "SCW-015").verdict(), Verdict::Fail);
}

fn activity(status: &str, message: &str, minutes: i64) -> Activity {
    Activity {
        group: "prod-a-workspace".into(),
        status: status.into(),
        description: "Launching a new EC2 instance".into(),
        message: message.into(),
        started_at: ago(minutes),
        zone: None,
    }
}

#[test]
fn failed_and_cancelled_launches_are_grouped_by_cause() {
    let mut facts = world(2);
    facts.groups[0].activities = Ok(vec![
        activity(
            "Failed",
            "We currently do not have sufficient m7i.xlarge capacity (InsufficientInstanceCapacity)",
            5,
        ),
        activity(
            "Cancelled",
            "We currently do not have sufficient m7i.xlarge capacity (InsufficientInstanceCapacity)",
            6,
        ),
        activity(
            "Failed",
            "There are not enough free addresses in subnet subnet-a",
            7,
        ),
        activity("Successful", "", 8),
    ]);
    let line = item(&judge(&facts, &settings(), Task::Prescale), "SCW-016");
    assert_eq!((line.verdict(), line.subjects.len()), (Verdict::Fail, 2));
    assert!(
        line.subjects
            .iter()
            .any(|subject| subject.says.starts_with("2 × no capacity, last 5 min ago"))
    );
    assert!(
        line.subjects
            .iter()
            .any(|subject| subject.says.starts_with("1 × no free addresses"))
    );
}

#[test]
fn an_old_failure_is_outside_the_window() {
    let mut facts = world(2);
    facts.groups[0].activities = Ok(vec![activity("Failed", "InsufficientInstanceCapacity", 1441)]);
    assert_eq!(
        item(&judge(&facts, &settings(), Task::Prescale), "SCW-016").verdict(),
        Verdict::Pass
    );
}

#[test]
fn a_quota_below_the_peak_fails_and_an_unreadable_one_is_unknown() {
    let settings = settings_with(&json!({
        "groups": [{"node_group": "workspace", "before": 2, "peak": 4, "after": 2, "min": 2, "max": 6, "vcpus_per_node": 4}],
        "quotas": [{"service": "ec2", "code": "L-1216C47A", "node_groups": ["workspace"]}],
        "not_checked": ["probes", "nat", "schedule", "database"]
    }));
    let plan = &settings.function.targets["prod-a"];
    let facts = world(2);
    let group = crate::assess::scene::PlannedGroup {
        plan: &plan.groups[0],
        selector: &settings.targets[0].node_groups[1].selector,
        group: &facts.groups[0].group,
        actions: &facts.groups[0].actions,
        activities: &facts.groups[0].activities,
        earlier: None,
    };
    let judge = |value: f64| {
        let quota = day2_reads::quotas::Quota {
            name: "Running On-Demand Standard".into(),
            value,
        };
        crate::assess::reach::quotas(&[(&plan.quotas[0], Ok(quota))], &[group]).verdict()
    };
    assert_eq!(judge(16.0), Verdict::Pass);
    assert_eq!(judge(15.0), Verdict::Fail);
    let denied = day2_core::Unreadable::new(
        "servicequotas:GetServiceQuota",
        "ec2",
        day2_core::Cause::Denied,
        "",
    );
    let line = crate::assess::reach::quotas(&[(&plan.quotas[0], Err(denied))], &[group]);
    assert_eq!(line.verdict(), Verdict::Unknown);
}

#[test]
fn a_failure_that_a_later_launch_made_up_for_and_a_failed_termination_do_not_count() {
    let mut facts = world(2);
    let ended = Activity {
        description: "Terminating EC2 instance: i-1".into(),
        ..activity("Failed", "InvalidInstanceID", 3)
    };
    facts.groups[0].activities = Ok(vec![
        ended,
        activity("Successful", "", 5),
        activity("Failed", "InsufficientInstanceCapacity", 6),
    ]);
    let line = item(&judge(&facts, &settings(), Task::Prescale), "SCW-016");
    assert_eq!(line.verdict(), Verdict::Pass);
    assert!(line.seen.contains("1 made up for since"), "{}", line.seen);
}
