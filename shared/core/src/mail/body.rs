//! The body, in the order in which it is needed: verdict, what an action did, what failed and what to do, what nobody
//! could see, what changed, then everything, then where to read on.

use std::fmt::Write as _;

use super::action;
use super::text::Text;
use crate::compare::Complaint;
use crate::hostile::{plain, plain_within};
use crate::item::Item;
use crate::links::Rendering;
use crate::report::Report;
use crate::verdict::Verdict;
use crate::when::Clock;
use crate::words::{self, Heading, commands};

/// Subjects shown per item; the page has the others.
const MAX_SUBJECTS: usize = 20;

/// Names shown per line of changes.
const MAX_CHANGED_NAMES: usize = 8;

/// Longest code, in characters; codes are ours and have seven.
const MAX_CODE_CHARS: usize = 16;

/// Longest name of a subject, in characters; Kubernetes' `namespace/name` fits.
const MAX_NAME_CHARS: usize = 320;

pub(super) fn write(report: &Report, rendering: &Rendering) -> String {
    let clock = Clock::of(&report.run.zone);
    let mut text = Text::default();
    head(&mut text, report, &clock);
    if let Some(record) = &report.action {
        action::write(&mut text, report, record, rendering, &clock);
    }
    // An outcome can be FAILED too.
    let headings = match report.action {
        None => ["FAILED", "UNKNOWN"],
        Some(_) => ["FAILED CHECKS", "UNKNOWN CHECKS"],
    };
    for (heading, verdict) in headings.into_iter().zip([Verdict::Fail, Verdict::Unknown]) {
        items(&mut text, report, heading, verdict);
    }
    changes(&mut text, report, &clock);
    table(&mut text, report);
    links(&mut text, report, rendering);
    text.finish()
}

fn head(text: &mut Text, report: &Report, clock: &Clock) {
    let run = &report.run;
    let names = [&run.function, &run.task, &run.target]
        .map(|name| plain(name))
        .join(" ");
    let verdict = format!("{}: {}.", report.status, words::verdict_sentence(report));
    if let Some(record) = &report.action {
        action::head(text, record);
        text.para("", &format!("Checks: {verdict}"));
    } else {
        text.para("", &verdict);
    }
    text.para("", &names);
    text.para(
        "",
        &format!("{}, by {}", clock.full(run.started_at), plain(&run.trigger)),
    );
    if let Some(record) = &report.action {
        action::permission(text, record, clock);
    }
    if let Some(since) = report.changes.since {
        let what = words::changes_sentence(&report.changes);
        text.para("", &format!("Since {}: {what}.", clock.short(since)));
    } else {
        text.para("", "There is no earlier run to compare with.");
    }
}

fn items(text: &mut Text, report: &Report, heading: &str, verdict: Verdict) {
    let mut items = report
        .items
        .iter()
        .filter(|item| item.verdict() == verdict)
        .peekable();
    if items.peek().is_some() {
        text.gap();
        text.line(heading);
    }
    for item in items {
        text.gap();
        one(text, report, item);
    }
}

fn one(text: &mut Text, report: &Report, item: &Item) {
    let mut title = plain(&item.title);
    if let Some(standing) = words::standing(&report.changes, &item.code) {
        // Writing to a `String` cannot fail.
        let _ = write!(title, " [{standing}]");
    }
    text.para(&format!("{}  ", code(item)), &title);
    text.para("  seen   ", &plain(&item.seen));
    for subject in item.subjects.iter().take(MAX_SUBJECTS) {
        let name = plain_within(&subject.name, MAX_NAME_CHARS);
        text.para("         - ", &format!("{name}: {}", plain(&subject.says)));
    }
    more(
        text,
        "         - ",
        item.subjects.len().saturating_sub(MAX_SUBJECTS),
    );
    if let Some(threshold) = &item.threshold {
        let (limit, source) = (plain(&threshold.limit), plain(&threshold.source));
        text.para("  limit  ", &format!("{limit} ({source})"));
    }
    if let Some(remedy) = &item.remedy {
        text.para("  do     ", &plain(remedy));
    }
    if let Some(owner) = &item.owner {
        text.para("  owner  ", &plain(owner));
    }
}

