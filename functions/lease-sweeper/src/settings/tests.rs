use day2_core::settings::read;
use serde_json::{Value, json};

use super::SweeperSettings;

/// A document without a mistake.
fn good() -> Value {
    json!({
        "deployment": {"name": "day2", "zone": "America/New_York", "partition": "aws",
                       "topic_arn": "arn:aws:sns:us-east-1:123456789012:day2-reports",
                       "report_bucket": "day2-reports", "journal_table": "day2-journal"},
        "targets": [{"name": "prod-a", "account_id": "123456789012", "region": "us-east-1"}],
        "function": {
            "owners": {"provisioning-latency": {"timeout_seconds": 300}},
            "targets": {"prod-a": {}}
        }
    })
}

fn mistakes(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut document = good();
    change(&mut document);
    match read::<SweeperSettings>(&document.to_string()) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes.as_slice().iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn an_empty_entry_for_a_target_means_the_defaults() {
    let settings = read::<SweeperSettings>(&good().to_string()).unwrap();
    let sweep = settings.function.targets.get("prod-a").unwrap();
    assert_eq!((sweep.max_per_run, sweep.overdue_minutes), (20, 30));
}

#[test]
fn every_mistake_is_told_at_once_with_its_place() {
    let found = mistakes(|document| {
        let function = &mut document["function"];
        function["owners"] = json!({
            "Provisioning": {"timeout_seconds": 300},
            "connection-exhaustion": {"timeout_seconds": 900},
            "lease-sweeper": {"timeout_seconds": 60}
        });
        function["targets"] = json!({
            "prod-a": {"max_per_run": 0, "overdue_minutes": 4},
            "prod-b": {}
        });
    });
    for expected in [
        "owners.Provisioning",
        "owners.connection-exhaustion.timeout_seconds",
        "owners.lease-sweeper",
        "targets.prod-a.max_per_run",
        "targets.prod-a.overdue_minutes",
        "targets.prod-b",
    ] {
        assert!(
            found.iter().any(|one| one.contains(expected)),
            "{expected}: {found:#?}"
        );
    }
    assert_eq!(found.len(), 6, "{found:#?}");
}

#[test]
fn a_sweeper_without_owners_or_targets_is_refused() {
    let found = mistakes(|document| {
        document["function"] = json!({"owners": {}, "targets": {}});
    });
    assert!(found.iter().any(|one| one.contains("names nobody")), "{found:#?}");
    assert!(
        found.iter().any(|one| one.contains("sweeps nothing")),
        "{found:#?}"
    );
}

#[test]
fn a_misspelt_setting_is_refused() {
    let found = mistakes(|document| {
        document["function"]["targets"]["prod-a"] = json!({"max_runs": 3});
    });
    assert_eq!(found.len(), 1, "{found:#?}");
}
