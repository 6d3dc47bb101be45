//! As much of JSON Schema 2020-12 as the schemas use. A keyword that is not known here is a panic, so that no schema says
//! something that nobody looks at.
//!
//! Ours, because the crates for it change features below the AWS SDK, and every build would compile that again.

use std::collections::BTreeSet;

use serde_json::Value;

/// Keywords that refuse nothing.
const WORDS_ONLY: [&str; 7] = [
    "$schema",
    "$id",
    "$defs",
    "title",
    "description",
    "default",
    "format",
];

/// A schema, with itself as the root of references.
pub(super) struct Validator(Value);

impl Validator {
    pub(super) fn new(schema: &Value) -> Self {
        Self(schema.clone())
    }

    pub(super) fn is_valid(&self, value: &Value) -> bool {
        self.errors(value).is_empty()
    }

    /// What is wrong, each with its place.
    pub(super) fn errors(&self, value: &Value) -> Vec<String> {
        let mut found = Vec::new();
        self.look(&self.0, value, "", &mut found);
        found
    }

    fn fits(&self, schema: &Value, value: &Value) -> bool {
        let mut found = Vec::new();
        self.look(schema, value, "", &mut found);
        found.is_empty()
    }

    fn referred(&self, schema: &Value) -> Option<&Value> {
        let name = schema.get("$ref")?.as_str()?;
        Some(self.0.pointer(name.trim_start_matches('#')).unwrap())
    }

    fn look(&self, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
        let keywords = match schema {
            Value::Bool(true) => return,
            Value::Bool(false) => return found.push(format!("{at}: is not to be there")),
            schema => schema.as_object().unwrap(),
        };
        for (keyword, says) in keywords {
            if let Some(why) = self.refused(keyword, says, schema, value, at, found) {
                found.push(format!("{at}: {why}"));
            }
        }
    }

    /// Why a keyword refuses the value itself; what is within goes to `found`.
    fn refused(
        &self,
        keyword: &str,
        says: &Value,
        schema: &Value,
        value: &Value,
        at: &str,
        found: &mut Vec<String>,
    ) -> Option<String> {
        let all = |says: &Value| says.as_array().unwrap().clone();
        let fits = match keyword {
            "type" => match says {
                Value::Array(kinds) => kinds.iter().any(|kind| is_kind(kind, value)),
                kind => is_kind(kind, value),
            },
            "enum" => all(says).contains(value),
            "const" => says == value,
            "minimum" => value
                .as_f64()
                .is_none_or(|number| number >= says.as_f64().unwrap()),
            "maximum" => value
                .as_f64()
                .is_none_or(|number| number <= says.as_f64().unwrap()),
            "minItems" => value.as_array().is_none_or(|list| list.len() >= count(says)),
            "maxItems" => value.as_array().is_none_or(|list| list.len() <= count(says)),
            "maxLength" => value
                .as_str()
                .is_none_or(|text| text.chars().count() <= count(says)),
            "pattern" => value
                .as_str()
                .is_none_or(|text| is_word(says.as_str().unwrap(), text)),
            "required" => {
                let there = |name: &Value| value.get(name.as_str().unwrap()).is_some();
                !value.is_object() || all(says).iter().all(there)
            }
            "not" => !self.fits(says, value),
            "anyOf" => all(says).iter().any(|one| self.fits(one, value)),
            "oneOf" => all(says).iter().filter(|one| self.fits(one, value)).count() == 1,
            "allOf" => {
                for one in all(says) {
                    self.look(&one, value, at, found);
                }
                true
            }
            "$ref" => {
                self.look(self.referred(schema).unwrap(), value, at, found);
                true
            }
            "properties" => {
                for (name, inner) in says.as_object().unwrap() {
                    if let Some(member) = value.get(name) {
                        self.look(inner, member, &format!("{at}/{name}"), found);
                    }
                }
                true
            }
            "additionalProperties" | "unevaluatedProperties" => {
                let mut known = names(schema);
                if keyword == "unevaluatedProperties" {
                    known.extend(self.referred(schema).map(names).unwrap_or_default());
                }
                let others = value.as_object().into_iter().flatten();
                for (name, member) in others.filter(|(name, _)| !known.contains(name.as_str())) {
                    self.look(says, member, &format!("{at}/{name}"), found);
                }
                true
            }
            "items" => {
                let first = schema["prefixItems"].as_array().map_or(0, Vec::len);
                let rest = value.as_array().into_iter().flatten().enumerate().skip(first);
                rest.for_each(|(number, inner)| self.look(says, inner, &format!("{at}/{number}"), found));
                true
            }
            "prefixItems" => {
                let pairs = all(says).into_iter().zip(value.as_array().into_iter().flatten());
                pairs.for_each(|(one, inner)| self.look(&one, inner, at, found));
                true
            }
            keyword if WORDS_ONLY.contains(&keyword) => true,
            keyword => unreachable!("{keyword} is not known to the validator"),
        };
        (!fits).then(|| format!("{keyword} {says}"))
    }
}

fn names(schema: &Value) -> BTreeSet<&str> {
    let properties = schema["properties"].as_object();
    properties
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str())
        .collect()
}

fn count(says: &Value) -> usize {
    usize::try_from(says.as_u64().unwrap()).unwrap()
}

fn is_kind(kind: &Value, value: &Value) -> bool {
    match kind.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => unreachable!("{other} is no kind"),
    }
}

/// The two patterns of the schemas: a word, and a word or nothing.
fn is_word(pattern: &str, text: &str) -> bool {
    let empty = match pattern {
        r"^(?!.*\.\.)[A-Za-z0-9_.:-]+$" => false,
        r"^(?!.*\.\.)[A-Za-z0-9_.:-]*$" => true,
        other => unreachable!("the pattern {other} is not known to the validator"),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    (empty || !text.is_empty()) && text.chars().all(plain) && !text.contains("..")
}
