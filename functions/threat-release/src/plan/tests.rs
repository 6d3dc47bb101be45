use day2_core::Cause;
use day2_core::action::Plan;
use day2_core::containment::sessions::policy_document;
use day2_core::containment::{ContainedPod, ContainmentState, Sealed};
use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::facts::Seen;

const POD_UID: &str = "0f4f3f7e-9d34-4c3b-9a51-7d7b7f0a1c2d";
const OWNER: &str = "threat-containment:prod-a.1";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn pod() -> ContainedPod {
    ContainedPod {
        uid: POD_UID.to_owned(),
        namespace: "shop".to_owned(),
        name: "web-1".to_owned(),
        node: Some("ip-10-0-1-7".to_owned()),
        owner: Some("Deployment shop/web".to_owned()),
    }
}

fn taken(resource: &str, measure: Measure) -> Taken {
    Taken {
        resource: resource.to_owned(),
        measure,
        before: "before".to_owned(),
        after: "after".to_owned(),
        undo: "undo".to_owned(),
        state: MeasureState::Active,
        says: String::new(),
        changed_at: None,
    }
}

/// Every kind of measure, in the order of a containment.
fn all() -> Vec<Taken> {
    vec![
        taken(
            "pod shop/web-1",
            Measure::Label {
                value: POD_UID.to_owned(),
            },
        ),
        taken(
            "policy shop/q",
            Measure::Policy {
                name: "q".to_owned(),
                uid: Some("policy-uid".to_owned()),
            },
        ),
        taken(
            "node ip-10-0-1-7",
            Measure::Cordon {
                node: "ip-10-0-1-7".to_owned(),
                uid: "node-uid".to_owned(),
                owner: OWNER.to_owned(),
            },
        ),
        taken(
            "instance i-1",
            Measure::ScaleInProtection {
                group: "asg".to_owned(),
                instance: "i-1".to_owned(),
            },
        ),
        taken(
            "ScaledObject shop/web",
            Measure::PauseScaledObject {
                name: "web".to_owned(),
                uid: "so-uid".to_owned(),
                owner: OWNER.to_owned(),
            },
        ),
        taken(
            "Deployment shop/web",
            Measure::Scale {
                workload: "Deployment".to_owned(),
                name: "web".to_owned(),
                uid: "web-uid".to_owned(),
                replicas_before: 3,
            },
        ),
        denial("checkout"),
        denial("checkout-by-identity"),
    ]
}

fn denial(role: &str) -> Taken {
    taken(
        &format!("policy day2-older-sessions-1 of role {role}"),
        Measure::DenySessions {
            role: format!("arn:aws:iam::123456789012:role/{role}"),
            policy: "day2-older-sessions-1".to_owned(),
            issued_before: Some(at("2026-03-06T11:30:21Z")),
        },
    )
}

/// What is there while a containment is in force and nobody has touched it.
fn as_made(measure: &Measure) -> Seen {
    match measure {
        Measure::Label { value } => Seen::Pod {
            uid: POD_UID.to_owned(),
            label: Some(value.clone()),
        },
        Measure::Policy { uid, .. } => Seen::Policy {
            uid: uid.clone().unwrap_or_else(|| "policy-uid".to_owned()),
            ours: true,
        },
        Measure::Cordon { uid, owner, .. } => Seen::Node {
            uid: uid.clone(),
            unschedulable: true,
            owner: Some(owner.clone()),
        },
        Measure::ScaleInProtection { group, .. } => Seen::Instance {
            group: group.clone(),
            protected: true,
        },
        Measure::DenySessions { issued_before, .. } => Seen::RolePolicy {
            document: policy_document(issued_before.unwrap()),
        },
        Measure::PauseScaledObject { uid, owner, .. } => Seen::ScaledObject {
            uid: uid.clone(),
            paused: true,
            owner: Some(owner.clone()),
        },
        Measure::Scale { uid, .. } => Seen::Workload {
            uid: uid.clone(),
            replicas: 0,
        },
        Measure::DeletePod => Seen::Nothing,
    }
}

