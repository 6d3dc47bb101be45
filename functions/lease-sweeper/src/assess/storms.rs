//! `LSW-004`: the digest of events that were held back and that no mail of the function told of. What only said again what a mail had
//! said is counted beside it, and mailed for nobody.

use day2_core::{Item, Verdict};

use super::{Scene, all_of, count};
use crate::facts::Facts;
use crate::storms::{Whole, over};

const CODE: &str = "LSW-004";
const TITLE: &str = "no events were held back";

/// A storm that is over is told once, as one line, however many events it had.
pub(super) fn told(facts: &Facts, scene: &Scene<'_>) -> Item {
    let storms = match &facts.storms {
        Ok(storms) => storms,
        Err(why) => {
            return Item::unreadable(CODE, TITLE, 1, why).remedy(
                "see that the journal table exists and answers; what was held back is told afterwards",
            );
        }
    };
    let over = over(storms, scene.now);
    let (held_back, repeats) = over.iter().fold((0_u64, 0_u64), |(held_back, repeats), storm| {
        (
            held_back.saturating_add(storm.suppressed()),
            repeats.saturating_add(storm.repeats()),
        )
    });
    let told: Vec<&Whole<'_>> = over.iter().filter(|storm| storm.suppressed() > 0).collect();
    let verdict = if told.is_empty() {
        Verdict::Pass
    } else {
        Verdict::Fail
    };
    let again = facts.not_marked.as_ref().map_or_else(String::new, |why| {
        format!("; told again, because it could not be marked: {why}")
    });
    let mut seen = if told.is_empty() {
        "no event was held back".to_owned()
    } else {
        format!(
            "{} held back in {}",
            events(held_back),
            count(told.len(), "storm")
        )
    };
    if repeats > 0 {
        seen = format!("{seen}; {} only said again what a mail had said", events(repeats));
    }
    seen.push_str(&again);
    Item::judge(CODE, TITLE, verdict, all_of(told.len()), seen)
        .threshold("each storm is told once, half an hour after its end", "fixed")
        .remedy(
            "an alarm kept changing: read the first mail about it, and the newest report; after a change find out why that was \
             not enough, and do not shorten the pause before that is known",
        )
        .subjects(told.into_iter().map(|storm| {
            (
                format!("{} since {}", storm.function, scene.time(storm.since)),
                format!(
                    "{} held back until {}",
                    events(storm.suppressed()),
                    scene.time(storm.until)
                ),
            )
        }))
        .happened()
}

/// `1 event`, `19 events`.
fn events(number: u64) -> String {
    let events = if number == 1 { "event" } else { "events" };
    format!("{number} {events}")
}
