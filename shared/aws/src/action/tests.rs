//! Whole invocations of a scripted action in a world in memory.

mod approval;
mod deliveries;
mod failures;
mod flapping;
mod kill;
mod leases;
mod model;
mod roads;

use serde_json::{Value, json};

use super::{ActionApp, handle_action};
use crate::error::OpsError;
use crate::fixture::{ALARM, Actor, MORNING, Machine, OTHER_ALARM, Shared, World, at, invocation};

/// The alarm as EventBridge delivers it, after a change of state at `changed`.
fn alarm_at(changed: &str, state: &str) -> Value {
    json!({
        "version": "0", "id": "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
        "detail-type": "CloudWatch Alarm State Change", "source": "aws.cloudwatch",
        "account": "123456789012", "time": changed, "region": "us-east-1", "resources": [ALARM],
        "detail": {
            "alarmName": "prod-a-level",
            "state": { "value": state, "reason": "too low", "timestamp": changed },
            "previousState": { "value": "OK", "timestamp": "2026-03-06T10:00:00.000+0000" }
        }
    })
}

fn alarm() -> Value {
    alarm_at("2026-03-06T11:29:30.123+0000", "ALARM")
}

/// The same event about the other alarm.
fn of_the_other(mut event: Value) -> Value {
    event["resources"] = json!([OTHER_ALARM]);
    event["detail"]["alarmName"] = json!("prod-a-waits");
    event
}

fn machine() -> Shared {
    Shared::default()
}

async fn send(app: &ActionApp<Actor>, event: &Value, now: &str, request: &str) -> Result<Value, OpsError> {
    Box::pin(handle_action(
        app,
        event.to_string().as_bytes(),
        &invocation(now, request),
    ))
    .await
}

async fn ring(app: &ActionApp<Actor>) -> Result<Value, OpsError> {
    send(app, &alarm(), MORNING, "r-1").await
}

fn outcome(answer: &Result<Value, OpsError>) -> &str {
    answer.as_ref().unwrap()["outcome"].as_str().unwrap()
}

fn writes(machine: &Shared) -> Vec<i64> {
    machine.lock().unwrap().writes.clone()
}

fn change(machine: &Shared, how: impl FnOnce(&mut Machine)) {
    how(&mut machine.lock().unwrap());
}

/// The states of all leases in the table.
fn leases(world: &World) -> Vec<String> {
    let table = world.table.lock().unwrap();
    table
        .rows
        .iter()
        .filter(|((pk, _), _)| pk.starts_with("lease#"))
        .map(|(_, row)| row["state"].as_s().unwrap().clone())
        .collect()
}

/// The ids of all leases in the table.
fn lease_ids(world: &World) -> Vec<String> {
    let table = world.table.lock().unwrap();
    let keys = table.rows.keys().filter(|(pk, _)| pk.starts_with("lease#"));
    keys.map(|(_, sk)| sk.clone()).collect()
}
