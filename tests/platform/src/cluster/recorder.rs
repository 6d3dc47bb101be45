//! What was asked of the apiserver, by whom: its own audit log, read as typed records.
//!
//! Proofs of least privilege compare these records with what a role allows, so they hold exactly what
//! authorization looks at.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::wait::wait_until;

/// One request to the apiserver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Who asked, as authentication named them.
    pub user: String,
    /// Their groups.
    pub groups: Vec<String>,
    /// `get`, `list`, `watch`, `create`, `patch`, `delete`, … as RBAC knows them.
    pub verb: String,
    /// API group; empty for the core group and for paths that are no resource.
    pub api_group: String,
    /// Plural name of the resource; empty for paths that are no resource.
    pub resource: String,
    /// For example `eviction`, `log`, `status`; mostly empty.
    pub subresource: String,
    /// Namespace, empty for cluster-wide objects and lists over all namespaces.
    pub namespace: String,
    /// Name of the object, empty for lists.
    pub name: String,
    /// Path and query as sent.
    pub uri: String,
    /// HTTP status of the answer; 0 when none was sent.
    pub status: u16,
}

impl Call {
    /// The part that a role must allow, for example `get apps/deployments/scale` or `get /version`.
    #[must_use]
    pub fn right(&self) -> String {
        if self.resource.is_empty() {
            return format!("{} {}", self.verb, self.uri.split('?').next().unwrap_or_default());
        }
        let mut path = vec![
            self.api_group.as_str(),
            self.resource.as_str(),
            self.subresource.as_str(),
        ];
        path.retain(|part| !part.is_empty());
        format!("{} {}", self.verb, path.join("/"))
    }

    /// Whether a part of Kubernetes itself asked: `system:…` users, among them service accounts and nodes.
    #[must_use]
    pub fn by_system(&self) -> bool {
        self.user.starts_with("system:")
    }
}

/// A place in the record, to read only what comes later.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mark(u64);

/// Reads the record of one cluster.
#[derive(Debug, Clone)]
pub struct Recorder {
    path: PathBuf,
}

impl Recorder {
    pub(crate) const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The end of the last whole line of the record as it is now. A line that is being written belongs to what comes after.
    ///
    /// # Errors
    ///
    /// When the record cannot be read.
    pub fn mark(&self) -> Result<Mark> {
        let bytes =
            std::fs::read(&self.path).with_context(|| format!("no record at {}", self.path.display()))?;
        let last = bytes.iter().rposition(|byte| *byte == b'\n');
        Ok(Mark(last.map_or(0, |end| end as u64 + 1)))
    }

    /// All calls from `mark` on, without those of Kubernetes' own `system:` users.
    ///
    /// The apiserver writes a line when it has finished with a request, which can be a moment after the caller
    /// has its answer. To be sure of a certain call, use [`Self::wait_for`].
    ///
    /// # Errors
    ///
    /// When the record cannot be read or holds a line that is no audit event.
    pub fn calls_since(&self, mark: Mark) -> Result<Vec<Call>> {
        let mut file =
            File::open(&self.path).with_context(|| format!("no record at {}", self.path.display()))?;
        file.seek(SeekFrom::Start(mark.0))?;
        let mut calls = read(BufReader::new(file))?;
        calls.retain(|call| !call.by_system());
        Ok(calls)
    }

    /// The calls of one user from `mark` on, also of a `system:` one; the user as a filter on the whole name.
    ///
    /// # Errors
    ///
    /// As [`Self::calls_since`].
    pub fn calls_by(&self, mark: Mark, user: impl Fn(&str) -> bool) -> Result<Vec<Call>> {
        let mut calls = self.calls_since(mark)?;
        calls.retain(|call| user(&call.user));
        Ok(calls)
    }

    /// Waits until a call that `wanted` accepts is recorded after `mark`, and gives it.
    ///
    /// # Errors
    ///
    /// When it is not there within `within`; lists the rights used instead.
    pub async fn wait_for(
        &self,
        mark: Mark,
        within: Duration,
        wanted: impl Fn(&Call) -> bool,
    ) -> Result<Call> {
        wait_until(within, "the call is recorded", async || {
            let calls = self.calls_since(mark)?;
            let seen: BTreeSet<String> = calls
                .iter()
                .map(|call| format!("{} {}", call.user, call.right()))
                .collect();
            let found = calls.into_iter().find(|call| wanted(call));
            ensure!(found.is_some(), "recorded so far: {seen:?}");
            found.context("the call")
        })
        .await
    }
}

