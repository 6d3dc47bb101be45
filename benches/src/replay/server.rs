//! The listening part.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use rustls_pki_types::PrivateKeyDer;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Place;
use super::answers::World;
use crate::http1::Connection;

/// A pod that was isolated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Isolated {
    /// Its uid.
    pub uid: String,
    /// When the API server had both its label and a policy that selects it, at the end of the exchange's time.
    pub at: Timestamp,
}

/// Serves until the program ends; `announce` is told where, once, and `tell` of every pod that was isolated.
///
/// # Errors
///
/// When there is no port or no certificate.
pub fn serve(
    delay: Duration,
    announce: impl FnOnce(&Place) -> Result<()>,
    tell: fn(&Isolated),
) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("port for the replay server")?;
    let endpoint = format!("https://{}", listener.local_addr()?);
    let (authority, tls) = certificate()?;
    let place = Place { endpoint, authority };
    announce(&place)?;
    let world = Arc::new(World::new(&place));
    for stream in listener.incoming() {
        let (tls, world) = (Arc::clone(&tls), Arc::clone(&world));
        let stream = stream?;
        // A client that is ended leaves its connections behind; nobody is to be told.
        std::thread::spawn(move || drop(connection(stream, tls, &world, delay, tell)));
    }
    Ok(())
}

fn connection(
    stream: TcpStream,
    tls: Arc<ServerConfig>,
    world: &World,
    delay: Duration,
    tell: fn(&Isolated),
) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut connection = Connection::new(StreamOwned::new(ServerConnection::new(tls)?, stream));
    while let Some(request) = connection.request()? {
        let (answer, isolated) = world.answer(&request);
        // What takes effect does so at the end of the exchange's time: the last exchange counts as any other.
        std::thread::sleep(delay);
        if let Some(uid) = isolated {
            tell(&Isolated {
                uid,
                at: day2_aws::boot::now(),
            });
        }
        connection.answer(&request.method, &answer)?;
    }
    Ok(())
}

/// A new authority, and a server of it for 127.0.0.1; ECDSA P-256 both.
fn certificate() -> Result<(String, Arc<ServerConfig>)> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    params.distinguished_name.push(DnType::CommonName, "day2 bench");
    let key = KeyPair::generate()?;
    let authority = params.self_signed(&key)?.pem();
    let issuer = Issuer::new(params, key);

    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()])?;
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let own = params.signed_by(&key, &issuer)?;
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![own.der().clone()], key)?;
    Ok((authority, Arc::new(config)))
}
