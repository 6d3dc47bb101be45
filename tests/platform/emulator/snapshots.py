"""RDS: snapshots of any age and kind, in pages; what can be restored; events that happened in the past.

MiniStack makes manual snapshots of this moment only, answers all of them at once, and says of a cluster for ever that it
can be restored to the moment of its creation.
"""

import re
import time
from datetime import datetime, timezone

from emulator import replace
from emulator.control import Refused, endpoint

# RDS API reference, DescribeDBSnapshots: MaxRecords is 20 to 100.
LEAST_PER_PAGE, MOST_PER_PAGE = 20, 100
# Aurora user guide, "Backing up and restoring": typically within the last five minutes.
RESTORABLE_LAG_SECONDS = 180
KINDS = ("automated", "manual", "shared", "public", "awsbackup")


def install():
    from ministack.services import rds

    table = rds._ACTION_MAP
    replace.action(table, "DescribeDBSnapshots", lambda _: describe_instance_snapshots)
    replace.action(table, "DescribeDBClusterSnapshots", lambda _: describe_cluster_snapshots)
    replace.action(table, "DescribeDBInstanceAutomatedBackups", lambda _: describe_automated_backups)
    replace.function(rds, "_cluster_xml", _restorable)
    replace.function(rds, "_instance_xml", _restorable)
    replace.function(rds, "_cluster_snapshot_xml", _without_what_is_not_there)
    replace.function(rds, "_snapshot_xml", _without_what_is_not_there)


def _without_what_is_not_there(render):
    """A snapshot that is being made has no time yet, and one that is not encrypted has no key."""

    def snapshot_xml(snapshot):
        return re.sub(r"<(SnapshotCreateTime|OriginalSnapshotCreateTime|SnapshotDatabaseTime|KmsKeyId)></\1>", "",
                      render(snapshot))

    return snapshot_xml


def describe_instance_snapshots(params):
    from ministack.services import rds

    return _describe(params, rds._snapshots, "DBSnapshot", "DBInstanceIdentifier", rds._snapshot_xml, "DBSnapshotNotFound",
                     {"db-instance-id": "DBInstanceIdentifier", "db-snapshot-id": "DBSnapshotIdentifier"})


def describe_cluster_snapshots(params):
    from ministack.services import rds

    return _describe(params, rds._db_cluster_snapshots, "DBClusterSnapshot", "DBClusterIdentifier",
                     rds._cluster_snapshot_xml, "DBClusterSnapshotNotFoundFault",
                     {"db-cluster-id": "DBClusterIdentifier", "db-cluster-snapshot-id": "DBClusterSnapshotIdentifier"})


def _describe(params, table, what, owner, render, not_found, filters):
    """Snapshots in the order of their names, as RDS gives them: never by age."""
    from ministack.services import rds

    identifier, of, kind = (rds._p(params, name) for name in (f"{what}Identifier", owner, "SnapshotType"))
    if kind and kind not in KINDS:
        return rds._error("InvalidParameterValue", f"Invalid snapshot type: {kind}", 400)
    kept = [one for _, one in sorted(table.items())]
    if identifier:
        name = identifier.rpartition("snapshot:")[2]
        kept = [one for one in kept if one[f"{what}Identifier"] == name]
        if not kept:
            return rds._error(not_found, f"{what} {identifier} not found.", 404)
    if of:
        kept = [one for one in kept if one[owner] == of.rpartition(":")[2]]
    # Without a type, those that AWS Backup owns are left out (API reference, SnapshotType).
    kept = [one for one in kept if (one["SnapshotType"] == kind if kind else one["SnapshotType"] in ("automated", "manual"))]
    for name, wanted in rds._parse_filters(params).items():
        member = (filters | {"snapshot-type": "SnapshotType", "engine": "Engine"}).get(name)
        if member is None:
            return rds._error("InvalidParameterValue", f"Unrecognized filter name: {name}", 400)
        kept = [one for one in kept if one[member] in wanted]
    try:
        size = int(rds._p(params, "MaxRecords") or MOST_PER_PAGE)
        start = int((rds._p(params, "Marker") or "from:0").removeprefix("from:"))
    except ValueError:
        return rds._error("InvalidParameterValue", "Invalid Marker or MaxRecords.", 400)
    if not LEAST_PER_PAGE <= size <= MOST_PER_PAGE:
        return rds._error("InvalidParameterValue", f"Invalid value {size} for MaxRecords. Must be between 20 and 100", 400)
    marker = f"<Marker>from:{start + size}</Marker>" if start + size < len(kept) else ""
    members = "".join(f"<{what}>{render(one)}</{what}>" for one in kept[start:start + size])
    action = f"Describe{what}s"
    return rds._xml(200, f"{action}Response", f"<{action}Result><{what}s>{members}</{what}s>{marker}</{action}Result>")


