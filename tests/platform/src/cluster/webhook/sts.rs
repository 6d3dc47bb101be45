//! Sending a caller's presigned request to the local STS, as if it were the host that the caller signed for.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;

use super::token::{CLUSTER_HEADER, Presigned};

/// Longest time for the answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);
/// Longest answer, in bytes.
const LENGTH_LIMIT: usize = 64 * 1024;

/// What the STS said.
pub(crate) enum Answer {
    /// The body of a 200.
    Identity(String),
    /// It does not accept the signature; the status and the error code it named.
    Refused(u16, String),
}

/// The local STS.
pub(crate) struct Sts {
    client: Client<HttpConnector, Empty<Bytes>>,
    base: String,
    cluster: String,
}

impl Sts {
    pub(crate) fn new(base: &str, cluster: &str) -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            base: base.trim_end_matches('/').to_owned(),
            cluster: cluster.to_owned(),
        }
    }

    /// The cluster's name is put in by us, never taken from the caller: a token for another cluster has
    /// another name under its signature, and fails.
    pub(crate) async fn ask(&self, request: &Presigned) -> Result<Answer> {
        let request = http::Request::get(format!("{}{}", self.base, request.target))
            .header("host", &request.host)
            .header(CLUSTER_HEADER, &self.cluster)
            .header("accept", "application/json")
            .body(Empty::new())
            .context("the token's URL cannot be sent")?;
        let asked = async {
            let answer = self
                .client
                .request(request)
                .await
                .with_context(|| format!("no STS at {}", self.base))?;
            let status = answer.status().as_u16();
            let body = Limited::new(answer.into_body(), LENGTH_LIMIT).collect().await;
            let body = body
                .map_err(|error| anyhow::anyhow!(error))
                .context("the answer of STS")?
                .to_bytes();
            Ok::<_, anyhow::Error>((status, String::from_utf8_lossy(&body).into_owned()))
        };
        let (status, body) = timeout(ANSWER_LIMIT, asked)
            .await
            .context("STS did not answer in time")??;
        match status {
            200 => Ok(Answer::Identity(body)),
            400..=499 => Ok(Answer::Refused(status, error_code(&body).to_owned())),
            _ => bail!("STS answered with status {status}"),
        }
    }
}

fn error_code(body: &str) -> &str {
    let inside = body
        .split_once("<Code>")
        .and_then(|(_, rest)| rest.split_once("</Code>"));
    inside.map_or("no code", |(code, _)| code)
}
