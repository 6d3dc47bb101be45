//! The server side of the Lambda Runtime API (AWS Lambda developer guide, "Using the Lambda runtime API for custom
//! runtimes"), for one process.

use std::collections::{HashMap, VecDeque};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, ensure};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use super::Event;
use crate::http1::{Answer, Connection, Request};

const VERSION: &str = "2018-06-01";
const ACCEPTED: &str = r#"{"status":"OK"}"#;

/// What the function sent for an event.
#[derive(Debug, Clone)]
pub(super) struct Finished {
    pub(super) failed: bool,
    pub(super) body: Vec<u8>,
}

/// The server; dropping it ends it.
#[derive(Debug)]
pub(super) struct RuntimeApi {
    address: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    arn: String,
    state: Mutex<State>,
    /// An event waits to be taken.
    given: Notify,
    /// Something has ended.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Event>,
    /// When the taken events end.
    taken: HashMap<String, Instant>,
    finished: HashMap<String, Finished>,
    asking: bool,
    init_error: Option<String>,
}

impl RuntimeApi {
    pub(super) async fn start(arn: String) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("port for the runtime API")?;
        let address = listener.local_addr()?.to_string();
        let shared = Arc::new(Shared {
            arn,
            state: Mutex::default(),
            given: Notify::new(),
            changed: Notify::new(),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self {
            address,
            shared,
            task,
        })
    }

    /// For the variable `AWS_LAMBDA_RUNTIME_API`.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Whether the process waits for an event.
    pub(super) fn is_asking(&self) -> bool {
        self.shared.state().asking
    }

    pub(super) fn init_error(&self) -> Option<String> {
        self.shared.state().init_error.clone()
    }

    /// Puts an event where the process finds it. A sandbox has one at a time.
    pub(super) fn give(&self, event: Event) -> Result<()> {
        let mut state = self.shared.state();
        ensure!(
            state.waiting.is_empty() && state.taken.is_empty(),
            "the sandbox has an event already"
        );
        state.finished.remove(&event.request_id);
        state.waiting.push_back(event);
        self.shared.given.notify_one();
        Ok(())
    }

    pub(super) fn deadline(&self, request_id: &str) -> Option<Instant> {
        self.shared.state().taken.get(request_id).copied()
    }

    pub(super) fn finished(&self, request_id: &str) -> Option<Finished> {
        self.shared.state().finished.remove(request_id)
    }

    /// Something has ended since the last look.
    pub(super) async fn changed(&self) {
        self.shared.changed.notified().await;
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, request: &Request) -> Result<Answer> {
        let path: Vec<&str> = request.path().trim_matches('/').split('/').collect();
        Ok(match (request.method.as_str(), path.as_slice()) {
            ("GET", [VERSION, "runtime", "invocation", "next"]) => self.next().await?,
            ("POST", [VERSION, "runtime", "invocation", id, "response"]) => self.finish(id, request, false),
            ("POST", [VERSION, "runtime", "invocation", id, "error"]) => self.finish(id, request, true),
            ("POST", [VERSION, "runtime", "init", "error"]) => {
                let why = String::from_utf8_lossy(&request.body).into_owned();
                self.state().init_error = Some(why);
                Answer::new(202, "application/json", ACCEPTED)
            }
            _ => refused(404, "NotFound"),
        })
    }

    /// The next event; the process waits here, however long.
    async fn next(&self) -> Result<Answer> {
        self.state().asking = true;
        let event = loop {
            let given = self.given.notified();
            if let Some(event) = self.state().waiting.pop_front() {
                break event;
            }
            given.await;
        };
        let deadline = crate::clock::now().checked_add(jiff::SignedDuration::try_from(event.time_left)?)?;
        {
            let mut state = self.state();
            state.asking = false;
            state
                .taken
                .insert(event.request_id.clone(), Instant::now() + event.time_left);
        }
        Ok(Answer::new(200, "application/json", event.payload)
            .with("lambda-runtime-aws-request-id", &event.request_id)
            .with(
                "lambda-runtime-deadline-ms",
                &deadline.as_millisecond().to_string(),
            )
            .with("lambda-runtime-invoked-function-arn", &self.arn)
            .with(
                "lambda-runtime-trace-id",
                "Root=1-00000000-000000000000000000000000;Sampled=0",
            ))
    }

    fn finish(&self, id: &str, request: &Request, failed: bool) -> Answer {
        let mut state = self.state();
        if state.taken.remove(id).is_none() {
            return refused(400, "InvalidRequestID");
        }
        let body = request.body.clone();
        state.finished.insert(id.to_owned(), Finished { failed, body });
        self.changed.notify_one();
        Answer::new(202, "application/json", ACCEPTED)
    }
}

fn refused(status: u16, kind: &str) -> Answer {
    let body = format!(r#"{{"errorMessage":"refused","errorType":"{kind}"}}"#);
    Answer::new(status, "application/json", body)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let shared = Arc::clone(&shared);
                // A process that was killed leaves its connection behind; nobody is to be told.
                open.spawn(async move { let _ = serve(stream, &shared).await; });
            }
            Some(_) = open.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, shared: &Shared) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut connection = Connection::new(stream);
    while let Some(request) = connection.request().await? {
        let answer = tokio::select! {
            answer = shared.answer(&request) => answer?,
            () = connection.closed() => return Ok(()),
        };
        let (mut bytes, body) = answer.parts(false);
        bytes.extend_from_slice(body);
        connection.send(&bytes).await?;
    }
    Ok(())
}
