//! Who hears of an alarm: rules of the bus, topics, functions; and who does not.

use std::time::Duration;

use anyhow::ensure;
use aws_sdk_cloudwatch::types::StateValue;
use aws_sdk_sqs::types::QueueAttributeName;
use day2_platform::wait::wait_until;
use serde_json::{Value, json};

use crate::emulator::alarms::{alarm, force, seen};
use crate::emulator::schedules::{events, first_event};
use crate::emulator::{emulator, functions};

const ACCOUNT: &str = "123456789012";

fn arn_of(alarm: &str) -> String {
    format!("arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:{alarm}")
}

/// A queue that events and SNS may send to; gives its URL and ARN.
pub(crate) async fn queue(name: &str) -> (String, String) {
    let arn = format!("arn:aws:sqs:us-east-1:{ACCOUNT}:{name}");
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": ["events.amazonaws.com", "sns.amazonaws.com"]},
        "Action": "sqs:SendMessage", "Resource": arn,
    }]});
    let made = aws_sdk_sqs::Client::new(&emulator().await.sdk_config())
        .create_queue()
        .queue_name(name)
        .attributes(QueueAttributeName::Policy, policy.to_string())
        .send()
        .await
        .unwrap();
    (made.queue_url().unwrap().to_owned(), arn)
}

/// Everything in the queue, as JSON.
pub(crate) async fn messages(url: &str) -> Vec<Value> {
    let sqs = aws_sdk_sqs::Client::new(&emulator().await.sdk_config());
    let mut all = Vec::new();
    loop {
        let answer = sqs
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(10)
            .send()
            .await
            .unwrap();
        if answer.messages().is_empty() {
            return all;
        }
        let bodies = answer.messages().iter().filter_map(|one| one.body());
        all.extend(bodies.map(|body| serde_json::from_str::<Value>(body).unwrap()));
    }
}

/// A rule for these alarms going to ALARM, with one target.
async fn rule(name: &str, alarms: &[String], target: &str) -> String {
    let pattern = json!({
        "source": ["aws.cloudwatch"], "detail-type": ["CloudWatch Alarm State Change"],
        "resources": alarms, "detail": {"state": {"value": ["ALARM"]}},
    });
    let api = emulator().await.api();
    let made = api
        .json(
            "events",
            "AWSEvents.PutRule",
            &json!({"Name": name, "EventPattern": pattern.to_string()}),
        )
        .await
        .unwrap();
    let targets = json!({"Rule": name, "Targets": [{"Id": "only", "Arn": target}]});
    api.json("events", "AWSEvents.PutTargets", &targets)
        .await
        .unwrap();
    made["RuleArn"].as_str().unwrap().to_owned()
}