pub(crate) fn containment(id: &str) -> Containment {
    Containment {
        id: id.to_owned(),
        target: "prod-a".to_owned(),
        pod: pod(),
        generation: 1,
        finding: "123456789012/us-east-1/f-1".to_owned(),
        finding_type: "CryptoCurrency:Runtime/BitcoinTool.B".to_owned(),
        opened_at: at("2026-03-06T11:30:00Z"),
        request_id: "r-1".to_owned(),
        measures: all(),
        evidence: vec![Sealed {
            manifest_key: "evidence/prod-a/pod/x/manifest-1.json".to_owned(),
            sha256: "00".repeat(32),
            version_id: Some("v".to_owned()),
            artefacts: 12,
            complete: true,
            at: at("2026-03-06T11:31:00Z"),
        }],
        state: ContainmentState::Open,
        released_at: None,
        noted: 4,
        joined: Vec::new(),
        version: 3,
    }
}

fn facts(containment: &Containment) -> Facts {
    let measures = containment.in_force().cloned();
    Facts {
        measures: measures
            .map(|taken| {
                let seen = as_made(&taken.measure);
                (taken, Ok(seen))
            })
            .collect(),
        containment: Ok(Some(containment.clone())),
        others: Ok(Vec::new()),
    }
}

fn released(facts: &Facts) -> Assessment<Change> {
    plan(facts, "prod-a.1", "prod-a")
}

fn resources(plan: &Plan<Change>) -> Vec<&str> {
    plan.steps.iter().map(|step| step.resource.as_str()).collect()
}

/// The facts with another sight of one resource.
fn with(resource: &str, seen: &Seen) -> Facts {
    let mut facts = facts(&containment("prod-a.1"));
    for (taken, was) in &mut facts.measures {
        if taken.resource == resource {
            *was = Ok(seen.clone());
        }
    }
    facts
}

fn verdict(assessment: &Assessment<Change>, code: &str) -> Verdict {
    assessment
        .items
        .iter()
        .find(|item| item.code == code)
        .unwrap()
        .verdict()
}

#[test]
fn everything_is_undone_in_reverse_and_the_record_is_closed_last() {
    let assessment = released(&facts(&containment("prod-a.1")));
    assert_eq!(
        resources(&assessment.plan),
        [
            "Deployment shop/web",
            "ScaledObject shop/web",
            "policy day2-older-sessions-1 of role checkout-by-identity",
            "policy day2-older-sessions-1 of role checkout",
            "instance i-1",
            "node ip-10-0-1-7",
            "policy shop/q",
            "pod shop/web-1",
            "containment prod-a.1",
        ]
    );
    assert!(assessment.plan.refusals.is_empty() && assessment.plan.skips.is_empty());
    assert!(
        assessment
            .items
            .iter()
            .all(|item| item.verdict() == Verdict::Pass)
    );
    let most = usize::try_from(crate::settings::MOST_STEPS).unwrap();
    assert_eq!(
        assessment.plan.steps.len(),
        most,
        "a whole release fits the belt that the settings demand"
    );
    let first = &assessment.plan.steps[0];
    assert_eq!(
        (first.before.as_str(), first.after.as_str()),
        ("0 replicas", "3 replicas")
    );
}

#[test]
fn what_somebody_has_changed_since_is_left_and_said() {
    let someone = |uid: &str| Seen::Node {
        uid: uid.to_owned(),
        unschedulable: true,
        owner: None,
    };
    let workload = |uid: &str, replicas| Seen::Workload {
        uid: uid.to_owned(),
        replicas,
    };
    for (resource, seen) in [
        ("Deployment shop/web", workload("web-uid", 1)),
        ("Deployment shop/web", workload("another", 0)),
        ("node ip-10-0-1-7", someone("node-uid")),
        (
            "policy shop/q",
            Seen::Policy {
                uid: "another".to_owned(),
                ours: true,
            },
        ),
        (
            "policy shop/q",
            Seen::Policy {
                uid: "policy-uid".to_owned(),
                ours: false,
            },
        ),
        (
            "pod shop/web-1",
            Seen::Pod {
                uid: POD_UID.to_owned(),
                label: Some("someone".to_owned()),
            },
        ),
        (
            "ScaledObject shop/web",
            Seen::ScaledObject {
                uid: "so-uid".to_owned(),
                paused: true,
                owner: None,
            },
        ),
        (
            "instance i-1",
            Seen::Instance {
                group: "other".to_owned(),
                protected: true,
            },
        ),
        (
            "policy day2-older-sessions-1 of role checkout",
            Seen::RolePolicy {
                document: policy_document(at("2026-03-06T11:30:22Z")),
            },
        ),
    ] {
        let assessment = released(&with(resource, &seen));
        let plan = &assessment.plan;
        assert!(!resources(plan).contains(&resource), "{seen:?}");
        assert_eq!(
            plan.steps.len(),
            8,
            "its neighbours are undone all the same: {seen:?}"
        );
        assert!(
            plan.skips.iter().any(|skip| skip.resource == resource),
            "{seen:?}"
        );
        assert_eq!(verdict(&assessment, "THX-003"), Verdict::Fail, "{seen:?}");
        let Some(Change::Close(close)) = plan.steps.last().map(|step| &step.change) else {
            panic!("the record is not closed");
        };
        assert_eq!((close.left.len(), close.undone.len()), (1, 0), "{seen:?}");
    }
}

