//! Whether what is mailed can be published and encrypted: policies of topics and keys (O07).

use std::collections::BTreeSet;

use day2_core::Verdict;
use doctor::facts::{AlarmTopic, Facts, TopicKey};
use doctor::settings::DoctorSettings;
use policy::{Answer, Policy, Request};
use serde_json::Value;

use super::{all, caught, list, obeyed, obeyed_in, remove, rewrite, words};

// The doctor's own reader of policies: what judges the live ones judges those of the plan.
#[path = "../../../functions/doctor/src/assess/policy.rs"]
mod policy;

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