def describe_automated_backups(params):
    """Of the instances that are there and backed up, and of no deleted one; always one page."""
    from ministack.services import rds

    wanted = rds._p(params, "DBInstanceIdentifier")
    kept = [one for name, one in sorted(rds._instances.items())
            if wanted in ("", name) and one.get("BackupRetentionPeriod", 1) and not one.get("DBClusterIdentifier")]
    if wanted and wanted not in rds._instances:
        return rds._error("DBInstanceAutomatedBackupNotFound", f"No automated backup of {wanted}.", 404)
    members = "".join(f"<DBInstanceAutomatedBackup>{_automated_backup(one)}</DBInstanceAutomatedBackup>" for one in kept)
    result = f"<DBInstanceAutomatedBackups>{members}</DBInstanceAutomatedBackups>"
    action = "DescribeDBInstanceAutomatedBackups"
    return rds._xml(200, f"{action}Response", f"<{action}Result>{result}</{action}Result>")


def _automated_backup(instance):
    from ministack.services import rds

    days = int(instance.get("BackupRetentionPeriod", 1))
    latest = instance.get("_latest_restorable") or rds._format_time(time.time() - RESTORABLE_LAG_SECONDS)
    earliest = instance.get("_earliest_restorable") or rds._format_time(time.time() - days * 86_400)
    arn = instance["DBInstanceArn"].replace(":db:", ":auto-backup:ab-")
    return (f"<DBInstanceArn>{instance['DBInstanceArn']}</DBInstanceArn>"
            f"<DBInstanceAutomatedBackupsArn>{arn}</DBInstanceAutomatedBackupsArn>"
            f"<DBInstanceIdentifier>{instance['DBInstanceIdentifier']}</DBInstanceIdentifier>"
            f"<DbiResourceId>{instance.get('DbiResourceId', '')}</DbiResourceId><Status>active</Status>"
            f"<RestoreWindow><EarliestTime>{earliest}</EarliestTime><LatestTime>{latest}</LatestTime></RestoreWindow>"
            f"<Engine>{instance['Engine']}</Engine><EngineVersion>{instance['EngineVersion']}</EngineVersion>"
            f"<Encrypted>{str(bool(instance.get('StorageEncrypted'))).lower()}</Encrypted>"
            f"<BackupRetentionPeriod>{days}</BackupRetentionPeriod>"
            f"<PreferredBackupWindow>{instance.get('PreferredBackupWindow') or '03:00-04:00'}</PreferredBackupWindow>")


def _restorable(render):
    """`LatestRestorableTime` follows the clock until a test places it."""

    def xml(database):
        from ministack.services import rds

        latest = database.get("_latest_restorable") or rds._format_time(time.time() - RESTORABLE_LAG_SECONDS)
        told = re.sub(r"<LatestRestorableTime>[^<]*</LatestRestorableTime>",
                      f"<LatestRestorableTime>{latest}</LatestRestorableTime>", render(database))
        if earliest := database.get("_earliest_restorable"):
            told = re.sub(r"<EarliestRestorableTime>[^<]*</EarliestRestorableTime>",
                          f"<EarliestRestorableTime>{earliest}</EarliestRestorableTime>", told)
        return told

    return xml


