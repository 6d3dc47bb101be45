"""The morning checklist before a scale-up (06:30) with boto3 and the Kubernetes client: the lines of checklist.sh in one
process, one after another, clients reused and pages followed. Prints the same line of JSON.
"""

import json
import os

import boto3
from kubernetes import client, config

CLUSTER = os.environ["CLUSTER"]


def main():
    config.load_kube_config(os.environ["KUBECONFIG"])
    core = client.CoreV1Api()

    def ready(node):
        return any(one.type == "Ready" and one.status == "True" for one in node.status.conditions or [])

    nodes = core.list_node(label_selector="node-group=control").items
    control = sum(ready(node) for node in nodes)
    pods = core.list_namespaced_pod("coder", label_selector="app=coder-server").items
    server = sum(pod.status.phase == "Running" for pod in pods)

    rds = boto3.client("rds")
    database = rds.describe_db_clusters(DBClusterIdentifier=CLUSTER)["DBClusters"][0]["Status"]
    pages = boto3.client("cloudwatch").get_paginator("describe_alarms").paginate(StateValue="ALARM")
    alarms = sum(len(page["MetricAlarms"]) for page in pages)
    available = [{"Name": "state", "Values": ["available"]}]
    pages = boto3.client("ec2").get_paginator("describe_nat_gateways").paginate(Filters=available)
    gateways = sum(len(page["NatGateways"]) for page in pages)
    names = [f"{CLUSTER}-provisioner", f"{CLUSTER}-workspace"]
    pages = (
        boto3.client("autoscaling")
        .get_paginator("describe_auto_scaling_groups")
        .paginate(AutoScalingGroupNames=names)
    )
    groups = sorted(group["DesiredCapacity"] for page in pages for group in page["AutoScalingGroups"])

    desired = " ".join(map(str, groups))
    found = (control, server, database, alarms, gateways, desired)
    answer = {"go": found == (3, 2, "available", 0, 3, "0 10")}
    answer |= dict(zip(("control", "server", "database", "alarms", "gateways", "desired"), found))
    print(json.dumps(answer))


main()
