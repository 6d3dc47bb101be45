//! A right too many and a right too few are found by their names; nothing else is.

use serde_json::{Value, json};

use super::*;
use crate::aws;
use crate::cluster::recorder;
use records::{Of, keep_in};

fn rights(of: &[(&str, &[&str])]) -> Rights {
    let all = of.iter().map(|(name, rights)| {
        let rights = rights.iter().map(|right| (*right).to_owned()).collect();
        ((*name).to_owned(), rights)
    });
    all.collect()
}

/// What a checker and an actor may do in the worlds of these tests.
fn granted() -> Rights {
    rights(&[
        ("ha-status", &["eks:DescribeCluster", "list pods"]),
        (
            "lease-sweeper",
            &["dynamodb:UpdateItem", "lambda:InvokeFunction", "s3:GetObject"],
        ),
    ])
}

fn aws_call(role: &str, service: &str, operation: &str, change: &Value) -> aws::Call {
    let mut call = json!({
        "time": "2026-11-21T12:24:52.270Z", "service": service, "operation": operation, "resource": "*",
        "caller": format!("arn:aws:sts::123456789012:assumed-role/{role}/session"), "access_key": "ASIA1",
        "user_agent": "x", "status": 200, "error": "",
    });
    let members = change.as_object().into_iter().flatten();
    for (name, value) in members {
        call[name] = value.clone();
    }
    serde_json::from_value(call).unwrap()
}

fn kubernetes_call(group: &str, verb: &str, (api_group, resource): (&str, &str)) -> recorder::Call {
    recorder::Call {
        user: "arn:aws:sts::123456789012:assumed-role/r/s".to_owned(),
        groups: vec![group.to_owned(), "system:authenticated".to_owned()],
        verb: verb.to_owned(),
        api_group: api_group.to_owned(),
        resource: resource.to_owned(),
        subresource: String::new(),
        namespace: String::new(),
        name: String::new(),
        uri: "/version?timeout=32s".to_owned(),
        status: 200,
    }
}

/// Everything that [`granted`] allows, used once.
fn all_used() -> Seen {
    let mut seen = Seen::default();
    let none = json!({});
    for (role, service, operation) in [
        ("day2-ha-status", "eks", "DescribeCluster"),
        ("other-lease-sweeper", "lambda", "Invoke"),
        ("day2-lease-sweeper", "s3", "GetObject"),
    ] {
        seen.add_aws(&granted(), &aws_call(role, service, operation, &none));
    }
    let transaction = json!({"details": ["Update"]});
    seen.add_aws(
        &granted(),
        &aws_call(
            "day2-lease-sweeper",
            "dynamodb",
            "TransactWriteItems",
            &transaction,
        ),
    );
    seen.add_kubernetes(
        &granted(),
        &kubernetes_call("day2:ha-status", "list", ("", "pods")),
    );
    seen
}

fn complaints(seen: &Seen) -> Vec<String> {
    compare(&granted(), seen, &Exceptions::default()).complaints()
}

#[test]
fn where_everything_that_is_allowed_is_used_and_nothing_else_nobody_complains_o05_o08() {
    assert_eq!(complaints(&all_used()), Vec::<String>::new());
    let compared = compare(&granted(), &all_used(), &Exceptions::default());
    assert_eq!(
        compared.to_string().lines().nth(2).unwrap(),
        "lease-sweeper                  3       3         0       0            0"
    );
}

#[test]
fn a_right_that_nobody_used_is_named_with_its_function_o05_o08() {
    for (name, right) in [
        ("ha-status", "eks:DescribeCluster"),
        ("ha-status", "list pods"),
        ("lease-sweeper", "dynamodb:UpdateItem"),
        ("lease-sweeper", "s3:GetObject"),
    ] {
        let mut seen = all_used();
        seen.used.get_mut(name).unwrap().remove(right);
        let found = complaints(&seen);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0] == format!("{name} may {right}, and nothing used that"),
            "{found:?}"
        );
    }
    // What another function did proves nothing, nor does a call that was refused.
    let mut seen = Seen::default();
    seen.add_aws(
        &granted(),
        &aws_call("day2-lease-sweeper", "eks", "DescribeCluster", &json!({})),
    );
    for refusal in [
        json!({"status": 403}),
        json!({"status": 400, "error": "AccessDeniedException"}),
    ] {
        seen.add_aws(
            &granted(),
            &aws_call("day2-ha-status", "eks", "DescribeCluster", &refusal),
        );
    }
    let found = complaints(&seen).join("\n");
    assert!(
        found.contains("ha-status may eks:DescribeCluster, and nothing used that"),
        "{found}"
    );
    assert!(
        found.contains("lease-sweeper called eks:DescribeCluster, which its files do not allow"),
        "{found}"
    );
}

