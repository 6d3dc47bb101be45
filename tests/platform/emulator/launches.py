"""Launching and ending the instances of an Auto Scaling group as real EC2 records with the same ids.

MiniStack invents instance ids that EC2 does not know. Here a group's instance is an EC2 instance in one of the
group's subnets, tagged as Auto Scaling tags it, and every launch and termination is an activity.
"""

import time
from collections import Counter

from emulator import activities, shortages

DEFAULT_INSTANCE_TYPE = "m5.large"


def reconcile(group):
    """Brings the group's instances to its desired capacity as far as suspended processes and shortages allow."""
    zones = [zone for _, zone in subnets(group)]
    if zones:
        group["AvailabilityZones"] = sorted(set(zones))
    suspended = {process["ProcessName"] for process in group.get("SuspendedProcesses", [])}
    missing = group["DesiredCapacity"] - len(group["Instances"])
    if missing > 0 and "Launch" not in suspended:
        _launch_missing(group, missing)
    elif missing < 0 and "Terminate" not in suspended:
        for member in _leaving(group, -missing):
            end(group, member)
            activities.enter(group, "Successful", f"Terminating EC2 instance: {member['InstanceId']}",
                             "an instance was taken out of service in response to a difference between desired and "
                             "actual capacity, shrinking the capacity.")


def _launch_missing(group, missing):
    cause = (f"an instance was started in response to a difference between desired and actual capacity, increasing "
             f"the capacity from {len(group['Instances'])} to {group['DesiredCapacity']}.")
    if message := shortages.message_for(group):
        activities.enter(group, "Failed", "Launching a new EC2 instance", cause, message)
        return
    for _ in range(missing):
        member = launch(group)
        activities.enter(group, "Successful", f"Launching a new EC2 instance: {member['InstanceId']}", cause)


def _leaving(group, count):
    """The youngest first; protected instances stay, so fewer than `count` may leave."""
    return [member for member in reversed(group["Instances"]) if not member["ProtectedFromScaleIn"]][:count]


def subnets(group):
    """The (subnet id, zone) pairs of the group, in the order of its VPCZoneIdentifier."""
    from ministack.services import ec2

    ids = [part.strip() for part in group.get("VPCZoneIdentifier", "").split(",") if part.strip()]
    return [(name, ec2._subnets[name]["AvailabilityZone"]) for name in ids if name in ec2._subnets]


def launch(group, zone=None, instance_id=None, instance_type=None):
    """Launches one instance into `zone`, or the zone that has fewest; returns the group's member record."""
    from ministack.services import autoscaling, ec2

    zone = zone or _emptiest_zone(group)
    subnet = next((name for name, where in subnets(group) if where == zone), ec2._DEFAULT_SUBNET_ID)
    instance = ec2._launch_instances_internal("ami-00000000", instance_type or _template_type(group), subnet, 1)[0]
    if instance_id:
        ec2._instances.pop(instance["InstanceId"])
        instance["InstanceId"] = instance_id
        ec2._instances[instance_id] = instance
    instance["Placement"]["AvailabilityZone"] = zone
    ec2._tags[instance["InstanceId"]] = [{"Key": "aws:autoscaling:groupName", "Value": group["AutoScalingGroupName"]}] + [
        {"Key": tag["Key"], "Value": tag["Value"]} for tag in group["Tags"] if tag["PropagateAtLaunch"]
    ]
    member = {
        "InstanceId": instance["InstanceId"],
        "InstanceType": instance["InstanceType"],
        "LifecycleState": "InService",
        "HealthStatus": "Healthy",
        "AvailabilityZone": zone,
        "ProtectedFromScaleIn": group["NewInstancesProtectedFromScaleIn"],
        "LaunchTemplate": group.get("LaunchTemplate") or {},
        "LaunchConfigurationName": group.get("LaunchConfigurationName", ""),
    }
    group["Instances"].append(member)
    autoscaling.logger.info("Auto Scaling launched %s in %s", instance["InstanceId"], zone)
    return member


def end(group, member):
    """Takes the member out of the group and terminates its instance."""
    from ministack.services import ec2

    group["Instances"].remove(member)
    if instance := ec2._instances.get(member["InstanceId"]):
        instance["State"] = {"Code": 48, "Name": "terminated"}
        instance["_terminated_at"] = time.time()


def _emptiest_zone(group):
    zones = group["AvailabilityZones"]
    taken = Counter(member["AvailabilityZone"] for member in group["Instances"])
    return min(zones, key=lambda zone: (taken[zone], zones.index(zone)))


def _template_type(group):
    from ministack.services import ec2

    wanted = group.get("LaunchTemplate") or {}
    for template in ec2._launch_templates.values():
        if wanted.get("LaunchTemplateId") in (template["LaunchTemplateId"], template["LaunchTemplateName"]):
            return template["Versions"][-1]["LaunchTemplateData"].get("InstanceType") or DEFAULT_INSTANCE_TYPE
    return DEFAULT_INSTANCE_TYPE
