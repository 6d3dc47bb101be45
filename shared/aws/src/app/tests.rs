//! Whole invocations of a scripted check in a world in memory.

mod calls;
mod deliveries;
mod failures;
mod index;
mod notes;

use serde_json::{Value, json};

use super::*;
use crate::fixture::{Dummy, MORNING, invocation};

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
