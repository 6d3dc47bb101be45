//! `DOC-033`: the policies as Terraform writes them let alarms in; each change that keeps them out fails with its fix, and what
//! cannot be told is UNKNOWN.

use super::*;
use crate::facts::{AlarmTopic, TopicKey};

const KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000";

/// `infra/operations.tf`.
fn policy_of_topic() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "OnlyOverTls", "Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": OPERATIONS,
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
            {
                "Sid": "AlarmsPublish", "Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"},
                "Action": "sns:Publish", "Resource": OPERATIONS,
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": "123456789012"},
                    "ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:day2-*"},
                },
            },
        ],
    })
}

/// `infra/key.tf`.
fn of_key() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "TheAccountDecidesByIam", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                "Action": "kms:*", "Resource": "*",
            },
            {
                "Sid": "AlarmsPublish", "Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"},
                "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*",
                "Condition": {"StringEquals": {
                    "aws:SourceAccount": "123456789012", "kms:EncryptionContext:aws:sns:topicArn": [REPORTS, OPERATIONS],
                }},
            },
            {
                "Sid": "EventsPublish", "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
                "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*",
                "Condition": {"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": REPORTS}},
            },
        ],
    })
}

/// The policy that SNS gives a topic with which nobody says anything else.
fn of_a_new_topic() -> Value {
    json!({
        "Version": "2008-10-17", "Id": "__default_policy_ID",
        "Statement": [{
            "Sid": "__default_statement_ID", "Effect": "Allow", "Principal": {"AWS": "*"},
            "Action": ["SNS:GetTopicAttributes", "SNS:Subscribe", "SNS:Publish"], "Resource": OPERATIONS,
            "Condition": {"StringEquals": {"AWS:SourceOwner": "123456789012"}},
        }],
    })
}

fn seen(topic: &Value, key: &Value) -> AlarmTopic {
    AlarmTopic {
        policy: topic.to_string(),
        key: Some(Ok(TopicKey::Customer {
            arn: KEY.to_owned(),
            state: "Enabled".to_owned(),
            policy: Ok(key.to_string()),
        })),
    }
}

/// As Terraform makes it.
pub(super) fn as_deployed() -> AlarmTopic {
    seen(&policy_of_topic(), &of_key())
}

pub(super) fn of(facts: &mut Facts) -> &mut AlarmTopic {
    facts.alarm_topic.as_mut().unwrap().as_mut().unwrap()
}

pub(super) fn policy_of_key(facts: &mut Facts) -> &mut day2_core::Observed<String> {
    let Some(Ok(TopicKey::Customer { policy, .. })) = &mut of(facts).key else {
        panic!("the key is not ours");
    };
    policy
}

/// The line about a topic, in a world in which all else is well.
fn line_about(topic: AlarmTopic) -> Item {
    let mut facts = well();
    facts.alarm_topic = Some(Ok(topic));
    let mut items = items(&facts);
    items.retain(|item| item.verdict() != Verdict::Pass || item.code == "DOC-033");
    assert_eq!(items.len(), 1, "{items:#?}");
    items.remove(0)
}

/// Changes the policies of topic and key.
type Change = fn(&mut Value, &mut Value);

#[track_caller]
fn judged(label: &str, expected: Verdict, words: &str, change: Change) {
    let (mut topic, mut key) = (policy_of_topic(), of_key());
    change(&mut topic, &mut key);
    told(label, expected, words, seen(&topic, &key));
}

#[track_caller]
fn told(label: &str, expected: Verdict, words: &str, topic: AlarmTopic) {
    let item = line_about(topic);
    assert_eq!(item.verdict(), expected, "{label}: {item:#?}");
    let subjects: Vec<_> = item.subjects.iter().map(|one| one.name.as_str()).collect();
    if expected == Verdict::Pass {
        assert!(subjects.is_empty(), "{label}: {item:#?}");
        return;
    }
    assert_eq!(subjects, ["day2-operations"], "{label}");
    let says = &item.subjects[0].says;
    assert!(says.contains(words), "{label}: {says}");
    assert_eq!(
        says.contains("fix: "),
        expected == Verdict::Fail,
        "{label}: {says}"
    );
}

/// The statement of alarms in a policy.
fn alarms(policy: &mut Value) -> &mut Value {
    &mut policy["Statement"][1]
}

fn add(policy: &mut Value, statement: Value) {
    policy["Statement"].as_array_mut().unwrap().push(statement);
}

fn take_away(policy: &mut Value) {
    policy["Statement"].as_array_mut().unwrap().remove(1);
}

fn deny(condition: &Value) -> Value {
    json!({"Sid": "Closed", "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*", "Condition": condition})
}

