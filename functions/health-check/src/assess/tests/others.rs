//! Storage, quotas, the mesh, scaling, certificates, components, and what cannot be read.

use std::collections::{BTreeMap, BTreeSet};

use day2_core::{Item, Verdict};
use serde_json::{Value, json};

use super::world::{World, ago, deployment, pod, put};
use crate::settings::Group;

#[test]
fn an_api_server_that_is_unready_slow_or_silent_is_named() {
    let of = |ready: bool, failed: &[&str], milliseconds: u64| {
        World::well().answering(Ok(day2_kube::Readyz {
            ready,
            failed: failed.iter().map(|name| (*name).to_owned()).collect(),
            latency: std::time::Duration::from_millis(milliseconds),
        }))
    };
    of(true, &[], 2_000).is_well("within the two seconds that are allowed");
    let named = |world: World| {
        let (code, name, says) = world.only();
        assert_eq!(code, "HLT-101");
        (name, says)
    };
    assert_eq!(
        named(of(false, &["etcd"], 40)),
        ("/readyz".to_owned(), "not ready, 1 check failed: etcd".to_owned())
    );
    assert_eq!(
        named(of(true, &[], 2_001)),
        ("/readyz latency".to_owned(), "2001 ms".to_owned())
    );
    let both = of(false, &["etcd", "informer-sync"], 5_000);
    assert_eq!(both.named(), ["HLT-101 /readyz", "HLT-101 /readyz latency"]);
    let denied = day2_core::Unreadable::new("get /readyz", "prod-a", day2_core::Cause::Denied, "forbidden");
    let unread = World::well().answering(Err(denied)).item("HLT-101");
    assert_eq!(unread.verdict(), Verdict::Unknown);
}

#[test]
fn a_claim_that_waits_for_its_first_pod_is_no_trouble_and_one_that_a_pod_waits_for_is() {
    let claim = |annotations: Value| json!({"metadata": {"name": "data", "namespace": "shop", "creationTimestamp": ago(90), "annotations": annotations}, "spec": {"storageClassName": "gp3"}, "status": {"phase": "Pending"}});
    let class = |mode: &str| json!({"metadata": {"name": "gp3"}, "volumeBindingMode": mode});
    let world = |mode: &str, annotations: Value| {
        World::well()
            .with("persistentvolumeclaims", claim(annotations))
            .with("storageclasses", class(mode))
    };
    world("WaitForFirstConsumer", json!(null)).is_well("no pod uses it");
    let chosen = world(
        "WaitForFirstConsumer",
        json!({"volume.kubernetes.io/selected-node": "n1"}),
    );
    let (code, name, says) = chosen
        .with("events", json!({"involvedObject": {"kind": "PersistentVolumeClaim", "namespace": "shop", "name": "data"}, "reason": "ProvisioningFailed", "message": "UnauthorizedOperation", "lastTimestamp": ago(1)}))
        .only();
    assert_eq!(
        (code.as_str(), name.as_str()),
        ("HLT-141", "shop/PersistentVolumeClaim/data")
    );
    assert_eq!(says, "Pending for 90 min: UnauthorizedOperation");
    assert_eq!(
        world("Immediate", json!(null)).named(),
        ["HLT-141 shop/PersistentVolumeClaim/data"]
    );
    let unread = World::well()
        .with("persistentvolumeclaims", claim(json!(null)))
        .of("storageclasses", json!("forbidden"));
    assert_eq!(unread.item("HLT-141").verdict(), Verdict::Unknown);
}

#[test]
fn an_attachment_is_stuck_after_six_minutes_in_both_directions() {
    let one = |minutes: i64, attached: bool, more: Value| {
        let mut one = json!({"metadata": {"name": "csi-1", "creationTimestamp": ago(minutes)}, "spec": {"attacher": "ebs.csi.aws.com", "nodeName": "n1", "source": {"persistentVolumeName": "pv-1"}}, "status": {"attached": attached}});
        for (key, value) in more.as_object().unwrap() {
            put(&mut one, &key.replace('.', "/"), value.clone());
        }
        one
    };
    let all = |attachment| World::well().with("volumeattachments", attachment);
    all(one(600, true, json!({}))).is_well("attached");
    all(one(5, false, json!({}))).is_well("on its way");
    let (code, name, says) = all(one(
        7,
        false,
        json!({"/status.attachError": {"message": "volume is in use"}}),
    ))
    .only();
    assert_eq!((code.as_str(), name.as_str()), ("HLT-142", "pv-1"));
    assert_eq!(
        says,
        "is not attached to node n1 for 7 min (VolumeAttachment csi-1): volume is in use"
    );
    let leaving = all(one(900, true, json!({"/metadata.deletionTimestamp": ago(30)})));
    assert_eq!(
        leaving.only().2,
        "does not come off node n1 for 30 min (VolumeAttachment csi-1)"
    );
}

