"""IAM: `SimulatePrincipalPolicy` and `SimulateCustomPolicy` with context entries, which MiniStack leaves out, and the former with
missing context values."""

from xml.sax.saxutils import escape

from emulator import replace

WORDS = {"Allow": "allowed", "Deny": "explicitDeny"}


def install():
    from ministack.services import iam

    replace.action(iam._IAM_HANDLERS, "SimulatePrincipalPolicy", lambda _: simulate)
    replace.action(iam._IAM_HANDLERS, "SimulateCustomPolicy", lambda _: simulate_custom)


def simulate(params):
    """IAM API reference, SimulatePrincipalPolicy: each action with the one resource that is given, over TLS as calls are."""
    from ministack.core import iam_evaluator
    from ministack.core.responses import get_account_id, get_region
    from ministack.services import iam

    account = get_account_id()
    source = iam._p(params, "PolicySourceArn")
    kind, _, name = source.rpartition(":")[2].partition("/")
    if kind != "role" or iam._roles.get(name) is None:
        return iam._error(404, "NoSuchEntity", f"The entity {source} cannot be found.", ns="iam")
    resources = _members(iam, params, "ResourceArns.member.{}") or ["*"]
    if len(resources) > 1:
        return iam._error(400, "InvalidInput", "this emulator simulates one resource at a time", ns="iam")
    policies = iam_evaluator._gather_role_policies(name, account)
    given = _context(iam, params)
    results = "".join(
        _result(iam_evaluator, action, resources[0], policies, given, (source, account, get_region()))
        for action in _members(iam, params, "ActionNames.member.{}")
    )
    return iam._xml(200, "SimulatePrincipalPolicyResponse",
                    f"<SimulatePrincipalPolicyResult><EvaluationResults>{results}</EvaluationResults>"
                    "<IsTruncated>false</IsTruncated></SimulatePrincipalPolicyResult>", ns="iam")


def simulate_custom(params):
    """IAM API reference, SimulateCustomPolicy: the policies that are given, and no context but what is given."""
    from ministack.core import iam_evaluator
    from ministack.core.responses import get_account_id, get_region
    from ministack.services import iam

    account = get_account_id()
    documents = _members(iam, params, "PolicyInputList.member.{}")
    policies = [parsed for parsed in map(iam_evaluator.parse_policy_document, documents) if parsed]
    resources = _members(iam, params, "ResourceArns.member.{}") or ["*"]
    given, who = _context(iam, params), (f"arn:aws:iam::{account}:user/simulated", account, get_region())
    results = "".join(
        _result(iam_evaluator, action, resource, policies, given, who, secure=False)
        for action in _members(iam, params, "ActionNames.member.{}") for resource in resources
    )
    return iam._xml(200, "SimulateCustomPolicyResponse",
                    f"<SimulateCustomPolicyResult><EvaluationResults>{results}</EvaluationResults>"
                    "<IsTruncated>false</IsTruncated></SimulateCustomPolicyResult>", ns="iam")


def _result(evaluator, action, resource, policies, given, who, secure=True):
    source, account, region = who
    context = evaluator.EvalContext(
        principal_arn=source, principal_type="AssumedRole", principal_account=account, action=action,
        resource_arn=resource, region=region, secure_transport=secure, service_context=given,
    )
    decision = WORDS.get(evaluator.evaluate(context, policies).decision, "implicitDeny")
    needed = {key.lower(): key for statements in policies for statement in statements
              for keys in statement.conditions.values() for key in keys}
    # AWS names the keys of all statements, also of those about other actions (aws-sdk-java-v2#1751, boto3#3111).
    missing = "".join(f"<member>{escape(name)}</member>" for key, name in sorted(needed.items()) if key not in given)
    return (f"<member><EvalActionName>{escape(action)}</EvalActionName>"
            f"<EvalResourceName>{escape(resource)}</EvalResourceName><EvalDecision>{decision}</EvalDecision>"
            f"<MatchedStatements/><MissingContextValues>{missing}</MissingContextValues></member>")


def _context(iam, params):
    given, index = {}, 1
    while key := iam._p(params, f"ContextEntries.member.{index}.ContextKeyName"):
        given[key.lower()] = iam._p(params, f"ContextEntries.member.{index}.ContextKeyValues.member.1")
        index += 1
    return given


def _members(iam, params, pattern):
    found, index = [], 1
    while value := iam._p(params, pattern.format(index)):
        found.append(value)
        index += 1
    return found
