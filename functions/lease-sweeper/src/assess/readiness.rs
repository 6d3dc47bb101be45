//! `LSW-801` and `LSW-802`: whether the sweeper could work, asked by a self-check.

use day2_core::calendar::Calendar;
use day2_core::item::Population;
use day2_core::{Cause, Item, Observed, Verdict};

use super::all_of;

/// Each owner by the name of its Lambda function, with the answer of a rehearsal.
pub(crate) fn asks_owners(answers: &[(String, Observed<()>)]) -> Item {
    let failed: Vec<(String, String)> = answers
        .iter()
        .filter_map(|(name, answer)| Some((name.clone(), answer.as_ref().err()?.to_string())))
        .collect();
    let denied = answers
        .iter()
        .filter_map(|(_, answer)| answer.as_ref().err())
        .any(|why| matches!(why.cause, Cause::Denied | Cause::NotFound));
    let verdict = match (failed.is_empty(), denied) {
        (true, _) => Verdict::Pass,
        (false, true) => Verdict::Fail,
        (false, false) => Verdict::Unknown,
    };
    let whole = all_of(answers.len());
    let reached = answers.len().saturating_sub(failed.len());
    let population = Population {
        examined: u64::try_from(reached).unwrap_or(u64::MAX),
        ..whole
    };
    Item::judge(
        "LSW-801",
        "every owner of changes can be asked",
        verdict,
        population,
        format!("{reached} of {} can be asked", answers.len()),
    )
    .remedy("deploy the function again, and let the sweeper's role call it (lambda:InvokeFunction)")
    .subjects(failed)
}

/// Time does not rest: a change that ends on a Saturday is due on that Saturday.
pub(crate) fn asks_every_day(calendar: &Calendar) -> Item {
    calendar.rests_on_no_day("LSW-802", "sweeper")
}
