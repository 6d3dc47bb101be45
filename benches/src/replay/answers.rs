//! What AWS answers; the cluster has a module of its own.

use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::cluster::{Cluster, NAMESPACE, suspect};
use super::table::Tables;
use super::{ACCOUNT, CLUSTER, Place, REGION};
use crate::http1::{Answer, Request};

/// The type of every finding.
const FINDING_TYPE: &str = "CryptoCurrency:Runtime/BitcoinTool.B!DNS";

/// The world that is played.
pub(super) struct World {
    described: Value,
    cluster: Mutex<Cluster>,
    tables: Mutex<Tables>,
}

impl World {
    pub(super) fn new(place: &Place) -> Self {
        Self {
            described: described(place),
            cluster: Mutex::new(Cluster::new()),
            tables: Mutex::default(),
        }
    }

    /// The answer, and the uid of a pod that this request has isolated.
    pub(super) fn answer(&self, request: &Request) -> (Answer, Option<String>) {
        let path = request.path();
        if path.starts_with("/api/") || path.starts_with("/apis/") {
            return self
                .cluster
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .answer(request);
        }
        (self.aws(request), None)
    }

    fn aws(&self, request: &Request) -> Answer {
        if let Some((service, operation)) = request
            .header("x-amz-target")
            .and_then(|target| target.split_once('.'))
        {
            if service.starts_with("DynamoDB") {
                let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
                return tables.answer(operation, request);
            }
            return unknown(request);
        }
        let path: Vec<&str> = request.path().trim_matches('/').split('/').collect();
        match (request.method.as_str(), path.as_slice()) {
            ("GET", ["clusters", CLUSTER]) => Answer::json(&self.described),
            ("GET", ["detector"]) => {
                Answer::json(&json!({"detectorIds": ["12abc34d567e8fa901bc2d34e56789f0"]}))
            }
            ("POST", ["detector", _, "findings", "get"]) => findings(request),
            ("POST", [""]) => query(request),
            ("PUT", [_, _, ..]) => stored(request),
            _ => unknown(request),
        }
    }
}

/// What nothing here plays is an error that both sides show.
fn unknown(request: &Request) -> Answer {
    let what = format!(
        "the replay server does not play {} {}",
        request.method, request.target
    );
    Answer::new(501, "application/json", json!({"message": what}).to_string())
}

/// The finding of this id: its last eight digits are the number of the pod, in hexadecimal.
///
/// `updated_at` is when it was last seen; the event and `GetFindings` may tell different times, as they do when a finding
/// goes on.
#[must_use]
pub fn finding(id: &str, updated_at: &str) -> Value {
    let digits = id.get(id.len().saturating_sub(8)..).unwrap_or_default();
    let (name, uid) = suspect(u32::from_str_radix(digits, 16).unwrap_or_default());
    json!({
        "schemaVersion": "2.0", "accountId": ACCOUNT, "region": REGION, "partition": "aws", "id": id,
        "arn": format!("arn:aws:guardduty:{REGION}:{ACCOUNT}:detector/12abc34d567e8fa901bc2d34e56789f0/finding/{id}"),
        "type": FINDING_TYPE, "severity": 8.0, "createdAt": updated_at, "updatedAt": updated_at,
        "title": "A pod asks for a domain of a mining pool.", "description": "A pod asks for a domain of a mining pool.",
        "resource": {
            "resourceType": "EKSCluster",
            "eksClusterDetails": {
                "name": CLUSTER, "arn": format!("arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{CLUSTER}"),
                "vpcId": "vpc-0123456789abcdef0", "status": "ACTIVE", "createdAt": 1_760_000_000.0, "tags": [],
            },
            "kubernetesDetails": {"kubernetesWorkloadDetails": {
                "name": name, "type": "pods", "uid": uid, "namespace": NAMESPACE, "hostNetwork": false,
                "containers": [{"name": "app", "image": "registry.example/app:1", "imagePrefix": "registry.example"}],
            }},
        },
        "service": {
            "serviceName": "guardduty", "detectorId": "12abc34d567e8fa901bc2d34e56789f0", "featureName": "RuntimeMonitoring",
            "action": {"actionType": "DNS_REQUEST", "dnsRequestAction": {"domain": "pool.example.net", "protocol": "UDP", "blocked": false}},
            "resourceRole": "ACTOR", "additionalInfo": {"value": "{}", "type": "default"}, "archived": false, "count": 2,
            "eventFirstSeen": updated_at, "eventLastSeen": updated_at,
        },
    })
}

fn findings(request: &Request) -> Answer {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let ids = body["findingIds"].as_array().cloned().unwrap_or_default();
    let now = day2_aws::boot::now()
        .strftime("%Y-%m-%dT%H:%M:%S.000Z")
        .to_string();
    let found: Vec<Value> = ids
        .iter()
        .filter_map(Value::as_str)
        .map(|id| finding(id, &now))
        .collect();
    Answer::json(&json!({"findings": found}))
}

/// The query protocol: SNS and Auto Scaling.
fn query(request: &Request) -> Answer {
    let text = String::from_utf8_lossy(&request.body);
    let body = match text.split('&').find_map(|pair| pair.strip_prefix("Action=")) {
        Some("Publish") => {
            "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>m</MessageId>\
             </PublishResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></PublishResponse>"
        }
        Some("DescribeAutoScalingInstances") => {
            "<DescribeAutoScalingInstancesResponse xmlns=\"http://autoscaling.amazonaws.com/doc/2011-01-01/\">\
             <DescribeAutoScalingInstancesResult><AutoScalingInstances/></DescribeAutoScalingInstancesResult>\
             <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></DescribeAutoScalingInstancesResponse>"
        }
        _ => return unknown(request),
    };
    Answer::new(200, "text/xml", body)
}

/// `PutObject`: the checksum and the key of encryption that the request names, and a version.
fn stored(request: &Request) -> Answer {
    let mut answer = Answer::new(200, "application/xml", "")
        .with("etag", "\"0\"")
        .with("x-amz-version-id", "v1");
    for name in [
        "x-amz-checksum-sha256",
        "x-amz-server-side-encryption",
        "x-amz-server-side-encryption-aws-kms-key-id",
    ] {
        if let Some(value) = request.header(name) {
            answer = answer.with(name, value);
        }
    }
    answer
}

/// `DescribeCluster` (EKS API reference): the fields that both sides read, and the usual others.
fn described(place: &Place) -> Value {
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
