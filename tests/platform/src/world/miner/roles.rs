//! The IAM roles that the workloads act as. Each has a policy of its own, as a team gives it.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde_json::json;

use super::{DEPLOYMENT, NEIGHBOUR};
use crate::aws::ACCOUNT;
use crate::world::World;
use crate::world::plan::TARGET;

/// What the team calls the policy of a role.
const OWN: &str = "app";

/// The role of a workload.
#[must_use]
pub fn role_arn(workload: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{}", role_name(workload))
}

fn role_name(workload: &str) -> String {
    format!("{TARGET}-{workload}")
}

impl World {
    /// Makes the roles of the suspect and of its neighbour, unless they are there: roles outlive workloads.
    pub(super) async fn roles(&self) -> Result<()> {
        // Whoever may assume them stands for the token of the service account, which nobody here signs.
        let trust = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")},
        }]});
        let own = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*",
        }]});
        for name in [DEPLOYMENT, NEIGHBOUR].map(role_name) {
            if self.iam.get_role().role_name(&name).send().await.is_ok() {
                continue;
            }
            self.iam
                .create_role()
                .role_name(&name)
                .assume_role_policy_document(trust.to_string())
                .send()
                .await
                .with_context(|| format!("create the role {name}"))?;
            self.iam
                .put_role_policy()
                .role_name(&name)
                .policy_name(OWN)
                .policy_document(own.to_string())
                .send()
                .await
                .with_context(|| format!("put the policy of the role {name}"))?;
        }
        Ok(())
    }

    /// The inline policies of the roles of the suspect and of its neighbour: role and policy by their names, and the document.
    ///
    /// # Errors
    ///
    /// When IAM refuses what it is asked.
    pub async fn policies_of_roles(&self) -> Result<BTreeMap<(String, String), String>> {
        let mut found = BTreeMap::new();
        for role in [DEPLOYMENT, NEIGHBOUR].map(role_name) {
            let listed = self.iam.list_role_policies().role_name(&role).send().await?;
            for policy in listed.policy_names() {
                let asked = self.iam.get_role_policy().role_name(&role).policy_name(policy);
                let document = asked.send().await?.policy_document().to_owned();
                found.insert((role.clone(), policy.clone()), document);
            }
        }
        Ok(found)
    }

    /// Takes every policy away that no team has put.
    ///
    /// # Errors
    ///
    /// When IAM refuses what it is asked.
    pub async fn roles_as_before(&self) -> Result<()> {
        for (role, policy) in self.policies_of_roles().await?.into_keys() {
            if policy != OWN {
                let delete = self.iam.delete_role_policy();
                delete.role_name(role).policy_name(policy).send().await?;
            }
        }
        Ok(())
    }
}
