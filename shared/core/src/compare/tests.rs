mod since;
mod snapshot;

use super::*;
use crate::item::{Item, Population};
use crate::report::Run;
use crate::sample;
use crate::verdict::Verdict::{Fail, Pass, Unknown};

const WHOLE: Population = Population {
    examined: 9,
    expected_at_least: 3,
};
const EMPTY: Population = Population {
    examined: 0,
    expected_at_least: 0,
};
const SHORT: Population = Population {
    examined: 2,
    expected_at_least: 3,
};

fn run(day: i64) -> Run {
    let mut run = sample::failing().run;
    run.started_at += jiff::SignedDuration::from_hours(24 * day);
    run
}

fn item(code: &str, verdict: Verdict, population: Population, names: &[&str]) -> Item {
    let names = names
        .iter()
        .map(|name| ((*name).to_owned(), "is wrong".to_owned()));
    Item::judge(code, "title", verdict, population, "seen").subjects(names)
}

/// One run after the other, each compared with what is remembered of the one before.
fn days(days: impl IntoIterator<Item = Vec<Item>>) -> Vec<Report> {
    let mut previous = None;
    let mut reports = Vec::new();
    for (day, items) in (0..).zip(days) {
        let mut report = Report::new(run(day), items, Vec::new());
        report.changes = compare(previous.as_ref(), &report);
        previous = Some(Snapshot::of(&report));
        reports.push(report);
    }
    reports
}

