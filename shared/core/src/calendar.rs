//! Which days a schedule is meant for: working days, holidays, exceptions, in the zone of the deployment.

use deserr::Deserr;
use jiff::Timestamp;
use jiff::civil::{Date, Weekday};

use crate::item::Item;
use crate::judging::population;
use crate::settings::{Checker, Day, DayName, Mistakes, Validate, Zone};
use crate::verdict::Verdict;

/// Working days and what deviates from them. An exception beats a holiday, a holiday beats the day of the week.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Calendar {
    /// Days of the week that are worked; default Monday to Friday.
    #[deserr(default = monday_to_friday())]
    pub working_days: Vec<DayName>,
    /// Days that are not worked.
    #[deserr(default)]
    pub holidays: Vec<Holiday>,
    /// Days that differ from all rules, either way.
    #[deserr(default)]
    pub exceptions: Vec<Exception>,
}

/// A day that is not worked.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Holiday {
    /// The day.
    pub date: Day,
    /// Its name, shown in reports.
    pub name: String,
}

/// A day that differs from all rules.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Exception {
    /// The day.
    pub date: Day,
    /// Whether it is worked.
    pub runs: bool,
    /// The reason, shown in reports.
    pub why: String,
}

/// Whether a day is worked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunDay {
    /// It is.
    Runs,
    /// It is not, for this reason.
    Rests(String),
}

impl RunDay {
    /// Whether the day is worked.
    #[must_use]
    pub const fn runs(&self) -> bool {
        matches!(self, Self::Runs)
    }
}

fn monday_to_friday() -> Vec<DayName> {
    use Weekday::{Friday, Monday, Thursday, Tuesday, Wednesday};
    [Monday, Tuesday, Wednesday, Thursday, Friday]
        .into_iter()
        .map(DayName::from)
        .collect()
}

impl Default for Calendar {
    fn default() -> Self {
        Self {
            working_days: monday_to_friday(),
            holidays: Vec::new(),
            exceptions: Vec::new(),
        }
    }
}

impl Calendar {
    /// Whether `date` is worked.
    #[must_use]
    pub fn on(&self, date: Date) -> RunDay {
        if let Some(exception) = self
            .exceptions
            .iter()
            .find(|exception| exception.date.date() == date)
        {
            return if exception.runs {
                RunDay::Runs
            } else {
                RunDay::Rests(format!("{date} is an exception: {}", exception.why))
            };
        }
        if let Some(holiday) = self.holidays.iter().find(|holiday| holiday.date.date() == date) {
            return RunDay::Rests(format!("{date} is a holiday: {}", holiday.name));
        }
        if self
            .working_days
            .iter()
            .any(|day| day.weekday() == date.weekday())
        {
            RunDay::Runs
        } else {
            RunDay::Rests(format!(
                "{date} is a {:?}, which is not a working day",
                date.weekday()
            ))
        }
    }

    /// The first worked day after `date`, looking one year ahead.
    #[must_use]
    pub fn next_run_day(&self, date: Date) -> Option<Date> {
        std::iter::successors(date.tomorrow().ok(), |day| day.tomorrow().ok())
            .take(366)
            .find(|day| self.on(*day).runs())
    }

    /// The item `code` of a self-check of `who` whose work does not wait for a working day.
    #[must_use]
    pub fn rests_on_no_day(&self, code: &str, who: &str) -> Item {
        let rests = DayName::NAMES
            .iter()
            .filter(|(_, day)| !self.working_days.contains(&DayName::from(*day)))
            .count();
        let days_off = self.holidays.len() + self.exceptions.iter().filter(|one| !one.runs).count();
        let verdict = if rests + days_off == 0 {
            Verdict::Pass
        } else {
            Verdict::Fail
        };
        Item::judge(
            code,
            &format!("the {who} rests on no day"),
            verdict,
            population(1, 1),
            format!("{rests} days of the week and {days_off} dates without a run"),
        )
        .remedy(format!(
            "give the {who} a calendar of seven working days without holidays, as Terraform does"
        ))
    }
}

/// Whether the local day of `now` is worked.
#[must_use]
pub fn run_day(calendar: &Calendar, zone: &Zone, now: Timestamp) -> RunDay {
    calendar.on(crate::windows::local_date(now, zone))
}

impl Validate for Calendar {
    fn validate(&self, at: &mut Checker<'_>) {
        at.require(
            !self.working_days.is_empty(),
            "working_days",
            "[]",
            "means that nothing ever runs",
            "list the worked days, or leave it out for Monday to Friday",
        );
        at.unique("working_days", "", "day", &self.working_days);
        at.unique(
            "holidays",
            "date",
            "holiday",
            self.holidays.iter().map(|holiday| holiday.date),
        );
        at.unique(
            "exceptions",
            "date",
            "exception",
            self.exceptions.iter().map(|exception| exception.date),
        );
        at.each("exceptions", &self.exceptions, |at, exception| {
            at.require(
                !exception.why.trim().is_empty(),
                "why",
                &exception.why,
                "is empty",
                "say why the day differs",
            );
        });
        at.each("holidays", &self.holidays, |at, holiday| {
            at.require(
                !holiday.name.trim().is_empty(),
                "name",
                &holiday.name,
                "is empty",
                "name the holiday",
            );
        });
    }
}
