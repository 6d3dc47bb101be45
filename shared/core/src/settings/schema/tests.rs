use super::*;
use crate::settings::{Labels, LocalTime, Named, Percent};

#[derive(Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape is asked for")]
struct Sample {
    required: u8,
    #[deserr(default = 30)]
    minutes: u32,
    #[deserr(default)]
    share: Option<Percent>,
    #[deserr(default)]
    shift: i64,
    #[deserr(default)]
    ratio: f64,
    #[deserr(default)]
    on: bool,
    #[deserr(default)]
    at: Option<LocalTime>,
    #[deserr(default)]
    names: Vec<String>,
    #[deserr(default)]
    labels: Labels,
    inner: Named<Inner>,
    #[deserr(default)]
    list: Vec<Inner>,
    anything: Json,
}

#[derive(Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape is asked for")]
struct Inner {
    word: Word,
    #[deserr(default)]
    other: Option<Word>,
}

#[derive(Deserr)]
#[deserr(error = Mistakes, rename_all = lowercase)]
enum Word {
    One,
    Two,
}

#[test]
fn a_type_says_all_that_its_schema_needs() {
    let inner = json!({
        "type": "object",
        "properties": {
            "word": { "enum": ["one", "two"] },
            "other": { "enum": ["one", "two", null] },
        },
        "required": ["word"],
        "additionalProperties": false,
    });
    let mut named = inner.clone();
    named["type"] = json!(["object", "null"]);
    assert_eq!(
        of::<Sample>(),
        json!({
            "type": "object",
            "properties": {
                "required": { "type": "integer", "minimum": 0, "maximum": 255 },
                "minutes": { "type": ["integer", "null"], "minimum": 0, "maximum": 4_294_967_295_u64 },
                "share": { "type": ["number", "null"], "minimum": 0, "maximum": 100 },
                "shift": { "type": ["integer", "null"], "maximum": i64::MAX },
                "ratio": { "type": ["number", "null"] },
                "on": { "type": ["boolean", "null"] },
                "at": {
                    "type": ["string", "null"],
                    "description": "Write HH:MM from 00:00 to 23:59, for example \"06:30\".",
                },
                "names": { "type": ["array", "null"], "items": { "type": "string" } },
                "labels": {
                    "type": ["object", "null"],
                    "additionalProperties": {
                        "type": "string",
                        "description": "Write at most 63 letters, digits, -, _ and ., beginning and ending with a letter or digit.",
                    },
                },
                "inner": { "type": "object", "additionalProperties": named },
                "list": { "type": ["array", "null"], "items": inner },
                "anything": { "type": ["boolean", "number", "string", "array", "object"] },
            },
            "required": ["required", "inner", "anything"],
            "additionalProperties": false,
        })
    );
}

#[test]
fn what_is_heard_of_one_type_is_not_told_of_another() {
    let alone = of::<Inner>();
    assert_ne!(of::<Sample>(), alone);
    assert_eq!(of::<Inner>(), alone);
}
