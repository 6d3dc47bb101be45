//! The server side of HTTP/1.1 (RFC 9112) on blocking connections: requests read whole, answers written whole.
//!
//! One thread per connection is enough for the two servers of the benchmarks, and costs the measured side nothing. A web
//! framework would bring features into the HTTP crates that the product shares, and so another compilation of every SDK.

use std::io::{Read, Write};

use anyhow::{Context, Result, ensure};

/// Longest head, in bytes.
const HEAD_LIMIT: usize = 64 * 1024;
/// Longest body, in bytes: far more than anything that is sent here.
const BODY_LIMIT: usize = 64 * 1024 * 1024;
/// Most headers of a request.
const HEADERS_LIMIT: usize = 100;

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: String,
    /// Path and query as sent.
    pub target: String,
    /// Headers in their order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The target without its query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The first value of the header of this name, which is in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Headers beside the length.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// An answer with a body of this type.
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: body.into(),
        }
    }

    /// JSON with status 200.
    #[must_use]
    pub fn json(value: &serde_json::Value) -> Self {
        Self::new(200, "application/json", value.to_string())
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn bytes(&self, method: &str) -> Vec<u8> {
        let mut head = format!(
            "HTTP/1.1 {} -\r\ncontent-length: {}\r\n",
            self.status,
            self.body.len()
        );
        for (name, value) in &self.headers {
            head.push_str(name);
            head.push_str(": ");
            head.push_str(value);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        if method != "HEAD" {
            bytes.extend_from_slice(&self.body);
        }
        bytes
    }
}

/// A connection with what was read and not yet used.
pub struct Connection<S> {
    stream: S,
    bytes: Vec<u8>,
}

impl<S: Read + Write> Connection<S> {
    /// A connection.
    pub const fn new(stream: S) -> Self {
        Self {
            stream,
            bytes: Vec::new(),
        }
    }

    /// The next request; `None` when the peer has closed instead.
    ///
    /// # Errors
    ///
    /// When it ends early, is too long, or is no HTTP.
    pub fn request(&mut self) -> Result<Option<Request>> {
        let mut request = loop {
            let mut headers = [httparse::EMPTY_HEADER; HEADERS_LIMIT];
            let mut head = httparse::Request::new(&mut headers);
            if let httparse::Status::Complete(end) = head.parse(&self.bytes)? {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let one =
                    |header: &httparse::Header<'_>| (header.name.to_ascii_lowercase(), text(header.value));
                let request = Request {
                    method: head.method.unwrap_or_default().to_owned(),
                    target: head.path.unwrap_or_default().to_owned(),
                    headers: head.headers.iter().map(one).collect(),
                    body: Vec::new(),
                };
                self.bytes.drain(..end);
                break request;
            }
            ensure!(
                self.bytes.len() <= HEAD_LIMIT,
                "the head is longer than {HEAD_LIMIT} bytes"
            );
            if !self.more()? {
                ensure!(self.bytes.is_empty(), "the head ends early");
                return Ok(None);
            }
        };
        if request.header("expect").is_some() {
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        request.body = match (
            request.header("transfer-encoding"),
            request.header("content-length"),
        ) {
            (Some(coding), _) if coding.ends_with("chunked") => self.chunks()?,
            (_, Some(length)) => self.take(length.parse().context("content-length")?)?,
            _ => Vec::new(),
        };
        Ok(Some(request))
    }

    /// Sends an answer to a request of this method.
    ///
    /// # Errors
    ///
    /// When the peer is gone.
    pub fn answer(&mut self, method: &str, answer: &Answer) -> Result<()> {
        self.stream.write_all(&answer.bytes(method))?;
        self.stream.flush()?;
        Ok(())
    }

    fn more(&mut self) -> Result<bool> {
        let mut buffer = [0; 16 * 1024];
        let read = self.stream.read(&mut buffer)?;
        self.bytes
            .extend_from_slice(buffer.get(..read).unwrap_or_default());
        Ok(read > 0)
    }

    fn take(&mut self, length: usize) -> Result<Vec<u8>> {
        ensure!(length <= BODY_LIMIT, "the body is longer than {BODY_LIMIT} bytes");
        while self.bytes.len() < length {
            ensure!(self.more()?, "the body ends early");
        }
        Ok(self.bytes.drain(..length).collect())
    }

    fn line(&mut self) -> Result<String> {
        loop {
            if let Some(end) = self.bytes.windows(2).position(|two| two == b"\r\n") {
                let line = self.take(end + 2)?;
                return Ok(String::from_utf8_lossy(&line).trim().to_owned());
            }
            ensure!(self.more()?, "the body ends early");
        }
    }

    fn chunks(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let size = self.line()?;
            let digits = size.split(';').next().unwrap_or_default();
            let size = usize::from_str_radix(digits, 16).with_context(|| format!("chunk size `{size}`"))?;
            if size == 0 {
                while !self.line()?.is_empty() {} // trailers
                return Ok(body);
            }
            body.extend(self.take(size)?);
            ensure!(body.len() <= BODY_LIMIT, "the body is too long");
            self.line()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    /// A peer that has said everything, and takes every answer.
    struct Peer(Cursor<Vec<u8>>);

    impl Read for Peer {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let few = buffer.len().min(7);
            self.0.read(&mut buffer[..few])
        }
    }

    impl Write for Peer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn requests_of_one_connection_are_read_whole_and_apart() {
        let bytes = b"PUT /a?b HTTP/1.1\r\nX-Name: v\r\nContent-Length: 5\r\n\r\nhello\
            POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\nT: x\r\n\r\n";
        let mut connection = Connection::new(Peer(Cursor::new(bytes.to_vec())));
        let first = connection.request().unwrap().unwrap();
        assert_eq!(
            (first.path(), first.header("x-name"), &first.body[..]),
            ("/a", Some("v"), &b"hello"[..])
        );
        assert_eq!(connection.request().unwrap().unwrap().body, b"abcde");
        assert_eq!(connection.request().unwrap(), None);
    }

    #[test]
    fn a_request_that_ends_early_is_an_error() {
        for bytes in [
            &b"PUT / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhello"[..],
            b"PUT / HTT",
        ] {
            assert!(
                Connection::new(Peer(Cursor::new(bytes.to_vec())))
                    .request()
                    .is_err()
            );
        }
    }
}
