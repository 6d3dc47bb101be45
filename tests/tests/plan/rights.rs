//! What each role may do, and who is let in (O05 to O07).

use std::collections::{BTreeMap, BTreeSet};

use day2_core::Verdict;
use doctor::facts::{AlarmTopic, Facts, TopicKey};
use doctor::settings::DoctorSettings;
use policy::{Answer, Policy, Request};
use serde_json::{Value, json};

use super::{
    add, after, all, caught, functions, list, obeyed, obeyed_in, remove, rewrite, role, statements, words,
};

// The doctor's own reader of policies: what judges the live ones judges those of the plan.
#[path = "../../../functions/doctor/src/assess/policy.rs"]
mod policy;

/// What changes something outside the function's own stores. A function that is not named here changes nothing.
const MAY_CHANGE: [(&str, &[&str]); 6] = [
    ("connection-exhaustion", &["rds:ModifyDBCluster"]),
    // It asks every function how it is, and takes its canary out of the queue.
    (
        "doctor",
        &["lambda:InvokeFunction", "sqs:DeleteMessage", "sqs:ReceiveMessage"],
    ),
    ("lease-sweeper", &["lambda:InvokeFunction"]),
    (
        "provisioning-latency",
        &[
            "autoscaling:SetDesiredCapacity",
            "autoscaling:TerminateInstanceInAutoScalingGroup",
            "eks:UpdateNodegroupConfig",
        ],
    ),
    (
        "threat-containment",
        &["autoscaling:SetInstanceProtection", "iam:PutRolePolicy"],
    ),
    (
        "threat-release",
        &["autoscaling:SetInstanceProtection", "iam:DeleteRolePolicy"],
    ),
];

/// Who may write what into roles that the deployment names, one by one: the denial of older sessions, and its end. Nobody else
/// changes anything of IAM.
const OF_DECLARED_ROLES: [(&str, &str); 2] = [
    ("threat-containment", "iam:PutRolePolicy"),
    ("threat-release", "iam:DeleteRolePolicy"),
];

/// Whether a statement touches roles that are named wholly, and may.
fn of_declared_roles(name: &str, action: &str, resources: &[&str]) -> bool {
    let whole = |one: &&str| one.starts_with("arn:aws:iam::") && one.contains(":role/") && !one.contains('*');
    OF_DECLARED_ROLES.contains(&(name, action)) && resources.iter().all(whole)
}

/// Whether an action only reads, by its name.
fn reads(action: &str) -> bool {
    let operation = action.split_once(':').map_or(action, |(_, operation)| operation);
    [
        "Describe", "Get", "List", "Query", "BatchGet", "Simulate", "Search",
    ]
    .iter()
    .any(|beginning| operation.starts_with(beginning))
}

/// Whether a statement stands on what a function has for itself: its journal, its part of the report bucket, the topics,
/// logs, traces, the queue of failures, its interfaces.
fn own_store(name: &str, action: &str, resource: &str) -> bool {
    match action {
        "dynamodb:PutItem" | "dynamodb:UpdateItem" => resource.ends_with(":table/day2-journal"),
        "s3:PutObject" => {
            let reports = "arn:aws:s3:::day2-reports-123456789012-us-east-1/reports";
            // The page that leads to the reports is everybody's.
            resource == format!("{reports}/{name}/*")
                || resource == format!("{reports}/index.html")
                || (name == "threat-containment" && resource == "arn:aws:s3:::day2-evidence/evidence/*")
        }
        "sns:Publish" => resource.starts_with("arn:aws:sns:") && !resource.contains('*'),
        "logs:CreateLogStream" | "logs:PutLogEvents" => {
            resource.ends_with(&format!(":log-group:/aws/lambda/day2-{name}:*"))
        }
        "sqs:SendMessage" => resource.ends_with(":day2-failures"),
        "xray:PutTelemetryRecords" | "xray:PutTraceSegments" => true,
        "sts:AssumeRole" => resource.contains(":role/") && !resource.contains('*'),
        "kms:Decrypt" | "kms:GenerateDataKey" => resource.contains(":key/") && !resource.contains('*'),
        _ => false,
    }
}

