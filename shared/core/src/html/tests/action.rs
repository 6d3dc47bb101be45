use super::*;
use crate::action::guard::{Guard, Refusal};
use crate::action::{Effect, Skip, Step, StepResult, StepState, Undo};
use crate::sample_action;

fn page_of(report: &Report) -> String {
    page(report, &sample_action::rendering(report))
}

fn samples() -> [Report; 4] {
    [
        sample_action::planned(),
        sample_action::applied(),
        sample_action::failed(),
        sample_action::refused(),
    ]
}

#[test]
fn page_and_mail_tell_of_a_pause_d08() {
    let mut report = sample_action::applied();
    report.action.as_mut().unwrap().pauses_until = Some("2026-03-06T09:00:00Z".parse().unwrap());
    let mail = crate::mail::write(&report, &sample_action::rendering(&report)).body;
    for told in [page_of(&report), mail] {
        assert!(told.contains("It acts on no alarm of this target"), "{told}");
    }
}

#[test]
fn the_head_shows_outcome_effect_and_verdict() {
    for (report, parts) in [
        (
            sample_action::planned(),
            &[
                "<title>PLANNED respond prod-a",
                "<span>PLANNED</span>",
                "checks: FAIL",
            ][..],
        ),
        (
            sample_action::applied(),
            &[
                "<span>APPLIED</span>",
                "<span>verified</span>",
                "approved by request",
            ],
        ),
        (
            sample_action::failed(),
            &[
                "hero fail",
                "<span>FAILED</span>",
                "<span>NOT verified</span>",
                "Mode auto",
            ],
        ),
        (sample_action::refused(), &["<span>REFUSED</span>"]),
    ] {
        let page = page_of(&report);
        let (head, _) = page.split_once("<main>").unwrap();
        for part in parts {
            assert!(head.contains(part), "{part} in {head}");
        }
    }
}

#[test]
fn a_failed_or_refused_action_is_never_green_though_every_check_passes() {
    for (mut report, ground) in [
        (sample_action::failed(), "hero fail"),
        (sample_action::refused(), "hero unknown"),
    ] {
        report.status = Verdict::Pass;
        assert!(page_of(&report).contains(ground), "{ground}");
    }
}

#[test]
fn a_failure_is_red_until_what_was_done_is_seen_to_help_and_never_green() {
    let mut applied = sample_action::applied();
    assert!(page_of(&sample_action::planned()).contains("hero fail"));
    assert!(page_of(&applied).contains("hero calm"));
    applied.action.as_mut().unwrap().effect = None;
    assert!(page_of(&applied).contains("hero fail"));
}

#[test]
fn a_plan_that_waits_shows_its_steps_and_the_command_that_approves() {
    let page = page_of(&sample_action::planned());
    let at = |part: &str| page.find(part).unwrap_or_else(|| panic!("{part} is missing"));
    let order = [
        "The plan <span class=\"count\">it waits for approval; nothing was changed",
        "Raise the desired capacity of workspace",
        "<span class=\"sr\">from </span>48 nodes",
        "<span class=\"sr\">to </span>60 nodes",
        "the desired capacity is still 48",
        "terminate what is empty of the 12 added nodes",
        "2 h 30 min after it is made",
        "id=\"skipped\"",
        "id=\"approve\"",
        "until Fri 6 Mar 2026 04:42 EST (09:42 UTC), 1 h 30 min after this run began",
        "&quot;approve&quot;:&quot;",
        "Whoever may invoke the function may approve",
        "id=\"failed\"",
    ];
    for pair in order.windows(2) {
        assert!(at(pair[0]) < at(pair[1]), "{pair:?}");
    }
    assert!(!page.contains("Undo it now"));
}

