//! Looks whether a change had its effect. An answer without error is no effect.

use std::time::Duration;

use day2_aws::Moment;
use day2_core::action::{Effect, Step};
use day2_core::database::Acu;
use day2_core::target::Target;
use day2_kube::Rollout;
use day2_reads::db_clusters;
use day2_reads::times::Times;

use crate::Change;
use crate::gather::Clients;
use crate::gather::database::connections;
use crate::plan::status::{Standing, standing};
use crate::plan::trend::{since, whole};

/// Between two looks. Metrics come once a minute, a rollout moves every few seconds.
const BETWEEN: Duration = Duration::from_secs(10);

/// Connections must have fallen by so much for a restart to count as the remedy.
const FALLEN_PERCENT: u64 = 5;

/// Looks until the effect is seen, or `at.deadline`.
pub async fn verify(clients: &Clients, target: &Target, done: &[Step<Change>], at: Moment) -> Effect {
    let times = Times::of(at);
    let mut words = Vec::new();
    let mut all = true;
    for step in done {
        let (seen, says) = until(&times, async || look(clients, target, step, &times).await).await;
        all &= seen;
        words.push(says);
    }
    if done.is_empty() {
        return Effect::NotVerified {
            says: "no step was carried out".to_owned(),
        };
    }
    let says = words.join("; ");
    if all {
        Effect::Verified { says }
    } else {
        Effect::NotVerified { says }
    }
}

/// Looks again and again, while there is time.
async fn until(times: &Times, look: impl AsyncFn() -> (bool, String)) -> (bool, String) {
    loop {
        let (seen, says) = look().await;
        if seen || times.left() < BETWEEN * 2 {
            return (seen, says);
        }
        tokio::time::sleep(BETWEEN).await;
    }
}

async fn look(clients: &Clients, target: &Target, step: &Step<Change>, times: &Times) -> (bool, String) {
    match &step.change {
        Change::Restart {
            namespace,
            deployment,
            connections,
            ..
        } => restarted(clients, target, (namespace, deployment), *connections, times).await,
        Change::RaiseAcu {
            cluster,
            after_halves,
            ..
        } => {
            let after = Acu::from_halves(*after_halves);
            let (seen, says) = range(clients, cluster, times, |max| max >= after).await;
            let now = current(clients, target, times).await;
            (
                seen,
                format!(
                    "{says}; {now}; the higher max_connections takes force when each instance is rebooted"
                ),
            )
        }
        Change::RestoreAcu {
            cluster,
            before_halves,
            ..
        } => {
            let before = Acu::from_halves(*before_halves);
            range(clients, cluster, times, |max| max == before).await
        }
    }
}

async fn range(clients: &Clients, id: &str, times: &Times, is: impl Fn(Acu) -> bool) -> (bool, String) {
    match db_clusters::describe(&clients.rds, times, id).await {
        Ok(cluster) => {
            let shown = cluster
                .serverless
                .map_or_else(|| "no range".to_owned(), |range| range.to_string());
            let fits = cluster.serverless.is_some_and(|range| is(range.max));
            let settled = standing(&cluster.status) != Standing::Other;
            (
                fits && settled,
                format!("{id} shows {shown} and is {}", cluster.status),
            )
        }
        Err(why) => (false, format!("{id} could not be read again: {why}")),
    }
}

async fn restarted(
    clients: &Clients,
    target: &Target,
    (namespace, name): (&str, &str),
    before: u64,
    times: &Times,
) -> (bool, String) {
    let cluster = match clients.cluster(target, times).await {
        Ok(cluster) => cluster,
        Err(why) => return (false, format!("the rollout could not be looked at: {why}")),
    };
    let rollout = match cluster.get_deployment(namespace, name, times.deadline).await {
        Ok(Some(deployment)) => Rollout::of(&deployment),
        Ok(None) => {
            return (
                false,
                format!("Deployment {namespace}/{name} does not exist any more"),
            );
        }
        Err(why) => return (false, format!("the rollout could not be looked at: {why}")),
    };
    let complete = rollout.is_complete();
    let (fallen, words) = match total(clients, target, times).await {
        Ok(now) => {
            let fallen = now.saturating_mul(100) <= before.saturating_mul(100 - FALLEN_PERCENT);
            (fallen, format!("connections {before} before, {now} now"))
        }
        Err(why) => (false, format!("connections now are not known: {why}")),
    };
    (
        complete && fallen,
        format!("rollout of {namespace}/{name}: {rollout}; {words}"),
    )
}

async fn current(clients: &Clients, target: &Target, times: &Times) -> String {
    match total(clients, target, times).await {
        Ok(now) => format!("{now} connections now"),
        Err(why) => format!("connections now are not known: {why}"),
    }
}

/// The newest connections of all instances together.
async fn total(clients: &Clients, target: &Target, times: &Times) -> Result<u64, String> {
    // Read anew each time: the moment of the run's begin is minutes ago by now.
    let fresh = Times {
        now: (times.clock)(),
        ..times.clone()
    };
    let all = connections(clients, target, &fresh)
        .await
        .map_err(|why| why.to_string())?;
    let mut sum = 0_u64;
    for (id, points) in &all {
        let newest = since(points, fresh.now, 10);
        let (_, value) = newest
            .last()
            .ok_or_else(|| format!("no datapoint of {id} in the last minutes"))?;
        sum = sum.saturating_add(whole(*value));
    }
    Ok(sum)
}
