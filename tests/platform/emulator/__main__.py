"""Starts MiniStack, completed by what the platform needs, on one loopback port.

Run as `python -m emulator --port 4566 --state-dir DIR` from the folder above (README.md). Everything that
MiniStack reads from the environment is set here, before it is imported, and nothing of the caller's own
environment gets through: Lambda functions inherit what this process has.
"""

import argparse
import asyncio
import os
import pathlib
import signal


def arguments():
    parser = argparse.ArgumentParser(prog="emulator", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="loopback TCP port to listen on")
    parser.add_argument("--state-dir", type=pathlib.Path, required=True, help="folder for files and the call log")
    parser.add_argument("--account", default="123456789012", help="the AWS account id")
    parser.add_argument("--region", default="us-east-1", help="the AWS region")
    return parser.parse_args()


def environment(args):
    """The whole environment of the emulator, and so of every Lambda function it runs."""
    home = args.state_dir / "home"
    temporary = args.state_dir / "tmp"
    for folder in (home, temporary):
        folder.mkdir(parents=True, exist_ok=True)
    keep = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    endpoint = f"http://127.0.0.1:{args.port}"
    return keep | {
        # A user's own ~/.aws must reach neither the emulator nor a function.
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "STATE_DIR": str(args.state_dir / "state"),
        "S3_DATA_DIR": str(args.state_dir / "s3"),
        "AUTH": "true",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_DEFAULT_REGION": args.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(args.port),
        "MINISTACK_ACCOUNT_ID": args.account,
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": args.region,
        "SFN_WAIT_SCALE": "0",
        # Two listeners nobody here uses; both would take fixed ports.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # No container engine: what needs one must fall back, not reach for the host's.
        "DOCKER_HOST": "unix:///nonexistent",
        "LOG_LEVEL": "INFO",
    }


async def serve(application, port):
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config

    from emulator import alarms

    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    # Longer than any client keeps a connection that is idle: one that is closed while a request is under way loses its answer, and
    # the client creates a second time what was created.
    config.keep_alive_timeout = 3600
    config.graceful_timeout = 1
    config.accesslog = None
    clock = asyncio.create_task(alarms.by_the_clock())
    await hypercorn_serve(application, config, shutdown_trigger=stopped.wait)
    clock.cancel()


def secure(application):
    """Says that requests came over TLS, as every request to AWS does: policies that refuse plain HTTP must let them
    through, although the loopback port speaks it."""

    async def wrapped(scope, receive, send):
        if scope["type"] == "http":
            scope = scope | {"headers": [*scope["headers"], (b"x-forwarded-proto", b"https")]}
        await application(scope, receive, send)

    return wrapped


def main():
    args = arguments()
    args.state_dir = args.state_dir.resolve()
    settings = environment(args)
    os.environ.clear()
    os.environ.update(settings)

    from ministack.app import app

    from emulator import additions, control, recorder, repeats

    additions.install()
    application = repeats.repeated(control.controlled(app))
    application = secure(recorder.recorded(application, args.state_dir / "aws-calls.jsonl"))
    asyncio.run(serve(application, args.port))


main()
