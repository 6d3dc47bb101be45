"""The `/_day2/…` endpoints: what a test or the demo says to the emulator that no AWS API could say.

They place facts that in AWS come from inside (a launch failed, a service emits a metric), never answers. They
are served to loopback clients only, need no signature and are not recorded as AWS calls.
"""

import asyncio
import json

PREFIX = "/_day2/"
LOOPBACK = ("127.0.0.1", "::1")

_handlers = {}


class Refused(Exception):
    """A control call that cannot be done; the text goes to the caller."""


def endpoint(path):
    """Registers a function `dict -> dict` for `POST /_day2/<path>`. It runs in a worker thread."""

    def register(function):
        _handlers[PREFIX + path] = function
        return function

    return register


@endpoint("health")
def _health(_):
    return {"status": "ok", "endpoints": sorted(_handlers)}


def controlled(app):
    """Wraps an ASGI application so that `/_day2/…` is answered here and everything else there."""

    async def application(scope, receive, send):
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await _answer(scope, receive, send)
        else:
            await app(scope, receive, send)

    return application


async def _answer(scope, receive, send):
    client = (scope.get("client") or ("",))[0]
    handler = _handlers.get(scope["path"])
    if client not in LOOPBACK:
        status, answer = 403, {"error": "control endpoints answer loopback clients only"}
    elif handler is None:
        status, answer = 404, {"error": f"no control endpoint {scope['path']}", "endpoints": sorted(_handlers)}
    else:
        status, answer = await _run(handler, await read_body(receive))
    payload = json.dumps(answer).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(payload)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": payload})


async def _run(handler, body):
    try:
        request = json.loads(body or b"{}")
        if not isinstance(request, dict):
            raise Refused("the body must be a JSON object")
        return 200, await asyncio.to_thread(_in_its_region, handler, request)
    except (Refused, json.JSONDecodeError) as problem:
        return 400, {"error": str(problem)}
    except (KeyError, TypeError, ValueError) as problem:
        return 400, {"error": f"{type(problem).__name__}: {problem}"}


def _in_its_region(handler, request):
    """`region` in a request: the fact belongs to that region, not to the emulator's own."""
    from ministack.core.responses import get_account_id, get_region, request_scope

    with request_scope(get_account_id(), request.pop("region", None) or get_region()):
        return handler(request)


async def read_body(receive):
    """The whole body of an ASGI request."""
    parts = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)
