//! The endpoint that the platform's users see: a small loopback server that says it is healthy.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::ports::Port;

/// A client that has not sent its request by then is let go.
const PATIENCE: Duration = Duration::from_secs(5);
/// More of a request is not read.
const LARGEST_REQUEST: usize = 8 * 1024;
const HEALTHY: &str = r#"{"healthy":true,"version":"2.31.4"}"#;

/// The endpoint; it keeps its port while it is stopped.
#[derive(Debug)]
pub struct Probe {
    port: Port,
    server: Option<JoinHandle<()>>,
    /// The status that it answers; 0 for the healthy one.
    failing: Arc<AtomicU16>,
}

impl Probe {
    /// Claims a port and answers on it.
    ///
    /// # Errors
    ///
    /// When no port is free.
    pub async fn start() -> Result<Self> {
        let mut probe = Self {
            port: Port::claim()?,
            server: None,
            failing: Arc::default(),
        };
        probe.resume().await?;
        Ok(probe)
    }

    /// `http://127.0.0.1:<port>/healthz`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/healthz", self.port)
    }

    /// It answers with this status of an error from now on, or is healthy again.
    pub fn fail_with(&self, status: Option<u16>) {
        self.failing.store(status.unwrap_or(0), Ordering::Relaxed);
    }

    /// Nobody listens from now on.
    pub async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.abort();
            let _ = server.await; // the socket is closed when the task is gone
        }
    }

    /// Answers again, on the same port.
    ///
    /// # Errors
    ///
    /// When the port cannot be listened on.
    pub async fn resume(&mut self) -> Result<()> {
        if self.server.is_none() {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port.number()))
                .await
                .context("port for the endpoint")?;
            self.server = Some(tokio::spawn(serve(listener, Arc::clone(&self.failing))));
        }
        Ok(())
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.abort();
        }
    }
}

async fn serve(listener: TcpListener, failing: Arc<AtomicU16>) {
    while let Ok((stream, _)) = listener.accept().await {
        let failing = failing.load(Ordering::Relaxed);
        tokio::spawn(tokio::time::timeout(PATIENCE, answer(stream, failing)));
    }
}

async fn answer(mut stream: TcpStream, failing: u16) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.windows(4).any(|four| four == b"\r\n\r\n") && request.len() < LARGEST_REQUEST {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let (status, body) = match (request.starts_with(b"GET /healthz "), failing) {
        (true, 0) => ("200 OK".to_owned(), HEALTHY),
        (true, failing) => (format!("{failing} Failing"), r#"{"healthy":false}"#),
        _ => ("404 Not Found".to_owned(), "{}"),
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn get(port: u16) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
            .await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        Ok(text)
    }

    #[tokio::test]
    async fn it_answers_fails_is_silent_while_stopped_and_answers_again_on_the_same_port() {
        let mut probe = Probe::start().await.unwrap();
        let port = probe.port.number();
        assert!(get(port).await.unwrap().ends_with(HEALTHY));
        probe.fail_with(Some(500));
        assert!(get(port).await.unwrap().starts_with("HTTP/1.1 500 "));
        probe.fail_with(None);
        assert!(get(port).await.unwrap().ends_with(HEALTHY));
        probe.stop().await;
        assert!(get(port).await.is_err());
        probe.resume().await.unwrap();
        assert!(get(port).await.unwrap().contains("200 OK"));
    }
}
