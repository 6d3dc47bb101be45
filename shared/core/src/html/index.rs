//! The index page: of each check the newest verdict and fourteen days, what acted last, what is in force, and a link to
//! every newest report.

use jiff::ToSpan;
use maud::{Markup, html};

use super::icon::{glyph, icon, sign};
use super::strip::{SIDE, STEP, title};
use super::{class, prose, t, tone};
use crate::action::{Lease, LeaseState, Outcome};
use crate::board::{Board, DAYS_BACK, InForce, Line, MOST_LINES};
use crate::judging::lasting;
use crate::links::{INDEX, relative};
use crate::report::PastRun;
use crate::verdict::Verdict;
use crate::when::Clock;
use crate::words::action::Tone;

/// What the index needs besides the style of every page.
pub(super) const CSS: &str = include_str!("index.css");

/// Most changes that are listed of one target; the sweeper's report has all.
const MOST_CHANGES: usize = 50;

pub(super) fn body(board: &Board) -> Markup {
    let clock = Clock::of(&board.zone);
    html! {
        (squares())
        header.top {
            p.brand { span.mark aria-hidden="true" { "D2" } "Day2" }
            div.hero.(class(board.verdict())) {
                p.badge { (icon(board.verdict())) span { (board.verdict().word()) } }
                h1 { (t(&board.deployment)) }
                p.sentence { (sentence(board)) }
                ul.counts aria-label="Checks by their newest verdict" {
                    @for verdict in [Verdict::Fail, Verdict::Unknown, Verdict::Pass] {
                        @if board.count(verdict) > 0 {
                            li.chip.(class(verdict)) { (icon(verdict)) (board.count(verdict)) " " (verdict.word()) }
                        }
                    }
                }
                p.when { "Read from the journal on " (clock.full(board.made_at)) ". What came later is not here." }
                @if board.cut {
                    p.warning { "The journal has more lines than could be read: this page is not the whole." }
                }
            }
        }
        main {
            (in_force(board, &clock))
            @for (target, lines) in board.by_target() { (checks(board, target, &lines, &clock)) }
            (unlisted(board))
            (acted(board, &clock))
            p.legend {
                "Each square is a day, the worst verdict of it; the one with a frame is today. A dashed square is a day \
                 without a report: none was due, or none came; watchdog tells which. A check that never reported has no line."
            }
        }
        footer { p { "Made by the run that reported last, from the journal of " (t(&board.deployment)) "." } }
    }
}

/// The squares that the rows refer to; drawn nowhere themselves.
fn squares() -> Markup {
    html! {
        svg.defs width="0" height="0" aria-hidden="true" focusable="false" {
            defs {
                @for verdict in [Verdict::Pass, Verdict::Unknown, Verdict::Fail] {
                    g id=(square(Some(verdict))) {
                        rect.square width=(SIDE) height=(SIDE) rx="4" {}
                        (glyph(verdict))
                    }
                }
                g id=(square(None)) { rect.gap-day width=(SIDE) height=(SIDE) rx="4" {} }
            }
        }
    }
}

const fn square(verdict: Option<Verdict>) -> &'static str {
    match verdict {
        Some(Verdict::Pass) => "p",
        Some(Verdict::Unknown) => "u",
        Some(Verdict::Fail) => "f",
        None => "n",
    }
}

fn sentence(board: &Board) -> String {
    let checks = board.checks().count();
    let bad = board.count(Verdict::Fail);
    let open = board.count(Verdict::Unknown);
    match (checks, bad, open) {
        (0, ..) => "No check has reported yet.".to_owned(),
        (_, 0, 0) => format!("Every one of {checks} passed when it last looked."),
        (_, 0, _) => format!("{open} of {checks} could not tell when they last looked."),
        (_, _, 0) => format!("{bad} of {checks} failed when they last looked."),
        _ => format!("{bad} of {checks} failed when they last looked, {open} could not tell."),
    }
}

fn checks(board: &Board, target: &str, lines: &[&Line], clock: &Clock) -> Markup {
    html! {
        section {
            h2 { (t(target)) }
            ul.board { @for line in lines { (row(board, line, clock)) } }
        }
    }
}

fn unlisted(board: &Board) -> Markup {
    let more = board.checks().count().saturating_sub(MOST_LINES);
    html! {
        @if more > 0 {
            p.warning {
                (more) " more are not listed. The worst stand above, so none of them is worse than the last one there; \
                        all are counted."
            }
        }
    }
}

fn acted(board: &Board, clock: &Clock) -> Markup {
    let lines = board.acted();
    html! {
        @if !lines.is_empty() {
            section aria-labelledby="acted" {
                h2 #acted { "What acted last" }
                ul.board { @for line in lines { (row(board, line, clock)) } }
            }
        }
    }
}

