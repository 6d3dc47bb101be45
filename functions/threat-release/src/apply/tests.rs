//! What is asked of Auto Scaling and the journal. Changes in the cluster are proven on the local platform.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_autoscaling::operation::describe_auto_scaling_instances::DescribeAutoScalingInstancesOutput;
use aws_sdk_autoscaling::operation::set_instance_protection::{
    SetInstanceProtectionError, SetInstanceProtectionOutput,
};
use aws_sdk_autoscaling::types::AutoScalingInstanceDetails;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
use aws_sdk_iam::operation::delete_role_policy::{DeleteRolePolicyError, DeleteRolePolicyOutput};
use aws_sdk_iam::operation::get_role_policy::{GetRolePolicyError, GetRolePolicyOutput};
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use aws_smithy_types::error::ErrorMetadata;
use day2_core::containment::Measure;
use day2_core::containment::sessions::policy_document;

use super::*;
use crate::change::{Found, Kept, Undo};
use crate::plan::tests::{at, containment, pod};

const TABLE: &str = "day2-journal";

fn times() -> Times {
    let now = at("2026-03-06T12:00:00Z");
    Times {
        now,
        deadline: now + jiff::SignedDuration::from_secs(60),
        clock: Arc::new(move || now),
    }
}

fn clients(scaling: &[&Rule], journal: &[&Rule]) -> Clients {
    Clients {
        dynamodb: mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, journal),
        autoscaling: mock_client!(aws_sdk_autoscaling, RuleMode::MatchAny, scaling),
        eks: mock_client!(aws_sdk_eks, RuleMode::MatchAny, [] as [&Rule; 0]),
        iam: mock_client!(aws_sdk_iam, RuleMode::MatchAny, [] as [&Rule; 0]),
        credentials: None,
    }
}

fn member(group: &'static str, protected: bool) -> Rule {
    mock!(aws_sdk_autoscaling::Client::describe_auto_scaling_instances)
        .match_requests(|request| request.instance_ids() == ["i-1".to_owned()])
        .then_output(move || {
            let one = AutoScalingInstanceDetails::builder()
                .instance_id("i-1")
                .auto_scaling_group_name(group)
                .availability_zone("us-east-1a")
                .lifecycle_state("InService")
                .health_status("HEALTHY")
                .protected_from_scale_in(protected)
                .build();
            DescribeAutoScalingInstancesOutput::builder()
                .auto_scaling_instances(one)
                .build()
        })
}

fn unprotects() -> Rule {
    mock!(aws_sdk_autoscaling::Client::set_instance_protection)
        .match_requests(|request| {
            request.auto_scaling_group_name() == Some("asg")
                && request.instance_ids() == ["i-1".to_owned()]
                && request.protected_from_scale_in() == Some(false)
        })
        .then_output(|| SetInstanceProtectionOutput::builder().build())
}

async fn unprotected(rules: &[&Rule]) -> Applied {
    let wanted = Undo {
        containment: "prod-a.1".to_owned(),
        resource: "instance i-1".to_owned(),
        pod: pod(),
        measure: Measure::ScaleInProtection {
            group: "asg".to_owned(),
            instance: "i-1".to_owned(),
        },
    };
    let target = r#"{"deployment": {"name": "day2", "zone": "UTC", "partition": "aws",
        "topic_arn": "arn:aws:sns:us-east-1:123456789012:r", "report_bucket": "reports", "journal_table": "day2-journal"},
        "targets": [{"name": "prod-a", "account_id": "123456789012", "region": "us-east-1", "cluster": {"name": "prod-a"}}],
        "function": {"safety": {"mode": "approve", "max_steps": 9}}}"#;
    let settings = day2_core::settings::read::<crate::settings::ThreatReleaseSettings>(target).unwrap();
    undo::undo(&clients(rules, &[]), &settings.targets[0], &wanted, &times())
        .await
        .applied()
}