/// `new | still | resolved`, each complaint as `verdict name` with a `~` for one that could not be looked at again.
fn told(report: &Report) -> String {
    let list = |complaints: &[Complaint]| {
        let one = |c: &Complaint| {
            let unseen = if c.unseen > 0 { "~" } else { "" };
            format!("{unseen}{} {}", c.verdict, c.subject)
                .trim_end()
                .to_owned()
        };
        complaints.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let changes = &report.changes;
    [&changes.new, &changes.still, &changes.resolved]
        .map(|l| list(l))
        .join(" | ")
}

#[test]
fn without_a_run_before_everything_is_new() {
    let reports = days([vec![item("A", Fail, WHOLE, &["x"]), item("B", Pass, WHOLE, &[])]]);
    assert_eq!(told(&reports[0]), "FAIL x |  | ");
    assert_eq!(reports[0].changes.since, None);
}

/// Item A as `FAIL x y`; `short` before it for a list that is too short, `empty` for one with nothing in it.
fn said(words: &str) -> Item {
    let (population, words) = match words.split_once(' ') {
        Some(("short", rest)) => (SHORT, rest),
        Some(("empty", rest)) => (EMPTY, rest),
        _ => (WHOLE, words),
    };
    let mut names = words.split(' ');
    let verdict = match names.next() {
        Some("PASS") => Pass,
        Some("FAIL") => Fail,
        _ => Unknown,
    };
    item("A", verdict, population, &names.collect::<Vec<_>>())
}

#[test]
fn each_pair_of_runs_is_told_as_it_is() {
    for (before, after, expected, why) in [
        ("PASS", "FAIL x", "FAIL x |  | ", "a failure appears"),
        ("FAIL x", "FAIL x", " | FAIL x | ", "it stays"),
        ("FAIL x", "PASS", " |  | FAIL x", "it goes"),
        ("FAIL x y", "FAIL y z", "FAIL z | FAIL y | FAIL x", "names move"),
        ("FAIL", "FAIL", " | FAIL | ", "the item as a whole stays"),
        ("FAIL", "PASS", " |  | FAIL", "the item as a whole goes"),
        ("FAIL", "FAIL x", "FAIL x |  | ", "the whole gets a name"),
    ] {
        assert_eq!(told_after(before, after), expected, "{why}");
    }
}

#[test]
fn what_nobody_could_look_at_is_never_told_as_resolved_w28() {
    for (before, after, expected, why) in [
        ("FAIL x", "UNKNOWN", " | ~FAIL x | ", "the item cannot be read"),
        (
            "FAIL",
            "UNKNOWN",
            " | ~FAIL | ",
            "an item without names cannot be read",
        ),
        ("FAIL x", "empty PASS", " | ~FAIL x | ", "the list is empty (W25)"),
        (
            "FAIL x",
            "short FAIL y",
            "FAIL y | ~FAIL x | ",
            "x may be what the list lacks",
        ),
        (
            "FAIL x",
            "UNKNOWN x",
            " | ~FAIL x | ",
            "x itself cannot be judged any more",
        ),
        (
            "FAIL x",
            "UNKNOWN y",
            "UNKNOWN y | ~FAIL x | ",
            "another one cannot be judged",
        ),
        (
            "UNKNOWN x y",
            "UNKNOWN x",
            " | UNKNOWN x, ~UNKNOWN y | ",
            "y may still be there",
        ),
    ] {
        assert_eq!(told_after(before, after), expected, "{why}");
    }
}

#[test]
fn not_being_able_to_look_is_a_complaint_of_its_own_but_only_once() {
    for (before, after, expected, why) in [
        (
            "PASS",
            "UNKNOWN",
            "UNKNOWN |  | ",
            "looking fails for the first time",
        ),
        ("UNKNOWN", "UNKNOWN", " | UNKNOWN | ", "and again"),
        ("UNKNOWN", "PASS", " |  | UNKNOWN", "and works again"),
        ("UNKNOWN", "FAIL x", "FAIL x |  | ", "what it hid"),
        ("UNKNOWN", "FAIL", "FAIL |  | ", "what it hid, without a name"),
        ("UNKNOWN x", "FAIL x", "FAIL x |  | ", "worse than thought"),
    ] {
        assert_eq!(told_after(before, after), expected, "{why}");
    }
}

fn told_after(before: &str, after: &str) -> String {
    let reports = days([vec![said(before)], vec![said(after)]]);
    assert_eq!(reports[1].changes.since, Some(reports[0].run.started_at));
    told(&reports[1])
}

#[test]
fn a_failure_outlives_days_on_which_nobody_could_look_w28() {
    let reports = days([
        vec![item("A", Fail, WHOLE, &["x", "y"])],
        vec![item("A", Unknown, WHOLE, &[])],
        vec![item("A", Unknown, WHOLE, &[])],
        vec![item("A", Fail, WHOLE, &["x"])],
        vec![item("A", Pass, WHOLE, &[])],
    ]);
    let told: Vec<String> = reports.iter().map(told).collect();
    assert_eq!(
        told,
        [
            "FAIL x, FAIL y |  | ",
            " | ~FAIL x, ~FAIL y | ",
            " | UNKNOWN, ~FAIL x, ~FAIL y | ",
            " | FAIL x | FAIL y",
            " |  | FAIL x",
        ]
    );
    assert_eq!(reports[2].changes.still[1].unseen, 2);
}

#[test]
fn one_unreadable_item_does_not_touch_its_neighbours_w28() {
    let reports = days([
        vec![item("A", Fail, WHOLE, &["x"]), item("B", Fail, WHOLE, &["x"])],
        vec![item("A", Unknown, WHOLE, &[]), item("B", Pass, WHOLE, &[])],
    ]);
    assert_eq!(told(&reports[1]), " | ~FAIL x | FAIL x");
    assert_eq!(reports[1].changes.resolved[0].code, "B");
}

#[test]
fn items_that_share_a_code_are_clean_only_together() {
    let reports = days([
        vec![item("A", Fail, WHOLE, &["x", "y"])],
        vec![item("A", Pass, WHOLE, &[]), item("A", Unknown, WHOLE, &[])],
    ]);
    assert_eq!(told(&reports[1]), " | ~FAIL x, ~FAIL y | ");
}

#[test]
fn a_check_that_is_gone_is_not_resolved_but_forgotten_in_the_end() {
    let mut runs = vec![vec![item("A", Fail, WHOLE, &["x"]), item("B", Pass, WHOLE, &[])]];
    runs.extend((0..=FORGET_AFTER_RUNS).map(|_| vec![item("B", Pass, WHOLE, &[])]));
    let reports = days(runs);
    assert_eq!(told(&reports[1]), " | ~FAIL x | ");
    assert_eq!(told(&reports[14]), " | ~FAIL x | ");
    assert_eq!(told(&reports[15]), " |  | ");
}

/// The second of two runs: `after` says of the items what there is, and `absent` of which codes nothing exists.
fn told_with(before: Vec<Item>, after: Vec<Item>, absent: &[&str]) -> String {
    let before = Report::new(run(0), before, Vec::new()).compared_with(None);
    let mut after = Report::new(run(1), after, Vec::new());
    after.absent = absent.iter().map(|code| (*code).to_owned()).collect();
    told(&after.compared_with(Some(&Snapshot::of(&before))))
}

#[test]
fn what_is_mended_by_going_is_resolved_only_by_a_run_that_looked_for_it_w25_w28() {
    let other = || item("B", Pass, WHOLE, &[]);
    let rows: [(&str, Vec<Item>, &[&str], &str); 6] = [
        (
            "all was read, and nothing of the kind exists",
            vec![other()],
            &["A"],
            " |  | FAIL x",
        ),
        (
            "nobody looked: switched off, or another task",
            vec![other()],
            &[],
            " | ~FAIL x | ",
        ),
        (
            "only another kind was looked for",
            vec![other()],
            &["C"],
            " | ~FAIL x | ",
        ),
        (
            "it could not be read",
            vec![item("A", Unknown, EMPTY, &[])],
            &[],
            " | ~FAIL x | ",
        ),
        (
            "the line itself is there, and knows better",
            vec![item("A", Unknown, EMPTY, &[])],
            &["A"],
            " | ~FAIL x | ",
        ),
        (
            "one of the kind is there again",
            vec![item("A", Fail, WHOLE, &["y"])],
            &[],
            "FAIL y |  | FAIL x",
        ),
    ];
    for (why, after, absent, expected) in rows {
        let before = vec![item("A", Fail, WHOLE, &["x"]), other()];
        assert_eq!(told_with(before, after, absent), expected, "{why}");
    }
    let unread = vec![item("A", Unknown, EMPTY, &[]), other()];
    assert_eq!(
        told_with(unread, vec![other()], &["A"]),
        " |  | UNKNOWN",
        "it can be read again"
    );
}

#[test]
fn on_change_mails_what_is_new_resolved_or_of_another_status() {
    let fail = |names: &[&str]| vec![item("A", Fail, WHOLE, names)];
    let pass = || vec![item("A", Pass, WHOLE, &[])];
    for (before, after, mailed) in [
        (pass(), pass(), false),
        (fail(&["x"]), fail(&["x"]), false),
        (fail(&["x"]), fail(&["x", "y"]), true),
        (fail(&["x", "y"]), fail(&["x"]), true),
        (pass(), fail(&["x"]), true),
        (fail(&["x"]), pass(), true),
        (fail(&["x"]), vec![item("A", Unknown, WHOLE, &[])], true),
    ] {
        let reports = days([before, after]);
        let [before, after] = &reports[..] else {
            panic!("two days")
        };
        assert_eq!(
            should_mail(Mail::OnChange, Some(before.status), after),
            mailed,
            "{}",
            told(after)
        );
        assert!(should_mail(Mail::Always, Some(before.status), after));
    }
    let first = Report::new(run(0), pass(), Vec::new());
    for policy in [Mail::OnChange, Mail::Daily] {
        assert!(should_mail(policy, None, &first), "the first run is news");
    }
}

#[test]
fn what_has_happened_is_told_once_and_never_resolved_d08() {
    let told_of = |verdict, names: &[&str]| item("A", verdict, WHOLE, names).happened();
    let stands = |verdict, names: &[&str]| item("B", verdict, WHOLE, names);
    for (why, before, after, mailed, words) in [
        (
            "another one happened",
            vec![told_of(Fail, &["x"])],
            vec![told_of(Fail, &["x", "y"])],
            true,
            "FAIL y | FAIL x | ",
        ),
        (
            "it is told no more",
            vec![told_of(Fail, &["x"])],
            vec![told_of(Pass, &[])],
            false,
            " |  | ",
        ),
        (
            "one of two is told no more",
            vec![told_of(Fail, &["x", "y"])],
            vec![told_of(Fail, &["y"])],
            false,
            " | FAIL y | ",
        ),
        (
            "what stood beside it is over",
            vec![told_of(Fail, &["x"]), stands(Fail, &["z"])],
            vec![told_of(Pass, &[]), stands(Pass, &[])],
            true,
            " |  | FAIL z",
        ),
        (
            "what could not be read beside it still cannot",
            vec![told_of(Fail, &["x"]), stands(Unknown, &["z"])],
            vec![told_of(Pass, &[]), stands(Unknown, &["z"])],
            false,
            " | UNKNOWN z | ",
        ),
        (
            "what failed beside it cannot be looked at any more",
            vec![told_of(Fail, &["x"]), stands(Fail, &["z"])],
            vec![told_of(Pass, &[])],
            true,
            " | ~FAIL z | ",
        ),
        (
            "it can be read again",
            vec![told_of(Unknown, &[])],
            vec![told_of(Pass, &[])],
            true,
            " |  | UNKNOWN",
        ),
    ] {
        let reports = days([before, after]);
        let [before, after] = &reports[..] else {
            panic!("two days")
        };
        let mails = should_mail(Mail::OnChange, Some(before.status), after);
        assert_eq!((mails, &*told(after)), (mailed, words), "{why}");
    }
    // Without the memory of the run before nobody knows what it complained of.
    let mut alone = Report::new(run(0), vec![told_of(Pass, &[])], Vec::new());
    alone.changes = compare(None, &alone);
    assert!(should_mail(Mail::OnChange, Some(Fail), &alone));
}

#[test]
fn daily_mails_the_first_look_of_a_day_in_the_zone_of_the_report_and_otherwise_news() {
    let well = || vec![item("A", Pass, WHOLE, &[])];
    let ill = || vec![item("A", Fail, WHOLE, &["x"])];
    for (what, before, now, items, mailed) in [
        (
            "an hour later",
            "2026-03-06T11:00:00Z",
            "2026-03-06T12:00:00Z",
            well(),
            false,
        ),
        (
            "an hour later, with news",
            "2026-03-06T11:00:00Z",
            "2026-03-06T12:00:00Z",
            ill(),
            true,
        ),
        (
            "UTC has another day, New York has not",
            "2026-03-06T23:30:00Z",
            "2026-03-07T00:30:00Z",
            well(),
            false,
        ),
        (
            "New York has another day, UTC has not",
            "2026-03-07T04:30:00Z",
            "2026-03-07T05:30:00Z",
            well(),
            true,
        ),
        (
            "the clocks go forward in between",
            "2026-03-08T06:30:00Z",
            "2026-03-08T07:30:00Z",
            well(),
            false,
        ),
    ] {
        let at = |text: &str| Run {
            zone: "America/New_York".to_owned(),
            started_at: text.parse().unwrap(),
            ..run(0)
        };
        let first = Report::new(at(before), well(), Vec::new());
        let mut second = Report::new(at(now), items, Vec::new());
        second.changes = compare(Some(&Snapshot::of(&first)), &second);
        assert_eq!(
            should_mail(Mail::Daily, Some(first.status), &second),
            mailed,
            "{what}"
        );
    }
}
