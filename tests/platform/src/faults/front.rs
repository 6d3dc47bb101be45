//! The server: takes connections, passes requests on, and spoils what the script says.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context, Result};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::call::Call;
use super::script::Fault;
use super::{Faults, pages, wire};
use crate::aws::Emulator;
use crate::cluster::Cluster;
use crate::http1::{Answer, Connection, Request};

/// What stands behind a front.
#[derive(Clone)]
pub struct Upstream {
    address: SocketAddr,
    tls: Option<(TlsAcceptor, TlsConnector)>,
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Upstream({})", self.address)
    }
}

impl Upstream {
    /// The emulator, over plain HTTP. The `Host` header passes unchanged, because it is signed.
    #[must_use]
    pub fn aws(emulator: &Emulator) -> Self {
        Self::plain(emulator.port())
    }

    /// The API server. The front shows a certificate that the cluster's CA signed, and trusts that CA only.
    ///
    /// # Errors
    ///
    /// When keys or certificates of the cluster cannot be read.
    pub fn cluster(cluster: &Cluster) -> Result<Self> {
        let address = cluster.endpoint().trim_start_matches("https://");
        let address = address
            .parse()
            .with_context(|| format!("{address} is no address"))?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let front = cluster.front_certificate();
        let chain = vec![CertificateDer::from_pem_slice(front.certificate.as_bytes())?];
        let key = PrivateKeyDer::from_pem_slice(front.key.as_bytes())?;
        // No protocol is negotiated, so that callers speak HTTP/1.1.
        let server = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(cluster.ca_pem().as_bytes())?)?;
        let client = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            address,
            tls: Some((
                TlsAcceptor::from(Arc::new(server)),
                TlsConnector::from(Arc::new(client)),
            )),
        })
    }

    pub(super) fn plain(port: u16) -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            tls: None,
        }
    }

    fn name(&self, request: &Request) -> Call {
        if self.tls.is_some() {
            Call::to_kubernetes(request)
        } else {
            Call::to_aws(request)
        }
    }

    /// Passes a request on. Each has a connection of its own: what went wrong with one leaves the next alone.
    async fn ask(&self, request: &Request) -> Result<Answer> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            Some((_, connector)) => {
                let name = ServerName::from(self.address.ip());
                exchange(connector.connect(name, stream).await?, request).await
            }
            None => exchange(stream, request).await,
        }
    }
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(stream: S, request: &Request) -> Result<Answer> {
    let mut connection = Connection::new(stream);
    connection.send(&request.bytes()).await?;
    connection.answer(&request.method).await
}

/// A running server. Dropping it ends it and all its connections.
#[derive(Debug)]
pub struct Front {
    endpoint: String,
    task: JoinHandle<()>,
}

impl Front {
    pub(super) async fn start(faults: Faults, upstream: Upstream) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("port for a front")?;
        let scheme = if upstream.tls.is_some() { "https" } else { "http" };
        let endpoint = format!("{scheme}://{}", listener.local_addr()?);
        let task = tokio::spawn(accept(listener, faults, upstream));
        Ok(Self { endpoint, task })
    }

    /// `http://127.0.0.1:<port>` or `https://127.0.0.1:<port>`, to be given to callers in place of the real one.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, faults: Faults, upstream: Upstream) {
    // Dropped with this task, and every connection with it.
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let (faults, upstream) = (faults.clone(), upstream.clone());
                // A caller that goes away in the middle is no error of the front.
                open.spawn(async move { let _ = connection(stream, &faults, &upstream).await; });
            }
            Some(_) = open.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, faults: &Faults, upstream: &Upstream) -> Result<()> {
    stream.set_nodelay(true)?;
    match &upstream.tls {
        Some((acceptor, _)) => serve(acceptor.accept(stream).await?, faults, upstream).await,
        None => serve(stream, faults, upstream).await,
    }
}

/// A stream whose connection can be reset.
trait Peer: AsyncRead + AsyncWrite + Unpin {
    fn tcp(&self) -> &TcpStream;
}

impl Peer for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Peer for tokio_rustls::server::TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// What is sent back.
enum Reply {
    Whole(Answer),
    /// The head, and so many bytes of the body.
    Short(Answer, usize),
    Reset,
    Nothing,
}

