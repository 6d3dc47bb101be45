use day2_core::settings::read;
use serde_json::{Value, json};

use super::HaSettings;
use crate::assess::tests::world::document;

fn mistakes(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut document = document();
    change(&mut document["function"]["targets"]["prod"]);
    match read::<HaSettings>(&document.to_string()) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes.as_slice().iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn a_sound_document_has_no_mistake() {
    assert_eq!(mistakes(|_| {}), Vec::<String>::new());
}

#[test]
fn several_mistakes_are_told_at_once() {
    let found = mistakes(|pair| {
        pair["primary"]["platform"]["region"] = json!("us-east-1a");
        pair["secondary"]["min_ready_nodes"] = json!("three");
        pair["detection"] = json!({"failed_probes": -1});
        pair["severity"] = json!({"one_side": {"name": "P1"}});
    });
    assert_eq!(found.len(), 4, "{found:#?}");
}

#[test]
fn each_rule_between_fields_has_its_own_message() {
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 12] = [
        (
            |pair| pair["secondary"]["platform"] = pair["primary"]["platform"].clone(),
            "is the same cluster as the primary",
        ),
        (
            |pair| pair["primary"]["platform"]["cluster"] = Value::Null,
            "declares no cluster",
        ),
        (
            |pair| pair["primary"]["min_ready_nodes"] = json!(0),
            "would pass without any node",
        ),
        (
            |pair| pair["primary"]["min_serving_nodes"] = json!(4),
            "is not between 1 and min_ready_nodes",
        ),
        (
            |pair| pair["primary"]["min_serving_nodes"] = json!(0),
            "is not between 1 and min_ready_nodes",
        ),
        (
            |pair| pair["primary"]["queue"]["metric"] = json!(""),
            "names no metric",
        ),
        (
            |pair| pair["detection"] = json!({"good_probes": 0}),
            "would believe nothing",
        ),
        (|pair| pair["disabled"] = json!(" "), "gives no reason"),
        (
            |pair| pair["provisioning_minutes"] = json!(0),
            "would expect a side at once",
        ),
        (
            |pair| pair["capacity"]["peak"] = json!({"cpu_cores": 0, "memory_gib": 0, "pods": 0}),
            "is no load",
        ),
        (
            |pair| pair["not_checked"] = json!(["queue"]),
            "is declared and left out at once",
        ),
        (
            |pair| {
                pair["primary"]["groups"] = json!([]);
                pair["secondary"]["groups"] = json!([]);
            },
            "is neither declared nor left out in writing",
        ),
    ];
    for (change, words) in cases {
        let found = mistakes(change);
        assert!(
            found.iter().any(|line| line.contains(words)),
            "{words} is not said in {found:#?}"
        );
    }
}
