//! What is sent to Lambda and what becomes of its answers, over the wire form of the API; the journal by the SDK's types.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::operation::query::{QueryInput, QueryOutput};
use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_lambda::config::http::{HttpRequest, HttpResponse};
use aws_sdk_lambda::config::{BehaviorVersion, Region};
use aws_smithy_mocks::{MockResponse, RuleMode, mock, mock_client};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use day2_aws::check::Moment;
use day2_core::Cause;
use day2_core::action::{Lease, LeaseState};
use day2_core::settings::{Settings, read};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Clients, due, patient, rehearse, sweep};
use crate::facts::{Answer, Facts, NotAsked};
use crate::settings::SweeperSettings;
use crate::storms::over;

const NOW: &str = "2026-03-06T14:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn moment(seconds: i64) -> Moment {
    Moment {
        now: at(NOW),
        deadline: at(NOW) + jiff::SignedDuration::from_secs(seconds),
    }
}

fn lease(id: &str, function: &str, expires: &str) -> Lease {
    Lease {
        id: id.to_owned(),
        function: function.to_owned(),
        target: "prod-a".to_owned(),
        resource: "group".to_owned(),
        change: json!({}),
        before: "10".to_owned(),
        after: "20".to_owned(),
        undo: "take 10 away".to_owned(),
        plan_id: String::new(),
        occasion: String::new(),
        created_at: at("2026-03-06T12:00:00Z"),
        expires_at: Some(at(expires)),
        state: LeaseState::Active,
    }
}

fn settings(max_per_run: u32) -> Settings<SweeperSettings> {
    let document = json!({
        "deployment": {"name": "day2", "zone": "UTC", "partition": "aws",
                       "topic_arn": "arn:aws:sns:us-east-1:123456789012:day2-reports",
                       "report_bucket": "day2-reports", "journal_table": "day2-journal"},
        "targets": [{"name": "prod-a", "account_id": "123456789012", "region": "us-east-1"}],
        "function": {
            "owners": {"provisioning-latency": {"timeout_seconds": 300}, "hasty": {"timeout_seconds": 1}},
            "targets": {"prod-a": {"max_per_run": max_per_run}}
        }
    });
    read(&document.to_string()).unwrap()
}

/// What Lambda answers to a call.
#[derive(Debug, Clone)]
enum Reply {
    /// Status, value of `X-Amz-Function-Error` or of `x-amzn-errortype`, body.
    Http(u16, Option<(&'static str, &'static str)>, String),
    /// Nothing, for ever.
    Silence,
}

/// The journal's leases and Lambda's answers, and what was asked.
#[derive(Debug, Default)]
struct World {
    leases: Vec<Lease>,
    storms: Vec<(String, i64, i64, i64)>,
    calls: Vec<(String, String, Value)>,
    told: Vec<String>,
    reply: Option<Reply>,
}

type Shared = Arc<Mutex<World>>;

#[derive(Debug, Clone)]
struct Wire(Shared);

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut world = self.0.lock().unwrap();
        let name = request.uri().split('/').nth_back(1).unwrap().to_owned();
        let kind = request.headers().get("x-amz-invocation-type").unwrap().to_owned();
        let body = request.body().bytes().unwrap_or_default();
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let reply = world.reply.clone();
        // An owner that answers well has done its work: its lease is no longer open.
        if let Some(Reply::Http(200, None, _)) = &reply {
            let id = body["lease"].as_str().unwrap_or_default().to_owned();
            world.leases.retain(|lease| lease.id != id);
        }
        world.calls.push((name, kind, body));
        HttpConnectorFuture::new(async move {
            match reply.unwrap() {
                Reply::Silence => std::future::pending().await,
                Reply::Http(status, header, body) => {
                    let mut response =
                        HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body));
                    if let Some((name, value)) = header {
                        response.headers_mut().insert(name, value);
                    }
                    Ok(response)
                }
            }
        })
    }
}

