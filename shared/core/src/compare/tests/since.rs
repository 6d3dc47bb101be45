//! Since when a complaint is reported, over runs of every kind.

use proptest::prelude::*;

use super::*;

/// `new | still | resolved` of the last of these days, each complaint with the day that first reported it.
fn dated(words: &[&str]) -> String {
    let reports = days(words.iter().map(|words| vec![said(words)]));
    let list = |complaints: &[Complaint]| {
        let one = |c: &Complaint| {
            let day = reports
                .iter()
                .position(|report| Some(report.run.started_at) == c.since);
            format!("{} {}@{}", c.verdict, c.subject, day.unwrap())
        };
        complaints.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let changes = &reports.last().unwrap().changes;
    [&changes.new, &changes.still, &changes.resolved]
        .map(|l| list(l))
        .join(" | ")
}

#[test]
fn a_complaint_keeps_the_day_that_first_reported_it_w28() {
    let rows: [(&[&str], &str, &str); 10] = [
        (
            &["FAIL x"],
            "FAIL x@0 |  | ",
            "nothing is older than the first run",
        ),
        (&["FAIL x", "FAIL x", "FAIL x"], " | FAIL x@0 | ", "it stays"),
        (
            &["FAIL x", "FAIL x", "FAIL x y"],
            "FAIL y@2 | FAIL x@0 | ",
            "who joins has a day of its own",
        ),
        (&["FAIL x", "FAIL x", "PASS"], " |  | FAIL x@0", "it goes"),
        (&["FAIL x", "PASS", "FAIL x"], "FAIL x@2 |  | ", "it comes back"),
        (
            &["FAIL x", "UNKNOWN", "short FAIL y", "FAIL x y"],
            " | FAIL x@0, FAIL y@2 | ",
            "nobody could look in between",
        ),
        (
            &["FAIL x", "UNKNOWN x"],
            " | FAIL x@0 | ",
            "a FAIL that cannot be judged any more is carried on",
        ),
        (
            &["UNKNOWN x", "FAIL x", "FAIL x"],
            " | FAIL x@1 | ",
            "what could not be judged is a FAIL since it was seen to be one",
        ),
        (
            &["UNKNOWN x", "FAIL x", "UNKNOWN x", "PASS"],
            " |  | FAIL x@1",
            "also when it goes unseen",
        ),
        (
            &["FAIL x", "UNKNOWN", "UNKNOWN", "PASS"],
            " |  | UNKNOWN @1, FAIL x@0",
            "not being able to look is a complaint of its own",
        ),
    ];
    for (words, expected, why) in rows {
        assert_eq!(dated(words), expected, "{why}");
    }
}

#[test]
fn a_run_that_could_not_read_the_run_before_does_not_say_since_when_d15() {
    let fail = || vec![item("A", Fail, WHOLE, &["x"])];
    let mut blind = Report::new(run(0), fail(), Vec::new());
    blind.changes = compare(None, &blind).without_memory();
    assert_eq!(told(&blind), "FAIL x |  | ");
    let next = Report::new(run(1), fail(), Vec::new()).compared_with(Some(&Snapshot::of(&blind)));
    assert_eq!(told(&next), " | FAIL x | ");
    for complaint in blind.changes.new.iter().chain(&next.changes.still) {
        assert_eq!(complaint.since, None, "it may be older");
    }
}

/// Item A of one run, or no item at all.
fn any_run() -> impl Strategy<Value = Vec<Item>> {
    let verdicts = prop_oneof![Just(Pass), Just(Fail), Just(Unknown)];
    let populations = prop_oneof![4 => Just(WHOLE), 1 => Just(SHORT), 1 => Just(EMPTY)];
    let names = prop::sample::subsequence(vec!["x", "y", "z"], 0..=3);
    let one = (verdicts, populations, names).prop_map(|(verdict, population, names)| {
        let names = if verdict == Pass { Vec::new() } else { names };
        vec![item("A", verdict, population, &names)]
    });
    prop_oneof![6 => one, 1 => Just(Vec::new())]
}

proptest! {
    #[test]
    fn since_when_never_moves_while_a_complaint_stands(runs in prop::collection::vec(any_run(), 1..20)) {
        let reports = days(runs);
        // What stands after the run before, with the begin of the run that first reported it.
        let mut standing: BTreeMap<(String, Verdict), Timestamp> = BTreeMap::new();
        for report in &reports {
            let (now, changes) = (report.run.started_at, &report.changes);
            let of = |c: &Complaint| (c.subject.clone(), c.verdict);
            for complaint in &changes.new {
                prop_assert_eq!(complaint.since, Some(now));
            }
            for complaint in changes.still.iter().chain(&changes.resolved) {
                let since = standing.get(&of(complaint)).copied();
                // "UNKNOWN" is not told in the first run that has it besides what it hides.
                let untold = complaint.is_whole_item_unknown() && since.is_none();
                let begun = reports.iter().any(|earlier| {
                    Some(earlier.run.started_at) == complaint.since && earlier.run.started_at < now
                });
                prop_assert!(begun && (untold || complaint.since == since), "{complaint:?}, not {since:?}");
            }
            standing = changes
                .new
                .iter()
                .chain(&changes.still)
                .filter_map(|complaint| Some((of(complaint), complaint.since?)))
                .collect();
        }
    }
}
