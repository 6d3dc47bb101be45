//! The emulator's `/_day2/…` endpoints as typed calls. Each places a fact that in AWS comes from inside.

mod backups;
mod database;
mod images;
mod scaling;
mod security;

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::http;

pub use backups::{BackupPolicy, CopyJob, Database, DatabaseEvent, RecoveryPoint, RestoreJob, Snapshot};
pub use database::{DatabaseCluster, DatabaseInstance, GlobalRole};
pub use images::Image;
pub use scaling::{InstanceRefresh, UpdateOutcome};
pub use security::{Coverage, PostedFinding};

/// Speaks to the control endpoints of one emulator.
#[derive(Debug, Clone)]
pub struct Control {
    port: u16,
    /// Where the placed facts belong; the emulator's own region when absent.
    region: Option<String>,
}

/// A placed EKS cluster.
#[derive(Debug, Clone, Deserialize)]
pub struct Cluster {
    /// Its ARN.
    pub arn: String,
    /// Where an apiserver may have tokens reviewed: `MiniStack` checks the signature and its own access entries.
    pub token_review_url: String,
}

/// How an EKS cluster answers `DescribeCluster`.
#[derive(Debug, Clone, Serialize)]
pub struct ClusterPlace {
    /// The cluster's name.
    pub name: String,
    /// The apiserver, `https://127.0.0.1:<port>`.
    pub endpoint: String,
    /// Its CA: base64 of the PEM text.
    pub certificate_authority: String,
    /// `API`, `API_AND_CONFIG_MAP` or `CONFIG_MAP`.
    pub authentication_mode: String,
    /// Kubernetes minor version, for example `1.33`.
    pub version: String,
}

/// A scaling activity to enter. Empty fields take what AWS would say of a launch.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Activity {
    /// Name of the Auto Scaling group.
    pub auto_scaling_group: String,
    /// `Successful`, `Failed`, `Cancelled`, `InProgress`, …
    pub status_code: String,
    /// Why, in words.
    pub status_message: Option<String>,
    /// What was done, for example `Launching a new EC2 instance`.
    pub description: Option<String>,
    /// What caused it.
    pub cause: Option<String>,
    /// Begin; now when absent.
    pub start_time: Option<Timestamp>,
    /// End; now when absent and the status is final.
    pub end_time: Option<Timestamp>,
    /// Percent.
    pub progress: Option<u8>,
}

/// An instance of an Auto Scaling group as it shall be. Empty fields keep or take the ordinary value.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Instance {
    /// `i-…`; a new one when absent.
    pub instance_id: Option<String>,
    /// Zone, for example `us-east-1b`.
    pub availability_zone: Option<String>,
    /// For example `m6i.xlarge`.
    pub instance_type: Option<String>,
    /// `InService`, `Pending:Wait`, `Terminating:Wait`, …
    pub lifecycle_state: Option<String>,
    /// `Healthy` or `Unhealthy`.
    pub health_status: Option<String>,
    /// Scale-in protection.
    pub protected_from_scale_in: Option<bool>,
    /// `spot`, or absent for on demand.
    pub lifecycle: Option<String>,
    /// When it was launched; now when absent and new.
    pub launch_time: Option<Timestamp>,
    /// Private DNS name; a cluster's node is usually called so.
    pub private_dns_name: Option<String>,
    /// Private IPv4 address.
    pub private_ip_address: Option<String>,
}

/// An instance as it was placed.
#[derive(Debug, Clone, Deserialize)]
pub struct PlacedInstance {
    /// `i-…`.
    pub instance_id: String,
    /// Zone.
    pub availability_zone: String,
    /// Subnet of that zone.
    pub subnet_id: String,
    /// Private DNS name.
    pub private_dns_name: String,
    /// Private IPv4 address.
    pub private_ip_address: String,
    /// When it was launched.
    pub launch_time: Timestamp,
}

/// State of a NAT gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the states are those of the EC2 API")]
pub enum NatState {
    Pending,
    Failed,
    Available,
    Deleting,
    Deleted,
}

/// Datapoints that a service emits into its own namespace, which `PutMetricData` refuses.
#[derive(Debug, Clone, Serialize)]
pub struct Metric {
    /// For example `AWS/NATGateway`.
    pub namespace: String,
    /// For example `ErrorPortAllocation`.
    pub name: String,
    /// Dimension name → value.
    pub dimensions: BTreeMap<String, String>,
    /// A CloudWatch unit, for example `Count`.
    pub unit: String,
    /// The datapoints.
    pub points: Vec<Point>,
}

/// One datapoint. CloudWatch keeps nothing older than two weeks here.
#[derive(Debug, Clone, Copy, Serialize)]
#[expect(missing_docs, reason = "the two names say it")]
pub struct Point {
    pub timestamp: Timestamp,
    pub value: f64,
}

#[derive(Deserialize)]
struct Execution {
    execution_id: String,
}

#[derive(Deserialize)]
struct States {
    states: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Placed {
    instances: Vec<PlacedInstance>,
}

/// Every method fails when the emulator is gone or refuses; the error says what it refused.
#[expect(clippy::missing_errors_doc, reason = "said once for all of them, above")]
impl Control {
    pub(super) const fn new(port: u16) -> Self {
        Self { port, region: None }
    }

