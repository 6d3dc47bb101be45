//! What `DescribeCluster` may say, and what is done about it.

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_eks::operation::describe_cluster::DescribeClusterError;
use aws_sdk_eks::types::error::ResourceNotFoundException;
use aws_sdk_eks::types::{Certificate, Cluster, ClusterStatus, ComputeConfigResponse};
use aws_smithy_mocks::{RuleMode, mock, mock_client};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use day2_core::Cause;

use super::server::Ca;
use super::{Hands, connect, credentials, described, params};
use crate::ClusterClient;

const ENDPOINT: &str = "https://0A1B2C3D4E5F.gr7.us-east-1.eks.amazonaws.com";

#[tokio::test]
async fn ca_data_that_is_no_certificate_is_an_error_e17() {
    let key_only = STANDARD.encode("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    let not_der = STANDARD.encode("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let cut = STANDARD.encode("-----BEGIN CERTIFICATE-----\nAAAA\n");
    for (data, says) in [
        ("", "no certificate"),
        ("%%% not base64 %%%", "not base64"),
        (STANDARD.encode("hello").as_str(), "no certificate"),
        (key_only.as_str(), "no certificate"),
        (not_der.as_str(), "cannot be used"),
        (cut.as_str(), "not PEM"),
    ] {
        let why = connect(described(ENDPOINT, data), &params(None), &Hands::new())
            .await
            .unwrap_err();
        assert_eq!(why.cause, Cause::Malformed);
        assert!(why.detail.contains(says), "{data}: {why}");
    }
}

#[tokio::test]
async fn one_good_certificate_does_not_excuse_a_bad_one_e17() {
    let bundle = format!(
        "{}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        Ca::named("kubernetes").pem()
    );
    let cluster = described(ENDPOINT, &STANDARD.encode(bundle));
    assert!(connect(cluster, &params(None), &Hands::new()).await.is_err());
}

#[tokio::test]
async fn a_hostile_endpoint_stops_before_any_connection_e15() {
    let ca = STANDARD.encode(Ca::named("kubernetes").pem());
    for endpoint in [
        "http://169.254.169.254",
        "https://localhost:2375",
        "https://evil.example",
        "https://a@b",
    ] {
        let why = connect(described(endpoint, &ca), &params(None), &Hands::new())
            .await
            .unwrap_err();
        assert!(why.detail.contains("is refused"), "{why}");
    }
    assert!(
        connect(described(ENDPOINT, &ca), &params(None), &Hands::new())
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_cluster_of_the_same_name_elsewhere_is_refused() {
    let ca = STANDARD.encode(Ca::named("kubernetes").pem());
    for arn in [
        "arn:aws:eks:us-east-1:999999999999:cluster/prod-a",
        "arn:aws:eks:eu-west-1:123456789012:cluster/prod-a",
        "arn:aws-cn:eks:us-east-1:123456789012:cluster/prod-a",
        "arn:aws:eks:us-east-1:123456789012:cluster/prod-b",
    ] {
        let cluster = Cluster::builder()
            .arn(arn)
            .endpoint(ENDPOINT)
            .certificate_authority(Certificate::builder().data(&ca).build())
            .build();
        let why = connect(cluster, &params(None), &Hands::new()).await.unwrap_err();
        assert!(why.detail.contains("is not in account 123456789012"), "{why}");
    }
}

#[tokio::test]
async fn a_cluster_that_is_being_created_says_so() {
    let cluster = Cluster::builder()
        .arn("arn:aws:eks:us-east-1:123456789012:cluster/prod-a")
        .status(ClusterStatus::Creating)
        .build();
    let why = connect(cluster, &params(None), &Hands::new()).await.unwrap_err();
    assert!(
        why.detail.contains("CREATING") && why.detail.contains("no endpoint yet"),
        "{why}"
    );
}

#[tokio::test]
async fn a_cluster_that_does_not_exist_is_not_found() {
    let hands = Hands::new();
    let rule = mock!(aws_sdk_eks::Client::describe_cluster).then_error(|| {
        let meta = aws_sdk_eks::error::ErrorMetadata::builder()
            .code("ResourceNotFoundException")
            .message("No cluster found for name: prod-a.")
            .build();
        DescribeClusterError::ResourceNotFoundException(
            ResourceNotFoundException::builder().meta(meta).build(),
        )
    });
    let eks = mock_client!(aws_sdk_eks, RuleMode::MatchAny, [&rule]);
    let why = ClusterClient::connect(
        &eks,
        SharedCredentialsProvider::new(credentials()),
        &params(None),
        hands.clock(),
        hands.within(20),
    )
    .await
    .unwrap_err();
    assert_eq!(why.cause, Cause::NotFound);
    assert!(
        why.to_string()
            .starts_with("eks:DescribeCluster for `prod-a`: not found"),
        "{why}"
    );
}

#[tokio::test]
async fn auto_mode_is_what_eks_says_and_unknown_when_it_says_nothing() {
    let ca = STANDARD.encode(Ca::named("kubernetes").pem());
    for enabled in [Some(true), Some(false), None] {
        let mut cluster = described(ENDPOINT, &ca);
        cluster.compute_config =
            enabled.map(|enabled| ComputeConfigResponse::builder().enabled(enabled).build());
        let client = connect(cluster, &params(None), &Hands::new()).await.unwrap();
        assert_eq!(client.facts().auto_mode, enabled);
    }
}
