use aws_sdk_guardduty::operation::get_coverage_statistics::GetCoverageStatisticsOutput;
use aws_sdk_guardduty::operation::get_detector::GetDetectorOutput;
use aws_sdk_guardduty::operation::get_findings::GetFindingsOutput;
use aws_sdk_guardduty::operation::list_coverage::ListCoverageOutput;
use aws_sdk_guardduty::operation::list_detectors::ListDetectorsOutput;
use aws_sdk_guardduty::operation::list_findings::ListFindingsOutput;
use aws_sdk_guardduty::types as gd;
use aws_sdk_securityhub::operation::get_findings as hub_findings;
use aws_sdk_securityhub::types as hub;
use aws_smithy_mocks::{RuleMode, mock, mock_client};
use aws_smithy_types::error::ErrorMetadata;
use day2_core::Cause;

use super::{at, times};
use crate::finding_ids::Wanted;
use crate::{coverage, coverage_statistics, detectors, finding_ids, findings, security_findings};

type GuardDuty = aws_sdk_guardduty::Client;
type Hub = aws_sdk_securityhub::Client;

const DETECTOR: &str = "12abc34d567e8fa901bc2d34e56789f0";

#[tokio::test]
async fn a_suspended_detector_says_so_and_no_detector_is_an_empty_list() {
    let listed = mock!(GuardDuty::list_detectors)
        .then_output(|| ListDetectorsOutput::builder().detector_ids(DETECTOR).build());
    let suspended = mock!(GuardDuty::get_detector)
        .match_requests(|request| request.detector_id() == Some(DETECTOR))
        .then_output(|| {
            GetDetectorOutput::builder()
                .status(gd::DetectorStatus::Disabled)
                .build()
        });
    let client = mock_client!(aws_sdk_guardduty, RuleMode::MatchAny, [&listed, &suspended]);
    let seen = detectors::all(&client, &times()).await.unwrap();
    assert_eq!(
        (seen[0].id.as_str(), seen[0].status.as_str()),
        (DETECTOR, "DISABLED")
    );

    let none = mock!(GuardDuty::list_detectors).then_output(|| {
        ListDetectorsOutput::builder()
            .set_detector_ids(Some(Vec::new()))
            .build()
    });
    let client = mock_client!(aws_sdk_guardduty, RuleMode::MatchAny, [&none]);
    assert_eq!(detectors::all(&client, &times()).await, Ok(Vec::new()));
}

#[tokio::test]
async fn an_empty_document_is_never_no_detector_no_finding_or_no_coverage_w04() {
    let detectors = mock!(GuardDuty::list_detectors).then_output(|| ListDetectorsOutput::builder().build());
    let ids = mock!(GuardDuty::list_findings).then_output(|| ListFindingsOutput::builder().build());
    let bodies = mock!(GuardDuty::get_findings).then_output(|| GetFindingsOutput::builder().build());
    let coverage = mock!(GuardDuty::list_coverage).then_output(|| ListCoverageOutput::builder().build());
    let statistics = mock!(GuardDuty::get_coverage_statistics)
        .then_output(|| GetCoverageStatisticsOutput::builder().build());
    let client = mock_client!(
        aws_sdk_guardduty,
        RuleMode::MatchAny,
        [&detectors, &ids, &bodies, &coverage, &statistics]
    );
    let hub = mock!(Hub::get_findings).then_output(|| hub_findings::GetFindingsOutput::builder().build());
    let hub = mock_client!(aws_sdk_securityhub, RuleMode::MatchAny, [&hub]);
    let times = times();
    let causes = [
        detectors::all(&client, &times).await.unwrap_err().cause,
        finding_ids::open(&client, &times, DETECTOR, wanted())
            .await
            .unwrap_err()
            .cause,
        findings::by_ids(&client, &times, DETECTOR, &["1".into()])
            .await
            .unwrap_err()
            .cause,
        crate::coverage::of_cluster(&client, &times, DETECTOR, "prod-a")
            .await
            .unwrap_err()
            .cause,
        coverage_statistics::of_clusters(&client, &times, DETECTOR)
            .await
            .unwrap_err()
            .cause,
        security_findings::open(&hub, &times).await.unwrap_err().cause,
    ];
    assert_eq!(causes, [Cause::Malformed; 6]);
}

fn wanted() -> Wanted {
    Wanted {
        severity_at_least: 7,
        updated_since: at("2026-11-19T11:30:00Z"),
    }
}

