//! Within a version a schema takes nothing away from those who rely on it. The shape of each version is kept as text, a line for
//! each place of a document, and held against what the types say now. Bounds and patterns are not part of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use crate::house::{files_below, text};

/// Where the shapes lie, a file for each version of each schema.
const SHAPES: &str = "docs/schemas/shapes";

/// Who relies on a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Those who read it: what stood there still stands there.
    Readers,
    /// Those who write it: what was taken is still taken.
    Writers,
}

/// Who relies on which schemas, by the first word of their names.
const SIDES: [(&str, Side); 4] = [
    ("report", Side::Readers),
    ("plan", Side::Readers),
    ("call", Side::Writers),
    ("settings", Side::Writers),
];

/// `each` is an element of a list or a map, `case` one of several objects that a tag tells apart.
const PRESENCES: [&str; 4] = ["required", "optional", "each", "case"];

/// What is said of one place: its types (`any` where there is none), one of [`PRESENCES`], and where only some words are taken
/// these in quotes.
type Facts = Vec<String>;

/// Every place of a document but the whole.
type Shape = BTreeMap<String, Facts>;

/// The words that a schema lists.
fn named(schema: &Value) -> &[Value] {
    match (schema.get("const"), schema.get("enum")) {
        (Some(one), _) => std::slice::from_ref(one),
        (None, Some(Value::Array(all))) => all.as_slice(),
        _ => &[],
    }
}

fn kinds(schema: &Value) -> Vec<&str> {
    let of_word = |word: &Value| if word.is_null() { "null" } else { "string" };
    match &schema["type"] {
        Value::String(kind) => vec![kind.as_str()],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        _ if named(schema).is_empty() => vec!["any"],
        _ => named(schema).iter().map(of_word).collect(),
    }
}

fn facts(presence: &str, choices: &[Value]) -> Facts {
    let kinds: BTreeSet<&str> = choices.iter().flat_map(kinds).collect();
    let mut facts: Facts = kinds.into_iter().map(str::to_owned).collect();
    facts.push(presence.to_owned());
    // An object has its words in its fields.
    let plain = |one: &&Value| one["properties"].is_null() && one["type"] != "null";
    if choices.iter().filter(plain).all(|one| !named(one).is_empty()) {
        let words = choices.iter().flat_map(named).filter(|word| !word.is_null());
        facts.extend(words.map(ToString::to_string).collect::<BTreeSet<_>>());
    }
    facts
}

/// What may stand at a place, with references followed.
fn possible(root: &Value, schema: &Value) -> Vec<Value> {
    if let Some(name) = schema["$ref"].as_str() {
        let definition = root.pointer(name.trim_start_matches('#')).unwrap();
        return possible(root, &extended(definition, schema));
    }
    let Some(cases) = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array()) else {
        return vec![schema.clone()];
    };
    let only_cases = schema["properties"].is_null();
    assert!(only_cases, "shapes know no fields beside cases: {schema}");
    let all = cases.iter().flat_map(|case| possible(root, case));
    all.collect()
}

/// A definition with the fields that the place adds that names it.
fn extended(definition: &Value, place: &Value) -> Value {
    let mut whole = definition.clone();
    for (name, field) in place["properties"].as_object().into_iter().flatten() {
        whole["properties"][name.as_str()] = field.clone();
    }
    let required = [definition, place].map(|one| one["required"].as_array());
    let required: Vec<&Value> = required.into_iter().flatten().flatten().collect();
    whole["required"] = json!(required);
    whole
}

/// The field that tells an object from the other cases.
fn tag(schema: &Value) -> Option<String> {
    let mut fields = schema["properties"].as_object()?.iter();
    fields.find_map(|(name, field)| Some(format!("{name}={}", field["const"].as_str()?)))
}

struct Walk<'a> {
    root: &'a Value,
    shape: Shape,
}

impl Walk<'_> {
    fn place(&mut self, schema: &Value, at: &str, presence: &str) {
        assert!(at.len() < 400, "a definition holds itself: {at}");
        let choices = possible(self.root, schema);
        self.add(at, facts(presence, &choices));
        for choice in &choices {
            let case = tag(choice).filter(|_| choices.len() > 1);
            let case = case.map(|tag| format!("{at}{{{tag}}}"));
            if let Some(case) = &case {
                self.add(case, facts("case", std::slice::from_ref(choice)));
            }
            self.members(choice, case.as_deref().unwrap_or(at));
        }
    }

    fn members(&mut self, choice: &Value, at: &str) {
        assert!(choice["allOf"].is_null(), "shapes know no `allOf`: {at}");
        let required = choice["required"].as_array().into_iter().flatten();
        let required: Vec<&str> = required.filter_map(Value::as_str).collect();
        for (name, field) in choice["properties"].as_object().into_iter().flatten() {
            let is_required = required.contains(&name.as_str());
            let presence = if is_required { "required" } else { "optional" };
            let dot = if at.is_empty() { "" } else { "." };
            self.place(field, &format!("{at}{dot}{name}"), presence);
        }
        for (keyword, step) in [("additionalProperties", ".*"), ("items", "[]")] {
            if choice[keyword].is_object() {
                self.place(&choice[keyword], &format!("{at}{step}"), "each");
            }
        }
        let first = choice["prefixItems"].as_array().into_iter().flatten();
        for (number, inner) in first.enumerate() {
            self.place(inner, &format!("{at}[{number}]"), "each");
        }
    }

    fn add(&mut self, at: &str, facts: Facts) {
        if !at.is_empty() {
            let before = self.shape.insert(at.to_owned(), facts);
            assert!(before.is_none(), "{at} is in two cases that no tag tells apart");
        }
    }
}

fn shape(schema: &Value) -> Shape {
    let shape = Shape::new();
    let mut walk = Walk { root: schema, shape };
    walk.place(schema, "", "required");
    walk.shape
}

