use day2_core::settings::read;
use serde_json::{Value, json};

use super::AuditSettings;
use crate::facts::LockMode;

/// A document without a mistake.
fn good() -> Value {
    json!({
        "deployment": {"name": "day2", "zone": "America/New_York", "partition": "aws",
                       "topic_arn": "arn:aws:sns:us-east-1:123456789012:day2-reports",
                       "report_bucket": "day2-reports", "journal_table": "day2-journal"},
        "targets": [{"name": "prod-a", "account_id": "123456789012", "region": "us-east-1"}],
        "function": {
            "evidence": {"bucket": "day2-evidence",
                         "key_arn": "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"},
            "targets": {"prod-a": {}}
        }
    })
}

fn mistakes(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut document = good();
    change(&mut document["function"]);
    match read::<AuditSettings>(&document.to_string()) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes.as_slice().iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn an_empty_entry_for_a_target_means_the_defaults() {
    let settings = read::<AuditSettings>(&good().to_string()).unwrap();
    let audit = settings.function.targets.get("prod-a").unwrap();
    assert_eq!(audit.lock_mode, LockMode::Governance);
    let numbers = (
        audit.lock_ends_days,
        audit.recent_days,
        audit.sealing_minutes,
        audit.max_mebibytes,
    );
    assert_eq!(numbers, (30, 8, 20, 2_048));
}

#[test]
fn every_mistake_is_told_at_once_with_its_place() {
    let found = mistakes(|function| {
        function["evidence"]["key_arn"] = json!("arn:aws:kms:us-east-1:123456789012:alias/day2-evidence");
        function["targets"] = json!({
            "prod-a": {"lock_ends_days": 0, "recent_days": 366, "sealing_minutes": 14, "max_mebibytes": 0},
            "prod-b": {"sealing_minutes": 241}
        });
    });
    for expected in [
        "evidence.key_arn",
        "targets.prod-a.lock_ends_days",
        "targets.prod-a.recent_days",
        "targets.prod-a.sealing_minutes",
        "targets.prod-a.max_mebibytes",
        "targets.prod-b",
        "targets.prod-b.sealing_minutes",
    ] {
        assert!(
            found.iter().any(|one| one.contains(expected)),
            "{expected}: {found:#?}"
        );
    }
    assert_eq!(found.len(), 7, "{found:#?}");
}

#[test]
fn a_lock_mode_that_object_lock_does_not_have_is_refused_with_those_that_it_has() {
    let found = mistakes(|function| function["targets"]["prod-a"] = json!({"lock_mode": "legal"}));
    assert!(
        found.len() == 1 && found[0].contains("governance, compliance"),
        "{found:#?}"
    );
}

#[test]
fn an_audit_of_nothing_and_a_misspelt_setting_are_refused() {
    let found = mistakes(|function| function["targets"] = json!({}));
    assert!(
        found.iter().any(|one| one.contains("audits nothing")),
        "{found:#?}"
    );
    let found = mistakes(|function| function["targets"]["prod-a"] = json!({"max_bytes": 1}));
    assert_eq!(found.len(), 1, "{found:#?}");
}
