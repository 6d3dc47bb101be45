//! Aurora clusters and their instances in states that no call can bring about.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Serialize;
use serde_json::{Value, json};

use super::Control;

/// What a database cluster shall be; empty fields stay as they are.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DatabaseCluster {
    /// Its identifier.
    pub id: String,
    /// `available`, `modifying`, `backing-up`, … While it is not available, a modification is refused.
    pub status: Option<String>,
    /// For example `16.4`.
    pub engine_version: Option<String>,
    /// `provisioned` (also of Serverless v2), `serverless`, `global`, …
    pub engine_mode: Option<String>,
    /// `Some(false)` takes the range of Serverless v2 away, as of a provisioned cluster.
    pub serverless_v2: Option<bool>,
    /// `PendingModifiedValues` in the words of the API.
    pub pending_modified_values: Option<BTreeMap<String, String>>,
}

/// What a database instance shall be; empty fields stay as they are.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DatabaseInstance {
    /// Its identifier.
    pub id: String,
    /// `available`, `rebooting`, …
    pub status: Option<String>,
    /// For example `db.r6g.large`.
    pub instance_class: Option<String>,
    /// `in-sync`, `pending-reboot` or `applying`: of its own parameter group and as a member of its cluster.
    pub parameter_apply_status: Option<String>,
    /// `PendingModifiedValues` in the words of the API.
    pub pending_modified_values: Option<BTreeMap<String, String>>,
}

/// The side of a global database that a cluster is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GlobalRole {
    /// It writes.
    Primary,
    /// It follows a cluster of another region.
    Secondary,
    /// It is not part of one.
    None,
}

/// Every method fails when the emulator is gone or refuses; the error says what it refused.
#[expect(clippy::missing_errors_doc, reason = "said once for all of them, above")]
impl Control {
    /// Places facts of a database cluster.
    pub async fn place_database_cluster(&self, cluster: &DatabaseCluster) -> Result<()> {
        self.call::<Value>("rds/cluster", cluster).await.map(drop)
    }

    /// Places facts of a database instance.
    pub async fn place_database_instance(&self, instance: &DatabaseInstance) -> Result<()> {
        self.call::<Value>("rds/instance", instance).await.map(drop)
    }

    /// Makes a cluster one side of the global database `id`; the other side is the cluster of that ARN.
    pub async fn place_global_database(
        &self,
        id: &str,
        cluster: &str,
        role: GlobalRole,
        other_cluster_arn: &str,
    ) -> Result<()> {
        let role = match role {
            GlobalRole::Primary => "primary",
            GlobalRole::Secondary => "secondary",
            GlobalRole::None => "none",
        };
        let request =
            json!({"id": id, "cluster": cluster, "role": role, "other_cluster_arn": other_cluster_arn});
        self.call::<Value>("rds/global-cluster", &request).await.map(drop)
    }
}
