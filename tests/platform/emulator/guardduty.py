"""GuardDuty: the findings that a test posts, by the API and as events on the default bus; coverage of EKS clusters.

MiniStack has no such service. A finding is kept in the words of the wire, which are those of the event's detail (GuardDuty
user guide, "Processing GuardDuty findings with Amazon EventBridge"; API reference, Finding).
"""

import hashlib
import json
import time
from datetime import datetime, timezone

from emulator import criteria, documents
from emulator.control import Refused, endpoint
from emulator.documents import Fault

# API reference, ListFindings and GetFindings.
FINDINGS_PER_PAGE = 50
STATUSES = ("HEALTHY", "UNHEALTHY")
# Name of a coverage filter → path in a covered resource (API reference, CoverageFilterCriterion).
COVERAGE_KEYS = {
    "ACCOUNT_ID": "accountId", "COVERAGE_STATUS": "coverageStatus", "RESOURCE_TYPE": "resourceDetails.resourceType",
    "CLUSTER_NAME": "resourceDetails.eksClusterDetails.clusterName",
    "EKS_CLUSTER_NAME": "resourceDetails.eksClusterDetails.clusterName",
    "ADDON_VERSION": "resourceDetails.eksClusterDetails.addonDetails.addonVersion",
    "MANAGEMENT_TYPE": "resourceDetails.eksClusterDetails.managementType",
}

# (account, region) → detector id; detector id → finding id → finding; detector id → covered resources.
_detectors, _findings, _covered = {}, {}, {}
# (account, region) whose detector is suspended: it is listed, and finds nothing new.
_suspended = set()


def install():
    documents.register("guardduty", {
        "ListDetectors": list_detectors, "GetDetector": get_detector, "ListFindings": list_findings,
        "GetFindings": get_findings, "GetCoverageStatistics": coverage_statistics, "ListCoverage": list_coverage,
    }, _refused)


def _refused(message, kind="InvalidInputException"):
    return Fault(400, "BadRequestException", f"The request is rejected because {message}.", __type=kind)


def _place():
    from ministack.core.responses import get_account_id, get_region

    return get_account_id(), get_region()


def _detector(path):
    detector = documents.segment(path, "detector")
    if _detectors.get(_place()) != detector:
        raise _refused("the input detectorId is not owned by the current account")
    return detector


def list_detectors(_path, _body, _query):
    detector = _detectors.get(_place())
    return {"detectorIds": [detector] if detector else []}


def get_detector(path, _body, _query):
    _detector(path)
    return {"status": "DISABLED" if _place() in _suspended else "ENABLED", "createdAt": "2026-01-01T00:00:00.000Z",
            "updatedAt": "2026-01-01T00:00:00.000Z", "findingPublishingFrequency": "FIFTEEN_MINUTES", "tags": {},
            "serviceRole": f"arn:aws:iam::{_place()[0]}:role/aws-service-role/guardduty.amazonaws.com/"
                           "AWSServiceRoleForAmazonGuardDuty"}


def list_findings(path, body, _query):
    criterion = (body.get("findingCriteria") or {}).get("criterion") or {}
    found = _sorted(list(_findings[_detector(path)].values()), body.get("sortCriteria") or {})
    try:
        ids = [finding["id"] for finding in found if criteria.meets(finding, criterion)]
    except (criteria.Unknown, ValueError) as unknown:
        raise _refused(f"it has {unknown}") from unknown
    size = body.get("maxResults", FINDINGS_PER_PAGE)
    if not 1 <= size <= FINDINGS_PER_PAGE:
        raise _refused("maxResults is out of range")
    page, token = documents.page(ids, size, body.get("nextToken"), _refused("nextToken is invalid"))
    return {"findingIds": page, "nextToken": token}


def get_findings(path, body, _query):
    ids = body.get("findingIds") or []
    if not 1 <= len(ids) <= FINDINGS_PER_PAGE:
        raise _refused("the number of findingIds is out of range")
    known = _findings[_detector(path)]
    return {"findings": _sorted([known[one] for one in ids if one in known], body.get("sortCriteria") or {})}


def _sorted(findings, wanted):
    attribute = wanted.get("attributeName")
    if not attribute:
        return findings

    def key(finding):
        values = documents.values_at(finding, attribute)
        return (not values, values[0] if values else 0)

    return sorted(findings, key=key, reverse=wanted.get("orderBy") == "DESC")


def _resources(path, body):
    kept = list(_covered[_detector(path)].values())
    for one in (body.get("filterCriteria") or {}).get("filterCriterion") or []:
        where = COVERAGE_KEYS.get(one.get("criterionKey"))
        if where is None:
            raise _refused(f"it has the criterion {one.get('criterionKey')}")
        condition = one.get("filterCondition") or {}
        kept = [each for each in kept if criteria.meets(each, {where: condition})]
    return kept


def coverage_statistics(path, body, _query):
    resources, answered = _resources(path, body), {}
    paths = {"COUNT_BY_RESOURCE_TYPE": ("countByResourceType", "resourceDetails.resourceType"),
             "COUNT_BY_COVERAGE_STATUS": ("countByCoverageStatus", "coverageStatus")}
    for kind in body.get("statisticsType") or []:
        name, where = paths[kind]
        values = [value for one in resources for value in documents.values_at(one, where)]
        answered[name] = {value: values.count(value) for value in sorted(set(values))}
    return {"coverageStatistics": answered}