fn code(item: &Item) -> String {
    plain_within(&item.code, MAX_CODE_CHARS)
}

fn more(text: &mut Text, first: &str, count: usize) {
    if count > 0 {
        text.para(first, &format!("and {count} more, on the page"));
    }
}

fn changes(text: &mut Text, report: &Report, clock: &Clock) {
    let changes = &report.changes;
    let Some(since) = changes.since else { return };
    let lists = [
        (Heading::New, &changes.new),
        (Heading::Still, &changes.still),
        (Heading::Resolved, &changes.resolved),
    ];
    if lists.iter().all(|(_, list)| list.is_empty()) && changes.resolved_unlisted == 0 {
        return;
    }
    text.gap();
    text.line(&format!("SINCE {}", clock.short(since)));
    text.gap();
    for (heading, list) in lists {
        changed(text, report, heading, list, clock);
    }
    if changes.resolved_unlisted > 0 {
        text.para(
            "  resolved  ",
            &format!("{} more that were only counted", changes.resolved_unlisted),
        );
    }
}

fn changed(text: &mut Text, report: &Report, heading: Heading, complaints: &[Complaint], clock: &Clock) {
    for group in words::groups(complaints) {
        let mut line = format!("{} {}", plain(group.code), plain(group.title));
        if !group.subjects.is_empty() {
            let shown = group.subjects.iter().take(MAX_CHANGED_NAMES);
            let names: Vec<String> = shown.map(|name| plain_within(name, MAX_NAME_CHARS)).collect();
            let rest = group.subjects.len() - names.len();
            let _ = write!(line, ": {}", names.join(", "));
            if rest > 0 {
                let _ = write!(line, " and {rest} more");
            }
        }
        if let Some(remark) = group.remark(heading, report, clock) {
            let _ = write!(line, " ({remark})");
        }
        text.para(&format!("  {:<8}  ", heading.word()), &line);
    }
}

fn table(text: &mut Text, report: &Report) {
    if report.items.is_empty() && report.action.is_some() {
        return;
    }
    text.gap();
    text.line("ALL CHECKS (verdict, looked at, what a PASS means)");
    text.gap();
    let populations: Vec<String> = report
        .items
        .iter()
        .map(|item| words::population(item.population()))
        .collect();
    let widest = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or(0);
    let looked = widest(&mut populations.iter().map(String::len));
    let codes = widest(&mut report.items.iter().map(|item| code(item).chars().count()));
    for (item, population) in report.items.iter().zip(&populations) {
        let (verdict, code) = (item.verdict().word(), code(item));
        let first = format!("  {verdict:<7}  {code:<codes$}  {population:>looked$}  ");
        text.para(&first, &plain(&item.title));
    }
    if !report.absent.is_empty() {
        text.gap();
        text.para("  ", &words::absent(report));
    }
    if !report.not_checked.is_empty() {
        text.gap();
        text.para("  ", &words::not_checked(report));
    }
}

fn links(text: &mut Text, report: &Report, rendering: &Rendering) {
    let place = &rendering.place;
    text.gap();
    text.line("FULL REPORT");
    text.gap();
    if let Some(why) = &rendering.not_stored {
        text.para("  ", &format!("could not be stored: {}", plain(why)));
    } else {
        text.line(&format!("  {}", place.console_url()));
        text.line(&format!("  {}", place.page_uri()));
        text.line(&format!("  {}", place.json_uri()));
    }
    text.gap();
    if let Some(command) = commands::run_again(report, rendering) {
        text.line("RUN IT AGAIN");
        text.gap();
        if let Some(record) = &report.action {
            text.para("  ", &words::action::again(record));
            text.gap();
        }
        for line in command {
            text.line(&format!("  {line}"));
        }
        text.gap();
    }
    let run = &report.run;
    text.para(
        "",
        &format!(
            "Account {}, region {}, report {}, request {}.",
            plain(&run.account_id),
            plain(&run.region),
            plain(&report.id),
            plain(&run.request_id)
        ),
    );
}
