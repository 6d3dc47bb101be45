//! Images and arguments as charts, manifests and mirrors write them.

use serde_json::json;

use super::*;

const CA: &str = "registry.k8s.io/autoscaling/cluster-autoscaler:v1.33.0";
const ENABLED: &str = "k8s.io/cluster-autoscaler/enabled";
const CLUSTER: &str = "k8s.io/cluster-autoscaler/prod-a";

fn deployment(image: &str, command: &[&str], args: &[&str]) -> DeploymentDetail {
    serde_json::from_value(json!({
        "metadata": {"name": "it", "namespace": "kube-system"},
        "spec": {"replicas": 2, "template": {"spec": {"containers": [
            {"name": "proxy", "image": "envoyproxy/envoy:v1", "args": ["--nodes=1:2:not-an-autoscaler"]},
            {"name": "main", "image": image, "command": command, "args": args},
        ]}}},
        "status": {"availableReplicas": 1},
    }))
    .unwrap()
}

fn claims_of(command: &[&str], args: &[&str]) -> Vec<Claim> {
    Autoscaler::of(&deployment(CA, command, args)).unwrap().claims
}

fn group(name: &str, min: i64, max: i64) -> Claim {
    let name = name.to_owned();
    Claim::Group { name, min, max }
}

fn tags(of: &[(&str, Option<&str>)]) -> Claim {
    let owned = |(key, value): &(&str, Option<&str>)| ((*key).to_owned(), value.map(str::to_owned));
    Claim::Tagged(of.iter().map(owned).collect())
}

#[test]
fn an_autoscaler_is_known_by_its_image_program_or_flag_and_nothing_like_it() {
    use Autoscales::{ClusterAutoscaler, Karpenter};
    for (image, command, kind) in [
        (CA, "", Some(ClusterAutoscaler)),
        (
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/mirror/cluster-autoscaler@sha256:0a",
            "",
            Some(ClusterAutoscaler),
        ),
        ("localhost:5000/cluster-autoscaler", "", Some(ClusterAutoscaler)),
        (
            "registry.k8s.io/autoscaling/cluster-autoscaler-arm64:v1.33.0",
            "",
            Some(ClusterAutoscaler),
        ),
        ("example/ca:1", "./cluster-autoscaler", Some(ClusterAutoscaler)),
        (
            "example/ca:1",
            "--node-group-auto-discovery=asg:tag=a",
            Some(ClusterAutoscaler),
        ),
        (
            "registry.k8s.io/cpa/cluster-proportional-autoscaler:v1.9.0",
            "",
            None,
        ),
        ("example/cluster-autoscaler-exporter:1", "", None),
        ("example/cluster-autoscaler/proxy:1", "", None),
        (
            "public.ecr.aws/karpenter/controller:1.8.1@sha256:0b",
            "",
            Some(Karpenter),
        ),
        ("mirror.example:443/karpenter-controller:1", "", Some(Karpenter)),
        ("example/controller:1", "", None),
        ("example/karpenter/dashboard:1", "", None),
        ("nginx", "--nodes=1:2:web", None),
        ("", "", None),
    ] {
        let seen = Autoscaler::of(&deployment(image, &[command], &[]));
        assert_eq!(seen.as_ref().map(|seen| seen.kind), kind, "{image} {command}");
        if let Some(seen) = seen {
            assert_eq!((seen.name.as_str(), seen.desired, seen.available), ("it", 2, 1));
        }
    }
}

#[test]
fn groups_and_tags_are_read_in_every_spelling_of_a_flag() {
    let discovery = format!("asg:tag={ENABLED},{CLUSTER}=owned");
    let both = tags(&[(ENABLED, None), (CLUSTER, Some("owned"))]);
    for (command, args, expected) in [
        (
            vec!["./cluster-autoscaler", "--nodes=1:10:web-asg"],
            vec!["--nodes=0:5:eks-a:b"],
            vec![group("web-asg", 1, 10), group("eks-a:b", 0, 5)],
        ),
        (
            vec![],
            vec!["--cloud-provider=aws", "--nodes", "2:3:x", "-nodes=1:1:y"],
            vec![group("x", 2, 3), group("y", 1, 1)],
        ),
        (
            vec![],
            vec!["--node-group-auto-discovery", &discovery],
            vec![both.clone()],
        ),
        (
            vec!["sh", "-c"],
            vec!["exec ./cluster-autoscaler --nodes=1:2:a \\\n --nodes='1:2:b'"],
            vec![group("a", 1, 2), group("b", 1, 2)],
        ),
        (
            vec![],
            vec![
                "--node-group-auto-discovery=asg:tag=a=",
                "--node-group-auto-discovery=asg:tag=b",
            ],
            vec![tags(&[("a", None)]), tags(&[("b", None)])],
        ),
    ] {
        assert_eq!(claims_of(&command, &args), expected, "{command:?} {args:?}");
    }
}

#[test]
fn what_the_arguments_do_not_tell_is_unreadable_and_never_nothing() {
    for args in [
        &[][..],
        &["--v=4", "--expander=least-waste"],
        &["--nodes=$(MIN):10:web"],
        &["--nodes=1:10:$(GROUP)"],
        &["--nodes=few:many:web"],
        &["--nodes=1:10:"],
        &["--nodes"],
        &["--node-group-auto-discovery=asg:tag="],
        &["--node-group-auto-discovery=mig:namePrefix=a"],
        &["--node-group-auto-discovery=asg:tag=$(TAG)"],
        &["--cloud-provider=clusterapi", "--nodes=1:10:web"],
    ] {
        let seen = Autoscaler::of(&deployment(CA, &[], args)).unwrap();
        assert!(
            matches!(seen.claims.as_slice(), [Claim::Unreadable(_)]),
            "{args:?}: {:?}",
            seen.claims
        );
        assert_eq!(seen.covers("web", &BTreeMap::new()), None, "{args:?}");
    }
}

#[test]
fn a_group_is_covered_by_its_name_or_by_all_of_the_tags() {
    let has = |of: &[(&str, &str)]| -> BTreeMap<String, String> {
        of.iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    };
    let tagged = has(&[(ENABLED, "true"), (CLUSTER, "owned"), ("team", "a")]);
    let discovery = format!("--node-group-auto-discovery=asg:tag={ENABLED},{CLUSTER}=owned");
    let covers = |args: &[&str], name: &str, tags: &BTreeMap<String, String>| {
        Autoscaler::of(&deployment(CA, &[], args))
            .unwrap()
            .covers(name, tags)
    };
    assert_eq!(covers(&[&discovery], "web", &tagged), Some(true));
    assert_eq!(
        covers(&[&discovery], "web", &has(&[(ENABLED, "true")])),
        Some(false),
        "one tag is missing"
    );
    let shared = has(&[(ENABLED, "true"), (CLUSTER, "shared")]);
    assert_eq!(
        covers(&[&discovery], "web", &shared),
        Some(false),
        "another value"
    );
    assert_eq!(covers(&["--nodes=1:9:web"], "web", &has(&[])), Some(true));
    assert_eq!(
        covers(&["--nodes=1:9:web"], "web-2", &tagged),
        Some(false),
        "tags alone prove nothing"
    );
    let half = ["--nodes=1:9:web", "--nodes=1:9:$(OTHER)"];
    assert_eq!(covers(&half, "web", &tagged), Some(true));
    assert_eq!(covers(&half, "db", &tagged), None, "it may be the other");
    let karpenter = Autoscaler::of(&deployment("public.ecr.aws/karpenter/controller:1", &[], &[])).unwrap();
    assert_eq!(karpenter.covers("web", &tagged), Some(false));
}
