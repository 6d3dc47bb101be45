//! The cluster: objects by their paths, with uids, versions and merge patches; pods that mine, made when they are first asked
//! for.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::REGION;
use crate::http1::{Answer, Request};

/// Namespace of the pods that mine.
pub(super) const NAMESPACE: &str = "shop";
/// Their Deployment, and the beginning of their names.
const SUSPECT: &str = "suspect";
/// The label that a quarantine selects by.
const LABEL: &str = "day2.dev/quarantine";
/// Nodes of the cluster.
const NODES: usize = 3;

/// Collections that the API server serves although they are empty; others are not known, as without their operators.
const EMPTY: [&str; 8] = [
    "/api/v1/namespaces/shop/events",
    "/api/v1/namespaces/kube-system/pods",
    "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices",
    "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings",
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies",
    "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers",
    "/api/v1/pods",
];

/// Objects by path.
pub(super) struct Cluster {
    objects: BTreeMap<String, Value>,
    version: u64,
}

impl Cluster {
    pub(super) fn new() -> Self {
        let mut made = Self {
            objects: BTreeMap::new(),
            version: 4_000,
        };
        for index in 0..NODES {
            let node = node(index);
            let name = node["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            made.put(&format!("/api/v1/nodes/{name}"), node);
        }
        let apps = format!("/apis/apps/v1/namespaces/{NAMESPACE}");
        made.put(&format!("{apps}/deployments/{SUSPECT}"), deployment());
        made.put(&format!("{apps}/replicasets/{SUSPECT}-7d4b9c6f5"), replica_set());
        made.put(
            &format!("/api/v1/namespaces/{NAMESPACE}/serviceaccounts/default"),
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": NAMESPACE, "uid": "sa"}}),
        );
        made
    }

    /// Answers one request. The second value is the uid of a pod that this request has isolated: its label and a policy that
    /// selects it both stand now, and did not before.
    pub(super) fn answer(&mut self, request: &Request) -> (Answer, Option<String>) {
        let path = request.path().to_owned();
        self.materialise(&path);
        match request.method.as_str() {
            "GET" => (self.get(&path), None),
            "POST" => self.create(&path, request),
            "PATCH" => self.patch(&path, request),
            _ => (status(405, "MethodNotAllowed", &path), None),
        }
    }

    fn get(&self, path: &str) -> Answer {
        if path.ends_with("/log") {
            return Answer::new(
                200,
                "text/plain",
                "connecting to pool.example.net:3333\nshare accepted\n",
            );
        }
        if let Some(object) = self.objects.get(path) {
            return Answer::json(object);
        }
        if path == "/apis/apps/v1" {
            return Answer::json(&discovery());
        }
        let within = format!("{path}/");
        let items: Vec<&Value> = self
            .objects
            .iter()
            .filter(|(key, _)| key.strip_prefix(&within).is_some_and(|name| !name.contains('/')))
            .map(|(_, object)| object)
            .collect();
        if items.is_empty() && !EMPTY.contains(&path) {
            return status(404, "NotFound", path);
        }
        let version = self.version.to_string();
        Answer::json(
            &json!({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": version}, "items": items}),
        )
    }

    fn create(&mut self, path: &str, request: &Request) -> (Answer, Option<String>) {
        let Ok(object) = serde_json::from_slice::<Value>(&request.body) else {
            return (status(400, "BadRequest", path), None);
        };
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let at = format!("{path}/{name}");
        if self.objects.contains_key(&at) {
            return (status(409, "AlreadyExists", &at), None);
        }
        let value = object["spec"]["podSelector"]["matchLabels"][LABEL]
            .as_str()
            .map(str::to_owned);
        self.put(&at, object);
        let isolated = value.and_then(|value| self.isolated(&value));
        let made = self.objects.get(&at).map(Value::to_string).unwrap_or_default();
        (Answer::new(201, "application/json", made), isolated)
    }

    fn patch(&mut self, path: &str, request: &Request) -> (Answer, Option<String>) {
        let (Some(there), Ok(wanted)) = (
            self.objects.get(path),
            serde_json::from_slice::<Value>(&request.body),
        ) else {
            return (status(404, "NotFound", path), None);
        };
        let version = &wanted["metadata"]["resourceVersion"];
        if !version.is_null() && *version != there["metadata"]["resourceVersion"] {
            return (status(409, "Conflict", path), None);
        }
        let before = there["metadata"]["labels"][LABEL].clone();
        let mut object = there.clone();
        merge(&mut object, &wanted);
        let value = object["metadata"]["labels"][LABEL].as_str().map(str::to_owned);
        self.put(path, object);
        let isolated = value
            .filter(|value| before != json!(value))
            .and_then(|value| self.isolated(&value));
        (
            Answer::json(self.objects.get(path).unwrap_or(&Value::Null)),
            isolated,
        )
    }

    /// The pod with this label, if a policy selects it.
    fn isolated(&self, value: &str) -> Option<String> {
        let selected = self
            .objects
            .values()
            .any(|object| object["spec"]["podSelector"]["matchLabels"][LABEL] == value);
        let pod = self
            .objects
            .values()
            .find(|object| object["kind"] == "Pod" && object["metadata"]["labels"][LABEL] == value)?;
        selected.then(|| pod["metadata"]["uid"].as_str().unwrap_or_default().to_owned())
    }

    fn put(&mut self, path: &str, mut object: Value) {
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        if object["metadata"]["uid"].is_null() {
            object["metadata"]["uid"] = json!(format!("00000000-0000-4000-8000-{:012}", self.version));
        }
        self.objects.insert(path.to_owned(), object);
    }

    /// Pods that mine exist as soon as somebody asks for them.
    fn materialise(&mut self, path: &str) {
        let prefix = format!("/api/v1/namespaces/{NAMESPACE}/pods/{SUSPECT}-");
        let Some(index) = path
            .strip_prefix(&prefix)
            .and_then(|rest| rest.split('/').next()?.parse().ok())
        else {
            return;
        };
        let at = format!("{prefix}{index}");
        if !self.objects.contains_key(&at) {
            self.put(&at, pod(index));
        }
    }
}

/// Name and uid of the pod of this number.
#[must_use]
pub fn suspect(index: u32) -> (String, String) {
    (
        format!("{SUSPECT}-{index}"),
        format!("10000000-0000-4000-8000-{index:012}"),
    )
}

/// JSON merge patch (RFC 7386).
fn merge(into: &mut Value, patch: &Value) {
    let Some(fields) = patch.as_object() else {
        *into = patch.clone();
        return;
    };
    if !into.is_object() {
        *into = json!({});
    }
    for (name, value) in fields {
        if let (Some(object), true) = (into.as_object_mut(), value.is_null()) {
            object.remove(name);
        } else {
            merge(&mut into[name.as_str()], value);
        }
    }
}

fn status(code: u16, reason: &str, what: &str) -> Answer {
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": what, "reason": reason, "code": code,
    });
    Answer::new(code, "application/json", body.to_string())
}

fn discovery() -> Value {
    let one = |name: &str, kind: &str| json!({"name": name, "singularName": "", "namespaced": true, "kind": kind, "verbs": ["get", "list", "patch"]});
    json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "apps/v1",
        "resources": [one("deployments", "Deployment"), one("replicasets", "ReplicaSet")],
    })
}

