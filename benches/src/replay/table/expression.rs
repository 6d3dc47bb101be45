//! Condition and update expressions.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

/// Names and values that an expression refers to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'a> {
    names: &'a Value,
    values: &'a Value,
}

impl<'a> Names<'a> {
    pub(super) fn of(body: &'a Value) -> Self {
        Self {
            names: &body["ExpressionAttributeNames"],
            values: &body["ExpressionAttributeValues"],
        }
    }

    fn name(self, word: &str) -> String {
        self.names[word].as_str().unwrap_or(word).to_owned()
    }

    fn value(self, word: &str, item: &Map<String, Value>) -> Option<Value> {
        if word.starts_with(':') {
            return self.values.get(word).cloned();
        }
        item.get(&self.name(word)).cloned()
    }
}

/// Whether a condition holds for an item.
///
/// # Errors
///
/// When it uses what is not played.
pub(super) fn holds(text: &str, item: &Map<String, Value>, names: Names<'_>) -> Result<bool, String> {
    let words = words(text);
    let mut reader = Reader {
        words: &words,
        at: 0,
        item,
        names,
    };
    let held = reader.either()?;
    if reader.at < words.len() {
        return Err(format!("`{text}` is not played"));
    }
    Ok(held)
}

struct Reader<'a> {
    words: &'a [String],
    at: usize,
    item: &'a Map<String, Value>,
    names: Names<'a>,
}

impl Reader<'_> {
    fn peek(&self) -> &str {
        self.words.get(self.at).map_or("", String::as_str)
    }

    fn next(&mut self) -> String {
        let word = self.peek().to_owned();
        self.at += 1;
        word
    }

    fn either(&mut self) -> Result<bool, String> {
        let mut held = self.both()?;
        while self.peek() == "OR" {
            self.at += 1;
            held |= self.both()?;
        }
        Ok(held)
    }

    fn both(&mut self) -> Result<bool, String> {
        let mut held = self.one()?;
        while self.peek() == "AND" {
            self.at += 1;
            held &= self.one()?;
        }
        Ok(held)
    }

    fn one(&mut self) -> Result<bool, String> {
        let word = self.next();
        match word.as_str() {
            "(" => {
                let held = self.either()?;
                self.next();
                Ok(held)
            }
            "NOT" => Ok(!self.one()?),
            "attribute_not_exists" | "attribute_exists" => {
                self.next();
                let name = self.next();
                self.next();
                let there = self.item.contains_key(&self.names.name(&name));
                Ok(there == (word == "attribute_exists"))
            }
            left => {
                let (left, operator, right) = (left.to_owned(), self.next(), self.next());
                let left = self.names.value(&left, self.item);
                let right = self.names.value(&right, self.item);
                let order = left
                    .as_ref()
                    .zip(right.as_ref())
                    .and_then(|(left, right)| compared(left, right));
                match operator.as_str() {
                    "=" => Ok(order == Some(Ordering::Equal)),
                    "<>" => Ok(order != Some(Ordering::Equal)),
                    "<" => Ok(order == Some(Ordering::Less)),
                    ">" => Ok(order == Some(Ordering::Greater)),
                    "<=" => Ok(matches!(order, Some(Ordering::Less | Ordering::Equal))),
                    ">=" => Ok(matches!(order, Some(Ordering::Greater | Ordering::Equal))),
                    other => Err(format!("`{other}` is not played")),
                }
            }
        }
    }
}

/// The order of two values of one type; none of two types.
fn compared(left: &Value, right: &Value) -> Option<Ordering> {
    let number = |value: &Value| value["N"].as_str()?.parse::<f64>().ok();
    if let (Some(left), Some(right)) = (number(left), number(right)) {
        return left.partial_cmp(&right);
    }
    match (left["S"].as_str(), right["S"].as_str()) {
        (Some(left), Some(right)) => Some(left.cmp(right)),
        _ => (left == right).then_some(Ordering::Equal),
    }
}

