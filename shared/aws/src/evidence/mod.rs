//! Writing evidence. Every object is proven by the checksum that S3 computed of what it stored; only a manifest that was
//! written and proven last makes an [`EvidenceReceipt`], and only with a receipt may anything be destroyed
//! (`cases.md` W20, K29).
//!
//! - A key is new for every attempt and is written with `If-None-Match: *`, so nothing that is there is ever replaced.
//! - An object is encrypted with the key that is given, and locked as the bucket demands by default (Object Lock).
//! - The writer cannot read: it needs `s3:PutObject` and `kms:GenerateDataKey` only.
//! - Nothing that was captured is ever part of an error, a log line or a report (`cases.md` E18); there, it has a key, a
//!   hash and a number of bytes.
//! - Memory and total are bounded: who captures asks for [`Room`] first, and captures at most that much.

mod put;
mod receipt;
mod room;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use day2_core::evidence::{
    Artefact, Capture, Cut, Draft, EvidenceBucket, Fingerprint, Gap, ManifestLink, Sealed,
};
use day2_core::{Cause, Observed, Unreadable};
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::error::OpsError;
pub use receipt::EvidenceReceipt;
pub use room::Room;

/// The IAM action of every write.
const PUT: &str = "s3:PutObject";

/// Time that is kept for writing the manifest, in seconds. Artefacts that are not written by then are lost, so that what was
/// saved until then is sealed (`cases.md` K30).
pub const SEAL_SECONDS: u64 = 8;

/// How much one capture may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EvidenceLimits {
    /// Most bytes of one artefact.
    pub artefact_bytes: u64,
    /// Most bytes of all artefacts that are in memory at once.
    pub in_memory_bytes: u64,
    /// Most bytes of a whole capture.
    pub total_bytes: u64,
    /// Most writes at once.
    pub writes: usize,
}

impl Default for EvidenceLimits {
    /// 8 MiB per artefact, 32 MiB in memory, 256 MiB in all, 8 writes at once: a function of 256 MiB does it beside its
    /// other work.
    fn default() -> Self {
        Self {
            artefact_bytes: 8 << 20,
            in_memory_bytes: 32 << 20,
            total_bytes: 256 << 20,
            writes: 8,
        }
    }
}

/// The bucket of evidence, to be written.
#[derive(Debug, Clone)]
pub struct EvidenceStore {
    s3: aws_sdk_s3::Client,
    place: EvidenceBucket,
    limits: EvidenceLimits,
}

impl EvidenceStore {
    /// The store of a deployment, by the function's own configuration: evidence lies in our account, whoever owns the
    /// target.
    #[must_use]
    pub fn new(aws: &SdkConfig, place: EvidenceBucket, limits: EvidenceLimits) -> Self {
        Self::with_client(aws_sdk_s3::Client::new(aws), place, limits)
    }

    /// A store with a given client.
    #[must_use]
    pub const fn with_client(s3: aws_sdk_s3::Client, place: EvidenceBucket, limits: EvidenceLimits) -> Self {
        Self { s3, place, limits }
    }
}

/// What is to be saved.
pub struct Captured {
    /// Kind, for example `log`; becomes part of the key.
    pub kind: String,
    /// Where it comes from, for example `container web, previous run`.
    pub source: String,
    /// Why it holds less than there was, if it does.
    pub cut: Option<Cut>,
    /// When it was captured.
    pub captured_at: Timestamp,
    /// The bytes as they came.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Captured")
            .field("kind", &self.kind)
            .field("source", &self.source)
            .field("cut", &self.cut)
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// Where an artefact lies, for a custody list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Custody {
    /// Its key.
    pub key: String,
    /// The version that was written.
    pub version_id: String,
    /// Hash of its bytes.
    pub sha256: Fingerprint,
    /// Number of its bytes.
    pub bytes: u64,
}

#[derive(Debug)]
struct State {
    draft: Draft,
    /// Artefacts whose writing was begun and has not ended, by number, with kind and source.
    under_way: BTreeMap<u32, (String, String)>,
}

/// One capture that is being written. It is used through `&self` by everything that captures at the same time, and ends
/// with [`Self::seal`].
#[derive(Debug)]
pub struct Evidence {
    store: EvidenceStore,
    capture: Capture,
    state: Mutex<State>,
    writes: Semaphore,
    space: Arc<room::Space>,
    until: Instant,
}

impl Evidence {
    /// Begins a capture. `previous` is the manifest of the last capture of the same case, if one is known. `until` is when
    /// all must be written, the manifest included.
    #[must_use]
    pub fn begin(
        store: &EvidenceStore,
        capture: Capture,
        started_at: Timestamp,
        previous: Option<ManifestLink>,
        until: Instant,
    ) -> Self {
        let limits = store.limits;
        Self {
            store: store.clone(),
            state: Mutex::new(State {
                draft: Draft::new(capture.clone(), started_at, previous),
                under_way: BTreeMap::new(),
            }),
            capture,
            writes: Semaphore::new(limits.writes.max(1)),
            space: Arc::new(room::Space::new(limits.in_memory_bytes, limits.total_bytes)),
            until,
        }
    }

    /// Until when artefacts can be written; what captures should end a little before.
    #[must_use]
    pub fn artefacts_until(&self) -> Instant {
        let seal = Duration::from_secs(SEAL_SECONDS);
        self.until.checked_sub(seal).unwrap_or(self.until)
    }

