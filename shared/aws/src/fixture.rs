//! A check that says what a test scripts, and a small world around it: a journal with the two conditions that
//! matter, a bucket, a topic, and faults.

mod actor;
mod dummy;
mod expression;
mod gate;
pub(crate) mod loopback;
mod table;
mod turns;

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Arc, Mutex};

use aws_config::retry::RetryConfig;
use aws_config::{Region, SdkConfig};
use aws_sdk_s3::operation::put_object::{PutObjectInput, PutObjectOutput};
use aws_sdk_sns::operation::publish::PublishOutput;
use aws_smithy_mocks::{MockResponse, RuleMode, mock, mock_client};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use day2_core::links::INDEX;
use day2_core::settings::read;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::action::ActionApp;
use crate::app::{App, Invocation, Parts, handle};
use crate::error::OpsError;
use crate::journal::Journal;
use crate::publish::Publisher;
pub(crate) use actor::{Actor, Knob, Machine, Shared};
pub(crate) use dummy::{Act, Dummy, DummySettings};
pub(crate) use gate::{Gate, Killed};
use table::Table;
use turns::Turns;

/// The alarm that the settings bind.
pub(crate) const ALARM: &str = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a-level";

/// Another alarm that the settings bind to the same target.
pub(crate) const OTHER_ALARM: &str = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a-waits";

/// 06:30 on a Friday in New York.
pub(crate) const MORNING: &str = "2026-03-06T11:30:00Z";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// What is out of order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The journal throttles every call.
    Journal,
    /// The journal throttles the record of a published report.
    Record,
    /// The bucket denies.
    Bucket,
    /// The bucket denies the index page only.
    Index,
    /// The topic is out of order.
    Topic,
}

pub(crate) type Faults = Arc<Mutex<Vec<Fault>>>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mailed {
    pub(crate) topic: String,
    pub(crate) subject: String,
    pub(crate) body: String,
    /// Values by name.
    pub(crate) attributes: Value,
}

#[derive(Clone, Default)]
pub(crate) struct Lines(pub(crate) Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    pub(crate) fn all(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// Everything that outlives an app.
#[derive(Clone, Default)]
pub(crate) struct World {
    pub(crate) table: Arc<Mutex<Table>>,
    pub(crate) objects: Arc<Mutex<Vec<(String, String)>>>,
    pub(crate) mails: Arc<Mutex<Vec<Mailed>>>,
    pub(crate) metrics: Lines,
    pub(crate) faults: Faults,
    pub(crate) gate: Gate,
    /// Whether a handler gives others their turn after every call.
    pub(crate) turns: Turns,
}

pub(crate) fn document() -> Value {
    let target = |name: &str, topic: Value| json!({ "name": name, "account_id": "123456789012", "region": "us-east-1", "topic_arn": topic });
    json!({
        "deployment": {
            "name": "day2", "zone": "America/New_York", "partition": "aws",
            "topic_arn": "arn:aws:sns:us-east-1:123456789012:day2-reports",
            "report_bucket": "day2-reports-123456789012", "journal_table": "day2-journal"
        },
        "calendar": { "holidays": [{ "date": "2026-12-25", "name": "Christmas" }] },
        "targets": [target("prod-a", Value::Null), target("prod-b", json!("arn:aws:sns:us-east-1:123456789012:team-b"))],
        "function": {}
    })
}

pub(crate) fn http_error(status: u16, body: &str) -> HttpResponse {
    HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body))
}

impl World {
    pub(crate) fn break_with(&self, faults: &[Fault]) {
        *self.faults.lock().unwrap() = faults.to_vec();
    }

    /// An app whose targets act as scripted, in a sandbox of its own.
    pub(crate) fn app(&self, acts: &[Act]) -> App<Dummy> {
        self.app_with(&document(), acts)
    }

    pub(crate) fn app_with(&self, document: &Value, acts: &[Act]) -> App<Dummy> {
        let acts: VecDeque<Act> = acts.iter().copied().collect();
        App::new(Parts {
            settings: read(&document.to_string()).unwrap(),
            aws: SdkConfig::builder().region(Region::new("us-east-1")).build(),
            journal: self.journal(),
            publisher: Publisher::with_clients(self.s3(), self.sns(), "us-east-1"),
            metrics: Box::new(self.metrics.clone()),
        })
        .with_ctx("prod-a", Mutex::new(acts.clone()))
        .with_ctx("prod-b", Mutex::new(acts))
    }

    /// An action on `machine`, in a sandbox of its own.
    pub(crate) fn actor(&self, mode: &str, machine: &Shared) -> ActionApp<Actor> {
        self.actor_with(&json!({ "mode": mode }), machine)
    }

    pub(crate) fn actor_with(&self, safety: &Value, machine: &Shared) -> ActionApp<Actor> {
        let mut document = document();
        document["function"] = json!({ "safety": safety, "alarm": ALARM, "other_alarm": OTHER_ALARM });
        ActionApp::new(Parts {
            settings: read(&document.to_string()).unwrap(),
            aws: SdkConfig::builder().region(Region::new("us-east-1")).build(),
            journal: self.journal(),
            publisher: Publisher::with_clients(self.s3(), self.sns(), "us-east-1"),
            metrics: Box::new(self.metrics.clone()),
        })
        .with_ctx("prod-a", Arc::clone(machine))
    }

