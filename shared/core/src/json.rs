//! Strict and bounded JSON: what Lambda hands over and what Terraform wrote.
//!
//! `serde_json` alone keeps the last of two equal keys. Here a duplicate is named, because two readers that pick
//! differently (a rule that matched the first, a function that acts on the second) can be played against each other.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::settings::mistakes::joined;

/// Most duplicates that are named.
const MOST_DUPLICATES: usize = 20;

/// A document and the places where a key is written twice.
#[derive(Debug)]
pub(crate) struct Parsed {
    /// The value; of duplicates the last.
    pub(crate) value: Value,
    /// Paths of duplicate keys.
    pub(crate) duplicates: Vec<String>,
}

/// Reads `bytes` as one JSON document of at most `largest` bytes. Nesting deeper than 128 is refused by
/// `serde_json`'s own limit.
///
/// # Errors
///
/// The reason, as the end of a sentence that begins with the document.
pub(crate) fn read(bytes: &[u8], largest: usize) -> Result<Parsed, String> {
    if bytes.len() > largest {
        return Err(format!(
            "has {} bytes, more than the {largest} that are read",
            bytes.len()
        ));
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err("is empty".to_owned());
    }
    let duplicates = RefCell::new(Vec::new());
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict {
        at: At::Root,
        duplicates: &duplicates,
    }
    .deserialize(&mut deserializer)
    .and_then(|value| deserializer.end().map(|()| value))
    .map_err(|error| explain(bytes, &error))?;
    Ok(Parsed {
        value,
        duplicates: duplicates.into_inner(),
    })
}

/// The parser's reason, in words that name the usual causes.
fn explain(bytes: &[u8], error: &serde_json::Error) -> String {
    let text = error.to_string();
    let hint = if text.contains("recursion limit") {
        ": nested deeper than 128 levels"
    } else if text.contains("surrogate") || text.contains("hex escape") {
        ": half of a surrogate pair, which is no character"
    } else if not_a_number(bytes, error) {
        ": NaN and Infinity are not JSON"
    } else if text.contains("unicode code point") {
        ": not UTF-8"
    } else {
        ""
    };
    format!("is not JSON ({text}){hint}")
}

/// Whether the parser stopped inside `NaN` or `Infinity`.
fn not_a_number(bytes: &[u8], error: &serde_json::Error) -> bool {
    let line = bytes
        .split(|&byte| byte == b'\n')
        .nth(error.line().saturating_sub(1))
        .unwrap_or_default();
    let from = error.column().saturating_sub(2);
    let near = line.get(from..).unwrap_or_default();
    near.get(..near.len().min(12)).is_some_and(|near| {
        [b"NaN".as_slice(), b"Inf", b"nan"]
            .iter()
            .any(|word| near.windows(word.len()).any(|part| part == *word))
    })
}

/// The one text of a value that a hash can be taken of: JSON without white space, with the keys of every object sorted.
pub(crate) fn canonical(value: Value) -> String {
    sorted(value).to_string()
}

/// The same value with the keys of every object sorted, however `serde_json` was built: with its feature
/// `preserve_order`, which any other crate may switch on, it keeps the order of writing.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<String, Value> = members
                .into_iter()
                .map(|(key, value)| (key, sorted(value)))
                .collect();
            Value::Object(members.into_iter().collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(sorted).collect()),
        other => other,
    }
}

#[derive(Clone, Copy)]
enum At<'a> {
    Root,
    Key(&'a Self, &'a str),
    Index(&'a Self, usize),
}

impl At<'_> {
    fn path(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Key(parent, key) => joined(&parent.path(), key),
            Self::Index(parent, index) => format!("{}[{index}]", parent.path()),
        }
    }
}

struct Strict<'a> {
    at: At<'a>,
    duplicates: &'a RefCell<Vec<String>>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(Strict {
            at: At::Index(&self.at, values.len()),
            duplicates: self.duplicates,
        })? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let at = At::Key(&self.at, &key);
            let value = map.next_value_seed(Strict {
                at,
                duplicates: self.duplicates,
            })?;
            if members.contains_key(&key) {
                let mut duplicates = self.duplicates.borrow_mut();
                if duplicates.len() < MOST_DUPLICATES {
                    duplicates.push(at.path());
                }
            }
            members.insert(key, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    fn refusal(text: &str) -> String {
        read(text.as_bytes(), 1 << 20).err().unwrap_or_default()
    }

    #[test]
    fn each_kind_of_broken_json_is_named_e01() {
        assert!(refusal("").contains("empty"));
        assert!(
            refusal("{\"a\": NaN}").contains("NaN and Infinity"),
            "{}",
            refusal("{\"a\": NaN}")
        );
        assert!(
            refusal("[-Infinity]").contains("NaN and Infinity"),
            "{}",
            refusal("[-Infinity]")
        );
        assert!(
            refusal(r#"{"a": "\ud800"}"#).contains("surrogate"),
            "{}",
            refusal(r#"{"a": "\ud800"}"#)
        );
        assert!(refusal(r#"{"a": "\ud800x"}"#).contains("surrogate"));
        assert!(refusal(&"[".repeat(1 << 20)).contains("128 levels"));
        assert!(refusal(&format!("{}{}", "{\"a\":".repeat(1000), "1")).contains("128 levels"));
        assert!(refusal("{} {}").contains("is not JSON"));
        assert!(read(&vec![b' '; (1 << 20) + 1], 1 << 20).is_err_and(|why| why.contains("1048577 bytes")));
        assert!(read(b"\"\xff\"", 99).is_err_and(|why| why.contains("UTF-8")));
    }

    #[test]
    fn duplicate_keys_are_named_with_their_place_e01() {
        let parsed = read(br#"{"a": 1, "b": [{"c": 1, "c": 2}], "a": 3}"#, 99).unwrap();
        assert_eq!(parsed.duplicates, ["b[0].c", "a"]);
    }

    #[test]
    fn numbers_keep_their_kind() {
        let parsed = read(b"[1, -1, 1.5, 18446744073709551615, 1.716854656938E9]", 99).unwrap();
        assert_eq!(
            parsed.value.to_string(),
            "[1,-1,1.5,18446744073709551615,1716854656.938]"
        );
    }
}