fn roles_are_narrow(plan: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let may_change: BTreeMap<&str, &[&str]> = MAY_CHANGE.into_iter().collect();
    for name in functions(plan) {
        let mut changes = BTreeSet::new();
        let own = role(plan, &name);
        if own.is_empty() {
            wrong.push(format!("{name}: its policies are not known in the plan"));
        }
        for statement in own {
            if statement["Effect"] != "Allow"
                || !statement["NotAction"].is_null()
                || !statement["NotResource"].is_null()
            {
                wrong.push(format!(
                    "{name}: only what is allowed, by its name, may stand in a policy: {statement}"
                ));
            }
            for action in list(&statement["Action"]) {
                let resources = list(&statement["Resource"]);
                let of_iam = action.starts_with("iam:") && !reads(action);
                if action.contains('*') || (of_iam && !of_declared_roles(&name, action, &resources)) {
                    wrong.push(format!("{name} may {action}"));
                }
                let any_group = resources
                    .iter()
                    .any(|one| one.ends_with("autoScalingGroupName/*"));
                if any_group && statement["Condition"].is_null() {
                    wrong.push(format!("{name} may {action} on any group, whatever its tags"));
                }
                for resource in list(&statement["Resource"]) {
                    if reads(action) || own_store(&name, action, resource) {
                        continue;
                    }
                    if resource == "*" {
                        wrong.push(format!("{name} may {action} on everything"));
                    }
                    changes.insert(action.to_owned());
                }
            }
        }
        let may = may_change.get(name.as_str()).copied().unwrap_or_default();
        for action in may {
            if !changes.remove(*action) {
                wrong.push(format!("{name} must be able to {action}"));
            }
        }
        for action in changes {
            wrong.push(format!(
                "{name} may change something: {action}; if it should, name it in MAY_CHANGE"
            ));
        }
    }
    wrong
}

#[test]
fn checks_change_nothing_and_actions_exactly_their_own_o05() {
    obeyed(roles_are_narrow);
    let law = roles_are_narrow;
    let permissions = |function: &str| format!("module.{function}[0].aws_iam_role_policy.permissions");
    let seed = |function: &str, from: &str, to: &str, says: &str| {
        caught(law, says, |plan| {
            rewrite(plan, &permissions(function), "policy", from, to);
        });
    };
    seed(
        "ha_status",
        "eks:DescribeCluster",
        "eks:DeleteCluster",
        "ha-status may change something: eks:DeleteCluster",
    );
    seed(
        "provisioning_latency",
        "eks:UpdateNodegroupConfig",
        "eks:DeleteNodegroup",
        "provisioning-latency may change something: eks:DeleteNodegroup",
    );
    seed(
        "provisioning_latency",
        "eks:UpdateNodegroupConfig",
        "eks:DescribeNodegroup",
        "provisioning-latency must be able to eks:UpdateNodegroupConfig",
    );
    seed(
        "watchdog",
        "dynamodb:PutItem",
        "dynamodb:*",
        "watchdog may dynamodb:*",
    );
    seed(
        "watchdog",
        "dynamodb:PutItem",
        "iam:PassRole",
        "watchdog may iam:PassRole",
    );
    seed(
        "watchdog",
        "dynamodb:PutItem",
        "iam:PutRolePolicy",
        "watchdog may iam:PutRolePolicy",
    );
    for (function, action) in [
        ("threat_containment", "iam:PutRolePolicy"),
        ("threat_release", "iam:DeleteRolePolicy"),
    ] {
        let says = format!("{} may {action}", function.replace('_', "-"));
        seed(function, "role/shop/prod-a-checkout", "role/shop/*", &says);
    }
    seed(
        "threat_containment",
        "\"Condition\"",
        "\"Other\"",
        "threat-containment may autoscaling:SetInstanceProtection on any group",
    );
    seed(
        "connection_exhaustion",
        "arn:aws:rds:us-east-1:123456789012:cluster:prod-a\"],\"Sid\":\"RaiseTheMaximumAcu",
        "*\"],\"Sid\":\"RaiseTheMaximumAcu",
        "connection-exhaustion may rds:ModifyDBCluster on everything",
    );
    seed(
        "backup_verification",
        "arn:aws:iam::222222222222:role/day2-target",
        "arn:aws:iam::222222222222:role/*",
        "backup-verification may change something: sts:AssumeRole",
    );
    seed(
        "scale_window",
        "/reports/scale-window/*",
        "/reports/*",
        "scale-window may change something: s3:PutObject",
    );
    seed(
        "scale_window",
        "\"Effect\":\"Allow\"",
        "\"Effect\":\"Deny\"",
        "scale-window: only what is allowed",
    );
    caught(law, "watchdog: its policies are not known", |plan| {
        remove(plan, "module.watchdog[0].aws_iam_role_policy");
    });
}

