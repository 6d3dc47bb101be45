"""Auto Scaling activities: what `DescribeScalingActivities` lists, in pages: what is in progress first, then newest first.

MiniStack answers an empty list. Launches and terminations of the emulator's own groups are entered as they
happen; a test posts the ones that only a real capacity shortage would give.
"""

import uuid
from datetime import datetime, timezone

from emulator.control import Refused, endpoint

# Values of `ScalingActivityStatusCode` in the Auto Scaling API reference.
STATUS_CODES = frozenset((
    "PendingSpotBidPlacement", "WaitingForSpotInstanceRequestId", "WaitingForSpotInstanceId", "WaitingForInstanceId",
    "PreInService", "InProgress", "WaitingForELBConnectionDraining", "MidLifecycleAction", "WaitingForInstanceWarmup",
    "Successful", "Failed", "Cancelled", "WaitingForConnectionDraining", "WaitingForInPlaceUpdateToStart",
    "WaitingForInPlaceUpdateToFinalize", "InPlaceUpdateInProgress",
))
FINAL = frozenset(("Successful", "Failed", "Cancelled"))
DEFAULT_PAGE = 100

_log = []


def clear():
    _log.clear()


def enter(group, status, description, cause, message=None, **more):
    """Adds one activity of the group record `group`; times are ISO 8601 and default to now."""
    now = _now()
    started = more.get("start_time") or now
    activity = {
        "ActivityId": str(uuid.uuid4()),
        "AutoScalingGroupName": group["AutoScalingGroupName"],
        "Description": description,
        "Cause": cause,
        "StartTime": started,
        "StatusCode": status,
        "Progress": more.get("progress", 100 if status in FINAL else 30),
        "Details": more.get("details") or "{}",
        "AutoScalingGroupARN": group["AutoScalingGroupARN"],
    }
    if status in FINAL:
        activity["EndTime"] = more.get("end_time") or max(started, now)
    if message:
        activity["StatusMessage"] = message
    _log.append(activity)
    return activity["ActivityId"]


def find(identifier):
    """The activity with this id."""
    return next(activity for activity in _log if activity["ActivityId"] == identifier)


def describe(params):
    """`DescribeScalingActivities`."""
    from ministack.services import autoscaling

    wanted, group = autoscaling._parse_member_list(params, "ActivityIds"), autoscaling._p(params, "AutoScalingGroupName")
    if group and group not in autoscaling._asgs:
        return autoscaling._error("ValidationError", f"Group name '{group}' not found")
    passes = _filters(params)
    listed = [
        activity
        for activity in sorted(reversed(_log), key=lambda one: (one["StatusCode"] not in FINAL, one["StartTime"]), reverse=True)
        if (not wanted or activity["ActivityId"] in wanted) and (not group or activity["AutoScalingGroupName"] == group)
        and passes(activity)
    ]
    page, token = page_of(listed, params, DEFAULT_PAGE)
    members = autoscaling._member_xml(page)
    more = f"<NextToken>{token}</NextToken>" if token else ""
    result = f"<DescribeScalingActivitiesResult><Activities>{members}</Activities>{more}</DescribeScalingActivitiesResult>"
    return autoscaling._xml(200, "DescribeScalingActivitiesResponse", result)


def _filters(params):
    """The filters of the API: `Status`, `StartTimeLowerBound`, `StartTimeUpperBound`. Times of one form compare as texts."""
    from ministack.services import autoscaling

    wanted = {}
    while name := autoscaling._p(params, f"Filters.member.{len(wanted) + 1}.Name"):
        wanted[name] = autoscaling._parse_member_list(params, f"Filters.member.{len(wanted) + 1}.Values")
    if unknown := wanted.keys() - {"Status", "StartTimeLowerBound", "StartTimeUpperBound"}:
        raise ValueError(f"no filter {sorted(unknown)[0]}")

    def passes(activity):
        began = activity["StartTime"]
        return (activity["StatusCode"] in wanted.get("Status", (activity["StatusCode"],))
                and all(began >= bound for bound in wanted.get("StartTimeLowerBound", ()))
                and all(began <= bound for bound in wanted.get("StartTimeUpperBound", ())))

    return passes


def page_of(listed, params, default):
    """The page that `MaxRecords` and `NextToken` ask for, and the token of the next one or None."""
    from ministack.services import autoscaling

    start = int(autoscaling._p(params, "NextToken") or 0)
    end = start + int(autoscaling._p(params, "MaxRecords") or default)
    return listed[start:end], str(end) if end < len(listed) else None


@endpoint("scaling-activities")
def post(request):
    """`auto_scaling_group`, `status_code`; optional `description`, `cause`, `status_message`, `start_time`,
    `end_time`, `progress`, `details` (a JSON text, as in AWS)."""
    from ministack.services import autoscaling

    group = autoscaling._asgs.get(request["auto_scaling_group"])
    if group is None:
        raise Refused(f"no Auto Scaling group {request['auto_scaling_group']}")
    if request["status_code"] not in STATUS_CODES:
        raise Refused(f"no status code {request['status_code']}")
    more = {name: request.get(name) for name in ("start_time", "end_time", "details")}
    if request.get("progress") is not None:
        more["progress"] = int(request["progress"])
    identifier = enter(
        group,
        request["status_code"],
        request.get("description", "Launching a new EC2 instance"),
        request.get("cause", "an instance was started in response to a difference between desired and actual capacity"),
        request.get("status_message"),
        **more,
    )
    return {"activity_id": identifier}


def _now():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