#[test]
fn what_is_undone_already_needs_no_step_and_is_no_complaint() {
    for (resource, seen) in [
        ("pod shop/web-1", Seen::Gone),
        (
            "pod shop/web-1",
            Seen::Pod {
                uid: "the next pod of the name".to_owned(),
                label: Some(POD_UID.to_owned()),
            },
        ),
        ("policy shop/q", Seen::Gone),
        ("node ip-10-0-1-7", Seen::Gone),
        (
            "node ip-10-0-1-7",
            Seen::Node {
                uid: "node-uid".to_owned(),
                unschedulable: false,
                owner: None,
            },
        ),
        ("instance i-1", Seen::Gone),
        (
            "instance i-1",
            Seen::Instance {
                group: "asg".to_owned(),
                protected: false,
            },
        ),
        ("policy day2-older-sessions-1 of role checkout", Seen::Gone),
        ("ScaledObject shop/web", Seen::Gone),
        (
            "Deployment shop/web",
            Seen::Workload {
                uid: "web-uid".to_owned(),
                replicas: 3,
            },
        ),
        ("Deployment shop/web", Seen::Gone),
    ] {
        let assessment = released(&with(resource, &seen));
        assert!(!resources(&assessment.plan).contains(&resource), "{seen:?}");
        assert_eq!(verdict(&assessment, "THX-003"), Verdict::Pass, "{seen:?}");
        let Some(Change::Close(close)) = assessment.plan.steps.last().map(|step| &step.change) else {
            panic!("the record is not closed");
        };
        assert_eq!((close.left.len(), close.undone.len()), (0, 1), "{seen:?}");
    }
}

#[test]
fn only_what_the_containment_itself_made_is_undone_k25() {
    let mut one = containment("prod-a.1");
    one.measures[2].state = MeasureState::Theirs;
    one.measures[3].state = MeasureState::Failed;
    one.measures[4].state = MeasureState::Undone;
    one.measures[5].state = MeasureState::Pending;
    let assessment = released(&facts(&one));
    assert_eq!(
        resources(&assessment.plan),
        [
            "Deployment shop/web",
            "policy day2-older-sessions-1 of role checkout-by-identity",
            "policy day2-older-sessions-1 of role checkout",
            "policy shop/q",
            "pod shop/web-1",
            "containment prod-a.1"
        ],
        "what was about to be done when the run died is judged by what is there"
    );
    let skipped: Vec<&str> = assessment
        .plan
        .skips
        .iter()
        .map(|skip| skip.resource.as_str())
        .collect();
    assert_eq!(
        skipped,
        ["node ip-10-0-1-7", "instance i-1", "ScaledObject shop/web"]
    );
}

/// A containment of a pod beside this one, which found the node cordoned and has no measure for it.
fn neighbour(node: Option<&str>, owner: Option<&str>) -> Containment {
    let mut other = containment("prod-a.2");
    other.pod.uid = "6c1f2b7e-1111-4c3b-9a51-7d7b7f0a1c2d".to_owned();
    other.pod.node = node.map(str::to_owned);
    other.pod.owner = owner.map(str::to_owned);
    other.measures.clear();
    other
}

/// The resources that stay for another containment, and the plan.
fn beside(other: Containment) -> (Vec<String>, Assessment<Change>) {
    let mut facts = facts(&containment("prod-a.1"));
    facts.others = Ok(vec![other]);
    let assessment = released(&facts);
    let Some(Change::Close(close)) = assessment.plan.steps.last().map(|step| &step.change) else {
        panic!("{:?}", assessment.plan.steps)
    };
    assert!(close.kept.iter().all(|kept| kept.to == "prod-a.2"));
    (
        close.kept.iter().map(|kept| kept.resource.clone()).collect(),
        assessment,
    )
}

