//! Autoscalers that see nothing, or only some of their metrics.

use serde_json::{Value, json};

use super::world::{World, ago};

const FAILED: &str = "FailedGetResourceMetric";
const QUEUE_IS_MISSING: Option<&str> = Some("blind to 1 of 2 metrics: External queue_length");
const BLIND: Option<&str> = Some("blind: FailedGetResourceMetric no metrics");

fn cpu() -> Value {
    json!({"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}})
}

fn queue() -> Value {
    json!({"type": "External", "external": {"metric": {"name": "queue_length"}, "target": {"type": "Value", "value": "5"}}})
}

/// What it uses of the processor is known.
fn seen() -> Value {
    json!({"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 41}}})
}

/// The place of a metric that could not be had.
fn empty() -> Value {
    json!({"type": ""})
}

fn condition(kind: &str, status: &str, reason: &str, minutes: i64) -> Value {
    json!({"type": kind, "status": status, "reason": reason, "message": "no metrics", "lastTransitionTime": ago(minutes)})
}

fn active() -> Value {
    json!([condition("ScalingActive", "True", "ValidMetricFound", 600)])
}

fn inactive(reason: &str, minutes: i64) -> Value {
    json!([condition("ScalingActive", "False", reason, minutes)])
}

/// One that was made so many minutes ago, with these metrics, their values and its conditions.
fn hpa(made: i64, metrics: &[Value], values: &Value, conditions: &Value) -> Value {
    json!({"metadata": {"name": "web", "namespace": "shop", "creationTimestamp": ago(made)},
        "spec": {"minReplicas": 2, "maxReplicas": 10, "scaleTargetRef": {"kind": "Deployment", "name": "web"}, "metrics": metrics},
        "status": {"currentReplicas": 2, "desiredReplicas": 2, "currentMetrics": values, "conditions": conditions}})
}

fn judge(what: &str, one: Value, says: Option<&str>) {
    let world = World::well().with("horizontalpodautoscalers", one);
    match says {
        None => world.is_well(what),
        Some(says) => {
            let (code, name, told) = world.only();
            assert_eq!(
                (code.as_str(), name.as_str(), told.as_str()),
                ("HLT-128", "shop/HorizontalPodAutoscaler/web", says),
                "{what}"
            );
        }
    }
}

#[test]
fn an_autoscaler_that_sees_only_some_of_its_metrics_is_told_with_those_that_it_misses() {
    let two = [cpu(), queue()];
    let memory =
        json!({"type": "ContainerResource", "containerResource": {"name": "memory", "container": "app"}});
    let three = [memory, cpu(), queue()];
    let of_queue = json!({"type": "External", "external": {"metric": {"name": "queue_length"}, "current": {"value": "3"}}});
    let first = json!([seen(), empty()]);
    for (what, one, says) in [
        (
            "an empty place",
            hpa(600, &two, &first, &active()),
            QUEUE_IS_MISSING,
        ),
        (
            "no place",
            hpa(600, &two, &json!([seen()]), &active()),
            QUEUE_IS_MISSING,
        ),
        (
            "two of three",
            hpa(600, &three, &json!([empty(), seen(), empty()]), &active()),
            Some("blind to 2 of 3 metrics: ContainerResource app memory, External queue_length"),
        ),
        (
            "all have values",
            hpa(600, &two, &json!([seen(), of_queue]), &active()),
            None,
        ),
        ("just made", hpa(4, &two, &first, &active()), None),
        (
            "it would scale down, and may not since a minute",
            hpa(600, &two, &first, &inactive("FailedGetExternalMetric", 1)),
            QUEUE_IS_MISSING,
        ),
        (
            "just taken back within its bounds, without any value",
            hpa(600, &two, &json!(null), &active()),
            None,
        ),
        (
            "its target stands at zero",
            hpa(600, &two, &first, &inactive("ScalingDisabled", 600)),
            None,
        ),
    ] {
        judge(what, one, says);
    }
}

#[test]
fn an_autoscaler_that_sees_nothing_has_the_grace_of_a_pod_before_it_is_told() {
    let metrics = [cpu()];
    let nothing = json!([empty()]);
    let conflict = json!([
        condition("AbleToScale", "False", "FailedUpdateScale", 1),
        condition("ScalingActive", "False", FAILED, 60)
    ]);
    for (what, one, says) in [
        (
            "just made, and not looked at yet",
            hpa(0, &metrics, &json!(null), &json!(null)),
            None,
        ),
        (
            "the source starts anew",
            hpa(600, &metrics, &nothing, &inactive(FAILED, 4)),
            None,
        ),
        (
            "the source is gone",
            hpa(600, &metrics, &nothing, &inactive(FAILED, 5)),
            BLIND,
        ),
        (
            "a conflict of just now hides nothing",
            hpa(600, &metrics, &nothing, &conflict),
            BLIND,
        ),
    ] {
        judge(what, one, says);
    }
    let without = World::well().plan("workloads", json!({"grace_minutes": 0})).with(
        "horizontalpodautoscalers",
        hpa(0, &metrics, &nothing, &inactive(FAILED, 0)),
    );
    assert_eq!(without.named(), ["HLT-128 shop/HorizontalPodAutoscaler/web"]);
}