#[test]
fn a_call_that_no_file_allows_is_named_with_its_function_refused_or_not_o05_o08() {
    for status in [200, 403] {
        let mut seen = all_used();
        let answer = json!({"status": status});
        seen.add_aws(
            &granted(),
            &aws_call("day2-ha-status", "ec2", "TerminateInstances", &answer),
        );
        let mut patch = kubernetes_call("day2:lease-sweeper", "patch", ("apps", "deployments"));
        patch.status = status;
        seen.add_kubernetes(&granted(), &patch);
        assert_eq!(
            complaints(&seen),
            [
                "ha-status called ec2:TerminateInstances, which its files do not allow",
                "lease-sweeper called patch apps/deployments, which its files do not allow",
            ]
        );
    }
}

#[test]
fn a_call_needs_the_action_of_what_it_carries() {
    let needs = |service: &str, operation: &str, details: &[&str]| {
        actions::of_aws(&aws_call("r", service, operation, &json!({"details": details})))
    };
    let rows: [(&str, &str, &[&str], &[&str]); 11] = [
        ("eks", "DescribeCluster", &[], &["eks:DescribeCluster"]),
        ("lambda", "Invoke", &[], &["lambda:InvokeFunction"]),
        ("sts", "GetCallerIdentity", &[], &[]),
        ("s3", "ListObjectVersions", &[], &["s3:ListBucketVersions"]),
        ("s3", "GetObject", &[], &["s3:GetObject"]),
        ("s3", "GetObject", &["versionId"], &["s3:GetObjectVersion"]),
        ("s3", "HeadObject", &["versionId"], &["s3:GetObjectVersion"]),
        (
            "s3",
            "PutObject",
            &["x-amz-tagging"],
            &["s3:PutObject", "s3:PutObjectTagging"],
        ),
        (
            "dynamodb",
            "TransactWriteItems",
            &["ConditionCheck", "Put"],
            &["dynamodb:ConditionCheckItem", "dynamodb:PutItem"],
        ),
        // Nobody could see its items: it is told under a name that no policy has.
        (
            "dynamodb",
            "TransactWriteItems",
            &[],
            &["dynamodb:TransactWriteItems"],
        ),
        ("s3", "GET /odd", &[], &["s3:GET /odd"]),
    ];
    for (service, operation, details, expected) in rows {
        assert_eq!(
            needs(service, operation, details),
            expected,
            "{service} {operation}"
        );
    }
}

#[test]
fn what_every_caller_may_do_needs_no_right_and_an_administrator_is_no_function() {
    let needs = |verb: &str, resource: (&str, &str)| {
        actions::of_kubernetes(&kubernetes_call("day2:ha-status", verb, resource))
    };
    assert_eq!(needs("get", ("", "")), None, "/version");
    assert_eq!(
        needs("create", ("authorization.k8s.io", "selfsubjectaccessreviews")),
        None
    );
    assert_eq!(
        needs("create", ("authorization.k8s.io", "subjectaccessreviews")).unwrap(),
        "create authorization.k8s.io/subjectaccessreviews"
    );
    let mut metrics = kubernetes_call("day2:ha-status", "get", ("", ""));
    metrics.uri = "/metrics".to_owned();
    assert_eq!(actions::of_kubernetes(&metrics).unwrap(), "get /metrics");
    metrics.uri = "/versions".to_owned();
    assert_eq!(actions::of_kubernetes(&metrics).unwrap(), "get /versions");

    let mut impersonated = kubernetes_call("day2:ha-status", "delete", ("", "pods"));
    impersonated.user = "somebody".to_owned();
    let mut seen = Seen::default();
    seen.add_kubernetes(&granted(), &impersonated);
    seen.add_aws(
        &granted(),
        &aws_call("reader-of-targets", "ec2", "DescribeInstances", &json!({})),
    );
    assert_eq!(seen, Seen::default());
}

#[test]
fn an_exception_covers_its_function_and_its_right_and_one_that_nobody_needs_is_found() {
    let mut seen = all_used();
    seen.used.get_mut("lease-sweeper").unwrap().remove("s3:GetObject");
    seen.asked
        .get_mut("ha-status")
        .unwrap()
        .insert("get secrets".to_owned());
    let exceptions = |unused: &str, beyond: &str| {
        let one = |(right, functions): (&str, &str)| {
            format!(
                "  - right: {right}\n    functions: [{functions}]\n    reason: the emulator cannot play what asks for it\n"
            )
        };
        let list = |pairs: &str| -> String {
            let pairs = pairs.split(';').filter_map(|pair| pair.split_once('='));
            pairs.map(one).collect()
        };
        let text = |name: &str, pairs: &str| match list(pairs) {
            list if list.is_empty() => format!("{name}: []\n"),
            list => format!("{name}:\n{list}"),
        };
        Exceptions::of(&(text("unused", unused) + &text("beyond", beyond))).unwrap()
    };
    let found =
        |unused: &str, beyond: &str| compare(&granted(), &seen, &exceptions(unused, beyond)).complaints();

    assert_eq!(
        found("s3:GetObject=lease-sweeper", "get secrets=ha-status"),
        Vec::<String>::new()
    );
    assert_eq!(found("", "").len(), 2);
    // Of another function, or in the other list, it covers nothing and is not needed.
    assert_eq!(found("s3:GetObject=ha-status", "get secrets=ha-status").len(), 2);
    assert_eq!(
        found("get secrets=ha-status", "s3:GetObject=lease-sweeper").len(),
        4
    );
    assert_eq!(
        found("s3:GetObject=lease-sweeper,ha-status", "get secrets=ha-status"),
        ["ha-status needs no exception for s3:GetObject: take it out of tests/rights.yaml"]
    );
    assert_eq!(
        found(
            "s3:GetObject=lease-sweeper;lambda:InvokeFunction=lease-sweeper",
            "get secrets=ha-status"
        ),
        ["lease-sweeper needs no exception for lambda:InvokeFunction: take it out of tests/rights.yaml"]
    );
}

