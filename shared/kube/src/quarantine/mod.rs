//! Whether a pod in quarantine is really cut off, as far as the API shows it. Pure.
//!
//! Policies are additive: whatever any policy that selects the pod opens is open, and the quarantine takes nothing of that
//! away. So each other policy is named that opens something. What an unreadable part may hide never counts as closed.
//! Beyond this lies what the API does not show: that the agent of the node has done what it was told; connections that were
//! open before, which a new policy may leave alone; and traffic between the pod and its own node, which no policy stops.

mod reason;

#[cfg(test)]
mod tests;

use day2_core::Observed;

use crate::HigherTier;
use crate::objects::{NetworkPolicy, Node, NodeAgent, Opening, PodDetail, PolicyEndpoint};

pub use reason::{Directions, Reason};

/// What enforces network policies in a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enforcer {
    /// The VPC CNI with its agent on each node; none when its DaemonSet does not exist.
    VpcCni(Observed<Option<NodeAgent>>),
    /// EKS Auto Mode, whose agent is a part of the node that the API does not show.
    AutoMode,
    /// Another engine, as the settings of the target name it.
    Declared(String),
}

/// On what a pod runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunsOn {
    /// An EC2 instance with Linux.
    Linux,
    /// An EC2 instance with Windows.
    Windows,
    /// Fargate.
    Fargate,
}

impl RunsOn {
    /// On what this pod runs; none when its node was not read or does not say.
    #[must_use]
    pub fn of(pod: &PodDetail, node: Option<&Node>) -> Option<Self> {
        if pod.is_on_fargate() {
            return Some(Self::Fargate);
        }
        let labels = &node?.labels;
        if labels.get("eks.amazonaws.com/compute-type").map(String::as_str) == Some("fargate") {
            return Some(Self::Fargate);
        }
        match labels.get("kubernetes.io/os").map(String::as_str) {
            Some("linux") => Some(Self::Linux),
            Some("windows") => Some(Self::Windows),
            _ => None,
        }
    }
}

/// All that is looked at. The pod must have been read after it was labelled.
#[derive(Debug, Clone, Copy)]
pub struct Observation<'a> {
    /// The pod.
    pub pod: &'a PodDetail,
    /// The value of its quarantine label.
    pub value: &'a str,
    /// All network policies of its namespace.
    pub policies: &'a Observed<Vec<NetworkPolicy>>,
    /// All application network policies of its namespace; none inside when the cluster does not know them.
    pub application_policies: &'a Observed<Option<Vec<NetworkPolicy>>>,
    /// All policies above those of namespaces.
    pub higher: &'a [HigherTier],
    /// What the VPC CNI made of the policies of the namespace; none inside when the cluster does not know the kind.
    pub endpoints: &'a Observed<Option<Vec<PolicyEndpoint>>>,
    /// What enforces policies.
    pub enforcer: &'a Enforcer,
    /// On what the pod runs; none when that is not known.
    pub runs_on: Option<RunsOn>,
}

/// How far a pod is cut off, by what the API shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Isolation {
    /// By policy nothing comes in or goes out, and the agents were told so as far as they report.
    Isolated,
    /// Something is open or not known.
    Partial(Vec<Reason>),
    /// The quarantine has no effect.
    NotIsolated(Vec<Reason>),
}

impl Isolation {
    /// The verdict.
    #[must_use]
    pub fn of(seen: &Observation<'_>) -> Self {
        let mut found = Found::default();
        found.network(seen);
        found.quarantine(seen);
        found.others(seen);
        found.higher(seen);
        found.enforcement(seen);
        let Found { fatal, open } = found;
        if !fatal.is_empty() {
            return Self::NotIsolated(fatal.into_iter().chain(open).collect());
        }
        if open.is_empty() {
            return Self::Isolated;
        }
        let everything = |reason: &Reason| match reason {
            Reason::OtherPolicy { everything, .. } => *everything,
            _ => Directions::default(),
        };
        let wide = open
            .iter()
            .map(everything)
            .fold(Directions::default(), Directions::and);
        if wide.both() {
            return Self::NotIsolated(open);
        }
        Self::Partial(open)
    }

    /// Why it is not isolated wholly.
    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        match self {
            Self::Isolated => &[],
            Self::Partial(reasons) | Self::NotIsolated(reasons) => reasons,
        }
    }
}

/// The pods that a policy selects, of those given. A quarantine must select exactly one.
#[must_use]
pub fn selected<'a>(
    policy: &NetworkPolicy,
    pods: impl IntoIterator<Item = &'a PodDetail>,
) -> Vec<&'a PodDetail> {
    pods.into_iter()
        .filter(|pod| pod.namespace == policy.namespace && policy.selects(&pod.labels))
        .collect()
}

/// What speaks against isolation: reasons for which no policy would have an effect, and what is open or not known.
#[derive(Default)]
struct Found {
    fatal: Vec<Reason>,
    open: Vec<Reason>,
}

impl Found {
    fn network(&mut self, seen: &Observation<'_>) {
        if seen.pod.host_network {
            self.fatal.push(Reason::HostNetwork);
        }
    }

    /// Our own policy must be there, as we made it, and select the pod as it is labelled now.
    fn quarantine(&mut self, seen: &Observation<'_>) {
        let policies = match seen.policies {
            Ok(policies) => policies,
            Err(why) => {
                self.open.push(Reason::Unread(why.clone()));
                return;
            }
        };
        let ours = policies
            .iter()
            .find(|policy| policy.is_quarantine_of(&seen.pod.uid, seen.value));
        match ours {
            None => self.fatal.push(Reason::NoQuarantine),
            Some(ours) if !ours.selects(&seen.pod.labels) => self.fatal.push(Reason::NotLabelled),
            Some(_) => {}
        }
    }

