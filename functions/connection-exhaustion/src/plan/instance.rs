//! One instance, judged: connections against the maximum in force.

use day2_core::database::AcuRange;
use jiff::Timestamp;

use super::maximum::{InForce, in_force, pending_reboot};
use super::trend::{Forecast, Level, forecast, level, since};
use crate::facts::{Database, Instance};
use crate::settings::{Limits, Policy};

/// One instance with everything that is judged of it.
#[derive(Debug, Clone)]
pub struct Judged<'a> {
    /// The facts.
    pub instance: &'a Instance,
    /// Its connections, or why they are not known.
    pub level: Result<Level, String>,
    /// Its maximum, or why it is not known.
    pub maximum: Result<InForce, String>,
    /// When it will be full.
    pub forecast: Result<Forecast, String>,
    /// A parameter group waits for a reboot.
    pub pending_reboot: bool,
    /// The largest use of capacity in the last minutes, in percent of the maximum ACU, where it is known.
    pub utilization_percent: Option<f64>,
}

impl Judged<'_> {
    /// Connections in percent of the maximum in force; nothing when either is not known.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        let (Ok(level), Ok(maximum)) = (&self.level, &self.maximum) else {
            return None;
        };
        #[expect(clippy::cast_precision_loss, reason = "numbers of connections")]
        let now = level.now as f64;
        (maximum.connections > 0).then(|| now * 100.0 / f64::from(maximum.connections))
    }

    /// Whether it is near its maximum, or will be soon; nothing when that is not known.
    #[must_use]
    pub fn is_hot(&self, limits: &Limits) -> Option<bool> {
        let share = self.share()?;
        let soon = match self.forecast {
            Ok(Forecast::Full) => true,
            Ok(Forecast::Minutes { likely, .. }) => likely <= f64::from(limits.act_within_minutes),
            Ok(Forecast::NotRising) | Err(_) => false,
        };
        Some(share >= limits.act_at() || soon)
    }

    /// Why it is not known whether it is near its maximum.
    #[must_use]
    pub fn unknown(&self) -> Option<&str> {
        [self.level.as_ref().err(), self.maximum.as_ref().err()]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .next()
    }

    /// Why it may be near its maximum although its share of the nominal one is below the limit.
    #[must_use]
    pub fn in_doubt(&self, limits: &Limits) -> Option<String> {
        let (share, maximum) = (self.share()?, self.maximum.as_ref().ok()?);
        let from = maximum.in_doubt_from(limits.act_at())?;
        (share >= from && share < limits.act_at()).then(|| {
            format!(
                "{}: the real maximum of a class is up to 12 % below the nominal one, so that from {from:.0} % on it may \
                 be at {} % already; declare what SHOW max_connections says as max_connections in the settings",
                self.figures(),
                limits.act_at()
            )
        })
    }

    /// `812 of 823 connections (98.7 %)`.
    #[must_use]
    pub fn figures(&self) -> String {
        match (&self.level, &self.maximum, self.share()) {
            (Ok(level), Ok(maximum), Some(share)) => {
                let least = if maximum.may_be_lower { "at least " } else { "" };
                format!(
                    "{} of {} connections ({least}{share:.1} %)",
                    level.now, maximum.connections
                )
            }
            (Ok(level), _, _) => format!("{} connections", level.now),
            _ => "connections not known".to_owned(),
        }
    }
}

/// Judges every instance of a database.
#[must_use]
pub fn judge<'a>(
    database: &'a Database,
    policy: &Policy,
    raised_from: Option<AcuRange>,
    now: Timestamp,
) -> Vec<Judged<'a>> {
    database
        .instances
        .iter()
        .map(|instance| {
            let level = level(&instance.connections, &policy.limits, now);
            let maximum = in_force(database, instance, policy, raised_from);
            let forecast = match (&level, &maximum) {
                (Ok(level), Ok(maximum)) => forecast(level, u64::from(maximum.connections)),
                (Err(why), _) | (_, Err(why)) => Err(why.clone()),
            };
            Judged {
                instance,
                level,
                maximum,
                forecast,
                pending_reboot: pending_reboot(instance),
                utilization_percent: utilization(instance, now),
            }
        })
        .collect()
}

/// How far back a use of capacity counts as now.
const LATELY_MINUTES: u32 = 15;

fn utilization(instance: &Instance, now: Timestamp) -> Option<f64> {
    let points = instance.utilization.as_ref().ok()?;
    since(points, now, LATELY_MINUTES)
        .into_iter()
        .map(|(_, value)| value)
        .reduce(f64::max)
}
