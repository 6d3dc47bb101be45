//! The traps of the runbooks' own commands: what each would have said, and what is said here. The commands are played by
//! the few lines of text processing that they are.

use day2_core::Verdict;
use serde_json::{Value, json};

use super::world::{World, ago, node, put, sick};

/// What `kubectl get nodes` prints of the nodes, with its header.
fn get_nodes(nodes: &[Value]) -> Vec<String> {
    let line = |node: &Value| {
        let ready = &node["status"]["conditions"][0]["status"];
        let status = if ready == "True" { "Ready" } else { "NotReady" };
        format!(
            "{} {status} <none> 1d v1.33.5",
            node["metadata"]["name"].as_str().unwrap()
        )
    };
    let mut lines = vec!["NAME STATUS ROLES AGE VERSION".to_owned()];
    lines.extend(nodes.iter().map(line));
    lines
}

/// What `kubectl get pods` prints: the phase, or what a container waits for.
fn get_pods(pods: &[(&str, &str)]) -> Vec<String> {
    pods.iter()
        .map(|(name, status)| format!("{name} 0/1 {status} 0 1h"))
        .collect()
}

fn grep<'l>(lines: &'l [String], word: &str, inverted: bool) -> Vec<&'l str> {
    lines
        .iter()
        .map(String::as_str)
        .filter(|line| line.contains(word) != inverted)
        .collect()
}

fn broken_node() -> Value {
    let mut lost = node("n3");
    put(
        &mut lost,
        "/status/conditions/0",
        json!({"type": "Ready", "status": "Unknown", "lastTransitionTime": ago(20)}),
    );
    lost
}

#[test]
fn trap_1_a_selector_that_selects_nothing_finds_no_bad_nodes_and_we_say_that_nothing_was_looked_at_w25() {
    // `kubectl get nodes -l node-group=provisioner,workspace | grep -v Ready`: no rows, so no bad nodes.
    assert!(grep(&[], "Ready", true).is_empty());
    let world = World::well().of("nodes", json!([])).of("pods", json!([]));
    for code in ["HLT-111", "HLT-112", "HLT-114", "HLT-122"] {
        assert_ne!(world.item(code).verdict(), Verdict::Pass, "{code}");
        assert_eq!(world.item(code).population().examined, 0, "{code}");
    }
}

#[test]
fn trap_2_the_phase_hides_a_crash_loop_and_accuses_a_finished_job() {
    let mut looping = sick("web-1", &json!({"waiting": {"reason": "CrashLoopBackOff"}}));
    put(&mut looping, "/status/containerStatuses/0/restartCount", json!(7));
    let mut done = sick(
        "backup-1",
        &json!({"terminated": {"reason": "Completed", "exitCode": 0}}),
    );
    put(&mut done, "/status/phase", json!("Succeeded"));
    put(
        &mut done,
        "/metadata/ownerReferences/0",
        json!({"kind": "Job", "name": "backup", "controller": true}),
    );
    // `--field-selector=status.phase!=Running`: the crash loop is in phase Running, the finished Job is not.
    let by_phase: Vec<&str> = [&looping, &done]
        .into_iter()
        .filter(|pod| pod["status"]["phase"] != "Running")
        .map(|pod| pod["metadata"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(by_phase, ["backup-1"]);
    // `| grep -v Running` drops a pod whose name holds the word, and keeps the finished one.
    let listed = get_pods(&[
        ("running-shoes-1", "CrashLoopBackOff"),
        ("Running-1", "Error"),
        ("backup-1", "Completed"),
    ]);
    assert_eq!(grep(&listed, "Running", true).len(), 2);
    let world = World::well().with("pods", looping).with("pods", done);
    assert_eq!(world.named(), ["HLT-122 shop/Deployment/sick"]);
}

#[test]
fn trap_3_not_ready_contains_ready() {
    let nodes = [node("n1"), node("n2"), broken_node()];
    let printed = get_nodes(&nodes);
    // `| grep -v Ready` shows nothing but the header, `| grep Ready` counts three.
    assert_eq!(grep(&printed, "Ready", true), ["NAME STATUS ROLES AGE VERSION"]);
    assert_eq!(grep(&printed, "Ready", false).len(), 3);
    let world = World::well().with("nodes", broken_node());
    assert_eq!(world.named(), ["HLT-111 n3"]);
    assert_eq!(world.item("HLT-111").seen, "2 of 3 nodes Ready");
}

#[test]
fn trap_4_the_header_is_no_node() {
    let printed = get_nodes(&[node("n1"), node("n2")]);
    // `| wc -l`.
    assert_eq!(printed.len(), 3);
    assert_eq!(World::well().item("HLT-111").population().examined, 2);
}

#[test]
fn trap_18_the_restart_count_is_of_a_life_and_not_of_a_day() {
    let mut old = super::world::pod("web-1", "shop", "n1", "sick");
    put(&mut old, "/metadata/creationTimestamp", json!(ago(60 * 24 * 90)));
    put(&mut old, "/status/containerStatuses/0/restartCount", json!(14));
    put(
        &mut old,
        "/status/containerStatuses/0/lastState",
        json!({"terminated": {"reason": "Error", "exitCode": 1, "finishedAt": ago(60 * 24 * 30)}}),
    );
    // `.status.containerStatuses[0].restartCount > 5`, under the heading "last 24h".
    assert!(
        old["status"]["containerStatuses"][0]["restartCount"]
            .as_i64()
            .unwrap()
            > 5
    );
    World::well()
        .with("pods", old)
        .is_well("the last restart is a month ago");
}

#[test]
fn trap_19_what_a_tool_refuses_is_an_error_and_not_an_empty_list() {
    // A flag that does not exist prints to stderr; what is counted behind the pipe is empty.
    assert_eq!(grep(&[], "False", false).len(), 0);
    let world = World::well().of("pods", json!("forbidden"));
    assert_eq!(world.item("HLT-122").verdict(), Verdict::Unknown);
    assert!(
        world.item("HLT-122").seen.contains("permission denied"),
        "{}",
        world.item("HLT-122").seen
    );
}

#[test]
fn trap_20_and_21_every_line_says_how_much_it_looked_at() {
    // `kubectl logs -l app=x --since=1h | grep ERROR` reads ten lines of each container, and its silence looks like health.
    let lines: Vec<String> = (0..1000)
        .map(|n| {
            if n < 900 {
                "ERROR".to_owned()
            } else {
                "fine".to_owned()
            }
        })
        .collect();
    assert!(grep(&lines[990..], "ERROR", false).is_empty());
    for item in World::well().items() {
        let population = item.population();
        assert!(
            item.verdict() != Verdict::Pass || population.examined > 0,
            "{item:?}"
        );
    }
}

#[test]
fn trap_22_nodes_of_auto_mode_are_seen_because_the_cluster_itself_is_asked() {
    // `describe-instances` hides managed instances where the account says so: it would count none.
    let world = World::well()
        .set(
            "nodes",
            0,
            "/metadata/labels",
            json!({"eks.amazonaws.com/compute-type": "auto"}),
        )
        .set(
            "nodes",
            1,
            "/metadata/labels",
            json!({"eks.amazonaws.com/compute-type": "auto"}),
        );
    assert_eq!(world.item("HLT-111").population().examined, 2);
}
