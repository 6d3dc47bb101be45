//! The changes that actions make in a cluster.
//!
//! A change looks at the object, decides, and sends one PATCH that holds only for the version it looked at
//! (`metadata.resourceVersion`). If somebody was quicker (409) it looks and decides again, a few times. An answer that
//! was lost is never met by sending again: a second look says what is known. All is done as the field manager `day2`.

mod cordon;
mod patch;
mod restart;

use day2_core::{Cause, Unreadable};
use jiff::Timestamp;

use crate::ClusterClient;
use crate::fault::Fault;
use crate::get::operation;
use crate::objects::Kind;
use crate::path;

pub use cordon::{CORDON_ANNOTATION, Cordon, Cordoned, Uncordoned};
pub use restart::{RESTART_ANNOTATION, RESTARTED_AT_ANNOTATION, Restart, Restarted};

use patch::Sent;

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
    type Target: Kind;
    /// What is told about the change.
    type Made;

    /// What to do about the object as it is.
    fn decide(&self, seen: &<Self::Target as Kind>::Object) -> Decision<Self::Made>;

    /// What was made of `before`. `after` is missing when the PATCH succeeded and its answer could not be read.
    fn made(
        &self,
        before: &<Self::Target as Kind>::Object,
        after: Option<&<Self::Target as Kind>::Object>,
    ) -> Self::Made;

    /// Whether the object shows that this change was made, and by us.
    fn shows(&self, seen: &<Self::Target as Kind>::Object) -> bool;
}

impl ClusterClient {
    async fn change<S: Step>(
        &self,
        step: &S,
        namespace: Option<&str>,
        name: &str,
        deadline: Timestamp,
    ) -> Change<S::Made> {
        let until = self.transport().until(deadline);
        let failed = |verb: &str, fault: &Fault| {
            Change::Failed(self.unreadable(&operation::<S::Target>(verb, namespace, name), fault))
        };
        let path = match path::object::<S::Target>(namespace, name) {
            Ok(path) => path,
            Err(fault) => return failed("patch", &fault),
        };
        let mut conflict = String::new();
        for _ in 0..ROUNDS {
            let seen = match self.fetch::<<S::Target as Kind>::Object>(&path, until).await {
                Ok(Some(seen)) => seen,
                Ok(None) => return Change::Refused("it does not exist".to_owned()),
                Err(fault) => return failed("get", &fault),
            };
            let wanted = match step.decide(&seen) {
                Decision::Patch(wanted) => wanted,
                Decision::Done(made) => return Change::AlreadyDone(made),
                Decision::Refuse(why) => return Change::Refused(why),
            };
            match self.transport().patch(&path, &wanted, until).await {
                Sent::Done(body) => {
                    let after = body.and_then(|body| serde_json::from_slice(&body).ok());
                    return Change::Applied(step.made(&seen, after.as_ref()));
                }
                Sent::Conflict(words) => conflict = words,
                Sent::NotDone(fault) => return failed("patch", &fault),
                Sent::Lost(fault) => {
                    let now = self.fetch::<<S::Target as Kind>::Object>(&path, until).await;
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
                    let cause = match fault.cause() {
                        Cause::TimedOut => Cause::TimedOut,
                        _ => Cause::Other,
                    };
                    let operation = operation::<S::Target>("patch", namespace, name);
                    let detail = format!("{fault}; {look}");
                    return Change::Unknown(Unreadable::new(operation, self.name(), cause, detail));
                }
            }
        }
        Change::Conflict(conflict)
    }
}