#[tokio::test]
async fn a_protection_ends_once_and_only_in_the_group_that_was_recorded() {
    let call = unprotects();
    let done = unprotected(&[&member("asg", true), &call]).await;
    assert!(matches!(done, Applied::Done(_)), "{done:?}");
    assert_eq!(call.num_calls(), 1);
    for (rule, is_left) in [(member("asg", false), false), (member("other", true), true)] {
        let call = unprotects();
        let done = unprotected(&[&rule, &call]).await;
        assert_eq!(call.num_calls(), 0, "{done:?}");
        assert_eq!(matches!(done, Applied::Refused(_)), is_left, "{done:?}");
    }
    let gone = mock!(aws_sdk_autoscaling::Client::describe_auto_scaling_instances).then_output(|| {
        DescribeAutoScalingInstancesOutput::builder()
            .set_auto_scaling_instances(Some(Vec::new()))
            .build()
    });
    let done = unprotected(&[&gone]).await;
    assert!(matches!(done, Applied::AlreadyDone(_)), "{done:?}");
}

#[tokio::test]
async fn a_protection_that_cannot_be_ended_says_what_is_known_w28() {
    let denied = mock!(aws_sdk_autoscaling::Client::set_instance_protection).then_error(|| {
        SetInstanceProtectionError::generic(
            ErrorMetadata::builder()
                .code("AccessDenied")
                .message("no")
                .build(),
        )
    });
    let failed = unprotected(&[&member("asg", true), &denied]).await;
    assert!(
        matches!(&failed, Applied::Failed { says, .. } if says == NOTHING),
        "{failed:?}"
    );
    let empty = mock!(aws_sdk_autoscaling::Client::describe_auto_scaling_instances)
        .then_output(|| DescribeAutoScalingInstancesOutput::builder().build());
    let failed = unprotected(&[&empty]).await;
    assert!(
        matches!(&failed, Applied::Failed { .. }),
        "an answer without a list is not `gone`: {failed:?}"
    );
}

const MOMENT: &str = "2026-03-06T11:30:21Z";

fn role_says(document: Option<String>) -> Rule {
    let asked = mock!(aws_sdk_iam::Client::get_role_policy).match_requests(|request| {
        request.role_name() == Some("checkout") && request.policy_name() == Some("day2-older-sessions-1")
    });
    match document {
        // As IAM writes it: percent-encoded.
        Some(document) => asked.then_output(move || {
            let encoded = [('"', "%22"), ('{', "%7B"), ('}', "%7D"), (':', "%3A")]
                .into_iter()
                .fold(document.clone(), |text, (plain, code)| text.replace(plain, code));
            GetRolePolicyOutput::builder()
                .role_name("checkout")
                .policy_name("day2-older-sessions-1")
                .policy_document(encoded)
                .build()
                .unwrap()
        }),
        None => asked.then_error(|| {
            GetRolePolicyError::generic(ErrorMetadata::builder().code("NoSuchEntity").build())
        }),
    }
}

async fn allowed(moment: Option<&str>, rules: &[&Rule]) -> Applied {
    let measure = (
        "arn:aws:iam::123456789012:role/shop/checkout",
        "day2-older-sessions-1",
    );
    let mut clients = clients(&[], &[]);
    clients.iam = mock_client!(aws_sdk_iam, RuleMode::MatchAny, rules);
    undo::allow_sessions(&clients, measure, moment.map(at), &times())
        .await
        .applied()
}

#[tokio::test]
async fn a_denial_of_sessions_is_taken_away_by_its_name_and_only_while_it_says_what_was_put() {
    let deletes = || {
        mock!(aws_sdk_iam::Client::delete_role_policy)
            .match_requests(|request| {
                request.role_name() == Some("checkout")
                    && request.policy_name() == Some("day2-older-sessions-1")
            })
            .then_output(|| DeleteRolePolicyOutput::builder().build())
    };
    let ours = policy_document(at(MOMENT));
    let call = deletes();
    let done = allowed(Some(MOMENT), &[&role_says(Some(ours.clone())), &call]).await;
    assert!(matches!(done, Applied::Done(_)), "{done:?}");
    assert_eq!(call.num_calls(), 1);

    let another = ours.replace("Deny", "Allow");
    for (moment, document) in [
        (Some(MOMENT), another),
        (Some("2026-03-06T11:30:22Z"), ours.clone()),
        (None, ours),
    ] {
        let call = deletes();
        let done = allowed(moment, &[&role_says(Some(document.clone())), &call]).await;
        assert!(matches!(done, Applied::Refused(_)), "{document}: {done:?}");
        assert_eq!(call.num_calls(), 0, "{document}");
    }
    let call = deletes();
    let done = allowed(Some(MOMENT), &[&role_says(None), &call]).await;
    assert!(matches!(done, Applied::AlreadyDone(_)), "{done:?}");
    assert_eq!(call.num_calls(), 0);
}

