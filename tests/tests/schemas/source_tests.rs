//! What is read of the source.

use serde_json::json;

use super::source::{Source, plain};
use super::{all, root};

const CODE: &str = r#"
/// Limits.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Limits {
    /// Most minutes, 1 to 60. See [`Zone`].
    /// Default 30.
    #[deserr(default = 30)]
    pub grace_minutes: u32,
    /// A word.
    #[deserr(default = "none".to_owned())]
    pub word: String,
}

#[derive(Debug, Clone)]
pub struct Other {
    /// Not from settings.
    pub grace: u32,
}
"#;

#[test]
fn a_field_is_described_by_its_comment_and_its_default() {
    let mut source = Source::default();
    source.read(CODE);
    let mut schema = json!({ "items": { "properties": {
        "grace_minutes": { "type": "integer" },
        "word": { "type": "string", "description": "write a word" },
    }}});
    source.describe(&mut schema);
    let properties = &schema["items"]["properties"];
    assert_eq!(
        properties["grace_minutes"],
        json!({ "type": "integer", "description": "Most minutes, 1 to 60. See `Zone`. Default 30.", "default": 30 })
    );
    assert_eq!(
        properties["word"],
        json!({ "type": "string", "description": "A word. Form: write a word." })
    );
    let mut other = json!({ "properties": { "grace": {} } });
    source.describe(&mut other);
    assert_eq!(other, json!({ "properties": { "grace": {} } }));
}

#[test]
fn links_of_rustdoc_are_no_part_of_a_description() {
    for (text, shown) in [
        ("See [`Run::id`].", "See `Run::id`."),
        ("See [`a`](super::a) and [`b`].", "See `a` and `b`."),
        ("An array [1, 2] and [`half", "An array [1, 2] and [`half"),
    ] {
        assert_eq!(plain(text), shown);
    }
}

/// Units and bounds stand in the descriptions, so none may be missing.
#[test]
fn every_setting_and_every_field_of_a_report_is_described() {
    fn undescribed(at: &str, schema: &serde_json::Value, found: &mut Vec<String>) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let described = property["description"].is_string() || property["$ref"].is_string();
            // The parts of the document and the tags of variants have no field in a struct.
            let part = ["deployment", "calendar", "targets", "function", "task", "lease"].contains(&&**name);
            if !described && !part && property["const"].is_null() {
                found.push(format!("{at}.{name}"));
            }
        }
        match schema {
            serde_json::Value::Object(members) => {
                for (name, inner) in members {
                    undescribed(&format!("{at}.{name}"), inner, found);
                }
            }
            serde_json::Value::Array(list) => list.iter().for_each(|inner| undescribed(at, inner, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for (file, schema) in all(&root()) {
        undescribed(&file, &schema, &mut found);
    }
    assert!(found.is_empty(), "{found:#?}");
}
