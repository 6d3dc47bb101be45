//! The page `docs/performance.md` and its chart, rendered from `docs/performance.json`.

mod chart;

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;

pub use chart::chart;

use crate::results::{CaseResult, Made, Measured, Results, RowResult, write};
use crate::row::Goal;
use crate::stats::Spread;

/// The data of the page.
pub const DATA: &str = "docs/performance.json";
/// The page.
pub const PAGE: &str = "docs/performance.md";
/// The chart on it.
pub const CHART: &str = "docs/images/performance.svg";

/// What was tried and what it brought; written by hand.
const FINDINGS: &str = include_str!("../findings.md");

const HEAD: &str = "# Performance\n\n\
Day2 side by side with what users run today. Absolute times mean little on a shared machine, so each row runs both sides in\n\
turn in the same minutes, checks first that they give the **same answer**, and tells the median of the ratios of the rounds\n\
with its interval (sign test, 95 %). A goal counts as met only if the whole interval meets it.\n\n\
Check it yourself: `make bench` (all rows, 15 rounds) or `make bench-quick` (few rounds). The peers' code is in\n\
[benches/peers](../benches/peers), how a row is made in [benches/README.md](../benches/README.md). This page is written by\n\
`bench --write-docs` from [performance.json](performance.json); do not edit it.\n\n\
![Peer divided by Day2, by row](images/performance.svg)\n";

/// Writes data, page and chart below `root`.
///
/// # Errors
///
/// When a file cannot be written.
pub fn write_docs(root: &Path, results: &Results) -> Result<()> {
    write(&root.join(DATA), results)?;
    std::fs::write(root.join(PAGE), page(results))?;
    std::fs::write(root.join(CHART), chart(results))?;
    Ok(())
}

/// The page.
#[must_use]
pub fn page(results: &Results) -> String {
    let mut page = HEAD.to_owned();
    page.push_str("\n| # | benchmark | against | case | wall | CPU | peak RSS | goals |\n|---|---|---|---|---|---|---|---|\n");
    for row in &results.rows {
        summary(&mut page, row);
    }
    let machine = &results.machine;
    let _ = write!(
        page,
        "\nRatios are peer divided by Day2: larger is better. Measured on {} processors ({}), load average {} at the start and\n{} at the end of the rows that were measured last. Peers: {}.\n",
        machine.cores,
        machine.processor,
        machine.load[0],
        machine.load[1],
        machine.peers.join(", "),
    );
    for row in &results.rows {
        details(&mut page, row);
    }
    page.push('\n');
    page.push_str(FINDINGS);
    page
}

fn summary(page: &mut String, row: &RowResult) {
    if let Some(why) = &row.not_measured {
        let _ = writeln!(
            page,
            "| {} | {} | {} | – | – | – | – | not measured yet: {why} |",
            row.number, row.name, row.against
        );
    }
    for (index, case) in row.cases.iter().enumerate() {
        let (number, name, against) = if index == 0 {
            (row.number.to_string(), row.name.as_str(), row.against.as_str())
        } else {
            (String::new(), "", "")
        };
        let ratio = |title: &str| {
            let found = case.measured.iter().find(|one| one.metric.title() == title);
            found.map_or_else(|| "–".to_owned(), |one| times(one.ratio))
        };
        let _ = writeln!(
            page,
            "| {number} | {name} | {against} | {} | {} | {} | {} | {} |",
            case.label,
            ratio("wall, ms"),
            ratio("CPU, ms"),
            ratio("peak RSS, MB"),
            goals(case),
        );
    }
}

fn goals(case: &CaseResult) -> String {
    if case.goals.is_empty() {
        return "for information".to_owned();
    }
    let missed: Vec<String> = case
        .goals
        .iter()
        .filter(|one| !one.met)
        .map(|one| one.goal.words())
        .collect();
    if missed.is_empty() {
        "met".to_owned()
    } else {
        format!("**missed**: {}", missed.join("; "))
    }
}

fn details(page: &mut String, row: &RowResult) {
    let _ = write!(
        page,
        "\n## {}. {}\n\nTarget: {}.\n",
        row.number, row.name, row.target
    );
    if let Some(why) = &row.not_measured {
        let _ = writeln!(page, "\nNot measured yet: {why}.");
    } else {
        let made = same(row).map(|made| format!(", measured on {} at commit {}", made.day, made.commit));
        let _ = writeln!(page, "\n{} rounds{}.", row.rounds, made.unwrap_or_default());
    }
    let mut apart = Vec::new();
    for case in &row.cases {
        let _ = write!(
            page,
            "\n**{}**\n\n| | {} | {} | ratio | interval |\n|---|---|---|---|---|\n",
            case.label, case.peer, case.ours
        );
        if let Some(made) = case.made.as_ref().filter(|_| same(row).is_none()) {
            apart.push(format!("{}: {} at commit {}", case.label, made.day, made.commit));
        }
        for one in &case.measured {
            line(page, one);
        }
        let words: Vec<String> = case
            .goals
            .iter()
            .map(|one| {
                format!(
                    "{}: {}",
                    words(one.goal),
                    if one.met { "met" } else { "**missed**" }
                )
            })
            .collect();
        if !words.is_empty() {
            let _ = write!(page, "\nGoals: {}.\n", words.join("; "));
        }
        if let Some([peer, ours]) = case.server_ms {
            let _ = write!(
                page,
                "\nThe server used {} ms of processor time beside {} and {} ms beside {}, in the mean of the runs; it is in no figure.\n",
                figure(peer),
                case.peer,
                figure(ours),
                case.ours
            );
        }
    }
    if !row.notes.is_empty() || !apart.is_empty() {
        page.push('\n');
    }
    if !apart.is_empty() {
        let _ = writeln!(page, "- Measured one by one: {}.", apart.join("; "));
    }
    for note in &row.notes {
        let _ = writeln!(page, "- {note}");
    }
}

