//! IAM's simulation of a role: with values for its conditions, naming those it lacks, and only for who may ask about that role.

use aws_sdk_iam::Client;
use aws_sdk_iam::error::ProvideErrorMetadata as _;
use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum};
use serde_json::json;

use crate::emulator::identity::session_of;
use crate::emulator::{emulator, role};

const BUCKET: &str = "arn:aws:s3:::simulated";

/// Action, decision, and the keys that the simulation has no value for.
async fn simulated(client: &Client, role: &str, prefix: Option<&str>) -> Vec<(String, String, usize)> {
    let entry = |value: &str| {
        ContextEntry::builder()
            .context_key_name("s3:prefix")
            .context_key_values(value)
            .context_key_type(ContextKeyTypeEnum::String)
            .build()
    };
    let answer = client
        .simulate_principal_policy()
        .policy_source_arn(role)
        .action_names("s3:ListBucketVersions")
        .action_names("s3:PutObject")
        .action_names("s3:DeleteObject")
        .resource_arns(BUCKET)
        .set_context_entries(prefix.map(|value| vec![entry(value)]))
        .send()
        .await
        .unwrap();
    let one = |seen: &aws_sdk_iam::types::EvaluationResult| {
        let decision = seen.eval_decision().as_str().to_owned();
        (
            seen.eval_action_name().to_owned(),
            decision,
            seen.missing_context_values().len(),
        )
    };
    answer.evaluation_results().iter().map(one).collect()
}

#[tokio::test]
async fn a_role_is_simulated_with_the_values_that_are_given_and_names_those_that_are_not() {
    let statements = json!([
        {"Effect": "Allow", "Action": ["s3:ListBucketVersions"], "Resource": [BUCKET],
         "Condition": {"StringLike": {"s3:prefix": "evidence/*"}}},
        {"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": ["*"]},
        {"Effect": "Deny", "Action": ["s3:DeleteObject"], "Resource": ["*"]},
    ]);
    let arn = role("simulated", "lambda.amazonaws.com", &statements).await;
    let client = Client::new(&emulator().await.sdk_config());
    let of = |decision: &str, missing: usize| {
        let own = |action: &str, decision: &str, missing| (action.to_owned(), decision.to_owned(), missing);
        [
            own("s3:ListBucketVersions", decision, missing),
            own("s3:PutObject", "allowed", missing),
            own("s3:DeleteObject", "explicitDeny", missing),
        ]
    };
    assert_eq!(
        simulated(&client, &arn, Some("evidence/prod-a")).await,
        of("allowed", 0)
    );
    assert_eq!(
        simulated(&client, &arn, Some("reports/prod-a")).await,
        of("implicitDeny", 0)
    );
    // AWS names it with each action, also with those whose statements have no condition.
    assert_eq!(simulated(&client, &arn, None).await, of("implicitDeny", 1));
}

#[tokio::test]
async fn a_simulation_is_permitted_role_by_role_o05() {
    let patient = role("patient", "lambda.amazonaws.com", &json!([])).await;
    let stranger = role("stranger", "lambda.amazonaws.com", &json!([])).await;
    let statements =
        json!([{"Effect": "Allow", "Action": ["iam:SimulatePrincipalPolicy"], "Resource": [patient]}]);
    let asking = role("asking", "ec2.amazonaws.com", &statements).await;
    let client = Client::new(&emulator().await.sdk_config_as(session_of(&asking).await));
    let ask = |role: &str| {
        let asked = client.simulate_principal_policy().policy_source_arn(role);
        asked.action_names("s3:PutObject").send()
    };
    ask(&patient).await.unwrap();
    let refused = ask(&stranger).await.unwrap_err();
    assert_eq!(refused.code(), Some("AccessDenied"), "{refused:?}");
}
