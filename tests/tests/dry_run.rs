//! What a dry run must not do, judged over the record of its calls, and whether it shows what is done (O11).
//!
//! The calls and plans are those of the real binaries (`acting`, `containment`); the judgement stands here, where it is shown to
//! be able to fail.

use anyhow::{Context as _, Result};
use day2_platform::faults::Exchange;
use serde_json::Value;

/// The bucket of evidence. What is put there is an act: it stays for as long as its lock.
const EVIDENCE: &str = "day2-evidence";

/// What was to be changed beside journal, reports and mails: action and resource of each call, be it accepted or not.
pub(crate) fn changed(calls: &[Exchange]) -> Vec<String> {
    calls
        .iter()
        .filter(|call| call.call.changes() && !is_our_own(call))
        .map(|call| format!("{} {}", call.action(), call.call.resource))
        .collect()
}

fn is_our_own(call: &Exchange) -> bool {
    let action = call.action();
    action.starts_with("dynamodb:")
        || action == "sns:Publish"
        || (action == "s3:PutObject" && !call.call.resource.contains(EVIDENCE))
}

/// What differs between the plan that an answer shows and the plan of the answer that carried it out, each step by its resource,
/// before and after. The order counts for nothing: some steps are taken at the same time.
pub(crate) fn differences(shown: &Value, done: &Value) -> Result<Vec<String>> {
    let (shown, done) = (steps(shown)?, steps(done)?);
    // A step that is there twice must be there twice in the other, too.
    let only = |one: &[String], other: &[String], says: &str| -> Vec<String> {
        let mut left = other.to_vec();
        let missing = one
            .iter()
            .filter(|step| match left.iter().position(|one| one == *step) {
                Some(at) => {
                    left.swap_remove(at);
                    false
                }
                None => true,
            });
        missing.map(|step| format!("{says}: {step}")).collect()
    };
    let mut found = only(&shown, &done, "shown and not done");
    found.extend(only(&done, &shown, "done and not shown"));
    Ok(found)
}

/// Steps of the plan in an answer: resource, before, after.
pub(crate) fn steps(answer: &Value) -> Result<Vec<String>> {
    let plan = answer.pointer("/reports/0/action/plan/steps");
    let steps = plan.and_then(Value::as_array).context("no plan")?;
    Ok(steps
        .iter()
        .map(|step| format!("{}: {} -> {}", step["resource"], step["before"], step["after"]))
        .collect())
}

#[cfg(test)]
mod tests {
    use day2_platform::faults::Call;
    use serde_json::json;

    use super::*;

    fn call(service: &str, operation: &str, resource: &str, status: u16) -> Exchange {
        Exchange {
            call: Call::named(service, operation, resource),
            began: 1,
            answered: Some(2),
            forwarded: true,
            done: Some(status),
            status: Some(status),
            fault: None,
        }
    }

    #[test]
    fn whatever_a_dry_run_writes_is_named_o11() {
        let own = [
            call("dynamodb", "PutItem", "day2-journal", 200),
            call(
                "sns",
                "Publish",
                "arn:aws:sns:us-east-1:123456789012:day2-reports",
                200,
            ),
            call("s3", "PutObject", "day2-reports/reports/page.html", 200),
            call("autoscaling", "DescribeAutoScalingGroups", "*", 200),
            call("kubernetes", "list pods", "*", 200),
            call("kubernetes", "create selfsubjectaccessreviews", "*", 201),
        ];
        assert_eq!(changed(&own), Vec::<String>::new());
        for (service, operation, resource) in [
            ("autoscaling", "SetDesiredCapacity", "prod-a-workspace"),
            ("eks", "UpdateNodegroupConfig", "prod-a/workspace"),
            ("rds", "ModifyDBCluster", "prod-a"),
            ("iam", "PutRolePolicy", "checkout"),
            ("lambda", "Invoke", "day2-threat-release"),
            ("s3", "PutObject", "day2-evidence/prod-a/manifest.json"),
            ("s3", "DeleteObject", "day2-reports/reports/page.html"),
            ("sns", "Unsubscribe", "day2-reports"),
            ("kubernetes", "patch pods", "shop/checkout"),
            ("kubernetes", "create networkpolicies", "shop/quarantine"),
            ("kubernetes", "patch deployments/scale", "shop/checkout"),
            ("kubernetes", "delete pods", "shop/checkout"),
        ] {
            let mut calls = own.to_vec();
            calls.insert(3, call(service, operation, resource, 200));
            assert_eq!(changed(&calls), [format!("{service}:{operation} {resource}")]);
            // That it was refused is no merit of who sent it.
            calls[3].done = Some(403);
            assert_eq!(changed(&calls).len(), 1, "{operation}");
        }
    }

    fn answer(steps: &[(&str, &str, &str)]) -> Value {
        let steps: Vec<Value> = steps
            .iter()
            .map(|(resource, before, after)| json!({"resource": resource, "before": before, "after": after}))
            .collect();
        json!({"reports": [{"action": {"plan": {"steps": steps}}}]})
    }

    #[test]
    fn a_plan_that_is_not_what_is_done_is_named_step_by_step_o11() {
        let (group, pod) = (
            ("workspace", "10 nodes", "15 nodes"),
            ("shop/checkout", "", "cut off"),
        );
        let shown = answer(&[group, pod]);
        let same = differences(&shown, &answer(&[pod, group])).unwrap();
        assert_eq!(same, Vec::<String>::new());
        let more = ("workspace", "10 nodes", "20 nodes");
        assert_eq!(
            differences(&shown, &answer(&[more, pod])).unwrap(),
            [
                "shown and not done: \"workspace\": \"10 nodes\" -> \"15 nodes\"",
                "done and not shown: \"workspace\": \"10 nodes\" -> \"20 nodes\"",
            ]
        );
        assert_eq!(
            differences(&shown, &answer(&[group, pod, pod])).unwrap(),
            ["done and not shown: \"shop/checkout\": \"\" -> \"cut off\""]
        );
        let (more_of_one, more_of_other) = (answer(&[group, group, pod]), answer(&[group, pod, pod]));
        assert_eq!(differences(&more_of_one, &more_of_other).unwrap().len(), 2);
        assert_eq!(differences(&shown, &answer(&[group])).unwrap().len(), 1);
        assert!(
            differences(&shown, &json!({"outcome": "applied"})).is_err(),
            "no plan is no equal one"
        );
    }
}
