"""A GuardDuty finding about a pod to a pod that is cut off: what a careful team writes with Powertools.

Once per finding (idempotency in DynamoDB), the pod is looked at (same uid?), labelled, and put under a policy that lets nothing
in or out; its description and log go to S3, a notice to SNS. Clients are made at import and used again by warm calls.
"""

import base64
import json
import os
import tempfile
import time

import boto3
from aws_lambda_powertools.utilities.data_classes import EventBridgeEvent
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent,
)
from botocore.config import Config
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from eks_token import token

CLUSTER = os.environ["CLUSTER_NAME"]
BUCKET = os.environ["EVIDENCE_BUCKET"]
TOPIC = os.environ["TOPIC_ARN"]
LABEL = "day2.dev/quarantine"

session = boto3.session.Session()
config = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard"})
eks = session.client("eks", config=config)
s3 = session.client("s3", config=config)
sns = session.client("sns", config=config)
layer = DynamoDBPersistenceLayer(table_name=os.environ["IDEMPOTENCY_TABLE"], boto_config=config)
once = IdempotencyConfig(event_key_jmespath="detail.id", use_local_cache=True)

connected = {}


def cluster():
    """The API client of the cluster; its token lives 15 minutes and is signed again after 10."""
    if connected and time.monotonic() - connected["at"] < 600:
        return connected["client"]
    described = eks.describe_cluster(name=CLUSTER)["cluster"]
    authority = tempfile.NamedTemporaryFile(suffix=".pem", delete=False)
    authority.write(base64.b64decode(described["certificateAuthority"]["data"]))
    authority.close()
    configuration = client.Configuration()
    configuration.host = described["endpoint"]
    configuration.ssl_ca_cert = authority.name
    configuration.api_key = {"authorization": "Bearer " + token(session, CLUSTER)}
    connected.update(client=client.ApiClient(configuration), at=time.monotonic())
    return connected["client"]


def isolate(core, networking, pod, finding):
    uid, namespace = pod.metadata.uid, pod.metadata.namespace
    labels = {"metadata": {"uid": uid, "labels": {LABEL: uid}}}
    core.patch_namespaced_pod(pod.metadata.name, namespace, labels)
    policy = client.V1NetworkPolicy(
        metadata=client.V1ObjectMeta(name=f"quarantine-{uid}", annotations={"finding": finding}),
        spec=client.V1NetworkPolicySpec(
            pod_selector=client.V1LabelSelector(match_labels={LABEL: uid}), policy_types=["Ingress", "Egress"]
        ),
    )
    try:
        networking.create_namespaced_network_policy(namespace, policy)
    except ApiException as error:
        if error.status != 409:
            raise


@idempotent(persistence_store=layer, config=once)
def handler(raw, context):
    event = EventBridgeEvent(raw)
    finding = event.detail
    suspect = finding["resource"]["kubernetesDetails"]["kubernetesWorkloadDetails"]
    api = cluster()
    core, networking = client.CoreV1Api(api), client.NetworkingV1Api(api)
    pod = core.read_namespaced_pod(suspect["name"], suspect["namespace"])
    if pod.metadata.uid != suspect["uid"]:
        return {"outcome": "gone"}
    isolate(core, networking, pod, finding["id"])
    log = core.read_namespaced_pod_log(suspect["name"], suspect["namespace"], container=pod.spec.containers[0].name)
    prefix = f"evidence/{pod.metadata.uid}/{finding['id']}"
    s3.put_object(Bucket=BUCKET, Key=f"{prefix}/pod.json", Body=json.dumps(api.sanitize_for_serialization(pod)))
    s3.put_object(Bucket=BUCKET, Key=f"{prefix}/log.txt", Body=log)
    sns.publish(TopicArn=TOPIC, Subject=f"pod {suspect['name']} isolated", Message=json.dumps(finding))
    return {"outcome": "isolated", "pod": suspect["name"]}
