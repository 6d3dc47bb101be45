//! Connections: HTTP/2 where the client offers it, as an API server does, else HTTP/1.1.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use futures::future::poll_fn;
use h2::server::SendResponse;
use http::{Response, StatusCode};
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::lists::{Answer, Body};

/// A request, as far as an answer depends on it.
#[derive(Debug, Default)]
pub struct Request {
    /// Method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// `x-amz-target`.
    pub operation: String,
    /// Body.
    pub body: Vec<u8>,
}

/// What answers.
pub trait Answers: Send + Sync + 'static {
    /// Answers one request.
    fn answer(&self, request: &Request) -> Answer;
}

impl<F: Fn(&Request) -> Answer + Send + Sync + 'static> Answers for F {
    fn answer(&self, request: &Request) -> Answer {
        self(request)
    }
}

/// Accepts connections for ever; every exchange takes `delay` longer than it needs.
pub async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    answers: Arc<dyn Answers>,
    delay: Duration,
) {
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, answers) = (tls.clone(), Arc::clone(&answers));
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            // A client may go away at any time; nobody is to be told.
            let _ = match tls {
                None => http1(stream, answers, delay).await,
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
                        http2(stream, answers, delay).await
                    }
                    Ok(stream) => http1(stream, answers, delay).await,
                    Err(_) => Ok(()),
                },
            };
        });
    }
}

async fn http2<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    answers: Arc<dyn Answers>,
    delay: Duration,
) -> Result<()> {
    let mut connection = h2::server::handshake(stream).await?;
    while let Some(accepted) = connection.accept().await {
        let (request, respond) = accepted?;
        let request = Request {
            method: request.method().to_string(),
            target: request
                .uri()
                .path_and_query()
                .map(ToString::to_string)
                .unwrap_or_default(),
            ..Request::default()
        };
        let answers = Arc::clone(&answers);
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            let _ = answer_http2(answers.answer(&request), respond).await;
        });
    }
    Ok(())
}

async fn answer_http2(mut answer: Answer, mut respond: SendResponse<Bytes>) -> Result<()> {
    let head = Response::builder()
        .status(StatusCode::from_u16(answer.status)?)
        .header("content-type", answer.content_type)
        .body(())?;
    let mut stream = respond.send_response(head, false)?;
    while let Some(mut piece) = answer.body.piece() {
        while !piece.is_empty() {
            stream.reserve_capacity(piece.len());
            let Some(room) = poll_fn(|context| stream.poll_capacity(context)).await else {
                bail!("the client has gone");
            };
            let part = piece.split_to(room?.min(piece.len()));
            stream.send_data(part, false)?;
        }
    }
    stream.send_data(Bytes::new(), true)?;
    Ok(())
}

async fn http1<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    answers: Arc<dyn Answers>,
    delay: Duration,
) -> Result<()> {
    let mut read = Vec::new();
    while let Some(request) = request(&mut stream, &mut read).await? {
        tokio::time::sleep(delay).await;
        let mut answer = answers.answer(&request);
        let reason = StatusCode::from_u16(answer.status)?
            .canonical_reason()
            .unwrap_or_default();
        let head = format!(
            "HTTP/1.1 {} {reason}\r\ncontent-type: {}\r\n",
            answer.status, answer.content_type
        );
        match &mut answer.body {
            Body::Whole(bytes) => {
                let bytes = bytes.take().unwrap_or_default();
                let head = format!("{head}content-length: {}\r\n\r\n", bytes.len());
                stream.write_all(&[head.as_bytes(), &bytes].concat()).await?;
            }
            Body::Page(_) => {
                stream
                    .write_all(format!("{head}transfer-encoding: chunked\r\n\r\n").as_bytes())
                    .await?;
                while let Some(piece) = answer.body.piece() {
                    let size = format!("{:x}\r\n", piece.len());
                    stream
                        .write_all(&[size.as_bytes(), &piece, b"\r\n"].concat())
                        .await?;
                }
                stream.write_all(b"0\r\n\r\n").await?;
            }
        }
        stream.flush().await?;
    }
    Ok(())
}

async fn request<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    read: &mut Vec<u8>,
) -> Result<Option<Request>> {
    let (mut found, start, length, expects) = loop {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut parsed = httparse::Request::new(&mut headers);
        if let httparse::Status::Complete(start) = parsed.parse(read)? {
            let header = |name: &str| {
                let found = parsed
                    .headers
                    .iter()
                    .find(|header| header.name.eq_ignore_ascii_case(name));
                found
                    .and_then(|header| std::str::from_utf8(header.value).ok())
                    .unwrap_or_default()
            };
            let found = Request {
                method: parsed.method.unwrap_or_default().to_owned(),
                target: parsed.path.unwrap_or_default().to_owned(),
                operation: header("x-amz-target").to_owned(),
                body: Vec::new(),
            };
            let length: usize = header("content-length").parse().unwrap_or(0);
            break (
                found,
                start,
                length,
                header("expect").eq_ignore_ascii_case("100-continue"),
            );
        }
        if stream.read_buf(read).await? == 0 {
            return Ok(None);
        }
    };
    if expects {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    while read.len() < start + length {
        if stream.read_buf(read).await? == 0 {
            return Ok(None);
        }
    }
    let rest = read.split_off(start + length);
    found.body = read.split_off(start);
    *read = rest;
    Ok(Some(found))
}

/// A certificate for 127.0.0.1 that signs itself: what accepts with it, and its PEM.
///
/// # Errors
///
/// When the key cannot be made.
pub fn tls() -> Result<(TlsAcceptor, String)> {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned(), "localhost".to_owned()])?;
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).context("certificate")?];
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).context("key")?;
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok((TlsAcceptor::from(Arc::new(config)), certificate))
}

/// Ends when the process is asked to, or when `work` ends.
pub async fn until_told(work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
