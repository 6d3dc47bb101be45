//! How far a Deployment's rollout is, with the meaning of `kubectl rollout status`.

use std::fmt;

use crate::objects::DeploymentDetail;

/// Where a rollout stands. Only [`Complete`](Self::Complete) is the end; each other says what is waited for.
///
/// The order of the questions is that of `kubectl rollout status` (source: `kubectl/pkg/polymorphichelpers/
/// rollout_status.go`). Pods that are terminating are not counted by the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rollout {
    /// All pods are of the newest template and available. Zero of them when the Deployment is scaled to zero.
    Complete {
        /// How many pods that are.
        pods: i64,
    },
    /// The controller has not looked at the newest spec yet, so that no count means anything.
    NotObserved {
        /// Version of the spec.
        generation: i64,
        /// Version that the controller has seen.
        observed: i64,
    },
    /// `Progressing` has the reason `ProgressDeadlineExceeded`: it stands still.
    DeadlineExceeded,
    /// Pods of the newest template are still missing.
    Updating {
        /// Pods of the newest template.
        updated: i64,
        /// Pods wanted.
        desired: i64,
    },
    /// Pods of older templates are still there.
    OldRemain {
        /// How many.
        old: i64,
    },
    /// Pods of the newest template are there and not available.
    Unavailable {
        /// Available pods.
        available: i64,
        /// Pods of the newest template.
        updated: i64,
    },
}

impl Rollout {
    /// Where the rollout of this Deployment stands.
    #[must_use]
    pub fn of(deployment: &DeploymentDetail) -> Self {
        let late = deployment
            .condition("Progressing")
            .and_then(|progressing| progressing.reason.as_deref())
            == Some("ProgressDeadlineExceeded");
        match Self::between_templates(deployment) {
            Some(rollout @ Self::NotObserved { .. }) => rollout,
            _ if late => Self::DeadlineExceeded,
            Some(rollout) => rollout,
            None if deployment.available < deployment.updated => Self::Unavailable {
                available: deployment.available,
                updated: deployment.updated,
            },
            None => Self::Complete {
                pods: deployment.updated,
            },
        }
    }

    /// Why pods of two templates may be there at the moment; none when all pods are of the newest, however healthy.
    ///
    /// This is the question before a restart: an unhealthy Deployment may be restarted, one in the middle of a rollout
    /// may not.
    #[must_use]
    pub fn between_templates(deployment: &DeploymentDetail) -> Option<Self> {
        if deployment.observed_generation < deployment.generation {
            return Some(Self::NotObserved {
                generation: deployment.generation,
                observed: deployment.observed_generation,
            });
        }
        if deployment.updated < deployment.desired {
            return Some(Self::Updating {
                updated: deployment.updated,
                desired: deployment.desired,
            });
        }
        (deployment.present > deployment.updated).then(|| Self::OldRemain {
            old: deployment.present.saturating_sub(deployment.updated),
        })
    }

    /// Whether it is at its end.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        matches!(self, Self::Complete { .. })
    }
}

impl fmt::Display for Rollout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Complete { pods } => write!(f, "complete with {pods} available pods"),
            Self::NotObserved { generation, observed } => write!(
                f,
                "the controller has not observed generation {generation} yet, only {observed}"
            ),
            Self::DeadlineExceeded => f.write_str("the rollout exceeded its progress deadline"),
            Self::Updating { updated, desired } => {
                write!(f, "{updated} of {desired} pods are of the newest template")
            }
            Self::OldRemain { old } => write!(f, "{old} pods of older templates are still there"),
            Self::Unavailable { available, updated } => {
                write!(f, "{available} of {updated} pods are available")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// desired, present, updated, available, generation, observed.
    fn deployment(numbers: [i64; 6], reason: &str) -> DeploymentDetail {
        let [desired, present, updated, available, generation, observed] = numbers;
        serde_json::from_value(serde_json::json!({
            "metadata": {"name": "web", "namespace": "shop", "generation": generation},
            "spec": {"replicas": desired},
            "status": {"replicas": present, "updatedReplicas": updated, "availableReplicas": available,
                "observedGeneration": observed,
                "conditions": [{"type": "Progressing", "status": "True", "reason": reason}]},
        }))
        .unwrap()
    }

    #[test]
    fn a_rollout_is_judged_as_kubectl_does_and_says_what_is_waited_for() {
        const FINE: &str = "NewReplicaSetAvailable";
        const LATE: &str = "ProgressDeadlineExceeded";
        for (numbers, reason, complete, words) in [
            ([3, 3, 3, 3, 5, 5], FINE, true, "complete with 3 available pods"),
            ([3, 3, 3, 3, 5, 6], FINE, true, "complete with 3 available pods"),
            ([0, 0, 0, 0, 5, 5], FINE, true, "complete with 0 available pods"),
            (
                [3, 3, 3, 3, 6, 5],
                FINE,
                false,
                "the controller has not observed generation 6 yet, only 5",
            ),
            (
                [3, 3, 3, 3, 6, 5],
                LATE,
                false,
                "the controller has not observed generation 6 yet, only 5",
            ),
            (
                [3, 4, 1, 3, 5, 5],
                FINE,
                false,
                "1 of 3 pods are of the newest template",
            ),
            (
                [3, 4, 3, 4, 5, 5],
                FINE,
                false,
                "1 pods of older templates are still there",
            ),
            ([3, 3, 3, 2, 5, 5], FINE, false, "2 of 3 pods are available"),
            (
                [3, 4, 1, 3, 5, 5],
                LATE,
                false,
                "the rollout exceeded its progress deadline",
            ),
            (
                [3, 3, 3, 2, 5, 5],
                LATE,
                false,
                "the rollout exceeded its progress deadline",
            ),
        ] {
            let rollout = Rollout::of(&deployment(numbers, reason));
            assert_eq!(
                (rollout.is_complete(), rollout.to_string().as_str()),
                (complete, words),
                "{numbers:?}"
            );
        }
    }

    #[test]
    fn sick_pods_of_one_template_are_no_rollout_but_two_templates_are_k21() {
        for (numbers, between) in [
            ([3, 3, 3, 0, 5, 5], false),
            ([3, 3, 3, 3, 5, 5], false),
            ([3, 3, 3, 3, 6, 5], true),
            ([3, 3, 2, 2, 5, 5], true),
            ([3, 4, 3, 3, 5, 5], true),
        ] {
            let sick = deployment(numbers, "ProgressDeadlineExceeded");
            assert_eq!(
                Rollout::between_templates(&sick).is_some(),
                between,
                "{numbers:?}"
            );
        }
    }
}
