//! A schema refuses what a function refuses, and takes what it takes: shown by one whole document of each kind, in which
//! every place is spoiled in every way.

use std::collections::BTreeSet;

use day2_core::Report;
use day2_core::trigger::{Trigger, classify};
use serde_json::{Value, json};

use super::validator::Validator;
use super::{all, root, settings};
use crate::house::json_files;

#[expect(dead_code, reason = "the renderings are for pictures")]
#[path = "../../../shared/core/examples/render/sample.rs"]
mod sample;
#[expect(dead_code, reason = "the renderings are for pictures")]
#[path = "../../../shared/core/examples/render/sample_action.rs"]
mod sample_action;

/// A text of each form, by what its type says when a text has another one.
const FORMS: [(&str, &str); 16] = [
    ("Write HH:MM", "06:30"),
    ("Write YYYY-MM-DD", "2026-12-25"),
    ("Write one of mon", "mon"),
    ("Write a name like America/New_York", "America/New_York"),
    ("Write vpc-", "vpc-0123456789abcdef0"),
    ("Write 1 to 63 characters of a-z", "a"),
    ("Write 1 to 253 characters", "a"),
    ("Write at most 63 letters", "a"),
    ("Write the bare name", "abc"),
    ("Write the name as AWS shows it", "a"),
    ("Write the name from `aws eks list-clusters`", "a"),
    ("Write the cluster or instance identifier", "a"),
    ("Write the code of a region", "us-east-1"),
    ("Write it as arn:", "arn:aws:sns:us-east-1:123456789012:a"),
    ("Write the 12 digits", "123456789012"),
    ("Write https://", "https://127.0.0.1:6443"),
];

fn kept(file: &str) -> Validator {
    Validator::new(&all(&root())[file])
}

/// A value with everything in it that a schema names.
fn whole(schema: &Value) -> Value {
    if let Some(words) = schema["enum"].as_array() {
        return words[0].clone();
    }
    let kind = schema["type"]
        .as_str()
        .or_else(|| schema["type"][0].as_str())
        .unwrap();
    match kind {
        "boolean" => json!(true),
        "integer" | "number" => json!(schema["minimum"].as_u64().unwrap_or(1).max(1)),
        "array" => json!([whole(&schema["items"])]),
        "string" => {
            let Some(form) = schema["description"].as_str() else {
                return json!("a");
            };
            let text = FORMS.iter().find(|(known, _)| form.starts_with(known));
            json!(
                text.unwrap_or_else(|| unreachable!("write a text of this form into FORMS: {form}"))
                    .1
            )
        }
        "object" => match schema["properties"].as_object() {
            Some(properties) => properties
                .iter()
                .map(|(name, inner)| (name.clone(), whole(inner)))
                .collect(),
            None => json!({ "a": whole(&schema["additionalProperties"]) }),
        },
        other => unreachable!("a kind that settings do not have: {other}"),
    }
}

/// Every place of a value, as JSON pointers, the whole first.
fn places(value: &Value) -> Vec<String> {
    let mut all = vec![String::new()];
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, inner)| (name.replace('~', "~0").replace('/', "~1"), inner))
            .collect(),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(at, inner)| (at.to_string(), inner))
            .collect(),
        _ => Vec::new(),
    };
    for (name, inner) in inner {
        all.extend(places(inner).into_iter().map(|place| format!("/{name}{place}")));
    }
    all
}

/// Calls `each` with the value in which one place is spoiled, for every place and every way, with words about it.
fn spoil(whole: &Value, mut each: impl FnMut(&str, &Value)) {
    let others = [
        json!(null),
        json!(true),
        json!(STRANGE),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(101),
        json!(256),
        json!(u64::from(u32::MAX) + 1),
        json!([]),
        json!({}),
        json!([null]),
        json!({ "a": null }),
    ];
    let mut value = whole.clone();
    for place in places(whole) {
        for other in &others {
            let kept = std::mem::replace(value.pointer_mut(&place).unwrap(), other.clone());
            each(&format!("{place} is {other}"), &value);
            *value.pointer_mut(&place).unwrap() = kept;
        }
        let Some(members) = whole.pointer(&place).and_then(Value::as_object) else {
            continue;
        };
        value.pointer_mut(&place).unwrap()["surprise"] = json!(true);
        each(&format!("{place} has a surprise"), &value);
        *value.pointer_mut(&place).unwrap() = json!(members);
        for name in members.keys() {
            value
                .pointer_mut(&place)
                .unwrap()
                .as_object_mut()
                .unwrap()
                .remove(name);
            each(&format!("{place} has no {name}"), &value);
            *value.pointer_mut(&place).unwrap() = json!(members);
        }
    }
}

/// A text that is a text and has no form: a schema takes it, because forms are in descriptions.
const STRANGE: &str = "a-strange-word";

fn only_its_form_is_wrong(what: &str, schema: &Validator, changed: &Value) -> bool {
    what.ends_with("is \"a-strange-word\"") && schema.is_valid(changed)
}

/// A member that is null counts as absent also where there is no such field; a schema need not take it.
fn has_no_more_than_a_null(what: &str, fits: bool) -> bool {
    what.ends_with("is {\"a\":null}") && fits
}

