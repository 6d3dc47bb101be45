"""Auto Scaling: suspended processes, the limits of a group, pages of groups, and the next start of a schedule.

MiniStack has no suspended processes, takes a desired capacity above the maximum and answers all groups at once.
"""

import re
import time
from datetime import datetime, timezone

from emulator import activities, launches, occurrences, replace
from emulator.control import Refused, endpoint

# The processes of the Auto Scaling user guide, "Types of processes".
PROCESSES = ("Launch", "Terminate", "AddToLoadBalancer", "AlarmNotification", "AZRebalance", "HealthCheck",
             "InstanceRefresh", "ReplaceUnhealthy", "ScheduledActions")
GROUPS_PER_PAGE = 50


def install():
    from ministack.services import autoscaling

    table = autoscaling._ACTION_MAP
    replace.function(autoscaling, "_reconcile_instances", lambda _: launches.reconcile)
    replace.function(autoscaling, "reset", _also_clearing)
    replace.function(autoscaling, "_instance_member_xml", _with_type)
    replace.action(table, "DescribeAutoScalingGroups", _in_pages)
    replace.action(table, "DescribeScalingActivities", lambda _: activities.describe)
    replace.action(table, "SetDesiredCapacity", _within_limits)
    replace.action(table, "UpdateAutoScalingGroup", _within_limits)
    replace.action(table, "SuspendProcesses", lambda _: suspend)
    replace.action(table, "ResumeProcesses", lambda _: resume)
    replace.action(table, "DescribeScheduledActions", _with_next_start)


def _also_clearing(reset):
    def reset_all():
        activities.clear()
        reset()

    return reset_all


def _with_type(render):
    def instance_member_xml(member, include_group_name=""):
        xml = render(member, include_group_name)
        kind = member.get("InstanceType")
        return xml.replace("<AvailabilityZone>", f"<InstanceType>{kind}</InstanceType><AvailabilityZone>", 1) if kind else xml

    return instance_member_xml


def _in_pages(describe):
    """MiniStack renders the groups one at a time; the suspended processes are put into each."""

    def describe_groups(params):
        from ministack.services import autoscaling

        names = autoscaling._parse_member_list(params, "AutoScalingGroupNames")
        listed = [name for name in autoscaling._asgs if not names or name in names]
        page, token = activities.page_of(listed, params, GROUPS_PER_PAGE)
        members = ""
        for name in page:
            body = describe({"AutoScalingGroupNames.member.1": name})[2].decode()
            suspended = autoscaling._member_xml(autoscaling._asgs[name].get("SuspendedProcesses", []))
            member = re.search(r"<AutoScalingGroups>(.*)</AutoScalingGroups>", body, re.DOTALL).group(1)
            members += member.replace("<Instances", f"<SuspendedProcesses>{suspended}</SuspendedProcesses><Instances", 1)
        more = f"<NextToken>{token}</NextToken>" if token else ""
        result = f"<AutoScalingGroups>{members}</AutoScalingGroups>{more}"
        return autoscaling._xml(200, "DescribeAutoScalingGroupsResponse",
                                f"<DescribeAutoScalingGroupsResult>{result}</DescribeAutoScalingGroupsResult>")

    return describe_groups


def _within_limits(change):
    def checked(params):
        from ministack.services import autoscaling

        group = autoscaling._asgs.get(autoscaling._p(params, "AutoScalingGroupName"))
        if group:
            low, high, desired = (int(autoscaling._p(params, key) or group[key])
                                  for key in ("MinSize", "MaxSize", "DesiredCapacity"))
            if autoscaling._p(params, "DesiredCapacity") == "":
                # A new limit moves the capacity with it when none is asked for.
                desired = min(max(desired, low), high)
                params = {**params, "DesiredCapacity": str(desired)}
            if not low <= desired <= high:
                return autoscaling._error("ValidationError", f"Desired capacity:{desired} must be between the specified "
                                                             f"min size:{low} and max size:{high}")
        return change(params)

    return checked


def suspend(params):
    """`SuspendProcesses`: the named processes, or all of them."""
    return _change_processes(params, "SuspendProcesses", lambda present, named: present | named)


