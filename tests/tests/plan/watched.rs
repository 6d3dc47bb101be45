//! What happens when a function itself is ill: nothing is lost, and somebody is told (O01 to O04).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{add, after, all, caught, functions, list, obeyed, of, remove, role, words};

const QUEUE: &str = "arn:aws:sqs:us-east-1:123456789012:day2-failures";
const OPERATIONS: &str = "arn:aws:sns:us-east-1:123456789012:day2-operations";
/// How the topics of this account and region begin.
const TOPICS: &str = "arn:aws:sns:us-east-1:123456789012:";

/// A whole number in a range; what is absent is in none.
fn within(value: &Value, least: i64, most: i64) -> bool {
    value
        .as_i64()
        .is_some_and(|number| (least..=most).contains(&number))
}

fn events_are_kept(plan: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for name in functions(plan) {
        let config = of(plan, &name, "aws_lambda_function_event_invoke_config");
        // The limits of Lambda: two retries, six hours.
        let kept = config.iter().any(|(_, one)| {
            within(&one["maximum_retry_attempts"], 0, 2)
                && within(&one["maximum_event_age_in_seconds"], 60, 21600)
                && one["destination_config"][0]["on_failure"][0]["destination"] == QUEUE
        });
        if !kept {
            wrong.push(format!(
                "{name}: an event that failed for good is lost; set retries, greatest age and failure destination"
            ));
        }
        for (address, function) in of(plan, &name, "aws_lambda_function") {
            // Only scale-window asks for it: an account must keep 100 unreserved, and a new one may have 10 in all.
            let reserved = &function["reserved_concurrent_executions"];
            let asked = (name == "scale-window").then_some(1);
            if reserved.as_i64() != asked {
                wrong.push(format!(
                    "{address}: reserves {reserved} concurrent runs, asked for {asked:?}"
                ));
            }
        }
    }
    for (address, schedule) in all(plan, "aws_scheduler_schedule") {
        let target = &schedule["target"][0];
        if target["dead_letter_config"][0]["arn"] != QUEUE
            || !within(
                &target["retry_policy"][0]["maximum_event_age_in_seconds"],
                60,
                21600,
            )
        {
            wrong.push(format!(
                "{address}: what Scheduler cannot deliver is lost or comes too late"
            ));
        }
    }
    for (address, target) in all(plan, "aws_cloudwatch_event_target") {
        if target["dead_letter_config"][0]["arn"] != QUEUE {
            wrong.push(format!("{address}: what the rule cannot deliver is lost"));
        }
    }
    for (address, subscription) in all(plan, "aws_sns_topic_subscription") {
        if subscription["protocol"] == "lambda" && !words(&subscription["redrive_policy"]).contains(QUEUE) {
            wrong.push(format!("{address}: what the topic cannot deliver is lost"));
        }
    }
    wrong
}

#[test]
fn no_event_of_any_function_is_lost_o01() {
    obeyed(events_are_kept);
    let law = events_are_kept;
    let config = "module.ha_status[0].aws_lambda_function_event_invoke_config.this";
    caught(law, "ha-status: an event that failed for good", |plan| {
        after(plan, config)["destination_config"] = json!([]);
    });
    caught(law, "ha-status: an event that failed for good", |plan| {
        after(plan, config)["maximum_retry_attempts"] = Value::Null;
    });
    caught(law, "reserves 2 concurrent runs", |plan| {
        after(plan, "module.watchdog[0].aws_lambda_function.this")["reserved_concurrent_executions"] =
            json!(2);
    });
    caught(law, "what Scheduler cannot deliver", |plan| {
        let schedule = "module.watchdog[0].aws_scheduler_schedule.this[\"look-day2\"]";
        after(plan, schedule)["target"][0]["dead_letter_config"] = json!([]);
    });
    caught(law, "what the rule cannot deliver", |plan| {
        let target = "module.threat_containment[0].aws_cloudwatch_event_target.this[\"0\"]";
        after(plan, target)["dead_letter_config"] = json!([]);
    });
    caught(law, "what the topic cannot deliver", |plan| {
        let subscription = "module.provisioning_latency[0].aws_sns_topic_subscription.alarms[\"arn:aws:sns:us-east-1:123456789012:alerts\"]";
        after(plan, subscription)["redrive_policy"] = Value::Null;
    });
}

