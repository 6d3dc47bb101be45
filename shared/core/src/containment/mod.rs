//! The containment of one pod, as the journal remembers it: which pod, for which findings, what was changed and what was
//! there before. Written before anything is changed, kept until `threat-release` has undone it. A containment has no end of
//! its own (`design.md` §7).
//!
//! What is contained is a pod by its **uid**, not by its name: a name is given again, a uid is not (`cases.md` K11). The
//! `generation` tells a containment from the one before it of the same pod, which was released.

mod measure;
pub mod sessions;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use measure::{Measure, MeasureState, Taken};

use crate::action::{Lease, LeaseState};
use crate::digest::sha256;

/// Most finding ids that a containment keeps. GuardDuty re-publishes one finding for every update; distinct findings on
/// one pod are few, and a storm of them is counted, not listed.
pub const MAX_FINDINGS: usize = 20;

/// Where a containment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContainmentState {
    /// In force, or about to be.
    Open,
    /// Undone by `threat-release`, as far as that was safe.
    Released,
}

impl ContainmentState {
    /// The word in the journal.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Released => "released",
        }
    }

    /// The state of this word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        [Self::Open, Self::Released]
            .into_iter()
            .find(|state| state.word() == word)
    }
}

/// The pod that is contained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainedPod {
    /// Its uid.
    pub uid: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The node it was bound to, if it was.
    #[serde(default)]
    pub node: Option<String>,
    /// What owns it, in words: `Deployment shop/web`. The breaker counts contained pods per owner.
    #[serde(default)]
    pub owner: Option<String>,
}

impl ContainedPod {
    /// `namespace/name`.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }
}

/// What is known of the evidence: enough to find and to check it, nothing of its content (`cases.md` E18).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// Key of the sealed manifest in the evidence bucket.
    pub manifest_key: String,
    /// Its SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// Its version in the bucket.
    #[serde(default)]
    pub version_id: Option<String>,
    /// How many artefacts it lists.
    pub artefacts: usize,
    /// Whether everything that was to be captured was.
    pub complete: bool,
    /// When it was sealed.
    pub at: Timestamp,
}

/// The containment of one pod.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Containment {
    /// See [`Containment::id_of`].
    pub id: String,
    /// Target, by its name in the settings.
    pub target: String,
    /// The pod.
    pub pod: ContainedPod,
    /// 1 for the first containment of this pod, one more for each that was released before.
    pub generation: u32,
    /// The finding that began it, `account/region/id`.
    pub finding: String,
    /// Its type, for people.
    pub finding_type: String,
    /// When it began.
    pub opened_at: Timestamp,
    /// Lambda request id of the run that works or worked on it last.
    pub request_id: String,
    /// Everything that was or is about to be changed, in the order in which it was begun.
    pub measures: Vec<Taken>,
    /// The evidence, newest last; a later capture never replaces an earlier one (`cases.md` D12).
    #[serde(default)]
    pub evidence: Vec<Sealed>,
    /// Where it stands. In the journal a column of its own.
    pub state: ContainmentState,
    /// When it was released.
    #[serde(default)]
    pub released_at: Option<Timestamp>,
    /// How many deliveries of findings joined it after the one that began it. In the journal a column of its own, because
    /// other runs write it.
    #[serde(skip)]
    pub noted: u64,
    /// Ids of the findings that joined it, at most [`MAX_FINDINGS`]. In the journal a column of its own.
    #[serde(skip)]
    pub joined: Vec<String>,
    /// How often it was written: whoever writes must have seen the last one. In the journal a column of its own.
    #[serde(skip)]
    pub version: u64,
}

impl Containment {
    /// The id, `<target>.<hash>`: the same for every delivery of every finding on this pod, so that each finds what the
    /// first began. It begins with the target, so that whoever has it knows where to look.
    #[must_use]
    pub fn id_of(target: &str, pod_uid: &str, generation: u32) -> String {
        let hash = sha256(
            &["containment", target, pod_uid, &generation.to_string()].join("\n"),
            16,
        );
        format!("{target}.{hash}")
    }

    /// The target in an id; `None` when it is none.
    #[must_use]
    pub fn target_in(id: &str) -> Option<&str> {
        let (target, hash) = id.rsplit_once('.')?;
        (!target.is_empty() && !hash.is_empty()).then_some(target)
    }

