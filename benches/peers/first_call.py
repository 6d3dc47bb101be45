"""A function that asks AWS once and the cluster once: what `first-call` does, in Python.

Clients are made at import, as the Lambda documentation advises, so that warm calls use them again.
"""

import base64
import os
import tempfile

import boto3
from botocore.config import Config
from kubernetes import client

from eks_token import token

CLUSTER = os.environ["CLUSTER_NAME"]
session = boto3.session.Session()
eks = session.client("eks", config=Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard"}))


def connect():
    cluster = eks.describe_cluster(name=CLUSTER)["cluster"]
    authority = tempfile.NamedTemporaryFile(suffix=".pem", delete=False)
    authority.write(base64.b64decode(cluster["certificateAuthority"]["data"]))
    authority.close()
    configuration = client.Configuration()
    configuration.host = cluster["endpoint"]
    configuration.ssl_ca_cert = authority.name
    configuration.api_key = {"authorization": "Bearer " + token(session, CLUSTER)}
    return cluster, client.CoreV1Api(client.ApiClient(configuration))


def handler(event, context):
    cluster, core = connect()
    nodes, page = [], None
    while True:
        page = core.list_node(limit=500, _continue=page.metadata._continue if page else None)
        nodes += page.items
        if not page.metadata._continue:
            break
    return {"cluster": cluster["name"], "version": cluster["version"], "nodes": len(nodes)}
