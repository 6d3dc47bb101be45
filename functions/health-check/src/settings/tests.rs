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