fn runs_can_be_read(plan: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for name in functions(plan) {
        let group = format!("/aws/lambda/day2-{name}");
        let logs = of(plan, &name, "aws_cloudwatch_log_group");
        let kept = logs.iter().any(|(_, one)| {
            one["name"] == group.as_str()
                && within(&one["retention_in_days"], 1, 3653)
                && !words(&one["kms_key_id"]).is_empty()
        });
        if !kept {
            wrong.push(format!(
                "{name}: its log group needs its name, a retention and the key"
            ));
        }
        for (_, function) in of(plan, &name, "aws_lambda_function") {
            let logging = &function["logging_config"][0];
            if logging["log_group"] != group.as_str() || logging["log_format"] != "JSON" {
                wrong.push(format!("{name}: it must write JSON lines into {group}"));
            }
            if function["tracing_config"][0]["mode"] != "Active" {
                wrong.push(format!("{name}: its runs must be traced"));
            }
        }
    }
    wrong
}

#[test]
fn the_runs_of_every_function_can_be_read_afterwards_o01() {
    obeyed(runs_can_be_read);
    let law = runs_can_be_read;
    let group = "module.scale_window[0].aws_cloudwatch_log_group.this";
    let function = "module.scale_window[0].aws_lambda_function.this";
    caught(law, "scale-window: its log group needs", |plan| {
        after(plan, group)["retention_in_days"] = json!(0);
    });
    caught(law, "scale-window: its log group needs", |plan| {
        after(plan, group)["kms_key_id"] = Value::Null;
    });
    caught(law, "it must write JSON lines", |plan| {
        after(plan, function)["logging_config"][0]["log_format"] = json!("Text");
    });
    caught(law, "its runs must be traced", |plan| {
        after(plan, function)["tracing_config"][0]["mode"] = json!("PassThrough");
    });
}

const OF_A_FUNCTION: [&str; 6] = [
    "Errors",
    "Throttles",
    "DeadLetterErrors",
    "DestinationDeliveryFailures",
    "AsyncEventAge",
    "Duration",
];

/// The alarms that stand on one metric of one thing.
fn alarms<'a>(plan: &'a Value, metric: &str, dimension: &str, name: &str) -> Vec<&'a Value> {
    let mut found: Vec<&Value> = all(plan, "aws_cloudwatch_metric_alarm")
        .into_iter()
        .map(|(_, alarm)| alarm)
        .collect();
    found.retain(|alarm| alarm["metric_name"] == metric && alarm["dimensions"][dimension] == name);
    found
}

/// The topics that people are told through, by name: those that functions publish to, and that of the alarms.
fn topics(plan: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::from(["day2-operations".to_owned()]);
    for name in functions(plan) {
        for statement in role(plan, &name) {
            if list(&statement["Action"]).contains(&"sns:Publish") {
                let named = list(&statement["Resource"]).into_iter();
                let own = named.filter_map(|arn| arn.strip_prefix(TOPICS));
                found.extend(own.map(str::to_owned));
            }
        }
    }
    // Nobody is told through it; the doctor itself sees whether its canary arrives.
    found.remove("day2-canary");
    found
}

