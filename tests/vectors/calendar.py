"""Writes calendar.json: windows and local times as Python's zoneinfo computes them.

A second opinion on shared/core/src/windows.rs by a library that nobody here wrote. Run without arguments to write
the file next to this script, with --check to fail when it would change. Needs Python 3.11 and zone data.
"""

import json
import sys
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

ZONES = [
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "Asia/Kolkata",  # half an hour off, no daylight saving time
    "Australia/Lord_Howe",  # daylight saving time of half an hour
    "America/Havana",  # changes at midnight: a day that begins at 01:00
    "America/Santiago",  # changes at 24:00 of the day before
    "Pacific/Apia",  # far east of Greenwich
]

DAYS = [
    "2024-02-29", "2025-12-31", "2026-01-01", "2026-01-31", "2026-03-01", "2026-03-07", "2026-03-08", "2026-03-09",
    "2026-03-29", "2026-04-05", "2026-06-30", "2026-09-06", "2026-10-04", "2026-10-25", "2026-10-31", "2026-11-01",
    "2026-11-02", "2027-02-28", "2027-03-01", "2028-02-29", "2028-03-01", "2028-12-31",
]

CLOCKS = ["00:00:00", "06:30:00", "12:00:00", "23:59:59"]

TIMES = ["00:00", "00:30", "01:30", "02:00", "02:30", "06:30", "23:30"]


def utc(at: datetime) -> str:
    return at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def local(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The instant of a local time; the first of two; with the offset before the change where there is none."""
    return datetime.combine(day, clock, tzinfo=zone).astimezone(timezone.utc)


def day_start(day: date, zone: ZoneInfo) -> datetime:
    start = local(day, time(0), zone)
    assert start.astimezone(zone).date() == day, (day, zone)
    assert (start - timedelta(seconds=1)).astimezone(zone).date() < day, (day, zone)
    return start


def occurrence(day: date, clock: time, zone: ZoneInfo) -> str | None:
    at = local(day, clock, zone)
    exists = at.astimezone(zone).replace(tzinfo=None) == datetime.combine(day, clock)
    return utc(at) if exists else None


def first_weekday(day: date, weekday: int) -> date:
    first = day.replace(day=1)
    return first + timedelta(days=(weekday - first.weekday()) % 7)


def case(name: str, now: datetime) -> dict:
    zone = ZoneInfo(name)
    today = now.astimezone(zone).date()
    tomorrow = today + timedelta(days=1)
    month = today.replace(day=1)
    month_before = (month - timedelta(days=1)).replace(day=1)
    length = day_start(tomorrow, zone) - day_start(today, zone)
    return {
        "zone": name,
        "now": utc(now),
        "date": today.isoformat(),
        "day": [utc(day_start(today, zone)), utc(day_start(tomorrow, zone))],
        "day_minutes": int(length.total_seconds()) // 60,
        "last_24h": utc(now - timedelta(hours=24)),
        "month_start": utc(day_start(month, zone)),
        "previous_month": [utc(day_start(month_before, zone)), utc(day_start(month, zone))],
        "previous_monday": (today - timedelta(days=(today.weekday() - 1) % 7 + 1)).isoformat(),
        "previous_friday": (today - timedelta(days=(today.weekday() - 5) % 7 + 1)).isoformat(),
        "first_monday": first_weekday(today, 0).isoformat(),
        "times": {text: occurrence(today, time.fromisoformat(text), zone) for text in TIMES},
    }


def cases() -> list[dict]:
    out = []
    for name in ZONES:
        zone = ZoneInfo(name)
        for number, day in enumerate(DAYS):
            clock = CLOCKS[number % len(CLOCKS)]
            out.append(case(name, local(date.fromisoformat(day), time.fromisoformat(clock), zone)))
    return out


def main() -> int:
    path = Path(__file__).with_suffix(".json")
    lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in cases())
    text = f"[\n{lines}\n]\n"
    if "--check" in sys.argv[1:]:
        if path.read_text(encoding="utf-8") != text:
            print(f"{path} differs from what this zone data gives; run {Path(__file__).name} and look", file=sys.stderr)
            return 1
        return 0
    path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
