use super::*;
use crate::action::Outcome;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn run(at_text: &str, status: Verdict) -> PastRun {
    PastRun {
        at: at(at_text),
        status,
        outcome: None,
        plan_id: None,
        lease: None,
        silent: false,
        page: None,
    }
}

fn line(function: &str, target: &str, runs: Vec<PastRun>) -> Line {
    Line {
        function: function.to_owned(),
        target: target.to_owned(),
        task: "look".to_owned(),
        runs,
    }
}

fn acted(function: &str, target: &str, at_text: &str) -> Line {
    let mut one = run(at_text, Verdict::Fail);
    one.outcome = Some(Outcome::Applied);
    line(function, target, vec![one])
}

fn board(lines: Vec<Line>) -> Board {
    Board {
        deployment: "day2".to_owned(),
        zone: "America/New_York".to_owned(),
        made_at: at("2026-03-06T12:00:00Z"),
        lines,
        cut: false,
        in_force: Vec::new(),
        not_looked_at: Vec::new(),
    }
}

#[test]
fn the_newest_verdict_counts_and_not_the_worst() {
    let runs = vec![
        run("2026-03-06T11:30:00Z", Verdict::Fail),
        run("2026-03-06T11:45:00Z", Verdict::Pass),
        run("2026-03-05T11:30:00Z", Verdict::Unknown),
    ];
    let mended = line("scale-window", "prod-a", runs);
    assert_eq!(mended.verdict(), Verdict::Pass);
    assert_eq!(board(vec![mended]).verdict(), Verdict::Pass);
}

#[test]
fn a_day_shows_its_worst_run_in_the_zone_of_the_deployment() {
    let clock = Clock::of("America/New_York");
    let runs = vec![
        run("2026-03-05T23:00:00Z", Verdict::Pass),
        // 23:30 on the 5th in New York.
        run("2026-03-06T04:30:00Z", Verdict::Fail),
        run("2026-03-06T05:30:00Z", Verdict::Unknown),
        run("2026-03-06T11:30:00Z", Verdict::Pass),
    ];
    let line = line("ha-status", "pair", runs);
    let days: Vec<(i8, Verdict)> = line
        .days(&clock)
        .iter()
        .map(|(day, run)| (day.day(), run.status))
        .collect();
    assert_eq!(days, [(5, Verdict::Fail), (6, Verdict::Unknown)]);
}

#[test]
fn no_line_and_not_every_line_are_unknown_and_never_pass() {
    assert_eq!(board(vec![]).verdict(), Verdict::Unknown);
    let pass = || line("f", "t", vec![run("2026-03-06T11:30:00Z", Verdict::Pass)]);
    assert_eq!(board(vec![pass()]).verdict(), Verdict::Pass);
    let mut cut = board(vec![pass()]);
    cut.cut = true;
    assert_eq!(cut.verdict(), Verdict::Unknown);
    assert_eq!(
        board(vec![pass(), line("g", "t", vec![])]).verdict(),
        Verdict::Unknown
    );
    assert_eq!(
        board(vec![acted("f", "t", "2026-03-06T11:30:00Z")]).verdict(),
        Verdict::Unknown,
        "an action says nothing of how things stand"
    );
}

#[test]
fn what_acted_stands_by_itself_the_last_one_first_and_is_not_counted() {
    let board = board(vec![
        acted("connection-exhaustion", "prod-a", "2026-03-01T11:00:00Z"),
        line(
            "scale-window",
            "prod-a",
            vec![run("2026-03-06T11:30:00Z", Verdict::Pass)],
        ),
        acted("provisioning-latency", "prod-b", "2026-03-05T11:00:00Z"),
    ]);
    assert_eq!((board.verdict(), board.count(Verdict::Fail)), (Verdict::Pass, 0));
    let acted: Vec<&str> = board.acted().iter().map(|line| &*line.target).collect();
    assert_eq!(acted, ["prod-b", "prod-a"]);
    assert_eq!(board.by_target().len(), 1);
}

