//! Which client leaks, if the figures say so.
//!
//! Without a login to the database nobody knows whose a connection is. So the rule is arithmetic, and narrow:
//!
//! 1. The connections of all instances together exceed what all declared pools and `other_connections` explain by more
//!    than `leak.excess_percent`. Within that they are no leak: the pools are simply too large.
//! 2. Exactly one client is credible. The one that the settings name as `suspect`; else the only client there is; else
//!    the only one that has changed, which means that all its pods are younger than `leak.changed_within_minutes`, and not
//!    because of a restart of ours: that one was tried, and did not help.
//!
//! One figure that is not known makes the whole not known.

use day2_kube::change::{RESTART_ANNOTATION, RESTARTED_AT_ANNOTATION};
use jiff::{SignedDuration, Timestamp};

use super::pools::{Pool, sums};
use crate::settings::Policy;

/// Connections against what the clients explain.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Balance {
    /// Connections of all instances together.
    pub seen: u64,
    /// What the declared pools and the others explain.
    pub explained: u64,
    /// How many more there are, in percent of what is explained; negative when there are fewer.
    pub excess_percent: f64,
}

/// Compares the connections with what the pools explain.
///
/// # Errors
///
/// In words: which figure is missing.
pub fn balance(seen: Result<u64, String>, pools: &[Pool<'_>], policy: &Policy) -> Result<Balance, String> {
    let seen = seen?;
    if pools.is_empty() {
        return Err("no clients are declared".to_owned());
    }
    let explained = sums(pools)?
        .connections
        .saturating_add(u64::from(policy.other_connections));
    #[expect(clippy::cast_precision_loss, reason = "numbers of connections")]
    let excess_percent = if explained == 0 {
        100.0
    } else {
        (seen as f64 - explained as f64) * 100.0 / explained as f64
    };
    Ok(Balance {
        seen,
        explained,
        excess_percent,
    })
}

/// The client that leaks, and why it is believed; or why none can be named, in words.
///
/// # Errors
///
/// In words an operator can act on.
pub fn leaking<'p, 'a>(
    balance: &Result<Balance, String>,
    pools: &'p [Pool<'a>],
    policy: &Policy,
    now: Timestamp,
) -> Result<(&'p Pool<'a>, String), String> {
    let balance = balance
        .as_ref()
        .map_err(|why| format!("whether a client leaks is not known: {why}"))?;
    let figures = format!(
        "{} connections, and {} are explained by the declared pools and {} others",
        balance.seen,
        balance
            .explained
            .saturating_sub(u64::from(policy.other_connections)),
        policy.other_connections
    );
    if balance.excess_percent <= policy.leak.excess() {
        return Err(format!(
            "no client leaks by the figures: {figures}; a leak would be more than {} % above that. A restart would open \
             the same connections again",
            policy.leak.excess()
        ));
    }
    let figures = format!("{figures}, {:.0} % more than that", balance.excess_percent);
    if let Some(suspect) = &policy.suspect {
        return pools
            .iter()
            .find(|pool| pool.client.name == *suspect)
            .map(|pool| (pool, format!("{figures}; the settings name it as the suspect")))
            .ok_or_else(|| format!("the suspect {suspect} is not among the clients"));
    }
    if let [only] = pools {
        return Ok((only, format!("{figures}; it is the only declared client")));
    }
    let (mut changed, mut restarted) = (Vec::new(), Vec::new());
    for pool in pools {
        if !has_changed(pool, policy.leak.changed_within_minutes, now)? {
            continue;
        }
        match restarted_by_us(pool) {
            Some(at) => restarted.push(format!(
                "{} was restarted at {}, which did not help: it is not restarted again for that",
                pool.client.name,
                at.strftime("%Y-%m-%d %H:%M UTC")
            )),
            None => changed.push(pool),
        }
    }
    match changed.as_slice() {
        [one] => Ok((
            *one,
            format!(
                "{figures}; it is the only client whose pods are all younger than {} minutes",
                policy.leak.changed_within_minutes
            ),
        )),
        [] if !restarted.is_empty() => Err(format!(
            "{figures}. {}. No other client was rolled out in the last {} minutes. Name the client as `suspect` once \
             pg_stat_activity or its own metrics tell",
            restarted.join("; "),
            policy.leak.changed_within_minutes
        )),
        [] => Err(format!(
            "{figures}, and no client stands out: none was rolled out in the last {} minutes. Name the client as \
             `suspect` once pg_stat_activity or its own metrics tell",
            policy.leak.changed_within_minutes
        )),
        several => {
            let names: Vec<&str> = several.iter().map(|pool| pool.client.name.as_str()).collect();
            Err(format!(
                "{figures}, and more than one client has changed lately ({}): it would be a guess. Name one as `suspect`",
                names.join(", ")
            ))
        }
    }
}

/// Whether all pods of a client are younger than so many minutes.
fn has_changed(pool: &Pool<'_>, minutes: u32, now: Timestamp) -> Result<bool, String> {
    let pods = pool
        .facts
        .pods
        .as_ref()
        .map_err(|why| format!("whether {} has changed is not known: {why}", pool.client.name))?;
    let since = now
        .saturating_sub(SignedDuration::from_mins(i64::from(minutes)))
        .unwrap_or(Timestamp::UNIX_EPOCH);
    let mut present = pods.iter().filter(|pod| !pod.finished()).peekable();
    Ok(present.peek().is_some() && present.all(|pod| pod.created_at.is_some_and(|at| at >= since)))
}

/// When we restarted the client, if that is why its pods are young. The annotation alone is no proof: its template keeps it
/// through later rollouts by others, which replace the pods too; so pods that are older than it never were restarted by it.
fn restarted_by_us(pool: &Pool<'_>) -> Option<Timestamp> {
    let annotations = &pool.deployment()?.template_annotations;
    annotations.get(RESTART_ANNOTATION)?;
    let at: Timestamp = annotations.get(RESTARTED_AT_ANNOTATION)?.parse().ok()?;
    let pods = pool.facts.pods.as_ref().ok()?;
    let all_since = pods
        .iter()
        .filter(|pod| !pod.finished())
        .all(|pod| pod.created_at.is_some_and(|created| created >= at));
    all_since.then_some(at)
}
