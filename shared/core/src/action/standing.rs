//! What the journal knows that a plan must mind.

use jiff::{SignedDuration, Timestamp};

use super::Lease;

/// A pause after an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoolDown {
    /// The occasion that acted. The same one may go on: it is another delivery of it.
    pub occasion: String,
    /// When the pause ends.
    pub until: Timestamp,
}

/// An occasion that began to change something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// Its key.
    pub occasion: String,
    /// When its first delivery began.
    pub at: Timestamp,
}

/// What the journal knows of a function and target when a plan is made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standing {
    /// The pause after the last action, if there was one.
    pub cool_down: Option<CoolDown>,
    /// Changes of this function and target that are, or may be, in force.
    pub leases: Vec<Lease>,
    /// What began to change something in the last day, whatever came of it.
    pub begun: Vec<Begun>,
}

impl Standing {
    /// Open leases on `resource`.
    pub fn leases_on<'a>(&'a self, resource: &'a str) -> impl Iterator<Item = &'a Lease> {
        self.leases
            .iter()
            .filter(move |lease| lease.state.is_open() && lease.resource == resource)
    }

    /// Open leases that an earlier delivery of `occasion` wrote.
    pub fn leases_of<'a>(&'a self, occasion: &'a str) -> impl Iterator<Item = &'a Lease> {
        self.leases
            .iter()
            .filter(move |lease| lease.state.is_open() && lease.occasion == occasion)
    }

    /// How many occasions other than this one began to change something in the 24 hours before `now`.
    #[must_use]
    pub fn begun_in_a_day(&self, occasion: &str, now: Timestamp) -> usize {
        let since = now
            .checked_sub(SignedDuration::from_hours(24))
            .unwrap_or(Timestamp::UNIX_EPOCH);
        self.begun
            .iter()
            .filter(|begun| begun.at >= since && begun.occasion != occasion)
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::LeaseState;
    use crate::action::lease::sample;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn only_open_leases_of_that_resource_or_occasion_count_d11_d12() {
        let lease = |id: &str, resource: &str, occasion: &str, state| Lease {
            id: id.to_owned(),
            resource: resource.to_owned(),
            occasion: occasion.to_owned(),
            ..sample(state)
        };
        let standing = Standing {
            leases: vec![
                lease("1", "a", "x", LeaseState::Pending),
                lease("2", "a", "y", LeaseState::Active),
                lease("3", "b", "x", LeaseState::Active),
                lease("4", "a", "x", LeaseState::Reverted),
                lease("5", "a", "x", LeaseState::Left),
                lease("6", "a", "x", LeaseState::Closed),
            ],
            ..Standing::default()
        };
        let ids = |leases: Vec<&Lease>| leases.iter().map(|lease| lease.id.clone()).collect::<String>();
        assert_eq!(ids(standing.leases_on("a").collect()), "12");
        assert_eq!(ids(standing.leases_of("x").collect()), "13");
        assert_eq!(
            standing.leases_on("c").count() + standing.leases_of("z").count(),
            0
        );
    }

    #[test]
    fn a_day_has_24_hours_and_the_occasion_itself_is_not_one_more_d10_d12() {
        let begun = |occasion: &str, at_: &str| Begun {
            occasion: occasion.to_owned(),
            at: at(at_),
        };
        let standing = Standing {
            begun: vec![
                begun("a", "2026-03-05T11:59:59Z"),
                begun("b", "2026-03-05T12:00:00Z"),
                begun("c", "2026-03-06T11:00:00Z"),
            ],
            ..Standing::default()
        };
        let now = at("2026-03-06T12:00:00Z");
        assert_eq!(standing.begun_in_a_day("d", now), 2);
        assert_eq!(standing.begun_in_a_day("c", now), 1);
    }
}
