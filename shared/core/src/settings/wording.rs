//! The sentences for mistakes of shape.

use deserr::errors::helpers::did_you_mean;
use deserr::{ErrorKind, IntoValue, Value, ValueKind, ValuePointerRef};

use super::mistakes::{Mistake, joined, path};
use super::purpose;
use crate::names::listed;
use crate::shown;

pub(super) fn mistake<V: IntoValue>(error: ErrorKind<'_, V>, location: ValuePointerRef<'_>) -> Mistake {
    let here = path(location);
    match error {
        ErrorKind::IncorrectValueKind { actual, accepted } => {
            let wanted = wanted(accepted);
            Mistake {
                seen: Some(seen(&actual, location.last_field().unwrap_or_default())),
                why: format!("is {}", kind(actual.kind())),
                way_out: format!("write {wanted}"),
                path: here,
            }
        }
        ErrorKind::MissingField { field } => {
            let path = joined(&here, field);
            let purpose = purpose::of(&path).map_or_else(String::new, |what| format!(", {what}"));
            Mistake {
                why: "is missing".to_owned(),
                way_out: format!("add `{field}`{purpose}"),
                path,
                seen: None,
            }
        }
        ErrorKind::UnknownKey { key, accepted } => unknown_field(&here, key, accepted),
        ErrorKind::UnknownValue { value, accepted } => Mistake {
            path: here,
            seen: Some(shown::quoted(value)),
            why: "is not one of the words known here".to_owned(),
            way_out: one_of(value, accepted),
        },
        ErrorKind::BadSequenceLen { actual, expected } => Mistake {
            path: here,
            seen: Some(format!("a list of {}", deserr::Sequence::len(&actual))),
            why: "has the wrong length".to_owned(),
            way_out: format!("write {expected} elements"),
        },
        ErrorKind::Unexpected { msg } => Mistake {
            path: here,
            seen: None,
            why: shown::quoted(&msg).trim_matches('"').to_owned(),
            way_out: "write a value within the limit".to_owned(),
        },
    }
}

/// A field that nothing reads. Its value is not repeated: it may be a secret in the wrong place.
pub(crate) fn unknown_field(parent: &str, key: &str, accepted: &[&str]) -> Mistake {
    Mistake {
        path: joined(parent, key),
        seen: None,
        why: "there is no such field".to_owned(),
        way_out: one_of(key, accepted),
    }
}

/// Longest text that is compared with the accepted ones, in bytes; no name here is longer. The comparison takes
/// time by the product of both lengths, and the text is somebody else's.
const LONGEST_COMPARED: usize = 256;

/// `did you mean …? one of: …`.
pub(crate) fn one_of(seen: &str, accepted: &[&str]) -> String {
    let near = if seen.len() <= LONGEST_COMPARED {
        did_you_mean(seen, accepted)
    } else {
        String::new()
    };
    format!("{near}accepted here: {}", listed(accepted))
}

const fn kind(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Null => "null",
        ValueKind::Boolean => "true or false",
        ValueKind::Integer | ValueKind::NegativeInteger => "a whole number",
        ValueKind::Float => "a fraction",
        ValueKind::String => "a text",
        ValueKind::Sequence => "a list",
        ValueKind::Map => "an object",
    }
}

fn wanted(accepted: &[ValueKind]) -> String {
    let mut words: Vec<&str> = accepted.iter().map(|&accepted| kind(accepted)).collect();
    words.dedup();
    match accepted {
        [ValueKind::Integer] => "a whole number that is not negative".to_owned(),
        _ => words.join(" or "),
    }
}

fn seen<V: IntoValue>(value: &Value<V>, field: &str) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Boolean(value) => value.to_string(),
        Value::Integer(_) | Value::NegativeInteger(_) | Value::Float(_) | Value::String(_)
            if shown::secret(field, "") =>
        {
            "the value (not shown)".to_owned()
        }
        Value::Integer(value) => value.to_string(),
        Value::NegativeInteger(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::String(value) if shown::secret(field, value) => "the text (not shown)".to_owned(),
        Value::String(value) => shown::quoted(value),
        Value::Sequence(list) => format!("[{} elements]", deserr::Sequence::len(list)),
        Value::Map(map) => format!("{{{} fields}}", deserr::Map::len(map)),
    }
}

#[cfg(test)]
mod tests {
    use super::one_of;

    #[test]
    fn a_near_name_is_offered_unless_the_text_is_longer_than_any_name() {
        assert!(one_of("compote", &["general", "compute"]).starts_with("did you mean `compute`?"));
        assert!(one_of("xyz", &["general", "compute"]).starts_with("accepted here: general, compute"));
        let known = "g".repeat(300);
        assert!(one_of(&known.replacen('g', "h", 1), &[&known]).starts_with("accepted here"));
    }
}
