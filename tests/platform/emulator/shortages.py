"""Auto Scaling groups that cannot launch: each attempt enters a Failed activity and no instance, until mended."""

from emulator.control import Refused, endpoint

# The message of AWS for the most common cause (Auto Scaling user guide, "Troubleshoot: instance launch failure").
NO_CAPACITY = (
    "Could not launch On-Demand Instances. InsufficientInstanceCapacity - We currently do not have sufficient "
    "capacity in the Availability Zone you requested. Launching EC2 instance failed."
)


def install():
    """Nothing to replace: `launches.py` asks `message_for`."""


def message_for(group):
    """Why launches of this group fail at present; None when they work."""
    return group.get("LaunchFailure")


@endpoint("scaling-launches")
def launches(request):
    """`auto_scaling_group`, `fail`: true or a message makes launches fail; false mends and launches what is missing."""
    from ministack.services import autoscaling

    group = autoscaling._asgs.get(request["auto_scaling_group"])
    if group is None:
        raise Refused(f"no Auto Scaling group {request['auto_scaling_group']}")
    fail = request["fail"]
    group["LaunchFailure"] = NO_CAPACITY if fail is True else (fail or None)
    autoscaling._reconcile_instances(group)
    return {"instances": len(group["Instances"])}
