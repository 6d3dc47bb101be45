//! Other pods that run the same image or act under the same name.

use std::collections::BTreeSet;

use day2_core::Observed;
use jiff::Timestamp;

use crate::ClusterClient;
use crate::list::{ListQuery, Listed};
use crate::objects::{Owner, PodDetail};

/// What makes a pod a sibling of the one under suspicion. Either is enough.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Likeness {
    /// Digests of images, `sha256:…`.
    pub digests: BTreeSet<String>,
    /// A service account: namespace and name.
    pub service_account: Option<(String, String)>,
}

/// A pod like the one under suspicion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sibling {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Uid.
    pub uid: String,
    /// Its node; none while it has none.
    pub node: Option<String>,
    /// `Running`, …
    pub phase: String,
    /// It is being deleted.
    pub deleting: bool,
    /// Which of the digests it runs or ran.
    pub digests: BTreeSet<String>,
    /// It acts as the service account.
    pub same_service_account: bool,
    /// Its controller.
    pub owner: Option<Owner>,
}

impl Likeness {
    /// The pod as a sibling, if it is one.
    #[must_use]
    pub fn of(&self, pod: PodDetail) -> Option<Sibling> {
        let own = pod.digests();
        let digests: BTreeSet<String> = self
            .digests
            .iter()
            .filter(|digest| own.contains(digest.as_str()))
            .cloned()
            .collect();
        let same_service_account = self
            .service_account
            .as_ref()
            .is_some_and(|(namespace, name)| *namespace == pod.namespace && *name == pod.service_account);
        if digests.is_empty() && !same_service_account {
            return None;
        }
        Some(Sibling {
            deleting: pod.deleting_since.is_some(),
            namespace: pod.namespace,
            name: pod.name,
            uid: pod.uid,
            node: pod.node,
            phase: pod.phase,
            digests,
            same_service_account,
            owner: pod.owner,
        })
    }
}

impl ClusterClient {
    /// All pods of the cluster that are like this, the one under suspicion included. Memory is bounded by the page and
    /// the siblings. Needs `list` on `pods`.
    ///
    /// A pod whose image was not pulled yet reports no digest, and is found by its service account only.
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list). A [`Listed`] with a shortfall does not show that there are no others.
    pub async fn list_pod_siblings(
        &self,
        likeness: &Likeness,
        deadline: Timestamp,
    ) -> Observed<Listed<Sibling>> {
        self.list_map::<PodDetail, _>(&ListQuery::all(), deadline, |pod| likeness.of(pod))
            .await
    }
}