fn owner(kind: &str, name: &str, uid: &str) -> Value {
    json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid, "controller": true, "blockOwnerDeletion": true}])
}

fn deployment() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": SUSPECT, "namespace": NAMESPACE, "uid": "d", "generation": 1, "creationTimestamp": "2026-10-01T05:59:00Z"},
        "spec": {"replicas": 100, "selector": {"matchLabels": {"app": SUSPECT}}},
        "status": {"replicas": 100, "readyReplicas": 100, "availableReplicas": 100, "updatedReplicas": 100, "observedGeneration": 1},
    })
}

fn replica_set() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{SUSPECT}-7d4b9c6f5"), "namespace": NAMESPACE, "uid": "r", "generation": 1,
            "creationTimestamp": "2026-10-01T05:59:00Z", "ownerReferences": owner("Deployment", SUSPECT, "d"),
        },
        "spec": {"replicas": 100, "selector": {"matchLabels": {"app": SUSPECT}}},
        "status": {"replicas": 100, "readyReplicas": 100, "availableReplicas": 100, "observedGeneration": 1},
    })
}

fn pod(index: u32) -> Value {
    let (name, uid) = suspect(index);
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": name, "namespace": NAMESPACE, "uid": uid, "creationTimestamp": "2026-10-01T06:00:00Z",
            "labels": {"app": SUSPECT, "pod-template-hash": "7d4b9c6f5"},
            "ownerReferences": owner("ReplicaSet", &format!("{SUSPECT}-7d4b9c6f5"), "r"),
        },
        "spec": {
            "nodeName": "ip-10-0-0-17.ec2.internal", "serviceAccountName": "default",
            "containers": [{"name": "app", "image": "registry.example/app:1"}],
        },
        "status": {
            "phase": "Running", "podIP": "10.0.0.18", "hostIP": "10.0.0.17", "startTime": "2026-10-01T06:00:00Z",
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-10-01T06:00:00Z"}],
            "containerStatuses": [{
                "name": "app", "ready": true, "started": true, "restartCount": 0, "image": "registry.example/app:1",
                "imageID": "registry.example/app@sha256:00", "containerID": "containerd://1",
                "state": {"running": {"startedAt": "2026-10-01T06:00:01Z"}},
            }],
        },
    })
}

