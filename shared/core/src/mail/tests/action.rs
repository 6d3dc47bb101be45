use proptest::prelude::*;

use super::*;
use crate::action::guard::{Guard, Refusal};
use crate::action::{Effect, Outcome, Skip, Step, StepResult, StepState};
use crate::sample_action;

fn mail_of(report: &Report) -> Mail {
    write(report, &sample_action::rendering(report))
}

fn in_order(body: &str, order: &[&str]) {
    let mut from = 0;
    for part in order {
        let at = body.get(from..).unwrap().find(part);
        from += at.unwrap_or_else(|| panic!("{part:?} is missing or misplaced in\n{body}"));
    }
}

#[test]
fn the_subject_of_an_action_says_outcome_names_finding_and_effect() {
    for (report, expected) in [
        (
            sample_action::planned(),
            "[day2] PLANNED provisioning-latency prod-a: P95 is 3 min 40 s, 12 nodes would help",
        ),
        (
            sample_action::applied(),
            "[day2] APPLIED provisioning-latency prod-a: 12 more nodes against a P95 of 3 min 40 s, verified",
        ),
        (
            sample_action::failed(),
            "[day2] FAILED prod-a: 12 more nodes asked for, the provisioner not scaled, NOT verified",
        ),
        (
            sample_action::refused(),
            "[day2] REFUSED provisioning-latency prod-a: the scale-down of 18:30 is too near",
        ),
    ] {
        assert_eq!(subject(&report), expected);
        assert!(expected.len() < 100);
    }
}

#[test]
fn what_was_changed_and_not_looked_at_is_not_green_in_the_subject_w19() {
    let mut report = sample_action::applied();
    report.action.as_mut().unwrap().effect = None;
    assert!(
        subject(&report).ends_with(", NOT verified"),
        "{}",
        subject(&report)
    );
}

#[test]
fn names_are_shortened_before_the_finding_and_the_outcome_never_w19() {
    let mut report = sample_action::failed();
    report.run.target = "prod-europe-central-1-customer-with-a-long-name".to_owned();
    assert_eq!(
        subject(&report),
        "[day2] FAILED prod-europe-cen...: 12 more nodes asked for, the provisioner not scaled, NOT verified"
    );
    let record = report.action.as_mut().unwrap();
    record.says = "x".repeat(400);
    report.run.target = "prod-a".to_owned();
    let subject = subject(&report);
    assert_eq!(subject.len(), MAX_SUBJECT_CHARS);
    assert!(subject.starts_with("[day2] FAILED prod-a: xxx") && subject.ends_with("x..., NOT verified"));
}

proptest! {
    #[test]
    fn no_name_and_no_finding_can_break_the_subject_of_an_action_w19_e12(
        function in any::<String>(), target in any::<String>(), says in any::<String>(), outcome in 0_usize..8,
    ) {
        let outcomes = ["planned", "applied", "nothing_to_do", "refused", "suppressed", "in_progress", "reverted", "failed"];
        let mut report = sample_action::failed();
        (report.run.function, report.run.target) = (function, target);
        let record = report.action.as_mut().unwrap();
        record.says = says;
        record.outcome = Outcome::named(outcomes[outcome]).unwrap();
        let start = format!("[day2] {} ", record.outcome.shout());
        let subject = subject(&report);
        prop_assert!(subject.len() < 100);
        prop_assert!(subject.bytes().all(|b| (b' '..=b'~').contains(&b)), "{subject:?}");
        prop_assert!(subject.starts_with(&start) && subject.ends_with(", NOT verified"), "{subject:?}");
    }
}

