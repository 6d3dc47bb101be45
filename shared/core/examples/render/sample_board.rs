//! An index page as three platforms give it on a bad morning.

use day2_core::action::{Lease, LeaseState, Outcome};
use day2_core::board::{Board, InForce, Line};
use day2_core::report::PastRun;
use day2_core::verdict::Verdict::{self, Fail, Pass, Unknown};
use jiff::{SignedDuration, Timestamp};

/// 07:00:05 in New York.
fn now() -> Timestamp {
    Timestamp::from_second(1_772_798_405).unwrap_or_default()
}

fn ago(hours: i64) -> Timestamp {
    now() - SignedDuration::from_hours(hours)
}

/// A line that passed each day but those at the end, given as days ago.
fn line(function: &str, target: &str, task: &str, skipped: &[i64], bad: &[(i64, Verdict)]) -> Line {
    let runs = (0..15).filter(|day| !skipped.contains(day)).map(|day| {
        let found = bad.iter().find(|(of, _)| *of == day);
        PastRun {
            at: ago(day * 24),
            status: found.map_or(Pass, |(_, verdict)| *verdict),
            outcome: None,
            plan_id: None,
            lease: None,
            silent: false,
            page: Some(format!("reports/{function}/{target}/{task}/{day}.html")),
        }
    });
    Line {
        function: function.to_owned(),
        target: target.to_owned(),
        task: task.to_owned(),
        runs: runs.collect(),
    }
}

fn acted(function: &str, target: &str, task: &str, days: i64, status: Verdict, outcome: Outcome) -> Line {
    let others: Vec<i64> = (0..15).filter(|day| *day != days).collect();
    let mut line = line(function, target, task, &others, &[(days, status)]);
    for run in &mut line.runs {
        run.outcome = Some(outcome);
    }
    line
}

fn change(resource: &str, before: &str, after: &str, function: &str, undo: &str) -> Lease {
    Lease {
        id: "prod-a.0123456789abcdef0123456789abcdef".to_owned(),
        function: function.to_owned(),
        target: "prod-a".to_owned(),
        resource: resource.to_owned(),
        change: serde_json::Value::Null,
        before: before.to_owned(),
        after: after.to_owned(),
        undo: undo.to_owned(),
        plan_id: String::new(),
        occasion: String::new(),
        created_at: ago(2),
        expires_at: Some(ago(-2)),
        state: LeaseState::Active,
    }
}

/// Three platforms, two changes in force.
pub(crate) fn board() -> Board {
    let weekends = [6, 7, 13, 14];
    let mut pod = change(
        "containment of pod coder/ws-ada-7d4f9",
        "not contained",
        "contained by 5 of 5 measures",
        "threat-containment",
        "send {\"targets\":[\"prod-a\"],\"containment\":\"prod-a.0123\"} to threat-release",
    );
    pod.expires_at = None;
    let node_group = change(
        "Auto Scaling group prod-a-workspace",
        "50 nodes",
        "56 nodes",
        "provisioning-latency",
        "when they are empty, the six nodes end; call `revert` with the lease to do it now",
    );
    Board {
        deployment: "day2-prod".to_owned(),
        zone: "America/New_York".to_owned(),
        made_at: now(),
        lines: vec![
            line(
                "scale-window",
                "prod-a",
                "prescale",
                &weekends,
                &[(0, Fail), (3, Unknown)],
            ),
            line(
                "scale-window",
                "prod-a",
                "postscale",
                &[0, 6, 7, 13, 14],
                &[(8, Fail)],
            ),
            line(
                "health-check",
                "prod-a",
                "morning",
                &[],
                &[(0, Unknown), (9, Fail), (10, Fail)],
            ),
            line("lease-sweeper", "prod-a", "sweep", &[], &[]),
            line("backup-verification", "prod-a", "daily", &[], &[]),
            line("ha-status", "prod-pair", "probe", &[], &[(5, Fail)]),
            line(
                "health-check",
                "staging",
                "morning",
                &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
                &[],
            ),
            acted(
                "provisioning-latency",
                "prod-a",
                "alarm",
                0,
                Fail,
                Outcome::Applied,
            ),
            acted(
                "connection-exhaustion",
                "prod-a",
                "alarm",
                2,
                Fail,
                Outcome::Refused,
            ),
        ],
        cut: false,
        in_force: vec![InForce {
            target: "prod-a".to_owned(),
            changes: Ok(vec![node_group, pod]),
        }],
        not_looked_at: Vec::new(),
    }
}
