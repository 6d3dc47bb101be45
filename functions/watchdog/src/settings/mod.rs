//! Settings of `watchdog`: which reports are to be expected, and when.

#[cfg(test)]
mod tests;
mod validate;
mod watched;

use day2_core::calendar::Calendar;
use day2_core::names::DnsLabel;
use day2_core::settings::{Mistakes, Named};
use deserr::Deserr;

pub use watched::Watched;

/// The `function` part of the settings document. The calendar beside it is the watchdog's own, which rests on no day.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct WatchdogSettings {
    /// The functions whose schedules are watched, by name.
    pub functions: Named<Function>,
    /// On which days the reports are due, for functions without a calendar of their own: that of the deployment.
    #[deserr(default)]
    pub calendar: Calendar,
    /// Schedules that may be silent, as `function/task` or `function/task/target`, each with the reason. The report
    /// names them.
    #[deserr(default)]
    pub not_watched: Named<String>,
}

/// A function with schedules.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Function {
    /// Task → expression of EventBridge Scheduler: `cron(…)`, `rate(…)` or `at(…)`, in the zone of the deployment. One that
    /// the watchdog cannot read is told in the report: it must not keep the watchdog from the others.
    pub schedules: Named<String>,
    /// The targets that each task is scheduled for.
    pub targets: Vec<DnsLabel>,
    /// Its own calendar, where it has one.
    #[deserr(default)]
    pub calendar: Option<Calendar>,
    /// Minutes after its time until which a report may come, 1 to 1,440: retries of the event and the run itself. Default 60.
    #[deserr(default = 60)]
    pub grace_minutes: u32,
}
