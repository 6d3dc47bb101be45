"""Lambda: the environment variables of a custom runtime that MiniStack leaves out, and metrics from log lines."""

import json

from emulator import metrics, replace

# What MiniStack is told through its environment and a function must not see.
EMULATOR_ONLY = ("AUTH", "BIND_HOST", "DOCKER_HOST", "GATEWAY_PORT", "IOT_MTLS_ENABLED", "LOG_LEVEL", "S3_DATA_DIR",
                 "SFN_WAIT_SCALE", "SFTP_ENABLED", "STATE_DIR")


def install():
    from ministack.core import lambda_runtime
    from ministack.services import cloudwatch_logs, lambda_svc

    replace.function(lambda_svc, "_provided_worker_env", _with_logging_controls)
    replace.function(cloudwatch_logs, "_append_log_events", _with_embedded_metrics)
    replace.function(lambda_runtime.Worker, "_drain_stderr_bounded", _patiently)


def _patiently(drain):
    """The log of an invocation is gathered for milliseconds; where a thread waits longer for a processor, the rest of it, and the
    metrics in it, would come with the next invocation or never."""

    def patient(worker, **_waits):
        return drain(worker, first_line_wait=0.5, idle_confirm=0.1, hard_cap=5.0)

    return patient


def _with_logging_controls(make):
    """Lambda developer guide, "Defined runtime environment variables" and "Advanced logging controls"."""

    def environment(config, code_dir, port):
        variables = make(config, code_dir, port)
        own = (config.get("Environment") or {}).get("Variables") or {}
        for name in list(variables):
            if (name in EMULATOR_ONLY or name.startswith("MINISTACK_")) and name not in own:
                del variables[name]
        logging = config.get("LoggingConfig") or {}
        variables["TZ"] = ":UTC"
        variables["AWS_LAMBDA_LOG_GROUP_NAME"] = logging.get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"
        variables["AWS_LAMBDA_INITIALIZATION_TYPE"] = "on-demand"
        if logging.get("LogFormat") == "JSON":
            variables["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
            variables["AWS_LAMBDA_LOG_LEVEL"] = logging.get("ApplicationLogLevel") or "INFO"
        return variables

    return environment


def _with_embedded_metrics(append):
    def append_log_events(stream, events):
        append(stream, events)
        for event in events:
            for point in embedded(event["message"], event["timestamp"]):
                metrics.store(*point)

    return append_log_events


def embedded(message, timestamp_milliseconds):
    """The metrics of one log line in the embedded metric format (CloudWatch user guide); none for other lines.

    Yields (namespace, name, dimensions, epoch seconds, unit, values).
    """
    if '"_aws"' not in message:
        return
    try:
        document = json.loads(message)
        header = document["_aws"]
        directives = header["CloudWatchMetrics"]
    except (ValueError, KeyError, TypeError):
        return
    seconds = header.get("Timestamp", timestamp_milliseconds) / 1000
    for directive in directives:
        for names in directive.get("Dimensions") or [[]]:
            if any(name not in document for name in names):
                continue
            dimensions = {name: str(document[name]) for name in names}
            for metric in directive.get("Metrics", []):
                value = document.get(metric["Name"])
                if value is not None:
                    values = value if isinstance(value, list) else [value]
                    yield directive["Namespace"], metric["Name"], dimensions, seconds, metric.get("Unit", "None"), values
