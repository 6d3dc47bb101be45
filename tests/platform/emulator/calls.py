"""Turns one HTTP exchange into one described AWS call: service, operation, resource, caller, answer."""

import json
import re
from urllib.parse import parse_qsl, unquote

from emulator import routes

# The name in a signature → the prefix that IAM uses for the same service.
IAM_PREFIX = {"monitoring": "cloudwatch", "email": "ses", "elasticfilesystem": "efs"}
SIGNED_SERVICE = re.compile(r"Credential=[^/]+/\d{8}/(?:[^/]+/)?([^/]+)/aws4_request")
# Parameters and headers that make S3 ask for another action, or for one more.
OBJECT_PARAMETERS = ("versionId",)
OBJECT_HEADERS = ("x-amz-acl", "x-amz-object-lock-legal-hold", "x-amz-object-lock-mode", "x-amz-tagging")
ERROR_CODE_XML = re.compile(rb"<Code>([^<]+)</Code>")


def describe(scope, body, status, answer_headers, answer):
    """The call as a dictionary ready for JSON. `body` and `answer` may be cut."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True))
    method, path = scope["method"], unquote(scope["path"])
    form = _form(headers, body)
    signed = _signed_service(headers, query)
    service = IAM_PREFIX.get(signed, signed)
    key = _access_key(headers, query)
    return {
        "service": service,
        "operation": _operation(signed, method, path, query, headers, form) or f"{method} {path}",
        "resource": _resource(signed, method, path, headers, body, query | form),
        "caller": _caller(key),
        "access_key": key,
        "user_agent": headers.get("user-agent", ""),
        "status": status,
        "error": _error(status, answer_headers, answer),
        "details": _details(service, headers, query, body),
    }


def _details(service, headers, query, body):
    """What the right to a call depends on beside the name of its operation; none for most."""
    if service == "dynamodb" and ".Transact" in headers.get("x-amz-target", ""):
        try:
            return sorted({kind for item in json.loads(body)["TransactItems"] for kind in item})
        except Exception:  # noqa: BLE001 - a body cut short or odd must not lose the call itself
            return []
    if service == "s3":
        return [name for name in OBJECT_PARAMETERS if name in query] + [name for name in OBJECT_HEADERS if name in headers]
    return []


def _form(headers, body):
    if "x-www-form-urlencoded" not in headers.get("content-type", ""):
        return {}
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _credential(headers, query):
    return headers.get("authorization", "") or f"Credential={query.get('X-Amz-Credential', '')}"


def _signed_service(headers, query):
    found = SIGNED_SERVICE.search(_credential(headers, query))
    return found.group(1) if found else ""


def _access_key(headers, query):
    found = re.search(r"Credential=([^/,\s]+)/", _credential(headers, query))
    return found.group(1) if found else ""


def _operation(service, method, path, query, headers, form):
    if found := re.search(r"/operation/(\w+)$", path):
        return found.group(1)
    if target := headers.get("x-amz-target", ""):
        return target.rpartition(".")[2]
    if action := form.get("Action") or query.get("Action"):
        return action
    return routes.operation(service, method, path, query, headers)


def _caller(access_key):
    """The ARN behind an access key, as GetCallerIdentity would say it; the empty string when nobody has it."""
    from ministack.core.iam_evaluator import resolve_caller_identity

    identity = resolve_caller_identity(access_key)
    return identity["userArn"] if identity else ""


def _resource(service, method, path, headers, body, params):
    """Best effort: MiniStack's own idea of the ARN that its policy check looked at, `*` when it has none."""
    from ministack.core.iam_actions import extract_resource_arn
    from ministack.core.responses import get_account_id
    from ministack.core.router import extract_region

    lists = {name: [value] for name, value in params.items()}
    try:
        return extract_resource_arn(service, method, path, headers, body, lists, extract_region(headers), get_account_id())
    except Exception:  # noqa: BLE001 - a body cut short or odd must not lose the call itself
        return "*"


def _error(status, headers, answer):
    """The error code of an answer, the empty string for a success."""
    if status < 400:
        return ""
    for name, value in headers:
        if name.lower() == b"x-amzn-errortype":
            return value.decode("latin-1").split(":")[0].rpartition("#")[2]
    if found := ERROR_CODE_XML.search(answer):
        return found.group(1).decode("utf-8", "replace")
    return _error_in_document(answer) or str(status)


def _error_in_document(answer):
    import cbor2

    for read in (json.loads, cbor2.loads):
        try:
            document = read(answer)
        except Exception:  # noqa: BLE001 - not that format
            continue
        if isinstance(document, dict):
            return str(document.get("__type") or document.get("code") or "").rpartition("#")[2]
    return ""