def resume(params):
    """`ResumeProcesses`: the named processes, or all of them."""
    return _change_processes(params, "ResumeProcesses", lambda present, named: present - named)


def _change_processes(params, action, change):
    from ministack.services import autoscaling

    name = autoscaling._p(params, "AutoScalingGroupName")
    group = autoscaling._asgs.get(name)
    if group is None:
        return autoscaling._error("ValidationError", f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
    named = set(autoscaling._parse_member_list(params, "ScalingProcesses")) or set(PROCESSES)
    if unknown := named - set(PROCESSES):
        return autoscaling._error("ValidationError", f"Invalid process type: {sorted(unknown)[0]}")
    present = {process["ProcessName"] for process in group.get("SuspendedProcesses", [])}
    since = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    reason = f"User suspended at {since}"
    group["SuspendedProcesses"] = [
        {"ProcessName": process, "SuspensionReason": reason} for process in PROCESSES if process in change(present, named)
    ]
    autoscaling._reconcile_instances(group)
    return autoscaling._xml(200, f"{action}Response", "")


def _with_next_start(describe):
    """A recurring action without a start time is answered with its next one, in UTC, as on AWS."""

    def describe_scheduled_actions(params):
        from ministack.services import autoscaling

        absent = []
        for action in autoscaling._scheduled_actions.values():
            if action.get("Recurrence") and not action.get("StartTime"):
                start = occurrences.unix_cron(action["Recurrence"], action.get("TimeZone") or "UTC", time.time())
                if start is not None:
                    action["StartTime"] = start.strftime("%Y-%m-%dT%H:%M:%SZ")
                    absent.append(action)
        try:
            return describe(params)
        finally:
            for action in absent:
                del action["StartTime"]

    return describe_scheduled_actions


@endpoint("instances")
def place(request):
    """`auto_scaling_group`, `instances`: the group has exactly these from now on; others of it are terminated.

    Each: optional `instance_id`, `availability_zone`, `instance_type`, `lifecycle_state`, `health_status`,
    `protected_from_scale_in`, `lifecycle` (`spot`), `launch_time` (ISO 8601), `private_ip_address`,
    `private_dns_name`. The desired capacity stays as it is.
    """
    from ministack.services import autoscaling, ec2

    group = autoscaling._asgs.get(request["auto_scaling_group"])
    if group is None:
        raise Refused(f"no Auto Scaling group {request['auto_scaling_group']}")
    wanted = request["instances"]
    named = {one.get("instance_id") for one in wanted}
    for member in list(group["Instances"]):
        if member["InstanceId"] not in named:
            launches.end(group, member)
    present = {member["InstanceId"]: member for member in group["Instances"]}
    answer = []
    for one in wanted:
        member = present.get(one.get("instance_id"))
        if member is None:
            member = launches.launch(group, one.get("availability_zone"), one.get("instance_id"), one.get("instance_type"))
        answer.append(_shape(member, ec2._instances[member["InstanceId"]], one))
    return {"instances": answer}


MEMBER_FIELDS = {"lifecycle_state": "LifecycleState", "health_status": "HealthStatus",
                 "protected_from_scale_in": "ProtectedFromScaleIn", "availability_zone": "AvailabilityZone",
                 "instance_type": "InstanceType"}
INSTANCE_FIELDS = {"launch_time": "LaunchTime", "private_ip_address": "PrivateIpAddress",
                   "private_dns_name": "PrivateDnsName", "lifecycle": "InstanceLifecycle", "instance_type": "InstanceType"}


def _shape(member, instance, wanted):
    for key, value in wanted.items():
        if value is None:
            continue
        if key in MEMBER_FIELDS:
            member[MEMBER_FIELDS[key]] = value
        if key in INSTANCE_FIELDS:
            instance[INSTANCE_FIELDS[key]] = value
    instance["Placement"]["AvailabilityZone"] = member["AvailabilityZone"]
    return {
        "instance_id": member["InstanceId"],
        "availability_zone": member["AvailabilityZone"],
        "subnet_id": instance["SubnetId"],
        "private_dns_name": instance["PrivateDnsName"],
        "private_ip_address": instance["PrivateIpAddress"],
        "launch_time": instance["LaunchTime"],
    }
