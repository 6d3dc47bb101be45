//! The JSON Schemas in `docs/schemas` are what the types say, and other tools can rely on them.

mod agreement;
mod deployed;
mod shapes;
mod shapes_tests;
mod source;
mod source_tests;
mod validator;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use day2_core::action::Plan;
use day2_core::report::{Report, SCHEMA};
use day2_core::settings::{Mistakes, schema};
use day2_core::trigger::by_hand;
use deserr::Deserr;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

pub(crate) use deployed::what_runs_has_its_shape;

use crate::house::root;
use source::Source;

/// Where they lie.
pub(crate) const FOLDER: &str = "docs/schemas";

/// JSON Schema 2020-12. Source: <https://json-schema.org/draft/2020-12/release-notes>.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Version of the shapes of settings and calls; changes only with a documented migration.
const VERSION: u32 = 1;

/// The settings of a function.
struct Settings {
    /// As the types say.
    schema: Value,
    /// Whether a document is taken.
    fits: fn(&Value) -> bool,
}

fn of<F: Deserr<Mistakes>>() -> Settings {
    Settings {
        schema: schema::document::<F>(),
        fits: schema::fits::<F>,
    }
}

fn settings() -> BTreeMap<&'static str, Settings> {
    BTreeMap::from([
        (
            "backup-verification",
            of::<backup_verification::settings::BackupSettings>(),
        ),
        (
            "connection-exhaustion",
            of::<connection_exhaustion::settings::ConnectionExhaustionSettings>(),
        ),
        ("doctor", of::<doctor::settings::DoctorSettings>()),
        ("evidence-audit", of::<evidence_audit::settings::AuditSettings>()),
        ("ha-status", of::<ha_status::settings::HaSettings>()),
        (
            "health-check",
            of::<health_check::settings::HealthCheckSettings>(),
        ),
        ("lease-sweeper", of::<lease_sweeper::settings::SweeperSettings>()),
        (
            "provisioning-latency",
            of::<provisioning_latency::settings::ProvisioningLatencySettings>(),
        ),
        (
            "scale-window",
            of::<scale_window::settings::ScaleWindowSettings>(),
        ),
        (
            "threat-containment",
            of::<threat_containment::settings::ThreatContainmentSettings>(),
        ),
        (
            "threat-release",
            of::<threat_release::settings::ThreatReleaseSettings>(),
        ),
        ("watchdog", of::<watchdog::settings::WatchdogSettings>()),
    ])
}

/// A type that is written, as a schema that takes nothing that is not named.
fn written<T: schemars::JsonSchema>() -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    let mut extended = BTreeSet::new();
    find_extended(&schema, &mut extended);
    let definitions = schema.get_mut("$defs").and_then(Value::as_object_mut);
    for (name, definition) in definitions.into_iter().flatten() {
        if extended.contains(name) {
            // Whoever extends it closes it, together with what is added.
            definition["additionalProperties"] = json!(true);
        }
    }
    close(&mut schema);
    schema
}

/// The definitions to which a place adds members of its own: variants with a tag.
fn find_extended(schema: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(name) = members.get("$ref").and_then(Value::as_str)
                && members.contains_key("properties")
            {
                found.insert(name.trim_start_matches("#/$defs/").to_owned());
            }
            members.values().for_each(|inner| find_extended(inner, found));
        }
        Value::Array(list) => list.iter().for_each(|inner| find_extended(inner, found)),
        _ => {}
    }
}

/// Refuses what is not named, in every object that names its members, and writes descriptions without the links of
/// rustdoc.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.contains_key("properties") && !members.contains_key("additionalProperties") {
                let word = if members.contains_key("$ref") {
                    "unevaluatedProperties"
                } else {
                    "additionalProperties"
                };
                members.insert(word.to_owned(), json!(false));
            }
            if members.get("additionalProperties") == Some(&json!(true)) {
                members.remove("additionalProperties");
            }
            if members.get("format") == Some(&json!("uint32")) {
                members.insert("maximum".to_owned(), json!(u32::MAX));
            }
            if let Some(Value::String(text)) = members.get_mut("description") {
                *text = source::plain(text);
            }
            members.values_mut().for_each(close);
        }
        Value::Array(list) => list.iter_mut().for_each(close),
        _ => {}
    }
}

