//! What GuardDuty, Security Hub and EKS have found.

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Control;

/// A finding as `GuardDuty` keeps it after it was posted.
#[derive(Debug, Clone, Deserialize)]
pub struct PostedFinding {
    /// Its id, 32 hexadecimal digits.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// The detector of the account and region.
    pub detector_id: String,
    /// Whether the event went to the default bus. An archived finding is never announced.
    pub announced: bool,
    /// How often it was seen.
    pub count: u64,
    /// When it was last changed, as the API tells it.
    pub updated_at: String,
}

/// How well Runtime Monitoring covers an EKS cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage<'a> {
    /// Every node has a healthy agent.
    Healthy,
    /// Some have not; the text says why, as `issue` of `ListCoverage`.
    Unhealthy(&'a str),
    /// The cluster is in no list.
    None,
}

/// Every method fails when the emulator is gone or refuses; the error says what it refused.
#[expect(clippy::missing_errors_doc, reason = "said once for all of them, above")]
impl Control {
    /// Turns `GuardDuty` on or off in the account. Off means no detector and no findings.
    pub async fn set_guardduty(&self, enabled: bool) -> Result<()> {
        let request = json!({"enabled": enabled});
        self.call::<Value>("guardduty/detector", &request).await.map(drop)
    }

    /// Suspends the detector, or lets it go on: it is listed, keeps its findings, and looks for no new ones.
    pub async fn suspend_guardduty(&self, suspended: bool) -> Result<()> {
        let request = json!({"suspended": suspended});
        self.call::<Value>("guardduty/detector", &request).await.map(drop)
    }

    /// `GuardDuty` finds something: stores it and puts the event on the default bus. `finding` is in the words of the
    /// event's `detail` and needs `type` and `resource`; the rest is filled in. Posting with the `id` of one that is there
    /// replaces it in part and counts it once more, as when activity goes on.
    pub async fn post_finding(&self, finding: &Value) -> Result<PostedFinding> {
        self.call("guardduty/findings", &json!({"finding": finding}))
            .await
    }

    /// The same without an event: what was found before anybody listened.
    pub async fn place_finding(&self, finding: &Value) -> Result<PostedFinding> {
        let request = json!({"finding": finding, "announce": false});
        self.call("guardduty/findings", &request).await
    }

    /// `GuardDuty` sees the same again: `count` and `updatedAt` move on, and the event comes again.
    pub async fn repeat_finding(&self, id: &str) -> Result<PostedFinding> {
        self.call("guardduty/findings", &json!({"id": id})).await
    }

    /// A person archives the finding, or takes that back. No event tells it.
    pub async fn archive_finding(&self, id: &str, archived: bool) -> Result<PostedFinding> {
        let finding = json!({"service": {"archived": archived}});
        let request = json!({"id": id, "finding": finding, "seen": false, "announce": false});
        self.call("guardduty/findings", &request).await
    }

    /// Places an insight of EKS, in place of one of the same name; `status` is `PASSING`, `WARNING`, `ERROR` or `UNKNOWN`.
    /// `resources` are addresses in the Kubernetes API that it complains about.
    pub async fn place_insight(
        &self,
        cluster: &str,
        name: &str,
        status: &str,
        reason: &str,
        resources: &[&str],
    ) -> Result<()> {
        let request = json!({"cluster": cluster, "name": name, "status": status, "reason": reason, "resources": resources});
        self.call::<Value>("eks/insights", &request).await.map(drop)
    }

    /// Places what EKS itself finds wrong with a cluster: pairs of code (API `ClusterIssueCode`) and message.
    pub async fn set_cluster_issues(&self, cluster: &str, issues: &[(&str, &str)]) -> Result<()> {
        let issue =
            |(code, message): &(&str, &str)| json!({"code": code, "message": message, "resourceIds": []});
        let issues: Vec<Value> = issues.iter().map(issue).collect();
        let request = json!({"cluster": cluster, "issues": issues});
        self.call::<Value>("eks/health", &request).await.map(drop)
    }

    /// How well the nodes of an EKS cluster are covered. Turns `GuardDuty` on.
    pub async fn set_coverage(&self, cluster: &str, nodes: u32, coverage: Coverage<'_>) -> Result<()> {
        let (status, issue) = match coverage {
            Coverage::Healthy => (json!("HEALTHY"), None),
            Coverage::Unhealthy(issue) => (json!("UNHEALTHY"), Some(issue)),
            Coverage::None => (Value::Null, None),
        };
        let request =
            json!({"cluster": cluster, "status": status, "issue": issue, "compatible_nodes": nodes});
        self.call::<Value>("guardduty/coverage", &request).await.map(drop)
    }

    /// Subscribes the account to Security Hub, or ends that. Ended, every call of it is refused.
    pub async fn set_security_hub(&self, enabled: bool) -> Result<()> {
        let request = json!({"enabled": enabled});
        self.call::<Value>("securityhub/hub", &request).await.map(drop)
    }

    /// Puts a finding into Security Hub and subscribes the account; gives its `Id`. `finding` is ASFF; what is left out is
    /// filled in: a new, active finding of high severity. With the `Id` of one that is there, that one is changed.
    pub async fn post_security_hub_finding(&self, finding: &Value) -> Result<String> {
        #[derive(Deserialize)]
        struct Posted {
            id: String,
        }
        let request = json!({"finding": finding});
        let posted: Posted = self.call("securityhub/findings", &request).await?;
        Ok(posted.id)
    }
}