#[tokio::test]
async fn findings_are_listed_over_all_pages_by_criteria_that_hold_milliseconds_w05() {
    let asked = |request: &aws_sdk_guardduty::operation::list_findings::ListFindingsInput| {
        let criteria = request.finding_criteria().and_then(|all| all.criterion());
        criteria.is_some_and(|all| {
            all["service.archived"].equals() == ["false"]
                && all["severity"].greater_than_or_equal() == Some(7)
                && all["updatedAt"].greater_than_or_equal() == Some(1_795_087_800_000)
                && all.len() == 3
        }) && request.max_results() == Some(50)
    };
    let first = mock!(GuardDuty::list_findings)
        .match_requests(move |request| asked(request) && request.next_token().is_none())
        .then_output(|| {
            ListFindingsOutput::builder()
                .finding_ids("1")
                .next_token("2")
                .build()
        });
    let second = mock!(GuardDuty::list_findings)
        .match_requests(move |request| asked(request) && request.next_token() == Some("2"))
        .then_output(|| ListFindingsOutput::builder().finding_ids("2").build());
    let client = mock_client!(aws_sdk_guardduty, RuleMode::MatchAny, [&first, &second]);
    let seen = finding_ids::open(&client, &times(), DETECTOR, wanted()).await;
    assert_eq!(seen.unwrap(), ["1", "2"]);

    let again = mock!(GuardDuty::list_findings).then_output(|| {
        ListFindingsOutput::builder()
            .finding_ids("1")
            .next_token("2")
            .build()
    });
    let client = mock_client!(aws_sdk_guardduty, RuleMode::MatchAny, [&again]);
    let looped = finding_ids::open(&client, &times(), DETECTOR, wanted()).await;
    assert_eq!(looped.unwrap_err().cause, Cause::Partial);
}

fn finding(id: &str) -> gd::builders::FindingBuilder {
    gd::Finding::builder()
        .id(id)
        .account_id("123456789012")
        .arn("arn")
        .region("us-east-1")
        .schema_version("2.0")
        .severity(8.0)
        .created_at("2026-11-19T08:00:00.000Z")
        .updated_at("2026-11-20T08:00:00.000Z")
        .r#type("CryptoCurrency:Runtime/BitcoinTool.B!DNS")
        .resource(
            gd::Resource::builder()
                .eks_cluster_details(gd::EksClusterDetails::builder().name("prod-a").build())
                .instance_details(gd::InstanceDetails::builder().instance_id("i-1").build())
                .kubernetes_details(
                    gd::KubernetesDetails::builder()
                        .kubernetes_workload_details(
                            gd::KubernetesWorkloadDetails::builder()
                                .name("web-1")
                                .namespace("shop")
                                .r#type("pods")
                                .build(),
                        )
                        .build(),
                )
                .build(),
        )
        .service(gd::Service::builder().count(12).archived(false).build())
}

#[tokio::test]
async fn findings_are_read_fifty_at_a_time_and_named_by_the_narrowest_resource() {
    let bodies = mock!(GuardDuty::get_findings)
        .match_requests(|request| (1..=50).contains(&request.finding_ids().len()))
        .then_compute_output(|request| {
            let found = request.finding_ids().iter().map(|id| finding(id).build());
            GetFindingsOutput::builder()
                .set_findings(Some(found.collect()))
                .build()
        });
    let client = mock_client!(aws_sdk_guardduty, RuleMode::MatchAny, [&bodies]);
    let ids: Vec<String> = (0..101).map(|number| number.to_string()).collect();
    let seen = findings::by_ids(&client, &times(), DETECTOR, &ids).await.unwrap();
    assert_eq!((seen.len(), bodies.num_calls()), (101, 3));
    let one = &seen[0];
    assert_eq!(one.resource, "pods shop/web-1");
    assert_eq!((one.count, one.archived, one.sample), (12, false, false));
    assert_eq!(one.cluster.as_deref(), Some("prod-a"));
    assert_eq!(one.updated_at, Some(at("2026-11-20T08:00:00Z")));
    let none = findings::by_ids(&client, &times(), DETECTOR, &[]).await;
    assert_eq!((none.unwrap().len(), bodies.num_calls()), (0, 3));
}