async fn permit(function: &str, service: &str, source: &str) {
    aws_sdk_lambda::Client::new(&emulator().await.sdk_config())
        .add_permission()
        .function_name(function)
        .statement_id(service.replace('.', "-"))
        .action("lambda:InvokeFunction")
        .principal(service)
        .source_arn(source)
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn a_rule_hears_of_its_own_alarm_going_to_alarm_and_of_nothing_else() {
    let (url, target) = queue("heard").await;
    rule("heard", &[arn_of("heard")], &target).await;
    for name in ["heard", "unheard"] {
        alarm(name)
            .await
            .treat_missing_data("ignore")
            .alarm_description("Starts are slow")
            .send()
            .await
            .unwrap();
        for state in [
            StateValue::Ok,
            StateValue::Alarm,
            StateValue::Alarm,
            StateValue::Ok,
        ] {
            force(name, state).await;
        }
    }
    let told = messages(&url).await;
    let [event] = told.as_slice() else {
        panic!("not one event but {told:#?}")
    };
    assert_eq!(event["resources"], json!([arn_of("heard")]));
    assert_eq!(
        (&event["source"], &event["account"], &event["region"]),
        (&json!("aws.cloudwatch"), &json!(ACCOUNT), &json!("us-east-1"))
    );
    let detail = &event["detail"];
    assert_eq!(detail["alarmName"], "heard");
    assert_eq!(
        (&detail["previousState"]["value"], &detail["state"]["value"]),
        (&json!("OK"), &json!("ALARM"))
    );
    assert_eq!(detail["state"]["reason"], "testing alarm");
    assert_eq!(detail["state"].get("reasonData"), None);
    let stamp = detail["state"]["timestamp"].as_str().unwrap();
    assert!(stamp.ends_with("+0000") && stamp.len() == 28, "{stamp}");
    let configuration = &detail["configuration"];
    assert_eq!(configuration["description"], "Starts are slow");
    assert_eq!(
        configuration["metrics"][0]["metricStat"],
        json!({
            "metric": {"namespace": "Test", "name": "Waiting", "dimensions": {"queue": "heard"}},
            "period": 60, "stat": "Maximum",
        })
    );
}

#[tokio::test]
async fn an_evaluated_alarm_reaches_a_function_by_three_roads_with_one_timestamp() {
    let name = "three-roads";
    let emulator = emulator().await;
    let topic = aws_sdk_sns::Client::new(&emulator.sdk_config());
    let topic_arn = topic.create_topic().name(name).send().await.unwrap();
    let topic_arn = topic_arn.topic_arn().unwrap().to_owned();
    let (url, queue_arn) = queue("three-roads-mails").await;
    let mut functions = Vec::new();
    for road in ["road-bus", "road-topic", "road-direct"] {
        functions.push(functions::deploy(road, &json!([])).await);
    }
    let rule = rule(name, &[arn_of(name)], &functions[0]).await;
    permit("road-bus", "events.amazonaws.com", &rule).await;
    permit("road-topic", "sns.amazonaws.com", &topic_arn).await;
    permit(
        "road-direct",
        "lambda.alarms.cloudwatch.amazonaws.com",
        &arn_of(name),
    )
    .await;
    for (protocol, endpoint) in [("sqs", &queue_arn), ("lambda", &functions[1])] {
        topic
            .subscribe()
            .topic_arn(&topic_arn)
            .protocol(protocol)
            .endpoint(endpoint)
            .send()
            .await
            .unwrap();
    }
    alarm(name)
        .await
        .treat_missing_data("breaching")
        .alarm_actions(&topic_arn)
        .alarm_actions(&functions[2])
        .send()
        .await
        .unwrap();
    let control = emulator.control();
    assert_eq!(control.evaluate_alarm(name).await.unwrap(), "ALARM");

    let by_bus = first_event("road-bus").await;
    let by_topic = first_event("road-topic").await;
    let direct = first_event("road-direct").await;
    let changed = by_bus["detail"]["state"]["timestamp"].clone();
    assert_eq!(direct["alarmData"]["state"]["timestamp"], changed);
    assert_eq!(direct["time"], changed);
    assert_eq!(
        (&direct["source"], &direct["alarmArn"], &direct["accountId"]),
        (&json!("aws.cloudwatch"), &json!(arn_of(name)), &json!(ACCOUNT))
    );
    assert_eq!(direct["alarmData"], by_bus["detail"]);
    let record = &by_topic["Records"][0];
    assert_eq!(record["EventSource"], "aws:sns");
    let told: Value = serde_json::from_str(record["Sns"]["Message"].as_str().unwrap()).unwrap();
    assert_eq!(told["StateChangeTime"], changed);
    assert_eq!(
        (&told["AlarmArn"], &told["OldStateValue"], &told["NewStateValue"]),
        (&json!(arn_of(name)), &json!("INSUFFICIENT_DATA"), &json!("ALARM"))
    );
    assert_eq!(told["Region"], "US East (N. Virginia)");
    assert_eq!(told["Trigger"]["Statistic"], "MAXIMUM");
    let mail = &messages(&url).await[0];
    assert_eq!(mail["Subject"], "ALARM: \"three-roads\" in US East (N. Virginia)");
    // What is read back is the same moment to a millisecond: seconds as a floating-point number, which is how times
    // travel in CBOR, do not hold every millisecond, and the SDK cuts off what is below.
    let updated = seen(name)
        .await
        .state_updated_timestamp()
        .unwrap()
        .to_millis()
        .unwrap();
    let read: jiff::Timestamp = changed.as_str().unwrap().parse().unwrap();
    assert!(
        read.as_millisecond().abs_diff(updated) <= 1,
        "{read} is not {updated}"
    );
}

#[tokio::test]
async fn a_function_whose_policy_names_nobody_is_invoked_by_nobody() {
    let name = "uninvited";
    let function = functions::deploy(name, &json!([])).await;
    let (url, queue_arn) = queue("uninvited-witness").await;
    rule("uninvited", &[arn_of(name)], &function).await;
    rule("uninvited-witness", &[arn_of(name)], &queue_arn).await;
    alarm(name)
        .await
        .treat_missing_data("ignore")
        .alarm_actions(&function)
        .send()
        .await
        .unwrap();
    force(name, StateValue::Alarm).await;
    assert_eq!(messages(&url).await.len(), 1, "the change was told");

    permit(name, "lambda.alarms.cloudwatch.amazonaws.com", &arn_of(name)).await;
    force(name, StateValue::Ok).await;
    force(name, StateValue::Alarm).await;
    // The one that came is the direct one, and the only one.
    let event = first_event(name).await;
    assert_eq!(event["alarmArn"], json!(arn_of(name)));
    assert_eq!(events(name).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_event_that_a_function_fails_on_is_tried_again_and_then_kept() {
    let name = "failing-road";
    let function = functions::deploy(name, &json!([])).await;
    let (url, queue_arn) = queue("failing-road-kept").await;
    let emulator = emulator().await;
    crate::emulator::allow(
        name,
        &json!([
            {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queue_arn},
        ]),
    )
    .await;
    let lambda = aws_sdk_lambda::Client::new(&emulator.sdk_config());
    let destination = aws_sdk_lambda::types::OnFailure::builder()
        .destination(&queue_arn)
        .build();
    lambda
        .put_function_event_invoke_config()
        .function_name(name)
        .maximum_retry_attempts(1)
        .destination_config(
            aws_sdk_lambda::types::DestinationConfig::builder()
                .on_failure(destination)
                .build(),
        )
        .send()
        .await
        .unwrap();
    let rule = rule(name, &[arn_of(name)], &function).await;
    permit(name, "events.amazonaws.com", &rule).await;
    alarm(name)
        .await
        .treat_missing_data("ignore")
        .alarm_description("please fail")
        .send()
        .await
        .unwrap();
    force(name, StateValue::Alarm).await;
    wait_until(Duration::from_mins(1), "the event is kept", async || {
        let kept = messages(&url).await;
        ensure!(kept.len() == 1, "{kept:?}");
        Ok(())
    })
    .await
    .unwrap();
    wait_until(Duration::from_mins(1), "it is tried once more", async || {
        let tried = events(name).await?.len();
        ensure!(tried == 2, "{tried} times");
        Ok(())
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_topic_hears_of_the_alarms_that_its_policy_lets_in_although_it_refuses_what_is_not_tls() {
    let aws = emulator().await.sdk_config();
    let sns = aws_sdk_sns::Client::new(&aws);
    let (url, endpoint) = queue("strict").await;
    let topic = format!("arn:aws:sns:us-east-1:{ACCOUNT}:strict");
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": topic,
         "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": "sns:Publish", "Resource": topic,
         "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": arn_of("strict-*")}}},
    ]});
    sns.create_topic()
        .name("strict")
        .attributes("Policy", policy.to_string())
        .send()
        .await
        .unwrap();
    sns.subscribe()
        .topic_arn(&topic)
        .protocol("sqs")
        .endpoint(endpoint)
        .send()
        .await
        .unwrap();
    for name in ["strict-one", "lenient"] {
        alarm(name).await.alarm_actions(&topic).send().await.unwrap();
        force(name, StateValue::Ok).await;
        force(name, StateValue::Alarm).await;
    }
    let told = messages(&url).await;
    let [one] = told.as_slice() else {
        panic!("not one message but {told:#?}")
    };
    assert!(
        one["Subject"]
            .as_str()
            .unwrap()
            .starts_with("ALARM: \"strict-one\""),
        "{one}"
    );
}
