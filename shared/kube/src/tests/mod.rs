//! The client against an HTTPS server on loopback that follows a script. Nothing between the two is faked: TLS,
//! HTTP/1.1 and HTTP/2 are real, and only `DescribeCluster` is a canned answer.

mod authentication;
mod connections;
mod container_logs;
mod cordons;
mod describing;
mod endpoints;
mod folds;
mod lists;
mod objects;
mod owners;
mod quarantines;
mod removals;
mod restarts;
mod rights;
mod scaling;
mod server;
mod serving;
mod skew;
mod surroundings;
mod trust;
mod velero;
mod waiting;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_eks::operation::describe_cluster::DescribeClusterOutput;
use aws_sdk_eks::types::{Certificate, Cluster};
use aws_smithy_mocks::{RuleMode, mock, mock_client};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use day2_core::Observed;
use jiff::Timestamp;

use crate::transport::Limits;
use crate::{Clock, ClusterClient, ClusterParams};
use day2_core::arn::Partition;

/// A clock that a test moves.
#[derive(Clone)]
struct Hands(Arc<AtomicI64>);

impl Hands {
    /// The second at which every test begins.
    const START: i64 = 1_774_747_800;

    fn new() -> Self {
        Self(Arc::new(AtomicI64::new(Self::START)))
    }

    fn forward(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst)).unwrap()
    }

    fn clock(&self) -> Clock {
        let hands = self.clone();
        Arc::new(move || hands.now())
    }

    /// So many seconds from now.
    fn within(&self, seconds: i64) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst) + seconds).unwrap()
    }
}

fn credentials() -> Credentials {
    Credentials::new(
        "AKIDEXAMPLE",
        "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        None,
        None,
        "test",
    )
}

fn params(endpoint: Option<&str>) -> ClusterParams {
    ClusterParams {
        name: "prod-a".to_owned(),
        region: "us-east-1".to_owned(),
        partition: Partition::Aws,
        account_id: "123456789012".to_owned(),
        endpoint: endpoint.map(str::to_owned),
    }
}

/// What `DescribeCluster` answers.
fn described(endpoint: &str, ca_data: &str) -> Cluster {
    Cluster::builder()
        .name("prod-a")
        .arn("arn:aws:eks:us-east-1:123456789012:cluster/prod-a")
        .endpoint(endpoint)
        .certificate_authority(Certificate::builder().data(ca_data).build())
        .build()
}

/// Connects as the product does, with time limits short enough for a test.
async fn connect(cluster: Cluster, params: &ClusterParams, hands: &Hands) -> Observed<ClusterClient> {
    let rule = mock!(aws_sdk_eks::Client::describe_cluster)
        .then_output(move || DescribeClusterOutput::builder().cluster(cluster.clone()).build());
    let eks = mock_client!(aws_sdk_eks, RuleMode::MatchAny, [&rule]);
    let limits = Limits {
        connect: Duration::from_secs(2),
        head: Duration::from_millis(600),
        silence: Duration::from_millis(300),
        whole: Duration::from_secs(5),
    };
    let credentials = SharedCredentialsProvider::new(credentials());
    ClusterClient::connect_within(&eks, credentials, params, hands.clock(), hands.within(30), limits).await
}

/// A client of this server, which trusts the CA in `ca_pem`.
async fn client_trusting(server: &server::Server, ca_pem: &str, hands: &Hands) -> ClusterClient {
    let endpoint = server.endpoint();
    let cluster = described(
        "https://unused.gr7.us-east-1.eks.amazonaws.com",
        &STANDARD.encode(ca_pem),
    );
    connect(cluster, &params(Some(&endpoint)), hands).await.unwrap()
}

/// A client of this server, which trusts the server's own CA.
async fn client(server: &server::Server, hands: &Hands) -> ClusterClient {
    client_trusting(server, &server.ca_pem, hands).await
}