#[test]
fn a_node_of_two_contained_pods_stays_cordoned_and_goes_over_to_the_other_containment() {
    let (kept, assessment) = beside(neighbour(Some("ip-10-0-1-7"), None));
    assert_eq!(kept, ["instance i-1", "node ip-10-0-1-7"]);
    assert_eq!(
        resources(&assessment.plan),
        [
            "Deployment shop/web",
            "ScaledObject shop/web",
            "policy day2-older-sessions-1 of role checkout-by-identity",
            "policy day2-older-sessions-1 of role checkout",
            "policy shop/q",
            "pod shop/web-1",
            "containment prod-a.1"
        ]
    );
    for resource in &kept {
        let mut skips = assessment.plan.skips.iter();
        let skip = skips.find(|skip| skip.resource == *resource).unwrap();
        assert!(skip.why.contains("containment prod-a.2 needs it"), "{}", skip.why);
    }
    // Nobody has changed it: that is no complaint.
    assert_eq!(verdict(&assessment, "THX-003"), Verdict::Pass);
    // Pods on other nodes, and pods on none, share nothing.
    for node in [Some("ip-10-0-1-8"), None] {
        let (kept, assessment) = beside(neighbour(node, None));
        assert!(kept.is_empty() && assessment.plan.steps.len() == 9, "{kept:?}");
    }
}

#[test]
fn a_workload_of_two_contained_pods_stays_ended_until_the_last_is_released() {
    let (kept, assessment) = beside(neighbour(None, Some("Deployment shop/web")));
    assert_eq!(kept, ["Deployment shop/web", "ScaledObject shop/web"]);
    assert_eq!(assessment.plan.steps.len(), 7);
    let (kept, _) = beside(neighbour(None, Some("Deployment shop/web-2")));
    assert!(kept.is_empty(), "{kept:?}");
}

#[test]
fn what_the_other_containment_has_undone_or_found_itself_decides_before_where_its_pod_stands() {
    for (state, stays) in [
        (MeasureState::Active, true),
        (MeasureState::Theirs, true),
        (MeasureState::Pending, true),
        (MeasureState::Failed, true),
        (MeasureState::Undone, false),
    ] {
        let mut other = neighbour(Some("ip-10-0-1-7"), None);
        other.measures = vec![taken("node ip-10-0-1-7", all()[2].measure.clone())];
        other.measures[0].state = state;
        let (kept, _) = beside(other);
        assert_eq!(kept.contains(&"node ip-10-0-1-7".to_owned()), stays, "{state:?}");
    }
}

#[test]
fn nothing_is_undone_while_something_cannot_be_looked_at_w28() {
    let mut facts = facts(&containment("prod-a.1"));
    facts.measures[0].1 = Err(Unreadable::new("get scale", "prod-a", Cause::Denied, "no"));
    let assessment = released(&facts);
    assert_eq!(assessment.plan.refusals[0].guard, Guard::Unreadable);
    assert_eq!(verdict(&assessment, "THX-002"), Verdict::Unknown);
    facts.others = Err(Unreadable::new("dynamodb:Query", "t", Cause::Throttled, "later"));
    assert_eq!(released(&facts).plan.refusals[0].guard, Guard::Journal);
    facts.containment = Err(Unreadable::new("dynamodb:Query", "t", Cause::Throttled, "later"));
    assert_eq!(released(&facts).plan.refusals[0].guard, Guard::Journal);
}

#[test]
fn an_unknown_and_a_released_containment_change_nothing() {
    let mut facts = facts(&containment("prod-a.1"));
    facts.containment = Ok(None);
    let assessment = released(&facts);
    assert!(assessment.plan.steps.is_empty() && verdict(&assessment, "THX-001") == Verdict::Fail);
    let mut over = containment("prod-a.1");
    over.state = ContainmentState::Released;
    over.released_at = Some(at("2026-03-06T12:00:00Z"));
    facts.containment = Ok(Some(over));
    facts.measures.clear();
    let assessment = released(&facts);
    assert!(assessment.plan.steps.is_empty() && verdict(&assessment, "THX-001") == Verdict::Pass);
}

#[test]
fn a_release_without_complete_evidence_is_said() {
    let mut one = containment("prod-a.1");
    one.evidence[0].complete = false;
    assert_eq!(verdict(&released(&facts(&one)), "THX-004"), Verdict::Fail);
    one.evidence.clear();
    assert_eq!(verdict(&released(&facts(&one)), "THX-004"), Verdict::Fail);
}

