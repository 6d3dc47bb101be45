//! Between the SDK's times and ours.

use aws_smithy_types::DateTime;
use jiff::Timestamp;

/// The SDK's time as ours; nothing for a time beyond the years that calendars know.
#[must_use]
pub fn timestamp(time: &DateTime) -> Option<Timestamp> {
    Timestamp::from_nanosecond(time.as_nanos()).ok()
}

/// Our time as the SDK's.
#[must_use]
pub fn sdk_time(time: Timestamp) -> DateTime {
    DateTime::from_nanos(time.as_nanosecond()).unwrap_or_else(|_| DateTime::from_secs(time.as_second()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_survives_the_way_there_and_back() {
        let at: Timestamp = "2026-11-20T11:30:00.123456Z".parse().unwrap();
        assert_eq!(timestamp(&sdk_time(at)), Some(at));
    }

    #[test]
    fn a_time_out_of_range_is_none() {
        assert_eq!(timestamp(&DateTime::from_secs(i64::MAX)), None);
    }
}
