//! Bindings of roles to subjects: what a service account may do.

use serde::Deserialize;

use super::Kind;
use super::meta::Meta;

/// A `RoleBinding`, or a `ClusterRoleBinding`, which has no namespace.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct Binding {
    /// Namespace; empty for a `ClusterRoleBinding`, which binds everywhere.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// `Role` or `ClusterRole`.
    pub role_kind: String,
    /// Name of the role.
    pub role: String,
    /// To whom it is bound.
    pub subjects: Vec<Subject>,
}

/// One subject of a binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// `ServiceAccount`, `Group` or `User`.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Namespace of a service account.
    pub namespace: String,
}

/// The kind of list that yields role bindings.
#[derive(Debug)]
pub(crate) enum RoleBindings {}

/// The kind of list that yields cluster role bindings.
#[derive(Debug)]
pub(crate) enum ClusterRoleBindings {}

const GROUP: &str = "rbac.authorization.k8s.io";

impl Kind for RoleBindings {
    type Object = Binding;
    const GROUP: &'static str = GROUP;
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "rolebindings";
}

impl Kind for ClusterRoleBindings {
    type Object = Binding;
    const GROUP: &'static str = GROUP;
    const VERSION: &'static str = "v1";
    const PLURAL: &'static str = "clusterrolebindings";
}

impl Binding {
    /// The subject by which a service account is bound: itself, one of the groups that every service account is in, or its
    /// name as a user (source: Kubernetes, "Using RBAC Authorization").
    #[must_use]
    pub fn names(&self, namespace: &str, account: &str) -> Option<&Subject> {
        let of_namespace = format!("system:serviceaccounts:{namespace}");
        let groups = ["system:serviceaccounts", &of_namespace, "system:authenticated"];
        let user = format!("system:serviceaccount:{namespace}:{account}");
        self.subjects.iter().find(|subject| match subject.kind.as_str() {
            "ServiceAccount" => subject.name == account && subject.namespace == namespace,
            "Group" => groups.contains(&subject.name.as_str()),
            "User" => subject.name == user,
            _ => false,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    metadata: Option<Meta>,
    role_ref: Option<RoleRef>,
    subjects: Option<Vec<SubjectWire>>,
}

#[derive(Default, Deserialize)]
struct RoleRef {
    kind: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
struct SubjectWire {
    kind: Option<String>,
    name: Option<String>,
    namespace: Option<String>,
}

impl From<Wire> for Binding {
    fn from(wire: Wire) -> Self {
        let meta = wire.metadata.unwrap_or_default();
        let role = wire.role_ref.unwrap_or_default();
        let subject = |wire: SubjectWire| Subject {
            kind: wire.kind.unwrap_or_default(),
            name: wire.name.unwrap_or_default(),
            namespace: wire.namespace.unwrap_or_default(),
        };
        Self {
            namespace: meta.namespace.unwrap_or_default(),
            name: meta.name.unwrap_or_default(),
            role_kind: role.kind.unwrap_or_default(),
            role: role.name.unwrap_or_default(),
            subjects: wire
                .subjects
                .unwrap_or_default()
                .into_iter()
                .map(subject)
                .collect(),
        }
    }
}
