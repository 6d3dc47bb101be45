//! Guards: pure functions that object. Each refusal names the guard, the number that decided, and what would allow
//! it. They stand on every road: schedule, alarm, finding, call by hand, approval.

use std::fmt::Display;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Standing;
use crate::arn::{AccountId, Region};
use crate::settings::{Percent, Safety};
use crate::target::Target;

/// Which guard objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// What may never be touched.
    DenyList,
    /// Too much at once, by count or percent.
    Cap,
    /// Too soon after the last action.
    CoolDown,
    /// The wrong hour, or too near to a planned change.
    Window,
    /// The event is too old.
    Freshness,
    /// Another account, region or cluster than the target's.
    Foreign,
    /// Too many actions in a day.
    CircuitBreaker,
    /// The platform is already degraded, and the step would disturb it.
    Degraded,
    /// Somebody else owns what would be changed.
    Ownership,
    /// What must be known before acting could not be read.
    Unreadable,
    /// The plan is not the one that was approved.
    Approval,
    /// The journal cannot be reached: what is done could not be remembered.
    Journal,
    /// The finding is none to act on: a sample, archived, of another kind, or not GuardDuty's.
    Finding,
    /// The event is refuted by what it is about: made up, altered, or about something that is gone.
    Event,
}

impl Guard {
    /// The word for a report.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::DenyList => "deny list",
            Self::Cap => "cap",
            Self::CoolDown => "cool-down",
            Self::Window => "window",
            Self::Freshness => "freshness",
            Self::Foreign => "foreign resource",
            Self::CircuitBreaker => "circuit breaker",
            Self::Degraded => "already degraded",
            Self::Ownership => "ownership",
            Self::Unreadable => "not readable",
            Self::Approval => "approval",
            Self::Journal => "journal",
            Self::Finding => "finding",
            Self::Event => "event",
        }
    }
}

/// An objection to a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct Refusal {
    /// Who objects.
    pub guard: Guard,
    /// Why, with the number that decided.
    pub says: String,
    /// The setting or the deed that would allow it.
    pub allowed_by: String,
}

impl Refusal {
    /// An objection.
    pub fn new(guard: Guard, says: impl Into<String>, allowed_by: impl Into<String>) -> Self {
        Self {
            guard,
            says: says.into(),
            allowed_by: allowed_by.into(),
        }
    }
}

/// Objects to a name on a list. An entry with a trailing `*` stands for every name that begins so.
#[must_use]
pub fn deny_list(what: &str, name: &str, denied: &[&str], setting: &str) -> Option<Refusal> {
    let hit = denied.iter().find(|entry| {
        entry
            .strip_suffix('*')
            .map_or(**entry == name, |begin| name.starts_with(begin))
    })?;
    let says = format!("{what} {name} is on the deny list ({hit})");
    Some(Refusal::new(Guard::DenyList, says, setting))
}

/// Objects to more than `cap` things at once.
#[must_use]
pub fn cap_count(what: &str, wanted: u64, cap: u64, setting: &str) -> Option<Refusal> {
    (wanted > cap).then(|| {
        let says = format!("{wanted} {what} at once, and at most {cap} are allowed");
        Refusal::new(Guard::Cap, says, setting)
    })
}

/// Objects to more than `cap` of `all`. Nothing of nothing is within every cap; something of nothing is not.
#[must_use]
pub fn cap_percent(what: &str, wanted: u64, all: u64, cap: Percent, setting: &str) -> Option<Refusal> {
    if wanted == 0 {
        return None;
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of nodes, pods and the like stay far below 2^52"
    )]
    let share = (all > 0).then(|| wanted as f64 * 100.0 / all as f64);
    if share.is_some_and(|share| share <= cap.value()) {
        return None;
    }
    let share = share.map_or_else(|| "more than all".to_owned(), |share| format!("{share:.1} %"));
    let says = format!("{wanted} of {all} {what} are {share}, and at most {cap} are allowed");
    Some(Refusal::new(Guard::Cap, says, setting))
}

