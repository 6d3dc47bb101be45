"""Judges what Terraform would deploy by linters that others wrote.

parliament knows the actions and resource types of IAM, checkov what a Terraform resource or a Kubernetes manifest should have.
What they find must stand in infra/lint/exceptions.toml with a reason; an exception that nothing needs any more is a fault too. A broken
policy, resource and manifest are judged beside ours each time, so that a linter which has gone blind is noticed.

Called by scripts/lint-infra:  judge.py PLAN FOLDER…
PLAN is the output of `terraform test -json -verbose` of one run; each FOLDER is given to checkov.
"""

import fnmatch
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from parliament import analyze_policy_string, iam_definition

EXCEPTIONS = Path(__file__).with_name("exceptions.toml")

# Three faults of a role, each of another kind.
BROKEN_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["rds:DescribeDBCluster"], "Resource": ["*"]},
        {"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": ["arn:aws:s3:::a-bucket"]},
        {"Effect": "Allow", "Action": ["rds:ModifyDBCluster"], "Resource": ["*"]},
    ],
}
NOTICED_IN_POLICY = {
    ("UNKNOWN_ACTION", "broken"),
    ("RESOURCE_MISMATCH", "broken"),
    ("STAR", "rds:ModifyDBCluster"),
}

BROKEN_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRoles", "Principal": {"Service": "lambda.amazonaws.com"}}],
}
NOTICED_IN_TRUST = {("UNKNOWN_ACTION", "broken trust")}

BROKEN_TERRAFORM = """
resource "aws_s3_bucket_public_access_block" "broken" {
  bucket                  = "a-bucket"
  block_public_acls       = false
  block_public_policy     = false
  ignore_public_acls      = false
  restrict_public_buckets = false
}
"""
BROKEN_MANIFEST = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: broken
rules:
  - apiGroups: [""]
    resources: ["*"]
    verbs: ["*"]
