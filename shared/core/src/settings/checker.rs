//! Mistakes that only show when several fields are seen together.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::mistakes::{Mistake, Mistakes, joined, one_of};
use crate::arn::Arn;
use crate::shown;

/// Looks for mistakes between fields. Runs on every part of the document whose shape is right, also when other parts
/// are wrong, so that one deployment shows everything.
pub trait Validate {
    /// Reports each mistake to `at`.
    fn validate(&self, at: &mut Checker<'_>);
}

/// Settings without rules of their own.
impl Validate for () {
    fn validate(&self, _: &mut Checker<'_>) {}
}

/// The names that the document's targets carry, also those of targets with other mistakes, so that a reference to
/// one is not called unknown because of a mistake elsewhere in it.
#[derive(Debug, Default)]
pub(super) struct Names {
    deployment: String,
    targets: Vec<(String, Vec<String>)>,
}

impl Names {
    pub(super) fn of_document(document: &Value) -> Self {
        let list = |value: &Value, field: &str| {
            value
                .get(field)
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default()
        };
        let name = |value: &Value| {
            value
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let targets = list(document, "targets")
            .iter()
            .map(|target| {
                (
                    name(target),
                    list(target, "node_groups").iter().map(name).collect(),
                )
            })
            .collect();
        Self {
            deployment: document.get("deployment").map(name).unwrap_or_default(),
            targets,
        }
    }
}

/// Collects mistakes at a place in the document.
#[derive(Debug)]
pub struct Checker<'a> {
    path: String,
    names: &'a Names,
    mistakes: Mistakes,
}

impl<'a> Checker<'a> {
    pub(super) const fn new(path: String, names: &'a Names) -> Self {
        Self {
            path,
            names,
            mistakes: Mistakes::none(),
        }
    }

    pub(super) fn finish(self) -> Mistakes {
        self.mistakes
    }

    /// Goes into a field.
    pub fn field(&mut self, name: &str, check: impl FnOnce(&mut Self)) {
        let inner = joined(&self.path, name);
        self.inside(inner, check);
    }

    /// Goes into each element of a list field.
    pub fn each<T>(&mut self, name: &str, list: &[T], mut check: impl FnMut(&mut Self, &T)) {
        for (index, element) in list.iter().enumerate() {
            let inner = format!("{}[{index}]", joined(&self.path, name));
            self.inside(inner, |at| check(at, element));
        }
    }

    /// Validates a field that has rules of its own.
    pub fn nested(&mut self, name: &str, part: &impl Validate) {
        self.field(name, |at| part.validate(at));
    }

    fn inside(&mut self, inner: String, check: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.path, inner);
        check(self);
        self.path = outer;
    }

    /// Reports a mistake in `field` (empty: in the object itself). `why` continues the sentence that begins with
    /// the value seen, for example `is larger than the group`.
    pub fn mistake(
        &mut self,
        field: &str,
        seen: impl fmt::Display,
        why: impl Into<String>,
        way_out: impl Into<String>,
    ) {
        let seen = seen.to_string();
        let seen = if shown::secret(field, &seen) {
            "the value (not shown)".to_owned()
        } else {
            shown::quoted(&seen)
        };
        let path = if field.is_empty() {
            self.path.clone()
        } else {
            joined(&self.path, field)
        };
        self.mistakes.push(Mistake {
            path,
            seen: Some(seen),
            why: why.into(),
            way_out: way_out.into(),
        });
    }

    /// Reports a mistake unless `fine`.
    pub fn require(
        &mut self,
        fine: bool,
        field: &str,
        seen: impl fmt::Display,
        why: impl Into<String>,
        way_out: impl Into<String>,
    ) {
        if !fine {
            self.mistake(field, seen, why, way_out);
        }
    }

    /// Requires `least` to `most` of a number that has a default.
    pub fn within<N: Copy + PartialOrd + fmt::Display>(&mut self, field: &str, value: N, least: N, most: N) {
        self.require(
            (least..=most).contains(&value),
            field,
            value,
            format!("is not within {least} and {most}"),
            format!("write {least} to {most}, or leave it out for the default"),
        );
    }

    /// Reports every element that an earlier one equals. `what` names an element, for example `target`.
    pub fn unique<T: fmt::Display>(
        &mut self,
        list: &str,
        field: &str,
        what: &str,
        elements: impl IntoIterator<Item = T>,
    ) {
        let mut known = BTreeSet::new();
        for (index, element) in elements.into_iter().enumerate() {
            let element = element.to_string();
            if known.contains(&element) {
                let inner = format!("{}[{index}]", joined(&self.path, list));
                let why = format!("is used by an earlier {what} too");
                self.inside(inner, |at| {
                    at.mistake(field, &element, why, "give each its own, or remove the copy");
                });
            } else {
                known.insert(element);
            }
        }
    }

    /// Requires that `name` is a target of the document. Says nothing when the document has none, which is a mistake
    /// of its own.
    pub fn target_named(&mut self, field: &str, name: &str) {
        let known: Vec<&str> = self.names.targets.iter().map(|(name, _)| name.as_str()).collect();
        if !known.is_empty() && !known.contains(&name) {
            self.mistake(field, name, "is not the name of a target", one_of(name, &known));
        }
    }

    /// Requires the ARN of an alarm that is not one of the deployment's own, whose names all begin with the deployment's: an
    /// action that answered an alarm about itself would never end.
    pub fn alarm_of_others(&mut self, field: &str, arn: &Arn) {
        let name = arn.resource().strip_prefix("alarm:").unwrap_or_default();
        self.require(
            arn.service() == "cloudwatch" && !name.is_empty(),
            field,
            arn,
            "is not the ARN of an alarm",
            "write arn:…:cloudwatch:REGION:ACCOUNT:alarm:NAME",
        );
        let own = name
            .strip_prefix(self.names.deployment.as_str())
            .is_some_and(|rest| !self.names.deployment.is_empty() && rest.starts_with('-'));
        self.require(
            !own,
            field,
            arn,
            "is an alarm about this deployment itself",
            "bind alarms about the platform only; those about Day2 are for people",
        );
    }

    /// Requires that `group` is a node group of the target `target`, or of any target when that is `None`. Says
    /// nothing when the target itself is unknown.
    pub fn node_group_named(&mut self, field: &str, target: Option<&str>, group: &str) {
        let mut known: Vec<&str> = Vec::new();
        let mut any = false;
        for (name, groups) in &self.names.targets {
            if target.is_none_or(|target| target == name) {
                any = true;
                known.extend(groups.iter().map(String::as_str));
            }
        }
        if any && !known.contains(&group) {
            let of = target.map_or_else(
                || "any target".to_owned(),
                |target| format!("target {}", shown::quoted(target)),
            );
            self.mistake(
                field,
                group,
                format!("is not a node group of {of}"),
                one_of(group, &known),
            );
        }
    }
}
