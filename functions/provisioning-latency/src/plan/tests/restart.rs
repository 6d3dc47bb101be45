//! The restart of a sick provisioner: only where it is allowed and can help, once per occasion.

use day2_core::action::guard::Guard;
use day2_kube::change::RESTART_ANNOTATION;
use serde_json::{Value, json};

use super::world::*;
use crate::facts::Facts;

/// Slow because two of three provisioner pods are sick, with nobody waiting for nodes.
fn sick_world(provisioner: &Value) -> Facts {
    let mut facts = world(50);
    facts.cluster.deployments = Ok(vec![deployment(provisioner)]);
    let pods = pods_of(&mut facts);
    pods.retain(|pod| pod.phase != "Pending" && pod.namespace != "coder");
    pods.push(provisioner_pod("p1", true, None));
    pods.push(provisioner_pod("p2", false, Some("CrashLoopBackOff")));
    pods.push(provisioner_pod("p3", false, None));
    facts
}

#[track_caller]
fn left(facts: &Facts, why: &str) {
    let seen = planned(facts);
    assert!(!restarts(&seen.plan), "{:?}", seen.plan.steps);
    assert!(skips(&seen.plan).contains(why), "{}", skips(&seen.plan));
}

#[test]
fn a_sick_provisioner_is_restarted_where_the_settings_allow_it() {
    let seen = planned(&sick_world(&provisioner(1)));
    assert_eq!(seen.plan.steps.len(), 1);
    assert!(restarts(&seen.plan));
    let step = &seen.plan.steps[0];
    assert!(step.disruptive);
    assert_eq!(step.resource, "deployment coder/coder-provisioner");
    assert_eq!(seen.says, "provisioner: restart of the provisioner");
    let evidence = &item(&seen, "PRV-003").seen;
    assert!(evidence.contains("CrashLoopBackOff"), "{evidence}");
}

#[test]
fn an_approval_of_a_restart_is_of_this_deployment_and_of_no_other_one_of_its_name() {
    let approved = planned(&sick_world(&provisioner(1))).plan;
    let mut another = provisioner(1);
    another["metadata"]["uid"] = json!("uid-of-another");
    let now = planned(&sick_world(&another)).plan;
    assert_eq!(now.steps[0].resource, approved.steps[0].resource);
    assert_ne!(now.id("f", "prod-a"), approved.id("f", "prod-a"));
    let differences = now.differences(&approved);
    assert!(
        matches!(&differences[..], [one] if one.contains("uid-of-another")),
        "{differences:?}"
    );
}

#[test]
fn pods_that_just_start_are_not_sick_and_those_that_crash_or_stay_so_are() {
    // Minutes since the pod stopped being Ready, what it waits in, and whether that is worth a restart.
    for (minutes, waits, expected) in [
        (2, None, false),
        (2, Some("ContainerCreating"), false),
        (2, Some("CrashLoopBackOff"), true),
        (3, None, true),
    ] {
        let mut facts = sick_world(&provisioner(1));
        pods_of(&mut facts).retain(|pod| pod.namespace != "coder" || pod.ready());
        let mut pod = provisioner_pod("p2", false, waits);
        pod.conditions[0].since = Some(ago(minutes));
        pods_of(&mut facts).push(pod);
        assert_eq!(restarts(&planned(&facts).plan), expected, "{minutes} {waits:?}");
        if !expected {
            left(&facts, "less than 3 min");
        }
    }
    // Without the time of the change, the start of the pod counts.
    let mut facts = sick_world(&provisioner(1));
    pods_of(&mut facts).retain(|pod| pod.namespace != "coder" || pod.ready());
    let mut pod = provisioner_pod("p2", false, None);
    (pod.created_at, pod.started_at) = (Some(ago(300)), Some(ago(1)));
    pods_of(&mut facts).push(pod);
    left(&facts, "less than 3 min");
}

#[test]
fn by_default_a_restart_is_only_proposed() {
    let settings =
        settings_with(&json!({"provisioner": {"namespace": "coder", "deployment": "coder-provisioner"}}));
    let seen = planned_with(&sick_world(&provisioner(1)), &settings, Vec::new());
    assert!(seen.plan.steps.is_empty());
    assert!(skips(&seen.plan).contains("kubectl -n coder rollout restart deployment coder-provisioner"));
}

