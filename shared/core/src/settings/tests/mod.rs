//! Settings documents, right and wrong.

mod between;
mod hostile;

use super::*;
use serde_json::{Value, json};

#[derive(Debug, PartialEq, deserr::Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
struct Plans {
    #[deserr(default)]
    plans: Vec<Plan>,
    #[deserr(default = 30)]
    grace_minutes: u32,
}

#[derive(Debug, PartialEq, deserr::Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
struct Plan {
    target: String,
    node_group: String,
    at: LocalTime,
    #[deserr(default)]
    used_percent: Option<Percent>,
}

impl Validate for Plans {
    fn validate(&self, at: &mut Checker<'_>) {
        at.each("plans", &self.plans, |at, plan| {
            at.target_named("target", &plan.target);
            at.node_group_named("node_group", Some(&plan.target), &plan.node_group);
        });
    }
}

fn good() -> Value {
    json!({
        "deployment": {
            "name": "day2", "zone": "America/New_York", "partition": "aws",
            "topic_arn": "arn:aws:sns:us-east-1:123456789012:day2-reports",
            "report_bucket": "day2-reports-123456789012", "journal_table": "day2-journal"
        },
        "calendar": {"holidays": [{"date": "2026-12-25", "name": "Christmas"}]},
        "targets": [{
            "name": "prod-a", "account_id": "123456789012", "region": "us-east-1", "role_arn": null,
            "cluster": {"name": "prod-a", "endpoint": "https://127.0.0.1:6443"},
            "database": {"engine": "aurora", "id": "prod-a-aurora"},
            "node_groups": [
                {"name": "general", "auto_scaling_group": "eks-general-1", "selector": {"role": "general"}},
                {"name": "compute", "auto_scaling_group": "eks-compute-1", "selector": {"role": "compute"}}
            ],
            "vpc_id": "vpc-0123456789abcdef0"
        }],
        "function": {"plans": [{"target": "prod-a", "node_group": "general", "at": "06:30", "used_percent": 80}]}
    })
}

fn mistakes(document: &Value) -> Vec<String> {
    read::<Plans>(&document.to_string())
        .err()
        .map(|mistakes| mistakes.as_slice().iter().map(ToString::to_string).collect())
        .unwrap_or_default()
}

/// The only mistake of the good document after one change.
fn only(pointer: &str, value: Value) -> String {
    let mut document = good();
    *document
        .pointer_mut(pointer)
        .unwrap_or_else(|| panic!("no {pointer}")) = value;
    match mistakes(&document).as_slice() {
        [one] => one.clone(),
        other => panic!("{pointer}: {other:#?}"),
    }
}

#[test]
fn a_right_document_is_read_with_its_defaults() {
    let settings = read::<Plans>(&good().to_string()).unwrap();
    assert_eq!(settings.deployment.zone.name(), "America/New_York");
    assert_eq!(
        (settings.deployment.mail, settings.deployment.history_days),
        (Mail::Always, 14)
    );
    assert_eq!(settings.calendar.working_days.len(), 5);
    assert_eq!(settings.function.grace_minutes, 30);
    let target = settings.target("prod-a").unwrap();
    assert_eq!(
        target.node_group("compute").unwrap().selector.selector(),
        "role=compute"
    );
    assert_eq!(
        target
            .cluster
            .as_ref()
            .unwrap()
            .endpoint
            .as_ref()
            .unwrap()
            .as_str(),
        "https://127.0.0.1:6443/"
    );
    assert!(settings.target("prod-b").is_none());
}

#[test]
fn a_null_counts_as_absent_as_terraform_writes_it() {
    let mut document = good();
    document["calendar"] = json!(null);
    document["deployment"]["mail"] = json!(null);
    document["deployment"]["history_days"] = json!(null);
    document["targets"][0]["node_groups"] = json!(null);
    document["targets"][0]["database"] = json!(null);
    document["function"] = json!({"plans": null});
    let settings = read::<Plans>(&document.to_string()).unwrap();
    assert_eq!(
        (settings.deployment.history_days, settings.function.plans.len()),
        (14, 0)
    );
}

#[test]
fn a_null_in_a_selector_is_a_mistake_and_not_a_wider_selector() {
    let text = only(
        "/targets/0/node_groups/0/selector",
        json!({"role": "general", "pool": null}),
    );
    assert!(text.contains("1 of its 2 labels have no value"), "{text}");
}

#[test]
fn ten_different_mistakes_in_one_document_give_ten_messages() {
    let mut document = good();
    document["deployment"]["zone"] = json!("EST");
    document["deployment"]["history_days"] = json!(-3);
    document["deployment"]["mial"] = json!("always");
    document["deployment"]
        .as_object_mut()
        .unwrap()
        .remove("journal_table");
    document["calendar"]["working_days"] = json!(["mon", "tues"]);
    document["calendar"]["holidays"][0]["date"] = json!("2026-02-30");
    document["targets"][0]["account_id"] = json!(123_456_789_012_u64);
    document["targets"][0]["cluster"]["endpoint"] = json!("http://127.0.0.1:6443");
    document["targets"][0]["database"] = json!({"engine": "mysql", "id": ""});
    document["function"]["plans"][0]["target"] = json!("prod-b");
    document["function"]["grace_minutes"] = json!(5_000_000_000_u64);
    document["function"]["plans"][0]["used_percent"] = json!(140);

    let found = mistakes(&document);
    for part in [
        "deployment.zone: \"EST\" is not an IANA time zone",
        "deployment.history_days: -3 is a whole number; write a whole number that is not negative",
        "deployment.mial: there is no such field; did you mean `mail`?",
        "deployment.journal_table: is missing; add `journal_table`, the DynamoDB table",
        "calendar.working_days[1]: \"tues\" is not the name of a day",
        "calendar.holidays[0].date: \"2026-02-30\" is not a day of the calendar",
        "targets[0].account_id: 123456789012 is a whole number; write a text",
        "targets[0].cluster.endpoint: \"http://127.0.0.1:6443\" is not https",
        "targets[0].database.engine: \"mysql\" is not one of the words known here; accepted here: aurora, rds",
        "targets[0].database.id: \"\" is empty",
        "function.grace_minutes: value: `5000000000` is too large",
        "function.plans[0].used_percent: \"140\" is not a percentage",
    ] {
        assert_eq!(
            found.iter().filter(|line| line.contains(part)).count(),
            1,
            "{part}\n{found:#?}"
        );
    }
    assert_eq!(found.len(), 12, "{found:#?}");
}

#[test]
fn the_printed_list_is_numbered_and_says_how_many() {
    let mut document = good();
    document["deployment"]["zone"] = json!("Mars/Base");
    document["targets"][0]["region"] = json!("us-east-1a");
    let text = read::<Plans>(&document.to_string()).unwrap_err().to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "the settings have 2 mistakes:");
    assert!(
        lines[1].starts_with("  1. deployment.zone: \"Mars/Base\"")
            && lines[2].starts_with("  2. targets[0]"),
        "{text}"
    );
}
