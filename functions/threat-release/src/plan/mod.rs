//! What a release would undo, in which order, and what it leaves. Pure.

mod judge;
#[cfg(test)]
pub(crate) mod tests;

use day2_aws::Assessment;
use day2_core::action::{Guard, Plan, Refusal, Skip, Step, Undo as Way};
use day2_core::containment::{ContainedPod, Containment, Measure, MeasureState, Taken};
use day2_core::item::Population;
use day2_core::{Item, Unreadable, Verdict};

use crate::change::{Change, Close, Found, Kept, Undo};
use crate::facts::Facts;
pub(crate) use judge::{Judged, judge};

/// Seconds that one step may take: a look, a write, and the mark in the journal.
const STEP_SECONDS: u32 = 15;

const KNOWN: (&str, &str) = ("THX-001", "the containment is known");
const READABLE: (&str, &str) = ("THX-002", "everything that would be undone can be looked at");
const UNTOUCHED: (&str, &str) = ("THX-003", "nobody has changed what the containment made");
const EVIDENCE: (&str, &str) = ("THX-004", "evidence of the containment is sealed");

/// What each measure turned out to be.
struct Sorted {
    undo: Vec<(Taken, Judged)>,
    undone: Vec<Found>,
    left: Vec<Found>,
    kept: Vec<Kept>,
    unread: Vec<(String, String)>,
}

/// Plans the release of a containment.
#[must_use]
pub fn plan(facts: &Facts, id: &str, target: &str) -> Assessment<Change> {
    let containment = match &facts.containment {
        Err(why) => return blind(why),
        Ok(None) => return unknown(id, target),
        Ok(Some(containment)) => containment,
    };
    let pod = format!("pod {}", containment.pod.full_name());
    if !containment.is_open() {
        let when = containment
            .released_at
            .map_or_else(String::new, |at| format!(" at {at}"));
        let says = format!("it was released{when}");
        return Assessment {
            items: vec![known(containment, &says)],
            charts: Vec::new(),
            plan: Plan::nothing(pod.clone(), says),
            says: format!("{pod} is released already"),
            left: None,
        };
    }
    let others = match &facts.others {
        Err(why) => return blind(why),
        Ok(others) => others,
    };
    let sorted = sort(facts, containment, others);
    let items = vec![
        known(containment, "it is in force"),
        readable(&sorted, facts.measures.len()),
        untouched(&sorted, facts.measures.len()),
        evidence(containment),
    ];
    let plan = plan_of(containment, &sorted);
    let kept = match sorted.kept.len() {
        0 => String::new(),
        kept => format!(", {kept} kept for another containment"),
    };
    let says = format!(
        "{} of {pod} to undo, {} left as they are{kept}",
        sorted.undo.len(),
        sorted.left.len()
    );
    Assessment {
        items,
        charts: Vec::new(),
        plan,
        says,
        left: None,
    }
}

fn sort(facts: &Facts, containment: &Containment, others: &[Containment]) -> Sorted {
    let mut sorted = Sorted {
        undo: Vec::new(),
        undone: Vec::new(),
        left: Vec::new(),
        kept: Vec::new(),
        unread: Vec::new(),
    };
    for (taken, seen) in &facts.measures {
        let found = |says: String| Found {
            resource: taken.resource.clone(),
            says,
        };
        let seen = match seen {
            Ok(seen) => seen,
            Err(why) => {
                sorted.unread.push((taken.resource.clone(), why.to_string()));
                continue;
            }
        };
        match judge(taken, seen, &containment.pod) {
            Judged::Undone(says) => sorted.undone.push(found(says)),
            Judged::Left(says) => sorted.left.push(found(says)),
            undo @ Judged::Undo { .. } => match needed_by(taken, &containment.pod, others) {
                Some(other) => sorted.kept.push(Kept {
                    resource: taken.resource.clone(),
                    to: other.id.clone(),
                }),
                None => sorted.undo.push((taken.clone(), undo)),
            },
        }
    }
    // Replicas first and the pod's own label last: what lets the workload run again does not wait for what lets the pod out,
    // and the policy goes before the label that it selects by.
    sorted.undo.sort_by_key(|(taken, _)| rank(&taken.measure));
    sorted
}

