//! The server side of the Lambda Runtime API (AWS Lambda developer guide, "Using the Lambda runtime API for custom
//! runtimes") for one process at a time, inside the measuring program: what it costs is not the function's.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use jiff::SignedDuration;
use serde_json::Value;

use crate::http1::{Answer, Connection, Request};

const VERSION: &str = "2018-06-01";

/// The server. It lives as long as the program.
pub struct RuntimeApi {
    address: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Which process is served: the connections of an ended one get no event of its successor.
    generation: u64,
    waiting: VecDeque<Vec<u8>>,
    number: u64,
    /// When the process first asked for an event.
    asked: Option<Instant>,
    answers: VecDeque<Finished>,
}

/// What the function sent for one event.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// When the answer was here.
    pub at: Instant,
    /// Whether it is an error.
    pub failed: bool,
    /// The answer.
    pub body: Value,
}

impl RuntimeApi {
    /// Starts the server on a free port.
    ///
    /// # Errors
    ///
    /// When there is no port.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("port for the runtime API")?;
        let address = listener.local_addr()?.to_string();
        let shared = Arc::new(Shared::default());
        let served = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&served);
                // A process that is ended leaves its connections behind; nobody is to be told.
                std::thread::spawn(move || drop(serve(stream, &shared)));
            }
        });
        Ok(Self { address, shared })
    }

    /// For the variable `AWS_LAMBDA_RUNTIME_API`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Forgets the last process and everything of it.
    pub fn reset(&self) {
        let mut state = self.shared.state();
        let generation = state.generation + 1;
        *state = State {
            generation,
            number: state.number,
            ..State::default()
        };
        drop(state);
        self.shared.changed.notify_all();
    }

    /// Puts an event where the process finds it.
    pub fn give(&self, event: &[u8]) {
        self.shared.state().waiting.push_back(event.to_vec());
        self.shared.changed.notify_all();
    }

    /// Waits until the process has asked for its first event.
    ///
    /// # Errors
    ///
    /// When it does not within `limit`.
    pub fn ready(&self, limit: Duration) -> Result<Instant> {
        self.wait(limit, |state| state.asked)
    }

    /// Waits for the next answer.
    ///
    /// # Errors
    ///
    /// When none comes within `limit`.
    pub fn finished(&self, limit: Duration) -> Result<Finished> {
        self.wait(limit, |state| state.answers.pop_front())
    }

    fn wait<T>(&self, limit: Duration, mut look: impl FnMut(&mut State) -> Option<T>) -> Result<T> {
        let until = Instant::now() + limit;
        let mut state = self.shared.state();
        loop {
            if let Some(found) = look(&mut state) {
                return Ok(found);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                bail!("the function does nothing within {} s", limit.as_secs());
            }
            state = self
                .shared
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// None when the process that asks is no longer the one that is served.
    fn answer(&self, request: &Request, generation: u64) -> Option<Answer> {
        let path: Vec<&str> = request.path().trim_matches('/').split('/').collect();
        match (request.method.as_str(), path.as_slice()) {
            ("GET", [VERSION, "runtime", "invocation", "next"]) => self.next(generation),
            ("POST", [VERSION, "runtime", "invocation", _, "response"]) => Some(self.finish(request, false)),
            (
                "POST",
                [VERSION, "runtime", "invocation", _, "error"] | [VERSION, "runtime", "init", "error"],
            ) => Some(self.finish(request, true)),
            _ => Some(Answer::new(
                404,
                "application/json",
                r#"{"errorType":"NotFound"}"#,
            )),
        }
    }

    fn next(&self, generation: u64) -> Option<Answer> {
        let mut state = self.state();
        state.asked.get_or_insert_with(Instant::now);
        self.changed.notify_all();
        loop {
            if state.generation != generation {
                return None;
            }
            if let Some(event) = state.waiting.pop_front() {
                state.number += 1;
                let id = format!("00000000-0000-4000-8000-{:012x}", state.number);
                return Some(
                    Answer::new(200, "application/json", event)
                        .with("lambda-runtime-aws-request-id", &id)
                        .with("lambda-runtime-deadline-ms", &deadline())
                        .with(
                            "lambda-runtime-invoked-function-arn",
                            "arn:aws:lambda:us-east-1:123456789012:function:bench",
                        )
                        .with(
                            "lambda-runtime-trace-id",
                            "Root=1-00000000-000000000000000000000000;Sampled=0",
                        ),
                );
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn finish(&self, request: &Request, failed: bool) -> Answer {
        let text = String::from_utf8_lossy(&request.body).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        self.state().answers.push_back(Finished {
            at: Instant::now(),
            failed,
            body,
        });
        self.changed.notify_all();
        Answer::new(202, "application/json", r#"{"status":"OK"}"#)
    }
}

/// Five minutes from now.
fn deadline() -> String {
    let end = day2_aws::boot::now().saturating_add(SignedDuration::from_mins(5));
    end.map_or_else(|_| String::new(), |at| at.as_millisecond().to_string())
}

fn serve(stream: TcpStream, shared: &Shared) -> Result<()> {
    stream.set_nodelay(true)?;
    let generation = shared.state().generation;
    let mut connection = Connection::new(stream);
    while let Some(request) = connection.request()? {
        let Some(answer) = shared.answer(&request, generation) else {
            return Ok(());
        };
        connection.answer(&request.method, &answer)?;
    }
    Ok(())
}
