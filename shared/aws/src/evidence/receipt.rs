//! The proof that evidence is safe.

use day2_core::evidence::{Case, Entry, Fingerprint, Gap, Manifest, ManifestLink, Missing};
use serde::Serialize;

use super::put::Stored;

/// The proof that a capture is stored and sealed. A step that destroys takes `&EvidenceReceipt`, so it cannot be written to
/// come before the evidence. There is no way to make one but [`super::Evidence::seal`]; it is not read from JSON either.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EvidenceReceipt {
    bucket: String,
    manifest: Manifest,
    link: ManifestLink,
}

impl EvidenceReceipt {
    pub(super) fn new(manifest: Manifest, stored: Stored, sha256: Fingerprint, bucket: &str) -> Self {
        Self {
            bucket: bucket.to_owned(),
            manifest,
            link: ManifestLink {
                key: stored.key,
                version_id: stored.version_id,
                sha256,
            },
        }
    }

    /// The case that the evidence is about. A step that destroys compares it with what it is about to destroy.
    #[must_use]
    pub const fn case(&self) -> &Case {
        self.manifest.case()
    }

    /// The bucket.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Key, version and hash of the manifest: for the report, for the journal, and as `previous` of the next capture of
    /// the same case.
    #[must_use]
    pub const fn link(&self) -> &ManifestLink {
        &self.link
    }

    /// The artefacts, each with key, version, hash, size, and whether it was cut.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.manifest.entries
    }

    /// Number of artefacts, at least 1.
    #[must_use]
    pub const fn artefacts(&self) -> usize {
        self.manifest.entries.len()
    }

    /// Whether everything is saved that there was, up to its caps.
    #[must_use]
    pub const fn complete(&self) -> bool {
        self.manifest.complete
    }

    /// What is not saved, also what there was nothing of.
    #[must_use]
    pub fn missing(&self) -> &[Missing] {
        &self.manifest.missing
    }

    /// What is lost, in words: what is missing, and what was cut by time or by its source.
    #[must_use]
    pub fn lost(&self) -> Vec<String> {
        let missing = self.manifest.missing.iter().filter(|one| one.gap == Gap::Lost);
        let missing = missing.map(|one| format!("{} of {}: {}", one.kind, one.source, one.why));
        let cut = self.manifest.entries.iter().filter_map(|entry| {
            let cut = entry
                .truncated
                .filter(|cut| *cut != day2_core::evidence::Cut::Bytes)?;
            Some(format!("{} of {}: {}", entry.kind, entry.source, cut.words()))
        });
        missing.chain(cut).collect()
    }
}