/// The value with at most two elements in each list: enough for every shape.
fn short(mut value: Value) -> Value {
    match &mut value {
        Value::Array(list) => {
            list.truncate(2);
            for inner in list {
                *inner = short(inner.take());
            }
        }
        Value::Object(members) => members
            .values_mut()
            .for_each(|inner| *inner = short(inner.take())),
        _ => {}
    }
    value
}

#[test]
fn the_schema_of_settings_takes_and_refuses_what_the_function_does() {
    for (name, one) in settings() {
        let schema = Validator::new(&one.schema);
        let document = whole(&one.schema);
        assert!((one.fits)(&document), "{name} does not take {document:#}");
        assert!(schema.is_valid(&document), "{name}");
        let (mut taken, mut refused) = (0, 0);
        spoil(&document, |what, changed| {
            if only_its_form_is_wrong(what, &schema, changed) {
                return;
            }
            let fits = (one.fits)(changed);
            if has_no_more_than_a_null(what, fits) {
                return;
            }
            assert_eq!(schema.is_valid(changed), fits, "{name}: {what}");
            *(if fits { &mut taken } else { &mut refused }) += 1;
        });
        assert!(
            taken > 30 && refused > 200,
            "{name}: {taken} taken, {refused} refused"
        );
    }
}

#[test]
fn the_schema_of_calls_takes_what_every_function_reads_as_one() {
    let schema = kept("call.schema.json");
    let by_hand = |event: &Value| {
        let trigger = classify(event.to_string().as_bytes());
        matches!(
            trigger,
            Trigger::Manual(_) | Trigger::SelfCheck | Trigger::Revert { .. }
        )
    };
    let mut calls = 0;
    let mut check = |what: &str, event: &Value| {
        let is_call = by_hand(event);
        assert_eq!(schema.is_valid(event), is_call, "{what}: {event:#}");
        calls += usize::from(is_call);
    };
    for function in crate::house::functions(&root()) {
        let folder = root().join("events").join(&function);
        for file in json_files(&folder) {
            let text = std::fs::read_to_string(folder.join(&file)).unwrap();
            let Ok(event) = serde_json::from_str::<Value>(&text) else {
                continue;
            };
            check(&format!("{function}/{file}"), &event);
            if event.to_string().len() > 1_000 {
                continue;
            }
            spoil(&event, |what, changed| {
                check(&format!("{function}/{file}, {what}"), changed);
            });
        }
    }
    for event in [
        json!({ "task": "self-check" }),
        json!({ "task": "revert", "lease": "prod-a.0123" }),
        json!({ "task": "revert", "lease": "" }),
        json!({ "task": "x".repeat(128) }),
        json!({ "task": "x".repeat(129) }),
        json!({ "task": "a..b" }),
        json!({ "targets": vec!["a"; 1_000] }),
        json!({ "targets": vec!["a"; 1_001] }),
        json!({ "targets": [""] }),
        json!({ "mode": "", "approve": null }),
        json!({ "mode": "a b" }),
    ] {
        check("written here", &event);
    }
    assert!(calls > 100, "only {calls} calls");
}

fn reports() -> Vec<Report> {
    vec![
        sample::failing(),
        sample::recovered(),
        sample_action::planned(),
        sample_action::applied(),
        sample_action::failed(),
        sample_action::refused(),
    ]
}

/// Members that are whatever the function needs.
fn is_open(place: &str) -> bool {
    place.contains("/change/") || place.contains("/change ")
}

#[test]
fn every_report_has_the_shape_of_its_schema_and_a_spoiled_one_has_not() {
    let schema = kept("report.schema.json");
    let plan = kept("plan.schema.json");
    let mut kinds = BTreeSet::new();
    for report in reports() {
        let written = serde_json::to_value(&report).unwrap();
        let errors = schema.errors(&written);
        assert!(errors.is_empty(), "{errors:#?}");
        if let Some(one) = written.pointer("/action/plan") {
            assert!(plan.is_valid(one));
            kinds.insert("plan");
        }
        let mut surprises = 0;
        spoil(&short(written), |what, changed| {
            if is_open(what) {
                return;
            }
            if what.ends_with("has a surprise") {
                surprises += 1;
                assert!(!schema.is_valid(changed), "{what}");
            }
            // Whoever reads reports with these types takes whatever the schema takes.
            if schema.is_valid(changed) && !only_its_form_is_wrong(what, &schema, changed) {
                let read = serde_json::from_value::<Report>(changed.clone());
                assert!(read.is_ok(), "{what}: {:?}", read.err());
            }
        });
        assert!(surprises >= 10, "{surprises}");
    }
    assert_eq!(kinds.len(), 1);
}

#[test]
fn what_every_report_has_is_required() {
    let schema = kept("report.schema.json");
    let written = serde_json::to_value(sample_action::applied()).unwrap();
    for field in [
        "schema",
        "id",
        "status",
        "function",
        "task",
        "target",
        "started_at",
        "items",
        "changes",
    ] {
        let mut less = written.clone();
        less.as_object_mut().unwrap().remove(field).unwrap();
        assert!(!schema.is_valid(&less), "{field}");
    }
}
