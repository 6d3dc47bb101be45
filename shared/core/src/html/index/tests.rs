use super::super::tests::elements;
use super::*;
use crate::html::index as page_of;
use crate::observed::{Cause, Unreadable};

fn run(at: &str, status: Verdict, outcome: Option<Outcome>) -> PastRun {
    PastRun {
        at: at.parse().unwrap(),
        status,
        outcome,
        plan_id: None,
        lease: None,
        silent: false,
        page: Some(format!("reports/f/t/{}.html", &at[..10])),
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

fn change(target: &str, end: Option<&str>) -> Lease {
    Lease {
        id: format!("{target}.1"),
        function: "connection-exhaustion".to_owned(),
        target: target.to_owned(),
        resource: "cluster db".to_owned(),
        change: serde_json::Value::Null,
        before: "16 ACU".to_owned(),
        after: "24 ACU".to_owned(),
        undo: "send `revert`".to_owned(),
        plan_id: String::new(),
        occasion: String::new(),
        created_at: "2026-03-06T10:00:00Z".parse().unwrap(),
        expires_at: end.map(|end| end.parse().unwrap()),
        state: LeaseState::Active,
    }
}

fn board() -> Board {
    Board {
        deployment: "day2-prod".to_owned(),
        zone: "America/New_York".to_owned(),
        made_at: "2026-03-06T12:00:05Z".parse().unwrap(),
        lines: vec![
            line(
                "scale-window",
                "prod-a",
                vec![
                    run("2026-03-04T11:30:00Z", Verdict::Pass, None),
                    run("2026-03-06T11:30:00Z", Verdict::Fail, None),
                ],
            ),
            line(
                "health-check",
                "prod-a",
                vec![run("2026-03-06T11:00:00Z", Verdict::Pass, None)],
            ),
            line(
                "connection-exhaustion",
                "prod-a",
                vec![run("2026-03-05T11:00:00Z", Verdict::Fail, Some(Outcome::Applied))],
            ),
        ],
        cut: false,
        in_force: vec![InForce {
            target: "prod-a".to_owned(),
            changes: Ok(vec![
                change("prod-a", Some("2026-03-06T14:00:00Z")),
                change("prod-a", Some("2026-03-06T11:30:00Z")),
                change("prod-a", None),
            ]),
        }],
        not_looked_at: Vec::new(),
    }
}

#[test]
fn the_index_loads_nothing_runs_nothing_and_links_by_relative_addresses() {
    let page = page_of(&board());
    let mut links = 0;
    for (name, attributes) in elements(&page) {
        assert!(
            !["script", "link", "iframe", "img", "object", "base", "form"].contains(&&*name),
            "{name}"
        );
        for (key, value) in attributes {
            assert!(
                !key.starts_with("on") && key != "src" && key != "style",
                "{key}={value}"
            );
            if key == "href" && !value.starts_with('#') {
                links += 1;
                assert!(
                    value.starts_with("f/t/2026-03-0") && value.strip_suffix(".html").is_some(),
                    "{value}"
                );
            }
        }
    }
    // Three newest reports and four squares.
    assert_eq!(links, 7);
    assert!(!CSS.contains("http") && !CSS.contains("@import") && !CSS.contains("url("));
}

#[test]
fn every_square_refers_to_a_drawing_of_the_page() {
    let page = page_of(&board());
    let all = elements(&page);
    let ids: Vec<&str> = all
        .iter()
        .filter_map(|(_, attributes)| attributes.get("id").map(String::as_str))
        .collect();
    let uses: Vec<&str> = all
        .iter()
        .filter(|(name, _)| name == "use")
        .map(|(_, attributes)| attributes["href"].trim_start_matches('#'))
        .collect();
    assert_eq!(uses.len(), 3 * 15);
    for used in uses {
        assert_eq!(ids.iter().filter(|id| **id == used).count(), 1, "{used}");
    }
}

#[test]
fn a_day_without_a_report_does_not_look_like_a_good_one() {
    let page = page_of(&board());
    assert!(page.contains("Wed 4 Mar: PASS") && page.contains("Thu 5 Mar: no report"));
    assert_eq!(page.matches(": no report").count(), 3 * 15 - 4);
}

#[test]
fn the_head_says_the_worst_of_the_checks_and_when_the_page_was_made() {
    let page = page_of(&board());
    for words in [
        "<title>FAIL day2-prod · Day2</title>",
        "1 of 2 failed when they last looked.",
        "Fri 6 Mar 2026 07:00 EST (12:00 UTC)",
        "What came later is not here.",
    ] {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    let mut none = board();
    none.lines.clear();
    let page = page_of(&none);
    assert!(
        page.contains("No check has reported yet.") && page.contains("<title>UNKNOWN"),
        "{page}"
    );
}

#[test]
fn a_page_that_is_not_the_whole_says_so() {
    let mut cut = board();
    cut.cut = true;
    assert!(page_of(&cut).contains("this page is not the whole"));
    assert!(!page_of(&board()).contains("not the whole"));
    let mut many = board();
    many.lines = (0..=MOST_LINES)
        .map(|number| {
            line(
                "f",
                &format!("t{number}"),
                vec![run("2026-03-06T11:30:00Z", Verdict::Pass, None)],
            )
        })
        .collect();
    assert!(page_of(&many).contains("1 more are not listed"));
}

#[test]
fn what_is_in_force_is_told_with_its_end_and_its_undo() {
    let page = page_of(&board());
    for words in [
        "16 ACU",
        "24 ACU",
        "Fri 6 Mar 2026 09:00 EST (14:00 UTC)",
        "was due 30 min ago",
        "not by itself",
        "<code>revert</code>",
    ] {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn what_could_not_be_read_is_not_shown_as_nothing_in_force() {
    let mut blind = board();
    let why = Unreadable::new(
        "dynamodb:Query",
        "day2-journal",
        Cause::Throttled,
        "rate exceeded",
    );
    blind.in_force = vec![InForce {
        target: "prod-a".to_owned(),
        changes: Err(why),
    }];
    let page = page_of(&blind);
    assert!(
        page.contains("what is in force is not known") && page.contains("throttled"),
        "{page}"
    );
    assert!(!page.contains("still in force"));
    blind.in_force.clear();
    blind.not_looked_at = vec!["prod-b".to_owned()];
    let page = page_of(&blind);
    assert!(
        page.contains("prod-b") && !page.contains("still in force"),
        "{page}"
    );
    blind.not_looked_at.clear();
    assert!(page_of(&blind).contains("Nothing that changes something has reported."));
}

#[test]
fn names_and_words_of_others_are_neutralised_e12() {
    const EVIL: &str = "<script>alert(1)</script>\u{202e}https://evil.example/";
    let mut board = board();
    board.deployment = EVIL.to_owned();
    for line in &mut board.lines {
        line.target = EVIL.to_owned();
        line.task = EVIL.to_owned();
        for run in &mut line.runs {
            run.page = Some("javascript:alert(1)".to_owned());
        }
    }
    let mut hostile = change(EVIL, None);
    hostile.resource = EVIL.to_owned();
    hostile.before = EVIL.to_owned();
    hostile.undo = EVIL.to_owned();
    board.in_force = vec![InForce {
        target: EVIL.to_owned(),
        changes: Ok(vec![hostile]),
    }];
    board.not_looked_at = vec![EVIL.to_owned()];
    let page = page_of(&board);
    for bad in [
        "<script",
        "\u{202e}",
        "https://evil",
        "evil.example",
        "\"javascript:",
    ] {
        assert!(!page.contains(bad), "{bad}");
    }
    assert!(page.contains("../javascript%3Aalert%281%29"));
}