fn lambda(world: &Shared) -> aws_sdk_lambda::Client {
    let wire = SharedHttpConnector::new(Wire(Arc::clone(world)));
    let aws = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .http_client(http_client_fn(move |_, _| wire.clone()))
        .build();
    let config = aws_sdk_lambda::config::Builder::from(&patient(&aws)).allow_no_auth();
    aws_sdk_lambda::Client::from_conf(config.build())
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn row(lease: &Lease) -> std::collections::HashMap<String, AttributeValue> {
    let columns = [
        ("pk", text(&format!("lease#{}", lease.target))),
        ("sk", text(&lease.id)),
        ("target", text(&lease.target)),
        ("lease", text(&serde_json::to_string(lease).unwrap())),
        ("state", text(lease.state.word())),
    ];
    columns.map(|(name, value)| (name.to_owned(), value)).into()
}

fn journal(world: &Shared) -> aws_sdk_dynamodb::Client {
    let rows = Arc::clone(world);
    let query = mock!(aws_sdk_dynamodb::Client::query).then_compute_response(move |query: &QueryInput| {
        let world = rows.lock().unwrap();
        let asked = query.expression_attribute_values().unwrap()[":pk"]
            .as_s()
            .unwrap();
        let rows = if asked.starts_with("lease#") {
            world.leases.iter().map(row).collect()
        } else {
            let number = |value: i64| AttributeValue::N(value.to_string());
            let storm = |(function, since, until, suppressed): &(String, i64, i64, i64)| {
                let sk = text(&format!("{function}#{since}"));
                [
                    ("pk", text(asked)),
                    ("sk", sk),
                    ("since", number(*since)),
                    ("until", number(*until)),
                    ("suppressed", number(*suppressed)),
                ]
                .map(|(name, value)| (name.to_owned(), value))
                .into()
            };
            world.storms.iter().map(storm).collect()
        };
        MockResponse::Output(QueryOutput::builder().set_items(Some(rows)).build())
    });
    let told = Arc::clone(world);
    let update = mock!(aws_sdk_dynamodb::Client::update_item).then_compute_response(
        move |update: &aws_sdk_dynamodb::operation::update_item::UpdateItemInput| {
            let sk = update.key().unwrap()["sk"].as_s().unwrap().clone();
            told.lock().unwrap().told.push(sk);
            MockResponse::Output(UpdateItemOutput::builder().build())
        },
    );
    mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, [&query, &update])
}

async fn swept(world: World, max_per_run: u32, seconds: i64) -> (Facts, Shared) {
    let world = Arc::new(Mutex::new(world));
    let clients = Clients {
        lambda: lambda(&world),
        dynamodb: journal(&world),
    };
    let settings = settings(max_per_run);
    let how = settings.function.targets.get("prod-a").unwrap();
    let facts = Box::pin(sweep(&clients, &settings, "prod-a", how, moment(seconds))).await;
    (facts, world)
}

const OVER: &str = "2026-03-06T13:45:00Z";
const LATER: &str = "2026-03-06T14:00:01Z";
const OWNER: &str = "provisioning-latency";

const REVERTED: &str = r#"{"outcome":"reverted","reports":[{"action":{"says":"4 of 10 nodes"},"items":[]}]}"#;

fn ok() -> Reply {
    Reply::Http(200, None, REVERTED.to_owned())
}

#[tokio::test]
async fn the_owner_of_what_is_due_is_asked_and_nobody_else() {
    let world = World {
        leases: vec![lease("l-1", OWNER, OVER), lease("l-2", OWNER, LATER)],
        reply: Some(ok()),
        ..World::default()
    };
    let (facts, world) = swept(world, 20, 590).await;
    let calls = &world.lock().unwrap().calls;
    let expected = json!({"task": "revert", "lease": "l-1"});
    assert_eq!(
        *calls,
        [(
            "day2-provisioning-latency".to_owned(),
            "RequestResponse".to_owned(),
            expected
        )]
    );
    let left: Vec<_> = facts.after.unwrap().into_iter().map(|lease| lease.id).collect();
    assert_eq!(left, ["l-2"], "the journal is read again");
    assert_eq!(
        facts.asked[0].answer,
        Answer::Returned("reverted: 4 of 10 nodes".to_owned())
    );
}

