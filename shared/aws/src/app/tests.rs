//! Whole invocations of a scripted check in a world in memory.

mod calls;
mod deliveries;
mod exchanges;
mod failures;
mod index;
mod kill;
mod notes;
mod refused;
mod together;

use std::collections::BTreeSet;
use std::pin::pin;
use std::task::Poll;

use day2_core::links::INDEX;
use serde_json::{Value, json};

use super::*;
use crate::fixture::{Dummy, MORNING, World, invocation};

fn report(answer: &Value) -> &Value {
    let reports = answer["reports"].as_array().unwrap();
    assert_eq!(reports.len(), 1, "{answer:#}");
    &reports[0]
}

fn transient(error: OpsError) -> (bool, String) {
    let diagnostic = lambda_runtime::Diagnostic::from(error);
    (diagnostic.error_type == "Transient", diagnostic.error_message)
}

async fn call(app: &App<Dummy>, event: &Value) -> Result<Value, OpsError> {
    handle(app, event.to_string().as_bytes(), &invocation(MORNING, "by-hand")).await
}

/// Runs a handler to its end. Everything that it waits for at the same time is answered together: one round.
async fn in_rounds<T>(world: &World, handler: impl Future<Output = T>) -> T {
    world.turns.take();
    let mut handler = pin!(handler);
    loop {
        if let Poll::Ready(done) = futures::poll!(handler.as_mut()) {
            return done;
        }
        world.gate.next_round();
        // Tokio's budget of a task is renewed only when the task itself gives way.
        tokio::task::yield_now().await;
    }
}

/// The reports that a page of the index names, by their keys.
fn named(page: &str) -> BTreeSet<String> {
    page.split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|link| !link.starts_with('#'))
        .map(|link| format!("reports/{link}"))
        .collect()
}

/// The targets and tasks of the reports that the last index names.
fn last_index(world: &World) -> Vec<String> {
    let pages = world.index_pages();
    let names = pages.last().map(|page| named(page)).unwrap_or_default();
    let line = |key: &String| key.split('/').skip(2).take(2).collect::<Vec<&str>>().join(" ");
    names.iter().map(line).collect()
}

/// No index ever named a report that was not stored.
fn names_stored_only(world: &World) {
    let mut stored = BTreeSet::new();
    for (key, body) in world.objects.lock().unwrap().iter() {
        if key == INDEX {
            let named = named(body);
            assert!(named.is_subset(&stored), "{named:?} of {stored:?}");
        } else {
            stored.insert(key.clone());
        }
    }
}

/// No index lacked what one before it named.
fn never_goes_back(world: &World) {
    let pages: Vec<_> = world.index_pages().iter().map(|page| named(page)).collect();
    for two in pages.windows(2) {
        assert!(two[0].is_subset(&two[1]), "{two:?}");
    }
}
