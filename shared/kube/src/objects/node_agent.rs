//! The VPC CNI's DaemonSet, as far as it tells whether policies are enforced.

use serde::Deserialize;

use super::Kind;
use super::meta::{Int, count};

/// `DaemonSet` `kube-system/aws-node` with its network policy agent. EKS runs the container everywhere, and only its
/// argument says whether it does anything (source: `amazon-vpc-cni-k8s`, manifest `aws-k8s-cni.yaml`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct NodeAgent {
    /// It has the agent's container and starts it with `--enable-network-policy=true`.
    pub enforces: bool,
    /// Nodes that should run it.
    pub desired: i64,
    /// Nodes where it is ready.
    pub ready: i64,
}

impl Kind for NodeAgent {
    type Object = Self;
    const GROUP: &'static str = "apps";
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "daemonsets";
}

/// Names of the agent's container, in today's manifests and in the first ones.
const CONTAINERS: [&str; 2] = ["aws-eks-nodeagent", "aws-network-policy-agent"];
const ENABLED: &str = "--enable-network-policy=true";

#[derive(Deserialize)]
struct Wire {
    spec: Option<Spec>,
    status: Option<State>,
}

#[derive(Default, Deserialize)]
struct Spec {
    template: Option<Template>,
}

#[derive(Default, Deserialize)]
struct Template {
    spec: Option<PodSpec>,
}

#[derive(Default, Deserialize)]
struct PodSpec {
    containers: Option<Vec<Container>>,
}

#[derive(Deserialize)]
struct Container {
    name: Option<String>,
    args: Option<Vec<String>>,
    command: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    desired_number_scheduled: Option<Int>,
    number_ready: Option<Int>,
}

impl From<Wire> for NodeAgent {
    fn from(wire: Wire) -> Self {
        let template = wire.spec.unwrap_or_default().template.unwrap_or_default();
        let containers = template.spec.unwrap_or_default().containers.unwrap_or_default();
        let state = wire.status.unwrap_or_default();
        let enforces = |container: &Container| {
            let is_agent = container
                .name
                .as_deref()
                .is_some_and(|name| CONTAINERS.contains(&name));
            let mut words = container.command.iter().chain(&container.args).flatten();
            is_agent && words.any(|word| word == ENABLED)
        };
        Self {
            enforces: containers.iter().any(enforces),
            desired: count(state.desired_number_scheduled),
            ready: count(state.number_ready),
        }
    }
}