#[test]
fn a_containment_without_a_measure_in_force_is_closed() {
    let mut one = containment("prod-a.1");
    one.measures.clear();
    let assessment = released(&facts(&one));
    assert_eq!(resources(&assessment.plan), ["containment prod-a.1"]);
    assert_eq!(verdict(&assessment, "THX-002"), Verdict::Pass);
}

#[test]
fn the_uid_of_a_policy_that_the_containment_did_not_learn_is_the_one_that_was_seen() {
    let mut one = containment("prod-a.1");
    one.measures[1].measure = Measure::Policy {
        name: "q".to_owned(),
        uid: None,
    };
    let assessment = released(&facts(&one));
    let step = assessment
        .plan
        .steps
        .iter()
        .find(|step| step.resource == "policy shop/q")
        .unwrap();
    let Change::Undo(undo) = &step.change else {
        panic!("not undone")
    };
    let expected = Measure::Policy {
        name: "q".to_owned(),
        uid: Some("policy-uid".to_owned()),
    };
    assert_eq!(undo.measure, expected);
}

fn sights() -> impl Strategy<Value = Seen> {
    let uid = prop_oneof![
        Just(POD_UID.to_owned()),
        Just("policy-uid".to_owned()),
        Just("node-uid".to_owned()),
        Just("so-uid".to_owned()),
        Just("web-uid".to_owned()),
        Just("other".to_owned()),
    ];
    let owner = prop_oneof![
        Just(None),
        Just(Some(OWNER.to_owned())),
        Just(Some("other".to_owned()))
    ];
    let label = prop_oneof![
        Just(None),
        Just(Some(POD_UID.to_owned())),
        Just(Some("other".to_owned()))
    ];
    let group = prop_oneof![Just("asg".to_owned()), Just("other".to_owned())];
    (0..8, uid, owner, label, group, any::<bool>(), 0_i64..5).prop_map(
        |(kind, uid, owner, label, group, flag, replicas)| match kind {
            0 => Seen::Gone,
            1 => Seen::Workload { uid, replicas },
            2 => Seen::ScaledObject {
                uid,
                paused: flag,
                owner,
            },
            3 => Seen::Instance {
                group,
                protected: flag,
            },
            4 => Seen::Node {
                uid,
                unschedulable: flag,
                owner,
            },
            5 => Seen::Policy { uid, ours: flag },
            6 => Seen::Pod { uid, label },
            _ => Seen::Nothing,
        },
    )
}

proptest! {
    /// Whatever is there: a step is planned only for what is still ours, and every measure is accounted for once.
    #[test]
    fn only_what_is_still_as_we_made_it_is_ever_undone(sights in proptest::collection::vec(sights(), 6)) {
        let mut facts = facts(&containment("prod-a.1"));
        for ((_, seen), sight) in facts.measures.iter_mut().zip(sights) {
            *seen = Ok(sight);
        }
        let assessment = released(&facts);
        for (taken, seen) in &facts.measures {
            let seen = seen.as_ref().unwrap();
            let planned = resources(&assessment.plan).contains(&taken.resource.as_str());
            let skipped = assessment.plan.skips.iter().any(|skip| skip.resource == taken.resource);
            prop_assert!(planned != skipped, "{}", taken.resource);
            let ours = match (&taken.measure, seen) {
                (Measure::Label { value }, Seen::Pod { uid, label }) => uid == POD_UID && label.as_ref() == Some(value),
                (Measure::Policy { uid: known, .. }, Seen::Policy { uid, ours }) => *ours && known.as_ref() == Some(uid),
                (Measure::Cordon { uid: known, .. }, Seen::Node { uid, owner, .. })
                | (Measure::PauseScaledObject { uid: known, .. }, Seen::ScaledObject { uid, owner, .. }) => {
                    uid == known && owner.as_deref() == Some(OWNER)
                }
                (Measure::ScaleInProtection { .. }, Seen::Instance { group, protected }) => group == "asg" && *protected,
                (Measure::Scale { uid: known, .. }, Seen::Workload { uid, replicas }) => uid == known && *replicas == 0,
                _ => false,
            };
            prop_assert_eq!(planned, ours, "{} {:?}", &taken.resource, seen);
        }
    }
}
