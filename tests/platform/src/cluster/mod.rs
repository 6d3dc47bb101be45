//! A real Kubernetes control plane on loopback: etcd, apiserver, controllers, scheduler; KWOK plays the nodes.
//!
//! Callers come in the way EKS callers do: with a presigned STS URL as token, which the token webhook has checked by
//! an STS and mapped by EKS access entries. What each caller asks is kept by [`recorder`].

mod access;
mod control_plane;
pub mod extensions;
mod kwok;
pub mod objects;
pub mod recorder;
pub mod shapes;
pub mod stages;
mod webhook;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, anyhow};
use kube::Client;

use crate::pki::Pair;
use crate::ports::Port;
use crate::process::{Process, Spec};
use crate::rights::records::{self, Of};
use crate::toolchain::{self, Tools};
use access::Access;
pub use kwok::{Instance as LogInstance, PodLogs, SPEAKING};
use recorder::Recorder;
use webhook::Webhook;

/// Longest wait for each step of the start. An idle machine needs 3 s for all; tests share a busy one.
const START_LIMIT: Duration = Duration::from_mins(2);

/// What a cluster is told about the world around it.
#[derive(Debug, Clone)]
pub struct ClusterOptions {
    /// Folder for keys, configuration, data and logs. Made if missing; one cluster per folder.
    pub state_dir: PathBuf,
    /// Where callers' presigned requests are sent, whatever host they name: for example `http://127.0.0.1:4566`.
    /// Nothing needs to answer there before the first caller comes.
    pub sts_base: String,
    /// Where access entries are read.
    pub eks_endpoint: String,
    /// Region of the EKS cluster, for example `us-east-1`.
    pub region: String,
    /// Name of the EKS cluster; callers sign it into their token.
    pub cluster_name: String,
}

/// A running control plane. Dropping it ends every process of it.
#[derive(Debug)]
pub struct Cluster {
    access: Access,
    tools: Tools,
    recorder: Recorder,
    logs: PathBuf,
    pod_log: PathBuf,
    // Ended in this order: who reads before who is read.
    followers: Vec<Process>,
    /// None while it is down on purpose.
    apiserver: Option<Process>,
    etcd: Process,
    /// How to start it again, on the same port and the same data.
    apiserver_spec: Spec,
    _webhook: Webhook,
    _ports: Vec<Port>,
}

impl Cluster {
    /// Starts everything and returns once pods can be created. Builds the programs first when the cache is empty.
    ///
    /// # Errors
    ///
    /// Names the part that did not start, with the last lines of its log; nothing is left running.
    pub async fn start(options: ClusterOptions) -> Result<Self> {
        // More than one provider is compiled into some test binaries; a second installation is no error.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let tools = toolchain::ensure().await?;
        let layout = control_plane::Layout::new(&options.state_dir)?;
        records::keep(Of::Kubernetes, &layout.audit_log())?;
        let webhook = Webhook::start(webhook::Settings {
            sts_base: options.sts_base,
            eks_endpoint: options.eks_endpoint,
            region: options.region,
            cluster_name: options.cluster_name,
            log: layout.log("token-webhook"),
        })?;
        let access = layout.access()?;

        let mut etcd = control_plane::etcd(&tools, &layout).start()?;
        let apiserver_spec = control_plane::apiserver(&tools, &layout, webhook.address())?;
        let mut apiserver = apiserver_spec.clone().start()?;
        let client = access.client()?;
        let answers = apiserver.ready(START_LIMIT, async || readyz(&client).await).await;
        etcd.alive()?; // the cause, when both are dead
        answers?;
        let mut kwok = kwok::kwok(&tools, &layout)?.start()?;
        let mut controllers = control_plane::controller_manager(&tools, &layout).start()?;
        let scheduler = control_plane::scheduler(&tools, &layout).start()?;
        controllers
            .ready(START_LIMIT, async || {
                objects::default_service_account(&client).await
            })
            .await?;
        let kubelet = layout.kwok.number();
        kwok.ready(START_LIMIT, async || {
            Ok(tokio::net::TcpStream::connect(("127.0.0.1", kubelet))
                .await
                .map(drop)?)
        })
        .await?;

        let recorder = Recorder::new(layout.audit_log());
        let (logs, pod_log) = (layout.logs(), layout.pod_log());
        let mut cluster = Self {
            access,
            tools,
            recorder,
            logs,
            pod_log,
            followers: vec![kwok, scheduler, controllers],
            apiserver: Some(apiserver),
            etcd,
            apiserver_spec,
            _webhook: webhook,
            _ports: layout.into_ports(),
        };
        cluster.alive()?;
        Ok(cluster)
    }