/// Carries out an update expression.
///
/// # Errors
///
/// When it uses what is not played.
pub(super) fn updated(text: &str, item: &mut Map<String, Value>, names: Names<'_>) -> Result<(), String> {
    let words = words(text);
    let mut clause = "";
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let after = |by: usize| words.get(at + by).map_or("", String::as_str);
        match (word.as_str(), clause) {
            ("SET" | "ADD" | "REMOVE", _) => {
                clause = word;
                at += 1;
            }
            (",", _) => at += 1,
            (name, "SET") if after(1) == "=" => {
                let value = names
                    .value(after(2), item)
                    .ok_or_else(|| format!("no value {}", after(2)))?;
                item.insert(names.name(name), value);
                at += 3;
            }
            (name, "ADD") => {
                let value = names
                    .value(after(1), item)
                    .ok_or_else(|| format!("no value {}", after(1)))?;
                let name = names.name(name);
                let sum = added(item.get(&name), &value)?;
                item.insert(name, sum);
                at += 2;
            }
            (name, "REMOVE") => {
                item.remove(&names.name(name));
                at += 1;
            }
            _ => return Err(format!("`{text}` is not played")),
        }
    }
    Ok(())
}

/// Numbers are summed, sets of texts united.
fn added(there: Option<&Value>, value: &Value) -> Result<Value, String> {
    let number = |value: &Value| value["N"].as_str().and_then(|text| text.parse::<i64>().ok());
    if let Some(more) = number(value) {
        let sum = there.and_then(number).unwrap_or(0) + more;
        return Ok(json!({"N": sum.to_string()}));
    }
    let texts = |value: &Value| value["SS"].as_array().cloned().unwrap_or_default();
    let mut all = there.map(texts).unwrap_or_default();
    for text in texts(value) {
        if !all.contains(&text) {
            all.push(text);
        }
    }
    if all.is_empty() {
        return Err("only numbers and sets of texts are added".to_owned());
    }
    Ok(json!({"SS": all}))
}

/// Words, operators and brackets.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '#' | ':' | '_' | '.' | '-');
    let is_operator = |c: char| matches!(c, '=' | '<' | '>');
    let mut last = None;
    for c in text.chars() {
        let kind = if is_name(c) {
            Some('a')
        } else if is_operator(c) {
            Some('=')
        } else {
            None
        };
        match (kind, words.last_mut()) {
            (Some(kind), Some(word)) if last == Some(kind) => word.push(c),
            (Some(_), _) => words.push(c.to_string()),
            (None, _) if !c.is_whitespace() => words.push(c.to_string()),
            _ => {}
        }
        last = kind;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(condition: &str) -> bool {
        let body = json!({
            "ExpressionAttributeNames": {"#state": "state", "#owner": "owner"},
            "ExpressionAttributeValues": {":claimed": {"S": "claimed"}, ":now": {"N": "100"}, ":me": {"S": "me"}},
        });
        let item = json!({"state": {"S": "claimed"}, "owner": {"S": "you"}, "lease_until": {"N": "99"}});
        holds(condition, item.as_object().unwrap(), Names::of(&body)).unwrap()
    }

    #[test]
    fn conditions_hold_as_dynamodb_reads_them() {
        assert!(held(
            "attribute_not_exists(pk) OR (#state = :claimed AND (lease_until <= :now OR #owner = :me))"
        ));
        assert!(!held("#state = :claimed AND #owner = :me"));
        assert!(!held("attribute_exists(pk) AND lease_until <= :now"));
        assert!(held("NOT attribute_exists(pk) AND :now > lease_until"));
        assert!(!held("missing < :now OR :now < lease_until"));
    }

    #[test]
    fn what_is_not_played_is_an_error() {
        assert!(holds("a ~ :b", &Map::new(), Names::of(&json!({}))).is_err());
        assert!(
            updated(
                "SET a = if_not_exists(a, :b)",
                &mut Map::new(),
                Names::of(&json!({}))
            )
            .is_err()
        );
    }

    #[test]
    fn numbers_are_summed_and_sets_united() {
        let body = json!({"ExpressionAttributeValues": {":one": {"N": "1"}, ":ids": {"SS": ["b", "a"]}, ":s": {"S": "x"}}});
        let mut item = json!({"noted": {"N": "4"}, "joined": {"SS": ["a"]}})
            .as_object()
            .cloned()
            .unwrap();
        updated(
            "SET last = :s ADD noted :one, joined :ids",
            &mut item,
            Names::of(&body),
        )
        .unwrap();
        assert_eq!(
            Value::Object(item),
            json!({"last": {"S": "x"}, "noted": {"N": "5"}, "joined": {"SS": ["a", "b"]}})
        );
    }
}
