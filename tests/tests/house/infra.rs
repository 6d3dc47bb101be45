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

/// The text of one block of a file of Terraform, by how it begins; empty when there is none.
fn block(root: &Path, file: &str, begin: &str) -> String {
    let whole = text(&root.join(file));
    let found = whole.split_once(begin).map(|(_, rest)| rest);
    found
        .and_then(|rest| rest.split("\n}").next())
        .unwrap_or_default()
        .to_owned()
}

/// The lines of the metrics have no level. Lambda takes such a line for INFO, and sends on nothing below the level that is set.
/// <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html>
fn no_log_level_keeps_metrics_back(root: &Path) -> Vec<String> {
    let files = ["infra/variables.tf", "infra/modules/ops-function/variables.tf"];
    let taken = "contains([\"TRACE\", \"DEBUG\", \"INFO\"], var.log_level)";
    files
        .into_iter()
        .filter(|file| !block(root, file, "variable \"log_level\" {").contains(taken))
        .map(|file| format!("{file}: log_level must be TRACE, DEBUG or INFO, or there are no metrics"))
        .collect()
}

#[test]
fn no_log_level_ends_the_metrics_o02() {
    obeyed(no_log_level_keeps_metrics_back);
    for file in ["infra/variables.tf", "infra/modules/ops-function/variables.tf"] {
        let says = format!("{file}: log_level must be");
        caught(no_log_level_keeps_metrics_back, &says, |tree| {
            tree.replace(file, "\"DEBUG\", \"INFO\"]", "\"DEBUG\", \"INFO\", \"WARN\"]");
        });
    }
}

/// What of the evidence no `terraform destroy` and no renamed variable may take: file, and how its block begins.
const NEVER_DESTROYED: [(&str, &str); 3] = [
    (
        "infra/evidence/bucket.tf",
        "resource \"aws_s3_bucket\" \"this\" {",
    ),
    (
        "infra/evidence/bucket.tf",
        "resource \"aws_s3_bucket_object_lock_configuration\" \"this\" {",
    ),
    ("infra/evidence/key.tf", "resource \"aws_kms_key\" \"this\" {"),
];

/// No plan shows `prevent_destroy`.
fn evidence_is_never_destroyed(root: &Path) -> Vec<String> {
    NEVER_DESTROYED
        .into_iter()
        .filter(|(file, begin)| !block(root, file, begin).contains("\n    prevent_destroy = true\n"))
        .map(|(file, begin)| format!("{file}: {begin} needs prevent_destroy"))
        .collect()
}

#[test]
fn no_destroy_takes_the_evidence_o10() {
    let law = evidence_is_never_destroyed;
    obeyed(law);
    for (file, begin) in NEVER_DESTROYED {
        let (from, to) = ("prevent_destroy = true", "prevent_destroy = false");
        caught(law, &format!("{begin} needs prevent_destroy"), |tree| {
            let whole = text(&tree.root().join(file));
            let (before, rest) = whole.split_once(begin).unwrap();
            assert!(rest.contains(from), "{begin} does not hold {from}");
            tree.write(file, &format!("{before}{begin}{}", rest.replacen(from, to, 1)));
        });
    }
}

const STARTER: &str = "infra/examples/starter/terraform.tfvars";

/// Whoever begins reads all of it first.
fn the_first_day_is_short(root: &Path) -> Vec<String> {
    match text(&root.join(STARTER)).lines().count() {
        0 => vec![format!("{STARTER} is missing or empty")],
        1..40 => Vec::new(),
        lines => vec![format!("{STARTER} has {lines} lines; keep it below 40")],
    }
}

#[test]
fn the_settings_of_the_first_day_stay_short() {
    let law = the_first_day_is_short;
    obeyed(law);
    caught(law, "lines; keep it below 40", |tree| {
        tree.append(STARTER, &"# more\n".repeat(20));
    });
    caught(law, "is missing or empty", |tree| {
        tree.remove(STARTER);
    });
}

/// A fault: file, what stands there, what stands there instead, and the words of the assertion that must notice.
pub(super) type Fault = (&'static str, &'static str, &'static str, &'static str);

const OF_THE_ROOT: [Fault; 24] = [
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
        "infra/failures.tf",
        "\"GreaterThanThreshold\"",
        "\"LessThanThreshold\"",
        "O02: the first message in the queue of failures must ring",
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
    (
        "infra/forwarding.tf",
        "\"GuardDuty Finding\"]",
        "\"AWS API Call via CloudTrail\"]",
        "O06: of these two services only changes of alarms",
    ),
];

const OF_THE_MODULE: [Fault; 13] = [
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
        "\"GreaterThanThreshold\"",
        "\"LessThanThreshold\"",
        "O02: each alarm must ring from the threshold",
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

const OF_THE_FORWARDING: [Fault; 6] = [
    (
        "main.tf",
        "    arn = local.queue_arn",
        "    arn = \"arn:aws:sqs:eu-central-1:222222222222:elsewhere\"",
        "what a rule cannot forward must be kept",
    ),
    (
        "failures.tf",
        "sqs_managed_sse_enabled   = true",
        "sqs_managed_sse_enabled   = false",
        "the queue must be encrypted",
    ),
    (
        "failures.tf",
        "\"aws:SecureTransport\" = \"false\"",
        "\"aws:SecureTransport\" = \"true\"",
        "the queue must refuse what does not come over TLS",
    ),
    (
        "failures.tf",
        "local.rule_arns",
        "\"*\"",
        "only the forwarding rules may put something into the queue",
    ),
    (
        "failures.tf",
        "\"GreaterThanThreshold\"",
        "\"LessThanThreshold\"",
        "the first event that could not be forwarded must ring",
    ),
    (
        "failures.tf",
        "alarm_actions = var.alarm_topic_arn == null ? [] : [var.alarm_topic_arn]",
        "alarm_actions = []",
        "the alarm must tell those whom the topic reaches",
    ),
];

const OF_THE_EVIDENCE: [Fault; 17] = [
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
    (
        "bucket.tf",
        "days_after_initiation = 1",
        "days_after_initiation = 30",
        "parts of an upload that was never completed must not stay",
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
fn each_assertion_about_what_cannot_be_forwarded_notices_its_fault_o02() {
    noticed(
        &OF_THE_FORWARDING,
        "infra/modules/forwarding",
        "forwarding.tftest.hcl",
        "infra/modules/forwarding/",
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
