"""EventBridge Scheduler: time zones, context attributes, the schedule's role, and firing one schedule at once.

MiniStack reads every expression in UTC, sends `<aws.scheduler.…>` literally and never looks at the role.
"""

import copy
import logging
import secrets
import time
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from emulator import occurrences, replace
from emulator.control import Refused, endpoint
from emulator.roles import refusal

logger = logging.getLogger("scheduler")
SECONDS_BETWEEN_SWEEPS = 1
# (account, region, "group/name", last change) → epoch seconds of the occurrence fired last.
_fired = {}


def install():
    from ministack.services import scheduler

    replace.function(scheduler, "_tick_schedules", lambda _: sweep)
    scheduler._SCHEDULE_TICK_INTERVAL = SECONDS_BETWEEN_SWEEPS


def sweep():
    """Fires every enabled schedule that is due."""
    from ministack.services import scheduler

    now = time.time()
    for key, schedule in list(scheduler._schedules._data.items()):
        if schedule.get("State") != "ENABLED":
            continue
        end = scheduler._to_epoch(schedule.get("EndDate"))
        due = None if end is not None and now > end else due_at(key, schedule, now)
        if due is not None:
            _fired[_memory(key, schedule)] = due
            _fire_or_tell(key, schedule, due)
        _delete_when_complete(key, schedule, due, end is not None and now > end)


def due_at(key, schedule, now):
    """The epoch seconds of the occurrence that has come and was not fired yet; None when there is none."""
    from ministack.services import eventbridge, scheduler

    expression, zone = schedule["ScheduleExpression"], schedule.get("ScheduleExpressionTimezone") or "UTC"
    start = scheduler._to_epoch(schedule.get("StartDate"))
    if start is not None and now < start:
        return None
    last = _fired.get(_memory(key, schedule))
    if expression.startswith("at("):
        moment = datetime.fromisoformat(expression[3:-1].strip()).replace(tzinfo=ZoneInfo(zone)).timestamp()
        return moment if last is None and moment <= now else None
    since = last if last is not None else schedule["LastModificationDate"]
    if (interval := eventbridge._parse_rate_seconds(expression)) is not None:
        following = since + interval
    else:
        occurrence = occurrences.aws_cron(expression, zone, since)
        following = occurrence.timestamp() if occurrence else None
    return following if following is not None and following <= now else None


def fire(key, schedule, scheduled_at):
    """Invokes the schedule's own target with its own input, as its role; returns the execution id."""
    from ministack.core.responses import request_scope
    from ministack.services import eventbridge

    account, region, name = key
    execution = secrets.token_hex(8)
    when = datetime.fromtimestamp(int(scheduled_at), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    target = copy.deepcopy(schedule["Target"])
    if "Input" in target:
        target["Input"] = _with_context(target["Input"], schedule["Arn"], when, execution)
    event = {
        "EventId": execution, "Source": "aws.scheduler", "DetailType": "Scheduled Event", "Detail": "{}",
        "Time": scheduled_at, "Resources": [schedule["Arn"]], "Account": account, "Region": region,
    }
    with request_scope(account, region):
        if why := refusal(target.get("RoleArn", ""), "scheduler.amazonaws.com", _group_arn(schedule["Arn"]), target["Arn"]):
            raise NotAllowed(why)
        eventbridge._invoke_target(target, event, schedule)
    logger.info("Scheduler fired %s for %s", name, when)
    return execution


def _group_arn(schedule_arn):
    """The source that the Scheduler names to the role: its group, not the schedule (Scheduler user guide, "Confused
    deputy prevention")."""
    prefix, _, path = schedule_arn.partition(":schedule/")
    return f"{prefix}:schedule-group/{path.partition('/')[0]}"


class NotAllowed(Exception):
    """The schedule's role may not do what its target needs."""


def _fire_or_tell(key, schedule, due):
    try:
        fire(key, schedule, due)
    except NotAllowed as why:
        logger.error("Scheduler did not fire %s: %s", key[2], why)


def _with_context(text, arn, when, execution):
    """Scheduler user guide, "Adding context attributes"."""
    values = {"schedule-arn": arn, "scheduled-time": when, "execution-id": execution, "attempt-number": "1"}
    for name, value in values.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


def _memory(key, schedule):
    return (*key, schedule["LastModificationDate"])


def _delete_when_complete(key, schedule, due, ended):
    from ministack.services import scheduler

    one_time = schedule["ScheduleExpression"].startswith("at(")
    if schedule.get("ActionAfterCompletion") == "DELETE" and (ended or (one_time and due is not None)):
        scheduler._schedules._data.pop(key, None)


@endpoint("scheduler/fire")
def fire_now(request):
    """`name`; optional `group` (default), `scheduled_at` (ISO 8601 or RFC 3339, default now)."""
    return {"execution_id": _fire_named(*_named(request), request)}


@endpoint("scheduler/come-round")
def come_round(request):
    """The same as `scheduler/fire`, as the clock would do it: a schedule that is not enabled fires nothing, and there is no
    execution id."""
    key, schedule = _named(request)
    if schedule.get("State") != "ENABLED":
        return {"execution_id": None}
    return {"execution_id": _fire_named(key, schedule, request)}


def _named(request):
    from ministack.core.responses import get_account_id, get_region
    from ministack.services import scheduler

    key = (get_account_id(), get_region(), f"{request.get('group') or 'default'}/{request['name']}")
    schedule = scheduler._schedules._data.get(key)
    if schedule is None:
        raise Refused(f"no schedule {key[2]}; there are {sorted(scheduler._schedules.keys())}")
    return key, schedule


def _fire_named(key, schedule, request):
    moment = request.get("scheduled_at")
    scheduled_at = datetime.fromisoformat(moment).timestamp() if moment else time.time()
    try:
        return fire(key, schedule, scheduled_at)
    except NotAllowed as why:
        raise Refused(str(why)) from why
