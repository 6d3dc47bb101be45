//! Tolerant reading of events: absent, null and wrongly typed are the same "not there"; keys are found in camelCase
//! (EventBridge) and `PascalCase` (API, SNS) alike.

use serde_json::Value;

use crate::names::Misfit;
use crate::shown;

/// The value at `path` below `value`; each step is a camelCase key, also found with a capital first letter.
pub(super) fn at<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, key| {
        let object = value.as_object()?;
        object.get(*key).or_else(|| object.get(&capitalised(key)))
    })
}

/// The text at `path`; empty texts count as absent.
pub(super) fn text<'v>(value: &'v Value, path: &[&str]) -> Option<&'v str> {
    at(value, path)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

fn capitalised(key: &str) -> String {
    let mut characters = key.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

/// A required and checked text. The error names the field, the value and the way out.
pub(super) fn required<T: std::str::FromStr<Err = Misfit>>(
    value: &Value,
    path: &[&str],
    of: &str,
) -> Result<T, String> {
    let name = path.join(".");
    let text = text(value, path).ok_or_else(|| format!("the {of} has no `{name}`"))?;
    parsed(text, &name, of)
}

/// Checks a text of an event.
pub(super) fn parsed<T: std::str::FromStr<Err = Misfit>>(
    text: &str,
    name: &str,
    of: &str,
) -> Result<T, String> {
    text.parse()
        .map_err(|misfit: Misfit| format!("the {of}'s `{name}` {} {}", shown::quoted(text), misfit.why))
}

/// What kind of JSON value it is, for a sentence.
pub(super) const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
