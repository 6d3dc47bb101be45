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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(uid: &str, created: Option<&str>) -> PodDetail {
        serde_json::from_value(json!({
            "metadata": {"namespace": "shop", "name": "web-1", "uid": uid, "creationTimestamp": created},
            "spec": {"containers": [{"name": "app", "image": "web:1"}]},
        }))
        .unwrap()
    }

    fn is_here(pod: PodDetail, uid: Option<&str>, seen: Option<&str>) -> bool {
        let seen = seen.map(|seen| seen.parse().unwrap());
        matches!(identify(Some(pod), uid, seen), Suspect::Here(_))
    }

    #[test]
    fn a_pod_is_the_one_by_its_uid_whatever_its_age_says_k11() {
        let old = Some("2026-06-02T11:00:00Z");
        assert!(is_here(pod("u", old), Some("u"), Some("2026-06-02T10:00:00Z")));
        assert!(!is_here(pod("v", old), Some("u"), Some("2026-06-02T12:00:00Z")));
        assert!(is_here(pod("u", None), Some("u"), None));
        assert_eq!(identify(None, Some("u"), None), Suspect::Gone);
    }

    #[test]
    fn without_a_uid_a_pod_that_was_made_after_the_finding_is_another_one_k11() {
        for (created, seen, here) in [
            (Some("2026-06-02T11:00:00Z"), Some("2026-06-02T11:00:00Z"), true),
            (Some("2026-06-02T11:00:00Z"), Some("2026-06-02T12:00:00Z"), true),
            // Clocks differ a little.
            (Some("2026-06-02T11:00:30Z"), Some("2026-06-02T11:00:00Z"), true),
            (Some("2026-06-02T11:00:31Z"), Some("2026-06-02T11:00:00Z"), false),
            // What cannot be told is not assumed.
            (None, Some("2026-06-02T11:00:00Z"), false),
            (Some("2026-06-02T11:00:00Z"), None, false),
        ] {
            assert_eq!(
                is_here(pod("v", created), None, seen),
                here,
                "{created:?} {seen:?}"
            );
        }
    }
}
