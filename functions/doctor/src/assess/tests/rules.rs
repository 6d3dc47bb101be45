//! `DOC-042` and `DOC-043`: rules and policies as Terraform makes them pass; each change fails under its own line with its fix, and
//! what cannot be told is UNKNOWN.

use super::breaks::breaks;
use super::*;
use crate::facts::{EventRule, Rule, RuleTarget};

/// The one event rule of the world.
pub(super) const RULE: &str = "day2-scale-window-0";
/// As Terraform writes it: `jsonencode` escapes `&`.
pub(super) const PATTERN: &str = r#"{"detail":{"state":{"value":["ALARM"]}},"resources":["arn:aws:cloudwatch:us-east-1:123456789012:alarm:slow \u0026 late"]}"#;
/// The same event pattern, written otherwise.
const SAME_PATTERN: &str = r#"{ "resources": ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:slow & late"],
    "detail": { "state": { "value": ["ALARM"] } } }"#;

const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:day2-scale-window";
const OF_RULE: &str = "arn:aws:events:us-east-1:123456789012:rule/day2-scale-window-0";
const OF_TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:alerts";
const OF_ALARM: &str = "arn:aws:cloudwatch:eu-west-1:222222222222:alarm:slow & late";

/// Whatever calls the function of the world.
pub(super) fn callers() -> Value {
    json!([
        {"principal": "events.amazonaws.com", "source_arn": OF_RULE},
        {"principal": "sns.amazonaws.com", "source_arn": OF_TOPIC},
        {"principal": "lambda.alarms.cloudwatch.amazonaws.com", "source_arn": OF_ALARM},
    ])
}

/// The policy of the function, as Lambda writes what `infra/modules/ops-function` allows.
pub(super) fn policy() -> Value {
    let statement = |sid: &str, principal: &str, source: &str| {
        json!({
            "Sid": sid, "Effect": "Allow", "Principal": {"Service": principal}, "Action": "lambda:InvokeFunction",
            "Resource": FUNCTION, "Condition": {"ArnLike": {"AWS:SourceArn": source}},
        })
    };
    let mut of_alarm = statement("Alarm1", "lambda.alarms.cloudwatch.amazonaws.com", OF_ALARM);
    of_alarm["Condition"]["StringEquals"] = json!({"AWS:SourceAccount": "222222222222"});
    json!({
        "Version": "2012-10-17", "Id": "default",
        "Statement": [
            statement("EventRule0", "events.amazonaws.com", OF_RULE),
            statement("Topic1", "sns.amazonaws.com", OF_TOPIC),
            of_alarm,
        ],
    })
}

fn target(arn: &str, reshaped: bool) -> RuleTarget {
    RuleTarget {
        arn: arn.to_owned(),
        reshaped,
    }
}

/// As Terraform makes it, and EventBridge tells it.
pub(super) fn as_made() -> (EventRule, day2_core::Observed<Rule>) {
    let which = EventRule {
        function: "scale-window".to_owned(),
        name: RULE.to_owned(),
    };
    let rule = Rule {
        state: "ENABLED".to_owned(),
        pattern: Some(PATTERN.to_owned()),
        targets: Ok(vec![target(FUNCTION, false)]),
    };
    (which, Ok(rule))
}

pub(super) fn of(facts: &mut Facts) -> &mut Rule {
    facts.event_rules[0].1.as_mut().unwrap()
}

/// What is said of the one thing that a line complains of.
fn said_of(facts: &Facts, code: &str) -> String {
    let items = items(facts);
    let item = items.iter().find(|item| item.code == code).unwrap();
    assert_eq!(item.subjects.len(), 1, "{item:#?}");
    item.subjects[0].says.clone()
}

