//! What the journal said of each schedule: the only thing [`crate::assess`] may know besides the settings.

use day2_aws::journal::Signs;
use day2_core::{Observed, Unreadable};
use jiff::Timestamp;

/// One look at all schedules, in the order of [`crate::settings::WatchdogSettings::watched`].
#[derive(Debug, Clone)]
pub struct Facts {
    /// The signs of life of each schedule.
    pub signs: Vec<Observed<Signs>>,
    /// Since when each is watched on its present terms.
    pub since: Result<Vec<Timestamp>, Unreadable>,
}
