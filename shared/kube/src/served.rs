//! Kinds that a cluster may not know at all: custom resources of Karpenter and of EKS Auto Mode.
//!
//! "Not served" is an answer of its own: it is neither an error nor an empty list. An API server answers 404 for a
//! resource that it does not know, and also for one that it knows in another version only, so that discovery is asked
//! before a 404 is believed. EKS serves `eks.amazonaws.com` for other kinds too (`NodeDiagnostic`), so that the group
//! alone proves nothing.

use day2_core::{Cause, Observed, Unreadable};
use jiff::Timestamp;
use serde::Deserialize;
use tokio::time::Instant;

use crate::ClusterClient;
use crate::fault::Fault;
use crate::list::{ListQuery, Listed};
use crate::objects::{Kind, NodeClass, NodePool};
use crate::path::Place;

/// What an API server says about a path that it does not serve (source: `http.NotFound` of Go, which it uses).
const NO_SUCH_PATH: &str = "404 page not found";

impl ClusterClient {
    /// Karpenter's node pools, which EKS Auto Mode uses too; none when the cluster does not know the kind.
    ///
    /// Needs `list` on `nodepools` of `karpenter.sh`.
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list); also when the cluster knows the kind in other versions only.
    pub async fn list_nodepools(&self, deadline: Timestamp) -> Observed<Option<Listed<NodePool>>> {
        self.list_if_served::<NodePool>(deadline).await
    }

    /// Node classes of EKS Auto Mode; none when the cluster does not know the kind.
    ///
    /// Needs `list` on `nodeclasses` of `eks.amazonaws.com`.
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list); also when the cluster knows the kind in other versions only.
    pub async fn list_nodeclasses(&self, deadline: Timestamp) -> Observed<Option<Listed<NodeClass>>> {
        self.list_if_served::<NodeClass>(deadline).await
    }

    pub(crate) async fn list_if_served<K: Kind>(
        &self,
        deadline: Timestamp,
    ) -> Observed<Option<Listed<K::Object>>> {
        self.list_served_of::<K>(&ListQuery::all(), deadline).await
    }

    /// What a query selects of a kind that the cluster may not know; none when it does not.
    pub(crate) async fn list_served_of<K: Kind>(
        &self,
        query: &ListQuery,
        deadline: Timestamp,
    ) -> Observed<Option<Listed<K::Object>>> {
        let unserved = match self.list::<K>(query, deadline).await {
            Ok(listed) => return Ok(Some(listed)),
            Err(why) if why.cause == Cause::NotFound => why,
            Err(why) => return Err(why),
        };
        let until = self.transport().until(deadline);
        match self.versions_at(&Place::of::<K>(), until).await {
            Ok(versions) if versions.is_empty() => Ok(None),
            // Our own version is among them when the answers come from API servers of two releases, in an upgrade.
            Ok(versions) => Err(Unreadable {
                detail: format!(
                    "the cluster serves {} of {} as {}, not as {}",
                    K::PLURAL,
                    K::GROUP,
                    versions.join(", "),
                    K::VERSION
                ),
                ..unserved
            }),
            Err(fault) => Err(self.unreadable(&format!("discover {}", K::GROUP), &fault)),
        }
    }

    /// The versions in which the cluster serves a kind, by discovery, which every authenticated caller may ask.
    pub(crate) async fn versions_at(&self, place: &Place<'_>, until: Instant) -> Result<Vec<String>, Fault> {
        let group: Option<Group> = self.discover(&format!("/apis/{}", place.group), until).await?;
        let mut serving = Vec::new();
        for version in group.into_iter().flat_map(|group| group.versions) {
            let path = format!("/apis/{}/{}", place.group, version.version);
            let list: Option<Resources> = self.discover(&path, until).await?;
            let serves = list.is_some_and(|list| list.resources.iter().any(|one| one.name == place.plural));
            if serves {
                serving.push(version.version);
            }
        }
        Ok(serving)
    }

    pub(crate) async fn discover<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        until: Instant,
    ) -> Result<Option<T>, Fault> {
        match self.transport().read_small(path, until).await {
            Ok(body) => serde_json::from_slice(&body)
                .map(Some)
                .map_err(|error| Fault::Malformed(error.to_string())),
            Err(Fault::Status {
                code: 404, message, ..
            }) if message == NO_SUCH_PATH => Ok(None),
            Err(fault) if fault.is_no_such_object() => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}

/// `APIGroup`. The member must be there: an answer of something else is not "no versions".
#[derive(Deserialize)]
struct Group {
    versions: Vec<GroupVersion>,
}

#[derive(Deserialize)]
struct GroupVersion {
    version: String,
}

/// `APIResourceList`.
#[derive(Deserialize)]
struct Resources {
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    name: String,
}
