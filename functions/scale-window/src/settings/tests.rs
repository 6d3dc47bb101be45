use day2_core::settings::{Mistakes, read};
use serde_json::{Value, json};

use super::ScaleWindowSettings;

/// A document without a mistake.
fn good() -> Value {
    json!({
        "deployment": {"name": "day2", "zone": "America/New_York", "partition": "aws",
                       "topic_arn": "arn:aws:sns:us-east-1:123456789012:day2-reports",
                       "report_bucket": "day2-reports", "journal_table": "day2-journal"},
        "targets": [{"name": "prod-a", "account_id": "123456789012", "region": "us-east-1", "vpc_id": "vpc-0123456789abcdef0",
                     "cluster": {"name": "prod-a"}, "database": {"engine": "aurora", "id": "prod-a"},
                     "node_groups": [
                        {"name": "control", "auto_scaling_group": "prod-a-control", "selector": {"node-group": "control"}},
                        {"name": "workspace", "auto_scaling_group": "prod-a-workspace", "selector": {"node-group": "workspace"}}]}],
        "function": {"targets": {"prod-a": {
            "control": {"groups": [{"node_group": "control", "min_ready": 2}], "workloads": [{"namespace": "coder", "deployment": "coder-server"}]},
            "groups": [{"node_group": "workspace", "before": 10, "peak": 50, "after": 10, "min": 10, "max": 60, "vcpus_per_node": 4}],
            "scheduled_actions": [{"node_group": "workspace", "at": "06:45", "desired": 50}],
            "probes": [{"name": "coder", "url": "https://coder.example.com/healthz"}],
            "nat_zones": ["us-east-1a"],
            "quotas": [{"service": "ec2", "code": "L-1216C47A", "node_groups": ["workspace"]}]
        }}}
    })
}

fn mistakes(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut document = good();
    change(&mut document);
    match read::<ScaleWindowSettings>(&document.to_string()) {
        Ok(_) => Vec::new(),
        Err(mistakes) => lines(&mistakes),
    }
}

fn lines(mistakes: &Mistakes) -> Vec<String> {
    mistakes.as_slice().iter().map(ToString::to_string).collect()
}

#[test]
fn a_sound_document_has_no_mistake() {
    assert_eq!(mistakes(|_| {}), Vec::<String>::new());
}

#[test]
fn ten_different_mistakes_give_ten_messages() {
    let found = mistakes(|document| {
        document["deployment"]["zone"] = json!("EST");
        document["deployment"]["topic_arn"] = json!("day2-reports");
        document["deployment"]["history_day"] = json!(14);
        document["targets"][0]["account_id"] = json!("12345");
        document["targets"][0]["region"] = json!("us-east-1a");
        let plan = &mut document["function"]["targets"]["prod-a"];
        plan["groups"][0]["peak"] = json!("fifty");
        plan["groups"][0]["colour"] = json!("blue");
        plan["scheduled_actions"][0]["at"] = json!("6:45am");
        plan["control"]["groups"][0] = json!({"min_ready": 2});
        plan["probes"][0]["max_latency_ms"] = json!(-1);
    });
    assert_eq!(found.len(), 10, "{found:#?}");
    for path in [
        "deployment.zone",
        "deployment.topic_arn",
        "deployment.history_day",
        "targets[0].account_id",
        "targets[0].region",
        "function.targets.prod-a.groups[0].peak",
        "function.targets.prod-a.groups[0].colour",
        "function.targets.prod-a.scheduled_actions[0].at",
        "function.targets.prod-a.control.groups[0]",
        "function.targets.prod-a.probes[0].max_latency_ms",
    ] {
        assert!(
            found.iter().any(|line| line.contains(path)),
            "{path} is not named in {found:#?}"
        );
    }
}

#[test]
fn each_rule_between_fields_has_its_own_message() {
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 17] = [
        (
            |plan| plan["limits"] = json!({"window_minutes": 4}),
            "is not between 5 minutes and a day",
        ),
        (
            |plan| plan["limits"] = json!({"history_days": 43}),
            "is more than Auto Scaling remembers",
        ),
        (
            |plan| plan["limits"] = json!({"history_days": 7, "history_failed_days": 8}),
            "can never be met, or always is",
        ),
        (
            |plan| plan["limits"] = json!({"history_failed_days": 0}),
            "can never be met, or always is",
        ),
        (
            |plan| plan["limits"] = json!({"second_look_seconds": 301}),
            "is longer than a mail should wait",
        ),
        (
            |plan| plan["groups"][0]["peak"] = json!(61),
            "is not between min and max",
        ),
        (|plan| plan["groups"][0]["before"] = json!(55), "is below before"),
        (
            |plan| plan["groups"][0]["node_group"] = json!("workspaces"),
            "is not a node group",
        ),
        (
            |plan| plan["control"]["groups"][0]["min_ready"] = json!(0),
            "would pass without any node",
        ),
        (
            |plan| plan["scheduled_actions"][0]["node_group"] = json!("control"),
            "is not one of the plan's groups",
        ),
        (
            |plan| plan["probes"][0]["url"] = json!("coder.example.com"),
            "is not a web address",
        ),
        (
            |plan| plan["probes"][0]["expect_status"] = json!(99),
            "is not an HTTP status",
        ),
        (
            |plan| plan["probes"] = json!([]),
            "is neither declared nor left out in writing",
        ),
        (
            |plan| plan["not_checked"] = json!(["nat"]),
            "is declared and left out at once",
        ),
        (
            |plan| plan["limits"] = json!({"min_datapoints": 0}),
            "would judge nothing",
        ),
        (
            |plan| plan["limits"] = json!({"min_datapoints": 30}),
            "more than one per minute",
        ),
        (
            |plan| plan["groups"][0]["vcpus_per_node"] = json!(null),
            "has no vcpus_per_node",
        ),
    ];
    for (change, words) in cases {
        let found = mistakes(|document| change(&mut document["function"]["targets"]["prod-a"]));
        assert!(
            found.iter().any(|line| line.contains(words)),
            "{words} is not said in {found:#?}"
        );
    }
}

#[test]
fn a_plan_for_a_target_that_does_not_exist_is_named() {
    let found = mistakes(|document| {
        let plan = document["function"]["targets"]["prod-a"].clone();
        document["function"]["targets"]["prod-b"] = plan;
    });
    assert!(
        found
            .iter()
            .any(|line| line.contains("is not the name of a target")),
        "{found:#?}"
    );
}

#[test]
fn a_part_left_out_in_writing_is_no_mistake() {
    assert_eq!(
        mistakes(|document| {
            let plan = &mut document["function"]["targets"]["prod-a"];
            plan["probes"] = json!([]);
            plan["not_checked"] = json!(["probes"]);
        }),
        Vec::<String>::new()
    );
}
