//! What the bucket said: the only thing [`crate::assess`] may know besides the settings.

use day2_core::Observed;
use day2_core::evidence::{Fingerprint, Flaw, Manifest};
use day2_core::settings::Mistakes;
use deserr::Deserr;
use jiff::Timestamp;

/// Kind of Object Lock. A later one is stronger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserr)]
#[deserr(error = Mistakes, rename_all = lowercase)]
pub enum LockMode {
    /// Special permissions can end it.
    Governance,
    /// Nobody can end it.
    Compliance,
}

impl LockMode {
    /// The word in settings.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Governance => "governance",
            Self::Compliance => "compliance",
        }
    }
}

/// How long a version is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lock {
    /// The kind.
    pub mode: LockMode,
    /// The end.
    pub until: Timestamp,
}

/// A version of an object, as listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its key.
    pub key: String,
    /// Its version.
    pub id: String,
    /// Its size.
    pub bytes: u64,
    /// When it was written.
    pub written_at: Timestamp,
}

/// A mark that hides a key. It deletes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// The key.
    pub key: String,
    /// The version of the mark.
    pub id: String,
}

/// Everything under the prefix of a target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Every version, in the order of the keys.
    pub versions: Vec<Version>,
    /// Every delete marker.
    pub markers: Vec<Marker>,
}

/// What a version holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Hash of its bytes.
    pub sha256: Fingerprint,
    /// Number of its bytes.
    pub bytes: u64,
    /// The KMS key that it is encrypted with, if S3 says one.
    pub key_arn: Option<String>,
}

/// A manifest that was read, or what is wrong with it.
pub type Proof = Result<Manifest, Vec<Flaw>>;

/// A version that was looked at closely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionFact {
    /// The version.
    pub version: Version,
    /// What it holds; `None` when the run did not reach it.
    pub content: Option<Observed<Content>>,
    /// What its bytes prove, if it is a manifest by its name and was read.
    pub proof: Option<Proof>,
    /// How long it is locked, inner `None` when it is not; outer `None` when the run did not reach it.
    pub lock: Option<Observed<Option<Lock>>>,
}

/// One capture: everything in one folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureFact {
    /// `evidence/<target>/<case>/<capture>/`.
    pub prefix: String,
    /// The capture's id, which begins with its time.
    pub id: String,
    /// Its manifests by their names, the first written first.
    pub manifests: Vec<VersionFact>,
    /// All other versions, in the order of the keys.
    pub artefacts: Vec<VersionFact>,
    /// Delete markers on its keys.
    pub markers: Vec<Marker>,
}

impl CaptureFact {
    /// Every version of the capture.
    pub fn versions(&self) -> impl Iterator<Item = &VersionFact> {
        self.manifests.iter().chain(&self.artefacts)
    }
}

/// One run's look at the evidence of one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Every capture, the newest first.
    pub captures: Vec<CaptureFact>,
    /// Keys under the prefix that are no keys of evidence.
    pub foreign: Vec<String>,
}

/// The evidence, or why it could not be listed.
pub type Facts = Observed<Evidence>;
