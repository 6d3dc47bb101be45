//! EKS managed node groups, whose Auto Scaling groups are real.

use aws_sdk_autoscaling::Client as AutoScaling;
use aws_sdk_eks::Client;
use aws_sdk_eks::error::ProvideErrorMetadata as _;
use aws_sdk_eks::types::{
    ComputeConfigResponse, Nodegroup, NodegroupScalingConfig, NodegroupStatus, UpdateParamType, UpdateStatus,
};
use day2_platform::aws::control::{ClusterPlace, UpdateOutcome};
use serde_json::json;

use crate::emulator::compute::{described, group};
use crate::emulator::network::network;
use crate::emulator::{emulator, role};

/// A cluster with one node group `apps` of 2 nodes, at least 1, at most 4; gives the name of its Auto Scaling group.
async fn node_group(cluster: &str) -> (Client, AutoScaling, String) {
    place(cluster).await;
    let config = emulator().await.sdk_config();
    let (_, subnets) = network(&aws_sdk_ec2::Client::new(&config)).await;
    let eks = Client::new(&config);
    let made = eks
        .create_nodegroup()
        .cluster_name(cluster)
        .nodegroup_name("apps")
        .node_role("arn:aws:iam::123456789012:role/nodes")
        .instance_types("m7g.xlarge")
        .set_subnets(Some(subnets))
        .scaling_config(sizes(Some(1), Some(4), Some(2)))
        .send()
        .await
        .unwrap();
    let name = group_name(made.nodegroup().unwrap());
    (eks, AutoScaling::new(&config), name)
}

async fn place(cluster: &str) {
    let place = ClusterPlace {
        name: cluster.to_owned(),
        endpoint: "https://127.0.0.1:6443".to_owned(),
        certificate_authority: "Y2E=".to_owned(),
        authentication_mode: "API".to_owned(),
        version: "1.33".to_owned(),
    };
    emulator().await.control().set_cluster(&place).await.unwrap();
}

fn sizes(min: Option<i32>, max: Option<i32>, desired: Option<i32>) -> NodegroupScalingConfig {
    NodegroupScalingConfig::builder()
        .set_min_size(min)
        .set_max_size(max)
        .set_desired_size(desired)
        .build()
}

fn group_name(group: &Nodegroup) -> String {
    let groups = group.resources().unwrap().auto_scaling_groups();
    groups[0].name().unwrap().to_owned()
}

async fn seen(eks: &Client, cluster: &str) -> Nodegroup {
    let seen = eks
        .describe_nodegroup()
        .cluster_name(cluster)
        .nodegroup_name("apps")
        .send()
        .await
        .unwrap();
    seen.nodegroup().unwrap().clone()
}

async fn ask_for(
    eks: &Client,
    cluster: &str,
    wanted: NodegroupScalingConfig,
) -> Result<
    aws_sdk_eks::types::Update,
    aws_sdk_eks::operation::update_nodegroup_config::UpdateNodegroupConfigError,
> {
    eks.update_nodegroup_config()
        .cluster_name(cluster)
        .nodegroup_name("apps")
        .scaling_config(wanted)
        .send()
        .await
        .map(|answer| answer.update().unwrap().clone())
        .map_err(aws_sdk_eks::error::SdkError::into_service_error)
}

async fn state_of(eks: &Client, cluster: &str, update: &str) -> aws_sdk_eks::types::Update {
    let seen = eks
        .describe_update()
        .name(cluster)
        .nodegroup_name("apps")
        .update_id(update)
        .send()
        .await
        .unwrap();
    seen.update().unwrap().clone()
}

