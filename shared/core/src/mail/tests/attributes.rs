//! What a subscription can filter by.

use serde_json::{Value, json};

use super::*;
use crate::compare::{Changes, Snapshot, compare};
use crate::sample_action;

fn line(verdict: Verdict) -> Item {
    let population = Population {
        examined: 1,
        expected_at_least: 1,
    };
    Item::judge("X-001", "title", verdict, population, "seen")
}

fn report_of(lines: Vec<Item>) -> Report {
    Report::new(sample::failing().run, lines, Vec::new())
}

/// The owners that subscriptions see; nothing where the attribute is left out.
fn owners(report: &Report) -> Value {
    let attributes = mail_of(report).attributes;
    let Some(owners) = attributes.iter().find(|one| one.name == "owners") else {
        return Value::Null;
    };
    assert_eq!(owners.data_type, "String.Array");
    serde_json::from_str(&owners.value).unwrap()
}

#[test]
fn a_mail_tells_function_target_and_status_apart_and_that_of_an_action_its_outcome() {
    let (failing, recovered, planned) = (sample::failing(), sample::recovered(), sample_action::planned());
    for (report, expected) in [
        (
            failing,
            vec![
                ("function", "scale-window"),
                ("target", "prod-a"),
                ("status", "FAIL"),
            ],
        ),
        (
            recovered,
            vec![
                ("function", "scale-window"),
                ("target", "prod-a"),
                ("status", "PASS"),
            ],
        ),
        (
            planned,
            vec![
                ("function", "provisioning-latency"),
                ("target", "prod-a"),
                ("status", "FAIL"),
                ("outcome", "planned"),
            ],
        ),
    ] {
        let attributes = mail_of(&report).attributes;
        let told: Vec<_> = attributes
            .iter()
            .filter(|one| one.data_type == "String")
            .map(|one| (one.name, one.value.as_str()))
            .collect();
        assert_eq!(told, expected);
    }
}

#[test]
fn the_owners_are_those_of_lines_that_are_not_pass_each_once_in_order_and_what_has_none_is_nobodys() {
    let (pass, fail, unknown) = (Verdict::Pass, Verdict::Fail, Verdict::Unknown);
    for (lines, expected) in [
        (vec![line(pass).owner("web"), line(pass)], json!(null)),
        (
            vec![
                line(fail).owner("web"),
                line(unknown).owner("data"),
                line(fail).owner("data"),
                line(pass).owner("shop"),
            ],
            json!(["data", "web"]),
        ),
        (
            vec![line(fail).owner("web"), line(unknown)],
            json!(["(nobody)", "web"]),
        ),
        (vec![line(fail), line(fail).owner("")], json!(["(nobody)"])),
        // Nothing ran: UNKNOWN, and somebody must be able to hear of it.
        (vec![], json!(["(nobody)"])),
    ] {
        assert_eq!(owners(&report_of(lines)), expected);
    }
    assert_eq!(owners(&sample_action::planned()), json!(["platform"]));
}

#[test]
fn whose_line_is_resolved_is_told_it_whatever_else_still_stands() {
    let (pass, fail) = (Verdict::Pass, Verdict::Fail);
    let named = |verdict: Verdict, owner: &str, subject: &str| {
        let line = line(verdict).owner(owner);
        if verdict == pass {
            line
        } else {
            line.subject(subject, "broken")
        }
    };
    let before = report_of(vec![
        named(fail, "web", "web/a"),
        named(fail, "data", "data/b"),
        line(fail),
    ]);
    let before = Snapshot::of(&before);
    let after = |lines: Vec<Item>| {
        let mut report = report_of(lines);
        report.changes = compare(Some(&before), &report);
        owners(&report)
    };
    // The one of `web` is gone, the one of `data` is not.
    assert_eq!(after(vec![named(fail, "data", "data/b")]), json!(["data", "web"]));
    assert_eq!(after(vec![line(pass)]), json!(["(nobody)", "data", "web"]));
    let mut report = sample::recovered();
    assert_eq!(owners(&report), json!(["(nobody)", "platform"]));
    // Beyond those that are remembered by name.
    report.changes.resolved_unlisted = 1;
    assert_eq!(owners(&report), json!(["(everybody)", "(nobody)", "platform"]));
    // Remembered before complaints had owners.
    report.changes.resolved_unlisted = 0;
    for complaint in &mut report.changes.resolved {
        let mut old = serde_json::to_value(&*complaint).unwrap();
        old.as_object_mut().unwrap().remove("owner");
        *complaint = serde_json::from_value(old).unwrap();
    }
    assert_eq!(owners(&report), json!(["(nobody)"]));
    report.changes = Changes::default();
    assert_eq!(owners(&report), json!(null), "a PASS as every day");
}

#[test]
fn an_owner_is_a_json_string_whatever_it_holds_e12() {
    let hostile = "a\"b\\c\r\n\0\u{202e}ü🚨\",\"web";
    let report = report_of(vec![line(Verdict::Fail).owner(hostile)]);
    assert_eq!(owners(&report), json!([hostile]));
    let attributes = mail_of(&report).attributes;
    assert!(attributes.iter().all(|one| !one.value.contains(char::is_control)));
}

#[test]
fn owners_that_do_not_fit_are_everybody_and_the_message_keeps_its_limit_w19() {
    let mut lines = vec![line(Verdict::Unknown)];
    for number in 0..2_000 {
        let mut line = line(Verdict::Fail).owner(format!("team-{number:04}-{}", "ü".repeat(20)));
        line.seen = "x".repeat(400);
        lines.push(line);
    }
    let report = report_of(lines);
    let named = owners(&report);
    let named = named.as_array().unwrap();
    assert_eq!(named[..2], [json!("(everybody)"), json!("(nobody)")]);
    // 50 bytes, quotes and a comma.
    assert_eq!(named.len(), 2 + 16_384 / 53);
    let mail = mail_of(&report);
    assert!(size(&mail) <= MAX_BODY_BYTES && size(&mail) > MAX_BODY_BYTES - 4);
    assert!(mail.body.trim_end().ends_with(".html]"));

    let long = line(Verdict::Fail).owner("x".repeat(20_000));
    let report = report_of(vec![long, line(Verdict::Fail).owner("web")]);
    assert_eq!(owners(&report), json!(["(everybody)", "web"]));
}

#[test]
fn a_report_that_is_read_back_has_the_same_attributes_and_one_without_its_lines_is_nobodys_w18() {
    let mut report = sample_action::planned();
    report.items.push(line(Verdict::Unknown));
    let mut again: Report = serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
    assert_eq!(mail_of(&again).attributes, mail_of(&report).attributes);
    // The journal leaves the lines out of a report that is too large for it.
    again.items.clear();
    assert_eq!(owners(&again), json!(["(nobody)"]));
}
