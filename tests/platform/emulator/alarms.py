"""CloudWatch alarms: evaluated by the clock and whenever their metric gets a datapoint; each change of state is told.

MiniStack evaluates an alarm on datapoints of any dimensions, only when some arrive, and knows no missing data.
Alarms on metric math are kept and never evaluated.
"""

import asyncio
import json
import logging
import threading
import time

from emulator import announcements, judgement, replace
from emulator.control import Refused, endpoint
from emulator.judgement import Slot

logger = logging.getLogger("alarms")
SECONDS_BETWEEN_EVALUATIONS = 5
# How long `SetAlarmState` holds. On AWS until the next evaluation, which comes within a minute; a fixed time makes a
# test of it come out the same every day.
SECONDS_FORCED = 20
# What PutMetricAlarm may carry and MiniStack does not keep.
KEPT_MEMBERS = ("EvaluateLowSampleCountPercentile", "ThresholdMetricId", "Metrics")

_lock = threading.RLock()
# ARN → epoch seconds until which a forced state holds.
_forced = {}


def install():
    from ministack.services import cloudwatch

    replace.function(cloudwatch, "_evaluate_alarm", lambda _: evaluate)
    replace.function(cloudwatch, "_put_metric_alarm", _keeping)
    replace.function(cloudwatch, "_put_composite_alarm", _remembered)
    replace.function(cloudwatch, "_set_alarm_state", lambda _: set_state)
    replace.function(cloudwatch, "_dispatch_alarm_actions", lambda _: announcements.tell)


async def by_the_clock():
    """Evaluates every alarm again and again; never returns."""
    while True:
        await asyncio.sleep(SECONDS_BETWEEN_EVALUATIONS)
        evaluate_all()


def evaluate_all():
    """Evaluates the alarms of every account and region."""
    from ministack.core.responses import request_scope
    from ministack.services import cloudwatch

    for (account, region, name), alarm in cloudwatch._alarms.all_items():
        try:
            with request_scope(account, region):
                evaluate(alarm)
        except Exception:
            logger.exception("cannot evaluate the alarm %s", name)


def _on(namespace, name):
    from ministack.services import cloudwatch

    wanted = (namespace, name)
    return [alarm for alarm in cloudwatch._alarms.values() if (alarm.get("Namespace"), alarm.get("MetricName")) == wanted]


def on_datapoint(namespace, name):
    """Evaluates the alarms on that metric."""
    for alarm in _on(namespace, name):
        evaluate(alarm)


def hold(namespace, name):
    """The alarms on that metric keep their state as if it were forced."""
    for alarm in _on(namespace, name):
        _forced[alarm["AlarmArn"]] = time.time() + SECONDS_FORCED


def evaluate(alarm, seconds_later=0):
    """Moves the alarm by the newest periods of its own metric, unless its state is forced at present."""
    if not alarm.get("MetricName"):
        return
    now = time.time() + seconds_later
    with _lock:
        if _forced.get(alarm["AlarmArn"], 0) > now:
            return
        verdict = judgement.judge(alarm, _slots(alarm, now), now)
        if verdict.state is not None and verdict.state != alarm["StateValue"]:
            _move(alarm, verdict.state, verdict.reason, verdict.data)


