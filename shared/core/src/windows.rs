//! Spans of time in the zone of the deployment: last hours, local days, weeks and months, and when a local time
//! of day happens. Local days have 23, 24 or 25 hours; none of this counts in multiples of 24.

use jiff::civil::{Date, DateTime, Weekday};
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use crate::calendar::Calendar;
use crate::settings::{LocalTime, Zone};

/// From `start` (included) to `end` (excluded).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First instant.
    pub start: Timestamp,
    /// First instant behind it.
    pub end: Timestamp,
}

impl Window {
    /// Whether `at` lies within.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }

    /// How long it is.
    #[must_use]
    pub fn duration(&self) -> SignedDuration {
        self.end.duration_since(self.start)
    }
}

/// The day of `at` in `zone`.
#[must_use]
pub fn local_date(at: Timestamp, zone: &Zone) -> Date {
    zone.rules().to_datetime(at).date()
}

/// The `hours` before `now`, as elapsed time.
#[must_use]
pub fn last_hours(now: Timestamp, hours: u32) -> Window {
    let start = now
        .checked_sub(SignedDuration::from_hours(i64::from(hours)))
        .unwrap_or(Timestamp::MIN);
    Window { start, end: now }
}

/// The 24 elapsed hours before `now`; on a day of 23 or 25 hours this is not "since yesterday, same time".
#[must_use]
pub fn last_24h(now: Timestamp) -> Window {
    last_hours(now, 24)
}

/// The first instant of `date` in `zone`. Where midnight is skipped (zones that change at 00:00), the first instant
/// is later on the clock; where it happens twice, it is the first.
#[must_use]
pub fn start_of_day(date: Date, zone: &Zone) -> Timestamp {
    let midnight = DateTime::from_parts(date, jiff::civil::Time::midnight());
    zone.rules()
        .to_ambiguous_timestamp(midnight)
        .compatible()
        .unwrap_or(if date.year() < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        })
}

/// The whole local day: 23, 24 or 25 hours in most zones.
#[must_use]
pub fn day(date: Date, zone: &Zone) -> Window {
    let start = start_of_day(date, zone);
    let end = date
        .tomorrow()
        .map_or(Timestamp::MAX, |next| start_of_day(next, zone));
    Window { start, end }
}

/// From the last local midnight to `now`.
#[must_use]
pub fn since_local_midnight(now: Timestamp, zone: &Zone) -> Window {
    Window {
        start: start_of_day(local_date(now, zone), zone),
        end: now,
    }
}

/// The last `weekday` before the local day of `now`; seven days ago when today is that weekday.
#[must_use]
pub fn previous_weekday(weekday: Weekday, now: Timestamp, zone: &Zone) -> Date {
    let today = local_date(now, zone);
    // Only near year -9999 is there no such day.
    today.nth_weekday(-1, weekday).unwrap_or(today)
}

/// The first `weekday` of the month that `date` is in.
#[must_use]
pub fn first_weekday_of_month(weekday: Weekday, date: Date) -> Date {
    date.nth_weekday_of_month(1, weekday).unwrap_or(date)
}

/// The first Monday of the month that `date` is in.
#[must_use]
pub fn first_monday(date: Date) -> Date {
    first_weekday_of_month(Weekday::Monday, date)
}

/// From the first instant of the local month to `now`.
#[must_use]
pub fn month_to_date(now: Timestamp, zone: &Zone) -> Window {
    Window {
        start: start_of_day(local_date(now, zone).first_of_month(), zone),
        end: now,
    }
}

/// The whole local month before the one of `now`.
#[must_use]
pub fn previous_month(now: Timestamp, zone: &Zone) -> Window {
    let first = local_date(now, zone).first_of_month();
    let before = first.checked_sub(1.month()).unwrap_or(first);
    Window {
        start: start_of_day(before, zone),
        end: start_of_day(first, zone),
    }
}

/// When a local time of day happens on `date`, as EventBridge Scheduler means it: not at all when the clock skips
/// it, and once, the first time, when the clock shows it twice.
///
/// Source: <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#daylist-savings-time>.
/// The page says "only once" and not which of the two.
#[must_use]
pub fn occurrence(date: Date, time: LocalTime, zone: &Zone) -> Option<Timestamp> {
    let ambiguous = zone
        .rules()
        .to_ambiguous_timestamp(DateTime::from_parts(date, time.time()));
    match ambiguous.offset() {
        jiff::tz::AmbiguousOffset::Gap { .. } => None,
        jiff::tz::AmbiguousOffset::Unambiguous { .. } | jiff::tz::AmbiguousOffset::Fold { .. } => {
            ambiguous.earlier().ok()
        }
    }
}

/// The next `count` runs of a daily schedule strictly after `after`, on worked days only when a calendar is given.
/// Looks at most 400 days ahead.
#[must_use]
pub fn next_runs(
    time: LocalTime,
    zone: &Zone,
    calendar: Option<&Calendar>,
    after: Timestamp,
    count: usize,
) -> Vec<Timestamp> {
    std::iter::successors(Some(local_date(after, zone)), |date| date.tomorrow().ok())
        .take(400)
        .filter(|date| calendar.is_none_or(|calendar| calendar.on(*date).runs()))
        .filter_map(|date| occurrence(date, time, zone))
        .filter(|run| *run > after)
        .take(count)
        .collect()
}

#[cfg(test)]
mod tests;
