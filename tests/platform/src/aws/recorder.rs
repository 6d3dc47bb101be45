//! What the emulator was asked: its call log as typed records.

use std::path::PathBuf;

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::Deserialize;

/// One AWS call.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Call {
    /// When it arrived.
    pub time: Timestamp,
    /// The service by its IAM prefix, for example `cloudwatch`.
    pub service: String,
    /// The API operation, for example `ListObjectsV2` (whose IAM action is `s3:ListBucket`). A call that nobody
    /// could name has its method and path here.
    pub operation: String,
    /// ARN of what was called on, best effort; `*` when the call names none.
    pub resource: String,
    /// ARN of the caller; empty for an unknown key.
    pub caller: String,
    /// Access key of the caller; empty for an unsigned call.
    pub access_key: String,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// Error code of the answer; empty for a success.
    pub error: String,
    /// What the right to the call depends on beside its name: the kinds of a transaction's items (`Put`, `ConditionCheck`, …),
    /// `versionId` of a read, headers of a write.
    #[serde(default)]
    pub details: Vec<String>,
}

impl Call {
    /// The role whose session made the call.
    #[must_use]
    pub fn role(&self) -> Option<&str> {
        // arn:aws:sts::<account>:assumed-role/<role>/<session>
        self.caller.split_once(":assumed-role/")?.1.split('/').next()
    }

    /// `service:operation`.
    #[must_use]
    pub fn action(&self) -> String {
        format!("{}:{}", self.service, self.operation)
    }

    /// Whether the call was allowed and done.
    #[must_use]
    pub const fn succeeded(&self) -> bool {
        self.status < 400
    }
}

/// Reads the call log, which the emulator appends to.
#[derive(Debug, Clone)]
pub struct Recorder {
    path: PathBuf,
}

/// A place in the call log: what came before is not read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mark(usize);

impl Recorder {
    pub(crate) const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The call log: one JSON object per line.
    #[must_use]
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// The end of the last whole line of the log as it is now. A line that is being written belongs to what comes after: a
    /// reader can see a part of one where it crosses a page of the file.
    ///
    /// # Errors
    ///
    /// When the log cannot be read.
    pub fn mark(&self) -> Result<Mark> {
        let last = self.bytes()?.iter().rposition(|byte| *byte == b'\n');
        Ok(Mark(last.map_or(0, |end| end + 1)))
    }

    /// All calls so far.
    ///
    /// # Errors
    ///
    /// When the log cannot be read or a line of it is not a call.
    pub fn calls(&self) -> Result<Vec<Call>> {
        self.since(Mark::default())
    }

    /// The calls after `mark`. A line that is being written is left for the next look.
    ///
    /// # Errors
    ///
    /// When the log cannot be read or a line of it is not a call.
    pub fn since(&self, mark: Mark) -> Result<Vec<Call>> {
        let bytes = self.bytes()?;
        let text = std::str::from_utf8(bytes.get(mark.0..).unwrap_or_default())?;
        let complete = text
            .rfind('\n')
            .map_or("", |end| text.get(..end).unwrap_or_default());
        let calls = complete
            .lines()
            .map(|line| serde_json::from_str(line).with_context(|| format!("not a call: {line}")));
        calls.collect()
    }

    /// The calls made through one role since `mark`.
    ///
    /// # Errors
    ///
    /// As [`Recorder::since`].
    pub fn by_role(&self, role: &str, mark: Mark) -> Result<Vec<Call>> {
        Ok(self
            .since(mark)?
            .into_iter()
            .filter(|call| call.role() == Some(role))
            .collect())
    }

    fn bytes(&self) -> Result<Vec<u8>> {
        std::fs::read(&self.path).with_context(|| format!("cannot read {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"time":"2026-11-21T12:24:52.270Z","service":"s3","operation":"ListObjectsV2","resource":"arn:aws:s3:::b","caller":"arn:aws:sts::123456789012:assumed-role/day2-scale-window/scale-window","access_key":"ASIA1","user_agent":"x","status":200,"error":""}"#;

    fn log(text: &str) -> (tempfile::TempDir, Recorder) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.jsonl");
        std::fs::write(&path, text).unwrap();
        (folder, Recorder::new(path))
    }

    #[test]
    fn calls_are_found_by_the_role_of_their_session() {
        let root = LINE.replace(
            "arn:aws:sts::123456789012:assumed-role/day2-scale-window/scale-window",
            "arn:aws:iam::123456789012:root",
        );
        let (_folder, recorder) = log(&format!("{LINE}\n{root}\n"));
        let mine = recorder.by_role("day2-scale-window", Mark::default()).unwrap();
        assert_eq!(
            mine.iter().map(Call::action).collect::<Vec<_>>(),
            ["s3:ListObjectsV2"]
        );
        assert_eq!(recorder.calls().unwrap().get(1).unwrap().role(), None);
    }

    #[test]
    fn a_line_that_is_being_written_is_left_for_the_next_look() {
        let (_folder, recorder) = log(&format!("{LINE}\n{}", LINE.get(..60).unwrap()));
        assert_eq!(recorder.calls().unwrap().len(), 1);
    }

    #[test]
    fn a_mark_amid_a_line_that_is_being_written_keeps_the_line_whole() {
        let (_folder, recorder) = log(&format!("{LINE}\n{}", LINE.get(..30).unwrap()));
        let mark = recorder.mark().unwrap();
        std::fs::write(recorder.path(), format!("{LINE}\n{LINE}\n")).unwrap();
        assert_eq!(recorder.since(mark).unwrap().len(), 1);
    }

    #[test]
    fn a_mark_hides_what_came_before() {
        let (_folder, recorder) = log(&format!("{LINE}\n"));
        let mark = recorder.mark().unwrap();
        assert!(recorder.since(mark).unwrap().is_empty());
        assert_eq!(recorder.calls().unwrap().len(), 1);
    }
}
