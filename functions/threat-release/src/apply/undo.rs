//! Undoes one measure.

use day2_aws::{Applied, OpsError, aws};
use day2_core::Unreadable;
use day2_core::containment::Measure;
use day2_core::containment::sessions::{is_policy_document, role_name};
use day2_core::names::{DnsLabel, DnsName};
use day2_core::target::Target;
use day2_kube::ClusterClient;
use day2_kube::change::{Change as Kube, Cordon, PauseScaling, QuarantineLabel, Scalable, SetReplicas};
use day2_reads::times::Times;
use day2_reads::{group_members, role_policies};
use jiff::Timestamp;

use super::NOTHING;
use crate::change::Undo;
use crate::gather::{Clients, no_name};

const PROTECT: &str = "autoscaling:SetInstanceProtection";
const DELETE: &str = "iam:DeleteRolePolicy";

/// What came of undoing a measure.
pub(super) enum Came {
    /// It was undone now.
    Done(String),
    /// It was found undone.
    Found(String),
    /// It is no longer as we made it, and was left.
    Theirs(String),
    /// It failed, and what is known of the change.
    Failed(OpsError, String),
}

impl Came {
    fn of<T>(change: Kube<T>, done: &str, found: &str) -> Self {
        match change {
            Kube::Applied(_) => Self::Done(done.to_owned()),
            Kube::AlreadyDone(_) => Self::Found(found.to_owned()),
            Kube::Refused(why) => Self::Theirs(why),
            Kube::Conflict(why) => Self::Failed(
                OpsError::Refused(format!("somebody else changes it at the same time: {why}")),
                NOTHING.to_owned(),
            ),
            Kube::Failed(why) => Self::Failed(OpsError::Read(why), NOTHING.to_owned()),
            Kube::Unknown(why) => Self::Failed(
                OpsError::Read(why),
                "whether it was undone is not known; the next run will see it".to_owned(),
            ),
        }
    }

    const fn failed(why: Unreadable, says: String) -> Self {
        Self::Failed(OpsError::Read(why), says)
    }

    pub(super) fn applied(self) -> Applied {
        match self {
            Self::Done(says) => Applied::Done(says),
            Self::Found(says) => Applied::AlreadyDone(says),
            Self::Theirs(says) => Applied::Refused(says),
            Self::Failed(error, says) => Applied::Failed { error, says },
        }
    }
}

pub(super) async fn undo(clients: &Clients, target: &Target, wanted: &Undo, times: &Times) -> Came {
    if let Measure::ScaleInProtection { group, instance } = &wanted.measure {
        return unprotect(clients, group, instance, times).await;
    }
    if let Measure::DenySessions {
        role,
        policy,
        issued_before,
    } = &wanted.measure
    {
        return allow_sessions(clients, (role, policy), *issued_before, times).await;
    }
    let cluster = match clients.cluster(target, times).await {
        Ok(cluster) => cluster,
        Err(why) => return Came::failed(why, NOTHING.to_owned()),
    };
    match in_cluster(&cluster, wanted, times).await {
        Ok(came) => came,
        Err(why) => Came::failed(why, NOTHING.to_owned()),
    }
}