/// Another containment that stands on the same thing. It need not have a measure of its own for it: a node that was cordoned
/// and a workload that stood at zero were left as they were when it began.
fn needed_by<'a>(taken: &Taken, pod: &ContainedPod, others: &'a [Containment]) -> Option<&'a Containment> {
    let shared = |other: &ContainedPod| match &taken.measure {
        Measure::Cordon { .. } | Measure::ScaleInProtection { .. } => {
            pod.node.is_some() && other.node == pod.node
        }
        Measure::Scale { .. } | Measure::PauseScaledObject { .. } => {
            pod.owner.is_some() && other.owner == pod.owner
        }
        // The policy of a role is a containment's own too: another one of the same role has another.
        Measure::Label { .. }
        | Measure::Policy { .. }
        | Measure::DenySessions { .. }
        | Measure::DeletePod => false,
    };
    others.iter().find(|other| match other.measure(&taken.resource) {
        Some(one) if one.state == MeasureState::Undone => false,
        Some(one) if one.state != MeasureState::Failed => true,
        _ => shared(&other.pod),
    })
}

const fn rank(measure: &Measure) -> u8 {
    match measure {
        Measure::Scale { .. } => 0,
        Measure::PauseScaledObject { .. } => 1,
        Measure::DenySessions { .. } => 2,
        Measure::ScaleInProtection { .. } => 3,
        Measure::Cordon { .. } => 4,
        Measure::Policy { .. } => 5,
        Measure::Label { .. } => 6,
        Measure::DeletePod => 7,
    }
}

fn plan_of(containment: &Containment, sorted: &Sorted) -> Plan<Change> {
    let mut plan = Plan::default();
    for found in sorted.undone.iter().chain(&sorted.left) {
        plan.skips.push(Skip {
            resource: found.resource.clone(),
            why: found.says.clone(),
        });
    }
    plan.skips.extend(sorted.kept.iter().map(|kept| Skip {
        resource: kept.resource.clone(),
        why: kept.says(),
    }));
    for taken in &containment.measures {
        let why = match taken.state {
            MeasureState::Theirs => "it was found so by the containment, and is not ours to undo",
            MeasureState::Failed => "the containment had not done it",
            MeasureState::Undone | MeasureState::Left => "an earlier release has dealt with it",
            MeasureState::Pending | MeasureState::Active => continue,
        };
        plan.skips.push(Skip {
            resource: taken.resource.clone(),
            why: why.to_owned(),
        });
    }
    if let Some((resource, why)) = sorted.unread.first() {
        plan.refusals.push(Refusal::new(
            Guard::Unreadable,
            format!(
                "{resource} and {} more could not be looked at: {why}",
                sorted.unread.len().saturating_sub(1)
            ),
            "mend what could not be read, and run the function again",
        ));
    }
    for (taken, judged) in &sorted.undo {
        plan.steps.extend(undo(containment, taken, judged));
    }
    plan.steps.push(close(containment, sorted));
    plan
}

fn undo(containment: &Containment, taken: &Taken, judged: &Judged) -> Option<Step<Change>> {
    let Judged::Undo {
        measure,
        title,
        before,
        after,
    } = judged
    else {
        return None;
    };
    Some(Step {
        change: Change::Undo(Box::new(Undo {
            containment: containment.id.clone(),
            resource: taken.resource.clone(),
            pod: containment.pod.clone(),
            measure: measure.clone(),
        })),
        resource: taken.resource.clone(),
        title: title.clone(),
        before: before.clone(),
        after: after.clone(),
        precondition: "it is still as the containment made it".to_owned(),
        undo: Way::ByHand {
            words: "contain the pod again: call threat-containment with its finding".to_owned(),
        },
        blast_radius: match &taken.measure {
            Measure::Scale { replicas_before, .. } => format!("{replicas_before} replicas start"),
            Measure::Cordon { .. } => "one node takes new pods".to_owned(),
            Measure::DenySessions { .. } => {
                "every session of the role that has not expired, also one that was taken away".to_owned()
            }
            _ => "one pod".to_owned(),
        },
        disruptive: false,
        takes_seconds: STEP_SECONDS,
    })
}

fn close(containment: &Containment, sorted: &Sorted) -> Step<Change> {
    Step {
        change: Change::Close(Close {
            containment: containment.id.clone(),
            undone: sorted.undone.clone(),
            left: sorted.left.clone(),
            kept: sorted.kept.clone(),
        }),
        resource: format!("containment {}", containment.id),
        title: "mark the containment as released".to_owned(),
        before: "open".to_owned(),
        after: "released".to_owned(),
        precondition: "nothing of it is in force by our hand".to_owned(),
        undo: Way::Nothing {
            words: "a new finding on the pod begins a new containment".to_owned(),
        },
        blast_radius: "one line of the journal".to_owned(),
        disruptive: false,
        takes_seconds: STEP_SECONDS,
    }
}