    /// The same for the facts of another region, for example `eu-west-1`.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        Self {
            port: self.port,
            region: Some(region.to_owned()),
        }
    }

    /// Succeeds as soon as the emulator answers.
    pub async fn health(&self) -> Result<()> {
        self.call::<Value>("health", &json!({})).await.map(|_| ())
    }

    /// Lets `DescribeCluster` name an apiserver; makes the cluster when there is none of that name.
    pub async fn set_cluster(&self, place: &ClusterPlace) -> Result<Cluster> {
        self.call("eks/cluster", place).await
    }

    /// Enters a scaling activity.
    pub async fn post_scaling_activity(&self, activity: &Activity) -> Result<()> {
        self.call::<Value>("scaling-activities", activity)
            .await
            .map(|_| ())
    }

    /// From now on the group's launches fail with `message`: activities Failed, no instances.
    pub async fn fail_launches(&self, group: &str, message: &str) -> Result<()> {
        let request = json!({"auto_scaling_group": group, "fail": message});
        self.call::<Value>("scaling-launches", &request).await.map(|_| ())
    }

    /// The group can launch again, and launches what is missing.
    pub async fn mend_launches(&self, group: &str) -> Result<()> {
        let request = json!({"auto_scaling_group": group, "fail": false});
        self.call::<Value>("scaling-launches", &request).await.map(|_| ())
    }

    /// The group has exactly these instances from now on; its desired capacity stays.
    pub async fn place_instances(&self, group: &str, instances: &[Instance]) -> Result<Vec<PlacedInstance>> {
        let request = json!({"auto_scaling_group": group, "instances": instances});
        Ok(self.call::<Placed>("instances", &request).await?.instances)
    }

    /// Sets `AvailableIpAddressCount` of a subnet.
    pub async fn set_free_addresses(&self, subnet: &str, count: u32) -> Result<()> {
        let request = json!({"subnet_id": subnet, "available_ip_address_count": count});
        self.call::<Value>("subnets", &request).await.map(|_| ())
    }

    /// Sets the state of a NAT gateway.
    pub async fn set_nat_gateway(&self, gateway: &str, state: NatState) -> Result<()> {
        let request = json!({"nat_gateway_id": gateway, "state": state});
        self.call::<Value>("nat-gateways", &request).await.map(|_| ())
    }

    /// Stores datapoints of a service's own metric.
    pub async fn emit_metric(&self, metric: &Metric) -> Result<()> {
        self.call::<Value>("metrics", metric).await.map(|_| ())
    }

    /// Takes every datapoint of one metric away, so that its past can be told anew. Until [`Self::evaluate_alarm`], or for
    /// 20 s, the alarms on it keep their state.
    pub async fn forget_metric(
        &self,
        namespace: &str,
        name: &str,
        dimensions: &BTreeMap<String, String>,
    ) -> Result<()> {
        let request = json!({"namespace": namespace, "name": name, "dimensions": dimensions});
        self.call::<Value>("metrics/forget", &request).await.map(drop)
    }

    /// Evaluates a metric alarm now, even when its state was forced a moment ago; gives the state it is in then.
    pub async fn evaluate_alarm(&self, name: &str) -> Result<String> {
        self.evaluate_alarm_later(name, SignedDuration::ZERO).await
    }

    /// Evaluates a metric alarm as it will be so much later if no datapoint comes until then. It stays in that state for 20 s.
    pub async fn evaluate_alarm_later(&self, name: &str, later: SignedDuration) -> Result<String> {
        let request = json!({"alarm": name, "seconds_later": later.as_secs()});
        let seen: States = self.call("alarms/evaluate", &request).await?;
        seen.states
            .get(name)
            .cloned()
            .with_context(|| format!("the alarm {name} has no state"))
    }

    /// Makes a quota readable through Service Quotas.
    pub async fn set_quota(&self, service: &str, code: &str, name: &str, value: f64) -> Result<()> {
        let request =
            json!({"service_code": service, "quota_code": code, "quota_name": name, "value": value});
        self.call::<Value>("quotas", &request).await.map(|_| ())
    }

    /// Makes EventBridge Scheduler fire an existing schedule now as if it were `scheduled_at`, with the
    /// schedule's own target, role and input. Gives the execution id. The target is invoked asynchronously.
    pub async fn fire_schedule(&self, group: &str, name: &str, scheduled_at: Timestamp) -> Result<String> {
        let request = json!({"group": group, "name": name, "scheduled_at": scheduled_at});
        Ok(self
            .call::<Execution>("scheduler/fire", &request)
            .await?
            .execution_id)
    }

    /// Lets the time of a schedule come, as the Scheduler's clock would: whether it fired, which one that is disabled does not.
    pub async fn schedule_comes_round(
        &self,
        group: &str,
        name: &str,
        scheduled_at: Timestamp,
    ) -> Result<bool> {
        let request = json!({"group": group, "name": name, "scheduled_at": scheduled_at});
        let answer: Value = self.call("scheduler/come-round", &request).await?;
        Ok(answer.get("execution_id").is_some_and(Value::is_string))
    }

    async fn call<T: DeserializeOwned>(&self, path: &str, request: &impl Serialize) -> Result<T> {
        let headers = [("content-type".to_owned(), "application/json".to_owned())];
        let mut request = serde_json::to_value(request)?;
        if let (Some(region), Some(fields)) = (&self.region, request.as_object_mut()) {
            fields.insert("region".to_owned(), json!(region));
        }
        let body = serde_json::to_vec(&request)?;
        let (status, answer) =
            http::exchange(self.port, "POST", &format!("/_day2/{path}"), &headers, &body).await?;
        if status != 200 {
            bail!(
                "the emulator refuses {path}: {}",
                String::from_utf8_lossy(&answer)
            );
        }
        Ok(serde_json::from_slice(&answer)?)
    }
}
