//! Fourteen days and today as a row of squares: is this usual?
//!
//! One square per calendar day of the report's zone, so that a day without a run is seen as one. A day with several
//! runs shows its worst; today shows this run.

use jiff::ToSpan;
use jiff::civil::Date;
use maud::{Markup, html};

use super::icon::glyph;
use super::{class, t};
use crate::links::{Rendering, relative};
use crate::report::{PastRun, Report};
use crate::verdict::Verdict;
use crate::when::Clock;

/// Days before today.
const DAYS_BACK: i32 = crate::board::DAYS_BACK;

/// Side of a square and distance between the left edges of two.
pub(super) const SIDE: i32 = 20;
pub(super) const STEP: i32 = 25;

/// Height of the drawing with the letters below the squares.
const HEIGHT: i32 = 38;

/// The strip, or nothing on the first run.
pub(super) fn draw(report: &Report, rendering: &Rendering, clock: &Clock) -> Markup {
    let today = clock.day(report.run.started_at);
    let width = (DAYS_BACK + 1) * STEP + 1;
    html! {
        @if !report.history.is_empty() {
            figure.strip {
                figcaption { "The last " (DAYS_BACK) " days and today" }
                svg viewBox={ "-2 -2 " (width) " " (HEIGHT + 2) } width=(width) height=(HEIGHT + 2) role="group"
                    aria-label="Verdict of each day" {
                    @for back in (0..=DAYS_BACK).rev() {
                        @if let Ok(day) = today.checked_sub(back.days()) {
                            g transform={ "translate(" ((DAYS_BACK - back) * STEP) " 0)" } {
                                @if back == 0 { (square(Some(report.status), "now", &title_now(report, day))) }
                                @else { (past_day(report, rendering, clock, day)) }
                                text x=(SIDE / 2) y=(HEIGHT - 4) aria-hidden="true" { (initial(day)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn past_day(report: &Report, rendering: &Rendering, clock: &Clock, day: Date) -> Markup {
    let runs: Vec<&PastRun> = report
        .history
        .iter()
        .filter(|past| clock.day(past.at) == day)
        .collect();
    let Some(worst) = runs.iter().max_by_key(|past| (past.status, past.at)) else {
        return square(None, "empty", &format!("{}: no run on record", name(day)));
    };
    let mut title = title(day, worst);
    if runs.len() > 1 {
        title = format!("{title}, the worst of {} runs", runs.len());
    }
    let drawn = square(Some(worst.status), "day", &title);
    html! {
        @if let Some(page) = &worst.page { a href=(relative(&rendering.place.page, page)) { (drawn) } }
        @else { (drawn) }
    }
}

fn square(verdict: Option<Verdict>, kind: &str, title: &str) -> Markup {
    html! {
        g.(kind).(verdict.map_or("none", class)) role="img" aria-label=(t(title)) {
            title { (t(title)) }
            rect.shape width=(SIDE) height=(SIDE) rx="4" {}
            @if let Some(verdict) = verdict { (glyph(verdict)) }
        }
    }
}

/// Day and verdict in words, and the outcome where there is one.
pub(super) fn title(day: Date, run: &PastRun) -> String {
    match run.outcome {
        Some(outcome) => format!("{}: {}, {}", name(day), run.status, outcome.shout()),
        None => format!("{}: {}", name(day), run.status),
    }
}

fn title_now(report: &Report, day: Date) -> String {
    format!("{}: {}, this run", name(day), report.status)
}

fn name(day: Date) -> String {
    day.strftime("%a %-d %b").to_string()
}

fn initial(day: Date) -> String {
    day.strftime("%a").to_string().chars().take(1).collect()
}
