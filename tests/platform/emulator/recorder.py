"""Writes every AWS call that reaches the emulator as one JSON line: who called what on what, and the answer.

Later proofs of least privilege read this file, so a call that cannot be named is written with its method and
path, never left out. Calls inside the emulator (Scheduler → Lambda, SNS → SQS) are AWS's own and not here.
"""

import datetime
import json
import threading

from emulator import calls

# Bodies are read to name the operation; an S3 object is never needed whole.
KEPT_BODY_BYTES = 256 * 1024
KEPT_ANSWER_BYTES = 16 * 1024
# MiniStack's and our own control endpoints are not AWS calls.
NOT_AWS = ("/_day2/", "/_ministack/", "/_localstack/", "/health")


def recorded(app, path):
    """Wraps an ASGI application so that its AWS calls are appended to the file at `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    log = path.open("a", buffering=1, encoding="utf-8")
    lock = threading.Lock()

    async def application(scope, receive, send):
        if scope["type"] != "http" or scope["path"].startswith(NOT_AWS):
            await app(scope, receive, send)
            return
        request, answer = _Kept(KEPT_BODY_BYTES), _Kept(KEPT_ANSWER_BYTES)
        started = datetime.datetime.now(datetime.timezone.utc)
        written = False

        def write():
            nonlocal written
            if written:
                return
            written = True
            line = {"time": started.isoformat(timespec="milliseconds").replace("+00:00", "Z")}
            line |= calls.describe(scope, bytes(request.body), answer.status, answer.headers, bytes(answer.body))
            with lock:
                log.write(json.dumps(line) + "\n")

        async def kept_receive():
            message = await receive()
            if message["type"] == "http.request":
                request.add(message.get("body", b""))
            return message

        async def kept_send(message):
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = message.get("headers", [])
            elif message["type"] == "http.response.body":
                answer.add(message.get("body", b""))
                # Before the caller has its answer, so that whoever then reads the log finds the call in it.
                if not message.get("more_body"):
                    write()
            await send(message)

        try:
            await app(scope, kept_receive, kept_send)
        finally:
            write()

    return application


class _Kept:
    """The first bytes of a body, its status and its headers."""

    def __init__(self, limit):
        self.limit, self.body, self.status, self.headers = limit, bytearray(), 0, []

    def add(self, part):
        room = self.limit - len(self.body)
        if room > 0:
            self.body += part[:room]
