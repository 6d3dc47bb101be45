//! Value types of time: zone, time of day, day, weekday.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::mistakes::deserr_from_text;
use crate::names::Misfit;

/// The zone rules compiled into the binary: the same on every machine, also where no zone files are installed.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// An IANA time zone, for example `America/New_York`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    name: String,
    rules: TimeZone,
}

impl Zone {
    /// The IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The rules.
    #[must_use]
    pub const fn rules(&self) -> &TimeZone {
        &self.rules
    }
}

impl FromStr for Zone {
    type Err = Misfit;

    fn from_str(text: &str) -> Result<Self, Misfit> {
        let unknown = || {
            Misfit::new(
                "is not an IANA time zone",
                "write a name like America/New_York, Europe/Berlin or UTC; abbreviations and offsets do not know daylight saving time",
            )
        };
        // `Area/City` or UTC only: `EST` is accepted by the database and never changes its offset.
        if !text.contains('/') && text != "UTC" {
            return Err(unknown());
        }
        let rules = ZONES.get(text).map_err(|_| unknown())?;
        let name = rules.iana_name().unwrap_or(text);
        if name != text {
            return Err(Misfit::new(
                "is written differently in the zone database",
                format!("write {name}"),
            ));
        }
        Ok(Self {
            name: text.to_owned(),
            rules,
        })
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

deserr_from_text!(Zone);

/// A local time of day, `HH:MM` on the 24-hour clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalTime(Time);

impl LocalTime {
    /// The time of day.
    #[must_use]
    pub const fn time(self) -> Time {
        self.0
    }
}

impl FromStr for LocalTime {
    type Err = Misfit;

    fn from_str(text: &str) -> Result<Self, Misfit> {
        let two = |part: &str| {
            let digits = part.len() == 2 && part.chars().all(|c| c.is_ascii_digit());
            digits.then(|| part.parse::<i8>().ok()).flatten()
        };
        text.split_once(':')
            .and_then(|(hour, minute)| Time::new(two(hour)?, two(minute)?, 0, 0).ok())
            .map(Self)
            .ok_or_else(|| {
                Misfit::new(
                    "is not a time of day",
                    "write HH:MM from 00:00 to 23:59, for example \"06:30\"",
                )
            })
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0.hour(), self.0.minute())
    }
}

deserr_from_text!(LocalTime);

/// A calendar day that reads itself from `YYYY-MM-DD`; compares and prints like [`Date`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl Day {
    /// The day.
    #[must_use]
    pub const fn date(self) -> Date {
        self.0
    }
}

impl FromStr for Day {
    type Err = Misfit;

    fn from_str(text: &str) -> Result<Self, Misfit> {
        // The parser of dates also takes times and zones behind the date.
        let plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let date = plain.then(|| text.parse().ok()).flatten();
        date.map(Self).ok_or_else(|| {
            Misfit::new(
                "is not a day of the calendar",
                "write YYYY-MM-DD, for example \"2026-12-25\"",
            )
        })
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

deserr_from_text!(Day);

/// A weekday that reads itself from `mon` … `sun`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DayName(Weekday);

impl DayName {
    /// Short names in the order of the week.
    pub const NAMES: [(&'static str, Weekday); 7] = [
        ("mon", Weekday::Monday),
        ("tue", Weekday::Tuesday),
        ("wed", Weekday::Wednesday),
        ("thu", Weekday::Thursday),
        ("fri", Weekday::Friday),
        ("sat", Weekday::Saturday),
        ("sun", Weekday::Sunday),
    ];

    /// The short name of a weekday.
    #[must_use]
    pub fn short(day: Weekday) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(_, known)| *known == day)
            .map_or("", |(name, _)| name)
    }

    /// The weekday.
    #[must_use]
    pub const fn weekday(self) -> Weekday {
        self.0
    }
}

impl From<Weekday> for DayName {
    fn from(day: Weekday) -> Self {
        Self(day)
    }
}

impl FromStr for DayName {
    type Err = Misfit;

    fn from_str(text: &str) -> Result<Self, Misfit> {
        let known = Self::NAMES.iter().find(|(name, _)| *name == text);
        known.map(|(_, day)| Self(*day)).ok_or_else(|| {
            Misfit::new(
                "is not the name of a day",
                "write one of mon, tue, wed, thu, fri, sat, sun",
            )
        })
    }
}

impl fmt::Display for DayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::short(self.0))
    }
}

deserr_from_text!(DayName);
