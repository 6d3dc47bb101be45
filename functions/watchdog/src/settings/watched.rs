//! The schedules that the settings name, one by one.

use day2_core::calendar::Calendar;

use super::WatchdogSettings;

/// One schedule that is watched.
#[derive(Debug, Clone, Copy)]
pub struct Watched<'a> {
    /// Name of the function.
    pub function: &'a str,
    /// Task.
    pub task: &'a str,
    /// Target.
    pub target: &'a str,
    /// Expression.
    pub expression: &'a str,
    /// On which days its report is due.
    pub calendar: &'a Calendar,
    /// Minutes after its time until which the report may come.
    pub grace_minutes: u32,
}

impl Watched<'_> {
    /// `scale-window/prescale/prod-a`: the same from run to run.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}/{}", self.function, self.task, self.target)
    }
}

impl WatchdogSettings {
    /// Every schedule that may not be silent, in the order of the settings.
    #[must_use]
    pub fn watched(&self) -> Vec<Watched<'_>> {
        let mut all = self.every();
        all.retain(|one| {
            !self.not_watched.contains_key(&one.name())
                && !self
                    .not_watched
                    .contains_key(&format!("{}/{}", one.function, one.task))
        });
        all
    }

    /// Every schedule.
    pub(super) fn every(&self) -> Vec<Watched<'_>> {
        let mut all = Vec::new();
        for (name, function) in self.functions.iter() {
            for (task, expression) in function.schedules.iter() {
                all.extend(function.targets.iter().map(|target| Watched {
                    function: name,
                    task,
                    target: target.as_str(),
                    expression,
                    calendar: function.calendar.as_ref().unwrap_or(&self.calendar),
                    grace_minutes: function.grace_minutes,
                }));
            }
        }
        all
    }
}
