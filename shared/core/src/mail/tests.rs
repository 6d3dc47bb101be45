use proptest::prelude::*;

use super::text::WIDTH;
use super::*;
use crate::item::{Item, Population};
use crate::sample;
use crate::verdict::Verdict;

fn mail_of(report: &Report) -> Mail {
    write(report, &sample::rendering(report))
}

/// Bytes of what SNS limits.
fn size(mail: &Mail) -> usize {
    let of = |one: &Attribute| one.name.len() + one.data_type.len() + one.value.len();
    mail.body.len() + mail.attributes.iter().map(of).sum::<usize>()
}

/// A report with `count` failing items whose text is `seen`.
fn with_items(count: usize, seen: &str) -> Report {
    let mut report = sample::failing();
    let population = Population {
        examined: 1,
        expected_at_least: 1,
    };
    report.items = (0..count)
        .map(|n| Item::judge(&format!("X-{n}"), "title", Verdict::Fail, population, seen))
        .collect();
    report
}

#[test]
fn the_subject_says_verdict_task_target_and_counts() {
    assert_eq!(
        subject(&sample::failing()),
        "[day2] FAIL scale-window postscale prod-a: 3 of 11 checks failed, 1 unknown"
    );
}

#[test]
fn the_subject_of_a_recovery_counts_what_is_resolved() {
    assert_eq!(
        subject(&sample::recovered()),
        "[day2] PASS scale-window postscale prod-a: all 11 checks passed, 6 resolved"
    );
}

#[test]
fn the_subject_and_the_first_line_of_what_something_waits_for_say_go_or_no_go() {
    let of = |mut report: Report, verdict: Option<Verdict>| {
        if let Some(verdict) = verdict {
            report.items.retain(|item| item.verdict() == verdict);
            report.status = verdict;
        }
        let mail = mail_of(&report.deciding());
        let first = mail.body.lines().next().unwrap_or_default().to_owned();
        let said = mail.subject.split_once(": ").map(|(_, said)| said.to_owned());
        (said.unwrap_or_default(), first)
    };
    for (report, verdict, said, word) in [
        (
            sample::failing(),
            None,
            "NO-GO, 3 of 11 checks failed, 1 unknown",
            "FAIL",
        ),
        (
            sample::failing(),
            Some(Verdict::Unknown),
            "GO not proven, 1 of 1 check could not be judged",
            "UNKNOWN",
        ),
        (
            sample::recovered(),
            None,
            "GO, all 11 checks passed, 6 resolved",
            "PASS",
        ),
    ] {
        assert_eq!(of(report, verdict), (said.to_owned(), format!("{word}: {said}.")));
    }
}

#[test]
fn a_long_target_is_shortened_and_the_decision_is_not_w19() {
    let mut report = sample::failing().deciding();
    report.run.target = "x".repeat(300);
    let subject = subject(&report);
    assert_eq!(subject.len(), MAX_SUBJECT_CHARS);
    assert!(
        subject.ends_with("...: NO-GO, 3 of 11 checks failed, 1 unknown"),
        "{subject}"
    );
}

#[test]
fn the_subject_of_an_empty_report_is_not_green_w25() {
    let report = Report::new(sample::failing().run, Vec::new(), Vec::new());
    assert_eq!(
        subject(&report),
        "[day2] UNKNOWN scale-window postscale prod-a: no check ran"
    );
}

#[test]
fn a_long_target_is_shortened_and_the_verdict_is_not_w19() {
    let mut report = sample::failing();
    report.run.target = "prod-europe-central-1-customer-with-a-long-name".to_owned();
    assert_eq!(
        subject(&report),
        "[day2] FAIL prod-europe-central-1-customer-with-a-lo...: 3 of 11 checks failed, 1 unknown".replace(
            "prod-europe-central-1-customer-with-a-lo...",
            "prod-europe-central-1-customer-with-a-long-name"
        )
    );
    report.run.target = "x".repeat(300);
    let subject = subject(&report);
    assert_eq!(subject.len(), MAX_SUBJECT_CHARS);
    assert!(
        subject.ends_with("...: 3 of 11 checks failed, 1 unknown"),
        "{subject}"
    );
}

proptest! {
    #[test]
    fn no_name_can_break_the_subject_w19_e12(function in any::<String>(), task in any::<String>(), target in any::<String>()) {
        let mut report = sample::failing();
        (report.run.function, report.run.task, report.run.target) = (function, task, target);
        let subject = subject(&report);
        prop_assert!(subject.len() < 100);
        prop_assert!(subject.bytes().all(|b| (b' '..=b'~').contains(&b)), "{subject:?}");
        prop_assert!(subject.starts_with("[day2] FAIL ") && subject.ends_with(": 3 of 11 checks failed, 1 unknown"));
    }
}

#[test]
fn the_failures_come_first_and_the_links_last() {
    let body = mail_of(&sample::failing()).body;
    let order = [
        "FAIL: 3 of 11 checks failed, 1 unknown.",
        "Fri 6 Mar 2026 07:00 EST (12:00 UTC), by schedule",
        "Since Thu 5 Mar 07:00: 5 new, 1 still there, 1 resolved.",
        "\nFAILED\n",
        "SCW-021  Each group has its planned nodes, Ready [new]",
        "SCW-026  No pod waits for a node [more than before]",
        "\nUNKNOWN\n",
        "SCW-030",
        "\nSINCE Thu 5 Mar 07:00\n",
        "  resolved  SCW-025",
        "\nALL CHECKS",
        "https://us-east-1.console.aws.amazon.com/s3/object/",
        "s3://day2-reports-123456789012/reports/scale-window/",
        "aws lambda invoke",
    ];
    let mut from = 0;
    for part in order {
        let at = body.get(from..).unwrap().find(part);
        from += at.unwrap_or_else(|| panic!("{part:?} is missing or misplaced in\n{body}"));
    }
}