const EVIDENCE_KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555";

/// Who writes evidence cannot read it, and nobody but the audit can.
fn evidence_is_read_by_the_audit_alone(plan: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for name in functions(plan) {
        for statement in role(plan, &name) {
            let resources = list(&statement["Resource"]);
            for action in list(&statement["Action"]) {
                let evidence = resources
                    .iter()
                    .any(|one| one.starts_with("arn:aws:s3:::day2-evidence"));
                let writes = action == "s3:PutObject" && name == "threat-containment";
                if evidence && name != "evidence-audit" && !writes {
                    wrong.push(format!("{name} may {action} on the evidence"));
                }
                if evidence && name == "evidence-audit" && !reads(action) {
                    wrong.push(format!("{name} may {action} on the evidence"));
                }
                let opens = action == "kms:Decrypt" && resources.contains(&EVIDENCE_KEY);
                if opens && name != "evidence-audit" {
                    wrong.push(format!("{name} may decrypt the evidence"));
                }
                if action.starts_with("kms:") && !reads(action) && statement["Condition"].is_null() {
                    wrong.push(format!("{name} may {action} without a service that asks for it"));
                }
            }
        }
    }
    wrong
}

#[test]
fn evidence_is_read_by_the_audit_alone_o05() {
    obeyed(evidence_is_read_by_the_audit_alone);
    let law = evidence_is_read_by_the_audit_alone;
    let implied = "module.threat_containment[0].aws_iam_role_policy.implied";
    caught(law, "threat-containment may decrypt the evidence", |plan| {
        let from = "[\"kms:GenerateDataKey\"]";
        rewrite(plan, implied, "policy", from, "[\"kms:Decrypt\"]");
    });
    caught(
        law,
        "threat-containment may s3:GetObject on the evidence",
        |plan| {
            let permissions = "module.threat_containment[0].aws_iam_role_policy.permissions";
            rewrite(plan, permissions, "policy", "s3:PutObject", "s3:GetObject");
        },
    );
    caught(
        law,
        "evidence-audit may s3:PutObjectRetention on the evidence",
        |plan| {
            let permissions = "module.evidence_audit[0].aws_iam_role_policy.permissions";
            rewrite(
                plan,
                permissions,
                "policy",
                "s3:GetObjectRetention",
                "s3:PutObjectRetention",
            );
        },
    );
    caught(law, "without a service that asks for it", |plan| {
        rewrite(plan, implied, "policy", "\"Condition\"", "\"Other\"");
    });
}

/// Whether a statement names account or source of who is let in.
fn held_to_a_source(statement: &Value) -> bool {
    let conditions = statement["Condition"].as_object().into_iter().flatten();
    conditions
        .filter(|(operator, _)| !operator.starts_with("Null") && !operator.contains("Not"))
        .filter_map(|(_, keys)| keys.as_object())
        .flat_map(serde_json::Map::keys)
        .any(|key| {
            [
                "aws:SourceArn",
                "aws:SourceAccount",
                "aws:PrincipalArn",
                "kms:EncryptionContext:aws:sns:topicArn",
                "kms:EncryptionContext:aws:logs:arn",
            ]
            .contains(&key.as_str())
        })
}

