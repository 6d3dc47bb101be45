//! The database, its snapshots, its keys, and its copies elsewhere.

use aws_config::SdkConfig;
use day2_aws::boot;
use day2_core::arn::Arn;
use day2_core::target::{Engine, Target};
use day2_core::{Cause, Observed, Unreadable};
use day2_reads::backups::DbSnapshot;
use day2_reads::copy_jobs::CopyJob;
use day2_reads::keys::{self, Key};
use day2_reads::recovery_points::RecoveryPoint;
use day2_reads::times::Times;
use day2_reads::{
    copy_jobs, db_automated_backups, db_cluster_snapshots, db_clusters, db_instances, db_snapshots,
    recovery_points,
};
use futures::future::join_all;
use jiff::Timestamp;

use super::aws_backup::{JOBS_KEPT_DAYS, days_ago};
use super::{Clients, undeclared};
use crate::assess::aws_backup::{is_continuous, is_restorable};
use crate::assess::youngest;
use crate::facts::{Copied, CopyFacts, Database, DatabaseFacts};
use crate::settings::{CopyPolicy, Through};

/// Describes the target's database.
pub(crate) async fn describe(clients: &Clients, target: &Target, times: &Times) -> Observed<Database> {
    let wanted = target.database.as_ref().ok_or_else(|| undeclared("database"))?;
    let id = wanted.id.as_str();
    let (arn, backups) = match wanted.engine {
        Engine::Aurora => {
            let cluster = db_clusters::describe(&clients.rds, times, id).await?;
            (cluster.arn, cluster.backups)
        }
        Engine::Rds => {
            let instance = db_instances::describe(&clients.rds, times, id).await?;
            (instance.arn, instance.backups)
        }
    };
    Ok(Database {
        engine: wanted.engine,
        id: id.to_owned(),
        arn,
        backups,
    })
}

/// The database's ARN.
pub(super) fn arn(database: &Observed<Database>) -> Observed<String> {
    let database = database.as_ref().map_err(Clone::clone)?;
    database.arn.clone().ok_or_else(|| {
        Unreadable::new(
            "describe the database",
            &database.id,
            Cause::Malformed,
            "the answer holds no ARN",
        )
    })
}

pub(super) async fn facts(
    clients: &Clients,
    target: &Target,
    database: &Observed<Database>,
    times: &Times,
) -> DatabaseFacts {
    let (snapshots, earliest_restorable) = futures::join!(
        snapshots(&clients.rds, target, times),
        earliest(clients, database, times)
    );
    let of_database = database.as_ref().ok().and_then(|one| one.backups.key.clone());
    let newest = snapshots
        .as_ref()
        .ok()
        .and_then(|all| youngest(all.iter().filter(|one| one.is_available()), |one| one.taken_at));
    let of_newest = newest.and_then(|one| one.key.clone());
    let mut wanted: Vec<String> = of_database.into_iter().chain(of_newest).collect();
    wanted.dedup();
    let keys = join_all(wanted.into_iter().map(async |key| {
        let described = keys::describe(&clients.kms, times, &key).await;
        (key, described)
    }))
    .await;
    DatabaseFacts {
        database: database.clone(),
        snapshots,
        earliest_restorable,
        keys,
    }
}

/// The snapshots of the target's database in the client's region.
async fn snapshots(rds: &aws_sdk_rds::Client, target: &Target, times: &Times) -> Observed<Vec<DbSnapshot>> {
    let wanted = target.database.as_ref().ok_or_else(|| undeclared("database"))?;
    let id = wanted.id.as_str();
    match wanted.engine {
        Engine::Aurora => db_cluster_snapshots::of_cluster(rds, times, id).await,
        Engine::Rds => db_snapshots::of_instance(rds, times, id).await,
    }
}

/// The copies of the database's snapshots in the client's region or account.
async fn copied(rds: &aws_sdk_rds::Client, target: &Target, times: &Times) -> Observed<Vec<DbSnapshot>> {
    let wanted = target.database.as_ref().ok_or_else(|| undeclared("database"))?;
    let id = wanted.id.as_str();
    match wanted.engine {
        Engine::Aurora => db_cluster_snapshots::copies_of_cluster(rds, times, id).await,
        Engine::Rds => db_snapshots::copies_of_instance(rds, times, id).await,
    }
}