#[test]
fn alarms_that_the_topic_refuses_are_told_with_the_fix_o07() {
    const NOTHING: &str =
        "no statement allows it; fix: run terraform apply, which puts the policy of the topic back";
    let rows: [(&str, &str, Change); 11] = [
        (
            "no statement",
            "its policy does not let cloudwatch.amazonaws.com call sns:Publish for 3 of 3 alarms (day2-doctor-errors): no \
             statement allows it; fix: ",
            |topic, _| take_away(topic),
        ),
        ("another service", NOTHING, |topic, _| {
            alarms(topic)["Principal"] = json!({"Service": "events.amazonaws.com"});
        }),
        ("an account and its roles", NOTHING, |topic, _| {
            alarms(topic)["Principal"] = json!({"AWS": ["arn:aws:iam::123456789012:root", "123456789012"]});
        }),
        ("another action", NOTHING, |topic, _| {
            alarms(topic)["Action"] = json!(["sns:Subscribe"]);
        }),
        ("another topic", NOTHING, |topic, _| {
            alarms(topic)["Resource"] = json!(REPORTS);
        }),
        ("another account", NOTHING, |topic, _| {
            alarms(topic)["Condition"]["StringEquals"]["aws:SourceAccount"] = json!(["222222222222"]);
        }),
        ("alarms of another account", NOTHING, |topic, _| {
            alarms(topic)["Condition"]["ArnLike"]["aws:SourceArn"] =
                json!("arn:aws:cloudwatch:*:222222222222:alarm:*");
        }),
        (
            "only some alarms",
            "for 2 of 3 alarms (day2-ha-status-errors)",
            |topic, _| {
                alarms(topic)["Condition"]["ArnLike"]["aws:SourceArn"] =
                    json!("arn:aws:cloudwatch:us-east-1:123456789012:alarm:day2-doctor-*");
            },
        ),
        ("a denial", "statement Closed denies it", |topic, _| {
            add(topic, deny(&json!({})));
        }),
        (
            "a denial of all but another account",
            "statement Closed denies it",
            |topic, _| {
                add(
                    topic,
                    deny(&json!({"StringNotEquals": {"aws:SourceAccount": "222222222222"}})),
                );
            },
        ),
        (
            "a denial of what comes over TLS",
            "statement OnlyOverTls denies it",
            |topic, _| {
                topic["Statement"][0]["Condition"]["Bool"]["aws:SecureTransport"] = json!(true);
            },
        ),
    ];
    for (label, words, change) in rows {
        judged(label, Verdict::Fail, words, change);
    }
}

#[test]
fn alarms_about_no_single_function_must_be_let_in_too_o07() {
    let mut topic = policy_of_topic();
    alarms(&mut topic)["Condition"]["ArnLike"]["aws:SourceArn"] =
        json!("arn:aws:cloudwatch:us-east-1:123456789012:alarm:*-errors");
    let mut facts = well();
    facts.alarm_topic = Some(Ok(seen(&topic, &of_key())));
    let about = |names: &[&str]| -> Vec<Item> {
        let mut items = super::items_of(&facts, |own| own["alarms"] = json!(names));
        items.retain(|item| item.code == "DOC-033");
        items
    };
    assert_eq!(about(&[])[0].verdict(), Verdict::Pass);
    let refused = about(&["day2-failures"]);
    assert_eq!(refused[0].verdict(), Verdict::Fail);
    let says = &refused[0].subjects[0].says;
    assert!(says.contains("for 1 of 4 alarms (day2-failures)"), "{says}");
}

#[test]
fn a_key_that_keeps_alarms_out_is_told_with_the_fix_o07() {
    const NOTHING: &str =
        "no statement allows it; fix: run terraform apply, which puts the policy of the key back";
    let rows: [(&str, &str, Change); 5] = [
        (
            "no statement",
            "the policy of its key does not let cloudwatch.amazonaws.com call kms:Decrypt for 3 of 3 alarms",
            |_, key| take_away(key),
        ),
        (
            "half a statement",
            "call kms:GenerateDataKey for 3 of 3",
            |_, key| {
                alarms(key)["Action"] = json!("kms:Decrypt");
            },
        ),
        ("for another topic", NOTHING, |_, key| {
            alarms(key)["Condition"]["StringEquals"]["kms:EncryptionContext:aws:sns:topicArn"] =
                json!([REPORTS]);
        }),
        ("for another account", NOTHING, |_, key| {
            alarms(key)["Condition"]["StringEquals"]["aws:SourceAccount"] = json!("222222222222");
        }),
        ("a denial", "statement Closed denies it", |_, key| {
            add(key, deny(&json!({})));
        }),
    ];
    for (label, words, change) in rows {
        judged(label, Verdict::Fail, words, change);
    }
    for state in ["Disabled", "PendingDeletion", "PendingImport", "Unavailable"] {
        let mut topic = as_deployed();
        let Some(Ok(TopicKey::Customer { state: seen, .. })) = &mut topic.key else {
            panic!("the key is not ours");
        };
        state.clone_into(seen);
        let words = format!("is {state}; fix: aws kms enable-key --key-id {KEY}");
        told(state, Verdict::Fail, &words, topic);
    }
    let with = |key| AlarmTopic {
        key: Some(key),
        ..as_deployed()
    };
    told(
        "managed by AWS",
        Verdict::Fail,
        "its key is alias/aws/sns",
        with(Ok(TopicKey::ManagedByAws)),
    );
    told(
        "gone",
        Verdict::Fail,
        "does not exist",
        with(Err(why(Cause::NotFound))),
    );
    // Two things at once are told with both fixes.
    let mut both = with(Ok(TopicKey::ManagedByAws));
    both.policy = r#"{"Statement": []}"#.to_owned();
    told(
        "both",
        Verdict::Fail,
        "no statement allows it, and its key is alias/aws/sns",
        both,
    );
}