#[test]
fn the_worst_target_stands_first_and_within_it_the_worst_check() {
    let of = |target: &str, function: &str, verdict| {
        line(function, target, vec![run("2026-03-06T11:30:00Z", verdict)])
    };
    let board = board(vec![
        of("a", "x", Verdict::Pass),
        of("b", "x", Verdict::Pass),
        of("b", "y", Verdict::Fail),
        of("c", "x", Verdict::Unknown),
    ]);
    let order: Vec<(&str, Vec<&str>)> = board
        .by_target()
        .into_iter()
        .map(|(target, lines)| (target, lines.iter().map(|line| &*line.function).collect()))
        .collect();
    assert_eq!(order, [("b", vec!["y", "x"]), ("c", vec!["x"]), ("a", vec!["x"])]);
}

#[test]
fn more_lines_than_are_listed_leave_out_the_best_and_count_all() {
    let verdict = |number| {
        if number % 7 == 0 {
            Verdict::Fail
        } else {
            Verdict::Pass
        }
    };
    let lines = (0..MOST_LINES * 2).map(|number| {
        line(
            "f",
            &format!("t{number}"),
            vec![run("2026-03-06T11:30:00Z", verdict(number))],
        )
    });
    let board = board(lines.collect());
    let listed: Vec<&Line> = board
        .by_target()
        .into_iter()
        .flat_map(|(_, lines)| lines)
        .collect();
    assert_eq!(listed.len(), MOST_LINES);
    let failed = board.count(Verdict::Fail);
    assert!(failed > 100);
    assert_eq!(
        listed
            .iter()
            .filter(|line| line.verdict() == Verdict::Fail)
            .count(),
        failed
    );
    assert_eq!(failed + board.count(Verdict::Pass), MOST_LINES * 2);
}

#[test]
fn changes_are_looked_for_where_something_acted_and_then_where_is_swept() {
    let sweeper = |target: &str| {
        line(
            "lease-sweeper",
            target,
            vec![run("2026-03-06T11:55:00Z", Verdict::Pass)],
        )
    };
    let board = board(vec![
        line(
            "scale-window",
            "prod-z",
            vec![run("2026-03-06T11:30:00Z", Verdict::Pass)],
        ),
        sweeper("prod-a"),
        sweeper("prod-b"),
        acted("connection-exhaustion", "prod-c", "2026-03-01T11:00:00Z"),
        acted("provisioning-latency", "prod-b", "2026-03-05T11:00:00Z"),
    ]);
    assert_eq!(board.may_be_changed(), ["prod-b", "prod-c", "prod-a"]);
}

#[test]
fn no_two_days_that_are_shown_have_the_same_place() {
    let zone = "America/New_York";
    let first = at("2026-03-01T17:00:00Z");
    // Over the change of clocks on 8 March.
    let day = |number: i64| first + jiff::SignedDuration::from_hours(24 * number);
    let shown: BTreeSet<i32> = (0..=i64::from(DAYS_BACK))
        .map(|number| slot(zone, day(number)))
        .collect();
    assert_eq!(shown.len(), 15);
    assert_eq!(slot(zone, first), slot(zone, day(16)));
    // 23:30 in New York belongs to the day that ends there.
    assert_eq!(
        slot(zone, at("2026-03-06T04:30:00Z")),
        slot(zone, at("2026-03-05T17:00:00Z"))
    );
}

#[test]
fn a_line_that_is_old_says_so() {
    let clock = Clock::of("America/New_York");
    let silent = |last: &str| {
        let line = line("f", "t", vec![run(last, Verdict::Pass)]);
        line.silent_days(&clock, at("2026-03-20T12:00:00Z"))
    };
    assert_eq!(silent("2026-03-12T12:00:00Z"), None);
    assert_eq!(silent("2026-03-11T12:00:00Z"), Some(9));
}