    /// Address of the apiserver: `https://127.0.0.1:<port>`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        self.access.endpoint()
    }

    /// The authority that signed the apiserver's certificate, PEM.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        self.access.ca_pem()
    }

    /// A server certificate for 127.0.0.1 of the same authority, for who stands before the apiserver in tests.
    #[must_use]
    pub const fn front_certificate(&self) -> &Pair {
        self.access.front()
    }

    /// A kubeconfig for a person: user `admin`, who may do everything.
    #[must_use]
    pub fn admin_kubeconfig_path(&self) -> &Path {
        self.access.kubeconfig()
    }

    /// A client for `admin`, with time-outs and without silent retries: a 429 arrives as a 429.
    ///
    /// Each call makes a new one, which belongs to the runtime that calls: tests have a runtime each.
    ///
    /// # Errors
    ///
    /// When the TLS configuration is refused.
    pub fn admin_client(&self) -> Result<Client> {
        self.access.client()
    }

    /// `kubectl` of the same release.
    #[must_use]
    pub fn kubectl_path(&self) -> PathBuf {
        self.tools.kubectl()
    }

    /// What has been asked of the apiserver, by whom.
    #[must_use]
    pub const fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// Folder with one log file per part.
    #[must_use]
    pub fn logs(&self) -> &Path {
        &self.logs
    }

    /// Adds lines to what `kubectl logs` shows of all containers that have no log of their own ([`Self::pod_logs`]).
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn add_pod_log(&self, at: jiff::Timestamp, lines: &[&str]) -> Result<()> {
        kwok::append_log(&self.pod_log, at, lines)
    }

    /// The logs of the containers that have one of their own.
    #[must_use]
    pub fn pod_logs(&self) -> PodLogs {
        PodLogs::new(self.pod_log.clone())
    }

    /// An error with the log of the first part that has ended.
    ///
    /// # Errors
    ///
    /// As said.
    pub fn alive(&mut self) -> Result<()> {
        let of_api = self.apiserver.iter_mut().chain([&mut self.etcd]);
        of_api.chain(&mut self.followers).try_for_each(Process::alive)
    }

    /// Ends the apiserver: nobody answers at [`Self::endpoint`]. The data stays, and the controllers keep trying.
    pub fn stop_apiserver(&mut self) {
        self.apiserver = None;
    }

    /// Starts it again, on the same port and the same data; returns when it answers.
    ///
    /// # Errors
    ///
    /// When it does not start, with the last lines of its log.
    pub async fn start_apiserver(&mut self) -> Result<()> {
        if self.apiserver.is_none() {
            let mut apiserver = self.apiserver_spec.clone().start()?;
            let client = self.access.client()?;
            apiserver
                .ready(START_LIMIT, async || readyz(&client).await)
                .await?;
            self.apiserver = Some(apiserver);
        }
        Ok(())
    }

    /// Ends every process; the same as dropping, with a name.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // All get the order first; each is waited for when its own value is dropped.
        let of_api = self.apiserver.iter_mut().chain([&mut self.etcd]);
        self.followers.iter_mut().chain(of_api).for_each(Process::close);
    }
}

async fn readyz(client: &Client) -> Result<()> {
    let request = http::Request::get("/readyz").body(Vec::new())?;
    client
        .request_text(request)
        .await
        .map(drop)
        .map_err(|error| anyhow!(error).context("GET /readyz"))
}
