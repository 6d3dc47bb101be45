//! Which team owns what: findings are routed by it.

use day2_core::settings::{Mistakes, Named};
use deserr::Deserr;

/// From namespaces to teams.
#[derive(Debug, Clone, Default, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Ownership {
    /// Team by namespace, or by the beginning of a namespace with a final `*`. A whole name wins over a beginning, and a
    /// longer beginning over a shorter.
    #[deserr(default)]
    pub namespaces: Named<String>,
    /// Label of namespaces whose value is the team, for those that `namespaces` does not name.
    #[deserr(default)]
    pub label: Option<String>,
    /// Team of what lies in no namespace: nodes, the cluster itself, what AWS says; and of namespaces that no rule names.
    #[deserr(default)]
    pub platform: Option<String>,
}

impl Ownership {
    /// The team that the map names for a namespace.
    #[must_use]
    pub fn mapped(&self, namespace: &str) -> Option<&str> {
        let beginnings = self.namespaces.iter().filter_map(|(pattern, team)| {
            let beginning = pattern.strip_suffix('*')?;
            namespace
                .starts_with(beginning)
                .then_some((beginning.len(), team))
        });
        self.namespaces
            .get(namespace)
            .or_else(|| beginnings.max_by_key(|(length, _)| *length).map(|(_, team)| team))
            .map(String::as_str)
    }
}
