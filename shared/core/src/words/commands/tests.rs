use serde_json::{Value, json};

use super::*;
use crate::{sample, sample_action};

/// What the first line of a command sends.
fn payload(first: &str) -> &str {
    let rest = first.strip_prefix("echo '").unwrap();
    rest.strip_suffix("' | aws lambda invoke \\").unwrap()
}

#[test]
fn the_line_that_runs_it_again_is_exact_and_inert_for_a_hostile_target_e12() {
    let mut report = sample::failing();
    let hostile = "a'; rm -rf / #\u{202e}\n$(id) https://evil.example 🚨";
    report.run.target = hostile.to_owned();
    let [first, ..] = run_again(&report, &sample::rendering(&report)).unwrap();
    let payload = payload(&first);
    assert!(!payload.contains(['\'', '$', '.', ';']), "{payload}");
    let read: Value = serde_json::from_str(payload).unwrap();
    assert_eq!(read, json!({ "task": "postscale", "targets": [hostile] }));
}

#[test]
fn the_line_that_runs_it_again_is_plain_for_a_plain_target() {
    let report = sample::failing();
    let [first, second, _] = run_again(&report, &sample::rendering(&report)).unwrap();
    assert_eq!(
        first,
        r#"echo '{"task":"postscale","targets":["prod-a"]}' | aws lambda invoke \"#
    );
    assert!(
        second.starts_with("  --function-name day2-scale-window --region us-east-1 "),
        "{second}"
    );
}
#[test]
fn the_line_that_approves_names_target_and_plan_and_nothing_else() {
    let report = sample_action::planned();
    let plan = report.action.as_ref().unwrap().plan_id.clone().unwrap();
    let [first, second, third] = approve(&report, &sample_action::rendering(&report)).unwrap();
    assert_eq!(
        first,
        format!(r#"echo '{{"targets":["prod-a"],"approve":"{plan}"}}' | aws lambda invoke \"#)
    );
    assert_eq!(
        second,
        r"  --function-name day2-provisioning-latency --region us-east-1 \"
    );
    assert_eq!(
        third,
        "  --cli-read-timeout 0 --payload fileb:///dev/stdin /dev/stdout"
    );
}

#[test]
fn what_waits_for_nobody_cannot_be_approved() {
    for report in [
        sample::failing(),
        sample_action::applied(),
        sample_action::refused(),
    ] {
        assert_eq!(approve(&report, &sample::rendering(&report)), None);
    }
    let mut without_steps = sample_action::planned();
    without_steps.action.as_mut().unwrap().plan_id = None;
    assert_eq!(approve(&without_steps, &sample::rendering(&without_steps)), None);
}

#[test]
fn a_hostile_lease_is_sent_as_it_is_and_does_nothing_to_the_shell_e12() {
    let hostile = "l'; rm -rf / #\n$(id)";
    let [first, ..] = revert(hostile, &sample::rendering(&sample::failing()));
    let sent = payload(&first);
    assert!(!sent.contains(['\'', '$', ';', '\n']), "{sent}");
    let read: Value = serde_json::from_str(sent).unwrap();
    assert_eq!(read, json!({ "task": "revert", "lease": hostile }));
}

#[test]
fn a_run_that_took_something_back_is_run_again_by_its_lease() {
    let mut report = sample_action::applied();
    report.run.task = "revert".to_owned();
    let lease = report.action.as_ref().unwrap().results[0].lease.clone().unwrap();
    let [first, ..] = run_again(&report, &sample_action::rendering(&report)).unwrap();
    let read: Value = serde_json::from_str(payload(&first)).unwrap();
    assert_eq!(read, json!({ "task": "revert", "lease": lease }));
    report.action.as_mut().unwrap().results.clear();
    assert_eq!(run_again(&report, &sample_action::rendering(&report)), None);
}
