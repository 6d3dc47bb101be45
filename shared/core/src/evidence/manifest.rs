//! The manifest of a capture, and how it is drawn up.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Capture, Case, Fingerprint};
use crate::hostile::plain_within;
use crate::json::canonical;

/// The form of a manifest.
pub const SCHEMA: &str = "day2.evidence/1";

/// Most characters of a source or a reason. Both may repeat names that others chose.
const LONGEST: usize = 200;

/// Why an artefact holds less than there was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// It reached its cap in bytes. The cap is the deployment's choice, so the capture is complete all the same.
    Bytes,
    /// The time was up.
    Time,
    /// The source broke off.
    Broken,
}

impl Cut {
    /// The words used in a report.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Bytes => "cut at its cap in bytes",
            Self::Time => "cut when the time was up",
            Self::Broken => "broken off by its source",
        }
    }
}

/// Why something is not among the artefacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gap {
    /// There is nothing to capture: a container that never started has no log.
    Absent,
    /// It was there, or may have been there, and is not in the evidence.
    Lost,
}

/// Something that a capture set out to save and has not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Missing {
    /// Kind of artefact, for example `log`.
    pub kind: String,
    /// Where it would have come from, for example `container web, previous run`.
    pub source: String,
    /// Whether anything is lost.
    pub gap: Gap,
    /// Why, in our own words; never what was captured.
    pub why: String,
}

/// A key that may hold an object of this capture which no entry names: the answer to its writing was lost, or did not prove
/// what was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Abandoned {
    /// The key.
    pub key: String,
    /// Why it was given up.
    pub why: String,
}

/// A stored artefact, before it is part of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artefact {
    /// Its number within the capture, from 1.
    pub sequence: u32,
    /// Its key.
    pub key: String,
    /// The version that was written.
    pub version_id: String,
    /// Hash of its bytes.
    pub sha256: Fingerprint,
    /// Number of its bytes.
    pub bytes: u64,
    /// Kind, for example `log`.
    pub kind: String,
    /// Where it comes from, for example `container web, previous run`.
    pub source: String,
    /// Why it holds less than there was, if it does.
    pub cut: Option<Cut>,
    /// When it was captured.
    pub captured_at: Timestamp,
}

/// One artefact in the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its number within the capture, from 1.
    pub sequence: u32,
    /// Its key.
    pub key: String,
    /// The version that was written.
    pub version_id: String,
    /// Hash of its bytes.
    pub sha256: Fingerprint,
    /// Number of its bytes.
    pub bytes: u64,
    /// Kind, for example `log`.
    pub kind: String,
    /// Where it comes from.
    pub source: String,
    /// Why it holds less than there was, if it does.
    pub truncated: Option<Cut>,
    /// When it was captured.
    pub captured_at: Timestamp,
    /// Hash of what stands before it: the entry before, or the header.
    pub previous: Fingerprint,
}

impl Entry {
    /// The hash that the next entry holds.
    pub(super) fn link(&self) -> Fingerprint {
        // An entry is plain data, so it is always JSON.
        let value = serde_json::to_value(self).unwrap_or_default();
        Fingerprint::of(canonical(value).as_bytes())
    }
}

/// A manifest by its place and hash: what a later capture, a journal and a report hold of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestLink {
    /// Its key.
    pub key: String,
    /// The version that was written.
    pub version_id: String,
    /// Hash of its bytes.
    pub sha256: Fingerprint,
}

/// What a capture saved, and what it did not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`SCHEMA`].
    pub schema: String,
    /// Case and capture.
    pub capture: Capture,
    /// When the capture began.
    pub started_at: Timestamp,
    /// When it was sealed.
    pub sealed_at: Timestamp,
    /// The manifest of the capture of the same case before this one.
    pub previous: Option<ManifestLink>,
    /// What was saved, in the order of the chain.
    pub entries: Vec<Entry>,
    /// What was not.
    pub missing: Vec<Missing>,
    /// Keys that may hold what no entry names.
    pub abandoned: Vec<Abandoned>,
    /// Whether everything was saved that there was, up to its caps.
    pub complete: bool,
    /// Hash over the last entry's hash and all that is not an entry.
    pub head: Fingerprint,
}

impl Manifest {
    /// The case.
    #[must_use]
    pub const fn case(&self) -> &Case {
        &self.capture.case
    }

    pub(super) fn header_link(&self) -> Fingerprint {
        let header = json!({
            "schema": self.schema,
            "capture": self.capture,
            "started_at": self.started_at,
            "previous": self.previous,
        });
        Fingerprint::of(canonical(header).as_bytes())
    }

    /// The head as it must be.
    pub(super) fn head_link(&self) -> Fingerprint {
        let last = self
            .entries
            .last()
            .map_or_else(|| self.header_link(), Entry::link);
        let rest = json!({
            "last": last,
            "entries": self.entries.len(),
            "missing": self.missing,
            "abandoned": self.abandoned,
            "complete": self.complete,
            "sealed_at": self.sealed_at,
        });
        Fingerprint::of(canonical(rest).as_bytes())
    }

