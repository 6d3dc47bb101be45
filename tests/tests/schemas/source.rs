//! What the source says beside the shape of settings: the meaning of each field, with its unit and bounds, and its default.
//!
//! A struct of settings is found by the names of its fields, so an object of a schema knows its struct without being told.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use crate::house::{files_below, is_kind, is_test_code, text};

/// What the source says of one field.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Field {
    /// Its doc comment on one line.
    pub(super) means: String,
    /// Its default, where that is written as a value.
    pub(super) default: Option<Value>,
}

/// Structs of settings by the names of their fields.
#[derive(Debug, Default)]
pub(super) struct Source(BTreeMap<BTreeSet<String>, BTreeMap<String, Field>>);

impl Source {
    /// The structs that a function can have in its settings; its own win over shared ones.
    pub(super) fn of(root: &Path, function: &str) -> Self {
        let mut all = Self::default();
        for folder in [
            "shared/core/src".to_owned(),
            "shared/probe/src".to_owned(),
            format!("functions/{function}/src"),
        ] {
            for file in files_below(root, &folder) {
                if is_kind(&file, "rs") && !is_test_code(&file) {
                    all.read(&text(&root.join(file)));
                }
            }
        }
        all
    }

    /// Reads the structs of one file that are read from settings.
    pub(super) fn read(&mut self, code: &str) {
        let mut lines = code.lines();
        let mut settings = false;
        while let Some(line) = lines.next() {
            if line.starts_with("#[derive(") {
                settings = line.contains("Deserr");
            }
            if !(line.starts_with("pub struct ") || line.starts_with("pub(crate) struct "))
                || !line.ends_with('{')
            {
                continue;
            }
            let fields: Vec<&str> = lines.by_ref().take_while(|line| *line != "}").collect();
            if std::mem::take(&mut settings) {
                let fields = read_fields(&fields);
                self.0.insert(fields.keys().cloned().collect(), fields);
            }
        }
    }

    /// Writes meanings and defaults into a schema.
    pub(super) fn describe(&self, schema: &mut Value) {
        let names: Option<BTreeSet<String>> = schema
            .get("properties")
            .and_then(Value::as_object)
            .map(|properties| properties.keys().cloned().collect());
        let known = names.and_then(|names| self.0.get(&names));
        for (name, field) in known.into_iter().flatten() {
            let property = &mut schema["properties"][name];
            let form = property
                .get("description")
                .and_then(Value::as_str)
                .map(str::to_owned);
            let means = form.map_or_else(
                || field.means.clone(),
                |form| format!("{} Form: {form}.", field.means),
            );
            property["description"] = json!(means);
            if let Some(default) = &field.default {
                property["default"] = default.clone();
            }
        }
        match schema {
            Value::Object(members) => members.values_mut().for_each(|inner| self.describe(inner)),
            Value::Array(list) => list.iter_mut().for_each(|inner| self.describe(inner)),
            _ => {}
        }
    }
}

fn read_fields(lines: &[&str]) -> BTreeMap<String, Field> {
    let mut fields = BTreeMap::new();
    let (mut field, mut comment) = (Field::default(), Vec::new());
    for line in lines.iter().map(|line| line.trim()) {
        if let Some(words) = line.strip_prefix("///") {
            comment.push(words.trim());
        } else if let Some(default) = line.strip_prefix("#[deserr(default = ") {
            let written = default.trim_end_matches(")]").replace('_', "");
            field.default = serde_json::from_str(&written).ok();
        } else if let Some((name, _)) = line.split_once(": ").filter(|_| !line.starts_with('#')) {
            let name = name.trim_start_matches("pub(crate) ").trim_start_matches("pub ");
            field.means = plain(&comment.join(" "));
            fields.insert(name.to_owned(), std::mem::take(&mut field));
            comment.clear();
        }
    }
    fields
}

/// A doc comment without the links of rustdoc: `` [`Named`](x) `` and `` [`Named`] `` become `` `Named` ``.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once("[`") {
        out.push_str(before);
        let Some((name, after)) = link.split_once("`]") else {
            out.push_str("[`");
            rest = link;
            continue;
        };
        out.push('`');
        out.push_str(name);
        out.push('`');
        let target = after.strip_prefix('(').and_then(|target| target.split_once(')'));
        rest = target.map_or(after, |(_, after)| after);
    }
    out.push_str(rest);
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}
