//! EKS: the cluster is where the platform says it is.

use aws_sdk_eks::types::ClusterStatus;
use day2_platform::aws::control::ClusterPlace;

use crate::emulator;

#[tokio::test]
async fn describe_cluster_names_the_apiserver_that_was_placed_even_when_it_moves() {
    let emulator = emulator().await;
    let eks = aws_sdk_eks::Client::new(&emulator.sdk_config());
    for port in [6443, 7443] {
        let place = ClusterPlace {
            name: "moving".to_owned(),
            endpoint: format!("https://127.0.0.1:{port}"),
            certificate_authority: "Y2E=".to_owned(),
            authentication_mode: "API".to_owned(),
            version: "1.33".to_owned(),
        };
        let placed = emulator.control().set_cluster(&place).await.unwrap();
        assert_eq!(placed.arn, "arn:aws:eks:us-east-1:123456789012:cluster/moving");
        assert!(
            placed.token_review_url.starts_with(&emulator.endpoint()),
            "{placed:?}"
        );

        let cluster = eks
            .describe_cluster()
            .name("moving")
            .send()
            .await
            .unwrap()
            .cluster
            .unwrap();
        assert_eq!(cluster.endpoint(), Some(place.endpoint.as_str()));
        assert_eq!(cluster.certificate_authority().unwrap().data(), Some("Y2E="));
        assert_eq!(
            cluster
                .access_config()
                .unwrap()
                .authentication_mode()
                .unwrap()
                .as_str(),
            "API"
        );
        assert_eq!(cluster.status(), Some(&ClusterStatus::Active));
        assert_eq!(cluster.version(), Some("1.33"));
    }
}

/// Root is the creator, and its signature is not checked, so it must not be an administrator of the cluster.
#[tokio::test]
async fn a_placed_cluster_lets_nobody_in_by_itself() {
    let emulator = emulator().await;
    let place = ClusterPlace {
        name: "closed".to_owned(),
        endpoint: "https://127.0.0.1:6443".to_owned(),
        certificate_authority: "Y2E=".to_owned(),
        authentication_mode: "API".to_owned(),
        version: "1.33".to_owned(),
    };
    emulator.control().set_cluster(&place).await.unwrap();
    let eks = aws_sdk_eks::Client::new(&emulator.sdk_config());
    let entries = eks
        .list_access_entries()
        .cluster_name("closed")
        .send()
        .await
        .unwrap();
    assert!(entries.access_entries().is_empty(), "{entries:?}");
}

#[tokio::test]
async fn an_unknown_cluster_is_a_typed_error() {
    let eks = aws_sdk_eks::Client::new(&emulator().await.sdk_config());
    let error = eks
        .describe_cluster()
        .name("nobody")
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(error.is_resource_not_found_exception(), "{error:?}");
}
