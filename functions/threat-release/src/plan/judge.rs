//! Whether a measure is still as the containment made it.

use day2_core::containment::sessions::is_policy_document;
use day2_core::containment::{ContainedPod, Measure, Taken};
use jiff::Timestamp;

use crate::facts::Seen;

/// What a measure turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Judged {
    /// It is as we made it, and can be undone.
    Undo {
        /// What is to be undone; a policy carries the uid that was seen.
        measure: Measure,
        /// In a few words.
        title: String,
        /// The value now.
        before: String,
        /// The value afterwards.
        after: String,
    },
    /// Nothing of it is there any more, and how that shows.
    Undone(String),
    /// Somebody has changed it since: it is theirs, and stays.
    Left(String),
}

impl Judged {
    fn undo(measure: &Measure, title: &str, before: &str, after: &str) -> Self {
        Self::Undo {
            measure: measure.clone(),
            title: title.to_owned(),
            before: before.to_owned(),
            after: after.to_owned(),
        }
    }

    fn undone(says: &str) -> Self {
        Self::Undone(says.to_owned())
    }

    fn left(says: &str) -> Self {
        Self::Left(says.to_owned())
    }
}

/// Judges one measure by what is there now. A measure that was about to be taken when its run died is judged like one that
/// was taken: what is there decides.
pub(crate) fn judge(taken: &Taken, seen: &Seen, pod: &ContainedPod) -> Judged {
    let measure = &taken.measure;
    if *seen == Seen::Gone {
        return gone(measure);
    }
    match measure {
        Measure::Label { value } => label(measure, value, seen, pod),
        Measure::Policy { name, uid } => policy(name, uid.as_deref(), seen),
        Measure::Cordon { uid, owner, .. } => cordon(measure, uid, owner, seen),
        Measure::ScaleInProtection { group, .. } => protection(measure, group, seen),
        Measure::DenySessions { issued_before, .. } => denial(measure, *issued_before, seen),
        Measure::PauseScaledObject { uid, owner, .. } => pause(measure, uid, owner, seen),
        Measure::Scale {
            uid, replicas_before, ..
        } => scale(measure, uid, *replicas_before, seen),
        Measure::DeletePod => {
            Judged::left("a deleted pod does not come back; its owner makes another one, or nobody does")
        }
    }
}

fn gone(measure: &Measure) -> Judged {
    Judged::undone(match measure {
        Measure::Label { .. } | Measure::DeletePod => "the pod is gone",
        Measure::Policy { .. } => "the policy is gone",
        Measure::Cordon { .. } => "the node is gone",
        Measure::ScaleInProtection { .. } => "the instance is in no Auto Scaling group any more",
        Measure::DenySessions { .. } => "the role has no policy of this name any more",
        Measure::PauseScaledObject { .. } => "the ScaledObject is gone",
        Measure::Scale { .. } => "the workload is gone",
    })
}

/// What was read is of another kind than what was changed: a mistake of ours, and no ground to change anything.
fn unfit() -> Judged {
    Judged::left("what was read of it is not what was changed")
}

fn label(measure: &Measure, value: &str, seen: &Seen, pod: &ContainedPod) -> Judged {
    let Seen::Pod { uid, label } = seen else {
        return unfit();
    };
    match label {
        _ if *uid != pod.uid => {
            Judged::undone("another pod has its name now; the one that was contained is gone")
        }
        None => Judged::undone("the pod does not carry the label any more"),
        Some(label) if label == value => {
            Judged::undo(measure, "remove the quarantine label", value, "no label")
        }
        Some(label) => Judged::Left(format!(
            "its label is `{label}` now, which is not of this containment"
        )),
    }
}

fn policy(name: &str, known: Option<&str>, seen: &Seen) -> Judged {
    let Seen::Policy { uid, ours } = seen else {
        return unfit();
    };
    if known.is_some_and(|known| known != uid) {
        return Judged::left("another policy has its name now, with another uid");
    }
    if !ours {
        return Judged::left("the policy does not carry our mark for this pod any more");
    }
    let measure = Measure::Policy {
        name: name.to_owned(),
        uid: Some(uid.clone()),
    };
    Judged::undo(
        &measure,
        "delete the quarantine policy",
        "denies all traffic",
        "no policy of ours",
    )
}

fn cordon(measure: &Measure, known: &str, ours: &str, seen: &Seen) -> Judged {
    let Seen::Node {
        uid,
        unschedulable,
        owner,
    } = seen
    else {
        return unfit();
    };
    if uid != known {
        Judged::undone("another node has its name now; the one that was cordoned is gone")
    } else if owner.as_deref() == Some(ours) {
        // Also where somebody has uncordoned it: the mark must not claim the next cordon.
        Judged::undo(measure, "uncordon the node", "cordoned by us", "takes new pods")
    } else if *unschedulable {
        Judged::left("it is cordoned by somebody else, and theirs to lift")
    } else {
        Judged::undone("it takes new pods already")
    }
}

fn protection(measure: &Measure, ours: &str, seen: &Seen) -> Judged {
    let Seen::Instance { group, protected } = seen else {
        return unfit();
    };
    if group != ours {
        Judged::Left(format!("the instance is in the group {group} now"))
    } else if *protected {
        Judged::undo(
            measure,
            "end the protection from scale-in",
            "protected",
            "not protected",
        )
    } else {
        Judged::undone("it is not protected any more")
    }
}

/// Nobody else has a policy of this name; what it says must still be what was put.
fn denial(measure: &Measure, issued_before: Option<Timestamp>, seen: &Seen) -> Judged {
    let Seen::RolePolicy { document } = seen else {
        return unfit();
    };
    match issued_before.filter(|moment| is_policy_document(document, *moment)) {
        Some(moment) => Judged::undo(
            measure,
            "let the role's older sessions be",
            &format!("sessions issued before {moment} are denied"),
            "sessions that have not expired are valid again",
        ),
        None => Judged::left("the policy does not say any more what was put"),
    }
}

fn pause(measure: &Measure, known: &str, ours: &str, seen: &Seen) -> Judged {
    let Seen::ScaledObject { uid, paused, owner } = seen else {
        return unfit();
    };
    if uid != known {
        Judged::undone("another ScaledObject has its name now; the one that was paused is gone")
    } else if owner.as_deref() == Some(ours) {
        Judged::undo(measure, "resume KEDA", "paused by us", "scales")
    } else if *paused {
        Judged::left("it is paused by somebody else, and theirs to resume")
    } else {
        Judged::undone("it scales already")
    }
}

fn scale(measure: &Measure, known: &str, before: i64, seen: &Seen) -> Judged {
    let Seen::Workload { uid, replicas } = seen else {
        return unfit();
    };
    if uid != known {
        Judged::left("another workload has its name now, with another uid")
    } else if *replicas == 0 {
        Judged::undo(
            measure,
            "restore the replicas",
            "0 replicas",
            &format!("{before} replicas"),
        )
    } else if *replicas == before {
        Judged::undone("it has its replicas of before")
    } else {
        Judged::Left(format!(
            "it has {replicas} replicas now, neither 0 nor {before}: somebody has scaled it since"
        ))
    }
}
