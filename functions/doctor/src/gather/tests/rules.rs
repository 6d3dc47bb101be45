//! Event rules with their targets, and the policies of functions.

use aws_sdk_eventbridge::operation::describe_rule::{DescribeRuleError, DescribeRuleOutput};
use aws_sdk_eventbridge::operation::list_targets_by_rule::{ListTargetsByRuleError, ListTargetsByRuleOutput};
use aws_sdk_eventbridge::types::{InputTransformer, RuleState, Target};
use aws_sdk_lambda::operation::get_policy::{GetPolicyError, GetPolicyOutput};
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use aws_smithy_types::error::ErrorMetadata;
use day2_core::Cause;
use serde_json::json;

use super::{settings, times};
use crate::gather::rules;

const NAME: &str = "day2-scale-window-0";

fn gone() -> ErrorMetadata {
    ErrorMetadata::builder().code("ResourceNotFoundException").build()
}

/// EventBridge with the rule.
fn described() -> Rule {
    mock!(aws_sdk_eventbridge::Client::describe_rule)
        .match_requests(|request| request.name() == Some(NAME) && request.event_bus_name().is_none())
        .then_output(|| {
            DescribeRuleOutput::builder()
                .state(RuleState::Disabled)
                .event_pattern("{}")
                .build()
        })
}

/// A page of targets, and the token of the next.
fn page(token: Option<&'static str>, targets: fn() -> Vec<Target>, next: Option<&'static str>) -> Rule {
    mock!(aws_sdk_eventbridge::Client::list_targets_by_rule)
        .match_requests(move |request| request.rule() == Some(NAME) && request.next_token() == token)
        .then_output(move || {
            ListTargetsByRuleOutput::builder()
                .set_targets(Some(targets()))
                .set_next_token(next.map(str::to_owned))
                .build()
        })
}

#[tokio::test]
async fn a_rule_is_read_with_the_targets_of_every_page_and_what_each_is_given_w05() {
    let described = described();
    let first = page(
        None,
        || {
            let part = Target::builder().id("1").arn("arn:1").input_path("$.detail");
            let text = Target::builder().id("2").arn("arn:2").input("{}");
            vec![part.build().unwrap(), text.build().unwrap()]
        },
        Some("more"),
    );
    let second = page(
        Some("more"),
        || {
            let template = InputTransformer::builder().input_template("{}").build().unwrap();
            let template = Target::builder().id("3").arn("arn:3").input_transformer(template);
            let whole = Target::builder().id("4").arn("arn:4");
            vec![template.build().unwrap(), whole.build().unwrap()]
        },
        None,
    );
    let events = mock_client!(
        aws_sdk_eventbridge,
        RuleMode::MatchAny,
        [&described, &first, &second]
    );
    let seen = rules::read(&events, &settings(|_| {}), &times()).await;
    assert_eq!(seen.len(), 1);
    let (which, rule) = &seen[0];
    assert_eq!(
        (which.function.as_str(), which.name.as_str()),
        ("scale-window", NAME)
    );
    let rule = rule.as_ref().unwrap();
    assert_eq!(
        (rule.state.as_str(), rule.pattern.as_deref()),
        ("DISABLED", Some("{}"))
    );
    let targets = rule.targets.as_ref().unwrap().iter();
    let targets: Vec<_> = targets.map(|one| (one.arn.as_str(), one.reshaped)).collect();
    assert_eq!(
        targets,
        [
            ("arn:1", true),
            ("arn:2", true),
            ("arn:3", true),
            ("arn:4", false)
        ]
    );
}

#[tokio::test]
async fn a_token_that_comes_again_ends_no_list_of_targets_w05() {
    let (described, first, second) = (
        described(),
        page(None, Vec::new, Some("more")),
        page(Some("more"), Vec::new, Some("more")),
    );
    let events = mock_client!(
        aws_sdk_eventbridge,
        RuleMode::MatchAny,
        [&described, &first, &second]
    );
    let seen = rules::read(&events, &settings(|_| {}), &times()).await;
    let targets = &seen[0].1.as_ref().unwrap().targets;
    assert_eq!(targets.as_ref().unwrap_err().cause, Cause::Partial);
}