#[test]
fn a_volume_in_a_zone_without_nodes_is_told_unless_nodes_are_made_on_demand() {
    let volume = |zone: &str| {
        json!({"metadata": {"name": "pv-1"}, "status": {"phase": "Bound"}, "spec": {"claimRef": {"namespace": "shop", "name": "data"},
        "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "topology.ebs.csi.aws.com/zone", "operator": "In", "values": [zone]}]}]}}}})
    };
    World::well()
        .with("persistentvolumes", volume("us-east-1a"))
        .is_well("n1 is there");
    let other = World::well().with("persistentvolumes", volume("us-east-1c"));
    let (code, name, says) = other.only();
    assert_eq!((code.as_str(), name.as_str()), ("HLT-143", "zone us-east-1c"));
    assert!(says.contains("1 bound volume: shop/data"), "{says}");
    other
        .with("nodepools", json!({"metadata": {"name": "general"}}))
        .is_well("a node is made when a pod needs it");
}

#[test]
fn a_quota_is_told_from_eighty_percent_on() {
    let quota = |used: &str, hard: &str| json!({"metadata": {"name": "small", "namespace": "shop"}, "status": {"hard": {"requests.cpu": hard, "pods": "0"}, "used": {"requests.cpu": used, "pods": "0"}}});
    let (code, name, says) = World::well().with("resourcequotas", quota("3200m", "4")).only();
    assert_eq!(
        (code.as_str(), name.as_str(), says.as_str()),
        ("HLT-151", "shop/ResourceQuota/small requests.cpu", "80 % used")
    );
    World::well()
        .with("resourcequotas", quota("3199m", "4"))
        .is_well("79 %");
}

#[test]
fn the_mesh_is_asked_for_in_four_ways_and_a_proxy_comes_in_two() {
    let proxy = json!([{"name": "app", "image": "registry/app:1"}, {"name": "istio-proxy", "image": "istio/proxyv2:1.26.3"}]);
    let native = json!([{"name": "istio-proxy", "image": "istio/proxyv2:1.27.1", "restartPolicy": "Always"}]);
    let table: Vec<(&str, Value, Value, bool)> = vec![
        (
            "istio-injection",
            json!({"istio-injection": "enabled"}),
            json!({}),
            false,
        ),
        ("istio.io/rev", json!({"istio.io/rev": "1-27"}), json!({}), false),
        (
            "a container",
            json!({"istio.io/rev": "1-27"}),
            json!({"/spec/containers": proxy}),
            true,
        ),
        (
            "a native sidecar",
            json!({"istio-injection": "enabled"}),
            json!({"/spec/initContainers": native}),
            true,
        ),
        (
            "an init container of that name is none",
            json!({"istio-injection": "enabled"}),
            json!({"/spec/initContainers": [{"name": "istio-proxy"}]}),
            false,
        ),
        (
            "refused by the namespace",
            json!({"istio-injection": "disabled", "istio.io/rev": "1-27"}),
            json!({}),
            true,
        ),
        (
            "refused by the pod",
            json!({"istio-injection": "enabled"}),
            json!({"/metadata/labels/sidecar.istio.io~inject": "false"}),
            true,
        ),
        (
            "asked for by the pod",
            json!({}),
            json!({"/metadata/labels/sidecar.istio.io~inject": "true"}),
            false,
        ),
        (
            "in the network of the node",
            json!({"istio-injection": "enabled"}),
            json!({"/spec/hostNetwork": true}),
            true,
        ),
        (
            "ambient, taken over",
            json!({"istio.io/dataplane-mode": "ambient"}),
            json!({"/metadata/annotations/ambient.istio.io~redirection": "enabled"}),
            true,
        ),
        (
            "ambient, not taken over",
            json!({"istio.io/dataplane-mode": "ambient"}),
            json!({}),
            false,
        ),
        (
            "ambient, refused by the pod",
            json!({"istio.io/dataplane-mode": "ambient"}),
            json!({"/metadata/labels/istio.io~dataplane-mode": "none"}),
            true,
        ),
        ("nobody asks", json!({}), json!({}), true),
    ];
    for (what, labels, pod_parts, fine) in table {
        let mut one = pod("meshed-1", "pay", "n1", "meshed");
        for (pointer, value) in pod_parts.as_object().unwrap() {
            let mut at = &mut one;
            for key in pointer.split('/').skip(1) {
                at = &mut at[key.replace('~', "/")];
            }
            *at = value.clone();
        }
        let world = World::well()
            .with(
                "namespaces",
                json!({"metadata": {"name": "pay", "labels": labels}}),
            )
            .with("pods", one);
        if fine {
            world.is_well(what);
        } else {
            assert_eq!(world.named(), ["HLT-161 pay/Deployment/meshed"], "{what}");
        }
    }
}

#[test]
fn keda_is_told_when_it_is_blind_in_fallback_or_paused() {
    let object = |annotations: Value, conditions: Value| json!({"metadata": {"name": "queue", "namespace": "shop", "annotations": annotations}, "spec": {"scaleTargetRef": {"name": "worker"}}, "status": {"conditions": conditions}});
    let ready = json!([{"type": "Ready", "status": "True"}, {"type": "Fallback", "status": "False"}, {"type": "Paused", "status": "False"}]);
    World::well()
        .with("scaledobjects", object(json!({}), ready.clone()))
        .is_well("it scales");
    let (code, name, says) = World::well()
        .with("scaledobjects", object(json!({}), json!([{"type": "Ready", "status": "False", "reason": "TriggerError", "message": "error reading queue"}])))
        .only();
    assert_eq!(
        (code.as_str(), name.as_str()),
        ("HLT-166", "shop/ScaledObject/queue")
    );
    assert!(
        says.contains("Deployment/worker is not scaled: TriggerError error reading queue"),
        "{says}"
    );
    let fallback = World::well().with("scaledobjects", object(json!({}), json!([{"type": "Ready", "status": "True"}, {"type": "Fallback", "status": "True", "reason": "FallbackExists"}])));
    assert!(fallback.only().2.contains("in fallback"), "{:?}", fallback.only());
    let paused = World::well().with(
        "scaledobjects",
        object(json!({"autoscaling.keda.sh/paused-replicas": "0"}), ready.clone()),
    );
    assert_eq!(paused.only().0, "HLT-167");
    let stuck = World::well().with(
        "scaledobjects",
        object(
            json!({}),
            json!([{"type": "Ready", "status": "True"}, {"type": "Paused", "status": "True"}]),
        ),
    );
    assert!(stuck.only().2.contains("still paused"), "{:?}", stuck.only());
    let silent = World::well().with("scaledobjects", object(json!({}), json!(null)));
    assert_eq!(silent.item("HLT-166").verdict(), Verdict::Unknown);
}

#[test]
fn a_certificate_is_judged_by_its_dates_although_it_is_ready() {
    let hours = |hours: i64| ago(-hours * 60);
    let one = |ready: &str, end: i64, renewal: i64, failed: i64| {
        json!({"metadata": {"name": "web", "namespace": "shop", "creationTimestamp": ago(90_000)}, "spec": {"secretName": "web-tls"},
        "status": {"conditions": [{"type": "Ready", "status": ready, "reason": "Because", "lastTransitionTime": ago(500)}], "notAfter": hours(end), "renewalTime": hours(renewal), "failedIssuanceAttempts": failed, "lastFailureTime": ago(30)}})
    };
    for (what, certificate, code, says) in [
        ("fine", one("True", 60 * 24, 30 * 24, 0), None, ""),
        (
            "ends tomorrow, and its renewal is late",
            one("True", 24, -700, 0),
            Some("HLT-172"),
            "its renewal is 29 d late, 1 days left until its notAfter",
        ),
        (
            "ends in a week, and is renewed before",
            one("True", 7 * 24, 2 * 24, 0),
            None,
            "",
        ),
        (
            "has ended",
            one("True", -2, -300, 0),
            Some("HLT-172"),
            "ended 2 h ago",
        ),
        (
            "its renewal fails",
            one("True", 60 * 24, 30 * 24, 3),
            Some("HLT-171"),
            "valid, but its renewal fails, 3 failed attempts, the last 30 min ago",
        ),
        (
            "has ended, and cert-manager says so too",
            one("False", -2, -300, 0),
            Some("HLT-172"),
            "ended 2 h ago; cert-manager says: Because",
        ),
        (
            "its renewal fails and is late, told once",
            one("True", 5 * 24, -48, 3),
            Some("HLT-171"),
            "the last 30 min ago, 5 days left until its notAfter",
        ),
        (
            "never issued",
            json!({"metadata": {"name": "web", "namespace": "shop", "creationTimestamp": ago(500)}, "status": {"conditions": [{"type": "Ready", "status": "False", "reason": "DoesNotExist", "message": "no secret", "lastTransitionTime": ago(400)}]}}),
            Some("HLT-171"),
            "not Ready for 6 h: DoesNotExist no secret",
        ),
        (
            "just made",
            json!({"metadata": {"name": "web", "namespace": "shop", "creationTimestamp": ago(5)}, "status": {"conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": ago(5)}]}}),
            None,
            "",
        ),
    ] {
        let world = World::well().with("certificates", certificate);
        match code {
            None => world.is_well(what),
            Some(code) => {
                let (seen, name, words) = world.only();
                assert_eq!(
                    (seen.as_str(), name.as_str()),
                    (code, "shop/Certificate/web"),
                    "{what}"
                );
                assert!(words.contains(says), "{what}: {words}");
            }
        }
    }
}

#[test]
fn a_component_that_the_settings_name_and_the_cluster_lacks_is_a_failure_w25() {
    let seen = World::well().item("HLT-109");
    assert_eq!(seen.verdict(), Verdict::Pass);
    assert!(
        seen.seen
            .contains("not installed: karpenter, istio, keda, cert_manager"),
        "{}",
        seen.seen
    );
    assert!(
        seen.seen.contains("no objects of: HorizontalPodAutoscaler"),
        "{}",
        seen.seen
    );
    let expected = World::well().plan("installed", json!(["keda", "istio", "cert_manager", "karpenter"]));
    let names: Vec<String> = expected.named();
    assert_eq!(
        names,
        [
            "HLT-109 karpenter",
            "HLT-109 istio",
            "HLT-109 keda",
            "HLT-109 cert_manager"
        ]
    );
}

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
    for list in ["horizontalpodautoscalers", "nodes"] {
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

#[test]
fn what_an_installed_add_on_made_must_be_there_and_nothing_else_is_expected() {
    let seen = |world: &World| {
        let item = world.item("HLT-103");
        let names: Vec<String> = item.subjects.iter().map(|subject| subject.name.clone()).collect();
        (item.verdict(), names)
    };
    let well = World::well()
        .addon("coredns", "ACTIVE")
        .addon("of-a-vendor", "ACTIVE");
    assert_eq!(
        seen(&well),
        (Verdict::Pass, vec![]),
        "CoreDNS is there, and nothing is known of the other"
    );
    let bare = well
        .clone()
        .of("deployments", json!([deployment("shop", "web", 2)]));
    let bare = bare.with("deployments", deployment("kube-system", "other", 1));
    assert_eq!(
        seen(&bare),
        (Verdict::Fail, vec!["Deployment/coredns".to_owned()])
    );
    assert!(
        bare.item("HLT-103").subjects[0]
            .says
            .contains("the EKS add-on coredns is installed")
    );
    let elsewhere = bare.clone().with("deployments", deployment("dns", "coredns", 2));
    assert_eq!(
        seen(&elsewhere).0,
        Verdict::Pass,
        "add-ons may live in another namespace"
    );
    let daemon = World::well()
        .addon("vpc-cni", "DEGRADED")
        .addon("kube-proxy", "CREATING");
    assert_eq!(
        seen(&daemon),
        (Verdict::Fail, vec!["DaemonSet/aws-node".to_owned()]),
        "one is being made"
    );
    let unread = daemon.of("daemonsets", json!("forbidden"));
    assert_eq!(
        seen(&unread).0,
        Verdict::Unknown,
        "what could not be read lacks nothing"
    );
}
