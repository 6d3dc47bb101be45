//! DB clusters (`rds:DescribeDBClusters`).

use aws_sdk_rds::Client;
use aws_sdk_rds::types;
use day2_aws::error::unreadable;
use day2_aws::time::timestamp;
use day2_core::database::{Acu, AcuRange};
use day2_core::{Cause, Observed, Unreadable};

use crate::answer::{lacks, listed};
use crate::backups::Backups;
use crate::times::Times;

const ACTION: &str = "rds:DescribeDBClusters";

/// One DB cluster (API `DBCluster`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DbCluster {
    /// Identifier.
    pub id: String,
    /// ARN, by which global clusters name their members.
    pub arn: Option<String>,
    /// `available`, `modifying`, `backing-up`, …
    pub status: String,
    /// Engine, for example `aurora-postgresql`.
    pub engine: String,
    /// Engine version, for example `16.6`.
    pub engine_version: Option<String>,
    /// `provisioned` (also of Serverless v2), `serverless` (v1 only), …
    pub engine_mode: Option<String>,
    /// Capacity range of Serverless v2; a cluster without one is provisioned.
    pub serverless: Option<AcuRange>,
    /// Seconds that an instance must be idle before it pauses (API `SecondsUntilAutoPause`); only with a minimum of 0 ACU.
    pub auto_pause_seconds: Option<i32>,
    /// Cluster parameter group.
    pub parameter_group: Option<String>,
    /// Members, writer and readers.
    pub members: Vec<Member>,
    /// Global database that it belongs to, where the API says so. Whether as primary or secondary tells
    /// [`global_clusters`](crate::global_clusters).
    pub global_cluster: Option<String>,
    /// Cluster or instance it replicates from, if it is a replica.
    pub replicates_from: Option<String>,
    /// `enabled`, `disabled`, … only on a secondary of a global database.
    pub write_forwarding: Option<String>,
    /// Fields of `PendingModifiedValues` that wait for the next maintenance window.
    pub pending: Vec<&'static str>,
    /// Its automated backups.
    pub backups: Backups,
}

/// One member of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Instance id.
    pub id: String,
    /// The writer.
    pub writer: bool,
    /// State of the *cluster* parameter group on this member: `in-sync`, `pending-reboot`, …
    pub parameter_status: Option<String>,
    /// Order of promotion; 0 is first.
    pub promotion_tier: Option<i32>,
}

impl Member {
    /// An instance that is no member of a cluster, as if it were one: the writer, or a read replica of it.
    #[must_use]
    pub fn of_no_cluster(id: &str, writer: bool) -> Self {
        Self {
            id: id.to_owned(),
            writer,
            parameter_status: None,
            promotion_tier: None,
        }
    }
}

/// Describes one cluster.
///
/// # Errors
///
/// When it could not be read, does not exist, or the answer lacks what every cluster has.
pub async fn describe(client: &Client, times: &Times, id: &str) -> Observed<DbCluster> {
    times.within(ACTION, id, read(client, id)).await
}

async fn read(client: &Client, id: &str) -> Observed<DbCluster> {
    let answer = client
        .describe_db_clusters()
        .db_cluster_identifier(id)
        .send()
        .await
        .map_err(|error| unreadable(ACTION, id, &error))?;
    let seen = listed(ACTION, id, "DBClusters", answer.db_clusters.as_deref())?
        .first()
        .ok_or_else(|| Unreadable::new(ACTION, id, Cause::NotFound, "no DB cluster has this identifier"))?;
    let members = listed(ACTION, id, "DBClusterMembers", seen.db_cluster_members.as_deref())?;
    Ok(DbCluster {
        id: seen.db_cluster_identifier().unwrap_or(id).to_owned(),
        arn: seen.db_cluster_arn().map(str::to_owned),
        status: seen
            .status()
            .ok_or_else(|| lacks(ACTION, id, "Status"))?
            .to_owned(),
        engine: seen
            .engine()
            .ok_or_else(|| lacks(ACTION, id, "Engine"))?
            .to_owned(),
        engine_version: seen.engine_version().map(str::to_owned),
        engine_mode: seen.engine_mode().map(str::to_owned),
        serverless: seen
            .serverless_v2_scaling_configuration()
            .map(|seen| range(id, seen))
            .transpose()?,
        auto_pause_seconds: seen
            .serverless_v2_scaling_configuration()
            .and_then(types::ServerlessV2ScalingConfigurationInfo::seconds_until_auto_pause),
        parameter_group: seen.db_cluster_parameter_group().map(str::to_owned),
        members: members
            .iter()
            .map(|member| Member {
                id: member.db_instance_identifier().unwrap_or_default().to_owned(),
                writer: member.is_cluster_writer().unwrap_or_default(),
                parameter_status: member.db_cluster_parameter_group_status().map(str::to_owned),
                promotion_tier: member.promotion_tier(),
            })
            .collect(),
        global_cluster: seen.global_cluster_identifier().map(str::to_owned),
        replicates_from: seen.replication_source_identifier().map(str::to_owned),
        write_forwarding: seen
            .global_write_forwarding_status()
            .map(|status| status.as_str().to_owned()),
        pending: seen.pending_modified_values().map(pending).unwrap_or_default(),
        backups: Backups {
            retention_days: seen.backup_retention_period(),
            window: seen.preferred_backup_window().map(str::to_owned),
            earliest_restorable: seen.earliest_restorable_time().and_then(timestamp),
            latest_restorable: seen.latest_restorable_time().and_then(timestamp),
            encrypted: seen.storage_encrypted(),
            key: seen.kms_key_id().map(str::to_owned),
            deletion_protection: seen.deletion_protection(),
            created_at: seen.cluster_create_time().and_then(timestamp),
        },
    })
}

fn range(id: &str, seen: &types::ServerlessV2ScalingConfigurationInfo) -> Observed<AcuRange> {
    let half = |number: Option<f64>, member: &'static str| {
        let number = number.ok_or_else(|| lacks(ACTION, id, member))?;
        Acu::exactly(number).ok_or_else(|| {
            let detail = format!("{member} {number} is no half step of ACU");
            Unreadable::new(ACTION, id, Cause::Malformed, detail)
        })
    };
    Ok(AcuRange {
        min: half(seen.min_capacity(), "MinCapacity")?,
        max: half(seen.max_capacity(), "MaxCapacity")?,
    })
}

fn pending(seen: &types::ClusterPendingModifiedValues) -> Vec<&'static str> {
    let fields = [
        ("EngineVersion", seen.engine_version().is_some()),
        ("DBClusterIdentifier", seen.db_cluster_identifier().is_some()),
        ("MasterUserPassword", seen.master_user_password().is_some()),
        (
            "IAMDatabaseAuthenticationEnabled",
            seen.iam_database_authentication_enabled().is_some(),
        ),
        ("BackupRetentionPeriod", seen.backup_retention_period().is_some()),
        ("StorageType", seen.storage_type().is_some()),
        ("AllocatedStorage", seen.allocated_storage().is_some()),
        ("Iops", seen.iops().is_some()),
        ("CertificateDetails", seen.certificate_details().is_some()),
    ];
    fields
        .into_iter()
        .filter(|(_, is)| *is)
        .map(|(name, _)| name)
        .collect()
}
