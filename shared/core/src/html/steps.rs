//! The steps of a plan, one card each: what it changes from what to what, why that is safe, and how it ends.

use maud::{Markup, html};

use super::icon::sign;
use super::{command, prose, t, tone};
use crate::action::{ActionRecord, Step};
use crate::links::Rendering;
use crate::when::Clock;
use crate::words::action::{self as words, Told};
use crate::words::commands;

/// Steps in sight; the others fold out.
const OPEN_STEPS: usize = 8;

/// Steps at all; the JSON document has every one.
const MAX_STEPS: usize = 200;

pub(super) fn section(record: &ActionRecord, rendering: &Rendering, clock: &Clock) -> Markup {
    let steps = words::steps(record);
    let draw = |(index, told): (usize, &Told<'_>)| card(index + 1, told, record, rendering, clock);
    let mut cards = steps.iter().take(MAX_STEPS).enumerate().map(draw);
    let shown: Vec<Markup> = cards.by_ref().take(OPEN_STEPS).collect();
    let folded: Vec<Markup> = cards.collect();
    let left_out = steps.len().saturating_sub(MAX_STEPS);
    html! {
        @if !steps.is_empty() {
            section aria-labelledby="steps" {
                h2 #steps { (words::heading(record)) " " span.count { (words::changed(record)) } }
                @for card in shown { (card) }
                @if !folded.is_empty() {
                    details {
                        summary { (folded.len()) " more" }
                        @for card in folded { (card) }
                        @if left_out > 0 { p.source { "and " (left_out) " more, in the JSON document" } }
                    }
                }
            }
        }
    }
}

/// Says that there is more to a plan than the page shows at once, where that matters.
pub(super) fn read_all(record: &ActionRecord) -> Markup {
    let all = record.plan.steps.len();
    html! {
        @if all > OPEN_STEPS {
            p.note {
                "It has " (all) " steps; read them all before you approve."
                @if all > MAX_STEPS { " Some are in the JSON document only." }
            }
        }
    }
}

fn card(
    number: usize,
    told: &Told<'_>,
    record: &ActionRecord,
    rendering: &Rendering,
    clock: &Clock,
) -> Markup {
    let id = format!("step-{number}");
    let lease = told.open_lease(record);
    let says = told.result.map(|result| &*result.says);
    html! {
        article.card.(tone(told.tone())) id=(id) aria-labelledby={ (id) "-title" } {
            header {
                (sign(told.tone()))
                h3 id={ (id) "-title" } {
                    (number) ". "
                    @if let Some(step) = told.step { (t(&step.title)) } @else { (t(told.resource())) }
                }
                p.tags { span.tag { (told.state()) } }
            }
            @if let Some(step) = told.step { p.name { (t(told.resource())) } (shift(step)) }
            @if let Some(says) = says.filter(|says| !says.is_empty()) { p.seen { (prose(says)) } }
            (terms(told, clock))
            @if let Some(lease) = lease {
                div.undo {
                    h4 { "Undo it now" }
                    (command(&commands::revert(lease, rendering)))
                }
            }
        }
    }
}

/// The value before and the value after.
fn shift(step: &Step<serde_json::Value>) -> Markup {
    html! {
        p.shift {
            span { span.sr { "from " } (t(&step.before)) }
            span.arrow aria-hidden="true" { "→" }
            strong { span.sr { "to " } (t(&step.after)) }
        }
    }
}

fn terms(told: &Told<'_>, clock: &Clock) -> Markup {
    let ends = told.ends(clock);
    html! {
        @if told.step.is_some() || ends.is_some() {
            dl.terms {
                @if let Some(step) = told.step {
                    dt { "Only if" }
                    dd { (prose(&step.precondition)) }
                    dt { "Touches" }
                    dd { (prose(&step.blast_radius)) @if step.disruptive { "; disturbs what runs" } }
                    dt { "Undo" }
                    dd { (prose(step.undo.words())) }
                }
                @if let Some(ends) = ends { dt { "Ends" } dd { (ends) } }
            }
        }
    }
}
