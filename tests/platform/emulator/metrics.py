"""CloudWatch: service metrics, exact dimensions, and alarms that follow their own metric only.

MiniStack lets anybody write into `AWS/…`, answers a query without dimensions from every metric of that name, gives
the oldest datapoint first, and evaluates an alarm on datapoints of other dimensions.
"""

import contextvars
import json
import time
from datetime import datetime

from emulator import replace
from emulator.control import endpoint

# Whether the GetMetricData being answered wants its newest datapoint first.
_newest_first = contextvars.ContextVar("newest_first", default=True)


def install():
    from ministack.services import cloudwatch

    replace.function(cloudwatch, "_put_metric_data", _outside_of_aws)
    replace.function(cloudwatch, "_get_metric_data", _in_asked_order)
    replace.function(cloudwatch, "_cbor_metric_data_result", _ordered)
    replace.function(cloudwatch, "_dims_from_list", _exactly)
    replace.function(cloudwatch, "_evaluate_alarm", lambda _: evaluate)


def _outside_of_aws(put):
    def put_metric_data(params, data, is_cbor, is_json=False):
        from ministack.services import cloudwatch

        namespace = data.get("Namespace") if is_cbor or is_json else cloudwatch._p(params, "Namespace")
        if str(namespace).startswith("AWS/"):
            return cloudwatch._error("InvalidParameterValue", "The value AWS/ for parameter Namespace is invalid.", 400,
                                     use_json=is_json, use_cbor=is_cbor)
        return put(params, data, is_cbor, is_json)

    return put_metric_data


def _in_asked_order(get):
    """`ScanBy` defaults to TimestampDescending (CloudWatch API reference, GetMetricData)."""

    def get_metric_data(params, data, is_cbor, is_json=False):
        _newest_first.set(data.get("ScanBy", "TimestampDescending") == "TimestampDescending")
        status, headers, body = get(params, data, is_cbor, is_json)
        if is_json and status == 200:
            document = json.loads(body)
            document["MetricDataResults"] = [_turned(result) for result in document["MetricDataResults"]]
            body = json.dumps(document).encode()
        return status, headers, body

    return get_metric_data


def _ordered(render):
    return lambda result: render(_turned(result))


def _turned(result):
    if not _newest_first.get():
        return result
    return {**result, "Timestamps": result["Timestamps"][::-1], "Values": result["Values"][::-1]}


class _Dimensions(dict):
    """True even when empty, so that no dimensions mean the metric without any, not every metric."""

    def __bool__(self):
        return True


def _exactly(read):
    return lambda dimensions: _Dimensions(read(dimensions))


def store(namespace, name, dimensions, seconds, unit, values):
    """Stores datapoints and evaluates the alarms on that metric."""
    from ministack.services import cloudwatch

    cloudwatch._store_datum(namespace, name, dimensions, seconds, unit, None, values, None, None)
    for alarm in cloudwatch._alarms.values():
        if alarm.get("Namespace") == namespace and alarm.get("MetricName") == name:
            evaluate(alarm)


def evaluate(alarm):
    """Moves the alarm by its own metric's last periods; without a datapoint in them the state stays."""
    from ministack.services import cloudwatch

    dimensions = {one["Name"]: one["Value"] for one in alarm.get("Dimensions") or []}
    key = (alarm.get("Namespace"), alarm.get("MetricName"), cloudwatch._dims_key(dimensions))
    period, count = int(alarm.get("Period") or 60), int(alarm.get("EvaluationPeriods") or 1)
    newest = int(time.time() // period)
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic", "Average")
    values = {}
    for index in range(newest - count + 1, newest + 1):
        points = [point for point in cloudwatch._metrics.get(key) or [] if int(point["Timestamp"] // period) == index]
        if points:
            values[index] = cloudwatch._stat_value(cloudwatch._calc_stats(points), statistic, points)
    present = [value for value in values.values() if value is not None]
    if not present:
        return
    missing = count - len(present)
    breaching = sum(_breaches(alarm, value) for value in present)
    if alarm.get("TreatMissingData") == "breaching":
        breaching += missing
    needed = int(alarm.get("DatapointsToAlarm") or count)
    if alarm.get("TreatMissingData") in (None, "missing", "ignore"):
        # Only present datapoints decide, so fewer than asked for are enough.
        needed = min(needed, len(present))
    _move(alarm, "ALARM" if breaching >= needed else "OK", f"{statistic} of the last {count} periods: {present}")


def _breaches(alarm, value):
    threshold = float(alarm.get("Threshold") or 0)
    return {
        "GreaterThanOrEqualToThreshold": value >= threshold,
        "GreaterThanThreshold": value > threshold,
        "LessThanThreshold": value < threshold,
        "LessThanOrEqualToThreshold": value <= threshold,
    }.get(alarm.get("ComparisonOperator"), False)


def _move(alarm, state, reason):
    from ministack.services import cloudwatch

    before = alarm["StateValue"]
    if before == state:
        return
    reason = f"Threshold Crossed: {reason} against {alarm.get('ComparisonOperator')} {alarm.get('Threshold')}"
    alarm |= {"StateValue": state, "StateReason": reason, "StateUpdatedTimestamp": int(time.time())}
    cloudwatch._record_history(alarm["AlarmName"], before, state, reason)
    cloudwatch._dispatch_alarm_actions(alarm, before, state, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


@endpoint("metrics")
def emit(request):
    """`namespace`, `name`; optional `dimensions` (an object), `unit`; `points`: `[{"timestamp": …, "value": …}]`."""
    dimensions = {str(name): str(value) for name, value in (request.get("dimensions") or {}).items()}
    for point in request["points"]:
        seconds = datetime.fromisoformat(point["timestamp"]).timestamp()
        store(request["namespace"], request["name"], dimensions, seconds, request.get("unit", "None"), [float(point["value"])])
    return {"stored": len(request["points"])}
