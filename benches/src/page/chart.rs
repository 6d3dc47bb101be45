//! The chart: for each case, how many times more the peer takes, on a logarithmic scale, with the interval.

use std::fmt::Write as _;

use super::figure;
use crate::results::{CaseResult, Measured, Results};
use crate::row::{Goal, Metric};

const LEFT: f64 = 330.0;
const WIDTH: f64 = 960.0;
const LINE: f64 = 16.0;
const GAP: f64 = 8.0;
const TOP: f64 = 44.0;
/// Right end of the scale: a factor of ten thousand.
const DECADES: f64 = 4.0;

/// The chart as SVG, for light and dark pages.
#[must_use]
pub fn chart(results: &Results) -> String {
    let mut body = String::new();
    let mut y = TOP;
    for row in &results.rows {
        for case in &row.cases {
            y = one(
                &mut body,
                y,
                &format!("{} {}, {}", row.number, row.name, case.label),
                case,
            );
        }
    }
    let mut grid = String::new();
    for decade in 0..=4_i32 {
        let x = at(10_f64.powi(decade));
        let _ = writeln!(
            grid,
            "<line x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{x:.1}\" y2=\"{y:.1}\" class=\"grid\"/><text x=\"{x:.1}\" y=\"{:.1}\" class=\"scale\">{}×</text>",
            TOP - 8.0,
            TOP - 14.0,
            10_i32.pow(decade.unsigned_abs()),
        );
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH:.0} {:.0}\" role=\"img\" aria-label=\"Peer divided by Day2\">\n\
<style>text{{font:12px sans-serif;fill:#57606a}}.name{{text-anchor:end}}.scale{{text-anchor:middle}}.grid{{stroke:#8c959f;stroke-opacity:.35}}\
.wall{{fill:#0969da}}.cpu{{fill:#1a7f37}}.rss{{fill:#9a6700}}.size{{fill:#8250df}}.faults{{fill:#6e7781}}.spread{{stroke:#24292f}}.goal{{stroke:#cf222e;stroke-width:2}}\
@media (prefers-color-scheme: dark){{text{{fill:#8b949e}}.spread{{stroke:#e6edf3}}}}</style>\n\
<text x=\"8\" y=\"18\">Peer divided by Day2, logarithmic; thin line: interval; red: goal</text>\n{grid}{body}</svg>\n",
        y + GAP,
    )
}

fn one(body: &mut String, mut y: f64, name: &str, case: &CaseResult) -> f64 {
    for (index, measured) in case.measured.iter().enumerate() {
        let title = if index == 0 { name } else { "" };
        bar(body, y, title, measured);
        let goal = case.goals.iter().find_map(|verdict| match verdict.goal {
            Goal::TimesLess { metric, times } if metric == measured.metric => Some(times),
            Goal::AtMostTimes { metric, times } if metric == measured.metric => Some(1.0 / times),
            _ => None,
        });
        if let Some(goal) = goal {
            let x = at(goal);
            let _ = writeln!(
                body,
                "<line x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{x:.1}\" y2=\"{:.1}\" class=\"goal\"/>",
                y,
                y + LINE - 3.0
            );
        }
        y += LINE;
    }
    y + GAP
}

fn bar(body: &mut String, y: f64, name: &str, measured: &Measured) {
    let class = match measured.metric {
        Metric::Wall => "wall",
        Metric::Cpu => "cpu",
        Metric::Rss => "rss",
        Metric::Faults => "faults",
        Metric::Size => "size",
    };
    let end = at(measured.ratio.median);
    let (begin, width) = (end.min(at(1.0)), (end - at(1.0)).abs().max(1.0));
    let (low, high) = (at(measured.ratio.low), at(measured.ratio.high));
    let middle = y + LINE / 2.0 - 2.0;
    let text = format!(
        "{} {}×",
        measured.metric.title().split(',').next().unwrap_or_default(),
        figure(measured.ratio.median)
    );
    let _ = writeln!(
        body,
        "<text x=\"{:.1}\" y=\"{:.1}\" class=\"name\">{}</text>\
<rect x=\"{begin:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{:.1}\" class=\"{class}\"/>\
<line x1=\"{low:.1}\" y1=\"{middle:.1}\" x2=\"{high:.1}\" y2=\"{middle:.1}\" class=\"spread\"/>\
<text x=\"{:.1}\" y=\"{:.1}\">{text}</text>",
        LEFT - 70.0,
        y + 10.0,
        name.replace('&', "&amp;").replace('<', "&lt;"),
        y + 1.0,
        LINE - 5.0,
        high.max(end) + 6.0,
        y + 10.0,
    );
}

/// Where a factor lies.
fn at(times: f64) -> f64 {
    let room = WIDTH - LEFT - 110.0;
    let share = (times.max(1e-3).log10() / DECADES).clamp(-0.09, 1.0);
    LEFT + share * room
}
