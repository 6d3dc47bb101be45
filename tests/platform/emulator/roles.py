"""Whether a service may act through a role: the trust policy must name the service, the policies the action."""

import json

ACTIONS = {"lambda": "lambda:InvokeFunction", "sqs": "sqs:SendMessage", "sns": "sns:Publish",
           "states": "states:StartExecution", "events": "events:PutEvents"}


def refusal(role_arn, service, source_arn, target_arn):
    """Why `service`, acting for the resource `source_arn`, may not reach `target_arn` through the role; or None."""
    from ministack.core import iam_evaluator
    from ministack.services import iam

    name = role_arn.rpartition("/")[2]
    role = iam._roles.get(name)
    if role is None:
        return f"there is no role {role_arn}"
    action = ACTIONS.get(_field(target_arn, 2))
    if action is None:
        return f"no action is known for the target {target_arn}"
    account = _field(role_arn, 4)

    def context(principal, doing, resource):
        return iam_evaluator.EvalContext(
            principal_arn=principal, principal_type="AssumedRole", principal_account=account, action=doing,
            resource_arn=resource, region=_field(source_arn, 3),
            service_context={"aws:sourceaccount": _field(source_arn, 4), "aws:sourcearn": source_arn},
        )

    if not _trusts(iam_evaluator, role, service, context(service, "sts:AssumeRole", role_arn)):
        return f"{service} may not assume {role_arn}"
    policies = iam_evaluator._gather_role_policies(name, account)
    if iam_evaluator.evaluate(context(role_arn, action, target_arn), policies).decision != "Allow":
        return f"{role_arn} is not allowed {action} on {target_arn}"
    return None


def lets_in(topic_arn, service, source_arn):
    """Whether the policy of a topic lets `service` publish for the resource `source_arn`. Services of AWS speak TLS among
    themselves; MiniStack takes the transport of the call that happens to be answered."""
    from ministack.core import iam_evaluator
    from ministack.services import sns

    topic = sns._topic_by_arn_any_scope(topic_arn) or {}
    policy = topic.get("attributes", {}).get("Policy")
    if not policy:
        return False
    context = iam_evaluator.EvalContext(
        principal_arn="*", principal_type="Service", principal_account="", action="sns:Publish",
        resource_arn=topic_arn, region=_field(topic_arn, 3), secure_transport=True,
        service_context={"aws:sourceaccount": _field(source_arn, 4), "aws:sourcearn": source_arn,
                         "aws:sourceowner": _field(source_arn, 4)},
    )
    return iam_evaluator.evaluate_resource_policy(policy, context, service=service).decision == "Allow"


def _trusts(evaluator, role, service, context):
    document = role.get("AssumeRolePolicyDocument") or {}
    if isinstance(document, str):
        document = json.loads(document)
    statements = document.get("Statement", [])
    statements = [statements] if isinstance(statements, dict) else statements
    effects = {
        statement.get("Effect")
        for statement in statements
        if _names(statement.get("Action"), "sts:AssumeRole")
        and evaluator._service_principal_matches(statement.get("Principal"), service)
        and evaluator._conditions_met(statement.get("Condition", {}), context)
    }
    return "Allow" in effects and "Deny" not in effects


def _names(actions, wanted):
    actions = [actions] if isinstance(actions, str) else actions or []
    return any(action.lower() in (wanted.lower(), "sts:*", "*") for action in actions)


def _field(arn, index):
    parts = arn.split(":")
    return parts[index] if len(parts) > index else ""