/// The head of a schema before its body.
fn titled(name: &str, version: &str, title: &str, mut body: Value) -> Value {
    body["$schema"] = json!(DIALECT);
    body["$id"] = json!(format!("urn:day2:{name}:{version}"));
    body["title"] = json!(title);
    in_order(&mut body);
    body
}

/// Puts what people look for first.
fn in_order(schema: &mut Value) {
    const FIRST: [&str; 5] = ["$schema", "$id", "title", "description", "type"];
    match schema {
        Value::Object(members) => {
            let mut all: Vec<_> = std::mem::take(members).into_iter().collect();
            all.sort_by_key(|(name, _)| {
                FIRST
                    .iter()
                    .position(|first| first == name)
                    .unwrap_or(FIRST.len())
            });
            for (name, mut inner) in all {
                match (&*name, &mut inner) {
                    // Their members are names of fields, which stay in the order of the type.
                    ("properties" | "$defs", Value::Object(fields)) => {
                        fields.values_mut().for_each(in_order);
                    }
                    ("default", _) => {}
                    (_, inner) => in_order(inner),
                }
                members.insert(name, inner);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(in_order),
        _ => {}
    }
}

/// Every schema by the name of its file.
fn all(root: &Path) -> BTreeMap<String, Value> {
    let (_, report) = SCHEMA.split_once('/').unwrap();
    let version = VERSION.to_string();
    let mut report_schema = written::<Report>();
    report_schema["properties"]["schema"] =
        json!({ "const": SCHEMA, "description": "Version of this shape." });
    let mut all = BTreeMap::from([
        (
            "report.schema.json".to_owned(),
            titled(
                "report",
                report,
                "What a run returns, stores and mails",
                report_schema,
            ),
        ),
        (
            "plan.schema.json".to_owned(),
            titled(
                "plan",
                report,
                "The plan of an action, as `action.plan` of its report",
                written::<Plan<Value>>(),
            ),
        ),
        (
            "call.schema.json".to_owned(),
            titled(
                "call",
                &version,
                "A call by hand, as every function takes it",
                by_hand(),
            ),
        ),
    ]);
    for (name, Settings { mut schema, .. }) in settings() {
        Source::of(root, name).describe(&mut schema);
        all.insert(
            format!("settings.{name}.schema.json"),
            titled(
                &format!("settings:{name}"),
                &version,
                &format!("Settings of {name}"),
                schema,
            ),
        );
    }
    all
}

fn printed(schema: &Value) -> String {
    let mut text = serde_json::to_string_pretty(schema).unwrap();
    text.push('\n');
    text
}

/// Writes them anew.
fn write(folder: &Path, all: &BTreeMap<String, Value>) {
    for file in crate::house::json_files(folder) {
        std::fs::remove_file(folder.join(file)).unwrap();
    }
    for (file, schema) in all {
        std::fs::write(folder.join(file), printed(schema)).unwrap();
    }
}

#[test]
fn the_schemas_are_what_the_types_say() {
    let folder = root().join(FOLDER);
    let all = all(&root());
    if std::env::var_os("DAY2_WRITE_SCHEMAS").is_some() {
        let refused = shapes::write(&root(), &all);
        assert!(refused.is_empty(), "\n{}\n", refused.join("\n"));
        write(&folder, &all);
    }
    for (file, schema) in &all {
        let kept = std::fs::read_to_string(folder.join(file)).unwrap_or_default();
        assert!(
            kept == printed(schema),
            "{FOLDER}/{file} is not what the types say; run `make schemas` and look at the difference"
        );
    }
    let kept = crate::house::json_files(&folder);
    let known: Vec<&String> = all.keys().collect();
    assert_eq!(kept.iter().collect::<Vec<_>>(), known, "a schema of nothing");
}

#[test]
fn every_function_has_a_schema_of_its_settings() {
    let names: Vec<String> = settings().into_keys().map(str::to_owned).collect();
    assert_eq!(
        names,
        crate::house::functions(&root()),
        "add it to `settings` in tests/tests/schemas"
    );
}
