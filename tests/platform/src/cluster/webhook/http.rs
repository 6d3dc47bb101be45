//! One small HTTP/1.1 server: one request per connection, bounded in size and time.
//!
//! It serves the apiserver's token reviews, and plays AWS in tests. A web framework would bring features into the
//! HTTP crates that the product shares, and so another compilation of every SDK.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Longest request line and headers together, in bytes.
const HEAD_LIMIT: usize = 32 * 1024;
/// Longest body, in bytes; a token review is below 10 kB.
const BODY_LIMIT: usize = 256 * 1024;
/// Longest time for one request and its answer.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// Most headers in a request.
const HEADERS_LIMIT: usize = 64;

/// A request, read whole.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query as sent.
    pub(crate) target: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// The first header of that name; names ignore case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: String,
}

impl Response {
    pub(crate) fn json(body: String) -> Self {
        Self {
            status: 200,
            content_type: "application/json",
            body,
        }
    }

    pub(crate) fn plain(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            content_type: "text/plain",
            body: body.into(),
        }
    }
}

/// Answers requests until the returned future is dropped. What cannot be read gets a 400.
pub(crate) async fn serve<H>(listener: TcpListener, handler: H)
where
    H: AsyncFn(Request) -> Response,
{
    // All connections are futures of this one task, so that dropping it ends them too.
    let handler = &handler;
    let mut open = futures::stream::FuturesUnordered::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => open.push(async move {
                    // The peer went away or was too slow: its loss, and nobody to tell.
                    let _ = timeout(TIME_LIMIT, answer(stream, handler)).await;
                }),
                // Out of file descriptors, for example: the next one may succeed.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            },
            Some(()) = futures::StreamExt::next(&mut open) => {}
        }
    }
}

async fn answer<H>(mut stream: TcpStream, handler: &H) -> Result<()>
where
    H: AsyncFn(Request) -> Response,
{
    let response = match read(&mut stream).await {
        Ok(request) => handler(request).await,
        Err(error) => Response::plain(400, format!("{error:#}\n")),
    };
    let head = format!(
        "HTTP/1.1 {} {}\r\ncontent-type: {}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        response.status,
        http::StatusCode::from_u16(response.status)?
            .canonical_reason()
            .unwrap_or("-"),
        response.content_type,
        response.body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(response.body.as_bytes()).await?;
    stream.shutdown().await?;
    Ok(())
}

async fn read(stream: &mut TcpStream) -> Result<Request> {
    let mut bytes = Vec::with_capacity(4096);
    let (mut request, start, length) = loop {
        ensure!(stream.read_buf(&mut bytes).await? > 0, "the request ends early");
        if let Some(head) = parse(&bytes)? {
            break head;
        }
        ensure!(
            bytes.len() <= HEAD_LIMIT,
            "the head is longer than {HEAD_LIMIT} bytes"
        );
    };
    ensure!(length <= BODY_LIMIT, "the body is longer than {BODY_LIMIT} bytes");
    while bytes.len() < start + length {
        ensure!(stream.read_buf(&mut bytes).await? > 0, "the request ends early");
    }
    request.body = bytes.get(start..start + length).context("body")?.to_vec();
    Ok(request)
}

/// The head, where the body starts, and its length; `None` while the head is not complete.
fn parse(bytes: &[u8]) -> Result<Option<(Request, usize, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_LIMIT];
    let mut head = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(start) = head.parse(bytes)? else {
        return Ok(None);
    };
    let headers = head.headers.iter();
    let request = Request {
        method: head.method.unwrap_or_default().to_owned(),
        target: head.path.unwrap_or_default().to_owned(),
        headers: headers
            .map(|h| (h.name.to_owned(), String::from_utf8_lossy(h.value).into_owned()))
            .collect(),
        body: Vec::new(),
    };
    ensure!(
        request.header("transfer-encoding").is_none(),
        "a body needs a content-length here"
    );
    let length = request
        .header("content-length")
        .unwrap_or("0")
        .parse()
        .context("content-length")?;
    Ok(Some((request, start, length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(bytes: &[u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = serve(listener, async |request: Request| {
            Response::plain(
                200,
                format!("{} {} {}", request.method, request.target, request.body.len()),
            )
        });
        let client = async {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let (start, end) = bytes.split_at(bytes.len() / 2);
            stream.write_all(start).await.unwrap();
            stream.write_all(end).await.unwrap();
            let mut answer = String::new();
            let _ = stream.read_to_string(&mut answer).await;
            answer
        };
        tokio::select! { () = server => unreachable!(), answer = client => answer }
    }

    #[tokio::test]
    async fn a_request_in_pieces_is_read_whole() {
        let answer = ask(b"POST /a?b=c HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello").await;
        assert!(
            answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nPOST /a?b=c 5"),
            "{answer}"
        );
    }

    #[tokio::test]
    async fn what_is_no_request_or_too_large_gets_a_400() {
        for bytes in [
            &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 no TLS here\r\n\r\n"[..],
            b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ] {
            let answer = ask(bytes).await;
            assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        }
    }
}
