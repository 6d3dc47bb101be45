//! What an action did or would do: the badges of the head, and the sections between it and the judged lines.

use maud::{Markup, html};

use super::icon::{icon, sign};
use super::{class, command, prose, steps, t, tone};
use crate::action::guard::Refusal;
use crate::action::{ActionRecord, Skip};
use crate::links::Rendering;
use crate::report::Report;
use crate::when::Clock;
use crate::words::{action as words, commands};

/// Skips in sight; the others fold out.
const OPEN_SKIPS: usize = 8;

/// Skips and refusals at all; the JSON document has every one.
const MAX_LISTED: usize = 200;

/// Outcome, effect and verdict, each a shape and a word.
pub(super) fn badges(report: &Report, record: &ActionRecord) -> Markup {
    let outcome = words::tone(record);
    html! {
        ul.badges aria-label="Outcome, effect and verdict" {
            li.badge.(tone(outcome)) { (sign(outcome)) span { (record.outcome.shout()) } }
            @if let Some(effect) = words::effect(record) {
                @let effect_tone = words::effect_tone(record);
                li.chip.(tone(effect_tone)) { (sign(effect_tone)) span { (effect) } }
            }
            li.chip.(class(report.status)) { (icon(report.status)) span { "checks: " (report.status.word()) } }
        }
    }
}

/// The mode, who approved, what was held back before, and the pause.
pub(super) fn permission(record: &ActionRecord, clock: &Clock) -> Markup {
    html! {
        p.when {
            "Mode " (record.mode)
            @if let Some(by) = &record.approved_by {
                " · approved by request " code { (t(by)) } ", as claimed; CloudTrail knows who sent it"
            }
        }
        @for told in [words::held_back(record, clock), words::pause(record, clock)].into_iter().flatten() {
            p.when { (told) }
        }
    }
}

/// Everything between head and judged lines.
pub(super) fn sections(
    report: &Report,
    record: &ActionRecord,
    rendering: &Rendering,
    clock: &Clock,
) -> Markup {
    html! {
        (effect(record))
        (steps::section(record, rendering, clock))
        (refusals(&record.plan.refusals))
        (skips(&record.plan.skips))
        (approval(report, record, rendering, clock))
    }
}

fn effect(record: &ActionRecord) -> Markup {
    let heard = words::effect_tone(record);
    html! {
        @if let Some(word) = words::effect(record) {
            section aria-labelledby="effect" {
                h2 #effect { "Effect" }
                div.card.(tone(heard)) {
                    p.verdict { (sign(heard)) strong { (word) } }
                    @if let Some(effect) = &record.effect { p.seen { (prose(effect.says())) } }
                    @else { p.seen { "Nobody looked whether it helped." } }
                }
            }
        }
    }
}

fn refusals(refusals: &[Refusal]) -> Markup {
    html! {
        @if !refusals.is_empty() {
            section aria-labelledby="refused" {
                h2 #refused { "Refused by " span.count { (refusals.len()) } }
                @for refusal in refusals.iter().take(MAX_LISTED) {
                    article.card.unknown {
                        header {
                            (sign(words::Tone::Doubt))
                            h3 { (refusal.guard.words()) }
                        }
                        p.seen { (prose(&refusal.says)) }
                        dl.terms { dt { "Allowed by" } dd { (prose(&refusal.allowed_by)) } }
                    }
                }
                (rest(refusals.len()))
            }
        }
    }
}

fn skips(skips: &[Skip]) -> Markup {
    let shown = skips.get(..OPEN_SKIPS).unwrap_or(skips);
    let folded: Vec<&Skip> = skips.iter().take(MAX_LISTED).skip(OPEN_SKIPS).collect();
    html! {
        @if !skips.is_empty() {
            section aria-labelledby="skipped" {
                h2 #skipped { "Left out " span.count { (skips.len()) } }
                div.card.list.calm {
                    (rows(shown.iter()))
                    @if !folded.is_empty() {
                        details {
                            summary { (folded.len()) " more" }
                            (rows(folded.into_iter()))
                            (rest(skips.len()))
                        }
                    }
                }
            }
        }
    }
}

fn rows<'a>(skips: impl Iterator<Item = &'a Skip>) -> Markup {
    html! {
        table.subjects {
            thead.sr { tr { th scope="col" { "What" } th scope="col" { "Why it is left out" } } }
            tbody {
                @for skip in skips {
                    tr {
                        th scope="row" { (t(&skip.resource)) }
                        td { (prose(&skip.why)) }
                    }
                }
            }
        }
    }
}

fn rest(all: usize) -> Markup {
    let left_out = all.saturating_sub(MAX_LISTED);
    html! {
        @if left_out > 0 { p.source { "and " (left_out) " more, in the JSON document" } }
    }
}

fn approval(report: &Report, record: &ActionRecord, rendering: &Rendering, clock: &Clock) -> Markup {
    let until = words::approve_until(report, record, clock);
    html! {
        @if let (Some(lines), Some(until)) = (commands::approve(report, rendering), until) {
            section aria-labelledby="approve" {
                h2 #approve { "Approve it" }
                p.note { "This approves exactly " (words::approved_part(record)) ", " strong { (until) } ":" }
                (steps::read_all(record))
                (command(&lines))
                p.note { (words::APPROVING) }
                @if let Some(plan) = &record.plan_id { p.source { "Plan " code { (t(plan.as_str())) } } }
            }
        }
    }
}
