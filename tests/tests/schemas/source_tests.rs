//! What is read of the source.

use serde_json::{Value, json};

use super::source::{Source, plain};
use super::{all, root};

const CODE: &str = r#"
/// Kinds.
const KINDS: [&str; 2] = ["first", "second"];

/// Others.
pub const OTHERS: &[&str] = &[
    "third",
    "fourth",
];

/// Limits.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Limits {
    /// Most minutes, 1 to 1,440. See [`Zone`].
    /// Default 1,000.
    #[deserr(default = 1_000)]
    pub grace_minutes: u32,
    /// A word.
    #[deserr(default = "none_at_all".to_owned())]
    pub word: String,
    /// Namespaces.
    #[deserr(default = vec!["kube-system".to_owned(), "istio".to_owned()])]
    pub namespaces: Vec<String>,
    /// Kinds. [`OTHERS`] count always.
    #[deserr(default = KINDS.map(str::to_owned).to_vec())]
    pub kinds: Vec<String>,
    /// How bad.
    #[deserr(default = Severity { name: "P1".to_owned(), minutes: 30 })]
    pub severity: Severity,
    /// How.
    #[deserr(default = Way::Other)]
    pub way: Way,
    /// How else.
    #[deserr(default)]
    pub ways: Vec<Way>,
    /// How usually.
    #[deserr(default)]
    pub usual: Way,
    /// Whether.
    #[deserr(default)]
    pub may: bool,
    /// Perhaps.
    #[deserr(default)]
    pub perhaps: Option<u32>,
    /// Computed.
    #[deserr(default = computed())]
    pub computed: u32,
    /// Required.
    pub required: bool,
}

/// A way.
#[derive(Debug, Clone, Default, Deserr)]
#[deserr(error = Mistakes, rename_all = lowercase)]
pub enum Way {
    /// The usual one (`one`).
    #[default]
    One,
    /// Another.
    #[deserr(rename = "other_way")]
    Other,
}

#[derive(Debug, Clone)]
pub struct Other {
    /// Not from settings.
    pub grace: u32,
}
"#;

#[test]
fn a_field_is_described_by_its_comment_its_words_and_its_default() {
    let mut source = Source::default();
    source.read(CODE);
    let words = json!(["one", "other_way"]);
    let mut schema = json!({ "items": { "properties": {
        "grace_minutes": { "type": "integer" },
        "word": { "type": "string", "description": "Write a word." },
        "namespaces": { "type": "array" },
        "kinds": { "type": "array" },
        "severity": { "type": "object" },
        "way": { "enum": words },
        "ways": { "type": "array", "items": { "enum": words } },
        "usual": { "enum": words },
        "may": { "type": "boolean" },
        "perhaps": { "type": "integer" },
        "computed": { "type": "integer" },
        "required": { "type": "boolean" },
    }}});
    source.describe(&mut schema);
    let meanings = "`one`: The usual one. `other_way`: Another.";
    assert_eq!(
        schema["items"]["properties"],
        json!({
            "grace_minutes": {
                "type": "integer",
                "description": "Most minutes, 1 to 1,440. See `Zone`. Default 1,000.",
                "default": 1000,
            },
            "word": { "type": "string", "description": "A word. Write a word.", "default": "none_at_all" },
            "namespaces": { "type": "array", "description": "Namespaces.", "default": ["kube-system", "istio"] },
            "kinds": {
                "type": "array",
                "description": "Kinds. `third`, `fourth` count always.",
                "default": ["first", "second"],
            },
            "severity": { "type": "object", "description": "How bad.", "default": { "name": "P1", "minutes": 30 } },
            "way": { "enum": words, "description": format!("How. {meanings}"), "default": "other_way" },
            "ways": {
                "type": "array",
                "items": { "enum": words, "description": meanings },
                "description": "How else.",
                "default": [],
            },
            "usual": { "enum": words, "description": format!("How usually. {meanings}"), "default": "one" },
            "may": { "type": "boolean", "description": "Whether.", "default": false },
            "perhaps": { "type": "integer", "description": "Perhaps." },
            "computed": { "type": "integer", "description": "Computed." },
            "required": { "type": "boolean", "description": "Required." },
        })
    );
    let mut other = json!({ "properties": { "grace": {} } });
    source.describe(&mut other);
    assert_eq!(other, json!({ "properties": { "grace": {} } }));
}

#[test]
#[should_panic(expected = "Second has the fields of another struct")]
fn two_structs_that_only_their_fields_could_tell_apart_are_refused() {
    let mut source = Source::default();
    for (name, means) in [("First", "One thing."), ("Second", "Another thing.")] {
        source.read(&format!(
            "#[derive(Deserr)]\npub struct {name} {{\n    /// {means}\n    pub field: u32,\n}}\n"
        ));
    }
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

/// What a schema says of its parts, each with the place.
fn descriptions(at: &str, schema: &Value, found: &mut Vec<(String, String)>) {
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let says = property["description"].as_str().unwrap_or_default();
        let elsewhere = property["$ref"].is_string() || !property["const"].is_null();
        if !says.is_empty() || !elsewhere {
            found.push((format!("{at}.{name}"), says.to_owned()));
        }
    }
    match schema {
        Value::Object(members) => {
            for (name, inner) in members {
                descriptions(&format!("{at}.{name}"), inner, found);
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| descriptions(at, inner, found)),
        _ => {}
    }
}

/// Units and bounds stand in the descriptions, so none may be missing; and not everybody who reads them reads Rust.
#[test]
fn every_setting_and_every_field_of_a_report_is_described_without_words_of_rust() {
    const OF_RUST: [&str; 4] = ["`None`", "`Some", "::", "[`"];
    let mut found = Vec::new();
    for (file, schema) in all(&root()) {
        descriptions(&file, &schema, &mut found);
    }
    assert!(found.len() > 1_000, "only {} fields", found.len());
    found.retain(|(_, says)| says.is_empty() || OF_RUST.iter().any(|word| says.contains(word)));
    assert!(found.is_empty(), "{found:#?}");
}