def _wire(moment):
    return datetime.fromisoformat(moment).astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _database(request):
    """(the cluster or instance that the request names, whether it is a cluster)."""
    from ministack.services import rds

    if name := request.get("cluster"):
        found = rds._clusters.get(name)
    else:
        name = request["instance"]
        found = rds._instances.get(name)
    if found is None:
        raise Refused(f"no database {name}")
    return found, "cluster" in request and request["cluster"] is not None


@endpoint("rds/snapshots")
def place(request):
    """`cluster` or `instance`; `id`; `created` (ISO 8601; null while it is made); optional `type` (automated), `status`
    (available), `percent` (100), `encrypted` and `kms_key_id` (as the database)."""
    from ministack.services import rds

    database, is_cluster = _database(request)
    kind = request.get("type") or "automated"
    if kind not in KINDS:
        raise Refused(f"no type {kind}")
    make = rds._create_cluster_snapshot_internal if is_cluster else rds._create_snapshot_internal
    snapshot = make(request["id"], database)
    created = _wire(request["created"]) if request.get("created") else ""
    snapshot |= {"SnapshotType": kind, "Status": request.get("status") or "available", "SnapshotCreateTime": created,
                 "PercentProgress": 100 if request.get("percent") is None else int(request["percent"])}
    for member in ("OriginalSnapshotCreateTime", "SnapshotDatabaseTime"):
        if member in snapshot:
            snapshot[member] = created
    if request.get("encrypted") is not None:
        snapshot["StorageEncrypted"] = snapshot["Encrypted"] = bool(request["encrypted"])
    if request.get("kms_key_id") is not None:
        snapshot["KmsKeyId"] = request["kms_key_id"]
    return {}


@endpoint("rds/snapshots/forget")
def forget(request):
    """`cluster` or `instance`: its snapshots are gone. Optional `id`: only that one."""
    from ministack.services import rds

    database, is_cluster = _database(request)
    table, owner = (rds._db_cluster_snapshots, "DBClusterIdentifier") if is_cluster else (rds._snapshots, "DBInstanceIdentifier")
    gone = [key for key, one in table.items() if one[owner] == database[owner] and request.get("id") in (None, key)]
    for key in gone:
        del table[key]
    return {"forgotten": len(gone)}


@endpoint("rds/restorable")
def restorable(request):
    """`cluster` or `instance`; `latest`, `earliest` (ISO 8601; null: as by itself)."""
    database, _ = _database(request)
    for key in ("latest", "earliest"):
        database[f"_{key}_restorable"] = _wire(request[key]) if request.get(key) else None
    return {}


@endpoint("rds/backup-policy")
def backup_policy(request):
    """`cluster` or `instance`; optional `retention_days`, `window` (`03:00-04:00`), `encrypted`, `kms_key_id`,
    `deletion_protection`."""
    database, _ = _database(request)
    for key, member in (("retention_days", "BackupRetentionPeriod"), ("window", "PreferredBackupWindow"),
                        ("encrypted", "StorageEncrypted"), ("kms_key_id", "KmsKeyId"),
                        ("deletion_protection", "DeletionProtection")):
        if request.get(key) is not None:
            database[member] = request[key]
    return {}


@endpoint("rds/events")
def happened(request):
    """`source`, `source_type` (`db-cluster`, `db-instance`), `message`, `categories`; optional `at` (ISO 8601; now)."""
    from ministack.core.responses import get_account_id, get_region, new_uuid
    from ministack.services import rds

    kind = request["source_type"]
    prefix = {"db-instance": "db", "db-cluster": "cluster"}.get(kind)
    if prefix is None:
        raise Refused(f"no source type {kind} here")
    at = datetime.fromisoformat(request["at"]).timestamp() if request.get("at") else time.time()
    rds._events[new_uuid()] = {
        "SourceIdentifier": request["source"], "SourceType": kind, "Message": request["message"], "Date": at,
        "SourceArn": f"arn:aws:rds:{get_region()}:{get_account_id()}:{prefix}:{request['source']}",
        "EventCategories": list(request["categories"]),
    }
    return {}