#[test]
fn a_plan_that_waits_says_what_would_be_changed_and_how_to_approve_it() {
    let body = mail_of(&sample_action::planned()).body;
    let plan = sample_action::planned().action.unwrap().plan_id.unwrap();
    in_order(
        &body,
        &[
            "PLANNED: P95 is 3 min 40 s, 12 nodes would help.\nChecks: FAIL: 2 of 5 checks failed.",
            "Mode approve.",
            "THE PLAN (it waits for approval; nothing was changed)",
            "1. Raise the desired capacity of workspace",
            "  what    Auto Scaling group prod-a-workspace",
            "  change  48 nodes -> 60 nodes",
            "  safe    the desired capacity is still 48",
            "  touches 12 nodes of m6i.2xlarge more",
            "  undo    terminate what is empty of the 12 added nodes",
            "  ends    2 h 30 min after it is made",
            "  state   planned",
            "LEFT OUT",
            "Auto Scaling group prod-a-system: none of its nodes",
            "TO APPROVE",
            "until Fri 6 Mar 2026 04:42 EST",
            "(09:42 UTC), 1 h 30 min after this run began:",
            &format!(r#"  echo '{{"targets":["prod-a"],"approve":"{plan}"}}' | aws lambda invoke \"#),
            "    --function-name day2-provisioning-latency --region us-east-1 \\\n    --cli-read-timeout 0 --payload \
             fileb:///dev/stdin /dev/stdout\n",
            "Whoever may invoke the function may approve",
            "\nFAILED CHECKS\n",
            "ALL CHECKS",
            "RUN IT AGAIN",
            r#"{"task":"respond","targets":["prod-a"]}"#,
        ],
    );
    assert!(
        !body.contains("TO UNDO NOW") && !body.contains("\nEFFECT\n"),
        "{body}"
    );
}

#[test]
fn what_was_applied_says_its_effect_its_end_and_how_to_undo_it_now() {
    let body = mail_of(&sample_action::applied()).body;
    in_order(
        &body,
        &[
            "APPLIED, verified: 12 more nodes",
            "approved by request 5b0c6a1e-94d7-4c55-8e0b-2f9d2d1f7c3a",
            "WHAT WAS CHANGED (1 applied, 1 already done)",
            "  ends    Fri 6 Mar 2026 05:42 EST (10:42 UTC)",
            "  state   applied: desired capacity is 60, as asked",
            "  state   already done: 6 replicas",
            "\nEFFECT\n",
            "verified: 12 of 12 new nodes are Ready",
            "TO UNDO NOW",
            r#"  echo '{"task":"revert","lease":"0c4e1f7a9b2d4c6e8a1b3d5f7092a4c6"}' | aws lambda invoke \"#,
            r#"  echo '{"task":"revert","lease":"7d1a9c3e5b70f2846a8c0e1d3f5b7294"}' | aws lambda invoke \"#,
            "\nFAILED CHECKS\n",
        ],
    );
    assert!(!body.contains("TO APPROVE"), "nothing waits:\n{body}");
}

#[test]
fn a_refusal_names_guard_number_and_what_would_allow_it() {
    let body = mail_of(&sample_action::refused()).body;
    in_order(
        &body,
        &[
            "REFUSED: the scale-down of 18:30 is too near.",
            "THE PLAN (nothing was changed by this run; mode approve)",
            "REFUSED BY",
            "  window: the scheduled action workspace-down is due in 12 minutes",
            "    allowed by function.schedule_margin_minutes",
            "  cap: 12 nodes are more than the 10 that one run may add",
            "    allowed by safety.max_nodes, now 10",
        ],
    );
}

#[test]
fn a_failure_is_told_with_what_was_done_before_it() {
    let body = mail_of(&sample_action::failed()).body;
    in_order(
        &body,
        &[
            "FAILED, NOT verified:",
            "WHAT WAS CHANGED (1 applied, 1 failed)",
            "state   applied",
            "state   failed: patch of deployments/scale: 403",
            "NOT verified: after 8 min 7 of 12 new nodes are Ready",
            "TO UNDO NOW",
        ],
    );
    assert_eq!(
        body.matches(r#""task":"revert""#).count(),
        1,
        "only what was changed"
    );
}

#[test]
fn an_action_that_checked_nothing_has_no_empty_table() {
    let mut report = sample_action::refused();
    report.items.clear();
    let body = mail_of(&report).body;
    assert!(
        !body.contains("ALL CHECKS") && body.contains("REFUSED BY"),
        "{body}"
    );
}

#[test]
fn lines_of_an_action_fit_a_terminal_but_for_what_must_be_copied_whole() {
    for report in [
        sample_action::planned(),
        sample_action::failed(),
        sample_action::refused(),
    ] {
        for line in mail_of(&report).body.lines() {
            let copied = line.contains("://") || line.contains("echo '") || line.contains("--payload");
            assert!(copied || line.chars().count() <= WIDTH, "{line}");
        }
    }
}

/// `report` with `text` wherever a string comes from others, and `count` of everything.
fn filled(mut report: Report, text: &str, count: usize) -> Report {
    let record = report.action.as_mut().unwrap();
    record.says = text.to_owned();
    record.approved_by = Some(text.to_owned());
    record.effect = Some(Effect::NotVerified {
        says: text.to_owned(),
    });
    let step = record.plan.steps[0].clone();
    record.plan.steps = (0..count)
        .map(|_| Step {
            resource: text.to_owned(),
            title: text.to_owned(),
            before: text.to_owned(),
            after: text.to_owned(),
            precondition: text.to_owned(),
            blast_radius: text.to_owned(),
            undo: crate::action::Undo::Lease {
                minutes: 30,
                words: text.to_owned(),
            },
            ..step.clone()
        })
        .collect();
    record.plan.skips = (0..count)
        .map(|_| Skip {
            resource: text.to_owned(),
            why: text.to_owned(),
        })
        .collect();
    record.plan.refusals = (0..count).map(|_| Refusal::new(Guard::Cap, text, text)).collect();
    record.results = (0..count)
        .map(|_| StepResult {
            resource: text.to_owned(),
            state: StepState::Applied,
            says: text.to_owned(),
            lease: Some(text.chars().take(30).collect()),
            expires_at: record.approve_until,
        })
        .collect();
    report
}

#[test]
fn a_thousand_steps_and_skips_are_counted_and_leave_the_line_that_approves_w19() {
    for text in ["a node of no great interest", &"🚨€ü ".repeat(150)] {
        let mail = mail_of(&filled(sample_action::planned(), text, 1_000));
        assert!(mail.subject.len() < 100, "{}", mail.subject);
        assert!(size(&mail) <= MAX_BODY_BYTES, "{}", size(&mail));
        for said in [
            "and 980 more steps, on the page",
            "and 990 more things, on the page",
            "and 990 more refusals, on the page",
            "It has 1000 steps, and 20 of them are shown: read the page before you",
            "\"approve\":\"",
            "and 980 more changes, on the page",
        ] {
            assert!(mail.body.contains(said), "{said}");
        }
    }
}

#[test]
fn hostile_text_adds_no_line_no_escape_and_no_link_to_the_mail_of_an_action_e12() {
    let hostile = "x\r\n\r\nAPPLIED, verified\u{1b}[2J\u{202e}\0 https://evil.example/a [b](javascript:c) <!channel> ${jndi:d} <b>";
    let attacked = filled(sample_action::planned(), hostile, 3);
    let mail = mail_of(&attacked);
    assert!(mail.subject.bytes().all(|b| (b' '..=b'~').contains(&b)));
    let body = mail.body;
    assert!(!body.chars().any(|c| c != '\n' && c.is_control()), "{body:?}");
    assert!(!body.contains('\u{202e}') && !body.contains('\r'));
    assert!(
        !body.lines().any(|line| line.trim_start().starts_with("APPLIED")),
        "{body}"
    );
    for live in ["https://evil", "](", "<!", "${"] {
        assert!(!body.contains(live), "{live} in {body}");
    }
    // What is sent is escaped for JSON and shell, not cleaned: it names the lease exactly.
    let sent = body.lines().find(|line| line.contains("revert")).unwrap();
    assert!(sent.contains(r"x\u000d\u000a") && !sent.contains("://"), "{sent}");
}
