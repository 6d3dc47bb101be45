"""EKS managed node groups: a real Auto Scaling group behind each, changes of its size, and their updates.

MiniStack names an Auto Scaling group that does not exist and has no `UpdateNodegroupConfig`, `DescribeUpdate` or
`ListUpdates`. Here an update is in progress in the answer that starts it and successful when it is asked for next,
unless a test placed another outcome.
"""

import json
import re
import time
import uuid

from emulator import replace
from emulator.control import Refused, endpoint

UPDATES = r"/clusters/(?P<cluster>[^/]+)/updates(?:/(?P<update>[^/]+))?"
CONFIGURATION = r"/clusters/(?P<cluster>[^/]+)/node-groups/(?P<group>[^/]+)/update-config"
SIZES = {"minSize": ("MinSize", "MinSize"), "maxSize": ("MaxSize", "MaxSize"),
         "desiredSize": ("DesiredSize", "DesiredCapacity")}
DEFAULT_SIZES = {"minSize": 1, "maxSize": 2, "desiredSize": 1}

# "cluster/group" → the placed outcome of its updates.
_outcomes = {}
# ARN of a node group → its updates by id.
_made = {}


def install():
    from ministack.services import eks

    replace.function(eks, "_handle_request_sync", _with_updates)
    replace.function(eks, "_create_nodegroup", _with_a_real_group)
    replace.function(eks, "_describe_nodegroup", _with_present_sizes)
    replace.function(eks, "_delete_nodegroup", _with_its_group)


def _with_updates(handle):
    def handle_request(method, path, headers, body, query):
        if (found := re.fullmatch(CONFIGURATION, path)) and method == "POST":
            return update_config(found["cluster"], found["group"], json.loads(body or b"{}"))
        if (found := re.fullmatch(UPDATES, path)) and method == "GET":
            given = {key: value[0] if isinstance(value, list) else value for key, value in query.items()}
            return _updates(found["cluster"], found["update"], given.get("nodegroupName"))
        return handle(method, path, headers, body, query)

    return handle_request


def _with_a_real_group(create):
    def create_nodegroup(cluster, body):
        from ministack.services import eks

        sizes = DEFAULT_SIZES | body.get("scalingConfig", {})
        if why := _mistake(sizes):
            return eks._error(400, "InvalidParameterException", why)
        answer = create(cluster, {**body, "scalingConfig": sizes})
        group = eks._nodegroups.get(f"{cluster}/{body.get('nodegroupName')}")
        if answer[0] != 200 or group is None:
            return answer
        name = f"eks-{group['nodegroupName']}-{uuid.uuid4()}"
        _make_auto_scaling_group(name, group, sizes)
        _attach(group, name)
        return eks._json_resp(200, {"nodegroup": group})

    return create_nodegroup


def _make_auto_scaling_group(name, group, sizes):
    from ministack.services import autoscaling, ec2

    kind = (group["instanceTypes"] or ["t3.medium"])[0]
    template = f"eks-{uuid.uuid4()}"
    ec2._ACTION_MAP["CreateLaunchTemplate"]({
        "LaunchTemplateName": [template], "LaunchTemplateData.InstanceType": [kind],
    })
    parameters = {
        "AutoScalingGroupName": name, "MinSize": str(sizes["minSize"]), "MaxSize": str(sizes["maxSize"]),
        "DesiredCapacity": str(sizes["desiredSize"]), "VPCZoneIdentifier": ",".join(group["subnets"]),
        "LaunchTemplate.LaunchTemplateName": template, "LaunchTemplate.Version": "1",
    }
    autoscaling._ACTION_MAP["CreateAutoScalingGroup"]({key: [value] for key, value in parameters.items()})


def _attach(group, auto_scaling_group):
    """The node group is this Auto Scaling group, which carries the tags that EKS puts on every one, whether or not a
    Cluster Autoscaler runs."""
    from ministack.services import autoscaling

    group["resources"]["autoScalingGroups"] = [{"name": auto_scaling_group}]
    cluster = group["clusterName"]
    put = {
        "eks:cluster-name": cluster, "eks:nodegroup-name": group["nodegroupName"],
        "k8s.io/cluster-autoscaler/enabled": "true", f"k8s.io/cluster-autoscaler/{cluster}": "owned",
        f"kubernetes.io/cluster/{cluster}": "owned",
    }
    record = autoscaling._asgs[auto_scaling_group]
    record["Tags"] = [tag for tag in record["Tags"] if tag["Key"] not in put] + [
        {"Key": key, "Value": value, "ResourceId": auto_scaling_group, "ResourceType": "auto-scaling-group",
         "PropagateAtLaunch": True} for key, value in put.items()
    ]
    autoscaling._tags[auto_scaling_group] = record["Tags"]


