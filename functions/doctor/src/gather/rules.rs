//! The event rules as EventBridge has them, and the policies that say who may call the functions.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::Target;
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_core::Observed;
use day2_reads::times::Times;
use futures::StreamExt as _;

use super::functions::lambda_name;
use super::lacks;
use crate::facts::{EventRule, Rule, RuleTarget};
use crate::settings::DoctorSettings;

const DESCRIBE: &str = "events:DescribeRule";
const TARGETS: &str = "events:ListTargetsByRule";
const POLICY: &str = "lambda:GetPolicy";

/// Rules, and policies, that are read at the same time.
const AT_ONCE: usize = 8;

/// Reads every event rule that Terraform made.
pub(super) async fn read(
    client: &Client,
    settings: &DoctorSettings,
    times: &Times,
) -> Vec<(EventRule, Observed<Rule>)> {
    let all = settings.functions.iter().flat_map(|(name, function)| {
        let rules = function.event_rules.keys();
        rules.map(move |rule| (name, rule))
    });
    futures::stream::iter(all)
        .map(|(function, rule)| async move {
            let which = EventRule {
                function: function.clone(),
                name: rule.clone(),
            };
            (which, one(client, rule, times).await)
        })
        .buffered(AT_ONCE)
        .collect()
        .await
}

/// That its targets cannot be read hides nothing of the rule itself.
async fn one(client: &Client, rule: &str, times: &Times) -> Observed<Rule> {
    let (state, pattern) = times.within(DESCRIBE, rule, described(client, rule)).await?;
    Ok(Rule {
        state,
        pattern,
        targets: times.within(TARGETS, rule, targets(client, rule)).await,
    })
}

/// State and pattern. A rule that fires by the clock has no pattern.
async fn described(client: &Client, rule: &str) -> Observed<(String, Option<String>)> {
    let seen = client
        .describe_rule()
        .name(rule)
        .send()
        .await
        .map_err(|error| unreadable(DESCRIBE, rule, &error))?;
    let state = seen.state().ok_or_else(|| lacks(DESCRIBE, rule, "State"))?;
    Ok((state.as_str().to_owned(), seen.event_pattern().map(str::to_owned)))
}

async fn targets(client: &Client, rule: &str) -> Observed<Vec<RuleTarget>> {
    let mut all = Vec::new();
    let mut token = None;
    let mut pages = Pages::new(TARGETS, rule);
    loop {
        let page = client
            .list_targets_by_rule()
            .rule(rule)
            .set_next_token(token)
            .send()
            .await
            .map_err(|error| unreadable(TARGETS, rule, &error))?;
        let Some(targets) = &page.targets else {
            return Err(lacks(TARGETS, rule, "Targets"));
        };
        all.extend(targets.iter().map(target));
        token = pages.next(page.next_token())?;
        if token.is_none() {
            return Ok(all);
        }
    }
}

fn target(seen: &Target) -> RuleTarget {
    RuleTarget {
        arn: seen.arn().to_owned(),
        reshaped: seen.input().is_some() || seen.input_path().is_some() || seen.input_transformer().is_some(),
    }
}

/// Reads the policy of every function that something calls.
pub(super) async fn policies(
    lambda: &aws_sdk_lambda::Client,
    settings: &DoctorSettings,
    times: &Times,
) -> Vec<(String, Observed<String>)> {
    let called = settings.functions.iter();
    let called = called.filter(|(_, function)| !function.callers.is_empty());
    futures::stream::iter(called)
        .map(|(name, function)| async move {
            let own = lambda_name(function.arn.resource());
            (name.clone(), times.within(POLICY, own, policy(lambda, own)).await)
        })
        .buffered(AT_ONCE)
        .collect()
        .await
}

async fn policy(lambda: &aws_sdk_lambda::Client, name: &str) -> Observed<String> {
    let seen = lambda
        .get_policy()
        .function_name(name)
        .send()
        .await
        .map_err(|error| unreadable(POLICY, name, &error))?;
    let policy = seen.policy().ok_or_else(|| lacks(POLICY, name, "Policy"))?;
    Ok(policy.to_owned())
}
