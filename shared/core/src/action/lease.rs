//! A change that was made, remembered before it is made: what it was, what it became, and when it ends.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::digest::sha256;

/// Where a change stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaseState {
    /// About to be made; whether it was is not known.
    Pending,
    /// Made.
    Active,
    /// Taken back.
    Reverted,
    /// Taken back in part, or not at all on purpose; a report said why.
    Left,
    /// Permanent, or never made: nothing is to be taken back.
    Closed,
}

impl LeaseState {
    /// The word in the journal.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Reverted => "reverted",
            Self::Left => "left",
            Self::Closed => "closed",
        }
    }

    /// The state of this word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        [
            Self::Pending,
            Self::Active,
            Self::Reverted,
            Self::Left,
            Self::Closed,
        ]
        .into_iter()
        .find(|state| state.word() == word)
    }

    /// Whether the change is, or may be, in force.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Active)
    }
}

/// One change of one occasion. Written before the change, so that no change can be made that nobody remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lease {
    /// See [`Lease::id_of`].
    pub id: String,
    /// The function that made it and takes it back.
    pub function: String,
    /// Its target.
    pub target: String,
    /// What was changed.
    pub resource: String,
    /// The change as the function understands it.
    pub change: Value,
    /// The value before.
    pub before: String,
    /// The value that it was set to.
    pub after: String,
    /// What taking it back means.
    pub undo: String,
    /// The plan that it was a step of.
    pub plan_id: String,
    /// The occasion that it was made for.
    pub occasion: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it ends; `None` for a change that is not temporary.
    pub expires_at: Option<Timestamp>,
    /// Where it stands.
    pub state: LeaseState,
}

impl Lease {
    /// The id, `<target>.<hash>`: the same for every delivery of an occasion, so that a repeated one finds what the
    /// first began. It begins with the target, so that whoever has it knows where to look.
    #[must_use]
    pub fn id_of(function: &str, target: &str, occasion: &str, resource: &str) -> String {
        let hash = sha256(&[function, target, occasion, resource].join("\n"), 16);
        format!("{target}.{hash}")
    }

    /// The target in an id; `None` when it is none.
    #[must_use]
    pub fn target_in(id: &str) -> Option<&str> {
        let (target, hash) = id.rsplit_once('.')?;
        (!target.is_empty() && !hash.is_empty()).then_some(target)
    }

    /// Whether it is temporary, in force, and over at `now`.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.state.is_open() && self.expires_at.is_some_and(|end| end <= now)
    }
}

/// A lease until noon.
#[cfg(test)]
pub(super) fn sample(state: LeaseState) -> Lease {
    Lease {
        id: "1".to_owned(),
        function: "f".to_owned(),
        target: "t".to_owned(),
        resource: "r".to_owned(),
        change: Value::Null,
        before: "1".to_owned(),
        after: "2".to_owned(),
        undo: String::new(),
        plan_id: String::new(),
        occasion: "o".to_owned(),
        created_at: "2026-03-06T11:00:00Z".parse().unwrap(),
        expires_at: Some("2026-03-06T12:00:00Z".parse().unwrap()),
        state,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [(LeaseState, &str, bool); 5] = [
        (LeaseState::Pending, "pending", true),
        (LeaseState::Active, "active", true),
        (LeaseState::Reverted, "reverted", false),
        (LeaseState::Left, "left", false),
        (LeaseState::Closed, "closed", false),
    ];

    #[test]
    fn a_change_may_be_in_force_from_before_it_is_made_until_it_is_taken_back_d12() {
        for (state, word, open) in STATES {
            assert_eq!((state.word(), state.is_open()), (word, open));
            assert_eq!(LeaseState::named(word), Some(state));
        }
        assert_eq!(LeaseState::named("gone"), None);
    }

    #[test]
    fn every_delivery_of_an_occasion_finds_the_same_lease_and_no_other_does_d12() {
        let id = Lease::id_of("f", "t", "o", "r");
        assert_eq!((id.len(), Lease::id_of("f", "t", "o", "r")), (34, id.clone()));
        assert_eq!(Lease::target_in(&id), Some("t"));
        assert_eq!(
            (
                Lease::target_in("abc"),
                Lease::target_in(".a"),
                Lease::target_in("a.")
            ),
            (None, None, None)
        );
        for [function, target, occasion, resource] in [
            ["g", "t", "o", "r"],
            ["f", "u", "o", "r"],
            ["f", "t", "p", "r"],
            ["f", "t", "o", "s"],
        ] {
            assert_ne!(Lease::id_of(function, target, occasion, resource), id);
        }
    }

    #[test]
    fn a_lease_is_due_from_its_end_on_while_it_is_open() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        for (state, word, open) in STATES {
            assert!(!sample(state).is_due(at("2026-03-06T11:59:59Z")), "{word}");
            assert_eq!(sample(state).is_due(at("2026-03-06T12:00:00Z")), open, "{word}");
            assert_eq!(sample(state).is_due(at("2026-03-06T12:00:01Z")), open, "{word}");
        }
        let mut permanent = sample(LeaseState::Active);
        permanent.expires_at = None;
        assert!(!permanent.is_due(Timestamp::MAX));
    }
}