fn looked_at(examined: usize, expected: usize) -> Population {
    Population {
        examined: u64::try_from(examined).unwrap_or(u64::MAX),
        expected_at_least: u64::try_from(expected).unwrap_or(u64::MAX),
    }
}

fn known(containment: &Containment, says: &str) -> Item {
    let seen = format!(
        "{says}: pod {}, uid {}, since {}, for {} and {} deliveries more",
        containment.pod.full_name(),
        containment.pod.uid,
        containment.opened_at,
        containment.finding_type,
        containment.noted
    );
    Item::judge(KNOWN.0, KNOWN.1, Verdict::Pass, looked_at(1, 1), seen)
}

fn readable(sorted: &Sorted, all: usize) -> Item {
    let read = all.saturating_sub(sorted.unread.len());
    let verdict = if sorted.unread.is_empty() {
        Verdict::Pass
    } else {
        Verdict::Unknown
    };
    let seen = format!("{read} of {all} measures could be looked at");
    // A containment without a measure in force is looked at by that.
    let population = looked_at(if all == 0 { 1 } else { read }, all.max(1));
    Item::judge(READABLE.0, READABLE.1, verdict, population, seen)
        .remedy("mend what could not be read; nothing is undone before")
        .subjects(sorted.unread.clone())
}

fn untouched(sorted: &Sorted, all: usize) -> Item {
    let read = all.saturating_sub(sorted.unread.len());
    let verdict = if sorted.left.is_empty() {
        Verdict::Pass
    } else {
        Verdict::Fail
    };
    let seen = format!(
        "{} to undo, {} undone already, {} left as they are, {} kept for another containment",
        sorted.undo.len(),
        sorted.undone.len(),
        sorted.left.len(),
        sorted.kept.len()
    );
    let population = looked_at(if all == 0 { 1 } else { read }, if all == 0 { 1 } else { read });
    Item::judge(UNTOUCHED.0, UNTOUCHED.1, verdict, population, seen)
        .remedy("look at each, and decide by hand; the release does not touch them")
        .subjects(
            sorted
                .left
                .iter()
                .map(|found| (found.resource.clone(), found.says.clone())),
        )
}

fn evidence(containment: &Containment) -> Item {
    let sealed = containment.evidence.len();
    let complete = containment.evidence.iter().any(|one| one.complete);
    let verdict = if complete { Verdict::Pass } else { Verdict::Fail };
    let seen = match containment.evidence.last() {
        None => "no capture was sealed".to_owned(),
        Some(newest) => format!(
            "{sealed} captures sealed, {} complete; the newest: {} artefacts, {}, SHA-256 {}",
            containment.evidence.iter().filter(|one| one.complete).count(),
            newest.artefacts,
            newest.manifest_key,
            newest.sha256
        ),
    };
    Item::judge(EVIDENCE.0, EVIDENCE.1, verdict, looked_at(sealed.max(1), 1), seen)
        .remedy("save what you need from the pod before you approve: once it is let out it can change and go")
}

fn blind(why: &Unreadable) -> Assessment<Change> {
    let refusal = Refusal::new(
        Guard::Journal,
        why.to_string(),
        "see that the journal table answers",
    );
    Assessment {
        items: vec![
            Item::unreadable(KNOWN.0, KNOWN.1, 1, why)
                .remedy("see that the journal table exists and answers"),
        ],
        charts: Vec::new(),
        plan: Plan {
            refusals: vec![refusal],
            ..Plan::default()
        },
        says: "the journal could not be read".to_owned(),
        left: None,
    }
}

fn unknown(id: &str, target: &str) -> Assessment<Change> {
    let seen = format!("the journal has no containment {id} of {target}");
    let remedy = "copy the id from the report of threat-containment; a containment is forgotten 90 days after its release";
    let item = Item::judge(KNOWN.0, KNOWN.1, Verdict::Fail, looked_at(1, 1), seen.clone()).remedy(remedy);
    Assessment {
        items: vec![item],
        charts: Vec::new(),
        plan: Plan::nothing(format!("containment {id}"), seen),
        says: "there is no such containment".to_owned(),
        left: None,
    }
}
