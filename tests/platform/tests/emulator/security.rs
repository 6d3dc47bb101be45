//! GuardDuty and Security Hub: what was found, by the APIs and on the bus.

use aws_sdk_guardduty::Client as GuardDuty;
use aws_sdk_guardduty::error::ProvideErrorMetadata as _;
use aws_sdk_guardduty::types::{
    Condition, CoverageFilterCondition, CoverageFilterCriteria, CoverageFilterCriterion,
    CoverageFilterCriterionKey, CoverageStatisticsType, CoverageStatus, FindingCriteria,
};
use aws_sdk_securityhub::types::{AwsSecurityFindingFilters, StringFilter, StringFilterComparison};
use day2_platform::aws::control::Coverage;
use serde_json::{Value, json};

use crate::emulator::announcements::{messages, queue};
use crate::emulator::identity::session_of;
use crate::emulator::{allow, emulator, role};

fn miner(id: &str) -> Value {
    json!({
        "id": id, "type": "CryptoCurrency:Runtime/BitcoinTool.B", "severity": 8,
        "resource": {
            "resourceType": "EKSCluster",
            "eksClusterDetails": {"name": "prod-a", "arn": "arn:aws:eks:us-east-1:123456789012:cluster/prod-a"},
            "kubernetesDetails": {"kubernetesWorkloadDetails": {
                "name": "web-1", "type": "pods", "uid": "33a3c89e-3280-474d-b8cb-fdf03394fc15", "namespace": "shop",
            }},
        },
    })
}

fn id(number: u32) -> String {
    format!("{number:032x}")
}

async fn detector(guardduty: &GuardDuty) -> String {
    let listed = guardduty.list_detectors().send().await.unwrap();
    listed.detector_ids()[0].clone()
}

fn criteria(conditions: &[(&str, Condition)]) -> FindingCriteria {
    conditions
        .iter()
        .fold(FindingCriteria::builder(), |all, (field, condition)| {
            all.criterion(*field, condition.clone())
        })
        .build()
}

#[tokio::test]
async fn findings_are_listed_by_criteria_over_pages_and_read_back_as_they_were_posted() {
    let emulator = emulator().await;
    let (guardduty, control) = (GuardDuty::new(&emulator.sdk_config()), emulator.control());
    for number in 0..60 {
        let mut finding = miner(&id(number));
        finding["service"] = json!({"archived": number % 10 == 0, "count": 1});
        finding["severity"] = json!(if number % 2 == 0 { 8 } else { 5 });
        finding["region"] = json!("eu-north-1");
        finding["updatedAt"] = json!(format!("2026-06-02T11:{number:02}:00.000Z"));
        control.place_finding(&finding).await.unwrap();
    }
    let detector = detector(&guardduty).await;
    let of_this_test = || Condition::builder().equals("eu-north-1").build();
    let listed = async |conditions: &[(&str, Condition)], size: i32| -> Vec<Vec<String>> {
        let mut all = vec![("region", of_this_test())];
        all.extend(conditions.iter().cloned());
        let mut pages = guardduty
            .list_findings()
            .detector_id(&detector)
            .finding_criteria(criteria(&all))
            .max_results(size)
            .into_paginator()
            .send();
        let mut ids = Vec::new();
        while let Some(page) = pages.next().await {
            ids.push(page.unwrap().finding_ids().to_vec());
        }
        ids
    };
    let seen = guardduty
        .get_detector()
        .detector_id(&detector)
        .send()
        .await
        .unwrap();
    assert_eq!(seen.status().unwrap().as_str(), "ENABLED");
    let pages = listed(&[], 50).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [50, 10]);
    let active = Condition::builder().equals("false").build();
    assert_eq!(
        listed(&[("service.archived", active.clone())], 50)
            .await
            .concat()
            .len(),
        54
    );
    let high = Condition::builder().greater_than_or_equal(7).build();
    let both = [("service.archived", active), ("severity", high)];
    assert_eq!(listed(&both, 7).await.concat().len(), 24);
    // 2026-06-02T11:57:00Z in milliseconds.
    let late = Condition::builder()
        .greater_than_or_equal(1_780_401_420_000)
        .build();
    assert_eq!(
        listed(&[("updatedAt", late)], 50).await.concat(),
        [id(57), id(58), id(59)]
    );

    let read = guardduty
        .get_findings()
        .detector_id(&detector)
        .finding_ids(id(58))
        .finding_ids("f".repeat(32))
        .send()
        .await
        .unwrap();
    let [finding] = read.findings() else {
        panic!("the one that is there, not {read:?}")
    };
    assert_eq!(finding.r#type(), Some("CryptoCurrency:Runtime/BitcoinTool.B"));
    let resource = finding.resource().unwrap();
    let workload = resource
        .kubernetes_details()
        .unwrap()
        .kubernetes_workload_details()
        .unwrap();
    assert_eq!(
        (workload.namespace(), workload.name(), workload.uid()),
        (
            Some("shop"),
            Some("web-1"),
            Some("33a3c89e-3280-474d-b8cb-fdf03394fc15")
        )
    );
    assert_eq!(resource.eks_cluster_details().unwrap().name(), Some("prod-a"));

    let too_many = (0..51).fold(guardduty.get_findings().detector_id(&detector), |call, number| {
        call.finding_ids(id(number))
    });
    assert_eq!(
        too_many.send().await.unwrap_err().code(),
        Some("BadRequestException")
    );
    let stranger = guardduty.list_findings().detector_id("0".repeat(32)).send().await;
    assert_eq!(stranger.unwrap_err().code(), Some("BadRequestException"));
}