#[tokio::test]
async fn a_denial_that_cannot_be_taken_away_says_what_is_known_w28() {
    let denied = mock!(aws_sdk_iam::Client::delete_role_policy)
        .then_error(|| DeleteRolePolicyError::generic(ErrorMetadata::builder().code("AccessDenied").build()));
    let ours = role_says(Some(policy_document(at(MOMENT))));
    let failed = allowed(Some(MOMENT), &[&ours, &denied]).await;
    assert!(
        matches!(&failed, Applied::Failed { says, .. } if says == NOTHING),
        "{failed:?}"
    );
    let unread = mock!(aws_sdk_iam::Client::get_role_policy)
        .then_error(|| GetRolePolicyError::generic(ErrorMetadata::builder().code("AccessDenied").build()));
    let failed = allowed(Some(MOMENT), &[&unread]).await;
    assert!(
        matches!(&failed, Applied::Failed { says, .. } if says == NOTHING),
        "a policy that cannot be read is not gone: {failed:?}"
    );
}

/// The row of a containment in the journal.
fn row(containment: &Containment) -> HashMap<String, AttributeValue> {
    let text = |value: String| AttributeValue::S(value);
    HashMap::from([
        (
            "body".to_owned(),
            text(serde_json::to_string(containment).unwrap()),
        ),
        ("state".to_owned(), text(containment.state.word().to_owned())),
        (
            "version".to_owned(),
            AttributeValue::N(containment.version.to_string()),
        ),
    ])
}

fn kept(containment: &Containment) -> Rule {
    let row = row(containment);
    mock!(aws_sdk_dynamodb::Client::query)
        .then_output(move || QueryOutput::builder().items(row.clone()).count(1).build())
}

/// The record that an update writes.
fn written(refused: usize) -> (Rule, Arc<std::sync::Mutex<Vec<Containment>>>) {
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let (kept, number) = (Arc::clone(&seen), AtomicUsize::new(0));
    let rule = mock!(aws_sdk_dynamodb::Client::update_item).then_compute_response(
        move |update: &aws_sdk_dynamodb::operation::update_item::UpdateItemInput| {
            if number.fetch_add(1, Ordering::Relaxed) < refused {
                let error = ConditionalCheckFailedException::builder().build();
                return aws_smithy_mocks::MockResponse::Error(
                    UpdateItemError::ConditionalCheckFailedException(error),
                );
            }
            let values = update.expression_attribute_values().unwrap();
            let body = values[":body"].as_s().unwrap();
            kept.lock().unwrap().push(serde_json::from_str(body).unwrap());
            aws_smithy_mocks::MockResponse::Output(UpdateItemOutput::builder().build())
        },
    );
    (rule, seen)
}

fn found(resources: &[&str]) -> Vec<Found> {
    let found = |resource: &&str| Found {
        resource: (*resource).to_owned(),
        says: "seen".to_owned(),
    };
    resources.iter().map(found).collect()
}