async fn serve<S: Peer>(stream: S, faults: &Faults, upstream: &Upstream) -> Result<()> {
    let mut connection = Connection::new(stream);
    while let Some(request) = connection.request().await? {
        let call = upstream.name(&request);
        let (place, delay, fault) = faults.begin(call.clone());
        let turn = Turn {
            faults,
            upstream,
            request: &request,
            call: &call,
            place,
        };
        let reply = async {
            tokio::time::sleep(delay).await;
            turn.reply(fault).await
        };
        // Whoever hangs up while its call waits has not called; what was passed on is done all the same.
        let reply = tokio::select! {
            reply = reply => reply?,
            () = connection.closed() => return Ok(()),
        };
        match reply {
            Reply::Whole(answer) => {
                let (mut bytes, body) = answer.parts(request.method == "HEAD");
                bytes.extend_from_slice(body);
                connection.send(&bytes).await?;
                faults.note(place, |exchange| exchange.status = Some(answer.status));
                if request.is_last() {
                    break;
                }
            }
            Reply::Short(answer, length) => {
                let (mut bytes, body) = answer.parts(request.method == "HEAD");
                bytes.extend_from_slice(body.get(..length).unwrap_or(body));
                connection.send(&bytes).await?;
                faults.note(place, |exchange| exchange.status = Some(answer.status));
                break;
            }
            Reply::Reset => {
                connection.stream().tcp().set_zero_linger()?;
                return Ok(());
            }
            Reply::Nothing => {
                connection.closed().await;
                return Ok(());
            }
        }
    }
    connection.close().await;
    Ok(())
}

/// One call on its way.
struct Turn<'a> {
    faults: &'a Faults,
    upstream: &'a Upstream,
    request: &'a Request,
    call: &'a Call,
    place: usize,
}

impl Turn<'_> {
    async fn reply(&self, fault: Option<Fault>) -> Result<Reply> {
        Ok(match fault {
            None | Some(Fault::Delay(_)) => Reply::Whole(self.forward().await?),
            Some(Fault::Throttle) => Reply::Whole(wire::throttled(self.call)),
            Some(Fault::Unavailable) => Reply::Whole(wire::unavailable(self.call)),
            Some(Fault::InternalError) => Reply::Whole(wire::internal(self.call)),
            Some(Fault::Named {
                code,
                message,
                status,
            }) => Reply::Whole(wire::error(self.call, &code, &message, status)),
            Some(Fault::Html) => Reply::Whole(wire::html()),
            Some(Fault::Hang) => Reply::Nothing,
            Some(Fault::Reset) => Reply::Reset,
            Some(Fault::Truncate(length)) => Reply::Short(self.forward().await?, length),
            Some(Fault::LoseAnswer) => {
                self.forward().await?;
                Reply::Reset
            }
            Some(Fault::Stale) => Reply::Whole(self.first().await?),
            Some(Fault::LoopToken) => {
                let first = self.first().await?;
                Reply::Whole(pages::with_token(self.call, &first).unwrap_or_else(|| {
                    let why = format!("this front knows no page token of {}", self.call.action());
                    Answer::new(501, "text/plain", why)
                }))
            }
            Some(Fault::HoldBefore(gate)) => {
                gate.pass().await;
                Reply::Whole(self.forward().await?)
            }
            Some(Fault::HoldAfter(gate)) => {
                let answer = self.forward().await?;
                gate.pass().await;
                Reply::Whole(answer)
            }
        })
    }

    async fn first(&self) -> Result<Answer> {
        match self.faults.first_answer(self.call) {
            Some(first) => Ok(first),
            None => self.forward().await,
        }
    }

    async fn forward(&self) -> Result<Answer> {
        let (faults, upstream, place) = (self.faults.clone(), self.upstream.clone(), self.place);
        let (request, call) = (self.request.clone(), self.call.clone());
        faults.note(place, |exchange| exchange.forwarded = true);
        // A task of its own: what was passed on is done, and known to be done, although the caller is gone.
        tokio::spawn(async move {
            let answer = upstream.ask(&request).await?;
            faults.answered(place, answer.status);
            faults.keep_first(&call, &answer);
            Ok(answer)
        })
        .await?
    }
}
