//! EKS: the cluster is where the platform says it is.

use aws_sdk_eks::types::ClusterStatus;
use day2_platform::aws::control::ClusterPlace;

use crate::emulator::emulator;

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

#[tokio::test]
async fn a_cluster_tells_its_insights_and_what_eks_finds_wrong_with_it() {
    let emulator = emulator().await;
    let (eks, control) = (
        aws_sdk_eks::Client::new(&emulator.sdk_config()),
        emulator.control(),
    );
    for name in ["judged", "other"] {
        let place = ClusterPlace {
            name: name.to_owned(),
            endpoint: "https://127.0.0.1:6443".to_owned(),
            certificate_authority: "Y2E=".to_owned(),
            authentication_mode: "API".to_owned(),
            version: "1.33".to_owned(),
        };
        control.set_cluster(&place).await.unwrap();
    }
    let beta = "/apis/flowcontrol.apiserver.k8s.io/v1beta3/flowschemas";
    control
        .place_insight("judged", "Kubelet version skew", "PASSING", "", &[])
        .await
        .unwrap();
    for status in ["PASSING", "ERROR"] {
        let name = "Deprecated APIs";
        control
            .place_insight("judged", name, status, "one client", &[beta])
            .await
            .unwrap();
    }
    let listed = eks.list_insights().cluster_name("judged").send().await.unwrap();
    let seen: Vec<_> = listed
        .insights()
        .iter()
        .map(|one| {
            (
                one.name().unwrap(),
                one.insight_status().unwrap().status().unwrap().as_str(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [("Kubelet version skew", "PASSING"), ("Deprecated APIs", "ERROR")]
    );
    let described = eks
        .describe_insight()
        .cluster_name("judged")
        .id(listed.insights()[1].id().unwrap())
        .send()
        .await
        .unwrap();
    let resources = described.insight().unwrap().resources();
    assert_eq!(resources[0].kubernetes_resource_uri(), Some(beta));
    assert!(
        eks.list_insights()
            .cluster_name("other")
            .send()
            .await
            .unwrap()
            .insights()
            .is_empty()
    );
    let nobody = eks
        .list_insights()
        .cluster_name("nobody")
        .send()
        .await
        .unwrap_err();
    assert!(nobody.into_service_error().is_resource_not_found_exception());

    let issues = async |name: &str| {
        let seen = eks.describe_cluster().name(name).send().await.unwrap();
        let health = seen.cluster().unwrap().health().cloned();
        health
            .unwrap()
            .issues()
            .iter()
            .map(|one| one.code().unwrap().as_str().to_owned())
            .collect::<Vec<_>>()
    };
    let code = "KmsKeyDisabled";
    control
        .set_cluster_issues("judged", &[(code, "The key is disabled.")])
        .await
        .unwrap();
    assert_eq!(
        (issues("judged").await, issues("other").await),
        (vec![code.to_owned()], vec![])
    );
    control.set_cluster_issues("judged", &[]).await.unwrap();
    assert!(issues("judged").await.is_empty());
}
