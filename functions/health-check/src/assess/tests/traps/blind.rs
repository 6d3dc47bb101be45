//! Traps 20 to 22: checks that see nothing, a part, or not everything there is.

use day2_core::Verdict::{self, Fail, Pass, Unknown};
use serde_json::{Value, json};

use super::of_group;
use crate::assess::tests::commands::run;
use crate::assess::tests::world::{World, ago, node, put, sick};

/// Automation that reports only success is silent when the check did not work; whoever reads no mail as good news is told
/// nothing. Here a look that sees nothing gives lines that say so. That the whole report of a check is missing, `watchdog` says; its
/// tests have the table of the three checks.
#[test]
fn trap_20_a_check_that_could_not_look_is_not_silent() {
    const LISTS: [&str; 13] = [
        "namespaces",
        "nodes",
        "pods",
        "deployments",
        "statefulsets",
        "daemonsets",
        "jobs",
        "cronjobs",
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
    assert!(run("kubectl get pods -A | grep Error", &blind).is_empty());
    let judged = blind.judged();
    let said: Vec<Verdict> = judged.items.iter().map(day2_core::Item::verdict).collect();
    assert_eq!(Verdict::worst(said), Unknown, "{:#?}", judged.items);
    for code in [
        "HLT-111", "HLT-121", "HLT-122", "HLT-131", "HLT-141", "HLT-151", "HLT-161", "HLT-166", "HLT-171",
    ] {
        assert_eq!(blind.item(code).verdict(), Unknown, "{code}");
        assert!(
            !judged.absent.contains(&code.to_owned()),
            "{code} was not looked for"
        );
    }
}

/// The lines that `kubectl logs` prints of one container. With a selector it reads the last ten unless `--tail` says otherwise, also
/// with `--since`. Source: kubectl reference, `kubectl logs`, `--tail`.
fn logs(command: &str, container: &[String]) -> Vec<String> {
    let (logs, grep) = command.split_once(" | grep ").unwrap_or((command, ""));
    let tail = logs
        .split_whitespace()
        .find_map(|word| word.strip_prefix("--tail="))
        .map_or(10, |lines| lines.parse().unwrap());
    let words = grep.trim_start_matches("-i ").trim_matches('"');
    let words: Vec<&str> = words.split("\\|").filter(|word| !word.is_empty()).collect();
    let last = &container[container.len().saturating_sub(tail)..];
    let wanted = |line: &&String| words.is_empty() || words.iter().any(|word| line.contains(word));
    last.iter().filter(wanted).cloned().collect()
}

/// `kubectl logs -l app=x --since=1h` reads ten lines of each container, and its silence looks like health. We read no logs:
/// what a container died of is in its state, and every line says how much it looked at.
#[test]
fn trap_21_ten_lines_of_a_log_are_no_look() {
    const ERROR: &str = "ERROR connection refused, pool is empty";
    let crashing = |namespace: &str, reason: &str| {
        let mut pod = sick("web-1", &json!({"waiting": {"reason": "CrashLoopBackOff"}}));
        put(&mut pod, "/metadata/namespace", json!(namespace));
        put(
            &mut pod,
            "/status/containerStatuses/0/lastState",
            json!({"terminated": {"reason": reason, "exitCode": 1, "finishedAt": ago(3)}}),
        );
        World::well().with("pods", pod)
    };
    let not_ready = World::well().with("pods", sick("web-1", &json!({"running": {"startedAt": ago(59)}})));
    let blind = json!({"metadata": {"name": "queue", "namespace": "shop"}, "spec": {"scaleTargetRef": {"name": "worker"}},
        "status": {"conditions": [{"type": "Ready", "status": "False", "reason": "TriggerError", "message": "error reading queue"}]}});
    let keda = World::well().with("scaledobjects", blind);
    // The command, how many lines ago the error was written, whether the command prints it, and our line about what is wrong.
    let rows = vec![
        (
            "kubectl logs -n apps -l app=fastapi-app --since=1h | grep ERROR",
            11,
            false,
            crashing("apps", "Error"),
            ("HLT-122", 5),
        ),
        (
            "kubectl logs -n apps -l app=fastapi-app --since=1h | grep ERROR",
            10,
            true,
            crashing("apps", "Error"),
            ("HLT-122", 5),
        ),
        (
            "kubectl logs -n infrastructure -l app=prometheus --since=1h | grep ERROR",
            90,
            false,
            crashing("infrastructure", "OOMKilled"),
            ("HLT-122", 5),
        ),
        (
            r#"kubectl logs -n apps -l app=fastapi-app | grep -i "connection\|pool""#,
            30,
            false,
            not_ready,
            ("HLT-124", 5),
        ),
        (
            "kubectl logs -n kube-system -l app=aws-load-balancer-controller",
            11,
            false,
            crashing("kube-system", "Error"),
            ("HLT-103", 1),
        ),
        (
            "kubectl logs -n keda -l app=keda-operator",
            11,
            false,
            keda,
            ("HLT-166", 1),
        ),
        (
            "kubectl logs -n production -l app=api-gateway --tail=100 | grep ERROR",
            100,
            true,
            crashing("production", "Error"),
            ("HLT-122", 5),
        ),
        (
            "kubectl logs -n production -l app=api-gateway --tail=100 | grep ERROR",
            101,
            false,
            crashing("production", "Error"),
            ("HLT-122", 5),
        ),
    ];
    for (command, ago, seen, world, (code, examined)) in rows {
        let mut log = vec!["starting".to_owned(); 120];
        let at = log.len() - ago;
        ERROR.clone_into(&mut log[at]);
        let printed = logs(command, &log);
        assert_eq!(
            printed.contains(&ERROR.to_owned()),
            seen,
            "{command}, {ago} lines ago"
        );
        let item = world.item(code);
        assert_eq!(
            (item.verdict(), item.population().examined),
            (Fail, examined),
            "{command}, {ago} lines ago: all, and not a sample"
        );
    }
    for item in World::well().items() {
        let examined = item.population().examined;
        assert!(item.verdict() != Pass || examined > 0, "{item:?}");
    }
}

/// The driver of the volumes of Auto Mode.
const OF_AUTO_MODE: &str = "ebs.csi.eks.amazonaws.com";

/// A node of Auto Mode.
fn auto(mut node: Value) -> Value {
    put(
        &mut node,
        "/metadata/labels",
        json!({"eks.amazonaws.com/compute-type": "auto"}),
    );
    node
}

/// What EC2 lists of the instances, volumes or interfaces of a world where the account hides what EKS manages and nobody asks with
/// `IncludeManagedResources`: a volume belongs to Auto Mode by its driver, an interface by its node.
fn listed_by_ec2(command: &str, world: &World) -> Vec<String> {
    let (list, mark, hidden) = match command.split_whitespace().nth(2).unwrap() {
        "describe-instances" | "describe-network-interfaces" => (
            "nodes",
            "/metadata/labels/eks.amazonaws.com~1compute-type",
            "auto",
        ),
        "describe-volumes" => ("persistentvolumes", "/spec/csi/driver", OF_AUTO_MODE),
        _ => panic!("`{command}` is not played here"),
    };
    let seen = |one: &Value| one.pointer(mark).and_then(Value::as_str) != Some(hidden);
    let all = world.objects_of(list).into_iter().filter(seen);
    all.map(|one| one["metadata"]["name"].as_str().unwrap().to_owned())
        .collect()
}

/// `describe-instances` hides the instances of Auto Mode where the account says so, so that a count of nodes, or of those that
/// are gone, is zero and passes. The cluster itself shows its nodes.
#[test]
fn trap_22_nodes_of_auto_mode_are_seen_because_the_cluster_itself_is_asked() {
    let plain = |number: usize| node(&format!("n{number}"));
    for (nodes, visible, ours) in [
        (vec![plain(1), plain(2)], 2, (2, Pass)),
        (vec![auto(plain(1)), plain(2)], 1, (2, Pass)),
        (vec![auto(plain(1)), auto(plain(2))], 0, (2, Pass)),
        (
            vec![
                auto(plain(1)),
                auto(plain(2)),
                auto(of_group("n3", "workspace", false)),
            ],
            0,
            (3, Fail),
        ),
    ] {
        let world = World::well().of("nodes", json!(nodes));
        let theirs = listed_by_ec2("aws ec2 describe-instances", &world);
        assert_eq!(theirs.len(), visible, "{theirs:?}");
        let item = world.item("HLT-111");
        assert_eq!((item.population().examined, item.verdict()), ours);
    }
}

/// The same of volumes and network interfaces, for which nothing of ours asks EC2: volumes are the cluster's objects, and a lack of
/// addresses is told by the pods that lack them.
#[test]
fn trap_22_volumes_and_interfaces_of_auto_mode_are_not_asked_of_ec2() {
    const VOLUMES: &str =
        "aws ec2 describe-volumes --filters Name=tag:kubernetes.io/cluster/platform-prod,Values=owned";
    const INTERFACES: &str = "aws ec2 describe-network-interfaces";
    let volume = |driver: &str, phase: &str| {
        let one = json!({"metadata": {"name": "pv-1"}, "status": {"phase": phase},
            "spec": {"csi": {"driver": driver}, "claimRef": {"namespace": "shop", "name": "data"}}});
        World::well().with("persistentvolumes", one)
    };
    let attaching = |driver: &str| {
        let one = json!({"metadata": {"name": "csi-1", "creationTimestamp": ago(30)}, "status": {"attached": false},
            "spec": {"attacher": driver, "nodeName": "n1", "source": {"persistentVolumeName": "pv-1"}}});
        volume(driver, "Bound").with("volumeattachments", one)
    };
    let without_addresses = |nodes: [Value; 2]| {
        let starting = sick("web-1", &json!({"waiting": {"reason": "ContainerCreating"}}));
        let event = json!({"metadata": {"namespace": "shop"}, "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "web-1"},
            "reason": "FailedCreatePodSandBox", "message": "failed to assign an IP address to container", "lastTimestamp": ago(2)});
        World::well()
            .of("nodes", json!(nodes))
            .with("pods", starting)
            .with("events", event)
    };
    // Of what EKS manages they list nothing, and nothing listed is nothing wrong; the second of each pair is not managed.
    for (command, world, listed, code, says) in [
        (
            VOLUMES,
            volume(OF_AUTO_MODE, "Failed"),
            0,
            "HLT-144",
            "phase Failed",
        ),
        (
            VOLUMES,
            volume("ebs.csi.aws.com", "Failed"),
            1,
            "HLT-144",
            "phase Failed",
        ),
        (VOLUMES, attaching(OF_AUTO_MODE), 0, "HLT-142", "is not attached"),
        (
            VOLUMES,
            attaching("ebs.csi.aws.com"),
            1,
            "HLT-142",
            "is not attached",
        ),
        (
            INTERFACES,
            without_addresses([auto(node("n1")), auto(node("n2"))]),
            0,
            "HLT-124",
            "failed to assign an IP address",
        ),
        (
            INTERFACES,
            without_addresses([node("n1"), node("n2")]),
            2,
            "HLT-124",
            "failed to assign an IP address",
        ),
    ] {
        let theirs = listed_by_ec2(command, &world);
        assert_eq!(theirs.len(), listed, "{command}: {theirs:?}");
        let item = world.item(code);
        assert_eq!(
            (item.verdict(), item.population().examined > 0),
            (Fail, true),
            "{command}"
        );
        let told = format!("{:?}", item.subjects);
        assert!(told.contains(says), "{command}: {told}");
    }
    let rights: Value = serde_json::from_str(include_str!("../../../../permissions.json")).unwrap();
    assert!(
        !rights["Statement"].to_string().contains("ec2:"),
        "health-check asks EC2 for something now: give it IncludeManagedResources, and a row above"
    );
}
