//! What a scale-up stands on besides nodes: NAT gateways, alarms, the database, endpoints, quotas.

use std::time::Duration;

use day2_core::Observed;
use day2_core::target::{Engine, Target};
use day2_reads::metric::{Series, Window};
use day2_reads::metrics::{self, PerResource};
use day2_reads::nat_gateways::{self, NatGateway};
use day2_reads::times::Times;
use day2_reads::{alarms, quotas};
use futures::future::join_all;

use super::{Clients, vpc};
use crate::facts::{DatabaseFacts, Surroundings};
use crate::settings::Plan;

pub(super) async fn surroundings(
    clients: &Clients,
    target: &Target,
    plan: &Plan,
    times: &Times,
) -> Surroundings {
    let (network, alarms, database, probes, quotas) = futures::join!(
        gateways(clients, target, plan, times),
        alarms::all(&clients.cloudwatch, times),
        database(clients, target, plan, times),
        join_all(plan.probes.iter().map(|probe| {
            // A little longer than its limit, so that a slow answer is seen as slow and not as missing.
            let patience =
                Duration::from_millis(probe.max_latency_ms.saturating_mul(2)).max(Duration::from_secs(5));
            day2_probe::ask(probe, crate::NAME, patience.min(times.left()))
        })),
        join_all(plan.quotas.iter().map(async |quota| {
            quotas::applied(&clients.quotas, times, &quota.service, &quota.code).await
        })),
    );
    let (gateways, port_errors) = network;
    Surroundings {
        gateways,
        port_errors,
        alarms,
        database,
        probes,
        quotas,
    }
}

async fn gateways(
    clients: &Clients,
    target: &Target,
    plan: &Plan,
    times: &Times,
) -> (Observed<Vec<NatGateway>>, Observed<Vec<Series>>) {
    let gateways = match vpc(target) {
        Ok(vpc) => nat_gateways::of_vpc(&clients.ec2, times, vpc).await,
        Err(why) => Err(why),
    };
    let available: Vec<String> = match &gateways {
        Ok(all) => all
            .iter()
            .filter(|one| one.state == "available")
            .map(|one| one.id.clone())
            .collect(),
        Err(why) => return (gateways.clone(), Err(why.clone())),
    };
    let query = PerResource {
        namespace: "AWS/NATGateway",
        name: "ErrorPortAllocation",
        dimension: "NatGatewayId",
        statistic: "Sum",
        period_seconds: 60,
    };
    let window = window(plan, times);
    let errors = metrics::per_resource(&clients.cloudwatch, times, window, query, &available).await;
    (gateways, errors)
}

async fn database(clients: &Clients, target: &Target, plan: &Plan, times: &Times) -> Option<DatabaseFacts> {
    let wanted = target.database.as_ref()?;
    let id = wanted.id.as_str();
    let database = match wanted.engine {
        Engine::Aurora => super::database::aurora(&clients.rds, times, id).await,
        Engine::Rds => super::database::rds(&clients.rds, times, id).await,
    };
    let seen = match &database {
        Ok(seen) => seen,
        Err(why) => {
            let (connections, lag) = (Err(why.clone()), Err(why.clone()));
            return Some(DatabaseFacts {
                database,
                connections,
                lag,
            });
        }
    };
    let all: Vec<String> = seen.instances.iter().map(|one| one.id.clone()).collect();
    let readers: Vec<String> = seen
        .instances
        .iter()
        .filter(|one| !one.writer)
        .map(|one| one.id.clone())
        .collect();
    let read = async |name, resources| {
        let query = PerResource {
            namespace: "AWS/RDS",
            name,
            dimension: "DBInstanceIdentifier",
            statistic: "Maximum",
            period_seconds: 60,
        };
        metrics::per_resource(&clients.cloudwatch, times, window(plan, times), query, resources).await
    };
    // Aurora counts its lag in milliseconds, other engines in seconds (CloudWatch metrics for Amazon Aurora, and for
    // Amazon RDS).
    let (lag_metric, to_ms) = match wanted.engine {
        Engine::Aurora => ("AuroraReplicaLag", 1.0),
        Engine::Rds => ("ReplicaLag", 1000.0),
    };
    let (connections, lag) = futures::join!(read("DatabaseConnections", &all), read(lag_metric, &readers),);
    let lag = lag.map(|mut all| {
        all.iter_mut()
            .flat_map(|one| &mut one.points)
            .for_each(|(_, value)| *value *= to_ms);
        all
    });
    Some(DatabaseFacts {
        database,
        connections,
        lag,
    })
}

fn window(plan: &Plan, times: &Times) -> Window {
    Window {
        from: times.ago(plan.limits.metric_minutes),
        to: times.now,
    }
}