fn illness_rings(plan: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut asked: Vec<(String, Vec<&Value>)> = Vec::new();
    for name in functions(plan) {
        let function = format!("day2-{name}");
        for metric in OF_A_FUNCTION {
            asked.push((
                format!("{metric} of {name}"),
                alarms(plan, metric, "FunctionName", &function),
            ));
        }
        let time_out = of(plan, &name, "aws_lambda_function")
            .first()
            .and_then(|(_, one)| one["timeout"].as_i64())
            .unwrap_or_default();
        for alarm in alarms(plan, "Duration", "FunctionName", &function) {
            // Seconds against milliseconds: 80 %.
            if alarm["threshold"].as_i64() != Some(time_out * 800) {
                wrong.push(format!("{name}: 80 % of its time-out must ring"));
            }
        }
    }
    asked.push((
        "the queue of failures".to_owned(),
        alarms(
            plan,
            "ApproximateNumberOfMessagesVisible",
            "QueueName",
            "day2-failures",
        ),
    ));
    for topic in topics(plan) {
        let found = alarms(plan, "NumberOfNotificationsFailed", "TopicName", &topic);
        asked.push((format!("what {topic} could not deliver"), found));
    }
    for (address, machine) in all(plan, "aws_sfn_state_machine") {
        for metric in ["ExecutionsFailed", "ExecutionsTimedOut"] {
            let found = alarms(plan, metric, "StateMachineArn", words(&machine["arn"]));
            asked.push((format!("{metric} of {address}"), found));
        }
    }
    for (what, found) in asked {
        if found.is_empty() {
            wrong.push(format!("nobody hears of {what}; add its alarm"));
        }
        if found
            .iter()
            .any(|alarm| list(&alarm["alarm_actions"]) != [OPERATIONS])
        {
            wrong.push(format!("the alarm about {what} must notify {OPERATIONS} alone"));
        }
    }
    wrong
}

#[test]
fn illness_of_every_function_rings_at_the_topic_of_the_operators_o02() {
    obeyed(illness_rings);
    let law = illness_rings;
    caught(law, "nobody hears of AsyncEventAge of ha-status", |plan| {
        remove(
            plan,
            "module.ha_status[0].aws_cloudwatch_metric_alarm.health[\"event-age\"]",
        );
    });
    caught(law, "nobody hears of the queue of failures", |plan| {
        remove(plan, "aws_cloudwatch_metric_alarm.failures");
    });
    for topic in ["alerts", "day2-operations", "day2-reports"] {
        let says = format!("nobody hears of what {topic} could not deliver");
        caught(law, &says, |plan| {
            remove(
                plan,
                &format!("aws_cloudwatch_metric_alarm.undelivered[\"{topic}\"]"),
            );
        });
    }
    caught(law, "the alarm about Errors of ha-status must notify", |plan| {
        let alarm = "module.ha_status[0].aws_cloudwatch_metric_alarm.health[\"errors\"]";
        after(plan, alarm)["alarm_actions"] = json!(["arn:aws:sns:us-east-1:123456789012:day2-reports"]);
    });
    caught(law, "ha-status: 80 % of its time-out", |plan| {
        after(plan, "module.ha_status[0].aws_lambda_function.this")["timeout"] = json!(7);
    });
    caught(
        law,
        "ExecutionsTimedOut of aws_sfn_state_machine.broken",
        |plan| {
            add(
                plan,
                "aws_sfn_state_machine",
                json!({ "arn": "arn:aws:states:us-east-1:123456789012:stateMachine:day2-drill" }),
            );
        },
    );
}

fn silence_of_the_watchdog_rings(plan: &Value) -> Vec<String> {
    let Some(alarm) = alarms(plan, "Heartbeat", "function", "watchdog").pop() else {
        return vec!["nobody watches the watchdog".to_owned()];
    };
    let mut wrong = Vec::new();
    if alarm["treat_missing_data"] != "breaching" || alarm["comparison_operator"] != "LessThanThreshold" {
        wrong.push("silence of the watchdog must ring".to_owned());
    }
    if list(&alarm["alarm_actions"]) != [OPERATIONS] {
        wrong.push("the watchdog's alarm must reach the operators".to_owned());
    }
    let settings = of(plan, "watchdog", "aws_lambda_function")
        .first()
        .map(|(_, one)| words(&one["environment"][0]["variables"]["DAY2_SETTINGS"]).to_owned())
        .unwrap_or_default();
    let settings: Value = serde_json::from_str(&settings).unwrap_or_default();
    for name in functions(plan) {
        let scheduled = !of(plan, &name, "aws_scheduler_schedule").is_empty();
        if name != "watchdog" && scheduled && settings["function"]["functions"].get(&name).is_none() {
            wrong.push(format!("the watchdog does not know the schedules of {name}"));
        }
    }
    wrong
}

