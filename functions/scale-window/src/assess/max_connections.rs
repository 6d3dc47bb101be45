//! What `max_connections` of the target's database really is, and how we know.

use day2_core::database::max_connections::{self, Size};

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

/// The effective maximum of every instance of a Serverless v2 cluster, or the declared one. The parameters themselves are
/// not read here, so that nothing is said about a group that somebody made.
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
    let Some(range) = database.serverless else {
        return Err("not a Serverless v2 cluster: declare database.max_connections".to_owned());
    };
    // What could not be read may be of another class, with parameters of its own.
    let mut instances = database.instances.iter();
    if let Some((id, why)) = instances.find_map(|one| Some((&one.id, one.status.as_ref().err()?))) {
        return Err(format!(
            "{id} could not be read, {why}: declare database.max_connections"
        ));
    }
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
    let maximum = max_connections::effective(&database.engine, Size::Serverless(range), None)
        .map_err(|why| format!("{why}: declare database.max_connections"))?;
    Ok(EffectiveMaximum {
        connections: maximum.connections,
        source: maximum.source,
    })
}
