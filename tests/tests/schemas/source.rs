//! What the source says beside the shape of settings: the meaning of each field and word, with unit and bounds, and the
//! defaults.
//!
//! A struct of settings is found by the names of its fields, so an object of a schema knows its struct without being told.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::house::{files_below, is_kind, is_test_code, text};

/// What the source says of one field.
#[derive(Debug, Clone, Default, PartialEq)]
struct Field {
    /// Its doc comment on one line.
    means: String,
    /// Its type, as written.
    kind: String,
    /// Its default: an expression, or empty for that of its type; none when it is required.
    default: Option<String>,
}

/// A word of an enum: its name in the code, the word in settings, what it means.
#[derive(Debug)]
struct Word {
    variant: String,
    in_settings: String,
    means: String,
    is_default: bool,
}

/// The types of settings.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// Structs by the names of their fields.
    structs: BTreeMap<BTreeSet<String>, BTreeMap<String, Field>>,
    /// Words by the name of the enum.
    enums: BTreeMap<String, Vec<Word>>,
    /// Lists of texts by the name of the constant.
    lists: BTreeMap<String, Vec<String>>,
}

impl Source {
    /// The types that a function can have in its settings.
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

    /// Reads the types of one file that are read from settings.
    ///
    /// # Panics
    ///
    /// When two structs have fields of the same names and do not say the same of them: a schema could not tell which is
    /// meant.
    pub(super) fn read(&mut self, code: &str) {
        let mut lines = code.lines();
        let mut settings = false;
        while let Some(line) = lines.next() {
            if line.starts_with("#[derive(") {
                settings = line.contains("Deserr");
            } else if line == "    deserr::Deserr," {
                settings = true;
            }
            let head = line.trim_start_matches("pub(crate) ").trim_start_matches("pub ");
            let constant = head.strip_prefix("const ").and_then(|all| all.split_once(": "));
            if let Some((name, start)) = constant.filter(|(_, start)| start.contains("&str")) {
                let (_, first) = start.split_once(" = ").unwrap_or_default();
                let mut list = quoted(first);
                if !start.ends_with(';') {
                    list.extend(lines.by_ref().take_while(|line| *line != "];").flat_map(quoted));
                }
                self.lists.insert(name.to_owned(), list);
                continue;
            }
            let Some((kind, name)) = head.strip_suffix(" {").and_then(|head| head.split_once(' ')) else {
                continue;
            };
            // The document itself is read part by part.
            let settings = std::mem::take(&mut settings) || name == "Settings<F>";
            if !settings || !matches!(kind, "struct" | "enum") {
                continue;
            }
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "}").collect();
            if kind == "enum" {
                self.enums.insert(name.to_owned(), read_words(&body));
                continue;
            }
            let fields = read_fields(&body);
            let names = fields.keys().cloned().collect();
            let before = self.structs.insert(names, fields.clone());
            assert!(
                before.is_none_or(|before| before == fields),
                "{name} has the fields of another struct of settings and says something else of them: rename one"
            );
        }
    }

    /// Writes meanings, words and defaults into a schema.
    pub(super) fn describe(&self, schema: &mut Value) {
        let names = schema["properties"]
            .as_object()
            .map(|properties| properties.keys().cloned().collect());
        let known = names.and_then(|names: BTreeSet<String>| self.structs.get(&names));
        for (name, field) in known.into_iter().flatten() {
            let property = &mut schema["properties"][name];
            let form = property["description"].as_str().unwrap_or_default();
            let means = self.with_lists(&field.means);
            property["description"] = json!(format!("{means} {form}").trim_end());
            if let Some(default) = self.default_of(field) {
                property["default"] = default;
            }
            self.name_words(property, &field.kind);
        }
        match schema {
            Value::Object(members) => members
                .values_mut()
                .filter(|inner| inner.is_object() || inner.is_array())
                .for_each(|inner| self.describe(inner)),
            Value::Array(list) => list
                .iter_mut()
                .filter(|inner| inner.is_object())
                .for_each(|inner| self.describe(inner)),
            _ => {}
        }
    }

    /// Says what each word means where one is chosen.
    fn name_words(&self, schema: &mut Value, kind: &str) {
        let Some(words) = self.enums.get(within(kind)) else {
            return;
        };
        let place = if schema["enum"].is_array() {
            schema
        } else {
            &mut schema["items"]
        };
        let described = words.iter().filter_map(|one| {
            let itself = format!("`{}`", one.in_settings);
            let means = one.means.trim_end_matches('.');
            let means = means.strip_suffix(&format!(" ({itself})")).unwrap_or(means);
            (means != itself).then(|| format!("{itself}: {means}."))
        });
        let described: Vec<String> = described.collect();
        if described.is_empty() {
            return;
        }
        let before = place["description"].as_str().unwrap_or_default();
        place["description"] = json!(format!("{before} {}", described.join(" ")).trim_start());
    }

    /// The value that stands for a field that is left out, where it has one that can be written.
    fn default_of(&self, field: &Field) -> Option<Value> {
        let default = field.default.as_deref()?;
        if !default.is_empty() {
            return self.value_of(default);
        }
        match field.kind.as_str() {
            "bool" => Some(json!(false)),
            "u8" | "u16" | "u32" | "u64" => Some(json!(0)),
            "String" => Some(json!("")),
            kind if kind.starts_with("Vec<") => Some(json!([])),
            kind if kind.starts_with("Named<") => Some(json!({})),
            kind => {
                let words = self.enums.get(kind)?;
                let word = words.iter().find(|one| one.is_default)?;
                Some(json!(word.in_settings))
            }
        }
    }

    /// The value of an expression, when it is a plain one.
    fn value_of(&self, expression: &str) -> Option<Value> {
        let inner = |start, end| expression.strip_prefix(start)?.strip_suffix(end);
        if let Some(text) = expression.strip_suffix(".to_owned()") {
            return serde_json::from_str(text).ok();
        }
        if let Some(list) = inner("vec![", "]") {
            return list.split(", ").map(|one| self.value_of(one)).collect();
        }
        if let Some((_, members)) = expression
            .strip_suffix(" }")
            .and_then(|all| all.split_once(" { "))
        {
            let members = members.split(", ").map(|member| {
                let (name, value) = member.split_once(": ")?;
                Some((name.to_owned(), self.value_of(value)?))
            });
            return members.collect::<Option<Map<_, _>>>().map(Value::Object);
        }
        if let Some(name) = expression.strip_suffix(".map(str::to_owned).to_vec()") {
            return self.lists.get(name).map(|list| json!(list));
        }
        if let Some((name, variant)) = expression.split_once("::") {
            let words = self.enums.get(name)?;
            let word = words.iter().find(|one| one.variant == variant)?;
            return Some(json!(word.in_settings));
        }
        serde_json::from_str(&expression.replace('_', "")).ok()
    }

    /// The text with what each list holds instead of its name in the code.
    fn with_lists(&self, text: &str) -> String {
        self.lists.iter().fold(text.to_owned(), |text, (name, list)| {
            text.replace(&format!("`{name}`"), &format!("`{}`", list.join("`, `")))
        })
    }
}

