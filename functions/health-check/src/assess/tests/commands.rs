//! The runbooks' commands, played on the objects of a world: as much of `kubectl get` as they use, and the few lines of text
//! processing behind it. What a person would have read is computed here and not assumed.

use serde_json::Value;

use super::world::World;

/// What a pipeline prints to its standard output.
pub(super) fn run(command: &str, world: &World) -> Vec<String> {
    let mut stages = stages(command).into_iter();
    let first = stages.next().unwrap_or_default();
    stages.fold(kubectl(&first, world), |lines, stage| filter(&stage, lines))
}

/// The parts between `|`, which within quotes is a character as any other.
fn stages(command: &str) -> Vec<String> {
    let mut stages = vec![String::new()];
    let mut quoted = false;
    for letter in command.chars() {
        quoted ^= letter == '\'';
        match letter {
            '|' if !quoted => stages.push(String::new()),
            letter => stages.last_mut().unwrap().push(letter),
        }
    }
    stages.iter().map(|stage| stage.trim().to_owned()).collect()
}

fn filter(stage: &str, lines: Vec<String>) -> Vec<String> {
    let status = |line: &String| line.split_whitespace().nth(1).unwrap_or_default().to_owned();
    let (tool, rest) = stage.split_once(' ').unwrap();
    match (tool, rest) {
        ("grep", rest) if rest.starts_with("-v ") => {
            let word = rest.trim_start_matches("-v ");
            lines.into_iter().filter(|line| !line.contains(word)).collect()
        }
        ("grep", rest) if rest.starts_with("-c ") => {
            let word = rest.trim_start_matches("-c ");
            vec![
                lines
                    .iter()
                    .filter(|line| line.contains(word))
                    .count()
                    .to_string(),
            ]
        }
        ("grep", word) => lines.into_iter().filter(|line| line.contains(word)).collect(),
        ("wc", "-l") => vec![lines.len().to_string()],
        ("tail", "-20") => lines
            .iter()
            .skip(lines.len().saturating_sub(20))
            .cloned()
            .collect(),
        ("awk", r#"'{if ($2 != "Ready") print $0}'"#) => {
            lines.into_iter().filter(|line| status(line) != "Ready").collect()
        }
        ("awk", r#"'{if ($2 == "Ready") ready++; total++} END {print ready "/" total " ready"}'"#) => {
            let ready = lines.iter().filter(|line| status(line) == "Ready").count();
            // A variable that awk never counted prints as nothing.
            let words = |count: usize| {
                if count == 0 {
                    String::new()
                } else {
                    count.to_string()
                }
            };
            vec![format!("{}/{} ready", words(ready), words(lines.len()))]
        }
        ("jq", program)
            if program
                .starts_with("-r '.items[] | select(.status.containerStatuses[]?.restartCount > 0)") =>
        {
            lines.iter().flat_map(|line| restarts(line)).collect()
        }
        _ => panic!("`{stage}` is not played here"),
    }
}

/// `select` with a generator inside gives an object once for each container that matches, and the text always names the first.
fn restarts(pod: &str) -> Vec<String> {
    let pod: Value = serde_json::from_str(pod).unwrap();
    let containers = pod["status"]["containerStatuses"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let counts: Vec<i64> = containers
        .iter()
        .map(|one| one["restartCount"].as_i64().unwrap_or(0))
        .collect();
    let of = |pointer: &str| pod.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
    let says = format!(
        "{}/{}: {} restarts",
        of("/metadata/namespace"),
        of("/metadata/name"),
        counts.first().copied().unwrap_or(0)
    );
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|_| says.clone())
        .collect()
}

