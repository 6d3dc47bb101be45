//! What happens when a function itself is ill: nothing is lost, and somebody is told (O01 to O04).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{add, after, all, caught, functions, list, obeyed, of, remove, rewrite, role, statements, words};

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

/// The topics that may put what they could not deliver into the queue of failures.
fn topics_let_in(plan: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (_, queue) in all(plan, "aws_sqs_queue") {
        let own = queue["name"] == "day2-failures";
        for statement in statements(&queue["policy"]) {
            if own
                && statement["Effect"] == "Allow"
                && statement["Principal"]["Service"] == "sns.amazonaws.com"
                && list(&statement["Action"]).contains(&"sqs:SendMessage")
            {
                let topics = list(&statement["Condition"]["ArnEquals"]["aws:SourceArn"]);
                found.extend(topics.into_iter().map(str::to_owned));
            }
        }
    }
    found
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
    let let_in = topics_let_in(plan);
    for (address, subscription) in all(plan, "aws_sns_topic_subscription") {
        if subscription["protocol"] != "lambda" {
            continue;
        }
        if !words(&subscription["redrive_policy"]).contains(QUEUE) {
            wrong.push(format!("{address}: what the topic cannot deliver is lost"));
        }
        let topic = words(&subscription["topic_arn"]);
        if !let_in.contains(topic) {
            wrong.push(format!(
                "{address}: the queue of failures does not take what {topic} cannot deliver"
            ));
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
    for topic in ["alerts", "findings"] {
        let says = format!("the queue of failures does not take what {TOPICS}{topic} cannot deliver");
        let (from, to) = (format!("{TOPICS}{topic}"), format!("{TOPICS}other"));
        caught(law, &says, |plan| {
            rewrite(plan, "aws_sqs_queue.failures", "policy", &from, &to);
        });
    }
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
            // The lines of the metrics count as INFO (Lambda Developer Guide, "Log-level filtering").
            if !["TRACE", "DEBUG", "INFO"].contains(&words(&logging["application_log_level"])) {
                wrong.push(format!("{name}: its level keeps back the lines of the metrics"));
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
    caught(law, "scale-window: its level keeps back", |plan| {
        after(plan, function)["logging_config"][0]["application_log_level"] = json!("WARN");
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

/// When an alarm rings: metric, namespace, statistic, threshold where it is the same for all, and seconds; each above its threshold,
/// in one period.
type Rings = (&'static str, &'static str, &'static str, Option<i64>, i64);

const RINGS: [Rings; 8] = [
    ("Errors", "AWS/Lambda", "Sum", Some(2), 900),
    ("Throttles", "AWS/Lambda", "Sum", Some(0), 300),
    ("DeadLetterErrors", "AWS/Lambda", "Sum", Some(0), 300),
    ("DestinationDeliveryFailures", "AWS/Lambda", "Sum", Some(0), 300),
    ("AsyncEventAge", "AWS/Lambda", "Maximum", None, 300),
    ("Duration", "AWS/Lambda", "Maximum", None, 300),
    (
        "ApproximateNumberOfMessagesVisible",
        "AWS/SQS",
        "Maximum",
        Some(0),
        300,
    ),
    ("NumberOfNotificationsFailed", "AWS/SNS", "Sum", Some(0), 300),
];

/// An alarm in the wrong namespace or with the wrong operator stands there for ever and never rings.
fn alarms_ring_when_they_should(plan: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let found = all(plan, "aws_cloudwatch_metric_alarm");
    for (metric, namespace, statistic, threshold, seconds) in RINGS {
        let mut those = found.clone();
        those.retain(|(_, alarm)| {
            alarm["metric_name"] == metric && list(&alarm["alarm_actions"]).contains(&OPERATIONS)
        });
        if those.is_empty() {
            wrong.push(format!("no alarm stands on {metric}"));
        }
        for (address, alarm) in those {
            let is = |field: &str, wanted: i64| alarm[field].as_i64() == Some(wanted);
            let meant = alarm["namespace"] == namespace
                && alarm["statistic"] == statistic
                && alarm["extended_statistic"].is_null()
                && alarm["comparison_operator"] == "GreaterThanThreshold"
                && threshold.is_none_or(|threshold| is("threshold", threshold))
                && is("period", seconds)
                && is("evaluation_periods", 1)
                && alarm["datapoints_to_alarm"].is_null()
                && alarm["treat_missing_data"] == "notBreaching";
            if !meant {
                wrong.push(format!("{address} does not ring when it should"));
            }
        }
    }
    for name in functions(plan) {
        let config = of(plan, &name, "aws_lambda_function_event_invoke_config");
        let age = config
            .first()
            .and_then(|(_, one)| one["maximum_event_age_in_seconds"].as_i64())
            .unwrap_or_default();
        for alarm in alarms(plan, "AsyncEventAge", "FunctionName", &format!("day2-{name}")) {
            // Seconds against milliseconds: half.
            if alarm["threshold"].as_i64() != Some(age * 500) {
                wrong.push(format!(
                    "{name}: half of the greatest age of its events must ring"
                ));
            }
        }
    }
    wrong
}

#[test]
fn every_alarm_about_day2_rings_when_it_should_o02() {
    let law = alarms_ring_when_they_should;
    obeyed(law);
    let of_a_function = "module.ha_status[0].aws_cloudwatch_metric_alarm.health";
    let errors = format!("{of_a_function}[\"errors\"]");
    for (field, value) in [
        ("namespace", json!("AWS/Lambdas")),
        ("statistic", json!("SampleCount")),
        ("extended_statistic", json!("p99")),
        ("threshold", json!(3)),
        ("period", json!(60)),
        ("evaluation_periods", json!(3)),
        ("datapoints_to_alarm", json!(3)),
        ("treat_missing_data", json!("breaching")),
    ] {
        caught(law, &format!("{errors} does not ring"), |plan| {
            after(plan, &errors)[field] = value.clone();
        });
    }
    let addresses = [
        format!("{of_a_function}[\"throttles\"]"),
        format!("{of_a_function}[\"dead-letters\"]"),
        format!("{of_a_function}[\"destination\"]"),
        "aws_cloudwatch_metric_alarm.failures[0]".to_owned(),
        "aws_cloudwatch_metric_alarm.undelivered[\"alerts\"]".to_owned(),
    ];
    for address in addresses {
        for (field, value) in [
            ("comparison_operator", json!("LessThanThreshold")),
            ("threshold", json!(1)),
        ] {
            caught(law, &format!("{address} does not ring"), |plan| {
                after(plan, &address)[field] = value.clone();
            });
        }
    }
    caught(law, "ha-status: half of the greatest age", |plan| {
        after(plan, &format!("{of_a_function}[\"event-age\"]"))["threshold"] = json!(300);
    });
    caught(law, "no alarm stands on NumberOfNotificationsFailed", |plan| {
        remove(plan, "aws_cloudwatch_metric_alarm.undelivered");
    });
}

fn silence_of_the_watchdog_rings(plan: &Value) -> Vec<String> {
    let Some(alarm) = alarms(plan, "Heartbeat", "function", "watchdog").pop() else {
        return vec!["nobody watches the watchdog".to_owned()];
    };
    let mut wrong = Vec::new();
    if alarm["namespace"] != "Day2" {
        wrong.push("the watchdog's alarm is not on a metric of Day2".to_owned());
    }
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
    caught(law, "is not on a metric of Day2", |plan| {
        after(plan, alarm)["namespace"] = json!("Day3");
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
