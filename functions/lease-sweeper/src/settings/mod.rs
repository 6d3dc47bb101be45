//! Settings of `lease-sweeper`: who owns changes, and how many are taken up in one run.

#[cfg(test)]
mod tests;
mod validate;

use day2_core::settings::{Mistakes, Named};
use deserr::Deserr;

/// The `function` part of the settings document.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct SweeperSettings {
    /// The functions that make changes, by name: those that may be asked to take one back.
    pub owners: Named<Owner>,
    /// One entry per target name.
    pub targets: Named<Sweep>,
}

/// A function that makes changes.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Owner {
    /// Its time-out in seconds, 1 to 890: as long is waited for its answer, and it is not asked with less time left.
    pub timeout_seconds: u32,
}

/// How one target is swept.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Sweep {
    /// Most changes that are taken up in one run, 1 to 100. Default 20: with some seconds for each they fit in one
    /// run, and the next run is five minutes away.
    #[deserr(default = 20)]
    pub max_per_run: u32,
    /// Minutes after its end from which a change that is still in force is overdue, 5 to 1,440. Default 30: six runs
    /// have then tried.
    #[deserr(default = 30)]
    pub overdue_minutes: u32,
}
