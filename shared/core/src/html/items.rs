//! The judged lines: a card for each that needs a person, and the table of all.

use maud::{Markup, html};

use super::icon::icon;
use super::{class, prose, t};
use crate::item::{Item, Subject};
use crate::report::Report;
use crate::verdict::Verdict;
use crate::words;

/// Subjects of a card in sight; the others fold out.
const OPEN_SUBJECTS: usize = 8;

/// Subjects of a card at all; the JSON document has every one.
const MAX_SUBJECTS: usize = 500;

/// A card for each item with this verdict, or nothing.
pub(super) fn cards(report: &Report, verdict: Verdict) -> Markup {
    let items: Vec<(usize, &Item)> = report
        .items
        .iter()
        .enumerate()
        .filter(|(_, item)| item.verdict() == verdict)
        .collect();
    // An action can fail too, so its checks are named.
    let of = if report.action.is_some() { " checks" } else { "" };
    let (heading, id) = match verdict {
        Verdict::Fail => ("Failed", "failed"),
        Verdict::Unknown => ("Could not be judged", "unknown"),
        Verdict::Pass => ("Passed", "passed"),
    };
    html! {
        @if !items.is_empty() {
            section aria-labelledby=(id) {
                h2 id=(id) { (heading) @if verdict != Verdict::Unknown { (of) } " " span.count { (items.len()) } }
                @for (index, item) in items { (card(report, index, item)) }
            }
        }
    }
}

fn card(report: &Report, index: usize, item: &Item) -> Markup {
    let id = anchor(index);
    html! {
        article.card.(class(item.verdict())) id=(id) aria-labelledby={ (id) "-title" } {
            header {
                (icon(item.verdict()))
                h3 id={ (id) "-title" } {
                    span.sr { (item.verdict().word()) ": " }
                    (t(&item.title))
                }
                p.tags {
                    code { (t(&item.code)) }
                    @if let Some(standing) = words::standing(&report.changes, &item.code) { span.tag { (standing) } }
                }
            }
            p.seen { (prose(&item.seen)) }
            (subjects(&item.subjects))
            dl.terms {
                dt { "Looked at" }
                dd { (words::population(item.population())) }
                @if let Some(threshold) = &item.threshold {
                    dt { "Limit" }
                    dd { (t(&threshold.limit)) " " span.source { "from " (t(&threshold.source)) } }
                }
                @if let Some(owner) = &item.owner {
                    dt { "Owner" }
                    dd { (t(owner)) }
                }
            }
            @if let Some(remedy) = &item.remedy {
                div.remedy {
                    h4 { "What to do" }
                    p { (prose(remedy)) }
                }
            }
        }
    }
}

fn subjects(subjects: &[Subject]) -> Markup {
    let shown = subjects.get(..OPEN_SUBJECTS).unwrap_or(subjects);
    let folded: Vec<&Subject> = subjects.iter().take(MAX_SUBJECTS).skip(OPEN_SUBJECTS).collect();
    let left_out = subjects.len().saturating_sub(MAX_SUBJECTS);
    html! {
        @if !shown.is_empty() { (rows(shown.iter())) }
        @if !folded.is_empty() {
            details {
                summary { (folded.len()) " more" }
                (rows(folded.into_iter()))
                @if left_out > 0 { p.source { "and " (left_out) " more, in the JSON document" } }
            }
        }
    }
}

fn rows<'a>(subjects: impl Iterator<Item = &'a Subject>) -> Markup {
    html! {
        table.subjects {
            thead.sr { tr { th scope="col" { "Name" } th scope="col" { "What is wrong" } } }
            tbody {
                @for subject in subjects {
                    tr {
                        th scope="row" { (t(&subject.name)) }
                        td { (prose(&subject.says)) }
                    }
                }
            }
        }
    }
}

/// Every item in the function's own order.
pub(super) fn table(report: &Report) -> Markup {
    html! {
        section aria-labelledby="all" {
            h2 #all { "All checks " span.count { (report.items.len()) } }
            table.all {
                thead {
                    tr {
                        th scope="col" { "Verdict" }
                        th scope="col" { "Check" }
                        th.number scope="col" { "Looked at" }
                    }
                }
                tbody {
                    @for (index, item) in report.items.iter().enumerate() { (row(index, item)) }
                }
            }
        }
    }
}

fn row(index: usize, item: &Item) -> Markup {
    html! {
        tr {
            td.verdict.(class(item.verdict())) {
                (icon(item.verdict()))
                span { (item.verdict().word()) }
            }
            td {
                p.title {
                    code { (t(&item.code)) } " "
                    @if item.verdict() == Verdict::Pass { (t(&item.title)) }
                    @else { a href={ "#" (anchor(index)) } { (t(&item.title)) } }
                }
                p.source { (prose(&item.seen)) }
            }
            td.number { (words::population(item.population())) }
        }
    }
}

/// Where the card of the item at this index stands. Not its code, which may repeat.
fn anchor(index: usize) -> String {
    format!("item-{}", index + 1)
}
