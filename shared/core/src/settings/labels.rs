//! Kubernetes labels as a selector.

use std::collections::BTreeMap;
use std::ops::Deref;

use deserr::{Deserr, IntoValue, Map as _, Value, ValueKind, ValuePointerRef};

use super::mistakes::{self, Mistake, Mistakes};
use crate::names::{DnsName, Misfit};

/// Labels that an object must all carry. Keys and values are valid in Kubernetes, so that they can be put into a
/// selector without escaping. A label whose value is null is a mistake and not an absent one: dropping it would
/// select more than meant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Labels(BTreeMap<String, String>);

impl Labels {
    /// The selector in the form of the Kubernetes API: `a=b,c=d`.
    #[must_use]
    pub fn selector(&self) -> String {
        let pairs: Vec<String> = self
            .0
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        pairs.join(",")
    }

    /// Whether an object with these labels carries all of ours. No labels select nothing: they would select everything.
    #[must_use]
    pub fn select(&self, labels: &BTreeMap<String, String>) -> bool {
        !self.0.is_empty() && self.0.iter().all(|(key, value)| labels.get(key) == Some(value))
    }
}

impl Deref for Labels {
    type Target = BTreeMap<String, String>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Deserr<Mistakes> for Labels {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Mistakes> {
        let map = match value {
            Value::Map(map) => map,
            other => return Err(mistakes::unexpected(location, &[ValueKind::Map], other)),
        };
        let written = map.len();
        let mut labels = BTreeMap::new();
        let mut found = Mistakes::none();
        let mut read = 0;
        for (key, value) in map.into_iter() {
            read += 1;
            let here = location.push_key(&key);
            if let Err(misfit) = label_key(&key) {
                found.extend(Mistakes::misfit(&key, misfit, here));
            }
            match value.into_value() {
                Value::String(text) => match label_value(&text) {
                    Ok(()) => {
                        labels.insert(key, text);
                    }
                    Err(misfit) => found.extend(Mistakes::misfit(&text, misfit, here)),
                },
                other => found.extend(mistakes::unexpected(here, &[ValueKind::String], other)),
            }
        }
        if read < written {
            found.push(Mistake {
                path: mistakes::path(location),
                seen: None,
                why: format!("{} of its {written} labels have no value (null)", written - read),
                way_out: "write each value, or remove the label".to_owned(),
            });
        }
        if found.is_empty() {
            Ok(Self(labels))
        } else {
            Err(found)
        }
    }
}

/// Source: <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set>.
fn label_key(key: &str) -> Result<(), Misfit> {
    let (prefix, name) = key
        .split_once('/')
        .map_or((None, key), |(prefix, name)| (Some(prefix), name));
    let fits =
        !name.is_empty() && word(name) && prefix.is_none_or(|prefix| prefix.parse::<DnsName>().is_ok());
    fits.then_some(()).ok_or_else(|| {
        Misfit::new(
            "is not a label key",
            "write [prefix/]name as in `kubectl get nodes --show-labels`",
        )
    })
}

fn label_value(value: &str) -> Result<(), Misfit> {
    (value.is_empty() || word(value)).then_some(()).ok_or_else(|| {
        Misfit::new(
            "is not a label value",
            "write at most 63 letters, digits, -, _ and ., beginning and ending with a letter or digit",
        )
    })
}

fn word(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() <= 63
        && edge(text.chars().next())
        && edge(text.chars().next_back())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}