/// When all cases of a row were measured, if that is one day and one commit.
fn same(row: &RowResult) -> Option<&Made> {
    let first = row.cases.first()?.made.as_ref()?;
    let all = row.cases.iter().all(|case| case.made.as_ref() == Some(first));
    all.then_some(first)
}

fn words(goal: Goal) -> String {
    goal.words()
}

fn line(page: &mut String, one: &Measured) {
    let _ = writeln!(
        page,
        "| {} | {} | {} | {}× | {}–{}× |",
        one.metric.title(),
        figure(one.peer.median),
        figure(one.ours.median),
        figure(one.ratio.median),
        figure(one.ratio.low),
        figure(one.ratio.high),
    );
}

fn times(ratio: Spread) -> String {
    format!(
        "{}× ({}–{})",
        figure(ratio.median),
        figure(ratio.low),
        figure(ratio.high)
    )
}

/// Three significant figures.
#[must_use]
pub fn figure(value: f64) -> String {
    match value.abs() {
        size if size >= 99.95 => format!("{value:.0}"),
        size if size >= 9.995 => format!("{value:.1}"),
        size if size >= 0.9995 => format!("{value:.2}"),
        size if size >= 0.001 => format!("{value:.3}"),
        _ => "0".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folders::root;
    use crate::results::{Machine, Verdict, read};
    use crate::row::Metric;

    #[test]
    fn the_page_and_its_chart_were_rendered_from_the_data_beside_them() {
        let results: Results = read(&root().join(DATA)).unwrap();
        let written = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
        let hint = "run `bench --write-docs` instead of editing the page";
        assert!(written(PAGE) == page(&results), "{PAGE}: {hint}");
        assert!(written(CHART) == chart(&results), "{CHART}: {hint}");
    }

    #[test]
    fn every_row_is_on_the_page_measured_or_not() {
        let results: Results = read(&root().join(DATA)).unwrap();
        let numbers: Vec<u32> = results.rows.iter().map(|row| row.number).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8]);
        for row in &results.rows {
            assert!(
                row.cases.is_empty() == row.not_measured.is_some(),
                "row {}",
                row.number
            );
        }
    }

    fn measured(met: bool) -> Results {
        let spread = |median: f64| Spread {
            median,
            low: median - 1.0,
            high: median + 1.0,
        };
        let mut row = crate::rows::not_measured(7, "it needs root").unwrap();
        row.not_measured = None;
        row.cases = vec![CaseResult {
            label: "warm".to_owned(),
            made: Some(Made {
                day: "2026-11-23".to_owned(),
                commit: "714d7f6".to_owned(),
            }),
            peer: "Python".to_owned(),
            ours: "Day2".to_owned(),
            server_ms: Some([12.0, 8.0]),
            measured: vec![Measured {
                metric: Metric::Cpu,
                peer: spread(400.0),
                ours: spread(20.0),
                ratio: spread(20.0),
            }],
            goals: vec![Verdict {
                goal: Goal::TimesLess {
                    metric: Metric::Cpu,
                    times: 20.0,
                },
                met,
            }],
        }];
        let machine = Machine {
            cores: 2,
            processor: "a processor".to_owned(),
            load: ["0.1".to_owned(), "0.2".to_owned()],
            peers: vec!["Python 3.11".to_owned()],
        };
        Results {
            machine,
            rows: vec![row],
        }
    }

    #[test]
    fn the_page_shows_ratios_with_intervals_and_a_missed_goal_in_bold() {
        let (good, bad) = (page(&measured(true)), page(&measured(false)));
        assert!(good.contains("| – | 20.0× (19.0–21.0) | – | met |"), "{good}");
        assert!(bad.contains("**missed**: CPU, ms ≥ 20× less"), "{bad}");
        assert!(!good.contains("missed"), "{good}");
        let apart = "The server used 12.0 ms of processor time beside Python and 8.00 ms beside Day2";
        assert!(good.contains(apart), "{good}");
        let made = "0 rounds, measured on 2026-11-23 at commit 714d7f6.";
        assert!(good.contains(made), "{good}");
        let mut two = measured(true);
        let mut earlier = two.rows[0].cases[0].clone();
        earlier.label = "cold".to_owned();
        earlier.made = None;
        two.rows[0].cases.push(earlier);
        let both = page(&two);
        let apart = "Measured one by one: warm: 2026-11-23 at commit 714d7f6.";
        assert!(
            both.contains(apart) && !both.contains("rounds, measured"),
            "{both}"
        );
    }

    #[test]
    fn the_chart_shows_each_bar_with_its_goal_and_only_text_that_is_escaped() {
        let mut results = measured(true);
        results.rows[0].name = "a < b & c".to_owned();
        let drawn = chart(&results);
        assert!(
            drawn.contains("a &lt; b &amp; c")
                && drawn.contains("class=\"goal\"")
                && drawn.contains("CPU 20.0×"),
            "{drawn}"
        );
    }

    #[test]
    fn figures_have_three_digits() {
        let shown: Vec<String> = [1_234.5, 123.45, 12.345, 1.2345, 0.123_45, 0.0]
            .map(figure)
            .into();
        assert_eq!(shown, ["1234", "123", "12.3", "1.23", "0.123", "0"]);
    }
}
