use day2_core::settings::read;
use serde_json::{Value, json};

use super::DoctorSettings;

/// A document without a mistake.
fn good() -> Value {
    let function = |name: &str| {
        json!({
            "arn": format!("arn:aws:lambda:us-east-1:123456789012:function:day2-{name}"),
            "role_arn": format!("arn:aws:iam::123456789012:role/day2-{name}"),
            "code_sha256": "c", "kubernetes_group": format!("day2:{name}"),
            "permissions": [{"actions": ["s3:PutObject"], "resources": ["*"],
                             "conditions": [{"key": "s3:prefix", "values": ["a/*"]}]}],
        })
    };
    json!({
        "deployment": {"name": "day2", "zone": "America/New_York", "partition": "aws",
                       "topic_arn": "arn:aws:sns:us-east-1:123456789012:day2-reports",
                       "report_bucket": "day2-reports", "journal_table": "day2-journal"},
        "targets": [{"name": "day2", "account_id": "123456789012", "region": "us-east-1"}],
        "function": {
            "functions": {"doctor": function("doctor"), "scale-window": function("scale-window")},
            "topics": ["arn:aws:sns:us-east-1:123456789012:day2-reports"],
            "platforms": [{"name": "prod-a", "account_id": "123456789012", "region": "us-east-1"}],
            "canary": {"topic_arn": "arn:aws:sns:us-east-1:123456789012:day2-canary", "queue_url": "https://sqs/day2-canary"},
        }
    })
}

fn mistakes(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut document = good();
    change(&mut document["function"]);
    match read::<DoctorSettings>(&document.to_string()) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes.as_slice().iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn what_is_not_said_has_a_default() {
    let settings = read::<DoctorSettings>(&good().to_string()).unwrap().function;
    assert!(settings.schedules_enabled && settings.never.is_empty() && settings.not_checked.is_empty());
    assert!(
        settings
            .functions
            .values()
            .all(|one| one.inputs.is_empty() && one.event_rules.is_empty() && one.callers.is_empty())
    );
    assert_eq!(
        (settings.answer_seconds, settings.canary.unwrap().wait_seconds),
        (60, 20)
    );
}

#[test]
fn every_mistake_is_told_at_once_with_its_place() {
    let found = mistakes(|own| {
        own["functions"]["doctor"]["arn"] = json!("arn:aws:s3:::bucket");
        own["functions"]["scale-window"]["role_arn"] = json!("arn:aws:iam::123456789012:user/x");
        own["functions"]["scale-window"]["permissions"] = json!([]);
        own["functions"]["scale-window"]["event_rules"] =
            json!({"day2-scale-window-0": "[]", "day2-scale-window-1": "{", "day2-scale-window-2": "{}"});
        // Without the role that calls it.
        own["functions"]["scale-window"]["schedules"] =
            json!({"prescale-prod-a": "rate(1 day)", "prescale-prod-b": "rate(1 day)"});
        own["functions"]["scale-window"]["inputs"] =
            json!({"prescale-prod-a": "prod-a", "prescale-prod-b": "{}"});
        own["functions"]["doctor"]["scheduler"] =
            json!({"role_arn": "arn:aws:iam::123456789012:user/x", "permissions": []});
        own["functions"]["scale-window"]["callers"] = json!([
            {"principal": "sns.amazonaws.com", "source_arn": "arn:aws:sns:us-east-1:123456789012:alerts"},
            {"principal": "sns.amazonaws.com", "source_arn": "arn:aws:sqs:us-east-1:123456789012:alerts"},
            {"principal": "events.amazonaws.com", "source_arn": "arn:aws:events:us-east-1::rule/day2"},
            {"principal": "s3.amazonaws.com", "source_arn": "arn:aws:s3:::bucket"},
        ]);
        own["topics"] = json!(["arn:aws:sqs:us-east-1:123456789012:queue"]);
        own["topics_elsewhere"] = json!(["arn:aws:sqs:us-east-1:222222222222:queue"]);
        own["canary"]["wait_seconds"] = json!(61);
        own["answer_seconds"] = json!(4);
        own["not_checked"] =
            json!({"evidence-audit/EVA-802": "there is no such function here", "scale-window/SCW-801": " "});
        own["platforms"][0]["role_arn"] = json!("arn:aws:iam::222222222222:role/other");
    });
    for expected in [
        "functions.doctor.arn",
        "functions.scale-window.role_arn",
        "functions.scale-window.permissions",
        "functions.scale-window.event_rules.day2-scale-window-0",
        "functions.scale-window.event_rules.day2-scale-window-1",
        "functions.scale-window.inputs.prescale-prod-a",
        "functions.scale-window.scheduler",
        "functions.doctor.scheduler.role_arn",
        "functions.doctor.scheduler.permissions",
        "functions.scale-window.callers[1].source_arn",
        "functions.scale-window.callers[2].source_arn",
        "functions.scale-window.callers[3].principal",
        "topics[0]",
        "topics_elsewhere[0]",
        "canary.wait_seconds",
        "answer_seconds",
        "not_checked.\"evidence-audit/EVA-802\"",
        "not_checked.\"scale-window/SCW-801\"",
        "platforms[0].role_arn",
    ] {
        assert!(
            found.iter().any(|one| one.contains(expected)),
            "{expected}: {found:#?}"
        );
    }
    assert_eq!(found.len(), 19, "{found:#?}");
}

#[test]
fn schedules_without_inputs_need_no_role_as_in_the_documents_before() {
    let found = mistakes(|own| {
        own["functions"]["scale-window"]["schedules"] = json!({"prescale-prod-a": "rate(1 day)"});
    });
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_doctor_without_patients_is_refused() {
    let found = mistakes(|own| {
        own["functions"].as_object_mut().unwrap().remove("scale-window");
    });
    assert!(
        found.len() == 1 && found[0].contains("no function but the doctor"),
        "{found:#?}"
    );
}

#[test]
fn a_canary_on_a_topic_that_people_read_is_refused() {
    let found = mistakes(|own| own["canary"]["topic_arn"] = own["topics"][0].clone());
    assert!(
        found.len() == 1 && found[0].contains("must mail nobody"),
        "{found:#?}"
    );
}

#[test]
fn a_misspelt_field_is_refused_wherever_it_stands() {
    for place in [
        "/functions/doctor",
        "/functions/doctor/permissions/0",
        "/canary",
        "",
    ] {
        let found = mistakes(|own| {
            own.pointer_mut(place).unwrap()["spelt"] = json!(1);
        });
        assert!(
            found.len() == 1 && found[0].contains("spelt"),
            "{place}: {found:#?}"
        );
    }
}
