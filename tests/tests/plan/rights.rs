//! What each role may do, and who is let in (O05 to O07).

use std::collections::{BTreeMap, BTreeSet};

use day2_core::Verdict;
use doctor::facts::{AlarmTopic, Facts, TopicKey};
use doctor::settings::DoctorSettings;
use serde_json::{Value, json};

use super::{after, all, caught, functions, list, obeyed, obeyed_in, rewrite, role, statements, words};

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
        super::remove(plan, "module.watchdog[0].aws_iam_role_policy");
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
        ("aws_cloudwatch_event_bus_policy", "policy"),
        ("aws_iam_role", "assume_role_policy"),
    ];
    let mut found = Vec::new();
    for (kind, field) in kinds {
        for (address, one) in all(plan, kind) {
            found.push((address.to_owned(), statements(&one[field])));
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
        let tls = ["aws_sns_topic_policy", "aws_sqs_queue", "aws_s3_bucket_policy"].contains(&kind);
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

/// A topic that the service may use is of no use while its key is closed: the message is dropped silently.
fn mails_get_through(plan: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let lets = |policy: &[Value], service: &str, action: &str| {
        policy.iter().any(|one| {
            one["Effect"] == "Allow"
                && one["Principal"]["Service"] == service
                && list(&one["Action"])
                    .iter()
                    .any(|given| given.trim_end_matches('*') == action)
        })
    };
    let key: Vec<Value> = all(plan, "aws_kms_key")
        .into_iter()
        .filter(|(address, _)| *address == "aws_kms_key.this")
        .flat_map(|(_, one)| statements(&one["policy"]))
        .collect();
    for (address, policy) in doors(plan) {
        let services: &[&str] = match address.as_str() {
            "aws_sns_topic_policy.reports" => &["cloudwatch.amazonaws.com", "events.amazonaws.com"],
            "aws_sns_topic_policy.operations[0]" => &["cloudwatch.amazonaws.com"],
            _ => continue,
        };
        for service in services {
            if !lets(&policy, service, "sns:Publish") {
                wrong.push(format!("{address} does not let {service} publish"));
            }
            for action in ["kms:Decrypt", "kms:GenerateDataKey"] {
                if !lets(&key, service, action) {
                    wrong.push(format!(
                        "the key does not let {service} {action}: its messages are dropped silently"
                    ));
                }
            }
        }
    }
    if wrong.is_empty() && key.is_empty() {
        wrong.push("there is no key".to_owned());
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
}

/// What `doctor` says of the policies as Terraform writes them (DOC-033), for a key that is enabled.
fn the_doctor_finds_alarms_let_in(plan: &Value) -> Vec<String> {
    let policy_of = |kind: &str, address: &str| {
        let (_, one) = all(plan, kind).into_iter().find(|(known, _)| *known == address)?;
        Some(words(&one["policy"]).to_owned())
    };
    let key = TopicKey::Customer {
        arn: "the key".to_owned(),
        state: "Enabled".to_owned(),
        policy: Ok(policy_of("aws_kms_key", "aws_kms_key.this").unwrap_or_default()),
    };
    let topic = AlarmTopic {
        policy: policy_of("aws_sns_topic_policy", "aws_sns_topic_policy.operations[0]").unwrap_or_default(),
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
