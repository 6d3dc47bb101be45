//! Whether a raise can be taken back. Pure.
//!
//! What somebody changed since stays. What is in use stays. What cannot be read is tried again with the next sweep.

mod fit;
mod held;

use day2_aws::{Assessment, Inquiry, Moment};
use day2_core::action::guard::{Guard, Refusal};
use day2_core::action::{Plan, Step, Undo};
use day2_core::database::{Acu, AcuRange};
use day2_core::item::Population;
use day2_core::{Item, Verdict};

use crate::Change;
use crate::apply::capacity::{Decision, Wish};
use crate::change::cluster_resource;
use crate::facts::Facts;
use crate::plan::status::{Standing, standing};
use crate::settings::Policy;
use fit::{FITS_PERCENT, Fit, fits};
use held::floor;

/// Seconds that the change itself may take.
const TAKES_SECONDS: u32 = 60;

/// What comes of a wish to take a change back.
enum Verdicts {
    /// It can be taken back.
    Back(Box<Step<Change>>, String),
    /// It is back already: nothing is to be done.
    IsBack(String),
    /// It stays, for good.
    Stays(String),
    /// It is not known yet; the next sweep asks again.
    Later(Guard, String, String),
}

/// Plans how to take a change back.
#[must_use]
pub fn revert(
    facts: &Facts,
    policy: Option<&Policy>,
    inquiry: Inquiry<'_>,
    change: &Change,
    at: Moment,
) -> Assessment<Change> {
    let resource = match change {
        Change::Restart {
            namespace,
            deployment,
            ..
        } => format!("Deployment {namespace}/{deployment}"),
        Change::RaiseAcu { cluster, .. } | Change::RestoreAcu { cluster, .. } => cluster_resource(cluster),
    };
    let (plan, says, left, verdict) = match judged(facts, policy, inquiry, change, at) {
        Verdicts::Back(step, says) => {
            let plan = Plan {
                steps: vec![*step],
                ..Plan::default()
            };
            (plan, says, None, Verdict::Pass)
        }
        Verdicts::IsBack(says) => (Plan::nothing(&resource, &says), says, None, Verdict::Pass),
        Verdicts::Stays(why) => (
            Plan::nothing(&resource, &why),
            why.clone(),
            Some(why),
            Verdict::Fail,
        ),
        Verdicts::Later(guard, says, allowed_by) => {
            let plan = Plan {
                refusals: vec![Refusal::new(guard, &says, allowed_by)],
                ..Plan::default()
            };
            (plan, says, None, Verdict::Unknown)
        }
    };
    let item = Item::judge(
        "CNX-101",
        "what was raised can go back",
        verdict,
        Population {
            examined: u64::from(verdict != Verdict::Unknown),
            expected_at_least: 1,
        },
        says.clone(),
    )
    .threshold(
        format!("use of the last hour within {FITS_PERCENT} % of the old maximum"),
        "ServerlessDatabaseCapacity, DatabaseConnections",
    )
    .remedy("look at the use, then lower the maximum by hand, or keep it and tell who pays");
    Assessment {
        items: vec![item],
        charts: Vec::new(),
        plan,
        says,
        left,
    }
}

fn judged(
    facts: &Facts,
    policy: Option<&Policy>,
    inquiry: Inquiry<'_>,
    change: &Change,
    at: Moment,
) -> Verdicts {
    let (Change::RaiseAcu { cluster, .. }, Some((raised_from, raised))) = (change, change.raised()) else {
        return Verdicts::Stays("a restart cannot be taken back".to_owned());
    };
    let database = match &facts.database {
        Ok(database) => database,
        Err(why) => {
            return later(
                Guard::Unreadable,
                format!("the database could not be read: {why}"),
            );
        }
    };
    if database.id != *cluster {
        return Verdicts::Stays(format!(
            "the target's database is {} by now, and {cluster} was raised: lower {cluster} by hand",
            database.id
        ));
    }
    let Some(range) = database.cluster.as_ref().and_then(|cluster| cluster.range) else {
        return Verdicts::Stays("the cluster has no capacity range any more".to_owned());
    };
    if range.max == raised_from.max {
        return Verdicts::IsBack(format!(
            "the maximum is {} ACU already, as before the raise: nothing to do",
            range.max
        ));
    }
    let floor = match floor(inquiry, cluster, (raised_from.max, raised), range.max) {
        Ok(floor) => floor,
        Err(verdict) => return *verdict,
    };
    let wish = Wish::Restore {
        raised,
        before: floor,
    };
    match wish.decide(range) {
        Decision::Write(_) => {}
        Decision::Done => {
            return Verdicts::IsBack(format!(
                "the maximum is {} ACU already, as another raise that is still open wants it",
                range.max
            ));
        }
        Decision::Leave(why) => return Verdicts::Stays(why),
    }
    match standing(&database.status) {
        Standing::Available => {}
        Standing::Passing => return later(Guard::Degraded, format!("the cluster is {}", database.status)),
        Standing::Other => return Verdicts::Stays(format!("the cluster is {}", database.status)),
    }
    let old = AcuRange {
        min: range.min,
        max: floor,
    };
    match fits(database, policy, old, at) {
        Fit::Fits(says) => Verdicts::Back(Box::new(back(cluster, raised, old, &says)), says),
        Fit::TooLarge(why) => Verdicts::Stays(why),
        Fit::NotKnown(why) => later(Guard::Unreadable, why),
    }
}

fn later(guard: Guard, says: String) -> Verdicts {
    Verdicts::Later(guard, says, "the next sweep asks again".to_owned())
}

fn back(cluster: &str, raised: Acu, old: AcuRange, says: &str) -> Step<Change> {
    Step {
        change: Change::RestoreAcu {
            cluster: cluster.to_owned(),
            raised_halves: raised.halves(),
            before_halves: old.max.halves(),
        },
        resource: cluster_resource(cluster),
        title: format!(
            "lower the maximum of the capacity range again: {raised} -> {} ACU",
            old.max
        ),
        before: raised.to_string(),
        after: format!("{} ACU", old.max),
        precondition: format!("the maximum is {raised} ACU still; the minimum stays as it is read"),
        undo: Undo::ByHand {
            words: format!("raise the maximum to {raised} ACU again"),
        },
        blast_radius: format!(
            "instances cannot use more than {} ACU; the lower max_connections takes force with the next reboot. In the \
             last hour {says}",
            old.max
        ),
        disruptive: false,
        takes_seconds: TAKES_SECONDS,
    }
}

#[cfg(test)]
mod tests;
