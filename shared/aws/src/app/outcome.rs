//! What came of each target, and the answer of the invocation made of it.

use day2_core::report::Report;
use serde_json::{Map, Value, json};

use crate::error::{OpsError, chain};

/// Largest answer in bytes. Lambda takes 6 MB (6,291,556 bytes) from a function; a larger answer would turn a
/// published run into a failed invocation, and so into a second mail.
/// Source: AWS Lambda Developer Guide, "Lambda quotas", invocation payload.
const LARGEST: usize = 5_000_000;

/// What came of one target.
#[derive(Debug)]
pub(super) enum Done {
    /// A report is out. The text is a warning about what is missing around it.
    Reported(Box<Report>, Option<String>),
    /// An earlier delivery has published it.
    AlreadyPublished(String),
    /// The calendar says that nothing is due.
    Rests(String),
}

/// What came of all targets.
#[derive(Debug, Default)]
pub(super) struct Outcomes {
    reports: Vec<Value>,
    short: Vec<Value>,
    already: Vec<Value>,
    rests: Vec<Value>,
    warnings: Vec<String>,
    failed: Option<OpsError>,
}

impl Outcomes {
    pub(super) fn add(&mut self, target: &str, done: Result<Done, OpsError>) {
        match done {
            Ok(Done::Reported(report, warning)) => {
                self.short
                    .push(json!({ "id": report.id, "target": target, "status": report.status }));
                self.reports.push(json!(report));
                self.warnings
                    .extend(warning.map(|warning| format!("{target}: {warning}")));
            }
            Ok(Done::AlreadyPublished(id)) => self.already.push(json!({ "target": target, "report_id": id })),
            Ok(Done::Rests(reason)) => self.rests.push(json!({ "target": target, "reason": reason })),
            Err(error) => {
                let text = chain(&error);
                // The runtime logs what is returned; with several targets only one can be.
                if self.failed.is_none() {
                    self.failed = Some(error);
                } else {
                    tracing::error!(target_name = target, error = text, "target failed too");
                }
            }
        }
    }

    /// The answer, or the first failure. A delivery of the same event afterwards finds the published ones done.
    pub(super) fn finish(self) -> Result<Value, OpsError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let mut answer = Map::new();
        if self.reports.is_empty() {
            let outcome = if self.already.is_empty() {
                "rests"
            } else {
                "already_published"
            };
            answer.insert("outcome".to_owned(), json!(outcome));
        }
        let lists = [("already_published", self.already), ("rests", self.rests)];
        for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            answer.insert(name.to_owned(), json!(list));
        }
        if !self.warnings.is_empty() {
            answer.insert("warnings".to_owned(), json!(self.warnings));
        }
        answer.insert("reports".to_owned(), json!(self.reports));
        let answer = Value::Object(answer);
        Ok(if answer.to_string().len() <= LARGEST {
            answer
        } else {
            shortened(answer, &self.short)
        })
    }
}

/// The same answer with each report reduced to what finds it.
fn shortened(mut answer: Value, short: &[Value]) -> Value {
    if let Some(members) = answer.as_object_mut() {
        members.insert("reports".to_owned(), json!(short));
        members.insert(
            "shortened".to_owned(),
            json!("the reports are too large for an answer; they are in the report bucket"),
        );
    }
    answer
}
