//! One cluster where all is well, and each thing that can be wrong with it.

use day2_core::{Cause, Unreadable};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::objects::HigherPolicy;

const VALUE: &str = "q-1";

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn unread<T>() -> Observed<T> {
    Err(Unreadable::new("list it", "prod-a", Cause::Denied, "403"))
}

fn pod_named(name: &str, labels: Value) -> PodDetail {
    let owner =
        json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "r", "controller": true});
    let mut it = json!({
        "metadata": {"namespace": "shop", "name": name, "uid": format!("uid-{name}"), "ownerReferences": [owner]},
        "spec": {"nodeName": "ip-10-0-0-1.ec2.internal"},
        "status": {"podIPs": [{"ip": "10.0.0.7"}]},
    });
    it["metadata"]["labels"] = labels;
    read(it)
}

fn quarantine() -> NetworkPolicy {
    read(json!({
        "metadata": {"namespace": "shop", "name": "day2-quarantine-uid-web", "uid": "p", "annotations": {
            "day2.dev/owner": "threat-containment:f1", "day2.dev/pod-uid": "uid-web"}},
        "spec": {"podSelector": {"matchLabels": {"day2.dev/quarantine": VALUE}}, "policyTypes": ["Ingress", "Egress"]},
    }))
}

fn policy(name: &str, spec: Value) -> NetworkPolicy {
    let mut it = json!({"metadata": {"namespace": "shop", "name": name}});
    it["spec"] = spec;
    read(it)
}

fn endpoint() -> Value {
    json!({
        "metadata": {"namespace": "shop", "name": "day2-quarantine-uid-web-x7"},
        "spec": {
            "policyRef": {"name": "day2-quarantine-uid-web", "namespace": "shop"},
            "podIsolation": ["Ingress", "Egress"],
            "podSelectorEndpoints": [{"name": "web", "namespace": "shop", "podIP": "10.0.0.7", "hostIP": "10.0.0.1"}],
        },
    })
}

/// A cluster where the pod is isolated.
struct World {
    pod: PodDetail,
    policies: Observed<Vec<NetworkPolicy>>,
    application: Observed<Option<Vec<NetworkPolicy>>>,
    higher: Vec<HigherTier>,
    endpoints: Observed<Option<Vec<PolicyEndpoint>>>,
    enforcer: Enforcer,
    runs_on: Option<RunsOn>,
}

impl World {
    fn well() -> Self {
        Self {
            pod: pod_named("web", json!({"app": "web", "day2.dev/quarantine": VALUE})),
            policies: Ok(vec![quarantine()]),
            application: Ok(Some(Vec::new())),
            higher: vec![HigherTier {
                kind: "clusternetworkpolicies.networking.k8s.aws".to_owned(),
                policies: Ok(Some(Vec::new())),
            }],
            endpoints: Ok(Some(vec![read(endpoint())])),
            enforcer: Enforcer::VpcCni(Ok(Some(NodeAgent {
                enforces: true,
                desired: 3,
                ready: 3,
            }))),
            runs_on: Some(RunsOn::Linux),
        }
    }

    fn with(change: impl FnOnce(&mut Self)) -> Isolation {
        let mut world = Self::well();
        change(&mut world);
        world.judge()
    }

    fn with_policy(spec: Value) -> Isolation {
        Self::with(|world| world.policies = Ok(vec![quarantine(), policy("other", spec)]))
    }

    fn judge(&self) -> Isolation {
        Isolation::of(&Observation {
            pod: &self.pod,
            value: VALUE,
            policies: &self.policies,
            application_policies: &self.application,
            higher: &self.higher,
            endpoints: &self.endpoints,
            enforcer: &self.enforcer,
            runs_on: self.runs_on,
        })
    }
}

fn agent(enforces: bool, ready: i64) -> Enforcer {
    Enforcer::VpcCni(Ok(Some(NodeAgent {
        enforces,
        desired: 3,
        ready,
    })))
}

fn endpoint_with(pointer: &str, value: Value) -> Vec<PolicyEndpoint> {
    let mut it = endpoint();
    *it.pointer_mut(pointer).unwrap() = value;
    vec![read(it)]
}

#[test]
fn a_pod_whose_quarantine_was_resolved_by_a_running_agent_is_isolated() {
    assert_eq!(World::with(|_| {}), Isolation::Isolated);
    let auto_mode = World::with(|world| world.enforcer = Enforcer::AutoMode);
    assert_eq!(auto_mode, Isolation::Isolated);
}

