//! What objects have in common: metadata, owners, conditions, and numbers that may be too large.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, de};

/// The `controller: true` owner of an object, or its first owner when none is marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Group and version, for example `apps/v1`: an Argo `Rollout` and a Deployment both own replica sets.
    pub api_version: String,
    /// Kind, for example `ReplicaSet`.
    pub kind: String,
    /// Name within the same namespace.
    pub name: String,
    /// Uid: an owner recreated under the same name has another one.
    pub uid: String,
}

/// The three values of a condition. A value that is none of the three words counts as unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// `True`.
    True,
    /// `False`.
    False,
    /// `Unknown`: for a node this is what the controller manager writes when the kubelet stops reporting.
    Unknown,
}

/// One entry of `status.conditions`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "ConditionWire")]
pub struct Condition {
    /// `Ready`, `PodScheduled`, `Progressing`, …
    pub kind: String,
    /// Its value.
    pub status: Status,
    /// A `CamelCase` word, if any.
    pub reason: Option<String>,
    /// A sentence, if any; text of the cluster, to be neutralised where it is shown.
    pub message: Option<String>,
    /// When the value last changed.
    pub since: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConditionWire {
    r#type: Option<String>,
    status: Option<String>,
    reason: Option<String>,
    message: Option<String>,
    last_transition_time: Option<Time>,
}

impl From<ConditionWire> for Condition {
    fn from(wire: ConditionWire) -> Self {
        Self {
            kind: wire.r#type.unwrap_or_default(),
            status: match wire.status.as_deref() {
                Some("True") => Status::True,
                Some("False") => Status::False,
                _ => Status::Unknown,
            },
            reason: wire.reason.filter(|reason| !reason.is_empty()),
            message: wire.message.filter(|message| !message.is_empty()),
            since: wire.last_transition_time.and_then(|time| time.0),
        }
    }
}

/// `metadata`, as far as anyone looks at it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Meta {
    pub(super) name: Option<String>,
    pub(super) namespace: Option<String>,
    pub(super) uid: Option<String>,
    pub(super) resource_version: Option<String>,
    pub(super) labels: Option<BTreeMap<String, Option<String>>>,
    pub(super) annotations: Option<BTreeMap<String, Option<String>>>,
    pub(super) generation: Option<Int>,
    pub(super) finalizers: Option<Vec<String>>,
    creation_timestamp: Option<Time>,
    deletion_timestamp: Option<Time>,
    owner_references: Option<Vec<OwnerWire>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OwnerWire {
    api_version: Option<String>,
    kind: Option<String>,
    name: Option<String>,
    uid: Option<String>,
    controller: Option<bool>,
}

impl Meta {
    pub(super) fn created_at(&self) -> Option<Timestamp> {
        self.creation_timestamp.as_ref().and_then(|time| time.0)
    }

    pub(super) fn deleting_since(&self) -> Option<Timestamp> {
        self.deletion_timestamp.as_ref().and_then(|time| time.0)
    }

    pub(super) fn has_owners(&self) -> bool {
        self.owner_references
            .as_ref()
            .is_some_and(|owners| !owners.is_empty())
    }

    pub(super) fn owner(&mut self) -> Option<Owner> {
        let mut owners = self.owner_references.take().unwrap_or_default();
        let at = owners
            .iter()
            .position(|owner| owner.controller == Some(true))
            .unwrap_or(0);
        if at >= owners.len() {
            return None;
        }
        let owner = owners.swap_remove(at);
        Some(Owner {
            api_version: owner.api_version.unwrap_or_default(),
            kind: owner.kind.unwrap_or_default(),
            name: owner.name.unwrap_or_default(),
            uid: owner.uid.unwrap_or_default(),
        })
    }
}

/// A string map whose `null` values count as empty strings.
pub(super) fn strings(map: Option<BTreeMap<String, Option<String>>>) -> BTreeMap<String, String> {
    map.unwrap_or_default()
        .into_iter()
        .map(|(key, value)| (key, value.unwrap_or_default()))
        .collect()
}

/// An RFC 3339 time; what is not one counts as absent rather than making the object unreadable.
pub(super) struct Time(pub(super) Option<Timestamp>);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Ok(Self(text.parse().ok()))
    }
}

/// An integer that may be written as a number of any size or as a string; it saturates.
#[derive(Clone, Copy)]
pub(super) struct Int(pub(super) i64);

impl<'de> Deserialize<'de> for Int {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Number;
        impl de::Visitor<'_> for Number {
            type Value = Int;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an integer")
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Int, E> {
                Ok(Int(value))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Int, E> {
                Ok(Int(i64::try_from(value).unwrap_or(i64::MAX)))
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Int, E> {
                // `as` from a float saturates and turns NaN into 0, which is what is wanted here.
                #[expect(clippy::cast_possible_truncation, reason = "saturating on purpose")]
                Ok(Int(value as i64))
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Int, E> {
                value
                    .parse()
                    .map(Int)
                    .map_err(|_| E::invalid_value(de::Unexpected::Str(value), &self))
            }
        }
        from.deserialize_any(Number)
    }
}

/// The integer, or zero where the API leaves it out (it omits zero counts).
pub(super) fn count(value: Option<Int>) -> i64 {
    value.map_or(0, |int| int.0)
}
