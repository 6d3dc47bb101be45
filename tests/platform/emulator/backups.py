"""AWS Backup: recovery points, restore jobs, copy jobs and restore-testing plans that a test places.

MiniStack answers these lists with nothing (AWS Backup API reference, ListRecoveryPointsByResource, ListRestoreJobs,
ListRestoreJobsByProtectedResource, ListCopyJobs, ListRestoreTestingPlans).
"""

import uuid
from datetime import datetime
from urllib.parse import unquote

from emulator import documents, replace, routes
from emulator.control import Refused, endpoint
from emulator.documents import Fault

MOST_PER_PAGE = 1000

# Kind → (account, region) → id → document in the words of the API; times are epoch seconds.
_kept = {"RecoveryPoints": {}, "RestoreJobs": {}, "CopyJobs": {}, "RestoreTestingPlans": {}}


def install():
    from ministack.services import backup

    replace.function(backup, "handle_request", _with_lists)


def _with_lists(handle):
    async def handle_request(method, path, headers, body, query_params):
        query = {name: value[0] if isinstance(value, list) else value for name, value in query_params.items()}
        operation = routes.operation("backup", method, unquote(path), query, headers)
        if operation not in LISTS:
            return await handle(method, path, headers, body, query_params)
        try:
            return documents.answer(200, LISTS[operation](unquote(path), query))
        except Fault as fault:
            return fault.answer()

    return handle_request


def _place():
    from ministack.core.responses import get_account_id, get_region

    return get_account_id(), get_region()


def _all(kind):
    newest_first = sorted(_kept[kind].get(_place(), {}).values(), key=lambda one: -one.get("CreationDate", 0))
    return [{name: value for name, value in one.items() if not name.startswith("_")} | {"_": one} for one in newest_first]


def _page(kind, kept, query):
    size = int(query.get("maxResults") or query.get("MaxResults") or MOST_PER_PAGE)
    wrong = Fault(400, "InvalidParameterValueException", "The next token is invalid.", Code="ERROR_2101")
    page, token = documents.page(kept, size, query.get("nextToken") or query.get("NextToken"), wrong)
    told = [{name: value for name, value in one.items() if name != "_"} for one in page]
    return {kind: told} | ({"NextToken": token} if token else {})


def _filtered(items, query, equal, known):
    """Keeps by the filters `equal` (query name → member) and by times; a filter beyond `known` is an error."""
    times = {"createdAfter": ("CreationDate", 1), "createdBefore": ("CreationDate", -1),
             "completeAfter": ("CompletionDate", 1), "completeBefore": ("CompletionDate", -1)}
    for name, value in query.items():
        if name in equal:
            items = [one for one in items if one["_"].get(equal[name]) == value]
        elif name in times:
            member, sign = times[name]
            border = _seconds(value)
            items = [one for one in items if one.get(member) is not None and (one[member] - border) * sign >= 0]
        elif name not in known:
            raise Fault(400, "InvalidParameterValueException", f"The parameter {name} is not known here.", Code="ERROR_2101")
    return items


PAGING = ("maxResults", "nextToken", "MaxResults", "NextToken")


def recovery_points(path, query):
    resource = path.removeprefix("/resources/").rstrip("/").removesuffix("/recovery-points")
    kept = [one for one in _all("RecoveryPoints") if one["_"]["_resource"] == resource]
    return _page("RecoveryPoints", _filtered(kept, query, {}, (*PAGING, "managedByAWSBackupOnly")), query)


def restore_jobs(_path, query):
    equal = {"status": "Status", "accountId": "AccountId", "resourceType": "ResourceType", "restoreTestingPlanArn": "_plan"}
    return _page("RestoreJobs", _filtered(_all("RestoreJobs"), query, equal, PAGING), query)


def restore_jobs_of(path, query):
    resource = path.removeprefix("/resources/").rstrip("/").removesuffix("/restore-jobs")
    kept = [one for one in _all("RestoreJobs") if one["_"].get("SourceResourceArn") == resource]
    return _page("RestoreJobs", _filtered(kept, query, {"status": "Status"}, PAGING), query)


def copy_jobs(_path, query):
    equal = {"resourceArn": "ResourceArn", "state": "State", "resourceType": "ResourceType", "accountId": "AccountId",
             "destinationVaultArn": "DestinationBackupVaultArn"}
    return _page("CopyJobs", _filtered(_all("CopyJobs"), query, equal, PAGING), query)


def restore_testing_plans(_path, query):
    return _page("RestoreTestingPlans", _filtered(_all("RestoreTestingPlans"), query, {}, PAGING), query)


LISTS = {
    "ListRecoveryPointsByResource": recovery_points, "ListRestoreJobs": restore_jobs,
    "ListRestoreJobsByProtectedResource": restore_jobs_of, "ListCopyJobs": copy_jobs,
    "ListRestoreTestingPlans": restore_testing_plans,
}


