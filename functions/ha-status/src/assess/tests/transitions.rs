//! What is believed look after look, and who is mailed.

use day2_core::Cause;
use day2_core::Verdict::{Fail, Pass, Unknown};

use super::world::*;
use crate::facts::Facts;

/// A change that makes sides silent.
fn down(primary: bool, secondary: bool) -> impl Fn(&mut Facts) {
    move |facts| {
        if primary {
            silent(&mut facts.primary);
        }
        if secondary {
            silent(&mut facts.secondary);
        }
    }
}

#[test]
fn two_healthy_sides_are_active_and_nobody_is_mailed_again() {
    let mut watch = Watch::new(|_| {});
    watch.looks(6, |_| {});
    assert_eq!(watch.state(), "ACTIVE");
    assert_eq!(watch.complaints(), []);
    assert_eq!(watch.mails.len(), 1, "the first look is news: {:?}", watch.mails);
    let codes: Vec<&str> = watch.items.iter().map(|item| item.code.as_str()).collect();
    assert_eq!(
        codes,
        [
            "HAS-001", "HAS-002", "HAS-003", "HAS-004", "HAS-005", "HAS-006", "HAS-007", "HAS-008"
        ]
    );
    assert!(watch.item("HAS-001").seen.contains("for 25 min"));
}

/// S1's five codes, and the one that it lacks.
#[test]
fn each_state_is_reached_by_the_sides_that_are_gone_and_told_with_its_severity() {
    for (primary, secondary, state, severity) in [
        (
            true,
            false,
            "BLOCKED_PRIMARY_UNAVAILABLE",
            "P1, respond within 30 min: east",
        ),
        (
            false,
            true,
            "BLOCKED_SECONDARY_UNAVAILABLE",
            "P1, respond within 30 min: west",
        ),
        (true, true, "BLOCKED_BOTH_UNAVAILABLE", "P0, respond at once"),
    ] {
        let mut watch = Watch::healthy(3);
        watch.looks(1, down(primary, secondary));
        assert_eq!(watch.state(), "UNKNOWN", "one look proves nothing");
        watch.looks(1, down(primary, secondary));
        assert_eq!(watch.state(), "UNKNOWN");
        watch.looks(1, down(primary, secondary));
        assert_eq!(watch.state(), state);
        let told = watch.item("HAS-001");
        assert_eq!((told.verdict(), told.subjects[0].name.as_str()), (Fail, state));
        assert!(
            told.subjects[0].says.starts_with(severity),
            "{}",
            told.subjects[0].says
        );
        assert!(
            told.seen.contains("since 2026-11-20T12:15:00Z, for 10 min"),
            "since the first failed look: {}",
            told.seen
        );
        let minutes: Vec<(i64, String)> = watch
            .mails
            .iter()
            .map(|(minute, _, state)| (*minute, state.clone()))
            .collect();
        assert_eq!(
            minutes,
            [(15, "UNKNOWN".to_owned()), (25, state.to_owned())],
            "the transition mails at once, and once"
        );
        watch.looks(3, down(primary, secondary));
        assert_eq!(watch.mails.len(), 2);
    }
}

#[test]
fn a_recovery_is_mailed_with_how_long_it_took() {
    let mut watch = Watch::healthy(3);
    watch.looks(4, down(true, false));
    watch.mails.clear();
    watch.looks(1, |_| {});
    assert_eq!(
        watch.state(),
        "BLOCKED_PRIMARY_UNAVAILABLE",
        "one good probe proves nothing"
    );
    assert_eq!(watch.mails, []);
    watch.looks(1, |_| {});
    assert_eq!(watch.state(), "ACTIVE");
    assert!(
        watch
            .item("HAS-001")
            .seen
            .contains("recovered from BLOCKED_PRIMARY_UNAVAILABLE after 25 min")
    );
    assert_eq!(
        watch.item("HAS-001").title,
        "the pair is ACTIVE; recovered from BLOCKED_PRIMARY_UNAVAILABLE after 25 min",
        "the title is what a mail says of a line that passes"
    );
    assert_eq!(watch.mails.len(), 1);
    let resolved = &watch.changes.resolved;
    let state = resolved
        .iter()
        .find(|gone| gone.subject == "BLOCKED_PRIMARY_UNAVAILABLE");
    assert_eq!(
        state.unwrap().since,
        Some(after(25)),
        "reported since three probes agreed; the title counts from the first of them"
    );
    watch.looks(2, |_| {});
    assert!(!watch.item("HAS-001").seen.contains("recovered"));
    assert_eq!(watch.mails.len(), 1);
}