/// The policies of things that let others in: address and statements.
fn doors(plan: &Value) -> Vec<(String, Vec<Value>)> {
    let kinds = [
        ("aws_sns_topic_policy", "policy"),
        ("aws_sqs_queue", "policy"),
        ("aws_sqs_queue_policy", "policy"),
        ("aws_s3_bucket_policy", "policy"),
        ("aws_kms_key", "policy"),
        ("aws_kms_key_policy", "policy"),
        ("aws_cloudwatch_event_bus_policy", "policy"),
        ("aws_iam_role", "assume_role_policy"),
    ];
    let mut found = Vec::new();
    for (kind, field) in kinds {
        for (address, one) in all(plan, kind) {
            found.push((address.to_owned(), statements(&one[field])));
        }
    }
    // These may have theirs in a resource of its own; then the mocked plan shows some word here, and no document.
    let is_policy =
        |one: &Value| serde_json::from_str::<Value>(words(one)).is_ok_and(|read| read.is_object());
    for kind in ["aws_sns_topic", "aws_s3_bucket"] {
        for (address, one) in all(plan, kind) {
            if is_policy(&one["policy"]) {
                found.push((address.to_owned(), statements(&one["policy"])));
            }
        }
    }
    found
}

fn doors_are_narrow(plan: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for (address, policy) in doors(plan) {
        if policy.is_empty() {
            wrong.push(format!("{address}: its policy is not known in the plan"));
        }
        for statement in policy.iter().filter(|one| one["Effect"] == "Allow") {
            let principal = &statement["Principal"];
            let service = words(&principal["Service"]);
            // The account's own administrators decide by IAM what the key may be used for.
            let account = principal["AWS"] == "arn:aws:iam::123456789012:root";
            if account && address == "aws_kms_key.this" {
                continue;
            }
            // Lambda documents no source for the role of a function.
            let lambda = service == "lambda.amazonaws.com" && address.ends_with(".aws_iam_role.function");
            if !held_to_a_source(statement) && !lambda {
                wrong.push(format!("{address} lets {principal} in, whoever sends it"));
            }
            if list(principal).contains(&"*") || list(&principal["AWS"]).contains(&"*") {
                wrong.push(format!("{address} lets everybody in"));
            }
            let wide = |action: &&str| action.ends_with(":*") || **action == *"*";
            if list(&statement["Action"]).iter().any(wide) {
                wrong.push(format!("{address} lets {principal} do anything"));
            }
        }
        let kind = address.split('.').next().unwrap_or_default();
        let tls =
            ["aws_sns_topic", "aws_sqs_queue", "aws_s3_bucket"].contains(&kind.trim_end_matches("_policy"));
        let refuses = policy
            .iter()
            .any(|one| one["Effect"] == "Deny" && one["Condition"]["Bool"]["aws:SecureTransport"] == "false");
        if tls && !refuses {
            wrong.push(format!("{address} takes what does not come over TLS"));
        }
    }
    for (address, permission) in all(plan, "aws_lambda_permission") {
        let source = words(&permission["source_arn"]);
        if source.is_empty() || source.contains('*') {
            wrong.push(format!(
                "{address} lets {} call, whoever sends it",
                permission["principal"]
            ));
        }
    }
    wrong
}

