//! All mistakes at once, with the value and the way out.

use day2_core::settings::{Mistakes, read};
use serde_json::{Value, json};

use super::ProvisioningLatencySettings;
use crate::plan::tests::world::{ARN, document, settings, settings_with};

fn mistakes(document: &Value) -> Mistakes {
    read::<ProvisioningLatencySettings>(&document.to_string()).unwrap_err()
}

/// Paths of all mistakes in a platform with fields replaced.
fn paths(replaced: &Value) -> Vec<String> {
    mistakes(&document(replaced))
        .as_slice()
        .iter()
        .map(|mistake| mistake.path.clone())
        .collect()
}

#[test]
fn what_is_left_out_has_the_documented_defaults() {
    let settings = settings();
    let platform = &settings.function.targets["prod-a"];
    assert_eq!(platform.lease_minutes, 120);
    assert_eq!(platform.addresses_per_node, 16);
    assert_eq!(platform.min_samples, 10);
    assert!((platform.step.share() - 50.0).abs() < f64::EPSILON);
    assert_eq!(platform.step.max_nodes, 25);
    assert_eq!(platform.limits.scale_down_minutes, 30);
    let plain = settings_with(&json!({"provisioner": {"namespace": "coder", "deployment": "p"}}));
    assert!(!plain.function.targets["prod-a"].provisioner.may_restart);
}

#[test]
fn the_mode_must_be_written() {
    let mut document = document(&json!({}));
    document["function"]["safety"] = json!({});
    assert!(mistakes(&document).to_string().contains("mode"));
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let found = paths(&json!({
        "alarms": [{"arn": "arn:aws:sns:us-east-1:123456789012:topic"}, {"arn": ARN}, {"arn": ARN}],
        "node_group": "nowhere",
        "workspace_namespaces": [],
        "step": {"percent": 0, "max_nodes": 0},
        "lease_minutes": 5,
        "min_samples": 0,
        "limits": {"scale_down_minutes": 0},
        "not_checked": []
    }));
    let base = "function.targets.prod-a.";
    for path in [
        "alarms[0].arn",
        "alarms[2].arn",
        "node_group",
        "workspace_namespaces",
        "step.percent",
        "step.max_nodes",
        "lease_minutes",
        "min_samples",
        "limits.scale_down_minutes",
        "not_checked",
    ] {
        let path = format!("{base}{path}");
        assert!(found.contains(&path), "{path} is not in {found:?}");
    }
    assert_eq!(found.len(), 10, "{found:?}");
}

#[test]
fn nothing_can_be_switched_off_by_zero_and_nothing_misspelt_is_ignored() {
    for replaced in [
        json!({"step": {"max_nodes": 0}}),
        json!({"limits": {"launches_minutes": 0}}),
        json!({"addresses_per_node": 0}),
        json!({"workspaces_per_node": 0}),
        json!({"max_node": 5}),
        json!({"size_owner": "me"}),
        json!({"alarms": []}),
    ] {
        assert_eq!(paths(&replaced).len(), 1, "{replaced}");
    }
}

#[test]
fn a_quota_is_declared_or_left_out_in_writing_and_never_both() {
    let quota = json!({"code": "L-1216C47A", "vcpus_per_node": 4});
    assert_eq!(paths(&json!({"not_checked": []})).len(), 1);
    assert_eq!(paths(&json!({"quota": quota})).len(), 1);
    assert_eq!(
        paths(&json!({"not_checked": [], "quota": {"code": "", "vcpus_per_node": 0}})).len(),
        2
    );
    settings_with(&json!({"not_checked": [], "quota": quota}));
}

#[test]
fn a_node_group_of_eks_is_not_named_where_eks_does_not_set_the_size() {
    assert_eq!(
        paths(&json!({"size_owner": "karpenter", "eks_node_group": "w"})).len(),
        1
    );
    assert_eq!(paths(&json!({"eks_node_group": ""})).len(), 1);
    settings_with(&json!({"size_owner": "managed_node_group", "eks_node_group": "w"}));
}

#[test]
fn a_declared_metric_can_be_judged_within_the_hour_that_is_read() {
    let with = |metric: Value| json!({"alarms": [{"arn": ARN, "metric": metric}]});
    let plain = json!({"namespace": "N", "name": "M", "threshold": 120.0});
    settings_with(&with(plain.clone()));
    for (field, value) in [
        ("namespace", json!("")),
        ("period_seconds", json!(45)),
        ("datapoints_to_alarm", json!(6)),
        ("period_seconds", json!(900)),
    ] {
        let mut metric = plain.clone();
        metric[field] = value.clone();
        assert_eq!(paths(&with(metric)).len(), 1, "{field} {value}");
    }
}

#[test]
fn an_alarm_about_the_deployment_itself_is_never_bound_o04() {
    let own = |name: &str| json!({"alarms": [{"arn": format!("arn:aws:cloudwatch:us-east-1:123456789012:alarm:{name}")}]});
    let found = mistakes(&document(&own("day2-provisioning-latency-errors"))).to_string();
    assert!(found.contains("about this deployment itself"), "{found}");
    // Names that only begin alike are not the deployment's.
    for name in ["day2x-latency", "prod-day2-latency", "day2"] {
        settings_with(&own(name));
    }
}

#[test]
fn one_alarm_cannot_mean_two_platforms() {
    let mut twice = document(&json!({}));
    let mut second = twice["targets"][0].clone();
    second["name"] = json!("prod-b");
    twice["targets"].as_array_mut().unwrap().push(second);
    twice["function"]["targets"]["prod-b"] = twice["function"]["targets"]["prod-a"].clone();
    let found = mistakes(&twice);
    assert_eq!(found.len(), 1, "{found}");
    assert!(found.to_string().contains("bound twice"), "{found}");
}