    /// Waits for room for one artefact of at most `wanted` bytes. The room may be smaller: no artefact is larger than
    /// [`EvidenceLimits::artefact_bytes`], and no capture larger than [`EvidenceLimits::total_bytes`]; capture at most
    /// [`Room::bytes`]. On an error call [`Self::missed`], unless something smaller is tried instead.
    ///
    /// # Errors
    ///
    /// [`Cause::Partial`] when the capture is full, [`Cause::TimedOut`] when no room became free in time.
    pub async fn room(&self, wanted: u64) -> Observed<Room> {
        let wanted = wanted.min(self.store.limits.artefact_bytes);
        let late = || {
            Err(self.unwritten(
                Cause::TimedOut,
                "no time was left for another artefact".to_owned(),
            ))
        };
        if Instant::now() >= self.artefacts_until() {
            return late();
        }
        match timeout_at(self.artefacts_until(), room::reserve(&self.space, wanted)).await {
            Ok(Some(room)) => Ok(room),
            Ok(None) => {
                let why = format!(
                    "the capture holds its {} bytes already",
                    self.store.limits.total_bytes
                );
                Err(self.unwritten(Cause::Partial, why))
            }
            Err(_) => late(),
        }
    }

    /// Writes an artefact and proves it. What does not fit into its room is cut off and marked so. A failure is part of the
    /// manifest by itself; the caller may go on with the next artefact.
    ///
    /// # Errors
    ///
    /// Why it is not proven to be stored.
    pub async fn put(&self, room: Room, captured: Captured) -> Observed<Custody> {
        let Captured {
            kind,
            source,
            mut cut,
            captured_at,
            mut bytes,
        } = captured;
        let most = usize::try_from(room.bytes()).unwrap_or(usize::MAX);
        if bytes.len() > most {
            bytes.truncate(most);
            cut = cut.or(Some(Cut::Bytes));
        }
        let room = room.used(bytes.len());
        let sequence = {
            let mut state = self.state();
            let sequence = state.draft.next_sequence();
            state.under_way.insert(sequence, (kind.clone(), source.clone()));
            sequence
        };
        let sha256 = Fingerprint::of(&bytes);
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let writing = async {
            // Closed never: the semaphore lives as long as this capture.
            let _turn = self.writes.acquire().await;
            let key = |attempt| self.capture.artefact_key(sequence, &kind, attempt);
            put::proven(
                &self.store,
                &key,
                bytes,
                sha256,
                "application/octet-stream",
                |key, why| {
                    self.state().draft.abandon(key, why);
                },
            )
            .await
        };
        let written = timeout_at(self.artefacts_until(), writing)
            .await
            .unwrap_or_else(|_| {
                self.state()
                    .draft
                    .abandon_all(&self.capture.keys(sequence, &kind));
                Err(OpsError::Read(
                    self.unwritten(Cause::TimedOut, "the time was up".to_owned()),
                ))
            });
        drop(room);
        let mut state = self.state();
        state.under_way.remove(&sequence);
        match written {
            Ok(stored) => {
                let custody = Custody {
                    key: stored.key.clone(),
                    version_id: stored.version_id.clone(),
                    sha256,
                    bytes: length,
                };
                state.draft.store(Artefact {
                    sequence,
                    key: stored.key,
                    version_id: stored.version_id,
                    sha256,
                    bytes: length,
                    kind,
                    source,
                    cut,
                    captured_at,
                });
                Ok(custody)
            }
            Err(error) => {
                let why = error.to_unreadable(PUT, &self.capture.prefix());
                state.draft.miss(&kind, &source, Gap::Lost, &why.to_string());
                Err(why)
            }
        }
    }

    /// Notes what could not be captured, or what there was nothing of. `why` is in our own words or those of a service,
    /// never what was captured.
    pub fn missed(&self, kind: &str, source: &str, gap: Gap, why: &str) {
        self.state().draft.miss(kind, source, gap, why);
    }

    /// Writes the manifest. What was begun and given up, because somebody stopped waiting for it, counts as lost.
    ///
    /// # Errors
    ///
    /// [`OpsError::Refused`] when not one artefact is proven to be stored: there is no evidence then, only a list of what is
    /// missing. Otherwise why the manifest is not proven to be stored.
    pub async fn seal(self, sealed_at: Timestamp) -> Result<EvidenceReceipt, OpsError> {
        let State { mut draft, under_way } = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        for (sequence, (kind, source)) in under_way {
            draft.abandon_all(&self.capture.keys(sequence, &kind));
            draft.miss(&kind, &source, Gap::Lost, "its writing was given up");
        }
        let Sealed {
            manifest,
            bytes,
            sha256,
        } = draft.seal(sealed_at);
        let key = |attempt| self.capture.manifest_key(attempt);
        // Attempts write the same bytes, so one that was given up does no harm and needs no word.
        let writing = put::proven(&self.store, &key, bytes, sha256, "application/json", |_, _| {});
        let place = format!("{}/{}", self.store.place.bucket, self.capture.prefix());
        let stored = timeout_at(self.until, writing).await.map_err(|_| {
            let why = "the time was up while the manifest was written";
            OpsError::Read(Unreadable::new(PUT, place.as_str(), Cause::TimedOut, why))
        })??;
        if manifest.entries.is_empty() {
            return Err(OpsError::Refused(format!(
                "no artefact is stored under {place}, so there is no evidence; its manifest says what is missing"
            )));
        }
        Ok(EvidenceReceipt::new(
            manifest,
            stored,
            sha256,
            self.store.place.bucket.as_str(),
        ))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unwritten(&self, cause: Cause, why: String) -> Unreadable {
        let place = format!("{}/{}", self.store.place.bucket, self.capture.prefix());
        Unreadable::new(PUT, place, cause, why)
    }
}