def list_coverage(path, body, _query):
    size = min(body.get("maxResults", FINDINGS_PER_PAGE), FINDINGS_PER_PAGE)
    page, token = documents.page(_resources(path, body), size, body.get("nextToken"), _refused("nextToken is invalid"))
    return {"resources": page} | ({"nextToken": token} if token else {})


@endpoint("guardduty/detector")
def place_detector(request):
    """Optional `enabled` (true): GuardDuty is on in this account and region, or off, and then its findings are gone.
    Optional `suspended`: the detector is there and does nothing."""
    place = _place()
    if request.get("suspended") is not None:
        (_suspended.add if request["suspended"] else _suspended.discard)(place)
    detector = hashlib.md5("/".join(place).encode(), usedforsecurity=False).hexdigest()
    if request.get("enabled", True):
        _detectors[place] = detector
        _findings.setdefault(detector, {})
        _covered.setdefault(detector, {})
        return {"detector_id": detector}
    for kept in (_detectors, _findings, _covered):
        kept.pop(place if kept is _detectors else detector, None)
    return {"detector_id": None}


@endpoint("guardduty/findings")
def post(request):
    """`finding`: a finding in the words of the event's detail; what GuardDuty says of every finding is filled in. With the
    `id` of one that is there: laid over it, and seen once more (`count` grows, `updatedAt` is now) unless `seen` is false.
    Optional `announce` (true): the event on the default bus. An archived finding is never announced, as on AWS."""
    place_detector({})
    detector, now = _detectors[_place()], stamp(time.time())
    posted = request.get("finding") or {}
    identifier = request.get("id") or posted.get("id")
    known = _findings[detector].get(identifier)
    if request.get("id") and known is None:
        raise Refused(f"no finding {identifier}")
    finding = documents.merged(known or _new(detector, identifier, posted, now), posted)
    if known and request.get("seen", True):
        finding["service"]["count"] = int(known["service"]["count"]) + 1
        finding["service"]["eventLastSeen"] = now
    if known and "updatedAt" not in posted:
        finding["updatedAt"] = now
    _findings[detector][finding["id"]] = finding
    told = request.get("announce", True) and not finding["service"]["archived"]
    if told:
        _announce(finding)
    return {"id": finding["id"], "arn": finding["arn"], "detector_id": detector, "announced": told,
            "count": finding["service"]["count"], "updated_at": finding["updatedAt"]}


def _new(detector, identifier, posted, now):
    account, region = _place()
    identifier = identifier or hashlib.md5(f"{time.time_ns()}".encode(), usedforsecurity=False).hexdigest()
    for member in ("type", "resource"):
        if member not in posted:
            raise Refused(f"the finding has no {member}")
    return {
        "schemaVersion": "2.0", "accountId": account, "region": region, "partition": "aws", "id": identifier,
        "arn": f"arn:aws:guardduty:{region}:{account}:detector/{detector}/finding/{identifier}",
        "severity": 8, "createdAt": now, "updatedAt": now, "title": posted["type"], "description": posted["type"],
        "service": {
            "serviceName": "guardduty", "detectorId": detector, "resourceRole": "TARGET", "archived": False, "count": 1,
            "additionalInfo": {"value": "{}", "type": "default"}, "eventFirstSeen": now, "eventLastSeen": now,
        },
    }


def stamp(seconds):
    """`2026-06-02T11:54:03.731Z`, as GuardDuty writes times."""
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _announce(finding):
    from ministack.services import eventbridge

    entry = {"Source": "aws.guardduty", "DetailType": "GuardDuty Finding", "Resources": [], "Detail": json.dumps(finding)}
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


@endpoint("guardduty/coverage")
def cover(request):
    """`cluster`; `status` (HEALTHY or UNHEALTHY), or null: the cluster is no longer covered at all; optional `issue`,
    `covered_nodes`, `compatible_nodes`, `addon_version`."""
    place_detector({})
    (account, _), detector, name = _place(), _detectors[_place()], request["cluster"]
    if request["status"] is None:
        _covered[detector].pop(name, None)
        return {}
    if request["status"] not in STATUSES:
        raise Refused(f"no status {request['status']}")
    nodes = int(request.get("compatible_nodes", 0))
    resource = {
        "resourceId": hashlib.md5(name.encode(), usedforsecurity=False).hexdigest(), "detectorId": detector,
        "accountId": account, "coverageStatus": request["status"], "updatedAt": time.time(),
        "resourceDetails": {"resourceType": "EKS", "eksClusterDetails": {
            "clusterName": name, "coveredNodes": int(request.get("covered_nodes", nodes)), "compatibleNodes": nodes,
            "addonDetails": {"addonVersion": request.get("addon_version", "v1.12.1-eksbuild.2"), "addonStatus": "ACTIVE"},
            "managementType": "MANUAL",
        }},
    }
    _covered[detector][name] = resource | ({"issue": request["issue"]} if request.get("issue") else {})
    return {}
