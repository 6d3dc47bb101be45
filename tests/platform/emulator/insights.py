"""EKS: what AWS itself finds wrong with a cluster: insights that a test places, and health issues.

MiniStack has no insights and no issues (EKS API reference, ListInsights, DescribeInsight, ClusterIssue).
"""

import json
import re
import time
import uuid
from datetime import datetime

from emulator import documents, replace
from emulator.control import Refused, endpoint

INSIGHTS = r"/clusters/(?P<cluster>[^/]+)/insights(?:/(?P<insight>[^/]+))?"
PER_PAGE = 100
STATUSES = ("PASSING", "WARNING", "ERROR", "UNKNOWN")
# What only the description of one tells.
DETAILS = ("recommendation", "resources", "additionalInfo")

# ARN of a cluster → its insights by id.
_placed = {}


def install():
    from ministack.services import eks

    replace.function(eks, "_handle_request_sync", _with_insights)


def _with_insights(handle):
    def handle_request(method, path, headers, body, query):
        from ministack.services import eks

        found = re.fullmatch(INSIGHTS, path)
        if not found or method != ("GET" if found["insight"] else "POST"):
            return handle(method, path, headers, body, query)
        cluster = eks._clusters.get(found["cluster"])
        if cluster is None:
            return eks._error(404, "ResourceNotFoundException", f"No cluster found for name: {found['cluster']}.")
        kept = _placed.get(cluster["arn"], {})
        if found["insight"]:
            if found["insight"] not in kept:
                return eks._error(404, "ResourceNotFoundException", f"No insight found for id: {found['insight']}.")
            return eks._json_resp(200, {"insight": kept[found["insight"]]})
        return _list(eks, list(kept.values()), json.loads(body or b"{}"))

    return handle_request


def _list(eks, insights, request):
    wanted = request.get("filter") or {}
    for key, path in (("categories", "category"), ("kubernetesVersions", "kubernetesVersion"),
                      ("statuses", "insightStatus.status")):
        if wanted.get(key):
            insights = [one for one in insights if set(documents.values_at(one, path)) & set(wanted[key])]
    size = request.get("maxResults", PER_PAGE)
    try:
        page, token = documents.page(insights, size, request.get("nextToken"), Refused("token"))
    except Refused:
        return eks._error(400, "InvalidParameterException", "The next token is invalid.")
    told = [{key: value for key, value in one.items() if key not in DETAILS} for one in page]
    return eks._json_resp(200, {"insights": told} | ({"nextToken": token} if token else {}))


def _cluster(name):
    from ministack.services import eks

    cluster = eks._clusters.get(name)
    if cluster is None:
        raise Refused(f"no cluster {name}")
    return cluster


@endpoint("eks/insights")
def place(request):
    """`cluster`, `name`, `status`; optional `category` (UPGRADE_READINESS), `reason`, `version`, `since` (ISO 8601),
    `recommendation`, `resources` (addresses in the Kubernetes API). One of that name is replaced."""
    cluster = _cluster(request["cluster"])
    if request["status"] not in STATUSES:
        raise Refused(f"no status {request['status']}")
    kept = _placed.setdefault(cluster["arn"], {})
    for known in [key for key, one in kept.items() if one["name"] == request["name"]]:
        del kept[known]
    identifier = str(uuid.uuid4())
    status = {"status": request["status"], "reason": request.get("reason") or ""}
    since = datetime.fromisoformat(request["since"]).timestamp() if request.get("since") else time.time()
    kept[identifier] = {
        "id": identifier, "name": request["name"], "category": request.get("category") or "UPGRADE_READINESS",
        "kubernetesVersion": request.get("version") or cluster["version"], "lastRefreshTime": time.time(),
        "lastTransitionTime": since, "description": request["name"], "insightStatus": status,
        "recommendation": request.get("recommendation") or "", "additionalInfo": {},
        "resources": [{"kubernetesResourceUri": one, "insightStatus": status} for one in request.get("resources") or []],
    }
    return {"id": identifier}


@endpoint("eks/health")
def health(request):
    """`cluster`, `issues`: `[{"code": …, "message": …, "resourceIds": […]}]`, none for a cluster that is well."""
    _cluster(request["cluster"])["health"] = {"issues": list(request["issues"])}
    return {}
