"""What an alarm tells the world when its state changes: an event on the default bus, and its actions.

Actions are SNS topics and Lambda functions; others are kept and do nothing. CloudWatch user guide, "Alarm events and
EventBridge", "Invoke a Lambda function from an alarm" and "Notifying users on alarm changes".
"""

import functools
import json
import logging
import pathlib
import uuid

import botocore

from emulator import invocations
from emulator.judgement import stamp
from emulator.roles import lets_in

logger = logging.getLogger("alarms")
SERVICE_FOR_LAMBDA = "lambda.alarms.cloudwatch.amazonaws.com"
ACTIONS = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}
# SNS takes no longer subject.
LONGEST_SUBJECT = 100

# ARN → the state that was told last, in the shape of `previousState`.
_known = {}


def remember(alarm):
    """Takes note of the alarm's state as the one that a later change is told to come from."""
    _known[alarm["AlarmArn"]] = _state(alarm)


def tell(alarm, old_state, new_state, reason):
    """Puts the event on the bus and runs the actions. The alarm is in its new state already."""
    state = _state(alarm)
    previous = _known.get(alarm["AlarmArn"]) or {"value": old_state}
    _known[alarm["AlarmArn"]] = state
    detail = {
        "alarmName": alarm["AlarmName"],
        "configuration": _configuration(alarm),
        "previousState": {**previous, "value": old_state},
        "state": state,
    }
    _put_event(alarm, detail)
    if not alarm.get("ActionsEnabled", True):
        return
    for action in alarm.get(ACTIONS.get(new_state, "")) or []:
        try:
            _act(action, alarm, detail)
        except Exception:
            logger.exception("the alarm %s cannot run its action %s", alarm["AlarmName"], action)


def _state(alarm):
    state = {"value": alarm["StateValue"], "reason": alarm.get("StateReason", "")}
    if data := alarm.get("StateReasonData"):
        state["reasonData"] = data
    return state | {"timestamp": stamp(alarm["StateUpdatedTimestamp"])}


def _configuration(alarm):
    told = {"description": alarm["AlarmDescription"]} if alarm.get("AlarmDescription") else {}
    if "AlarmRule" in alarm:
        return told | {"alarmRule": alarm["AlarmRule"]}
    if alarm.get("Metrics"):
        return told | {"metrics": [_query(one) for one in alarm["Metrics"]]}
    metric = {
        "namespace": alarm["Namespace"],
        "name": alarm["MetricName"],
        "dimensions": {one["Name"]: one["Value"] for one in alarm.get("Dimensions") or []},
    }
    statistic = {"metric": metric, "period": int(alarm.get("Period") or 60), "stat": _statistic(alarm)}
    if alarm.get("Unit"):
        statistic["unit"] = alarm["Unit"]
    return told | {"metrics": [{"id": _metric_id(alarm["AlarmArn"]), "metricStat": statistic, "returnData": True}]}


def _query(query):
    """One of the `Metrics` of an alarm on metric math."""
    told = {"id": query.get("Id", ""), "returnData": query.get("ReturnData", True)}
    for member in ("Expression", "Label"):
        if query.get(member):
            told[member.lower()] = query[member]
    if statistic := query.get("MetricStat"):
        metric = statistic.get("Metric", {})
        told["metricStat"] = {
            "metric": {
                "namespace": metric.get("Namespace", ""),
                "name": metric.get("MetricName", ""),
                "dimensions": {one["Name"]: one["Value"] for one in metric.get("Dimensions") or []},
            },
            "period": statistic.get("Period"),
            "stat": statistic.get("Stat"),
        }
    return told


def _statistic(alarm):
    return alarm.get("ExtendedStatistic") or alarm.get("Statistic", "Average")


def _metric_id(arn):
    return str(uuid.uuid5(uuid.NAMESPACE_URL, arn))


def _put_event(alarm, detail):
    from ministack.services import eventbridge

    entry = {
        "Source": "aws.cloudwatch",
        "DetailType": "CloudWatch Alarm State Change",
        "Resources": [alarm["AlarmArn"]],
        "Detail": json.dumps(detail),
    }
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


