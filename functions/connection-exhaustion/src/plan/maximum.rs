//! The maximum of connections that is really in force on one instance.

use day2_core::database::max_connections::{Certainty, Maximum, Size, deciding, effective};
use day2_core::database::{AcuRange, Parameter};

use crate::facts::{Database, Instance};
use crate::settings::Policy;

/// Class of a Serverless v2 instance (API `DBInstanceClass`).
pub(crate) const SERVERLESS_CLASS: &str = "db.serverless";

/// Least share of a [`Certainty::AtMost`] maximum that the engine accepts, in percent: it has up to 12 % less memory than
/// the class is sold with (source: `day2_core::database::max_connections`).
const LEAST_OF_NOMINAL_PERCENT: f64 = 88.0;

/// A maximum and whether it is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    /// Connections that are accepted now, as far as that is known.
    pub connections: u32,
    /// Where the number comes from, in words.
    pub source: String,
    /// The instance waits for a reboot: the number it will have then, where that differs or the one in force is not known.
    pub after_reboot: Option<u32>,
    /// The number that is in force may be lower than `connections`.
    pub may_be_lower: bool,
}

impl InForce {
    /// Share of the maximum, in percent, from which an instance may be at `limit_percent` of its real one; nothing where
    /// the number is the number, or where nothing bounds how much lower it is.
    #[must_use]
    pub fn in_doubt_from(&self, limit_percent: f64) -> Option<f64> {
        let bounded = self.may_be_lower && self.after_reboot.is_none();
        bounded.then_some(limit_percent * LEAST_OF_NOMINAL_PERCENT / 100.0)
    }
}

/// Why a parameter group waits for a reboot on this instance, if it does: its own or its cluster's. Source: API
/// `DBParameterGroupStatus` and `DBClusterMember`.
pub(crate) fn pending_reboot(instance: &Instance) -> bool {
    let own = instance
        .described
        .as_ref()
        .ok()
        .and_then(|described| described.parameter_groups.first())
        .and_then(|group| group.status.as_deref());
    [own, instance.cluster_parameter_status.as_deref()].contains(&Some("pending-reboot"))
}

/// The parameter that holds for an instance.
///
/// # Errors
///
/// In words, when one of the two groups could not be read: it may hold a number.
pub(crate) fn parameter<'a>(
    database: &'a Database,
    instance: &'a Instance,
) -> Result<Option<&'a Parameter>, String> {
    let own = instance.parameter.as_ref().map_err(ToString::to_string)?;
    let cluster = match &database.cluster {
        Some(cluster) => cluster.parameter.as_ref().map_err(ToString::to_string)?.as_ref(),
        None => None,
    };
    Ok(deciding(own.as_ref(), cluster))
}

/// What sizes an instance: the range of its cluster, or its own class.
///
/// # Errors
///
/// In words, when its class could not be read, or it is serverless without a range.
pub(crate) fn size<'a>(database: &'a Database, instance: &'a Instance) -> Result<Size<'a>, String> {
    let described = instance.described.as_ref().map_err(ToString::to_string)?;
    let class = described.class.as_deref().ok_or("its class is not said")?;
    if class != SERVERLESS_CLASS {
        return Ok(Size::Class(class));
    }
    let range = database.cluster.as_ref().and_then(|cluster| cluster.range);
    range
        .map(Size::Serverless)
        .ok_or_else(|| "it is serverless, and its cluster has no capacity range".to_owned())
}

/// The maximum of one instance. `raised_from` is the range before a raise of our own that is still there: until the
/// instance was rebooted, the maximum of that range is in force.
///
/// # Errors
///
/// In words: why it is not known. It is never guessed.
pub fn in_force(
    database: &Database,
    instance: &Instance,
    policy: &Policy,
    raised_from: Option<AcuRange>,
) -> Result<InForce, String> {
    if let Some(connections) = policy.max_connections {
        return Ok(InForce {
            connections,
            source: "max_connections of the settings".to_owned(),
            after_reboot: None,
            may_be_lower: false,
        });
    }
    let parameter = parameter(database, instance)?;
    let size = size(database, instance)?;
    let configured = effective(&database.engine, size, parameter)?;
    if !pending_reboot(instance) {
        return Ok(InForce {
            connections: configured.connections,
            may_be_lower: configured.certainty == Certainty::AtMost,
            source: configured.source,
            after_reboot: None,
        });
    }
    let before = match (size, raised_from) {
        (Size::Serverless(_), Some(range)) => {
            effective(&database.engine, Size::Serverless(range), parameter).ok()
        }
        _ => None,
    };
    Ok(waiting(&configured, before.as_ref()))
}

fn waiting(configured: &Maximum, before: Option<&Maximum>) -> InForce {
    match before {
        Some(before) => InForce {
            connections: before.connections,
            source: format!("{}, in force until a reboot", before.source),
            after_reboot: Some(configured.connections),
            may_be_lower: false,
        },
        None => InForce {
            connections: configured.connections,
            source: format!("{}, in force only after a pending reboot", configured.source),
            after_reboot: Some(configured.connections),
            may_be_lower: true,
        },
    }
}