def _seconds(text):
    return datetime.fromisoformat(text).timestamp()


def _put(kind, key, document, times):
    for member in times:
        if isinstance(document.get(member), str):
            document[member] = _seconds(document[member])
    _kept[kind].setdefault(_place(), {})[key] = {name: value for name, value in document.items() if value is not None}


def _vault(name):
    account, region = _place()
    return f"arn:aws:backup:{region}:{account}:backup-vault:{name}"


@endpoint("backup/recovery-points")
def place_recovery_point(request):
    """`resource` (ARN), `created` (ISO 8601); optional `status` (COMPLETED), `vault` (Default), `bytes`, `key_arn`,
    `status_message`."""
    account, region = _place()
    name = request.get("arn") or f"arn:aws:backup:{region}:{account}:recovery-point:{uuid.uuid4()}"
    _put("RecoveryPoints", name, {
        "_resource": request["resource"], "RecoveryPointArn": name, "CreationDate": request["created"],
        "Status": request.get("status", "COMPLETED"), "StatusMessage": request.get("status_message"),
        "EncryptionKeyArn": request.get("key_arn"), "BackupSizeBytes": request.get("bytes", 1024**3),
        "BackupVaultName": request.get("vault", "Default"), "IsParent": False, "VaultType": "BACKUP_VAULT",
    }, ("CreationDate",))
    return {"recovery_point_arn": name}


@endpoint("backup/restore-jobs")
def place_restore_job(request):
    """`resource` (ARN), `created`, optional `completed` (ISO 8601), `status` (COMPLETED), `status_message`, `validation`
    (SUCCESSFUL, FAILED, TIMED_OUT, VALIDATING), `validation_message`, `plan` (ARN of a restore-testing plan), `type`
    (Aurora)."""
    account, region = _place()
    job = str(uuid.uuid4())
    _put("RestoreJobs", job, {
        "AccountId": account, "RestoreJobId": job, "SourceResourceArn": request["resource"],
        "RecoveryPointArn": f"arn:aws:backup:{region}:{account}:recovery-point:{uuid.uuid4()}",
        "CreationDate": request["created"], "CompletionDate": request.get("completed"),
        "Status": request.get("status", "COMPLETED"), "StatusMessage": request.get("status_message"),
        "PercentDone": "100.00%" if request.get("completed") else "0.00%", "ResourceType": request.get("type", "Aurora"),
        "_plan": request.get("plan"), "CreatedBy": {"RestoreTestingPlanArn": request["plan"]} if request.get("plan") else None,
        "ValidationStatus": request.get("validation"), "ValidationStatusMessage": request.get("validation_message"),
    }, ("CreationDate", "CompletionDate"))
    return {"restore_job_id": job}


@endpoint("backup/copy-jobs")
def place_copy_job(request):
    """`resource` (ARN), `destination_vault` (ARN), `created`, optional `completed` (ISO 8601), `state` (COMPLETED),
    `status_message`, `type` (Aurora), `bytes`."""
    account, region = _place()
    job = str(uuid.uuid4())
    if not request["destination_vault"].startswith("arn:"):
        raise Refused("destination_vault must be an ARN: it is in another region or account")
    _put("CopyJobs", job, {
        "AccountId": account, "CopyJobId": job, "ResourceArn": request["resource"],
        "SourceBackupVaultArn": _vault("Default"), "DestinationBackupVaultArn": request["destination_vault"],
        "SourceRecoveryPointArn": f"arn:aws:backup:{region}:{account}:recovery-point:{uuid.uuid4()}",
        "CreationDate": request["created"], "CompletionDate": request.get("completed"),
        "State": request.get("state", "COMPLETED"), "StatusMessage": request.get("status_message"),
        "BackupSizeInBytes": request.get("bytes", 1024**3), "ResourceType": request.get("type", "Aurora"), "IsParent": False,
    }, ("CreationDate", "CompletionDate"))
    return {"copy_job_id": job}


@endpoint("backup/restore-testing-plans")
def place_restore_testing_plan(request):
    """`name`, `last_run` (ISO 8601 or null), optional `schedule`."""
    account, region = _place()
    name = request["name"]
    arn = f"arn:aws:backup:{region}:{account}:restore-testing-plan:{name}"
    _put("RestoreTestingPlans", name, {
        "RestoreTestingPlanName": name, "RestoreTestingPlanArn": arn, "LastExecutionTime": request.get("last_run"),
        "CreationTime": request.get("created", "2026-01-01T00:00:00Z"), "StartWindowHours": 24,
        "ScheduleExpression": request.get("schedule", "cron(0 3 ? * SUN *)"), "ScheduleExpressionTimezone": "Etc/UTC",
    }, ("LastExecutionTime", "CreationTime"))
    return {"restore_testing_plan_arn": arn}
