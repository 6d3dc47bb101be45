//! What is there now of one measure.

use day2_core::containment::sessions::role_name;
use day2_core::containment::{ContainedPod, LABEL, Measure};
use day2_core::names::{DnsLabel, DnsName};
use day2_core::{Cause, Observed, Unreadable};
use day2_kube::change::Scalable;
use day2_kube::objects::ScaledObject;
use day2_kube::{ClusterClient, KindAt, Raw};
use day2_reads::times::Times;
use day2_reads::{group_members, role_policies};

use super::{Clients, no_name};
use crate::facts::Seen;

/// Looks at what a measure has changed.
pub(crate) async fn now(
    clients: &Clients,
    cluster: &Observed<ClusterClient>,
    pod: &ContainedPod,
    measure: &Measure,
    times: &Times,
) -> Observed<Seen> {
    match measure {
        Measure::ScaleInProtection { instance, .. } => {
            let member = group_members::of_instance(&clients.autoscaling, times, instance).await?;
            return Ok(member.map_or(Seen::Gone, |member| Seen::Instance {
                group: member.group,
                protected: member.protected,
            }));
        }
        Measure::DenySessions { role, policy, .. } => {
            let role = role_name(role).ok_or_else(|| no_name("roles", role))?;
            let seen = role_policies::inline(&clients.iam, times, role, policy).await?;
            return Ok(seen.map_or(Seen::Gone, |document| Seen::RolePolicy { document }));
        }
        Measure::DeletePod => return Ok(Seen::Nothing),
        _ => {}
    }
    let cluster = cluster.as_ref().map_err(Clone::clone)?;
    let namespace: DnsLabel = pod
        .namespace
        .parse()
        .map_err(|_| no_name("namespaces", &pod.namespace))?;
    match measure {
        Measure::Label { .. } => {
            let name = name_of("pods", &pod.name)?;
            let seen = cluster.get_pod_detail(&namespace, &name, times.deadline).await?;
            Ok(seen.map_or(Seen::Gone, |seen| Seen::Pod {
                label: seen.labels.get(LABEL).cloned(),
                uid: seen.uid,
            }))
        }
        Measure::Policy { name, .. } => {
            let name = name_of("networkpolicies", name)?;
            let seen = cluster
                .get_network_policy(&namespace, &name, times.deadline)
                .await?;
            Ok(seen.map_or(Seen::Gone, |seen| Seen::Policy {
                ours: seen.owner.is_some() && seen.pod_uid.as_deref() == Some(pod.uid.as_str()),
                uid: seen.uid,
            }))
        }
        Measure::Cordon { node, .. } => {
            let seen = cluster.get_node(node, times.deadline).await?;
            Ok(seen.map_or(Seen::Gone, |seen| Seen::Node {
                uid: seen.uid,
                unschedulable: seen.unschedulable,
                owner: seen.cordon_owner,
            }))
        }
        Measure::PauseScaledObject { name, .. } => scaled_object(cluster, &namespace, name, times).await,
        Measure::Scale { workload, name, .. } => {
            let kind = Scalable::named(workload).ok_or_else(|| no_name("workloads", workload))?;
            let name = name_of(workload, name)?;
            let seen = cluster
                .get_replicas(kind, &namespace, &name, times.deadline)
                .await?;
            Ok(seen.map_or(Seen::Gone, |seen| Seen::Workload {
                uid: seen.uid,
                replicas: seen.wanted,
            }))
        }
        Measure::ScaleInProtection { .. } | Measure::DenySessions { .. } | Measure::DeletePod => {
            Ok(Seen::Nothing)
        }
    }
}

fn name_of(what: &str, text: &str) -> Observed<DnsName> {
    text.parse().map_err(|_| no_name(what, text))
}

/// A cluster without KEDA has no `ScaledObject`s: what was paused is gone with it.
async fn scaled_object(
    cluster: &ClusterClient,
    namespace: &DnsLabel,
    name: &str,
    times: &Times,
) -> Observed<Seen> {
    let kind = KindAt::of::<ScaledObject>();
    match cluster
        .get_raw(&kind, Some(namespace.as_str()), name, times.deadline)
        .await?
    {
        Raw::Absent | Raw::NotServed => Ok(Seen::Gone),
        Raw::Object(object) => {
            let seen: ScaledObject = serde_json::from_value(*object).map_err(|_| {
                let why = "the answer is no ScaledObject";
                Unreadable::new(
                    format!("get {kind}"),
                    format!("{namespace}/{name}"),
                    Cause::Malformed,
                    why,
                )
            })?;
            Ok(Seen::ScaledObject {
                paused: seen.is_paused(),
                owner: seen.pause_owner,
                uid: seen.uid,
            })
        }
    }
}
