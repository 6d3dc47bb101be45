//! Reads the evidence of one target, newest captures first. No opinions.

mod list;
mod object;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::SdkConfig;
use day2_aws::check::Moment;
use day2_core::evidence::{LARGEST_MANIFEST, Place, verify};
use day2_core::names::DnsLabel;
use day2_core::{Cause, Observed, Unreadable};
use futures::StreamExt as _;
use futures::stream;
use tokio::time::{Instant, timeout_at};

use crate::facts::{CaptureFact, Content, Evidence, Facts, Listing, Lock, Proof, Version, VersionFact};
use crate::settings::Audit;

/// The actions behind every call.
pub const LIST: &str = "s3:ListBucketVersions";
const READ: &str = "s3:GetObjectVersion";
const LOCK: &str = "s3:GetObjectRetention";

/// Versions that are read at once. Each holds one piece of a body, so memory stays small.
const AT_ONCE: usize = 8;

/// Time kept for judging and handing back what was read.
const REST: Duration = Duration::from_secs(2);

/// The client: evidence lies in the account of the deployment.
#[derive(Debug, Clone)]
pub struct Clients {
    /// Reads the bucket.
    pub s3: aws_sdk_s3::Client,
}

impl Clients {
    /// A client over a configuration.
    #[must_use]
    pub fn new(aws: &SdkConfig) -> Self {
        Self {
            s3: aws_sdk_s3::Client::new(aws),
        }
    }
}

/// Lists all evidence of `target`, reads every manifest, and then as much else as time and bytes allow.
///
/// # Errors
///
/// When the evidence could not be listed completely: nothing could be said about what is missing.
pub async fn gather(clients: &Clients, bucket: &str, target: &DnsLabel, audit: &Audit, at: Moment) -> Facts {
    let end = Instant::now() + at.budget().saturating_sub(REST);
    let prefix = Place::prefix(target);
    let listing = timeout_at(end, list::versions(&clients.s3, bucket, &prefix))
        .await
        .unwrap_or_else(|_| Err(late(LIST, bucket, &prefix)))?;
    let mut evidence = captures(target, listing);
    let source = Source { clients, bucket, end };
    source.read_manifests(&mut evidence).await;
    let most = u64::from(audit.max_mebibytes) << 20;
    source.read_the_rest(&mut evidence, most).await;
    Ok(evidence)
}

/// Whether evidence can be listed, and whether the newest manifest can be read with its lock. `None` when there is none yet.
pub async fn probe(
    clients: &Clients,
    bucket: &str,
    target: &DnsLabel,
    at: Moment,
) -> (Observed<()>, Option<(Observed<()>, Observed<()>)>) {
    let end = Instant::now() + at.budget().saturating_sub(REST);
    let prefix = Place::prefix(target);
    let listed = timeout_at(end, list::versions(&clients.s3, bucket, &prefix))
        .await
        .unwrap_or_else(|_| Err(late(LIST, bucket, &prefix)));
    let listing = match listed {
        Ok(listing) => listing,
        Err(why) => return (Err(why), None),
    };
    let evidence = captures(target, listing);
    let newest = evidence.captures.iter().flat_map(CaptureFact::versions).next();
    let Some(newest) = newest.map(|fact| &fact.version) else {
        return (Ok(()), None);
    };
    let (content, lock) = tokio::join!(
        timeout_at(end, object::content(&clients.s3, bucket, newest, 0)),
        timeout_at(end, object::lock(&clients.s3, bucket, newest)),
    );
    let content = content.unwrap_or_else(|_| Err(late(READ, bucket, &newest.key)));
    let lock = lock.unwrap_or_else(|_| Err(late(LOCK, bucket, &newest.key)));
    (Ok(()), Some((content.map(|_| ()), lock.map(|_| ()))))
}

fn late(action: &str, bucket: &str, key: &str) -> Unreadable {
    let resource = format!("{bucket}/{key}");
    Unreadable::new(action, resource, Cause::TimedOut, "the time of the run was up")
}

/// Captures by id and case, so that they come in the order in which they began.
type Folders = BTreeMap<(String, String), CaptureFact>;

/// Sorts what was listed into captures, the newest first.
fn captures(target: &DnsLabel, listing: Listing) -> Evidence {
    let mut folders = Folders::new();
    let mut foreign = Vec::new();
    for version in listing.versions {
        let Some(place) = Place::parse(target, &version.key) else {
            foreign.push(version.key);
            continue;
        };
        let is_manifest = place.is_manifest();
        let capture = folder(&mut folders, target, place);
        let list = if is_manifest {
            &mut capture.manifests
        } else {
            &mut capture.artefacts
        };
        list.push(VersionFact {
            version,
            content: None,
            proof: None,
            lock: None,
        });
    }
    for marker in listing.markers {
        match Place::parse(target, &marker.key) {
            Some(place) => folder(&mut folders, target, place).markers.push(marker),
            None => foreign.push(marker.key),
        }
    }
    let mut captures: Vec<CaptureFact> = folders.into_values().rev().collect();
    for capture in &mut captures {
        let order = |a: &Version, b: &Version| (a.written_at, &a.key).cmp(&(b.written_at, &b.key));
        capture.manifests.sort_by(|a, b| order(&a.version, &b.version));
    }
    foreign.sort();
    foreign.dedup();
    Evidence { captures, foreign }
}