async fn in_cluster(cluster: &ClusterClient, wanted: &Undo, times: &Times) -> Result<Came, Unreadable> {
    let pod = &wanted.pod;
    let namespace: DnsLabel = pod
        .namespace
        .parse()
        .map_err(|_| no_name("namespaces", &pod.namespace))?;
    let name = |what: &str, text: &str| text.parse::<DnsName>().map_err(|_| no_name(what, text));
    let came = match &wanted.measure {
        Measure::Label { value } => {
            let (pod_name, value) = (
                name("pods", &pod.name)?,
                value.parse::<DnsLabel>().map_err(|_| no_name("labels", value))?,
            );
            let label = QuarantineLabel {
                namespace: &namespace,
                pod: &pod_name,
                uid: &pod.uid,
                value: &value,
            };
            let change = cluster.release_pod(&label, times.deadline).await;
            Came::of(change, "the label is removed", "the label was gone already")
        }
        Measure::Policy { name: policy, uid } => {
            let policy = name("networkpolicies", policy)?;
            // The plan puts the uid in that it saw; without one nothing is deleted.
            let uid = uid.as_deref().unwrap_or_default();
            let change = cluster
                .delete_quarantine_policy(&namespace, &policy, uid, times.deadline)
                .await;
            Came::of(change, "the policy is deleted", "the policy was gone already")
        }
        Measure::Cordon { node, uid, owner } => {
            let cordon = Cordon {
                node,
                uid: Some(uid),
                owner,
            };
            let change = cluster.uncordon(&cordon, times.deadline).await;
            Came::of(
                change,
                "the node takes new pods",
                "the node took new pods already",
            )
        }
        Measure::PauseScaledObject {
            name: object,
            uid,
            owner,
        } => {
            let object = name("scaledobjects", object)?;
            let pause = PauseScaling {
                namespace: &namespace,
                name: &object,
                uid,
                owner,
            };
            let change = cluster.resume_scaling(&pause, times.deadline).await;
            Came::of(change, "KEDA scales again", "KEDA scaled already")
        }
        Measure::Scale {
            workload,
            name: of,
            uid,
            replicas_before,
        } => {
            let kind = Scalable::named(workload).ok_or_else(|| no_name("workloads", workload))?;
            let of = name(workload, of)?;
            let replicas = SetReplicas {
                kind,
                namespace: &namespace,
                name: &of,
                uid,
                from: 0,
                to: *replicas_before,
            };
            let change = cluster.set_replicas(&replicas, times.deadline).await;
            let done = format!("it is asked for {replicas_before} replicas again");
            Came::of(change, &done, "it had its replicas already")
        }
        Measure::ScaleInProtection { .. } | Measure::DenySessions { .. } | Measure::DeletePod => {
            Came::Theirs("there is nothing to undo in the cluster".to_owned())
        }
    };
    Ok(came)
}

/// The API answers nothing, and whether the instance is still in the group is looked up first: it refuses the call otherwise.
async fn unprotect(clients: &Clients, group: &str, instance: &str, times: &Times) -> Came {
    match group_members::of_instance(&clients.autoscaling, times, instance).await {
        Err(why) => return Came::failed(why, NOTHING.to_owned()),
        Ok(None) => return Came::Found("the instance is in no group any more".to_owned()),
        Ok(Some(member)) if member.group != group => {
            return Came::Theirs(format!("the instance is in the group {} now", member.group));
        }
        Ok(Some(member)) if !member.protected => {
            return Came::Found("the instance was not protected any more".to_owned());
        }
        Ok(Some(_)) => {}
    }
    let answer = clients
        .autoscaling
        .set_instance_protection()
        .auto_scaling_group_name(group)
        .instance_ids(instance)
        .protected_from_scale_in(false)
        .send()
        .await;
    match answer {
        Ok(_) => Came::Done("the instance may be scaled in again".to_owned()),
        Err(error) => {
            let error = aws(PROTECT, instance)(error);
            let says = if error.is_transient() {
                "whether it was undone is not known; the next run will see it"
            } else {
                NOTHING
            };
            Came::Failed(error, says.to_owned())
        }
    }
}

/// Deletes our policy from the role, if it still says what was put: IAM deletes by name, whatever the policy says.
pub(super) async fn allow_sessions(
    clients: &Clients,
    (role, policy): (&str, &str),
    issued_before: Option<Timestamp>,
    times: &Times,
) -> Came {
    let Some(role) = role_name(role) else {
        return Came::failed(no_name("roles", role), NOTHING.to_owned());
    };
    match role_policies::inline(&clients.iam, times, role, policy).await {
        Err(why) => return Came::failed(why, NOTHING.to_owned()),
        Ok(None) => return Came::Found("the role had no policy of this name any more".to_owned()),
        Ok(Some(seen)) => {
            if !issued_before.is_some_and(|moment| is_policy_document(&seen, moment)) {
                return Came::Theirs(format!("the policy {policy} of {role} says something else now"));
            }
        }
    }
    let answer = clients
        .iam
        .delete_role_policy()
        .role_name(role)
        .policy_name(policy)
        .send()
        .await;
    match answer {
        Ok(_) => Came::Done("sessions of the role that have not expired are valid again".to_owned()),
        Err(error) => {
            let error = aws(DELETE, role)(error);
            let says = if error.is_transient() {
                "whether it was undone is not known; the next run will see it"
            } else {
                NOTHING
            };
            Came::Failed(error, says.to_owned())
        }
    }
}
