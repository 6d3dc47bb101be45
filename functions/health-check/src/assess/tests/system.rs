//! `HLT-103` by what EKS says of add-ons and of Auto Mode, and by what it does not say.

use day2_core::Verdict::{Fail, Pass, Unknown};
use day2_core::{Observed, Verdict};
use day2_reads::addons::Addon;
use day2_reads::clusters::Cluster;
use serde_json::{Value, json};

use super::world::{World, deployment, pod, put, sick};
use crate::assess::aws::tests::world::{addon, cluster, denied};
use crate::facts::eks::EksFacts;

/// What it is, the cluster, what EKS says of add-ons, and the verdict with the names.
type Row = (
    &'static str,
    World,
    Observed<Vec<(String, Observed<Addon>)>>,
    Verdict,
    &'static [&'static str],
);
/// What EKS says of Auto Mode, the cluster, and the verdict with words and names.
type ModeRow<'a> = (Option<bool>, &'a World, Verdict, &'a str, &'a [&'a str]);

/// What EKS says of add-ons and whether Auto Mode is on; none where nobody may ask.
fn eks(auto_mode: Option<bool>, addons: Observed<Vec<(String, Observed<Addon>)>>) -> EksFacts {
    let cluster = auto_mode.map(|auto_mode| Cluster {
        auto_mode,
        ..cluster()
    });
    EksFacts {
        cluster: cluster.ok_or_else(|| denied("eks:DescribeCluster")),
        addons,
        node_groups: Ok(Vec::new()),
        insights: Ok(Vec::new()),
    }
}

/// The verdict, and what is named, in order.
fn seen(world: &World) -> (Verdict, Vec<String>) {
    let item = world.item("HLT-103");
    let names = item.subjects.iter().map(|subject| subject.name.clone());
    (item.verdict(), names.collect())
}

#[test]
fn add_ons_that_could_not_be_read_are_not_taken_for_none_w28() {
    let well = World::well();
    let deleted = || {
        let left = [
            deployment("shop", "web", 2),
            deployment("kube-system", "other", 1),
        ];
        World::well().of("deployments", json!(left))
    };
    let mut crashes = sick("other-1", &json!({"waiting": {"reason": "CrashLoopBackOff"}}));
    put(&mut crashes, "/metadata/namespace", json!("kube-system"));
    let list = || Err(denied("eks:ListAddons"));
    let each = |addon: Observed<Addon>| Ok(vec![("coredns".to_owned(), addon)]);
    let unread = || each(Err(denied("eks:DescribeAddon")));
    let rows: [Row; 7] = [
        ("there", well.clone(), each(Ok(addon("coredns"))), Pass, &[]),
        (
            "deleted",
            deleted(),
            each(Ok(addon("coredns"))),
            Fail,
            &["Deployment/coredns"],
        ),
        (
            "there, no list",
            well.clone(),
            list(),
            Unknown,
            &["eks:ListAddons"],
        ),
        (
            "deleted, no list",
            deleted(),
            list(),
            Unknown,
            &["eks:ListAddons"],
        ),
        ("there, not described", well, unread(), Pass, &[]),
        (
            "deleted, not described",
            deleted(),
            unread(),
            Unknown,
            &["Deployment/coredns"],
        ),
        (
            "another one fails, no list",
            deleted().with("pods", crashes),
            list(),
            Fail,
            &["kube-system/Deployment/sick", "eks:ListAddons"],
        ),
    ];
    for (what, world, addons, verdict, names) in rows {
        let world = world.eks(eks(Some(false), addons));
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(seen(&world), (verdict, names), "{what}");
        let told = format!("{:?}", world.item("HLT-103").subjects);
        assert!(
            verdict != Unknown || told.contains("permission denied"),
            "{what}: {told}"
        );
    }
    assert_eq!(seen(&deleted()), (Pass, vec![]), "the group `eks` is left out");
}

#[test]
fn whether_it_is_auto_mode_the_cluster_says_and_its_nodes_only_where_it_does_not_w28() {
    let pods = [
        pod("web-5f-1", "shop", "n1", "web"),
        pod("web-5f-2", "shop", "n2", "web"),
    ];
    let bare = World::well()
        .of("deployments", json!([deployment("shop", "web", 2)]))
        .of("pods", json!(pods));
    let labels = |value: &Value| {
        let world = bare.clone().set("nodes", 0, "/metadata/labels", value.clone());
        world.set("nodes", 1, "/metadata/labels", value.clone())
    };
    let auto = labels(&json!({"eks.amazonaws.com/compute-type": "auto"}));
    let plain = labels(&json!({}));
    let refused = bare.clone().of("nodes", json!("forbidden"));
    let (normal, other, unknown) = ("as is normal on", "and this is not", "is not known");
    let rows: [ModeRow<'_>; 8] = [
        (Some(true), &plain, Pass, normal, &[]),
        (Some(true), &refused, Pass, normal, &[]),
        (Some(false), &auto, Unknown, other, &[]),
        (Some(false), &plain, Unknown, other, &[]),
        (Some(false), &refused, Unknown, other, &[]),
        (None, &auto, Pass, normal, &[]),
        (None, &plain, Unknown, other, &[]),
        (
            None,
            &refused,
            Unknown,
            unknown,
            &["eks:DescribeCluster", "list nodes"],
        ),
    ];
    for (auto_mode, world, verdict, words, names) in rows {
        let world = world.clone().eks(eks(auto_mode, Ok(Vec::new())));
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let told = world.item("HLT-103").seen;
        assert_eq!(seen(&world), (verdict, names), "{auto_mode:?}: {told}");
        assert!(told.contains(words), "{auto_mode:?}: {told}");
    }
    // The group `eks` is left out.
    assert_eq!(seen(&auto), (Pass, vec![]));
    assert_eq!(seen(&plain), (Unknown, vec![]));
    assert_eq!(seen(&refused), (Unknown, vec!["list nodes".to_owned()]));
}
