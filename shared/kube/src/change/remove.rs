//! Deleting one object: exactly the one that was looked at, never by force.

use day2_core::names::{DnsLabel, DnsName};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{At, Change, ROUNDS, Sent, Write};
use crate::ClusterClient;
use crate::objects::{NetworkPolicy, PodDetail};

/// A pod that is wanted away. Its grace period is its own; nothing is forced and no finalizer is taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeletePod<'a> {
    /// Namespace.
    pub namespace: &'a DnsLabel,
    /// Name.
    pub name: &'a DnsName,
    /// Its uid: another pod of the name is left alone.
    pub uid: &'a str,
}

/// A pod that is deleted or about to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodDeleted {
    /// It is not there any more.
    pub gone: bool,
    /// Since when it ends.
    pub since: Option<Timestamp>,
    /// What keeps it from going, besides its grace period; somebody else must take these off.
    pub finalizers: Vec<String>,
}

/// A quarantine policy that is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolicyDeleted {
    /// It was gone already.
    pub was_absent: bool,
}

/// What to do about an object that is wanted away.
enum Verdict<T> {
    /// Send a DELETE under these preconditions.
    Delete(Value),
    Done(T),
    Refuse(String),
}

/// One kind of removal; pure, so that it can be decided again.
trait Removal {
    type Target: DeserializeOwned;
    type Made;

    fn decide(&self, seen: &Self::Target) -> Verdict<Self::Made>;
    /// There is no such object.
    fn absent(&self) -> Self::Made;
    /// Deleted by this call; `after` is what the API server answered, if it was the object.
    fn made(&self, before: &Self::Target, after: Option<&Self::Target>) -> Self::Made;
    /// Whether what is there now shows that the one that was meant is deleted.
    fn shows(&self, seen: &Self::Target) -> bool;
}

impl ClusterClient {
    /// Deletes a pod by its uid. One that ends already is left to end, and what holds it is named. A static pod is refused:
    /// its kubelet would show it again. Needs `get` and `delete` on `pods`.
    pub async fn delete_pod(&self, pod: &DeletePod<'_>, deadline: Timestamp) -> Change<PodDeleted> {
        let at = At::of::<PodDetail>(Some(pod.namespace), pod.name);
        self.remove(pod, &at, deadline).await
    }

    /// Deletes a quarantine policy of ours, by its name and uid. One without our mark is refused. Needs `get` and `delete`
    /// on `networkpolicies`.
    pub async fn delete_quarantine_policy(
        &self,
        namespace: &DnsLabel,
        name: &DnsName,
        uid: &str,
        deadline: Timestamp,
    ) -> Change<PolicyDeleted> {
        let at = At::of::<NetworkPolicy>(Some(namespace), name);
        self.remove(&Policy { uid }, &at, deadline).await
    }

    async fn remove<R: Removal>(&self, removal: &R, at: &At, deadline: Timestamp) -> Change<R::Made> {
        let until = self.transport().until(deadline);
        let path = match &at.path {
            Ok(path) => path,
            Err(fault) => return self.failed("delete", at, fault),
        };
        let mut conflict = String::new();
        for _ in 0..ROUNDS {
            let seen = match self.fetch::<R::Target>(path, until).await {
                Ok(Some(seen)) => seen,
                Ok(None) => return Change::AlreadyDone(removal.absent()),
                Err(fault) => return self.failed("get", at, &fault),
            };
            let wanted = match removal.decide(&seen) {
                Verdict::Delete(preconditions) => Write::Delete(json!({
                    "apiVersion": "v1", "kind": "DeleteOptions", "preconditions": preconditions,
                })),
                Verdict::Done(made) => return Change::AlreadyDone(made),
                Verdict::Refuse(why) => return Change::Refused(why),
            };
            match self.transport().write(path, &wanted, until).await {
                Sent::Done(body) => {
                    let after = body.and_then(|body| object_of::<R::Target>(&body));
                    return Change::Applied(removal.made(&seen, after.as_ref()));
                }
                Sent::Conflict(words) => conflict = words,
                Sent::NotDone(fault) if fault.is_no_such_object() => {
                    return Change::AlreadyDone(removal.absent());
                }
                Sent::NotDone(fault) => return self.failed("delete", at, &fault),
                Sent::Lost(fault) => {
                    let look = match self.fetch::<R::Target>(path, until).await {
                        Ok(None) => return Change::Applied(removal.absent()),
                        Ok(Some(now)) if removal.shows(&now) => {
                            return Change::Applied(removal.made(&seen, Some(&now)));
                        }
                        Ok(Some(_)) => "a second look did not show the change".to_owned(),
                        Err(again) => format!("nor could it be looked at again: {again}"),
                    };
                    return self.lost("delete", at, &fault, &look);
                }
            }
        }
        Change::Conflict(conflict)
    }
}

