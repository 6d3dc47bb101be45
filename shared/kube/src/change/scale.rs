//! Replicas of a controller, through its subresource `scale`: the right to scale is not the right to change an image.

use day2_core::Observed;
use day2_core::names::{DnsLabel, DnsName};
use jiff::Timestamp;
use serde_json::json;

use super::{At, Change, Decision, Step};
use crate::ClusterClient;
use crate::objects::{Controller, Scale};
use crate::path::Place;

/// A kind that may be scaled. Custom kinds are left to people: what a zero means to their operators is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalable {
    /// `deployments`.
    Deployment,
    /// `statefulsets`.
    StatefulSet,
    /// `replicasets`; of use for one without a Deployment only, which would set it back.
    ReplicaSet,
}

/// Replicas that are wanted, from a number that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetReplicas<'a> {
    /// Kind of the controller.
    pub kind: Scalable,
    /// Namespace.
    pub namespace: &'a DnsLabel,
    /// Name.
    pub name: &'a DnsName,
    /// Its uid: another one of the name is left alone.
    pub uid: &'a str,
    /// What `spec.replicas` must still be; anything else is somebody's decision since, and is left.
    pub from: i64,
    /// What it is to be.
    pub to: i64,
}

/// A controller with the replicas that were wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scaled {
    /// `spec.replicas` before; none when it was as wanted already.
    pub before: Option<i64>,
    /// `status.replicas`: pods that were there at the last look.
    pub pods: i64,
}

/// The replicas of a controller as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replicas {
    /// Uid of the controller.
    pub uid: String,
    /// `spec.replicas`.
    pub wanted: i64,
    /// `status.replicas`.
    pub pods: i64,
}

impl Scalable {
    const fn place(self) -> Place<'static> {
        let plural = match self {
            Self::Deployment => "deployments",
            Self::StatefulSet => "statefulsets",
            Self::ReplicaSet => "replicasets",
        };
        Place {
            group: "apps",
            version: "v1",
            plural,
        }
    }

    /// The kind of this name in `apps/v1`, for example `Deployment`.
    #[must_use]
    pub fn named(kind: &str) -> Option<Self> {
        match kind {
            "Deployment" => Some(Self::Deployment),
            "StatefulSet" => Some(Self::StatefulSet),
            "ReplicaSet" => Some(Self::ReplicaSet),
            _ => None,
        }
    }

    /// Whether a controller is of such a kind.
    #[must_use]
    pub fn of(controller: &Controller) -> Option<Self> {
        (controller.api_version == "apps/v1")
            .then(|| Self::named(&controller.kind))
            .flatten()
    }
}

impl ClusterClient {
    /// The replicas of a controller; none when the API server says that there is no such controller. Needs `get` on
    /// `deployments/scale`, `statefulsets/scale` or `replicasets/scale`.
    ///
    /// # Errors
    ///
    /// When they could not be read.
    pub async fn get_replicas(
        &self,
        kind: Scalable,
        namespace: &DnsLabel,
        name: &DnsName,
        deadline: Timestamp,
    ) -> Observed<Option<Replicas>> {
        let at = At::within(&kind.place(), Some(namespace), name, "/scale");
        let until = self.transport().until(deadline);
        let seen = match at.path {
            Ok(path) => self.fetch::<Scale>(&path, until).await,
            Err(fault) => Err(fault),
        };
        let replicas = |seen: Scale| Replicas {
            uid: seen.uid,
            wanted: seen.replicas,
            pods: seen.pods,
        };
        seen.map(|seen| seen.map(replicas))
            .map_err(|fault| self.unreadable(&format!("get {}", at.what), &fault))
    }

    /// Sets the replicas. The way back is the same with the numbers exchanged. Needs `get` and `patch` on
    /// `deployments/scale`, `statefulsets/scale` or `replicasets/scale`.
    pub async fn set_replicas(&self, wanted: &SetReplicas<'_>, deadline: Timestamp) -> Change<Scaled> {
        let place = wanted.kind.place();
        let at = At::within(&place, Some(wanted.namespace), wanted.name, "/scale");
        self.change(wanted, &at, None, deadline).await
    }
}

impl Step for SetReplicas<'_> {
    type Target = Scale;
    type Made = Scaled;

    fn decide(&self, seen: &Scale) -> Decision<Scaled> {
        let refuse = |why: &str| Decision::Refuse(why.to_owned());
        if seen.uid != self.uid {
            return refuse("it is another object of the same name than the one that was planned for");
        }
        if self.to < 0 {
            return refuse("there is no negative number of replicas");
        }
        if self.shows(seen) {
            return Decision::Done(Scaled {
                before: None,
                pods: seen.pods,
            });
        }
        if seen.replicas != self.from {
            return Decision::Refuse(format!(
                "it has {} replicas now, not {}: somebody has scaled it since, and it was left so",
                seen.replicas, self.from
            ));
        }
        if seen.resource_version.is_empty() {
            return refuse("the API server does not say its version, so that nothing can be changed safely");
        }
        Decision::Patch(json!({
            "metadata": {"resourceVersion": seen.resource_version},
            "spec": {"replicas": self.to},
        }))
    }

    fn made(&self, before: &Scale, after: Option<&Scale>) -> Scaled {
        Scaled {
            before: Some(before.replicas),
            pods: after.unwrap_or(before).pods,
        }
    }

    fn shows(&self, seen: &Scale) -> bool {
        seen.uid == self.uid && seen.replicas == self.to
    }
}
