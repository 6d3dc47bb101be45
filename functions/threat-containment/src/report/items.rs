//! The lines of a containment's report. All text of clusters and findings in them is neutralised where it is shown.

use day2_aws::evidence::EvidenceReceipt;
use day2_core::action::Effect;
use day2_core::containment::{Containment, Measure, MeasureState};
use day2_core::item::Population;
use day2_core::trigger::Finding;
use day2_core::{Item, Observed, Verdict};
use day2_kube::Owners;
use day2_kube::objects::{Controller, PodDetail};
use day2_kube::quarantine::Isolation;

use super::sessions;
use super::workload::{comes_back, ended, siblings};
use crate::facts::{NodeFacts, Reread, WorkloadFacts};

/// What a containment has seen.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// What GuardDuty says of it.
    pub reread: &'a Reread,
    /// The pod.
    pub pod: &'a PodDetail,
    /// What controls it.
    pub owners: &'a Owners,
    /// Its node.
    pub nodes: Option<&'a NodeFacts>,
    /// Who is like it.
    pub others: Option<&'a WorkloadFacts>,
    /// The evidence; none where none was to be captured.
    pub receipt: Option<&'a Observed<EvidenceReceipt>>,
    /// Whether it is cut off; none where nothing was done.
    pub proof: Option<&'a Observed<Isolation>>,
    /// What was changed.
    pub record: Option<&'a Containment>,
    /// What still runs, when the workload was ended.
    pub ended: Option<&'a Observed<Vec<String>>>,
}

/// All lines of a containment.
#[must_use]
pub fn all(seen: &Seen<'_>) -> Vec<Item> {
    let mut items = vec![finding(seen.finding, seen.reread), resolved(seen)];
    items.extend(seen.proof.map(isolated));
    items.extend(seen.receipt.map(evidence));
    items.extend(seen.record.map(|record| node(record, seen.pod)));
    items.extend(seen.others.map(|others| siblings(&others.siblings, seen.pod)));
    items.push(comes_back(seen));
    items.extend(seen.ended.map(ended));
    items.extend(seen.record.and_then(sessions::item));
    items.push(questions(seen));
    items
}

/// The finding is GuardDuty's.
#[must_use]
pub fn finding(finding: &Finding, reread: &Reread) -> Item {
    const CODE: &str = "THR-001";
    const TITLE: &str = "the finding is GuardDuty's";
    const WHO: &str = "find out in CloudTrail who invoked the function or published to its topic";
    let count = finding
        .count
        .map_or_else(|| "?".to_owned(), |count| count.to_string());
    let what = format!(
        "{} of severity {}, seen {count} times, id {}",
        finding.kind, finding.severity, finding.id
    );
    match reread {
        Reread::Confirmed(_) => judged(
            CODE,
            TITLE,
            Verdict::Pass,
            1,
            format!("{what}; GuardDuty says the same"),
        ),
        Reread::NotThere => judged(
            CODE,
            TITLE,
            Verdict::Fail,
            1,
            format!("{what}; GuardDuty has no such finding"),
        )
        .remedy(WHO),
        Reread::Differs(differences) => judged(
            CODE,
            TITLE,
            Verdict::Fail,
            1,
            format!("{what}; GuardDuty says something else"),
        )
        .subjects(differences.iter().map(|one| ("the event".to_owned(), one.clone())))
        .remedy(WHO),
        Reread::Unreadable(why) => Item::unreadable(CODE, TITLE, 1, why).remedy(
            "allow guardduty:GetFindings and guardduty:ListDetectors; until then nothing is ended without an approval",
        ),
    }
}

/// What the pod is.
fn resolved(seen: &Seen<'_>) -> Item {
    let pod = seen.pod;
    let owners: Vec<String> = seen
        .owners
        .controllers
        .iter()
        .map(Controller::full_name)
        .collect();
    let owner = if owners.is_empty() {
        "nobody".to_owned()
    } else {
        owners.join(" of ")
    };
    let node = pod.node.as_deref().unwrap_or("no node");
    let words = format!(
        "pod {}/{}, uid {}, on {node}, account {}, controlled by {owner}",
        pod.namespace, pod.name, pod.uid, pod.service_account
    );
    let containers = pod.containers.iter().map(|container| {
        let digest = container.digest.as_deref().unwrap_or("no digest reported");
        (
            format!("container {}", container.name),
            format!("{} ({digest})", container.image),
        )
    });
    judged(
        "THR-002",
        "the pod of the finding was found",
        Verdict::Pass,
        1,
        words,
    )
    .subjects(containers)
}

fn isolated(proof: &Observed<Isolation>) -> Item {
    const CODE: &str = "THR-003";
    const TITLE: &str = "the pod is cut off, by policy";
    let proof = match proof {
        Ok(proof) => proof,
        Err(why) => {
            return Item::unreadable(CODE, TITLE, 1, why).remedy("look at the pod and its policies by hand");
        }
    };
    let (verdict, words) = match proof {
        Isolation::Isolated => (
            Verdict::Pass,
            "isolated: no policy lets anything in or out, and the agents were told so as far as they report; \
             connections that were open before may live on",
        ),
        Isolation::Partial(_) => (Verdict::Fail, "partly isolated"),
        Isolation::NotIsolated(_) => (Verdict::Fail, "NOT isolated"),
    };
    let reasons = proof.reasons().iter().map(ToString::to_string);
    judged(CODE, TITLE, verdict, 1, words)
        .subjects(reasons.map(|reason| ("open or not known".to_owned(), reason)))
        .remedy("take away what is named, or isolate the instance by a security group of its own")
}