#[test]
fn whoever_is_let_in_is_held_to_a_source_o06() {
    obeyed(doors_are_narrow);
    let law = doors_are_narrow;
    let topic = "aws_sns_topic_policy.operations[0]";
    caught(
        law,
        "operations[0] lets {\"Service\":\"cloudwatch.amazonaws.com\"} in, whoever",
        |plan| {
            rewrite(plan, topic, "policy", "\"ArnLike\"", "\"ArnNotLike\"");
            rewrite(plan, topic, "policy", "aws:SourceAccount", "aws:Account");
        },
    );
    caught(
        law,
        "operations[0] lets {\"Service\":\"cloudwatch.amazonaws.com\"} do anything",
        |plan| {
            let from = "\"Action\":\"sns:Publish\",\"Condition\":{\"ArnLike\"";
            rewrite(plan, topic, "policy", from, &from.replace("Publish", "*"));
        },
    );
    caught(law, "takes what does not come over TLS", |plan| {
        rewrite(
            plan,
            "aws_s3_bucket_policy.reports",
            "policy",
            "\"Deny\"",
            "\"Allow\"",
        );
    });
    caught(law, "lets everybody in", |plan| {
        rewrite(
            plan,
            "aws_s3_bucket_policy.reports",
            "policy",
            "\"Deny\"",
            "\"Allow\"",
        );
    });
    caught(
        law,
        "scheduler[0] lets {\"Service\":\"scheduler.amazonaws.com\"} in, whoever",
        |plan| {
            let role = "module.watchdog[0].aws_iam_role.scheduler[0]";
            rewrite(
                plan,
                role,
                "assume_role_policy",
                "StringEquals",
                "StringNotEquals",
            );
        },
    );
    caught(law, "its policy is not known", |plan| {
        after(plan, topic)["policy"] = Value::Null;
    });
    caught(
        law,
        "lets \"events.amazonaws.com\" call, whoever sends it",
        |plan| {
            let permission = "module.threat_containment[0].aws_lambda_permission.events[\"0\"]";
            after(plan, permission)["source_arn"] = json!("arn:aws:events:us-east-1:123456789012:rule/*");
        },
    );
}

#[test]
fn a_policy_is_read_wherever_it_stands_o06() {
    let law = doors_are_narrow;
    let canary = "aws_sns_topic.canary[0]";
    for says in [
        "aws_sns_topic.canary[0] lets everybody in",
        "aws_sns_topic.canary[0] takes what does not come over TLS",
    ] {
        caught(law, says, |plan| {
            rewrite(plan, canary, "policy", "\"Deny\"", "\"Allow\"");
        });
    }
    caught(law, "aws_sns_topic.canary[0]: its policy is not known", |plan| {
        after(plan, canary)["policy"] = json!("{}");
    });
    let allow = json!({ "Effect": "Allow", "Action": "*", "Principal": { "Service": "s3.amazonaws.com" } });
    let policy = json!({ "Statement": [allow] }).to_string();
    for kind in [
        "aws_sns_topic",
        "aws_s3_bucket",
        "aws_sqs_queue_policy",
        "aws_kms_key_policy",
    ] {
        let says = format!("{kind}.broken lets {{\"Service\":\"s3.amazonaws.com\"}} in, whoever");
        caught(law, &says, |plan| add(plan, kind, json!({ "policy": policy })));
    }
    for kind in ["aws_sns_topic", "aws_s3_bucket", "aws_sqs_queue_policy"] {
        let says = format!("{kind}.broken takes what does not come over TLS");
        caught(law, &says, |plan| add(plan, kind, json!({ "policy": policy })));
    }
}

const ACCOUNT: &str = "123456789012";
const KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000";
const REPORTS: &str = "arn:aws:sns:us-east-1:123456789012:day2-reports";
/// The topics that services publish to without a role, by the addresses of their policies.
const TOPICS: [(&str, &str); 2] = [
    ("aws_sns_topic_policy.reports", REPORTS),
    (
        "aws_sns_topic_policy.operations[0]",
        "arn:aws:sns:us-east-1:123456789012:day2-operations",
    ),
];
const CLOUDWATCH: &str = "cloudwatch.amazonaws.com";
const EVENTS: &str = "events.amazonaws.com";

/// The policy of one resource as text; empty when there is none, or when it is not known.
fn policy_of(plan: &Value, kind: &str, address: &str) -> String {
    let found = all(plan, kind).into_iter().find(|(known, _)| *known == address);
    found
        .map(|(_, one)| words(&one["policy"]).to_owned())
        .unwrap_or_default()
}

/// Who publishes to a topic: a service, and the ARN of the alarm or the rule for which it does.
fn publishers(plan: &Value, topic: &str) -> BTreeSet<(&'static str, String)> {
    let alarm = |name: &str| {
        let arn = format!("arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:{name}");
        (CLOUDWATCH, arn)
    };
    let rule = |name: &str| (EVENTS, format!("arn:aws:events:us-east-1:{ACCOUNT}:rule/{name}"));
    let mut found = BTreeSet::new();
    for (_, one) in all(plan, "aws_cloudwatch_metric_alarm") {
        if list(&one["alarm_actions"]).contains(&topic) {
            found.insert(alarm(words(&one["alarm_name"])));
        }
    }
    for (_, one) in all(plan, "aws_cloudwatch_event_target") {
        if one["arn"] == topic {
            found.insert(rule(words(&one["rule"])));
        }
    }
    // Nothing of the plan publishes here: it is open to alarms and rules that people have.
    if topic == REPORTS {
        found.extend([alarm("of-somebody"), rule("of-somebody")]);
    }
    found
}

