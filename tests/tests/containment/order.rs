//! What holds for the calls of any run, whatever befalls them: evidence before destruction, one delete for a pod, and nothing
//! outside of the pod that the finding names. Judged by the record of the fronts, not by what the function says of itself.

use day2_platform::faults::Exchange;
use day2_platform::world::miner::{NAMESPACE, PodId};

use super::kill::is_manifest;

/// Whether a call ends something.
pub(super) fn destroys(call: &Exchange) -> bool {
    let operation = call.call.operation.as_str();
    call.call.service == "kubernetes"
        && (operation.starts_with("delete")
            || (operation.starts_with("patch") && operation.ends_with("/scale")))
}

/// What is wrong with the calls of all deliveries of a finding on this pod.
pub(super) fn objections(calls: &[Exchange], pod: &PodId) -> Vec<String> {
    let mut wrong = Vec::new();
    let words = |call: &Exchange| format!("{} {}", call.action(), call.call.resource);
    let sealed =
        |call: &&Exchange| is_manifest(call) && call.is_done() && call.call.resource.contains(&pod.uid);
    for call in calls.iter().filter(|call| destroys(call)) {
        if !calls
            .iter()
            .filter(sealed)
            .any(|manifest| manifest.is_before(call))
        {
            wrong.push(format!("{} went out before a manifest was stored", words(call)));
        }
    }
    let accepted = calls.iter().filter(|call| call.is_write());
    let in_cluster: Vec<&Exchange> = accepted
        .filter(|call| call.call.service == "kubernetes")
        .collect();
    for (operation, most) in [
        ("delete pods", 1),
        ("create networkpolicies", 1),
        ("patch deployments/scale", 1),
    ] {
        let made = in_cluster
            .iter()
            .filter(|call| call.call.operation == operation)
            .count();
        if made > most {
            wrong.push(format!("{operation} was accepted {made} times"));
        }
    }
    let own = format!("{NAMESPACE}/{}", pod.name);
    for call in in_cluster {
        let resource = call.call.resource.as_str();
        let fits = match call.call.operation.as_str() {
            "patch pods" | "delete pods" => resource == own,
            "create networkpolicies" => resource == NAMESPACE,
            "patch nodes" => resource == pod.node,
            _ => false,
        };
        if !fits {
            wrong.push(format!("{} is nothing of this pod", words(call)));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use day2_platform::faults::Call;

    use super::*;

    fn call(at: u64, service: &str, operation: &str, resource: &str) -> Exchange {
        Exchange {
            call: Call::named(service, operation, resource),
            began: at,
            answered: Some(at + 1),
            forwarded: true,
            done: Some(200),
            status: Some(200),
            fault: None,
        }
    }

    #[test]
    fn the_law_of_the_order_can_fail() {
        let pod = PodId {
            name: "p".to_owned(),
            uid: "u".to_owned(),
            node: "n".to_owned(),
        };
        let manifest = |at| {
            call(
                at,
                "s3",
                "PutObject",
                "day2-evidence/evidence/prod-a/u/manifest-1.json",
            )
        };
        let delete = |at| call(at, "kubernetes", "delete pods", "shop/p");
        let patch = |operation: &str, resource: &str| call(9, "kubernetes", operation, resource);
        assert!(objections(&[manifest(1), delete(3)], &pod).is_empty());
        let mut failed = manifest(1);
        failed.done = Some(503);
        let mut of_another = manifest(1);
        of_another.call.resource = of_another.call.resource.replace("/u/", "/v/");
        let mut refused = delete(1);
        refused.done = Some(403);
        for wrong in [
            vec![delete(1), manifest(3)],
            // Sent while the manifest was on its way.
            vec![manifest(2), delete(2)],
            vec![failed, delete(5)],
            vec![of_another, delete(5)],
            // Also where nothing came of it.
            vec![refused],
            vec![manifest(1), delete(3), delete(5)],
            vec![patch("patch pods", "shop/q")],
            vec![patch("patch nodes", "m")],
            vec![patch("create networkpolicies", "jobs")],
            vec![patch("patch services", "shop/p")],
            vec![patch("patch deployments/scale", "shop/p")],
        ] {
            assert!(!objections(&wrong, &pod).is_empty(), "{wrong:?}");
        }
    }
}
