//! The part of the body that an action adds: what was changed or would be, what objects, whether it helped, and the
//! lines that approve or take back.

use super::text::Text;
use crate::action::ActionRecord;
use crate::hostile::{plain, plain_within};
use crate::links::Rendering;
use crate::report::Report;
use crate::when::Clock;
use crate::words::{action as words, commands};

/// Steps, skips and refusals shown; the page has the others. With [`MAX_CHARS`] they leave room in a mail for the line
/// that approves, whatever they hold (`cases.md` W19).
const MAX_STEPS: usize = 20;
const MAX_SKIPS: usize = 10;
const MAX_REFUSALS: usize = 10;

/// Longest text of a step, skip or refusal, in characters.
const MAX_CHARS: usize = 300;

/// Longest id of a request, in characters; Lambda's have 36.
const MAX_ID_CHARS: usize = 100;

/// The first lines: what came of it, and who wanted it.
pub(super) fn head(text: &mut Text, record: &ActionRecord) {
    text.para(
        "",
        &format!("{}: {}.", words::outcome(record), plain(&record.says)),
    );
}

/// The mode, the approval, what was held back before, and the pause, below the names of the run.
pub(super) fn permission(text: &mut Text, record: &ActionRecord, clock: &Clock) {
    let mut line = format!("Mode {}", record.mode);
    if let Some(by) = &record.approved_by {
        let by = plain_within(by, MAX_ID_CHARS);
        line = format!("{line}, approved by request {by} (as claimed; CloudTrail knows who sent it)");
    }
    text.para("", &format!("{line}."));
    for told in [words::held_back(record, clock), words::pause(record, clock)]
        .into_iter()
        .flatten()
    {
        text.para("", &told);
    }
}

pub(super) fn write(
    text: &mut Text,
    report: &Report,
    record: &ActionRecord,
    rendering: &Rendering,
    clock: &Clock,
) {
    steps(text, record, clock);
    refusals(text, record);
    skips(text, record);
    effect(text, record);
    approval(text, report, record, rendering, clock);
    undo(text, record, rendering, clock);
}

fn steps(text: &mut Text, record: &ActionRecord, clock: &Clock) {
    let steps = words::steps(record);
    if steps.is_empty() {
        return;
    }
    text.gap();
    let (heading, changed) = (words::heading(record).to_uppercase(), words::changed(record));
    text.line(&format!("{heading} ({changed})"));
    for (index, told) in steps.iter().take(MAX_STEPS).enumerate() {
        text.gap();
        one(text, index + 1, told, clock);
    }
    more(text, "steps", steps.len(), MAX_STEPS);
}

fn one(text: &mut Text, number: usize, told: &words::Told<'_>, clock: &Clock) {
    let line = |text: &mut Text, label: &str, words: &str| text.para(&format!("  {label:<7} "), words);
    let resource = short(told.resource());
    if let Some(step) = told.step {
        text.para(&format!("{number}. "), &short(&step.title));
        line(text, "what", &resource);
        line(
            text,
            "change",
            &format!("{} -> {}", short(&step.before), short(&step.after)),
        );
        line(text, "safe", &short(&step.precondition));
        let disturbs = if step.disruptive {
            "; disturbs what runs"
        } else {
            ""
        };
        line(
            text,
            "touches",
            &format!("{}{disturbs}", short(&step.blast_radius)),
        );
        line(text, "undo", &short(step.undo.words()));
    } else {
        text.para(&format!("{number}. "), &resource);
    }
    if let Some(ends) = told.ends(clock) {
        line(text, "ends", &ends);
    }
    let says = told.result.map(|result| short(&result.says));
    let says = says.filter(|says| !says.is_empty());
    let says = says.map_or_else(String::new, |says| format!(": {says}"));
    line(text, "state", &format!("{}{says}", told.state()));
}

fn refusals(text: &mut Text, record: &ActionRecord) {
    let refusals = &record.plan.refusals;
    if refusals.is_empty() {
        return;
    }
    text.gap();
    text.line("REFUSED BY");
    text.gap();
    for refusal in refusals.iter().take(MAX_REFUSALS) {
        let says = short(&refusal.says);
        text.para("  ", &format!("{}: {says}", refusal.guard.words()));
        text.para("    allowed by ", &short(&refusal.allowed_by));
    }
    more(text, "refusals", refusals.len(), MAX_REFUSALS);
}

fn skips(text: &mut Text, record: &ActionRecord) {
    let skips = &record.plan.skips;
    if skips.is_empty() {
        return;
    }
    text.gap();
    text.line("LEFT OUT");
    text.gap();
    for skip in skips.iter().take(MAX_SKIPS) {
        text.para(
            "  - ",
            &format!("{}: {}", short(&skip.resource), short(&skip.why)),
        );
    }
    more(text, "things", skips.len(), MAX_SKIPS);
}

fn effect(text: &mut Text, record: &ActionRecord) {
    let Some(word) = words::effect(record) else {
        return;
    };
    text.gap();
    text.line("EFFECT");
    text.gap();
    let says = record.effect.as_ref().map(|effect| plain(effect.says()));
    let says = says.unwrap_or_else(|| "nobody looked".to_owned());
    text.para("  ", &format!("{word}: {says}"));
}

fn approval(text: &mut Text, report: &Report, record: &ActionRecord, rendering: &Rendering, clock: &Clock) {
    let (Some(command), Some(until)) = (
        commands::approve(report, rendering),
        words::approve_until(report, record, clock),
    ) else {
        return;
    };
    text.gap();
    text.line("TO APPROVE");
    text.gap();
    text.para(
        "  ",
        &format!(
            "These lines approve exactly {}, {until}:",
            words::approved_part(record)
        ),
    );
    let all = record.plan.steps.len();
    if all > MAX_STEPS {
        text.para(
            "  ",
            &format!(
                "It has {all} steps, and {MAX_STEPS} of them are shown: read the page before you approve."
            ),
        );
    }
    copied(text, &command);
    text.gap();
    text.para("  ", words::APPROVING);
}

fn undo(text: &mut Text, record: &ActionRecord, rendering: &Rendering, clock: &Clock) {
    let steps = words::steps(record);
    let open: Vec<_> = steps
        .iter()
        .filter_map(|told| told.open_lease(record).map(|lease| (told, lease)))
        .collect();
    if open.is_empty() {
        return;
    }
    text.gap();
    text.line("TO UNDO NOW");
    for (told, lease) in open.iter().take(MAX_STEPS) {
        text.gap();
        let ends = told.ends(clock);
        let ends = ends.map_or_else(String::new, |ends| format!(", which its lease takes back {ends}"));
        text.para("  ", &format!("{}{ends}:", short(told.resource())));
        copied(text, &commands::revert(lease, rendering));
    }
    more(text, "changes", open.len(), MAX_STEPS);
}

fn copied(text: &mut Text, command: &[String]) {
    text.gap();
    for line in command {
        text.line(&format!("  {line}"));
    }
}

fn more(text: &mut Text, what: &str, all: usize, shown: usize) {
    let left_out = all.saturating_sub(shown);
    if left_out > 0 {
        text.para("  ", &format!("and {left_out} more {what}, on the page"));
    }
}

fn short(words: &str) -> String {
    plain_within(words, MAX_CHARS)
}
