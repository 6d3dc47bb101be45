//! Whether a manifest is as it was sealed.

use std::collections::BTreeSet;
use std::fmt;

use super::{Manifest, SCHEMA};
use crate::json;

/// Largest manifest that is read, in bytes: some thousand entries.
pub const LARGEST_MANIFEST: usize = 4 << 20;

/// What is wrong with a manifest. The words repeat nothing that was captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// It cannot be read.
    Unreadable(String),
    /// Its form is another one.
    Schema(String),
    /// It says the same in other bytes: white space, the order of keys, a key twice.
    Rewritten,
    /// The chain is broken in front of the entry of this number.
    Chain(u32),
    /// What is not an entry was changed, or an entry at the end is gone.
    Head,
    /// Entries are not in the order of their numbers, or a number or key comes twice.
    Order(u32),
    /// An entry or abandoned key lies outside the capture.
    Foreign(String),
    /// It calls itself complete and is not, or the other way round.
    Complete,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(why) => write!(f, "the manifest {why}"),
            Self::Schema(schema) => write!(f, "the manifest has the form {schema}, not {SCHEMA}"),
            Self::Rewritten => f.write_str("the manifest is not written as it was sealed"),
            Self::Chain(sequence) => write!(f, "the chain is broken in front of entry {sequence}"),
            Self::Head => f.write_str("the head of the chain does not cover the rest of the manifest"),
            Self::Order(sequence) => write!(f, "entry {sequence} is out of order, or there twice"),
            Self::Foreign(key) => write!(f, "{key} does not belong to the capture"),
            Self::Complete => f.write_str("the manifest is wrong about being complete"),
        }
    }
}

impl std::error::Error for Flaw {}

/// Reads a manifest and proves that nothing in it was changed, removed, added or moved since it was sealed.
///
/// # Errors
///
/// Every flaw that was found, at least one.
pub fn verify(bytes: &[u8]) -> Result<Manifest, Vec<Flaw>> {
    let read = json::read(bytes, LARGEST_MANIFEST).map_err(|why| vec![Flaw::Unreadable(why)])?;
    let schema = read.value.get("schema").and_then(|schema| schema.as_str());
    if let Some(other) = schema.filter(|schema| *schema != SCHEMA) {
        return Err(vec![Flaw::Schema(other.chars().take(40).collect())]);
    }
    let manifest: Manifest = serde_json::from_value(read.value)
        .map_err(|why| vec![Flaw::Unreadable(format!("is not of the form {SCHEMA} ({why})"))])?;
    let flaws = flaws(&manifest, bytes);
    if flaws.is_empty() {
        Ok(manifest)
    } else {
        Err(flaws)
    }
}

fn flaws(manifest: &Manifest, bytes: &[u8]) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    if manifest.to_bytes() != bytes {
        flaws.push(Flaw::Rewritten);
    }
    let prefix = manifest.capture.prefix();
    let mut link = manifest.header_link();
    let mut sequence = 0;
    let mut keys = BTreeSet::new();
    for entry in &manifest.entries {
        if entry.previous != link {
            flaws.push(Flaw::Chain(entry.sequence));
        }
        if entry.sequence <= sequence || !keys.insert(entry.key.as_str()) {
            flaws.push(Flaw::Order(entry.sequence));
        }
        sequence = entry.sequence;
        link = entry.link();
    }
    let abandoned = manifest.abandoned.iter().map(|one| one.key.as_str());
    for key in keys.into_iter().chain(abandoned) {
        let within = key.strip_prefix(&prefix);
        if within.is_none_or(|name| name.is_empty() || name.contains('/')) {
            flaws.push(Flaw::Foreign(key.to_owned()));
        }
    }
    if manifest.head != manifest.head_link() {
        flaws.push(Flaw::Head);
    }
    if manifest.complete != manifest.is_complete() {
        flaws.push(Flaw::Complete);
    }
    flaws
}
