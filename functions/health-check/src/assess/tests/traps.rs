//! The traps of the runbooks' own commands, each as a table: a world, what the command prints of it, and what is said here. The
//! commands are run on the same objects (`commands`).

mod blind;
mod lists;
mod states;

use day2_core::Verdict;
use serde_json::{Value, json};

use super::commands::run;
use super::world::{World, ago, node, pod, put, sick};

/// One row.
struct Row {
    /// What is the matter.
    what: &'static str,
    command: &'static str,
    world: World,
    /// A part of each line that the command prints.
    theirs: &'static [&'static str],
    /// Our line about the same question: its code, its verdict, and how many objects it looked at; none where there is nothing of
    /// the kind, which the report then says.
    ours: (&'static str, Option<(Verdict, u64)>),
}

#[track_caller]
fn play(rows: Vec<Row>) {
    for row in rows {
        let Row {
            what,
            command,
            world,
            theirs,
            ours: (code, ours),
        } = row;
        let printed = run(command, &world);
        let as_said = printed.len() == theirs.len()
            && printed.iter().zip(theirs).all(|(line, part)| line.contains(part));
        assert!(as_said, "{what}: `{command}` prints {printed:#?}");
        let judged = world.judged();
        let item = judged.items.iter().find(|item| item.code == code);
        let said = item.map(|item| (item.verdict(), item.population().examined));
        assert_eq!(said, ours, "{what}: {code} {item:#?}");
        let absent = judged.absent.iter().any(|absent| absent == code);
        assert_eq!(
            absent,
            ours.is_none(),
            "{what}: {code} is left out only where it is told as absent"
        );
    }
}

fn set(mut object: Value, pointer: &str, value: Value) -> Value {
    put(&mut object, pointer, value);
    object
}

/// A node of a group; silent for twenty minutes, or Ready.
fn of_group(name: &str, group: &str, ready: bool) -> Value {
    let mut node = set(node(name), "/metadata/labels/node-group", json!(group));
    if !ready {
        let silent = json!({"type": "Ready", "status": "Unknown", "lastTransitionTime": ago(20)});
        put(&mut node, "/status/conditions/0", silent);
    }
    node
}

fn cordoned(name: &str, minutes: i64) -> Value {
    let taint =
        json!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule", "timeAdded": ago(minutes)});
    set(
        node(name),
        "/spec",
        json!({"unschedulable": true, "taints": [taint]}),
    )
}

fn full_disk(name: &str) -> Value {
    let pressure = json!({"type": "DiskPressure", "status": "True", "lastTransitionTime": ago(30)});
    set(node(name), "/status/conditions/2", pressure)
}

/// A pod of a Job that is done.
fn done() -> Value {
    let ended = json!({"terminated": {"reason": "Completed", "exitCode": 0}});
    let pod = set(sick("backup-1", &ended), "/status/phase", json!("Succeeded"));
    set(
        pod,
        "/metadata/ownerReferences/0",
        json!({"kind": "Job", "name": "backup", "controller": true}),
    )
}

/// In a crash loop, in one of the moments in which its container runs.
fn between_crashes() -> Value {
    let pod = sick("web-1", &json!({"running": {"startedAt": ago(1)}}));
    restarted(pod, 0, 7, 2)
}

/// A container of a pod that was restarted so often, the last time so many minutes ago.
fn restarted(pod: Value, container: usize, restarts: i64, minutes: i64) -> Value {
    let base = format!("/status/containerStatuses/{container}");
    let end = json!({"terminated": {"reason": "Error", "exitCode": 1, "finishedAt": ago(minutes)}});
    let pod = set(pod, &format!("{base}/restartCount"), json!(restarts));
    set(pod, &format!("{base}/lastState"), end)
}

/// A Ready pod of this age with a second container.
fn of_two(minutes: i64) -> Value {
    let mut pod = set(
        pod("web-1", "shop", "n1", "sick"),
        "/metadata/creationTimestamp",
        json!(ago(minutes)),
    );
    let statuses = pod["status"]["containerStatuses"].as_array_mut().unwrap();
    let second = set(statuses[0].clone(), "/name", json!("log"));
    statuses.push(second);
    let containers = pod["spec"]["containers"].as_array_mut().unwrap();
    let second = set(containers[0].clone(), "/name", json!("log"));
    containers.push(second);
    pod
}