/// A shape as it is kept.
pub(super) fn printed(schema: &Value) -> String {
    let mut text = String::new();
    for (at, facts) in shape(schema) {
        text.extend([at.as_str(), "  ", facts.join("  ").as_str(), "\n"]);
    }
    text
}

/// What is kept. A line that is none is a place that no document has, so it is found as one that is gone.
pub(super) fn read(kept: &str) -> Shape {
    let mut shape = Shape::new();
    for line in kept.lines() {
        let (at, rest) = line.split_once("  ").unwrap_or((line, ""));
        shape.insert(at.to_owned(), rest.split("  ").map(str::to_owned).collect());
    }
    shape
}

/// Whether what is said of a place now still holds what was said before.
fn keeps(side: Side, was: &[String], is: &[String]) -> bool {
    let has = |facts: &[String], fact: &str| facts.iter().any(|one| one == fact);
    let is_word = |fact: &&String| fact.starts_with('"');
    let words = |facts: &[String]| facts.iter().filter(is_word).count();
    let kept_words = was.iter().filter(is_word).all(|word| has(is, word));
    // What may stand there by the narrow one must be known to the wide one.
    let (narrow, wide, same_words) = match side {
        // A new word is an addition. One that is gone was most often renamed, and who waits for it waits on.
        Side::Readers => (is, was, kept_words),
        Side::Writers => (was, is, words(is) == 0 || (words(was) > 0 && kept_words)),
    };
    let is_kind = |fact: &&String| !is_word(fact) && !PRESENCES.contains(&fact.as_str());
    let is_known = |kind: &String| {
        let fits = kind == "integer" && has(wide, "number");
        fits || has(wide, "any") || has(wide, kind)
    };
    let as_required = has(narrow, "required") || !has(wide, "required");
    same_words && as_required && narrow.iter().filter(is_kind).all(is_known)
}

/// What breaks those who rely on a document, each with its place.
pub(super) fn breaks(side: Side, before: &Shape, after: &Shape) -> Vec<String> {
    let mut found = Vec::new();
    for (at, was) in before {
        match after.get(at) {
            None => found.push(format!("`{at}` is gone")),
            Some(is) if keeps(side, was, is) => {}
            Some(is) => found.push(format!("`{at}` was {} and is {}", was.join(" "), is.join(" "))),
        }
    }
    for (at, is) in after {
        // What is required in an object that is itself new breaks nobody.
        let object = at.rsplit_once('.').map(|(object, _)| object);
        let is_asked = !before.contains_key(at) && object.is_none_or(|object| before.contains_key(object));
        if side == Side::Writers && is_asked && is.iter().any(|fact| fact == "required") {
            found.push(format!("`{at}` is new and required"));
        }
    }
    found
}

/// The file that keeps the shape of a schema's version.
pub(super) fn kept_in(file: &str, schema: &Value) -> String {
    let (_, version) = schema["$id"].as_str().unwrap().rsplit_once(':').unwrap();
    let name = file.trim_end_matches("schema.json");
    format!("{SHAPES}/{name}{version}.txt")
}

/// What may not take the place of what is kept of the same version.
fn refused(root: &Path, all: &BTreeMap<String, Value>) -> Vec<String> {
    let mut refused = Vec::new();
    for (file, schema) in all {
        let known = SIDES
            .iter()
            .find(|(word, _)| file.split('.').next() == Some(*word));
        let (_, side) = known.unwrap_or_else(|| unreachable!("say in SIDES who relies on {file}"));
        let path = kept_in(file, schema);
        let kept = text(&root.join(&path));
        let found = breaks(*side, &read(&kept), &shape(schema)).join("; ");
        if kept.is_empty() || found.is_empty() {
            continue;
        }
        let (who, version) = match side {
            Side::Readers => ("reads", "`SCHEMA` in shared/core/src/report.rs"),
            Side::Writers => ("writes", "`VERSION` in tests/tests/schemas/mod.rs"),
        };
        refused.push(format!(
            "{path}: {found}. Whoever {who} it breaks: keep it as it was, or raise {version} and say in CHANGELOG.md how to move"
        ));
    }
    refused
}

/// What is wrong with what is kept.
pub(super) fn wrong(root: &Path, all: &BTreeMap<String, Value>) -> Vec<String> {
    let mut wrong = refused(root, all);
    if !wrong.is_empty() {
        return wrong;
    }
    for (file, schema) in all {
        let path = kept_in(file, schema);
        let (kept, now) = (text(&root.join(&path)), printed(schema));
        if kept != now {
            let is_new = |line: &&str| !kept.lines().any(|known| known == *line);
            let new: Vec<&str> = now.lines().filter(is_new).take(5).collect();
            let new = new.join("\n");
            wrong.push(format!(
                "{path} lacks lines; run `make schemas` and commit it:\n{new}"
            ));
        }
    }
    for path in files_below(root, SHAPES) {
        let mut names = all.keys().map(|file| file.trim_end_matches("schema.json"));
        if !names.any(|name| path.starts_with(&format!("{SHAPES}/{name}"))) {
            wrong.push(format!(
                "{path} is of no schema; if nobody uses that any more, delete it and say so in CHANGELOG.md"
            ));
        }
    }
    wrong
}

/// Keeps the shapes as they are now; where that takes something away, writes nothing and says why.
pub(super) fn write(root: &Path, all: &BTreeMap<String, Value>) -> Vec<String> {
    let refused = refused(root, all);
    if refused.is_empty() {
        std::fs::create_dir_all(root.join(SHAPES)).unwrap();
        for (file, schema) in all {
            std::fs::write(root.join(kept_in(file, schema)), printed(schema)).unwrap();
        }
    }
    refused
}
