use aws_sdk_eks::operation::describe_addon::{DescribeAddonError, DescribeAddonOutput};
use aws_sdk_eks::operation::describe_cluster::DescribeClusterOutput;
use aws_sdk_eks::operation::describe_insight::{DescribeInsightError, DescribeInsightOutput};
use aws_sdk_eks::operation::describe_update::{DescribeUpdateError, DescribeUpdateOutput};
use aws_sdk_eks::operation::list_addons::ListAddonsOutput;
use aws_sdk_eks::operation::list_insights::ListInsightsOutput;
use aws_sdk_eks::operation::list_updates::ListUpdatesOutput;
use aws_sdk_eks::types as eks;
use aws_smithy_mocks::{RuleMode, mock, mock_client};
use aws_smithy_types::error::ErrorMetadata;
use day2_aws::time::sdk_time;
use day2_core::Cause;

use super::{at, times};
use crate::updates::Of;
use crate::{addons, clusters, insights, updates};

type Eks = aws_sdk_eks::Client;

fn denied() -> ErrorMetadata {
    ErrorMetadata::builder().code("AccessDeniedException").build()
}

#[tokio::test]
async fn an_active_cluster_still_says_what_is_wrong_with_it() {
    let described = mock!(Eks::describe_cluster).then_output(|| {
        let issue = eks::ClusterIssue::builder()
            .code(eks::ClusterIssueCode::Ec2SubnetNotFound)
            .message("a subnet is gone")
            .resource_ids("subnet-1")
            .build();
        let cluster = eks::Cluster::builder()
            .name("prod-a")
            .status(eks::ClusterStatus::Active)
            .health(eks::ClusterHealth::builder().issues(issue).build());
        DescribeClusterOutput::builder().cluster(cluster.build()).build()
    });
    let client = mock_client!(aws_sdk_eks, RuleMode::MatchAny, [&described]);
    let seen = clusters::describe(&client, &times(), "prod-a").await.unwrap();
    assert_eq!(seen.status, "ACTIVE");
    assert_eq!(
        seen.issues,
        [(
            "Ec2SubnetNotFound".to_owned(),
            "a subnet is gone (subnet-1)".to_owned()
        )]
    );
}

fn summary(id: &str, status: eks::InsightStatusValue) -> eks::InsightSummary {
    let state = eks::InsightStatus::builder().status(status).reason("because");
    eks::InsightSummary::builder()
        .id(id)
        .name(format!("insight {id}"))
        .category(eks::Category::UpgradeReadiness)
        .insight_status(state.build())
        .last_refresh_time(sdk_time(at("2026-11-20T01:00:00Z")))
        .last_transition_time(sdk_time(at("2026-11-01T01:00:00Z")))
        .build()
}

#[tokio::test]
async fn insights_are_listed_over_all_pages_and_only_those_that_complain_are_described_w05_w28() {
    let first = mock!(Eks::list_insights)
        .match_requests(|request| request.next_token().is_none())
        .then_output(|| {
            ListInsightsOutput::builder()
                .insights(summary("passing", eks::InsightStatusValue::Passing))
                .next_token("2")
                .build()
        });
    let second = mock!(Eks::list_insights)
        .match_requests(|request| request.next_token() == Some("2"))
        .then_output(|| {
            ListInsightsOutput::builder()
                .insights(summary("failing", eks::InsightStatusValue::Error))
                .insights(summary("closed", eks::InsightStatusValue::Warning))
                .build()
        });
    let open = mock!(Eks::describe_insight)
        .match_requests(|request| request.id() == Some("failing"))
        .then_output(|| {
            let with = |status, uri: &str| {
                eks::InsightResourceDetail::builder()
                    .kubernetes_resource_uri(uri)
                    .insight_status(eks::InsightStatus::builder().status(status).build())
                    .build()
            };
            let insight = eks::Insight::builder()
                .recommendation("move to the newer API")
                .resources(with(
                    eks::InsightStatusValue::Error,
                    "/apis/batch/v1beta1/cronjobs/a",
                ))
                .resources(with(
                    eks::InsightStatusValue::Passing,
                    "/apis/batch/v1/cronjobs/b",
                ));
            DescribeInsightOutput::builder().insight(insight.build()).build()
        });
    let closed = mock!(Eks::describe_insight)
        .match_requests(|request| request.id() == Some("closed"))
        .then_error(|| DescribeInsightError::generic(denied()));
    let client = mock_client!(aws_sdk_eks, RuleMode::MatchAny, [&first, &second, &open, &closed]);
    let seen = insights::of_cluster(&client, &times(), "prod-a").await.unwrap();
    let states: Vec<_> = seen.iter().map(|(one, _)| one.status.as_str()).collect();
    assert_eq!(states, ["PASSING", "ERROR", "WARNING"]);
    assert!(seen[0].1.is_none());
    let details = seen[1].1.as_ref().unwrap().as_ref().unwrap();
    assert_eq!(details.resources, ["/apis/batch/v1beta1/cronjobs/a"]);
    let why = seen[2].1.as_ref().unwrap().as_ref().unwrap_err();
    assert_eq!(
        (why.resource.as_str(), why.cause),
        ("prod-a/insight closed", Cause::Denied)
    );
    assert_eq!((open.num_calls(), closed.num_calls()), (1, 1));
    assert_eq!(seen[1].0.since, Some(at("2026-11-01T01:00:00Z")));
}

