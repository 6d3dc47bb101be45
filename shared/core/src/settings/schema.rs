//! JSON Schemas of settings, learned by asking the types.
//!
//! Settings derive `deserr`, which knows nothing of schemas. But a type says what it wants when it is given something else:
//! the kinds, the fields, which of them are missing, the words, the largest number. So each place is given values that no
//! setting has, and what is said about it becomes its schema. Nothing is written twice, so nothing can differ from what
//! a function reads at its start.
//!
//! A schema says what a document looks like. What holds between fields, and bounds that [`super::Validate`] looks at, are in
//! the descriptions, and the function says them at its start.

use std::cell::RefCell;

use deserr::{Deserr, ErrorKind, IntoValue, ValueKind, ValuePointerRef};
use serde_json::{Map, Value as Json, json};

use super::Deployment;
use super::mistakes::{Mistakes, path};
use super::node::Node;
use crate::calendar::Calendar;
use crate::target::Target;

/// A text that no setting has, and no name either.
const STRANGE: &str = "\u{1}?";

/// A key that every map of names and labels takes.
const KEY: &str = "a";

/// Numbers that are tried as the largest one, smallest first: a share in percent, and what the integers of Rust hold.
const LARGEST: [u64; 5] = [
    100,
    u8::MAX as u64,
    u16::MAX as u64,
    u32::MAX as u64,
    i64::MAX as u64,
];

/// One thing that a type says of a value.
enum Says {
    Kinds(Vec<ValueKind>),
    Missing(String),
    Fields(Vec<String>),
    Words(Vec<String>),
    Other,
}

thread_local! {
    /// What was said, with the place, while a type is asked; nothing is kept at other times.
    static HEARD: RefCell<Option<Vec<(String, Says)>>> = const { RefCell::new(None) };
}

/// Listens to the mistakes that a type reports.
pub(super) fn listen<V: IntoValue>(error: &ErrorKind<'_, V>, at: ValuePointerRef<'_>) {
    if HEARD.with_borrow(Option::is_none) {
        return;
    }
    let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let says = match error {
        ErrorKind::IncorrectValueKind { accepted, .. } => Says::Kinds(accepted.to_vec()),
        ErrorKind::MissingField { field } => Says::Missing((*field).to_owned()),
        ErrorKind::UnknownKey { accepted, .. } => Says::Fields(own(accepted)),
        ErrorKind::UnknownValue { accepted, .. } => Says::Words(own(accepted)),
        ErrorKind::BadSequenceLen { .. } | ErrorKind::Unexpected { .. } => Says::Other,
    };
    HEARD.with_borrow_mut(|heard| heard.get_or_insert_default().push((path(at), says)));
}

/// A step from a value to one within it.
#[derive(Debug, Clone)]
enum Inward {
    Field(String),
    Element,
}

/// A place within a document.
#[derive(Debug, Clone, Default)]
struct Place(Vec<Inward>);

impl Place {
    fn field(&self, name: &str) -> Self {
        let mut steps = self.0.clone();
        steps.push(Inward::Field(name.to_owned()));
        Self(steps)
    }

    fn element(&self) -> Self {
        let mut steps = self.0.clone();
        steps.push(Inward::Element);
        Self(steps)
    }

    /// A document with nothing but `value` at this place.
    fn document(&self, value: Json) -> Json {
        self.0.iter().rev().fold(value, |inner, step| match step {
            Inward::Field(name) => json!({ name: inner }),
            Inward::Element => json!([inner]),
        })
    }

    /// As mistakes write it.
    fn written(&self) -> String {
        self.0.iter().fold(String::new(), |so_far, step| match step {
            Inward::Field(name) => super::mistakes::joined(&so_far, name),
            Inward::Element => format!("{so_far}[0]"),
        })
    }
}

/// What a type says of a value at a place.
struct Answer {
    says: Vec<Says>,
    /// The way out of the mistakes there.
    way_out: Option<String>,
    /// Number of mistakes there, whoever found them.
    mistakes: usize,
}

