//! From a pod up to what controls it, one controller after the other.

use day2_core::Unreadable;
use jiff::Timestamp;

use crate::ClusterClient;
use crate::fault::Fault;
use crate::objects::{Controller, ControllerWire, Owner, PodDetail};

/// The most controllers above a pod that are followed; pod, replica set, Deployment and one operator are three.
const HOPS: usize = 5;

/// The controllers of a pod, from the nearest up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owners {
    /// Those that were read, each with the uid that the reference below it names.
    pub controllers: Vec<Controller>,
    /// How it ends.
    pub end: ChainEnd,
}

/// Why a chain of owners goes no further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainEnd {
    /// The last controller has no controller itself.
    Top,
    /// The pod has no controller at all: deleted, it stays away.
    Naked,
    /// A static pod: its kubelet runs it from a file of the node, and deleting what the API shows ends nothing.
    Static,
    /// The owner does not exist any more; the garbage collector will take what it owned.
    Missing(Owner),
    /// Another object stands under the owner's name.
    Replaced(Owner),
    /// The cluster does not know the owner's kind any more.
    NotServed(Owner),
    /// It could not be read, so that nothing above is known.
    Unreadable(Owner, Unreadable),
    /// There are more than five.
    TooLong(Owner),
}

impl Owners {
    /// The controller that decides how many pods there are, if the chain was read to its top.
    #[must_use]
    pub fn top(&self) -> Option<&Controller> {
        match self.end {
            ChainEnd::Top => self.controllers.last(),
            _ => None,
        }
    }
}

impl ClusterClient {
    /// Follows the owner references of a pod. Each hop is checked by its uid; one that cannot be read ends the chain
    /// and says so. Needs `get` on each kind that may own pods: `replicasets`, `deployments`, `statefulsets`,
    /// `daemonsets`, `jobs`, `cronjobs`, and custom ones.
    pub async fn owners_of(&self, pod: &PodDetail, deadline: Timestamp) -> Owners {
        let mut controllers: Vec<Controller> = Vec::new();
        let end = loop {
            let next = match controllers.last() {
                None if pod.is_mirror() => break ChainEnd::Static,
                None => pod.owner.clone(),
                Some(last) => last.owner.clone(),
            };
            let Some(owner) = next else {
                break if controllers.is_empty() {
                    ChainEnd::Naked
                } else {
                    ChainEnd::Top
                };
            };
            if controllers.len() >= HOPS {
                break ChainEnd::TooLong(owner);
            }
            match self.controller(&pod.namespace, &owner, deadline).await {
                Ok(Hop::Found(controller)) => controllers.push(*controller),
                Ok(Hop::Missing) => break ChainEnd::Missing(owner),
                Ok(Hop::Replaced) => break ChainEnd::Replaced(owner),
                Ok(Hop::NotServed) => break ChainEnd::NotServed(owner),
                Err(fault) => {
                    let operation = format!("get {} {}/{}", owner.kind, pod.namespace, owner.name);
                    let why = self.unreadable(&operation, &fault);
                    break ChainEnd::Unreadable(owner, why);
                }
            }
        };
        Owners { controllers, end }
    }

    async fn controller(&self, namespace: &str, owner: &Owner, deadline: Timestamp) -> Result<Hop, Fault> {
        let until = self.transport().until(deadline);
        let Some(kind) = self.kind_at(owner, until).await? else {
            return Ok(Hop::NotServed);
        };
        let path = kind.place().object(Some(namespace), &owner.name)?;
        Ok(match self.fetch::<ControllerWire>(&path, until).await? {
            None => Hop::Missing,
            Some(wire) if wire.uid() != Some(owner.uid.as_str()) => Hop::Replaced,
            Some(wire) => Hop::Found(Box::new(Controller::of(wire, owner))),
        })
    }
}

enum Hop {
    Found(Box<Controller>),
    Missing,
    Replaced,
    NotServed,
}
