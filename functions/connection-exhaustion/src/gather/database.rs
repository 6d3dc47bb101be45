//! The database, its instances, their parameters and their metrics.

use std::collections::BTreeMap;

use day2_core::database::Parameter;
use day2_core::target::{Engine, Target};
use day2_core::{Cause, Observed, Unreadable};
use day2_reads::db_instances::DbInstance;
use day2_reads::metric::{Points, Window};
use day2_reads::metrics::{PerResource, per_resource};
use day2_reads::times::Times;
use day2_reads::{db_cluster_parameters, db_clusters, db_instances, db_parameters, global_clusters};
use futures::future::join_all;

use super::{Clients, engine};
use crate::facts::{Cluster, Database, Instance};

/// The parameter that holds the maximum, in all engines.
const MAX_CONNECTIONS: &str = "max_connections";
/// How far back metrics are read, in minutes. The slope uses less of it; whether a raise can be taken back, all.
const HOUR: u32 = 60;

/// Reads the target's database.
pub(crate) async fn database(clients: &Clients, target: &Target, times: &Times) -> Observed<Database> {
    let declared = target.database.as_ref().ok_or_else(|| {
        Unreadable::new(
            "settings",
            target.name.as_str(),
            Cause::NotFound,
            "the target declares no database",
        )
    })?;
    let id = declared.id.as_str();
    match declared.engine {
        Engine::Aurora => Box::pin(aurora(clients, id, times)).await,
        Engine::Rds => Box::pin(rds(clients, id, times)).await,
    }
}

async fn aurora(clients: &Clients, id: &str, times: &Times) -> Observed<Database> {
    let seen = db_clusters::describe(&clients.rds, times, id).await?;
    let members: Vec<&str> = seen.members.iter().map(|member| member.id.as_str()).collect();
    let arn = seen.arn.clone().unwrap_or_default();
    let group = seen.parameter_group.clone();
    let (instances, parameter, membership, engine_limit) = futures::join!(
        instances(clients, &members, seen.serverless.is_some(), times),
        async {
            match &group {
                Some(group) => {
                    db_cluster_parameters::named(&clients.rds, times, group, MAX_CONNECTIONS).await
                }
                None => Ok(None),
            }
        },
        global_clusters::membership(&clients.rds, times, &arn),
        engine::limit(&clients.rds, &seen.engine, seen.engine_version.as_deref(), times),
    );
    let instances = instances
        .into_iter()
        .map(|instance| {
            let member = seen.members.iter().find(|member| member.id == instance.id);
            Instance {
                writer: member.is_some_and(|member| member.writer),
                cluster_parameter_status: member.and_then(|member| member.parameter_status.clone()),
                ..instance
            }
        })
        .collect();
    Ok(Database {
        id: seen.id.clone(),
        status: seen.status.clone(),
        engine: seen.engine.clone(),
        cluster: Some(Cluster {
            engine_version: seen.engine_version,
            engine_mode: seen.engine_mode,
            range: seen.serverless,
            parameter,
            membership,
            engine_limit,
        }),
        instances,
    })
}

async fn rds(clients: &Clients, id: &str, times: &Times) -> Observed<Database> {
    let mut found = Box::pin(instances(clients, &[id], false, times)).await;
    for instance in &mut found {
        instance.writer = true;
    }
    let described = match found.first() {
        Some(instance) => instance.described.clone()?,
        None => {
            return Err(Unreadable::new(
                "rds:DescribeDBInstances",
                id,
                Cause::NotFound,
                "no DB instance has this identifier",
            ));
        }
    };
    Ok(Database {
        id: id.to_owned(),
        status: described.status,
        engine: described.engine,
        cluster: None,
        instances: found,
    })
}

/// Instances by id, each with its own parameter and its metrics.
async fn instances(clients: &Clients, ids: &[&str], serverless: bool, times: &Times) -> Vec<Instance> {
    let names: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
    let none: &[String] = &[];
    let of_serverless = if serverless { names.as_slice() } else { none };
    let (described, connections, capacity, utilization) = futures::join!(
        async {
            let described = db_instances::describe_each(&clients.rds, times, ids.iter().copied()).await;
            let parameters = parameters(clients, &described, times).await;
            (described, parameters)
        },
        series(clients, "DatabaseConnections", &names, times),
        series(clients, "ServerlessDatabaseCapacity", of_serverless, times),
        series(clients, "ACUUtilization", of_serverless, times),
    );
    let (described, parameters) = described;
    described
        .into_iter()
        .map(|(id, described)| Instance {
            writer: false,
            cluster_parameter_status: None,
            parameter: own_parameter(&described, &parameters),
            connections: of(&connections, &id),
            capacity: of(&capacity, &id),
            utilization: of(&utilization, &id),
            described,
            id,
        })
        .collect()
}

type Parameters = BTreeMap<String, Observed<Option<Parameter>>>;

/// `max_connections` of each parameter group that an instance has, each read once.
async fn parameters(
    clients: &Clients,
    described: &[(String, Observed<DbInstance>)],
    times: &Times,
) -> Parameters {
    let mut groups: Vec<&str> = described
        .iter()
        .filter_map(|(_, described)| described.as_ref().ok()?.parameter_groups.first())
        .map(|group| group.name.as_str())
        .collect();
    groups.sort_unstable();
    groups.dedup();
    let read = join_all(groups.into_iter().map(async |group| {
        let found = db_parameters::named(&clients.rds, times, group, MAX_CONNECTIONS).await;
        (group.to_owned(), found)
    }));
    read.await.into_iter().collect()
}

fn own_parameter(described: &Observed<DbInstance>, parameters: &Parameters) -> Observed<Option<Parameter>> {
    match described {
        Ok(described) => match described.parameter_groups.first() {
            Some(group) => parameters.get(&group.name).cloned().unwrap_or(Ok(None)),
            None => Ok(None),
        },
        Err(why) => Err(why.clone()),
    }
}

type Series = Observed<Vec<day2_reads::metric::Series>>;

/// Maximum per minute over the last hour, per instance and never of the cluster: that would mix writer and readers.
async fn series(clients: &Clients, name: &str, ids: &[String], times: &Times) -> Series {
    let window = Window {
        from: times.ago(HOUR),
        to: times.now,
    };
    let query = PerResource {
        namespace: "AWS/RDS",
        name,
        dimension: "DBInstanceIdentifier",
        statistic: "Maximum",
        period_seconds: 60,
    };
    per_resource(&clients.cloudwatch, times, window, query, ids).await
}

fn of(series: &Series, id: &str) -> Observed<Points> {
    let all = series.as_ref().map_err(Clone::clone)?;
    let own = all.iter().find(|one| one.resource == id);
    Ok(own.map(|one| one.points.clone()).unwrap_or_default())
}

/// Ids of the instances and their connections, read again after a change.
pub(crate) async fn connections(
    clients: &Clients,
    target: &Target,
    times: &Times,
) -> Observed<Vec<(String, Points)>> {
    let Some(declared) = &target.database else {
        return Ok(Vec::new());
    };
    let ids: Vec<String> = match declared.engine {
        Engine::Aurora => {
            let cluster = db_clusters::describe(&clients.rds, times, declared.id.as_str()).await?;
            cluster.members.into_iter().map(|member| member.id).collect()
        }
        Engine::Rds => vec![declared.id.as_str().to_owned()],
    };
    let read = series(clients, "DatabaseConnections", &ids, times).await?;
    Ok(read.into_iter().map(|one| (one.resource, one.points)).collect())
}