#[tokio::test]
async fn a_node_group_has_a_real_auto_scaling_group_with_the_tags_of_eks_and_moves_it() {
    let (eks, scaling, name) = node_group("sized").await;
    let before = described(&scaling, &name).await;
    assert_eq!(
        (before.desired_capacity(), before.instances().len()),
        (Some(2), 2)
    );
    assert_eq!(before.instances()[0].instance_type(), Some("m7g.xlarge"));
    let tags: Vec<_> = before.tags().iter().filter_map(|tag| tag.key()).collect();
    for expected in [
        "eks:cluster-name",
        "eks:nodegroup-name",
        "k8s.io/cluster-autoscaler/enabled",
        "k8s.io/cluster-autoscaler/sized",
    ] {
        assert!(tags.contains(&expected), "{expected} is not among {tags:?}");
    }

    let update = ask_for(&eks, "sized", sizes(None, None, Some(4))).await.unwrap();
    assert_eq!(update.status(), Some(&UpdateStatus::InProgress));
    let told: Vec<_> = update
        .params()
        .iter()
        .map(|one| (one.r#type().unwrap(), one.value().unwrap()))
        .collect();
    assert_eq!(told, [(&UpdateParamType::DesiredSize, "4")]);
    let after = described(&scaling, &name).await;
    assert_eq!(
        (
            after.min_size(),
            after.desired_capacity(),
            after.instances().len()
        ),
        (Some(1), Some(4), 4)
    );
    let update = state_of(&eks, "sized", update.id().unwrap()).await;
    assert_eq!(update.status(), Some(&UpdateStatus::Successful));
    let group = seen(&eks, "sized").await;
    assert_eq!(group.status(), Some(&NodegroupStatus::Active));
    assert_eq!(group.scaling_config().unwrap().desired_size(), Some(4));
}

#[tokio::test]
async fn sizes_that_contradict_each_other_are_refused_and_change_nothing() {
    let (eks, scaling, name) = node_group("refused").await;
    for wanted in [
        sizes(None, None, Some(5)),
        sizes(Some(3), None, None),
        sizes(None, Some(1), None),
        sizes(Some(5), None, Some(6)),
    ] {
        let error = ask_for(&eks, "refused", wanted.clone()).await.unwrap_err();
        assert!(error.is_invalid_parameter_exception(), "{wanted:?}: {error:?}");
    }
    let group = described(&scaling, &name).await;
    assert_eq!(
        (group.min_size(), group.max_size(), group.desired_capacity()),
        (Some(1), Some(4), Some(2))
    );
    let error = eks
        .update_nodegroup_config()
        .cluster_name("refused")
        .nodegroup_name("nobody")
        .send()
        .await;
    assert_eq!(error.unwrap_err().code(), Some("ResourceNotFoundException"));
}

#[tokio::test]
async fn an_update_can_fail_or_hang_and_a_hanging_one_keeps_others_out() {
    let (eks, scaling, name) = node_group("failing").await;
    let control = emulator().await.control();
    let failed = UpdateOutcome::Failed {
        code: "NodeCreationFailure".to_owned(),
        message: "Instances failed to join".to_owned(),
    };
    control
        .set_update_outcome("failing", "apps", &failed)
        .await
        .unwrap();
    let update = ask_for(&eks, "failing", sizes(None, None, Some(3)))
        .await
        .unwrap();
    let update = state_of(&eks, "failing", update.id().unwrap()).await;
    assert_eq!(update.status(), Some(&UpdateStatus::Failed));
    assert_eq!(
        update.errors()[0].error_code().unwrap().as_str(),
        "NodeCreationFailure"
    );
    assert_eq!(described(&scaling, &name).await.desired_capacity(), Some(2));

    control
        .set_update_outcome("failing", "apps", &UpdateOutcome::InProgress)
        .await
        .unwrap();
    ask_for(&eks, "failing", sizes(None, None, Some(3)))
        .await
        .unwrap();
    assert_eq!(
        seen(&eks, "failing").await.status(),
        Some(&NodegroupStatus::Updating)
    );
    let error = ask_for(&eks, "failing", sizes(None, None, Some(4)))
        .await
        .unwrap_err();
    assert!(error.is_resource_in_use_exception(), "{error:?}");

    control
        .set_update_outcome("failing", "apps", &UpdateOutcome::Successful)
        .await
        .unwrap();
    ask_for(&eks, "failing", sizes(None, None, Some(4)))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_group_that_is_there_can_become_a_managed_one_and_auto_mode_can_be_placed() {
    let (scaling, _) = group("adopted").await;
    let emulator = emulator().await;
    place("adopting").await;
    emulator
        .control()
        .adopt_node_group("adopting", "apps", "adopted", "m6i.xlarge")
        .await
        .unwrap();
    let eks = Client::new(&emulator.sdk_config());
    let seen = seen(&eks, "adopting").await;
    assert_eq!(group_name(&seen), "adopted");
    assert_eq!(seen.scaling_config().unwrap().max_size(), Some(6));
    assert_eq!(seen.subnets().len(), 3);
    let tags = described(&scaling, "adopted").await;
    assert!(
        tags.tags()
            .iter()
            .any(|tag| tag.key() == Some("role") && tag.value() == Some("apps")),
        "its own tags stay: {tags:?}"
    );

    let auto_mode = async || {
        let seen = eks.describe_cluster().name("adopting").send().await.unwrap();
        seen.cluster()
            .unwrap()
            .compute_config()
            .and_then(ComputeConfigResponse::enabled)
    };
    assert_eq!(auto_mode().await, None);
    emulator
        .control()
        .set_auto_mode("adopting", true, &["general-purpose"])
        .await
        .unwrap();
    assert_eq!(auto_mode().await, Some(true));
}

#[tokio::test]
async fn a_role_may_resize_the_node_group_that_its_policy_names_and_no_other() {
    let (eks, _, _) = node_group("allowed").await;
    node_group("denied").await;
    let arn = seen(&eks, "allowed").await.nodegroup_arn().unwrap().to_owned();
    let statements = json!([{"Effect": "Allow", "Action": "eks:UpdateNodegroupConfig", "Resource": arn}]);
    let role = role("resizer", "ec2.amazonaws.com", &statements).await;
    let config = emulator()
        .await
        .sdk_config_as(crate::emulator::identity::session_of(&role).await);
    let eks = Client::new(&config);
    ask_for(&eks, "allowed", sizes(None, None, Some(3)))
        .await
        .unwrap();
    let error = ask_for(&eks, "denied", sizes(None, None, Some(3)))
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some("AccessDeniedException"));
}
