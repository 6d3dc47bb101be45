//! The Istio proxies: which pods should have one by the labels of their namespace and their own, and which do.
//!
//! There are five ways to ask: `istio-injection`, `istio.io/rev` of the namespace or the pod, the pod's
//! `sidecar.istio.io/inject`, and `istio.io/dataplane-mode` for the ambient mesh, which has no proxies in pods. A proxy is a container or, since Istio 1.27
//! by default, a native sidecar (source: Istio, "Installing the Sidecar" and "Add workloads to an ambient mesh").

use std::collections::BTreeMap;

use day2_kube::objects::PodHealth;

use super::owner::Workload;
use crate::facts::namespaces::Namespaces;

/// What a namespace or a pod asks of the mesh.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Wish {
    /// Nothing.
    #[default]
    Nothing,
    /// A proxy in each pod.
    Sidecar,
    /// The proxies of the nodes.
    Ambient,
    /// No proxy, in writing.
    Refused,
}

impl Wish {
    /// What the labels of a namespace ask for. `istio-injection` wins over `istio.io/rev`; that it is `disabled` is about proxies in
    /// pods, so it keeps no pod out of the ambient mesh.
    #[must_use]
    pub fn of_namespace(labels: &BTreeMap<String, String>) -> Self {
        let label = |key: &str| labels.get(key).map(String::as_str);
        match (
            label("istio-injection"),
            label("istio.io/rev"),
            label("istio.io/dataplane-mode"),
        ) {
            (Some("enabled"), ..) => Self::Sidecar,
            (_, _, Some("ambient")) => Self::Ambient,
            (Some("disabled"), ..) => Self::Refused,
            (_, Some(_), _) => Self::Sidecar,
            _ => Self::Nothing,
        }
    }

    /// What a pod in a namespace with this wish asks for.
    #[must_use]
    pub fn of_pod(self, pod: &PodHealth) -> Self {
        // Neither reaches a pod in the network of its node.
        if pod.host_network {
            return Self::Nothing;
        }
        let mode = pod.labels.get("istio.io/dataplane-mode").map(String::as_str);
        let inject = pod
            .labels
            .get("sidecar.istio.io/inject")
            .or_else(|| pod.annotations.get("sidecar.istio.io/inject"))
            .map(String::as_str);
        match (self, inject, mode) {
            (Self::Refused, ..) => Self::Refused,
            (_, Some("false"), mode) if self != Self::Ambient && mode != Some("ambient") => Self::Refused,
            (_, Some("true"), _) => Self::Sidecar,
            (Self::Ambient, _, Some("none")) => Self::Refused,
            (_, _, Some("ambient")) => Self::Ambient,
            // Istio's webhook for pods with a revision looks at namespaces that ask for nothing.
            (Self::Nothing, ..) if pod.labels.contains_key("istio.io/rev") => Self::Sidecar,
            (wish, ..) => wish,
        }
    }
}

/// What namespaces ask for.
#[derive(Debug, Clone, Copy)]
pub struct Wishes<'a>(pub &'a Namespaces);

/// What is kept of all pods.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MeshTally {
    /// Pods that should be in the mesh.
    pub wished: usize,
    /// Those without a proxy, by workload: how many, one name, and what is missing.
    pub missing: BTreeMap<Workload, Missing>,
    /// Proxies in pods, by the tag of their image.
    pub versions: BTreeMap<String, usize>,
}

/// Pods of one workload that should be in the mesh and are not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// How many.
    pub pods: usize,
    /// One of them.
    pub example: String,
    /// What is missing.
    pub wish: Wish,
}

/// Name of the proxy's container in every version of Istio.
const PROXY: &str = "istio-proxy";

impl Wishes<'_> {
    /// Adds a pod that runs or will run.
    pub(super) fn take(self, sum: &mut MeshTally, pod: &PodHealth) {
        let namespace = self.0.get(&pod.namespace).map_or(Wish::Nothing, |one| one.mesh);
        let wish = namespace.of_pod(pod);
        if let Some(proxy) = pod.containers.iter().find(|one| one.name == PROXY) {
            // A digest follows the tag; a colon before the last slash is a port.
            let named = proxy.image.split('@').next().unwrap_or_default();
            let last = named.rsplit('/').next().unwrap_or_default();
            let tag = last.split_once(':').map_or("without a tag", |(_, tag)| tag);
            *sum.versions.entry(super::short(tag, 40)).or_default() += 1;
        }
        let present = match wish {
            Wish::Nothing | Wish::Refused => return,
            Wish::Sidecar => pod.runs(PROXY),
            // Istio's node agent marks the pods that it has taken over, while their network is set up on the node. Why one has not
            // come so far is told of the pod itself.
            Wish::Ambient => {
                pod.runs(PROXY)
                    || pod.phase == "Pending"
                    || pod
                        .annotations
                        .get("ambient.istio.io/redirection")
                        .is_some_and(|state| state == "enabled")
            }
        };
        sum.wished += 1;
        if !present {
            let missing = Missing {
                pods: 1,
                example: pod.name.clone(),
                wish,
            };
            sum.lacks(Workload::of(pod), missing);
        }
    }
}

impl MeshTally {
    fn lacks(&mut self, workload: Workload, more: Missing) {
        self.missing
            .entry(workload)
            .and_modify(|known| known.pods += more.pods)
            .or_insert(more);
    }

    /// Adds the sum of another page.
    pub(super) fn join(&mut self, page: Self) {
        self.wished += page.wished;
        for (workload, missing) in page.missing {
            self.lacks(workload, missing);
        }
        for (version, count) in page.versions {
            *self.versions.entry(version).or_default() += count;
        }
    }
}
