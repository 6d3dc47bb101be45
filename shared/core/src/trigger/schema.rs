//! The JSON Schema of a call by hand, from the limits by which one is read.

use serde_json::{Map, Value, json};

use super::manual::{ACCEPTED, LONGEST, MOST_TARGETS};

/// What a field of a call by hand means.
fn meaning(field: &str) -> &'static str {
    match field {
        "task" => "The task; left out, it is the function's default.",
        "targets" => "Names of targets in settings; left out, it is all of them.",
        "mode" => "A mode at most as far-reaching as the deployed one: `observe`, `approve` or `auto`.",
        "approve" => "Id of the plan that is approved.",
        "finding" => "Id of the GuardDuty finding that is meant, for threat-containment.",
        "containment" => "Id of the containment that is meant, for threat-release.",
        _ => "",
    }
}

/// A word as a key, a path and a log line can hold it.
fn word(description: &str) -> Value {
    json!({
        "description": description,
        "type": "string",
        "maxLength": LONGEST,
        "pattern": r"^(?!.*\.\.)[A-Za-z0-9_.:-]+$",
    })
}

/// A word that may be left out; null and empty are left out too.
fn optional(description: &str, not: Option<Value>) -> Value {
    let members = [
        ("description", json!(description)),
        ("type", json!(["string", "null"])),
        ("maxLength", json!(LONGEST)),
        ("pattern", json!(r"^(?!.*\.\.)[A-Za-z0-9_.:-]*$")),
    ];
    let not = not.map(|others| ("not", others));
    members.into_iter().chain(not).collect()
}

fn exactly(description: &str, properties: &Value, required: &[&str]) -> Value {
    let members = [
        Some(("description", json!(description))),
        Some(("type", json!("object"))),
        Some(("properties", properties.clone())),
        (!required.is_empty()).then(|| ("required", json!(required))),
        Some(("additionalProperties", json!(false))),
    ];
    members.into_iter().flatten().collect()
}

/// What a person or a program may send: a call, a self-check, or that a lease is taken back.
#[must_use]
pub fn by_hand() -> Value {
    const OTHERS: [&str; 2] = ["self-check", "revert"];
    let mut properties = Map::new();
    for field in ACCEPTED {
        let not = (field == "task").then(|| json!({ "enum": OTHERS }));
        let shape = match field {
            "targets" => json!({
                "description": meaning(field),
                "type": ["array", "null"],
                "maxItems": MOST_TARGETS,
                "items": word("A name."),
            }),
            _ => optional(meaning(field), not),
        };
        properties.insert(field.to_owned(), shape);
    }
    let self_check = json!({ "task": { "const": OTHERS[0] } });
    let revert = json!({ "task": { "const": OTHERS[1] }, "lease": word("Id of the lease.") });
    json!({
        "anyOf": [
            exactly("A task, for one or more targets. An action takes one.", &Value::Object(properties), &[]),
            exactly("Proves that the function could work; changes nothing.", &self_check, &["task"]),
            exactly("Takes back what an action changed. The id stands in its report.", &revert, &["task", "lease"]),
        ]
    })
}