#[test]
fn silence_rings_and_the_watchdog_knows_every_schedule_o03() {
    obeyed(silence_of_the_watchdog_rings);
    let law = silence_of_the_watchdog_rings;
    let alarm = "aws_cloudwatch_metric_alarm.watchdog[0]";
    caught(law, "nobody watches the watchdog", |plan| remove(plan, alarm));
    caught(law, "silence of the watchdog must ring", |plan| {
        after(plan, alarm)["treat_missing_data"] = json!("notBreaching");
    });
    caught(law, "must reach the operators", |plan| {
        after(plan, alarm)["alarm_actions"] = json!([]);
    });
    caught(law, "does not know the schedules of ha-status", |plan| {
        let settings = &mut after(plan, "module.watchdog[0].aws_lambda_function.this")["environment"][0]["variables"]
            ["DAY2_SETTINGS"];
        *settings = json!(words(settings).replacen("\"ha-status\"", "\"other\"", 1));
    });
}

/// Alarms about Day2 call no function, whichever way; otherwise its own illness could make it act.
fn own_alarms_call_nothing(plan: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let own: BTreeSet<&str> = all(plan, "aws_cloudwatch_metric_alarm")
        .into_iter()
        .filter(|(_, alarm)| list(&alarm["alarm_actions"]).contains(&OPERATIONS))
        .map(|(_, alarm)| words(&alarm["alarm_name"]))
        .collect();
    for (address, rule) in all(plan, "aws_cloudwatch_event_rule") {
        for name in &own {
            if words(&rule["event_pattern"]).contains(&format!(":alarm:{name}\"")) {
                wrong.push(format!(
                    "{address} calls a function for {name}, an alarm about Day2"
                ));
            }
        }
        let pattern: Value = serde_json::from_str(words(&rule["event_pattern"])).unwrap_or_default();
        if list(&pattern["source"]).contains(&"aws.cloudwatch") && list(&pattern["resources"]).is_empty() {
            wrong.push(format!("{address} listens to every alarm of the account"));
        }
    }
    for (address, permission) in all(plan, "aws_lambda_permission") {
        let source = words(&permission["source_arn"]);
        if own.iter().any(|name| source.ends_with(&format!(":alarm:{name}"))) {
            wrong.push(format!(
                "{address} lets {source}, an alarm about Day2, call a function"
            ));
        }
    }
    for (address, subscription) in all(plan, "aws_sns_topic_subscription") {
        if subscription["protocol"] == "lambda" && subscription["topic_arn"] == OPERATIONS {
            wrong.push(format!(
                "{address} lets a function listen to the topic of the operators"
            ));
        }
    }
    wrong
}

#[test]
fn alarms_about_day2_call_no_function_o04() {
    obeyed(own_alarms_call_nothing);
    let law = own_alarms_call_nothing;
    caught(law, "calls a function for day2-ha-status-errors", |plan| {
        let rule = "module.provisioning_latency[0].aws_cloudwatch_event_rule.this[\"0-0\"]";
        super::rewrite(
            plan,
            rule,
            "event_pattern",
            "prod-a-provisioning-p95",
            "day2-ha-status-errors",
        );
    });
    caught(law, "listens to every alarm", |plan| {
        let rule = "module.provisioning_latency[0].aws_cloudwatch_event_rule.this[\"0-0\"]";
        super::rewrite(plan, rule, "event_pattern", "\"resources\"", "\"other\"");
    });
    caught(law, "an alarm about Day2, call a function", |plan| {
        let arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:day2-failures";
        add(plan, "aws_lambda_permission", json!({ "source_arn": arn }));
    });
    caught(law, "listen to the topic of the operators", |plan| {
        let what = json!({ "protocol": "lambda", "topic_arn": OPERATIONS });
        add(plan, "aws_sns_topic_subscription", what);
    });
}
