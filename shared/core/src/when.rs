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
}
