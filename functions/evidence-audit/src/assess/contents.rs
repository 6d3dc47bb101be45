//! `EVA-003`, `EVA-004` and `EVA-005`: every version holds what its manifest says, nothing is gone or hidden, and nothing
//! lies there that no manifest names.

use std::collections::{BTreeMap, BTreeSet};

use day2_core::Item;
use day2_core::evidence::{Entry, Manifest};

use super::capture::manifest;
use super::{Scene, Tally};
use crate::facts::{CaptureFact, Content, Evidence, VersionFact};

pub(super) const SAME: (&str, &str) = ("EVA-003", "every artefact holds what its manifest says");
pub(super) const THERE: (&str, &str) = ("EVA-004", "nothing is gone or hidden");
pub(super) const NAMED: (&str, &str) = ("EVA-005", "nothing lies there that no manifest names");

/// The versions of a capture by key and id.
fn by_name(capture: &CaptureFact) -> BTreeMap<(&str, &str), &VersionFact> {
    let versions = capture.artefacts.iter();
    versions
        .map(|fact| ((fact.version.key.as_str(), fact.version.id.as_str()), fact))
        .collect()
}

pub(super) fn same(evidence: &Evidence, scene: &Scene<'_>) -> Item {
    let mut tally = Tally::default();
    for capture in &evidence.captures {
        let Some(manifest) = manifest(capture) else {
            // Nobody says what these should hold: EVA-001 and EVA-002 tell why.
            for fact in &capture.artefacts {
                tally.unknown(&fact.version.key, "no sound manifest says what it should hold");
            }
            continue;
        };
        let versions = by_name(capture);
        for entry in &manifest.entries {
            // One that is gone: EVA-004 tells.
            let Some(fact) = versions.get(&(entry.key.as_str(), entry.version_id.as_str())) else {
                continue;
            };
            match &fact.content {
                None => tally.not_reached(),
                Some(Err(why)) => tally.unknown(&entry.key, why.to_string()),
                Some(Ok(content)) => match objection(entry, content, scene) {
                    None => tally.good(),
                    Some(says) => tally.bad(&entry.key, says),
                },
            }
        }
    }
    tally
        .item(
            SAME,
            "artefacts",
            "treat the artefact as tampered with; keep the version, and find out by CloudTrail who wrote it. What was not reached: \
             raise max_mebibytes or the time-out, and call the function again",
        )
        .threshold(
            format!("at most {} MiB are read in one run, newest captures first", scene.audit.max_mebibytes),
            "max_mebibytes",
        )
}

fn objection(entry: &Entry, content: &Content, scene: &Scene<'_>) -> Option<String> {
    if (content.sha256, content.bytes) != (entry.sha256, entry.bytes) {
        return Some(format!(
            "{} bytes with the SHA-256 {}, and the manifest says {} bytes with {}",
            content.bytes, content.sha256, entry.bytes, entry.sha256
        ));
    }
    let key = content.key_arn.as_deref();
    let other = key.is_none_or(|key| key != scene.place.key_arn.as_str());
    other.then(|| {
        format!(
            "the bytes are right, and encrypted with {}",
            key.unwrap_or("no key of KMS")
        )
    })
}

pub(super) fn there(evidence: &Evidence) -> Item {
    let mut tally = Tally::default();
    for capture in &evidence.captures {
        let versions = by_name(capture);
        for entry in manifest(capture).iter().flat_map(|manifest| &manifest.entries) {
            if versions.contains_key(&(entry.key.as_str(), entry.version_id.as_str())) {
                tally.good();
            } else {
                let says = format!("version {} of {} bytes is gone", entry.version_id, entry.bytes);
                tally.bad(&entry.key, says);
            }
        }
        for fact in capture.manifests.iter().filter(|fact| fact.proof.is_none()) {
            let says = match &fact.content {
                Some(Err(why)) => why.to_string(),
                _ => "the manifest was not reached in this run".to_owned(),
            };
            tally.unknown(&fact.version.key, says);
        }
        for marker in &capture.markers {
            tally.bad(
                &marker.key,
                format!(
                    "hidden by the delete marker {}; its versions are still there",
                    marker.id
                ),
            );
        }
    }
    tally.item(
        THERE,
        "objects",
        "a locked version cannot be deleted, so find out how; remove a delete marker (delete its version id) to show the object again, \
         after CloudTrail has told who set it",
    )
}

pub(super) fn named(evidence: &Evidence) -> Item {
    let mut tally = Tally::default();
    for capture in &evidence.captures {
        match manifest(capture) {
            Some(manifest) => unnamed(capture, manifest, &mut tally),
            // An open or broken capture is told by EVA-001 and EVA-002; nothing can be said of its objects.
            None => {
                for fact in &capture.artefacts {
                    tally.unknown(
                        &fact.version.key,
                        "no sound manifest says whether it belongs here",
                    );
                }
            }
        }
    }
    for key in &evidence.foreign {
        tally.bad(key, "it is no key of evidence");
    }
    tally.item(
        NAMED,
        "versions",
        "leave it where it is; find out by CloudTrail who wrote it, and why a role other than the writer's may",
    )
}

fn unnamed(capture: &CaptureFact, manifest: &Manifest, tally: &mut Tally) {
    let entries: BTreeSet<(&str, &str)> = manifest
        .entries
        .iter()
        .map(|entry| (entry.key.as_str(), entry.version_id.as_str()))
        .collect();
    let mut given_up: BTreeSet<&str> = manifest.abandoned.iter().map(|one| one.key.as_str()).collect();
    for fact in &capture.artefacts {
        let version = &fact.version;
        // Of a key that was given up, one version may be there: that of the lost answer.
        let known = entries.contains(&(version.key.as_str(), version.id.as_str()))
            || given_up.remove(version.key.as_str());
        if known {
            tally.good();
        } else {
            let says = format!("version {} of {} bytes", version.id, version.bytes);
            tally.bad(&version.key, says);
        }
    }
    let mut keys = BTreeSet::new();
    for fact in &capture.manifests {
        if keys.insert(fact.version.key.as_str()) {
            tally.good();
        } else {
            tally.bad(
                &fact.version.key,
                format!("version {} was written over the manifest", fact.version.id),
            );
        }
    }
}