    /// Whether everything was saved that there was, by what the manifest lists.
    pub(super) fn is_complete(&self) -> bool {
        let whole = |cut: Option<Cut>| matches!(cut, None | Some(Cut::Bytes));
        self.entries.iter().all(|entry| whole(entry.truncated))
            && self.missing.iter().all(|missing| missing.gap == Gap::Absent)
    }

    /// The one text of this manifest: JSON without white space, with sorted keys.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // A manifest is plain data, so it is always JSON.
        canonical(serde_json::to_value(self).unwrap_or_default()).into_bytes()
    }
}

/// A manifest with its text and hash, ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The manifest.
    pub manifest: Manifest,
    /// Its text.
    pub bytes: Vec<u8>,
    /// Hash of the text.
    pub sha256: Fingerprint,
}

/// A manifest that is being drawn up.
#[derive(Clone)]
pub struct Draft {
    capture: Capture,
    started_at: Timestamp,
    previous: Option<ManifestLink>,
    sequence: u32,
    artefacts: Vec<Artefact>,
    missing: Vec<Missing>,
    abandoned: Vec<Abandoned>,
}

impl Draft {
    /// An empty manifest. `previous` is the manifest of the last capture of the same case.
    #[must_use]
    pub const fn new(capture: Capture, started_at: Timestamp, previous: Option<ManifestLink>) -> Self {
        Self {
            capture,
            started_at,
            previous,
            sequence: 0,
            artefacts: Vec::new(),
            missing: Vec::new(),
            abandoned: Vec::new(),
        }
    }

    /// The number of the next artefact. A number is given once, also when the artefact is then lost.
    pub const fn next_sequence(&mut self) -> u32 {
        self.sequence = self.sequence.saturating_add(1);
        self.sequence
    }

    /// Adds what was stored. The order of adding does not matter.
    pub fn store(&mut self, mut artefact: Artefact) {
        artefact.kind = plain_within(&artefact.kind, LONGEST);
        artefact.source = plain_within(&artefact.source, LONGEST);
        self.artefacts.push(artefact);
    }

    /// Adds what was not stored.
    pub fn miss(&mut self, kind: &str, source: &str, gap: Gap, why: &str) {
        self.missing.push(Missing {
            kind: plain_within(kind, LONGEST),
            source: plain_within(source, LONGEST),
            gap,
            why: plain_within(why, LONGEST),
        });
    }

    /// Adds a key that may hold an object which nobody can vouch for.
    pub fn abandon(&mut self, key: &str, why: &str) {
        if self.abandoned.iter().any(|one| one.key == key) {
            return;
        }
        self.abandoned.push(Abandoned {
            key: key.to_owned(),
            why: plain_within(why, LONGEST),
        });
    }

    /// Adds keys that may have been in use when the time was up.
    pub fn abandon_all(&mut self, keys: &[String]) {
        for key in keys {
            self.abandon(key, "the time was up while it was written");
        }
    }

    /// How many artefacts were stored.
    #[must_use]
    pub const fn stored(&self) -> usize {
        self.artefacts.len()
    }

    /// Chains the artefacts by their numbers. The same draft and moment give the same bytes.
    #[must_use]
    pub fn seal(mut self, sealed_at: Timestamp) -> Sealed {
        self.artefacts.sort_by_key(|artefact| artefact.sequence);
        let by_words = |one: &Missing| (one.kind.clone(), one.source.clone(), one.why.clone());
        self.missing.sort_by_key(by_words);
        self.abandoned.sort_by(|a, b| a.key.cmp(&b.key));
        let mut manifest = Manifest {
            schema: SCHEMA.to_owned(),
            capture: self.capture,
            started_at: self.started_at,
            sealed_at,
            previous: self.previous,
            entries: Vec::with_capacity(self.artefacts.len()),
            missing: self.missing,
            abandoned: self.abandoned,
            complete: false,
            head: Fingerprint::of(b""),
        };
        let mut previous = manifest.header_link();
        for artefact in self.artefacts {
            let entry = Entry {
                sequence: artefact.sequence,
                key: artefact.key,
                version_id: artefact.version_id,
                sha256: artefact.sha256,
                bytes: artefact.bytes,
                kind: artefact.kind,
                source: artefact.source,
                truncated: artefact.cut,
                captured_at: artefact.captured_at,
                previous,
            };
            previous = entry.link();
            manifest.entries.push(entry);
        }
        manifest.complete = manifest.is_complete();
        manifest.head = manifest.head_link();
        let bytes = manifest.to_bytes();
        Sealed {
            sha256: Fingerprint::of(&bytes),
            manifest,
            bytes,
        }
    }
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft")
            .field("capture", &self.capture.id())
            .field("stored", &self.artefacts.len())
            .field("missing", &self.missing.len())
            .finish_non_exhaustive()
    }
}
