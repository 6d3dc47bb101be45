//! What cannot be read, and what is left out.

use std::collections::{BTreeMap, BTreeSet};

use day2_core::{Item, Verdict};
use serde_json::json;

use super::world::{World, ago};
use crate::settings::Group;

/// The codes of the items of each list.
const LISTS: &[(&str, &[&str])] = &[
    (
        "pods",
        &[
            "HLT-103", "HLT-114", "HLT-122", "HLT-123", "HLT-124", "HLT-125", "HLT-126", "HLT-127",
            "HLT-130", "HLT-161",
        ],
    ),
    (
        "nodes",
        &[
            "HLT-102", "HLT-111", "HLT-112", "HLT-113", "HLT-114", "HLT-124", "HLT-122", "HLT-123",
            "HLT-125", "HLT-126", "HLT-130", "HLT-143",
        ],
    ),
    // A pod that cannot start, in a rollout, and pods that are refused are known by their events.
    ("events", &["HLT-121", "HLT-122", "HLT-124", "HLT-126"]),
    ("deployments", &["HLT-103", "HLT-121"]),
    ("statefulsets", &["HLT-103", "HLT-121"]),
    ("daemonsets", &["HLT-103", "HLT-121"]),
    ("jobs", &["HLT-131"]),
    ("cronjobs", &["HLT-131"]),
    ("horizontalpodautoscalers", &["HLT-128"]),
    ("poddisruptionbudgets", &["HLT-129"]),
    ("persistentvolumeclaims", &["HLT-141"]),
    // For the claim of `with_a_claim_that_waits`: without one nothing rests on the classes.
    ("storageclasses", &["HLT-141"]),
    ("volumeattachments", &["HLT-142"]),
    ("persistentvolumes", &["HLT-143", "HLT-144"]),
    ("resourcequotas", &["HLT-151"]),
    ("scaledobjects", &["HLT-109", "HLT-166", "HLT-167"]),
    ("certificates", &["HLT-109", "HLT-171", "HLT-172"]),
    ("nodepools", &["HLT-109", "HLT-116"]),
    ("nodeclaims", &["HLT-115"]),
    ("namespaces", &["HLT-109", "HLT-161"]),
];

/// The same of what `triage` looks at besides.
const LISTS_OF_TRIAGE: &[(&str, &[&str])] = &[
    ("replicasets", &["HLT-191"]),
    ("controllerrevisions", &["HLT-191"]),
    ("configmaps", &["HLT-191"]),
];

/// With a claim that waits for its first pod, as its class lets it.
fn with_a_claim_that_waits() -> World {
    let claim = json!({"metadata": {"name": "data", "namespace": "shop", "creationTimestamp": ago(90)}, "spec": {"storageClassName": "gp3"}, "status": {"phase": "Pending"}});
    let class = json!({"metadata": {"name": "gp3"}, "volumeBindingMode": "WaitForFirstConsumer"});
    World::well()
        .with("persistentvolumeclaims", claim)
        .with("storageclasses", class)
}

/// In an incident in which something was changed, and nothing near it is broken.
fn incident() -> World {
    let one =
        |name: &str| json!({"metadata": {"name": name, "namespace": "shop", "creationTimestamp": ago(9000)}});
    let world = with_a_claim_that_waits().triage();
    LISTS_OF_TRIAGE
        .iter()
        .fold(world, |world, (list, _)| world.with(list, one("old")))
}

#[test]
fn a_list_that_is_denied_makes_its_own_items_unknown_and_leaves_all_others_w28_k02() {
    let morning = LISTS.iter().map(|row| (with_a_claim_that_waits(), row));
    let triage = LISTS_OF_TRIAGE.iter().map(|row| (incident(), row));
    for (world, (list, codes)) in morning.chain(triage) {
        let verdicts = |items: &[Item]| -> BTreeMap<String, Verdict> {
            items
                .iter()
                .map(|item| (item.code.clone(), item.verdict()))
                .collect()
        };
        world.is_well(list);
        let mut expected = verdicts(&world.items());
        expected.extend(codes.iter().map(|code| ((*code).to_owned(), Verdict::Unknown)));
        let items = world.of(list, json!("forbidden")).items();
        assert_eq!(verdicts(&items), expected, "{list}");
        assert_eq!(
            Verdict::worst(items.iter().map(Item::verdict)),
            Verdict::Unknown,
            "{list}"
        );
        for item in items.iter().filter(|item| item.verdict() == Verdict::Unknown) {
            let words = format!("{} {:?}", item.seen, item.subjects);
            assert!(words.contains(&format!("list {list}")), "{list}: {words}");
        }
    }
}

#[test]
fn what_triage_ranks_and_could_not_read_is_missing_in_the_ranking_too_w28() {
    assert_eq!(incident().item("HLT-191").verdict(), Verdict::Pass);
    for list in [
        "daemonsets",
        "deployments",
        "horizontalpodautoscalers",
        "nodes",
        "statefulsets",
    ] {
        let item = incident().of(list, json!("forbidden")).item("HLT-191");
        assert_eq!(item.verdict(), Verdict::Unknown, "{list}: {item:?}");
        let words = format!("{item:?}");
        assert!(words.contains(&format!("list {list}")), "{words}");
    }
}

/// A new right without a row fails here, and so does a row for a right that is gone.
#[test]
fn every_right_in_the_cluster_has_a_row_w28() {
    let rules = include_str!("../../../rbac.yaml");
    let granted: Vec<&str> = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("resources: [")?.strip_suffix(']'))
        .flat_map(|resources| resources.split(", "))
        .collect();
    let each = rules.lines().filter(|line| line.starts_with("- apiGroups:"));
    assert_eq!(each.count(), granted.len(), "a rule is written in another way");
    let rows = LISTS.iter().chain(LISTS_OF_TRIAGE).map(|(list, _)| *list);
    assert_eq!(
        granted.into_iter().collect::<BTreeSet<_>>(),
        rows.collect::<BTreeSet<_>>()
    );
}

/// The table above misses no group that looks into the cluster: each has lines there that a refusal makes unknown.
#[test]
fn every_group_of_the_cluster_has_a_refusal_in_the_table_w28() {
    let decades = |group: Group| match group {
        Group::Cluster => "HLT-10",
        Group::Nodes => "HLT-11",
        Group::Workloads => "HLT-12",
        Group::Storage => "HLT-14",
        Group::Quotas => "HLT-151",
        Group::Mesh => "HLT-161",
        Group::Scaling => "HLT-166",
        Group::Certificates => "HLT-17",
        _ => "of AWS",
    };
    for group in Group::OF_THE_CLUSTER {
        let mut codes = LISTS.iter().flat_map(|(_, codes)| codes.iter());
        assert!(codes.any(|code| code.starts_with(decades(group))), "{group:?}");
    }
}

#[test]
fn a_group_that_is_left_out_gives_no_item_and_takes_none_with_it() {
    let all: BTreeSet<String> = World::well().items().into_iter().map(|item| item.code).collect();
    for group in Group::OF_THE_CLUSTER {
        let left: BTreeSet<String> = World::well()
            .plan("not_checked", json!([group.word()]))
            .items()
            .into_iter()
            .map(|item| item.code)
            .collect();
        assert!(left.is_subset(&all), "{group:?}");
    }
    let some = World::well().plan("not_checked", json!(["nodes"])).items();
    assert!(
        some.iter().all(|item| !item.code.starts_with("HLT-11")),
        "{some:#?}"
    );
    assert!(some.iter().any(|item| item.code == "HLT-122"));
}
