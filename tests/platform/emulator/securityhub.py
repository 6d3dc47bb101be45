"""Security Hub: the findings that a test posts, in ASFF, by `GetFindings` with its filters.

MiniStack has no such service (Security Hub API reference, GetFindings and AwsSecurityFindingFilters; user guide, "ASFF").
"""

import time
import uuid
from datetime import datetime, timezone

from emulator import criteria, documents
from emulator.control import Refused, endpoint
from emulator.documents import Fault
from emulator.guardduty import stamp

FINDINGS_PER_PAGE = 100

# Places, (account, region), in which it is enabled → finding id → finding.
_hubs = {}


def install():
    documents.register("securityhub", {"GetFindings": get_findings}, _refused)


def _refused(message):
    return Fault(400, "InvalidInputException", message, Code="InvalidInput")


def _place():
    from ministack.core.responses import get_account_id, get_region

    return get_account_id(), get_region()


def get_findings(_path, body, _query):
    place = _place()
    if place not in _hubs:
        raise Fault(401, "InvalidAccessException", f"Account {place[0]} is not subscribed to AWS Security Hub",
                    Code="InvalidAccess")
    now = datetime.now(timezone.utc)
    try:
        kept = [one for one in _hubs[place].values() if criteria.passes(one, body.get("Filters") or {}, now)]
    except criteria.Unknown as unknown:
        raise _refused(f"not known is {unknown}") from unknown
    for wanted in reversed(body.get("SortCriteria") or []):
        kept.sort(key=lambda one, field=wanted["Field"]: str(documents.values_at(one, field)),
                  reverse=wanted.get("SortOrder") == "desc")
    size = body.get("MaxResults", FINDINGS_PER_PAGE)
    if not 1 <= size <= FINDINGS_PER_PAGE:
        raise _refused("MaxResults is out of range")
    page, token = documents.page(kept, size, body.get("NextToken"), _refused("NextToken is invalid"))
    return {"Findings": page} | ({"NextToken": token} if token else {})


@endpoint("securityhub/hub")
def place_hub(request):
    """Optional `enabled` (true): the account is subscribed in this region, or not, and then its findings are gone."""
    if request.get("enabled", True):
        _hubs.setdefault(_place(), {})
    else:
        _hubs.pop(_place(), None)
    return {}


@endpoint("securityhub/findings")
def post(request):
    """`finding`: in ASFF; what every finding has is filled in. With the `Id` of one that is there: laid over it."""
    place_hub({})
    account, region = _place()
    posted, now = request["finding"], stamp(time.time())
    kept = _hubs[account, region]
    known = kept.get(posted.get("Id"))
    finding = documents.merged(known | {"UpdatedAt": now} if known else _new(account, region, posted, now), posted)
    for path in ("Severity.Label", "Workflow.Status", "Resources.Id"):
        if not documents.values_at(finding, path):
            raise Refused(f"the finding has no {path}")
    kept[finding["Id"]] = finding
    return {"id": finding["Id"]}


def _new(account, region, posted, now):
    product = f"arn:aws:securityhub:{region}::product/aws/securityhub"
    return {
        "SchemaVersion": "2018-10-08", "Id": posted.get("Id") or f"{product}/{uuid.uuid4()}", "ProductArn": product,
        "ProductName": "Security Hub", "CompanyName": "AWS", "Region": region, "GeneratorId": "security-control/EKS.1",
        "AwsAccountId": account, "Types": ["Software and Configuration Checks"], "CreatedAt": now, "UpdatedAt": now,
        "Severity": {"Label": "HIGH"}, "Title": "A finding", "Description": "A finding",
        "Resources": [{"Type": "AwsAccount", "Id": f"AWS::::Account:{account}", "Partition": "aws", "Region": region}],
        "WorkflowState": "NEW", "Workflow": {"Status": "NEW"}, "RecordState": "ACTIVE",
    }