/// Objects to an event whose change of state is older than the settings allow, or lies in the future by more than
/// clocks differ (`cases.md` D07).
#[must_use]
pub fn freshness(changed_at: Timestamp, now: Timestamp, safety: &Safety) -> Option<Refusal> {
    /// Clocks of AWS and of a sandbox differ by less; requests are refused at five minutes.
    const MOST_AHEAD: SignedDuration = SignedDuration::from_mins(5);
    let age = now.duration_since(changed_at);
    let setting = "safety.max_event_age_minutes";
    if age > minutes(safety.max_event_age_minutes) {
        let says = format!(
            "the state changed {} minutes ago, and events older than {} are stale",
            age.as_mins(),
            safety.max_event_age_minutes
        );
        return Some(Refusal::new(Guard::Freshness, says, setting));
    }
    (age < -MOST_AHEAD).then(|| {
        let says = format!(
            "the state changes only in {} minutes, by our clock",
            -age.as_mins()
        );
        Refusal::new(
            Guard::Freshness,
            says,
            "mend the clock of whoever sends the event",
        )
    })
}

/// Objects to acting again before the pause after the last action has ended. Another delivery of the occasion that
/// acted goes on (`cases.md` D08, D12).
#[must_use]
pub fn cool_down(standing: &Standing, occasion: &str, now: Timestamp) -> Option<Refusal> {
    let pause = standing.cool_down.as_ref()?;
    (pause.until > now && pause.occasion != occasion).then(|| {
        let says = format!(
            "the last action is too near: the cool-down ends at {}",
            pause.until
        );
        Refusal::new(
            Guard::CoolDown,
            says,
            "safety.cool_down_minutes, or an approval of the plan",
        )
    })
}

/// Objects to more occasions per day that change something than the settings allow. Another delivery of an occasion that
/// has begun is not one more.
#[must_use]
pub fn circuit_breaker(
    standing: &Standing,
    occasion: &str,
    now: Timestamp,
    safety: &Safety,
) -> Option<Refusal> {
    let acted = standing.begun_in_a_day(occasion, now);
    let most = usize::try_from(safety.max_actions_per_day).unwrap_or(usize::MAX);
    (acted >= most).then(|| {
        let says =
            format!("{acted} runs began to change something in the last 24 hours, and at most {most} may");
        Refusal::new(Guard::CircuitBreaker, says, "safety.max_actions_per_day")
    })
}

/// Objects to more steps than the settings allow in one run.
#[must_use]
pub fn cap_steps(steps: usize, safety: &Safety) -> Option<Refusal> {
    let steps = u64::try_from(steps).unwrap_or(u64::MAX);
    cap_count("changes", steps, u64::from(safety.max_steps), "safety.max_steps")
}

/// Objects to an event from another account or region than the target's.
#[must_use]
pub fn foreign(account: &AccountId, region: &Region, target: &Target) -> Option<Refusal> {
    let ours = *account == target.account_id && *region == target.region;
    (!ours).then(|| {
        let says = format!(
            "the event is of account {account} in {region}, and {} is in {} in {}",
            target.name, target.account_id, target.region
        );
        Refusal::new(
            Guard::Foreign,
            says,
            "declare a target for that account and region, and bind the alarm to it",
        )
    })
}

/// Objects to acting within `margin_minutes` before a planned change at `at`.
#[must_use]
pub fn window(
    what: impl Display,
    at: Timestamp,
    now: Timestamp,
    margin_minutes: u32,
    setting: &str,
) -> Option<Refusal> {
    let left = at.duration_since(now);
    (left >= SignedDuration::ZERO && left <= minutes(margin_minutes)).then(|| {
        let says = format!(
            "{what} is due in {} minutes, and nothing is done in the {margin_minutes} before it",
            left.as_mins()
        );
        Refusal::new(Guard::Window, says, setting)
    })
}

/// Objects to disturbing a platform that is already degraded.
#[must_use]
pub fn degraded(what: &str, unhealthy: u64, most: u64, setting: &str) -> Option<Refusal> {
    (unhealthy > most).then(|| {
        let says = format!("{unhealthy} {what} are not healthy already, and at most {most} may be");
        Refusal::new(Guard::Degraded, says, setting)
    })
}

fn minutes(count: u32) -> SignedDuration {
    SignedDuration::from_mins(i64::from(count))
}

#[cfg(test)]
mod tests;
