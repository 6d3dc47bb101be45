//! Reads the journal, asks the owners of what is due, and reads the journal again. No opinions.

#[cfg(test)]
mod tests;

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use day2_aws::boot::patient;
use day2_aws::check::Moment;
use day2_aws::error::{OpsError, unreadable};
use day2_aws::journal::{Journal, Storm};
use day2_core::action::Lease;
use day2_core::hostile::plain_within;
use day2_core::settings::Settings;
use day2_core::{Cause, Observed, Unreadable};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::facts::{Answer, Asked, Facts, NotAsked};
use crate::settings::{Owner, Sweep, SweeperSettings};
use crate::storms::over;

/// The action behind every call to an owner, a rehearsal included.
pub const INVOKE: &str = "lambda:InvokeFunction";

/// Time kept for reading the journal again after the last owner has answered.
const READ_AGAIN: Duration = Duration::from_secs(6);

/// How long a storm is told after it is over, in minutes, before it is marked as told. Longer than one run, so that a
/// report that could not be published does not take the only mention with it.
pub const TOLD_FOR_MINUTES: i64 = 60;

/// Most characters of an owner's answer that are kept.
const MAX_WORDS: usize = 400;

/// The clients. Both belong to the account of the deployment, whoever owns the target.
#[derive(Debug, Clone)]
pub struct Clients {
    /// Asks the owners.
    pub lambda: aws_sdk_lambda::Client,
    /// Reads the journal.
    pub dynamodb: aws_sdk_dynamodb::Client,
}

impl Clients {
    /// Clients over one configuration.
    #[must_use]
    pub fn new(aws: &SdkConfig) -> Self {
        Self {
            lambda: aws_sdk_lambda::Client::new(&patient(aws)),
            dynamodb: aws_sdk_dynamodb::Client::new(aws),
        }
    }
}

/// One sweep of one target.
pub async fn sweep(
    clients: &Clients,
    settings: &Settings<SweeperSettings>,
    target: &str,
    sweep: &Sweep,
    at: Moment,
) -> Facts {
    let end = Instant::now() + at.budget();
    let journal = Journal::new(
        clients.dynamodb.clone(),
        settings.deployment.journal_table.as_str(),
    );
    let (before, storms) = tokio::join!(
        within(end, journal.table(), journal.changes_in_force(target)),
        within(end, journal.table(), journal.storms(target)),
    );
    let due = before
        .as_ref()
        .map_or_else(|_| Vec::new(), |leases| due(leases, at.now));
    let asked = ask_all(
        clients,
        settings,
        due,
        sweep,
        end.checked_sub(READ_AGAIN).unwrap_or(end),
    )
    .await;
    let after = if asked.is_empty() {
        before.clone()
    } else {
        within(end, journal.table(), journal.changes_in_force(target)).await
    };
    let not_marked = match &storms {
        Ok(storms) => mark(&journal, storms, at.now, end).await,
        Err(_) => None,
    };
    Facts {
        before,
        asked,
        after,
        storms,
        not_marked,
    }
}

/// The runs of a schedule are this far apart, or a multiple of it.
const SLOT_SECONDS: i64 = 300;

/// 2^64 divided by the golden ratio. Its multiples spread evenly whatever the distance between them is, so that every change
/// comes first before long under any schedule. A remainder would not do: with a run every ten minutes and two changes, or one
/// every five and a count of minutes and five changes, the same one is first for ever. Source: D. Knuth, *The Art of Computer
/// Programming*, volume 3, 6.4, "Fibonacci hashing".
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// Changes whose time is over, the longest over first, beginning elsewhere in every run: one that fails slowly, or twenty
/// that fail, must not keep the others waiting for ever.
fn due(leases: &[Lease], now: Timestamp) -> Vec<Lease> {
    let mut due: Vec<Lease> = leases.iter().filter(|lease| lease.is_due(now)).cloned().collect();
    due.sort_by(|a, b| (a.expires_at, &a.id).cmp(&(b.expires_at, &b.id)));
    let slot = u64::try_from(now.as_second().div_euclid(SLOT_SECONDS)).unwrap_or_default();
    let count = u128::try_from(due.len()).unwrap_or_default();
    let first = (u128::from(slot.wrapping_mul(SPREAD)) * count) >> 64;
    due.rotate_left(usize::try_from(first).unwrap_or_default());
    due
}

/// One after another: each owner takes the lock of the target, so that two at once would only be in each other's way.
async fn ask_all(
    clients: &Clients,
    settings: &Settings<SweeperSettings>,
    due: Vec<Lease>,
    sweep: &Sweep,
    end: Instant,
) -> Vec<Asked> {
    let mut asked = Vec::with_capacity(due.len());
    let mut calls = 0;
    for lease in due {
        let answer = match settings.function.owners.get(&lease.function) {
            None => Answer::NotAsked(NotAsked::NoOwner),
            Some(_) if calls >= sweep.max_per_run => Answer::NotAsked(NotAsked::Enough(calls)),
            Some(owner) => {
                let left = end.saturating_duration_since(Instant::now());
                if left < time_of(owner) {
                    Answer::NotAsked(NotAsked::Late {
                        left_seconds: left.as_secs(),
                        needs_seconds: u64::from(owner.timeout_seconds),
                    })
                } else {
                    calls += 1;
                    let name = lambda_name(settings, &lease.function);
                    ask(&clients.lambda, &name, owner, &lease.id).await
                }
            }
        };
        asked.push(Asked { lease, answer });
    }
    asked
}