def _act(action, alarm, detail):
    service = action.split(":")[2] if action.count(":") > 4 else ""
    if service == "sns":
        _publish(action, alarm, detail)
    elif service == "lambda":
        invocations.invoke_as(SERVICE_FOR_LAMBDA, alarm["AlarmArn"], action, direct(alarm, detail))
    else:
        logger.warning("the action %s of the alarm %s is not one that is run here", action, alarm["AlarmName"])


def direct(alarm, detail):
    """What the alarm hands to a Lambda function that is its action."""
    _, _, _, region, account, *_ = alarm["AlarmArn"].split(":")
    return {
        "source": "aws.cloudwatch",
        "alarmArn": alarm["AlarmArn"],
        "accountId": account,
        "time": detail["state"]["timestamp"],
        "region": region,
        "alarmData": detail,
    }


def _publish(topic, alarm, detail):
    from ministack.core.responses import new_uuid
    from ministack.services import sns

    region = alarm["AlarmArn"].split(":")[3]
    if not lets_in(topic, "cloudwatch.amazonaws.com", alarm["AlarmArn"]):
        logger.error("the policy of %s does not let CloudWatch publish", topic)
        return
    subject = f'{detail["state"]["value"]}: "{alarm["AlarmName"]}" in {region_name(region)}'
    sns._fanout(topic, new_uuid(), json.dumps(notification(alarm, detail)), subject[:LONGEST_SUBJECT])


def notification(alarm, detail):
    """The message that the alarm publishes to a topic."""
    _, _, _, region, account, *_ = alarm["AlarmArn"].split(":")
    told = {
        "AlarmName": alarm["AlarmName"],
        "AlarmDescription": alarm.get("AlarmDescription") or None,
        "AWSAccountId": account,
        "AlarmConfigurationUpdatedTimestamp": stamp(alarm["AlarmConfigurationUpdatedTimestamp"]),
        "NewStateValue": detail["state"]["value"],
        "NewStateReason": detail["state"]["reason"],
        "StateChangeTime": detail["state"]["timestamp"],
        "Region": region_name(region),
        "AlarmArn": alarm["AlarmArn"],
        "OldStateValue": detail["previousState"]["value"],
        "OKActions": alarm.get("OKActions") or [],
        "AlarmActions": alarm.get("AlarmActions") or [],
        "InsufficientDataActions": alarm.get("InsufficientDataActions") or [],
    }
    if "AlarmRule" in alarm:
        return told | {"AlarmRule": alarm["AlarmRule"]}
    return told | {"Trigger": _trigger(alarm)}


def _trigger(alarm):
    if extended := alarm.get("ExtendedStatistic"):
        statistic = {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": extended}
    else:
        statistic = {"StatisticType": "Statistic", "Statistic": alarm.get("Statistic", "Average").upper()}
    trigger = {"MetricName": alarm.get("MetricName"), "Namespace": alarm.get("Namespace"), **statistic}
    trigger |= {
        "Unit": alarm.get("Unit"),
        "Dimensions": [{"value": one["Value"], "name": one["Name"]} for one in alarm.get("Dimensions") or []],
        "Period": int(alarm.get("Period") or 60),
        "EvaluationPeriods": int(alarm.get("EvaluationPeriods") or 1),
    }
    if alarm.get("DatapointsToAlarm"):
        trigger["DatapointsToAlarm"] = int(alarm["DatapointsToAlarm"])
    return trigger | {
        "ComparisonOperator": alarm.get("ComparisonOperator"),
        "Threshold": float(alarm.get("Threshold") or 0),
        "TreatMissingData": alarm.get("TreatMissingData") or "",
        "EvaluateLowSampleCountPercentile": alarm.get("EvaluateLowSampleCountPercentile") or "",
    }


@functools.cache
def region_name(region):
    """`us-east-1` is `US East (N. Virginia)` in these messages; botocore knows the names."""
    path = pathlib.Path(botocore.__file__).parent / "data" / "endpoints.json"
    partitions = json.loads(path.read_text(encoding="utf-8"))["partitions"]
    names = {name: one["description"] for partition in partitions for name, one in partition["regions"].items()}
    return names.get(region, region)
