//! Mistakes that show only when fields are seen together.

use day2_core::settings::{Checker, Validate};

use super::WatchdogSettings;

impl Validate for WatchdogSettings {
    fn validate(&self, at: &mut Checker<'_>) {
        at.nested("calendar", &self.calendar);
        at.require(
            !self.functions.is_empty(),
            "functions",
            "{}",
            "watches nothing",
            "name each function that has schedules",
        );
        at.field("functions", |at| {
            for (name, function) in self.functions.iter() {
                at.field(name, |at| {
                    at.require(
                        !function.schedules.is_empty(),
                        "schedules",
                        "{}",
                        "has nothing to watch",
                        "write task and expression of each schedule, or leave the function out",
                    );
                    at.require(
                        !function.targets.is_empty(),
                        "targets",
                        "[]",
                        "has nothing to watch",
                        "name the targets that the tasks are scheduled for, or leave the function out",
                    );
                    at.unique("targets", "", "target", &function.targets);
                    at.require(
                        (1..=1_440).contains(&function.grace_minutes),
                        "grace_minutes",
                        function.grace_minutes,
                        "is not within 1 and 1440",
                        "write 1 to 1440, or leave it out for 60",
                    );
                    if let Some(calendar) = &function.calendar {
                        at.nested("calendar", calendar);
                    }
                });
            }
        });
        self.silent_on_purpose(at);
    }
}

impl WatchdogSettings {
    /// A name that fits no schedule would be taken for one that is watched no longer, while the schedule still is.
    fn silent_on_purpose(&self, at: &mut Checker<'_>) {
        let every = self.every();
        at.field("not_watched", |at| {
            for (name, reason) in self.not_watched.iter() {
                let fits = |one: &super::Watched<'_>| {
                    one.name() == *name || format!("{}/{}", one.function, one.task) == *name
                };
                at.require(
                    every.iter().any(fits),
                    name,
                    name,
                    "is no schedule",
                    "write function/task or function/task/target, for example scale-window/prescale",
                );
                at.require(
                    !reason.trim().is_empty(),
                    name,
                    reason,
                    "is no reason",
                    "say why it may be silent; the report repeats it",
                );
            }
        });
    }
}
