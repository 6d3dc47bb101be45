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
fn optional(description: &str) -> Value {
    json!({
        "description": description,
        "type": ["string", "null"],
        "maxLength": LONGEST,
        "pattern": r"^(?!.*\.\.)[A-Za-z0-9_.:-]*$",
    })
}

fn exactly(description: &str, properties: &Value, required: &[&str]) -> Value {
    let mut schema = json!({ "description": description, "type": "object", "properties": properties });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema["additionalProperties"] = json!(false);
    schema
}

/// What a person or a program may send: a call, a self-check, or that a lease is taken back.
#[must_use]
pub fn by_hand() -> Value {
    const OTHERS: [&str; 2] = ["self-check", "revert"];
    let mut properties = Map::new();
    for field in ACCEPTED {
        let mut shape = optional(meaning(field));
        match field {
            "targets" => {
                shape = json!({
                    "description": meaning(field),
                    "type": ["array", "null"],
                    "maxItems": MOST_TARGETS,
                    "items": word("A name."),
                });
            }
            "task" => shape["not"] = json!({ "enum": OTHERS }),
            _ => {}
        }
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
