//! Whether what was used in the last hour fits into the maximum that it goes back to.

use day2_aws::Moment;
use day2_core::database::AcuRange;
use day2_core::database::max_connections::{Size, effective};

use crate::facts::{Database, Instance};
use crate::plan::maximum::{SERVERLESS_CLASS, parameter};
use crate::plan::trend::since;
use crate::settings::Policy;

/// What was used in the last hour must fit into so much of the old maximum.
pub(super) const FITS_PERCENT: f64 = 90.0;
/// Fewer datapoints of an hour do not show how much was used.
const LEAST_POINTS: usize = 30;

/// What came out.
pub(super) enum Fit {
    Fits(String),
    TooLarge(String),
    NotKnown(String),
}

/// Whether the use of the last hour fits into the old range, on every instance.
pub(super) fn fits(database: &Database, policy: Option<&Policy>, old: AcuRange, at: Moment) -> Fit {
    let mut words = Vec::new();
    if database.instances.is_empty() {
        return Fit::Fits("the cluster has no instance".to_owned());
    }
    for instance in &database.instances {
        match fits_one(database, instance, policy, old, at) {
            Fit::Fits(says) => words.push(says),
            other => return other,
        }
    }
    Fit::Fits(words.join("; "))
}

fn fits_one(
    database: &Database,
    instance: &Instance,
    policy: Option<&Policy>,
    old: AcuRange,
    at: Moment,
) -> Fit {
    let id = &instance.id;
    // The range sizes serverless instances alone; what a provisioned one beside them uses is no matter of it.
    let class = match &instance.described {
        Ok(described) => described.class.as_deref(),
        Err(why) => return Fit::NotKnown(format!("the class of {id} is not known: {why}")),
    };
    match class {
        Some(SERVERLESS_CLASS) => {}
        Some(class) => {
            return Fit::Fits(format!(
                "{id} is provisioned ({class}), the range does not size it"
            ));
        }
        None => return Fit::NotKnown(format!("the class of {id} is not said")),
    }
    let peak = |points: &day2_core::Observed<day2_reads::metric::Points>, name: &str| {
        let points = points.as_ref().map_err(ToString::to_string)?;
        let usable = since(points, at.now, 60);
        if usable.len() < LEAST_POINTS {
            return Err(format!(
                "{} datapoints of {name} of {id} in an hour",
                usable.len()
            ));
        }
        Ok(usable.into_iter().map(|(_, value)| value).fold(0.0, f64::max))
    };
    let capacity = match peak(&instance.capacity, "ServerlessDatabaseCapacity") {
        Ok(capacity) => capacity,
        Err(why) => return Fit::NotKnown(why),
    };
    if capacity > old.max.number() * FITS_PERCENT / 100.0 {
        return Fit::TooLarge(format!(
            "{id} used up to {capacity} ACU in the last hour, more than {FITS_PERCENT} % of the old maximum of {}",
            old.max
        ));
    }
    let connections = match peak(&instance.connections, "DatabaseConnections") {
        Ok(connections) => connections,
        Err(why) => return Fit::NotKnown(why),
    };
    let maximum = match parameter(database, instance) {
        Ok(parameter) => effective(&database.engine, Size::Serverless(old), parameter),
        Err(why) => Err(why),
    };
    let maximum = match maximum {
        Ok(maximum) => maximum.connections,
        Err(why) => return Fit::NotKnown(format!("what {} ACU accept is not known: {why}", old.max)),
    };
    let share = policy.map_or(80.0, |policy| policy.limits.act_at());
    if connections > f64::from(maximum) * share / 100.0 {
        return Fit::TooLarge(format!(
            "{id} had up to {connections} connections in the last hour, more than {share} % of the {maximum} that {} ACU \
             accept",
            old.max
        ));
    }
    Fit::Fits(format!(
        "{id} used up to {capacity} ACU and {connections} connections"
    ))
}
