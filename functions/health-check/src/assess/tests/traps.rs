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

/// A flag that does not exist, or is gone, prints to stderr; what is counted behind the pipe is empty, and reads as health.
#[test]
fn trap_19_what_a_tool_refuses_is_an_error_and_not_an_empty_list() {
    for (command, word, list, ours) in [
        (
            "kubectl get pods --all-contexts | grep -c CrashLoopBackOff",
            "CrashLoopBackOff",
            "pods",
            "HLT-122",
        ),
        (
            "kubectl get nodes --short | grep -c NotReady",
            "NotReady",
            "nodes",
            "HLT-111",
        ),
        (
            "kubectl get hpa --all-contexts | grep -c unknown",
            "unknown",
            "horizontalpodautoscalers",
            "HLT-128",
        ),
        (
            "kubectl get certificates --short | grep -c False",
            "False",
            "certificates",
            "HLT-171",
        ),
        (
            "kubectl get resourcequota --all-contexts | grep -c 100%",
            "100%",
            "resourcequotas",
            "HLT-151",
        ),
    ] {
        let printed: [String; 0] = [];
        assert_eq!(grep(&printed, word, false).len(), 0, "{command}");
        let item = World::well().of(list, json!("forbidden")).item(ours);
        assert_eq!(item.verdict(), Verdict::Unknown, "{command}");
        assert!(
            item.seen.contains("permission denied"),
            "{command}: {}",
            item.seen
        );
    }
}

/// Automation that reports only success is silent when the check did not work; whoever reads no mail as good news is told
/// nothing. Here a look that sees nothing gives lines that say so. That a whole report is missing, `watchdog` says.
#[test]
fn trap_20_a_check_that_could_not_look_is_not_silent() {
    const LISTS: [&str; 12] = [
        "namespaces",
        "nodes",
        "pods",
        "deployments",
        "statefulsets",
        "daemonsets",
        "jobs",
        "persistentvolumeclaims",
        "persistentvolumes",
        "resourcequotas",
        "scaledobjects",
        "certificates",
    ];
    let blind = LISTS
        .iter()
        .fold(World::well(), |world, list| world.of(list, json!("forbidden")));
    // `kubectl … | grep Error && mail …`: there is no line with an error, so that no mail is sent.
    let mailed = !grep(&[], "Error", false).is_empty();
    assert!(!mailed);
    let judged = blind.judged();
    let said: Vec<Verdict> = judged.items.iter().map(day2_core::Item::verdict).collect();
    assert_eq!(Verdict::worst(said), Verdict::Unknown, "{:#?}", judged.items);
    for code in [
        "HLT-111", "HLT-121", "HLT-122", "HLT-131", "HLT-141", "HLT-151", "HLT-161", "HLT-166", "HLT-171",
    ] {
        assert_eq!(blind.item(code).verdict(), Verdict::Unknown, "{code}");
        assert!(
            !judged.absent.contains(&code.to_owned()),
            "{code} was not looked for"
        );
    }
}

/// `kubectl logs -l app=x --since=1h` reads ten lines of each container, and its silence looks like health. We read no logs:
/// what a container died of is in its state, and every line says how much it looked at.
#[test]
fn trap_21_ten_lines_of_a_log_are_no_look() {
    for (wrong, tail, ours) in [
        (
            "an error, and then ten lines of a restart",
            "starting",
            Verdict::Fail,
        ),
        (
            "an error in the last ten lines",
            "ERROR connection refused",
            Verdict::Fail,
        ),
    ] {
        let mut log = vec!["ERROR connection refused".to_owned(); 90];
        log.extend((0..10).map(|_| tail.to_owned()));
        let theirs = grep(&log[log.len() - 10..], "ERROR", false).is_empty();
        assert_eq!(
            theirs,
            tail == "starting",
            "{wrong}: what the log alone would have said"
        );
        let mut looping = sick("web-1", &json!({"waiting": {"reason": "CrashLoopBackOff"}}));
        put(
            &mut looping,
            "/status/containerStatuses/0/lastState",
            json!({"terminated": {"reason": "Error", "exitCode": 1, "finishedAt": ago(3)}}),
        );
        let world = World::well().with("pods", looping);
        assert_eq!(world.item("HLT-122").verdict(), ours, "{wrong}");
        assert_eq!(
            world.item("HLT-122").population().examined,
            5,
            "{wrong}: all pods, not a sample"
        );
    }
    for item in World::well().items() {
        let examined = item.population().examined;
        assert!(item.verdict() != Verdict::Pass || examined > 0, "{item:?}");
    }
}

/// `describe-instances` hides the instances of Auto Mode where the account says so, so that a count of nodes, or of those that
/// are gone, is zero and passes. The cluster itself shows its nodes.
#[test]
fn trap_22_nodes_of_auto_mode_are_seen_because_the_cluster_itself_is_asked() {
    let auto = |mut node: Value| {
        put(
            &mut node,
            "/metadata/labels",
            json!({"eks.amazonaws.com/compute-type": "auto"}),
        );
        node
    };
    let plain = |number: usize| node(&format!("n{number}"));
    for (nodes, visible, ours) in [
        (vec![plain(1), plain(2)], 2, (2, Verdict::Pass)),
        (vec![auto(plain(1)), plain(2)], 1, (2, Verdict::Pass)),
        (vec![auto(plain(1)), auto(plain(2))], 0, (2, Verdict::Pass)),
        (
            vec![auto(plain(1)), auto(plain(2)), auto(broken_node())],
            0,
            (3, Verdict::Fail),
        ),
    ] {
        // What `describe-instances` without `IncludeManagedResources` returns.
        let theirs = nodes
            .iter()
            .filter(|node| node["metadata"]["labels"]["eks.amazonaws.com/compute-type"] != "auto")
            .count();
        assert_eq!(theirs, visible);
        let item = World::well().of("nodes", json!(nodes)).item("HLT-111");
        assert_eq!((item.population().examined, item.verdict()), ours);
    }
}