/// A cluster says it itself; for an instance its automated backup does.
async fn earliest(
    clients: &Clients,
    database: &Observed<Database>,
    times: &Times,
) -> Observed<Option<Timestamp>> {
    let database = database.as_ref().map_err(Clone::clone)?;
    if database.engine == Engine::Aurora {
        return Ok(database.backups.earliest_restorable);
    }
    let backups = db_automated_backups::of_instance(&clients.rds, times, &database.id).await?;
    let active = backups.iter().find(|backup| backup.status == "active");
    Ok(active.and_then(|backup| backup.earliest))
}

/// The copies of one place.
pub(super) async fn copies(
    clients: &Clients,
    target: &Target,
    policy: &CopyPolicy,
    arn: &Observed<String>,
    times: &Times,
) -> CopyFacts {
    let aws = place(clients, target, policy).await;
    let copies = match policy.through {
        Through::CopyJobs => copied_by_jobs(clients, target, policy, arn, times).await,
        Through::Snapshots => copied(&aws_sdk_rds::Client::new(&aws), target, times)
            .await
            .map(|all| all.into_iter().map(of_snapshot).collect()),
        Through::AwsBackup => points(&aws, arn, times).await,
    };
    let newest = copies
        .as_ref()
        .ok()
        .and_then(|all: &Vec<Copied>| youngest(all.iter().filter(|one| one.available), |one| one.taken_at));
    let key = match newest.and_then(|one| one.key.clone()) {
        Some(key) => Some(describe_key(&aws, key, times).await),
        None => None,
    };
    CopyFacts { copies, key }
}

async fn place(clients: &Clients, target: &Target, policy: &CopyPolicy) -> SdkConfig {
    let Some(role) = &policy.role_arn else {
        return clients.in_region(policy.region.as_str());
    };
    // The other account trusts the function's role, not that of the target.
    let elsewhere = Target {
        region: policy.region.clone(),
        role_arn: Some(role.clone()),
        ..target.clone()
    };
    boot::for_target(&clients.own, &elsewhere).await
}

async fn points(aws: &SdkConfig, arn: &Observed<String>, times: &Times) -> Observed<Vec<Copied>> {
    let arn = arn.as_ref().map_err(Clone::clone)?;
    let client = aws_sdk_backup::Client::new(aws);
    let points = recovery_points::of_resource(&client, times, arn).await?;
    Ok(points.into_iter().map(of_point).collect())
}

/// What the copy jobs at home say of the vaults of one region and account. A job that is over has its copy's age at least: it
/// began when what it copied was there.
async fn copied_by_jobs(
    clients: &Clients,
    target: &Target,
    policy: &CopyPolicy,
    arn: &Observed<String>,
    times: &Times,
) -> Observed<Vec<Copied>> {
    let arn = arn.as_ref().map_err(Clone::clone)?;
    let since = days_ago(times, JOBS_KEPT_DAYS);
    let jobs = copy_jobs::of_resource_since(&clients.backup, times, arn, since).await?;
    let account = policy.account_id.as_ref().unwrap_or(&target.account_id);
    let there = |job: &CopyJob| {
        let vault = job.destination.parse::<Arn>();
        vault.is_ok_and(|vault| vault.region() == Some(&policy.region) && vault.account_id() == Some(account))
    };
    let copies = jobs.into_iter().filter(there).map(|job| Copied {
        available: job.state == "COMPLETED",
        continuous: false,
        id: format!("copy job {}", job.id),
        status: job.state,
        taken_at: job.created_at,
        encrypted: None,
        key: None,
    });
    Ok(copies.collect())
}

async fn describe_key(aws: &SdkConfig, key: String, times: &Times) -> (String, Observed<Key>) {
    let described = keys::describe(&aws_sdk_kms::Client::new(aws), times, &key).await;
    (key, described)
}

pub(super) fn of_point(point: RecoveryPoint) -> Copied {
    let continuous = is_continuous(&point);
    Copied {
        available: is_restorable(&point),
        continuous,
        id: point.arn,
        status: point.status,
        taken_at: point.created_at.filter(|_| !continuous),
        encrypted: Some(point.key.is_some()),
        key: point.key,
    }
}

fn of_snapshot(snapshot: DbSnapshot) -> Copied {
    Copied {
        available: snapshot.is_available(),
        continuous: false,
        id: snapshot.id,
        status: snapshot.status,
        taken_at: snapshot.taken_at,
        encrypted: snapshot.encrypted,
        key: snapshot.key,
    }
}
