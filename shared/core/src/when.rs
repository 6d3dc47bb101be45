//! Times as operators read them: in the report's zone, with UTC beside it.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Formats times in one zone.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    zone: TimeZone,
}

impl Clock {
    /// For an IANA zone; UTC if the name is not one, which settings refuse long before.
    pub(crate) fn of(zone: &str) -> Self {
        Self {
            zone: TimeZone::get(zone).unwrap_or(TimeZone::UTC),
        }
    }

    /// `Fri 6 Mar 2026 06:30 EST (11:30 UTC)`; the day of UTC is added where it differs.
    pub(crate) fn full(&self, at: Timestamp) -> String {
        let here = at.to_zoned(self.zone.clone());
        let utc = at.to_zoned(TimeZone::UTC);
        let local = here.strftime("%a %-d %b %Y %H:%M %Z").to_string();
        if here.offset().is_zero() && local.ends_with(" UTC") {
            local
        } else if here.date() == utc.date() {
            format!("{local} ({})", utc.strftime("%H:%M UTC"))
        } else {
            format!("{local} ({})", utc.strftime("%a %H:%M UTC"))
        }
    }

    /// `Fri 6 Mar 06:30`, for a time near one that is written in full.
    pub(crate) fn short(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone())
            .strftime("%a %-d %b %H:%M")
            .to_string()
    }

    /// As [`Self::short`], with the year where it is another one than that of `near`: `Wed 31 Dec 2025 06:30`.
    pub(crate) fn beside(&self, at: Timestamp, near: Timestamp) -> String {
        if self.day(at).year() == self.day(near).year() {
            return self.short(at);
        }
        at.to_zoned(self.zone.clone())
            .strftime("%a %-d %b %Y %H:%M")
            .to_string()
    }

    /// The calendar day in this zone.
    pub(crate) fn day(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_in_the_zone_of_the_report_with_utc_beside_it_t01() {
        for (zone, at, shown) in [
            (
                "America/New_York",
                "2026-03-07T11:30:00Z",
                "Sat 7 Mar 2026 06:30 EST (11:30 UTC)",
            ),
            (
                "America/New_York",
                "2026-03-08T10:30:00Z",
                "Sun 8 Mar 2026 06:30 EDT (10:30 UTC)",
            ),
            (
                "Asia/Tokyo",
                "2026-03-07T21:30:00Z",
                "Sun 8 Mar 2026 06:30 JST (Sat 21:30 UTC)",
            ),
            ("UTC", "2026-03-07T06:30:00Z", "Sat 7 Mar 2026 06:30 UTC"),
            ("Not/AZone", "2026-03-07T06:30:00Z", "Sat 7 Mar 2026 06:30 UTC"),
        ] {
            assert_eq!(Clock::of(zone).full(at.parse().unwrap()), shown);
        }
    }

    #[test]
    fn a_time_of_another_year_is_shown_with_its_year() {
        let clock = Clock::of("America/New_York");
        let near = "2026-01-02T11:30:00Z".parse().unwrap();
        for (at, shown) in [
            ("2026-01-01T11:30:00Z", "Thu 1 Jan 06:30"),
            // Of the year before in New York, although of 2026 in UTC (T01).
            ("2026-01-01T04:30:00Z", "Wed 31 Dec 2025 23:30"),
            ("2025-01-02T11:30:00Z", "Thu 2 Jan 2025 06:30"),
        ] {
            assert_eq!(clock.beside(at.parse().unwrap(), near), shown);
        }
    }
}
