//! What `GuardDuty` says of a pod that mines.

use serde_json::{Value, json};

use super::{DEPLOYMENT, FINDING_TYPE, Miner, NAMESPACE, PodId, image};
use crate::aws::{ACCOUNT, REGION};
use crate::world::plan::TARGET;

impl Miner {
    /// What `GuardDuty` finds of it, in the words of the event's detail; `id` is 32 hexadecimal digits. Its shape follows
    /// the API reference, `Finding` with `RuntimeDetails`.
    #[must_use]
    pub fn finding(&self, id: &str) -> Value {
        finding(&self.pod, id)
    }
}

/// The finding of any pod of [`DEPLOYMENT`].
#[must_use]
pub fn finding(pod: &PodId, id: &str) -> Value {
    let cluster = format!("arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{TARGET}");
    let container =
        json!({"name": DEPLOYMENT, "image": image(DEPLOYMENT), "imagePrefix": "registry.example"});
    let process = json!({
        "name": "xmrig", "executablePath": "/tmp/.x/xmrig", "executableSha256": "0".repeat(64), "namespacePid": 43,
        "pid": 21877, "userId": 1000, "user": "app", "startTime": 1_780_000_000.0,
    });
    json!({
        "id": id, "type": FINDING_TYPE, "severity": 8.0,
        "title": "An entity in your cluster is querying a domain name associated with Bitcoin-related activity.",
        "description": format!("The pod {} of {TARGET} asks for a domain of a mining pool.", pod.name),
        "resource": {
            "resourceType": "EKSCluster",
            "eksClusterDetails": {
                "name": TARGET, "arn": cluster, "vpcId": "vpc-0123456789abcdef0", "status": "ACTIVE", "tags": [],
                "createdAt": 1_760_000_000.0,
            },
            "kubernetesDetails": {
                "kubernetesUserDetails": null,
                "kubernetesWorkloadDetails": {
                    "name": pod.name, "type": "pods", "uid": pod.uid, "namespace": NAMESPACE, "hostNetwork": false,
                    "containers": [container], "serviceAccountName": DEPLOYMENT, "volumes": null,
                },
            },
        },
        "service": {
            "serviceName": "guardduty", "featureName": "RuntimeMonitoring", "resourceRole": "ACTOR", "archived": false,
            "count": 1,
            "action": {"actionType": "DNS_REQUEST", "dnsRequestAction": {"domain": "pool.example.net", "protocol": "UDP", "blocked": false}},
            "runtimeDetails": {"process": process, "context": null},
            "additionalInfo": {"value": "{\"agentDetails\":{\"agentVersion\":\"1.12.1\"}}", "type": "default"},
        },
    })
}
