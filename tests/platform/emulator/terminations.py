"""Auto Scaling: taking one instance out of a group, and instance refreshes as a test places them.

MiniStack lacks `TerminateInstanceInAutoScalingGroup`, and finishes every instance refresh at once.
"""

import uuid
from datetime import datetime, timezone

from emulator import activities, launches, replace
from emulator.control import Refused, endpoint

# `InstanceRefreshStatus` in the Auto Scaling API reference.
UNDER_WAY = frozenset(("Pending", "InProgress", "Cancelling", "RollbackInProgress", "Baking"))
STATUSES = UNDER_WAY | {"Successful", "Failed", "Cancelled", "RollbackFailed", "RollbackSuccessful"}
REFRESHES_PER_PAGE = 50


def install():
    from ministack.services import autoscaling

    table = autoscaling._ACTION_MAP
    replace.action(table, "TerminateInstanceInAutoScalingGroup", lambda _: terminate)
    replace.action(table, "DescribeInstanceRefreshes", lambda _: describe_refreshes)


def terminate(params):
    """`TerminateInstanceInAutoScalingGroup`: the answer tells of an activity that has just begun."""
    from ministack.services import autoscaling

    identifier = autoscaling._p(params, "InstanceId")
    decrement = autoscaling._p(params, "ShouldDecrementDesiredCapacity")
    if decrement not in ("true", "false"):
        return autoscaling._error("ValidationError", "ShouldDecrementDesiredCapacity is required")
    group, member = _find(identifier)
    if group is None:
        return autoscaling._error("ValidationError", "Instance Id not found - No managed instance found for instance ID: "
                                                     f"{identifier}")
    before = group["DesiredCapacity"]
    if decrement == "true" and before <= group["MinSize"]:
        return autoscaling._error(
            "ValidationError",
            f"Currently, desiredSize equals minSize ({group['MinSize']}). Terminating instance without replacement will "
            "violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's "
            "min size.")
    launches.end(group, member)
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    cause = f"At {now} instance {identifier} was taken out of service in response to a user request"
    if decrement == "true":
        group["DesiredCapacity"] = before - 1
        cause += f", shrinking the capacity from {before} to {before - 1}"
    entered = activities.enter(group, "Successful", f"Terminating EC2 instance: {identifier}", f"{cause}.")
    autoscaling._reconcile_instances(group)
    told = activities.find(entered) | {"StatusCode": "InProgress", "Progress": 0}
    told.pop("EndTime", None)
    # The list renders its members; the one answered here stands in an element of its own name.
    inner = autoscaling._member_xml([told]).removeprefix("<member>").removesuffix("</member>")
    result = f"<TerminateInstanceInAutoScalingGroupResult><Activity>{inner}</Activity></TerminateInstanceInAutoScalingGroupResult>"
    return autoscaling._xml(200, "TerminateInstanceInAutoScalingGroupResponse", result)


def _find(identifier):
    from ministack.services import autoscaling

    for group in autoscaling._asgs.values():
        for member in group["Instances"]:
            if member["InstanceId"] == identifier:
                return group, member
    return None, None


def describe_refreshes(params):
    """`DescribeInstanceRefreshes`, newest first and in pages; one under way has no end."""
    from ministack.services import autoscaling

    name = autoscaling._p(params, "AutoScalingGroupName")
    group = autoscaling._asgs.get(name)
    if group is None:
        return autoscaling._error("ValidationError", f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
    wanted = autoscaling._parse_member_list(params, "InstanceRefreshIds")
    listed = [{key: value for key, value in refresh.items() if key != "Preferences" and value is not None}
              for refresh in group.get("InstanceRefreshes", []) if not wanted or refresh["InstanceRefreshId"] in wanted]
    page, token = activities.page_of(listed, params, REFRESHES_PER_PAGE)
    more = f"<NextToken>{token}</NextToken>" if token else ""
    members = autoscaling._member_xml(page)
    result = (f"<DescribeInstanceRefreshesResult><InstanceRefreshes>{members}</InstanceRefreshes>{more}"
              "</DescribeInstanceRefreshesResult>")
    return autoscaling._xml(200, "DescribeInstanceRefreshesResponse", result)


@endpoint("instance-refreshes")
def place(request):
    """`auto_scaling_group`, `status`; optional `status_reason`, `percentage_complete`, `instances_to_update`. One that
    is under way is replaced, as a group has at most one."""
    from ministack.services import autoscaling

    group = autoscaling._asgs.get(request["auto_scaling_group"])
    if group is None:
        raise Refused(f"no Auto Scaling group {request['auto_scaling_group']}")
    status = request["status"]
    if status not in STATUSES:
        raise Refused(f"no status {status}")
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    known = group.setdefault("InstanceRefreshes", [])
    if known and known[0]["Status"] in UNDER_WAY:
        refresh = known[0]
    else:
        refresh = {"InstanceRefreshId": str(uuid.uuid4()), "AutoScalingGroupName": group["AutoScalingGroupName"],
                   "StartTime": now, "PercentageComplete": 0, "InstancesToUpdate": len(group["Instances"])}
        known.insert(0, refresh)
    refresh |= {"Status": status, "StatusReason": request.get("status_reason"),
                "EndTime": None if status in UNDER_WAY else now}
    for key, member in (("percentage_complete", "PercentageComplete"), ("instances_to_update", "InstancesToUpdate")):
        if request.get(key) is not None:
            refresh[member] = int(request[key])
    return {"instance_refresh_id": refresh["InstanceRefreshId"]}
