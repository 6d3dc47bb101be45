import asyncio
import unittest

from emulator.repeats import repeated


def attempts(agent, numbers, status=200):
    """The bodies that an application gives to these attempts of one call, which counts how often it was asked."""
    asked = 0

    async def counting(_scope, _receive, send):
        nonlocal asked
        asked += 1
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": str(asked).encode()})

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    application, bodies = repeated(counting), []

    async def send(message):
        if message["type"] == "http.response.body":
            bodies.append(message["body"])

    for number in numbers:
        headers = [
            (b"user-agent", agent),
            (b"amz-sdk-invocation-id", b"one"),
            (b"amz-sdk-request", b"attempt=%d; max=25" % number),
        ]
        asyncio.run(application({"type": "http", "method": "POST", "headers": headers}, receive, send))
    return bodies


class Repeats(unittest.TestCase):
    def test_a_further_attempt_of_terraform_gets_the_answer_of_the_first(self):
        self.assertEqual(attempts(b"HashiCorp/1.0 Terraform/1.11.4", [1, 2, 3]), [b"1", b"1", b"1"])

    def test_a_first_attempt_is_a_call_of_its_own(self):
        self.assertEqual(attempts(b"Terraform/1.11.4", [1, 1]), [b"1", b"2"])

    def test_what_was_refused_is_tried_again(self):
        self.assertEqual(attempts(b"Terraform/1.11.4", [1, 2], status=503), [b"1", b"2"])

    def test_a_function_is_answered_each_time(self):
        self.assertEqual(attempts(b"aws-sdk-rust/1.3", [1, 2]), [b"1", b"2"])
