//! Classification, as tables over the sample events.

mod findings;
mod hostile;
mod properties;
mod samples;

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Alarm, Finding, Trigger, classify};

pub(super) fn events() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../events"))
}

/// `folder/name` without `.json`, and the bytes, of every sample.
pub(super) fn all() -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for folder in std::fs::read_dir(events())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
    {
        for file in std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
        {
            assert_eq!(
                file.extension().and_then(|e| e.to_str()),
                Some("json"),
                "{}",
                file.display()
            );
            let folder = folder.file_name().unwrap().to_str().unwrap();
            let name = file.file_stem().unwrap().to_str().unwrap();
            found.push((format!("{folder}/{name}"), std::fs::read(&file).unwrap()));
        }
    }
    found.sort();
    assert!(found.len() > 40, "few samples: {}", found.len());
    found
}

pub(super) fn sample(name: &str) -> Trigger {
    classify(&std::fs::read(events().join(name).with_extension("json")).unwrap())
}

pub(super) fn value(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(events().join(name).with_extension("json")).unwrap()).unwrap()
}

pub(super) fn of(value: &Value) -> Trigger {
    classify(value.to_string().as_bytes())
}

pub(super) fn alarm(name: &str) -> Alarm {
    match sample(name) {
        Trigger::Alarm(alarm) => alarm,
        other => panic!("{name}: {other:?}"),
    }
}

pub(super) fn finding(name: &str) -> Finding {
    match sample(name) {
        Trigger::Finding(finding) => finding,
        other => panic!("{name}: {other:?}"),
    }
}

pub(super) fn refusal(text: &str) -> String {
    match classify(text.as_bytes()) {
        Trigger::Rejected(why) => why,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn a_call_by_hand_may_leave_out_everything() {
    assert_eq!(classify(b"{}"), Trigger::Manual(super::Manual::default()));
    let Trigger::Manual(call) =
        of(&json!({"task": "prescale", "targets": ["a", "b"], "mode": "observe", "approve": "0c5f"}))
    else {
        panic!("not manual")
    };
    assert_eq!((call.task.as_deref(), call.targets.len()), (Some("prescale"), 2));
    assert_eq!(
        (call.mode.as_deref(), call.approve.as_deref()),
        (Some("observe"), Some("0c5f"))
    );
    assert_eq!(
        of(&json!({"task": "", "targets": null})),
        Trigger::Manual(super::Manual::default())
    );
}

#[test]
fn unknown_fields_of_a_call_are_refused_by_name_with_the_accepted_list() {
    let why = refusal(r#"{"task": "prescale", "tagrets": ["prod-a"]}"#);
    assert!(
        why.contains("\"tagrets\"") && why.contains("did you mean `targets`?"),
        "{why}"
    );
    assert!(
        why.ends_with("accepted here: task, targets, mode, approve, finding, containment"),
        "{why}"
    );
    assert!(refusal(r#"{"target": "prod-a"}"#).contains("takes `targets`, a list"));
    assert!(
        refusal(r#"{"task": "self-check", "mode": "auto"}"#).contains("a self-check has no field \"mode\"")
    );
    assert!(refusal(r#"{"scheduled_at": null, "targets": []}"#).contains("a schedule takes `target`"));
    assert!(refusal(r#"{"task": "revert"}"#).contains("`lease` is missing"));
    assert!(refusal(r#"{"targets": "prod-a"}"#).contains("is a text; send a list"));
    assert!(refusal(r#"{"task": 7}"#).contains("`task` is a number"));
    assert!(refusal(&json!({"targets": vec!["a"; 2_000]}).to_string()).contains("2000"));
}

#[test]
fn self_check_and_revert_are_triggers_of_their_own() {
    assert_eq!(of(&json!({"task": "self-check"})), Trigger::SelfCheck);
    let revert = of(&json!({"task": "revert", "lease": "asg/prod-a/2026-06-02"}));
    assert!(matches!(revert, Trigger::Rejected(_)), "a lease id has no slash");
    assert_eq!(
        of(&json!({"task": "revert", "lease": "01J9Z-a.b:c"})),
        Trigger::Revert {
            lease: "01J9Z-a.b:c".to_owned()
        }
    );
}

#[test]
fn approvals_and_reverts_do_not_come_through_a_topic() {
    let mut sns = value("shapes/alarm-sns");
    for (message, through) in [
        (json!({"task": "prescale"}), true),
        (json!({"task": "self-check"}), true),
        (json!({"task": "prescale", "approve": "0c5f"}), false),
        (json!({"task": "revert", "lease": "x"}), false),
    ] {
        sns["Records"][0]["Sns"]["Message"] = json!(message.to_string());
        let trigger = of(&sns);
        assert_eq!(
            !matches!(trigger, Trigger::Rejected(_)),
            through,
            "{message}: {trigger:?}"
        );
    }
    sns["Records"][0]["Sns"]["Message"] = json!("{}");
    assert!(
        matches!(of(&sns), Trigger::Ignored(_)),
        "an empty notification runs nothing"
    );
}

#[test]
fn a_trigger_can_be_kept_as_json() {
    let kept = serde_json::to_value(sample("shapes/alarm-eventbridge")).unwrap();
    assert_eq!(kept["kind"], "alarm");
    assert_eq!(kept["state"], "ALARM");
    assert_eq!(
        kept["arn"],
        "arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a-aurora-connections"
    );
}
