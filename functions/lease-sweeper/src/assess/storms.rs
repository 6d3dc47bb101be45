//! `LSW-004`: the digest of events that were held back, while a function paused or after a mail that had said the same.

use day2_core::{Item, Verdict};

use super::{Scene, all_of, count};
use crate::facts::Facts;

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
    let total = storms
        .iter()
        .fold(0_u64, |sum, storm| sum.saturating_add(storm.suppressed));
    let verdict = if storms.is_empty() {
        Verdict::Pass
    } else {
        Verdict::Fail
    };
    let again = facts.not_marked.as_ref().map_or_else(String::new, |why| {
        format!("; told again, because it could not be marked: {why}")
    });
    let seen = if storms.is_empty() {
        "no event was held back".to_owned()
    } else {
        let events = if total == 1 { "event" } else { "events" };
        format!(
            "{total} {events} held back in {}{again}",
            count(storms.len(), "span")
        )
    };
    Item::judge(CODE, TITLE, verdict, all_of(storms.len()), seen)
        .threshold("each span is told once, when it is over", "fixed")
        .remedy(
            "an alarm kept changing: read the first mail about it, and the newest report; after a change find out why that was \
             not enough, and do not shorten the pause before that is known",
        )
        .subjects(storms.iter().map(|storm| {
            let events = if storm.suppressed == 1 { "event" } else { "events" };
            (
                format!("{} since {}", storm.function, scene.time(storm.since)),
                format!(
                    "{} {events} held back until {}",
                    storm.suppressed,
                    scene.time(storm.until)
                ),
            )
        }))
}
