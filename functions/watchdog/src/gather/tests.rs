//! What becomes of the journal's answers.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemOutput;
use aws_sdk_dynamodb::operation::query::{QueryError, QueryInput, QueryOutput};
use aws_sdk_dynamodb::types::error::ResourceNotFoundException;
use aws_smithy_mocks::{MockResponse, RuleMode, mock, mock_client};
use day2_core::settings::{Settings, read};
use jiff::SignedDuration;
use serde_json::json;

use super::*;

const NOW: &str = "2026-03-06T14:00:00Z";

fn settings() -> Settings<WatchdogSettings> {
    let document = json!({
        "deployment": {"name": "day2", "zone": "UTC", "partition": "aws",
                       "topic_arn": "arn:aws:sns:us-east-1:123456789012:day2-reports",
                       "report_bucket": "day2-reports", "journal_table": "day2-journal"},
        "targets": [{"name": "day2", "account_id": "123456789012", "region": "us-east-1"}],
        "function": {"functions": {
            "scale-window": {"schedules": {"prescale": "rate(1 day)"}, "targets": ["prod-a", "prod-b"]}
        }}
    });
    read(&document.to_string()).unwrap()
}

/// A journal with nothing in it, that refuses to be asked about what `refuses` names.
async fn look(refuses: &'static str) -> Facts {
    let query = mock!(Client::query).then_compute_response(move |input: &QueryInput| {
        let pk = input.expression_attribute_values().unwrap()[":pk"]
            .as_s()
            .unwrap();
        if pk.contains(refuses) {
            let gone = ResourceNotFoundException::builder().message("gone").build();
            MockResponse::Error(QueryError::ResourceNotFoundException(gone))
        } else {
            MockResponse::Output(QueryOutput::builder().set_items(Some(Vec::new())).build())
        }
    });
    let put = mock!(Client::put_item).then_output(|| PutItemOutput::builder().build());
    let journal = Journal::new(
        mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, [&query, &put]),
        "day2-journal",
    );
    let now: Timestamp = NOW.parse().unwrap();
    let at = Moment {
        now,
        deadline: now + SignedDuration::from_secs(30),
    };
    let settings = settings();
    gather(&journal, &settings.function, &settings.deployment.zone, at).await
}

#[tokio::test]
async fn a_schedule_that_cannot_be_read_hides_no_neighbour() {
    let facts = look("heartbeat#scale-window#prod-a").await;
    let why = facts.signs[0].as_ref().unwrap_err();
    assert_eq!(
        (why.operation.as_str(), why.resource.as_str()),
        ("dynamodb:Query", "day2-journal")
    );
    assert_eq!(facts.signs[1], Ok(Signs::default()));
    let now: Timestamp = NOW.parse().unwrap();
    assert_eq!(facts.since, Ok(vec![now, now]), "both are new");
}

#[tokio::test]
async fn heartbeats_are_read_also_when_the_beginnings_cannot_be() {
    let facts = look("watched").await;
    assert!(facts.since.is_err());
    assert_eq!(facts.signs, [Ok(Signs::default()), Ok(Signs::default())]);
}

#[tokio::test]
async fn a_run_that_cannot_be_looked_up_leaves_its_schedule_unknown() {
    let facts = look("publication#scale-window#prod-b").await;
    assert!(facts.signs[0].is_ok() && facts.signs[1].is_err());
}
