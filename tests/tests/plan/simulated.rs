//! The policies of the roles, as IAM would judge them: simulated by the emulator's evaluator, which nobody here wrote.
//!
//! Each refusal is shown to be able to fail: with one statement more, the same call is allowed.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use day2_platform::aws::{Emulator, Options};
use day2_platform::ports::Port;
use serde_json::{Value, json};

use super::{functions, rendered, role};

struct Iam {
    _folder: tempfile::TempDir,
    emulator: Emulator,
}

impl Iam {
    async fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let emulator = Emulator::start(Options {
            state_dir: folder.path().to_owned(),
            port: Port::claim()?,
        })
        .await?;
        Ok(Self {
            _folder: folder,
            emulator,
        })
    }

    /// What `SimulateCustomPolicy` decides: `allowed`, `implicitDeny` or `explicitDeny`.
    async fn decides(&self, statements: &[Value], action: &str, resource: &str) -> Result<String> {
        self.decides_of(statements, action, resource, None).await
    }

    /// The same of a resource that has a tag, by its key and value.
    async fn decides_of(
        &self,
        statements: &[Value],
        action: &str,
        resource: &str,
        tag: Option<(&str, &str)>,
    ) -> Result<String> {
        let policy = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
        let mut parameters = vec![
            ("PolicyInputList.member.1", policy.as_str()),
            ("ActionNames.member.1", action),
            ("ResourceArns.member.1", resource),
        ];
        let key = tag.map(|(key, _)| format!("aws:ResourceTag/{key}"));
        if let (Some(key), Some((_, value))) = (&key, tag) {
            parameters.extend([
                ("ContextEntries.member.1.ContextKeyName", key.as_str()),
                ("ContextEntries.member.1.ContextKeyType", "string"),
                ("ContextEntries.member.1.ContextKeyValues.member.1", value),
            ]);
        }
        let said = self
            .emulator
            .api()
            .query("iam", "2010-05-08", "SimulateCustomPolicy", &parameters)
            .await?;
        let decision = said
            .split_once("<EvalDecision>")
            .and_then(|(_, rest)| rest.split_once("</EvalDecision>"));
        Ok(decision
            .with_context(|| format!("no decision in {said}"))?
            .0
            .to_owned())
    }

    /// Violations: a call that must be allowed and is not, or the other way round, or a refusal that nothing could lift.
    async fn judge(&self, cases: &[Case]) -> Result<Vec<String>> {
        let mut wrong = Vec::new();
        for (function, action, resource, may) in cases {
            let statements = role(rendered(), function);
            assert!(!statements.is_empty(), "{function} is not deployed in the plan");
            let decided = self.decides(&statements, action, resource).await?;
            if (decided == "allowed") != *may {
                wrong.push(format!("{function}: {action} on {resource} is {decided}"));
            }
            if !*may {
                let mut wider = statements;
                wider.push(json!({ "Effect": "Allow", "Action": [action], "Resource": [resource] }));
                let decided = self.decides(&wider, action, resource).await?;
                if decided != "allowed" {
                    wrong.push(format!(
                        "{function}: nothing could allow {action} on {resource}: {decided}"
                    ));
                }
            }
        }
        Ok(wrong)
    }
}

