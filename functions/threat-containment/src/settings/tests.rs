//! All mistakes at once, with the value and the way out.

use day2_core::settings::{Settings, read};
use serde_json::{Value, json};

use super::ThreatContainmentSettings;

pub(crate) const KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/0f3a";

/// A document with two clusters of one account, and fields of the function's part replaced.
pub(crate) fn document(replaced: &Value) -> Value {
    let mut function = json!({
        "mode": "auto", "evidence": {"bucket": "day2-evidence", "key_arn": KEY},
        "targets": {"prod-a": {}, "prod-b": {}},
    });
    for (key, value) in replaced.as_object().into_iter().flatten() {
        function[key] = value.clone();
    }
    let target = |name: &str| {
        json!({
            "name": name, "account_id": "123456789012", "region": "us-east-1",
            "cluster": {"name": name},
        })
    };
    json!({
        "deployment": {
            "name": "day2", "zone": "America/New_York", "partition": "aws", "history_days": 14,
            "topic_arn": "arn:aws:sns:us-east-1:123456789012:reports",
            "report_bucket": "day2-reports", "journal_table": "day2-journal",
        },
        "targets": [target("prod-a"), target("prod-b")],
        "function": function,
    })
}

pub(crate) fn settings_with(replaced: &Value) -> Settings<ThreatContainmentSettings> {
    read(&document(replaced).to_string()).unwrap()
}

fn paths(replaced: &Value) -> Vec<String> {
    let mistakes = read::<ThreatContainmentSettings>(&document(replaced).to_string()).unwrap_err();
    mistakes
        .as_slice()
        .iter()
        .map(|mistake| mistake.path.clone())
        .collect()
}

#[test]
fn what_is_left_out_has_the_documented_defaults_and_nothing_is_ended_by_default() {
    let settings = settings_with(&json!({}));
    let function = &settings.function;
    assert_eq!(function.eradicate, super::Eradicate::Never);
    assert_eq!(
        (function.breaker.max_per_hour, function.breaker.max_per_day),
        (10, 30)
    );
    assert_eq!((function.settle_seconds, function.approval_minutes), (20, 240));
    assert_eq!(function.node.max_cordoned_nodes, 3);
    assert!(function.node.cordon && function.node.protect_from_scale_in);
    assert!(!function.sessions.deny && function.sessions.roles.is_empty());
    assert!(!function.workload.may_stop_healthy_replicas && !function.workload.may_delete_pods);
    assert!(
        function
            .accept
            .types()
            .any(|one| one == "CryptoCurrency:Runtime/")
    );
    assert_eq!(function.capture.log_bytes(), 8 << 20);
}

#[test]
fn the_mode_must_be_written_and_evidence_named_where_something_is_captured() {
    let mut document = document(&json!({}));
    document["function"].as_object_mut().unwrap().remove("mode");
    let mistakes = read::<ThreatContainmentSettings>(&document.to_string()).unwrap_err();
    assert!(mistakes.to_string().contains("mode"), "{mistakes}");
    assert_eq!(paths(&json!({"evidence": null})), ["function.evidence"]);
    settings_with(&json!({"evidence": null, "mode": "observe"}));
    assert_eq!(
        paths(&json!({"mode": "approve", "eradicate": "auto"})),
        ["function.eradicate"]
    );
}

#[test]
fn all_mistakes_are_reported_at_once_and_nothing_is_switched_off_by_zero() {
    let found = paths(&json!({
        "accept": {"finding_types": [""], "min_severity": 0.0, "max_age_minutes": 0},
        "breaker": {"max_per_hour": 0, "max_per_day": 0},
        "node": {"max_cordoned_nodes": 0},
        "capture": {"log_mebibytes": 0, "seconds": 0},
        "approval_minutes": 0,
        "settle_seconds": 61,
        "denied_namespaces": ["*"],
        "sessions": {"deny": true, "protected_service_accounts": ["shop", "*/web", "shop/*", "shop/web"]},
        "targets": {"prod-a": {"detector_id": "../x"}, "nowhere": {}},
    }));
    for path in [
        "accept.finding_types",
        "accept.min_severity",
        "accept.max_age_minutes",
        "breaker.max_per_hour",
        "breaker.max_per_day",
        "node.max_cordoned_nodes",
        "capture.log_mebibytes",
        "capture.seconds",
        "approval_minutes",
        "settle_seconds",
        "denied_namespaces",
        "sessions.roles",
        "sessions.protected_service_accounts",
        "targets.prod-a.detector_id",
    ] {
        assert!(
            found.contains(&format!("function.{path}")),
            "{path} is not in {found:?}"
        );
    }
    assert!(found.iter().any(|path| path.contains("nowhere")), "{found:?}");
    assert_eq!(found.len(), 16, "{found:?}");
}

#[test]
fn nothing_misspelt_is_ignored() {
    for replaced in [
        json!({"eradicates": "auto"}),
        json!({"breaker": {"max_per_hours": 1}}),
        json!({"sessions": {"denies": true}}),
        json!({"targets": {"prod-a": {"agent": "none"}}}),
        json!({"targets": {}}),
    ] {
        assert_eq!(paths(&replaced).len(), 1, "{replaced}");
    }
}

#[test]
fn only_a_role_that_can_be_touched_may_be_declared_e11() {
    let declared = |role: &str| json!({"sessions": {"deny": true, "roles": [role]}});
    let good = settings_with(&declared("arn:aws:iam::123456789012:role/shop/checkout"));
    let policy = &good.function.sessions;
    assert!(policy.names("arn:aws:iam::123456789012:role/shop/checkout"));
    assert!(!policy.names("arn:aws:iam::123456789012:role/checkout"));
    for role in [
        "arn:aws:iam::123456789012:role/*",
        "arn:aws:iam::123456789012:user/checkout",
        "arn:aws:iam::123456789012:role/aws-service-role/eks.amazonaws.com/X",
        "arn:aws:s3:::role/checkout",
    ] {
        assert_eq!(paths(&declared(role)), ["function.sessions.roles"], "{role}");
    }
}