/// Title of the line about the evidence.
pub(super) const EVIDENCE: &str = "evidence is stored, sealed and complete";

fn evidence(receipt: &Observed<EvidenceReceipt>) -> Item {
    const CODE: &str = "THR-004";
    let receipt = match receipt {
        Ok(receipt) => receipt,
        Err(why) => {
            return Item::unreadable(CODE, EVIDENCE, 1, why).remedy(
                "mend the way to the evidence bucket, then send the finding's id by hand: pods and their logs do not last",
            );
        }
    };
    let lost = receipt.lost();
    let verdict = if lost.is_empty() {
        Verdict::Pass
    } else {
        Verdict::Fail
    };
    let words = format!(
        "{} artefacts in {}; manifest {} (sha256 {})",
        receipt.artefacts(),
        receipt.bucket(),
        receipt.link().key,
        receipt.link().sha256
    );
    let custody = receipt.entries().iter().map(|entry| {
        let cut = entry
            .truncated
            .map_or_else(String::new, |cut| format!(", {}", cut.words()));
        (
            format!("{} of {}", entry.kind, entry.source),
            format!(
                "{}, {} bytes, sha256 {}{cut}",
                entry.key, entry.bytes, entry.sha256
            ),
        )
    });
    let missing = lost.into_iter().map(|lost| ("missing".to_owned(), lost));
    judged(CODE, EVIDENCE, verdict, number(receipt.artefacts()), words)
        .subjects(missing.chain(custody))
        .remedy("save what is missing by hand while the pod lives; nothing is ended by itself meanwhile")
}

fn node(record: &Containment, pod: &PodDetail) -> Item {
    let of_node = |measure: &Measure| {
        matches!(
            measure,
            Measure::Cordon { .. } | Measure::ScaleInProtection { .. }
        )
    };
    let taken: Vec<_> = record
        .measures
        .iter()
        .filter(|one| of_node(&one.measure))
        .collect();
    let good = |state: MeasureState| matches!(state, MeasureState::Active | MeasureState::Theirs);
    let verdict = if taken.is_empty() {
        Verdict::Unknown
    } else if taken.iter().all(|one| good(one.state)) {
        Verdict::Pass
    } else {
        Verdict::Fail
    };
    let name = pod.node.as_deref().unwrap_or("none");
    let words = format!(
        "node {name}: {} measures; nothing is drained or evicted",
        taken.len()
    );
    judged(
        "THR-005",
        "the node takes no new pods and is kept",
        verdict,
        number(taken.len()),
        words,
    )
    .subjects(
        taken
            .iter()
            .map(|one| (one.resource.clone(), one.state.words().to_owned())),
    )
    .remedy("see what was left out, and why; keep the node by hand if it must not go")
}

/// What only a person can answer.
fn questions(seen: &Seen<'_>) -> Item {
    let pod = seen.pod;
    let mut open = vec![(
        "how did it get in".to_owned(),
        "the image, the entry point, and the rights of the account are in the evidence".to_owned(),
    )];
    open.extend(sessions::questions(seen));
    if pod.host_network {
        open.push((
            "host network".to_owned(),
            "no policy for pods stops it: isolate the instance".to_owned(),
        ));
    }
    judged(
        "THR-009",
        "no question is open",
        Verdict::Unknown,
        number(open.len()),
        "questions that only a person can answer",
    )
    .subjects(open)
    .remedy("answer them before the containment is released; it never ends by itself")
}

/// The sentence for the subject.
#[must_use]
pub fn headline(proof: &Observed<Isolation>, record: &Containment, asks: bool) -> String {
    let pod = record.pod.full_name();
    let ended = record.measures.iter().any(|one| {
        matches!(one.measure, Measure::Scale { .. } | Measure::DeletePod) && one.state == MeasureState::Active
    });
    let state = match proof {
        Ok(Isolation::Isolated) => "isolated",
        Ok(Isolation::Partial(_)) => "partly isolated",
        Ok(Isolation::NotIsolated(_)) => "NOT isolated",
        Err(_) => "isolation not proven",
    };
    let then = match (ended, asks) {
        (true, _) => ", workload ended",
        (false, true) => ", approval asked",
        (false, false) => "",
    };
    format!("pod {pod} {state}{then}")
}

/// The proof as the effect of what was done.
#[must_use]
pub fn effect(proof: &Observed<Isolation>) -> Effect {
    match proof {
        Ok(Isolation::Isolated) => Effect::Verified {
            says: "policy proven: nothing in, nothing out; enforcement as far as the agent reports"
                .to_owned(),
        },
        Ok(other) => {
            let reasons: Vec<String> = other.reasons().iter().map(ToString::to_string).collect();
            Effect::NotVerified {
                says: reasons.join("; "),
            }
        }
        Err(why) => Effect::NotVerified {
            says: format!("the isolation could not be proven: {why}"),
        },
    }
}

pub(super) fn judged(
    code: &str,
    title: &str,
    verdict: Verdict,
    examined: u64,
    seen: impl Into<String>,
) -> Item {
    let population = Population {
        examined,
        expected_at_least: 1,
    };
    Item::judge(code, title, verdict, population, seen)
}

pub(super) fn number(of: usize) -> u64 {
    u64::try_from(of).unwrap_or(u64::MAX)
}