fn ask<T: Deserr<Mistakes>>(at: &Place, value: Json) -> Answer {
    HEARD.set(Some(Vec::new()));
    let document = Node(at.document(value)).into_value();
    let found = T::deserialize_from_value(document, ValuePointerRef::Origin).err();
    let here = at.written();
    let of_here = HEARD
        .take()
        .into_iter()
        .flatten()
        .filter(|(place, _)| *place == here);
    // A missing or unknown field is a mistake of the field.
    let inner = |path: &str| {
        let rest = path.strip_prefix(here.as_str());
        rest.is_some_and(|rest| here.is_empty() || rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let found = found.unwrap_or_default();
    let exact = found.as_slice().iter().filter(|mistake| mistake.path == here);
    Answer {
        says: of_here.map(|(_, says)| says).collect(),
        way_out: exact.map(|mistake| mistake.way_out.clone()).next(),
        mistakes: found
            .as_slice()
            .iter()
            .filter(|mistake| inner(&mistake.path))
            .count(),
    }
}

/// The JSON Schema of the whole settings document of a function, as [`super::read`] takes it.
#[must_use]
pub fn document<F: Deserr<Mistakes>>() -> Json {
    json!({
        "type": "object",
        "properties": {
            "deployment": of::<Deployment>(),
            "calendar": or_null(of::<Calendar>()),
            "targets": { "type": "array", "minItems": 1, "items": of::<Target>() },
            "function": of::<F>(),
        },
        "required": ["deployment", "targets", "function"],
        "additionalProperties": false,
    })
}

/// Whether a document has the shape that [`super::read`] takes, whatever the rules between its fields say: what
/// [`document`] must agree with.
#[must_use]
pub fn fits<F: Deserr<Mistakes>>(document: &Json) -> bool {
    fn part<T: Deserr<Mistakes>>(value: &Json) -> bool {
        T::deserialize_from_value(Node(value.clone()).into_value(), ValuePointerRef::Origin).is_ok()
    }
    let Some(members) = document.as_object() else {
        return false;
    };
    let known = ["deployment", "calendar", "targets", "function"];
    let there = |field: &str| members.get(field).filter(|value| !value.is_null());
    members.keys().all(|field| known.contains(&field.as_str()))
        && there("deployment").is_some_and(part::<Deployment>)
        && there("calendar").is_none_or(part::<Calendar>)
        && there("function").is_some_and(part::<F>)
        && there("targets")
            .and_then(Json::as_array)
            .is_some_and(|targets| !targets.is_empty() && targets.iter().all(part::<Target>))
}

/// The JSON Schema of a type of settings.
#[must_use]
pub fn of<T: Deserr<Mistakes>>() -> Json {
    at::<T>(&Place::default())
}

fn at<T: Deserr<Mistakes>>(place: &Place) -> Json {
    let answer = ask::<T>(place, json!(true));
    let kinds = answer.says.iter().find_map(|says| match says {
        Says::Kinds(kinds) => Some(kinds.clone()),
        _ => None,
    });
    let Some(kinds) = kinds else {
        // Nobody minds `true`. Whoever minds no text either takes whatever is there.
        let any = ask::<T>(place, json!(STRANGE)).mistakes == 0;
        let anything = json!(["boolean", "number", "string", "array", "object"]);
        return json!({ "type": if any { anything } else { json!("boolean") } });
    };
    let is = |kind: ValueKind| kinds.contains(&kind);
    if is(ValueKind::String) {
        text::<T>(place)
    } else if is(ValueKind::Map) {
        object::<T>(place)
    } else if is(ValueKind::Sequence) {
        json!({ "type": "array", "items": at::<T>(&place.element()) })
    } else {
        number::<T>(place, is(ValueKind::Float))
    }
}

fn text<T: Deserr<Mistakes>>(place: &Place) -> Json {
    let answer = ask::<T>(place, json!(STRANGE));
    let words = answer.says.into_iter().find_map(|says| match says {
        Says::Words(words) => Some(words),
        _ => None,
    });
    match (words, answer.way_out) {
        (Some(words), _) => json!({ "enum": words }),
        (None, Some(way_out)) => json!({ "type": "string", "description": sentence(&way_out) }),
        (None, None) => json!({ "type": "string" }),
    }
}

/// A way out of a mistake as a sentence of its own.
fn sentence(way_out: &str) -> String {
    let mut letters = way_out.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    let end = (!way_out.ends_with('.')).then_some('.');
    first.into_iter().chain(letters).chain(end).collect()
}

fn number<T: Deserr<Mistakes>>(place: &Place, fractions: bool) -> Json {
    let taken = |number: Json| ask::<T>(place, number).mistakes == 0;
    let mut schema = Map::new();
    schema.insert(
        "type".to_owned(),
        json!(if fractions { "number" } else { "integer" }),
    );
    if !taken(json!(-1)) {
        schema.insert("minimum".to_owned(), json!(i32::from(!taken(json!(0)))));
    }
    let next = |most: u64| json!(most.saturating_add(1));
    if let Some(most) = LARGEST.into_iter().find(|most| !taken(next(*most))) {
        schema.insert("maximum".to_owned(), json!(most));
    }
    Json::Object(schema)
}

fn object<T: Deserr<Mistakes>>(place: &Place) -> Json {
    let empty = ask::<T>(place, json!({}));
    let strange = ask::<T>(place, json!({ STRANGE: true }));
    let fields = strange.says.into_iter().find_map(|says| match says {
        Says::Fields(fields) => Some(fields),
        _ => None,
    });
    let nullable = |field: &str| ask::<T>(place, json!({ field: null })).mistakes == empty.mistakes;
    let Some(fields) = fields else {
        let inner = at::<T>(&place.field(KEY));
        let inner = if nullable(KEY) { or_null(inner) } else { inner };
        return json!({ "type": "object", "additionalProperties": inner });
    };
    let missing: Vec<&String> = empty
        .says
        .iter()
        .filter_map(|says| match says {
            Says::Missing(field) => Some(field),
            _ => None,
        })
        .collect();
    let mut properties = Map::new();
    for field in &fields {
        let inner = at::<T>(&place.field(field));
        let optional = !missing.contains(&field);
        properties.insert(field.clone(), if optional { or_null(inner) } else { inner });
    }
    let members = [
        Some(("type", json!("object"))),
        Some(("properties", Json::Object(properties))),
        (!missing.is_empty()).then(|| ("required", json!(missing))),
        Some(("additionalProperties", json!(false))),
    ];
    members.into_iter().flatten().collect()
}

/// A null counts as absent, as Terraform writes an attribute that is not set.
fn or_null(mut schema: Json) -> Json {
    match schema.get_mut("type") {
        Some(Json::Array(kinds)) => kinds.push(json!("null")),
        Some(kind) => *kind = json!([kind.take(), "null"]),
        None => {}
    }
    if let Some(Json::Array(words)) = schema.get_mut("enum") {
        words.push(Json::Null);
    }
    schema
}

#[cfg(test)]
mod tests;
