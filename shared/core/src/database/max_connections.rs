//! What `max_connections` of one DB instance really is, and how we know.
//!
//! The parameter is static in PostgreSQL: a new value, also one that follows from a new capacity range or class, is in
//! force only after the instance was restarted. Whether that is still due is a fact of the instance
//! (`ParameterApplyStatus`) and no matter of this arithmetic.

use super::class::nominal_memory_bytes;
use super::formula::{Variables, evaluate};
use super::{Acu, AcuRange, Parameter};

/// A maximum of connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maximum {
    /// Connections.
    pub connections: u32,
    /// Whether the number is the number.
    pub certainty: Certainty,
    /// Where it comes from, in words.
    pub source: String,
}

/// How well a maximum is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// Set by a person, or documented for exactly this capacity.
    Exact,
    /// Between two documented capacities, or from a formula over memory that only the engine knows exactly.
    Estimate,
    /// Computed with the nominal memory of the class. The engine has somewhat less, so that the real maximum is lower,
    /// by up to about 12 % in the smallest classes.
    AtMost,
}

/// What sizes the instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size<'a> {
    /// `db.serverless` in a cluster with this range.
    Serverless(AcuRange),
    /// A provisioned class, for example `db.r7g.large`.
    Class(&'a str),
}

/// The parameter that holds for an instance: what a person set in the instance's own group wins over the cluster's group,
/// and both win over defaults. Source: *Aurora User Guide*, "Amazon Aurora DB cluster and DB instance parameters".
#[must_use]
pub fn deciding<'p>(
    instance: Option<&'p Parameter>,
    cluster: Option<&'p Parameter>,
) -> Option<&'p Parameter> {
    let set = |one: &&Parameter| one.is_set();
    instance
        .filter(set)
        .or_else(|| cluster.filter(set))
        .or_else(|| instance.filter(|one| one.value.is_some()))
        .or(cluster)
}

/// The maximum of one instance. `parameter` is the one that [decides](deciding), if it was read; without one the
/// engine's documented default holds.
///
/// # Errors
///
/// In words: why it cannot be known. It is never guessed.
pub fn effective(engine: &str, size: Size<'_>, parameter: Option<&Parameter>) -> Result<Maximum, String> {
    let set = parameter
        .filter(|one| one.is_set())
        .and_then(|one| one.value.as_deref());
    match (set, size) {
        (Some(value), Size::Serverless(range)) => set_serverless(engine, range, value),
        (Some(value), Size::Class(class)) => by_formula(value, class, "the parameter group"),
        (None, Size::Serverless(range)) => serverless(engine, range),
        (None, Size::Class(class)) => {
            // A default group shows its formula; Aurora's shows nothing where the engine decides.
            let shown = parameter.and_then(|one| one.value.as_deref());
            match shown.or_else(|| default_formula(engine)) {
                Some(formula) => by_formula(formula, class, "the default"),
                None => Err(format!("no default is known for engine {engine}")),
            }
        }
    }
}

/// Default formulas. Sources: *Amazon RDS User Guide*, "Maximum number of database connections"; *Aurora User Guide*,
/// "Maximum connections to an Aurora `MySQL` DB instance" and "… to an Aurora PostgreSQL DB instance".
#[must_use]
pub fn default_formula(engine: &str) -> Option<&'static str> {
    Some(match engine {
        "postgres" | "aurora-postgresql" => "LEAST({DBInstanceClassMemory/9531392},5000)",
        "mysql" => "{DBInstanceClassMemory/12582880}",
        // Since MariaDB 10.5; older versions are out of support.
        "mariadb" => "LEAST({DBInstanceClassMemory/25165760},12000)",
        "aurora-mysql" => {
            "GREATEST({log(DBInstanceClassMemory/805306368)*45},{log(DBInstanceClassMemory/8187281408)*1000})"
        }
        _ => return None,
    })
}

/// The defaults that are documented for Aurora PostgreSQL Serverless v2, by the maximum in halves of an ACU. Source:
/// *Aurora User Guide*, "Maximum connections for Aurora Serverless v2".
const DOCUMENTED: [(u32, f64); 4] = [(2, 189.0), (8, 823.0), (16, 1669.0), (32, 3360.0)];

/// The line through them, in connections per ACU and offset, and the most it goes to.
const PER_ACU: f64 = 211.4;
const OFFSET: f64 = -22.4;
const MOST: f64 = 5000.0;

