//! Headroom, fullness, imbalance, queues.

use day2_core::Cause;
use day2_core::Verdict::{Fail, Pass, Unknown};
use day2_reads::scaling_activities::Activity;
use serde_json::json;

use super::world::*;
use crate::facts::{Facts, SideFacts};

fn demand(side: &mut SideFacts, cores: i64, gib: i64, pods: i64) {
    let demand = side.demand.as_mut().unwrap();
    demand.on.get_mut(BUSY).unwrap().moving = load(cores, gib, pods);
}

/// Each side has 12 cores, 48 GiB and 150 places, less what its daemon sets take: 11.5, 47 and 144.
#[test]
fn either_side_must_be_able_to_carry_what_both_carry() {
    for (cores, gib, pods, short) in [
        (5, 20, 30, None),
        (6, 20, 30, Some("is short of 0.5 CPU")),
        (5, 24, 30, Some("is short of 1.0 GiB")),
        (5, 20, 73, Some("is short of 2 places for pods")),
    ] {
        let mut watch = Watch::healthy(3);
        watch.looks(3, |facts| {
            demand(&mut facts.primary, cores, gib, pods);
            demand(&mut facts.secondary, cores, gib, pods);
        });
        let item = watch.item("HAS-004");
        match short {
            None => assert_eq!(item.verdict(), Pass),
            Some(short) => {
                assert_eq!(item.verdict(), Fail);
                assert!(
                    item.subjects[0].says.starts_with(short),
                    "{}",
                    item.subjects[0].says
                );
                assert!(
                    item.subjects[0].says.contains("its groups may grow by 3 nodes"),
                    "named, not counted"
                );
            }
        }
    }
}

#[test]
fn only_nodes_that_are_ready_and_open_count() {
    let mut watch = Watch::healthy(3);
    watch.looks(3, |facts| {
        let mut closed = node(true);
        closed.open = false;
        facts.secondary.nodes = Ok(vec![node(true), closed, node(false)]);
    });
    assert_eq!(watch.item("HAS-004").subjects[0].name, "west");
    assert_eq!(watch.item("HAS-004").subjects.len(), 1);
}

/// S1 checks capacity after it has declared the outage. What the lost side carried is remembered from before.
#[test]
fn the_survivor_is_judged_by_what_both_carried_before_one_was_lost() {
    let mut watch = Watch::healthy(3);
    watch.looks(1, |facts| demand(&mut facts.primary, 9, 20, 30));
    watch.looks(3, |facts| silent(&mut facts.primary));
    let item = watch.item("HAS-004");
    assert_eq!(item.verdict(), Fail);
    assert_eq!(item.subjects[0].name, "west");
    assert!(
        item.subjects[0].says.contains("short of 2.5 CPU"),
        "{}",
        item.subjects[0].says
    );
    assert!(item.threshold.as_ref().unwrap().source.contains("15 min ago"));
}

/// While the pair is blocked the mail answers at once what its remedy asks first. Its text is that of the items.
#[test]
fn while_one_side_is_gone_it_is_said_whether_the_other_one_could_carry_everything() {
    for (cores, verdict, says) in [
        (5, Unknown, "west could carry everything"),
        (
            9,
            Fail,
            "west is short of 2.5 CPU; its groups may grow by 3 nodes",
        ),
    ] {
        let mut watch = Watch::healthy(3);
        watch.looks(1, |facts| demand(&mut facts.primary, cores, 20, 30));
        watch.looks(3, |facts| silent(&mut facts.primary));
        assert_eq!(watch.state(), "BLOCKED_PRIMARY_UNAVAILABLE");
        let blocked = watch.item("HAS-001");
        assert!(
            blocked.subjects[0]
                .says
                .contains("east is unavailable, west has to carry everything"),
            "{blocked:#?}"
        );
        assert!(blocked.remedy.as_ref().unwrap().starts_with("see HAS-004 first"));
        let item = watch.item("HAS-004");
        assert_eq!((item.verdict(), item.seen.as_str()), (verdict, says));
        let gone = item.subjects.iter().find(|one| one.name == "east").unwrap();
        assert_eq!(gone.says, "is unavailable: see HAS-001");
    }
}

#[test]
fn a_declared_peak_counts_instead_and_without_either_nothing_is_claimed() {
    let mut watch =
        Watch::new(|pair| pair["capacity"]["peak"] = json!({"cpu_cores": 40, "memory_gib": 10, "pods": 10}));
    watch.looks(3, |_| {});
    assert_eq!(watch.item("HAS-004").verdict(), Fail);
    assert_eq!(
        watch.item("HAS-004").threshold.as_ref().unwrap().source,
        "capacity.peak"
    );
    let mut watch = Watch::new(|_| {});
    watch.looks(1, |facts| silent(&mut facts.primary));
    assert_eq!(watch.item("HAS-004").verdict(), Unknown);
}

