//! The token webhook of the apiserver: who is the caller behind an EKS token?
//!
//! It does what EKS does for its clusters: the token is a presigned `GetCallerIdentity`; an STS tells whose
//! signature that is; the access entries of the cluster tell which user and groups that makes. So a role that
//! nobody granted access is refused here, by the same three parts as in the cloud.

mod entries;
pub(crate) mod http;
mod identity;
mod sts;
mod token;

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread::JoinHandle;

use anyhow::{Context, Result};
use jiff::Timestamp;
use k8s_openapi::api::authentication::v1::{TokenReview, TokenReviewStatus, UserInfo};
use tokio::sync::oneshot;

use entries::Entries;
use http::{Request, Response};
use identity::Identity;
use sts::{Answer, Sts};
use token::Refused;

/// Where the webhook asks, and for which cluster.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) sts_base: String,
    pub(crate) eks_endpoint: String,
    pub(crate) region: String,
    pub(crate) cluster_name: String,
    pub(crate) log: PathBuf,
}

/// The running webhook; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Webhook {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Webhook {
    /// Starts it in a thread of its own: a cluster shared by several tests must not lose its webhook when the
    /// runtime of the first one ends.
    pub(crate) fn start(settings: Settings) -> Result<Self> {
        let listener =
            std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("port for the token webhook")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(&settings.log);
        let log = Mutex::new(log.with_context(|| format!("cannot write {}", settings.log.display()))?);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new()
            .name("token-webhook".to_owned())
            .spawn(move || {
                runtime.block_on(async move {
                    let reviewer = Reviewer::new(&settings);
                    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
                        return;
                    };
                    let serve = http::serve(listener, async |request| reviewer.answer(&request, &log).await);
                    tokio::select! { () = serve => {}, _ = stopped => {} }
                });
            })?;
        Ok(Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Judges tokens.
struct Reviewer {
    sts: Sts,
    entries: Entries,
}

impl Reviewer {
    fn new(settings: &Settings) -> Self {
        Self {
            sts: Sts::new(&settings.sts_base, &settings.cluster_name),
            entries: Entries::new(&settings.eks_endpoint, &settings.region, &settings.cluster_name),
        }
    }

    async fn answer(&self, request: &Request, log: &Mutex<std::fs::File>) -> Response {
        if request.method != "POST" || request.target.split('?').next() != Some("/") {
            return Response::plain(404, "POST a TokenReview to /\n");
        }
        let Ok(mut review) = serde_json::from_slice::<TokenReview>(&request.body) else {
            return Response::plain(400, "not a TokenReview\n");
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "the webhook is a server of the platform, not product code"
        )]
        let now = Timestamp::now();
        let token = review.spec.token.take().unwrap_or_default();
        let outcome = self.review(&token, now).await;
        // The token itself is never written.
        let line = match &outcome {
            Ok(user) => format!(
                "{now} accepted {} {:?}\n",
                user.username.as_deref().unwrap_or("?"),
                user.groups
            ),
            Err(error) => format!("{now} refused: {error:#}\n"),
        };
        if let Ok(mut log) = log.lock() {
            let _ = log.write_all(line.as_bytes());
        }
        review.status = Some(match outcome {
            Ok(user) => TokenReviewStatus {
                authenticated: Some(true),
                user: Some(user),
                ..Default::default()
            },
            Err(error) => TokenReviewStatus {
                authenticated: Some(false),
                error: Some(format!("{error:#}")),
                ..Default::default()
            },
        });
        serde_json::to_string(&review)
            .map_or_else(|error| Response::plain(500, error.to_string()), Response::json)
    }

    async fn review(&self, token: &str, now: Timestamp) -> Result<UserInfo> {
        let request = token::read(token, now)?;
        let identity = match self.sts.ask(&request).await? {
            Answer::Identity(body) => Identity::from_answer(&body)?,
            Answer::Refused(status, code) => {
                return Err(Refused(format!("STS refused the signature: {status} {code}")).into());
            }
        };
        let Some(entry) = self.entries.of(&identity).await? else {
            return Err(Refused(format!("no access entry for {}", identity.principal())).into());
        };
        // The extra fields that EKS gives, as its audit logs show them.
        let extra = [
            ("accessKeyId", request.access_key_id),
            ("arn", identity.arn.clone()),
            ("canonicalArn", identity.principal()),
            (
                "principalId",
                identity.user_id.split(':').next().unwrap_or_default().to_owned(),
            ),
            ("sessionName", identity.session.clone().unwrap_or_default()),
        ];
        Ok(UserInfo {
            username: Some(identity.username(&entry.username)),
            uid: Some(format!(
                "aws-iam-authenticator:{}:{}",
                identity.account, identity.user_id
            )),
            groups: Some(entry.groups),
            extra: Some(
                extra
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), vec![value]))
                    .collect::<BTreeMap<_, _>>(),
            ),
        })
    }
}

#[cfg(test)]
mod tests;