fn time_of(owner: &Owner) -> Duration {
    Duration::from_secs(u64::from(owner.timeout_seconds))
}

/// Name of a function of this deployment, as `infra/modules/ops-function` gives it.
pub(crate) fn lambda_name(settings: &Settings<SweeperSettings>, function: &str) -> String {
    format!("{}-{function}", settings.deployment.name.as_str())
}

async fn ask(lambda: &aws_sdk_lambda::Client, name: &str, owner: &Owner, lease: &str) -> Answer {
    let payload = json!({ "task": "revert", "lease": lease }).to_string();
    let call = lambda
        .invoke()
        .function_name(name)
        .invocation_type(InvocationType::RequestResponse)
        .payload(Blob::new(payload))
        .send();
    let Ok(answer) = timeout(time_of(owner), call).await else {
        return Answer::NoAnswer {
            waited_seconds: u64::from(owner.timeout_seconds),
        };
    };
    match answer {
        Err(error) => Answer::NoResult(unreadable(INVOKE, name, &error)),
        Ok(done) => {
            let payload = done.payload().map(Blob::as_ref).unwrap_or_default();
            match done.function_error() {
                None => Answer::Returned(success(payload)),
                Some(kind) => failure(kind, payload),
            }
        }
    }
}

/// What a function says when it fails is `{"errorType": …, "errorMessage": …}`.
/// Source: AWS Lambda Developer Guide, "Using the Lambda runtime API", invocation error.
fn failure(kind: &str, payload: &[u8]) -> Answer {
    let error: Value = serde_json::from_slice(payload).unwrap_or_default();
    let field = |name: &str| error.get(name).and_then(Value::as_str);
    Answer::Failed {
        kind: plain_within(kind, MAX_WORDS),
        error_type: field("errorType").map(|text| plain_within(text, MAX_WORDS)),
        says: field("errorMessage").map_or_else(|| words(payload), |text| plain_within(text, MAX_WORDS)),
    }
}

/// What a function says when it ends well is `{"outcome": …, "reports": [{"action": {"says": …}}]}`; a report is long.
fn success(payload: &[u8]) -> String {
    let answer: Value = serde_json::from_slice(payload).unwrap_or_default();
    let text = |pointer: &str| answer.pointer(pointer).and_then(Value::as_str);
    let Some(outcome) = text("/outcome") else {
        return words(payload);
    };
    let says = text("/reports/0/action/says").or_else(|| text("/reason"));
    let whole = says.map_or_else(|| outcome.to_owned(), |says| format!("{outcome}: {says}"));
    plain_within(&whole, MAX_WORDS)
}

fn words(payload: &[u8]) -> String {
    plain_within(&String::from_utf8_lossy(payload), MAX_WORDS)
}

/// Asks Lambda whether a function could be asked: it checks name and permission and runs nothing.
/// Source: API `Invoke`, `InvocationType` `DryRun`.
///
/// # Errors
///
/// Why it could not.
pub async fn rehearse(lambda: &aws_sdk_lambda::Client, name: &str, wait: Duration) -> Observed<()> {
    let call = lambda
        .invoke()
        .function_name(name)
        .invocation_type(InvocationType::DryRun)
        .send();
    match timeout(wait, call).await {
        Err(_) => Err(late(INVOKE, name)),
        Ok(Err(error)) => Err(unreadable(INVOKE, name, &error)),
        Ok(Ok(_)) => Ok(()),
    }
}

/// Marks the storms that have been told for long enough; one that was only seen now, hours later, is told in this run.
async fn mark(journal: &Journal, storms: &[Storm], now: Timestamp, end: Instant) -> Option<Unreadable> {
    let told_for = SignedDuration::from_mins(TOLD_FOR_MINUTES);
    let told = over(storms, now);
    let told = told.iter().filter(|storm| storm.over_for(now) >= told_for);
    // The last span first: if the time is up, what is left still begins, and is called, as before.
    for storm in told.flat_map(|storm| storm.spans.iter().rev()) {
        let done = timeout(
            end.saturating_duration_since(Instant::now()),
            journal.digested(storm, now),
        )
        .await;
        match done {
            Err(_) => return Some(late("dynamodb:UpdateItem", journal.table())),
            Ok(Err(error)) => return Some(error.to_unreadable("dynamodb:UpdateItem", journal.table())),
            Ok(Ok(())) => {}
        }
    }
    None
}

/// Ends a read of the journal at the end of the run.
async fn within<T>(
    end: Instant,
    table: &str,
    read: impl Future<Output = Result<T, OpsError>>,
) -> Observed<T> {
    const ACTION: &str = "dynamodb:Query";
    match timeout(end.saturating_duration_since(Instant::now()), read).await {
        Err(_) => Err(late(ACTION, table)),
        Ok(answer) => answer.map_err(|error| error.to_unreadable(ACTION, table)),
    }
}

fn late(operation: &str, resource: &str) -> Unreadable {
    Unreadable::new(
        operation,
        resource,
        Cause::TimedOut,
        "the time of this run was used up",
    )
}
