#!/usr/bin/env bash
# The morning's counts with kubectl and jq: what is not well among nodes and pods. KUBECONFIG names the cluster.
# Prints one line of JSON; health-check's report holds the same counts.
set -euo pipefail

nodes=$(kubectl get nodes -o json | jq -c '
  [.items[] | select(any(.status.conditions[]?; .type == "Ready" and .status == "True") | not) | .metadata.name] | sort')

kubectl get pods --all-namespaces -o json | jq -c --argjson nodes "$nodes" '
  (now - 24 * 3600) as $since |
  [.items[] | select(.status.phase != "Succeeded" and .status.phase != "Failed")] as $pods | {
    nodes_not_ready: $nodes,
    pods_that_do_not_start: [$pods[] | select(any(.status.containerStatuses[]?;
      .state.waiting.reason | IN("CrashLoopBackOff", "ImagePullBackOff", "ErrImagePull", "CreateContainerConfigError", "InvalidImageName")))] | length,
    pods_without_a_node: [$pods[] | select(.spec.nodeName == null and any(.status.conditions[]?;
      .type == "PodScheduled" and .reason == "Unschedulable"))] | length,
    workloads_restarted: [$pods[] | select(any(.status.containerStatuses[]?;
        .lastState.terminated.finishedAt != null and (.lastState.terminated.finishedAt | fromdate) >= $since))
      | (.metadata.labels["pod-template-hash"] // "") as $hash
      | (.metadata.ownerReferences // [] | map(select(.controller)) | first) as $owner
      | "\(.metadata.namespace)/\($owner.name // .metadata.name | rtrimstr("-" + $hash))"] | unique | length
  }'