#[test]
fn lines_fit_a_terminal_but_for_what_must_be_copied_whole() {
    for line in mail_of(&sample::failing()).body.lines() {
        let copied =
            line.contains("://") || line.contains("--payload") || line.split_whitespace().count() < 3;
        assert!(copied || line.chars().count() <= WIDTH, "{line}");
    }
}

#[test]
fn a_recovery_mail_names_what_is_resolved() {
    let body = mail_of(&sample::recovered()).body;
    assert!(
        body.starts_with("PASS: all 11 checks passed, 6 resolved."),
        "{body}"
    );
    assert!(
        body.contains("  resolved  SCW-021 Each group has its planned nodes, Ready: prod-a-workspace"),
        "{body}"
    );
    assert!(
        !body.contains("\nFAILED\n") && !body.contains("\nUNKNOWN\n"),
        "{body}"
    );
}

#[test]
fn a_report_that_could_not_be_stored_gives_no_link_into_the_void() {
    let report = sample::failing();
    let mut rendering = sample::rendering(&report);
    rendering.not_stored = Some("s3:PutObject for `day2-reports`: permission denied".to_owned());
    let body = write(&report, &rendering).body;
    assert!(body.contains("could not be stored: s3:PutObject"), "{body}");
    assert!(!body.contains("s3://") && !body.contains("https://"), "{body}");
}

#[test]
fn a_body_of_exactly_the_limit_is_left_alone_w19() {
    let rendering = sample::rendering(&sample::failing());
    let body = "x".repeat(MAX_BODY_BYTES);
    assert_eq!(within(body.clone(), MAX_BODY_BYTES, &rendering), body);
}

#[test]
fn one_byte_more_is_cut_before_a_character_never_through_it_w19() {
    let rendering = sample::rendering(&sample::failing());
    // Each shift moves the cut through another byte of a character of two, three and four bytes.
    for wide in ["ü", "€", "🚨"] {
        for shift in 0..8 {
            let mut body = "x".repeat(shift);
            while body.len() <= MAX_BODY_BYTES {
                body.push_str(wide);
            }
            body.truncate(body.floor_char_boundary(MAX_BODY_BYTES));
            while body.len() <= MAX_BODY_BYTES {
                body.push('x');
            }
            assert_eq!(body.len(), MAX_BODY_BYTES + 1);
            let cut = within(body, MAX_BODY_BYTES, &rendering);
            assert!(
                cut.len() <= MAX_BODY_BYTES && cut.len() > MAX_BODY_BYTES - 4,
                "{}",
                cut.len()
            );
            let end = "[truncated, full report at s3://day2-reports-123456789012/reports/";
            assert!(cut.contains(end), "no place of the full report");
        }
    }
}

#[test]
fn five_megabytes_are_cut_to_the_limit_with_the_verdict_in_front_w19() {
    let report = with_items(1_500, &"€ü🚨 ".repeat(400));
    assert!(serde_json::to_vec(&report).unwrap().len() > 5_000_000);
    let mail = mail_of(&report);
    assert!(size(&mail) <= MAX_BODY_BYTES && size(&mail) > MAX_BODY_BYTES - 4);
    assert!(mail.body.starts_with("FAIL: 1500 of 1500 checks failed."));
    assert!(
        mail.body.trim_end().ends_with(".html]"),
        "no place of the full report"
    );
}

#[test]
fn many_subjects_are_counted_instead_of_listed() {
    let mut report = sample::failing();
    let names = (0..500).map(|n| (format!("ns/pod-{n}"), "Pending".to_owned()));
    report.items = vec![report.items[0].clone().subjects(names)];
    let body = mail_of(&report).body;
    assert!(
        body.contains("and 481 more, on the page") && !body.contains("pod-100"),
        "{body}"
    );
}

#[test]
fn hostile_text_adds_no_line_no_escape_and_no_link_to_the_mail_e12() {
    let hostile = "x\r\n\r\nPASS: all fine\u{1b}[2J\u{202e}\0 https://evil.example/a [b](javascript:c) <!channel> ${jndi:d}";
    let report = sample::failing();
    let mut attacked = report.clone();
    attacked.run.target = hostile.to_owned();
    attacked.run.trigger = hostile.to_owned();
    let population = Population {
        examined: 1,
        expected_at_least: 1,
    };
    attacked.items = vec![
        Item::judge(hostile, hostile, Verdict::Fail, population, hostile)
            .subject(hostile, hostile)
            .threshold(hostile, hostile)
            .remedy(hostile)
            .owner(hostile),
    ];
    attacked.changes = crate::compare::compare(Some(&crate::compare::Snapshot::of(&report)), &attacked);
    // Where the report lies comes from our settings.
    let body = write(&attacked, &sample::rendering(&report)).body;
    assert!(!body.chars().any(|c| c != '\n' && c.is_control()), "{body:?}");
    assert!(!body.contains('\u{202e}') && !body.contains('\r'));
    assert!(!body.lines().any(|line| line.starts_with("PASS")), "{body}");
    for live in ["https://evil", "](", "<!", "${"] {
        assert!(!body.contains(live), "{live} in {body}");
    }
}

mod action;
mod attributes;
mod changes;
