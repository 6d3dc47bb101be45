//! What databases are made of and how much they hold: capacity, parameters, the effective maximum of connections.
//!
//! Rules of the engines as AWS documents them; what to do about them is an opinion of the functions.

mod acu;
pub mod class;
pub mod formula;
mod lag;
pub mod max_connections;

pub use acu::{Acu, AcuRange};
pub use lag::{lag_is_not_told, replica_lag_limit_ms, replica_lag_words};

/// One parameter of a parameter group (API `Parameter`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Name, for example `max_connections`.
    pub name: String,
    /// A number, a formula such as `LEAST({DBInstanceClassMemory/9531392},5000)`, or nothing where the engine decides.
    pub value: Option<String>,
    /// Who set it: `user`, `system` or `engine-default`.
    pub source: String,
    /// `static` (a change waits for a reboot) or `dynamic`.
    pub apply_type: Option<String>,
}

impl Parameter {
    /// Whether a person set it in the group.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.source == "user" && self.value.is_some()
    }
}
