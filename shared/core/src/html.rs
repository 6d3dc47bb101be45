//! The report as one self-contained page: inline style, inline SVG, no script, nothing loaded from anywhere.
//!
//! The page opens from a bucket, from a folder or from a mail attachment, in light and in dark, on a phone and on
//! paper. A verdict is a shape and a word before it is a colour. Every string passes [`crate::hostile`], and the
//! only links lead to other pages of the same bucket, by relative address.

mod action;
mod bars;
mod icon;
mod index;
mod items;
mod sections;
mod steps;
mod strip;
mod style;
mod waterfall;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::board::Board;
use crate::chart::Chart;
use crate::hostile;
use crate::links::Rendering;
use crate::report::Report;
use crate::verdict::Verdict;
use crate::when::Clock;
use crate::words::action::{self as words, Tone};

/// What a browser may do with the page: apply the inline style, nothing else. Even a string that escaped our
/// escaping could load and run nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The page of `report`, to be stored where `rendering` says.
#[must_use]
pub fn page(report: &Report, rendering: &Rendering) -> String {
    let clock = Clock::of(&report.run.zone);
    let outcome = report.action.as_ref().map(words::outcome);
    let verdict = outcome.unwrap_or_else(|| report.status.to_string());
    let title = format!("{verdict} {} {}", report.run.task, report.run.target);
    let body = html! {
        (icon::definitions())
        (sections::header(report, rendering, &clock))
        main {
            @if let Some(record) = &report.action { (action::sections(report, record, rendering, &clock)) }
            (items::cards(report, Verdict::Fail))
            (items::cards(report, Verdict::Unknown))
            (sections::changes(report, &clock))
            (figures(&report.charts))
            @if report.action.is_none() || !report.items.is_empty() { (items::table(report)) }
            @if !report.absent.is_empty() {
                p { (t(&crate::words::absent(report))) }
            }
            @if !report.not_checked.is_empty() {
                p { (t(&crate::words::not_checked(report))) }
            }
        }
        (sections::footer(report, rendering, &clock))
    };
    document(&title, &[style::CSS], &body)
}

/// The page that leads to all others, to be stored at [`crate::links::INDEX`].
#[must_use]
pub fn index(board: &Board) -> String {
    let title = format!("{} {}", board.verdict(), board.deployment);
    document(&title, &[style::CSS, index::CSS], &index::body(board))
}

fn document(title: &str, styles: &[&str], body: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (t(title)) " · Day2" }
                style { @for sheet in styles { (PreEscaped(sheet)) } }
            }
            body { (body) }
        }
    }
    .into_string()
}

fn figures(charts: &[Chart]) -> Markup {
    html! {
        @if !charts.is_empty() {
            section aria-labelledby="figures" {
                h2 #figures { "Figures" }
                div.figures {
                    @for chart in charts {
                        @match chart {
                            Chart::Waterfall(waterfall) => (waterfall::draw(waterfall)),
                            Chart::Bars(bars) => (bars::draw(bars)),
                        }
                    }
                }
            }
        }
    }
}

/// Text of a report, ready for an element or a quoted attribute.
fn t(text: &str) -> PreEscaped<String> {
    PreEscaped(hostile::html(text))
}

/// Text in which a name or a command between backticks is set as code.
fn prose(text: &str) -> Markup {
    let text = hostile::plain(text);
    let parts: Vec<&str> = text.split('`').collect();
    let whole = parts.len() % 2 == 1;
    html! {
        @if whole {
            @for (index, part) in parts.iter().enumerate() {
                @if index % 2 == 1 { code { (part) } } @else { (part) }
            }
        } @else { (text) }
    }
}

/// The class that colours a verdict.
const fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Unknown => "unknown",
        Verdict::Fail => "fail",
    }
}

/// The class that colours an outcome, an effect or a step.
const fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "pass",
        Tone::Calm => "calm",
        Tone::Doubt => "unknown",
        Tone::Bad => "fail",
    }
}

/// Lines of a command to be copied. They wrap on a narrow screen; a browser copies them as they were.
fn command(lines: &[String]) -> Markup {
    html! { pre { code { (lines.join("\n")) } } }
}

#[cfg(test)]
mod tests;