/// `kubectl get` as its arguments ask for it. What it refuses, and that it found nothing, it says on its standard error.
fn kubectl(command: &str, world: &World) -> Vec<String> {
    let mut words = command.split_whitespace();
    assert_eq!(words.next(), Some("kubectl"), "{command}");
    let verb = words.find(|word| !word.starts_with('-')).unwrap();
    let mut resource = None;
    let (mut header, mut json, mut all, mut namespace) = (true, false, false, None);
    let (mut labels, mut fields) = (None, None);
    if let "cordon" | "uncordon" = verb {
        return cordon(verb, words);
    }
    while let Some(word) = words.next() {
        let (flag, value) = word
            .split_once('=')
            .map_or((word, None), |(flag, value)| (flag, Some(value)));
        match flag {
            "--no-headers" => header = false,
            "-A" | "--all-namespaces" => all = true,
            "-n" => namespace = words.next(),
            "-l" => labels = words.next(),
            "-o" => json = words.next() == Some("json"),
            "--field-selector" => fields = value,
            "--sort-by" => {}
            flag if flag.starts_with('-') => return Vec::new(),
            name => resource = Some(name),
        }
    }
    if verb != "get" {
        return Vec::new();
    }
    let resource = resource.unwrap();
    let found: Vec<Value> = world
        .objects_of(plural(resource))
        .into_iter()
        .filter(|one| {
            resource == "nodes" || all || one["metadata"]["namespace"] == namespace.unwrap_or("default")
        })
        .filter(|one| labels.is_none_or(|labels| has_labels(one, labels)))
        .filter(|one| fields.is_none_or(|fields| has_fields(one, fields)))
        .collect();
    if json {
        return found.iter().map(Value::to_string).collect();
    }
    if found.is_empty() {
        return Vec::new();
    }
    let (title, row) = columns(resource);
    let mut lines: Vec<String> = found
        .iter()
        .map(|one| {
            let place = one["metadata"]["namespace"].as_str().filter(|_| all);
            let place = place.map_or_else(String::new, |place| format!("{place} "));
            format!(
                "{place}{} {}",
                one["metadata"]["name"].as_str().unwrap(),
                row(one)
            )
        })
        .collect();
    if header {
        let place = if all && resource != "nodes" {
            "NAMESPACE "
        } else {
            ""
        };
        lines.insert(0, format!("{place}NAME {title}"));
    }
    lines
}

/// `kubectl cordon` and `uncordon` know nodes by name and by `--selector`; any other flag is an error, and nothing is done.
fn cordon<'w>(verb: &str, words: impl Iterator<Item = &'w str>) -> Vec<String> {
    let words: Vec<&str> = words.collect();
    if words.iter().any(|word| word.starts_with('-')) {
        return Vec::new();
    }
    words.iter().map(|name| format!("node/{name} {verb}ed")).collect()
}

fn plural(resource: &str) -> &str {
    match resource {
        "pvc" => "persistentvolumeclaims",
        "hpa" => "horizontalpodautoscalers",
        resource => resource,
    }
}

/// `a=b` is a label with its value; a bare word is a label with any.
fn has_labels(object: &Value, selector: &str) -> bool {
    let labels = &object["metadata"]["labels"];
    selector.split(',').all(|one| match one.split_once('=') {
        Some((key, value)) => labels[key] == value,
        None => !labels[one].is_null(),
    })
}

fn has_fields(object: &Value, selector: &str) -> bool {
    selector.split(',').all(|one| {
        let (path, value, same) = match one.split_once("!=") {
            Some((path, value)) => (path, value, false),
            None => one
                .split_once('=')
                .map(|(path, value)| (path, value, true))
                .unwrap(),
        };
        let pointer = format!("/{}", path.replace('.', "/"));
        (object.pointer(&pointer).and_then(Value::as_str) == Some(value)) == same
    })
}