#[tokio::test]
async fn every_mark_of_an_example_is_seen_e05() {
    let flagged = gd::Service::builder().additional_info(
        gd::ServiceAdditionalInfo::builder()
            .value("{\"sample\":true}")
            .build(),
    );
    let generated = gd::Resource::builder().eks_cluster_details(
        gd::EksClusterDetails::builder()
            .arn("arn:aws:eks:us-east-1:123456789012:cluster/GeneratedFindingEKSClusterName")
            .build(),
    );
    let marked = vec![
        finding("1").title("[SAMPLE] mining").build(),
        finding("2").service(flagged.build()).build(),
        finding("3").resource(generated.build()).build(),
        finding("4").title("mining").build(),
    ];
    let bodies = mock!(GuardDuty::get_findings).then_output(move || {
        GetFindingsOutput::builder()
            .set_findings(Some(marked.clone()))
            .build()
    });
    let client = mock_client!(aws_sdk_guardduty, RuleMode::MatchAny, [&bodies]);
    let ids: Vec<String> = ["1", "2", "3", "4"].map(String::from).into();
    let seen = findings::by_ids(&client, &times(), DETECTOR, &ids).await.unwrap();
    let samples: Vec<bool> = seen.iter().map(|one| one.sample).collect();
    assert_eq!(samples, [true, true, true, false]);
    assert_eq!(seen[3].title, "mining");
}

#[tokio::test]
async fn a_time_in_any_form_is_read_and_one_that_is_none_is_left_out_t06() {
    let times_of = [
        ("1", "2026-11-20T03:00:00-05:00"),
        ("2", "2026-11-20T08:00:00.000+0000"),
        ("3", "Fri, 20 Nov 2026 08:00:00 GMT"),
        ("4", "1.7951616E9"),
        ("5", "yesterday"),
    ];
    let bodies = mock!(GuardDuty::get_findings).then_output(move || {
        let found = times_of
            .iter()
            .map(|(id, time)| finding(id).updated_at(*time).build());
        GetFindingsOutput::builder()
            .set_findings(Some(found.collect()))
            .build()
    });
    let client = mock_client!(aws_sdk_guardduty, RuleMode::MatchAny, [&bodies]);
    let ids: Vec<String> = times_of.map(|(id, _)| id.to_owned()).into();
    let seen = findings::by_ids(&client, &times(), DETECTOR, &ids).await.unwrap();
    let read: Vec<_> = seen.iter().map(|one| one.updated_at).collect();
    let eight = Some(at("2026-11-20T08:00:00Z"));
    assert_eq!(read, [eight, eight, eight, eight, None]);
}

#[tokio::test]
async fn a_finding_that_an_answer_leaves_out_makes_the_list_partial() {
    let bodies = mock!(GuardDuty::get_findings).then_output(|| {
        GetFindingsOutput::builder()
            .findings(finding("1").build())
            .build()
    });
    let client = mock_client!(aws_sdk_guardduty, RuleMode::MatchAny, [&bodies]);
    let why = findings::by_ids(&client, &times(), DETECTOR, &["1".into(), "2".into()])
        .await
        .unwrap_err();
    assert_eq!(why.cause, Cause::Partial);
    assert!(why.detail.contains("1 of 2"), "{why}");
}

#[tokio::test]
async fn the_coverage_of_one_cluster_is_asked_by_the_name_that_is_not_deprecated() {
    let rule = mock!(GuardDuty::list_coverage)
        .match_requests(|request| {
            let criteria = request.filter_criteria().unwrap().filter_criterion();
            let keys: Vec<_> = criteria
                .iter()
                .map(|one| {
                    let value = one.filter_condition().unwrap().equals();
                    (one.criterion_key().unwrap().as_str(), value[0].as_str())
                })
                .collect();
            keys == [("RESOURCE_TYPE", "EKS"), ("EKS_CLUSTER_NAME", "prod-a")]
        })
        .then_output(|| {
            let details = gd::CoverageEksClusterDetails::builder()
                .cluster_name("prod-a")
                .covered_nodes(3)
                .compatible_nodes(5)
                .management_type(gd::ManagementType::AutoManaged)
                .build();
            let resource = gd::CoverageResource::builder()
                .account_id("123456789012")
                .resource_details(
                    gd::CoverageResourceDetails::builder()
                        .eks_cluster_details(details)
                        .build(),
                )
                .coverage_status(gd::CoverageStatus::Unhealthy)
                .issue("Agent Not Reporting")
                .build();
            ListCoverageOutput::builder().resources(resource).build()
        });
    let client = mock_client!(aws_sdk_guardduty, RuleMode::MatchAny, [&rule]);
    let seen = coverage::of_cluster(&client, &times(), DETECTOR, "prod-a")
        .await
        .unwrap();
    let one = &seen[0];
    assert_eq!(
        (one.status.as_str(), one.covered_nodes, one.compatible_nodes),
        ("UNHEALTHY", Some(3), Some(5))
    );
    assert_eq!(one.issue.as_deref(), Some("Agent Not Reporting"));

    let counts = mock!(GuardDuty::get_coverage_statistics).then_output(|| {
        let statistics = gd::CoverageStatistics::builder()
            .count_by_coverage_status(gd::CoverageStatus::Unhealthy, 1)
            .count_by_coverage_status(gd::CoverageStatus::Healthy, 4)
            .build();
        GetCoverageStatisticsOutput::builder()
            .coverage_statistics(statistics)
            .build()
    });
    let client = mock_client!(aws_sdk_guardduty, RuleMode::MatchAny, [&counts]);
    let seen = coverage_statistics::of_clusters(&client, &times(), DETECTOR)
        .await
        .unwrap();
    assert_eq!((seen.healthy, seen.unhealthy), (4, 1));
}

