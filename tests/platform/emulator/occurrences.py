"""When a cron expression comes round next in a time zone.

Daylight saving time as EventBridge Scheduler documents it: a local time that does not exist is skipped, one that
exists twice counts once, the first time.
"""

import re
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

# Far more than the two skipped local times a year can give.
MOST_SKIPS = 10


def aws_cron(expression, zone, after):
    """The next UTC time of `cron(min hour day month weekday year)` after the epoch seconds `after`, or None."""
    from ministack.services import eventbridge

    fields = eventbridge._parse_cron_fields(expression)
    if fields is None:
        return None
    place = ZoneInfo(zone)
    # The walk is over local wall clock readings, which MiniStack's walk takes for UTC.
    local = datetime.fromtimestamp(after, place).replace(tzinfo=timezone.utc, fold=0)
    for _ in range(MOST_SKIPS):
        local = eventbridge._cron_next_fire(fields, local)
        if local is None:
            return None
        instant = local.replace(tzinfo=place, fold=0).astimezone(timezone.utc)
        exists = instant.astimezone(place).replace(tzinfo=None) == local.replace(tzinfo=None)
        if exists and instant.timestamp() > after:
            return instant
    return None


def unix_cron(expression, zone, after):
    """The same for the five fields of an Auto Scaling `Recurrence`, whose weekdays count from 0 (or 7), Sunday."""
    fields = expression.split()
    if len(fields) != 5:
        return None
    minute, hour, day, month, weekday = fields
    if weekday == "*":
        weekday = "?"
        day = "*" if day == "?" else day
    elif day == "*":
        day = "?"
    # A step after `/` is a count, not a weekday.
    weekday = re.sub(r"(?<!/)\b\d+\b", lambda found: str(int(found.group()) % 7 + 1), weekday)
    return aws_cron(f"cron({minute} {hour} {day} {month} {weekday} *)", zone, after)
