//! Evidence: what was captured about one case, where it lies, and a manifest that cannot be changed unseen.
//!
//! A *case* is one thing under suspicion at one target, for example a pod by its UID. A *capture* is one attempt to save
//! what there is; every capture has a folder of its own, so that a later and poorer one never touches an earlier one:
//!
//! ```text
//! evidence/<target>/<case>/<capture>/0001-pod
//! evidence/<target>/<case>/<capture>/0002-log
//! evidence/<target>/<case>/<capture>/manifest-1.json      written last
//! ```
//!
//! The manifest names every artefact with its version and SHA-256. Its entries are chained: each one holds the hash of the
//! one before it, the first that of the header, and the head of the chain covers the rest. So a changed byte, a removed, an
//! added and a moved entry are found from the manifest alone ([`verify()`]). Whoever may write the bucket could write a
//! manifest that is consistent in itself; therefore the hash of the manifest stands in the report and in the next capture
//! of the same case, and the bucket keeps every version (Object Lock).
//!
//! All of this is pure; `day2_aws::evidence` writes, and `evidence-audit` reads.

mod capture;
mod fingerprint;
mod manifest;
mod settings;
#[cfg(test)]
mod tests;
mod verify;

pub use capture::{Capture, Case, MAX_ATTEMPTS, Place, ROOT, component};
pub use fingerprint::Fingerprint;
pub use manifest::{
    Abandoned, Artefact, Cut, Draft, Entry, Gap, Manifest, ManifestLink, Missing, SCHEMA, Sealed,
};
pub use settings::EvidenceBucket;
pub use verify::{Flaw, LARGEST_MANIFEST, verify};
