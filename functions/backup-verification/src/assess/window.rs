//! The daily backup window of RDS.

use jiff::SignedDuration;

/// A daily window in UTC, `hh24:mi-hh24:mi`. Source: *Amazon RDS API Reference*, `PreferredBackupWindow`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    begin_minutes: u16,
    end_minutes: u16,
}

const DAY_MINUTES: u16 = 24 * 60;

impl Window {
    /// Reads a window.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (begin, end) = text.split_once('-')?;
        Some(Self {
            begin_minutes: minutes(begin)?,
            end_minutes: minutes(end)?,
        })
    }

    /// How long it is; it may go over midnight.
    pub(crate) fn length(self) -> SignedDuration {
        let minutes = (self.end_minutes + DAY_MINUTES - self.begin_minutes) % DAY_MINUTES;
        SignedDuration::from_mins(i64::from(minutes))
    }
}

fn minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hour) || !digits(minute) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_may_go_over_midnight_t04() {
        for (text, length) in [
            ("02:00-02:30", Some(30)),
            ("23:45-00:15", Some(30)),
            ("00:00-23:59", Some(1439)),
            ("2:00-02:30", None),
            ("24:00-00:30", None),
            ("02:00", None),
            ("02:60-03:00", None),
        ] {
            let seen = Window::parse(text).map(|window| window.length().as_mins());
            assert_eq!(seen, length, "{text}");
        }
    }
}