#[test]
fn a_rule_that_somebody_changed_fails_with_all_that_is_different_o03() {
    type Change = fn(&mut Rule);
    let changes: [(&str, Change); 8] = [
        ("it is DISABLED; fix: run terraform apply", |rule| {
            rule.state = "DISABLED".to_owned();
        }),
        ("it has no event pattern", |rule| rule.pattern = None),
        ("its event pattern is another one", |rule| {
            rule.pattern = Some(PATTERN.replace("ALARM", "OK"));
        }),
        ("its event pattern is another one", |rule| {
            rule.pattern = Some("{".to_owned());
        }),
        (
            "it does not call arn:aws:lambda:us-east-1:123456789012:function:day2-scale-window",
            |rule| rule.targets = Ok(Vec::new()),
        ),
        ("it does not call arn:aws:lambda:", |rule| {
            rule.targets = Ok(vec![target(&format!("{FUNCTION}:old"), false)]);
        }),
        ("it gives arn:aws:lambda:", |rule| {
            rule.targets = Ok(vec![target(OF_TOPIC, false), target(FUNCTION, true)]);
        }),
        (
            "it is DISABLED, its event pattern is another one, it does not call",
            |rule| {
                rule.state = "DISABLED".to_owned();
                rule.pattern = Some("{}".to_owned());
                rule.targets = Ok(Vec::new());
            },
        ),
    ];
    for (words, change) in changes {
        breaks(words, ("DOC-042", &[RULE]), |facts| change(of(facts)));
        let mut facts = well();
        change(of(&mut facts));
        let says = said_of(&facts, "DOC-042");
        assert!(says.starts_with(words), "{says}");
    }
}

#[test]
fn a_rule_that_is_gone_fails_and_what_is_known_of_one_is_told_though_its_targets_are_not() {
    breaks("gone", ("DOC-042", &[RULE]), |facts| {
        facts.event_rules[0].1 = Err(why(Cause::NotFound));
    });
    breaks("gone in between", ("DOC-042", &[RULE]), |facts| {
        of(facts).targets = Err(why(Cause::NotFound));
    });
    breaks("disabled", ("DOC-042", &[RULE]), |facts| {
        of(facts).state = "DISABLED".to_owned();
        of(facts).targets = Err(why(Cause::Denied));
    });
}

#[test]
fn a_rule_that_only_looks_different_passes() {
    type Change = fn(&mut Rule);
    let changes: [(&str, Change); 3] = [
        ("the same pattern, written otherwise", |rule| {
            rule.pattern = Some(SAME_PATTERN.to_owned());
        }),
        ("the other word for enabled", |rule| {
            rule.state = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS".to_owned();
        }),
        ("targets beside the function", |rule| {
            rule.targets = Ok(vec![
                target(OF_TOPIC, true),
                target(FUNCTION, true),
                target(FUNCTION, false),
            ]);
        }),
    ];
    for (label, change) in changes {
        let mut facts = well();
        change(of(&mut facts));
        assert_eq!(complaints(&items(&facts)), BTreeMap::new(), "{label}");
    }
}

/// Names of the three callers, as a report has them.
fn names() -> [String; 3] {
    [OF_RULE, OF_TOPIC, OF_ALARM].map(|arn| format!("scale-window {arn}"))
}

/// Changes the policy of the function: the line has this verdict and names these callers, and no other line complains.
#[track_caller]
fn judged(label: &str, expected: Verdict, named: &[&str], change: impl FnOnce(&mut Value)) -> Facts {
    let mut policy = policy();
    change(&mut policy);
    let mut facts = well();
    facts.policies[0].1 = Ok(policy.to_string());
    let items = items(&facts);
    let wanted = if expected == Verdict::Pass {
        BTreeMap::new()
    } else {
        BTreeMap::from([(("DOC-043", expected), named.to_vec())])
    };
    assert_eq!(complaints(&items), wanted, "{label}");
    facts
}

