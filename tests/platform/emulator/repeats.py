"""The answer of a call by Terraform that was lost is given again.

A client of AWS that hears nothing of a call sends it again: `amz-sdk-invocation-id` stays, `amz-sdk-request` counts the attempts
(AWS SDKs and Tools Reference Guide, "Retry behavior"). What the first attempt created exists by then, and Terraform ends. On a
machine that many platforms share, an answer is lost now and then. Functions get none of this: their attempts are what tests
are about.
"""

import collections
import logging
import re

# More than Terraform is answered in the seconds between two attempts, by far.
KEPT = 4096

logger = logging.getLogger("repeats")


def repeated(app):
    """Wraps an ASGI application so that a further attempt of a call that was answered gets the same answer."""
    known = collections.OrderedDict()

    async def application(scope, receive, send):
        call, attempt = _attempt(scope)
        if call is None:
            await app(scope, receive, send)
            return
        if attempt > 1 and call in known:
            logger.warning("attempt %d of call %s gets the answer of an earlier one", attempt, call)
            # What is not read would end the connection, and with it this answer.
            while (await receive()).get("more_body"):
                pass
            for message in known[call]:
                await send(message)
            return
        answer = []

        async def kept_send(message):
            answer.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body") and answer[0].get("status", 500) < 300:
                known[call] = answer
                if len(known) > KEPT:
                    known.popitem(last=False)
            await send(message)

        await app(scope, receive, kept_send)

    return application


def _attempt(scope):
    """Which call of Terraform this is and for which time; nothing for all others, and for what only reads."""
    if scope["type"] != "http" or scope["method"] not in ("POST", "PUT"):
        return None, 0
    headers = dict(scope["headers"])
    call = headers.get(b"amz-sdk-invocation-id")
    count = re.match(rb"attempt=(\d+)", headers.get(b"amz-sdk-request", b""))
    if call is None or count is None or b"Terraform" not in headers.get(b"user-agent", b""):
        return None, 0
    return call.decode("latin1"), int(count[1])
