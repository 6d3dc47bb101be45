//! DB instances (`rds:DescribeDBInstances`).

use aws_sdk_rds::Client;
use aws_sdk_rds::types;
use day2_aws::error::unreadable;
use day2_aws::time::timestamp;
use day2_core::{Cause, Observed, Unreadable};
use futures::future::join_all;

use crate::answer::{lacks, listed};
use crate::backups::Backups;
use crate::times::Times;

const ACTION: &str = "rds:DescribeDBInstances";

/// One DB instance (API `DBInstance`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DbInstance {
    /// Identifier.
    pub id: String,
    /// `available`, `modifying`, `rebooting`, …
    pub status: String,
    /// Class, for example `db.serverless`.
    pub class: Option<String>,
    /// Engine, for example `aurora-postgresql`.
    pub engine: String,
    /// Engine version.
    pub engine_version: Option<String>,
    /// Cluster that it belongs to.
    pub cluster: Option<String>,
    /// Availability Zone name.
    pub zone: Option<String>,
    /// Its own parameter groups. The first is the one that counts.
    pub parameter_groups: Vec<ParameterGroup>,
    /// Storage of its own, in GiB; an Aurora instance shares the cluster's volume and has none.
    pub storage: Option<Storage>,
    /// Changes that wait for the next maintenance window or reboot, name of the field and new value.
    pub pending: Vec<(&'static str, String)>,
    /// ARN.
    pub arn: Option<String>,
    /// Its automated backups. Those of an Aurora instance are its cluster's.
    pub backups: Backups,
    /// Who follows it and whom it follows, outside of clusters.
    pub replication: Replication,
}

/// Read replicas of instances. Who reads in a cluster, the cluster says ([`Member`](crate::db_clusters::Member)).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Replication {
    /// Identifiers of its read replicas in the same region.
    pub replicas: Vec<String>,
    /// ARNs of its read replicas in other regions, where they cannot be described from here.
    pub elsewhere: Vec<String>,
    /// What it is a read replica of: an identifier, or the ARN of one in another region.
    pub source: Option<String>,
    /// Why it does not follow that, in the words of RDS.
    pub trouble: Option<String>,
}

/// Storage of an RDS instance, in GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Storage {
    /// What it has now.
    pub allocated_gib: i64,
    /// Up to what RDS enlarges it by itself; absent where it does not.
    pub autoscaling_limit_gib: Option<i64>,
}

/// A parameter group of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterGroup {
    /// Name.
    pub name: String,
    /// `in-sync`, `pending-reboot`, `applying`, …
    pub status: Option<String>,
}

/// Describes one instance.
///
/// # Errors
///
/// When it could not be read, does not exist, or the answer lacks what every instance has.
pub async fn describe(client: &Client, times: &Times, id: &str) -> Observed<DbInstance> {
    times.within(ACTION, id, read(client, id)).await
}

/// Describes several instances at once, in their order. One that cannot be described stays, with the reason.
///
/// Each is asked for by its id: a filter on the cluster would need the right to see every instance of the account.
pub async fn describe_each(
    client: &Client,
    times: &Times,
    ids: impl IntoIterator<Item = &str>,
) -> Vec<(String, Observed<DbInstance>)> {
    join_all(
        ids.into_iter()
            .map(async |id| (id.to_owned(), describe(client, times, id).await)),
    )
    .await
}

