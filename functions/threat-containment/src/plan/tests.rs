//! What is planned, and what is left out with a reason.

use day2_core::containment::{Containment, Measure};
use day2_core::target::Target;
use day2_kube::objects::{Controller, HorizontalPodAutoscaler, Node, Owner, PodDetail, ScaledObject};
use day2_kube::{ChainEnd, Listed, Owners};
use serde_json::{Value, json};

use super::eradicate::{Ground, eradicate, most_of_owner};
use super::isolate::{denied, isolate};
use super::node::node;
use super::*;
use crate::facts::{DnsPod, GroupMember, NodeFacts, WorkloadFacts};
use crate::settings::tests::settings_with;

const ID: &str = "prod-a.0f3a";
const UID: &str = "33a3c89e-3280-474d-b8cb-fdf03394fc15";

fn pod(namespace: &str) -> PodDetail {
    serde_json::from_value(json!({
        "metadata": {"namespace": namespace, "name": "web-1", "uid": UID, "resourceVersion": "7",
                     "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "r", "controller": true}]},
        "spec": {"nodeName": "node-1", "containers": [{"name": "app", "image": "web:1"}]},
    }))
    .unwrap()
}

fn controller(kind: &str, replicas: i64, ready: i64) -> Controller {
    let api_version = match kind {
        "Rollout" => "argoproj.io/v1alpha1",
        "Job" | "CronJob" => "batch/v1",
        _ => "apps/v1",
    };
    Controller {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace: "shop".to_owned(),
        name: "web".to_owned(),
        uid: "d-1".to_owned(),
        owner: None,
        replicas: Some(replicas),
        ready: Some(ready),
        suspended: false,
        deleting: false,
        marks: std::collections::BTreeMap::new(),
    }
}

fn owned_by(controllers: Vec<Controller>, end: ChainEnd) -> Owners {
    Owners { controllers, end }
}

fn workload(autoscalers: Vec<HorizontalPodAutoscaler>, scaled: Option<Vec<ScaledObject>>) -> WorkloadFacts {
    WorkloadFacts {
        autoscalers: Ok(autoscalers),
        scaled_objects: Ok(scaled),
        account: Ok(None),
        pod_identity: Ok(Vec::new()),
        actors: None,
        siblings: Ok(Listed::whole(Vec::new())),
    }
}

fn ended(namespace: &str, owners: &Owners, facts: &WorkloadFacts, replaced: &Value) -> Draft {
    let mut settings = json!({"eradicate": "auto"});
    for (key, value) in replaced.as_object().into_iter().flatten() {
        settings[key] = value.clone();
    }
    let settings = settings_with(&settings);
    let pod = pod(namespace);
    let ground = Ground {
        pod: &pod,
        owners,
        workload: facts,
        contained: 1,
        containment_id: ID,
    };
    eradicate(ground, &settings.function)
}

fn skipped(draft: &Draft) -> String {
    let lines: Vec<String> = draft
        .skips
        .iter()
        .map(|skip| format!("{}: {}", skip.resource, skip.why))
        .collect();
    lines.join("\n")
}

#[test]
fn a_pod_is_cut_off_by_a_label_and_a_policy_of_its_own_uid_k17_k18() {
    let settings = settings_with(&json!({}));
    let draft = isolate(&pod("shop"), &settings.function, ID);
    let [label, policy] = &draft.measures[..] else {
        panic!("{:?}", draft.measures)
    };
    assert_eq!(
        label.measure,
        Measure::Label {
            value: UID.to_owned()
        }
    );
    let name = format!("day2-quarantine-{UID}");
    assert_eq!(policy.measure, Measure::Policy { name, uid: None });
    assert!(label.undo.contains("threat-release") && label.undo.contains(ID));
}

#[test]
fn in_a_denied_namespace_a_pod_is_labelled_and_nothing_else_is_done_k22() {
    let settings = settings_with(&json!({"denied_namespaces": ["payments*"]}));
    for namespace in [
        "kube-system",
        "kube-node-lease",
        "calico-system",
        "istio-system",
        "payments-eu",
    ] {
        let draft = isolate(&pod(namespace), &settings.function, ID);
        assert_eq!(draft.measures.len(), 1, "{namespace}");
        assert!(
            matches!(draft.measures[0].measure, Measure::Label { .. }),
            "{namespace}"
        );
        let owners = owned_by(vec![controller("Deployment", 1, 1)], ChainEnd::Top);
        let ending = ended(
            namespace,
            &owners,
            &workload(vec![], None),
            &json!({"denied_namespaces": ["payments*"]}),
        );
        assert!(ending.measures.is_empty(), "{namespace}");
        assert!(skipped(&ending).contains("deny list"), "{}", skipped(&ending));
    }
    assert!(
        denied(&settings.function, "shop").is_none() && denied(&settings.function, "kube-systems").is_none()
    );
}

#[test]
fn only_kinds_whose_zero_is_known_are_scaled_k14() {
    let facts = workload(vec![], None);
    let owner = Owner {
        api_version: "x/v1".to_owned(),
        kind: "Thing".to_owned(),
        name: "t".to_owned(),
        uid: "u".to_owned(),
    };
    for (kind, scales, says) in [
        ("Deployment", true, ""),
        ("StatefulSet", true, ""),
        ("ReplicaSet", true, ""),
        ("DaemonSet", false, "never scaled"),
        ("Job", false, "may_delete_pods"),
        ("CronJob", false, "suspend it"),
        ("Rollout", false, "operator of kind Rollout"),
    ] {
        let owners = owned_by(vec![controller(kind, 1, 1)], ChainEnd::Top);
        let draft = ended("shop", &owners, &facts, &json!({}));
        assert_eq!(draft.measures.len(), usize::from(scales), "{kind}");
        assert!(skipped(&draft).contains(says), "{kind}: {}", skipped(&draft));
    }
    let why = day2_core::Unreadable::new("get things", "c", day2_core::Cause::Denied, "no");
    for end in [
        ChainEnd::Naked,
        ChainEnd::Static,
        ChainEnd::Missing(owner.clone()),
        ChainEnd::Replaced(owner.clone()),
        ChainEnd::NotServed(owner.clone()),
        ChainEnd::TooLong(owner.clone()),
        ChainEnd::Unreadable(owner, why),
    ] {
        let draft = ended("shop", &owned_by(vec![], end.clone()), &facts, &json!({}));
        assert!(draft.measures.is_empty() && !draft.skips.is_empty(), "{end:?}");
    }
}

#[test]
fn a_pod_without_a_controller_is_deleted_only_where_the_settings_say_so() {
    let facts = workload(vec![], None);
    let may = json!({"workload": {"may_delete_pods": true}});
    for owners in [
        owned_by(vec![], ChainEnd::Naked),
        owned_by(vec![controller("Job", 1, 1)], ChainEnd::Top),
    ] {
        let draft = ended("shop", &owners, &facts, &may);
        assert_eq!(draft.measures.len(), 1);
        assert_eq!(draft.measures[0].measure, Measure::DeletePod);
    }
    // A deleted pod of a CronJob comes back at its next time, and somebody must hear of it.
    let owners = owned_by(vec![controller("CronJob", 1, 1)], ChainEnd::Top);
    let draft = ended("shop", &owners, &facts, &may);
    assert_eq!(draft.measures.len(), 1);
    assert!(skipped(&draft).contains("suspend it"), "{}", skipped(&draft));
    // What a kubelet or a DaemonSet runs comes back: never.
    for owners in [
        owned_by(vec![], ChainEnd::Static),
        owned_by(vec![controller("DaemonSet", 1, 1)], ChainEnd::Top),
    ] {
        assert!(ended("shop", &owners, &facts, &may).measures.is_empty());
    }
}

#[test]
fn healthy_replicas_serve_on_unless_the_settings_let_them_be_stopped_k16() {
    let facts = workload(vec![], None);
    let owners = owned_by(vec![controller("Deployment", 3, 3)], ChainEnd::Top);
    let draft = ended("shop", &owners, &facts, &json!({}));
    assert!(draft.measures.is_empty());
    assert!(
        skipped(&draft).contains("2 other replicas are ready"),
        "{}",
        skipped(&draft)
    );
    let may = json!({"workload": {"may_stop_healthy_replicas": true}});
    let draft = ended("shop", &owners, &facts, &may);
    let Measure::Scale {
        replicas_before, uid, ..
    } = &draft.measures[0].measure
    else {
        panic!("{:?}", draft.measures)
    };
    assert_eq!((*replicas_before, uid.as_str()), (3, "d-1"));
    let zero = owned_by(vec![controller("Deployment", 0, 0)], ChainEnd::Top);
    assert!(ended("shop", &zero, &facts, &may).measures.is_empty());
}

#[test]
fn nothing_is_ended_by_default_and_nothing_else_is_left_out_by_that() {
    let owners = owned_by(vec![controller("Deployment", 1, 1)], ChainEnd::Top);
    let draft = ended(
        "shop",
        &owners,
        &workload(vec![], None),
        &json!({"eradicate": "never"}),
    );
    assert!(draft.measures.is_empty() && skipped(&draft).contains("eradicate is never"));
}

#[test]
fn keda_is_paused_before_the_workload_is_scaled_and_a_pause_of_others_is_left_k15() {
    let scaled = |annotations: Value| -> ScaledObject {
        serde_json::from_value(json!({
            "metadata": {"namespace": "shop", "name": "web", "uid": "s-1", "annotations": annotations},
            "spec": {"scaleTargetRef": {"name": "web", "kind": "Deployment"}, "minReplicaCount": 1, "maxReplicaCount": 5},
        }))
        .unwrap()
    };
    let owners = owned_by(vec![controller("Deployment", 1, 1)], ChainEnd::Top);
    let draft = ended(
        "shop",
        &owners,
        &workload(vec![], Some(vec![scaled(json!({}))])),
        &json!({}),
    );
    let kinds: Vec<bool> = draft
        .measures
        .iter()
        .map(|one| matches!(one.measure, Measure::PauseScaledObject { .. }))
        .collect();
    assert_eq!(kinds, [true, false], "{:?}", draft.measures);
    let paused = scaled(json!({"autoscaling.keda.sh/paused": "true"}));
    let draft = ended("shop", &owners, &workload(vec![], Some(vec![paused])), &json!({}));
    assert_eq!(draft.measures.len(), 1);
    assert!(
        skipped(&draft).contains("by somebody else"),
        "{}",
        skipped(&draft)
    );
    // Where KEDA cannot be seen it would bring the workload back: nothing is scaled.
    let mut unseen = workload(vec![], None);
    unseen.scaled_objects = Err(day2_core::Unreadable::new(
        "list",
        "c",
        day2_core::Cause::Denied,
        "no",
    ));
    assert!(ended("shop", &owners, &unseen, &json!({})).measures.is_empty());
}

#[test]
fn who_sets_it_back_is_named_and_does_not_stop_us_k15() {
    let mut top = controller("Deployment", 1, 1);
    top.marks.insert(
        "argocd.argoproj.io/tracking-id".to_owned(),
        "shop:apps/Deployment:shop/web".to_owned(),
    );
    let owners = owned_by(vec![top], ChainEnd::Top);
    let draft = ended("shop", &owners, &workload(vec![], None), &json!({}));
    assert_eq!(draft.measures.len(), 1);
    assert!(
        skipped(&draft).contains("Argo CD application shop"),
        "{}",
        skipped(&draft)
    );
}

fn node_of(name: &str, group: &str, unschedulable: bool, ready: bool) -> Node {
    let ready = if ready { "True" } else { "False" };
    serde_json::from_value(json!({
        "metadata": {"name": name, "uid": format!("{name}-uid"), "labels": {"eks.amazonaws.com/nodegroup": group}},
        "spec": {"providerID": format!("aws:///us-east-1a/i-{name}"), "unschedulable": unschedulable},
        "status": {"conditions": [{"type": "Ready", "status": ready}]},
    }))
    .unwrap()
}

fn around(nodes: Vec<Node>) -> NodeFacts {
    let dns = |node: &str| DnsPod {
        node: Some(node.to_owned()),
        ready: true,
    };
    NodeFacts {
        nodes: Ok(nodes),
        dns: Ok(vec![dns("node-1"), dns("node-2")]),
        member: Ok(Some(GroupMember {
            group: "asg".to_owned(),
            protected: false,
        })),
    }
}

fn node_plan(facts: &NodeFacts, replaced: &Value) -> Draft {
    let settings = settings_with(replaced);
    let target: &Target = settings.target("prod-a").unwrap();
    node(&pod("shop"), facts, &settings.function.node, target, ID)
}

fn cordons(draft: &Draft) -> bool {
    draft
        .measures
        .iter()
        .any(|one| matches!(one.measure, Measure::Cordon { .. }))
}

#[test]
fn the_node_is_cordoned_and_kept_within_its_caps_k23() {
    let nodes = |cordoned: usize, all: usize| {
        (1..=all)
            .map(|number| {
                node_of(
                    &format!("node-{number}"),
                    "web",
                    number > 1 && number <= cordoned + 1,
                    true,
                )
            })
            .collect::<Vec<_>>()
    };
    let draft = node_plan(&around(nodes(0, 10)), &json!({}));
    assert!(cordons(&draft));
    assert!(
        draft
            .measures
            .iter()
            .any(|one| matches!(one.measure, Measure::ScaleInProtection { .. }))
    );
    // By count, by share, and one node always may be.
    assert!(!cordons(&node_plan(&around(nodes(3, 100)), &json!({}))));
    assert!(cordons(&node_plan(&around(nodes(2, 100)), &json!({}))));
    assert!(!cordons(&node_plan(&around(nodes(1, 5)), &json!({}))));
    assert!(cordons(&node_plan(&around(nodes(0, 3)), &json!({}))));
    assert!(!cordons(&node_plan(
        &around(nodes(0, 10)),
        &json!({"node": {"cordon": false}})
    )));
}

#[test]
fn the_last_node_of_a_group_and_that_of_the_last_dns_are_left_open_k23() {
    let others = |ready: bool, group: &str| {
        vec![
            node_of("node-1", "web", false, true),
            node_of("node-2", group, false, ready),
            node_of("node-3", "db", false, true),
        ]
    };
    assert!(cordons(&node_plan(&around(others(true, "web")), &json!({}))));
    for facts in [around(others(false, "web")), around(others(true, "db"))] {
        let draft = node_plan(&facts, &json!({}));
        assert!(
            !cordons(&draft) && skipped(&draft).contains("last node of web"),
            "{}",
            skipped(&draft)
        );
        // Its instance is kept all the same.
        assert_eq!(draft.measures.len(), 1);
    }
    let mut facts = around(others(true, "web"));
    facts.dns = Ok(vec![
        DnsPod {
            node: Some("node-1".to_owned()),
            ready: true,
        },
        DnsPod {
            node: Some("node-2".to_owned()),
            ready: false,
        },
    ]);
    assert!(!cordons(&node_plan(&facts, &json!({}))));
    facts.dns = Err(day2_core::Unreadable::new(
        "list pods",
        "c",
        day2_core::Cause::Denied,
        "no",
    ));
    assert!(!cordons(&node_plan(&facts, &json!({}))));
}

#[test]
fn a_cordon_of_somebody_else_is_left_and_ours_is_found_again_k25_d12() {
    let mut nodes = vec![
        node_of("node-1", "web", true, true),
        node_of("node-2", "web", false, true),
    ];
    let draft = node_plan(&around(nodes.clone()), &json!({}));
    assert!(
        !cordons(&draft) && skipped(&draft).contains("never lifted by us"),
        "{}",
        skipped(&draft)
    );
    nodes[0].cordon_owner = Some(owner(ID));
    assert!(cordons(&node_plan(&around(nodes), &json!({}))));
}

#[test]
fn a_node_that_is_gone_or_unread_is_left_alone_k24() {
    let gone = around(vec![node_of("node-2", "web", false, true)]);
    assert!(node_plan(&gone, &json!({})).measures.is_empty());
    let mut unread = around(vec![]);
    unread.nodes = Err(day2_core::Unreadable::new(
        "list nodes",
        "c",
        day2_core::Cause::Denied,
        "no",
    ));
    assert!(node_plan(&unread, &json!({})).measures.is_empty());
}

#[test]
fn a_workload_is_never_cut_off_as_a_whole_but_one_pod_always_may_be_d10() {
    for (replicas, share, most) in [
        (Some(1), 50.0, 1),
        (Some(3), 50.0, 1),
        (Some(4), 50.0, 2),
        (Some(10), 50.0, 5),
        (Some(10), 0.0, 1),
        (Some(0), 50.0, 1),
        (Some(-4), 50.0, 1),
        (None, 50.0, 1),
        (Some(i64::MAX), 100.0, u32::MAX),
    ] {
        assert_eq!(most_of_owner(replicas, share), most, "{replicas:?} {share}");
    }
}

#[test]
fn a_plan_has_the_same_id_whenever_it_is_made_and_another_for_another_pod() {
    let settings = settings_with(&json!({}));
    let about = |uid: &str| About {
        namespace: "shop".to_owned(),
        pod: "web-1".to_owned(),
        uid: uid.to_owned(),
        finding: "f".to_owned(),
        generation: 1,
    };
    let id = |uid: &str| {
        let mut pod = pod("shop");
        pod.uid = uid.to_owned();
        let containment = Containment::id_of("prod-a", uid, 1);
        let draft = isolate(&pod, &settings.function, &containment);
        let plan = day2_core::action::Plan {
            steps: draft.measures.iter().map(|one| step(one, &about(uid))).collect(),
            skips: vec![],
            refusals: vec![],
        };
        plan.id(NAME, "prod-a")
    };
    assert_eq!(id("a"), id("a"));
    assert_ne!(id("a"), id("b"));
}

#[test]
fn a_uid_that_fits_no_label_becomes_one_that_does_and_still_selects_one_pod_e13() {
    let mut values = std::collections::BTreeSet::new();
    for uid in [
        "a".repeat(70),
        "b".repeat(70),
        "x/y z".to_owned(),
        "-u".to_owned(),
        String::new(),
        UID.to_owned(),
    ] {
        let pod = PodDetail {
            uid: uid.clone(),
            ..pod("shop")
        };
        let draft = super::isolate::label_only(&pod, ID);
        let Measure::Label { value } = &draft.measures[0].measure else {
            panic!("{draft:?}")
        };
        let edges = value.starts_with('-') || value.ends_with('-');
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
        assert!(
            (1..=63).contains(&value.len()) && value.chars().all(fits) && !edges,
            "{uid:?}: {value:?}"
        );
        assert!(
            values.insert(value.clone()),
            "{uid:?} and another pod are both {value}"
        );
    }
}

#[test]
fn a_pod_of_another_version_of_kubernetes_is_planned_for_all_the_same_k26() {
    let odd = [
        json!({"spec": {"nodeName": "node-1", "containers": null, "initContainers": null, "ephemeralContainers": null,
                        "fieldOfTomorrow": {"a": [1]}},
               "status": null}),
        json!({"spec": {"containers": [{"name": null, "image": null, "env": null, "resizePolicy": [{}]}]},
               "status": {"phase": null, "podIPs": null, "containerStatuses": [{"restartCount": 99_999_999_999_u64}]}}),
        json!({}),
    ];
    for mut object in odd {
        object["metadata"] = json!({
            "namespace": "shop", "name": "web-1", "uid": UID, "generation": u64::MAX, "labels": null, "annotations": null,
            "ownerReferences": null, "finalizers": null, "managedFields": [{"manager": "x", "fieldsV1": {"f:spec": {}}}],
        });
        let pod: PodDetail = serde_json::from_value(object).unwrap();
        let settings = settings_with(&json!({"eradicate": "auto", "workload": {"may_delete_pods": true}}));
        let draft = isolate(&pod, &settings.function, ID);
        assert_eq!(draft.measures.len(), 2, "{draft:?}");
        let owners = owned_by(Vec::new(), ChainEnd::Naked);
        let facts = workload(Vec::new(), None);
        let ground = Ground {
            pod: &pod,
            owners: &owners,
            workload: &facts,
            contained: 1,
            containment_id: ID,
        };
        let ending = eradicate(ground, &settings.function);
        assert_eq!(ending.measures[0].measure, Measure::DeletePod);
        assert!(ending.measures[0].before.contains(UID));
    }
}
