//! Faults on purpose: a loopback server in front of AWS or of the cluster that loses, delays, spoils or refuses calls.
//!
//! No emulator throttles, hangs or forgets (`platform.md`, "What no emulator gives"). So a [`Front`] stands before an
//! endpoint, passes every call on as it was signed, and follows a script of [`Rule`]s, which may change while it runs.
//! All fronts of one [`Faults`] share its script and its record, so that the order of calls to AWS and to the cluster
//! is known. Callers keep their own rules of trust: the front of a cluster shows a certificate of the cluster's CA.
//!
//! Answers are read whole before they are passed back, so that nothing may be watched or followed through a front.

mod call;
mod front;
mod gate;
mod pages;
mod record;
mod script;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;

pub use call::Call;
pub use front::{Front, Upstream};
pub use gate::Gate;
pub use record::{Exchange, Mark};
pub use script::{Fault, Rule, RuleId};

use crate::http1::Answer;
use script::Script;

/// One script and one record for any number of fronts. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    script: Script,
    record: Vec<Exchange>,
    ticks: u64,
    /// The first good answer to each call, for what is stale.
    first: HashMap<Call, Answer>,
}

impl Faults {
    /// No rules and nothing recorded.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a server before `upstream`, on a free port of 127.0.0.1. Dropping it ends it and its connections.
    ///
    /// # Errors
    ///
    /// When no port can be listened on, or the certificate of the cluster is refused.
    pub async fn before(&self, upstream: Upstream) -> Result<Front> {
        Front::start(self.clone(), upstream).await
    }

    /// Puts a rule in force, for calls that begin from now on.
    #[expect(clippy::must_use_candidate, reason = "most rules stay until all are cleared")]
    pub fn add(&self, rule: Rule) -> RuleId {
        self.state().script.add(rule)
    }

    /// Takes a rule back.
    pub fn remove(&self, rule: RuleId) {
        self.state().script.remove(rule);
    }

    /// Takes all rules back.
    pub fn clear(&self) {
        self.state().script.clear();
    }

    /// Every call so far, in the order in which they began.
    #[must_use]
    pub fn record(&self) -> Vec<Exchange> {
        self.since(Mark::default())
    }

    /// The end of the record as it is now.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark(self.state().record.len())
    }

    /// The calls that began after `mark`.
    #[must_use]
    pub fn since(&self, mark: Mark) -> Vec<Exchange> {
        self.state().record.get(mark.0..).unwrap_or_default().to_vec()
    }

    /// What was changed after `mark`: calls that change something and were accepted, whatever the caller was told.
    #[must_use]
    pub fn writes_since(&self, mark: Mark) -> Vec<Exchange> {
        let mut all = self.since(mark);
        all.retain(Exchange::is_write);
        all
    }

    /// A call begins: its place in the record, and what befalls it.
    fn begin(&self, call: Call) -> (usize, Duration, Option<Fault>) {
        let mut state = self.state();
        let (delay, fault) = state.script.decide(&call);
        state.ticks += 1;
        let began = state.ticks;
        state.record.push(Exchange {
            call,
            began,
            answered: None,
            forwarded: false,
            done: None,
            status: None,
            fault: fault.as_ref().map(Fault::name),
        });
        (state.record.len() - 1, delay, fault)
    }

    /// Writes down that the real server has answered.
    fn answered(&self, place: usize, status: u16) {
        let mut state = self.state();
        state.ticks += 1;
        let now = state.ticks;
        if let Some(exchange) = state.record.get_mut(place) {
            (exchange.done, exchange.answered) = (Some(status), Some(now));
        }
    }

    /// Writes down how a call goes on.
    fn note(&self, place: usize, change: impl FnOnce(&mut Exchange)) {
        if let Some(exchange) = self.state().record.get_mut(place) {
            change(exchange);
        }
    }

    fn first_answer(&self, call: &Call) -> Option<Answer> {
        self.state().first.get(call).cloned()
    }

    fn keep_first(&self, call: &Call, answer: &Answer) {
        if answer.status < 300 && !call.changes() {
            let mut state = self.state();
            state.first.entry(call.clone()).or_insert_with(|| answer.clone());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