#[tokio::test]
async fn a_function_error_keeps_its_words_and_a_throttled_call_is_something_else() {
    let error = r#"{"errorType":"Permanent","errorMessage":"refused: the\u001b[31m group is gone"}"#;
    let replies = [
        Reply::Http(200, Some(("x-amz-function-error", "Unhandled")), error.to_owned()),
        Reply::Http(
            429,
            Some(("x-amzn-errortype", "TooManyRequestsException")),
            "{\"Message\":\"Rate Exceeded.\"}".to_owned(),
        ),
        Reply::Http(
            403,
            Some(("x-amzn-errortype", "AccessDeniedException")),
            "{\"Message\":\"no\"}".to_owned(),
        ),
        Reply::Http(
            404,
            Some(("x-amzn-errortype", "ResourceNotFoundException")),
            "{\"Message\":\"no\"}".to_owned(),
        ),
    ];
    let mut answers = Vec::new();
    for reply in replies {
        let world = World {
            leases: vec![lease("l-1", OWNER, OVER)],
            reply: Some(reply),
            ..World::default()
        };
        let (facts, world) = swept(world, 20, 590).await;
        assert_eq!(
            world.lock().unwrap().calls.len(),
            1,
            "it is not called a second time"
        );
        assert_eq!(facts.after.unwrap().len(), 1);
        answers.push(facts.asked.into_iter().next().unwrap().answer);
    }
    let Answer::Failed {
        kind,
        error_type,
        says,
    } = &answers[0]
    else {
        panic!("{answers:?}")
    };
    assert_eq!((&**kind, error_type.as_deref()), ("Unhandled", Some("Permanent")));
    assert!(
        says.contains("group is gone") && !says.contains('\u{1b}'),
        "{says:?}"
    );
    let causes: Vec<_> = answers[1..]
        .iter()
        .map(|answer| match answer {
            Answer::NoResult(why) => why.cause,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(causes, [Cause::Throttled, Cause::Denied, Cause::NotFound]);
}

#[tokio::test]
async fn an_owner_that_hangs_is_waited_for_as_long_as_it_may_run() {
    let world = World {
        leases: vec![lease("l-1", "hasty", OVER), lease("l-2", OWNER, OVER)],
        reply: Some(Reply::Silence),
        ..World::default()
    };
    let (facts, world) = swept(world, 20, 200).await;
    assert_eq!(world.lock().unwrap().calls.len(), 1);
    let answer = |id: &str| {
        let mut asked = facts.asked.iter();
        asked
            .find(|asked| asked.lease.id == id)
            .map(|asked| asked.answer.clone())
    };
    assert_eq!(answer("l-1"), Some(Answer::NoAnswer { waited_seconds: 1 }));
    // 200 s, less the 6 that are kept for reading again, and it may take 300.
    assert!(
        matches!(
            answer("l-2"),
            Some(Answer::NotAsked(NotAsked::Late {
                left_seconds: 190..=194,
                needs_seconds: 300
            }))
        ),
        "{:?}",
        answer("l-2")
    );
}

#[tokio::test]
async fn no_more_are_asked_than_a_run_may_and_the_rest_is_named() {
    let world = World {
        leases: (0..5).map(|n| lease(&format!("l-{n}"), OWNER, OVER)).collect(),
        reply: Some(ok()),
        ..World::default()
    };
    let (facts, world) = swept(world, 2, 590).await;
    assert_eq!(world.lock().unwrap().calls.len(), 2);
    let left = facts
        .asked
        .iter()
        .filter(|asked| asked.answer == Answer::NotAsked(NotAsked::Enough(2)))
        .count();
    assert_eq!((left, facts.after.unwrap().len()), (3, 3));
}

#[tokio::test]
async fn a_change_of_a_function_that_is_not_deployed_calls_nobody() {
    let world = World {
        leases: vec![lease("l-1", "../other", OVER)],
        reply: Some(ok()),
        ..World::default()
    };
    let (facts, world) = swept(world, 20, 590).await;
    assert_eq!(world.lock().unwrap().calls.len(), 0);
    assert_eq!(facts.asked[0].answer, Answer::NotAsked(NotAsked::NoOwner));
}

#[tokio::test]
async fn nothing_is_asked_when_nothing_is_due() {
    let world = World {
        leases: vec![lease("l-2", OWNER, LATER)],
        ..World::default()
    };
    let (facts, world) = swept(world, 20, 590).await;
    assert!(facts.asked.is_empty() && world.lock().unwrap().calls.is_empty());
    assert_eq!(facts.after.unwrap().len(), 1);
}

#[tokio::test]
async fn a_storm_is_marked_an_hour_after_it_is_over_and_told_until_then_d08() {
    let second = |text| at(text).as_second();
    let begin = second("2026-03-06T12:00:00Z");
    let world = World {
        storms: vec![
            ("old".to_owned(), begin, second("2026-03-06T12:30:00Z"), 7),
            ("new".to_owned(), begin, second("2026-03-06T12:31:00Z"), 3),
            ("running".to_owned(), begin, second("2026-03-06T13:31:00Z"), 1),
        ],
        ..World::default()
    };
    let (facts, world) = swept(world, 20, 590).await;
    let storms = facts.storms.unwrap();
    let told: Vec<&str> = over(&storms, at(NOW))
        .iter()
        .map(|storm| storm.function)
        .collect();
    assert_eq!(told, ["new", "old"], "both are told in this run");
    assert_eq!(world.lock().unwrap().told.len(), 1, "and one for the last time");
    assert!(world.lock().unwrap().told[0].starts_with("old#"));
}

#[tokio::test]
async fn a_rehearsal_runs_nothing() {
    let world = Arc::new(Mutex::new(World {
        reply: Some(Reply::Http(204, None, String::new())),
        ..World::default()
    }));
    let answer = rehearse(&lambda(&world), "day2-x", Duration::from_secs(5)).await;
    assert_eq!(answer, Ok(()));
    assert_eq!(world.lock().unwrap().calls[0].1, "DryRun");
}

#[test]
fn whoever_fails_does_not_stand_first_in_every_run() {
    let leases: Vec<Lease> = (0..3).map(|n| lease(&format!("l-{n}"), OWNER, OVER)).collect();
    let first = |minute: i64| {
        let now = at(NOW) + jiff::SignedDuration::from_mins(minute);
        due(&leases, now)[0].id.clone()
    };
    let firsts: std::collections::BTreeSet<String> = [0, 5, 10, 15, 20].into_iter().map(first).collect();
    assert_eq!(firsts.len(), 3, "{firsts:?}");
}

#[test]
fn one_owner_that_hangs_keeps_no_change_of_the_others_waiting_for_more_than_a_few_runs() {
    // The schedule of trigger.json, and some that a deployment may set instead; 2 to 5 changes, each the one that hangs.
    for minutes in [5, 10, 15, 20, 30, 60] {
        for (count, hanging) in [2, 3, 4, 5]
            .into_iter()
            .flat_map(|n| (0..n).map(move |one| (n, one)))
        {
            for start in 0..20 {
                let mut open: Vec<Lease> = (0..count)
                    .map(|n| lease(&format!("l-{n}"), OWNER, OVER))
                    .collect();
                let hangs = format!("l-{hanging}");
                for run in start..start + 10 {
                    // The whole rest of a run is lost to the one that hangs.
                    let order = due(&open, at(NOW) + jiff::SignedDuration::from_mins(minutes * run));
                    let asked: Vec<String> = order
                        .into_iter()
                        .map(|lease| lease.id)
                        .take_while(|id| *id != hangs)
                        .collect();
                    open.retain(|lease| !asked.contains(&lease.id));
                }
                let left: Vec<&str> = open.iter().map(|lease| lease.id.as_str()).collect();
                assert_eq!(
                    left,
                    [hangs.as_str()],
                    "every {minutes} min, {count} changes, run {start}"
                );
            }
        }
    }
}
