//! How to reach the apiserver as one of its certificate users.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kube::{Client, Config};
use serde_json::json;

use crate::pki::{Pair, save};

/// Longest time for one answer. Lists of 5,000 pods take below a second here; a busy machine gets the rest.
const ANSWER_LIMIT: Duration = Duration::from_mins(1);
/// Longest time to connect; everything is on loopback.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// The admin's way in.
#[derive(Debug)]
pub(crate) struct Access {
    endpoint: String,
    ca: String,
    admin: Pair,
    front: Pair,
    kubeconfig: PathBuf,
}

impl Access {
    pub(crate) fn new(endpoint: String, ca: String, admin: Pair, front: Pair, kubeconfig: PathBuf) -> Self {
        Self {
            endpoint,
            ca,
            admin,
            front,
            kubeconfig,
        }
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub(crate) fn ca_pem(&self) -> &str {
        &self.ca
    }

    pub(crate) const fn front(&self) -> &Pair {
        &self.front
    }

    pub(crate) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    pub(crate) fn client(&self) -> Result<Client> {
        let mut config = Config::new(self.endpoint.parse().context("endpoint")?);
        config.root_cert = Some(vec![pem_body(&self.ca)?]);
        config.auth_info.client_certificate_data = Some(STANDARD.encode(&self.admin.certificate));
        config.auth_info.client_key_data = Some(STANDARD.encode(&self.admin.key).into());
        config.connect_timeout = Some(CONNECT_LIMIT);
        config.read_timeout = Some(ANSWER_LIMIT);
        config.write_timeout = Some(ANSWER_LIMIT);
        config.reset_reader_on_write = true;
        config.default_retry = false;
        Ok(Client::try_from(config)?)
    }
}

/// The bytes between the PEM lines of the only certificate in `pem`.
fn pem_body(pem: &str) -> Result<Vec<u8>> {
    let body: String = pem
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .map(str::trim)
        .collect();
    STANDARD.decode(body).context("certificate is not PEM")
}

/// Writes a kubeconfig with everything inside, so that it can be copied elsewhere.
pub(crate) fn write_kubeconfig(path: &Path, endpoint: &str, ca: &str, user: &str, pair: &Pair) -> Result<()> {
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "day2",
        "clusters": [{"name": "day2", "cluster": {
            "server": endpoint, "certificate-authority-data": STANDARD.encode(ca),
        }}],
        "users": [{"name": user, "user": {
            "client-certificate-data": STANDARD.encode(&pair.certificate),
            "client-key-data": STANDARD.encode(&pair.key),
        }}],
        "contexts": [{"name": "day2", "context": {"cluster": "day2", "user": user}}],
    });
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        anyhow::bail!("{} is no path for a kubeconfig", path.display());
    };
    save(folder, name, &serde_json::to_string_pretty(&config)?).map(drop)
}
