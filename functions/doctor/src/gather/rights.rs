//! What IAM says that each role may do: `SimulatePrincipalPolicy`, resource by resource.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::Client;
use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, EvaluationResult, ResourceSpecificResult};
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_core::{Observed, Unreadable};
use day2_reads::times::Times;
use futures::StreamExt as _;

use super::lacks;
use crate::facts::{Decision, Simulation};
use crate::settings::{Condition, DoctorSettings, Function, Permission};

const SIMULATE: &str = "iam:SimulatePrincipalPolicy";

/// Simulations at the same time: IAM is one service for the whole account and slows callers down early.
const AT_ONCE: usize = 4;

/// What stands for `*` within a resource or a value: a simulation takes what it is given literally.
const SAMPLE: &str = "doctor";

/// The key by which the policy `interfaces` of a role in a VPC (`infra/modules/ops-function/iam.tf`) tells the calls of a function's code
/// from those that Lambda makes with the role. Source: AWS Lambda Developer Guide, "Using source function ARN".
const SOURCE: &str = concat!("lambda:", "SourceFunctionArn");

/// What only Lambda itself does with the role of a function in a VPC. Like the key above in two halves, because it is no call of
/// this code, and a law holds every action that is named in one piece against `permissions.json`.
const BY_LAMBDA: &str = concat!("ec2:", "CreateNetworkInterface");

/// One question to IAM. Its resource stands alone, because with several an answer is not told apart by resource.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Question {
    /// Actions that must be allowed.
    pub(super) needed: BTreeSet<String>,
    /// Actions that must not be.
    pub(super) never: BTreeSet<String>,
}

/// Resource of a question, and what is said of the request: a value for each key, in the order of the keys.
pub(super) type Place = (String, Vec<Condition>);

/// Asks about every role: that of each function, and that of its schedules.
pub(super) async fn simulate(client: &Client, settings: &DoctorSettings, times: &Times) -> Vec<Simulation> {
    let mut all = Vec::new();
    for (name, function) in settings.functions.iter() {
        let role = function.role_arn.as_str();
        for (place, question) in questions(name, function, settings) {
            all.push((name.clone(), role, place, question));
        }
        if let Some(scheduler) = &function.scheduler {
            let role = scheduler.role_arn.as_str();
            for (place, question) in needed(&scheduler.permissions, |_| None) {
                all.push((format!("{name}-scheduler"), role, place, question));
            }
        }
    }
    futures::stream::iter(all)
        .map(|(function, role, place, question)| async move {
            let actions: Vec<String> = question.needed.union(&question.never).cloned().collect();
            let asked = ask(client, role, &place, &actions);
            Simulation {
                function,
                decisions: times.within(SIMULATE, role, asked).await,
                resource: place.0,
                needed: question.needed.into_iter().collect(),
                never: question.never.into_iter().collect(),
            }
        })
        .buffered(AT_ONCE)
        .collect()
        .await
}

/// What is asked about the role of a function, by resource, so that as few calls as possible are made.
///
/// IAM names every key without a value that *any* statement of the role asks for, whichever the question is about (API data type
/// `EvaluationResult`, `MissingContextValues`; aws-sdk-java-v2#1751, boto3#3111), so that each question gives a value for each key
/// that the deployment itself uses. What is still missing is of a policy that somebody else wrote. What no role may do is asked with
/// the values of each statement: one that allows it under the same condition as a statement of ours must be found.
pub(super) fn questions(
    name: &str,
    function: &Function,
    settings: &DoctorSettings,
) -> BTreeMap<Place, Question> {
    let own = &function.permissions;
    let source = function.arn.as_str();
    let mut all = needed(own, |permission| Some(source_of(permission, source)));
    let contexts: BTreeSet<Vec<Condition>> = own
        .iter()
        .map(|permission| context(&permission.conditions, own, Some(source.to_owned())))
        .collect();
    for never in settings
        .never
        .iter()
        .filter(|never| !never.but.iter().any(|one| one == name))
    {
        for resource in &never.resources {
            for context in &contexts {
                let question = all.entry((sample(resource), context.clone())).or_default();
                question.never.extend(never.actions.iter().cloned());
            }
        }
    }
    all
}

