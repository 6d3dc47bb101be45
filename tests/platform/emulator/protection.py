"""Auto Scaling: `SetInstanceProtection`, which MiniStack lacks. Scale-in passes protected instances over (`launches.py`)."""

from emulator import replace

# Auto Scaling API reference, SetInstanceProtection.
MOST_INSTANCES = 50


def install():
    from ministack.services import autoscaling

    replace.action(autoscaling._ACTION_MAP, "SetInstanceProtection", lambda _: protect)


def protect(params):
    """All of the instances or none: an instance of another group refuses the call."""
    from ministack.services import autoscaling

    name = autoscaling._p(params, "AutoScalingGroupName")
    group = autoscaling._asgs.get(name)
    if group is None:
        return autoscaling._error("ValidationError", f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
    wanted = autoscaling._parse_member_list(params, "InstanceIds")
    protected = autoscaling._p(params, "ProtectedFromScaleIn")
    if protected not in ("true", "false") or not 1 <= len(wanted) <= MOST_INSTANCES:
        return autoscaling._error("ValidationError", "1 to 50 InstanceIds and ProtectedFromScaleIn are required")
    members = {member["InstanceId"]: member for member in group["Instances"]}
    if strangers := [one for one in wanted if one not in members]:
        return autoscaling._error("ValidationError", f"The instance {strangers[0]} is not part of Auto Scaling group {name}.")
    for one in wanted:
        members[one]["ProtectedFromScaleIn"] = protected == "true"
    return autoscaling._xml(200, "SetInstanceProtectionResponse", "<SetInstanceProtectionResult/>")
