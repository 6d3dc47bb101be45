//! The database: descriptions, parameters, metrics, maintenance and events.

use day2_core::Observed;
use day2_core::database::Parameter;
use day2_core::target::{Engine, Target};
use day2_reads::db_clusters::{self, Member};
use day2_reads::db_events::{self, DbEvent};
use day2_reads::db_instances::{self, DbInstance};
use day2_reads::db_maintenance::{self, Maintenance};
use day2_reads::metric::{Metric, Query, Series, Window};
use day2_reads::metrics::{self, PerResource};
use day2_reads::times::Times;
use day2_reads::{db_cluster_parameters, db_parameters};
use futures::future::join_all;

use super::{AwsClients, undeclared};
use crate::facts::database::{Database, DatabaseFacts, Instance, Storage};
use crate::settings::Group;
use crate::settings::database::DatabasePolicy;

/// The parameter that holds the maximum, in all engines.
const MAX_CONNECTIONS: &str = "max_connections";
/// How far back growth is measured, in minutes.
const DAY: u32 = 24 * 60;

pub(super) async fn read(
    clients: &AwsClients,
    target: &Target,
    policy: &DatabasePolicy,
    times: &Times,
) -> DatabaseFacts {
    let Some(declared) = &target.database else {
        return unreadable(&undeclared("database", Group::Database));
    };
    let id = declared.id.as_str();
    let database = match declared.engine {
        Engine::Aurora => aurora(clients, id, times).await,
        Engine::Rds => Ok(alone(clients, id, times).await),
    };
    let seen = match &database {
        Ok(seen) => seen,
        Err(why) => return unreadable(why),
    };
    let all: Vec<String> = seen.instances.iter().map(|one| one.id.clone()).collect();
    let readers: Vec<String> = seen
        .instances
        .iter()
        .filter(|one| one.follows())
        .map(|one| one.id.clone())
        .collect();
    // Aurora counts its lag in milliseconds, other engines in seconds (CloudWatch metrics for Amazon Aurora, and for
    // Amazon RDS).
    let (lag_metric, to_ms) = match seen.kind {
        Engine::Aurora => ("AuroraReplicaLag", 1.0),
        Engine::Rds => ("ReplicaLag", 1000.0),
    };
    let (connections, lag, storage, maintenance, events) = futures::join!(
        peaks(clients, "DatabaseConnections", &all, policy, times),
        peaks(clients, lag_metric, &readers, policy, times),
        storage(clients, seen.kind, id, times),
        maintenance(clients, seen.kind, id, &all, times),
        events(clients, seen.kind, id, &all, policy, times),
    );
    let lag = lag.map(|mut all| {
        all.iter_mut()
            .flat_map(|one| &mut one.points)
            .for_each(|(_, value)| *value *= to_ms);
        all
    });
    DatabaseFacts {
        database,
        connections,
        lag,
        storage,
        maintenance,
        events,
    }
}

fn unreadable(why: &day2_core::Unreadable) -> DatabaseFacts {
    DatabaseFacts {
        database: Err(why.clone()),
        connections: Err(why.clone()),
        lag: Err(why.clone()),
        storage: Err(why.clone()),
        maintenance: Err(why.clone()),
        events: vec![(why.resource.clone(), Err(why.clone()))],
    }
}

async fn aurora(clients: &AwsClients, id: &str, times: &Times) -> Observed<Database> {
    let seen = db_clusters::describe(&clients.rds, times, id).await?;
    let (instances, parameter) = futures::join!(instances(clients, &seen.members, times), async {
        match &seen.parameter_group {
            Some(group) => db_cluster_parameters::named(&clients.rds, times, group, MAX_CONNECTIONS).await,
            None => Ok(None),
        }
    });
    Ok(Database {
        id: seen.id,
        kind: Engine::Aurora,
        status: seen.status,
        engine: seen.engine,
        serverless: seen.serverless,
        parameter,
        instances,
    })
}

/// An instance that is no member of a cluster, and its read replicas of the same region. Where it cannot be described, it is still
/// the one that is asked about.
async fn alone(clients: &AwsClients, id: &str, times: &Times) -> Database {
    let own = instances(clients, &[Member::of_no_cluster(id, true)], times).await;
    let described = own.first().and_then(|one| one.described.as_ref().ok());
    // What could not be read is said by the instance itself.
    let status = described.map_or_else(|| "available".to_owned(), |one| one.status.clone());
    let engine = described.map(|one| one.engine.clone()).unwrap_or_default();
    let replicas: Vec<Member> = described
        .into_iter()
        .flat_map(|one| &one.replication.replicas)
        .map(|replica| Member::of_no_cluster(replica, false))
        .collect();
    let replicas = instances(clients, &replicas, times).await;
    Database {
        id: id.to_owned(),
        kind: Engine::Rds,
        status,
        engine,
        serverless: None,
        parameter: Ok(None),
        instances: own.into_iter().chain(replicas).collect(),
    }
}