/// Why a policy keeps a service out, or may do so.
fn kept_out(policy: &Result<Policy, String>, request: &Request<'_>) -> Option<String> {
    match policy.as_ref().map(|policy| policy.answer(request)) {
        Ok(Answer::Allowed) => None,
        Ok(Answer::Refused(why) | Answer::Open(why)) => Some(why),
        Err(why) => Some(why.clone()),
    }
}

/// A topic that the service may use is of no use while its key is closed: the message is dropped silently.
fn mails_get_through(plan: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let key = Policy::read(&policy_of(plan, "aws_kms_key", "aws_kms_key.this"));
    for (address, topic) in TOPICS {
        let policy = Policy::read(&policy_of(plan, "aws_sns_topic_policy", address));
        let publishers = publishers(plan, topic);
        if publishers.is_empty() {
            wrong.push(format!("nobody publishes to {topic}"));
        }
        for (service, source) in publishers {
            let mut to_topic = vec![
                ("aws:securetransport", "true"),
                ("aws:principalisawsservice", "true"),
                ("aws:principalservicename", service),
            ];
            let mut to_key = to_topic.clone();
            to_topic.push(("aws:sourcearn", source.as_str()));
            to_key.push(("kms:encryptioncontext:aws:sns:topicarn", topic));
            // EventBridge sends neither account nor rule along to KMS; that it sends SNS the account, no page says.
            // https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
            if service == CLOUDWATCH {
                to_topic.push(("aws:sourceaccount", ACCOUNT));
                to_key.extend([("aws:sourceaccount", ACCOUNT), ("aws:sourcearn", source.as_str())]);
            }
            let publish = Request {
                service,
                action: "sns:Publish",
                resource: topic,
                keys: &to_topic,
            };
            if let Some(why) = kept_out(&policy, &publish) {
                wrong.push(format!(
                    "{address} does not let {service} publish for {source}: {why}"
                ));
            }
            for action in ["kms:Decrypt", "kms:GenerateDataKey"] {
                let encrypt = Request {
                    service,
                    action,
                    resource: KEY,
                    keys: &to_key,
                };
                if let Some(why) = kept_out(&key, &encrypt) {
                    wrong.push(format!(
                        "the key does not let {service} {action} for {source} and {topic}, whose messages are dropped \
                         silently: {why}"
                    ));
                }
            }
        }
    }
    wrong
}

#[test]
fn the_services_that_speak_can_publish_and_encrypt_o07() {
    obeyed(mails_get_through);
    let law = mails_get_through;
    caught(law, "does not let events.amazonaws.com publish", |plan| {
        let topic = "aws_sns_topic_policy.reports";
        rewrite(
            plan,
            topic,
            "policy",
            "events.amazonaws.com",
            "other.amazonaws.com",
        );
    });
    caught(
        law,
        "the key does not let cloudwatch.amazonaws.com kms:GenerateDataKey",
        |plan| {
            rewrite(
                plan,
                "aws_kms_key.this",
                "policy",
                "kms:GenerateDataKey*",
                "kms:Encrypt",
            );
        },
    );
    caught(law, "nobody publishes to arn:aws:sns:", |plan| {
        remove(plan, "aws_cloudwatch_metric_alarm");
    });
}

