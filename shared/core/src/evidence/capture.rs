//! Cases, captures and object keys. A key is never made of another's text as it is (`cases.md` E14).

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Fingerprint;
use crate::names::DnsLabel;

/// First component of every key of evidence.
pub const ROOT: &str = "evidence";

/// Attempts to write one object, the first included.
pub const MAX_ATTEMPTS: u32 = 3;

/// Most characters of one component that stand in a key. Four components and the slashes stay far below the 1,024 bytes of
/// an S3 key. Source: Amazon S3 User Guide, "Naming Amazon S3 objects".
const LONGEST: usize = 100;

/// Characters of a longer component that are kept in front of its hash.
const KEPT: usize = 64;

/// One thing under suspicion at one target.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Case {
    target: String,
    subject: String,
}

impl Case {
    /// The case of `subject`, which identifies the thing for ever: the UID of a pod, never its name, which can come again.
    #[must_use]
    pub fn new(target: &DnsLabel, subject: impl Into<String>) -> Self {
        Self {
            target: target.as_str().to_owned(),
            subject: subject.into(),
        }
    }

    /// Name of the target in our settings.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// What is under suspicion.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// `evidence/<target>/<case>/`.
    #[must_use]
    pub fn prefix(&self) -> String {
        format!("{ROOT}/{}/{}/", component(&self.target), component(&self.subject))
    }
}

/// One attempt to save what there is of a case, with a folder of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Capture {
    /// The case.
    pub case: Case,
    id: String,
}

impl Capture {
    /// A capture that begins at `started_at` in the run `run` (its request id). A redelivery has the same request id and
    /// begins later, so it gets a folder of its own.
    #[must_use]
    pub fn new(case: Case, started_at: Timestamp, run: &str) -> Self {
        let run = Fingerprint::of(run.as_bytes()).to_string();
        let short: String = run.chars().take(8).collect();
        Self {
            case,
            id: format!("{}-{short}", started_at.strftime("%Y%m%dT%H%M%S%3fZ")),
        }
    }

    /// The id: begins with the time, so that ids sort as the captures began.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// `evidence/<target>/<case>/<capture>/`.
    #[must_use]
    pub fn prefix(&self) -> String {
        format!("{}{}/", self.case.prefix(), component(&self.id))
    }

    /// The key of an artefact. Each attempt to write it has a key of its own: after a lost answer the first may be there.
    #[must_use]
    pub fn artefact_key(&self, sequence: u32, kind: &str, attempt: u32) -> String {
        let again = if attempt > 1 {
            format!(".{attempt}")
        } else {
            String::new()
        };
        format!("{}{sequence:04}-{}{again}", self.prefix(), component(kind))
    }

    /// Every key that an attempt to write the artefact may have used.
    #[must_use]
    pub fn keys(&self, sequence: u32, kind: &str) -> Vec<String> {
        (1..=MAX_ATTEMPTS)
            .map(|attempt| self.artefact_key(sequence, kind, attempt))
            .collect()
    }

    /// The key of the manifest, for one attempt to write it. All attempts write the same bytes.
    #[must_use]
    pub fn manifest_key(&self, attempt: u32) -> String {
        format!("{}manifest-{attempt}.json", self.prefix())
    }
}

/// The parts of a key of evidence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The case as it stands in the key.
    pub case: String,
    /// The capture.
    pub capture: String,
    /// The object within the capture.
    pub name: String,
}

impl Place {
    /// Takes a key of `target` apart; `None` when it is not one.
    #[must_use]
    pub fn parse(target: &DnsLabel, key: &str) -> Option<Self> {
        let rest = key.strip_prefix(&Self::prefix(target))?;
        let parts: Vec<&str> = rest.split('/').collect();
        let [case, capture, name] = parts[..] else {
            return None;
        };
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|c| is_safe(c) || c == b'_');
        [case, capture, name].into_iter().all(plain).then(|| Self {
            case: case.to_owned(),
            capture: capture.to_owned(),
            name: name.to_owned(),
        })
    }

    /// `evidence/<target>/`: all evidence of a target.
    #[must_use]
    pub fn prefix(target: &DnsLabel) -> String {
        format!("{ROOT}/{}/", component(target.as_str()))
    }

    /// Whether the object is a manifest by its name.
    #[must_use]
    pub fn is_manifest(&self) -> bool {
        self.name
            .strip_prefix("manifest-")
            .and_then(|rest| rest.strip_suffix(".json"))
            .is_some_and(|number| number.parse::<u32>().is_ok())
    }
}

const fn is_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.')
}

/// One component of a key out of any text: letters, digits, `-` and `.` stay, every other byte becomes `_` and two
/// hexadecimal digits. So it holds no `/`, is never empty, `.` or `..`, and different texts give different components; of a
/// long one the start is kept, then `__` and its hash.
#[must_use]
pub fn component(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, byte) in text.bytes().enumerate() {
        if is_safe(byte) && !(index == 0 && byte == b'.') {
            out.push(char::from(byte));
        } else {
            // Writing to a `String` cannot fail.
            let _ = write!(out, "_{byte:02x}");
        }
    }
    if out.is_empty() {
        return "_".to_owned();
    }
    if out.len() > LONGEST {
        // Only ASCII, so every place is a border of characters.
        out.truncate(KEPT);
        let hash = Fingerprint::of(text.as_bytes()).to_string();
        out.push_str("__");
        out.extend(hash.chars().take(32));
    }
    out
}
