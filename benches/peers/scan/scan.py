"""The morning's counts with the Kubernetes client for Python, in pages of 500: what is not well among nodes and pods.

    python3 scan.py KUBECONFIG            typed objects, as the client's own examples read them
    python3 scan.py KUBECONFIG --raw      plain JSON (`_preload_content=False`), which spares the client's models

Prints one line of JSON; health-check's report holds the same counts.
"""

import json
import sys
from datetime import datetime, timedelta, timezone

from kubernetes import client, config

WINDOW = timedelta(hours=24)
STARTS_NOT = {"CrashLoopBackOff", "ImagePullBackOff", "ErrImagePull", "CreateContainerConfigError", "InvalidImageName"}


def pages(list_all, read):
    """Objects of a list, one page in memory at a time."""
    token = None
    while True:
        page, token = read(list_all, token)
        yield from page
        page = None
        if not token:
            return


def typed(list_all, token):
    page = list_all(limit=500, _continue=token)
    return page.items, page.metadata._continue


def raw(list_all, token):
    answer = list_all(limit=500, _continue=token, _preload_content=False)
    page = json.loads(answer.data)
    return page["items"], page["metadata"].get("continue")


def workload(namespace, owner, labels, name):
    if owner is None:
        return f"{namespace}/Pod/{name}"
    kind, owner_name = owner
    template = (labels or {}).get("pod-template-hash")
    if kind == "ReplicaSet" and template and owner_name.endswith(f"-{template}"):
        return f"{namespace}/Deployment/{owner_name[: -len(template) - 1]}"
    return f"{namespace}/{kind}/{owner_name}"


def scan_typed(core, since):
    not_ready, starts_not, unschedulable, restarted = [], 0, 0, set()
    for node in pages(core.list_node, typed):
        if not any(one.type == "Ready" and one.status == "True" for one in node.status.conditions or []):
            not_ready.append(node.metadata.name)
    for pod in pages(core.list_pod_for_all_namespaces, typed):
        if pod.status.phase in ("Succeeded", "Failed"):
            continue
        if pod.spec.node_name is None:
            unschedulable += any(
                one.type == "PodScheduled" and one.reason == "Unschedulable" for one in pod.status.conditions or []
            )
        statuses = pod.status.container_statuses or []
        starts_not += any(
            one.state.waiting is not None and one.state.waiting.reason in STARTS_NOT for one in statuses
        )
        for one in statuses:
            ended = one.last_state.terminated if one.last_state else None
            if ended and ended.finished_at and ended.finished_at >= since:
                owners = [o for o in pod.metadata.owner_references or [] if o.controller]
                owner = (owners[0].kind, owners[0].name) if owners else None
                restarted.add(workload(pod.metadata.namespace, owner, pod.metadata.labels, pod.metadata.name))
    return not_ready, starts_not, unschedulable, restarted


def scan_raw(core, since):
    not_ready, starts_not, unschedulable, restarted = [], 0, 0, set()
    for node in pages(core.list_node, raw):
        conditions = node["status"].get("conditions", [])
        if not any(one["type"] == "Ready" and one["status"] == "True" for one in conditions):
            not_ready.append(node["metadata"]["name"])
    for pod in pages(core.list_pod_for_all_namespaces, raw):
        meta, status = pod["metadata"], pod["status"]
        if status.get("phase") in ("Succeeded", "Failed"):
            continue
        if "nodeName" not in pod["spec"]:
            unschedulable += any(
                one["type"] == "PodScheduled" and one.get("reason") == "Unschedulable"
                for one in status.get("conditions", [])
            )
        statuses = status.get("containerStatuses", [])
        starts_not += any(one["state"].get("waiting", {}).get("reason") in STARTS_NOT for one in statuses)
        for one in statuses:
            ended = one.get("lastState", {}).get("terminated")
            if ended and datetime.fromisoformat(ended["finishedAt"]) >= since:
                owners = [o for o in meta.get("ownerReferences", []) if o.get("controller")]
                owner = (owners[0]["kind"], owners[0]["name"]) if owners else None
                restarted.add(workload(meta["namespace"], owner, meta.get("labels"), meta["name"]))
    return not_ready, starts_not, unschedulable, restarted


def main():
    config.load_kube_config(sys.argv[1])
    since = datetime.now(timezone.utc) - WINDOW
    scan = scan_raw if "--raw" in sys.argv else scan_typed
    not_ready, starts_not, unschedulable, restarted = scan(client.CoreV1Api(), since)
    answer = {
        "nodes_not_ready": sorted(not_ready),
        "pods_that_do_not_start": starts_not,
        "pods_without_a_node": unschedulable,
        "workloads_restarted": len(restarted),
    }
    print(json.dumps(answer))


main()
