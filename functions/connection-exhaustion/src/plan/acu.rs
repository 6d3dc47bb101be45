//! Whether a higher maximum of ACU can help, and the step that raises it.
//!
//! Connections follow from the *maximum* of the range, and only after each instance was rebooted. A raise is planned
//! where it will help then, never where it cannot, and never twice for one shortage.

use day2_core::action::{Lease, LeaseState, Step, Undo};
use day2_core::database::max_connections::{Maximum, Size, effective};
use day2_core::database::{Acu, AcuRange, Parameter};

use super::instance::Judged;
use super::maximum::{SERVERLESS_CLASS, parameter};
use super::status::{Standing as Status, standing};
use crate::Change;
use crate::change::cluster_resource;
use crate::facts::{Cluster, Database};
use crate::settings::{AcuPolicy, Policy};

/// Seconds that the change itself may take: up to three attempts and the pauses between them.
const TAKES_SECONDS: u32 = 60;

/// The limit of engine versions that are not known to have more. Source: API `ServerlessV2FeaturesSupport`, "256 or 128".
const SMALLEST_ENGINE_LIMIT: Acu = Acu::from_halves(256);

/// What a plan of a raise is made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shortage<'a> {
    pub(crate) database: &'a Database,
    pub(crate) policy: &'a Policy,
    /// The instances that are near their maximum.
    pub(crate) hot: &'a [&'a Judged<'a>],
    /// Open leases on the cluster, oldest first.
    pub(crate) leases: &'a [&'a Lease],
    /// Key of the occasion.
    pub(crate) key: &'a str,
}

/// The step that raises the maximum.
///
/// # Errors
///
/// In words: why it is not raised, and what would help.
pub(crate) fn step(shortage: &Shortage<'_>) -> Result<Step<Change>, String> {
    let database = shortage.database;
    let (cluster, range) = serverless(database)?;
    takes_writes(cluster)?;
    let may = shortage.policy.acu.filter(|acu| acu.may_raise);
    if let Some(step) = begun(shortage, may.as_ref(), range) {
        return step;
    }
    match standing(&database.status) {
        Status::Available | Status::Passing => {}
        Status::Other => {
            return Err(format!(
                "the cluster is {}: nothing can be changed until somebody has dealt with that",
                database.status
            ));
        }
    }
    let parameter = of_all_hot(shortage)?;
    let wanted = wanted(shortage)?;
    let arithmetic = Arithmetic {
        engine: &database.engine,
        range,
        parameter,
    };
    let limit = engine_limit(cluster);
    let now = arithmetic.with(range.max)?;
    if u64::from(now.connections) >= wanted {
        return Err(format!(
            "already_sufficient: a maximum of {} ACU gives {} connections, and {wanted} are wanted. What is short is \
             not the range: {}",
            range.max,
            now.connections,
            if shortage.hot.iter().any(|one| one.pending_reboot) {
                "the reboot is"
            } else {
                "look at the clients"
            }
        ));
    }
    let best = arithmetic.with(limit.max(range.max))?;
    if best.connections <= now.connections {
        return Err(cannot_help(range, &now, limit));
    }
    let needed = arithmetic.smallest(wanted.min(u64::from(best.connections)), limit)?;
    let Some(policy) = may else {
        let gives = arithmetic.with(needed)?;
        return Err(format!(
            "not allowed by the settings (acu.may_raise). {} -> {needed} ACU would give {} connections instead of {}, \
             after a reboot of each instance",
            range.max, gives.connections, now.connections
        ));
    };
    let ceiling = ceiling(range, limit, &policy)?;
    let after = needed.min(ceiling.0);
    let gives = arithmetic.with(after)?;
    let clamped = (after < needed).then(|| {
        format!(
            " {needed} ACU would be needed; {} clamps it to {after}.",
            ceiling.1
        )
    });
    Ok(raise(
        database,
        range,
        after,
        &policy,
        &gives,
        now.connections,
        &clamped.unwrap_or_default(),
        shortage,
    ))
}

/// The cluster and its range, or what it is instead.
fn serverless(database: &Database) -> Result<(&Cluster, AcuRange), String> {
    let Some(cluster) = &database.cluster else {
        return Err(
            "an RDS instance has no ACU: its maximum follows from its class or its parameter group; a larger class is a \
             failover, and either takes a reboot"
                .to_owned(),
        );
    };
    if cluster.engine_mode.as_deref() == Some("serverless") {
        return Err("the cluster is Serverless v1, whose capacity works otherwise".to_owned());
    }
    let range = cluster.range.ok_or(
        "the cluster is provisioned and has no ACU range: its maximum follows from the class of each instance; a larger \
         class is a failover",
    )?;
    Ok((cluster, range))
}