fn row(board: &Board, line: &Line, clock: &Clock) -> Markup {
    let newest = line.newest();
    let heard = newest.and_then(|run| run.outcome).map(outcome_tone);
    let name = html! {
        (t(&line.function)) " " (t(&line.task))
        @if line.acts() { " " span.target { (t(&line.target)) } }
    };
    html! {
        li.(heard.map_or(class(line.verdict()), tone)) {
            @match heard { Some(heard) => (sign(heard)), None => (icon(line.verdict())) }
            p {
                @if let Some(page) = newest.and_then(|run| run.page.as_deref()) {
                    a href=(relative(INDEX, page)) { (name) }
                } @else { (name) }
            }
            (days(board, line, clock))
            p.facts {
                span.verdict { (newest.map_or_else(|| line.verdict().word(), word)) }
                @if let Some(run) = newest { " " (clock.short(run.at)) }
                @if let Some(days) = line.silent_days(clock, board.made_at).filter(|_| !line.acts()) {
                    " " span.stale { "no report for " (days) " days" }
                }
            }
        }
    }
}

fn word(run: &PastRun) -> &'static str {
    run.outcome.map_or(run.status.word(), Outcome::shout)
}

/// How an outcome is to be taken. Whether a change helped is not in the journal, so it is neither good nor bad here.
const fn outcome_tone(outcome: Outcome) -> Tone {
    match outcome {
        Outcome::Failed => Tone::Bad,
        Outcome::Refused | Outcome::Planned => Tone::Doubt,
        Outcome::Applied
        | Outcome::Reverted
        | Outcome::NothingToDo
        | Outcome::Suppressed
        | Outcome::InProgress => Tone::Calm,
    }
}

/// Fourteen days and today.
fn days(board: &Board, line: &Line, clock: &Clock) -> Markup {
    let today = clock.day(board.made_at);
    let days = line.days(clock);
    let (width, height) = ((DAYS_BACK + 1) * STEP, SIDE + 4);
    html! {
        svg.days viewBox={ "-2 -2 " (width) " " (height) } width=(width) height=(height) role="group"
            aria-label="Worst verdict of each day" {
            @for back in (0..=DAYS_BACK).rev() {
                @if let Ok(day) = today.checked_sub(back.days()) {
                    @let x = (DAYS_BACK - back) * STEP;
                    @let now = if back == 0 { "now" } else { "day" };
                    @match days.get(&day) {
                        Some(run) => {
                            @let drawn = html! {
                                use.(class(run.status)).(now) href={ "#" (square(Some(run.status))) } x=(x) {
                                    title { (t(&title(day, run))) }
                                }
                            };
                            @if let Some(page) = &run.page { a href=(relative(INDEX, page)) { (drawn) } }
                            @else { (drawn) }
                        }
                        None => {
                            use.(now) href={ "#" (square(None)) } x=(x) {
                                title { (day.strftime("%a %-d %b")) ": no report" }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn in_force(board: &Board, clock: &Clock) -> Markup {
    let open: usize = board
        .in_force
        .iter()
        .map(|one| one.changes.as_ref().map_or(0, Vec::len))
        .sum();
    let unread = board.in_force.iter().any(|one| one.changes.is_err());
    html! {
        section aria-labelledby="force" {
            h2 #force { "In force now " span.count { (open) } }
            @if open == 0 && !unread && board.not_looked_at.is_empty() {
                p.source {
                    @if board.in_force.is_empty() { "Nothing that changes something has reported." }
                    @else { "Nothing that was changed is still in force." }
                }
            }
            div.force { @for one in &board.in_force { (on_target(board, one, clock)) } }
            @if !board.not_looked_at.is_empty() {
                p.warning {
                    "Not looked at, because they are too many: "
                    (t(&board.not_looked_at.join(", "))) ". The reports of lease-sweeper tell."
                }
            }
        }
    }
}

fn on_target(board: &Board, one: &InForce, clock: &Clock) -> Markup {
    html! {
        @match &one.changes {
            Err(why) => {
                div.card.unknown {
                    header { (icon(Verdict::Unknown)) h3 { (t(&one.target)) ": what is in force is not known" } }
                    p.seen { (prose(&why.to_string())) }
                }
            }
            Ok(changes) => {
                @for change in changes.iter().take(MOST_CHANGES) { (card(board, change, clock)) }
                @if changes.len() > MOST_CHANGES {
                    p.warning { (changes.len() - MOST_CHANGES) " more on " (t(&one.target)) "." }
                }
            }
        }
    }
}

fn card(board: &Board, change: &Lease, clock: &Clock) -> Markup {
    html! {
        div.card.calm {
            header { (sign(Tone::Calm)) h3 { (t(&change.resource)) " " span.target { "on " (t(&change.target)) } } }
            p.shift {
                span { (t(&change.before)) } span.arrow aria-label="to" { "→" } strong { (t(&change.after)) }
            }
            dl.terms {
                dt { "Changed by" } dd {
                    (t(&change.function)) ", " (clock.short(change.created_at))
                    @if change.state == LeaseState::Pending { "; whether it was made is not known" }
                }
                dt { "Ends" } dd { (end(board, change, clock)) }
                dt { "Undo" } dd { (prose(&change.undo)) }
            }
        }
    }
}

fn end(board: &Board, change: &Lease, clock: &Clock) -> Markup {
    html! {
        @match change.expires_at {
            None => { "not by itself" }
            Some(end) => {
                @if end <= board.made_at {
                    span.stale {
                        "was due " (lasting(board.made_at.duration_since(end))) " ago, " (clock.short(end))
                    }
                } @else { (clock.full(end)) }
            }
        }
    }
}

#[cfg(test)]
mod tests;
