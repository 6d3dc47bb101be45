"""Kind and key of an event, with Powertools' data classes where there is one: what `classify` does, in Python."""

import json
import pathlib
import sys
import time
from datetime import datetime, timezone

from aws_lambda_powertools.utilities.data_classes import CloudWatchAlarmEvent, EventBridgeEvent, SNSEvent


def instant(text):
    """UTC with milliseconds, or None for what is no instant."""
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    if at.tzinfo is None:
        return None
    return at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def alarm(arn, changed):
    return "alarm", f"{arn}@{instant(changed)}"


def finding(account, region, finding_id):
    return "finding", f"{account}/{region}/{finding_id}"


def scheduled(task, target, at):
    at = instant(at)
    return "scheduled", f"{task}/{target}@{at}" if at else None


def native(detail):
    return finding(detail["accountId"], detail["region"], detail["id"])


def asff(detail):
    """A finding of GuardDuty in Security Hub's format; its product ARN names the region."""
    if "guardduty" not in detail["ProductArn"]:
        return "ignored", None
    return finding(detail["AwsAccountId"], detail.get("Region") or detail["ProductArn"].split(":")[3], detail["Id"].rsplit("/", 1)[-1])


def lower_first(value):
    """GetFindings' PascalCase as EventBridge's camelCase, for the three fields that are needed."""
    return {"accountId": value["AccountId"], "region": value["Region"], "id": value["Id"]}


def bridge(raw):
    event = EventBridgeEvent(raw)
    match event.source, event.detail_type:
        case "aws.cloudwatch", "CloudWatch Alarm State Change":
            return alarm(event.resources[0], event.detail["state"]["timestamp"])
        case "aws.guardduty", "GuardDuty Finding":
            return native(event.detail)
        case "aws.securityhub", "Security Hub Findings - Imported":
            return asff(event.detail["findings"][0])
        case ("aws.scheduler" | "aws.events"), "Scheduled Event":
            return scheduled("", "", event.time)
    return "ignored", None


def notification(message, topic):
    """What CloudWatch publishes to a topic."""
    arn = message.get("AlarmArn")
    if arn is None:
        region = topic.split(":")[3]
        arn = f"arn:aws:cloudwatch:{region}:{message['AWSAccountId']}:alarm:{message['AlarmName']}"
    return alarm(arn, message["StateChangeTime"])


def decide(raw, topic=None):
    if "Records" in raw:
        if raw["Records"][0].get("eventSource", raw["Records"][0].get("EventSource")) != "aws:sns":
            return "ignored", None
        record = next(SNSEvent(raw).records)
        try:
            message = json.loads(record.sns.message)
        except ValueError:
            return "ignored", None
        return decide(message, record.sns.topic_arn)
    if "Message" in raw and "TopicArn" in raw:
        return decide(json.loads(raw["Message"]), raw["TopicArn"])
    if "detail-type" in raw:
        return bridge(raw)
    if "alarmData" in raw:
        event = CloudWatchAlarmEvent(raw)
        return alarm(event.alarm_arn, event.alarm_data.state.timestamp)
    if "NewStateValue" in raw:
        return notification(raw, topic)
    if "ProductArn" in raw:
        return asff(raw)
    if "schemaVersion" in raw:
        return native(raw)
    if "SchemaVersion" in raw:
        return native(lower_first(raw))
    if topic and "task" not in raw:
        return "ignored", None
    if "scheduled_at" in raw:
        return scheduled(raw.get("task", ""), raw.get("target", ""), raw["scheduled_at"])
    match raw.get("task"):
        case "self-check":
            return "self-check", None
        case "revert":
            return "revert", raw["lease"]
    return "manual", None


def main():
    folder, repetitions = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    files = [
        file
        for kind in folder.iterdir()
        if kind.is_dir()
        for file in kind.glob("*.json")
        if not file.name.startswith("malformed")
    ]
    events = sorted((f"{file.parent.name}/{file.name}", file.read_bytes()) for file in files)
    decisions = [[name, *decide(json.loads(event))] for name, event in events]
    began = time.process_time_ns()
    for _ in range(repetitions):
        for _, event in events:
            decide(json.loads(event))
    took = time.process_time_ns() - began
    print(json.dumps({"decisions": decisions, "repetitions": repetitions, "nanoseconds": took}))


if __name__ == "__main__":
    main()
