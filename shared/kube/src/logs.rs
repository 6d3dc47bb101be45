//! What a container wrote, as evidence: bytes as they are, bounded in number and time.

use bytes::Bytes;
use day2_core::Observed;
use day2_core::names::{DnsLabel, DnsName};
use http::header::ACCEPT;
use http::{HeaderValue, Method, Request};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use kube::client::Body;
use tokio::time::{Instant, sleep};
use url::form_urlencoded::Serializer;

use crate::ClusterClient;
use crate::body::TimedBody;
use crate::fault::Fault;
use crate::objects::PodDetail;
use crate::path;
use crate::read::{error_of, pause_before_next};

/// Which log, and how much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogQuery<'a> {
    /// Namespace of the pod.
    pub namespace: &'a DnsLabel,
    /// Name of the pod.
    pub pod: &'a DnsName,
    /// Name of the container, of whichever kind.
    pub container: &'a DnsLabel,
    /// The container before its last restart.
    pub previous: bool,
    /// The most bytes that are kept. The API server is asked for as many (`limitBytes`, which counts from the beginning of
    /// the log), and what it sends beyond is dropped.
    pub limit_bytes: usize,
    /// Only so many last lines, which the limit of bytes then counts from; none for all.
    pub tail_lines: Option<u32>,
}

/// A log, or that there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContainerLog {
    /// What was read.
    Read(LogBytes),
    /// There is none, in the words of the API server: the container waits to start, or never ended before.
    NotThere(String),
    /// The pod is gone, and its log with it.
    PodGone,
}

/// The bytes of a log. They need not be UTF-8, or end at the end of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogBytes {
    /// As they came.
    pub bytes: Bytes,
    /// Whether it is all.
    pub end: LogEnd,
}

/// Why a log ends where it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogEnd {
    /// It was read to its end.
    Whole,
    /// The limit of bytes was reached.
    Bytes,
    /// The time was up, or nothing more came.
    Time,
    /// The connection broke, in these words.
    Broken(String),
}

impl LogQuery<'_> {
    fn path(&self) -> Result<String, Fault> {
        let mut path = path::object::<PodDetail>(Some(self.namespace), self.pod)?;
        path.push_str("/log?");
        let start = path.len();
        let mut query = Serializer::for_suffix(path, start);
        query.append_pair("container", self.container);
        query.append_pair("limitBytes", &self.limit_bytes.max(1).to_string());
        if self.previous {
            query.append_pair("previous", "true");
        }
        if let Some(lines) = self.tail_lines {
            query.append_pair("tailLines", &lines.to_string());
        }
        Ok(query.finish())
    }
}

impl ClusterClient {
    /// The log of one container. Needs `get` on `pods/log`.
    ///
    /// What was read when the time is up or the connection breaks is kept, and marked. It is not begun again, except
    /// as long as nothing came.
    ///
    /// # Errors
    ///
    /// When no answer came, or one that is none of [`ContainerLog`].
    pub async fn container_log(&self, query: &LogQuery<'_>, deadline: Timestamp) -> Observed<ContainerLog> {
        let until = self.transport().until(deadline);
        self.log(query, until).await.map_err(|fault| {
            let previous = if query.previous { " (previous)" } else { "" };
            let operation = format!(
                "get pods/log {}/{} {}{previous}",
                query.namespace, query.pod, query.container
            );
            self.unreadable(&operation, &fault)
        })
    }

    async fn log(&self, query: &LogQuery<'_>, until: Instant) -> Result<ContainerLog, Fault> {
        let path = query.path()?;
        let mut tried = 0;
        loop {
            let fault = match self.log_once(&path, query.limit_bytes, until).await {
                Ok(log) => return Ok(log),
                Err(fault) => fault,
            };
            tried += 1;
            match &fault {
                Fault::Status {
                    code: 400, message, ..
                } => return Ok(ContainerLog::NotThere(message.clone())),
                fault if fault.is_no_such_object() => return Ok(ContainerLog::PodGone),
                Fault::Broken(_) | Fault::TimedOut(_) => self.transport().forget_connections(),
                _ => {}
            }
            let Some(pause) = pause_before_next(&fault, tried) else {
                return Err(fault);
            };
            if Instant::now() + pause >= until {
                return Err(fault);
            }
            sleep(pause).await;
        }
    }

    async fn log_once(&self, path: &str, limit: usize, until: Instant) -> Result<ContainerLog, Fault> {
        let request = Request::builder()
            .method(Method::GET)
            .uri(path)
            .header(ACCEPT, HeaderValue::from_static("*/*"))
            .body(Body::empty())
            .map_err(|error| Fault::Unusable(error.to_string()))?;
        let answer = self.transport().send(request, until).await?;
        if !answer.status().is_success() {
            return Err(error_of(answer).await);
        }
        read(answer.into_body(), limit).await.map(ContainerLog::Read)
    }
}

/// Reads until the end, the limit, or what ends it before.
async fn read(mut body: TimedBody, limit: usize) -> Result<LogBytes, Fault> {
    let mut kept: Vec<u8> = Vec::new();
    let end = loop {
        if kept.len() >= limit {
            break LogEnd::Bytes;
        }
        match body.frame().await {
            None => break LogEnd::Whole,
            Some(Ok(frame)) => {
                if let Ok(piece) = frame.into_data() {
                    let room = limit - kept.len();
                    kept.extend(piece.iter().take(room));
                }
            }
            Some(Err(fault @ Fault::Broken(_))) if kept.is_empty() => return Err(fault),
            Some(Err(Fault::TimedOut(_))) => break LogEnd::Time,
            Some(Err(fault)) => break LogEnd::Broken(fault.to_string()),
        }
    };
    Ok(LogBytes {
        bytes: kept.into(),
        end,
    })
}
