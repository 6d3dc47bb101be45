//! Against the SDKs' own types: what is asked, and what a failure becomes.

mod rights;
mod rules;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_eks::operation::describe_access_entry::{DescribeAccessEntryError, DescribeAccessEntryOutput};
use aws_sdk_kms::operation::describe_key::{DescribeKeyError, DescribeKeyOutput};
use aws_sdk_kms::operation::get_key_policy::{GetKeyPolicyError, GetKeyPolicyOutput};
use aws_sdk_kms::types::{KeyManagerType, KeyMetadata, KeyState};
use aws_sdk_lambda::operation::get_function_configuration::GetFunctionConfigurationOutput;
use aws_sdk_lambda::operation::invoke::InvokeOutput;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::EnvironmentResponse;
use aws_sdk_scheduler::operation::get_schedule::{GetScheduleError, GetScheduleOutput};
use aws_sdk_scheduler::types::{ScheduleState, Target};
use aws_sdk_sns::operation::get_topic_attributes::{GetTopicAttributesError, GetTopicAttributesOutput};
use aws_sdk_sns::operation::list_subscriptions_by_topic::ListSubscriptionsByTopicOutput;
use aws_sdk_sns::operation::publish::PublishOutput;
use aws_sdk_sns::types::Subscription;
use aws_sdk_sqs::operation::delete_message::DeleteMessageOutput;
use aws_sdk_sqs::operation::receive_message::ReceiveMessageOutput;
use aws_sdk_sqs::types::Message;
use aws_smithy_mocks::{RuleMode, mock, mock_client};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::DateTime;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::error::ErrorMetadata;
use day2_core::{Cause, Verdict};
use day2_reads::times::Times;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{alarm_topic, functions, mails, schedules, world};
use crate::facts::{AlarmTopic, Answer, Flight, KeyRefusal, TopicKey};
use crate::settings::DoctorSettings;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A minute is left, and each look at the clock takes a second.
fn times() -> Times {
    let now = at("2026-03-06T14:00:00Z");
    let looks = Arc::new(AtomicI64::new(0));
    Times {
        now,
        deadline: now + SignedDuration::from_mins(1),
        clock: Arc::new(move || now + SignedDuration::from_secs(looks.fetch_add(1, Ordering::Relaxed))),
    }
}

fn settings(change: impl FnOnce(&mut Value)) -> DoctorSettings {
    crate::assess::tests::settings(change).function
}

async fn answered(error: Option<&'static str>, payload: Value) -> day2_core::Observed<Answer> {
    let rule = mock!(aws_sdk_lambda::Client::invoke)
        .match_requests(|request| {
            let asked = request.payload().map(Blob::as_ref).unwrap_or_default();
            request.function_name() == Some("day2-scale-window") && asked == br#"{"task":"self-check"}"#
        })
        .then_output(move || {
            let payload = Blob::new(payload.to_string());
            InvokeOutput::builder()
                .status_code(200)
                .set_function_error(error.map(str::to_owned))
                .payload(payload)
                .build()
        });
    let lambda = mock_client!(aws_sdk_lambda, RuleMode::MatchAny, [&rule]);
    functions::self_check(&lambda, "day2-scale-window", Duration::from_secs(5), &times()).await
}