#[tokio::test]
async fn a_finding_is_announced_each_time_it_is_seen_and_never_once_it_is_archived() {
    let emulator = emulator().await;
    let (api, control) = (emulator.api(), emulator.control());
    let (url, target) = queue("found").await;
    let pattern = json!({"source": ["aws.guardduty"], "detail-type": ["GuardDuty Finding"], "detail": {"id": [id(900)]}});
    let rule = json!({"Name": "found", "EventPattern": pattern.to_string()});
    api.json("events", "AWSEvents.PutRule", &rule).await.unwrap();
    let targets = json!({"Rule": "found", "Targets": [{"Id": "only", "Arn": target}]});
    api.json("events", "AWSEvents.PutTargets", &targets)
        .await
        .unwrap();

    let first = control.post_finding(&miner(&id(900))).await.unwrap();
    control.post_finding(&miner(&id(901))).await.unwrap();
    let again = control.repeat_finding(&id(900)).await.unwrap();
    assert_eq!((first.count, again.count), (1, 2));
    assert!(again.updated_at > first.updated_at);
    control.archive_finding(&id(900), true).await.unwrap();
    assert!(!control.repeat_finding(&id(900)).await.unwrap().announced);

    let told = messages(&url).await;
    assert_eq!(told.len(), 2, "{told:#?}");
    for (event, count) in told.iter().zip([1, 2]) {
        assert_eq!(
            (&event["source"], &event["detail-type"], &event["account"]),
            (
                &json!("aws.guardduty"),
                &json!("GuardDuty Finding"),
                &json!("123456789012")
            )
        );
        assert_eq!(event["detail"]["service"]["count"], json!(count));
        assert_eq!(event["detail"]["arn"], json!(first.arn));
    }
    // What the product makes of the event is what was found.
    let day2_core::trigger::Trigger::Finding(finding) =
        day2_core::trigger::classify(told[1].to_string().as_bytes())
    else {
        panic!("no finding")
    };
    assert_eq!((finding.id.as_str(), finding.count), (id(900).as_str(), Some(2)));
    assert_eq!(finding.workload.unwrap().name.to_string(), "web-1");
}

#[tokio::test]
async fn coverage_tells_which_clusters_have_an_unhealthy_agent() {
    let emulator = emulator().await;
    let (guardduty, control) = (GuardDuty::new(&emulator.sdk_config()), emulator.control());
    control
        .set_coverage("covered", 3, Coverage::Healthy)
        .await
        .unwrap();
    let issue = "Agent not reporting";
    control
        .set_coverage("uncovered", 5, Coverage::Unhealthy(issue))
        .await
        .unwrap();
    control.set_coverage("gone", 1, Coverage::Healthy).await.unwrap();
    control.set_coverage("gone", 1, Coverage::None).await.unwrap();
    let detector = detector(&guardduty).await;
    let counted = guardduty
        .get_coverage_statistics()
        .detector_id(&detector)
        .statistics_type(CoverageStatisticsType::CountByCoverageStatus)
        .send()
        .await
        .unwrap();
    let counts = counted
        .coverage_statistics()
        .unwrap()
        .count_by_coverage_status()
        .unwrap();
    assert_eq!(
        (
            counts[&CoverageStatus::Healthy],
            counts[&CoverageStatus::Unhealthy]
        ),
        (1, 1)
    );
    let unhealthy = CoverageFilterCriterion::builder()
        .criterion_key(CoverageFilterCriterionKey::CoverageStatus)
        .filter_condition(CoverageFilterCondition::builder().equals("UNHEALTHY").build())
        .build();
    let listed = guardduty
        .list_coverage()
        .detector_id(&detector)
        .filter_criteria(
            CoverageFilterCriteria::builder()
                .filter_criterion(unhealthy)
                .build(),
        )
        .send()
        .await
        .unwrap();
    let [one] = listed.resources() else {
        panic!("{listed:?}")
    };
    assert_eq!(one.issue(), Some(issue));
    let details = one.resource_details().unwrap().eks_cluster_details().unwrap();
    assert_eq!(
        (details.cluster_name(), details.compatible_nodes()),
        (Some("uncovered"), Some(5))
    );
}