#[test]
fn what_makes_every_policy_void_is_not_isolation_k20() {
    type Wrong = (&'static str, fn(&mut World), Reason);
    let table: [Wrong; 14] = [
        ("host network", |w| w.pod.host_network = true, Reason::HostNetwork),
        (
            "no agent at all",
            |w| w.enforcer = Enforcer::VpcCni(Ok(None)),
            Reason::NoAgent,
        ),
        (
            "the agent is off",
            |w| w.enforcer = agent(false, 3),
            Reason::AgentOff,
        ),
        ("Fargate", |w| w.runs_on = Some(RunsOn::Fargate), Reason::Fargate),
        ("Windows", |w| w.runs_on = Some(RunsOn::Windows), Reason::Windows),
        (
            "a standalone pod",
            |w| w.pod.has_owner_references = false,
            Reason::NoOwnerReferences,
        ),
        (
            "a standalone pod in Auto Mode",
            |w| {
                w.enforcer = Enforcer::AutoMode;
                w.pod.has_owner_references = false;
            },
            Reason::NoOwnerReferences,
        ),
        ("no policy", |w| w.policies = Ok(Vec::new()), Reason::NoQuarantine),
        (
            "a policy of another pod",
            |w| w.pod.uid = "uid-new".to_owned(),
            Reason::NoQuarantine,
        ),
        (
            "an altered policy",
            |w| {
                let mut altered = quarantine();
                altered.egress = Some(Opening {
                    rules: 1,
                    everything: false,
                });
                w.policies = Ok(vec![altered]);
            },
            Reason::NoQuarantine,
        ),
        ("the label is gone", |w| w.pod.labels.clear(), Reason::NotLabelled),
        (
            "kind not served",
            |w| w.endpoints = Ok(None),
            Reason::NoPolicyEndpoints,
        ),
        (
            "not resolved",
            |w| w.endpoints = Ok(Some(Vec::new())),
            Reason::NotResolved,
        ),
        (
            "resolved to an old address",
            |w| {
                w.endpoints = Ok(Some(endpoint_with(
                    "/spec/podSelectorEndpoints/0/podIP",
                    json!("10.0.0.6"),
                )));
            },
            Reason::StaleEndpoint,
        ),
    ];
    for (what, change, reason) in table {
        let verdict = World::with(change);
        let Isolation::NotIsolated(reasons) = &verdict else {
            panic!("{what}: {verdict:?}");
        };
        assert!(reasons.contains(&reason), "{what}: {reasons:?}");
    }
}

#[test]
fn another_engine_is_taken_at_its_word_but_not_on_fargate_or_the_nodes_network_k20() {
    let declared = |change: fn(&mut World)| {
        World::with(|world| {
            world.enforcer = Enforcer::Declared("cilium".to_owned());
            world.endpoints = Ok(None);
            world.pod.has_owner_references = false;
            change(world);
        })
    };
    assert_eq!(declared(|_| {}), Isolation::Isolated);
    assert_eq!(
        declared(|w| w.runs_on = Some(RunsOn::Fargate)),
        Isolation::NotIsolated(vec![Reason::Fargate])
    );
    assert_eq!(
        declared(|w| w.pod.host_network = true),
        Isolation::NotIsolated(vec![Reason::HostNetwork])
    );
}

#[test]
fn what_cannot_be_read_is_never_isolation() {
    type Blind = (&'static str, fn(&mut World));
    let table: [Blind; 8] = [
        ("policies", |w| w.policies = unread()),
        ("application policies", |w| w.application = unread()),
        ("higher policies", |w| w.higher[0].policies = unread()),
        ("endpoints", |w| w.endpoints = unread()),
        ("the agent", |w| w.enforcer = Enforcer::VpcCni(unread())),
        ("the node", |w| w.runs_on = None),
        ("an agent that is not ready everywhere", |w| {
            w.enforcer = agent(true, 2);
        }),
        ("an endpoint that lets something out", |w| {
            w.endpoints = Ok(Some(endpoint_with("/spec/podIsolation", json!(["Ingress"]))));
        }),
    ];
    for (what, change) in table {
        let verdict = World::with(change);
        let partial = matches!(&verdict, Isolation::Partial(reasons) if reasons.len() == 1);
        assert!(partial, "{what}: {verdict:?}");
    }
}

#[test]
fn every_other_policy_that_opens_something_is_named_with_its_direction() {
    let web = json!({"matchLabels": {"app": "web"}});
    let expr = |operator: &str, values: Value| json!({"matchExpressions": [{"key": "app", "operator": operator, "values": values}]});
    let dns = json!([{"ports": [{"port": 53}]}]);
    let (nothing, ingress, egress) = (
        Directions::default(),
        Directions {
            ingress: true,
            egress: false,
        },
        Directions {
            ingress: false,
            egress: true,
        },
    );
    for (what, spec, open, everything) in [
        (
            "egress to DNS",
            json!({"podSelector": web, "policyTypes": ["Egress"], "egress": dns}),
            egress,
            nothing,
        ),
        (
            "egress to all",
            json!({"podSelector": web, "policyTypes": ["Egress"], "egress": [{}]}),
            egress,
            egress,
        ),
        (
            "an empty list of peers is all",
            json!({"podSelector": web, "policyTypes": ["Egress"], "egress": [{"to": []}]}),
            egress,
            egress,
        ),
        (
            "of the whole namespace",
            json!({"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}]}]}),
            ingress,
            nothing,
        ),
        (
            "egress by default",
            json!({"podSelector": {}, "egress": dns}),
            egress,
            nothing,
        ),
        (
            "by expression",
            json!({"podSelector": expr("In", json!(["web"])), "ingress": [{}]}),
            ingress,
            ingress,
        ),
        (
            "by absence",
            json!({"podSelector": expr("NotIn", json!(["api"])), "ingress": [{}]}),
            ingress,
            ingress,
        ),
    ] {
        let expected = Reason::OtherPolicy {
            kind: "NetworkPolicy",
            name: "other".to_owned(),
            open,
            everything,
        };
        assert_eq!(
            World::with_policy(spec),
            Isolation::Partial(vec![expected]),
            "{what}"
        );
    }
}

#[test]
fn a_policy_that_opens_everything_both_ways_undoes_the_quarantine_and_one_that_opens_nothing_is_none_of_its_business()
 {
    let expr = |operator: &str, values: Value| json!({"matchExpressions": [{"key": "app", "operator": operator, "values": values}]});
    let both = World::with_policy(json!({"podSelector": {}, "ingress": [{}], "egress": [{}]}));
    assert!(
        matches!(&both, Isolation::NotIsolated(reasons) if reasons.len() == 1),
        "{both:?}"
    );
    for (what, spec) in [
        (
            "another app's",
            json!({"podSelector": {"matchLabels": {"app": "api"}}, "ingress": [{}]}),
        ),
        (
            "one that only closes",
            json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}),
        ),
        (
            "rules without their type",
            json!({"podSelector": {}, "policyTypes": ["Ingress"], "egress": [{}]}),
        ),
        (
            "by expression, of another",
            json!({"podSelector": expr("DoesNotExist", Value::Null), "ingress": [{}]}),
        ),
    ] {
        assert_eq!(World::with_policy(spec), Isolation::Isolated, "{what}");
    }
    let odd = World::with_policy(json!({"podSelector": expr("Resembles", json!(["w"])), "ingress": [{}]}));
    assert!(
        matches!(&odd, Isolation::Partial(why) if matches!(why[0], Reason::UnknownSelector { .. })),
        "{odd:?}"
    );
    let by_domain = World::with(|world| {
        let web = json!({"matchLabels": {"app": "web"}});
        let opens = json!({"podSelector": web, "policyTypes": ["Egress"], "egress": [{"to": [{"domainNames": ["x.example"]}]}]});
        world.application = Ok(Some(vec![policy("domains", opens)]));
    });
    assert!(
        by_domain.reasons()[0]
            .to_string()
            .contains("ApplicationNetworkPolicy `domains`"),
        "{by_domain:?}"
    );
}

#[test]
fn a_policy_above_all_namespaces_that_accepts_something_is_named() {
    let tier = |policy: Value| {
        let read: HigherPolicy = read(policy);
        World::with(|world| world.higher[0].policies = Ok(Some(vec![read])))
    };
    let of = |tier: &str, action: &str| json!({"metadata": {"name": "it"}, "spec": {"tier": tier, "egress": [{"action": action}]}});
    assert!(matches!(tier(of("Admin", "Accept")), Isolation::Partial(_)));
    assert!(matches!(tier(of("Admin", "Allow")), Isolation::Partial(_)));
    assert!(matches!(tier(of("Admin", "SomethingNew")), Isolation::Partial(_)));
    for (level, action) in [("Admin", "Deny"), ("Admin", "Pass"), ("Baseline", "Accept")] {
        assert_eq!(tier(of(level, action)), Isolation::Isolated, "{level} {action}");
    }
    let unserved = World::with(|world| world.higher[0].policies = Ok(None));
    assert_eq!(unserved, Isolation::Isolated);
}

#[test]
fn exactly_one_of_three_replicas_is_selected_k19() {
    let replica = |name: &str| pod_named(name, json!({"app": "web", "pod-template-hash": "abc"}));
    let mut pods = [replica("web-1"), replica("web-2"), replica("web-3")];
    pods[1]
        .labels
        .insert("day2.dev/quarantine".to_owned(), VALUE.to_owned());
    let mut elsewhere = pods[1].clone();
    elsewhere.namespace = "other".to_owned();
    let all = pods.iter().chain([&elsewhere]);
    let names: Vec<&str> = selected(&quarantine(), all)
        .iter()
        .map(|pod| pod.name.as_str())
        .collect();
    assert_eq!(names, ["web-2"]);
}

#[test]
fn where_a_pod_runs_is_told_by_itself_and_its_node() {
    let node = |labels: Value| -> Node { read(json!({"metadata": {"name": "n", "labels": labels}})) };
    let pod = pod_named("web", json!({}));
    let of = |labels: Value| RunsOn::of(&pod, Some(&node(labels)));
    assert_eq!(of(json!({"kubernetes.io/os": "linux"})), Some(RunsOn::Linux));
    assert_eq!(of(json!({"kubernetes.io/os": "windows"})), Some(RunsOn::Windows));
    assert_eq!(
        of(json!({"eks.amazonaws.com/compute-type": "fargate", "kubernetes.io/os": "linux"})),
        Some(RunsOn::Fargate)
    );
    assert_eq!(of(json!({})), None);
    assert_eq!(RunsOn::of(&pod, None), None);
    let mut on_fargate = pod.clone();
    on_fargate.node = Some("fargate-ip-10-0-0-1.ec2.internal".to_owned());
    assert_eq!(RunsOn::of(&on_fargate, None), Some(RunsOn::Fargate));
}

fn rank(verdict: &Isolation) -> u8 {
    match verdict {
        Isolation::NotIsolated(_) => 0,
        Isolation::Partial(_) => 1,
        Isolation::Isolated => 2,
    }
}

/// Any policy, of any selector that a pod may fall under.
fn any_policy() -> impl Strategy<Value = NetworkPolicy> {
    let rules = prop_oneof![
        Just(Value::Null),
        Just(json!([])),
        Just(json!([{}])),
        Just(json!([{"ports": [{"port": 443}]}])),
        Just(json!([{"ports": [{"port": 53}]}, {}])),
    ];
    let selector = prop_oneof![
        Just(json!({})),
        Just(json!({"matchLabels": {"app": "web"}})),
        Just(json!({"matchLabels": {"app": "api"}})),
        Just(json!({"matchExpressions": [{"key": "app", "operator": "Exists"}]})),
        Just(json!({"matchExpressions": [{"key": "app", "operator": "Unheard"}]})),
    ];
    let types = prop_oneof![
        Just(Value::Null),
        Just(json!(["Ingress"])),
        Just(json!(["Egress"])),
        Just(json!(["Ingress", "Egress"])),
    ];
    (selector, types, rules.clone(), rules).prop_map(|(selector, types, ingress, egress)| {
        policy(
            "any",
            json!({"podSelector": selector, "policyTypes": types, "ingress": ingress, "egress": egress}),
        )
    })
}

proptest! {
    #[test]
    fn one_more_policy_never_isolates_a_pod_more(
        before in prop::collection::vec(any_policy(), 0..5),
        more in any_policy(),
        ours in any::<bool>(),
        host_network in any::<bool>(),
    ) {
        let mut world = World::well();
        world.pod.host_network = host_network;
        let mut policies = before;
        if ours {
            policies.push(quarantine());
        }
        world.policies = Ok(policies.clone());
        let without = rank(&world.judge());
        policies.push(more);
        world.policies = Ok(policies);
        prop_assert!(rank(&world.judge()) <= without);
    }

    #[test]
    fn what_selects_the_pod_and_opens_something_never_leaves_it_isolated(other in any_policy()) {
        let mut world = World::well();
        let opens = [other.ingress, other.egress].iter().flatten().any(|opening| !opening.is_closed());
        let concerns = opens && (other.selects(&world.pod.labels) || !other.selector.is_known());
        world.policies = Ok(vec![quarantine(), other]);
        prop_assert_eq!(world.judge() != Isolation::Isolated, concerns);
    }
}