def _record(group):
    """The Auto Scaling group of a node group, or None when somebody deleted it."""
    from ministack.services import autoscaling

    return autoscaling._asgs.get(group["resources"]["autoScalingGroups"][0]["name"])


def _with_present_sizes(describe):
    def describe_nodegroup(cluster, name):
        from ministack.services import eks

        if group := eks._nodegroups.get(f"{cluster}/{name}"):
            if record := _record(group):
                group["scalingConfig"] = {size: record[key] for size, (_, key) in SIZES.items()}
            group["status"] = "UPDATING" if _in_progress(group) else "ACTIVE"
        return describe(cluster, name)

    return describe_nodegroup


def _with_its_group(delete):
    def delete_nodegroup(cluster, name):
        from ministack.services import autoscaling, eks

        if group := eks._nodegroups.get(f"{cluster}/{name}"):
            autoscaling._asgs.pop(group["resources"]["autoScalingGroups"][0]["name"], None)
        return delete(cluster, name)

    return delete_nodegroup


def update_config(cluster, name, body):
    """`UpdateNodegroupConfig`; sizes left out stay. Labels and taints are taken, update settings are not."""
    from ministack.services import eks

    group = eks._nodegroups.get(f"{cluster}/{name}")
    if group is None:
        return eks._error(404, "ResourceNotFoundException", f"No node group found for name: {name}.")
    if _in_progress(group):
        return eks._error(409, "ResourceInUseException", f"Nodegroup {name} already has an update in progress")
    record = _record(group)
    present = {size: record[key] for size, (_, key) in SIZES.items()} if record else dict(group["scalingConfig"])
    wanted = present | (body.get("scalingConfig") or {})
    if why := _mistake(wanted):
        return eks._error(400, "InvalidParameterException", why)
    update = {
        "id": str(uuid.uuid4()),
        "status": "InProgress",
        "type": "ConfigUpdate",
        "params": [{"type": word, "value": str(wanted[size])} for size, (word, _) in SIZES.items()
                   if size in (body.get("scalingConfig") or {})],
        "createdAt": time.time(),
        "errors": [],
    }
    _made.setdefault(group["nodegroupArn"], {})[update["id"]] = update
    if _outcome(group)["outcome"] != "Failed" and record:
        _resize(record, wanted)
    group["labels"] = _changed_labels(group["labels"], body.get("labels") or {})
    return eks._json_resp(200, {"update": update})


def _resize(record, wanted):
    from ministack.services import autoscaling

    for size, (_, key) in SIZES.items():
        record[key] = wanted[size]
    autoscaling._reconcile_instances(record)


def _changed_labels(labels, change):
    kept = {key: value for key, value in labels.items() if key not in (change.get("removeLabels") or [])}
    return kept | (change.get("addOrUpdateLabels") or {})


def _mistake(sizes):
    """Why EKS refuses these sizes; or None."""
    low, high, desired = (int(sizes[size]) for size in SIZES)
    if low < 0 or high < 1 or desired < 0:
        return "The scaling configuration has a size below its limit"
    if low > high:
        return f"Minimum capacity {low} can't be greater than maximum size {high}"
    if low > desired:
        return f"Minimum capacity {low} can't be greater than desired size {desired}"
    if desired > high:
        return f"desired capacity {desired} can't be greater than max size {high}"
    return None


def _outcome(group):
    return _outcomes.get(f"{group['clusterName']}/{group['nodegroupName']}", {"outcome": "Successful"})


def _in_progress(group):
    """Settles what has an outcome; whether an update is still under way."""
    placed = _outcome(group)
    for update in _made.get(group["nodegroupArn"], {}).values():
        if update["status"] == "InProgress" and placed["outcome"] != "InProgress":
            update["status"] = placed["outcome"]
            if placed["outcome"] == "Failed":
                update["errors"] = [{"errorCode": placed["error_code"], "errorMessage": placed["error_message"],
                                     "resourceIds": [group["resources"]["autoScalingGroups"][0]["name"]]}]
    return any(update["status"] == "InProgress" for update in _made.get(group["nodegroupArn"], {}).values())


