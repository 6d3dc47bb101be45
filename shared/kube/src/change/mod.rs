//! The changes that actions make in a cluster.
//!
//! A change looks at the object, decides, and sends one PATCH that holds only for the version it looked at
//! (`metadata.resourceVersion`), or one DELETE that holds for the uid it looked at. If somebody was quicker (409) it looks
//! and decides again, a few times. An answer that was lost is never met by sending again: a second look says what is
//! known. All is done as the field manager `day2`.

mod cordon;
mod label;
mod pause;
mod policy;
mod remove;
mod restart;
mod scale;
mod write;

use day2_core::{Cause, Unreadable};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::ClusterClient;
use crate::fault::Fault;
use crate::objects::Kind;
use crate::path::Place;

pub use cordon::{CORDON_ANNOTATION, Cordon, Cordoned, Uncordoned};
pub use label::{Labelled, QUARANTINE_LABEL, QuarantineLabel, Unlabelled};
pub use pause::{KEDA_PAUSE_ANNOTATION, KEDA_PAUSED_ANNOTATION, PauseScaling, Paused, Resumed};
pub use policy::{
    FINDING_LABEL, OWNER_ANNOTATION, POD_ANNOTATION, POD_UID_ANNOTATION, PolicyMade, QuarantinePolicy,
    REPLICAS_BEFORE_ANNOTATION, ReplicasBefore, label_value,
};
pub use remove::{DeletePod, PodDeleted, PolicyDeleted};
pub use restart::{RESTART_ANNOTATION, RESTARTED_AT_ANNOTATION, Restart, Restarted};
pub use scale::{Replicas, Scalable, Scaled, SetReplicas};

use write::{Sent, Write};

/// Who made a change, as the API server records it in `metadata.managedFields`.
pub const FIELD_MANAGER: &str = "day2";

/// How often a change is decided anew because somebody else changed the object in between.
const ROUNDS: u32 = 5;

/// What is known about a change that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Change<T> {
    /// It was made by this call.
    Applied(T),
    /// It had been made before; nothing was sent.
    AlreadyDone(T),
    /// It was not sent, for this reason.
    Refused(String),
    /// It was not made: the object changed each time between the look and the PATCH. The words of the last refusal.
    Conflict(String),
    /// It was not made: the object could not be read, or the API server refused.
    Failed(Unreadable),
    /// It may have been made: the answer was lost, and a second look did not show it. It may still arrive.
    Unknown(Unreadable),
}

impl<T> Change<T> {
    /// Whether the cluster is now as asked; none when that is not known.
    #[must_use]
    pub const fn is_done(&self) -> Option<bool> {
        match self {
            Self::Applied(_) | Self::AlreadyDone(_) => Some(true),
            Self::Refused(_) | Self::Conflict(_) | Self::Failed(_) => Some(false),
            Self::Unknown(_) => None,
        }
    }
}

/// What to do about an object, having looked at it.
enum Decision<T> {
    /// Send this JSON merge patch.
    Patch(serde_json::Value),
    /// It is as wanted.
    Done(T),
    /// Leave it, and say why.
    Refuse(String),
}

/// One kind of change: pure, so that it can be decided again.
trait Step {
    /// The object that is changed, read with what the decision needs.
    type Target: DeserializeOwned;
    /// What is told about the change.
    type Made;

    /// What to do about the object as it is.
    fn decide(&self, seen: &Self::Target) -> Decision<Self::Made>;

    /// What was made of `before`. `after` is missing when the PATCH succeeded and its answer could not be read.
    fn made(&self, before: &Self::Target, after: Option<&Self::Target>) -> Self::Made;

    /// Whether the object shows that this change was made, and by us.
    fn shows(&self, seen: &Self::Target) -> bool;
}

/// The object that a change is about.
struct At {
    /// Its path, unless one of its names is none.
    path: Result<String, Fault>,
    /// `deployments shop/web`, for the words of a failure.
    what: String,
}

impl At {
    fn of<K: Kind>(namespace: Option<&str>, name: &str) -> Self {
        Self::within(&Place::of::<K>(), namespace, name, "")
    }

    /// A subresource, for example `/scale`, or the object itself when that is empty.
    fn within(place: &Place<'_>, namespace: Option<&str>, name: &str, subresource: &str) -> Self {
        let path = place.object(namespace, name).map(|path| path + subresource);
        let what = match namespace {
            Some(namespace) => format!("{}{subresource} {namespace}/{name}", place.plural),
            None => format!("{}{subresource} {name}", place.plural),
        };
        Self { path, what }
    }
}

/// The cause of a change of which nobody knows whether it was made.
const fn cause_of_loss(fault: &Fault) -> Cause {
    match fault.cause() {
        Cause::TimedOut => Cause::TimedOut,
        _ => Cause::Other,
    }
}

impl ClusterClient {
    /// A failure in the words of a report: `patch deployments shop/web`.
    fn failed<T>(&self, verb: &str, at: &At, fault: &Fault) -> Change<T> {
        Change::Failed(self.unreadable(&format!("{verb} {}", at.what), fault))
    }

    /// What is known after an answer was lost and a second look did not help.
    fn lost<T>(&self, verb: &str, at: &At, fault: &Fault, look: &str) -> Change<T> {
        let operation = format!("{verb} {}", at.what);
        let detail = format!("{fault}; {look}");
        Change::Unknown(Unreadable::new(
            operation,
            self.name(),
            cause_of_loss(fault),
            detail,
        ))
    }

    /// Changes an object. `look` is what was read of it a moment ago, which spares the first read: the PATCH holds for that
    /// version only, so that an old look costs an exchange and nothing else.
    async fn change<S: Step>(
        &self,
        step: &S,
        at: &At,
        mut look: Option<S::Target>,
        deadline: Timestamp,
    ) -> Change<S::Made> {
        let until = self.transport().until(deadline);
        let path = match &at.path {
            Ok(path) => path,
            Err(fault) => return self.failed("patch", at, fault),
        };
        let mut conflict = String::new();
        for _ in 0..ROUNDS {
            let seen = match look.take() {
                Some(seen) => seen,
                None => match self.fetch::<S::Target>(path, until).await {
                    Ok(Some(seen)) => seen,
                    Ok(None) => return Change::Refused("it does not exist".to_owned()),
                    Err(fault) => return self.failed("get", at, &fault),
                },
            };
            let wanted = match step.decide(&seen) {
                Decision::Patch(wanted) => Write::Patch(wanted),
                Decision::Done(made) => return Change::AlreadyDone(made),
                Decision::Refuse(why) => return Change::Refused(why),
            };
            match self.transport().write(path, &wanted, until).await {
                Sent::Done(body) => {
                    let after = body.and_then(|body| serde_json::from_slice(&body).ok());
                    return Change::Applied(step.made(&seen, after.as_ref()));
                }
                Sent::Conflict(words) => conflict = words,
                Sent::NotDone(fault) => return self.failed("patch", at, &fault),
                Sent::Lost(fault) => {
                    let now = self.fetch::<S::Target>(path, until).await;
                    if let Ok(Some(now)) = &now
                        && step.shows(now)
                    {
                        return Change::Applied(step.made(&seen, Some(now)));
                    }
                    let look = match now {
                        Ok(Some(_)) => "a second look did not show the change".to_owned(),
                        Ok(None) => "it does not exist any more".to_owned(),
                        Err(fault) => format!("nor could it be looked at again: {fault}"),
                    };
                    return self.lost("patch", at, &fault, &look);
                }
            }
        }
        Change::Conflict(conflict)
    }
}
