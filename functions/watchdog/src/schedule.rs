//! When a schedule of EventBridge Scheduler is due. Pure: expression, zone and calendar in, instants out.
//!
//! Sources: EventBridge Scheduler User Guide, "Schedule types": `cron(minutes hours day-of-month month day-of-week year)` with
//! weekdays 1 to 7 from Sunday, `rate(value unit)`, `at(yyyy-mm-ddThh:mm:ss)`; and its part on daylight saving time: a time that
//! the clock skips is skipped, one that it shows twice happens once.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use day2_core::calendar::Calendar;
use day2_core::settings::Zone;
use day2_core::windows::{local_date, start_of_day};
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// Most days of rest, and most times that the clock skips, that are passed over before a schedule counts as one that is
/// never due. A year and a day: no calendar rests longer.
const MOST_STEPS: usize = 366;

/// When a schedule fires.
#[derive(Debug, Clone)]
pub enum When {
    /// By the clock on the wall.
    Cron(Box<Cron>),
    /// Again and again, counted from a run to the next.
    Every(SignedDuration),
    /// Once, by the clock on the wall.
    Once(DateTime),
}

/// Reads an expression.
///
/// # Errors
///
/// What is not understood, as the end of a sentence that begins with the expression.
pub fn parse(expression: &str) -> Result<When, String> {
    let inner = |kind: &str| {
        let rest = expression.trim().strip_prefix(kind)?.strip_prefix('(')?;
        rest.strip_suffix(')').map(str::trim)
    };
    if let Some(fields) = inner("cron") {
        return cron(fields);
    }
    if let Some(rate) = inner("rate") {
        return rate_of(rate);
    }
    if let Some(moment) = inner("at") {
        let read = moment.parse().map(When::Once);
        return read.map_err(|_| "names no moment like at(2026-03-02T06:30:00)".to_owned());
    }
    Err("is none of cron(…), rate(…) and at(…)".to_owned())
}

fn cron(fields: &str) -> Result<When, String> {
    let count = fields.split_whitespace().count();
    if count != 6 {
        return Err(format!("has {count} fields, and a cron of Scheduler has six"));
    }
    CronParser::builder()
        .seconds(Seconds::Required)
        .year(Year::Required)
        // 1 is Sunday, and `0/15` means from 0 every 15: neither is so in other crons.
        .alternative_weekdays(true)
        .sloppy_ranges(true)
        .build()
        .parse(&format!("0 {fields}"))
        .map(|cron| When::Cron(Box::new(cron)))
        .map_err(|why| format!("cannot be read: {why}"))
}

fn rate_of(rate: &str) -> Result<When, String> {
    let seconds = rate.split_once(' ').and_then(|(number, unit)| {
        let number: i64 = number.parse().ok().filter(|number| *number > 0)?;
        let unit = match unit.trim() {
            "minute" | "minutes" => 60,
            "hour" | "hours" => 3_600,
            "day" | "days" => 86_400,
            _ => return None,
        };
        number.checked_mul(unit)
    });
    seconds
        .map(|seconds| When::Every(SignedDuration::from_secs(seconds)))
        .ok_or_else(|| "is no rate like rate(5 minutes)".to_owned())
}

impl When {
    /// The first time strictly after `after` that a report is due; `None` when it never is.
    #[must_use]
    pub fn due_after(&self, after: Timestamp, zone: &Zone, calendar: &Calendar) -> Option<Timestamp> {
        let mut from = after;
        for _ in 0..MOST_STEPS {
            let due = self.fires_after(after, from, zone)?;
            let day = local_date(due, zone);
            if calendar.on(day).runs() {
                return Some(due);
            }
            // Nothing is due before the next worked day begins.
            let begins = start_of_day(calendar.next_run_day(day)?, zone);
            from = begins.checked_sub(SignedDuration::from_secs(1)).ok()?;
        }
        None
    }

    /// The first time strictly after `from` that it fires, whatever the day; a rate counts from `last`.
    fn fires_after(&self, last: Timestamp, from: Timestamp, zone: &Zone) -> Option<Timestamp> {
        match self {
            Self::Every(interval) => {
                let passed = from.duration_since(last).as_secs().div_euclid(interval.as_secs());
                let whole = interval.as_secs().checked_mul(passed.checked_add(1)?)?;
                last.checked_add(SignedDuration::from_secs(whole)).ok()
            }
            Self::Once(moment) => on_the_clock(*moment, zone).filter(|due| *due > from),
            Self::Cron(cron) => {
                // The wall's time as if it were UTC: so the clock's changes are ours to judge, below.
                let mut wall = zone.rules().to_datetime(from).to_zoned(TimeZone::UTC).ok()?;
                for _ in 0..MOST_STEPS {
                    wall = cron.find_next_occurrence(&wall, false).ok()?;
                    // In the hour that the clock shows twice, the second showing lies behind `from` again.
                    let due = on_the_clock(wall.datetime(), zone).filter(|due| *due > from);
                    if due.is_some() {
                        return due;
                    }
                }
                None
            }
        }
    }
}

/// The instant of a time on the wall: none when the clock skips it, the first when it shows it twice.
fn on_the_clock(moment: DateTime, zone: &Zone) -> Option<Timestamp> {
    let ambiguous = zone.rules().to_ambiguous_timestamp(moment);
    match ambiguous.offset() {
        AmbiguousOffset::Gap { .. } => None,
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => ambiguous.earlier().ok(),
    }
}

#[cfg(test)]
mod tests;