#[tokio::test]
async fn a_self_check_is_read_line_by_line_with_its_targets() {
    let item = |code: &str, verdict: &str| {
        json!({"code": code, "title": "t", "verdict": verdict, "seen": "s",
               "population": {"examined": 1, "expected_at_least": 1}, "remedy": "r"})
    };
    let proof = json!({"self_check": {
        "function": "scale-window", "status": "FAIL", "items": [item("SCW-910", "PASS")],
        "targets": [{"target": "prod-a", "status": "FAIL", "items": [item("SCW-802", "FAIL")]}],
    }});
    let Ok(Answer::Proof(lines)) = answered(None, proof.clone()).await else {
        panic!("no proof");
    };
    let seen: Vec<_> = lines
        .iter()
        .map(|line| {
            (
                line.target.as_deref(),
                line.item.code.as_str(),
                line.item.verdict(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (None, "SCW-910", Verdict::Pass),
            (Some("prod-a"), "SCW-802", Verdict::Fail)
        ]
    );

    // A line that cannot be read may be the one that fails.
    let mut spoiled = proof;
    spoiled["self_check"]["targets"][0]["items"][0]["verdict"] = json!("MAYBE");
    for other in [
        spoiled,
        json!({"outcome": "ignored"}),
        json!(null),
        json!({"self_check": {}}),
    ] {
        let why = answered(None, other.clone()).await.unwrap_err();
        assert_eq!(why.cause, Cause::Malformed, "{other}");
    }
}

#[tokio::test]
async fn a_function_that_ends_in_an_error_says_so_in_its_own_words() {
    let words = json!({"errorType": "Permanent", "errorMessage": "settings are not usable: 2 mistakes"});
    assert_eq!(
        answered(Some("Unhandled"), words).await,
        Ok(Answer::Failed("settings are not usable: 2 mistakes".to_owned()))
    );
    assert_eq!(
        answered(Some("Unhandled"), json!(null)).await,
        Ok(Answer::Failed("Unhandled".to_owned()))
    );
}

#[tokio::test]
async fn settings_are_hashed_where_they_stand_and_taken_by_their_hash_elsewhere() {
    let variables = [
        (
            json!({"DAY2_SETTINGS": "{}"}),
            Some("44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"),
        ),
        (
            json!({"DAY2_SETTINGS": "s3://b/k", "DAY2_SETTINGS_SHA256": "AB12"}),
            Some("ab12"),
        ),
        (json!({}), None),
    ];
    for (variables, expected) in variables {
        let rule = mock!(aws_sdk_lambda::Client::get_function_configuration).then_output(move || {
            let mut environment = EnvironmentResponse::builder();
            for (name, value) in variables.as_object().unwrap() {
                environment = environment.variables(name, value.as_str().unwrap());
            }
            GetFunctionConfigurationOutput::builder()
                .function_arn("arn:aws:lambda:us-east-1:123456789012:function:day2-x")
                .environment(environment.build())
                .build()
        });
        let lambda = mock_client!(aws_sdk_lambda, RuleMode::MatchAny, [&rule]);
        let seen = functions::configuration(&lambda, "day2-x").await.unwrap();
        assert_eq!(seen.settings_sha256.as_deref(), expected);
    }
    let lost = mock!(aws_sdk_lambda::Client::get_function_configuration)
        .then_output(|| GetFunctionConfigurationOutput::builder().build());
    let lambda = mock_client!(aws_sdk_lambda, RuleMode::MatchAny, [&lost]);
    let why = functions::configuration(&lambda, "day2-x").await.unwrap_err();
    assert_eq!(why.cause, Cause::Malformed);
}

#[tokio::test]
async fn a_schedule_is_read_within_the_group_of_its_function() {
    let there = mock!(aws_sdk_scheduler::Client::get_schedule)
        .match_requests(|request| {
            request.group_name() == Some("day2-scale-window") && request.name() == Some("prescale-prod-a")
        })
        .then_output(|| {
            let target = Target::builder().arn("arn:x").role_arn("arn:y").input("{}");
            GetScheduleOutput::builder()
                .state(ScheduleState::Enabled)
                .schedule_expression("cron(30 6 * * ? *)")
                .end_date(DateTime::from_secs(1_767_225_600))
                .target(target.build().unwrap())
                .build()
        });
    let scheduler = mock_client!(aws_sdk_scheduler, RuleMode::MatchAny, [&there]);
    let seen = schedules::read(&scheduler, &settings(|_| {}), &times()).await;
    let (which, schedule) = &seen[0];
    assert_eq!(
        (seen.len(), which.path().as_str()),
        (1, "scale-window/prescale-prod-a")
    );
    let schedule = schedule.as_ref().unwrap();
    assert_eq!(
        (schedule.zone.as_str(), schedule.target_arn.as_str()),
        ("UTC", "arn:x")
    );
    assert_eq!(
        (schedule.role_arn.as_str(), schedule.input.as_deref()),
        ("arn:y", Some("{}"))
    );
    assert_eq!(
        (schedule.starts.as_deref(), schedule.ends.as_deref()),
        (None, Some("2026-01-01T00:00:00Z"))
    );

    let gone = mock!(aws_sdk_scheduler::Client::get_schedule).then_error(|| {
        GetScheduleError::generic(ErrorMetadata::builder().code("ResourceNotFoundException").build())
    });
    let lost =
        mock!(aws_sdk_scheduler::Client::get_schedule).then_output(|| GetScheduleOutput::builder().build());
    for (rule, cause) in [(&gone, Cause::NotFound), (&lost, Cause::Malformed)] {
        let scheduler = mock_client!(aws_sdk_scheduler, RuleMode::MatchAny, [rule]);
        let seen = schedules::read(&scheduler, &settings(|_| {}), &times()).await;
        assert_eq!(seen[0].1.as_ref().unwrap_err().cause, cause);
    }
}

#[tokio::test]
async fn subscriptions_are_read_over_all_pages_and_those_without_an_arn_wait_for_somebody() {
    let subscription = |arn: &str| {
        Subscription::builder()
            .protocol("email")
            .endpoint("sre@example.com")
            .subscription_arn(arn)
            .build()
    };
    let first = mock!(aws_sdk_sns::Client::list_subscriptions_by_topic)
        .match_requests(|request| request.next_token().is_none())
        .then_output(move || {
            ListSubscriptionsByTopicOutput::builder()
                .subscriptions(subscription("PendingConfirmation"))
                .next_token("more")
                .build()
        });
    let second = mock!(aws_sdk_sns::Client::list_subscriptions_by_topic)
        .match_requests(|request| request.next_token() == Some("more"))
        .then_output(move || {
            ListSubscriptionsByTopicOutput::builder()
                .subscriptions(subscription("arn:aws:sns:us-east-1:123456789012:day2-reports:1"))
                .build()
        });
    let sns = mock_client!(aws_sdk_sns, RuleMode::MatchAny, [&first, &second]);
    let seen = mails::subscribers(&sns, "topic").await.unwrap();
    let pending: Vec<bool> = seen.iter().map(|one| one.pending).collect();
    assert_eq!(pending, [true, false]);
}

const OPERATIONS: &str = "arn:aws:sns:us-east-1:123456789012:day2-operations";
const KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/k-1";

/// SNS with the topic of alarms, its policy, and its key as it was set.
fn topic_with(policy: &'static str, key: Option<&'static str>) -> aws_sdk_sns::Client {
    let rule = mock!(aws_sdk_sns::Client::get_topic_attributes)
        .match_requests(|request| request.topic_arn() == Some(OPERATIONS))
        .then_output(move || {
            let mut answer = GetTopicAttributesOutput::builder().attributes("Policy", policy);
            if let Some(key) = key {
                answer = answer.attributes("KmsMasterKeyId", key);
            }
            answer.build()
        });
    mock_client!(aws_sdk_sns, RuleMode::MatchAny, [&rule])
}

/// KMS with one key, asked for by `id`, whose policy is read by its ARN; and how often it was asked for the policy.
fn key_of(id: &'static str, manager: KeyManagerType) -> (aws_sdk_kms::Client, aws_smithy_mocks::Rule) {
    let described = mock!(aws_sdk_kms::Client::describe_key)
        .match_requests(move |request| request.key_id() == Some(id))
        .then_output(move || {
            let key = KeyMetadata::builder().key_id("k-1").arn(KEY);
            let key = key
                .key_state(KeyState::Disabled)
                .key_manager(manager.clone())
                .build();
            DescribeKeyOutput::builder().key_metadata(key.unwrap()).build()
        });
    let policy = mock!(aws_sdk_kms::Client::get_key_policy)
        .match_requests(|request| request.key_id() == Some(KEY) && request.policy_name() == Some("default"))
        .then_output(|| GetKeyPolicyOutput::builder().policy("of the key").build());
    let client = mock_client!(aws_sdk_kms, RuleMode::MatchAny, [&described, &policy]);
    (client, policy)
}

#[tokio::test]
async fn the_topic_of_alarms_is_read_with_its_key_however_that_is_named_o07() {
    for id in [
        KEY,
        "k-1",
        "alias/day2",
        "arn:aws:kms:us-east-1:123456789012:alias/day2",
    ] {
        let (kms, _) = key_of(id, KeyManagerType::Customer);
        let sns = topic_with("of the topic", Some(id));
        let seen = alarm_topic::look(&sns, &kms, &settings(|_| {}), &times()).await;
        let key = TopicKey::Customer {
            arn: KEY.to_owned(),
            state: "Disabled".to_owned(),
            policy: Ok("of the key".to_owned()),
        };
        let expected = AlarmTopic {
            policy: "of the topic".to_owned(),
            key: Some(Ok(key)),
        };
        assert_eq!(seen, Some(Ok(expected)), "{id}");
    }
}

#[tokio::test]
async fn of_a_key_that_aws_manages_no_policy_is_read_and_of_no_key_nothing() {
    for (id, expected) in [
        (None, None),
        (Some(""), None),
        (Some("alias/aws/sns"), Some(Ok(TopicKey::ManagedByAws))),
        (
            Some("arn:aws:kms:us-east-1:123456789012:alias/aws/sns"),
            Some(Ok(TopicKey::ManagedByAws)),
        ),
        (Some("k-1"), Some(Ok(TopicKey::ManagedByAws))),
    ] {
        let (kms, policy) = key_of("k-1", KeyManagerType::Aws);
        let sns = topic_with("of the topic", id);
        let seen = alarm_topic::look(&sns, &kms, &settings(|_| {}), &times()).await;
        assert_eq!(seen.unwrap().unwrap().key, expected, "{id:?}");
        assert_eq!(policy.num_calls(), 0, "{id:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_of_topic_and_key_is_told_with_its_cause() {
    let (kms, _) = key_of("k-1", KeyManagerType::Customer);
    let gone = mock!(aws_sdk_sns::Client::get_topic_attributes)
        .then_error(|| GetTopicAttributesError::generic(ErrorMetadata::builder().code("NotFound").build()));
    let lost = mock!(aws_sdk_sns::Client::get_topic_attributes)
        .then_output(|| GetTopicAttributesOutput::builder().build());
    for (rule, cause) in [(&gone, Cause::NotFound), (&lost, Cause::Malformed)] {
        let sns = mock_client!(aws_sdk_sns, RuleMode::MatchAny, [rule]);
        let seen = alarm_topic::look(&sns, &kms, &settings(|_| {}), &times()).await;
        assert_eq!(seen.unwrap().unwrap_err().cause, cause);
    }

    let sns = topic_with("of the topic", Some("k-1"));
    let gone = mock!(aws_sdk_kms::Client::describe_key)
        .then_error(|| DescribeKeyError::generic(ErrorMetadata::builder().code("NotFoundException").build()));
    let kms = mock_client!(aws_sdk_kms, RuleMode::MatchAny, [&gone]);
    let seen = alarm_topic::look(&sns, &kms, &settings(|_| {}), &times()).await;
    assert_eq!(
        seen.unwrap().unwrap().key.unwrap().unwrap_err().cause,
        Cause::NotFound
    );

    let denied = mock!(aws_sdk_kms::Client::get_key_policy).then_error(|| {
        GetKeyPolicyError::generic(ErrorMetadata::builder().code("AccessDeniedException").build())
    });
    let lost =
        mock!(aws_sdk_kms::Client::get_key_policy).then_output(|| GetKeyPolicyOutput::builder().build());
    let described = mock!(aws_sdk_kms::Client::describe_key).then_output(|| {
        let key = KeyMetadata::builder().key_id("k-1").key_state(KeyState::Enabled);
        DescribeKeyOutput::builder()
            .key_metadata(key.build().unwrap())
            .build()
    });
    for (rule, cause) in [(&denied, Cause::Denied), (&lost, Cause::Malformed)] {
        let kms = mock_client!(aws_sdk_kms, RuleMode::MatchAny, [&described, rule]);
        let seen = alarm_topic::look(&sns, &kms, &settings(|_| {}), &times()).await;
        let Some(Ok(TopicKey::Customer { policy, .. })) = seen.unwrap().unwrap().key else {
            panic!("no key of a customer");
        };
        assert_eq!(policy.unwrap_err().cause, cause);
    }
}

#[tokio::test]
async fn without_a_topic_of_alarms_here_nothing_is_asked() {
    let (kms, _) = key_of("k-1", KeyManagerType::Customer);
    let sns = topic_with("of the topic", None);
    let none = settings(|own| own["operations_topic_arn"] = Value::Null);
    let elsewhere = settings(|own| {
        own["operations_topic_arn"] = json!("arn:aws:sns:us-east-1:222222222222:pager");
    });
    for settings in [none, elsewhere] {
        assert_eq!(alarm_topic::look(&sns, &kms, &settings, &times()).await, None);
    }
}

/// A queue that holds one message, and how often something was taken out.
async fn flight(body: Option<&'static str>) -> (day2_core::Observed<Flight>, usize) {
    let published = mock!(aws_sdk_sns::Client::publish)
        .match_requests(|request| {
            request.topic_arn() == Some("arn:aws:sns:us-east-1:123456789012:day2-canary")
                && request.message() == Some("canary 2026-03-06T14:00:00Z")
        })
        .then_output(|| PublishOutput::builder().message_id("1").build());
    let sns = mock_client!(aws_sdk_sns, RuleMode::MatchAny, [&published]);
    let received = mock!(aws_sdk_sqs::Client::receive_message).then_output(move || {
        let message = body.map(|body| Message::builder().body(body).receipt_handle("handle").build());
        ReceiveMessageOutput::builder()
            .set_messages(message.map(|one| vec![one]))
            .build()
    });
    let taken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&taken);
    let deleted = mock!(aws_sdk_sqs::Client::delete_message).then_output(move || {
        count.fetch_add(1, Ordering::Relaxed);
        DeleteMessageOutput::builder().build()
    });
    let sqs = mock_client!(aws_sdk_sqs, RuleMode::MatchAny, [&received, &deleted]);
    let settings = settings(|own| {
        own["canary"] =
            json!({"topic_arn": "arn:aws:sns:us-east-1:123456789012:day2-canary", "queue_url": "https://q"});
    });
    let seen = mails::fly(&sns, &sqs, settings.canary.as_ref().unwrap(), &times()).await;
    (seen, taken.load(Ordering::Relaxed))
}

#[tokio::test]
async fn only_our_own_canary_counts_and_only_it_is_taken_out() {
    assert_eq!(
        flight(Some("canary 2026-03-06T14:00:00Z")).await,
        (Ok(Flight::Arrived), 1)
    );
    assert_eq!(
        flight(Some("canary 2026-03-06T13:59:59Z")).await,
        (Ok(Flight::Lost(20)), 0)
    );
    assert_eq!(flight(None).await, (Ok(Flight::Lost(20)), 0));
}

/// What becomes of a canary that SNS refuses with this code, as it says so on the wire.
async fn refused(code: &'static str) -> day2_core::Observed<Flight> {
    let published = mock!(aws_sdk_sns::Client::publish).then_http_response(move || {
        let body = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>in its words</Message></Error></ErrorResponse>"
        );
        HttpResponse::new(400.try_into().unwrap(), SdkBody::from(body))
    });
    let sns = mock_client!(aws_sdk_sns, RuleMode::MatchAny, [&published]);
    let received =
        mock!(aws_sdk_sqs::Client::receive_message).then_output(|| ReceiveMessageOutput::builder().build());
    let sqs = mock_client!(aws_sdk_sqs, RuleMode::MatchAny, [&received]);
    let settings = settings(|own| {
        own["canary"] =
            json!({"topic_arn": "arn:aws:sns:us-east-1:123456789012:day2-canary", "queue_url": "https://q"});
    });
    let seen = mails::fly(&sns, &sqs, settings.canary.as_ref().unwrap(), &times()).await;
    assert_eq!(received.num_calls(), 0, "{code}");
    seen
}

#[tokio::test]
async fn that_the_key_refuses_the_canary_is_told_in_the_words_of_sns_o07() {
    for (code, expected) in [
        ("KMSAccessDenied", Ok(KeyRefusal::AccessDenied)),
        ("KMSDisabled", Ok(KeyRefusal::Disabled)),
        ("KMSInvalidState", Ok(KeyRefusal::InvalidState)),
        ("KMSNotFound", Ok(KeyRefusal::NotFound)),
        ("KMSOptInRequired", Ok(KeyRefusal::OptInRequired)),
        ("KMSThrottling", Err(Cause::Throttled)),
        ("AuthorizationError", Err(Cause::Denied)),
        ("NotFound", Err(Cause::NotFound)),
        ("InternalError", Err(Cause::Other)),
    ] {
        let (seen, why) = match refused(code).await {
            Ok(Flight::Refused(refusal, why)) => (Ok(refusal), why),
            Ok(other) => panic!("{code}: {other:?}"),
            Err(why) => (Err(why.cause), why),
        };
        assert_eq!(seen, expected, "{code}");
        assert_eq!(why.detail, format!("{code}: in its words (HTTP 400)"));
    }
}

#[tokio::test]
async fn an_access_entry_that_is_not_there_is_not_found_and_one_without_groups_has_none() {
    let gone = mock!(aws_sdk_eks::Client::describe_access_entry).then_error(|| {
        DescribeAccessEntryError::generic(ErrorMetadata::builder().code("ResourceNotFoundException").build())
    });
    let bare = mock!(aws_sdk_eks::Client::describe_access_entry)
        .match_requests(|request| {
            request.cluster_name() == Some("prod-a")
                && request
                    .principal_arn()
                    .is_some_and(|arn| arn.starts_with("arn:aws:iam::123456789012:role/day2-"))
        })
        .then_output(|| {
            let entry = aws_sdk_eks::types::AccessEntry::builder().build();
            DescribeAccessEntryOutput::builder().access_entry(entry).build()
        });
    let lost = mock!(aws_sdk_eks::Client::describe_access_entry)
        .then_output(|| DescribeAccessEntryOutput::builder().build());
    for (rule, expected) in [
        (&gone, Err(Cause::NotFound)),
        (&bare, Ok(Vec::new())),
        (&lost, Err(Cause::Malformed)),
    ] {
        let eks = mock_client!(aws_sdk_eks, RuleMode::MatchAny, [rule]);
        let seen = world::entries(&eks, &settings(|_| {}), &times()).await;
        let functions: Vec<&str> = seen.iter().map(|one| one.function.as_str()).collect();
        assert_eq!(functions, ["doctor", "ha-status", "scale-window"]);
        assert_eq!(seen[0].groups.clone().map_err(|why| why.cause), expected);
    }
}

#[test]
fn an_alarm_is_looked_for_in_the_account_and_region_of_its_arn() {
    let settings = settings(|own| {
        own["platforms"] = json!([
            {"name": "prod-a", "account_id": "123456789012", "region": "us-east-1"},
            {"name": "far", "account_id": "222222222222", "region": "eu-west-1", "role_arn": "arn:aws:iam::222222222222:role/day2"},
        ]);
        own["calling_alarms"] = json!([
            "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a",
            "arn:aws:cloudwatch:eu-west-1:222222222222:alarm:b",
            "arn:aws:cloudwatch:us-east-1:123456789012:alarm:c",
            "arn:aws:cloudwatch:us-east-1:333333333333:alarm:d",
        ]);
    });
    let places: Vec<_> = world::by_place(&settings)
        .into_iter()
        .map(|(target, arns)| (target.map(|one| one.name.as_str()), arns.len()))
        .collect();
    assert_eq!(places, [(Some("prod-a"), 2), (Some("far"), 1), (None, 1)]);
}
