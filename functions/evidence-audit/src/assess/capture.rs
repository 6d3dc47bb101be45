//! `EVA-001`, `EVA-002` and `EVA-008`: captures are sealed, their chains hold, and recent ones are complete.

use day2_core::Item;
use day2_core::evidence::{Cut, Flaw, Gap, Manifest, ManifestLink};
use jiff::SignedDuration;

use super::{Scene, Tally};
use crate::facts::{CaptureFact, Evidence, Proof, VersionFact};

pub(super) const SEALED: (&str, &str) = ("EVA-001", "every capture is sealed by a manifest");
pub(super) const CHAINED: (&str, &str) = ("EVA-002", "every manifest is as it was sealed");
pub(super) const COMPLETE: (&str, &str) = ("EVA-008", "recent captures saved all there was");

/// The manifest that counts: of those that are sound, the one written first. A later one may be anybody's.
pub(super) fn manifest(capture: &CaptureFact) -> Option<&Manifest> {
    sound(capture).map(|(_, manifest)| manifest)
}

fn sound(capture: &CaptureFact) -> Option<(&VersionFact, &Manifest)> {
    capture.manifests.iter().find_map(|fact| {
        let manifest = fact.proof.as_ref()?.as_ref().ok()?;
        (manifest.capture.prefix() == capture.prefix).then_some((fact, manifest))
    })
}

/// Whether a manifest of the capture is there that could not be read or was not reached.
fn may_be_sound(capture: &CaptureFact) -> bool {
    capture.manifests.iter().any(|fact| fact.proof.is_none())
}

pub(super) fn sealed(evidence: &Evidence, scene: &Scene<'_>) -> Item {
    let mut tally = Tally::default();
    for capture in &evidence.captures {
        if !capture.manifests.is_empty() {
            tally.good();
            continue;
        }
        let newest = capture.artefacts.iter().map(|fact| fact.version.written_at).max();
        let Some(newest) = newest else {
            // Only delete markers: EVA-004 tells.
            tally.bad(&capture.prefix, "nothing is there but marks that hide it");
            continue;
        };
        let number = capture.artefacts.len();
        let minutes = scene.age(newest).as_mins();
        if minutes < i64::from(scene.audit.sealing_minutes) {
            let says =
                format!("{number} objects and no manifest yet; the last was written {minutes} min ago");
            tally.unknown(&capture.prefix, says);
        } else {
            let says = format!(
                "interrupted: {number} objects, the last of {}, and no manifest; what should be there is not known",
                scene.day(newest)
            );
            tally.bad(&capture.prefix, says);
        }
    }
    tally
        .item(
            SEALED,
            "captures",
            "read the report and log of that run; the objects stay locked, and a later capture of the same case may be sealed",
        )
        .threshold(
            format!("a manifest within {} min", scene.audit.sealing_minutes),
            "sealing_minutes",
        )
}

pub(super) fn chained(evidence: &Evidence, scene: &Scene<'_>) -> Item {
    let mut tally = Tally::default();
    for capture in &evidence.captures {
        for fact in &capture.manifests {
            let key = &fact.version.key;
            let proof = match (&fact.content, &fact.proof) {
                (Some(Err(why)), _) => {
                    tally.unknown(key, why.to_string());
                    continue;
                }
                (_, None) => {
                    tally.not_reached();
                    continue;
                }
                (_, Some(proof)) => proof,
            };
            match objection(proof, fact, capture, evidence, scene) {
                Judgement::Good => tally.good(),
                Judgement::Bad(says) => tally.bad(key, says),
                Judgement::Unknown(says) => tally.unknown(key, says),
            }
        }
    }
    tally.item(
        CHAINED,
        "manifests",
        "compare with the hash of the manifest in the report of the containment and in the journal; treat the capture as tampered \
         with until that is explained",
    )
}

enum Judgement {
    Good,
    Bad(String),
    Unknown(String),
}

