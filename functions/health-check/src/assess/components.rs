//! `HLT-109`: what is installed. A group has nothing to say about what the cluster does not have; that must be seen, and be a
//! FAIL where the settings say that it is there.

use day2_core::{Observed, Unreadable};
use day2_kube::Listed;

use super::Scene;
use super::line::{Finding, Line};
use crate::facts::Facts;
use crate::reduce::mesh::Wish;
use crate::settings::{Component, Group};

/// Whether it is there; an error when that could not be read; none when nobody looks.
type Presence<'f> = Option<Result<bool, &'f Unreadable>>;

pub(super) fn line(facts: &Facts, scene: &Scene<'_>) -> Option<Line> {
    const CODE: &str = "HLT-109";
    const TITLE: &str = "the components that the settings name are installed";
    let inside = &facts.inside;
    let mesh = scene.plan.looks_at(Group::Mesh).then(|| match &facts.namespaces {
        Ok(all) => Ok(all
            .values()
            .any(|one| matches!(one.mesh, Wish::Sidecar | Wish::Ambient))),
        Err(why) => Err(why),
    });
    let found: [(Component, Presence<'_>); 4] = [
        (Component::Karpenter, presence(inside.node_pools.as_ref())),
        (Component::Istio, mesh),
        (Component::Keda, presence(inside.scaled_objects.as_ref())),
        (Component::CertManager, presence(inside.certificates.as_ref())),
    ];
    let (mut there, mut absent, mut wrong, mut unread) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (component, presence) in found {
        let word = component.word();
        match presence {
            None => {}
            Some(Ok(true)) => there.push(word),
            Some(Ok(false)) if scene.plan.expects(component) => {
                wrong.push(Finding::of(
                    word,
                    "the settings say that it is installed, and the cluster has none of it",
                ));
            }
            Some(Ok(false)) => absent.push(word),
            Some(Err(why)) => unread.push((word.to_owned(), why.to_string())),
        }
    }
    let looked = there.len() + absent.len() + wrong.len();
    let kinds = kinds_without_objects(facts);
    let say =
        |title: &str, words: &[&str]| (!words.is_empty()).then(|| format!("{title}: {}", words.join(", ")));
    let told: Vec<String> = [
        say("installed", &there),
        say("not installed", &absent),
        say("no objects of", &kinds),
    ]
    .into_iter()
    .flatten()
    .collect();
    (looked + unread.len() > 0).then(|| {
        Line::new(CODE, TITLE, looked)
            .seen(told.join("; "))
            .threshold("those of `installed`", "installed")
            .remedy("install it again, or take it out of `installed`")
            .wrong(wrong)
            .unread(unread)
    })
}

fn presence<T>(list: Option<&Observed<Option<Listed<T>>>>) -> Presence<'_> {
    Some(match list? {
        Ok(served) => Ok(served.is_some()),
        Err(why) => Err(why),
    })
}

/// Kinds whose lines are left out, because the whole cluster has no object of them.
fn kinds_without_objects(facts: &Facts) -> Vec<&'static str> {
    let inside = &facts.inside;
    let empty = [
        (
            "HorizontalPodAutoscaler",
            inside
                .autoscalers
                .as_ref()
                .map(|all| all.as_ref().map(|all| all.items().len())),
        ),
        (
            "PodDisruptionBudget",
            inside
                .budgets
                .as_ref()
                .map(|all| all.as_ref().map(|all| all.items().len())),
        ),
        (
            "Job",
            inside.jobs.as_ref().map(|all| all.as_ref().map(|all| all.read)),
        ),
        (
            "PersistentVolumeClaim",
            inside.claims.as_ref().map(|all| all.as_ref().map(|all| all.read)),
        ),
        (
            "PersistentVolume",
            inside
                .volumes
                .as_ref()
                .map(|all| all.as_ref().map(|all| all.read)),
        ),
        (
            "VolumeAttachment",
            inside
                .attachments
                .as_ref()
                .map(|all| all.as_ref().map(|all| all.read)),
        ),
        (
            "ResourceQuota",
            inside
                .quotas
                .as_ref()
                .map(|all| all.as_ref().map(|all| all.items().len())),
        ),
    ];
    empty
        .into_iter()
        .filter(|(_, found)| matches!(found, Some(Ok(0))))
        .map(|(kind, _)| kind)
        .collect()
}