#[tokio::test]
async fn a_containment_is_closed_when_nothing_of_it_is_in_force_and_not_before() {
    let open = containment("prod-a.1");
    let all: Vec<&str> = open
        .measures
        .iter()
        .map(|taken| taken.resource.as_str())
        .collect();
    let (rule, seen) = written(0);
    let close = Close {
        containment: open.id.clone(),
        undone: found(&all[..4]),
        left: found(&all[4..]),
        kept: Vec::new(),
    };
    let done = closed(&clients(&[], &[&kept(&open), &rule]), TABLE, &close, &times()).await;
    assert!(matches!(done, Applied::Done(_)), "{done:?}");
    let record = seen.lock().unwrap().pop().unwrap();
    assert!(!record.is_open() && record.released_at == Some(times().now));
    assert_eq!(record.measures[5].state, MeasureState::Left);
    assert_eq!(record.measures[0].state, MeasureState::Undone);

    let (rule, seen) = written(0);
    let too_early = Close {
        undone: found(&all[..3]),
        left: Vec::new(),
        ..close
    };
    let done = closed(&clients(&[], &[&kept(&open), &rule]), TABLE, &too_early, &times()).await;
    assert!(
        matches!(&done, Applied::Refused(why) if why.contains("5 of it are still in force")),
        "{done:?}"
    );
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_record_that_another_run_wrote_is_read_again_and_given_up_after_some_rounds() {
    let open = containment("prod-a.1");
    for (refused, fine) in [(2, true), (9, false)] {
        let (rule, seen) = written(refused);
        let (clients, times) = (clients(&[], &[&kept(&open), &rule]), times());
        let marked = mark(&clients, TABLE, &open.id, &times, |record| {
            record.mark("pod shop/web-1", MeasureState::Undone, "seen", times.now);
            Ok(())
        });
        let marked = marked.await;
        assert_eq!(marked.is_ok(), fine, "{marked:?}");
        assert_eq!(seen.lock().unwrap().len(), usize::from(fine));
    }
}

#[tokio::test]
async fn closing_what_is_closed_writes_nothing() {
    let mut over = containment("prod-a.1");
    over.state = ContainmentState::Released;
    over.measures.clear();
    let (rule, seen) = written(0);
    let close = Close {
        containment: over.id.clone(),
        undone: Vec::new(),
        left: Vec::new(),
        kept: Vec::new(),
    };
    let done = closed(&clients(&[], &[&kept(&over), &rule]), TABLE, &close, &times()).await;
    assert!(matches!(done, Applied::AlreadyDone(_)), "{done:?}");
    assert!(seen.lock().unwrap().is_empty());
}

/// The records of a journal, each answered when it is asked for, and what was written, in order.
fn journal(records: &[Containment]) -> (Vec<Rule>, Arc<std::sync::Mutex<Vec<Containment>>>) {
    let mut rules: Vec<Rule> = Vec::new();
    for record in records {
        let (id, row) = (record.id.clone(), row(record));
        let asked = mock!(aws_sdk_dynamodb::Client::query)
            .match_requests(move |query| {
                let values = query.expression_attribute_values().unwrap();
                values.values().any(|value| value.as_s() == Ok(&id))
            })
            .then_output(move || QueryOutput::builder().items(row.clone()).count(1).build());
        rules.push(asked);
    }
    let (rule, seen) = written(0);
    rules.push(rule);
    (rules, seen)
}

#[tokio::test]
async fn what_another_containment_needs_is_in_its_record_before_this_one_is_closed() {
    let mut one = containment("prod-a.1");
    for taken in &mut one.measures {
        if !taken.resource.starts_with("node ") {
            taken.state = MeasureState::Undone;
        }
    }
    let mut other = containment("prod-a.2");
    other.measures.retain(|taken| taken.resource == "pod shop/web-1");
    let close = Close {
        containment: one.id.clone(),
        undone: Vec::new(),
        left: Vec::new(),
        kept: vec![Kept {
            resource: "node ip-10-0-1-7".to_owned(),
            to: other.id.clone(),
        }],
    };
    let (rules, seen) = journal(&[one.clone(), other.clone()]);
    let rules: Vec<&Rule> = rules.iter().collect();
    let done = closed(&clients(&[], &rules), TABLE, &close, &times()).await;
    assert!(matches!(done, Applied::Done(_)), "{done:?}");
    let written = seen.lock().unwrap().clone();
    let [given, released] = &written[..] else {
        panic!("{written:?}")
    };
    let node = given.measure("node ip-10-0-1-7").unwrap();
    assert_eq!((&*given.id, node.state), ("prod-a.2", MeasureState::Active));
    assert_eq!(
        node.measure, one.measures[2].measure,
        "the mark of the owner goes with it"
    );
    assert!(!released.is_open(), "{released:?}");
    assert_eq!(
        released.measure("node ip-10-0-1-7").unwrap().state,
        MeasureState::Left
    );

    // One that was released meanwhile takes nothing, and then this one is not closed.
    other.state = ContainmentState::Released;
    let (rules, seen) = journal(&[one, other]);
    let rules: Vec<&Rule> = rules.iter().collect();
    let refused = closed(&clients(&[], &rules), TABLE, &close, &times()).await;
    assert!(
        matches!(&refused, Applied::Refused(why) if why.contains("released meanwhile")),
        "{refused:?}"
    );
    assert!(seen.lock().unwrap().is_empty());
}