fn only(value: &str) -> StringFilter {
    StringFilter::builder()
        .value(value)
        .comparison(StringFilterComparison::Equals)
        .build()
}

#[tokio::test]
async fn security_hub_answers_what_passes_every_filter_and_refuses_one_that_it_does_not_know() {
    let emulator = emulator().await;
    let (hub, control) = (
        aws_sdk_securityhub::Client::new(&emulator.sdk_config()),
        emulator.control(),
    );
    let error = hub.get_findings().send().await.unwrap_err().into_service_error();
    assert!(error.is_invalid_access_exception(), "{error:?}");
    let generator = "of-this-test";
    for (label, workflow, record) in [
        ("CRITICAL", "NEW", "ACTIVE"),
        ("HIGH", "NOTIFIED", "ACTIVE"),
        ("HIGH", "SUPPRESSED", "ACTIVE"),
        ("HIGH", "NEW", "ARCHIVED"),
        ("LOW", "NEW", "ACTIVE"),
    ] {
        let finding = json!({
            "Severity": {"Label": label}, "Workflow": {"Status": workflow}, "RecordState": record,
            "GeneratorId": generator, "Title": label,
        });
        control.post_security_hub_finding(&finding).await.unwrap();
    }
    let open = AwsSecurityFindingFilters::builder()
        .generator_id(only(generator))
        .workflow_status(only("NEW"))
        .workflow_status(only("NOTIFIED"))
        .record_state(only("ACTIVE"))
        .severity_label(only("CRITICAL"))
        .severity_label(only("HIGH"));
    let mut pages = hub
        .get_findings()
        .filters(open.clone().build())
        .max_results(1)
        .into_paginator()
        .send();
    let mut titles = Vec::new();
    while let Some(page) = pages.next().await {
        titles.extend(
            page.unwrap()
                .findings()
                .iter()
                .map(|one| one.title().unwrap().to_owned()),
        );
    }
    assert_eq!(titles, ["CRITICAL", "HIGH"]);
    let odd = open.note_text(only("x"));
    let error = hub.get_findings().filters(odd.build()).send().await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidInputException"));
}

#[tokio::test]
async fn who_is_not_allowed_sees_no_finding() {
    let emulator = emulator().await;
    emulator.control().post_finding(&miner(&id(950))).await.unwrap();
    let arn = role("auditor", "ec2.amazonaws.com", &json!([])).await;
    let config = emulator.sdk_config_as(session_of(&arn).await);
    let guardduty = GuardDuty::new(&config);
    let error = guardduty.list_detectors().send().await.unwrap_err();
    assert_eq!(error.code(), Some("AccessDeniedException"));
    let actions = json!([{"Effect": "Allow", "Action": ["guardduty:ListDetectors", "guardduty:GetFindings"], "Resource": "*"}]);
    allow("auditor", &actions).await;
    let detector = detector(&guardduty).await;
    let read = guardduty
        .get_findings()
        .detector_id(&detector)
        .finding_ids(id(950))
        .send()
        .await;
    assert_eq!(read.unwrap().findings().len(), 1);
    let error = guardduty
        .list_findings()
        .detector_id(&detector)
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some("AccessDeniedException"));
    // Findings cannot be limited to a detector, coverage can.
    let limited = json!([
        {"Effect": "Allow", "Action": "guardduty:*", "Resource": format!("arn:aws:guardduty:*:*:detector/{detector}")},
    ]);
    allow("auditor", &limited).await;
    let read = guardduty
        .get_findings()
        .detector_id(&detector)
        .finding_ids(id(950));
    assert_eq!(
        read.send().await.unwrap_err().code(),
        Some("AccessDeniedException")
    );
    let counted = guardduty
        .get_coverage_statistics()
        .detector_id(&detector)
        .statistics_type(CoverageStatisticsType::CountByCoverageStatus);
    counted.send().await.unwrap();
    let hub = aws_sdk_securityhub::Client::new(&config);
    assert_eq!(
        hub.get_findings().send().await.unwrap_err().code(),
        Some("AccessDeniedException")
    );
}
