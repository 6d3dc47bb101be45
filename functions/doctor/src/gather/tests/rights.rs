//! What is asked about roles, and what becomes of the answers.

use std::collections::BTreeSet;

use aws_sdk_iam::operation::simulate_principal_policy::{
    SimulatePrincipalPolicyInput, SimulatePrincipalPolicyOutput,
};
use aws_sdk_iam::types::{EvaluationResult, PolicyEvaluationDecisionType, ResourceSpecificResult};
use aws_smithy_mocks::{RuleMode, mock, mock_client};
use day2_core::{Cause, Verdict};
use serde_json::{Value, json};

use super::{KEY, settings, times};
use crate::assess::assess;
use crate::facts::Facts;
use crate::gather::rights;
use crate::settings::DoctorSettings;

/// Where the requests of the code come from, as IAM sees them.
const CODE: &str = "arn:aws:lambda:us-east-1:123456789012:function:day2-scale-window";

/// What is asked about a role: resource, values of the context, actions that are needed, actions that must not be.
type Asked = (String, Vec<String>, Vec<String>, Vec<String>);

fn asked_of(name: &str, settings: &DoctorSettings) -> Vec<Asked> {
    let all = |set: BTreeSet<String>| set.into_iter().collect::<Vec<_>>();
    rights::questions(name, settings.functions.get(name).unwrap(), settings)
        .into_iter()
        .map(|((resource, context), question)| {
            let values = context.into_iter().flat_map(|one| one.values).collect();
            (resource, values, all(question.needed), all(question.never))
        })
        .collect()
}

fn own(resource: &str, values: &[&str], needed: &[&str], never: &[&str]) -> Asked {
    let owned = |all: &[&str]| all.iter().map(|&one| one.to_owned()).collect::<Vec<_>>();
    (resource.to_owned(), owned(values), owned(needed), owned(never))
}

#[test]
fn rights_are_asked_resource_by_resource_with_a_sample_for_each_pattern() {
    let settings = settings(|own| {
        own["functions"]["scale-window"]["permissions"] = json!([
            {"actions": ["ec2:DescribeSubnets"], "resources": ["*"]},
            {"actions": ["s3:PutObject"], "resources": ["arn:aws:s3:::b/reports/*", "arn:aws:s3:::c/*"]},
        ]);
        own["never"] = json!([
            {"actions": ["iam:PassRole"], "resources": ["*"]},
            {"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::b/reports/*"], "but": ["scale-window"]},
        ]);
    });
    assert_eq!(
        asked_of("scale-window", &settings),
        [
            own("*", &[CODE], &["ec2:DescribeSubnets"], &["iam:PassRole"]),
            own("arn:aws:s3:::b/reports/doctor", &[CODE], &["s3:PutObject"], &[]),
            own("arn:aws:s3:::c/doctor", &[CODE], &["s3:PutObject"], &[]),
        ]
    );
    let other = CODE.replace("scale-window", "ha-status");
    assert!(asked_of("ha-status", &settings).contains(&own(
        "arn:aws:s3:::b/reports/doctor",
        &[other.as_str()],
        &[],
        &["s3:GetObject"]
    )));
}

#[test]
fn the_rights_of_a_key_are_asked_once_for_each_service_that_uses_it_and_what_must_not_be_with_each() {
    const OF_S3: &str = "s3.*.amazonaws.com*";
    const OF_SNS: &str = "sns.*.amazonaws.com*";
    let via = |service: &str| json!([{"key": "kms:ViaService", "values": [service]}]);
    let settings = settings(|own| {
        own["functions"]["scale-window"]["permissions"] = json!([
            {"actions": ["kms:Decrypt", "kms:GenerateDataKey"], "resources": [KEY], "conditions": via(OF_SNS)},
            {"actions": ["kms:Decrypt"], "resources": [KEY], "conditions": via(OF_S3)},
            {"actions": ["logs:PutLogEvents"], "resources": ["arn:aws:logs:us-east-1:123456789012:log-group:/x:*"]},
        ]);
        own["never"] = json!([{"actions": ["kms:ScheduleKeyDeletion"], "resources": [KEY]}]);
    });
    assert_eq!(
        asked_of("scale-window", &settings),
        [
            own(
                KEY,
                &[OF_S3, CODE],
                &["kms:Decrypt"],
                &["kms:ScheduleKeyDeletion"]
            ),
            own(
                KEY,
                &[OF_SNS, CODE],
                &["kms:Decrypt", "kms:GenerateDataKey"],
                &["kms:ScheduleKeyDeletion"]
            ),
            own(
                "arn:aws:logs:us-east-1:123456789012:log-group:/x:doctor",
                &[OF_SNS, CODE],
                &["logs:PutLogEvents"],
                &[]
            ),
        ]
    );
}

