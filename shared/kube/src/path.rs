//! Paths of the API: nothing but a valid name may become part of one.

use crate::fault::Fault;
use crate::objects::Kind;

/// The longest DNS label and the longest DNS subdomain (source: Kubernetes, "Object Names and IDs").
const LABEL: usize = 63;
const SUBDOMAIN: usize = 253;

/// The path of all objects of a kind, in one namespace or in all.
pub(crate) fn collection<K: Kind>(namespace: Option<&str>) -> Result<String, Fault> {
    let mut path = if K::GROUP.is_empty() {
        format!("/api/{}", K::VERSION)
    } else {
        format!("/apis/{}/{}", K::GROUP, K::VERSION)
    };
    if let Some(namespace) = namespace {
        if !is_label(namespace) {
            return Err(refused(namespace, "a namespace"));
        }
        path.push_str("/namespaces/");
        path.push_str(namespace);
    }
    path.push('/');
    path.push_str(K::PLURAL);
    Ok(path)
}

/// The path of one object.
pub(crate) fn object<K: Kind>(namespace: Option<&str>, name: &str) -> Result<String, Fault> {
    let mut path = collection::<K>(namespace)?;
    if name.len() > SUBDOMAIN || !name.split('.').all(is_label_of_any_length) {
        return Err(refused(name, "an object"));
    }
    path.push('/');
    path.push_str(name);
    Ok(path)
}

fn refused(name: &str, what: &str) -> Fault {
    let shown: String = name.chars().take(80).flat_map(char::escape_default).collect();
    Fault::Unusable(format!("`{shown}` is not the name of {what}"))
}

/// A DNS label (RFC 1123).
fn is_label(name: &str) -> bool {
    name.len() <= LABEL && is_label_of_any_length(name)
}

fn is_label_of_any_length(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}
