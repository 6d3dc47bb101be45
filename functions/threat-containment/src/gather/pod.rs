//! The pod that a finding names, by its name, and whether it is the one.

use day2_core::Observed;
use day2_core::trigger::Workload;
use day2_kube::ClusterClient;
use day2_kube::objects::PodDetail;
use jiff::{SignedDuration, Timestamp};

use crate::facts::Suspect;

/// Clocks of the cluster and of GuardDuty differ by less.
const SKEW: SignedDuration = SignedDuration::from_secs(30);

/// Reads the pod.
///
/// # Errors
///
/// When it could not be read.
pub async fn suspect(
    cluster: &ClusterClient,
    workload: &Workload,
    seen_at: Option<Timestamp>,
    deadline: Timestamp,
) -> Observed<Suspect> {
    let pod = cluster
        .get_pod_detail(&workload.namespace, &workload.name, deadline)
        .await?;
    Ok(identify(pod, workload.uid.as_deref(), seen_at))
}

/// Whether the pod of this name is the one of the finding: by its uid where the finding has one, otherwise by its age. A
/// pod that was made after GuardDuty last saw the other one is another one (`cases.md` K11).
#[must_use]
pub fn identify(pod: Option<PodDetail>, uid: Option<&str>, seen_at: Option<Timestamp>) -> Suspect {
    let Some(pod) = pod else { return Suspect::Gone };
    if let Some(uid) = uid {
        if uid == pod.uid {
            return Suspect::Here(Box::new(pod));
        }
        let why = format!(
            "the finding is of the uid {uid}, and the pod of this name has {}",
            pod.uid
        );
        return Suspect::Replaced(Box::new(pod), why);
    }
    let why = match (pod.created_at, seen_at) {
        (Some(created), Some(seen)) if created.duration_since(seen) <= SKEW => {
            return Suspect::Here(Box::new(pod));
        }
        (Some(created), Some(seen)) => {
            format!(
                "the pod of this name was created at {created}, after GuardDuty last saw what it reports at {seen}"
            )
        }
        _ => "the finding has no uid, and the times do not tell whether the pod of this name is the one"
            .to_owned(),
    };
    Suspect::Replaced(Box::new(pod), why)
}
