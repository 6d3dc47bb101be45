//! `HLT-115` and `HLT-116`: nodes that were asked for and did not come, and pools at their limits.

use day2_kube::objects::{NodeClaim, Status};
use jiff::Timestamp;

use super::super::Scene;
use super::super::line::{Finding, Line};
use super::super::read::served;
use super::super::words::{age, count, longer_than};
use super::room::percent;
use crate::facts::inside::Inside;
use crate::reduce::short;

pub(super) fn claims(inside: &Inside, scene: &Scene<'_>) -> Option<Line> {
    const CODE: &str = "HLT-115";
    const TITLE: &str = "nodes that were asked for have joined";
    let (claims, shortfall) = match served(inside.node_claims.as_ref(), CODE, TITLE)? {
        Ok(read) => read,
        Err(line) => return Some(line),
    };
    let limit = scene.plan.nodes.register_minutes;
    let late = claims.iter().filter_map(|claim| {
        let at = claim.created_at.filter(|_| claim.deleting_since.is_none())?;
        (!registered(claim) && longer_than(limit, at, scene.now)).then(|| {
            let pool = claim.pool.as_deref().unwrap_or("no pool");
            let says = format!("asked for {} ago by {pool}: {}", age(at, scene.now), why(claim));
            Finding::of(&claim.name, says)
        })
    });
    Some(
        Line::new(CODE, TITLE, claims.len())
            .if_any()
            .seen(count(claims.len(), "node claim"))
            .threshold(format!("registered within {limit} min"), "nodes.register_minutes")
            .remedy("kubectl describe nodeclaim: capacity, subnet, image, security group or the node's access entry")
            .wrong(late)
            .short_of(shortfall),
    )
}

fn registered(claim: &NodeClaim) -> bool {
    let mut conditions = claim.conditions.iter();
    conditions.any(|one| one.kind == "Registered" && one.status == Status::True)
}

/// Nodes that Karpenter or Auto Mode has asked for since then and that have not joined, in the time that this may take.
pub(in crate::assess) fn being_made(since: Timestamp, inside: &Inside, scene: &Scene<'_>) -> usize {
    let Some(Ok(Some(claims))) = &inside.node_claims else {
        return 0;
    };
    let limit = scene.plan.nodes.register_minutes;
    // Times of the API are whole seconds, of several clocks.
    let since = since.as_second() - 60;
    let young = |at: Timestamp| at.as_second() >= since && !longer_than(limit, at, scene.now);
    let claims = claims
        .items()
        .iter()
        .filter(|claim| claim.deleting_since.is_none());
    claims
        .filter(|claim| !registered(claim) && claim.created_at.is_some_and(young))
        .count()
}

/// The first step that did not happen, in the words of the controller.
fn why(claim: &NodeClaim) -> String {
    ["Launched", "Registered", "Initialized"]
        .iter()
        .filter_map(|kind| claim.conditions.iter().find(|one| one.kind == *kind))
        .find(|one| one.status != Status::True)
        .map_or_else(
            || "its conditions say nothing".to_owned(),
            |one| {
                let reason = one.reason.as_deref().unwrap_or_default();
                let message = one.message.as_deref().unwrap_or_default();
                short(&format!("not {} {reason} {message}", one.kind), 200)
            },
        )
}

pub(super) fn pools(inside: &Inside, scene: &Scene<'_>) -> Option<Line> {
    const CODE: &str = "HLT-116";
    const TITLE: &str = "node pools are ready and below their limits";
    let (pools, shortfall) = match served(inside.node_pools.as_ref(), CODE, TITLE)? {
        Ok(read) => read,
        Err(line) => return Some(line),
    };
    let limit = i64::from(scene.plan.nodes.pool_percent);
    let full = pools.iter().flat_map(|pool| {
        pool.limits.iter().filter_map(move |(resource, most)| {
            let used = pool.used.get(resource).copied().unwrap_or_default();
            // A limit of zero closes a pool on purpose.
            let share = percent(used, *most)?;
            (share >= limit).then(|| {
                let says = format!("uses {share} % of its limit of {resource}");
                Finding::of(format!("{} {resource}", pool.name), says)
            })
        })
    });
    let broken = pools.iter().filter_map(|pool| {
        let ready = pool.conditions.iter().find(|one| one.kind == "Ready")?;
        (ready.status == Status::False).then(|| {
            let reason = ready.reason.as_deref().unwrap_or_default();
            let message = ready.message.as_deref().unwrap_or_default();
            Finding::of(&pool.name, short(&format!("not Ready: {reason} {message}"), 200))
        })
    });
    Some(
        Line::new(CODE, TITLE, pools.len())
            .if_any()
            .seen(count(pools.len(), "node pool"))
            .threshold(format!("below {limit} % of each limit"), "nodes.pool_percent")
            .remedy(
                "raise spec.limits of the pool, or find what asks for so much; at the limit no node is made",
            )
            .wrong(full)
            .wrong(broken)
            .short_of(shortfall),
    )
}
