//! What Terraform makes for every function, and that its tests would notice if it did not: each assertion is shown to fail on
//! a copy of `infra` that is broken in everything at once.

use std::path::Path;

use super::trees::{Copy, caught};
use super::{names_in, obeyed, text};
use crate::terraform::Terraform;

/// One call of the module for each function, with what watches it.
fn functions_are_watched(root: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in names_in(&root.join("infra")) {
        if !(file.starts_with("fn_") && super::is_kind(&file, "tf")) {
            continue;
        }
        let code = text(&root.join("infra").join(&file));
        let words: Vec<Vec<&str>> = code
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        let passes = |name: &str, value: &str| {
            words
                .iter()
                .any(|line| line.starts_with(&[name, "="]) && line[2..].first() == Some(&value))
        };
        if !passes("operations", "local.operations") {
            wrong.push(format!(
                "infra/{file}: pass operations = local.operations to modules/ops-function, or nobody hears that the function is ill"
            ));
        }
        let moved = words
            .iter()
            .find(|line| line.starts_with(&["schedule_overrides", "="]));
        if let Some(overrides) = moved.and_then(|line| line.get(2))
            && file != "fn_watchdog.tf"
            && !passes("schedules", overrides)
        {
            wrong.push(format!(
                "infra/{file}: its local needs schedules = {overrides}, or the watchdog expects reports at the times of trigger.json"
            ));
        }
    }
    wrong
}

#[test]
fn every_function_has_its_alarms_and_is_known_to_the_watchdog_o02_o03() {
    obeyed(functions_are_watched);
}

#[test]
fn a_function_that_nobody_watches_is_found() {
    let law = functions_are_watched;
    caught(law, "infra/fn_scale_window.tf: pass operations", |tree| {
        tree.replace("infra/fn_scale_window.tf", "local.operations", "{}");
    });
    caught(law, "needs schedules = var.scale_window.schedules", |tree| {
        let file = "infra/fn_scale_window.tf";
        tree.replace(file, "\n    schedules     = var.scale_window.schedules\n", "\n");
    });
}

/// A fault: file, what stands there, what stands there instead, and the words of the assertion that must notice.
pub(super) type Fault = (&'static str, &'static str, &'static str, &'static str);

const OF_THE_ROOT: [Fault; 22] = [
    (
        "infra/modules/ops-function/health.tf",
        "    throttles = {",
        "    slow-downs = {",
        "O02: each function needs its six alarms",
    ),
    (
        "infra/failures.tf",
        "alarm_actions = [local.operations_topic_arn]",
        "alarm_actions = [local.topic_arn]",
        "O02: alarms must notify the topic that no function listens to",
    ),
    (
        "infra/operations.tf",
        "if startswith(arn,",
        "if !startswith(arn,",
        "O02: each topic of this account and region",
    ),
    (
        "infra/operations.tf",
        "\"NumberOfNotificationsFailed\"",
        "\"NumberOfMessagesPublished\"",
        "O02: what SNS could not deliver must ring",
    ),
    (
        "infra/operations.tf",
        "coalesce(var.operations.email_subscriptions, var.email_subscriptions)",
        "coalesce(var.operations.email_subscriptions, [])",
        "O02: who gets the reports must be told when they stop",
    ),
    (
        "infra/fn_watchdog.tf",
        "\"breaching\"",
        "\"missing\"",
        "O03: silence of the watchdog must ring",
    ),
    (
        "infra/fn_watchdog.tf",
        "task = \"look\" }",
        "task = \"watch\" }",
        "O03: the alarm must be on the metric that the watchdog writes",
    ),
    (
        "infra/fn_scale_window.tf",
        "schedules     = var.scale_window.schedules",
        "schedules     = {}",
        "O03: the watchdog must know every schedule that is made",
    ),
    (
        "infra/fn_watchdog.tf",
        "\"sat\", \"sun\"]",
        "\"sat\"]",
        "O03: the reports are due by the calendar of the deployment",
    ),
    (
        "infra/fn_watchdog.tf",
        "grace_minutes = try(function.grace_minutes, null)",
        "grace_minutes = 1",
        "O03: a report may come as late as its event is tried again",
    ),
    (
        "functions/watchdog/permissions.json",
        "\"${settings_object_arns}\"",
        "\"*\"",
        "O05: the watchdog reads the journal",
    ),
    (
        "infra/operations.tf",
        "alarm:${var.name}-*",
        "alarm:*",
        "O07: the alarms of this deployment must be able to publish",
    ),
    (
        "infra/topic.tf",
        "ArnLike = { \"aws:SourceArn\" = \"arn:${local.partition}:events",
        "ArnLike = { \"aws:PrincipalArn\" = \"arn:${local.partition}:events",
        "O06: whoever is let in must be held to a source",
    ),
    (
        "infra/key.tf",
        "? [local.operations_topic_arn] : []",
        "? [] : []",
        "O07: the key must let CloudWatch encrypt for both topics",
    ),
    (
        "infra/trail.tf",
        "\"aws:SecureTransport\" = \"false\"",
        "\"aws:SecureTransport\" = \"true\"",
        "O10: topic and bucket must refuse what does not come over TLS",
    ),
    (
        "infra/trail.tf",
        "enable_log_file_validation    = true",
        "enable_log_file_validation    = false",
        "O10: the trail must be closed, versioned",
    ),
    (
        "infra/trail.tf",
        "function:${var.name}-\"",
        "function:\"",
        "the trail must record calls of these functions",
    ),
    (
        "infra/dashboard.tf",
        "widgets = local.dashboard_widgets",
        "widgets = slice(local.dashboard_widgets, 0, 4)",
        "the dashboard must show every function",
    ),
    (
        "infra/dashboard.tf",
        "\"LeasesInForce\", \"LeasesOverdue\"] :",
        "\"LeasesOverdue\"] :",
        "the dashboard must show runs, verdicts, actions, leases, the age of heartbeats",
    ),
    (
        "infra/dashboard.tf",
        "stats max(@timestamp)",
        "stats min(@timestamp)",
        "the dashboard must list who was heard of last",
    ),
    (
        "infra/dashboard.tf",
        "y = 2 + floor(index / 2) * 7",
        "y = 2",
        "each part of the dashboard needs a place of its own",
    ),
    (
        "infra/forwarding.tf",
        "[\"aws.cloudwatch\", \"aws.guardduty\"]",
        "[\"aws.cloudwatch\", \"com.anybody\"]",
        "O06: another account may put alarms and findings by its forwarding roles",
    ),
];

