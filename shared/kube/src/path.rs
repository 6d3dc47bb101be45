//! Paths of the API: nothing but a valid name may become part of one.

use day2_core::names::{DnsLabel, DnsName};

use crate::fault::Fault;
use crate::objects::Kind;

/// Where the API serves a kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    /// API group; empty for the core group.
    pub(crate) group: &'a str,
    /// API version within the group.
    pub(crate) version: &'a str,
    /// Plural resource name.
    pub(crate) plural: &'a str,
}

impl Place<'static> {
    /// The place of a kind that is known when this is compiled.
    pub(crate) const fn of<K: Kind>() -> Self {
        Self {
            group: K::GROUP,
            version: K::VERSION,
            plural: K::PLURAL,
        }
    }
}

impl Place<'_> {
    /// The path of all objects of a kind, in one namespace or in all.
    pub(crate) fn collection(&self, namespace: Option<&str>) -> Result<String, Fault> {
        if !self.group.is_empty() && !is_name(self.group) {
            return Err(refused(self.group, "an API group"));
        }
        if !is_label(self.version) {
            return Err(refused(self.version, "an API version"));
        }
        if !is_label(self.plural) {
            return Err(refused(self.plural, "a resource"));
        }
        let mut path = if self.group.is_empty() {
            format!("/api/{}", self.version)
        } else {
            format!("/apis/{}/{}", self.group, self.version)
        };
        if let Some(namespace) = namespace {
            if !is_label(namespace) {
                return Err(refused(namespace, "a namespace"));
            }
            path.push_str("/namespaces/");
            path.push_str(namespace);
        }
        path.push('/');
        path.push_str(self.plural);
        Ok(path)
    }

    /// The path of one object.
    pub(crate) fn object(&self, namespace: Option<&str>, name: &str) -> Result<String, Fault> {
        let mut path = self.collection(namespace)?;
        if !is_name(name) {
            return Err(refused(name, "an object"));
        }
        path.push('/');
        path.push_str(name);
        Ok(path)
    }
}

/// The path of all objects of a kind, in one namespace or in all.
pub(crate) fn collection<K: Kind>(namespace: Option<&str>) -> Result<String, Fault> {
    Place::of::<K>().collection(namespace)
}

/// The path of one object.
pub(crate) fn object<K: Kind>(namespace: Option<&str>, name: &str) -> Result<String, Fault> {
    Place::of::<K>().object(namespace, name)
}

fn refused(name: &str, what: &str) -> Fault {
    let shown: String = name.chars().take(80).flat_map(char::escape_default).collect();
    Fault::Unusable(format!("`{shown}` is not the name of {what}"))
}

fn is_label(name: &str) -> bool {
    name.parse::<DnsLabel>().is_ok()
}

fn is_name(name: &str) -> bool {
    name.parse::<DnsName>().is_ok()
}
