//! The functions: what they answer to their self-checks under their own roles, and what Lambda has of them.

use std::time::Duration;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::operation::get_function_configuration::GetFunctionConfigurationOutput;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{InvocationType, LastUpdateStatus, State};
use day2_aws::error::unreadable;
use day2_core::hostile::plain_within;
use day2_core::{Cause, Item, Observed, Unreadable};
use day2_reads::times::Times;
use futures::StreamExt as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Clients, lacks};
use crate::NAME;
use crate::facts::{Answer, Configuration, Line};
use crate::settings::DoctorSettings;

/// The action behind a self-check.
const INVOKE: &str = "lambda:InvokeFunction";
const CONFIGURATION: &str = "lambda:GetFunctionConfiguration";

/// Functions that are asked at the same time. Each takes a sandbox of the account, and a new account may have ten in all.
const AT_ONCE: usize = 4;

/// Most characters of the words of a function that failed.
const MAX_WORDS: usize = 400;

type Named<T> = Vec<(String, Observed<T>)>;

/// Asks every function but the doctor, which proves itself by asking.
pub(super) async fn ask(
    clients: &Clients,
    settings: &DoctorSettings,
    times: &Times,
) -> (Named<Answer>, Named<Configuration>) {
    let wait = Duration::from_secs(u64::from(settings.answer_seconds));
    let answers = futures::stream::iter(settings.functions.iter().filter(|(name, _)| *name != NAME))
        .map(|(name, function)| async move {
            let lambda = lambda_name(function.arn.resource());
            (
                name.clone(),
                self_check(&clients.asking, lambda, wait, times).await,
            )
        })
        .buffered(AT_ONCE)
        .collect();
    let configurations = futures::stream::iter(settings.functions.iter())
        .map(|(name, function)| async move {
            let lambda = lambda_name(function.arn.resource());
            let read = times.within(CONFIGURATION, lambda, configuration(&clients.lambda, lambda));
            (name.clone(), read.await)
        })
        .buffered(AT_ONCE)
        .collect();
    tokio::join!(answers, configurations)
}

/// `function:day2-scale-window` → `day2-scale-window`.
pub(super) fn lambda_name(resource: &str) -> &str {
    resource.strip_prefix("function:").unwrap_or(resource)
}

/// Asks one function for its self-check.
///
/// # Errors
///
/// When it could not be asked, did not answer in time, or answered something else.
pub(super) async fn self_check(
    lambda: &Client,
    name: &str,
    wait: Duration,
    times: &Times,
) -> Observed<Answer> {
    let call = lambda
        .invoke()
        .function_name(name)
        .invocation_type(InvocationType::RequestResponse)
        .payload(Blob::new(json!({ "task": "self-check" }).to_string()))
        .send();
    let wait = wait.min(times.left());
    let late = || {
        let detail = format!("no answer within {} s", wait.as_secs());
        Unreadable::new(INVOKE, name, Cause::TimedOut, detail)
    };
    let answer = tokio::time::timeout(wait, call).await.map_err(|_| late())?;
    let answer = answer.map_err(|error| unreadable(INVOKE, name, &error))?;
    let payload = answer.payload().map(Blob::as_ref).unwrap_or_default();
    match answer.function_error() {
        Some(kind) => Ok(Answer::Failed(failure(kind, payload))),
        None => proof(payload)
            .map(Answer::Proof)
            .ok_or_else(|| lacks(INVOKE, name, "self_check")),
    }
}

/// What a function says when it fails is `{"errorType": …, "errorMessage": …}`.
/// Source: AWS Lambda Developer Guide, "Using the Lambda runtime API", invocation error.
fn failure(kind: &str, payload: &[u8]) -> String {
    let error: Value = serde_json::from_slice(payload).unwrap_or_default();
    let words = error.get("errorMessage").and_then(Value::as_str).unwrap_or(kind);
    plain_within(words, MAX_WORDS)
}

/// `{"self_check": {"items": […], "targets": [{"target": …, "items": […]}]}}`, as `day2_aws::app` answers; `None` for anything
/// else. One line that cannot be read makes the whole proof unreadable: it may be the one that fails.
fn proof(payload: &[u8]) -> Option<Vec<Line>> {
    let answer: Value = serde_json::from_slice(payload).ok()?;
    let check = answer.get("self_check")?;
    let mut lines = items(None, check)?;
    for target in check.get("targets")?.as_array()? {
        let name = target.get("target")?.as_str()?;
        lines.extend(items(Some(name), target)?);
    }
    Some(lines)
}

fn items(target: Option<&str>, part: &Value) -> Option<Vec<Line>> {
    let items = part.get("items")?.as_array()?;
    let line = |item: &Value| {
        let item: Item = serde_json::from_value(item.clone()).ok()?;
        Some(Line {
            target: target.map(str::to_owned),
            item,
        })
    };
    items.iter().map(line).collect()
}

pub(super) async fn configuration(lambda: &Client, name: &str) -> Observed<Configuration> {
    let seen = lambda
        .get_function_configuration()
        .function_name(name)
        .send()
        .await
        .map_err(|error| unreadable(CONFIGURATION, name, &error))?;
    if seen.function_arn().is_none() {
        return Err(lacks(CONFIGURATION, name, "FunctionArn"));
    }
    let with_reason = |word: Option<&str>, reason: Option<&str>| match (word, reason) {
        (Some(word), Some(reason)) if !reason.is_empty() => Some(format!("{word}: {reason}")),
        (word, _) => word.map(str::to_owned),
    };
    Ok(Configuration {
        code_sha256: seen.code_sha256().map(str::to_owned),
        settings_sha256: settings_sha256(&seen),
        role_arn: seen.role().map(str::to_owned),
        state: with_reason(seen.state().map(State::as_str), seen.state_reason()),
        last_update: with_reason(
            seen.last_update_status().map(LastUpdateStatus::as_str),
            seen.last_update_status_reason(),
        ),
    })
}

/// The hash that stands beside the settings, or that of the settings themselves; see `day2_aws::settings`.
fn settings_sha256(seen: &GetFunctionConfigurationOutput) -> Option<String> {
    let variables = seen.environment()?.variables()?;
    if let Some(hash) = variables.get("DAY2_SETTINGS_SHA256") {
        return Some(hash.trim().to_ascii_lowercase());
    }
    let digest = Sha256::digest(variables.get("DAY2_SETTINGS")?.as_bytes());
    Some(digest.iter().fold(String::new(), |mut text, byte| {
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(u32::from(digit), 16));
        }
        text
    }))
}