#[test]
fn every_question_has_a_value_for_each_key_of_the_role_and_its_own_statement_comes_first() {
    let settings = settings(|own| {
        own["functions"]["scale-window"]["permissions"] = json!([
            {"actions": ["s3:ListBucket"], "resources": ["arn:aws:s3:::b"],
             "conditions": [{"key": "s3:prefix", "values": ["first/*"]}]},
            {"actions": ["s3:ListBucketVersions"], "resources": ["arn:aws:s3:::b"],
             "conditions": [{"key": "S3:Prefix", "values": ["second/*"]}]},
            {"actions": ["kms:Decrypt"], "resources": [KEY],
             "conditions": [{"key": "kms:ViaService", "values": ["sns.*"]}]},
            {"actions": ["s3:PutObject"], "resources": ["arn:aws:s3:::c"]},
        ]);
        own["never"] = json!([{"actions": ["iam:PassRole"], "resources": ["*"]}]);
    });
    assert_eq!(
        asked_of("scale-window", &settings),
        [
            own("*", &["second/*", "sns.*", CODE], &[], &["iam:PassRole"]),
            own("*", &["sns.*", CODE, "first/*"], &[], &["iam:PassRole"]),
            own(KEY, &["sns.*", CODE, "first/*"], &["kms:Decrypt"], &[]),
            own(
                "arn:aws:s3:::b",
                &["second/*", "sns.*", CODE],
                &["s3:ListBucketVersions"],
                &[]
            ),
            own(
                "arn:aws:s3:::b",
                &["sns.*", CODE, "first/*"],
                &["s3:ListBucket"],
                &[]
            ),
            own(
                "arn:aws:s3:::c",
                &["sns.*", CODE, "first/*"],
                &["s3:PutObject"],
                &[]
            ),
        ]
    );
}

#[test]
fn what_lambda_does_in_a_vpc_is_not_asked_as_if_the_code_did_it() {
    let settings = settings(|own| {
        own["functions"]["scale-window"]["permissions"] = json!([
            {"actions": ["ec2:CreateNetworkInterface", "ec2:DescribeSubnets"], "resources": ["*"]},
            {"actions": ["ec2:DescribeSubnets"], "resources": ["*"]},
        ]);
        own["never"] = json!([{"actions": ["iam:PassRole"], "resources": ["*"]}]);
    });
    let nobody = format!("{CODE}-doctor");
    assert_eq!(
        asked_of("scale-window", &settings),
        [
            own("*", &[CODE], &["ec2:DescribeSubnets"], &["iam:PassRole"]),
            own(
                "*",
                &[nobody.as_str()],
                &["ec2:CreateNetworkInterface", "ec2:DescribeSubnets"],
                &[]
            ),
        ]
    );
}

/// Leaves `scale-window` as the only function.
fn alone(own: &mut Value) {
    let function = own["functions"]["scale-window"].clone();
    own["functions"] = json!({"scale-window": function});
}

