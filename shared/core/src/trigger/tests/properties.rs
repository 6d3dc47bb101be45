//! Nothing that comes in makes classification fail.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|number| json!(number)),
        any::<f64>().prop_map(|number| json!(number)),
        ".{0,40}".prop_map(Value::String),
        prop::sample::select(vec![
            "aws.cloudwatch",
            "aws.guardduty",
            "CloudWatch Alarm State Change",
            "GuardDuty Finding",
            "Notification",
            "arn:aws:cloudwatch:us-east-1:123456789012:alarm:x",
            "ALARM",
            "123456789012",
            "us-east-1",
            "{}",
            "aws:sns",
            "self-check",
            "revert",
        ])
        .prop_map(|text| json!(text)),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        let key = prop_oneof![
            "[a-zA-Z_-]{0,12}",
            prop::sample::select(vec![
                "detail",
                "detail-type",
                "source",
                "Records",
                "Sns",
                "Message",
                "TopicArn",
                "alarmArn",
                "alarmData",
                "state",
                "value",
                "timestamp",
                "NewStateValue",
                "AlarmName",
                "schemaVersion",
                "service",
                "resource",
                "severity",
                "task",
                "targets",
                "scheduled_at",
                "lease",
                "ProductArn",
                "findings",
                "ProductFields",
                "Resources",
                "EventSource",
            ])
            .prop_map(str::to_owned),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::hash_map(key, inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn classification_is_total_on_bytes(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = classify(&bytes);
    }

    #[test]
    fn classification_is_total_on_json(value in any_json()) {
        let _ = of(&value);
    }

    #[test]
    fn classification_is_total_on_json_inside_a_notification(value in any_json()) {
        let mut sns = super::value("shapes/alarm-sns");
        sns["Records"][0]["Sns"]["Message"] = json!(value.to_string());
        let _ = of(&sns);
    }

    #[test]
    fn settings_reading_is_total_and_prints_one_line_a_mistake(value in any_json()) {
        if let Err(found) = crate::settings::read::<()>(&value.to_string()) {
            prop_assert_eq!(found.to_string().lines().count(), 1 + found.len().min(101));
        }
    }
}
