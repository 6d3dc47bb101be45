//! The restart of the one leaking client.

use day2_core::action::{Occasion, Undo};
use day2_core::{Cause, Unreadable, Verdict};
use day2_kube::change::{RESTART_ANNOTATION, RESTARTED_AT_ANNOTATION};
use day2_kube::objects::PodDisruptionBudget;
use serde_json::json;

use super::world::{KEY, World, ago, client, deployment, flat, lease};
use crate::Change;

const CODERD: &str = "Deployment coder/coderd";
const ANY: &str = "restart of a client";

fn budget(app: &str, allowed: i64) -> PodDisruptionBudget {
    serde_json::from_value(json!({
        "metadata": {"namespace": "coder", "name": "guard", "generation": 1},
        "spec": {"selector": {"matchLabels": {"app": app}}, "minAvailable": 10},
        "status": {"disruptionsAllowed": allowed, "currentHealthy": 10, "desiredHealthy": 10, "expectedPods": 10,
                   "observedGeneration": 1}}))
    .unwrap()
}

#[test]
fn the_one_client_that_changed_is_restarted_and_nothing_else_is_done() {
    let world = World::leaking();
    let step = world.step();
    assert_eq!(step.resource, CODERD);
    assert!(matches!(&step.change, Change::Restart { uid, connections: 800, .. } if uid == "uid-coderd"));
    assert!(matches!(step.undo, Undo::Nothing { .. }) && step.disruptive);
    assert!(
        step.blast_radius.contains("119 % more than that"),
        "{}",
        step.blast_radius
    );
    assert!(
        world
            .why_not("Aurora cluster prod-a-aurora")
            .contains("one remedy at a time"),
        "the raise waits for what the restart does"
    );
}

#[test]
fn an_approval_of_a_restart_is_of_this_deployment_and_of_no_other_one_of_its_name() {
    let approved = World::leaking().plan().plan;
    let mut again = World::leaking();
    again.facts.clients[0].deployment = Ok(Some(deployment("coder", "coderd", 10, |object| {
        object["metadata"]["uid"] = json!("uid-of-another");
    })));
    let now = again.plan().plan;
    assert_eq!(now.steps[0].resource, approved.steps[0].resource);
    assert_ne!(now.id("f", "prod-a"), approved.id("f", "prod-a"));
    let differences = now.differences(&approved);
    assert!(
        matches!(&differences[..], [one] if one.contains("uid-coderd") && one.contains("uid-of-another")),
        "{differences:?}"
    );
}

#[test]
fn connections_within_the_pools_are_no_leak() {
    let why = World::new().why_not(ANY);
    assert!(
        why.contains("no client leaks by the figures") && why.contains("800 connections"),
        "{why}"
    );
    // 20 % more than is explained is the limit, and not above it.
    let mut world = World::leaking();
    world.facts.clients[0] = client("coder", "coderd", 26, 40);
    assert!(
        world.why_not(ANY).contains("no client leaks"),
        "{}",
        world.why_not(ANY)
    );
    world.policy()["leak"] = json!({"excess_percent": 10});
    assert_eq!(world.step().resource, CODERD);
}

#[test]
fn two_clients_that_changed_are_a_guess_and_never_two_restarts() {
    let mut world = World::leaking();
    world.facts.clients[1] = client("bi", "reports", 15, 30);
    let why = world.why_not(ANY);
    assert!(
        why.contains("more than one client has changed lately (coderd, reports)"),
        "{why}"
    );
    world.policy()["suspect"] = json!("coderd");
    assert_eq!(world.step().resource, CODERD);
}

#[test]
fn a_leak_without_a_change_is_nobodys_until_the_settings_name_a_suspect() {
    let mut world = World::leaking();
    world.facts.clients[0] = client("coder", "coderd", 10, 5_000);
    assert!(world.why_not(ANY).contains("no client stands out"));
    world.policy()["suspect"] = json!("coderd");
    assert!(
        world
            .step()
            .blast_radius
            .contains("the settings name it as the suspect")
    );
}