#[tokio::test]
async fn the_role_of_schedules_is_asked_for_what_it_must_be_allowed_and_nothing_else_o03() {
    let settings = settings(|own| {
        alone(own);
        own["never"] = json!([{"actions": ["iam:PassRole"], "resources": ["*"]}]);
    });
    let asked = mock!(aws_sdk_iam::Client::simulate_principal_policy)
        .match_requests(|request| {
            request.policy_source_arn() == Some("arn:aws:iam::123456789012:role/day2-scale-window-scheduler")
                && request.action_names() == ["lambda:InvokeFunction"]
                && request.resource_arns() == [CODE]
                && request.context_entries().is_empty()
        })
        .then_output(|| {
            let result = EvaluationResult::builder()
                .eval_action_name("lambda:InvokeFunction")
                .eval_decision(PolicyEvaluationDecisionType::Allowed)
                .build();
            SimulatePrincipalPolicyOutput::builder()
                .evaluation_results(result.unwrap())
                .build()
        });
    let others = mock!(aws_sdk_iam::Client::simulate_principal_policy)
        .match_requests(|request| {
            request.policy_source_arn() == Some("arn:aws:iam::123456789012:role/day2-scale-window")
        })
        .then_output(|| SimulatePrincipalPolicyOutput::builder().build());
    let iam = mock_client!(aws_sdk_iam, RuleMode::MatchAny, [&asked, &others]);
    let seen = rights::simulate(&iam, &settings, &times()).await;
    let of_schedules: Vec<_> = seen
        .iter()
        .filter(|one| one.function == "scale-window-scheduler")
        .collect();
    assert_eq!((of_schedules.len(), asked.num_calls()), (1, 1));
    assert_eq!(of_schedules[0].needed, ["lambda:InvokeFunction"]);
    assert!(of_schedules[0].never.is_empty() && of_schedules[0].decisions.is_ok());
}

/// IAM as it is: whatever is asked is denied, with every key of the role's statements that the question has no value for.
#[tokio::test]
async fn a_denial_is_decided_where_all_keys_of_the_deployment_have_values_o05() {
    let settings = crate::assess::tests::settings(|own| {
        alone(own);
        own["functions"]["scale-window"]["schedules"] = json!({});
        own["functions"]["scale-window"]["inputs"] = json!({});
        own["functions"]["scale-window"]["scheduler"] = Value::Null;
        own["functions"]["scale-window"]["permissions"] = json!([
            {"actions": ["dynamodb:Query"], "resources": ["arn:aws:dynamodb:us-east-1:123456789012:table/t"]},
            {"actions": ["kms:Decrypt"], "resources": [KEY],
             "conditions": [{"key": "kms:ViaService", "values": ["sns.*.amazonaws.com*"]}]},
        ]);
        own["never"] = json!([{"actions": ["iam:PassRole"], "resources": ["*"]}]);
    });
    let has = |request: &SimulatePrincipalPolicyInput| {
        let mut keys = request.context_entries().iter();
        keys.any(|entry| entry.context_key_name() == Some("kms:ViaService"))
    };
    let answer = |missing: bool| {
        let results = ["dynamodb:Query", "iam:PassRole", "kms:Decrypt"].map(|action| {
            EvaluationResult::builder()
                .eval_action_name(action)
                .eval_decision(PolicyEvaluationDecisionType::ImplicitDeny)
                .set_missing_context_values(missing.then(|| vec!["kms:ViaService".to_owned()]))
                .build()
                .unwrap()
        });
        SimulatePrincipalPolicyOutput::builder()
            .set_evaluation_results(Some(results.to_vec()))
            .build()
    };
    let with = mock!(aws_sdk_iam::Client::simulate_principal_policy)
        .match_requests(has)
        .then_output(move || answer(false));
    let without = mock!(aws_sdk_iam::Client::simulate_principal_policy)
        .match_requests(move |request| !has(request))
        .then_output(move || answer(true));
    let iam = mock_client!(aws_sdk_iam, RuleMode::MatchAny, [&with, &without]);
    let facts = Facts {
        rights: rights::simulate(&iam, &settings.function, &times()).await,
        ..Facts::default()
    };
    let judged = assess(&facts, &settings.function, &settings.deployment.zone);
    let verdict = |code: &str| {
        judged
            .items
            .iter()
            .find(|item| item.code == code)
            .unwrap()
            .verdict()
    };
    assert_eq!(
        (verdict("DOC-011"), verdict("DOC-012")),
        (Verdict::Fail, Verdict::Pass)
    );
}