#[tokio::test]
async fn addons_are_described_one_by_one_and_one_that_cannot_be_stays_w05_w28() {
    let first = mock!(Eks::list_addons)
        .match_requests(|request| request.next_token().is_none())
        .then_output(|| {
            ListAddonsOutput::builder()
                .addons("vpc-cni")
                .next_token("2")
                .build()
        });
    let second = mock!(Eks::list_addons)
        .match_requests(|request| request.next_token() == Some("2"))
        .then_output(|| ListAddonsOutput::builder().addons("closed").build());
    let open = mock!(Eks::describe_addon)
        .match_requests(|request| request.addon_name() == Some("vpc-cni"))
        .then_output(|| {
            let issue = eks::AddonIssue::builder()
                .code(eks::AddonIssueCode::InsufficientNumberOfReplicas)
                .message("0 of 2")
                .build();
            let addon = eks::Addon::builder()
                .status(eks::AddonStatus::Degraded)
                .addon_version("v1.20.4-eksbuild.2")
                .health(eks::AddonHealth::builder().issues(issue).build())
                .modified_at(sdk_time(at("2026-11-20T11:00:00Z")));
            DescribeAddonOutput::builder().addon(addon.build()).build()
        });
    let closed = mock!(Eks::describe_addon)
        .match_requests(|request| request.addon_name() == Some("closed"))
        .then_error(|| DescribeAddonError::generic(denied()));
    let client = mock_client!(aws_sdk_eks, RuleMode::MatchAny, [&first, &second, &open, &closed]);
    let seen = addons::of_cluster(&client, &times(), "prod-a").await.unwrap();
    let addon = seen[0].1.as_ref().unwrap();
    assert_eq!(
        (addon.status.as_str(), addon.issues[0].0.as_str()),
        ("DEGRADED", "InsufficientNumberOfReplicas")
    );
    assert_eq!(addon.modified_at, Some(at("2026-11-20T11:00:00Z")));
    let why = seen[1].1.as_ref().unwrap_err();
    assert_eq!(
        (why.resource.as_str(), why.cause),
        ("prod-a/closed", Cause::Denied)
    );
}

#[tokio::test]
async fn an_update_that_failed_is_told_although_the_cluster_is_active_again() {
    let listed = mock!(Eks::list_updates)
        .match_requests(|request| request.nodegroup_name() == Some("workers"))
        .then_output(|| {
            ListUpdatesOutput::builder()
                .update_ids("old")
                .update_ids("new")
                .build()
        });
    let described = |id: &'static str, began: &'static str| {
        mock!(Eks::describe_update)
            .match_requests(move |request| {
                request.update_id() == Some(id) && request.nodegroup_name() == Some("workers")
            })
            .then_output(move || {
                let update = eks::Update::builder()
                    .status(eks::UpdateStatus::Failed)
                    .r#type(eks::UpdateType::VersionUpdate)
                    .created_at(sdk_time(at(began)))
                    .params(
                        eks::UpdateParam::builder()
                            .r#type(eks::UpdateParamType::ReleaseVersion)
                            .value("1.34.2-1")
                            .build(),
                    )
                    .errors(
                        eks::ErrorDetail::builder()
                            .error_code(eks::ErrorCode::PodEvictionFailure)
                            .error_message("a budget")
                            .build(),
                    );
                DescribeUpdateOutput::builder().update(update.build()).build()
            })
    };
    let (old, new) = (
        described("old", "2026-11-19T11:00:00Z"),
        described("new", "2026-11-20T11:00:00Z"),
    );
    let client = mock_client!(aws_sdk_eks, RuleMode::MatchAny, [&listed, &old, &new]);
    let seen = updates::since(
        &client,
        &times(),
        "prod-a",
        &Of::NodeGroup("workers".into()),
        at("2026-11-20T10:30:00Z"),
    )
    .await
    .unwrap();
    let ids: Vec<_> = seen.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["new"]);
    assert_eq!(
        (seen[0].status.as_str(), seen[0].kind.as_str()),
        ("Failed", "VersionUpdate")
    );
    assert_eq!(seen[0].errors[0].0, "PodEvictionFailure");
}

#[tokio::test]
async fn lost_lists_are_malformed_and_a_denied_update_hides_no_list_w04_w28() {
    let insights = mock!(Eks::list_insights).then_output(|| ListInsightsOutput::builder().build());
    let addons = mock!(Eks::list_addons).then_output(|| ListAddonsOutput::builder().build());
    let updates = mock!(Eks::list_updates).then_output(|| ListUpdatesOutput::builder().build());
    let client = mock_client!(aws_sdk_eks, RuleMode::MatchAny, [&insights, &addons, &updates]);
    let times = times();
    let since = at("2026-11-20T10:30:00Z");
    let causes = [
        crate::insights::of_cluster(&client, &times, "prod-a")
            .await
            .unwrap_err()
            .cause,
        crate::addons::of_cluster(&client, &times, "prod-a")
            .await
            .unwrap_err()
            .cause,
        crate::updates::since(&client, &times, "prod-a", &Of::Cluster, since)
            .await
            .unwrap_err()
            .cause,
    ];
    assert_eq!(causes, [Cause::Malformed; 3]);

    let listed =
        mock!(Eks::list_updates).then_output(|| ListUpdatesOutput::builder().update_ids("1").build());
    let closed = mock!(Eks::describe_update).then_error(|| DescribeUpdateError::generic(denied()));
    let client = mock_client!(aws_sdk_eks, RuleMode::MatchAny, [&listed, &closed]);
    let why = crate::updates::since(&client, &times, "prod-a", &Of::Cluster, since).await;
    assert_eq!(why.unwrap_err().cause, Cause::Denied);
}