fn hub_finding(id: &str) -> hub::builders::AwsSecurityFindingBuilder {
    hub::AwsSecurityFinding::builder()
        .id(id)
        .schema_version("2018-10-08")
        .product_arn("arn:aws:securityhub:us-east-1::product/aws/securityhub")
        .product_name("Security Hub")
        .generator_id("security-control/S3.8")
        .aws_account_id("123456789012")
        .title("S3 buckets should block public access")
        .description("…")
        .created_at("2026-09-01T00:00:00.000Z")
        .updated_at("2026-11-20T00:00:00.000Z")
        .severity(
            hub::Severity::builder()
                .label(hub::SeverityLabel::Critical)
                .build(),
        )
        .resources(
            hub::Resource::builder()
                .r#type("AwsS3Bucket")
                .id("arn:aws:s3:::exports")
                .build(),
        )
        .workflow(hub::Workflow::builder().status(hub::WorkflowStatus::New).build())
        .record_state(hub::RecordState::Active)
}

#[tokio::test]
async fn security_hub_is_asked_for_what_is_open_and_read_to_its_last_page_w05() {
    let page = |request: &hub_findings::GetFindingsInput, token: Option<&str>| {
        let filters = request.filters().unwrap();
        let values = |all: &[hub::StringFilter]| -> Vec<String> {
            all.iter().map(|one| one.value().unwrap().to_owned()).collect()
        };
        values(filters.workflow_status()) == ["NEW", "NOTIFIED"]
            && values(filters.record_state()) == ["ACTIVE"]
            && values(filters.severity_label()) == ["CRITICAL", "HIGH"]
            && request.max_results() == Some(100)
            && request.next_token() == token
    };
    let first = mock!(Hub::get_findings)
        .match_requests(move |request| page(request, None))
        .then_output(|| {
            hub_findings::GetFindingsOutput::builder()
                .findings(hub_finding("1").build())
                .next_token("2")
                .build()
        });
    let second = mock!(Hub::get_findings)
        .match_requests(move |request| page(request, Some("2")))
        .then_output(|| {
            hub_findings::GetFindingsOutput::builder()
                .findings(hub_finding("2").sample(true).build())
                .build()
        });
    let client = mock_client!(aws_sdk_securityhub, RuleMode::MatchAny, [&first, &second]);
    let seen = security_findings::open(&client, &times()).await.unwrap();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].resource, "AwsS3Bucket exports");
    assert_eq!(seen[0].created_at, Some(at("2026-09-01T00:00:00Z")));
    assert_eq!(
        (
            seen[0].workflow.as_str(),
            seen[0].record.as_str(),
            seen[0].severity.as_str()
        ),
        ("NEW", "ACTIVE", "CRITICAL")
    );
    assert_eq!((seen[0].sample, seen[1].sample), (false, true));
}

#[tokio::test]
async fn security_hub_that_is_not_switched_on_is_not_no_findings_w28() {
    let refused = mock!(Hub::get_findings).then_error(|| {
        hub_findings::GetFindingsError::generic(
            ErrorMetadata::builder()
                .code("InvalidAccessException")
                .message("Account 123456789012 is not subscribed to AWS Security Hub")
                .build(),
        )
    });
    let client = mock_client!(aws_sdk_securityhub, RuleMode::MatchAny, [&refused]);
    let why = security_findings::open(&client, &times()).await.unwrap_err();
    assert_eq!(why.operation, "securityhub:GetFindings");
    assert!(why.detail.contains("not subscribed"), "{why}");
}