#[test]
fn an_outage_that_changes_its_face_lasts_from_its_first_minute() {
    let mut watch = Watch::healthy(3);
    watch.looks(3, down(true, false));
    watch.looks(3, down(true, true));
    assert_eq!(watch.state(), "BLOCKED_BOTH_UNAVAILABLE");
    watch.looks(2, down(false, true));
    assert_eq!(watch.state(), "BLOCKED_SECONDARY_UNAVAILABLE");
    watch.looks(2, |_| {});
    assert!(
        watch
            .item("HAS-001")
            .seen
            .contains("recovered from BLOCKED_SECONDARY_UNAVAILABLE after 45 min"),
        "{}",
        watch.item("HAS-001").seen
    );
    let states: Vec<&str> = watch.mails.iter().map(|(_, _, state)| state.as_str()).collect();
    assert_eq!(
        states,
        [
            "UNKNOWN",
            "BLOCKED_PRIMARY_UNAVAILABLE",
            "BLOCKED_PRIMARY_UNAVAILABLE",
            "BLOCKED_BOTH_UNAVAILABLE",
            "BLOCKED_SECONDARY_UNAVAILABLE",
            "ACTIVE"
        ],
        "the third says that the other side is in doubt too"
    );
}

#[test]
fn a_side_that_flaps_is_mailed_about_once_t05() {
    let mut watch = Watch::healthy(3);
    for look in 0..100 {
        watch.looks(1, down(look % 2 == 0, false));
    }
    assert_eq!(watch.state(), "UNKNOWN");
    assert_eq!(watch.mails.len(), 1, "{:?}", watch.mails);
    watch.looks(2, |_| {});
    assert_eq!((watch.state().as_str(), watch.mails.len()), ("ACTIVE", 2));
}

#[test]
fn a_permission_that_is_lost_is_unknown_for_ever_and_never_unavailable_w28() {
    for cause in [Cause::Denied, Cause::Throttled, Cause::Failing] {
        let mut watch = Watch::healthy(3);
        watch.looks(20, |facts| facts.primary.readyz = failed(cause));
        assert_eq!(watch.state(), "UNKNOWN");
        assert_eq!(watch.item("HAS-002").verdict(), Unknown);
        assert!(watch.item("HAS-002").subjects[0].says.contains(cause.words()));
        assert_eq!(watch.item("HAS-003").verdict(), Pass, "the others are judged");
        assert_eq!(watch.mails.len(), 1);
    }
}

#[test]
fn a_side_without_nodes_or_with_a_dead_control_plane_is_unavailable_although_eks_says_active() {
    let nodes = |facts: &mut Facts| facts.secondary.nodes = Ok(vec![node(false), node(false)]);
    let mut watch = Watch::healthy(3);
    watch.looks(3, nodes);
    assert_eq!(watch.state(), "BLOCKED_SECONDARY_UNAVAILABLE");
    let etcd = |facts: &mut Facts| {
        let readyz = facts.primary.readyz.as_mut().unwrap();
        readyz.ready = false;
        readyz.failed = vec!["etcd".to_owned()];
    };
    let mut watch = Watch::healthy(3);
    watch.looks(3, etcd);
    assert_eq!(watch.state(), "BLOCKED_PRIMARY_UNAVAILABLE");
    assert!(watch.item("HAS-002").subjects[0].says.contains("not ready: etcd"));
    let deleted = |facts: &mut Facts| facts.primary.cluster = failed(Cause::NotFound);
    let mut watch = Watch::healthy(3);
    watch.looks(3, deleted);
    assert_eq!(watch.state(), "BLOCKED_PRIMARY_UNAVAILABLE");
}

