//! The policy that lets nothing in or out of one pod. It is only ever created, never updated.

use std::fmt::Write as _;

use day2_core::hostile::plain_within;
use day2_core::names::{DnsLabel, DnsName};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{At, Change, FIELD_MANAGER, QUARANTINE_LABEL, Sent, Write};
use crate::ClusterClient;
use crate::objects::NetworkPolicy;
use crate::path;

/// Label of our policies with the finding that they are for, made fit for a label.
pub const FINDING_LABEL: &str = "day2.dev/finding";
/// Annotation with the function and occasion that the policy stands for.
pub const OWNER_ANNOTATION: &str = "day2.dev/owner";
/// Annotation with `namespace/name` of the pod.
pub const POD_ANNOTATION: &str = "day2.dev/pod";
/// Annotation with the uid of the pod.
pub const POD_UID_ANNOTATION: &str = "day2.dev/pod-uid";
/// Annotation with what controlled the pod and how many replicas it had. It stands on the policy and not on the
/// controller, because a right to annotate a Deployment is a right to change its image.
pub const REPLICAS_BEFORE_ANNOTATION: &str = "day2.dev/replicas-before";

/// The most characters of a text of others that are written into an annotation.
const SHOWN: usize = 300;
/// The longest value of a label (source: Kubernetes, "Labels and Selectors").
const LABEL_VALUE: usize = 63;

/// The quarantine that is wanted for one pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuarantinePolicy<'a> {
    /// Namespace of the pod.
    pub namespace: &'a DnsLabel,
    /// Name of the pod, for people.
    pub pod: &'a DnsName,
    /// Uid of the pod, which names the policy: `day2-quarantine-<uid>`.
    pub uid: &'a DnsLabel,
    /// Value of the label that the policy selects, as in [`QuarantineLabel`](super::QuarantineLabel).
    pub value: &'a DnsLabel,
    /// For whom it stands, for example the function and the key of a finding. Not empty.
    pub owner: &'a str,
    /// The finding, as others wrote it.
    pub finding: &'a str,
    /// What the pod's controller was before; none when it has none that could be scaled.
    pub replicas_before: Option<ReplicasBefore<'a>>,
}

/// Replicas to be restored on release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplicasBefore<'a> {
    /// For example `Deployment`.
    pub kind: &'a str,
    /// Its name.
    pub name: &'a str,
    /// `spec.replicas` as it was read.
    pub replicas: i64,
}

/// A policy that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyMade {
    /// Its name.
    pub name: String,
    /// Its uid, by which alone it is taken away again; none when the answer's body was lost.
    pub uid: Option<String>,
    /// Whose it is; not ours when an earlier finding had put the same pod into quarantine.
    pub owner: String,
}

impl QuarantinePolicy<'_> {
    /// `day2-quarantine-<uid>`: one per pod, and never the name of somebody else's policy.
    #[must_use]
    pub fn name(&self) -> String {
        format!("day2-quarantine-{}", self.uid)
    }

    fn object(&self) -> Value {
        let mut annotations = json!({
            OWNER_ANNOTATION: self.owner,
            POD_ANNOTATION: format!("{}/{}", self.namespace, self.pod),
            POD_UID_ANNOTATION: self.uid.as_str(),
            FINDING_LABEL: plain_within(self.finding, SHOWN),
        });
        if let Some(before) = self.replicas_before
            && let Some(annotations) = annotations.as_object_mut()
        {
            let text = format!("{} {} {}", before.kind, before.name, before.replicas);
            annotations.insert(REPLICAS_BEFORE_ANNOTATION.to_owned(), Value::String(text));
        }
        json!({
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {
                "name": self.name(),
                "namespace": self.namespace.as_str(),
                "labels": {
                    "app.kubernetes.io/managed-by": FIELD_MANAGER,
                    QUARANTINE_LABEL: self.value.as_str(),
                    FINDING_LABEL: label_value(self.finding),
                },
                "annotations": annotations,
            },
            "spec": {
                "podSelector": {"matchLabels": {QUARANTINE_LABEL: self.value.as_str()}},
                "policyTypes": ["Ingress", "Egress"],
            },
        })
    }

    /// Whether a policy is a quarantine of ours for the same pod, and still as we make them.
    fn is_met_by(&self, seen: &NetworkPolicy) -> bool {
        seen.is_quarantine_of(self.uid, self.value)
    }

    fn made(&self, seen: Option<&NetworkPolicy>) -> PolicyMade {
        PolicyMade {
            name: self.name(),
            uid: seen.map(|seen| seen.uid.clone()).filter(|uid| !uid.is_empty()),
            owner: seen.map_or_else(
                || self.owner.to_owned(),
                |seen| seen.owner.clone().unwrap_or_default(),
            ),
        }
    }
}

