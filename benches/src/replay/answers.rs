//! What AWS and the cluster answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{ACCOUNT, CLUSTER, Place, REGION};
use crate::http1::{Answer, Request};

/// Nodes of the cluster.
const NODES: usize = 3;

/// The world that is played.
pub(super) struct World {
    cluster: Value,
    nodes: Value,
}

impl World {
    pub(super) fn new(place: &Place) -> Self {
        Self { cluster: cluster(place), nodes: nodes() }
    }

    pub(super) fn answer(&self, request: &Request) -> Answer {
        let path: Vec<&str> = request.path().trim_matches('/').split('/').collect();
        match (request.method.as_str(), path.as_slice()) {
            ("GET", ["clusters", CLUSTER]) => Answer::json(&self.cluster),
            ("GET", ["api", "v1", "nodes"]) => Answer::json(&self.nodes),
            _ => unknown(request),
        }
    }
}

/// What nothing here plays is an error that both sides show.
fn unknown(request: &Request) -> Answer {
    let what = format!("the replay server does not play {} {}", request.method, request.target);
    Answer::new(501, "application/json", json!({"message": what}).to_string())
}

/// `DescribeCluster` (EKS API reference): the fields that both sides read, and the usual others.
fn cluster(place: &Place) -> Value {
    json!({"cluster": {
        "name": CLUSTER, "arn": format!("arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{CLUSTER}"),
        "createdAt": 1_760_000_000.0, "version": "1.33", "endpoint": place.endpoint, "status": "ACTIVE",
        "roleArn": format!("arn:aws:iam::{ACCOUNT}:role/eks"), "platformVersion": "eks.9",
        "resourcesVpcConfig": {
            "subnetIds": ["subnet-0a", "subnet-0b", "subnet-0c"], "securityGroupIds": [], "vpcId": "vpc-0123456789abcdef0",
            "clusterSecurityGroupId": "sg-0123456789abcdef0", "endpointPublicAccess": false, "endpointPrivateAccess": true,
        },
        "kubernetesNetworkConfig": {"serviceIpv4Cidr": "10.100.0.0/16", "ipFamily": "ipv4"},
        "logging": {"clusterLogging": [{"types": ["api", "audit"], "enabled": true}]},
        "certificateAuthority": {"data": STANDARD.encode(&place.authority)},
        "accessConfig": {"authenticationMode": "API"}, "tags": {"team": "platform"},
    }})
}

/// A `NodeList`, each node with what a kubelet on EKS reports.
fn nodes() -> Value {
    let items: Vec<Value> = (0..NODES).map(node).collect();
    json!({"kind": "NodeList", "apiVersion": "v1", "metadata": {"resourceVersion": "4711"}, "items": items})
}

fn node(index: usize) -> Value {
    let name = format!("ip-10-0-{index}-17.ec2.internal");
    let zone = format!("{REGION}{}", ["a", "b", "c"].get(index).copied().unwrap_or("a"));
    let resources = json!({
        "cpu": "3920m", "memory": "15147372Ki", "pods": "58", "ephemeral-storage": "76224326324", "hugepages-2Mi": "0",
    });
    let condition = |kind: &str, status: &str, reason: &str| {
        json!({
            "type": kind, "status": status, "reason": reason, "message": reason,
            "lastHeartbeatTime": "2026-11-01T06:00:00Z", "lastTransitionTime": "2026-10-01T06:00:00Z",
        })
    };
    json!({
        "metadata": {
            "name": name, "uid": format!("00000000-0000-4000-8000-{index:012}"), "resourceVersion": "4000",
            "creationTimestamp": "2026-10-01T05:59:00Z",
            "labels": {
                "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
                "node.kubernetes.io/instance-type": "m6i.xlarge", "topology.kubernetes.io/zone": zone,
                "topology.kubernetes.io/region": REGION, "eks.amazonaws.com/nodegroup": "blue",
            },
        },
        "spec": {"providerID": format!("aws:///{zone}/i-0123456789abcde{index:02}")},
        "status": {
            "capacity": resources, "allocatable": resources,
            "conditions": [
                condition("MemoryPressure", "False", "KubeletHasSufficientMemory"),
                condition("DiskPressure", "False", "KubeletHasNoDiskPressure"),
                condition("PIDPressure", "False", "KubeletHasSufficientPID"),
                condition("Ready", "True", "KubeletReady"),
            ],
            "addresses": [{"type": "InternalIP", "address": format!("10.0.{index}.17")}],
            "nodeInfo": {
                "kubeletVersion": "v1.33.5-eks-113cf36", "kernelVersion": "6.1.0", "osImage": "Amazon Linux 2023",
                "containerRuntimeVersion": "containerd://1.7.27", "architecture": "amd64", "operatingSystem": "linux",
                "bootID": "b", "machineID": "m", "systemUUID": "s", "kubeProxyVersion": "v1.33.5-eks-113cf36",
            },
        },
    })
}
