//! What stands around the items: the verdict and the facts of the run above, the changes between, the places below.

use maud::{Markup, html};

use super::icon::icon;
use super::{action, class, prose, strip, t, tone};
use crate::compare::Complaint;
use crate::links::{INDEX, Rendering, relative};
use crate::report::{PastRun, Report};
use crate::verdict::Verdict;
use crate::when::Clock;
use crate::words::action::Tone;
use crate::words::{self, Heading};

/// Names shown per item in a list of changes.
const MAX_CHANGED_NAMES: usize = 12;

pub(super) fn header(report: &Report, rendering: &Rendering, clock: &Clock) -> Markup {
    let run = &report.run;
    let previous = report
        .history
        .iter()
        .filter(|past| past.at < run.started_at)
        .max_by_key(|past| past.at);
    html! {
        header.top {
            p.brand {
                span.mark aria-hidden="true" { "D2" } "Day2"
                a.home href=(relative(&rendering.place.page, INDEX)) { "all reports" }
            }
            div.hero.(ground(report)) {
                @if let Some(record) = &report.action { (action::badges(report, record)) }
                @else { p.badge { (icon(report.status)) span { (report.status.word()) } } }
                h1 { (t(&run.function)) " " (t(&run.task)) " " span.target { (t(&run.target)) } }
                @if let Some(record) = &report.action {
                    p.sentence { (prose(&record.says)) }
                    p.when { "Checks: " (words::verdict_sentence(report)) "." }
                } @else { p.sentence { (sentence(report)) } }
                p.when { (clock.full(run.started_at)) " · by " (t(&run.trigger)) }
                p.when { "Account " (t(&run.account_id)) " · " (t(&run.region)) }
                @if let Some(record) = &report.action { (action::permission(record, clock)) }
                p.when { (since(report, clock)) }
            }
            div.past {
                (strip::draw(report, rendering, clock))
                @if let Some(previous) = previous { (previous_run(previous, rendering, clock)) }
            }
        }
    }
}

/// The class that colours the head: the worse of verdict and outcome. What was done about a failure, and seen to help,
/// is neither red nor green.
fn ground(report: &Report) -> &'static str {
    let outcome = report.action.as_ref().map(words::action::tone);
    match outcome {
        Some(Tone::Bad) => tone(Tone::Bad),
        Some(Tone::Doubt) if report.status != Verdict::Fail => tone(Tone::Doubt),
        Some(Tone::Good) if report.status != Verdict::Pass => tone(Tone::Calm),
        Some(calm @ Tone::Calm) if report.status == Verdict::Pass => tone(calm),
        _ => class(report.status),
    }
}

/// The verdict as a sentence, beginning with a capital letter.
fn sentence(report: &Report) -> String {
    let sentence = words::verdict_sentence(report);
    let mut characters = sentence.chars();
    let first = characters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(characters).chain(['.']).collect()
}

fn since(report: &Report, clock: &Clock) -> Markup {
    let changes = &report.changes;
    html! {
        @if let Some(since) = changes.since {
            "Since " (clock.short(since)) ": " (words::changes_sentence(changes)) "."
        } @else {
            "There is no earlier run to compare with."
        }
    }
}

fn previous_run(past: &PastRun, rendering: &Rendering, clock: &Clock) -> Markup {
    let outcome = past
        .outcome
        .map_or_else(String::new, |outcome| format!(", {}", outcome.shout()));
    let words = format!("{}, {}{outcome}", clock.short(past.at), past.status);
    html! {
        p.source {
            "Previous run: "
            @if let Some(page) = &past.page { a href=(relative(&rendering.place.page, page)) { (words) } }
            @else { (words) }
        }
    }
}

pub(super) fn changes(report: &Report, clock: &Clock) -> Markup {
    let changes = &report.changes;
    let nothing = changes.new.is_empty()
        && changes.still.is_empty()
        && changes.resolved.is_empty()
        && changes.resolved_unlisted == 0;
    html! {
        @if let (Some(since), false) = (changes.since, nothing) {
            section aria-labelledby="changes" {
                h2 #changes { "Since " (clock.short(since)) }
                div.changes {
                    (list(report, Heading::New, &changes.new, 0, clock))
                    (list(report, Heading::Still, &changes.still, 0, clock))
                    (list(report, Heading::Resolved, &changes.resolved, changes.resolved_unlisted, clock))
                }
            }
        }
    }
}

/// One list of complaints, or nothing when it is empty.
fn list(report: &Report, heading: Heading, complaints: &[Complaint], unlisted: u64, clock: &Clock) -> Markup {
    let (title, sign) = match heading {
        Heading::New => ("New", "+"),
        Heading::Still => ("Still there", "="),
        Heading::Resolved => ("Resolved", "−"),
    };
    let count = u64::try_from(complaints.len())
        .unwrap_or(u64::MAX)
        .saturating_add(unlisted);
    html! {
        @if count > 0 {
            div.change.(heading.word()) {
                h3 { span.sign aria-hidden="true" { (sign) } (title) " " span.count { (count) } }
                ul {
                    @for group in words::groups(complaints) {
                        li {
                            p { code { (t(group.code)) } " " (t(group.title)) }
                            @for name in group.subjects.iter().take(MAX_CHANGED_NAMES) { p.name { (t(name)) } }
                            @if group.subjects.len() > MAX_CHANGED_NAMES {
                                p.source { "and " (group.subjects.len() - MAX_CHANGED_NAMES) " more" }
                            }
                            @if let Some(remark) = group.remark(heading, report, clock) { p.source { (remark) } }
                        }
                    }
                    @if unlisted > 0 { li { p.source { (unlisted) " more that were only counted" } } }
                }
            }
        }
    }
}

pub(super) fn footer(report: &Report, rendering: &Rendering, clock: &Clock) -> Markup {
    let run = &report.run;
    let place = &rendering.place;
    let command = words::commands::run_again(report, rendering);
    html! {
        footer {
            @if let Some(command) = command {
                section aria-labelledby="again" {
                    h2 #again { "Run it again" }
                    @if let Some(record) = &report.action { p.note { (words::action::again(record)) } }
                    (super::command(&command))
                }
            }
            p {
                @if let Some(at) = run.scheduled_at { "Scheduled for " (clock.full(at)) ". " }
                "Lambda request " code { (t(&run.request_id)) } "."
            }
            p {
                "This report as " a href=(relative(&place.page, &place.json)) { "JSON" }
                ", schema " (t(&report.schema)) ", id " code { (t(&report.id)) } "."
            }
        }
    }
}