/// With a minimum of 0 or 0.5 ACU, Aurora PostgreSQL accepts no more (same page).
const CAP_OF_A_SMALL_MINIMUM: f64 = 2000.0;

/// Largest minimum to which that cap applies.
const SMALL_MINIMUM: Acu = Acu::from_halves(1);

/// The divisor of the default formula of Aurora PostgreSQL: bytes of memory for one connection.
const BYTES_PER_CONNECTION: f64 = 9_531_392.0;

/// The default of Serverless v2, which derives from the *maximum* of the range and not from the capacity of the moment.
fn serverless(engine: &str, range: AcuRange) -> Result<Maximum, String> {
    if engine != "aurora-postgresql" {
        return Err(format!("no rule for Serverless v2 with engine {engine}"));
    }
    let documented = DOCUMENTED
        .iter()
        .find(|(halves, _)| range.max == Acu::from_halves(*halves))
        .map(|(_, connections)| *connections);
    let derived = documented.unwrap_or_else(|| line(range.max).clamp(0.0, MOST));
    let is_exact = documented.is_some() || derived >= MOST;
    let (connections, capped) = cap(range, derived);
    Ok(Maximum {
        connections: whole(connections)?,
        certainty: if is_exact || capped {
            Certainty::Exact
        } else {
            Certainty::Estimate
        },
        source: format!(
            "Aurora PostgreSQL Serverless v2 with {range}{}",
            if capped { CAPPED } else { "" }
        ),
    })
}

const CAPPED: &str = ", capped at 2000 by a minimum of at most 0.5 ACU";

/// What a person set for a serverless instance: a number, or a formula over the memory of the maximum.
fn set_serverless(engine: &str, range: AcuRange, value: &str) -> Result<Maximum, String> {
    let is_number = value.trim().bytes().all(|c| c.is_ascii_digit());
    if !is_number && engine != "aurora-postgresql" {
        return Err(format!("no rule for the formula `{value}` with engine {engine}"));
    }
    let memory_bytes = line(range.max).max(0.0) * BYTES_PER_CONNECTION;
    let wanted = evaluate(value, Variables { memory_bytes })
        .map_err(|why| format!("max_connections is `{value}`: {why}"))?;
    let (connections, capped) = if engine == "aurora-postgresql" {
        cap(range, wanted)
    } else {
        (wanted, false)
    };
    Ok(Maximum {
        connections: whole(connections)?,
        certainty: if is_number {
            Certainty::Exact
        } else {
            Certainty::Estimate
        },
        source: format!(
            "`{value}` in the parameter group{}",
            if capped { CAPPED } else { "" }
        ),
    })
}

fn line(max: Acu) -> f64 {
    PER_ACU.mul_add(max.number(), OFFSET)
}

/// The connections that are left, and whether the cap took some.
fn cap(range: AcuRange, connections: f64) -> (f64, bool) {
    if range.min <= SMALL_MINIMUM && connections > CAP_OF_A_SMALL_MINIMUM {
        (CAP_OF_A_SMALL_MINIMUM, true)
    } else {
        (connections, false)
    }
}

fn by_formula(value: &str, class: &str, whose: &str) -> Result<Maximum, String> {
    let is_number = value.trim().bytes().all(|c| c.is_ascii_digit());
    let memory_bytes = match nominal_memory_bytes(class) {
        #[expect(
            clippy::cast_precision_loss,
            reason = "classes have far less than 2^53 bytes of memory"
        )]
        Some(bytes) => bytes as f64,
        // A number needs no memory.
        None if is_number => 0.0,
        None => return Err(format!("the memory of class {class} is not known")),
    };
    let connections = evaluate(value, Variables { memory_bytes })
        .map_err(|why| format!("max_connections is `{value}`: {why}"))?;
    Ok(Maximum {
        connections: whole(connections)?,
        certainty: if is_number {
            Certainty::Exact
        } else {
            Certainty::AtMost
        },
        source: if is_number {
            format!("`{value}` in {whose}")
        } else {
            format!("{whose} `{value}` for {class}")
        },
    })
}

fn whole(connections: f64) -> Result<u32, String> {
    if !(0.0..=f64::from(u32::MAX)).contains(&connections) {
        return Err(format!("{connections} is no number of connections"));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "within the range by the line above"
    )]
    let whole = connections.floor() as u32;
    Ok(whole)
}

#[cfg(test)]
mod tests;
