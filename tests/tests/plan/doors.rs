//! Who is let in: trusts and the policies of resources (O06).

use serde_json::{Value, json};

use super::{add, after, all, caught, list, obeyed, rewrite, statements, words};

/// What tells account or source of who is let in.
const SOURCES: [&str; 5] = [
    "aws:SourceArn",
    "aws:SourceAccount",
    "aws:PrincipalArn",
    "kms:EncryptionContext:aws:sns:topicArn",
    "kms:EncryptionContext:aws:logs:arn",
];

/// Whether a condition with this operator is only met by a request that has the key, with one of the values.
fn demands(operator: &str) -> bool {
    !(operator.starts_with("Null")
        || operator.contains("Not")
        || operator.ends_with("IfExists")
        || operator.starts_with("ForAllValues:"))
}

/// Whether a statement names account or source of who is let in.
fn held_to_a_source(statement: &Value) -> bool {
    let conditions = statement["Condition"].as_object().into_iter().flatten();
    conditions
        .filter(|(operator, _)| demands(operator))
        .filter_map(|(_, keys)| keys.as_object())
        .flatten()
        .any(|(key, values)| {
            let values = list(values);
            let everybody = |value: &&str| value.chars().all(|character| "*:".contains(character));
            SOURCES.contains(&key.as_str()) && !values.is_empty() && !values.iter().any(everybody)
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
            // The account's own administrators decide by IAM what the key may be used for.
            let account = principal["AWS"] == "arn:aws:iam::123456789012:root";
            if account && address == "aws_kms_key.this" {
                continue;
            }
            if !held_to_a_source(statement) {
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
    for (from, to) in [
        ("\"StringEquals\"", "\"StringEqualsIfExists\""),
        ("\"StringEquals\"", "\"ForAllValues:StringEquals\""),
        ("\"123456789012\"", "\"*\""),
        ("\"123456789012\"", "[]"),
    ] {
        caught(
            law,
            "scheduler[0] lets {\"Service\":\"scheduler.amazonaws.com\"} in, whoever",
            |plan| {
                let role = "module.watchdog[0].aws_iam_role.scheduler[0]";
                rewrite(plan, role, "assume_role_policy", "aws:SourceArn", "aws:Other");
                rewrite(plan, role, "assume_role_policy", from, to);
            },
        );
    }
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
    caught(
        law,
        "function lets {\"Service\":\"lambda.amazonaws.com\"} in, whoever",
        |plan| {
            let role = "module.watchdog[0].aws_iam_role.function";
            rewrite(
                plan,
                role,
                "assume_role_policy",
                "aws:SourceAccount",
                "aws:Account",
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