const OF_THE_MODULE: [Fault; 14] = [
    (
        "main.tf",
        "      destination = var.failure_queue_arn",
        "      destination = \"arn:aws:sqs:us-east-1:123456789012:elsewhere\"",
        "O01: an event that failed for good must be kept",
    ),
    (
        "main.tf",
        "maximum_retry_attempts       = var.max_retries",
        "maximum_retry_attempts       = 0",
        "O01: retries and greatest age must be set",
    ),
    (
        "schedules.tf",
        "      arn = var.failure_queue_arn",
        "      arn = \"arn:aws:sqs:us-east-1:123456789012:elsewhere\"",
        "O01: an event that could not be delivered must be kept",
    ),
    (
        "main.tf",
        "kms_key_id        = var.log_key_arn",
        "kms_key_id        = null",
        "O01: the log needs a retention and its key",
    ),
    (
        "main.tf",
        "? \"Active\" : \"PassThrough\"",
        "? \"PassThrough\" : \"PassThrough\"",
        "O01: runs must be traced",
    ),
    (
        "main.tf",
        "reserved_concurrent_executions = var.reserved_concurrency",
        "reserved_concurrent_executions = 1",
        "O01: an account must keep 100 unreserved",
    ),
    (
        "health.tf",
        "metric_name = \"Throttles\"",
        "metric_name = \"Invocations\"",
        "O02: six metrics must be watched",
    ),
    (
        "health.tf",
        "alarm_actions = [var.operations.topic_arn]",
        "alarm_actions = []",
        "O02: the alarms must be about this function",
    ),
    (
        "health.tf",
        "var.timeout_seconds * 800",
        "var.timeout_seconds * 1000",
        "O02: 80 % of the time-out must ring",
    ),
    (
        "health.tf",
        "var.max_event_age_seconds * 500",
        "var.max_event_age_seconds * 1000",
        "O02: half of the greatest age must ring",
    ),
    (
        "health.tf",
        "treat_missing_data = \"notBreaching\"",
        "treat_missing_data = \"breaching\"",
        "O02: a function that does not run is not ill",
    ),
    (
        "schedules.tf",
        "          \"aws:SourceAccount\" = local.account_id\n",
        "",
        "O06: the scheduler's role may be assumed for this schedule group only",
    ),
    (
        "iam.tf",
        "      Condition = { StringEquals = { \"aws:SourceAccount\" = local.account_id } }\n",
        "",
        "O06: the role of a function may be assumed for this account only",
    ),
    (
        "alarms.tf",
        "  source_account = split(\":\", each.key)[4]\n",
        "",
        "O06: whoever calls the function must be held to a source",
    ),
];