#[test]
fn the_only_declared_client_is_believed() {
    let mut world = World::leaking();
    world.policy()["clients"].as_array_mut().unwrap().truncate(1);
    world.facts.clients.truncate(1);
    world.facts.clients[0] = client("coder", "coderd", 10, 5_000);
    assert!(
        world
            .step()
            .blast_radius
            .contains("it is the only declared client")
    );
}

#[test]
fn a_restart_must_be_allowed_in_writing() {
    let mut world = World::leaking();
    world.policy()["clients"][0]["may_restart"] = json!(false);
    let why = world.why_not(CODERD);
    assert!(
        why.contains("`may_restart`") && why.contains("kubectl -n coder rollout restart deployment/coderd"),
        "{why}"
    );
}

#[test]
fn a_deployment_that_is_not_steady_is_not_restarted_k21() {
    type Spoil = fn(&mut serde_json::Value);
    let table: [(Spoil, &str); 7] = [
        (|one| one["spec"]["paused"] = json!(true), "it is paused"),
        (
            |one| one["status"]["updatedReplicas"] = json!(4),
            "a rollout is under way",
        ),
        (
            |one| one["status"]["observedGeneration"] = json!(3),
            "a rollout is under way",
        ),
        (
            |one| one["spec"]["strategy"]["type"] = json!("Recreate"),
            "ends all pods at once",
        ),
        (
            |one| one["status"]["availableReplicas"] = json!(9),
            "9 of 10 pods are available",
        ),
        (|one| one["spec"]["replicas"] = json!(0), "scaled to zero"),
        (
            |one| one["metadata"]["deletionTimestamp"] = json!("2026-11-20T11:00:00Z"),
            "is being deleted",
        ),
    ];
    for (spoil, says) in table {
        let mut world = World::leaking();
        world.facts.clients[0].deployment = Ok(Some(deployment("coder", "coderd", 10, spoil)));
        let why = world.why_not(CODERD);
        assert!(why.contains(says), "{why}");
    }
}

#[test]
fn a_budget_that_allows_nothing_forbids_and_a_neighbours_does_not() {
    let mut world = World::leaking();
    world.facts.clients[0].budgets = Ok(vec![budget("coderd", 0)]);
    let why = world.why_not(CODERD);
    assert!(
        why.contains("PodDisruptionBudget guard allows no disruption (10 of 10"),
        "{why}"
    );
    world.facts.clients[0].budgets = Ok(vec![budget("coderd", 1), budget("another", 0)]);
    assert_eq!(world.step().resource, CODERD);
    let unread = Unreadable::new("list poddisruptionbudgets", "prod-a", Cause::Denied, "");
    world.facts.clients[0].budgets = Err(unread.clone());
    assert!(world.why_not(CODERD).contains("budgets are not readable"));
    world.facts.clients[0].budgets = Ok(Vec::new());
    world.facts.clients[0].pods = Err(unread);
    world.policy()["suspect"] = json!("coderd");
    assert!(world.why_not(CODERD).contains("pods are not readable"));
}

#[test]
fn one_figure_that_is_not_known_makes_the_leak_not_known() {
    let mut world = World::leaking();
    world.facts.clients[1].deployment = Ok(None);
    assert!(
        world
            .why_not(ANY)
            .contains("reports: there is no Deployment bi/reports")
    );
    let mut world = World::leaking();
    world.database().instances[1].connections = Ok(Vec::new());
    assert!(world.why_not(ANY).contains("connections of prod-a-2"));
}