fn folder<'f>(folders: &'f mut Folders, target: &DnsLabel, place: Place) -> &'f mut CaptureFact {
    let prefix = format!("{}{}/{}/", Place::prefix(target), place.case, place.capture);
    let id = place.capture.clone();
    folders
        .entry((place.capture, place.case))
        .or_insert_with(|| CaptureFact {
            prefix,
            id,
            manifests: Vec::new(),
            artefacts: Vec::new(),
            markers: Vec::new(),
        })
}

struct Source<'a> {
    clients: &'a Clients,
    bucket: &'a str,
    end: Instant,
}

/// A version within the evidence: number of the capture, whether it is a manifest, number within its list.
type At = (usize, bool, usize);

impl Source<'_> {
    /// Manifests first: they are small, and say what the rest must be.
    async fn read_manifests(&self, evidence: &mut Evidence) {
        let mut jobs: Vec<(At, Version)> = Vec::new();
        for (number, capture) in evidence.captures.iter().enumerate() {
            for (index, fact) in capture.manifests.iter().enumerate() {
                jobs.push(((number, true, index), fact.version.clone()));
            }
        }
        let read = stream::iter(jobs)
            .map(|(at, version)| async move { (at, self.manifest(&version).await) })
            .buffer_unordered(AT_ONCE);
        let mut read = std::pin::pin!(read);
        while let Some((at, outcome)) = read.next().await {
            if let (Some(fact), Some(outcome)) = (fact_at(evidence, at), outcome) {
                match outcome {
                    Ok((content, proof)) => {
                        fact.content = Some(Ok(content));
                        fact.proof = Some(proof);
                    }
                    Err(why) => fact.content = Some(Err(why)),
                }
            }
        }
    }

    async fn manifest(&self, version: &Version) -> Option<Observed<(Content, Proof)>> {
        if Instant::now() >= self.end {
            return None;
        }
        // One byte more than is accepted, so that a longer one is seen to be longer.
        let read = object::content(&self.clients.s3, self.bucket, version, LARGEST_MANIFEST + 1);
        let read = timeout_at(self.end, read).await.ok()?;
        Some(read.map(|(content, bytes)| (content, verify(&bytes))))
    }

    /// All other versions, as far as `most_bytes` go, and the lock of every version.
    async fn read_the_rest(&self, evidence: &mut Evidence, most_bytes: u64) {
        let mut left = most_bytes;
        let mut jobs: Vec<(At, Version, bool)> = Vec::new();
        for (number, capture) in evidence.captures.iter().enumerate() {
            for (index, fact) in capture.manifests.iter().enumerate() {
                jobs.push(((number, true, index), fact.version.clone(), false));
            }
            for (index, fact) in capture.artefacts.iter().enumerate() {
                let fits = fact.version.bytes <= left;
                if fits {
                    left = left.saturating_sub(fact.version.bytes);
                }
                jobs.push(((number, false, index), fact.version.clone(), fits));
            }
        }
        let read = stream::iter(jobs)
            .map(|(at, version, with_content)| async move {
                let (lock, content) = tokio::join!(self.lock(&version), self.content(&version, with_content));
                (at, lock, content)
            })
            .buffer_unordered(AT_ONCE);
        let mut read = std::pin::pin!(read);
        while let Some((at, lock, content)) = read.next().await {
            if let Some(fact) = fact_at(evidence, at) {
                fact.lock = lock;
                if content.is_some() {
                    fact.content = content;
                }
            }
        }
    }

    async fn lock(&self, version: &Version) -> Option<Observed<Option<Lock>>> {
        if Instant::now() >= self.end {
            return None;
        }
        let read = object::lock(&self.clients.s3, self.bucket, version);
        timeout_at(self.end, read).await.ok()
    }

    async fn content(&self, version: &Version, wanted: bool) -> Option<Observed<Content>> {
        if !wanted || Instant::now() >= self.end {
            return None;
        }
        let read = object::content(&self.clients.s3, self.bucket, version, 0);
        let read = timeout_at(self.end, read).await.ok()?;
        Some(read.map(|(content, _)| content))
    }
}

fn fact_at(evidence: &mut Evidence, (capture, is_manifest, index): At) -> Option<&mut VersionFact> {
    let capture = evidence.captures.get_mut(capture)?;
    if is_manifest {
        capture.manifests.get_mut(index)
    } else {
        capture.artefacts.get_mut(index)
    }
}
