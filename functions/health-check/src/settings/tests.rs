//! The settings document: what is accepted, and every mistake at once.

use super::ownership::Ownership;
use super::{Group, Plan};

fn plan(json: &serde_json::Value) -> Plan {
    deserr::deserialize::<Plan, _, day2_core::settings::Mistakes>(json.clone()).unwrap()
}

#[test]
fn every_group_is_looked_at_unless_it_is_left_out_in_writing() {
    let all = plan(&serde_json::json!({}));
    assert!(all.looks_at(Group::Workloads) && all.looks_at(Group::Security));
    let some = plan(&serde_json::json!({"not_checked": ["mesh", "eks"]}));
    assert!(!some.looks_at(Group::Mesh) && !some.looks_at(Group::Eks) && some.looks_at(Group::Nodes));
}

#[test]
fn every_group_has_a_word_that_the_settings_understand() {
    for group in Group::OF_THE_CLUSTER.iter().chain(&Group::OF_AWS) {
        let read = plan(&serde_json::json!({"not_checked": [group.word()]}));
        assert_eq!(read.not_checked, [*group]);
    }
}

#[test]
fn secrets_are_named_one_by_one_and_only_where_somebody_looks() {
    use day2_core::settings::read;
    let mistakes = |plan: serde_json::Value| {
        let document = serde_json::json!({
            "deployment": {"name": "day2", "zone": "UTC", "partition": "aws",
                           "topic_arn": "arn:aws:sns:us-east-1:123456789012:day2-reports",
                           "report_bucket": "day2-reports", "journal_table": "day2-journal"},
            "targets": [{"name": "prod-a", "account_id": "123456789012", "region": "us-east-1", "cluster": {"name": "prod-a"}}],
            "function": {"targets": {"prod-a": plan}},
        });
        match read::<super::HealthCheckSettings>(&document.to_string()) {
            Ok(_) => String::new(),
            Err(found) => found.to_string(),
        }
    };
    let secrets = |names: &[&str]| {
        let one = |name: &&str| serde_json::json!({"namespace": "shop", "name": name});
        serde_json::json!({"certificates": {"secrets": names.iter().map(one).collect::<Vec<_>>()}})
    };
    assert_eq!(mistakes(secrets(&["web-tls", "api-tls"])), "");
    let mut left_out = secrets(&["web-tls"]);
    left_out["not_checked"] = serde_json::json!(["certificates"]);
    for (plan, words) in [
        (
            secrets(&["web-tls", "web-tls"]),
            "is used by an earlier Secret too",
        ),
        (left_out, "the group `certificates` is left out"),
        (secrets(&["*"]), "certificates.secrets[0].name"),
    ] {
        let found = mistakes(plan);
        assert!(found.contains(words), "{words}: {found}");
    }
}

#[test]
fn a_whole_name_wins_over_the_longest_beginning() {
    let json =
        serde_json::json!({"ownership": {"namespaces": {"shop": "web", "shop-*": "shop", "sh*": "short"}}});
    let owners: Ownership = plan(&json).ownership;
    for (namespace, team) in [
        ("shop", Some("web")),
        ("shop-a", Some("shop")),
        ("shell", Some("short")),
        ("other", None),
    ] {
        assert_eq!(owners.mapped(namespace), team, "{namespace}");
    }
}

#[test]
fn a_plan_may_grant_no_time_at_all_and_no_more_than_has_sense() {
    use day2_core::settings::read;
    let document = |plan: serde_json::Value| {
        serde_json::json!({
            "deployment": {"name": "day2", "zone": "UTC", "partition": "aws",
                           "topic_arn": "arn:aws:sns:us-east-1:123456789012:day2-reports",
                           "report_bucket": "day2-reports", "journal_table": "day2-journal"},
            "targets": [{"name": "prod-a", "account_id": "123456789012", "region": "us-east-1", "cluster": {"name": "prod-a"}}],
            "function": {"targets": {"prod-a": plan}},
        })
        .to_string()
    };
    let plan = |minutes: u32, percent: u32| {
        serde_json::json!({
            "not_checked": ["database", "endpoints"],
            "nodes": {"join_minutes": minutes},
            "workloads": {"grace_minutes": minutes, "hpa_minutes": minutes, "cron_job_minutes": minutes},
            "storage": {"pending_minutes": minutes, "attach_minutes": minutes},
            "quotas": {"used_percent": percent},
        })
    };
    let read = |plan| read::<super::HealthCheckSettings>(&document(plan));
    read(plan(0, 80)).unwrap();
    let mistakes = read(plan(50_000, 0)).unwrap_err().to_string();
    for field in [
        "nodes.join_minutes",
        "workloads.grace_minutes",
        "workloads.hpa_minutes",
        "workloads.cron_job_minutes",
        "storage.pending_minutes",
        "storage.attach_minutes",
        "quotas.used_percent",
    ] {
        assert!(mistakes.contains(field), "{field} is not among {mistakes}");
    }
}
