//! Lines about the workload: who is like the pod, who would bring it back, and whether it ended.

use day2_core::{Item, Observed, Verdict};
use day2_kube::objects::PodDetail;
use day2_kube::{Listed, Sibling};

use super::items::{Seen, judged, number};
use crate::plan::eradicate::brought_back;

pub(super) fn siblings(read: &Observed<Listed<Sibling>>, pod: &PodDetail) -> Item {
    const CODE: &str = "THR-006";
    const TITLE: &str = "no other pod runs the same image or acts under the same name";
    let listed = match read {
        Ok(listed) => listed,
        Err(why) => {
            return Item::unreadable(CODE, TITLE, 1, why).remedy("look for pods with the same image by hand");
        }
    };
    let others: Vec<&Sibling> = listed.items().iter().filter(|one| one.uid != pod.uid).collect();
    let verdict = match (others.is_empty(), listed.shortfall()) {
        (false, _) => Verdict::Fail,
        (true, Some(_)) => Verdict::Unknown,
        (true, None) => Verdict::Pass,
    };
    let short = listed
        .shortfall()
        .map_or_else(String::new, |why| format!("; not all pods could be read: {why}"));
    let subjects = others.iter().map(|one| {
        let why = match (one.digests.is_empty(), one.same_service_account) {
            (false, true) => "same image, same service account",
            (false, false) => "same image",
            _ => "same service account",
        };
        let node = one.node.as_deref().unwrap_or("no node");
        (
            format!("{}/{}", one.namespace, one.name),
            format!("{why}, on {node}"),
        )
    });
    // The whole cluster was looked at, also where nothing was found.
    let examined = number(listed.items().len()).max(1);
    let words = format!("{} others{short}", others.len());
    judged(CODE, TITLE, verdict, examined, words).subjects(subjects).remedy(
        "look at each: the same hole may be open there; each is contained by itself when GuardDuty finds it",
    )
}

pub(super) fn comes_back(seen: &Seen<'_>) -> Item {
    const CODE: &str = "THR-007";
    const TITLE: &str = "nobody brings the workload back";
    let mut subjects = Vec::new();
    if let Some(says) = brought_back(seen.owners) {
        subjects.push(("deployment tool".to_owned(), says));
    }
    let mut unread = Vec::new();
    if let (Some(others), Some(top)) = (seen.others, seen.owners.controllers.last()) {
        match &others.autoscalers {
            Ok(all) => subjects.extend(
                all.iter()
                    .filter(|hpa| hpa.target.kind == top.kind && hpa.target.name == top.name)
                    .map(|hpa| {
                        let says = format!(
                            "keeps {} to {} replicas; halted while there are none",
                            hpa.min, hpa.max
                        );
                        (format!("HorizontalPodAutoscaler {}", hpa.name), says)
                    }),
            ),
            Err(why) => unread.push(why.to_string()),
        }
        match &others.scaled_objects {
            Ok(all) => {
                let scaling = all
                    .iter()
                    .flatten()
                    .filter(|one| one.scales(&top.namespace, &top.kind, &top.name));
                subjects.extend(scaling.map(|one| {
                    let says = if one.is_paused() {
                        "paused"
                    } else {
                        "scales it from zero by itself"
                    };
                    (format!("ScaledObject {}", one.name), says.to_owned())
                }));
            }
            Err(why) => unread.push(why.to_string()),
        }
    }
    let unknown = !unread.is_empty() || seen.others.is_none() || seen.owners.top().is_none();
    let (verdict, examined, words) = if !subjects.is_empty() {
        (Verdict::Fail, 1, "somebody else decides about its replicas too")
    } else if unknown {
        (
            Verdict::Unknown,
            0,
            "not everything that could bring it back is known",
        )
    } else {
        (
            Verdict::Pass,
            1,
            "no autoscaler, and no mark of a deployment tool",
        )
    };
    subjects.extend(unread.into_iter().map(|why| ("not read".to_owned(), why)));
    judged(CODE, TITLE, verdict, examined, words)
        .subjects(subjects)
        .remedy("hold back what is named before the workload is ended or released")
}

pub(super) fn ended(still: &Observed<Vec<String>>) -> Item {
    const CODE: &str = "THR-008";
    const TITLE: &str = "nothing with the pod's image runs any more";
    match still {
        Err(why) => Item::unreadable(CODE, TITLE, 1, why).remedy("look for pods with the same image by hand"),
        Ok(pods) if pods.is_empty() => judged(
            CODE,
            TITLE,
            Verdict::Pass,
            1,
            "all pods were looked at, none runs it",
        ),
        Ok(pods) => judged(
            CODE,
            TITLE,
            Verdict::Fail,
            1,
            format!("{} pods still run it", pods.len()),
        )
        .subjects(
            pods.iter()
                .map(|pod| (pod.clone(), "runs the same image".to_owned())),
        )
        .remedy("see who runs them: another workload, or an owner that brought them back"),
    }
}
