//! One schedule: is its report here, or missing since when?

use day2_aws::journal::{Beat, Signs};
use day2_core::settings::Zone;
use jiff::{SignedDuration, Timestamp};

use crate::facts::Facts;
use crate::schedule::parse;
use crate::settings::Watched;

/// How far the clock of a sandbox may be off (the runner takes the table's time from there on): a report by hand without a
/// scheduled time counts for what was due within so many seconds after it.
const CLOCK_SECONDS: i64 = 30;

/// When and where it is judged.
pub(super) struct Scene<'a> {
    pub(super) zone: &'a Zone,
    pub(super) now: Timestamp,
}

impl Scene<'_> {
    /// `Fri 6 Mar 06:30 EST`.
    fn time(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.rules().clone())
            .strftime("%a %-d %b %H:%M %Z")
            .to_string()
    }
}

/// What is known of a schedule.
pub(super) enum State {
    /// Its report is here.
    Here,
    /// Its run is under way.
    AtWork,
    /// Its report is missing, since when, and what is known of it.
    Missing(String),
    /// It is new, and its first report is not due.
    Waiting(String),
    /// Its expression cannot be read, or is never due.
    NotReadable(String),
    /// The journal did not say.
    NotKnown(String),
}

/// Judges one schedule. What counts is the first report that was due after the last one that came: later ones that are
/// missing too say nothing new.
pub(super) fn state(facts: &Facts, index: usize, schedule: &Watched<'_>, scene: &Scene<'_>) -> State {
    let when = match parse(schedule.expression) {
        Ok(when) => when,
        Err(why) => return State::NotReadable(format!("{} {why}", schedule.expression)),
    };
    let signs = match facts.signs.get(index) {
        Some(Ok(signs)) => signs,
        Some(Err(why)) => return State::NotKnown(format!("could not be read: {why}")),
        None => return State::NotKnown("was not looked at".to_owned()),
    };
    let heard = heard(signs);
    let since = match &facts.since {
        Ok(since) => since.get(index).copied(),
        // What was heard of before can be judged without it.
        Err(why) if heard.is_none() => {
            return State::NotKnown(format!(
                "never reported; since when it is watched could not be read: {why}"
            ));
        }
        Err(_) => None,
    };
    let Some(from) = heard.max(since) else {
        return State::NotKnown("was not looked at".to_owned());
    };
    let Some(due) = when.due_after(from, scene.zone, schedule.calendar) else {
        if heard.is_some() {
            return State::Here; // what happens once has happened
        }
        let never = "has no time at which a report is due";
        return State::NotReadable(format!("{} {never}", schedule.expression));
    };
    let grace = SignedDuration::from_mins(i64::from(schedule.grace_minutes));
    if scene.now.duration_since(due) <= grace {
        return match heard {
            Some(_) => State::Here,
            None => State::Waiting(format!("never reported; first due {}", scene.time(due))),
        };
    }
    let begun = signs.begun.filter(|begun| begun.scheduled_at > from);
    if begun.is_some_and(|begun| begun.until > scene.now) {
        return State::AtWork;
    }
    State::Missing(missing(signs, due, begun.is_some(), scene))
}

/// Up to when a schedule's reports are here. A report says for which time it is; without that, its own time counts, and no
/// report is for a time after its own.
fn heard(signs: &Signs) -> Option<Timestamp> {
    let until = |beat: &Beat| {
        let early = SignedDuration::from_secs(CLOCK_SECONDS);
        let at = beat.at.checked_add(early).unwrap_or(beat.at);
        beat.scheduled_at.map_or(at, |meant| meant.min(at))
    };
    signs
        .last
        .as_ref()
        .map(until)
        .max(signs.by_hand.as_ref().map(until))
}

fn missing(signs: &Signs, due: Timestamp, died: bool, scene: &Scene<'_>) -> String {
    let last = match signs.last.iter().chain(&signs.by_hand).max_by_key(|beat| beat.at) {
        Some(beat) => {
            let by_hand = if signs.last.as_ref() == Some(beat) {
                ""
            } else {
                ", by hand"
            };
            format!("last report {} ({}{by_hand})", scene.time(beat.at), beat.outcome)
        }
        None => "it never reported".to_owned(),
    };
    let rested = signs.rest.as_ref().filter(|rest| rest.at > due);
    let hint = match (died, rested) {
        (true, _) => "; a run began and did not end".to_owned(),
        (false, Some(rest)) => format!("; its schedule fires: it rested {}", scene.time(rest.at)),
        (false, None) => String::new(),
    };
    format!("missing since {}; {last}{hint}", scene.time(due))
}
