"""Aurora: the range of Serverless v2 with its rules, what a change of it leaves pending, and states that a test places.

MiniStack takes any range, never has a cluster that is busy, and leaves every parameter group in sync.
"""

import re

from emulator import replace
from emulator.control import Refused, endpoint

STEP = 0.5
# Aurora user guide, "Aurora Serverless v2 capacity": the least versions that reach 256 units, and that pause at 0.
REACHES_256 = {"aurora-postgresql": ((13, 13), (14, 10), (15, 5), (16, 1)), "aurora-mysql": ((3, 6),)}
PAUSES = {"aurora-postgresql": ((13, 15), (14, 12), (15, 7), (16, 3)), "aurora-mysql": ((3, 8),)}
BYTES_PER_UNIT = 2 * 1024**3
# Aurora PostgreSQL: `LEAST({DBInstanceClassMemory/9531392},5000)`, the memory being that of the largest capacity, and
# at most 2,000 where the smallest capacity is 0 or 0.5 (user guide, "Maximum connections for Aurora Serverless v2").
BYTES_PER_CONNECTION, MOST_CONNECTIONS, MOST_WITH_SMALL_MINIMUM = 9_531_392, 5_000, 2_000


def install():
    from ministack.services import rds

    table = rds._ACTION_MAP
    replace.action(table, "ModifyDBCluster", _checked)
    replace.action(table, "CreateDBCluster", _checked_range)
    replace.action(table, "RebootDBInstance", _in_sync)
    replace.function(rds, "_cluster_xml", _with_pending)


def _range(params):
    """The asked-for (minimum, maximum); None for what is left out."""
    from ministack.services import rds

    given = rds._serverlessv2_from_params(params) or {}
    return given.get("MinCapacity"), given.get("MaxCapacity")


def refusal(engine, version, low, high):
    """(code, message) with which RDS refuses the range; or None."""
    limits = _limits(engine, version)
    for name, value in (("minimum", low), ("maximum", high)):
        if value % STEP:
            return "InvalidParameterValue", f"Serverless v2 {name} capacity {value} isn't a multiple of 0.5."
    if not (low >= 0.5 or (low == 0 and limits[0] == 0)) or low > limits[1]:
        return "InvalidParameterValue", f"Serverless v2 minimum capacity {low} isn't valid. It must be between " \
                                        f"{limits[0]} and {limits[1]}."
    if high < 1 or high > limits[1]:
        return "InvalidParameterValue", f"Serverless v2 maximum capacity {high} isn't valid. It must be between 1.0 and " \
                                        f"{limits[1]}."
    if low > high:
        return "InvalidParameterCombination", f"Serverless v2 maximum capacity {high} isn't valid. The maximum capacity " \
                                              f"must be greater than or equal to the minimum capacity {low}."
    return None


def _limits(engine, version):
    numbers = [int(one) for one in re.findall(r"\d+", version.split("mysql_aurora.")[-1])] + [0, 0]
    release = (numbers[0], numbers[1])

    def has(table):
        least = [one for one in table.get(engine, ()) if one[0] == release[0]]
        newest = max((one[0] for one in table.get(engine, ())), default=0)
        return release[0] > newest or any(release >= one for one in least)

    return (0.0 if has(PAUSES) else 0.5), (256.0 if has(REACHES_256) else 128.0)


def connections(engine, low, high):
    """The default `max_connections` of an instance of this range; None where no formula is known here."""
    if engine != "aurora-postgresql":
        return None
    most = MOST_WITH_SMALL_MINIMUM if low <= 0.5 else MOST_CONNECTIONS
    return min(int(high * BYTES_PER_UNIT / BYTES_PER_CONNECTION), most)


def _checked_range(create):
    def create_cluster(params):
        from ministack.services import rds

        low, high = _range(params)
        engine = rds._p(params, "Engine")
        version = rds._p(params, "EngineVersion") or rds._default_engine_version(engine)
        if low is not None and high is not None and (why := refusal(engine, version, low, high)):
            return rds._error(*why, 400)
        return create(params)

    return create_cluster


def _checked(modify):
    def modify_cluster(params):
        from ministack.services import rds

        name = rds._p(params, "DBClusterIdentifier")
        cluster = rds._resolve_cluster_in_request_region(name)
        if not cluster:
            return modify(params)
        if cluster["Status"] != "available":
            return rds._error("InvalidDBClusterStateFault", f"DB cluster {name} isn't available: it is "
                                                            f"{cluster['Status']}.", 400)
        before = cluster.get("ServerlessV2ScalingConfiguration") or {}
        low, high = _range(params)
        if (low, high) == (None, None):
            return modify(params)
        low = before.get("MinCapacity") if low is None else low
        high = before.get("MaxCapacity") if high is None else high
        if low is None or high is None:
            return rds._error("InvalidParameterCombination", "Both the minimum and the maximum capacity are required.", 400)
        if why := refusal(cluster["Engine"], cluster["EngineVersion"], low, high):
            return rds._error(*why, 400)
        whole = {**params, "ServerlessV2ScalingConfiguration.MinCapacity": [str(low)],
                 "ServerlessV2ScalingConfiguration.MaxCapacity": [str(high)]}
        answer = modify(whole)
        if answer[0] == 200 and before and _connections_change(cluster, before, low, high):
            for instance in _serverless_members(cluster):
                _set_apply_status(cluster, instance, "pending-reboot")
        return answer

    return modify_cluster