#[test]
fn three_failures_within_a_minute_are_not_three_over_ten() {
    let mut watch = Watch::healthy(3);
    for _ in 0..5 {
        watch.looks(1, down(true, false));
        watch.minute -= 5;
    }
    assert_eq!(
        watch.state(),
        "UNKNOWN",
        "a person who calls five times proves nothing more"
    );
    watch.minute += 10;
    watch.looks(1, down(true, false));
    assert_eq!(watch.state(), "BLOCKED_PRIMARY_UNAVAILABLE");
}

#[test]
fn a_pair_that_is_switched_off_is_disabled_and_its_sides_are_looked_at() {
    let mut watch = Watch::new(|pair| pair["disabled"] = "migration until Friday".into());
    watch.looks(4, down(true, false));
    assert_eq!(watch.state(), "DISABLED");
    let told = watch.item("HAS-001");
    assert_eq!(told.verdict(), Unknown);
    assert!(told.subjects[0].says.contains("migration until Friday"));
    assert_eq!(watch.item("HAS-002").verdict(), Fail);
}

#[test]
fn a_side_that_is_being_made_again_pages_once_and_again_only_when_it_is_late() {
    let mut watch = Watch::healthy(3);
    watch.looks(3, down(true, false));
    watch.mails.clear();
    let made = |minute: i64, nodes: usize| {
        move |facts: &mut Facts| {
            let cluster = facts.primary.cluster.as_mut().unwrap();
            cluster.status = if minute < 40 {
                "CREATING".to_owned()
            } else {
                "ACTIVE".to_owned()
            };
            cluster.created_at = Some(after(30));
            facts.primary.nodes = Ok((0..nodes).map(|_| node(false)).collect());
        }
    };
    // Half an hour: no API server, then one without nodes, then nodes that are not Ready. Its face changes, its state does not.
    for minute in (30..90).step_by(5) {
        watch.looks(1, made(minute, usize::from(minute > 60)));
    }
    assert_eq!(watch.state(), "BLOCKED_PRIMARY_UNAVAILABLE");
    assert_eq!(watch.mails, [], "expected to take an hour");
    assert_eq!(watch.item("HAS-008").verdict(), Pass);
    assert!(
        watch
            .item("HAS-008")
            .seen
            .contains("east is being made for 55 min")
    );
    watch.looks(2, made(90, 1));
    assert_eq!(watch.item("HAS-008").verdict(), Fail);
    assert_eq!(watch.mails.len(), 1, "now somebody has to look");
}

#[test]
fn a_side_that_nobody_makes_again_is_late_by_the_same_time() {
    let mut watch = Watch::healthy(3);
    watch.looks(13, down(true, false));
    assert_eq!(watch.item("HAS-008").verdict(), Pass);
    watch.looks(1, down(true, false));
    assert_eq!(watch.item("HAS-008").verdict(), Fail);
    assert!(
        watch.item("HAS-008").subjects[0]
            .says
            .starts_with("gone for 1 h 5 min")
    );
}

#[test]
fn a_journal_that_does_not_answer_is_said_and_invents_no_since() {
    let mut watch = Watch::healthy(3);
    watch.forget(Cause::Throttled);
    watch.looks(1, |_| {});
    assert!(watch.item("HAS-001").seen.contains("since when is not known"));
    assert_eq!(watch.state(), "ACTIVE", "both were seen just now");
}

#[test]
fn what_is_noted_is_small_and_survives_an_unreadable_note() {
    let mut watch = Watch::healthy(3);
    watch.looks(10, down(true, true));
    assert!(watch.notes().get("pair").unwrap().len() < 2_000);
}