#[tokio::test]
async fn a_simulation_names_role_resource_and_values_and_reads_every_page_w05() {
    let settings = settings(|own| {
        alone(own);
        own["functions"]["scale-window"]["schedules"] = json!({});
        own["functions"]["scale-window"]["inputs"] = json!({});
        own["functions"]["scale-window"]["scheduler"] = Value::Null;
        own["functions"]["scale-window"]["permissions"] = json!([{
            "actions": ["s3:ListBucketVersions", "s3:ListBucket"], "resources": ["arn:aws:s3:::b"],
            "conditions": [{"key": "s3:prefix", "values": ["evidence/*"]}],
        }]);
    });
    let result = |action: &str, decision: PolicyEvaluationDecisionType| {
        EvaluationResult::builder()
            .eval_action_name(action)
            .eval_decision(decision)
            .missing_context_values("aws:SourceVpce")
            .build()
            .unwrap()
    };
    let page = move |marker: Option<&'static str>, action: &'static str| {
        mock!(aws_sdk_iam::Client::simulate_principal_policy)
            .match_requests(move |request| {
                let entries: Vec<_> = request
                    .context_entries()
                    .iter()
                    .map(|entry| (entry.context_key_name(), entry.context_key_values()))
                    .collect();
                let [(source, of_code), (prefix, of_prefix)] = entries.as_slice() else {
                    return false;
                };
                request.policy_source_arn() == Some("arn:aws:iam::123456789012:role/day2-scale-window")
                    && request.resource_arns() == ["arn:aws:s3:::b"]
                    && request.marker() == marker
                    && (*source, *prefix) == (Some("lambda:SourceFunctionArn"), Some("s3:prefix"))
                    && *of_code == [CODE]
                    && *of_prefix == ["evidence/doctor"]
            })
            .then_output(move || {
                SimulatePrincipalPolicyOutput::builder()
                    .evaluation_results(result(action, PolicyEvaluationDecisionType::ImplicitDeny))
                    .is_truncated(marker.is_none())
                    .set_marker(marker.is_none().then(|| "next".to_owned()))
                    .build()
            })
    };
    let (first, second) = (
        page(None, "s3:ListBucket"),
        page(Some("next"), "s3:ListBucketVersions"),
    );
    let iam = mock_client!(aws_sdk_iam, RuleMode::MatchAny, [&first, &second]);
    let seen = rights::simulate(&iam, &settings, &times()).await;
    assert_eq!(seen.len(), 1);
    let decisions = seen[0].decisions.as_ref().unwrap();
    let actions: Vec<&str> = decisions.iter().map(|one| one.action.as_str()).collect();
    assert_eq!(actions, ["s3:ListBucket", "s3:ListBucketVersions"]);
    assert!(
        decisions
            .iter()
            .all(|one| one.decision == "implicitDeny" && one.missing == ["aws:SourceVpce"])
    );

    let lost = mock!(aws_sdk_iam::Client::simulate_principal_policy)
        .then_output(|| SimulatePrincipalPolicyOutput::builder().build());
    let iam = mock_client!(aws_sdk_iam, RuleMode::MatchAny, [&lost]);
    let seen = rights::simulate(&iam, &settings, &times()).await;
    assert_eq!(seen[0].decisions.as_ref().unwrap_err().cause, Cause::Malformed);
}

#[tokio::test]
async fn a_right_that_depends_on_a_key_which_only_the_resource_names_is_unknown() {
    let settings = crate::assess::tests::settings(alone);
    let simulated = mock!(aws_sdk_iam::Client::simulate_principal_policy).then_output(|| {
        let denied = PolicyEvaluationDecisionType::ImplicitDeny;
        let of_resource = ResourceSpecificResult::builder()
            .eval_resource_name("arn:aws:dynamodb:us-east-1:123456789012:table/day2-journal")
            .eval_resource_decision(denied.clone())
            .missing_context_values("aws:SourceVpce")
            .build()
            .unwrap();
        let result = EvaluationResult::builder()
            .eval_action_name("dynamodb:Query")
            .eval_decision(denied)
            .resource_specific_results(of_resource)
            .build()
            .unwrap();
        SimulatePrincipalPolicyOutput::builder()
            .evaluation_results(result)
            .build()
    });
    let iam = mock_client!(aws_sdk_iam, RuleMode::MatchAny, [&simulated]);
    let facts = Facts {
        rights: rights::simulate(&iam, &settings.function, &times()).await,
        ..Facts::default()
    };
    let judged = assess(&facts, &settings.function, &settings.deployment.zone);
    let line = judged.items.iter().find(|item| item.code == "DOC-011").unwrap();
    assert_eq!(line.verdict(), Verdict::Unknown, "{line:?}");
    assert!(line.subjects[0].says.contains("aws:SourceVpce"), "{line:?}");
}
