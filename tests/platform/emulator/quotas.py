"""Service Quotas: the quotas a test placed. MiniStack has no such service; it speaks awsJson1_1."""

import json

from emulator.control import endpoint

TARGET = "ServiceQuotasV20190624"
_quotas = {}


def install():
    from ministack import app
    from ministack.core import iam_actions, router

    router.SERVICE_PATTERNS["servicequotas"] = {"target_prefixes": [TARGET]}
    iam_actions.SERVICE_TO_IAM_NAMESPACE["servicequotas"] = "servicequotas"
    app.SERVICE_HANDLERS["servicequotas"] = handle_request


async def handle_request(method, path, headers, body, query):
    """`GetServiceQuota` and `ListServiceQuotas`."""
    request = json.loads(body or b"{}")
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    service = request.get("ServiceCode")
    if operation == "GetServiceQuota":
        quota = _quotas.get((service, request.get("QuotaCode")))
        if quota is None:
            return _answer(400, {"__type": "NoSuchResourceException", "Message": "The requested quota does not exist."})
        return _answer(200, {"Quota": quota})
    if operation == "ListServiceQuotas":
        return _answer(200, {"Quotas": [quota for (code, _), quota in sorted(_quotas.items()) if code == service]})
    return _answer(400, {"__type": "UnknownOperationException", "Message": f"no operation {operation} here"})


def _answer(status, document):
    headers = {"Content-Type": "application/x-amz-json-1.1"}
    if "__type" in document:
        headers["x-amzn-errortype"] = document["__type"]
    return status, headers, json.dumps(document).encode()


@endpoint("quotas")
def place(request):
    """`service_code`, `quota_code`, `quota_name`, `value`; optional `unit`."""
    from ministack.core.responses import get_account_id, get_region

    service, code = request["service_code"], request["quota_code"]
    _quotas[service, code] = {
        "ServiceCode": service,
        "ServiceName": request.get("service_name", service),
        "QuotaArn": f"arn:aws:servicequotas:{get_region()}:{get_account_id()}:{service}/{code}",
        "QuotaCode": code,
        "QuotaName": request["quota_name"],
        "Value": float(request["value"]),
        "Unit": request.get("unit", "None"),
        "Adjustable": True,
        "GlobalQuota": False,
    }
    return {}