    fn others(&mut self, seen: &Observation<'_>) {
        let ours = |policy: &NetworkPolicy| policy.is_quarantine_of(&seen.pod.uid, seen.value);
        if let Ok(policies) = seen.policies {
            for policy in policies.iter().filter(|policy| !ours(policy)) {
                self.other("NetworkPolicy", policy, seen.pod);
            }
        }
        match seen.application_policies {
            Ok(policies) => {
                for policy in policies.iter().flatten() {
                    self.other("ApplicationNetworkPolicy", policy, seen.pod);
                }
            }
            Err(why) => self.open.push(Reason::Unread(why.clone())),
        }
    }

    fn other(&mut self, kind: &'static str, policy: &NetworkPolicy, pod: &PodDetail) {
        let opens = |opening: Option<Opening>| opening.is_some_and(|opening| !opening.is_closed());
        let opens_all = |opening: Option<Opening>| opening.is_some_and(|opening| opening.everything);
        let open = Directions {
            ingress: opens(policy.ingress),
            egress: opens(policy.egress),
        };
        if open == Directions::default() {
            return;
        }
        let name = policy.name.clone();
        if policy.selects(&pod.labels) {
            self.open.push(Reason::OtherPolicy {
                kind,
                name,
                open,
                everything: Directions {
                    ingress: opens_all(policy.ingress),
                    egress: opens_all(policy.egress),
                },
            });
        } else if !policy.selector.is_known() {
            self.open.push(Reason::UnknownSelector { kind, name });
        }
    }

    fn higher(&mut self, seen: &Observation<'_>) {
        for tier in seen.higher {
            match &tier.policies {
                Ok(policies) => {
                    let accepting = policies.iter().flatten();
                    let accepting =
                        accepting.filter(|policy| policy.accepts_ingress || policy.accepts_egress);
                    self.open.extend(accepting.map(|policy| Reason::HigherPolicy {
                        kind: tier.kind.clone(),
                        name: policy.name.clone(),
                        open: Directions {
                            ingress: policy.accepts_ingress,
                            egress: policy.accepts_egress,
                        },
                    }));
                }
                Err(why) => self.open.push(Reason::Unread(why.clone())),
            }
        }
    }

    /// What is known of VPC CNI: Linux on EC2 only, and no pods without owner references (source: EKS user guide, "Limit
    /// pod traffic with Kubernetes network policies", considerations).
    fn enforcement(&mut self, seen: &Observation<'_>) {
        if seen.runs_on == Some(RunsOn::Fargate) {
            self.fatal.push(Reason::Fargate);
        }
        match seen.enforcer {
            Enforcer::Declared(_) => return,
            Enforcer::VpcCni(Err(why)) => self.open.push(Reason::Unread(why.clone())),
            Enforcer::VpcCni(Ok(None)) => self.fatal.push(Reason::NoAgent),
            Enforcer::VpcCni(Ok(Some(agent))) if !agent.enforces => self.fatal.push(Reason::AgentOff),
            Enforcer::VpcCni(Ok(Some(agent))) if agent.ready < agent.desired || agent.ready == 0 => {
                self.open.push(Reason::AgentNotReady {
                    ready: agent.ready,
                    desired: agent.desired,
                });
            }
            Enforcer::AutoMode | Enforcer::VpcCni(Ok(Some(_))) => {}
        }
        match seen.runs_on {
            Some(RunsOn::Windows) => self.fatal.push(Reason::Windows),
            None => self.open.push(Reason::UnknownNode),
            Some(RunsOn::Linux | RunsOn::Fargate) => {}
        }
        if !seen.pod.has_owner_references {
            self.fatal.push(Reason::NoOwnerReferences);
        }
        self.endpoint(seen);
    }

    /// The controller of the VPC CNI must have resolved our policy to this pod, by its present address.
    fn endpoint(&mut self, seen: &Observation<'_>) {
        let endpoints = match seen.endpoints {
            Ok(Some(endpoints)) => endpoints,
            Ok(None) => {
                self.fatal.push(Reason::NoPolicyEndpoints);
                return;
            }
            Err(why) => {
                self.open.push(Reason::Unread(why.clone()));
                return;
            }
        };
        let Ok(policies) = seen.policies else { return };
        let ours = policies
            .iter()
            .find(|policy| policy.is_quarantine_of(&seen.pod.uid, seen.value));
        let Some(ours) = ours else { return };
        let pod = seen.pod;
        let resolved: Vec<&PolicyEndpoint> = endpoints
            .iter()
            .filter(|one| one.policy == ours.name && one.policy_namespace == ours.namespace && !one.deleting)
            .collect();
        let lists_pod = |one: &&PolicyEndpoint| {
            let mut pods = one.pods.iter();
            pods.any(|it| it.namespace == pod.namespace && it.name == pod.name && pod.ips.contains(&it.ip))
        };
        if resolved.is_empty() {
            self.fatal.push(Reason::NotResolved);
        } else if !resolved.iter().any(lists_pod) {
            self.fatal.push(Reason::StaleEndpoint);
        } else if resolved
            .iter()
            .any(|one| !one.isolates_ingress || !one.isolates_egress || one.ingress + one.egress > 0)
        {
            self.open.push(Reason::OddEndpoint);
        }
    }
}