    /// The value of the label [`LABEL`] on the pod: its uid, which fits a label (`cases.md` E13) and selects no other pod.
    #[must_use]
    pub fn label_value(pod_uid: &str) -> String {
        let fits = pod_uid.len() <= 63
            && !pod_uid.is_empty()
            && pod_uid.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !pod_uid.starts_with('-')
            && !pod_uid.ends_with('-');
        if fits {
            pod_uid.to_owned()
        } else {
            sha256(pod_uid, 16)
        }
    }

    /// Whether it is, or may be, in force.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == ContainmentState::Open
    }

    /// The measure of this resource, if there is one.
    #[must_use]
    pub fn measure(&self, resource: &str) -> Option<&Taken> {
        self.measures.iter().find(|taken| taken.resource == resource)
    }

    /// Remembers that a measure is about to be taken. One that is known already stays as it was: the value before is the
    /// one before the first delivery. Returns whether it is new.
    pub fn remember(&mut self, taken: Taken) -> bool {
        let new = self.measure(&taken.resource).is_none();
        if new {
            self.measures.push(taken);
        }
        new
    }

    /// Says where the measure of `resource` stands now. One that was undone stays undone.
    pub fn mark(&mut self, resource: &str, state: MeasureState, says: &str, at: Timestamp) {
        let taken = self.measures.iter_mut().find(|taken| taken.resource == resource);
        if let Some(taken) = taken.filter(|taken| taken.state != MeasureState::Undone) {
            taken.state = state;
            says.clone_into(&mut taken.says);
            taken.changed_at = Some(at);
        }
    }

    /// Takes over a measure of another containment that is released: it is this one's to undo from now on. Whatever this one
    /// knew of the resource gives way, unless it has the measure in force or has undone it itself.
    pub fn take_over(&mut self, taken: &Taken, from: &str, at: Timestamp) {
        let mine = self.measure(&taken.resource).map(|mine| mine.state);
        if mine.is_some_and(|state| state.is_open() || state == MeasureState::Undone) {
            return;
        }
        self.measures.retain(|mine| mine.resource != taken.resource);
        self.measures.push(Taken {
            state: MeasureState::Active,
            says: format!("made by the containment {from}, which is released"),
            changed_at: Some(at),
            ..taken.clone()
        });
    }

    /// As a change without an end, for the reminders of `lease-sweeper`.
    #[must_use]
    pub fn as_change(&self) -> Lease {
        let (ours, all) = (self.in_force().count(), self.measures.len());
        Lease {
            id: self.id.clone(),
            function: "threat-containment".to_owned(),
            target: self.target.clone(),
            resource: format!("containment of pod {}", self.pod.full_name()),
            change: serde_json::Value::Null,
            before: "not contained".to_owned(),
            after: format!("contained by {ours} of {all} measures"),
            undo: format!(
                "send {{\"targets\":[\"{}\"],\"containment\":\"{}\"}} to threat-release",
                self.target, self.id
            ),
            plan_id: String::new(),
            occasion: self.finding.clone(),
            created_at: self.opened_at,
            expires_at: None,
            state: LeaseState::Active,
        }
    }

    /// What is, or may be, in force: to be undone at a release, newest first.
    pub fn in_force(&self) -> impl Iterator<Item = &Taken> {
        self.measures.iter().rev().filter(|taken| taken.state.is_open())
    }
}

/// The generation of a new containment of this pod, and the open one, if there is one. `known` are the containments of
/// the target.
#[must_use]
pub fn generation_of<'a>(known: &'a [Containment], pod_uid: &str) -> (u32, Option<&'a Containment>) {
    let of_pod = known.iter().filter(|one| one.pod.uid == pod_uid);
    let newest = of_pod.max_by_key(|one| one.generation);
    match newest {
        None => (1, None),
        Some(one) if one.is_open() => (one.generation, Some(one)),
        Some(one) => (one.generation.saturating_add(1), None),
    }
}

/// Whether a finding says nothing new about a pod that was released: it was last seen before the release
/// (`cases.md` D04). What GuardDuty saw afterwards is a new occasion.
#[must_use]
pub fn is_settled(known: &[Containment], pod_uid: &str, seen_at: Option<Timestamp>) -> bool {
    let newest = known
        .iter()
        .filter(|one| one.pod.uid == pod_uid)
        .max_by_key(|one| one.generation);
    newest.is_some_and(|one| match (one.state, one.released_at, seen_at) {
        (ContainmentState::Released, Some(released), Some(seen)) => seen <= released,
        (ContainmentState::Released, _, _) => true,
        (ContainmentState::Open, _, _) => false,
    })
}

/// Label that a quarantined pod carries, with the value of [`Containment::label_value`].
pub const LABEL: &str = "day2.dev/quarantine";

#[cfg(test)]
mod tests;
