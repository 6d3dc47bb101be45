//! `PRV-005`: images that cannot be pulled, by the registry that does not give them.

use std::collections::BTreeMap;

use day2_core::{Item, Observed};
use day2_kube::objects::Pod;

use super::words::{count, fail_if, population};
use crate::settings::Platform;

/// Words of the kubelet for an image that could not be had (source: Kubernetes, `pkg/kubelet/images/types.go`).
const PULLING: [&str; 5] = [
    "ErrImagePull",
    "ImagePullBackOff",
    "RegistryUnavailable",
    "ImageInspectError",
    "SignatureValidationFailed",
];

/// Whether a container waits because its image could not be had.
pub(crate) fn is_pull_failure(reason: &str) -> bool {
    PULLING.contains(&reason)
}

/// The registry of an image: the part before the first `/` if it looks like a host, else Docker Hub (source: the
/// `distribution/reference` grammar).
pub(crate) fn registry(image: &str) -> &str {
    const HUB: &str = "docker.io";
    match image.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => host,
        _ => HUB,
    }
}

/// Pods whose images cannot be pulled, by registry, with the kubelet's words about the first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PullFailures {
    /// Pods and words by registry.
    pub(crate) by_registry: BTreeMap<String, (Vec<String>, String)>,
    /// Pods looked at.
    pub(crate) examined: usize,
}

impl PullFailures {
    /// Among workspaces and provisioners.
    pub(crate) fn of(pods: &[Pod], platform: &Platform) -> Self {
        let mut failures = Self::default();
        let ours = |pod: &&Pod| {
            let namespace = &pod.namespace;
            (platform.workspace_namespaces.contains(namespace)
                || *namespace == platform.provisioner.namespace)
                && pod.deleting_since.is_none()
                && !pod.finished()
        };
        for pod in pods.iter().filter(ours) {
            failures.examined += 1;
            let Some(waiting) = pod
                .waiting
                .iter()
                .find(|waiting| is_pull_failure(&waiting.reason))
            else {
                continue;
            };
            let words = waiting.message.clone().unwrap_or_else(|| waiting.reason.clone());
            let entry = failures
                .by_registry
                .entry(registry(&waiting.image).to_owned())
                .or_insert_with(|| (Vec::new(), words));
            entry.0.push(pod.full_name());
        }
        failures
    }

    /// How many pods.
    pub(crate) fn total(&self) -> usize {
        self.by_registry.values().map(|(pods, _)| pods.len()).sum()
    }

    /// `7 from ghcr.io, 1 from docker.io`.
    pub(crate) fn words(&self) -> String {
        let all: Vec<String> = self
            .by_registry
            .iter()
            .map(|(registry, (pods, _))| format!("{} from {registry}", pods.len()))
            .collect();
        all.join(", ")
    }
}

/// The item.
pub(crate) fn item(failures: &Observed<PullFailures>) -> Item {
    const CODE: &str = "PRV-005";
    const TITLE: &str = "images can be pulled";
    let failures = match failures {
        Ok(failures) => failures,
        Err(why) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let wrong = failures.by_registry.iter().map(|(registry, (pods, words))| {
        let first = pods.first().cloned().unwrap_or_default();
        (
            registry.clone(),
            format!("{}, first {first}: {words}", count(pods.len(), "pod")),
        )
    });
    Item::judge(
        CODE,
        TITLE,
        fail_if(failures.total() > 0),
        population(failures.examined, 1),
        format!(
            "{} of {} of workspaces and provisioner wait for an image",
            failures.total(),
            count(failures.examined, "pod")
        ),
    )
    .threshold("none", "container status ErrImagePull, ImagePullBackOff and the like")
    .remedy("look at the registry's status, rate limits, credentials and the route to it; an image that does not exist is the template's mistake")
    .subjects(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_is_the_host_of_the_image_or_docker_hub() {
        for (image, host) in [
            ("ghcr.io/coder/envbuilder:1", "ghcr.io"),
            (
                "123456789012.dkr.ecr.us-east-1.amazonaws.com/ws:1",
                "123456789012.dkr.ecr.us-east-1.amazonaws.com",
            ),
            ("localhost:5000/ws", "localhost:5000"),
            ("codercom/enterprise-base:ubuntu", "docker.io"),
            ("busybox", "docker.io"),
            ("", "docker.io"),
        ] {
            assert_eq!(registry(image), host, "{image}");
        }
    }
}
