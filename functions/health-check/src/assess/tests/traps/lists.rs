//! Traps 1 to 4: what a filter, a phase, a word and a line count make of a list.

use day2_core::Verdict::{Fail, Pass, Unknown};
use serde_json::{Value, json};

use super::{Row, between_crashes, cordoned, done, full_disk, of_group, play, set};
use crate::assess::tests::world::{World, ago, node, sick};

/// A check that looked at nothing has found nothing wrong, and that is what a filter behind a pipe prints.
#[test]
fn trap_1_what_selects_nothing_finds_nothing_bad_and_we_say_at_how_much_we_looked_w25() {
    const STUCK: &str = r#"kubectl get nodes -l node-group=provisioner,workspace --no-headers | awk '{if ($2 != "Ready") print $0}'"#;
    let both = json!([
        of_group("n1", "provisioner", false),
        of_group("n2", "workspace", false)
    ]);
    let row = |what, command, world, ours| Row {
        what,
        command,
        world,
        theirs: &[],
        ours,
    };
    play(vec![
        row(
            "`a=b,c` asks for a label named c, which no node has, and all nodes are silent",
            STUCK,
            World::well().of("nodes", both),
            ("HLT-111", Some((Fail, 2))),
        ),
        row(
            "there is no node",
            STUCK,
            World::well().of("nodes", json!([])),
            ("HLT-111", Some((Fail, 0))),
        ),
        row(
            "there is no node, and so none under pressure",
            STUCK,
            World::well().of("nodes", json!([])),
            ("HLT-112", Some((Unknown, 0))),
        ),
        row(
            "nobody labels the nodes as the runbook does, and one has a full disk",
            "kubectl get nodes -l node-group=control",
            World::well().with("nodes", full_disk("n3")),
            ("HLT-112", Some((Fail, 3))),
        ),
        row(
            "there is no pod, where some should be",
            "kubectl get pods -A | grep -v Running | grep -v Completed",
            World::well().of("pods", json!([])),
            ("HLT-122", Some((Unknown, 0))),
        ),
        row(
            "and their Deployments say so",
            "kubectl get pods --all-namespaces | grep -v Running",
            World::well()
                .of("pods", json!([]))
                .set("deployments", 0, "/status/availableReplicas", json!(0))
                .set(
                    "deployments",
                    0,
                    "/status/conditions/0",
                    json!({"type": "Available", "status": "False", "lastTransitionTime": ago(30)}),
                ),
            ("HLT-121", Some((Fail, 2))),
        ),
        row(
            "the namespace of the runbook is not that of the application, whose pod crashes",
            "kubectl get pods -n coder --field-selector=status.phase!=Running",
            World::well().with("pods", between_crashes()),
            ("HLT-122", Some((Fail, 5))),
        ),
        row(
            "nothing claims a volume",
            "kubectl get pvc -A | grep -v Bound",
            World::well(),
            ("HLT-141", None),
        ),
        row(
            "cert-manager is not installed",
            "kubectl get certificates -A | grep -v True",
            World::well(),
            ("HLT-171", None),
        ),
    ]);
}

/// `Running` is a phase: of a pod whose containers crash, of one that is not Ready; and everything else is not broken.
#[test]
fn trap_2_the_phase_hides_what_crashes_and_accuses_what_is_done() {
    let not_ready = || sick("web-1", &json!({"running": {"startedAt": ago(59)}}));
    let (all, four) = (
        "kubectl get pods --all-namespaces | grep -v Running",
        Some((Pass, 4)),
    );
    play(vec![
        Row {
            what: "nothing: the header does not say Running",
            command: all,
            world: World::well(),
            theirs: &["NAMESPACE NAME"],
            ours: ("HLT-122", four),
        },
        Row {
            what: "a crash loop, seen while the container runs",
            command: all,
            world: World::well().with("pods", between_crashes()),
            theirs: &["NAMESPACE NAME"],
            ours: ("HLT-122", Some((Fail, 5))),
        },
        Row {
            what: "the same, in its back-off",
            command: "kubectl get pods -n shop --field-selector=status.phase!=Running",
            world: World::well().with(
                "pods",
                sick("web-1", &json!({"waiting": {"reason": "CrashLoopBackOff"}})),
            ),
            theirs: &[],
            ours: ("HLT-122", Some((Fail, 5))),
        },
        Row {
            what: "a pod that runs and gets no traffic",
            command: "kubectl get pods -A | grep -v Running | grep -v Completed",
            world: World::well().with("pods", not_ready()),
            theirs: &["NAMESPACE NAME"],
            ours: ("HLT-124", Some((Fail, 5))),
        },
        Row {
            what: "the same by its phase",
            command: "kubectl get pods --all-namespaces --field-selector=status.phase!=Running,status.phase!=Succeeded",
            world: World::well().with("pods", not_ready()),
            theirs: &[],
            ours: ("HLT-124", Some((Fail, 5))),
        },
        Row {
            what: "a Job that is done",
            command: "kubectl get pods -n shop --field-selector=status.phase!=Running",
            world: World::well().with("pods", done()),
            theirs: &["NAME", "backup-1 0/1 Completed"],
            ours: ("HLT-122", four),
        },
        Row {
            what: "the same with grep",
            command: all,
            world: World::well().with("pods", done()),
            theirs: &["NAMESPACE NAME", "shop backup-1 0/1 Completed"],
            ours: ("HLT-125", four),
        },
    ]);
}