#[test]
fn a_condition_that_another_account_alarm_or_rule_meets_keeps_the_own_out_o07() {
    let law = mails_get_through;
    let reports = "aws_sns_topic_policy.reports";
    let of_account = "\"aws:SourceAccount\":\"123456789012\"";
    let of_another = "\"aws:SourceAccount\":\"222222222222\"";
    let context = "\"StringEquals\":{\"kms:EncryptionContext:aws:sns:topicArn\":\"arn:";
    let context_and_account = context.replace(":{", ":{\"aws:SourceAccount\":\"123456789012\",");
    let faults = [
        (
            reports,
            ":events:us-east-1:123456789012:rule/*",
            ":events:us-east-1:222222222222:rule/*",
            "reports does not let events.amazonaws.com publish",
        ),
        (
            reports,
            ":123456789012:rule/*",
            ":123456789012:rule/day2-*",
            "reports does not let events.amazonaws.com publish",
        ),
        (
            reports,
            of_account,
            of_another,
            "reports does not let cloudwatch.amazonaws.com publish",
        ),
        (
            "aws_sns_topic_policy.operations[0]",
            ":alarm:day2-",
            ":alarm:day2-ha-status-",
            "operations[0] does not let cloudwatch.amazonaws.com publish for arn:aws:cloudwatch:us-east-1:123456789012:alarm:day2-failures",
        ),
        (
            "aws_kms_key.this",
            of_account,
            of_another,
            "the key does not let cloudwatch.amazonaws.com kms:Decrypt",
        ),
        (
            "aws_kms_key.this",
            "topicArn\":\"arn:aws:sns:us-east-1:123456789012:day2-reports",
            "topicArn\":\"arn:aws:sns:us-east-1:123456789012:day2-other",
            "the key does not let events.amazonaws.com kms:Decrypt",
        ),
        // It looks right, and keeps every event out: none brings the account along to KMS.
        (
            "aws_kms_key.this",
            context,
            context_and_account.as_str(),
            "the key does not let events.amazonaws.com kms:GenerateDataKey",
        ),
    ];
    for (address, from, to, says) in faults {
        caught(law, says, |plan| rewrite(plan, address, "policy", from, to));
    }
}

/// What `doctor` says of the policies as Terraform writes them (DOC-033), for a key that is enabled.
fn the_doctor_finds_alarms_let_in(plan: &Value) -> Vec<String> {
    let key = TopicKey::Customer {
        arn: "the key".to_owned(),
        state: "Enabled".to_owned(),
        policy: Ok(policy_of(plan, "aws_kms_key", "aws_kms_key.this")),
    };
    let topic = AlarmTopic {
        policy: policy_of(plan, "aws_sns_topic_policy", "aws_sns_topic_policy.operations[0]"),
        key: Some(Ok(key)),
    };
    let facts = Facts {
        alarm_topic: Some(Ok(topic)),
        ..Facts::default()
    };
    let document = words(&plan["output_changes"]["settings"]["after"]["doctor"]);
    let Ok(settings) = day2_core::settings::read::<DoctorSettings>(document) else {
        return vec!["the settings of the doctor cannot be read".to_owned()];
    };
    let judged = doctor::assess::assess(&facts, &settings.function, &settings.deployment.zone);
    let found = judged.items.iter().find(|item| item.code == "DOC-033");
    match found {
        Some(item) if item.verdict() == Verdict::Pass => Vec::new(),
        Some(item) => item.subjects.iter().map(|one| one.says.clone()).collect(),
        None => vec!["the doctor says nothing of the topic of alarms".to_owned()],
    }
}

#[test]
fn what_terraform_writes_lets_alarms_in_as_the_doctor_reads_it_o07() {
    let law = the_doctor_finds_alarms_let_in;
    obeyed(law);
    for run in [
        "all_of_it_can_be_planned_in_govcloud",
        "all_of_it_can_be_planned_in_china",
    ] {
        obeyed_in(run, law);
    }
    for (address, whose) in [
        ("aws_sns_topic_policy.operations[0]", "its policy does not let"),
        ("aws_kms_key.this", "the policy of its key does not let"),
    ] {
        let (from, to) = ("cloudwatch.amazonaws.com", "other.amazonaws.com");
        caught(law, whose, |plan| rewrite(plan, address, "policy", from, to));
    }
    caught(law, "its policy does not let", |plan| {
        let topic = "aws_sns_topic_policy.operations[0]";
        rewrite(plan, topic, "policy", ":alarm:day2-", ":alarm:other-");
    });
}
