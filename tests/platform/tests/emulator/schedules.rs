//! EventBridge Scheduler: time zones, context attributes, the schedule's role, and metrics from what a function logs.

use std::time::Duration;

use aws_sdk_cloudwatch::types::Dimension;
use day2_platform::wait::wait_until;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::emulator::{emulator, functions, metrics, role};

const ZONE: &str = "America/New_York";

/// Makes a schedule in the group `default` whose target is the function, with all context attributes in its input.
async fn schedule(name: &str, expression: &str, function: &str, role: &str) {
    let input = r#"{"task":"prescale","target":"prod-a","scheduled_at":"<aws.scheduler.scheduled-time>","execution":"<aws.scheduler.execution-id>"}"#;
    let document = json!({
        "ScheduleExpression": expression,
        "ScheduleExpressionTimezone": ZONE,
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": function, "RoleArn": role, "Input": input},
    });
    emulator()
        .await
        .api()
        .rest("scheduler", "POST", &format!("/schedules/{name}"), &document)
        .await
        .unwrap();
}

async fn scheduler_role(name: &str, function: &str) -> String {
    let statements = json!([{"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": function}]);
    role(name, "scheduler.amazonaws.com", &statements).await
}

/// The events that a function has logged.
pub(crate) async fn events(function: &str) -> anyhow::Result<Vec<Value>> {
    let request = json!({"logGroupName": format!("/aws/lambda/{function}")});
    let answer = emulator()
        .await
        .api()
        .json("logs", "Logs_20140328.FilterLogEvents", &request)
        .await?;
    let lines = answer["events"].as_array().cloned().unwrap_or_default();
    let logged = lines
        .iter()
        .filter_map(|line| serde_json::from_str::<Value>(line["message"].as_str()?).ok());
    Ok(logged.filter_map(|line| line.get("event").cloned()).collect())
}

pub(crate) async fn first_event(function: &str) -> Value {
    wait_until(
        Duration::from_secs(30),
        "the function has logged its event",
        async || {
            events(function)
                .await?
                .into_iter()
                .next()
                .ok_or_else(|| anyhow::anyhow!("no event"))
        },
    )
    .await
    .unwrap()
}

#[tokio::test]
async fn a_schedule_fired_by_hand_brings_the_time_it_stands_for_and_its_log_line_becomes_a_metric() {
    let emulator = emulator().await;
    let function = functions::deploy("fired", &json!([])).await;
    let role = scheduler_role("fired-schedule", &function).await;
    schedule("fired", "cron(30 6 ? * MON-FRI *)", &function, &role).await;
    let at: Timestamp = "2026-03-09T10:30:00Z".parse().unwrap();
    let execution = emulator
        .control()
        .fire_schedule("default", "fired", at)
        .await
        .unwrap();

    let event = first_event("fired").await;
    assert_eq!(event["scheduled_at"], "2026-03-09T10:30:00Z");
    assert_eq!(event["execution"], execution.as_str());
    assert_eq!(event["task"], "prescale");
    let one = vec![Dimension::builder().name("function").value("whoami").build()];
    assert!(!metrics::values("Day2", "Runs", one, "Sum").await.is_empty());
}

#[tokio::test]
async fn a_schedule_comes_at_its_local_time() {
    let function = functions::deploy("soon", &json!([])).await;
    let role = scheduler_role("soon-schedule", &function).await;
    #[expect(clippy::disallowed_methods, reason = "the emulator lives in the real time")]
    let at = (Timestamp::now() + SignedDuration::from_secs(3))
        .in_tz(ZONE)
        .unwrap();
    schedule(
        "soon",
        &format!("at({})", at.strftime("%Y-%m-%dT%H:%M:%S")),
        &function,
        &role,
    )
    .await;
    let event = first_event("soon").await;
    assert_eq!(
        event["scheduled_at"],
        at.timestamp().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    );
}

#[tokio::test]
async fn a_schedule_whose_role_may_not_invoke_the_function_invokes_nothing() {
    let function = functions::deploy("forbidden", &json!([])).await;
    let role = role("forbidden-schedule", "scheduler.amazonaws.com", &json!([])).await;
    schedule("forbidden", "cron(30 6 ? * MON-FRI *)", &function, &role).await;
    let at: Timestamp = "2026-03-09T10:30:00Z".parse().unwrap();
    let error = emulator()
        .await
        .control()
        .fire_schedule("default", "forbidden", at)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("is not allowed lambda:InvokeFunction"),
        "{error}"
    );
}

#[tokio::test]
async fn a_schedule_that_is_disabled_fires_nothing_when_its_time_comes_o03() {
    let emulator = emulator().await;
    let function = functions::deploy("switched", &json!([])).await;
    let role = scheduler_role("switched-schedule", &function).await;
    schedule("switched", "cron(30 6 ? * MON-FRI *)", &function, &role).await;
    let (api, control) = (emulator.api(), emulator.control());
    let path = "/schedules/switched";
    let mut document = api
        .rest(
            "scheduler",
            "GET",
            &format!("{path}?groupName=default"),
            &Value::Null,
        )
        .await
        .unwrap();
    let at: Timestamp = "2026-03-09T10:30:00Z".parse().unwrap();
    for (state, fires) in [("DISABLED", false), ("ENABLED", true)] {
        document["State"] = json!(state);
        api.rest("scheduler", "PUT", path, &document).await.unwrap();
        let fired = control.schedule_comes_round("default", "switched", at).await;
        assert_eq!(fired.unwrap(), fires, "{state}");
    }
    assert_eq!(first_event("switched").await["task"], "prescale");
    assert_eq!(events("switched").await.unwrap().len(), 1, "only once");
}
