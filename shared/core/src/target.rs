//! A target: one platform that a function looks at.

use deserr::Deserr;

use crate::arn::{AccountId, Arn, Region};
use crate::names::{ClusterName, DatabaseId, DnsLabel, ResourceName, VpcId};
use crate::settings::{Checker, HttpsUrl, Labels, Mistakes, Validate};

/// One platform: where it is, how to reach it, and what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Target {
    /// Short name in schedules, subjects, object keys and paths.
    pub name: DnsLabel,
    /// The account that owns it.
    pub account_id: AccountId,
    /// The region it runs in.
    pub region: Region,
    /// Role to assume before looking; absent when the function's own role may look.
    #[deserr(default)]
    pub role_arn: Option<Arn>,
    /// Topic for its mails instead of the deployment's.
    #[deserr(default)]
    pub topic_arn: Option<Arn>,
    /// Its EKS cluster.
    #[deserr(default)]
    pub cluster: Option<Cluster>,
    /// Its database.
    #[deserr(default)]
    pub database: Option<Database>,
    /// Its node groups.
    #[deserr(default)]
    pub node_groups: Vec<NodeGroup>,
    /// Its VPC, for NAT gateways and subnets.
    #[deserr(default)]
    pub vpc_id: Option<VpcId>,
}

/// An EKS cluster.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Cluster {
    /// Name in EKS.
    pub name: ClusterName,
    /// Address of its API server instead of the one that `DescribeCluster` names; `https` only.
    #[deserr(default)]
    pub endpoint: Option<HttpsUrl>,
}

/// A database.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Database {
    /// What `id` names.
    pub engine: Engine,
    /// Cluster identifier (Aurora) or instance identifier (RDS).
    pub id: DatabaseId,
}

/// Kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserr)]
#[deserr(error = Mistakes, rename_all = lowercase)]
pub enum Engine {
    /// An Aurora cluster.
    Aurora,
    /// A single RDS instance.
    Rds,
}

/// A group of worker nodes.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct NodeGroup {
    /// Name in reports and plans.
    pub name: ResourceName,
    /// The Auto Scaling group behind it.
    pub auto_scaling_group: ResourceName,
    /// Labels that tell its nodes from those of the other groups.
    pub selector: Labels,
}

impl Target {
    /// Whether it is in this account and region.
    #[must_use]
    pub fn is_in(&self, account: &AccountId, region: &Region) -> bool {
        self.account_id == *account && self.region == *region
    }

    /// The node group of this name.
    #[must_use]
    pub fn node_group(&self, name: &str) -> Option<&NodeGroup> {
        self.node_groups.iter().find(|group| group.name.as_str() == name)
    }
}

impl Validate for Target {
    fn validate(&self, at: &mut Checker<'_>) {
        let partition = self.region.partition();
        if let Some(role) = &self.role_arn {
            let is_role = role.service() == "iam" && role.resource().starts_with("role/");
            at.require(
                is_role,
                "role_arn",
                role,
                "is not the ARN of a role",
                "write arn:…:iam::ACCOUNT:role/NAME",
            );
            at.require(
                !is_role || role.account_id() == Some(&self.account_id),
                "role_arn",
                role,
                format!("is a role of another account than {}", self.account_id),
                "name a role in the target's own account, or correct account_id",
            );
        }
        if let Some(topic) = &self.topic_arn {
            at.topic("topic_arn", topic);
        }
        for (field, arn) in [("role_arn", &self.role_arn), ("topic_arn", &self.topic_arn)] {
            if let Some(arn) = arn.as_ref().filter(|arn| arn.partition() != partition) {
                at.mistake(
                    field,
                    arn,
                    format!(
                        "is in partition {}, but region {} is in {partition}",
                        arn.partition(),
                        self.region
                    ),
                    "use an ARN and a region of the same partition",
                );
            }
        }
        at.unique(
            "node_groups",
            "name",
            "node group",
            self.node_groups.iter().map(|group| &group.name),
        );
        at.unique(
            "node_groups",
            "auto_scaling_group",
            "node group",
            self.node_groups.iter().map(|group| &group.auto_scaling_group),
        );
        at.each("node_groups", &self.node_groups, |at, group| {
            at.require(
                !group.selector.is_empty(),
                "selector",
                "{}",
                "selects every node of the cluster",
                "write the labels that only this group's nodes carry",
            );
        });
    }
}