def _slots(alarm, now):
    """The evaluation range. The period that runs counts as soon as it has a datapoint, and not before."""
    from ministack.services import cloudwatch

    dimensions = {one["Name"]: one["Value"] for one in alarm.get("Dimensions") or []}
    key = (alarm["Namespace"], alarm["MetricName"], cloudwatch._dims_key(dimensions))
    period = int(alarm.get("Period") or 60)
    by_index = {}
    for point in list(cloudwatch._metrics.get(key) or []):
        by_index.setdefault(int(point["Timestamp"] // period), []).append(point)
    newest = int(now // period)
    if newest not in by_index:
        newest -= 1
    count = judgement.evaluation_periods(alarm) + judgement.SPARE_PERIODS
    return [_slot(alarm, index * period, by_index.get(index)) for index in range(newest - count + 1, newest + 1)]


def _slot(alarm, begin, points):
    from ministack.services import cloudwatch

    if not points:
        return Slot(begin)
    statistics = cloudwatch._calc_stats(points)
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic", "Average")
    value = cloudwatch._stat_value(statistics, statistic, points)
    return Slot(begin, value, statistics.get("SampleCount", 0.0))


def _move(alarm, state, reason, data):
    """Changes the state; `data` is the reason data as a dictionary, None for none."""
    from ministack.services import cloudwatch

    before, now = alarm["StateValue"], round(time.time(), 3)
    alarm |= {"StateValue": state, "StateReason": reason, "StateUpdatedTimestamp": now}
    alarm.pop("StateReasonData", None)
    if data is not None:
        alarm["StateReasonData"] = json.dumps(data, separators=(",", ":"))
    if state == before:
        announcements.remember(alarm)
        return
    alarm["StateTransitionedTimestamp"] = now
    kind = "CompositeAlarm" if "AlarmRule" in alarm else "MetricAlarm"
    cloudwatch._record_history(alarm["AlarmName"], before, state, reason, kind, data)
    cloudwatch._dispatch_alarm_actions(alarm, before, state, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def set_state(params, data, is_cbor, is_json=False):
    """`SetAlarmState`: the reason data is the caller's own, or there is none."""
    from ministack.services import cloudwatch

    def given(name):
        return data.get(name) if is_cbor or is_json else cloudwatch._p(params, name)

    name, state, told = given("AlarmName"), given("StateValue"), given("StateReasonData")
    alarm = cloudwatch._alarms.get(name) or cloudwatch._composite_alarms.get(name)
    if not alarm:
        return cloudwatch._error("ResourceNotFound", f"Alarm {name} not found", 404, use_json=is_json, use_cbor=is_cbor)
    try:
        reason_data = json.loads(told) if told else None
    except ValueError:
        return cloudwatch._error("InvalidFormat", "StateReasonData is not valid JSON", 400, use_json=is_json,
                                 use_cbor=is_cbor)
    with _lock:
        _forced[alarm["AlarmArn"]] = time.time() + SECONDS_FORCED
        if "AlarmRule" in alarm and state != alarm["StateValue"]:
            cloudwatch._composite_triggers.pop(name, None)
        _move(alarm, state, given("StateReason") or "", reason_data)
    if is_cbor:
        return cloudwatch._cbor_ok({})
    return cloudwatch._json_ok({}) if is_json else cloudwatch._xml(200, "SetAlarmStateResponse", "")


def _keeping(put):
    """The alarm keeps what MiniStack drops, and what was known of its state when it was changed."""

    def put_metric_alarm(params, data, is_cbor, is_json=False):
        from ministack.services import cloudwatch

        name = data.get("AlarmName") if is_cbor or is_json else cloudwatch._p(params, "AlarmName")
        before = cloudwatch._alarms.get(name) or {}
        answer = put(params, data, is_cbor, is_json)
        alarm = cloudwatch._alarms.get(name)
        if answer[0] == 200 and alarm is not None:
            if not before:
                _forced.pop(alarm["AlarmArn"], None)
            for member in KEPT_MEMBERS:
                value = data.get(member) if is_cbor or is_json else cloudwatch._p(params, member)
                if value:
                    alarm[member] = value
            if "StateReasonData" not in alarm and alarm["StateReason"] == before.get("StateReason"):
                alarm |= {key: before[key] for key in ("StateReasonData", "StateTransitionedTimestamp") if key in before}
            announcements.remember(alarm)
        return answer

    return put_metric_alarm


def _remembered(put):
    def put_composite_alarm(params, data, is_cbor, is_json=False):
        from ministack.services import cloudwatch

        answer = put(params, data, is_cbor, is_json)
        for alarm in cloudwatch._composite_alarms.values():
            announcements.remember(alarm)
        return answer

    return put_composite_alarm


@endpoint("alarms/evaluate")
def evaluate_now(request):
    """Optional `alarm`: evaluates it, or every alarm, at once, whether its state is forced or not. Optional `seconds_later`: as
    it will be then if no datapoint comes; that state holds as a forced one does."""
    from ministack.services import cloudwatch

    named = request.get("alarm")
    alarms = [alarm for alarm in cloudwatch._alarms.values() if named in (None, alarm["AlarmName"])]
    if named is not None and not alarms:
        raise Refused(f"no metric alarm {named}")
    for alarm in alarms:
        _forced.pop(alarm["AlarmArn"], None)
        seconds_later = request.get("seconds_later") or 0
        evaluate(alarm, seconds_later)
        if seconds_later:
            _forced[alarm["AlarmArn"]] = time.time() + SECONDS_FORCED
    return {"states": {alarm["AlarmName"]: alarm["StateValue"] for alarm in alarms}}