/// The texts in quotes of a line of code.
fn quoted(line: &str) -> Vec<String> {
    line.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The type in an `Option` or a `Vec`.
fn within(kind: &str) -> &str {
    ["Option<", "Vec<"]
        .iter()
        .find_map(|outer| kind.strip_prefix(outer)?.strip_suffix('>'))
        .unwrap_or(kind)
}

fn read_fields(lines: &[&str]) -> BTreeMap<String, Field> {
    let mut fields = BTreeMap::new();
    let (mut field, mut comment) = (Field::default(), Vec::new());
    for line in lines.iter().map(|line| line.trim()) {
        if let Some(words) = line.strip_prefix("///") {
            comment.push(words.trim());
        } else if let Some(default) = line.strip_prefix("#[deserr(default") {
            let default = default.strip_suffix(")]").unwrap_or(default);
            let default = default.trim_start_matches(" = ");
            field.default = Some(default.to_owned());
        } else if let Some((name, kind)) = line.split_once(": ").filter(|_| !line.starts_with('#')) {
            let name = name.trim_start_matches("pub(crate) ").trim_start_matches("pub ");
            field.means = plain(&comment.join(" "));
            kind.trim_end_matches(',').clone_into(&mut field.kind);
            fields.insert(name.to_owned(), std::mem::take(&mut field));
            comment.clear();
        }
    }
    fields
}

fn read_words(lines: &[&str]) -> Vec<Word> {
    let mut words = Vec::new();
    let (mut comment, mut renamed, mut is_default) = (Vec::new(), None, false);
    for line in lines.iter().map(|line| line.trim()) {
        if let Some(text) = line.strip_prefix("///") {
            comment.push(text.trim());
        } else if let Some(word) = line.strip_prefix("#[deserr(rename = \"") {
            renamed = Some(word.trim_end_matches("\")]").to_owned());
        } else if line == "#[default]" {
            is_default = true;
        } else if let Some(variant) = line.strip_suffix(',').filter(|_| !line.starts_with('#')) {
            words.push(Word {
                variant: variant.to_owned(),
                in_settings: renamed.take().unwrap_or_else(|| variant.to_lowercase()),
                means: plain(&comment.join(" ")),
                is_default: std::mem::take(&mut is_default),
            });
            comment.clear();
        }
    }
    words
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