#[tokio::test]
async fn a_rule_that_is_gone_is_not_found_and_an_answer_without_members_is_lost() {
    let missing =
        mock!(aws_sdk_eventbridge::Client::describe_rule).then_error(|| DescribeRuleError::generic(gone()));
    let lost = mock!(aws_sdk_eventbridge::Client::describe_rule)
        .then_output(|| DescribeRuleOutput::builder().build());
    for (rule, cause) in [(&missing, Cause::NotFound), (&lost, Cause::Malformed)] {
        let events = mock_client!(aws_sdk_eventbridge, RuleMode::MatchAny, [rule]);
        let seen = rules::read(&events, &settings(|_| {}), &times()).await;
        assert_eq!(seen[0].1.as_ref().unwrap_err().cause, cause);
    }
}

#[tokio::test]
async fn that_the_targets_cannot_be_read_hides_nothing_of_the_rule() {
    let denied = mock!(aws_sdk_eventbridge::Client::list_targets_by_rule).then_error(|| {
        let denied = ErrorMetadata::builder().code("AccessDeniedException");
        ListTargetsByRuleError::generic(denied.build())
    });
    let lost = mock!(aws_sdk_eventbridge::Client::list_targets_by_rule)
        .then_output(|| ListTargetsByRuleOutput::builder().build());
    for (rule, cause) in [(&denied, Cause::Denied), (&lost, Cause::Malformed)] {
        let described = described();
        let events = mock_client!(aws_sdk_eventbridge, RuleMode::MatchAny, [&described, rule]);
        let seen = rules::read(&events, &settings(|_| {}), &times()).await;
        let seen = seen[0].1.as_ref().unwrap();
        assert_eq!(seen.state, "DISABLED");
        assert_eq!(seen.targets.as_ref().unwrap_err().cause, cause);
    }
}

#[tokio::test]
async fn the_policy_is_read_of_functions_that_something_calls_and_of_no_others() {
    let there = mock!(aws_sdk_lambda::Client::get_policy)
        .match_requests(|request| {
            request.function_name() == Some("day2-scale-window") && request.qualifier().is_none()
        })
        .then_output(|| GetPolicyOutput::builder().policy("of the function").build());
    let lambda = mock_client!(aws_sdk_lambda, RuleMode::MatchAny, [&there]);
    let seen = rules::policies(&lambda, &settings(|_| {}), &times()).await;
    let [(name, policy)] = seen.as_slice() else {
        panic!("{seen:?}");
    };
    assert_eq!(
        (name.as_str(), policy.as_deref()),
        ("scale-window", Ok("of the function"))
    );

    let missing = mock!(aws_sdk_lambda::Client::get_policy).then_error(|| GetPolicyError::generic(gone()));
    let lost = mock!(aws_sdk_lambda::Client::get_policy).then_output(|| GetPolicyOutput::builder().build());
    for (rule, cause) in [(&missing, Cause::NotFound), (&lost, Cause::Malformed)] {
        let lambda = mock_client!(aws_sdk_lambda, RuleMode::MatchAny, [rule]);
        let seen = rules::policies(&lambda, &settings(|_| {}), &times()).await;
        assert_eq!(seen[0].1.as_ref().unwrap_err().cause, cause);
    }

    let uncalled = settings(|own| own["functions"]["scale-window"]["callers"] = json!([]));
    let lambda = mock_client!(aws_sdk_lambda, RuleMode::MatchAny, [&there]);
    assert!(rules::policies(&lambda, &uncalled, &times()).await.is_empty());
    assert_eq!(there.num_calls(), 1);
}
