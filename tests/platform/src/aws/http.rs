//! One HTTP exchange with a loopback server. Small on purpose: the emulator is the only peer.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A function invoked through a control call may take as long as a Lambda test does.
const LIMIT: Duration = Duration::from_mins(2);
/// No answer of the emulator that we read whole is larger.
const LARGEST_ANSWER: u64 = 16 * 1024 * 1024;

/// Sends one request and reads the whole answer: status and body.
pub(super) async fn exchange(
    port: u16,
    method: &str,
    target: &str,
    headers: &[(String, String)],
    body: &[u8],
) -> Result<(u16, Vec<u8>)> {
    let work = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let mut head = format!(
            "{method} {target} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n",
            body.len()
        );
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            head.push_str("host: 127.0.0.1\r\n");
        }
        for (name, value) in headers {
            if value.contains(['\r', '\n']) {
                bail!("the header {name} has a line break");
            }
            head.extend([name, ": ", value, "\r\n"]);
        }
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(b"\r\n").await?;
        stream.write_all(body).await?;
        let mut answer = Vec::new();
        stream.take(LARGEST_ANSWER).read_to_end(&mut answer).await?;
        parse(&answer)
    };
    tokio::time::timeout(LIMIT, work)
        .await
        .with_context(|| format!("{method} {target}: no answer in {} s", LIMIT.as_secs()))?
        .with_context(|| format!("{method} {target} at port {port} failed"))
}

fn parse(answer: &[u8]) -> Result<(u16, Vec<u8>)> {
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .context("the answer has no end of headers")?;
    let head = String::from_utf8_lossy(answer.get(..end).unwrap_or_default()).to_ascii_lowercase();
    let status = head
        .split_whitespace()
        .nth(1)
        .and_then(|word| word.parse().ok())
        .context("the answer has no status")?;
    let body = answer.get(end + 4..).unwrap_or_default();
    if head.contains("transfer-encoding: chunked") {
        return Ok((status, unchunk(body)?));
    }
    Ok((status, body.to_vec()))
}

/// Joins the chunks of a chunked body (RFC 9112 §7.1); trailers are dropped.
fn unchunk(mut rest: &[u8]) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest
            .windows(2)
            .position(|two| two == b"\r\n")
            .context("a chunk has no size")?;
        let size = std::str::from_utf8(rest.get(..line).unwrap_or_default())?;
        let size = usize::from_str_radix(size.split(';').next().unwrap_or_default().trim(), 16)?;
        if size == 0 {
            return Ok(body);
        }
        let start = line + 2;
        body.extend_from_slice(rest.get(start..start + size).context("a chunk is cut short")?);
        rest = rest.get(start + size + 2..).context("a chunk has no end")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunked_answer_is_joined_and_a_short_one_is_refused() {
        let whole = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n2;x=y\r\nef\r\n0\r\n\r\n";
        assert_eq!(parse(whole).unwrap(), (201, b"abcdef".to_vec()));
        let short = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nabcd";
        assert!(parse(short).is_err());
    }
}
