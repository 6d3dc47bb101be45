//! The safety belts that every action has.

use deserr::Deserr;

use super::checker::{Checker, Validate};
use super::mistakes::Mistakes;
use crate::action::Mode;

/// The safety belts of an action: how far it may go, how often, and how fresh an event must be. Only the mode must be
/// written; nothing can be switched off by 0.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Safety {
    /// How far the function may go.
    pub mode: Mode,
    /// Pause after an action on a target, 5 to 1,440. Default 30: a node takes minutes to join, and an alarm some
    /// periods to see it; acting again before that is acting blind.
    #[deserr(default = 30)]
    pub cool_down_minutes: u32,
    /// Oldest change of state that is acted on, 1 to 360. Default 15: Lambda's own retries end within five.
    #[deserr(default = 15)]
    pub max_event_age_minutes: u32,
    /// Most runs that change something per target and day, 1 to 48. Default 4.
    #[deserr(default = 4)]
    pub max_actions_per_day: u32,
    /// Most changes in one run, 1 to 20. Default 2.
    #[deserr(default = 2)]
    pub max_steps: u32,
    /// How long a mailed plan can be approved, 5 to 1,440. Default 60.
    #[deserr(default = 60)]
    pub approval_minutes: u32,
}

impl Validate for Safety {
    fn validate(&self, at: &mut Checker<'_>) {
        let ranges = [
            ("cool_down_minutes", self.cool_down_minutes, 5, 1_440),
            ("max_event_age_minutes", self.max_event_age_minutes, 1, 360),
            ("max_actions_per_day", self.max_actions_per_day, 1, 48),
            ("max_steps", self.max_steps, 1, 20),
            ("approval_minutes", self.approval_minutes, 5, 1_440),
        ];
        for (field, value, least, most) in ranges {
            at.within(field, value, least, most);
        }
    }
}