/// Function, action, resource, and whether it may.
type Case = (String, &'static str, String, bool);

fn case(function: &str, action: &'static str, resource: &str, may: bool) -> Case {
    (function.to_owned(), action, resource.to_owned(), may)
}

fn group(name: &str) -> String {
    format!(
        "arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:1b9f2a3c:autoScalingGroupName/{name}"
    )
}

fn nodes(cluster: &str) -> String {
    format!("arn:aws:eks:us-east-1:123456789012:nodegroup/{cluster}/workspace/1b9f2a3c")
}

fn database(id: &str) -> String {
    format!("arn:aws:rds:us-east-1:123456789012:cluster:{id}")
}

fn iam_role(name: &str) -> String {
    format!("arn:aws:iam::123456789012:role/{name}")
}

/// Roles that nobody declared: of the same name elsewhere, of a neighbour, of ours, and of who administers.
fn other_roles() -> Vec<String> {
    let mut others: Vec<String> = [
        "prod-a-checkout",
        "shop/prod-a-checkout-2",
        "shop/prod-a-catalogue",
        "day2-threat-release",
        "day2-threat-containment",
        "administrator",
    ]
    .map(iam_role)
    .to_vec();
    others.push(iam_role("shop/prod-a-checkout").replace("123456789012", "222222222222"));
    others
}

/// What nobody asked for, on an action's own target.
fn unasked() -> Vec<(&'static str, &'static str, String)> {
    vec![
        (
            "provisioning-latency",
            "autoscaling:DeleteAutoScalingGroup",
            group("prod-a-workspace"),
        ),
        (
            "provisioning-latency",
            "autoscaling:UpdateAutoScalingGroup",
            group("prod-a-workspace"),
        ),
        ("provisioning-latency", "eks:DeleteNodegroup", nodes("prod-a")),
        ("connection-exhaustion", "rds:DeleteDBCluster", database("prod-a")),
        (
            "connection-exhaustion",
            "rds:ModifyDBInstance",
            "arn:aws:rds:us-east-1:123456789012:db:prod-a-1".to_owned(),
        ),
        (
            "connection-exhaustion",
            "rds:FailoverDBCluster",
            database("prod-a"),
        ),
        (
            "threat-containment",
            "ec2:TerminateInstances",
            "arn:aws:ec2:us-east-1:123456789012:instance/i-0".to_owned(),
        ),
        (
            "threat-containment",
            "autoscaling:TerminateInstanceInAutoScalingGroup",
            group("prod-a-workspace"),
        ),
        // Who closes cannot open, and who opens cannot close.
        (
            "threat-containment",
            "iam:DeleteRolePolicy",
            iam_role("shop/prod-a-checkout"),
        ),
        (
            "threat-release",
            "iam:PutRolePolicy",
            iam_role("shop/prod-a-checkout"),
        ),
        (
            "threat-containment",
            "iam:AttachRolePolicy",
            iam_role("shop/prod-a-checkout"),
        ),
        (
            "threat-containment",
            "iam:UpdateAssumeRolePolicy",
            iam_role("shop/prod-a-checkout"),
        ),
    ]
}

#[tokio::test]
async fn an_action_changes_its_own_target_and_no_other_o05() -> Result<()> {
    let mut cases = Vec::new();
    let actions: [(&str, &'static str, [String; 1], Vec<String>); 9] = [
        (
            "provisioning-latency",
            "autoscaling:SetDesiredCapacity",
            [group("prod-a-workspace")],
            vec![
                group("prod-b-workspace"),
                group("prod-a-control"),
                group("prod-a-workspace-2"),
            ],
        ),
        (
            "provisioning-latency",
            "autoscaling:TerminateInstanceInAutoScalingGroup",
            [group("prod-a-workspace")],
            vec![group("prod-b-workspace"), group("prod-a-control")],
        ),
        (
            "provisioning-latency",
            "eks:UpdateNodegroupConfig",
            [nodes("prod-a")],
            vec![
                nodes("prod-b"),
                nodes("prod-ab"),
                "arn:aws:eks:us-east-1:123456789012:cluster/prod-a".to_owned(),
            ],
        ),
        (
            "connection-exhaustion",
            "rds:ModifyDBCluster",
            [database("prod-a")],
            vec![
                database("prod-b"),
                database("prod-a-copy"),
                database("prod-a").replace("us-east-1", "eu-west-1"),
                database("prod-a").replace("123456789012", "222222222222"),
            ],
        ),
        (
            "lease-sweeper",
            "lambda:InvokeFunction",
            ["arn:aws:lambda:us-east-1:123456789012:function:day2-provisioning-latency".to_owned()],
            vec![
                "arn:aws:lambda:us-east-1:123456789012:function:day2-threat-release".to_owned(),
                "arn:aws:lambda:us-east-1:123456789012:function:other".to_owned(),
            ],
        ),
        (
            "threat-release",
            "autoscaling:SetInstanceProtection",
            [group("prod-a-workspace")],
            vec![group("prod-b-workspace"), group("somebody-elses")],
        ),
        (
            "threat-containment",
            "autoscaling:SetInstanceProtection",
            [group("prod-a-workspace")],
            vec![group("prod-b-workspace"), group("somebody-elses")],
        ),
        (
            "threat-containment",
            "iam:PutRolePolicy",
            [iam_role("shop/prod-a-checkout")],
            other_roles(),
        ),
        (
            "threat-release",
            "iam:DeleteRolePolicy",
            [iam_role("shop/prod-a-checkout")],
            other_roles(),
        ),
    ];
    for (function, action, own, others) in actions {
        for resource in own {
            cases.push(case(function, action, &resource, true));
        }
        for resource in others {
            cases.push(case(function, action, &resource, false));
        }
    }
    for (function, action, resource) in unasked() {
        cases.push(case(function, action, &resource, false));
    }
    let wrong = Iam::start().await?.judge(&cases).await?;
    assert!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}

/// The groups of managed node groups have names that nobody declared, and the tag of EKS.
#[tokio::test]
async fn a_group_is_protected_by_the_tag_of_its_own_cluster_and_of_no_other_o05() -> Result<()> {
    let iam = Iam::start().await?;
    let (action, managed) = ("autoscaling:SetInstanceProtection", group("eks-managed-0ac5d2"));
    let mut decided = Vec::new();
    for function in ["threat-containment", "threat-release"] {
        let statements = role(rendered(), function);
        for tag in [
            Some(("eks:cluster-name", "prod-a")),
            Some(("eks:cluster-name", "prod-b")),
            Some(("Name", "prod-a")),
            None,
        ] {
            let decision = iam.decides_of(&statements, action, &managed, tag).await?;
            decided.push((function, tag.map_or("none", |(_, value)| value), decision));
        }
    }
    let of = |decision: &str| -> Vec<bool> {
        decided
            .iter()
            .map(|(_, _, decided)| decided == decision)
            .collect()
    };
    let first_of_each = [true, false, false, false, true, false, false, false];
    assert_eq!(of("allowed"), first_of_each, "{decided:#?}");
    Ok(())
}

/// Writes that would hurt, each on a resource that some function of the deployment knows.
fn writes() -> Vec<(&'static str, String)> {
    let bucket = "arn:aws:s3:::day2-reports-123456789012-us-east-1";
    vec![
        ("autoscaling:SetDesiredCapacity", group("prod-a-workspace")),
        (
            "autoscaling:TerminateInstanceInAutoScalingGroup",
            group("prod-a-workspace"),
        ),
        ("autoscaling:SetInstanceProtection", group("prod-a-workspace")),
        ("eks:UpdateNodegroupConfig", nodes("prod-a")),
        (
            "eks:CreateAccessEntry",
            "arn:aws:eks:us-east-1:123456789012:cluster/prod-a".to_owned(),
        ),
        ("rds:ModifyDBCluster", database("prod-a")),
        (
            "rds:DeleteDBClusterSnapshot",
            "arn:aws:rds:us-east-1:123456789012:cluster-snapshot:prod-a".to_owned(),
        ),
        (
            "backup:DeleteRecoveryPoint",
            "arn:aws:rds:us-east-1:123456789012:cluster-snapshot:prod-a".to_owned(),
        ),
        (
            "dynamodb:DeleteItem",
            "arn:aws:dynamodb:us-east-1:123456789012:table/day2-journal".to_owned(),
        ),
        (
            "dynamodb:DeleteTable",
            "arn:aws:dynamodb:us-east-1:123456789012:table/day2-journal".to_owned(),
        ),
        (
            "s3:PutObject",
            format!("{bucket}/reports/somebody-else/report.json"),
        ),
        (
            "s3:PutObject",
            format!("{bucket}/settings/scale-window/settings.json"),
        ),
        (
            "s3:DeleteObject",
            format!("{bucket}/reports/scale-window/report.json"),
        ),
        (
            "s3:PutObject",
            "arn:aws:s3:::day2-evidence/evidence/prod-a/1/manifest.json".to_owned(),
        ),
        (
            "lambda:InvokeFunction",
            "arn:aws:lambda:us-east-1:123456789012:function:day2-threat-release".to_owned(),
        ),
        (
            "lambda:UpdateFunctionCode",
            "arn:aws:lambda:us-east-1:123456789012:function:day2-scale-window".to_owned(),
        ),
        (
            "scheduler:UpdateSchedule",
            "arn:aws:scheduler:us-east-1:123456789012:schedule/day2-watchdog/look-day2".to_owned(),
        ),
        (
            "cloudwatch:DeleteAlarms",
            "arn:aws:cloudwatch:us-east-1:123456789012:alarm:day2-watchdog".to_owned(),
        ),
        ("iam:PutRolePolicy", iam_role("shop/prod-a-checkout")),
        ("iam:DeleteRolePolicy", iam_role("shop/prod-a-checkout")),
        (
            "iam:PassRole",
            "arn:aws:iam::123456789012:role/day2-scale-window".to_owned(),
        ),
        (
            "sts:AssumeRole",
            "arn:aws:iam::123456789012:role/administrator".to_owned(),
        ),
        (
            "secretsmanager:GetSecretValue",
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:any".to_owned(),
        ),
        (
            "logs:DeleteLogGroup",
            "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/day2-scale-window".to_owned(),
        ),
    ]
}

#[tokio::test]
async fn a_check_writes_nothing_but_its_own_report_o05() -> Result<()> {
    let acting = [
        "connection-exhaustion",
        "lease-sweeper",
        "provisioning-latency",
        "threat-containment",
        "threat-release",
    ];
    let mut cases = Vec::new();
    let checks: Vec<String> = functions(rendered())
        .into_iter()
        .filter(|name| !acting.contains(&name.as_str()) && name != "doctor")
        .collect();
    assert!(checks.len() >= 6, "{checks:?}");
    for check in &checks {
        for (action, resource) in writes() {
            cases.push(case(check, action, &resource, false));
        }
        let own =
            format!("arn:aws:s3:::day2-reports-123456789012-us-east-1/reports/{check}/prod-a/report.json");
        cases.push(case(check, "s3:PutObject", &own, true));
        let topic = "arn:aws:sns:us-east-1:123456789012:day2-reports";
        cases.push(case(check, "sns:Publish", topic, true));
        cases.push(case(
            check,
            "sns:Publish",
            "arn:aws:sns:us-east-1:123456789012:day2-operations",
            false,
        ));
    }
    let wrong = Iam::start().await?.judge(&cases).await?;
    assert!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}

#[tokio::test]
async fn who_contains_cannot_spoil_evidence_and_who_releases_cannot_touch_it_o05() -> Result<()> {
    let manifest = "arn:aws:s3:::day2-evidence/evidence/prod-a/1/manifest.json";
    let bucket = "arn:aws:s3:::day2-evidence";
    let key = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555";
    let release = "arn:aws:lambda:us-east-1:123456789012:function:day2-threat-release";
    let mut cases = vec![
        case("threat-containment", "s3:PutObject", manifest, true),
        case("threat-containment", "lambda:InvokeFunction", release, false),
        case("evidence-audit", "s3:GetObjectVersion", manifest, true),
        case("evidence-audit", "s3:GetObjectRetention", manifest, true),
    ];
    for function in ["threat-containment", "threat-release", "evidence-audit"] {
        for action in [
            "s3:DeleteObject",
            "s3:DeleteObjectVersion",
            "s3:BypassGovernanceRetention",
            "s3:PutObjectRetention",
            "s3:PutObjectLegalHold",
        ] {
            cases.push(case(function, action, manifest, false));
        }
        for action in [
            "s3:DeleteBucket",
            "s3:PutBucketPolicy",
            "s3:PutLifecycleConfiguration",
            "s3:PutBucketObjectLockConfiguration",
        ] {
            cases.push(case(function, action, bucket, false));
        }
        for action in [
            "kms:ScheduleKeyDeletion",
            "kms:DisableKey",
            "kms:PutKeyPolicy",
            "kms:CreateGrant",
        ] {
            cases.push(case(function, action, key, false));
        }
    }
    for action in ["s3:GetObject", "s3:GetObjectVersion"] {
        cases.push(case("threat-containment", action, manifest, false));
        cases.push(case("threat-release", action, manifest, false));
    }
    cases.push(case("threat-containment", "kms:Decrypt", key, false));
    cases.push(case("threat-release", "kms:Decrypt", key, false));
    cases.push(case("threat-release", "s3:PutObject", manifest, false));
    cases.push(case("evidence-audit", "s3:PutObject", manifest, false));
    let wrong = Iam::start().await?.judge(&cases).await?;
    assert!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}

/// The evaluator itself is believed because it tells these apart.
#[tokio::test]
async fn the_evaluator_knows_patterns_denials_and_conditions() -> Result<()> {
    let iam = Iam::start().await?;
    let allow =
        |action: &str, resource: &str| json!({ "Effect": "Allow", "Action": action, "Resource": resource });
    let mut decided = BTreeMap::new();
    let secure = json!({ "Bool": { "aws:SecureTransport": "true" } });
    for (name, statements) in [
        ("nothing", vec![]),
        ("another action", vec![allow("s3:GetObject", "*")]),
        ("another case of letters", vec![allow("S3:putobject", "*")]),
        (
            "another resource",
            vec![allow("s3:PutObject", "arn:aws:s3:::a/c/*")],
        ),
        ("a pattern", vec![allow("s3:Put*", "arn:aws:s3:::a/b/?")]),
        (
            "a denial beside it",
            vec![
                allow("s3:*", "*"),
                json!({ "Effect": "Deny", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::a/*" }),
            ],
        ),
        (
            "a condition that does not hold",
            vec![
                json!({ "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*", "Condition": secure }),
            ],
        ),
    ] {
        decided.insert(
            name,
            iam.decides(&statements, "s3:PutObject", "arn:aws:s3:::a/b/c")
                .await?,
        );
    }
    let allowed: Vec<&str> = decided
        .iter()
        .filter(|(_, decision)| *decision == "allowed")
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(allowed, ["a pattern", "another case of letters"], "{decided:?}");
    assert_eq!(decided["a denial beside it"], "explicitDeny");
    Ok(())
}
