//! `metadata.managedFields`: who set which field to what it is.

use serde::Deserialize;
use serde_json::Value;

/// One entry. The entries of all managers together name each field's last setters.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Managed {
    manager: Option<String>,
    fields_v1: Option<Value>,
}

/// Who set the field at this path, for example `["f:spec", "f:unschedulable"]`; empty when it is not told.
pub(super) fn managers(entries: Option<Vec<Managed>>, path: &[&str]) -> Vec<String> {
    entries
        .unwrap_or_default()
        .into_iter()
        .filter(|entry| {
            let start = entry.fields_v1.as_ref();
            path.iter()
                .try_fold(start, |at, step| at.map(|fields| fields.get(step)))
                .flatten()
                .is_some()
        })
        .map(|entry| entry.manager.unwrap_or_default())
        .collect()
}
