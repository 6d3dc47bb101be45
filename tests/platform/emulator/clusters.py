"""EKS: `DescribeCluster` names the local apiserver.

MiniStack would start a cluster in a container; the platform has a real control plane of its own, which may
start after the emulator. `POST /_day2/eks/cluster` therefore places it, and answers the address at which
MiniStack reviews that cluster's tokens (real signatures, its own access entries).
"""

import asyncio
import json
import os
from urllib.parse import urlencode

from emulator.control import endpoint

ROLE = "eks-cluster"
TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}


def install():
    """Nothing of MiniStack is replaced here: the cluster's record itself carries the two fields."""


@endpoint("eks/cluster")
def place(request):
    """`name`, `endpoint`, `certificate_authority` (base64 of PEM); optional `version`, `authentication_mode`."""
    from ministack.services import eks

    name = request["name"]
    if name not in eks._clusters:
        _create(name, request)
    cluster = eks._clusters[name]
    cluster["endpoint"] = request["endpoint"]
    cluster["certificateAuthority"] = {"data": request["certificate_authority"]}
    cluster["status"] = "ACTIVE"
    cluster.setdefault("health", {"issues": []})
    if mode := request.get("authentication_mode"):
        cluster["accessConfig"] = {**cluster.get("accessConfig", {}), "authenticationMode": mode}
    account, region = cluster["arn"].split(":")[4], cluster["arn"].split(":")[3]
    review = f"/_ministack/eks-auth/{account}/{region}/{name}/{cluster['_auth_token']}"
    return {"arn": cluster["arn"], "token_review_url": os.environ["AWS_ENDPOINT_URL"] + review}


def _create(name, request):
    from ministack.core.responses import get_account_id
    from ministack.services import eks, iam

    if ROLE not in iam._roles:
        form = {"Action": "CreateRole", "RoleName": ROLE, "AssumeRolePolicyDocument": json.dumps(TRUST)}
        headers = {"content-type": "application/x-www-form-urlencoded"}
        asyncio.run(iam.handle_request("POST", "/", headers, urlencode(form).encode(), {}))
    account = get_account_id()
    body = {
        "name": name,
        "version": request.get("version", "1.33"),
        "roleArn": f"arn:aws:iam::{account}:role/{ROLE}",
        "accessConfig": {
            "authenticationMode": request.get("authentication_mode", "API_AND_CONFIG_MAP"),
            # The creator is root, whose signature nobody checks: it must not become an administrator.
            "bootstrapClusterCreatorAdminPermissions": False,
        },
        "resourcesVpcConfig": request.get("vpc", {}),
    }
    eks._create_cluster(body, f"arn:aws:iam::{account}:root")
