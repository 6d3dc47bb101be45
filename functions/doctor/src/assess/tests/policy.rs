//! The reader of policies: patterns, and what follows where several statements speak.

use serde_json::json;

use crate::assess::policy::{Answer, Policy, Request};

fn answer(statements: &serde_json::Value) -> Answer {
    let policy = Policy::read(&json!({"Statement": statements}).to_string()).unwrap();
    policy.answer(&Request {
        service: "cloudwatch.amazonaws.com",
        action: "sns:Publish",
        resource: "arn:aws:sns:us-east-1:123456789012:day2-operations",
        keys: &[(
            "aws:sourcearn",
            "arn:aws:cloudwatch:us-east-1:123456789012:alarm:CPU: too high",
        )],
    })
}

#[test]
fn patterns_fit_as_those_of_iam_do() {
    for (pattern, fits) in [
        ("*", true),
        ("**", true),
        ("arn:aws:sns:us-east-1:123456789012:day2-operations", true),
        ("arn:aws:sns:*:day2-operations", true),
        ("arn:*:day2-*s", true),
        ("*operations", true),
        ("arn:aws:sns:*", true),
        ("arn:aws:sns:us-east-?:123456789012:day2-operation?", true),
        ("arn:*-??????????", true),
        ("*day2*day2*", false),
        ("arn:aws:sns:us-east-1:123456789012:day2-operation", false),
        ("arn:aws:sns:us-east-1:123456789012:DAY2-operations", false),
        ("arn:aws:sns:us-east-1:123456789012:day2-operations?", false),
        ("operations*", false),
        ("*operationsoperations", false),
        ("", false),
    ] {
        let allow = json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": pattern});
        assert_eq!(answer(&allow) == Answer::Allowed, fits, "{pattern}");
    }
}

#[test]
fn a_pattern_of_many_stars_costs_no_more_than_another() {
    let pattern = format!("{}x", "*a".repeat(10_000));
    let allow = json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": pattern});
    assert!(matches!(answer(&allow), Answer::Refused(_)));
}

#[test]
fn the_parts_of_an_arn_are_compared_one_by_one_and_the_last_may_hold_colons() {
    for (pattern, fits) in [
        ("arn:aws:cloudwatch:*:123456789012:alarm:*", true),
        (
            "arn:aws:cloudwatch:us-east-1:123456789012:alarm:CPU: too high",
            true,
        ),
        ("arn:*:*:*:*:*", true),
        ("arn:aws:cloudwatch:*:alarm:CPU: too high", false),
        ("arn:aws:cloudwatch:us-east-1:222222222222:alarm:*", false),
    ] {
        let allow = json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*",
                           "Condition": {"ArnLike": {"aws:SourceArn": pattern}}});
        assert_eq!(answer(&allow) == Answer::Allowed, fits, "{pattern}");
    }
}

#[test]
fn a_denial_outweighs_what_allows_and_what_is_open() {
    let allow = json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"});
    let mut open = allow.clone();
    open["Condition"] = json!({"Null": {"aws:SourceArn": "false"}});
    let mut deny = allow.clone();
    deny["Effect"] = json!("Deny");
    let mut perhaps = open.clone();
    perhaps["Effect"] = json!("Deny");
    assert_eq!(answer(&json!([open, allow])), Answer::Allowed);
    assert!(matches!(answer(&json!([allow, perhaps])), Answer::Open(_)));
    assert!(matches!(answer(&json!([open])), Answer::Open(_)));
    for statements in [
        json!([allow, deny]),
        json!([perhaps, open, deny]),
        json!([perhaps]),
        json!([]),
    ] {
        assert!(matches!(answer(&statements), Answer::Refused(_)), "{statements}");
    }
    assert!(matches!(answer(&json!(["*"])), Answer::Open(_)));
}