def _updates(cluster, identifier, name):
    """`DescribeUpdate` and `ListUpdates`, of node groups only."""
    from ministack.services import eks

    if cluster not in eks._clusters:
        return eks._error(404, "ResourceNotFoundException", f"No cluster found for name: {cluster}.")
    group = eks._nodegroups.get(f"{cluster}/{name}") if name else None
    if name and group is None:
        return eks._error(404, "ResourceNotFoundException", f"No node group found for name: {name}.")
    known = {}
    if group is not None:
        _in_progress(group)
        known = _made.get(group["nodegroupArn"], {})
    if identifier is None:
        return eks._json_resp(200, {"updateIds": list(known)})
    if identifier not in known:
        return eks._error(404, "ResourceNotFoundException", f"No update found for ID: {identifier}")
    return eks._json_resp(200, {"update": known[identifier]})


@endpoint("eks/node-groups")
def adopt(request):
    """`cluster`, `name`, `auto_scaling_group`, `instance_types`: a managed node group on an Auto Scaling group that is
    there already. EKS makes the group itself and invents its name; a world whose names are fixed needs this."""
    from ministack.services import autoscaling, eks

    record = autoscaling._asgs.get(request["auto_scaling_group"])
    if record is None:
        raise Refused(f"no Auto Scaling group {request['auto_scaling_group']}")
    body = {"nodegroupName": request["name"], "instanceTypes": request["instance_types"],
            "subnets": [one for one in record["VPCZoneIdentifier"].split(",") if one],
            "scalingConfig": {"minSize": 0, "maxSize": 1, "desiredSize": 0}}
    status, _, answer = eks._create_nodegroup(request["cluster"], body)
    if status != 200:
        raise Refused(answer.decode() if isinstance(answer, bytes) else str(answer))
    group = eks._nodegroups[f"{request['cluster']}/{request['name']}"]
    autoscaling._asgs.pop(group["resources"]["autoScalingGroups"][0]["name"])
    _attach(group, request["auto_scaling_group"])
    return {"arn": group["nodegroupArn"]}


@endpoint("eks/node-groups/forget")
def forget(request):
    """`cluster`, `name`: the Auto Scaling group stays, and is nobody's node group: as if it had been made without EKS."""
    from ministack.services import autoscaling, eks

    key = f"{request['cluster']}/{request['name']}"
    if key not in eks._nodegroups:
        raise Refused(f"no node group {key}")
    name = eks._nodegroups.pop(key)["resources"]["autoScalingGroups"][0]["name"]
    if record := autoscaling._asgs.get(name):
        record["Tags"] = [tag for tag in record["Tags"] if not tag["Key"].startswith("eks:")]
        autoscaling._tags[name] = record["Tags"]
    return {}


@endpoint("eks/node-group-updates")
def place_outcome(request):
    """`cluster`, `node_group`, `outcome` (Successful, Failed, InProgress); for Failed `error_code`, `error_message`.
    Holds for the updates that are under way and for those to come. A failed one changes no size."""
    from ministack.services import eks

    key = f"{request['cluster']}/{request['node_group']}"
    if key not in eks._nodegroups:
        raise Refused(f"no node group {key}")
    if request["outcome"] not in ("Successful", "Failed", "InProgress"):
        raise Refused(f"no outcome {request['outcome']}")
    _outcomes[key] = {
        "outcome": request["outcome"],
        "error_code": request.get("error_code") or "Unknown",
        "error_message": request.get("error_message") or "The update failed.",
    }
    return {}


@endpoint("eks/compute-config")
def place_compute_config(request):
    """`cluster`, `enabled`, `node_pools`: the cluster is in Auto Mode, or is not (user guide, "Automate cluster
    infrastructure with EKS Auto Mode")."""
    from ministack.services import eks

    cluster = eks._clusters.get(request["cluster"])
    if cluster is None:
        raise Refused(f"no cluster {request['cluster']}")
    cluster["computeConfig"] = {"enabled": bool(request["enabled"]), "nodePools": request.get("node_pools") or []}
    return {}
