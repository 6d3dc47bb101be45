//! Why a pod is not isolated wholly, in words that an operator can act on.

use std::fmt;

use day2_core::Unreadable;

/// Ingress, egress, both or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Directions {
    /// What comes in.
    pub ingress: bool,
    /// What goes out.
    pub egress: bool,
}

impl Directions {
    /// What is in either.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            ingress: self.ingress || other.ingress,
            egress: self.egress || other.egress,
        }
    }

    /// Ingress and egress.
    #[must_use]
    pub const fn both(self) -> bool {
        self.ingress && self.egress
    }
}

impl fmt::Display for Directions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.ingress, self.egress) {
            (true, true) => "ingress and egress",
            (true, false) => "ingress",
            (false, true) => "egress",
            (false, false) => "nothing",
        })
    }
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// It shares the network of its node.
    HostNetwork,
    /// Our policy is not there, or not as we made it.
    NoQuarantine,
    /// The pod does not have the label that our policy selects.
    NotLabelled,
    /// Another policy selects the pod and opens something.
    OtherPolicy {
        /// `NetworkPolicy` or `ApplicationNetworkPolicy`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// Where it has rules.
        open: Directions,
        /// Where one of them opens everything.
        everything: Directions,
    },
    /// A policy of administrators, above all of namespaces, accepts something; perhaps for other pods.
    HigherPolicy {
        /// Its kind, as `kubectl` names it.
        kind: String,
        /// Its name.
        name: String,
        /// Where it accepts something.
        open: Directions,
    },
    /// A policy that opens something selects by a word that is not understood here.
    UnknownSelector {
        /// `NetworkPolicy` or `ApplicationNetworkPolicy`.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// The VPC CNI's DaemonSet does not exist.
    NoAgent,
    /// Its agent is switched off.
    AgentOff,
    /// Its agent is not ready on every node.
    AgentNotReady {
        /// Nodes where it is ready.
        ready: i64,
        /// Nodes that should run it.
        desired: i64,
    },
    /// On Fargate.
    Fargate,
    /// On a node with Windows.
    Windows,
    /// On a node that was not read.
    UnknownNode,
    /// A standalone pod.
    NoOwnerReferences,
    /// The cluster does not know `PolicyEndpoint`.
    NoPolicyEndpoints,
    /// Our policy was not resolved for the agents.
    NotResolved,
    /// It was resolved, but not to this pod at its address.
    StaleEndpoint,
    /// It was resolved to something else than what it says.
    OddEndpoint,
    /// Something could not be read.
    Unread(Unreadable),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HostNetwork => f.write_str("the pod shares the network of its node, where no policy for pods applies"),
            Self::NoQuarantine => f.write_str("the quarantine policy is missing or was altered"),
            Self::NotLabelled => f.write_str("the pod does not have the label that the quarantine policy selects"),
            Self::OtherPolicy {
                kind,
                name,
                open,
                everything,
            } => {
                write!(f, "{kind} `{name}` selects the pod too and opens {open}")?;
                match *everything {
                    Directions {
                        ingress: false,
                        egress: false,
                    } => Ok(()),
                    all => write!(f, ", without any limit for {all}"),
                }
            }
            Self::HigherPolicy { kind, name, open } => write!(
                f,
                "{kind} `{name}` stands above the policies of namespaces and accepts {open}; whether for this pod was not resolved"
            ),
            Self::UnknownSelector { kind, name } => {
                write!(f, "{kind} `{name}` may select the pod: its selector has an operator that is not known here")
            }
            Self::NoAgent => f.write_str("there is no DaemonSet kube-system/aws-node, so that nothing enforces policies; name another engine in the settings if there is one"),
            Self::AgentOff => f.write_str("the network policy agent of the VPC CNI is switched off (`enableNetworkPolicy` of the add-on), so that policies have no effect"),
            Self::AgentNotReady { ready, desired } => {
                write!(f, "the network policy agent is ready on {ready} of {desired} nodes")
            }
            Self::Fargate => f.write_str("the pod runs on Fargate, where policies have no effect"),
            Self::Windows => f.write_str("the pod runs on Windows, where the VPC CNI enforces no policies"),
            Self::UnknownNode => f.write_str("it is not known on what kind of node the pod runs"),
            Self::NoOwnerReferences => f.write_str("the pod has no owner references, and the VPC CNI applies policies to no such pods"),
            Self::NoPolicyEndpoints => f.write_str("the cluster does not know PolicyEndpoint, by which the VPC CNI tells its agents of a policy"),
            Self::NotResolved => f.write_str("there is no PolicyEndpoint for the quarantine policy: no agent was told of it yet"),
            Self::StaleEndpoint => f.write_str("the PolicyEndpoint of the quarantine policy does not list the pod at its address"),
            Self::OddEndpoint => f.write_str("the PolicyEndpoint of the quarantine policy does not close both directions"),
            Self::Unread(why) => write!(f, "not known: {why}"),
        }
    }
}
