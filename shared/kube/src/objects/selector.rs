//! Label selectors, matched the way the API server does it.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A `metav1.LabelSelector`. All its requirements must hold; the empty selector matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct LabelSelector {
    /// Labels that must have exactly this value.
    pub match_labels: BTreeMap<String, String>,
    /// Further requirements.
    pub match_expressions: Vec<Requirement>,
}

/// One entry of `matchExpressions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Label key.
    pub key: String,
    /// How the label is compared.
    pub operator: Operator,
    /// Values for `In` and `NotIn`.
    pub values: Vec<String>,
}

/// How a requirement compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// The label is present and its value is one of the values.
    In,
    /// The label is absent, or its value is none of the values.
    NotIn,
    /// The label is present.
    Exists,
    /// The label is absent.
    DoesNotExist,
    /// The label is a whole number above the one value. Only of node affinities.
    Gt,
    /// The label is a whole number below the one value. Only of node affinities.
    Lt,
    /// A word this code does not know; such a requirement never holds.
    Other,
}

impl LabelSelector {
    /// Whether an object with these labels is selected.
    #[must_use]
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.match_labels
            .iter()
            .all(|(key, value)| labels.get(key) == Some(value))
            && self
                .match_expressions
                .iter()
                .all(|requirement| requirement.holds(labels))
    }

    /// Whether all its operators are known here; if not, that it does not match shows nothing.
    #[must_use]
    pub fn is_known(&self) -> bool {
        let known = |operator| !matches!(operator, Operator::Other | Operator::Gt | Operator::Lt);
        self.match_expressions
            .iter()
            .all(|requirement| known(requirement.operator))
    }
}

impl Requirement {
    pub(super) fn holds(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.key);
        match self.operator {
            Operator::In => value.is_some_and(|value| self.values.contains(value)),
            Operator::NotIn => value.is_none_or(|value| !self.values.contains(value)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::Gt => self.compares(value).is_some_and(|(label, bound)| label > bound),
            Operator::Lt => self.compares(value).is_some_and(|(label, bound)| label < bound),
            Operator::Other => false,
        }
    }

    fn compares(&self, value: Option<&String>) -> Option<(i64, i64)> {
        match self.values.as_slice() {
            [bound] => Some((value?.parse().ok()?, bound.parse().ok()?)),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    match_labels: Option<BTreeMap<String, Option<String>>>,
    match_expressions: Option<Vec<RequirementWire>>,
}

#[derive(Deserialize)]
pub(super) struct RequirementWire {
    key: Option<String>,
    operator: Option<String>,
    values: Option<Vec<String>>,
}

impl From<Wire> for LabelSelector {
    fn from(wire: Wire) -> Self {
        Self {
            match_labels: super::meta::strings(wire.match_labels),
            match_expressions: wire
                .match_expressions
                .unwrap_or_default()
                .into_iter()
                .map(Requirement::from)
                .collect(),
        }
    }
}

impl From<RequirementWire> for Requirement {
    fn from(wire: RequirementWire) -> Self {
        Self {
            key: wire.key.unwrap_or_default(),
            operator: match wire.operator.as_deref() {
                Some("In") => Operator::In,
                Some("NotIn") => Operator::NotIn,
                Some("Exists") => Operator::Exists,
                Some("DoesNotExist") => Operator::DoesNotExist,
                Some("Gt") => Operator::Gt,
                Some("Lt") => Operator::Lt,
                _ => Operator::Other,
            },
            values: wire.values.unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(of: &[(&str, &str)]) -> BTreeMap<String, String> {
        of.iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn selector(json: &str) -> LabelSelector {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn every_label_and_every_expression_must_hold() {
        let selector = selector(
            r#"{"matchLabels":{"app":"web"},"matchExpressions":[{"key":"tier","operator":"In","values":["a","b"]}]}"#,
        );
        assert!(selector.matches(&labels(&[("app", "web"), ("tier", "b"), ("more", "x")])));
        assert!(!selector.matches(&labels(&[("app", "web"), ("tier", "c")])));
        assert!(!selector.matches(&labels(&[("app", "api"), ("tier", "a")])));
        assert!(!selector.matches(&labels(&[("app", "web")])));
    }

    #[test]
    fn a_label_that_is_absent_satisfies_not_in_and_does_not_exist_only() {
        let with = |operator: &str| {
            selector(&format!(
                r#"{{"matchExpressions":[{{"key":"k","operator":"{operator}","values":["v"]}}]}}"#
            ))
        };
        let none = labels(&[]);
        let same = labels(&[("k", "v")]);
        let other = labels(&[("k", "w")]);
        for (operator, absent, equal, different) in [
            ("In", false, true, false),
            ("NotIn", true, false, true),
            ("Exists", false, true, true),
            ("DoesNotExist", true, false, false),
            ("SomethingNew", false, false, false),
        ] {
            assert_eq!(
                with(operator).matches(&none),
                absent,
                "{operator} on an absent label"
            );
            assert_eq!(
                with(operator).matches(&same),
                equal,
                "{operator} on the same value"
            );
            assert_eq!(
                with(operator).matches(&other),
                different,
                "{operator} on another value"
            );
        }
    }

    #[test]
    fn the_empty_selector_matches_everything_and_null_lists_are_empty_k26() {
        for json in ["{}", r#"{"matchLabels":null,"matchExpressions":null}"#] {
            assert!(selector(json).matches(&labels(&[("any", "thing")])));
            assert!(selector(json).matches(&labels(&[])));
        }
    }
}