/// A secondary of a global database follows its primary.
fn takes_writes(cluster: &Cluster) -> Result<(), String> {
    let membership = cluster
        .membership
        .as_ref()
        .map_err(|why| format!("whether it is a secondary of a global database is not known: {why}"))?;
    match membership {
        Some(membership) if !membership.primary => Err(format!(
            "it is a secondary of the global database {}: plan its capacity with the primary's, by hand",
            membership.global_cluster
        )),
        Some(membership) if membership.status != "available" => Err(format!(
            "its global database {} is {}: wait until that has ended",
            membership.global_cluster, membership.status
        )),
        _ => Ok(()),
    }
}

/// What was begun already. The same occasion goes on with the very step it began, so that a second delivery can neither
/// add up nor stop half-way (`cases.md` D12); another occasion does not raise again (`cases.md` D11, W10).
fn begun(
    shortage: &Shortage<'_>,
    policy: Option<&AcuPolicy>,
    range: AcuRange,
) -> Option<Result<Step<Change>, String>> {
    let resource = cluster_resource(&shortage.database.id);
    let change = |lease: &Lease| serde::Deserialize::deserialize(&lease.change).ok();
    let raised = |lease: &Lease| change(lease).as_ref().and_then(Change::raised);
    let ours = shortage
        .leases
        .iter()
        .find(|lease| lease.occasion == shortage.key);
    if let (Some(lease), Some(policy)) = (ours, policy)
        && let Some((before, after)) = raised(lease)
    {
        return Some(Ok(Step {
            change: change(lease)?,
            resource,
            title: title(before.max, after),
            before: lease.before.clone(),
            after: lease.after.clone(),
            precondition: precondition(before),
            undo: undo(before.max, policy),
            blast_radius: "begun by an earlier delivery of the same occasion".to_owned(),
            disruptive: false,
            takes_seconds: TAKES_SECONDS,
        }));
    }
    // A change that was remembered and never made is no raise: the range still shows what was there before it.
    let made = |lease: &&&Lease| {
        lease.state == LeaseState::Active || raised(lease).is_none_or(|(before, _)| before.max != range.max)
    };
    let lease = shortage.leases.iter().find(made)?;
    let (before, after) = raised(lease)?;
    let drift = if range.max == after {
        String::new()
    } else {
        format!(" (somebody set it to {} since)", range.max)
    };
    Some(Err(format!(
        "already raised from {} to {after} ACU at {}{drift}, connections still high: not raised again. Reboot or fail \
         over the instances, so that the higher max_connections takes force, or lower the pools",
        before.max, lease.created_at
    )))
}

/// The parameter of the hot instances, when all of them are serverless and none has a number of its own or waits for a
/// reboot.
fn of_all_hot<'a>(shortage: &Shortage<'a>) -> Result<Option<&'a Parameter>, String> {
    let mut found = None;
    for one in shortage.hot {
        let id = &one.instance.id;
        let described = one.instance.described.as_ref().map_err(ToString::to_string)?;
        if described.class.as_deref() != Some(SERVERLESS_CLASS) {
            return Err(format!(
                "{id} is provisioned ({}): the ACU range does not size it; its class does",
                described.class.as_deref().unwrap_or("class not said")
            ));
        }
        if one.pending_reboot {
            return Err(format!(
                "already raised, connections still high: {id} waits for a reboot (pending-reboot), and more ACU would \
                 wait with it. Reboot or fail over {id} in a quiet minute, and the configured maximum takes force"
            ));
        }
        let parameter = parameter(shortage.database, one.instance)?;
        if let Some(value) = parameter
            .filter(|one| one.is_set())
            .and_then(|one| one.value.as_deref())
            && value.trim().bytes().all(|c| c.is_ascii_digit())
        {
            return Err(format!(
                "max_connections is the number {value} in a parameter group, whatever the ACU are: raise or reset it \
                 there and reboot {id}"
            ));
        }
        found = parameter;
    }
    if shortage.policy.max_connections.is_some() {
        return Err(
            "max_connections is declared in the settings, so that what more ACU give cannot be computed"
                .to_owned(),
        );
    }
    Ok(found)
}

/// Connections that the maximum should have, so that the fullest hot instance comes down to the target share.
fn wanted(shortage: &Shortage<'_>) -> Result<u64, String> {
    let most = shortage
        .hot
        .iter()
        .filter_map(|one| one.level.as_ref().ok())
        .map(|level| level.now)
        .max()
        .ok_or("no connections are known")?;
    #[expect(clippy::cast_precision_loss, reason = "numbers of connections")]
    let wanted = most as f64 * 100.0 / shortage.policy.limits.target();
    Ok(super::trend::whole(wanted))
}

