//! Names that are checked once, at the border, and can then be put into a URL path, a selector, an object key or
//! a file name without escaping (`cases.md` E11). Not for free text: that is escaped where it is shown.

use std::fmt;

/// Why a text is not the value it should be, and what would be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}; {way_out}")]
pub struct Misfit {
    /// What is wrong, as the end of a sentence that begins with the value, for example `is not an account id`.
    pub why: String,
    /// What to write instead.
    pub way_out: String,
}

impl Misfit {
    /// A misfit.
    pub fn new(why: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            way_out: way_out.into(),
        }
    }
}

/// Makes a text type that can only be built by its check: `FromStr`, `Deserr`, and reads as `&str`.
macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $check:path) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::names::Misfit;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $check(text).map(|()| Self(text.to_owned()))
            }
        }

        impl std::ops::Deref for $name {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }

        $crate::settings::mistakes::deserr_from_text!($name);
    };
}
pub(crate) use text_type;

pub use crate::resource_names::{BucketName, ClusterName, DatabaseId, ResourceName, TableName, VpcId};

text_type!(
    /// RFC 1123 label: at most 63 characters of `a-z`, `0-9` and `-`, beginning and ending with a letter or digit.
    /// Kubernetes namespaces and our own target names.
    /// Source: <https://kubernetes.io/docs/concepts/overview/working-with-objects/names/>.
    DnsLabel,
    dns_label
);

text_type!(
    /// RFC 1123 subdomain: labels joined by `.`, at most 253 characters. Kubernetes pods and most other objects.
    DnsName,
    dns_name
);

fn dns_label(text: &str) -> Result<(), Misfit> {
    let fits = text.len() <= 63 && is_label(text);
    fits.then_some(()).ok_or_else(|| {
        Misfit::new(
            "is not an RFC 1123 label",
            "write 1 to 63 characters of a-z, 0-9 and -, beginning and ending with a letter or digit",
        )
    })
}

fn dns_name(text: &str) -> Result<(), Misfit> {
    let fits = text.len() <= 253 && text.split('.').all(is_label);
    fits.then_some(()).ok_or_else(|| {
        Misfit::new(
            "is not an RFC 1123 name",
            "write 1 to 253 characters of a-z, 0-9, - and ., each part beginning and ending with a letter or digit",
        )
    })
}

pub(crate) fn is_label(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    edge(text.chars().next())
        && edge(text.chars().next_back())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// Joins names for a sentence: `a, b, c`, at most 20 of them.
pub(crate) fn listed<T: fmt::Display>(names: impl IntoIterator<Item = T>) -> String {
    let mut names = names.into_iter();
    let mut shown: Vec<String> = names.by_ref().take(20).map(|name| name.to_string()).collect();
    let more = names.count();
    if more > 0 {
        shown.push(format!("and {more} more"));
    }
    if shown.is_empty() {
        "none".to_owned()
    } else {
        shown.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_pod_names_are_refused_e11() {
        let long = "a".repeat(300);
        for hostile in [
            "x; rm -rf /",
            "$(curl evil)",
            "../../etc",
            &long,
            "%2e%2e/",
            "Web-1",
            "web-A1",
            "",
            "a\0b",
            "a\u{202e}b",
            ".",
            "..",
            "a..b",
            "-a",
            "a-",
            "a_b",
            "a b",
            "a/b",
            "a\n",
            "GeneratedFindingEKSPodName",
        ] {
            assert!(hostile.parse::<DnsName>().is_err(), "{hostile:?} as a name");
            assert!(hostile.parse::<DnsLabel>().is_err(), "{hostile:?} as a label");
        }
    }

    #[test]
    fn real_names_are_accepted() {
        assert!("web-7d4b9c6f5-x2x9q".parse::<DnsLabel>().is_ok());
        assert!("kube-proxy.ip-10-0-1-7.ec2.internal".parse::<DnsName>().is_ok());
        assert!("a.b".parse::<DnsLabel>().is_err(), "a label has no dot");
    }
}