/// The rights that the statements of a role give. `source` tells which function the request of a statement comes from.
fn needed(own: &[Permission], source: impl Fn(&Permission) -> Option<String>) -> BTreeMap<Place, Question> {
    let mut all: BTreeMap<Place, Question> = BTreeMap::new();
    for permission in own {
        let context = context(&permission.conditions, own, source(permission));
        for resource in &permission.resources {
            let question = all.entry((sample(resource), context.clone())).or_default();
            question.needed.extend(permission.actions.iter().cloned());
        }
    }
    all
}

/// Where the request of a statement comes from. Lambda's own has no such key; a name that no function has is as good, and leaves
/// nothing unknown.
fn source_of(permission: &Permission, function: &str) -> String {
    if permission.actions.iter().any(|action| action == BY_LAMBDA) {
        format!("{function}-{SAMPLE}")
    } else {
        function.to_owned()
    }
}

/// A value for every key of a role's statements: those of the statement that is asked about, and for other keys those of the first
/// statement that has one. Keys are the same in upper and lower case.
fn context(of: &[Condition], own: &[Permission], source: Option<String>) -> Vec<Condition> {
    let mut all = of.to_vec();
    let source = source.map(|arn| Condition {
        key: SOURCE.to_owned(),
        values: vec![arn],
    });
    let others = own.iter().flat_map(|permission| &permission.conditions);
    for other in others.filter(|one| !one.values.is_empty()).chain(&source) {
        if !all.iter().any(|one| one.key.eq_ignore_ascii_case(&other.key)) {
            all.push(other.clone());
        }
    }
    all.sort();
    all
}

/// A resource that a pattern fits; `*` itself stands for every resource.
fn sample(pattern: &str) -> String {
    if pattern == "*" {
        return pattern.to_owned();
    }
    pattern.replace('*', SAMPLE)
}

async fn ask(client: &Client, role: &str, place: &Place, actions: &[String]) -> Observed<Vec<Decision>> {
    let (resource, conditions) = place;
    let context: Vec<ContextEntry> = conditions.iter().map(entry).collect::<Observed<_>>()?;
    let context = (!context.is_empty()).then_some(context);
    let mut decisions = Vec::with_capacity(actions.len());
    let mut marker = None;
    let mut pages = Pages::new(SIMULATE, role);
    loop {
        let page = client
            .simulate_principal_policy()
            .policy_source_arn(role)
            .set_action_names(Some(actions.to_vec()))
            .resource_arns(resource)
            .set_context_entries(context.clone())
            .set_marker(marker)
            .send()
            .await
            .map_err(|error| unreadable(SIMULATE, role, &error))?;
        let Some(results) = &page.evaluation_results else {
            return Err(lacks(SIMULATE, role, "EvaluationResults"));
        };
        decisions.extend(results.iter().map(decision));
        let next = page.marker().filter(|_| page.is_truncated());
        marker = pages.next(next)?;
        if marker.is_none() {
            return Ok(decisions);
        }
    }
}

/// Keys without a value stand with the action where the resource is `*`, and may stand with the resource alone where it is another.
/// Source: API data types `EvaluationResult` and `ResourceSpecificResult`, `MissingContextValues`.
fn decision(seen: &EvaluationResult) -> Decision {
    let of_resources = seen
        .resource_specific_results()
        .iter()
        .flat_map(ResourceSpecificResult::missing_context_values);
    let missing: BTreeSet<&String> = seen.missing_context_values().iter().chain(of_resources).collect();
    Decision {
        action: seen.eval_action_name().to_owned(),
        decision: seen.eval_decision().as_str().to_owned(),
        missing: missing.into_iter().cloned().collect(),
    }
}

/// A value that meets the condition: what is proven is that the request is allowed when it is made as the code makes it.
fn entry(condition: &Condition) -> Result<ContextEntry, Unreadable> {
    let value = condition.values.first().map(|value| value.replace('*', SAMPLE));
    let value = value.ok_or_else(|| lacks(SIMULATE, &condition.key, "value of this condition"))?;
    Ok(ContextEntry::builder()
        .context_key_name(&condition.key)
        .context_key_values(value)
        .context_key_type(ContextKeyTypeEnum::String)
        .build())
}