#[test]
fn a_side_that_is_too_full_is_told_after_several_looks_and_names_what_is_short_t05() {
    let full = |facts: &mut Facts| {
        demand(&mut facts.primary, 10, 20, 30);
        demand(&mut facts.secondary, 1, 1, 1);
    };
    let mut watch = Watch::healthy(3);
    watch.looks(2, full);
    assert_eq!(watch.item("HAS-005").verdict(), Pass);
    watch.looks(1, full);
    let item = watch.item("HAS-005");
    assert_eq!((item.verdict(), item.subjects[0].name.as_str()), (Fail, "east"));
    assert!(item.subjects[0].says.starts_with("87 % of its CPU requested"));
    // Back and forth around the limit: neither resolved nor new.
    watch.mails.clear();
    for look in 0..40 {
        watch.looks(1, |facts| {
            if look % 2 == 0 {
                full(facts);
            }
        });
    }
    assert_eq!(watch.mails, []);
    watch.looks(3, |_| {});
    assert_eq!((watch.item("HAS-005").verdict(), watch.mails.len()), (Pass, 1));
}

/// S1: "node count imbalanced". The constraint is named.
#[test]
fn missing_instances_are_told_with_what_keeps_them_away() {
    const LAUNCH: &str = "Launching a new EC2 instance";
    let short = |description: &'static str, message: &'static str| {
        move |facts: &mut Facts| {
            let group = &mut facts.secondary.groups[0];
            group.group.as_mut().unwrap().instances.truncate(1);
            facts.secondary.nodes = Ok(vec![node(true)]);
            group.activities = Ok(vec![Activity {
                group: "west-workers".to_owned(),
                status: "Failed".to_owned(),
                description: description.to_owned(),
                message: message.to_owned(),
                started_at: after(-3),
                zone: None,
            }]);
        }
    };
    for (description, message, constraint) in [
        (
            LAUNCH,
            "We currently do not have sufficient capacity (InsufficientInstanceCapacity)",
            "EC2 has no capacity of this type there",
        ),
        (
            LAUNCH,
            "We currently do not have sufficient m7g.large capacity in the Availability Zone you requested",
            "EC2 has no capacity of this type there",
        ),
        (
            LAUNCH,
            "You have requested more vCPU capacity: VcpuLimitExceeded",
            "a quota is reached",
        ),
        (
            LAUNCH,
            "InsufficientFreeAddressesInSubnet",
            "the subnet has no free addresses",
        ),
        (
            LAUNCH,
            "The specified launch template does not exist",
            "the launch template does not work",
        ),
        (
            LAUNCH,
            "You are not authorized to perform this operation",
            "Auto Scaling may not launch",
        ),
        (LAUNCH, "Request limit exceeded.", "launches failed"),
        (
            "Terminating EC2 instance: i-1",
            "the hook gave up",
            "no launch failed in the last hour",
        ),
    ] {
        let mut watch = Watch::healthy(3);
        watch.looks(3, short(description, message));
        let item = watch.item("HAS-006");
        assert_eq!(item.verdict(), Fail);
        let names: Vec<&str> = item
            .subjects
            .iter()
            .map(|subject| subject.name.as_str())
            .collect();
        assert_eq!(names, ["west/west-workers", "the sides"]);
        assert!(
            item.subjects[0].says.contains(constraint),
            "{}",
            item.subjects[0].says
        );
    }
    let mut watch = Watch::healthy(3);
    watch.looks(3, |facts| {
        let group = facts.secondary.groups[0].group.as_mut().unwrap();
        group.instances.truncate(2);
        group.suspended = vec![("Launch".to_owned(), "User suspended at 2026-11-19".to_owned())];
    });
    assert!(
        watch.item("HAS-006").subjects[0]
            .says
            .contains("Launch is suspended")
    );
}

#[test]
fn a_queue_without_datapoints_is_unknown_and_a_long_one_is_told_w21() {
    for (points, verdict) in [
        (vec![(after(0), 100.0)], Pass),
        (vec![(after(0), 101.0)], Fail),
        (vec![], Unknown),
        (vec![(after(0), f64::NAN)], Unknown),
        (vec![(after(600), 5.0)], Unknown),
    ] {
        let mut watch = Watch::healthy(3);
        watch.looks(3, |facts| facts.primary.queue = Some(Ok(points.clone())));
        assert_eq!(watch.item("HAS-007").verdict(), verdict, "{points:?}");
    }
    let mut watch = Watch::healthy(3);
    watch.looks(1, |facts| facts.primary.queue = Some(failed(Cause::Denied)));
    assert_eq!(watch.complaints().len(), 1);
    assert_eq!(watch.item("HAS-007").subjects[0].name, "east");
}

#[test]
fn slow_answers_and_missing_nodes_are_told_after_several_looks() {
    let slow = |facts: &mut Facts| {
        facts.primary.readyz.as_mut().unwrap().latency = std::time::Duration::from_millis(2_500);
        facts.secondary.nodes.as_mut().unwrap().truncate(2);
    };
    let mut watch = Watch::healthy(3);
    watch.looks(2, slow);
    assert_eq!(
        (watch.item("HAS-002").verdict(), watch.item("HAS-003").verdict()),
        (Pass, Pass)
    );
    watch.looks(1, slow);
    assert!(watch.item("HAS-002").subjects[0].says.contains("2500 ms"));
    assert_eq!(watch.item("HAS-003").subjects[0].name, "west");
    assert_eq!(watch.state(), "ACTIVE", "slow and short is not gone");
}
