//! The label and the policy, at the same time: the policy selects a value that no other pod has, so neither waits for the
//! other.

use day2_core::containment::{Measure, Taken};
use day2_core::names::{DnsLabel, DnsName};
use day2_kube::ClusterClient;
use day2_kube::change::{Change, QuarantineLabel, QuarantinePolicy};
use day2_kube::objects::PodDetail;
use futures::future::join_all;
use jiff::Timestamp;

use super::Came;

/// For whom a pod is isolated.
#[derive(Debug, Clone, Copy)]
pub struct Isolating<'a> {
    /// The pod as it was read a moment ago.
    pub pod: &'a PodDetail,
    /// Owner of the policy.
    pub owner: &'a str,
    /// The finding, `account/region/id`.
    pub finding: &'a str,
}

/// Takes these measures at the same time; what came of each, in their order.
pub async fn isolate(
    cluster: &ClusterClient,
    isolating: Isolating<'_>,
    measures: &[Taken],
    deadline: Timestamp,
) -> Vec<Came> {
    join_all(
        measures
            .iter()
            .map(|taken| one(cluster, isolating, &taken.measure, deadline)),
    )
    .await
}

async fn one(
    cluster: &ClusterClient,
    isolating: Isolating<'_>,
    measure: &Measure,
    deadline: Timestamp,
) -> Came {
    let pod = isolating.pod;
    let names: (Result<DnsLabel, _>, Result<DnsName, _>, Result<DnsLabel, _>) =
        (pod.namespace.parse(), pod.name.parse(), pod.uid.parse());
    let (Ok(namespace), Ok(name), Ok(uid)) = names else {
        return Came::refused("the pod's names are not fit for a path");
    };
    match measure {
        Measure::Label { value } => {
            let Ok(value) = value.parse::<DnsLabel>() else {
                return Came::refused("the label's value is no label");
            };
            let label = QuarantineLabel {
                namespace: &namespace,
                pod: &name,
                uid: &pod.uid,
                value: &value,
            };
            let change = cluster.quarantine_pod(&label, Some(pod), deadline).await;
            Came::of(change, |made| match &made.replaced {
                None => (true, "labelled".to_owned()),
                Some(before) => (
                    true,
                    format!("labelled, in place of the value {before:?} that somebody had set"),
                ),
            })
        }
        Measure::Policy { .. } => {
            let value = day2_core::containment::Containment::label_value(&pod.uid);
            let Ok(value) = value.parse::<DnsLabel>() else {
                return Came::refused("the label's value is no label");
            };
            let policy = QuarantinePolicy {
                namespace: &namespace,
                pod: &name,
                uid: &uid,
                value: &value,
                owner: isolating.owner,
                finding: isolating.finding,
                replicas_before: None,
            };
            let change = cluster.create_quarantine_policy(&policy, deadline).await;
            let uid = match &change {
                Change::Applied(made) | Change::AlreadyDone(made) => made.uid.clone(),
                _ => None,
            };
            Came {
                uid,
                ..Came::of(change, |made| (true, format!("{} stands", made.name)))
            }
        }
        _ => Came::refused("it is no part of an isolation"),
    }
}
