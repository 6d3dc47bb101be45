//! What each role may do (O05).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{caught, functions, list, obeyed, remove, rewrite, role};

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

/// Whether a statement refuses something to the code of a function: its calls carry the function's ARN, those of Lambda do not.
fn keeps_from_the_code(statement: &Value, function: &str) -> bool {
    let arn = format!("arn:aws:lambda:us-east-1:123456789012:function:day2-{function}");
    statement["Effect"] == "Deny"
        && statement["Resource"] == "*"
        && statement["Condition"] == json!({"ArnEquals": {"lambda:SourceFunctionArn": arn}})
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
        let kept_from_the_code: Vec<String> = own
            .iter()
            .filter(|statement| keeps_from_the_code(statement, &name))
            .flat_map(|statement| list(&statement["Action"]))
            .map(str::to_owned)
            .collect();
        for statement in own {
            if keeps_from_the_code(&statement, &name) {
                continue;
            }
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
                // Lambda's own work for a function in a VPC.
                let of_lambda = statement["Sid"] == "AttachToTheVpc"
                    && kept_from_the_code.iter().any(|one| one == action);
                for resource in list(&statement["Resource"]) {
                    if of_lambda || reads(action) || own_store(&name, action, resource) {
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
    let interfaces = "module.watchdog[0].aws_iam_role_policy.interfaces[0]";
    let says = "watchdog may ec2:CreateNetworkInterface on everything";
    for (from, to) in [
        ("ec2:CreateNetworkInterface", "ec2:CreateNothing"),
        ("function:day2-watchdog", "function:day2-other"),
        ("\"Deny\"", "\"Allow\""),
    ] {
        caught(law, says, |plan| rewrite(plan, interfaces, "policy", from, to));
    }
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