/// The audit event of Kubernetes (`audit.k8s.io/v1`), as far as it is used.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(rename = "auditID")]
    id: String,
    verb: String,
    #[serde(rename = "requestURI")]
    uri: String,
    user: User,
    impersonated_user: Option<User>,
    #[serde(default)]
    object_ref: Object,
    #[serde(default)]
    response_status: Status,
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    username: String,
    #[serde(default)]
    groups: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Object {
    api_group: String,
    resource: String,
    subresource: String,
    namespace: String,
    name: String,
}

#[derive(Deserialize, Default)]
struct Status {
    #[serde(default)]
    code: u16,
}

fn read(mut log: impl BufRead) -> Result<Vec<Call>> {
    let mut calls = Vec::new();
    let mut seen = BTreeSet::new();
    let mut line = Vec::new();
    // A last line without its end is still being written.
    while log.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
        let event: Event =
            serde_json::from_slice(&line).context("the record holds a line that is no audit event")?;
        // A watch is logged twice, when it starts and when it ends.
        if seen.insert(event.id.clone()) {
            calls.push(event.into());
        }
        line.clear();
    }
    Ok(calls)
}

impl From<Event> for Call {
    fn from(event: Event) -> Self {
        let user = event.impersonated_user.unwrap_or(event.user);
        let object = event.object_ref;
        Self {
            user: user.username,
            groups: user.groups,
            verb: event.verb,
            api_group: object.api_group,
            resource: object.resource,
            subresource: object.subresource,
            namespace: object.namespace,
            name: object.name,
            uri: event.uri,
            status: event.response_status.code,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"{"auditID":"1","stage":"ResponseComplete","requestURI":"/api/v1/pods?limit=500","verb":"list","user":{"username":"arn:aws:sts::123456789012:assumed-role/r/s","groups":["day2:scale-window","system:authenticated"]},"objectRef":{"resource":"pods","apiVersion":"v1"},"responseStatus":{"metadata":{},"code":200}}"#;
    const SCALE: &str = r#"{"auditID":"2","requestURI":"/apis/apps/v1/namespaces/a/deployments/web/scale","verb":"patch","user":{"username":"admin"},"objectRef":{"resource":"deployments","namespace":"a","name":"web","apiGroup":"apps","apiVersion":"v1","subresource":"scale"},"responseStatus":{"code":403}}"#;
    const VERSION: &str = r#"{"auditID":"3","requestURI":"/version?timeout=32s","verb":"get","user":{"username":"system:serviceaccount:a:b"},"responseStatus":{"code":200}}"#;

    fn calls(lines: &[&str]) -> Vec<Call> {
        read(lines.join("\n").as_bytes()).unwrap()
    }

    #[test]
    fn rights_are_named_as_roles_name_them() {
        let rights: Vec<String> = calls(&[LIST, SCALE, VERSION, ""])
            .iter()
            .map(Call::right)
            .collect();
        assert_eq!(
            rights,
            ["list pods", "patch apps/deployments/scale", "get /version"]
        );
    }

    #[test]
    fn a_watch_counts_once_and_a_line_still_being_written_waits() {
        assert_eq!(calls(&[LIST, LIST, SCALE, ""]).len(), 2);
        assert_eq!(calls(&[LIST, &SCALE[..40]]).len(), 1);
    }

    #[test]
    fn a_line_that_is_no_event_is_an_error_not_silence() {
        assert!(read("{}\n".as_bytes()).is_err());
    }

    #[test]
    fn calls_of_kubernetes_itself_are_left_out_and_a_mark_hides_what_was_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit");
        std::fs::write(&path, format!("{LIST}\n")).unwrap();
        let recorder = Recorder::new(path.clone());
        let mark = recorder.mark().unwrap();
        std::fs::write(&path, format!("{LIST}\n{SCALE}\n{VERSION}\n")).unwrap();
        let users = |calls: Vec<Call>| {
            calls
                .into_iter()
                .map(|call| (call.user, call.status))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            users(recorder.calls_since(mark).unwrap()),
            [("admin".to_owned(), 403)]
        );
        assert_eq!(
            users(
                recorder
                    .calls_by(Mark::default(), |user| user.contains("assumed-role/r/"))
                    .unwrap()
            )
            .len(),
            1
        );
    }
}