#[test]
fn other_policies_that_let_alarms_in_pass() {
    let rows: [(&str, Change); 10] = [
        ("a new topic's", |topic, _| *topic = of_a_new_topic()),
        ("one statement without a list", |topic, _| {
            let only = alarms(topic).take();
            topic["Statement"] = only;
        }),
        ("everybody", |topic, _| alarms(topic)["Principal"] = json!("*")),
        ("several services and patterns", |topic, key| {
            alarms(topic)["Principal"] =
                json!({"Service": ["events.amazonaws.com", "cloudwatch.amazonaws.com"]});
            alarms(topic)["Action"] = json!("SNS:Pub*");
            alarms(topic)["Resource"] = json!(["arn:aws:sns:*:123456789012:day2-operation?"]);
            alarms(key)["Action"] = json!("kms:*");
            alarms(key)["Resource"] = json!(KEY);
        }),
        ("without conditions", |topic, key| {
            alarms(topic)["Condition"] = json!({});
            alarms(key)["Condition"] = json!({});
        }),
        ("the same with other operators", |topic, _| {
            alarms(topic)["Condition"] = json!({
                "StringLike": {"aws:SourceArn": "*:alarm:*"}, "StringEqualsIfExists": {"AWS:SOURCEACCOUNT": "123456789012"},
                "ArnEquals": {"aws:SourceArn": ["arn:aws:cloudwatch:*:*:alarm:other", "arn:aws:cloudwatch:*:*:alarm:day2-*"]},
            });
        }),
        ("denials of others", |topic, key| {
            add(
                topic,
                deny(&json!({"StringNotEquals": {"aws:SourceAccount": "123456789012"}})),
            );
            add(
                topic,
                deny(&json!({"ArnNotLike": {"aws:SourceArn": "arn:aws:cloudwatch:*:123456789012:alarm:*"}})),
            );
            let mut role = deny(&json!({}));
            role["Principal"] = json!({"AWS": "arn:aws:iam::123456789012:role/other"});
            add(key, role.clone());
            add(topic, role);
        }),
        ("a guard rail that lets services through", |topic, key| {
            let rail = json!({
                "StringNotEquals": {"aws:PrincipalServiceName": "cloudwatch.amazonaws.com"},
                "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
            });
            add(topic, deny(&rail));
            add(
                key,
                deny(&json!({"Bool": {"aws:PrincipalIsAWSService": "false"}})),
            );
        }),
        ("a denial of something else", |topic, key| {
            let mut other = deny(&json!({}));
            other["Action"] = json!(["sns:AddPermission", "kms:ScheduleKeyDeletion"]);
            add(key, other.clone());
            add(topic, other);
        }),
        ("a statement beside it that is not read", |topic, _| {
            let mut other = alarms(topic).clone();
            other["Condition"] = json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}});
            add(topic, other);
        }),
    ];
    for (label, change) in rows {
        judged(label, Verdict::Pass, "", change);
    }
    let open = AlarmTopic {
        key: None,
        ..as_deployed()
    };
    told("not encrypted", Verdict::Pass, "", open);
}