const OF_THE_EVIDENCE: [Fault; 16] = [
    (
        "bucket.tf",
        "object_lock_enabled = true",
        "object_lock_enabled = false",
        "the bucket must have Object Lock",
    ),
    (
        "bucket.tf",
        "status = \"Enabled\"",
        "status = \"Suspended\"",
        "the bucket must keep versions",
    ),
    (
        "bucket.tf",
        "      days = var.retention_days",
        "      days = 1",
        "every object must be locked as the variables say",
    ),
    (
        "bucket.tf",
        "block_public_policy     = true",
        "block_public_policy     = false",
        "all four public blocks must be on",
    ),
    (
        "bucket.tf",
        "\"BucketOwnerEnforced\"",
        "\"ObjectWriter\"",
        "access control lists must be off",
    ),
    (
        "bucket.tf",
        "kms_master_key_id = local.key_arn",
        "kms_master_key_id = \"alias/aws/s3\"",
        "the bucket must encrypt with the key of the evidence by default",
    ),
    (
        "bucket.tf",
        "bucket_key_enabled = true",
        "bucket_key_enabled = false",
        "the bucket key must be on",
    ),
    (
        "bucket.tf",
        ", \"s3:DeleteObjectVersion\"]",
        "]",
        "the bucket policy must refuse plain HTTP, other keys, overwriting and deletion",
    ),
    (
        "bucket.tf",
        "Sid       = \"RetentionIsNotBypassed\"\n        Effect    = \"Deny\"\n        Principal = \"*\"",
        "Sid       = \"RetentionIsNotBypassed\"\n        Effect    = \"Deny\"\n        Principal = \"x\"",
        "each refusal must hold for everybody",
    ),
    (
        "key.tf",
        "enable_key_rotation     = true",
        "enable_key_rotation     = false",
        "the key must rotate",
    ),
    (
        "key.tf",
        "Action    = \"kms:GenerateDataKey\"",
        "Action    = \"kms:*\"",
        "only writers may encrypt, only auditors may decrypt",
    ),
    (
        "key.tf",
        "\"kms:CancelKeyDeletion\", ",
        "\"kms:CancelKeyDeletion\", \"kms:CreateGrant\", ",
        "administrators must not use the key, nor grant its use",
    ),
    (
        "key.tf",
        "length(local.auditor_arns) == 0",
        "length(local.auditor_arns) < 0",
        "a statement without a principal would let everybody decrypt",
    ),
    (
        "key.tf",
        "\"s3.${local.region}.${local.dns_suffix}\"",
        "\"s3.${local.region}.amazonaws.com\"",
        "ARNs and service names must be those of the partition",
    ),
    (
        "bucket.tf",
        "noncurrent_days = var.retention_days",
        "noncurrent_days = 1",
        "evidence must be deleted as the variables say",
    ),
    (
        "bucket.tf",
        "target_bucket = var.access_log_bucket",
        "target_bucket = local.bucket",
        "the access log must go to the bucket that was named",
    ),
];

/// Only the first run of a file of tests: the one with an assertion for each rule.
fn first_run(tree: &Copy, file: &str) {
    let whole = text(&tree.root().join(file));
    let (head, rest) = whole.split_once("\nrun \"").unwrap();
    let first = rest.split("\nrun \"").next().unwrap();
    tree.write(file, &format!("{head}\nrun \"{first}"));
}

/// What Terraform says to the tests of one file in a folder, in one line.
fn said_by_terraform(folder: &Path, tests: &str) -> String {
    let said = Terraform::init(folder).run(&["test", "-no-color", &format!("-filter=tests/{tests}")]);
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
pub(super) fn noticed(faults: &[Fault], folder: &str, tests: &str, prefix: &str) {
    let tree = Copy::of_this_tree();
    first_run(&tree, &format!("{folder}/tests/{tests}"));
    said_of(&tree, faults, folder, tests, prefix);
}

/// Breaks a copy of the tree in everything at once, and requires the words of each assertion.
#[track_caller]
fn said_of(tree: &Copy, faults: &[Fault], folder: &str, tests: &str, prefix: &str) {
    let file = format!("{folder}/tests/{tests}");
    let assertions = text(&tree.root().join(&file)).matches("error_message").count();
    assert_eq!(
        assertions,
        faults.len(),
        "each assertion of {file} needs a fault that it notices"
    );
    for (path, from, to, _) in faults {
        tree.replace(&format!("{prefix}{path}"), from, to);
    }
    let said = said_by_terraform(&tree.root().join(folder), tests);
    let unnoticed: Vec<&str> = faults
        .iter()
        .map(|(.., says)| *says)
        .filter(|says| !said.contains(says))
        .collect();
    assert!(unnoticed.is_empty(), "nothing says {unnoticed:#?}: {said}");
}

#[test]
fn each_assertion_about_the_deployment_notices_its_fault() {
    noticed(&OF_THE_ROOT, "infra", "operations.tftest.hcl", "");
}

#[test]
fn each_assertion_about_a_function_notices_its_fault() {
    let module = "infra/modules/ops-function";
    noticed(
        &OF_THE_MODULE,
        module,
        "health.tftest.hcl",
        "infra/modules/ops-function/",
    );
}

#[test]
fn the_assertions_about_the_evidence_notice_their_faults_o10() {
    let folder = "infra/evidence";
    let tree = Copy::of_this_tree();
    said_of(
        &tree,
        &OF_THE_EVIDENCE,
        folder,
        "evidence.tftest.hcl",
        "infra/evidence/",
    );
}
