//! Pods of which one container is done and another goes on (`HLT-124`): steps of a pipeline, and pods that are not restarted.

use serde_json::{Value, json};

use super::world::{World, ago, put, sick};

/// `step-1` in this state, and `step-2` beside it; the pod has not been Ready for half an hour, and belongs to this owner, if to any.
fn steps(first: &Value, second: &Value, second_is_ready: bool, owners: Value) -> Value {
    let mut pod = sick("build-1", first);
    put(&mut pod, "/metadata/ownerReferences", owners);
    put(&mut pod, "/spec/restartPolicy", json!("Never"));
    put(
        &mut pod,
        "/spec/containers",
        json!([{"name": "step-1", "image": "registry/clone:1"}, {"name": "step-2", "image": "registry/build:1"}]),
    );
    put(
        &mut pod,
        "/status/containerStatuses",
        json!([
            {"name": "step-1", "ready": false, "started": false, "restartCount": 0, "state": first},
            {"name": "step-2", "ready": second_is_ready, "started": true, "restartCount": 0, "state": second}]),
    );
    pod
}

fn ended(exit_code: i64) -> Value {
    json!({"terminated": {"exitCode": exit_code, "reason": "Completed", "startedAt": ago(59), "finishedAt": ago(30)}})
}

fn running() -> Value {
    json!({"running": {"startedAt": ago(59)}})
}

fn task_run() -> Value {
    json!([{"apiVersion": "tekton.dev/v1", "kind": "TaskRun", "name": "build", "controller": true}])
}

#[test]
fn a_container_that_is_done_beside_one_that_goes_on_is_no_probe_that_fails() {
    for owners in [task_run(), json!([])] {
        for (second, is_ready) in [(running(), true), (ended(0), false)] {
            let pod = steps(&ended(0), &second, is_ready, owners.clone());
            World::well()
                .with("pods", pod)
                .is_well(&format!("{owners}, then {second}"));
        }
    }
}

#[test]
fn a_container_that_is_done_hides_none_that_is_not_ready_and_none_that_failed() {
    let told = |first: &Value, second: &Value| {
        World::well()
            .with("pods", steps(first, second, false, task_run()))
            .only()
    };
    let (code, name, says) = told(&ended(0), &running());
    assert_eq!((code.as_str(), name.as_str()), ("HLT-124", "shop/TaskRun/build"));
    assert!(
        says.contains("not Ready for 30 min: the readiness probe of step-2 fails"),
        "{says}"
    );
    assert!(!says.contains("step-1"), "{says}");

    let (code, _, says) = told(&ended(1), &running());
    assert_eq!(code, "HLT-122");
    assert!(says.contains("step-1 ended: exit code 1"), "{says}");
}

#[test]
fn a_container_that_ends_well_and_is_to_run_for_ever_is_told_while_its_restart_waits() {
    let crash = json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}});
    let replica_set =
        json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "sick-5f", "controller": true}]);
    let mut pod = steps(&crash, &ended(0), false, replica_set);
    put(&mut pod, "/spec/restartPolicy", json!("Always"));
    put(&mut pod, "/status/containerStatuses/0/restartCount", json!(2));
    put(&mut pod, "/status/containerStatuses/0/lastState", ended(0));
    let (code, name, says) = World::well().with("pods", pod.clone()).only();
    assert_eq!(
        (code.as_str(), name.as_str()),
        ("HLT-122", "shop/Deployment/sick")
    );
    assert!(
        says.contains("step-1 crashes: exit code 0, but it should keep running, 2 restarts"),
        "{says}"
    );

    // Nobody has started it again for half an hour.
    put(&mut pod, "/status/containerStatuses/0/state", ended(0));
    put(&mut pod, "/status/containerStatuses/1/state", running());
    let (code, name, _) = World::well().with("pods", pod).only();
    assert_eq!(
        (code.as_str(), name.as_str()),
        ("HLT-124", "shop/Deployment/sick")
    );
}