#[test]
fn a_healthy_provisioner_is_never_restarted() {
    assert!(!restarts(&planned(&world(50)).plan));
}

#[test]
fn a_deployment_that_is_rolling_paused_or_was_restarted_for_this_occasion_is_left_k21() {
    let mut rolling = provisioner(1);
    rolling["status"]["updatedReplicas"] = json!(1);
    left(&sick_world(&rolling), "a rollout is under way");
    let mut paused = provisioner(1);
    paused["spec"]["paused"] = json!(true);
    left(&sick_world(&paused), "it is paused");
    let mut done = provisioner(1);
    done["spec"]["template"]["metadata"] = json!({"annotations": {RESTART_ANNOTATION: KEY}});
    left(&sick_world(&done), "restarted for this occasion already");
    let mut other = provisioner(1);
    other["spec"]["template"]["metadata"] = json!({"annotations": {RESTART_ANNOTATION: "another occasion"}});
    assert!(restarts(&planned(&sick_world(&other)).plan));
}

#[test]
fn a_restart_that_cannot_help_or_would_end_everything_at_once_is_left_k14() {
    let mut recreate = provisioner(1);
    recreate["spec"]["strategy"]["type"] = json!("Recreate");
    left(&sick_world(&recreate), "Recreate");
    let mut zero = provisioner(0);
    zero["spec"]["replicas"] = json!(0);
    left(&sick_world(&zero), "scaled to zero");
    let mut going = provisioner(1);
    going["metadata"]["deletionTimestamp"] = json!(ago(1).to_string());
    left(&sick_world(&going), "being deleted");

    let mut pulling = sick_world(&provisioner(1));
    pods_of(&mut pulling).retain(|pod| pod.namespace != "coder" || pod.ready());
    pods_of(&mut pulling).push(provisioner_pod("p2", false, Some("ImagePullBackOff")));
    left(&pulling, "wait for their image");

    let mut unplaced = sick_world(&provisioner(1));
    pods_of(&mut unplaced).retain(|pod| pod.namespace != "coder" || pod.ready());
    let mut pod = provisioner_pod("p2", false, None);
    pod.node = None;
    pods_of(&mut unplaced).push(pod);
    left(&unplaced, "wait for a node");
}

#[test]
fn a_provisioner_in_a_denied_namespace_is_refused_whatever_the_settings_say() {
    let mut facts = sick_world(&provisioner(1));
    let mut there = provisioner(1);
    there["metadata"]["namespace"] = json!("kube-system");
    facts.cluster.deployments = Ok(vec![deployment(&there)]);
    let settings = settings_with(&json!({"provisioner": {
        "namespace": "kube-system", "deployment": "coder-provisioner", "may_restart": true}}));
    let seen = planned_with(&facts, &settings, Vec::new());
    assert!(seen.plan.steps.is_empty());
    assert_eq!(seen.plan.refusals[0].guard, Guard::DenyList);
}

#[test]
fn what_objects_to_the_raise_does_not_stop_the_restart_and_is_said() {
    let mut facts = sick_world(&provisioner(1));
    pods_of(&mut facts).push(waiting(1, NO_CPU));
    facts.group.scheduled = Ok(vec![scheduled("evening", 20, 10)]);
    let seen = planned(&facts);
    assert!(restarts(&seen.plan));
    assert_eq!(raise(&seen.plan), None);
    assert!(seen.plan.refusals.is_empty());
    assert!(
        skips(&seen.plan).contains("window: the scheduled action evening"),
        "{}",
        skips(&seen.plan)
    );
}

#[test]
fn restart_and_raise_stand_side_by_side_the_raise_first() {
    let mut facts = sick_world(&provisioner(1));
    pods_of(&mut facts).push(waiting(1, NO_CPU));
    let seen = planned(&facts);
    assert_eq!(seen.plan.steps.len(), 2);
    assert!(restarts(&seen.plan));
    assert_eq!(raise(&seen.plan), Some((50, 51)));
    assert_eq!(seen.plan.steps[0].resource, "Auto Scaling group prod-a-workspace");
    assert_eq!(seen.plan.steps[1].resource, "deployment coder/coder-provisioner");
}

#[test]
fn deployments_that_could_not_be_read_restart_nothing() {
    let mut facts = sick_world(&provisioner(1));
    facts.cluster.deployments = Err(unreadable("list deployments"));
    assert!(!restarts(&planned(&facts).plan));
}