#[test]
fn another_delivery_goes_on_with_the_same_restart_while_it_rolls_d12_k21() {
    let first = World::leaking();
    let plan = first.plan().plan;
    let rolling = |one: &mut serde_json::Value| {
        one["metadata"]["generation"] = json!(5);
        one["spec"]["template"]["metadata"]["annotations"][RESTART_ANNOTATION] = json!(KEY);
    };
    let mut again = World::leaking();
    again.facts.clients[0].deployment = Ok(Some(deployment("coder", "coderd", 10, rolling)));
    // The connections have fallen by now, and still it is the same occasion.
    again.writer().connections = Ok(flat(700.0));
    for with_lease in [false, true] {
        if with_lease {
            again.standing.leases.push(lease(&plan.steps[0], KEY));
        }
        let replayed = again.plan().plan;
        assert_eq!(
            replayed.id("connection-exhaustion", "prod-a"),
            plan.id("connection-exhaustion", "prod-a")
        );
    }
    // Another occasion finds a rollout under way.
    again.standing.leases.clear();
    again.key = "another occasion".to_owned();
    assert!(again.why_not(CODERD).contains("a rollout is under way"));
}

/// `coderd` as an earlier restart of ours left it, so many minutes ago.
fn restarted_before(world: &mut World, minutes: i64) {
    let annotated = |one: &mut serde_json::Value| {
        let annotations = &mut one["spec"]["template"]["metadata"]["annotations"];
        annotations[RESTART_ANNOTATION] = json!("an earlier occasion");
        annotations[RESTARTED_AT_ANNOTATION] = json!(ago(minutes).to_string());
    };
    world.facts.clients[0].deployment = Ok(Some(deployment("coder", "coderd", 10, annotated)));
}

#[test]
fn a_client_that_is_young_because_we_restarted_it_is_not_restarted_for_that_again_d08() {
    let mut world = World::leaking();
    // Its pods are 40 minutes old.
    restarted_before(&mut world, 41);
    let why = world.why_not(ANY);
    assert!(
        why.contains("coderd was restarted at 2026-11-20 11:19 UTC, which did not help")
            && why.contains("Name the client as `suspect`"),
        "{why}"
    );
    // A person who knows more still decides.
    world.policy()["suspect"] = json!("coderd");
    assert_eq!(world.step().resource, CODERD);
    // The other client, if it has changed, is the one that is left.
    let mut world = World::leaking();
    restarted_before(&mut world, 41);
    world.facts.clients[1] = client("bi", "reports", 15, 30);
    world.policy()["clients"][1]["may_restart"] = json!(true);
    assert_eq!(world.step().resource, "Deployment bi/reports");
    // Pods that are older than what the annotation says are not of that restart: they changed by another's hand.
    let mut world = World::leaking();
    restarted_before(&mut world, 20);
    assert_eq!(world.step().resource, CODERD);
}

#[test]
fn a_leak_behind_a_pending_reboot_is_restarted_and_more_acu_wait_w10() {
    let hide = |mut world: World| {
        // Somebody raised the maximum: 780 of 5,000 after the reboot, and of nobody knows how many before.
        world.range(1.0, 32.0);
        world.writer().cluster_parameter_status = Some("pending-reboot".to_owned());
        world
    };
    let world = hide(World::leaking());
    assert_eq!(world.step().resource, CODERD);
    assert!(
        world
            .why_not("Aurora cluster prod-a-aurora")
            .starts_with("already raised, connections still high")
    );
    // Without a leak nothing can be done, and the report is no green one.
    let world = hide(World::new());
    assert!(world.why_not(ANY).contains("no client leaks"));
    let verdict = |code: &str| {
        let items = world.plan().items;
        items
            .into_iter()
            .find(|item| item.code == code)
            .unwrap()
            .verdict()
    };
    assert_eq!(
        (verdict("CNX-003"), verdict("CNX-005")),
        (Verdict::Unknown, Verdict::Fail)
    );
    // Nothing rings: a shortage that nobody sees restarts nothing.
    let mut world = hide(World::leaking());
    world.facts.alarm = None;
    world.occasion = Occasion::Manual;
    assert!(world.why_not(ANY).contains("no alarm rings"));
}