type Columns = (&'static str, fn(&Value) -> String);

fn columns(resource: &str) -> Columns {
    match resource {
        "nodes" => ("STATUS ROLES AGE VERSION", node),
        "pods" => ("READY STATUS RESTARTS AGE", pod),
        "pvc" => ("STATUS VOLUME CAPACITY", |one| text(one, "/status/phase")),
        "certificates" => ("READY SECRET AGE", |one| condition(one, "Ready")),
        "jobs" => ("STATUS COMPLETIONS DURATION AGE", |one| {
            let ended = ["Complete", "Failed"]
                .into_iter()
                .find(|end| condition(one, end) == "True");
            format!("{} 1/1 5m 3d", ended.unwrap_or("Running"))
        }),
        "hpa" => ("REFERENCE TARGETS MINPODS MAXPODS REPLICAS AGE", |one| {
            let target = if condition(one, "ScalingActive") == "True" {
                "40%/80%"
            } else {
                "<unknown>/80%"
            };
            format!("Deployment/web {target}")
        }),
        other => panic!("{other} is not printed here"),
    }
}

fn text(object: &Value, pointer: &str) -> String {
    object
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn condition(object: &Value, kind: &str) -> String {
    let all = object["status"]["conditions"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let found = all.iter().find(|one| one["type"] == kind);
    found.map_or_else(String::new, |one| text(one, "/status"))
}

/// The status of a node: its condition in a word, and the cordon (source: kubectl's printer of nodes).
fn node(one: &Value) -> String {
    let ready = match condition(one, "Ready").as_str() {
        "True" => "Ready",
        "" => "Unknown",
        _ => "NotReady",
    };
    let cordon = if one["spec"]["unschedulable"] == true {
        ",SchedulingDisabled"
    } else {
        ""
    };
    format!("{ready}{cordon} <none> 1d v1.33.5")
}

/// The status of a pod: its phase, unless a container waits or has ended (source: kubectl's printer of pods).
fn pod(one: &Value) -> String {
    let none = Vec::new();
    let of = |list: &str| one["status"][list].as_array().unwrap_or(&none).clone();
    let state = |container: &Value| {
        ["/state/waiting/reason", "/state/terminated/reason"]
            .iter()
            .find_map(|pointer| {
                container
                    .pointer(pointer)
                    .and_then(Value::as_str)
                    .map(str::to_owned)
            })
    };
    let containers = of("containerStatuses");
    let of_init = of("initContainerStatuses")
        .iter()
        .find_map(state)
        .filter(|reason| reason != "Completed");
    let status = of_init
        .map(|reason| format!("Init:{reason}"))
        .or_else(|| containers.iter().find_map(state))
        .unwrap_or_else(|| text(one, "/status/phase"));
    let ready = containers.iter().filter(|one| one["ready"] == true).count();
    let restarts: i64 = containers
        .iter()
        .filter_map(|one| one["restartCount"].as_i64())
        .sum();
    format!("{ready}/{} {status} {restarts} 1h", containers.len())
}

#[test]
fn the_commands_are_played_as_a_shell_would_run_them() {
    let world = World::well();
    for (command, printed) in [
        (
            "kubectl get nodes",
            &[
                "NAME STATUS ROLES AGE VERSION",
                "n1 Ready <none> 1d v1.33.5",
                "n2 Ready <none> 1d v1.33.5",
            ][..],
        ),
        ("kubectl get nodes --no-headers | wc -l", &["2"]),
        ("kubectl get nodes -l zone=x", &[]),
        ("kubectl get pods", &[]),
        (
            "kubectl get pods -n shop --no-headers | grep web-5f-2",
            &["web-5f-2 1/1 Running 0 1h"],
        ),
        ("kubectl get pods -A | grep shop | wc -l", &["2"]),
        (
            "kubectl get pods -A --field-selector=status.phase!=Running,status.phase!=Succeeded",
            &[],
        ),
        ("kubectl get certificates -A", &[]),
        ("kubectl get pods -n arc-runners --all-contexts", &[]),
        ("kubectl version --short", &[]),
        ("kubectl --context=west cordon n1", &["node/n1 cordoned"]),
        ("kubectl --context=west cordon --all", &[]),
        (
            r#"kubectl get nodes --no-headers | awk '{if ($2 == "Ready") ready++; total++} END {print ready "/" total " ready"}'"#,
            &["2/2 ready"],
        ),
    ] {
        assert_eq!(run(command, &world), printed, "{command}");
    }
}