fn engine_limit(cluster: &Cluster) -> Acu {
    match &cluster.engine_limit {
        Ok(Some(limit)) => *limit,
        // Not known is the smaller of the two that exist.
        Ok(None) | Err(_) => SMALLEST_ENGINE_LIMIT,
    }
}

/// How far this raise may go, and what says so.
fn ceiling(range: AcuRange, limit: Acu, policy: &AcuPolicy) -> Result<(Acu, String), String> {
    let by_step = Acu::from_halves(range.max.halves().saturating_add(policy.step().halves()));
    let (ceiling, why) = [
        (limit, format!("the engine's limit of {limit} ACU")),
        (
            policy.ceiling(),
            format!("acu.max_ceiling of {} ACU", policy.ceiling()),
        ),
        (by_step, format!("acu.max_step of {} ACU", policy.step())),
    ]
    .into_iter()
    .min_by_key(|(acu, _)| *acu)
    .unwrap_or_default();
    if ceiling <= range.max {
        return Err(format!(
            "at the ceiling: the maximum is {} ACU, and {why} allows no more. Decide by hand: raise the ceiling, lower \
             the pools, or put a proxy in front",
            range.max
        ));
    }
    Ok((ceiling, why))
}

fn cannot_help(range: AcuRange, now: &Maximum, limit: Acu) -> String {
    if range.min <= Acu::from_halves(1) {
        return format!(
            "more ACU cannot help: a minimum of {} ACU caps connections at {}, whatever the maximum is. Raise the \
             minimum to at least 1 ACU, which costs 1 ACU at all hours, and reboot each instance",
            range.min, now.connections
        );
    }
    format!(
        "more ACU cannot help: a maximum of {} ACU gives {} connections, and none gives more, up to the engine's limit \
         of {limit} ACU. Lower the pools, or put RDS Proxy in front",
        range.max, now.connections
    )
}

/// The maximum of connections as a function of the maximum ACU.
struct Arithmetic<'a> {
    engine: &'a str,
    range: AcuRange,
    parameter: Option<&'a Parameter>,
}

impl Arithmetic<'_> {
    fn with(&self, max: Acu) -> Result<Maximum, String> {
        let range = AcuRange {
            min: self.range.min,
            max,
        };
        effective(self.engine, Size::Serverless(range), self.parameter)
    }

    /// The smallest maximum above the present one that gives so many connections.
    fn smallest(&self, connections: u64, limit: Acu) -> Result<Acu, String> {
        for halves in self.range.max.halves().saturating_add(1)..=limit.halves() {
            let acu = Acu::from_halves(halves);
            if u64::from(self.with(acu)?.connections) >= connections {
                return Ok(acu);
            }
        }
        Ok(limit)
    }
}

fn title(before: Acu, after: Acu) -> String {
    format!("raise the maximum of the capacity range: {before} -> {after} ACU")
}

fn precondition(before: AcuRange) -> String {
    format!(
        "the cluster is available and its maximum is {} ACU still; its minimum ({} ACU when planned) stays as it is read",
        before.max, before.min
    )
}

fn undo(before: Acu, policy: &AcuPolicy) -> Undo {
    Undo::Lease {
        minutes: policy.lease_minutes,
        words: format!(
            "lower the maximum to {before} ACU, if what was used in the last hour fits into that; else it stays, and the \
             report says so"
        ),
    }
}

#[expect(clippy::too_many_arguments, reason = "each is a figure of the sentence")]
fn raise(
    database: &Database,
    range: AcuRange,
    after: Acu,
    policy: &AcuPolicy,
    gives: &Maximum,
    now: u32,
    clamped: &str,
    shortage: &Shortage<'_>,
) -> Step<Change> {
    let instances = database.instances.len();
    Step {
        change: Change::RaiseAcu {
            cluster: database.id.clone(),
            min_halves: range.min.halves(),
            before_halves: range.max.halves(),
            after_halves: after.halves(),
        },
        resource: cluster_resource(&database.id),
        title: title(range.max, after),
        before: range.max.to_string(),
        after: format!("{after} ACU"),
        precondition: precondition(range),
        undo: undo(range.max, policy),
        blast_radius: format!(
            "{instances} instances may use up to {after} ACU each, which costs as it is used.{clamped} Connections stay at \
             {now} until each instance is rebooted or failed over, and are {} then. {}",
            gives.connections,
            super::proposals::relief(shortage.hot)
        ),
        disruptive: false,
        takes_seconds: TAKES_SECONDS,
    }
}
