//! HTTP/1.1 messages read whole and written whole, on connections that stay open (RFC 9112).
//!
//! What stands between a client and a server must not change what the client signed: header values are bytes, in
//! their order, and the target is never parsed and built again. A web framework would bring features into the HTTP
//! crates that the product shares, and so another compilation of every SDK.

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Longest request or status line with headers, in bytes; a presigned token alone takes two thousand.
const HEAD_LIMIT: usize = 64 * 1024;
/// Longest body, in bytes: beyond every report, and every list of the largest cluster that is tried here.
const BODY_LIMIT: usize = 256 * 1024 * 1024;
/// Most headers of a message.
const HEADERS_LIMIT: usize = 100;

/// Headers in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Headers(Vec<(String, Vec<u8>)>);

impl Headers {
    /// The first value of this name as text; names ignore case.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.and_then(|(_, value)| std::str::from_utf8(value).ok())
    }

    pub(crate) fn add(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.as_bytes().to_vec()));
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        for (name, value) in &self.0 {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
    }

    fn of(parsed: &[httparse::Header<'_>]) -> Self {
        let one = |header: &httparse::Header<'_>| (header.name.to_owned(), header.value.to_vec());
        Self(parsed.iter().map(one).collect())
    }
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query as sent.
    pub(crate) target: String,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// The target without its query.
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The query, without `?`.
    pub(crate) fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// Whether the sender closes after the answer.
    pub(crate) fn is_last(&self) -> bool {
        self.headers
            .get("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }

    /// The bytes for a connection that ends with the answer.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut headers = self.headers.clone();
        // Framing belongs to a connection, not to a message; none of these three is signed by an SDK when it differs.
        for name in ["connection", "transfer-encoding", "content-length"] {
            headers.remove(name);
        }
        headers.add("connection", "close");
        if !self.body.is_empty() || self.headers.get("content-length").is_some() {
            headers.add("content-length", &self.body.len().to_string());
        }
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.target).into_bytes();
        headers.write(&mut bytes);
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let mut headers = Headers::default();
        headers.add("content-type", content_type);
        Self {
            status,
            headers,
            body: body.into(),
        }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.add(name, value);
        self
    }

    /// Head and body. The head always tells the length of the whole body.
    pub(crate) fn parts(&self, to_head_request: bool) -> (Vec<u8>, &[u8]) {
        let mut headers = self.headers.clone();
        headers.remove("connection");
        headers.remove("transfer-encoding");
        let bodiless = to_head_request || matches!(self.status, 204 | 304);
        if !bodiless {
            headers.remove("content-length");
            headers.add("content-length", &self.body.len().to_string());
        }
        let reason = http::StatusCode::from_u16(self.status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or("-");
        let mut head = format!("HTTP/1.1 {} {reason}\r\n", self.status).into_bytes();
        headers.write(&mut head);
        (head, if bodiless { &[] } else { &self.body })
    }
}

/// One end of a connection.
#[derive(Debug)]
pub(crate) struct Connection<S> {
    stream: S,
    /// Read, not yet used.
    bytes: Vec<u8>,
}

/// How long a body is.
enum Length {
    Bytes(usize),
    Chunked,
    UntilTheEnd,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub(crate) const fn new(stream: S) -> Self {
        Self {
            stream,
            bytes: Vec::new(),
        }
    }

    pub(crate) const fn stream(&self) -> &S {
        &self.stream
    }

    /// The next request; `None` when the peer has closed instead.
    pub(crate) async fn request(&mut self) -> Result<Option<Request>> {
        let (mut request, length, continues) = loop {
            let mut headers = [httparse::EMPTY_HEADER; HEADERS_LIMIT];
            let mut head = httparse::Request::new(&mut headers);
            if let httparse::Status::Complete(end) = head.parse(&self.bytes)? {
                let request = Request {
                    method: head.method.unwrap_or_default().to_owned(),
                    target: head.path.unwrap_or_default().to_owned(),
                    headers: Headers::of(head.headers),
                    body: Vec::new(),
                };
                self.bytes.drain(..end);
                let length = length(&request.headers, Length::Bytes(0))?;
                let continues = request.headers.get("expect").is_some();
                break (request, length, continues);
            }
            if !self.more_head().await? {
                return Ok(None);
            }
        };
        if continues {
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        request.body = self.body(length).await?;
        Ok(Some(request))
    }

    /// The answer to a request of this method.
    pub(crate) async fn answer(&mut self, method: &str) -> Result<Answer> {
        loop {
            let mut headers = [httparse::EMPTY_HEADER; HEADERS_LIMIT];
            let mut head = httparse::Response::new(&mut headers);
            if let httparse::Status::Complete(end) = head.parse(&self.bytes)? {
                let mut answer = Answer {
                    status: head.code.context("status")?,
                    headers: Headers::of(head.headers),
                    body: Vec::new(),
                };
                self.bytes.drain(..end);
                if answer.status < 200 {
                    continue; // 100 Continue, for example; the answer follows
                }
                if method != "HEAD" && !matches!(answer.status, 204 | 304) {
                    let length = length(&answer.headers, Length::UntilTheEnd)?;
                    answer.body = self.body(length).await?;
                }
                return Ok(answer);
            }
            ensure!(
                self.more_head().await?,
                "no answer came before the connection closed"
            );
        }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await?;
        Ok(())
    }

    /// Says goodbye.
    pub(crate) async fn close(mut self) {
        let _ = self.stream.shutdown().await; // a peer that is gone already does not mind
    }

    /// Returns when the peer has closed. What it sends meanwhile is kept.
    pub(crate) async fn closed(&mut self) {
        while self.bytes.len() < HEAD_LIMIT && matches!(self.stream.read_buf(&mut self.bytes).await, Ok(1..))
        {
        }
    }

    /// Reads some; false at the end between two messages.
    async fn more_head(&mut self) -> Result<bool> {
        ensure!(
            self.bytes.len() <= HEAD_LIMIT,
            "the head is longer than {HEAD_LIMIT} bytes"
        );
        let read = self.stream.read_buf(&mut self.bytes).await?;
        ensure!(read > 0 || self.bytes.is_empty(), "the head ends early");
        Ok(read > 0)
    }

    async fn body(&mut self, length: Length) -> Result<Vec<u8>> {
        match length {
            Length::Bytes(length) => self.take(length).await,
            Length::Chunked => self.chunks().await,
            Length::UntilTheEnd => {
                while self.stream.read_buf(&mut self.bytes).await? > 0 {
                    ensure!(self.bytes.len() <= BODY_LIMIT, "the body is too long");
                }
                Ok(std::mem::take(&mut self.bytes))
            }
        }
    }

    async fn take(&mut self, length: usize) -> Result<Vec<u8>> {
        ensure!(length <= BODY_LIMIT, "the body is longer than {BODY_LIMIT} bytes");
        while self.bytes.len() < length {
            ensure!(
                self.stream.read_buf(&mut self.bytes).await? > 0,
                "the body ends early"
            );
        }
        Ok(self.bytes.drain(..length).collect())
    }

    async fn line(&mut self) -> Result<String> {
        loop {
            if let Some(end) = self.bytes.windows(2).position(|two| two == b"\r\n") {
                let line = self.take(end + 2).await?;
                return Ok(String::from_utf8_lossy(&line).trim().to_owned());
            }
            ensure!(self.bytes.len() <= HEAD_LIMIT, "a line has no end");
            ensure!(
                self.stream.read_buf(&mut self.bytes).await? > 0,
                "the body ends early"
            );
        }
    }

    async fn chunks(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let size = self.line().await?;
            let size = size.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16).with_context(|| format!("chunk size `{size}`"))?;
            if size == 0 {
                while !self.line().await?.is_empty() {} // trailers
                return Ok(body);
            }
            body.extend(self.take(size).await?);
            ensure!(body.len() <= BODY_LIMIT, "the body is too long");
            self.line().await?;
        }
    }
}

