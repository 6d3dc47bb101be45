//! Broken, huge and hostile events.

use std::time::{Duration, Instant};

use serde_json::json;

use super::super::{LARGEST, Trigger};
use super::*;
use crate::testing::{HOSTILE, mutations};

#[test]
fn what_is_no_json_object_is_rejected_with_a_reason_and_a_way_out_e01() {
    for (text, part) in [
        ("", "is empty"),
        ("prescale", "is not JSON"),
        ("null", "is null and not an object"),
        ("[]", "is a list and not an object"),
        ("\"{}\"", "is a text and not an object"),
        ("7", "is a number"),
        (r#"{"task": "a", "task": "b"}"#, "writes a key twice: task"),
        (r#"{"task": "\ud800"}"#, "half of a surrogate pair"),
        (r#"{"task": NaN}"#, "NaN and Infinity are not JSON"),
        (&*"[".repeat(LARGEST), "128 levels"),
        (
            &*format!("{}1{}", "{\"a\":".repeat(1000), "}".repeat(1000)),
            "128 levels",
        ),
        (&*format!("{{}}{}", " ".repeat(LARGEST)), "1048578 bytes"),
        ("{} {}", "is not JSON"),
    ] {
        let start = Instant::now();
        let why = refusal(text);
        assert!(
            why.contains(part) && why.contains("; send one JSON object"),
            "{why}"
        );
        assert!(
            start.elapsed() < Duration::from_secs(2),
            "bounded time for {part}"
        );
    }
}

#[test]
fn depth_and_duplicates_are_looked_for_inside_sns_too_e01() {
    let mut sns = value("shapes/alarm-sns");
    for (message, part) in [
        ("{\"a\": 1, \"a\": 2}".to_owned(), "writes a key twice"),
        (format!("{{\"a\": {}", "[".repeat(5_000)), "128 levels"),
        ("{\"a\": NaN}".to_owned(), "NaN"),
        ("[1]".to_owned(), "is a list"),
    ] {
        sns["Records"][0]["Sns"]["Message"] = json!(message);
        assert!(
            matches!(of(&sns), Trigger::Rejected(why) if why.contains(part)),
            "{part}"
        );
    }
    let mut nested = value("shapes/alarm-sns-notification");
    for _ in 0..6 {
        let inner = nested.to_string();
        nested["Message"] = json!(inner);
    }
    assert!(matches!(of(&nested), Trigger::Rejected(why) if why.contains("inside each other")));
}

#[test]
fn a_finding_of_one_megabyte_is_read_e02() {
    let mut event = value("shapes/finding-eventbridge");
    let entry = json!({"modifyingProcess": {"name": "x".repeat(30), "pid": 1}, "commandLineExample": "y"});
    event["detail"]["service"]["runtimeDetails"] = json!({"context": vec![entry; 10_000]});
    let text = event.to_string();
    assert!((900_000..=LARGEST).contains(&text.len()), "{}", text.len());
    assert_eq!(classify(text.as_bytes()), sample("shapes/finding-eventbridge"));
}

/// Whatever is missing or wrong in a sample: an answer, and never an object named by a text that is no name.
#[test]
fn no_mutation_of_any_sample_panics_or_lets_a_hostile_name_through_e04_e11() {
    let mut mutants = 0_u32;
    for (name, bytes) in all() {
        let Ok(event) = serde_json::from_slice::<Value>(&bytes) else {
            continue;
        };
        for (label, mutant) in mutations(&event) {
            mutants += 1;
            match of(&mutant) {
                Trigger::Finding(seen) => {
                    assert!((0.0..=10.0).contains(&seen.severity), "{name}{label}");
                    assert!(plain(&seen.id) && !seen.id.is_empty(), "{name}{label}: {seen:?}");
                    if let Some(arn) = &seen.cluster_arn {
                        assert_eq!(arn.service(), "eks", "{name}{label}");
                    }
                    for text in seen
                        .workload
                        .iter()
                        .flat_map(|w| [w.kind.as_deref(), w.uid.as_deref()])
                        .flatten()
                    {
                        assert!(plain(text), "{name}{label}: {text}");
                    }
                }
                Trigger::Alarm(seen) => {
                    assert!(
                        seen.arn.resource().ends_with(&seen.name) && seen.arn.service() == "cloudwatch",
                        "{name}{label}"
                    );
                    assert!(!seen.name.chars().any(char::is_control), "{name}{label}");
                }
                Trigger::Manual(call) => {
                    let words = call
                        .task
                        .iter()
                        .chain(&call.targets)
                        .chain(&call.mode)
                        .chain(&call.approve)
                        .chain(&call.finding)
                        .chain(&call.containment);
                    assert!(
                        words.into_iter().all(|word| plain(word)),
                        "{name}{label}: {call:?}"
                    );
                }
                Trigger::Scheduled(run) => {
                    assert!(
                        run.task.iter().chain(&run.target).all(|word| plain(word)),
                        "{name}{label}: {run:?}"
                    );
                }
                Trigger::Revert { lease } => assert!(plain(&lease), "{name}{label}: {lease}"),
                Trigger::SelfCheck => {}
                Trigger::Ignored(why) | Trigger::Rejected(why) => {
                    assert!(!why.is_empty() && why.len() < 2_000, "{name}{label}: {why}");
                    assert!(
                        !why.contains(['\n', '\r', '\0', '\u{1b}', '\u{202e}']),
                        "{name}{label}: {why:?}"
                    );
                }
            }
        }
    }
    assert!(mutants > 20_000, "only {mutants} mutants");
}

fn plain(text: &str) -> bool {
    text.len() <= 128
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':'))
}

#[test]
fn removing_any_identity_of_a_finding_rejects_it_or_takes_the_workload_away_e04() {
    let event = value("shapes/finding-eventbridge");
    for field in ["accountId", "region", "id"] {
        let mut without = event.clone();
        without["detail"].as_object_mut().unwrap().remove(field);
        assert!(matches!(of(&without), Trigger::Rejected(_)), "{field}");
    }
    for field in ["name", "namespace"] {
        let mut without = event.clone();
        without["detail"]["resource"]["kubernetesDetails"]["kubernetesWorkloadDetails"][field] = json!(null);
        assert!(
            matches!(of(&without), Trigger::Rejected(why) if why.contains(field)),
            "{field}"
        );
    }
}

#[test]
fn hostile_pod_names_are_rejected_in_every_shape_e11() {
    let long = "a".repeat(300);
    let more = ["Web-1", "", "..", "a/b", &long, "web.", "web\u{202e}", "%2e%2e/"];
    for hostile in HOSTILE.iter().chain(&more) {
        for (shape, path) in [
            (
                "finding-eventbridge",
                "/detail/resource/kubernetesDetails/kubernetesWorkloadDetails/name",
            ),
            (
                "finding-eventbridge",
                "/detail/resource/kubernetesDetails/kubernetesWorkloadDetails/namespace",
            ),
            ("finding-eventbridge", "/detail/resource/eksClusterDetails/arn"),
            ("finding-eventbridge", "/detail/id"),
            ("finding-eventbridge", "/detail/accountId"),
            ("finding-eventbridge", "/detail/region"),
            (
                "finding-api",
                "/Resource/KubernetesDetails/KubernetesWorkloadDetails/Name",
            ),
            (
                "finding-api",
                "/Resource/KubernetesDetails/KubernetesWorkloadDetails/Namespace",
            ),
            ("finding-security-hub", "/detail/findings/0/Id"),
        ] {
            let mut event = value(&format!("shapes/{shape}"));
            *event.pointer_mut(path).unwrap() = json!(hostile);
            let trigger = of(&event);
            // A cluster without an ARN is a finding without a cluster, which nothing acts on; an id of letters is an id.
            let harmless = match &trigger {
                Trigger::Finding(seen) if path.ends_with("arn") => {
                    hostile.is_empty() && seen.cluster_arn.is_none()
                }
                Trigger::Finding(_) => path.ends_with("/id") && *hostile == "Web-1",
                Trigger::Rejected(_) => true,
                _ => false,
            };
            assert!(harmless, "{shape}{path} {hostile:?}: {trigger:?}");
        }
    }
}