/// `NotReady` contains `Ready`.
#[test]
fn trap_3_a_node_that_is_not_ready_is_never_without_the_word() {
    const BAD: &str = "kubectl get nodes | grep -v Ready";
    const COUNTED: &str = r#"kubectl get nodes --no-headers | awk '{if ($2 == "Ready") ready++; total++} END {print ready "/" total " ready"}'"#;
    let says_no = set(
        node("n3"),
        "/status/conditions/0",
        json!({"type": "Ready", "status": "False", "lastTransitionTime": ago(20)}),
    );
    let lost = || World::well().with("nodes", of_group("n3", "workspace", false));
    play(vec![
        Row {
            what: "a kubelet is silent",
            command: BAD,
            world: lost(),
            theirs: &["NAME STATUS"],
            ours: ("HLT-111", Some((Fail, 3))),
        },
        Row {
            what: "a kubelet says that it is not Ready",
            command: BAD,
            world: World::well().with("nodes", says_no),
            theirs: &["NAME STATUS"],
            ours: ("HLT-111", Some((Fail, 3))),
        },
        Row {
            what: "after an update every line counts as Ready",
            command: "kubectl get nodes | grep Ready",
            world: lost(),
            theirs: &["n1 Ready", "n2 Ready", "n3 NotReady"],
            ours: ("HLT-111", Some((Fail, 3))),
        },
        Row {
            what: "a node was forgotten in its cordon",
            command: BAD,
            world: World::well().with("nodes", cordoned("n3", 300)),
            theirs: &["NAME STATUS"],
            ours: ("HLT-113", Some((Fail, 3))),
        },
        Row {
            what: "a node is Ready, and its disk is full",
            command: BAD,
            world: World::well().with("nodes", full_disk("n3")),
            theirs: &["NAME STATUS"],
            ours: ("HLT-112", Some((Fail, 3))),
        },
        Row {
            what: "a column that is compared as a whole takes a drain of a minute for a bad node",
            command: r#"kubectl get nodes --no-headers | awk '{if ($2 != "Ready") print $0}'"#,
            world: World::well().with("nodes", cordoned("n3", 1)),
            theirs: &["n3 Ready,SchedulingDisabled"],
            ours: ("HLT-111", Some((Pass, 3))),
        },
        Row {
            what: "and does not count it among those that are Ready",
            command: COUNTED,
            world: World::well().with("nodes", cordoned("n3", 1)),
            theirs: &["2/3 ready"],
            ours: ("HLT-111", Some((Pass, 3))),
        },
    ]);
}

/// A header is a line, and an empty list has none.
#[test]
fn trap_4_lines_are_not_objects() {
    let group = |count: usize| {
        let nodes: Vec<Value> = (1..=count)
            .map(|number| of_group(&format!("n{number}"), "workspace", true))
            .collect();
        World::well().of("nodes", json!(nodes))
    };
    let nodes = |what, world, theirs, ours| Row {
        what,
        command: "kubectl get nodes -l node-group=workspace | wc -l",
        world,
        theirs,
        ours: ("HLT-111", Some(ours)),
    };
    play(vec![
        nodes("five nodes are six lines", group(5), &["6"], (Pass, 5)),
        nodes("two nodes are three lines", group(2), &["3"], (Pass, 2)),
        nodes(
            "one node is as many lines as two should be",
            group(1),
            &["2"],
            (Pass, 1),
        ),
        nodes(
            "no node is no line, not even the header",
            group(0),
            &["0"],
            (Fail, 0),
        ),
        Row {
            what: "workspaces that run, of which one crashes, and the header",
            command: "kubectl get pods -n shop --field-selector=status.phase=Running | wc -l",
            world: World::well().with("pods", between_crashes()),
            theirs: &["4"],
            ours: ("HLT-122", Some((Fail, 5))),
        },
        Row {
            what: "without a header a Job that is done counts among what runs",
            command: "kubectl get pods --all-namespaces --no-headers | wc -l",
            world: World::well().with("pods", done()),
            theirs: &["5"],
            ours: ("HLT-122", Some((Pass, 4))),
        },
    ]);
}
