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
use crate::settings::{Condition, DoctorSettings, Function};

const SIMULATE: &str = "iam:SimulatePrincipalPolicy";

/// Simulations at the same time: IAM is one service for the whole account and slows callers down early.
const AT_ONCE: usize = 4;

/// What stands for `*` within a resource or a value: a simulation takes what it is given literally.
const SAMPLE: &str = "doctor";

/// One question to IAM. Its resource stands alone, because with several an answer is not told apart by resource.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Question {
    /// Actions that must be allowed.
    pub(super) needed: BTreeSet<String>,
    /// Actions that must not be.
    pub(super) never: BTreeSet<String>,
}

/// Resource and conditions of a question.
pub(super) type Place = (String, Vec<Condition>);

/// Asks about every role.
pub(super) async fn simulate(client: &Client, settings: &DoctorSettings, times: &Times) -> Vec<Simulation> {
    let all: Vec<_> = settings
        .functions
        .iter()
        .flat_map(|(name, function)| {
            let questions = questions(name, function, settings).into_iter();
            questions.map(move |(place, question)| (name, function, place, question))
        })
        .collect();
    futures::stream::iter(all)
        .map(|(name, function, place, question)| async move {
            let role = function.role_arn.as_str();
            let actions: Vec<String> = question.needed.union(&question.never).cloned().collect();
            let asked = ask(client, role, &place, &actions);
            Simulation {
                function: name.clone(),
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

/// What is asked about a role, by resource, so that as few calls as possible are made.
pub(super) fn questions(
    name: &str,
    function: &Function,
    settings: &DoctorSettings,
) -> BTreeMap<Place, Question> {
    let mut all: BTreeMap<Place, Question> = BTreeMap::new();
    for permission in &function.permissions {
        for resource in &permission.resources {
            let place = (sample(resource), permission.conditions.clone());
            let question = all.entry(place).or_default();
            question.needed.extend(permission.actions.iter().cloned());
        }
    }
    for never in settings
        .never
        .iter()
        .filter(|never| !never.but.iter().any(|one| one == name))
    {
        for resource in &never.resources {
            let question = all.entry((sample(resource), Vec::new())).or_default();
            question.never.extend(never.actions.iter().cloned());
        }
    }
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
