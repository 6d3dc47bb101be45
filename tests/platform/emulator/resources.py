"""Which action and which resource a call means to IAM, where MiniStack's own idea differs from the Service
Authorization Reference. Calls to CloudWatch by its SDKs mean none to MiniStack, so it lets everybody make them."""

import json
import re
import urllib.parse

import cbor2

from emulator import documents, replace, routes

# The path of a call in Smithy's RPC protocol, which CloudWatch's SDKs speak.
RPC = re.compile(r"/service/[^/]+/operation/(\w+)")
# Of GuardDuty's actions that are answered here, these can be limited to a detector, and the others cannot.
OF_DETECTOR = frozenset(("GetDetector", "GetCoverageStatistics", "ListCoverage"))
ADDON = re.compile(r"/clusters/([^/]+)/addons/([^/]+)(?:/update)?")
ACCESS_ENTRY = re.compile(r"/clusters/([^/]+)/access-entries/(.+)")
POD_IDENTITY = re.compile(r"/clusters/([^/]+)/pod-identity-associations/([^/]+)")
SCHEDULE = re.compile(r"/schedules/([^/]+)")
# Operation of EventBridge → member that names the rule.
OF_RULE = {"DeleteRule": "Name", "DescribeRule": "Name", "DisableRule": "Name", "EnableRule": "Name", "PutRule": "Name",
           "ListTargetsByRule": "Rule", "PutTargets": "Rule", "RemoveTargets": "Rule"}
NODE_GROUP = re.compile(r"/clusters/([^/]+)/node-groups/([^/]+)(?:/update-config)?")


def install():
    from ministack.core import iam_actions

    replace.function(iam_actions, "extract_resource_arn", _with_parts)
    replace.function(iam_actions, "extract_iam_action", _of_rpc)
    replace.function(iam_actions, "request_tag_context", _read_as_json)


def _of_rpc(extract):
    def extract_iam_action(service, method, path, headers, body, query_params):
        if found := RPC.fullmatch(path):
            from ministack.core.iam_actions import SERVICE_TO_IAM_NAMESPACE

            return f"{SERVICE_TO_IAM_NAMESPACE.get(service, service)}:{found[1]}"
        return extract(service, method, path, headers, body, query_params)

    return extract_iam_action


def _read_as_json(context):
    def request_tag_context(service, action, body, params):
        return context(service, action, _json(body) if service == "monitoring" else body, params)

    return request_tag_context


def _json(body):
    """A body in CBOR as the JSON that MiniStack can read; any other as it is."""
    try:
        json.loads(body or b"{}")
        return body
    except ValueError:
        pass
    try:
        return json.dumps(cbor2.loads(body), default=str).encode()
    except Exception:  # noqa: BLE001 - neither, so a form or binary data
        return body


def _with_parts(extract):
    def extract_resource_arn(service, method, path, headers, body, query_params, region, account):
        if RPC.fullmatch(path):
            body = _json(body)
        if service == "eks" and (found := NODE_GROUP.fullmatch(path)):
            return _node_group(found[1], found[2], region, account)
        if service == "eks" and (found := ADDON.fullmatch(path)):
            # An add-on's ARN ends in a UUID of its own, which nobody but EKS knows beforehand.
            return f"arn:aws:eks:{region}:{account}:addon/{found[1]}/{found[2]}/00000000-0000-0000-0000-000000000000"
        if service == "eks" and (found := ACCESS_ENTRY.fullmatch(path)):
            return _access_entry(found[1], urllib.parse.unquote(found[2]), region, account)
        if service == "eks" and (found := POD_IDENTITY.fullmatch(path)):
            return f"arn:aws:eks:{region}:{account}:podidentityassociation/{found[1]}/{found[2]}"
        if service == "scheduler" and method == "GET" and (found := SCHEDULE.fullmatch(path)):
            return f"arn:aws:scheduler:{region}:{account}:schedule/{_given(query_params, 'groupName') or 'default'}/{found[1]}"
        if service == "events" and (rule := _rule(headers, body)):
            return f"arn:aws:events:{region}:{account}:rule/{rule}"
        if service == "guardduty":
            return _detector(method, path, region, account)
        arn = extract(service, method, path, headers, body, query_params, region, account)
        if service == "autoscaling" and arn == "*" and (group := _group_of(query_params)):
            return f"arn:aws:autoscaling:{region}:{account}:autoScalingGroup:*:autoScalingGroupName/{group}"
        if service == "iam" and arn == "*":
            # Of a simulation, whose rights are asked about.
            return _given(query_params, "PolicySourceArn") or arn
        if service == "rds" and arn == "*":
            return _of_database(query_params, region, account)
        return arn

    return extract_resource_arn


# Parameter of a call → resource type, of the Service Authorization Reference for Amazon RDS.
DATABASE_PARTS = {"DBParameterGroupName": "pg", "DBClusterParameterGroupName": "cluster-pg"}


def _given(query_params, name):
    value = query_params.get(name)
    return value[0] if isinstance(value, list) else value


def _access_entry(cluster, principal, region, account):
    """Service Authorization Reference for Amazon EKS: …:access-entry/CLUSTER/TYPE/ACCOUNT/NAME/UUID."""
    owner, _, path = principal.partition("iam::")[2].partition(":")
    kind, _, name = path.partition("/")
    return f"arn:aws:eks:{region}:{account}:access-entry/{cluster}/{kind}/{owner}/{name}/00000000-0000-0000-0000-000000000000"


def _rule(headers, body):
    """Service Authorization Reference for Amazon EventBridge: rule/NAME on the default bus, rule/BUS/NAME on another."""
    named_by = OF_RULE.get(headers.get("x-amz-target", "").rpartition(".")[2])
    if not named_by:
        return None
    asked = json.loads(body or b"{}")
    name, bus = asked.get(named_by), asked.get("EventBusName", "default").rpartition("/")[2]
    return name if not name or bus == "default" else f"{bus}/{name}"


def _of_database(query_params, region, account):
    def given(name):
        return _given(query_params, name)

    for name, kind in DATABASE_PARTS.items():
        if given(name):
            return f"arn:aws:rds:{region}:{account}:{kind}:{given(name)}"
    # Global clusters have no region; without a name, all of them are meant.
    if given("Action") == "DescribeGlobalClusters":
        return f"arn:aws:rds::{account}:global-cluster:{given('GlobalClusterIdentifier') or '*'}"
    return "*"


def _detector(method, path, region, account):
    if routes.operation("guardduty", method, path, {}, {}) not in OF_DETECTOR:
        return "*"
    return f"arn:aws:guardduty:{region}:{account}:detector/{documents.segment(path, 'detector')}"


def _node_group(cluster, name, region, account):
    from ministack.services import eks

    known = eks._nodegroups.get(f"{cluster}/{name}")
    return known["nodegroupArn"] if known else f"arn:aws:eks:{region}:{account}:nodegroup/{cluster}/{name}/*"


def _group_of(query_params):
    """The group of the instance that `TerminateInstanceInAutoScalingGroup` names."""
    from ministack.services import autoscaling

    given = query_params.get("InstanceId")
    identifier = given[0] if isinstance(given, list) else given
    for name, group in autoscaling._asgs.items():
        if identifier and any(member["InstanceId"] == identifier for member in group["Instances"]):
            return name
    return None