/// A text of others as the value of a label: itself where it is fit, else its SHA-256, shortened.
#[must_use]
pub fn label_value(text: &str) -> String {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let fits = text.len() <= LABEL_VALUE
        && text.chars().all(inner)
        && edge(text.chars().next())
        && edge(text.chars().next_back());
    if fits {
        return text.to_owned();
    }
    let mut value = "sha256-".to_owned();
    for byte in Sha256::digest(text.as_bytes()).iter().take(16) {
        // Writing to a `String` cannot fail.
        let _ = write!(value, "{byte:02x}");
    }
    value
}

impl ClusterClient {
    /// Creates the policy. One that is there already and is a quarantine of the same pod is left as it is; any other of
    /// that name is refused and not touched. Needs `create` on `networkpolicies`, and `get` for the second look.
    pub async fn create_quarantine_policy(
        &self,
        policy: &QuarantinePolicy<'_>,
        deadline: Timestamp,
    ) -> Change<PolicyMade> {
        if policy.owner.is_empty() {
            return Change::Refused("a quarantine needs an owner, and none was given".to_owned());
        }
        let until = self.transport().until(deadline);
        let at = At::of::<NetworkPolicy>(Some(policy.namespace), &policy.name());
        let (all, one) = match (
            path::collection::<NetworkPolicy>(Some(policy.namespace)),
            &at.path,
        ) {
            (Ok(all), Ok(one)) => (all, one),
            (Err(fault), _) => return self.failed("create", &at, &fault),
            (_, Err(fault)) => return self.failed("create", &at, fault),
        };
        let wanted = Write::Create(policy.object());
        match self.transport().write(&all, &wanted, until).await {
            Sent::Done(body) => {
                let made: Option<NetworkPolicy> = body.and_then(|body| serde_json::from_slice(&body).ok());
                Change::Applied(policy.made(made.as_ref()))
            }
            Sent::NotDone(fault) => self.failed("create", &at, &fault),
            Sent::Conflict(words) => match self.fetch::<NetworkPolicy>(one, until).await {
                Ok(Some(there)) if policy.is_met_by(&there) => Change::AlreadyDone(policy.made(Some(&there))),
                Ok(Some(_)) => Change::Refused(format!(
                    "there is a NetworkPolicy {} already that is not as we make it; it was not touched",
                    policy.name()
                )),
                // Deleted since, or a quota: nothing is known but that ours was not made.
                Ok(None) => Change::Conflict(words),
                Err(fault) => self.failed("get", &at, &fault),
            },
            Sent::Lost(fault) => match self.fetch::<NetworkPolicy>(one, until).await {
                Ok(Some(there)) if policy.is_met_by(&there) => Change::Applied(policy.made(Some(&there))),
                Ok(Some(_)) => self.lost("create", &at, &fault, "another policy stands under the name"),
                Ok(None) => self.lost("create", &at, &fault, "a second look did not show it"),
                Err(again) => {
                    let look = format!("nor could it be looked at again: {again}");
                    self.lost("create", &at, &fault, &look)
                }
            },
        }
    }
}
