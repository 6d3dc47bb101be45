//! Which findings are acted on, as a table over the samples.

use day2_core::trigger::{Finding, Trigger, classify};
use serde_json::{Value, json};

use super::*;
use crate::settings::tests::settings_with;

const NOW: &str = "2026-06-02T12:00:00Z";

fn sample(name: &str) -> Finding {
    let path = format!(
        "{}/../../events/threat-containment/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    match classify(&std::fs::read(path).unwrap()) {
        Trigger::Finding(finding) => finding,
        other => panic!("{name} is {other:?}"),
    }
}

fn word(finding: &Finding, replaced: &Value) -> String {
    let settings = settings_with(replaced);
    match accept(finding, &settings, NOW.parse().unwrap()) {
        Acceptance::Pod { target, workload } => format!("pod {} {}", target.name, workload.name),
        Acceptance::LookUp { target } => format!("look up {}", target.name),
        Acceptance::Node { target, instance } => format!("node {} {instance}", target.name),
        Acceptance::HeldBack { target, why } => {
            let kind = format!("{why:?}");
            format!("held back {} {}", target.name, kind.split('(').next().unwrap())
        }
        Acceptance::Foreign(_) => "foreign".to_owned(),
    }
}

#[test]
fn every_road_of_a_finding_leads_to_the_same_pod_and_only_ours_lead_anywhere_d03_e05_e06_e07_e08_e09() {
    let pod = "pod prod-a web-7d4b9c6f5-x2x9q";
    for (name, expected) in [
        ("finding-eventbridge", pod),
        ("finding-by-administrator", pod),
        ("finding-sns", pod),
        ("finding-api", pod),
        ("finding-hostile-text", pod),
        ("finding-security-hub", "look up prod-a"),
        ("finding-archived", "held back prod-a Archived"),
        ("finding-sample", "held back prod-a Sample"),
        ("finding-low-severity", "held back prod-a Severity"),
        ("finding-foreign-cluster", "foreign"),
    ] {
        assert_eq!(word(&sample(name), &json!({})), expected, "{name}");
    }
    assert_eq!(
        sample("finding-eventbridge").dedup_key(),
        sample("finding-by-administrator").dedup_key()
    );
}

#[test]
fn a_cluster_is_known_by_its_arn_and_not_by_its_name_e08_e09() {
    let finding = sample("finding-eventbridge");
    for (arn, expected) in [
        ("arn:aws:eks:us-east-1:123456789012:cluster/prod-b", "pod prod-b"),
        ("arn:aws:eks:us-east-1:999988887777:cluster/prod-a", "foreign"),
        ("arn:aws:eks:eu-west-1:123456789012:cluster/prod-a", "foreign"),
        ("arn:aws:eks:us-east-1:123456789012:cluster/prod", "foreign"),
    ] {
        let mut other = finding.clone();
        other.cluster_arn = Some(arn.parse().unwrap());
        assert!(word(&other, &json!({})).starts_with(expected), "{arn}");
    }
    let mut elsewhere = finding.clone();
    elsewhere.account = "999988887777".parse().unwrap();
    assert_eq!(word(&elsewhere, &json!({})), "foreign");
    // A target that is declared and not watched is nobody's.
    assert_eq!(word(&finding, &json!({"targets": {"prod-b": {}}})), "foreign");
}

#[test]
fn an_instance_alone_is_of_the_only_target_there_and_of_none_among_several_k24() {
    let finding = sample("finding-instance-only");
    // Not a type of containers by default.
    let types = json!({"finding_types": ["CryptoCurrency:EC2/"]});
    assert_eq!(
        word(&finding, &json!({"accept": types, "targets": {"prod-a": {}}})),
        "node prod-a i-0123456789abcdef0"
    );
    assert_eq!(word(&finding, &json!({"accept": types})), "foreign");
}

#[test]
fn severity_type_and_age_are_the_settings_to_choose_e07_d07() {
    let mut finding = sample("finding-eventbridge");
    finding.severity = 7.0;
    assert!(word(&finding, &json!({})).starts_with("pod"));
    finding.severity = 6.99;
    assert!(word(&finding, &json!({})).ends_with("Severity"));
    finding.severity = 9.0;
    finding.kind = "Discovery:Kubernetes/MaliciousIPCaller".to_owned();
    assert!(word(&finding, &json!({})).ends_with("Type"));
    assert!(word(&finding, &json!({"accept": {"finding_types": ["Discovery:*"]}})).starts_with("pod"));
    finding.kind = "CryptoCurrency:Runtime/BitcoinTool.B".to_owned();
    for (updated, expected) in [
        ("2026-06-02T06:00:00Z", "pod"),
        ("2026-06-02T05:58:59Z", "held back"),
        ("2026-06-02T12:05:00Z", "pod"),
        ("2026-06-02T12:05:01Z", "held back"),
    ] {
        finding.updated_at = Some(updated.parse().unwrap());
        assert!(word(&finding, &json!({})).starts_with(expected), "{updated}");
    }
}

#[test]
fn only_pods_are_contained() {
    let mut finding = sample("finding-eventbridge");
    for (kind, expected) in [
        (Some("pods"), "pod"),
        (Some("Pod"), "pod"),
        (None, "pod"),
        (Some("deployments"), "held back"),
    ] {
        finding.workload.as_mut().unwrap().kind = kind.map(str::to_owned);
        assert!(word(&finding, &json!({})).starts_with(expected), "{kind:?}");
    }
}

#[test]
fn no_mutant_of_a_finding_leads_to_a_pod_without_all_its_names_e04() {
    let event: Value = serde_json::from_slice(
        &std::fs::read(format!(
            "{}/../../events/threat-containment/finding-eventbridge.json",
            env!("CARGO_MANIFEST_DIR")
        ))
        .unwrap(),
    )
    .unwrap();
    let settings = settings_with(&json!({}));
    let mut led = 0;
    for (label, mutant) in day2_core::testing::mutations(&event) {
        let Trigger::Finding(finding) = classify(mutant.to_string().as_bytes()) else {
            continue;
        };
        if let Acceptance::Pod { target, workload } = accept(&finding, &settings, NOW.parse().unwrap()) {
            led += 1;
            assert_eq!(target.account_id, finding.account, "{label}");
            assert_eq!(
                cluster_arn(target),
                finding.cluster_arn.as_ref().map(ToString::to_string),
                "{label}"
            );
            assert!(
                !workload.name.is_empty() && !workload.namespace.is_empty(),
                "{label}"
            );
            assert!(
                !finding.sample && !finding.archived && finding.severity >= 7.0,
                "{label}"
            );
        }
    }
    assert!(led > 20, "{led}");
}
