//! What GuardDuty's answer means, and the pod that is meant.

use aws_config::{Region, SdkConfig};
use aws_sdk_guardduty::operation::get_findings::GetFindingsOutput;
use aws_sdk_guardduty::operation::list_detectors::ListDetectorsOutput;
use aws_sdk_guardduty::types::{
    EksClusterDetails, Finding as Wire, KubernetesDetails, KubernetesWorkloadDetails, Resource, Service,
};
use aws_smithy_mocks::{RuleMode, mock, mock_client};
use day2_core::Cause;
use day2_reads::times::Times;

use super::*;

const ID: &str = "3ac3dd0f1e9b4d7f8a5c6b7d8e9f0a1b";
const ARN: &str = "arn:aws:eks:us-east-1:123456789012:cluster/prod-a";

fn wire(pod: &str) -> Wire {
    let workload = KubernetesWorkloadDetails::builder()
        .name(pod)
        .namespace("shop")
        .r#type("pods")
        .uid("u-1")
        .build();
    let resource = Resource::builder()
        .eks_cluster_details(EksClusterDetails::builder().arn(ARN).build())
        .kubernetes_details(
            KubernetesDetails::builder()
                .kubernetes_workload_details(workload)
                .build(),
        )
        .build();
    Wire::builder()
        .id(ID)
        .arn(format!(
            "arn:aws:guardduty:us-east-1:123456789012:detector/d/finding/{ID}"
        ))
        .account_id("123456789012")
        .region("us-east-1")
        .r#type("CryptoCurrency:Runtime/BitcoinTool.B!DNS")
        .severity(8.0)
        .schema_version("2.0")
        .created_at("2026-06-02T11:00:00.000Z")
        .updated_at("2026-06-02T11:55:00.000Z")
        .resource(resource)
        .service(
            Service::builder()
                .archived(false)
                .count(3)
                .service_name("guardduty")
                .build(),
        )
        .build()
}

fn clients(findings: Option<Vec<Wire>>) -> Clients {
    let get = mock!(aws_sdk_guardduty::Client::get_findings)
        .match_requests(|input| input.detector_id() == Some("d-1"))
        .then_output(move || {
            GetFindingsOutput::builder()
                .set_findings(findings.clone())
                .build()
        });
    let list = mock!(aws_sdk_guardduty::Client::list_detectors)
        .then_output(|| ListDetectorsOutput::builder().detector_ids("d-1").build());
    let config = SdkConfig::builder()
        .region(Region::new("us-east-1"))
        .behavior_version(aws_config::BehaviorVersion::latest())
        .build();
    let mut clients = Clients::new(&config);
    clients.guardduty = mock_client!(aws_sdk_guardduty, RuleMode::MatchAny, [&get, &list]);
    clients
}

fn times() -> Times {
    let now = day2_aws::boot::now();
    Times::of(day2_aws::Moment {
        now,
        deadline: now.checked_add(jiff::SignedDuration::from_secs(20)).unwrap(),
    })
}

fn event() -> Finding {
    let text = document(&wire("web-1")).to_string();
    match classify(text.as_bytes()) {
        Trigger::Finding(finding) => finding,
        other => panic!("{other:?}"),
    }
}

async fn reread(findings: Option<Vec<Wire>>) -> Reread {
    compare(&event(), finding(&clients(findings), None, ID, &times()).await)
}

#[tokio::test]
async fn only_what_guardduty_says_itself_confirms_a_finding_e10() {
    let confirmed = reread(Some(vec![wire("web-1")])).await;
    let Reread::Confirmed(theirs) = &confirmed else {
        panic!("{confirmed:?}")
    };
    assert_eq!((theirs.count, theirs.severity), (Some(3), 8.0));
    assert_eq!(reread(Some(vec![])).await, Reread::NotThere);
    let Reread::Differs(differences) = reread(Some(vec![wire("other-1")])).await else {
        panic!("another pod is no confirmation")
    };
    assert!(differences[0].contains("shop/web-1") && differences[0].contains("shop/other-1"));
}

#[tokio::test]
async fn an_empty_answer_is_unreadable_and_no_proof_of_a_forgery_w04() {
    let Reread::Unreadable(why) = reread(None).await else {
        panic!("an empty answer is no answer")
    };
    assert_eq!(why.cause, Cause::Malformed);
}

#[test]
fn what_changes_with_every_update_is_no_difference_and_what_it_is_about_is_d04_e10() {
    let ours = event();
    let mut theirs = ours.clone();
    theirs.severity = 9.0;
    theirs.count = Some(99);
    theirs.archived = true;
    assert!(compare(&ours, Ok(Some(theirs.clone()))).is_confirmed());
    // Security Hub's form: its own spelling of the type, no workload.
    let mut hub = ours.clone();
    hub.workload = None;
    hub.kind = "CryptoCurrency:Runtime/BitcoinTool.B".to_owned();
    assert!(compare(&hub, Ok(Some(theirs.clone()))).is_confirmed());
    for change in [
        |one: &mut Finding| one.account = "999988887777".parse().unwrap(),
        |one: &mut Finding| one.region = "eu-west-1".parse().unwrap(),
        |one: &mut Finding| one.cluster_arn = None,
        |one: &mut Finding| one.workload = None,
        |one: &mut Finding| one.workload.as_mut().unwrap().uid = Some("u-2".to_owned()),
        |one: &mut Finding| one.kind = "Backdoor:Runtime/C&CActivity.B".to_owned(),
    ] {
        let mut other = theirs.clone();
        change(&mut other);
        assert!(compare(&ours, Ok(Some(other))).is_forged());
    }
}
