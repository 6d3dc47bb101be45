//! What `max_connections` of a database really is, and how we know.

use crate::facts::Database;
use crate::settings::DatabasePolicy;

/// What `max_connections` really is, and how we know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EffectiveMaximum {
    /// Connections.
    pub(crate) connections: u32,
    /// Where the number comes from.
    pub(crate) source: String,
}

/// Connections per ACU and the offset of the line through the documented defaults of Aurora PostgreSQL Serverless v2 (189
/// at 1 ACU, 823 at 4, 1,669 at 8, 3,360 at 16), and the most it goes to. Source: *Aurora User Guide*, "Maximum connections
/// for Aurora Serverless v2".
const PER_ACU: f64 = 211.4;
const OFFSET: f64 = -22.4;
const MOST: f64 = 5000.0;

/// The effective maximum of every instance of a Serverless v2 cluster, or the declared one.
///
/// With a minimum of 0 or 0.5 ACU the default is capped at 2,000 connections (same page).
///
/// # Errors
///
/// Why it cannot be known, with the setting that declares it.
pub(crate) fn effective_maximum(
    database: &Database,
    policy: &DatabasePolicy,
) -> Result<EffectiveMaximum, String> {
    if let Some(connections) = policy.max_connections {
        return Ok(EffectiveMaximum {
            connections,
            source: "database.max_connections".to_owned(),
        });
    }
    let Some((min, max)) = database.serverless else {
        return Err("not a Serverless v2 cluster: declare database.max_connections".to_owned());
    };
    if let Some(other) = database
        .instances
        .iter()
        .find(|one| one.class.as_deref().is_some_and(|class| class != "db.serverless"))
    {
        return Err(format!(
            "{} is no serverless instance: declare database.max_connections",
            other.id
        ));
    }
    if let Some(custom) = database
        .parameter_groups
        .iter()
        .find(|name| !name.starts_with("default."))
    {
        return Err(format!(
            "parameter group {custom} may set it: declare database.max_connections"
        ));
    }
    if database.engine != "aurora-postgresql" {
        return Err(format!(
            "no rule for engine {}: declare database.max_connections",
            database.engine
        ));
    }
    let derived = PER_ACU.mul_add(max, OFFSET).clamp(0.0, MOST);
    let capped = if min <= 0.5 { derived.min(2000.0) } else { derived };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 5,000 by the table"
    )]
    let connections = capped.floor() as u32;
    Ok(EffectiveMaximum {
        connections,
        source: format!("Aurora PostgreSQL Serverless v2 with {min} to {max} ACU"),
    })
}