#[test]
fn a_caller_that_may_not_call_fails_by_its_arn_and_its_neighbours_pass_o06() {
    type Change = fn(&mut Value);
    let names = names();
    let rows: [(&str, usize, Change); 9] = [
        ("its statement is gone", 0, |policy| {
            policy["Statement"].as_array_mut().unwrap().remove(0);
        }),
        ("another service", 1, |policy| {
            policy["Statement"][1]["Principal"] = json!({"Service": "sqs.amazonaws.com"});
        }),
        ("another action", 0, |policy| {
            policy["Statement"][0]["Action"] = json!("lambda:GetFunction");
        }),
        ("another function", 0, |policy| {
            policy["Statement"][0]["Resource"] = json!(format!("{FUNCTION}:old"));
        }),
        ("another rule", 0, |policy| {
            policy["Statement"][0]["Condition"]["ArnLike"]["AWS:SourceArn"] = json!(format!("{OF_RULE}-1"));
        }),
        ("another topic", 1, |policy| {
            policy["Statement"][1]["Condition"] =
                json!({"ArnEquals": {"aws:SourceArn": "arn:aws:sns:us-east-1:123456789012:others"}});
        }),
        ("another account", 2, |policy| {
            policy["Statement"][2]["Condition"]["StringEquals"]["AWS:SourceAccount"] = json!("123456789012");
        }),
        ("an alarm elsewhere", 2, |policy| {
            policy["Statement"][2]["Condition"]["ArnLike"]["AWS:SourceArn"] =
                json!(OF_ALARM.replace("eu-west-1", "us-east-1"));
        }),
        ("a denial", 1, |policy| {
            let mut denial = policy["Statement"][1].clone();
            denial["Sid"] = json!("Closed");
            denial["Effect"] = json!("Deny");
            policy["Statement"].as_array_mut().unwrap().push(denial);
        }),
    ];
    for (label, which, change) in rows {
        let facts = judged(label, Verdict::Fail, &[&names[which]], change);
        let says = said_of(&facts, "DOC-043");
        let why = if label == "a denial" {
            "statement Closed denies it"
        } else {
            "no statement allows it"
        };
        assert!(
            says.contains(&format!(
                "may not call the function for it: {why}; fix: run terraform apply"
            )),
            "{label}: {says}"
        );
    }
}

#[test]
fn a_function_without_a_policy_may_be_called_by_nobody() {
    let names = names();
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    breaks("no policy", ("DOC-043", &all), |facts| {
        facts.policies[0].1 = Err(why(Cause::NotFound));
    });
    judged("no statements", Verdict::Fail, &all, |policy| {
        policy["Statement"] = json!([]);
    });
}

#[test]
fn a_policy_that_cannot_be_judged_is_unknown() {
    let names = names();
    judged("another condition", Verdict::Unknown, &[&names[0]], |policy| {
        policy["Statement"][0]["Condition"]["StringEquals"] = json!({"aws:PrincipalOrgID": "o-1"});
    });
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    judged("a denial of some", Verdict::Unknown, &all, |policy| {
        let denial = json!({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*",
                            "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}});
        policy["Statement"].as_array_mut().unwrap().push(denial);
    });
    let mut facts = well();
    facts.policies[0].1 = Ok("{".to_owned());
    let found = items(&facts);
    assert_eq!(
        complaints(&found),
        BTreeMap::from([(("DOC-043", Verdict::Unknown), vec!["scale-window"])])
    );
    assert!(said_of(&facts, "DOC-043").starts_with("its policy cannot be read"));
}

#[test]
fn other_policies_that_let_the_callers_in_pass() {
    judged("others may call, too", Verdict::Pass, &[], |policy| {
        let other = json!({"Sid": "People", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                           "Action": "lambda:InvokeFunctionUrl", "Resource": FUNCTION,
                           "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}});
        policy["Statement"].as_array_mut().unwrap().push(other);
    });
    judged("patterns and accounts", Verdict::Pass, &[], |policy| {
        policy["Statement"][0]["Condition"] = json!({
            "ArnEquals": {"AWS:SourceArn": "arn:aws:events:*:123456789012:rule/day2-*"},
            "StringEquals": {"AWS:SourceAccount": "123456789012"},
        });
        policy["Statement"][1]["Action"] = json!("lambda:Invoke*");
    });
}
