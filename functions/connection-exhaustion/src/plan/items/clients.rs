//! The lines about the clients: what their pools may open, and whether they explain the connections.

use day2_core::{Item, Verdict};

use super::population;
use crate::plan::Scene;
use crate::plan::pools::{Counts, Sums, sums};

/// The writer's maximum: that is where the clients of the settings connect.
fn writers_maximum(scene: &Scene<'_>) -> Result<u32, String> {
    let writer = scene
        .judged
        .iter()
        .find(|one| one.instance.writer)
        .ok_or("the database has no writer")?;
    let maximum = writer.maximum.as_ref().map_err(Clone::clone)?;
    if maximum.connections == 0 {
        return Err("its maximum is 0".to_owned());
    }
    Ok(maximum.connections)
}

fn unknown(code: &str, title: &str, expected: usize, why: String) -> Item {
    Item::judge(code, title, Verdict::Unknown, population(0, expected), why)
}

pub(super) fn pools_now(scene: &Scene<'_>) -> Item {
    pools_item(
        scene,
        "CNX-006",
        "the pools of the clients fit the database",
        |sums| sums.connections,
        |counts, size| {
            format!(
                "{} pods x {size} = {} connections",
                counts.pods, counts.connections
            )
        },
    )
}

pub(super) fn pools_at_most(scene: &Scene<'_>) -> Item {
    pools_item(
        scene,
        "CNX-007",
        "the pools fit also at the maximum of the autoscalers",
        |sums| sums.most_connections,
        |counts, size| {
            let whose = if counts.autoscaled {
                "HPA maximum"
            } else {
                "no HPA, wanted"
            };
            format!(
                "{whose} {} pods x {size} = {} connections",
                counts.most_pods, counts.most_connections
            )
        },
    )
}

fn pools_item(
    scene: &Scene<'_>,
    code: &str,
    title: &str,
    pick: impl Fn(Sums) -> u64,
    words: impl Fn(Counts, u32) -> String,
) -> Item {
    let expected = scene.pools.len().max(1);
    if scene.pools.is_empty() {
        return unknown(code, title, expected, "no clients are declared".to_owned());
    }
    let mut subjects: Vec<(String, String)> = Vec::new();
    let mut unread = 0;
    for pool in scene.pools {
        let says = match &pool.counts {
            Ok(counts) => words(*counts, pool.client.pool_size),
            Err(why) => {
                unread += 1;
                why.clone()
            }
        };
        subjects.push((pool.client.name.clone(), says));
    }
    let (sum, maximum) = match (sums(scene.pools), writers_maximum(scene)) {
        (Ok(sums), Ok(maximum)) => (pick(sums), maximum),
        (Err(why), _) | (_, Err(why)) => return unknown(code, title, expected, why).subjects(subjects),
    };
    #[expect(clippy::cast_precision_loss, reason = "numbers of connections")]
    let times = sum as f64 / f64::from(maximum);
    let verdict = if times > 1.0 { Verdict::Fail } else { Verdict::Pass };
    let seen = if times > 1.0 {
        format!("up to {sum} connections exceed the database ({maximum}) by {times:.1}x")
    } else {
        format!("up to {sum} of {maximum} connections ({:.0} %)", times * 100.0)
    };
    Item::judge(
        code,
        title,
        verdict,
        population(scene.pools.len() - unread, expected),
        seen,
    )
    .threshold(
        format!("at most {maximum} connections"),
        "the writer's maximum in force; clients[].pool_size",
    )
    .remedy("lower pool_size or maxReplicas, or put RDS Proxy in front; more replicas make it worse")
    .subjects(if verdict == Verdict::Pass {
        Vec::new()
    } else {
        subjects
    })
}

pub(super) fn explained(scene: &Scene<'_>) -> Item {
    const CODE: &str = "CNX-008";
    const TITLE: &str = "the declared clients explain the connections";
    let expected = scene.pools.len().max(1);
    let balance = match scene.balance {
        Ok(balance) => balance,
        Err(why) => return unknown(CODE, TITLE, expected, why.clone()),
    };
    let excess = scene.policy.leak.excess();
    let verdict = if balance.excess_percent > excess {
        Verdict::Fail
    } else {
        Verdict::Pass
    };
    Item::judge(
        CODE,
        TITLE,
        verdict,
        population(scene.pools.len(), expected),
        format!(
            "{} connections, {} explained by pools and {} others ({:+.0} %)",
            balance.seen, balance.explained, scene.policy.other_connections, balance.excess_percent
        ),
    )
    .threshold(format!("at most {excess} % more than explained"), "leak.excess_percent, other_connections")
    .remedy(
        "a client opens more than its pool, or one is not declared: group pg_stat_activity by application_name and \
         client_addr. Whose they are cannot be told from here",
    )
}
