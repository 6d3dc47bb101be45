"""When schedules come round, around the changes of daylight saving time."""

import unittest
from datetime import datetime, timezone

from emulator import occurrences

NEW_YORK = "America/New_York"


def at(text):
    return datetime.fromisoformat(text).timestamp()


class AwsCron(unittest.TestCase):
    def test_a_local_time_keeps_its_hour_when_the_offset_changes(self):
        every_day = "cron(30 6 * * ? *)"
        for after, expected in (("2026-03-07T12:00:00Z", "2026-03-08T10:30:00+00:00"),   # first day of summer time
                                ("2026-03-06T12:00:00Z", "2026-03-07T11:30:00+00:00"),
                                ("2026-10-31T12:00:00Z", "2026-11-01T11:30:00+00:00")):  # first day of winter time
            self.assertEqual(occurrences.aws_cron(every_day, NEW_YORK, at(after)).isoformat(), expected)

    def test_a_local_time_that_does_not_exist_is_skipped(self):
        found = occurrences.aws_cron("cron(30 2 * * ? *)", NEW_YORK, at("2026-03-08T00:00:00-05:00"))
        self.assertEqual(found.isoformat(), "2026-03-09T06:30:00+00:00")

    def test_a_local_time_that_comes_twice_counts_once(self):
        first = occurrences.aws_cron("cron(30 1 * * ? *)", NEW_YORK, at("2026-11-01T00:00:00-04:00"))
        self.assertEqual(first.isoformat(), "2026-11-01T05:30:00+00:00")
        second = occurrences.aws_cron("cron(30 1 * * ? *)", NEW_YORK, first.timestamp())
        self.assertEqual(second.isoformat(), "2026-11-02T06:30:00+00:00")
        between = occurrences.aws_cron("cron(30 1 * * ? *)", NEW_YORK, at("2026-11-01T01:10:00-05:00"))
        self.assertEqual(between.isoformat(), "2026-11-02T06:30:00+00:00")

    def test_what_is_no_cron_expression_never_comes(self):
        self.assertIsNone(occurrences.aws_cron("cron(30 6 * * * *)", "UTC", 0))
        self.assertIsNone(occurrences.aws_cron("rate(5 minutes)", "UTC", 0))


class UnixCron(unittest.TestCase):
    def test_weekdays_count_from_sunday_zero_and_may_have_names(self):
        friday = at("2026-11-20T12:00:00Z")
        for weekdays in ("1-5", "MON-FRI", "1,2,3,4,5"):
            found = occurrences.unix_cron(f"15 6 * * {weekdays}", NEW_YORK, friday)
            self.assertEqual(found, datetime(2026, 11, 23, 11, 15, tzinfo=timezone.utc))
        for sunday in ("0", "7", "SUN"):
            self.assertEqual(occurrences.unix_cron(f"0 8 * * {sunday}", "UTC", friday).isoformat(), "2026-11-22T08:00:00+00:00")

    def test_a_day_of_the_month_and_every_day_are_understood(self):
        friday = at("2026-11-20T12:00:00Z")
        self.assertEqual(occurrences.unix_cron("0 6 1 * *", "UTC", friday).isoformat(), "2026-12-01T06:00:00+00:00")
        self.assertEqual(occurrences.unix_cron("0 6 * * *", "UTC", friday).isoformat(), "2026-11-21T06:00:00+00:00")


if __name__ == "__main__":
    unittest.main()