fn objection(
    proof: &Proof,
    fact: &VersionFact,
    capture: &CaptureFact,
    evidence: &Evidence,
    scene: &Scene<'_>,
) -> Judgement {
    let manifest = match proof {
        Ok(manifest) => manifest,
        Err(flaws) => return Judgement::Bad(words(flaws)),
    };
    if manifest.capture.prefix() != capture.prefix {
        return Judgement::Bad(format!("it is the manifest of {}", manifest.capture.prefix()));
    }
    if manifest.sealed_at > scene.now + SignedDuration::from_mins(5) {
        return Judgement::Bad(format!(
            "it says that it was sealed on {}",
            scene.day(manifest.sealed_at)
        ));
    }
    let hash = |fact: &VersionFact| {
        fact.content
            .as_ref()
            .and_then(|content| Some(content.as_ref().ok()?.sha256))
    };
    if let Some((first, _)) = sound(capture)
        && first.version.key != fact.version.key
        && hash(first) != hash(fact)
    {
        return Judgement::Bad(format!(
            "another manifest, {}, was written before it",
            first.version.key
        ));
    }
    manifest
        .previous
        .as_ref()
        .map_or(Judgement::Good, |link| linked(link, evidence))
}

/// Whether the manifest that a later one names is there as it was.
fn linked(link: &ManifestLink, evidence: &Evidence) -> Judgement {
    let found = evidence
        .captures
        .iter()
        .flat_map(|capture| &capture.manifests)
        .find(|fact| fact.version.key == link.key && fact.version.id == link.version_id);
    match found.map(|fact| &fact.content) {
        None => Judgement::Bad(format!("the manifest before it, {}, is gone", link.key)),
        Some(Some(Ok(content))) if content.sha256 == link.sha256 => Judgement::Good,
        Some(Some(Ok(_))) => {
            Judgement::Bad(format!("the manifest before it, {}, has another hash", link.key))
        }
        Some(None | Some(Err(_))) => {
            Judgement::Unknown(format!("the manifest before it, {}, was not read", link.key))
        }
    }
}

fn words(flaws: &[Flaw]) -> String {
    let shown: Vec<String> = flaws.iter().take(3).map(ToString::to_string).collect();
    let more = flaws.len().saturating_sub(shown.len());
    let more = if more > 0 {
        format!("; {more} more")
    } else {
        String::new()
    };
    format!("{}{more}", shown.join("; "))
}

pub(super) fn complete(evidence: &Evidence, scene: &Scene<'_>) -> Item {
    let mut tally = Tally::default();
    let recent = SignedDuration::from_hours(24 * i64::from(scene.audit.recent_days));
    let mut older = 0;
    for capture in &evidence.captures {
        let Some(manifest) = manifest(capture) else {
            if may_be_sound(capture) {
                tally.not_reached();
            }
            // Without a manifest, or with a broken one: EVA-001 and EVA-002 tell.
            continue;
        };
        if manifest.complete {
            tally.good();
        } else if scene.age(manifest.sealed_at) > recent {
            older += 1;
            tally.good();
        } else {
            tally.bad(&capture.prefix, gaps(manifest));
        }
    }
    let mut item = tally.item(
        COMPLETE,
        "captures",
        "what is lost cannot be captured again from a pod that is gone; look for it in the log store of the cluster, and raise the \
         time or the caps if they were the reason",
    );
    if older > 0 {
        item.seen = format!("{}; {older} older incomplete", item.seen);
    }
    item.threshold(
        format!("sealed in the last {} days", scene.audit.recent_days),
        "recent_days",
    )
}

fn gaps(manifest: &Manifest) -> String {
    let lost = manifest.missing.iter().filter(|one| one.gap == Gap::Lost);
    let lost = lost.map(|one| format!("{} of {} is lost: {}", one.kind, one.source, one.why));
    let cut = manifest.entries.iter().filter_map(|entry| {
        let cut = entry.truncated.filter(|cut| *cut != Cut::Bytes)?;
        Some(format!("{} of {} is {}", entry.kind, entry.source, cut.words()))
    });
    let all: Vec<String> = lost.chain(cut).collect();
    let shown: Vec<&str> = all.iter().take(3).map(String::as_str).collect();
    let more = all.len().saturating_sub(shown.len());
    let more = if more > 0 {
        format!("; {more} more")
    } else {
        String::new()
    };
    format!("{}{more}", shown.join("; "))
}
