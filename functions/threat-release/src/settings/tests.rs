use day2_core::action::Mode;
use day2_core::settings::read;
use serde_json::{Value, json};

use super::ThreatReleaseSettings;

fn read_with(safety: &Value) -> Result<ThreatReleaseSettings, Vec<String>> {
    let document = json!({
        "deployment": {"name": "day2", "zone": "America/New_York", "partition": "aws",
                       "topic_arn": "arn:aws:sns:us-east-1:123456789012:day2-reports",
                       "report_bucket": "day2-reports", "journal_table": "day2-journal"},
        "targets": [{"name": "prod-a", "account_id": "123456789012", "region": "us-east-1", "cluster": {"name": "prod-a"}}],
        "function": {"safety": safety}
    });
    read::<ThreatReleaseSettings>(&document.to_string())
        .map(|settings| settings.function)
        .map_err(|mistakes| mistakes.as_slice().iter().map(ToString::to_string).collect())
}

#[test]
fn a_release_waits_for_a_person_or_only_plans() {
    for mode in ["observe", "approve"] {
        let settings = read_with(&json!({"mode": mode, "max_steps": 9})).unwrap();
        assert_ne!(settings.safety.mode, Mode::Auto);
    }
    let found = read_with(&json!({"mode": "auto", "max_steps": 9})).unwrap_err();
    assert!(
        found.len() == 1 && found[0].contains("without a person"),
        "{found:#?}"
    );
}

#[test]
fn every_mistake_is_told_at_once() {
    let found = read_with(&json!({"mode": "auto", "max_steps": 8, "approval_minutes": 1})).unwrap_err();
    for expected in ["safety.mode", "safety.max_steps", "safety.approval_minutes"] {
        assert!(
            found.iter().any(|one| one.contains(expected)),
            "{expected}: {found:#?}"
        );
    }
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(read_with(&json!({})).unwrap_err()[0].contains("mode"));
}