/// The object that a DELETE answers with while it is still there; a `Status` says that it is gone.
fn object_of<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    let value: Value = serde_json::from_slice(body).ok()?;
    if value.get("kind").and_then(Value::as_str) == Some("Status") {
        return None;
    }
    serde_json::from_value(value).ok()
}

impl Removal for DeletePod<'_> {
    type Target = PodDetail;
    type Made = PodDeleted;

    fn decide(&self, seen: &PodDetail) -> Verdict<PodDeleted> {
        if seen.uid != self.uid {
            return Verdict::Refuse(
                "another pod has its name now, with another uid; it was not deleted".to_owned(),
            );
        }
        if seen.is_mirror() {
            return Verdict::Refuse(
                "it is a static pod: its kubelet runs it from a file of the node".to_owned(),
            );
        }
        if seen.deleting_since.is_some() {
            return Verdict::Done(self.made(seen, Some(seen)));
        }
        Verdict::Delete(json!({"uid": self.uid}))
    }

    fn absent(&self) -> PodDeleted {
        PodDeleted {
            gone: true,
            since: None,
            finalizers: Vec::new(),
        }
    }

    fn made(&self, before: &PodDetail, after: Option<&PodDetail>) -> PodDeleted {
        // After a lost answer there may be another pod of the name, or the one that is meant.
        match after {
            Some(after) if after.uid != self.uid => self.absent(),
            after => PodDeleted {
                gone: false,
                since: after.and_then(|after| after.deleting_since),
                finalizers: after.unwrap_or(before).finalizers.clone(),
            },
        }
    }

    fn shows(&self, seen: &PodDetail) -> bool {
        seen.uid != self.uid || seen.deleting_since.is_some()
    }
}

struct Policy<'a> {
    uid: &'a str,
}

impl Removal for Policy<'_> {
    type Target = NetworkPolicy;
    type Made = PolicyDeleted;

    fn decide(&self, seen: &NetworkPolicy) -> Verdict<PolicyDeleted> {
        if seen.uid != self.uid {
            return Verdict::Refuse("another policy has its name now, with another uid".to_owned());
        }
        if seen.owner.is_none() || seen.pod_uid.is_none() {
            return Verdict::Refuse(
                "it does not carry our mark, and is somebody else's to delete".to_owned(),
            );
        }
        if seen.deleting {
            return Verdict::Done(PolicyDeleted { was_absent: false });
        }
        Verdict::Delete(json!({"uid": self.uid, "resourceVersion": seen.resource_version}))
    }

    fn absent(&self) -> PolicyDeleted {
        PolicyDeleted { was_absent: true }
    }

    fn made(&self, _: &NetworkPolicy, _: Option<&NetworkPolicy>) -> PolicyDeleted {
        PolicyDeleted { was_absent: false }
    }

    fn shows(&self, seen: &NetworkPolicy) -> bool {
        seen.uid != self.uid || seen.deleting
    }
}
