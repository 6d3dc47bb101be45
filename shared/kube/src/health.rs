//! Is the API server ready, which version is it, and how fast does it answer?

use std::time::Duration;

use day2_core::{Observed, Unreadable};
use jiff::Timestamp;
use serde::Deserialize;
use tokio::time::Instant;

use crate::ClusterClient;
use crate::fault::Fault;

/// What `/readyz` said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readyz {
    /// All checks passed.
    pub ready: bool,
    /// Names of the checks that failed, for example `etcd`.
    pub failed: Vec<String>,
    /// From sending the request to the end of the answer, repeated attempts included.
    pub latency: Duration,
}

/// What `/version` said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// For example `v1.33.5-eks-113cf36`.
    pub git_version: String,
    /// From sending the request to the end of the answer, repeated attempts included.
    pub latency: Duration,
}

impl ClusterClient {
    /// Asks `/readyz`. "Not ready" is an answer, not an error.
    ///
    /// # Errors
    ///
    /// When no answer came, or the caller may not ask.
    pub async fn readyz(&self, deadline: Timestamp) -> Observed<Readyz> {
        let (answer, latency) = self.small("/readyz?verbose=true", deadline).await;
        match answer {
            Ok(_) => Ok(Readyz {
                ready: true,
                failed: Vec::new(),
                latency,
            }),
            Err(Fault::Status {
                code: 500, message, ..
            }) => Ok(Readyz {
                ready: false,
                failed: failed_checks(&message),
                latency,
            }),
            Err(fault) => Err(self.unreadable("get /readyz", &fault)),
        }
    }

    /// Asks `/version`.
    ///
    /// # Errors
    ///
    /// When no answer came, or it is not a version.
    pub async fn version(&self, deadline: Timestamp) -> Observed<Version> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire {
            git_version: String,
        }
        let (answer, latency) = self.small("/version", deadline).await;
        answer
            .and_then(|body| {
                serde_json::from_slice::<Wire>(&body).map_err(|error| Fault::Malformed(error.to_string()))
            })
            .map(|wire| Version {
                git_version: wire.git_version,
                latency,
            })
            .map_err(|fault| self.unreadable("get /version", &fault))
    }

    async fn small(&self, path: &str, deadline: Timestamp) -> (Result<Vec<u8>, Fault>, Duration) {
        let started = Instant::now();
        let until = self.transport().until(deadline);
        let answer = self.transport().read_small(path, until).await;
        (answer, started.elapsed())
    }

    pub(crate) fn unreadable(&self, operation: &str, fault: &Fault) -> Unreadable {
        fault.unreadable(operation, self.name())
    }
}

/// The lines `[-]name failed: …` of a verbose answer.
fn failed_checks(body: &str) -> Vec<String> {
    body.lines()
        .filter_map(|line| line.strip_prefix("[-]"))
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verbose_answer_names_the_checks_that_failed() {
        let body = "[+]ping ok\n[-]etcd failed: reason withheld\n[+]log ok\nreadyz check failed";
        assert_eq!(failed_checks(body), ["etcd"]);
    }
}