/// A node with what a kubelet on EKS reports.
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
        "apiVersion": "v1", "kind": "Node",
        "metadata": {
            "name": name, "uid": format!("00000000-0000-4000-8000-{index:012}"), "creationTimestamp": "2026-10-01T05:59:00Z",
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

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(cluster: &mut Cluster, method: &str, path: &str, body: &Value) -> (u16, Option<String>) {
        let request = Request {
            method: method.into(),
            target: path.into(),
            headers: Vec::new(),
            body: body.to_string().into(),
        };
        let (answer, isolated) = cluster.answer(&request);
        (answer.status, isolated)
    }

    #[test]
    fn a_pod_is_isolated_when_its_label_and_a_policy_that_selects_it_both_stand_and_its_neighbour_is_not() {
        let mut cluster = Cluster::new();
        let (name, uid) = suspect(7);
        let pods = format!("/api/v1/namespaces/{NAMESPACE}/pods");
        let policies = format!("/apis/networking.k8s.io/v1/namespaces/{NAMESPACE}/networkpolicies");
        assert_eq!(
            ask(
                &mut cluster,
                "GET",
                &format!("{pods}/{}", suspect(8).0),
                &json!({})
            )
            .0,
            200
        );
        assert_eq!(
            ask(&mut cluster, "GET", &format!("{pods}/{name}"), &json!({})).0,
            200
        );
        let label = json!({"metadata": {"labels": {LABEL: "q7"}}});
        assert_eq!(
            ask(&mut cluster, "PATCH", &format!("{pods}/{name}"), &label),
            (200, None)
        );
        let policy =
            json!({"metadata": {"name": "p"}, "spec": {"podSelector": {"matchLabels": {LABEL: "q7"}}}});
        assert_eq!(ask(&mut cluster, "POST", &policies, &policy), (201, Some(uid)));
        assert_eq!(ask(&mut cluster, "POST", &policies, &policy), (409, None));
        assert_eq!(
            ask(&mut cluster, "GET", "/apis/unknown/v1/things", &json!({})).0,
            404
        );
    }

    #[test]
    fn a_patch_of_an_old_version_is_a_conflict() {
        let mut cluster = Cluster::new();
        let path = format!("/api/v1/namespaces/{NAMESPACE}/pods/{}", suspect(1).0);
        let old = json!({"metadata": {"resourceVersion": "1", "labels": {"a": "b"}}});
        assert_eq!(ask(&mut cluster, "PATCH", &path, &old).0, 409);
    }
}
