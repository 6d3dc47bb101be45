//! Namespaces: whose they are, and what they ask of the mesh.

use std::collections::BTreeMap;

use crate::reduce::mesh::Wish;

/// Namespaces by name.
pub type Namespaces = BTreeMap<String, Namespace>;

/// One namespace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Namespace {
    /// Value of the label that names teams, where the settings name such a label.
    pub team: Option<String>,
    /// What it asks of the mesh.
    pub mesh: Wish,
}