#[test]
fn what_was_changed_shows_effect_end_of_lease_and_the_command_that_undoes_it() {
    let page = page_of(&sample_action::applied());
    for part in [
        "12 of 12 new nodes are Ready",
        "1 applied, 1 already done",
        "Fri 6 Mar 2026 05:42 EST (10:42 UTC)",
        "&quot;lease&quot;:&quot;0c4e1f7a9b2d4c6e8a1b3d5f7092a4c6&quot;",
        "Wed 4 Mar: FAIL, REFUSED",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert_eq!(page.matches("Undo it now").count(), 2);
    assert!(!page.contains("id=\"approve\""));
}

#[test]
fn the_page_of_an_action_loads_nothing_closes_everything_and_refers_to_what_is_there() {
    for report in samples() {
        let elements = elements(&page_of(&report));
        let mut open = Vec::new();
        for (name, attributes) in &elements {
            assert!(
                !["script", "link", "iframe", "img", "form"].contains(&&**name),
                "{name}"
            );
            assert!(
                attributes
                    .keys()
                    .all(|key| !key.starts_with("on") && key != "style" && key != "src")
            );
            match name.strip_prefix('/') {
                Some("style") => {}
                Some(closed) => assert_eq!(open.pop(), Some(closed)),
                None if ["meta", "!DOCTYPE"].contains(&&**name) => {}
                None => open.push(&**name),
            }
        }
        assert!(open.is_empty(), "{open:?}");
        let of = |key: &str| -> Vec<&String> {
            elements
                .iter()
                .filter_map(|(_, attributes)| attributes.get(key))
                .collect()
        };
        let mut ids = of("id");
        let all = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), all, "every id once");
        for id in of("aria-labelledby") {
            assert!(ids.contains(&id), "{id}");
        }
    }
}

/// An action in which every string of others is `text`, with `count` of everything.
fn filled(text: &str, count: usize) -> Report {
    let mut report = sample_action::planned();
    let said = || text.to_owned();
    let record = report.action.as_mut().unwrap();
    record.says = said();
    record.approved_by = Some(said());
    record.effect = Some(Effect::NotVerified { says: said() });
    let step = Step {
        resource: said(),
        title: said(),
        before: said(),
        after: said(),
        precondition: said(),
        blast_radius: said(),
        undo: Undo::ByHand { words: said() },
        ..record.plan.steps[0].clone()
    };
    record.plan.steps = vec![step; count];
    let skip = Skip {
        resource: said(),
        why: said(),
    };
    record.plan.skips = vec![skip; count];
    record.plan.refusals = vec![Refusal::new(Guard::Cap, said(), said()); count];
    let result = StepResult {
        resource: said(),
        state: StepState::Applied,
        says: said(),
        lease: Some(said()),
        expires_at: record.approve_until,
    };
    record.results = vec![result; count + 1];
    report
}

#[test]
fn no_text_of_an_action_can_add_an_element_an_attribute_or_a_live_link_e12() {
    let calm = skeleton(&page_of(&filled("calm", 10)));
    for hostile in [
        "</td><script>alert(1)</script>",
        "\" onmouseover=\"alert(1)",
        "' onfocus='alert(1)' autofocus='",
        "</title></style><svg onload=alert(1)>",
        "</code></pre><form action=//evil.example>",
        "<!--",
        "javascript:alert(1)",
        "https://evil.example/\r\n\u{202e}\0\u{2028}\u{1b}[31m",
    ] {
        let page = page_of(&filled(hostile, 10));
        assert_eq!(skeleton(&page), calm, "{hostile}");
        assert!(
            !page.contains("https://evil") && !page.contains('\u{202e}'),
            "{hostile}"
        );
        assert!(!page.chars().any(|c| c != '\n' && c.is_control()), "{hostile}");
    }
}

#[test]
fn a_thousand_steps_fold_and_end_w19() {
    let page = page_of(&filled("deployment coder/coderd", 1_000));
    assert!(page.contains("192 more") && page.contains("and 801 more, in the JSON document"));
    assert!(page.contains("It has 1000 steps; read them all before you approve."));
    assert!(page.len() < 800_000, "{}", page.len());
}
