//! `first-handshake ADDRESS CA`: connects to `127.0.0.1:port`, trusts the authority in the file `CA` only, makes one TLS
//! handshake with the product's provider, and says which version was agreed. The first handshake of a process pays for
//! seeding the random generator.

use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: first-handshake 127.0.0.1:PORT CA.pem";
    let (address, authority) = (arguments.next().context(usage)?, arguments.next().context(usage)?);
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(Path::new(&authority))? {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut stream = TcpStream::connect(&address).with_context(|| format!("cannot connect to {address}"))?;
    stream.set_nodelay(true)?;
    let mut connection = ClientConnection::new(Arc::new(tls), ServerName::try_from("127.0.0.1")?)?;
    while connection.is_handshaking() {
        connection.complete_io(&mut stream)?;
    }
    let version = connection.protocol_version().context("no version was agreed")?;
    writeln!(std::io::stdout(), "{{\"version\":\"{version:?}\"}}")?;
    Ok(())
}
