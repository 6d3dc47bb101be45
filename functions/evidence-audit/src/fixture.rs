//! Evidence in which all is well: two captures of one case, the later one linked to the earlier.

use day2_core::evidence::{
    Artefact, Capture, Case, Cut, Draft, EvidenceBucket, Fingerprint, Gap, ManifestLink, Sealed, verify,
};
use day2_core::names::DnsLabel;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::facts::{CaptureFact, Content, Evidence, Lock, LockMode, Version, VersionFact};
use crate::settings::Audit;

pub(crate) const KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555";

pub(crate) fn now() -> Timestamp {
    "2026-06-02T10:30:00Z".parse().unwrap()
}

pub(crate) fn target() -> DnsLabel {
    "prod-a".parse().unwrap()
}

pub(crate) fn place() -> EvidenceBucket {
    EvidenceBucket {
        bucket: "day2-evidence".parse().unwrap(),
        key_arn: KEY.parse().unwrap(),
    }
}

pub(crate) fn audit() -> Audit {
    Audit {
        lock_mode: LockMode::Governance,
        lock_ends_days: 30,
        recent_days: 8,
        sealing_minutes: 20,
        max_mebibytes: 2_048,
    }
}

pub(crate) fn utc() -> TimeZone {
    TimeZone::UTC
}

pub(crate) fn days_ago(days: i64) -> Timestamp {
    now() - SignedDuration::from_hours(24 * days)
}

/// A capture of two artefacts as it lies in the bucket, with the bytes of every object.
pub(crate) struct Stored {
    pub(crate) fact: CaptureFact,
    pub(crate) link: ManifestLink,
    pub(crate) bytes: Vec<Vec<u8>>,
}

/// What a capture went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Luck {
    Good,
    /// A log was cut by time, and another lost.
    Bad,
    /// The answer to the first write of artefact 2 was lost.
    Twice,
}

pub(crate) fn stored(subject: &str, at: Timestamp, luck: Luck, previous: Option<ManifestLink>) -> Stored {
    let capture = Capture::new(Case::new(&target(), subject), at, "request-1");
    let mut draft = Draft::new(capture.clone(), at, previous);
    let (mut artefacts, mut bytes) = (Vec::new(), Vec::new());
    for (kind, content) in [("pod", &b"{\"pod\":1}"[..]), ("log", b"lines of a log")] {
        let sequence = draft.next_sequence();
        let is_log = kind == "log";
        let attempt = if luck == Luck::Twice && is_log { 2 } else { 1 };
        let key = capture.artefact_key(sequence, kind, attempt);
        draft.store(Artefact {
            sequence,
            key: key.clone(),
            version_id: format!("v-{sequence}"),
            sha256: Fingerprint::of(content),
            bytes: u64::try_from(content.len()).unwrap(),
            kind: kind.to_owned(),
            source: "container web".to_owned(),
            cut: (luck == Luck::Bad && is_log).then_some(Cut::Time),
            captured_at: at,
        });
        artefacts.push(fact(&key, &format!("v-{sequence}"), content, at));
        bytes.push(content.to_vec());
        if attempt == 2 {
            let first = capture.artefact_key(sequence, kind, 1);
            draft.abandon(&first, "no answer says whether it was written");
            artefacts.push(fact(&first, "v-lost", content, at));
            bytes.push(content.to_vec());
        }
    }
    if luck == Luck::Bad {
        draft.miss("log", "container sidecar", Gap::Lost, "timed out");
    }
    draft.miss(
        "log",
        "container web, previous run",
        Gap::Absent,
        "it never ran before",
    );
    let Sealed {
        bytes: text, sha256, ..
    } = draft.seal(at);
    let link = ManifestLink {
        key: capture.manifest_key(1),
        version_id: "v-m".to_owned(),
        sha256,
    };
    let mut manifest = fact(&link.key, "v-m", &text, at);
    manifest.proof = Some(verify(&text));
    bytes.push(text);
    let fact = CaptureFact {
        prefix: capture.prefix(),
        id: capture.id().to_owned(),
        manifests: vec![manifest],
        artefacts,
        markers: Vec::new(),
    };
    Stored { fact, link, bytes }
}

/// A version that was read and is locked for 400 days from when it was written.
pub(crate) fn fact(key: &str, id: &str, content: &[u8], at: Timestamp) -> VersionFact {
    let bytes = u64::try_from(content.len()).unwrap();
    VersionFact {
        version: Version {
            key: key.to_owned(),
            id: id.to_owned(),
            bytes,
            written_at: at,
        },
        content: Some(Ok(Content {
            sha256: Fingerprint::of(content),
            bytes,
            key_arn: Some(KEY.to_owned()),
        })),
        proof: None,
        lock: Some(Ok(Some(Lock {
            mode: LockMode::Governance,
            until: at + SignedDuration::from_hours(24 * 400),
        }))),
    }
}

/// The newest first: a capture of three days ago, and one of thirty days ago that it is linked to.
pub(crate) fn good() -> Evidence {
    let older = stored("pod:0f3a#1", days_ago(30), Luck::Good, None);
    let newer = stored("pod:0f3a#1", days_ago(3), Luck::Twice, Some(older.link));
    Evidence {
        captures: vec![newer.fact, older.fact],
        foreign: Vec::new(),
    }
}