async fn read(client: &Client, id: &str) -> Observed<DbInstance> {
    let answer = client
        .describe_db_instances()
        .db_instance_identifier(id)
        .send()
        .await
        .map_err(|error| unreadable(ACTION, id, &error))?;
    let seen = listed(ACTION, id, "DBInstances", answer.db_instances.as_deref())?
        .first()
        .ok_or_else(|| Unreadable::new(ACTION, id, Cause::NotFound, "no DB instance has this identifier"))?;
    Ok(DbInstance {
        id: seen.db_instance_identifier().unwrap_or(id).to_owned(),
        status: seen
            .db_instance_status()
            .ok_or_else(|| lacks(ACTION, id, "DBInstanceStatus"))?
            .to_owned(),
        class: seen.db_instance_class().map(str::to_owned),
        engine: seen.engine().unwrap_or_default().to_owned(),
        engine_version: seen.engine_version().map(str::to_owned),
        cluster: seen.db_cluster_identifier().map(str::to_owned),
        zone: seen.availability_zone().map(str::to_owned),
        parameter_groups: seen
            .db_parameter_groups()
            .iter()
            .filter_map(|group| {
                Some(ParameterGroup {
                    name: group.db_parameter_group_name()?.to_owned(),
                    status: group.parameter_apply_status().map(str::to_owned),
                })
            })
            .collect(),
        storage: storage(seen),
        pending: seen.pending_modified_values().map(pending).unwrap_or_default(),
        arn: seen.db_instance_arn().map(str::to_owned),
        backups: Backups {
            retention_days: seen.backup_retention_period(),
            window: seen.preferred_backup_window().map(str::to_owned),
            earliest_restorable: None,
            latest_restorable: seen.latest_restorable_time().and_then(timestamp),
            encrypted: seen.storage_encrypted(),
            key: seen.kms_key_id().map(str::to_owned),
            deletion_protection: seen.deletion_protection(),
            created_at: seen.instance_create_time().and_then(timestamp),
        },
        replication: replication(seen),
    })
}

/// A read replica in another region is told by its ARN, in both directions.
fn replication(seen: &types::DbInstance) -> Replication {
    let (elsewhere, replicas): (Vec<String>, Vec<String>) = seen
        .read_replica_db_instance_identifiers()
        .iter()
        .cloned()
        .partition(|replica| replica.starts_with("arn:"));
    let source = seen
        .read_replica_source_db_instance_identifier()
        .or_else(|| seen.read_replica_source_db_cluster_identifier());
    Replication {
        replicas,
        elsewhere,
        source: source.map(str::to_owned),
        trouble: seen.status_infos().iter().find_map(trouble),
    }
}

/// Only read replicas have such a state (API `DBInstanceStatusInfo`, whose one type is `read replication`).
fn trouble(seen: &types::DbInstanceStatusInfo) -> Option<String> {
    let status = seen.status().unwrap_or("its state is not told");
    let stands = seen.normal() == Some(false) || matches!(status, "error" | "stopped" | "terminated");
    stands.then(|| match seen.message() {
        Some(message) => format!("{status}: {message}"),
        None => status.to_owned(),
    })
}

/// Aurora answers 0 or 1 GiB for an instance, which means nothing (API `DBInstance`: `AllocatedStorage` of Aurora).
fn storage(seen: &types::DbInstance) -> Option<Storage> {
    let aurora = seen.engine().is_some_and(|engine| engine.starts_with("aurora"));
    let allocated = seen.allocated_storage().filter(|gib| *gib > 0 && !aurora)?;
    Some(Storage {
        allocated_gib: i64::from(allocated),
        autoscaling_limit_gib: seen.max_allocated_storage().map(i64::from),
    })
}

/// What matters to somebody who is about to change or reboot the instance.
fn pending(seen: &types::PendingModifiedValues) -> Vec<(&'static str, String)> {
    let text = |value: Option<&str>| value.map(str::to_owned);
    let fields = [
        ("DBInstanceClass", text(seen.db_instance_class())),
        ("EngineVersion", text(seen.engine_version())),
        ("DBInstanceIdentifier", text(seen.db_instance_identifier())),
        (
            "AllocatedStorage",
            seen.allocated_storage().map(|value| value.to_string()),
        ),
        ("StorageType", text(seen.storage_type())),
        ("Iops", seen.iops().map(|value| value.to_string())),
        ("MultiAZ", seen.multi_az().map(|value| value.to_string())),
        ("Port", seen.port().map(|value| value.to_string())),
        ("CACertificateIdentifier", text(seen.ca_certificate_identifier())),
        ("DBSubnetGroupName", text(seen.db_subnet_group_name())),
        // Its value is nobody's business.
        (
            "MasterUserPassword",
            seen.master_user_password().map(|_| "a new one".to_owned()),
        ),
    ];
    fields
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}