    pub(crate) fn journal(&self) -> Journal {
        Journal::new(
            table::client(&self.table, &self.faults, &self.gate, &self.turns),
            "day2-journal",
        )
    }

    fn s3(&self) -> aws_sdk_s3::Client {
        let (objects, faults) = (Arc::clone(&self.objects), Arc::clone(&self.faults));
        let name = |put: &PutObjectInput| match put.key() {
            Some(INDEX) => "store index".to_owned(),
            _ => "store report".to_owned(),
        };
        let gate = self.gate.clone();
        let put = mock!(aws_sdk_s3::Client::put_object).then_compute_response(self.gate.around(
            name,
            move |put: &PutObjectInput| {
                let broken = |fault| faults.lock().unwrap().contains(&fault);
                if gate.fails() || broken(Fault::Bucket) || (put.key() == Some(INDEX) && broken(Fault::Index))
                {
                    let words = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
                    return MockResponse::Http(http_error(403, words));
                }
                let body = String::from_utf8(put.body().bytes().unwrap().to_vec()).unwrap();
                objects
                    .lock()
                    .unwrap()
                    .push((put.key().unwrap().to_owned(), body));
                MockResponse::Output(PutObjectOutput::builder().build())
            },
        ));
        let turns = &self.turns;
        mock_client!(aws_sdk_s3, RuleMode::MatchAny, [&put], |config| config
            .retry_config(RetryConfig::disabled())
            .identity_cache(aws_sdk_s3::config::IdentityCache::no_cache())
            .credentials_provider(turns.clone()))
    }

    fn sns(&self) -> aws_sdk_sns::Client {
        let (mails, faults) = (Arc::clone(&self.mails), Arc::clone(&self.faults));
        let gate = self.gate.clone();
        let publish = mock!(aws_sdk_sns::Client::publish).then_compute_response(self.gate.around(
            |_| "mail".to_owned(),
            move |mail: &aws_sdk_sns::operation::publish::PublishInput| {
                if gate.fails() || faults.lock().unwrap().contains(&Fault::Topic) {
                    return MockResponse::Http(http_error(500, "<html>proxy</html>"));
                }
                let attributes = mail.message_attributes().into_iter().flatten();
                mails.lock().unwrap().push(Mailed {
                    topic: mail.topic_arn().unwrap().to_owned(),
                    subject: mail.subject().unwrap().to_owned(),
                    body: mail.message().unwrap().to_owned(),
                    attributes: attributes
                        .map(|(name, value)| (name.clone(), value.string_value().unwrap()))
                        .collect(),
                });
                MockResponse::Output(PublishOutput::builder().message_id("m-1").build())
            },
        ));
        let turns = &self.turns;
        mock_client!(aws_sdk_sns, RuleMode::MatchAny, [&publish], |config| config
            .retry_config(RetryConfig::disabled())
            .identity_cache(aws_sdk_sns::config::IdentityCache::no_cache())
            .credentials_provider(turns.clone()))
    }

    pub(crate) fn subjects(&self) -> Vec<String> {
        self.mails
            .lock()
            .unwrap()
            .iter()
            .map(|mail| mail.subject.clone())
            .collect()
    }

    /// Keys of the reports, in the order of their writing; the index page is none.
    pub(crate) fn keys(&self) -> Vec<String> {
        let objects = self.objects.lock().unwrap();
        let reports = objects.iter().filter(|(key, _)| key != INDEX);
        reports.map(|(key, _)| key.clone()).collect()
    }

    /// Every index page that was written.
    pub(crate) fn index_pages(&self) -> Vec<String> {
        let objects = self.objects.lock().unwrap();
        let pages = objects.iter().filter(|(key, _)| key == INDEX);
        pages.map(|(_, page)| page.clone()).collect()
    }
}

/// An invocation that has a minute left.
pub(crate) fn invocation(now: &str, request_id: &str) -> Invocation {
    Invocation {
        now: at(now),
        deadline: at(now).checked_add(jiff::SignedDuration::from_secs(60)).unwrap(),
        request_id: request_id.to_owned(),
        lambda: "day2-dummy".to_owned(),
        sandbox: format!("2026/03/06/[$LATEST]{request_id}"),
    }
}

/// What Scheduler sends at 06:30 for `prod-a`.
pub(crate) fn scheduled() -> Vec<u8> {
    json!({ "task": "morning", "target": "prod-a", "scheduled_at": MORNING })
        .to_string()
        .into_bytes()
}

/// Handles the scheduled event of 06:30 some time later.
pub(crate) async fn deliver(app: &App<Dummy>, now: &str, request_id: &str) -> Result<Value, OpsError> {
    handle(app, &scheduled(), &invocation(now, request_id)).await
}