"""
NOTICED_BY_CHECKOV = {"CKV_AWS_53", "CKV_K8S_49"}


def plan_of(path):
    """The plan of the one run whose output is in this file."""
    for line in Path(path).read_text().splitlines():
        message = json.loads(line)
        if message["type"] == "test_plan":
            return message["test_plan"]
        if message["type"] == "diagnostic" and message["diagnostic"]["severity"] == "error":
            sys.exit(f"the plan fails: {message['diagnostic']['summary']}: {message['diagnostic']['detail']}")
    sys.exit(f"{path} holds no plan")


# What has a policy beside roles. Who may call by them is what the laws in tests/tests/plan judge.
RESOURCE_POLICIES = {
    "aws_cloudwatch_event_bus_policy",
    "aws_kms_key",
    "aws_s3_bucket_policy",
    "aws_sns_topic_policy",
    "aws_sqs_queue_policy",
}

# What may have its policy in itself or in a resource of its own; then the plan does not know it here.
INLINE_POLICIES = {"aws_s3_bucket", "aws_sns_topic", "aws_sqs_queue"}

# What has it in itself: one that the plan does not know would go by unseen.
INLINE = {"aws_sns_topic.canary[0]", "aws_sqs_queue.canary[0]", "aws_sqs_queue.failures"}


def is_document(text):
    """Whether a text, if there is one, is a JSON object."""
    try:
        return isinstance(json.loads(text or ""), dict)
    except json.JSONDecodeError:
        return False


def with_resource(trust):
    """A trust as the linter reads policies: with a resource, which a trust must not have, because it is the role."""
    document = json.loads(trust)
    for statement in document["Statement"]:
        statement["Resource"] = "arn:aws:iam::123456789012:role/trusting"
    return json.dumps(document)


def policies(plan):
    """(address, text, whose it is: a role's, a resource's or a trust) of each policy."""
    for change in plan["resource_changes"]:
        kind, address, after = change["type"], change["address"], change["change"]["after"]
        if kind == "aws_iam_role_policy" or kind in RESOURCE_POLICIES:
            text = after.get("policy")
            if text is None:
                sys.exit(f"{address} has no policy that the plan knows; it cannot be judged")
            yield address, text, "role" if kind == "aws_iam_role_policy" else "resource"
        elif kind in INLINE_POLICIES:
            if is_document(after.get("policy")):
                yield address, after["policy"], "resource"
        elif kind == "aws_iam_role":
            text = after.get("assume_role_policy")
            if text is None:
                sys.exit(f"{address} has no trust that the plan knows; it cannot be judged")
            yield address, with_resource(text), "trust"


def resource_types():
    """Lower-case action → its resource types; one that IAM requires ends with `*`, and "" stands for none."""
    return {
        f"{service['prefix']}:{privilege['privilege']}".lower(): [kind["resource_type"] for kind in privilege["resource_types"]]
        for service in iam_definition
        for privilege in service["privileges"]
    }


def judge_policy(address, text, types, of_role=True):
    """(check, resource, words) of each fault of one policy. In that of a resource `*` is the resource itself."""
    for finding in analyze_policy_string(text).findings:
        # Ours below says which action, and takes optional resource types seriously.
        if finding.issue != "RESOURCE_STAR":
            yield finding.issue, address, f"{finding.title} {finding.detail}"
    for statement in json.loads(text)["Statement"]:
        # A refusal may be as wide as it likes.
        if of_role and statement["Effect"] == "Allow" and "*" in statement["Resource"]:
            for action in statement["Action"]:
                kinds = [kind for kind in types.get(action.lower(), []) if kind]
                if kinds:
                    yield "STAR", action, f"stands on every resource in {address}, and could be limited to {', '.join(kinds)}"


def reports(said):
    """The reports in what checkov says: for each folder one document, which is a report or a list of them."""
    rest = said.strip()
    if not rest.startswith(("{", "[")):
        sys.exit(f"checkov says no JSON: {said[-2000:]}")
    while rest:
        document, end = json.JSONDecoder().raw_decode(rest)
        yield from document if isinstance(document, list) else [document]
        rest = rest[end:].lstrip()


def checkov(folders):
    """(check, resource, words, folder) of each fault that checkov finds in folders."""
    command = [str(Path(sys.executable).parent / "checkov"), "--framework", "terraform", "kubernetes"]
    command += ["--compact", "--quiet", "--skip-download", "--skip-path", "tests", "--output", "json"]
    for folder in folders:
        command += ["--directory", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    for report in reports(done.stdout):
        if "results" not in report:
            continue
        if report["results"].get("parsing_errors"):
            sys.exit(f"checkov cannot read {report['results']['parsing_errors']}")
        for fault in report["results"]["failed_checks"]:
            yield fault["check_id"], fault["resource"], fault["check_name"], fault["file_abs_path"]


def main(plan_file, *folders):
    plan, types = plan_of(plan_file), resource_types()
    judged, seen, faults = {"role": 0, "resource": 0, "trust": 0}, set(), set()
    for address, text, whose in policies(plan):
        judged[whose] += 1
        seen.add(address)
        faults.update(judge_policy(address, text, types, whose == "role"))
    if INLINE - seen:
        sys.exit(f"{', '.join(sorted(INLINE - seen))}: no policy that the plan knows; it cannot be judged")
    if not all(judged.values()):
        sys.exit("the plan holds no policy of a role, none of a resource, or no trust; nothing was judged")

    blind = NOTICED_IN_POLICY - {fault[:2] for fault in judge_policy("broken", json.dumps(BROKEN_POLICY), types)}
    trust = with_resource(json.dumps(BROKEN_TRUST))
    blind |= NOTICED_IN_TRUST - {fault[:2] for fault in judge_policy("broken trust", trust, types, of_role=False)}
    with tempfile.TemporaryDirectory() as broken:
        Path(broken, "broken.tf").write_text(BROKEN_TERRAFORM)
        Path(broken, "broken.yaml").write_text(BROKEN_MANIFEST)
        seeded = set()
        for check, resource, words, file in checkov([*folders, broken]):
            if Path(file).is_relative_to(broken):
                seeded.add(check)
            else:
                faults.add((check, resource, words))
    blind |= NOTICED_BY_CHECKOV - seeded

    exceptions = tomllib.loads(EXCEPTIONS.read_text())["exception"]
    wrong, used = [], set()
    # Which copy of a module it is does not matter.
    for check, resource, words in sorted((check, re.sub(r"\[[^]]*]", "", resource), words) for check, resource, words in faults):
        match = [
            number
            for number, one in enumerate(exceptions)
            if one["check"] == check and any(fnmatch.fnmatchcase(resource, pattern) for pattern in one["resources"])
        ]
        used.update(match)
        if not match:
            wrong.append(f"{check} {resource}: {words}")
    for number, one in enumerate(exceptions):
        if number not in used:
            wrong.append(f"infra/lint/exceptions.toml: nothing needs the exception {one['check']} for {one['resources']} any more; remove it")
        if len(one.get("reason", "")) < 20:
            wrong.append(f"infra/lint/exceptions.toml: the exception {one['check']} has no reason")
    wrong += [f"a linter is blind: nothing says {one} of what is broken on purpose" for one in sorted(map(str, blind))]

    for one in wrong:
        print(one)
    noticed = len(NOTICED_IN_POLICY) + len(NOTICED_IN_TRUST) + len(NOTICED_BY_CHECKOV)
    print(f"{judged['role']} policies of roles, {judged['resource']} of resources, {judged['trust']} trusts and {len(folders)} folders judged, {len(exceptions)} exceptions, {noticed} seeded faults noticed, {len(wrong)} faults")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
