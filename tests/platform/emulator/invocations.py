"""AWS services that invoke a Lambda function by themselves: the function's resource policy must let them, and the
invocation is asynchronous, with retries and a failure destination.

MiniStack looks at no resource policy here, and calls the function once.
"""

import contextvars
import json
import logging

from emulator import replace

logger = logging.getLogger("invocations")
# ARN of the rule or schedule whose target is being invoked.
_rule = contextvars.ContextVar("rule", default="")


def install():
    from ministack.services import eventbridge, sns

    replace.function(eventbridge, "_invoke_target", _knowing_the_rule)
    replace.function(eventbridge, "_dispatch_to_lambda", lambda _: _invoke_from_the_bus)
    replace.function(sns, "_deliver_to_lambda", lambda _: _invoke_from_a_topic)


def invoke_as(service, source_arn, function_arn, event):
    """Invokes the function for `service`, acting for the resource `source_arn`; a refusal is logged, as a metric
    would be on AWS."""
    if why := refusal(service, source_arn, function_arn):
        logger.error("%s", why)
        return
    invoke(function_arn, event)


def refusal(service, source_arn, function_arn):
    """Why the function's resource policy does not let the service invoke it; or None."""
    from ministack.core import iam_evaluator
    from ministack.services import lambda_svc

    found = lambda_svc.function_policy_for_arn(function_arn)
    if found is None:
        return f"there is no function {function_arn}"
    _, _, _, region, account, *_ = source_arn.split(":")
    context = iam_evaluator.EvalContext(
        principal_arn="*", principal_type="Service", principal_account="", action="lambda:InvokeFunction",
        resource_arn=function_arn, region=region,
        service_context={"aws:sourcearn": source_arn, "aws:sourceaccount": account},
    )
    if iam_evaluator.evaluate_resource_policy(found[0], context, service=service).decision != "Allow":
        return f"the policy of {function_arn} does not let {service} invoke it for {source_arn}"
    return None


def invoke(function_arn, event):
    """Asynchronous invocation."""
    from ministack.services import lambda_svc

    function, config, name = lambda_svc._get_func_record_for_ref(function_arn)
    if not function or not config:
        logger.error("no function %s to invoke", name)
        return
    lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(function, config), event)


def _knowing_the_rule(invoke_target):
    def with_rule(target, event, rule, view=None):
        token = _rule.set(rule.get("Arn", ""))
        try:
            invoke_target(target, event, rule, view)
        finally:
            _rule.reset(token)

    return with_rule


def _invoke_from_the_bus(function_arn, payload):
    """A schedule acts through its role, which was looked at already; a rule needs the function's own policy."""
    source = _rule.get()
    if source.split(":")[2:3] == ["events"]:
        invoke_as("events.amazonaws.com", source, function_arn, json.loads(payload))
    else:
        invoke(function_arn, json.loads(payload))


def _invoke_from_a_topic(function_arn, envelope, topic_arn, subscription_arn, _id, _message, _attributes):
    message = json.loads(envelope)
    # In a function's event these two are spelled differently from a queue's (Lambda developer guide, "Using Lambda
    # with Amazon SNS").
    for name in ("SigningCert", "Unsubscribe"):
        message[f"{name}Url"] = message.pop(f"{name}URL", "")
    message.setdefault("MessageAttributes", {})
    record = {"EventVersion": "1.0", "EventSubscriptionArn": subscription_arn, "EventSource": "aws:sns", "Sns": message}
    invoke_as("sns.amazonaws.com", topic_arn, function_arn, {"Records": [record]})
