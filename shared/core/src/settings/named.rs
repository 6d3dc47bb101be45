//! A map from names to parts, each read with all its mistakes.

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Deref};

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Map, MergeWithError, Value, ValueKind, ValuePointerRef,
};

use super::mistakes::Mistakes;

/// Parts by name.
///
/// A type of our own because deserr 0.6.4 reads a `BTreeMap` or `HashMap` *without* the entries that have mistakes, and
/// reports none: a misspelt field would silently remove a whole target. Settings never use those two directly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named<T>(BTreeMap<String, T>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Deref for Named<T> {
    type Target = BTreeMap<String, T>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<T: Deserr<Mistakes>> Deserr<Mistakes> for Named<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        at: ValuePointerRef<'_>,
    ) -> Result<Self, Mistakes> {
        let content = |flow| match flow {
            ControlFlow::Continue(mistakes) | ControlFlow::Break(mistakes) => mistakes,
        };
        let Value::Map(members) = value else {
            let kind = ErrorKind::IncorrectValueKind {
                actual: value,
                accepted: &[ValueKind::Map],
            };
            return Err(content(Mistakes::error(None, kind, at)));
        };
        let (mut parts, mut found) = (BTreeMap::new(), None);
        for (name, value) in members.into_iter() {
            let here = at.push_key(&name);
            match T::deserialize_from_value(value.into_value(), here) {
                Ok(part) => drop(parts.insert(name, part)),
                Err(mistakes) => found = Some(content(Mistakes::merge(found.take(), mistakes, here))),
            }
        }
        found.map_or(Ok(Self(parts)), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(document: serde_json::Value) -> Result<Named<u8>, Mistakes> {
        deserr::deserialize(document)
    }

    #[test]
    fn parts_are_kept_by_name() {
        assert_eq!(read(json!({"a": 1, "b": 2})).unwrap().get("b"), Some(&2));
    }

    #[test]
    fn every_mistaken_part_is_reported_and_none_is_dropped() {
        let mistakes = read(json!({"a": "one", "b": 2, "c": 256})).unwrap_err();
        let paths: Vec<_> = mistakes
            .as_slice()
            .iter()
            .map(|mistake| mistake.path.as_str())
            .collect();
        assert_eq!(paths, ["a", "c"]);
    }

    #[test]
    fn what_is_no_map_is_a_mistake() {
        assert_eq!(read(json!([1])).unwrap_err().len(), 1);
    }
}
