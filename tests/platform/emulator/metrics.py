"""CloudWatch: service metrics, exact dimensions, and the newest datapoint first.

MiniStack lets anybody write into `AWS/…`, answers a query without dimensions from every metric of that name, and gives
the oldest datapoint first.
"""

import contextvars
import json
from datetime import datetime

from emulator import alarms, replace
from emulator.control import endpoint

# Whether the GetMetricData being answered wants its newest datapoint first.
_newest_first = contextvars.ContextVar("newest_first", default=True)


def install():
    from ministack.services import cloudwatch

    replace.function(cloudwatch, "_put_metric_data", _outside_of_aws)
    replace.function(cloudwatch, "_get_metric_data", _in_asked_order)
    replace.function(cloudwatch, "_cbor_metric_data_result", _ordered)
    replace.function(cloudwatch, "_dims_from_list", _exactly)


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
    alarms.on_datapoint(namespace, name)


@endpoint("metrics")
def emit(request):
    """`namespace`, `name`; optional `dimensions` (an object), `unit`; `points`: `[{"timestamp": …, "value": …}]`."""
    dimensions = {str(name): str(value) for name, value in (request.get("dimensions") or {}).items()}
    for point in request["points"]:
        seconds = datetime.fromisoformat(point["timestamp"]).timestamp()
        store(request["namespace"], request["name"], dimensions, seconds, request.get("unit", "None"), [float(point["value"])])
    return {"stored": len(request["points"])}


@endpoint("metrics/forget")
def forget(request):
    """`namespace`, `name`, `dimensions`: every datapoint of that metric is gone, so that a test can tell its past anew.
    Until `alarms/evaluate`, or as long as a forced state holds, the alarms on it do not move: nobody saw it missing."""
    from ministack.services import cloudwatch

    dimensions = {str(name): str(value) for name, value in (request.get("dimensions") or {}).items()}
    key = (request["namespace"], request["name"], cloudwatch._dims_key(dimensions))
    alarms.hold(request["namespace"], request["name"])
    return {"forgotten": len(cloudwatch._metrics.pop(key, None) or [])}
