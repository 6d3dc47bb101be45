//! Managed node groups, Auto Mode and instance refreshes.

use anyhow::Result;
use serde::Serialize;
use serde_json::{Value, json};

use super::Control;

/// How the updates of a managed node group end, those under way and those to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpdateOutcome {
    /// They succeed at once.
    Successful,
    /// They stay in progress; the sizes are changed already.
    InProgress,
    /// They fail, and change no size.
    Failed {
        /// A value of the EKS `ErrorCode`, for example `NodeCreationFailure`.
        code: String,
        /// Why, in words.
        message: String,
    },
}

/// An instance refresh of an Auto Scaling group as it shall be.
#[derive(Debug, Clone, Default, Serialize)]
pub struct InstanceRefresh {
    /// Name of the Auto Scaling group.
    pub auto_scaling_group: String,
    /// `Pending`, `InProgress`, `Successful`, `Failed`, `Cancelled`, …
    pub status: String,
    /// Why, in words.
    pub status_reason: Option<String>,
    /// Percent.
    pub percentage_complete: Option<u8>,
    /// How many instances are left.
    pub instances_to_update: Option<u32>,
}

/// Every method fails when the emulator is gone or refuses; the error says what it refused.
#[expect(clippy::missing_errors_doc, reason = "said once for all of them, above")]
impl Control {
    /// Makes a managed node group on an Auto Scaling group that is there already, which gets the tags that EKS puts.
    pub async fn adopt_node_group(
        &self,
        cluster: &str,
        name: &str,
        auto_scaling_group: &str,
        instance_type: &str,
    ) -> Result<()> {
        let request = json!({
            "cluster": cluster,
            "name": name,
            "auto_scaling_group": auto_scaling_group,
            "instance_types": [instance_type],
        });
        self.call::<Value>("eks/node-groups", &request).await.map(drop)
    }

    /// Lets an Auto Scaling group be nobody's node group any more, as one that was made without EKS.
    ///
    /// # Errors
    ///
    /// When there is no such node group.
    pub async fn forget_node_group(&self, cluster: &str, name: &str) -> Result<()> {
        let request = json!({"cluster": cluster, "name": name});
        self.call::<Value>("eks/node-groups/forget", &request)
            .await
            .map(drop)
    }

    /// Decides how updates of a managed node group end.
    pub async fn set_update_outcome(
        &self,
        cluster: &str,
        node_group: &str,
        outcome: &UpdateOutcome,
    ) -> Result<()> {
        let (word, code, message) = match outcome {
            UpdateOutcome::Successful => ("Successful", None, None),
            UpdateOutcome::InProgress => ("InProgress", None, None),
            UpdateOutcome::Failed { code, message } => ("Failed", Some(code), Some(message)),
        };
        let request = json!({
            "cluster": cluster,
            "node_group": node_group,
            "outcome": word,
            "error_code": code,
            "error_message": message,
        });
        self.call::<Value>("eks/node-group-updates", &request)
            .await
            .map(drop)
    }

    /// Turns Auto Mode of a cluster on with these built-in node pools, or off.
    pub async fn set_auto_mode(&self, cluster: &str, enabled: bool, node_pools: &[&str]) -> Result<()> {
        let request = json!({"cluster": cluster, "enabled": enabled, "node_pools": node_pools});
        self.call::<Value>("eks/compute-config", &request).await.map(drop)
    }

    /// Begins, moves or ends an instance refresh.
    pub async fn place_instance_refresh(&self, refresh: &InstanceRefresh) -> Result<()> {
        self.call::<Value>("instance-refreshes", refresh).await.map(drop)
    }
}