fn length(headers: &Headers, otherwise: Length) -> Result<Length> {
    let chunked = headers
        .get("transfer-encoding")
        .is_some_and(|value| value.to_ascii_lowercase().ends_with("chunked"));
    if chunked {
        return Ok(Length::Chunked);
    }
    match headers.get("content-length") {
        Some(length) => Ok(Length::Bytes(length.parse().context("content-length")?)),
        None => Ok(otherwise),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn requests(bytes: &[u8]) -> Result<Vec<Request>> {
        let (near, mut far) = tokio::io::duplex(16);
        let feed = async {
            far.write_all(bytes).await.unwrap();
            far.shutdown().await.unwrap();
            let mut rest = Vec::new();
            let _ = far.read_to_end(&mut rest).await;
        };
        let read = async move {
            let mut connection = Connection::new(near);
            let mut all = Vec::new();
            while let Some(request) = connection.request().await? {
                all.push(request);
            }
            Ok(all)
        };
        let ((), all) = tokio::join!(feed, read);
        all
    }

    #[tokio::test]
    async fn several_requests_of_one_connection_are_read_whole_and_apart() {
        let bytes = b"PUT /a?b=%2F HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello\
            POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\nT: x\r\n\r\n\
            GET /d HTTP/1.1\r\n\r\n";
        let seen = requests(bytes).await.unwrap();
        let told: Vec<(&str, &[u8])> = seen
            .iter()
            .map(|one| (one.target.as_str(), &one.body[..]))
            .collect();
        assert_eq!(told, [("/a?b=%2F", &b"hello"[..]), ("/c", b"abcde"), ("/d", b"")]);
        assert_eq!((seen[0].path(), seen[0].query()), ("/a", "b=%2F"));
    }

    #[tokio::test]
    async fn a_request_that_ends_early_is_an_error_and_not_a_shorter_one() {
        for bytes in [
            &b"PUT / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhello"[..],
            b"PUT / HTTP/1.1\r\nContent-Le",
            b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello",
        ] {
            assert!(
                requests(bytes).await.is_err(),
                "{}",
                String::from_utf8_lossy(bytes)
            );
        }
    }

    #[tokio::test]
    async fn a_passed_on_request_keeps_what_was_signed_and_changes_the_framing_only() {
        let bytes = b"POST / HTTP/1.1\r\nHost: 127.0.0.1:1\r\nx-meta: \xe9\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n";
        let passed = requests(bytes).await.unwrap().remove(0).bytes();
        let expected = b"POST / HTTP/1.1\r\nHost: 127.0.0.1:1\r\nx-meta: \xe9\r\nconnection: close\r\ncontent-length: 1\r\n\r\nx";
        assert_eq!(passed, expected);
    }

    #[tokio::test]
    async fn an_answer_may_follow_an_interim_one_and_end_with_the_connection() {
        for (bytes, body) in [
            (
                &b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nwhole"[..],
                &b"whole"[..],
            ),
            (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nabc", b"ab"),
        ] {
            let (near, mut far) = tokio::io::duplex(1024);
            far.write_all(bytes).await.unwrap();
            drop(far);
            let answer = Connection::new(near).answer("GET").await.unwrap();
            assert_eq!((answer.status, &answer.body[..]), (200, body));
        }
    }
}
