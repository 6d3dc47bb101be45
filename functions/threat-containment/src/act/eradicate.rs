//! The end of a workload. Each function takes the proof that evidence is safe: without it they cannot be called.

use day2_aws::evidence::EvidenceReceipt;
use day2_core::containment::{Measure, MeasureState, Taken};
use day2_core::names::{DnsLabel, DnsName};
use day2_kube::ClusterClient;
use day2_kube::change::{DeletePod, PauseScaling, Scalable, SetReplicas};
use day2_kube::objects::PodDetail;
use jiff::Timestamp;

use super::Came;

/// Takes one measure that ends something. The receipt must be of this pod: evidence of another one is none.
pub async fn end(
    cluster: &ClusterClient,
    pod: &PodDetail,
    taken: &Taken,
    receipt: &EvidenceReceipt,
    deadline: Timestamp,
) -> Came {
    if receipt.case().subject() != pod.uid {
        return Came::refused("the evidence is of another pod");
    }
    let names: (Result<DnsLabel, _>, Result<DnsName, _>) = (pod.namespace.parse(), pod.name.parse());
    let (Ok(namespace), Ok(name)) = names else {
        return Came::refused("the pod's names are not fit for a path");
    };
    match &taken.measure {
        Measure::PauseScaledObject { name, uid, owner } => {
            pause(cluster, &namespace, (name, uid, owner), deadline).await
        }
        Measure::Scale {
            workload,
            name,
            uid,
            replicas_before,
        } => {
            scale(
                cluster,
                &namespace,
                (workload, name, uid),
                *replicas_before,
                deadline,
            )
            .await
        }
        Measure::DeletePod => {
            let change = cluster
                .delete_pod(
                    &DeletePod {
                        namespace: &namespace,
                        name: &name,
                        uid: &pod.uid,
                    },
                    deadline,
                )
                .await;
            Came::of(change, |made| {
                let says = match (made.gone, made.finalizers.as_slice()) {
                    (true, _) => "it is gone".to_owned(),
                    (false, []) => "it ends within its grace period".to_owned(),
                    (false, held) => format!("it ends, and is held by the finalizers {}", held.join(", ")),
                };
                (true, says)
            })
        }
        _ => Came::refused("it ends nothing"),
    }
}

async fn pause(
    cluster: &ClusterClient,
    namespace: &DnsLabel,
    (name, uid, owner): (&str, &str, &str),
    deadline: Timestamp,
) -> Came {
    let Ok(name) = name.parse::<DnsName>() else {
        return Came::refused("the name of the ScaledObject is not fit for a path");
    };
    let pause = PauseScaling {
        namespace,
        name: &name,
        uid,
        owner,
    };
    let came = Came::of(cluster.pause_scaling(&pause, deadline).await, |made| {
        (made.ours, "asked to pause".to_owned())
    });
    if came.state != MeasureState::Active {
        return came;
    }
    // The annotation is a request; the condition says whether KEDA followed.
    let says = match cluster.list_scaled_objects(namespace, deadline).await {
        Ok(Some(all)) => {
            let one = all.items().iter().find(|one| one.name == *name);
            match one.and_then(day2_kube::objects::ScaledObject::says_paused) {
                Some(true) => "paused, as KEDA says",
                Some(false) => "asked to pause; KEDA does not say so yet",
                None => "asked to pause; KEDA says nothing about it",
            }
        }
        Ok(None) | Err(_) => "asked to pause; whether KEDA followed could not be read",
    };
    Came {
        says: says.to_owned(),
        ..came
    }
}

async fn scale(
    cluster: &ClusterClient,
    namespace: &DnsLabel,
    (workload, name, uid): (&str, &str, &str),
    from: i64,
    deadline: Timestamp,
) -> Came {
    let kind = match workload {
        "Deployment" => Scalable::Deployment,
        "StatefulSet" => Scalable::StatefulSet,
        "ReplicaSet" => Scalable::ReplicaSet,
        other => return Came::refused(format!("a {other} is never scaled")),
    };
    let Ok(name) = name.parse::<DnsName>() else {
        return Came::refused("the name of the workload is not fit for a path");
    };
    let wanted = SetReplicas {
        kind,
        namespace,
        name: &name,
        uid,
        from,
        to: 0,
    };
    Came::of(cluster.set_replicas(&wanted, deadline).await, |made| {
        (
            true,
            format!("0 replicas; {} pods were there at the last look", made.pods),
        )
    })
}
