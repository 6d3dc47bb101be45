//! Which team a finding goes to.

use day2_core::Observed;

use crate::facts::namespaces::Namespaces;
use crate::settings::ownership::Ownership;

/// Routes by the settings' map first, then by the label of the namespace.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Routing<'a> {
    ownership: &'a Ownership,
    namespaces: Option<&'a Namespaces>,
}

impl<'a> Routing<'a> {
    pub(crate) fn new(ownership: &'a Ownership, namespaces: &'a Observed<Namespaces>) -> Self {
        Self {
            ownership,
            namespaces: namespaces.as_ref().ok(),
        }
    }

    /// The team for a namespace, or for what lies in none.
    pub(crate) fn team(&self, namespace: Option<&str>) -> Option<&'a str> {
        let platform = self.ownership.platform.as_deref();
        let Some(namespace) = namespace else {
            return platform;
        };
        let labelled = || self.namespaces?.get(namespace)?.team.as_deref();
        self.ownership.mapped(namespace).or_else(labelled).or(platform)
    }
}
