//! What each sample finding is.

use serde_json::json;

use super::*;
use crate::moment::canonical;

#[test]
fn one_finding_is_the_same_in_all_four_shapes() {
    let first = finding("shapes/finding-eventbridge");
    assert_eq!(first.id, "3ac3dd0f1e9b4d7f8a5c6b7d8e9f0a1b");
    assert_eq!(first.kind, "Execution:Kubernetes/ExecInKubeSystemPod");
    assert_eq!(first.cluster_arn.as_ref().unwrap().resource(), "cluster/prod-a");
    assert_eq!(
        (first.count, first.sample, first.archived),
        (Some(2), false, false)
    );
    assert_eq!(
        first.updated_at.map(canonical).as_deref(),
        Some("2026-06-02T11:54:03.731Z")
    );
    let workload = first.workload.clone().unwrap();
    assert_eq!(
        (&*workload.namespace, &*workload.name),
        ("shop", "web-7d4b9c6f5-x2x9q")
    );
    assert_eq!(
        workload.uid.as_deref(),
        Some("33a3c89e-3280-474d-b8cb-fdf03394fc15")
    );
    assert_eq!(finding("shapes/finding-sns"), first);
    assert_eq!(finding("shapes/finding-api"), first);
    let from_security_hub = finding("shapes/finding-security-hub");
    assert_eq!(from_security_hub.dedup_key(), first.dedup_key());
    assert_eq!(
        Finding {
            workload: first.workload.clone(),
            ..from_security_hub
        },
        first
    );
}

#[test]
fn every_mark_of_an_example_makes_it_one_e05() {
    for (name, _) in all() {
        if name.starts_with("shapes/finding-") {
            let seen = finding(&name);
            assert_eq!(seen.sample, name.contains("-sample-"), "{name}");
        }
    }
    let mut event = value("shapes/finding-eventbridge");
    for (flag, example) in [
        (json!(false), false),
        (json!("false"), false),
        (json!(null), false),
        (json!("true"), true),
        (json!(1), true),
        (json!({}), true),
    ] {
        event["detail"]["service"]["additionalInfo"] = json!({"sample": flag});
        assert!(
            matches!(of(&event), Trigger::Finding(seen) if seen.sample == example),
            "{flag}"
        );
    }
    for arn in [
        "GeneratedFindingEKSClusterArn",
        "arn:aws:eks:us-east-1:123456789012:cluster/GeneratedFindingEKSClusterName",
    ] {
        let mut event = value("shapes/finding-eventbridge");
        event["detail"]["resource"]["eksClusterDetails"]["arn"] = json!(arn);
        assert!(
            matches!(of(&event), Trigger::Finding(seen) if seen.sample && seen.cluster_arn.is_none()),
            "{arn}"
        );
    }
    // Somebody who names a pod like an example does not get it passed over.
    let mut evasive = value("shapes/finding-eventbridge");
    evasive["detail"]["resource"]["kubernetesDetails"]["kubernetesWorkloadDetails"]["name"] =
        json!("generatedfinding-miner");
    assert!(matches!(of(&evasive), Trigger::Finding(seen) if !seen.sample && seen.workload.is_some()));
}

#[test]
fn a_finding_without_workload_or_uid_is_a_finding() {
    assert_eq!(finding("shapes/finding-without-workload").workload, None);
    assert_eq!(finding("shapes/finding-without-uid").workload.unwrap().uid, None);
    let mut whole = value("shapes/finding-eventbridge");
    whole["detail"]["severity"] = json!(8.0);
    assert_eq!(
        of(&whole),
        sample("shapes/finding-eventbridge"),
        "a whole number and a fraction are the same severity"
    );
}

#[test]
fn an_archived_finding_is_seen_as_one_in_every_shape_e06() {
    assert!(finding("shapes/finding-archived").archived);
    for (shape, path, archived) in [
        ("finding-eventbridge", "/detail/service/archived", json!("true")),
        ("finding-api", "/Service/Archived", json!(true)),
        (
            "finding-security-hub",
            "/detail/findings/0/RecordState",
            json!("ARCHIVED"),
        ),
        (
            "finding-security-hub",
            "/detail/findings/0/ProductFields/aws~1guardduty~1service~1archived",
            json!("true"),
        ),
    ] {
        let mut event = value(&format!("shapes/{shape}"));
        *event.pointer_mut(path).unwrap() = archived;
        assert!(
            matches!(of(&event), Trigger::Finding(seen) if seen.archived),
            "{path}"
        );
    }
}

#[test]
fn what_security_hub_makes_of_a_type_is_turned_back_where_it_can_be() {
    for (written, kind) in [
        (
            "TTPs/Discovery/Discovery:Kubernetes-MaliciousIPCaller.Custom",
            "Discovery:Kubernetes/MaliciousIPCaller.Custom",
        ),
        (
            "TTPs/Discovery/IAMUser-AnomalousBehavior",
            "IAMUser-AnomalousBehavior",
        ),
    ] {
        let mut event = value("shapes/finding-security-hub");
        event["detail"]["findings"][0]["Types"] = json!([written]);
        assert!(
            matches!(of(&event), Trigger::Finding(seen) if seen.kind == kind),
            "{written}"
        );
    }
}