def _connections_change(cluster, before, low, high):
    was = connections(cluster["Engine"], before["MinCapacity"], before["MaxCapacity"])
    return was != connections(cluster["Engine"], low, high)


def _serverless_members(cluster):
    from ministack.services import rds

    names = [member["DBInstanceIdentifier"] for member in cluster.get("DBClusterMembers", [])]
    found = [rds._instances[name] for name in names if name in rds._instances]
    return [instance for instance in found if instance["DBInstanceClass"] == "db.serverless"]


def _set_apply_status(cluster, instance, status):
    for group in instance.get("DBParameterGroups", []):
        group["ParameterApplyStatus"] = status
    for member in (cluster or {}).get("DBClusterMembers", []):
        if member["DBInstanceIdentifier"] == instance["DBInstanceIdentifier"]:
            member["DBClusterParameterGroupStatus"] = status


def _in_sync(reboot):
    def reboot_instance(params):
        from ministack.services import rds

        answer = reboot(params)
        instance = rds._resolve_instance(rds._p(params, "DBInstanceIdentifier"))
        if answer[0] == 200 and instance:
            _set_apply_status(rds._clusters.get(instance.get("DBClusterIdentifier")), instance, "in-sync")
        return answer

    return reboot_instance


def _with_pending(render):
    """MiniStack writes `in-sync` for every member; each has its own status here."""

    def cluster_xml(cluster):
        statuses = iter([member.get("DBClusterParameterGroupStatus", "in-sync")
                         for member in cluster.get("DBClusterMembers", [])])
        tag = "DBClusterParameterGroupStatus"
        xml = re.sub(f"<{tag}>in-sync</{tag}>", lambda _: f"<{tag}>{next(statuses)}</{tag}>", render(cluster))
        pending = "".join(f"<{key}>{value}</{key}>" for key, value in (cluster.get("_pending") or {}).items())
        return f"{xml}<PendingModifiedValues>{pending}</PendingModifiedValues>" if pending else xml

    return cluster_xml


@endpoint("rds/cluster")
def place_cluster(request):
    """`id`; optional `status`, `engine_version`, `engine_mode`, `serverless_v2` (false: the range is gone, as of a
    provisioned cluster), `pending_modified_values` (an object, in the words of the API)."""
    from ministack.services import rds

    cluster = rds._clusters.get(request["id"])
    if cluster is None:
        raise Refused(f"no DB cluster {request['id']}")
    for key, member in (("status", "Status"), ("engine_version", "EngineVersion"), ("engine_mode", "EngineMode")):
        if request.get(key) is not None:
            cluster[member] = request[key]
    if request.get("serverless_v2") is False:
        cluster["ServerlessV2ScalingConfiguration"] = None
    if request.get("pending_modified_values") is not None:
        cluster["_pending"] = request["pending_modified_values"]
    return {}


@endpoint("rds/instance")
def place_instance(request):
    """`id`; optional `status`, `instance_class`, `parameter_apply_status` (of its own group and as a member of its
    cluster), `pending_modified_values` (an object, in the words of the API)."""
    from ministack.services import rds

    instance = rds._instances.get(request["id"])
    if instance is None:
        raise Refused(f"no DB instance {request['id']}")
    for key, member in (("status", "DBInstanceStatus"), ("instance_class", "DBInstanceClass"),
                        ("pending_modified_values", "PendingModifiedValues")):
        if request.get(key) is not None:
            instance[member] = request[key]
    if status := request.get("parameter_apply_status"):
        _set_apply_status(rds._clusters.get(instance.get("DBClusterIdentifier")), instance, status)
    return {}


@endpoint("rds/global-cluster")
def place_global(request):
    """`id`, `cluster`, `role` (primary, secondary or none), `other_cluster_arn`: the cluster is one side of a global
    database whose other side is elsewhere; `none` takes it out."""
    from ministack.core.responses import get_account_id
    from ministack.services import rds

    cluster = rds._clusters.get(request["cluster"])
    if cluster is None:
        raise Refused(f"no DB cluster {request['cluster']}")
    name, role = request["id"], request["role"]
    if role == "none":
        rds._global_clusters.pop(name, None)
        cluster.pop("GlobalClusterIdentifier", None)
        return {}
    if role not in ("primary", "secondary"):
        raise Refused(f"no role {role}")
    here = {"DBClusterArn": cluster["DBClusterArn"], "Readers": [], "IsWriter": role == "primary"}
    there = {"DBClusterArn": request["other_cluster_arn"], "Readers": [], "IsWriter": role == "secondary"}
    writer, reader = (here, there) if role == "primary" else (there, here)
    writer["Readers"] = [reader["DBClusterArn"]]
    rds._global_clusters[name] = {
        "GlobalClusterIdentifier": name,
        "GlobalClusterArn": f"arn:aws:rds::{get_account_id()}:global-cluster:{name}",
        "GlobalClusterResourceId": f"cluster-{name}",
        "Engine": cluster["Engine"], "EngineVersion": cluster["EngineVersion"], "Status": "available",
        "StorageEncrypted": False, "DeletionProtection": False, "GlobalClusterMembers": [writer, reader],
        "DatabaseName": "", "TagList": [],
    }
    cluster["GlobalClusterIdentifier"] = name
    return {}
