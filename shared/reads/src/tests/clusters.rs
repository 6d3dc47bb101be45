use aws_sdk_eks::operation::describe_cluster::{DescribeClusterError, DescribeClusterOutput};
use aws_sdk_eks::operation::describe_nodegroup::{DescribeNodegroupError, DescribeNodegroupOutput};
use aws_sdk_eks::operation::list_nodegroups::ListNodegroupsOutput;
use aws_sdk_eks::types as eks;
use aws_smithy_mocks::{RuleMode, mock, mock_client};
use aws_smithy_types::error::ErrorMetadata;
use day2_core::Cause;

use super::times;
use crate::{clusters, node_groups};

#[tokio::test]
async fn a_cluster_says_whether_auto_mode_owns_its_nodes() {
    let auto = eks::ComputeConfigResponse::builder()
        .enabled(true)
        .node_pools("general-purpose")
        .build();
    for (compute, expected) in [(Some(auto), true), (None, false)] {
        let described = mock!(aws_sdk_eks::Client::describe_cluster).then_output(move || {
            let access = eks::AccessConfigResponse::builder()
                .authentication_mode(eks::AuthenticationMode::ConfigMap)
                .build();
            let cluster = eks::Cluster::builder()
                .name("prod-a")
                .status(eks::ClusterStatus::Active)
                .access_config(access)
                .set_compute_config(compute.clone());
            DescribeClusterOutput::builder().cluster(cluster.build()).build()
        });
        let client = mock_client!(aws_sdk_eks, RuleMode::MatchAny, [&described]);
        let seen = clusters::describe(&client, &times(), "prod-a").await.unwrap();
        assert_eq!(seen.auto_mode, expected);
        assert_eq!(seen.node_pools.len(), usize::from(expected));
        assert_eq!(seen.authentication_mode.as_deref(), Some("CONFIG_MAP"));
    }
}

#[tokio::test]
async fn a_lost_body_is_malformed_and_a_missing_cluster_is_not_found_w04() {
    let lost =
        mock!(aws_sdk_eks::Client::describe_cluster).then_output(|| DescribeClusterOutput::builder().build());
    let gone = mock!(aws_sdk_eks::Client::describe_cluster).then_error(|| {
        DescribeClusterError::generic(ErrorMetadata::builder().code("ResourceNotFoundException").build())
    });
    for (rule, cause) in [(&lost, Cause::Malformed), (&gone, Cause::NotFound)] {
        let client = mock_client!(aws_sdk_eks, RuleMode::MatchAny, [rule]);
        let why = clusters::describe(&client, &times(), "prod-a").await.unwrap_err();
        assert_eq!(why.cause, cause);
    }
}

fn node_group() -> eks::builders::NodegroupBuilder {
    let sizes = eks::NodegroupScalingConfig::builder()
        .min_size(2)
        .max_size(6)
        .desired_size(3)
        .build();
    let issue = eks::Issue::builder()
        .code(eks::NodegroupIssueCode::AsgInstanceLaunchFailures)
        .message("no capacity")
        .build();
    let scaling = eks::AutoScalingGroup::builder().name("eks-workspace-1").build();
    eks::Nodegroup::builder()
        .nodegroup_name("workspace")
        .status(eks::NodegroupStatus::Degraded)
        .capacity_type(eks::CapacityTypes::Spot)
        .scaling_config(sizes)
        .health(eks::NodegroupHealth::builder().issues(issue).build())
        .resources(
            eks::NodegroupResources::builder()
                .auto_scaling_groups(scaling)
                .build(),
        )
}

#[tokio::test]
async fn every_node_group_is_described_and_one_that_cannot_be_stays_with_its_reason_w05_w28() {
    let first = mock!(aws_sdk_eks::Client::list_nodegroups)
        .match_requests(|request| request.next_token().is_none())
        .then_output(|| {
            ListNodegroupsOutput::builder()
                .nodegroups("workspace")
                .next_token("2")
                .build()
        });
    let second = mock!(aws_sdk_eks::Client::list_nodegroups)
        .match_requests(|request| request.next_token() == Some("2"))
        .then_output(|| ListNodegroupsOutput::builder().nodegroups("closed").build());
    let open = mock!(aws_sdk_eks::Client::describe_nodegroup)
        .match_requests(|request| request.nodegroup_name() == Some("workspace"))
        .then_output(|| {
            DescribeNodegroupOutput::builder()
                .nodegroup(node_group().build())
                .build()
        });
    let closed = mock!(aws_sdk_eks::Client::describe_nodegroup)
        .match_requests(|request| request.nodegroup_name() == Some("closed"))
        .then_error(|| {
            DescribeNodegroupError::generic(ErrorMetadata::builder().code("AccessDeniedException").build())
        });
    let client = mock_client!(aws_sdk_eks, RuleMode::MatchAny, [&first, &second, &open, &closed]);
    let seen = node_groups::of_cluster(&client, &times(), "prod-a")
        .await
        .unwrap();
    let names: Vec<_> = seen.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["workspace", "closed"]);
    let group = seen[0].1.as_ref().unwrap();
    assert_eq!((group.min, group.desired, group.max), (2, 3, 6));
    assert_eq!(group.scaling_groups, ["eks-workspace-1"]);
    assert_eq!(group.capacity_type.as_deref(), Some("SPOT"));
    assert_eq!(group.issues[0].0, "AsgInstanceLaunchFailures");
    let why = seen[1].1.as_ref().unwrap_err();
    assert_eq!(
        (why.resource.as_str(), why.cause),
        ("prod-a/closed", Cause::Denied)
    );
}

#[tokio::test]
async fn a_node_group_without_sizes_and_a_lost_list_are_malformed_w04() {
    let without = mock!(aws_sdk_eks::Client::describe_nodegroup).then_output(|| {
        let sizes = eks::NodegroupScalingConfig::builder()
            .min_size(2)
            .max_size(6)
            .build();
        DescribeNodegroupOutput::builder()
            .nodegroup(node_group().scaling_config(sizes).build())
            .build()
    });
    let lost =
        mock!(aws_sdk_eks::Client::list_nodegroups).then_output(|| ListNodegroupsOutput::builder().build());
    let client = mock_client!(aws_sdk_eks, RuleMode::MatchAny, [&without, &lost]);
    let one = node_groups::describe(&client, &times(), "prod-a", "workspace").await;
    assert_eq!(one.unwrap_err().cause, Cause::Malformed);
    let all = node_groups::of_cluster(&client, &times(), "prod-a").await;
    assert_eq!(all.unwrap_err().cause, Cause::Malformed);
}