#[test]
fn an_exception_without_a_reason_or_a_function_is_refused() {
    let of = |functions: &str, reason: &str| {
        let one = format!("  - right: s3:GetObject\n    functions: [{functions}]\n    reason: {reason}\n");
        Exceptions::of(&format!("unused:\n{one}beyond: []\n"))
    };
    assert!(of("a", "the emulator cannot play what asks for it").is_ok());
    assert!(
        of("a", "later")
            .unwrap_err()
            .to_string()
            .contains("has no reason")
    );
    assert!(of("", "the emulator cannot play what asks for it").is_err());
}

#[test]
fn the_files_of_this_tree_are_read_without_what_aws_does_on_their_behalf() {
    let root = crate::deploy::repository();
    let granted = granted::read(&root).unwrap();
    let own = &granted["scale-window"];
    for right in ["eks:DescribeCluster", "list pods", "list apps/deployments"] {
        assert!(own.contains(right), "{right} is not among {own:?}");
    }
    assert!(!own.contains("logs:PutLogEvents"), "it is implied");
    let known = Exceptions::read(&root).unwrap();
    for one in known.unused.iter().chain(&known.beyond) {
        for name in &one.functions {
            assert!(granted.contains_key(name), "{name} is no function");
        }
    }
}

#[test]
fn the_logs_of_several_platforms_are_kept_apart_and_outlive_them() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let of_role = |role: &str, service: &str, operation: &str| {
        let call = json!({
            "time": "2026-11-21T12:24:52.270Z", "service": service, "operation": operation, "resource": "*",
            "caller": format!("arn:aws:sts::123456789012:assumed-role/{role}/s"), "access_key": "A", "user_agent": "x",
            "status": 200, "error": "",
        });
        format!("{call}\n")
    };
    for (place, line) in [
        ("one", of_role("day2-ha-status", "eks", "DescribeCluster")),
        ("two", of_role("day2-lease-sweeper", "lambda", "Invoke")),
    ] {
        let log = folder.path().join(place).join("calls.jsonl");
        keep_in(&kept, Of::Aws, &log).unwrap();
        std::fs::write(&log, &line).unwrap();
        // A platform that starts again in its place goes on with its log.
        keep_in(&kept, Of::Aws, &log).unwrap();
        assert_eq!(std::fs::read_to_string(&log).unwrap(), line);
        std::fs::remove_dir_all(log.parent().unwrap()).unwrap();
    }
    let audit = folder.path().join("three/audit.jsonl");
    keep_in(&kept, Of::Kubernetes, &audit).unwrap();
    std::fs::write(
        &audit,
        concat!(
            r#"{"auditID":"1","requestURI":"/api/v1/pods","verb":"list","user":{"username":"arn:aws:sts::1:assumed-role/r/s","#,
            r#""groups":["day2:ha-status"]},"objectRef":{"resource":"pods"},"responseStatus":{"code":200}}"#,
            "\n"
        ),
    )
    .unwrap();
    let seen = records::read(&kept, &granted()).unwrap();
    assert_eq!(seen.files, 3);
    assert_eq!(
        seen.used,
        rights(&[
            ("ha-status", &["eks:DescribeCluster", "list pods"]),
            ("lease-sweeper", &["lambda:InvokeFunction"]),
        ])
    );
}

#[test]
fn a_folder_without_calls_of_functions_proves_nothing_and_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let root = crate::deploy::repository();
    let why = compare_records(folder.path(), &root).unwrap_err().to_string();
    assert!(why.contains("DAY2_RECORDS"), "{why}");
    let log = folder.path().join("log");
    keep_in(folder.path(), Of::Aws, &log).unwrap();
    assert!(compare_records(folder.path(), &root).is_err());
    assert!(compare_records(&folder.path().join("nowhere"), &root).is_err());
}
