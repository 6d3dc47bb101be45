//! `HAS-001`: the state of the pair, since when, and what it asks of whom.

use day2_core::{Item, Verdict};

use super::machine::{PairState, SideState};
use super::memory::Memory;
use super::{Scene, lasting, population};
use crate::settings::Pair;

pub(crate) fn status(scene: &Scene<'_>, old: Option<&Memory>, memory: &Memory) -> Item {
    const CODE: &str = "HAS-001";
    const TITLE: &str = "the pair is ACTIVE";
    let state = memory.state;
    let word = state.word();
    let lasts = lasting(scene.now.duration_since(memory.since));
    let since = match (scene.before, old) {
        // Since before we can tell.
        (Err(why), _) => format!("since when is not known ({why})"),
        (Ok(_), None) => "first looked at now".to_owned(),
        (Ok(_), Some(_)) => format!("since {:.0}, for {lasts}", memory.since),
    };
    let verdict = match state {
        PairState::Active => Verdict::Pass,
        _ if state.is_blocked() => Verdict::Fail,
        _ => Verdict::Unknown,
    };
    let known = match state {
        PairState::Unknown => memory
            .sides()
            .iter()
            .filter(|side| side.state != SideState::Doubtful)
            .count(),
        _ => 2,
    };
    let (mut seen, mut title) = (format!("{word}, {since}"), TITLE.to_owned());
    if let Some(recovered) = recovery(old, memory, scene) {
        seen.push_str("; ");
        seen.push_str(&recovered);
        // Of what passes a mail shows the title only, and this is what a recovery is mailed for.
        title.push_str("; ");
        title.push_str(&recovered);
    }
    let item = Item::judge(CODE, &title, verdict, population(known, 2), seen)
        .threshold(
            format!(
                "unavailable after {} failed probes over {} min, back after {} good ones",
                scene.pair.detection.failed_probes,
                scene.pair.detection.failed_minutes,
                scene.pair.detection.good_probes
            ),
            "detection",
        )
        .remedy(remedy(state));
    if state == PairState::Active {
        item
    } else {
        // The name of the state, so that every transition is something new and mails.
        item.subject(word, says(state, scene.pair))
    }
}

/// What a pair that is ACTIVE again recovered from, and how long that took.
fn recovery(old: Option<&Memory>, memory: &Memory, scene: &Scene<'_>) -> Option<String> {
    let trouble = old?.trouble.as_ref()?;
    (memory.state == PairState::Active).then(|| {
        format!(
            "recovered from {} after {}",
            trouble.state.word(),
            lasting(scene.now.duration_since(trouble.since))
        )
    })
}

fn says(state: PairState, pair: &Pair) -> String {
    let (primary, secondary) = (&pair.primary.platform.name, &pair.secondary.platform.name);
    let one = pair.severity.one_side.words();
    match state {
        PairState::BlockedPrimaryUnavailable => {
            format!("{one}: {primary} is unavailable, {secondary} has to carry everything")
        }
        PairState::BlockedSecondaryUnavailable => {
            format!(
                "{one}: {secondary} is unavailable, {primary} carries everything and nothing stands behind it"
            )
        }
        PairState::BlockedBothUnavailable => format!(
            "{}: neither {primary} nor {secondary} is available",
            pair.severity.both_sides.words()
        ),
        PairState::Disabled => format!(
            "switched off: {}",
            pair.disabled.as_deref().unwrap_or("no reason is given")
        ),
        PairState::Active => "both sides serve".to_owned(),
        PairState::Unknown => "not every side could be probed, or probes disagree".to_owned(),
    }
}

fn remedy(state: PairState) -> &'static str {
    match state {
        PairState::BlockedBothUnavailable => {
            "one incident for both: post the status page, begin with the side that comes back sooner, and take no change to either before it is understood"
        }
        _ if state.is_blocked() => {
            "see HAS-004 first: can the other side carry everything? Then stop routing to the failed side, and look at EKS and the provider; a side that is made again is expected to be missing until HAS-008 complains"
        }
        PairState::Disabled => "remove ha_status…disabled when the pair is to be watched again",
        _ => {
            "see HAS-002 for which side and why; nothing is taken for unavailable before several probes agree"
        }
    }
}