#[test]
fn a_condition_of_which_nothing_is_known_is_unknown_and_named_w28() {
    let rows: [(&str, &str, Change); 7] = [
        (
            "an unknown key",
            "call sns:Publish for 3 of 3 alarms (day2-doctor-errors) is not known: statement AlarmsPublish depends on \
             StringEquals of aws:PrincipalOrgID",
            |topic, _| {
                alarms(topic)["Condition"] = json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}});
            },
        ),
        (
            "an unknown key of a denial",
            "statement Closed depends on StringNotEqualsIfExists of aws:SourceVpce",
            |topic, _| {
                add(
                    topic,
                    deny(&json!({"StringNotEqualsIfExists": {"aws:SourceVpce": "vpce-1"}})),
                );
            },
        ),
        (
            "an unknown operator",
            "depends on ForAllValues:StringEquals of aws:SourceAccount",
            |topic, _| {
                alarms(topic)["Condition"] =
                    json!({"ForAllValues:StringEquals": {"aws:SourceAccount": "123456789012"}});
            },
        ),
        (
            "a key that comes to SNS and not to KMS",
            "the policy of its key lets cloudwatch.amazonaws.com call kms:Decrypt",
            |_, key| {
                alarms(key)["Condition"] = json!({"StringEquals": {"aws:SourceOwner": "123456789012"}});
            },
        ),
        (
            "a variable",
            "depends on StringEquals of aws:SourceAccount",
            |topic, _| {
                alarms(topic)["Condition"]["StringEquals"]["aws:SourceAccount"] =
                    json!("${aws:PrincipalAccount}");
            },
        ),
        ("no ARN", "depends on ArnLike of aws:SourceArn", |topic, _| {
            alarms(topic)["Condition"]["ArnLike"]["aws:SourceArn"] = json!("*");
        }),
        (
            "a list as a condition",
            "has a Condition that is not read here",
            |topic, _| {
                alarms(topic)["Condition"] = json!([]);
            },
        ),
    ];
    for (label, words, change) in rows {
        judged(label, Verdict::Unknown, words, change);
    }
}

#[test]
fn what_is_not_read_of_a_policy_is_unknown_and_named_w28() {
    let rows: [(&str, &str, Change); 6] = [
        (
            "a variable of a resource",
            "has no Resource that is read here",
            |topic, _| {
                alarms(topic)["Resource"] =
                    json!("arn:aws:sns:us-east-1:${aws:PrincipalAccount}:day2-operations");
            },
        ),
        (
            "NotPrincipal",
            "has NotPrincipal, which is not read here",
            |topic, _| {
                let mut other = deny(&json!({}));
                other["NotPrincipal"] = other["Principal"].take();
                other.as_object_mut().unwrap().remove("Principal");
                add(topic, other);
            },
        ),
        (
            "NotAction",
            "statement 3 has NotAction, which is not read here",
            |topic, _| {
                add(
                    topic,
                    json!({"Effect": "Deny", "Principal": "*", "NotAction": "sns:Publish", "Resource": "*"}),
                );
            },
        ),
        (
            "spelt otherwise",
            "has condition, which is not read here",
            |topic, _| {
                alarms(topic)["condition"] = json!({});
            },
        ),
        (
            "no effect",
            "statement AlarmsPublish neither allows nor denies",
            |topic, _| {
                alarms(topic)["Effect"] = json!("Perhaps");
            },
        ),
        (
            "no statements",
            "the policy of its key cannot be read: it has no Statement",
            |_, key| {
                *key = json!([]);
            },
        ),
    ];
    for (label, words, change) in rows {
        judged(label, Verdict::Unknown, words, change);
    }
    let cut = AlarmTopic {
        policy: r#"{"Statement": ["#.to_owned(),
        ..as_deployed()
    };
    told("cut", Verdict::Unknown, "its policy cannot be read: ", cut);
}

#[test]
fn where_nothing_allows_it_no_denial_that_is_not_read_matters() {
    judged("refused", Verdict::Fail, "no statement allows it", |topic, _| {
        take_away(topic);
        add(
            topic,
            deny(&json!({"StringEquals": {"aws:SourceVpce": "vpce-1"}})),
        );
    });
    judged(
        "denied",
        Verdict::Fail,
        "statement Closed denies it",
        |topic, _| {
            alarms(topic)["Condition"] = json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}});
            add(topic, deny(&json!({})));
        },
    );
}

#[test]
fn the_topic_of_alarms_is_judged_where_it_is_ours_and_told_where_it_is_not_looked_at() {
    // No alarm is named: nothing was proven.
    let items = items_of(&well(), |own| {
        for function in own["functions"].as_object_mut().unwrap().values_mut() {
            function["alarms"] = json!([]);
        }
    });
    let found = complaints(&items);
    assert_eq!(
        found.get(&("DOC-033", Verdict::Unknown)),
        Some(&vec!["day2-operations"]),
        "{found:?}"
    );
    // It was not looked at, although it should have been.
    let mut facts = well();
    facts.alarm_topic = None;
    let found = super::items(&facts);
    assert_eq!(
        complaints(&found),
        BTreeMap::from([(("DOC-033", Verdict::Unknown), Vec::new())])
    );
    // It belongs to somebody else: neither a line nor nothing of the kind.
    let elsewhere = judged_of(&facts, |own| own["topics"] = json!([REPORTS]));
    assert!(elsewhere.items.iter().all(|item| item.code != "DOC-033"));
    assert!(elsewhere.absent.is_empty(), "{:?}", elsewhere.absent);
}
