//! One database out of the descriptions of its cluster and of each instance.

use std::iter;

use aws_sdk_rds::Client as Rds;
use day2_core::Observed;
use day2_reads::db_clusters::{self, Member};
use day2_reads::db_instances::{self, DbInstance};
use day2_reads::times::Times;

use crate::facts::{Database, DatabaseInstance};

/// Describes an Aurora cluster and each of its members.
///
/// A member that cannot be described stays, with the reason as its status.
pub(super) async fn aurora(client: &Rds, times: &Times, id: &str) -> Observed<Database> {
    let cluster = db_clusters::describe(client, times, id).await?;
    let names = cluster.members.iter().map(|member| member.id.as_str());
    let described = db_instances::describe_each(client, times, names).await;
    let instances: Vec<DatabaseInstance> = cluster
        .members
        .iter()
        .zip(described)
        .map(|(member, (_, described))| instance(member, described))
        .collect();
    Ok(Database {
        status: cluster.status,
        engine: cluster.engine,
        parameter_groups: instances
            .iter()
            .filter_map(|instance| instance.parameter_group.clone())
            .chain(cluster.parameter_group)
            .collect(),
        serverless: cluster.serverless,
        instances,
    })
}

/// Describes one RDS instance that is no member of a cluster, and its read replicas of the same region.
///
/// A replica that cannot be described stays, with the reason as its status.
pub(super) async fn rds(client: &Rds, times: &Times, id: &str) -> Observed<Database> {
    let seen = db_instances::describe(client, times, id).await?;
    let names = seen.replication.replicas.iter().map(String::as_str);
    let replicas = db_instances::describe_each(client, times, names).await;
    let (status, engine) = (seen.status.clone(), seen.engine.clone());
    let own = instance(&Member::of_no_cluster(id, true), Ok(seen));
    let parameter_groups = own.parameter_group.clone().into_iter().collect();
    let replicas = replicas
        .into_iter()
        .map(|(id, described)| instance(&Member::of_no_cluster(&id, false), described));
    Ok(Database {
        status,
        engine,
        parameter_groups,
        serverless: None,
        instances: iter::once(own).chain(replicas).collect(),
    })
}

fn instance(member: &Member, described: Observed<DbInstance>) -> DatabaseInstance {
    let own = described
        .as_ref()
        .ok()
        .and_then(|seen| seen.parameter_groups.first());
    let not_following = described
        .as_ref()
        .ok()
        .and_then(|seen| seen.replication.trouble.clone());
    DatabaseInstance {
        id: member.id.clone(),
        class: described.as_ref().ok().and_then(|seen| seen.class.clone()),
        // What is not in sync wins: the maximum may be set in the cluster's group or in the instance's own.
        parameters: [
            member.parameter_status.clone(),
            own.and_then(|group| group.status.clone()),
        ]
        .into_iter()
        .flatten()
        .max_by_key(|status| status != "in-sync"),
        parameter_group: own.map(|group| group.name.clone()),
        status: described.map(|seen| seen.status),
        writer: member.writer,
        not_following,
    }
}
