//! What a scale-up stands on besides nodes: NAT gateways, alarms, the database, endpoints, quotas.

use std::time::Duration;

use day2_core::Observed;
use day2_core::target::{Engine, Target};
use futures::future::join_all;

use super::alarms::{self, MetricQuery};
use super::{Clients, Times, ago, network, probe, vpc, within};
use crate::facts::{DatabaseFacts, Series, Surroundings};
use crate::settings::Plan;

pub(super) async fn surroundings(
    clients: &Clients,
    target: &Target,
    plan: &Plan,
    times: &Times,
) -> Surroundings {
    let (network, alarms, database, probes, quotas) = futures::join!(
        gateways(clients, target, plan, times),
        within(
            times,
            "cloudwatch:DescribeAlarms",
            "all alarms",
            alarms::alarms(&clients.cloudwatch)
        ),
        database(clients, target, plan, times),
        join_all(plan.probes.iter().map(|probe| {
            // A little longer than its limit, so that a slow answer is seen as slow and not as missing.
            let patience =
                Duration::from_millis(probe.max_latency_ms.saturating_mul(2)).max(Duration::from_secs(5));
            probe::ask(probe, patience.min(times.left()))
        })),
        join_all(plan.quotas.iter().map(async |quota| {
            let resource = format!("{}/{}", quota.service, quota.code);
            let read = network::quota(&clients.quotas, &quota.service, &quota.code);
            within(times, "servicequotas:GetServiceQuota", &resource, read).await
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
) -> (Observed<Vec<crate::facts::NatGateway>>, Observed<Vec<Series>>) {
    let gateways = match vpc(target) {
        Ok(vpc) => {
            within(
                times,
                "ec2:DescribeNatGateways",
                vpc,
                network::nat_gateways(&clients.ec2, vpc),
            )
            .await
        }
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
    let query = metric(
        plan,
        times,
        "AWS/NATGateway",
        "ErrorPortAllocation",
        "NatGatewayId",
        "Sum",
    );
    let errors = series(clients, times, query, &available).await;
    (gateways, errors)
}

async fn database(clients: &Clients, target: &Target, plan: &Plan, times: &Times) -> Option<DatabaseFacts> {
    let wanted = target.database.as_ref()?;
    let id = wanted.id.as_str();
    let database = match wanted.engine {
        Engine::Aurora => {
            within(
                times,
                "rds:DescribeDBClusters",
                id,
                super::database::aurora(&clients.rds, id),
            )
            .await
        }
        Engine::Rds => {
            within(
                times,
                "rds:DescribeDBInstances",
                id,
                super::database::rds(&clients.rds, id),
            )
            .await
        }
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
    let by = |name| metric(plan, times, "AWS/RDS", name, "DBInstanceIdentifier", "Maximum");
    // Aurora counts its lag in milliseconds, other engines in seconds (CloudWatch metrics for Amazon Aurora, and for
    // Amazon RDS).
    let (lag_metric, to_ms) = match wanted.engine {
        Engine::Aurora => ("AuroraReplicaLag", 1.0),
        Engine::Rds => ("ReplicaLag", 1000.0),
    };
    let (connections, lag) = futures::join!(
        series(clients, times, by("DatabaseConnections"), &all),
        series(clients, times, by(lag_metric), &readers),
    );
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

fn metric<'a>(
    plan: &Plan,
    times: &Times,
    namespace: &'a str,
    name: &'a str,
    dimension: &'a str,
    statistic: &'a str,
) -> MetricQuery<'a> {
    let from = ago(times.now, plan.limits.metric_minutes);
    MetricQuery {
        namespace,
        name,
        dimension,
        statistic,
        period_seconds: 60,
        from,
        to: times.now,
    }
}

async fn series(
    clients: &Clients,
    times: &Times,
    query: MetricQuery<'_>,
    resources: &[String],
) -> Observed<Vec<Series>> {
    if resources.is_empty() {
        return Ok(Vec::new());
    }
    within(
        times,
        "cloudwatch:GetMetricData",
        query.name,
        alarms::series(&clients.cloudwatch, query, resources),
    )
    .await
}
