//! Lines of reports in which nothing was contained.

use day2_core::containment::Containment;
use day2_core::trigger::Finding;
use day2_core::{Item, Observed, Unreadable, Verdict};
use day2_kube::objects::PodDetail;
use day2_kube::quarantine::Isolation;

use super::items::{EVIDENCE, finding, judged, number};
use crate::facts::Reread;

const FOUND: &str = "the pod of the finding was found";
const STILL: &str = "what is contained is still cut off";

/// What is on a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnNode {
    /// The node of the instance, if it is one.
    pub node: Option<String>,
    /// Pods on it.
    pub pods: Vec<String>,
}

/// The pod has another uid now.
#[must_use]
pub fn replaced(of: &Finding, now: &PodDetail, why: &str, reread: &Reread) -> Vec<Item> {
    let words = "another pod has its name now; nothing was contained";
    let item = judged("THR-002", FOUND, Verdict::Fail, 1, words)
        .subject(format!("pod {}/{}", now.namespace, now.name), why)
        .remedy(
            "look at the pod that has the name now: if it runs the same image, GuardDuty will find it too",
        );
    vec![finding(of, reread), item]
}

/// The pod is gone.
#[must_use]
pub fn gone(of: &Finding, reread: &Reread, record: Option<&Containment>) -> Vec<Item> {
    let item = match record {
        None => judged(
            "THR-002",
            FOUND,
            Verdict::Unknown,
            0,
            "there is no pod of this name any more",
        )
        .remedy("look at what started it, and at pods with the same image"),
        Some(record) => {
            let measures = record.measures.iter().map(|taken| {
                let says = if taken.says.is_empty() {
                    taken.state.words().to_owned()
                } else {
                    format!("{}: {}", taken.state.words(), taken.says)
                };
                (taken.resource.clone(), says)
            });
            let words = format!("it is contained ({}) and gone by now", record.id);
            judged("THR-002", FOUND, Verdict::Unknown, 1, words)
                .subjects(measures)
                .remedy("see what was done, and release the containment when the case is closed")
        }
    };
    let mut items = vec![finding(of, reread), item];
    items.extend(record.map(custody));
    items
}

/// What is known of the evidence of a pod that is gone: the run that captured it may have died before it could report.
fn custody(record: &Containment) -> Item {
    let Some(newest) = record.evidence.last() else {
        return judged(
            "THR-004",
            EVIDENCE,
            Verdict::Unknown,
            0,
            "no capture is known to be sealed",
        )
        .remedy("run evidence-audit: a run that died may have sealed one");
    };
    let complete = record.evidence.iter().any(|sealed| sealed.complete);
    let verdict = if complete { Verdict::Pass } else { Verdict::Fail };
    let words = format!(
        "{} captures; the newest has {} artefacts; manifest {} (sha256 {})",
        record.evidence.len(),
        newest.artefacts,
        newest.manifest_key,
        newest.sha256
    );
    judged("THR-004", EVIDENCE, verdict, number(record.evidence.len()), words)
        .remedy("the manifest names what is missing; the pod is gone, so it cannot be saved any more")
}

/// Nothing could be seen.
#[must_use]
pub fn blind(why: &Unreadable) -> Item {
    Item::unreadable("THR-002", FOUND, 1, why)
        .remedy("run the function's self-check, mend what it names, then send the finding's id by hand")
}

/// The finding names an instance only.
#[must_use]
pub fn instance_only(of: &Finding, reread: &Reread, seen: &Observed<OnNode>) -> Vec<Item> {
    const CODE: &str = "THR-002";
    const TITLE: &str = "the finding names a pod";
    let instance = of.instance.as_deref().unwrap_or("no instance");
    let item = match seen {
        Err(why) => Item::unreadable(CODE, TITLE, 1, why).remedy("mend what could not be read"),
        Ok(OnNode { node: None, .. }) => {
            let words = format!("it names {instance}, which is no node of the cluster");
            judged(CODE, TITLE, Verdict::Unknown, 1, words)
                .remedy("look for the instance in EC2: it may be gone, or belong to somebody else")
        }
        Ok(OnNode {
            node: Some(node),
            pods,
        }) => {
            let words = format!("it names {instance}, node {node}, and no pod");
            judged(CODE, TITLE, Verdict::Fail, 1, words)
                .subjects(pods.iter().map(|pod| (pod.clone(), "runs there".to_owned())))
                .remedy(
                    "find the pod among these; enable GuardDuty Runtime Monitoring for EKS, whose findings name it; \
                     isolate the instance by its security group if it is the node itself",
                )
        }
    };
    vec![finding(of, reread), item]
}

/// The circuit breaker.
#[must_use]
pub fn breaker(says: &str) -> Item {
    judged(
        "THR-010",
        "the circuit breaker is closed",
        Verdict::Fail,
        1,
        says,
    )
    .remedy("look who makes so many findings before raising a limit: whoever can make findings could stop the platform")
}

/// Whether what is contained is still cut off.
pub fn review<'a>(
    all: impl Iterator<Item = (&'a Containment, &'a Observed<Option<Isolation>>)>,
) -> Vec<Item> {
    const CODE: &str = "THR-003";
    let mut items = Vec::new();
    for (record, proof) in all {
        let name = format!("pod {} ({})", record.pod.full_name(), record.id);
        let item = match proof {
            Err(why) => Item::unreadable(CODE, STILL, 1, why).subject(name, "could not be read"),
            Ok(None) => judged(CODE, STILL, Verdict::Unknown, 1, "the pod is gone").subject(name, "gone"),
            Ok(Some(Isolation::Isolated)) => {
                judged(CODE, STILL, Verdict::Pass, 1, "isolated").subject(name, "isolated")
            }
            Ok(Some(other)) => {
                let reasons = other
                    .reasons()
                    .iter()
                    .map(|reason| (name.clone(), reason.to_string()));
                judged(CODE, STILL, Verdict::Fail, 1, "not isolated wholly").subjects(reasons)
            }
        };
        items.push(item.remedy("look at it, and release it with threat-release when the case is closed"));
    }
    if items.is_empty() {
        items.push(judged(CODE, STILL, Verdict::Unknown, 0, "nothing is contained"));
    }
    items
}
