"""REST services of AWS that answer JSON documents and that MiniStack does not have: routing, IAM, answers, pages."""

import base64
import json
import re

from emulator import routes


def register(service, handlers, refuse):
    """Serves `service` by `handlers`: operation → `function(path parameters, body, query) -> document`. `refuse` makes
    the answer to an operation that is not there. The caller is held to IAM by the operation's name, on every resource
    unless `resources.py` knows better."""
    from ministack import app
    from ministack.core import iam_actions, router

    router.SERVICE_PATTERNS[service] = {"credential_scope": service}
    iam_actions.SERVICE_TO_IAM_NAMESPACE[service] = service
    iam_actions._BOTOCORE_SERVICE_MAP[service] = [service]

    async def handle_request(method, path, headers, body, query_params):
        query = {name: value[0] if isinstance(value, list) else value for name, value in query_params.items()}
        operation = routes.operation(service, method, path, query, headers)
        handler = handlers.get(operation)
        if handler is None:
            return refuse(f"no operation {operation or f'{method} {path}'} here").answer()
        try:
            return answer(200, handler(path, json.loads(body or b"{}"), query))
        except Fault as fault:
            return fault.answer()

    app.SERVICE_HANDLERS[service] = handle_request


class Fault(Exception):
    """An error of the service: HTTP status, code, and what else its body carries."""

    def __init__(self, status, code, message, **more):
        super().__init__(message)
        self.status, self.code, self.more = status, code, more

    def answer(self):
        return answer(self.status, {"message": str(self), **self.more}, {"x-amzn-errortype": self.code})


def answer(status, document, headers=None):
    return status, {"Content-Type": "application/json", **(headers or {})}, json.dumps(document).encode()


def segment(path, after):
    """The path's segment that follows the segment `after`; the empty string when there is none."""
    found = re.search(rf"/{re.escape(after)}/([^/]+)", path)
    return found.group(1) if found else ""


def page(items, size, token, bad_token):
    """One page, and the token of the next: the empty string at the end. `bad_token` is raised for one that is not ours."""
    start = 0
    if token:
        try:
            start = int(base64.urlsafe_b64decode(token.encode()).decode().removeprefix("from:"))
        except ValueError as error:
            raise bad_token from error
    end = start + size
    more = base64.urlsafe_b64encode(f"from:{end}".encode()).decode() if end < len(items) else ""
    return items[start:end], more


def values_at(document, path):
    """Everything that stands at a dotted path; lists on the way are walked through, so there may be none or many."""
    found = [document]
    for name in path.split("."):
        found = [below for one in found for below in _below(one, name)]
    return [one for each in found for one in (each if isinstance(each, list) else [each])]


def _below(value, name):
    if isinstance(value, list):
        return [below for one in value for below in _below(one, name)]
    return [value[name]] if isinstance(value, dict) and value.get(name) is not None else []


def merged(old, new):
    """`new` laid over `old`: objects are merged, everything else is replaced."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    return old | {name: merged(old.get(name), value) for name, value in new.items()}