async fn instances(clients: &AwsClients, members: &[Member], times: &Times) -> Vec<Instance> {
    join_all(members.iter().map(async |member| {
        let described = db_instances::describe(&clients.rds, times, &member.id).await;
        let parameter = parameter(clients, &described, times).await;
        Instance {
            id: member.id.clone(),
            writer: member.writer,
            described,
            cluster_parameters: member.parameter_status.clone(),
            parameter,
        }
    }))
    .await
}

async fn parameter(
    clients: &AwsClients,
    described: &Observed<DbInstance>,
    times: &Times,
) -> Observed<Option<Parameter>> {
    let described = described.as_ref().map_err(Clone::clone)?;
    match described.parameter_groups.first() {
        Some(group) => db_parameters::named(&clients.rds, times, &group.name, MAX_CONNECTIONS).await,
        None => Ok(None),
    }
}

/// Maximum per minute in the window of the plan, per instance.
async fn peaks(
    clients: &AwsClients,
    name: &str,
    ids: &[String],
    policy: &DatabasePolicy,
    times: &Times,
) -> Observed<Vec<Series>> {
    let query = PerResource {
        namespace: "AWS/RDS",
        name,
        dimension: "DBInstanceIdentifier",
        statistic: "Maximum",
        period_seconds: 60,
    };
    let window = back(policy.metric_minutes, times);
    metrics::per_resource(&clients.cloudwatch, times, window, query, ids).await
}

/// Storage by hour over the last day. Aurora's volume belongs to the cluster and grows by itself; an RDS instance has one of
/// its own.
async fn storage(clients: &AwsClients, kind: Engine, id: &str, times: &Times) -> Observed<Storage> {
    let (metric, dimension, statistic) = match kind {
        Engine::Aurora => ("VolumeBytesUsed", "DBClusterIdentifier", "Maximum"),
        Engine::Rds => ("FreeStorageSpace", "DBInstanceIdentifier", "Minimum"),
    };
    let query = Query::new(
        Metric::new("AWS/RDS", metric).with(dimension, id),
        statistic,
        3600,
    );
    let points = metrics::read(&clients.cloudwatch, times, back(DAY, times), &[query]).await?;
    let points = points.into_iter().next().unwrap_or_default();
    Ok(match kind {
        Engine::Aurora => Storage::Shared(points),
        Engine::Rds => Storage::Free(points),
    })
}

async fn maintenance(
    clients: &AwsClients,
    kind: Engine,
    id: &str,
    instances: &[String],
    times: &Times,
) -> Observed<Vec<Maintenance>> {
    let clusters = match kind {
        Engine::Aurora => vec![id.to_owned()],
        Engine::Rds => Vec::new(),
    };
    let (of_clusters, of_instances) = futures::join!(
        db_maintenance::pending(&clients.rds, times, db_maintenance::Source::Clusters, &clusters),
        db_maintenance::pending(&clients.rds, times, db_maintenance::Source::Instances, instances),
    );
    let mut all = of_clusters?;
    all.extend(of_instances?);
    Ok(all)
}

async fn events(
    clients: &AwsClients,
    kind: Engine,
    id: &str,
    instances: &[String],
    policy: &DatabasePolicy,
    times: &Times,
) -> Vec<(String, Observed<Vec<DbEvent>>)> {
    let window = back(policy.event_hours.saturating_mul(60), times);
    of_sources(clients, kind, id, instances, window, times).await
}

/// Events of the cluster and of each of its instances.
pub(super) async fn of_sources(
    clients: &AwsClients,
    kind: Engine,
    id: &str,
    instances: &[String],
    window: Window,
    times: &Times,
) -> Vec<(String, Observed<Vec<DbEvent>>)> {
    let cluster = match kind {
        Engine::Aurora => Some((db_events::Source::Cluster, id)),
        Engine::Rds => None,
    };
    let instances = instances
        .iter()
        .map(|one| (db_events::Source::Instance, one.as_str()));
    join_all(cluster.into_iter().chain(instances).map(async |(source, id)| {
        let events = db_events::of(&clients.rds, times, source, id, window).await;
        (id.to_owned(), events)
    }))
    .await
}

fn back(minutes: u32, times: &Times) -> Window {
    Window {
        from: times.ago(minutes),
        to: times.now,
    }
}
