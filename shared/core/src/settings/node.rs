//! How settings look at JSON.

use deserr::{IntoValue, Map, Value, ValueKind};
use serde_json::Value as Json;

/// A JSON value in which an object's null member counts as absent, as Terraform writes an unset attribute. The
/// length of an object still counts them, so that a type for which null is a mistake can tell (`Labels`).
pub(super) struct Node(pub(super) Json);

pub(super) struct Members(serde_json::Map<String, Json>);

type Present = fn((String, Json)) -> Option<(String, Node)>;

fn present((key, value): (String, Json)) -> Option<(String, Node)> {
    (!value.is_null()).then_some((key, Node(value)))
}

impl Map for Members {
    type Value = Node;
    type Iter = std::iter::FilterMap<serde_json::map::IntoIter, Present>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn remove(&mut self, key: &str) -> Option<Node> {
        self.0.remove(key).filter(|value| !value.is_null()).map(Node)
    }

    fn into_iter(self) -> Self::Iter {
        IntoIterator::into_iter(self.0).filter_map(present as Present)
    }
}

impl IntoValue for Node {
    type Sequence = Vec<Self>;
    type Map = Members;

    fn kind(&self) -> ValueKind {
        match &self.0 {
            Json::Null => ValueKind::Null,
            Json::Bool(_) => ValueKind::Boolean,
            Json::Number(number) if number.is_u64() => ValueKind::Integer,
            Json::Number(number) if number.is_i64() => ValueKind::NegativeInteger,
            Json::Number(_) => ValueKind::Float,
            Json::String(_) => ValueKind::String,
            Json::Array(_) => ValueKind::Sequence,
            Json::Object(_) => ValueKind::Map,
        }
    }

    fn into_value(self) -> Value<Self> {
        match self.0 {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Boolean(value),
            Json::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => Value::Integer(number),
                (None, Some(number)) => Value::NegativeInteger(number),
                (None, None) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Value::String(text),
            Json::Array(list) => Value::Sequence(list.into_iter().map(Self).collect()),
            Json::Object(members) => Value::Map(Members(members)),
        }
    }
}
