//! The finding as GuardDuty itself has it. An event can be made by whoever may invoke the function or publish to a topic
//! of it; a finding only by GuardDuty (`cases.md` E10).

use aws_sdk_guardduty::types::{Finding as Wire, Resource, Service};
use day2_aws::error::unreadable;
use day2_core::trigger::{Finding, Trigger, classify};
use day2_core::{Cause, Observed, Unreadable};
use day2_reads::times::Times;
use serde_json::{Value, json};

use super::Clients;
use crate::facts::Reread;

const GET: &str = "guardduty:GetFindings";
const LIST: &str = "guardduty:ListDetectors";

/// Reads a finding by its id; none when GuardDuty has none of this id.
///
/// # Errors
///
/// When it could not be read, or not be understood.
pub async fn finding(
    clients: &Clients,
    detector: Option<&str>,
    id: &str,
    times: &Times,
) -> Observed<Option<Finding>> {
    Box::pin(times.within(GET, id, read(clients, detector, id, times))).await
}

async fn read(
    clients: &Clients,
    detector: Option<&str>,
    id: &str,
    times: &Times,
) -> Observed<Option<Finding>> {
    let detector = match detector {
        Some(detector) => detector.to_owned(),
        None => self::detector(clients, times).await?,
    };
    let answer = clients
        .guardduty
        .get_findings()
        .detector_id(&detector)
        .finding_ids(id)
        .send()
        .await
        .map_err(|error| unreadable(GET, id, &error))?;
    // The SDK reads an empty document as an output without a list.
    let found = answer
        .findings
        .ok_or_else(|| malformed(id, "the answer holds no findings"))?;
    let Some(wire) = found.into_iter().find(|finding| finding.id() == Some(id)) else {
        return Ok(None);
    };
    match classify(document(&wire).to_string().as_bytes()) {
        Trigger::Finding(finding) => Ok(Some(finding)),
        Trigger::Rejected(why) => Err(malformed(id, &why)),
        _ => Err(malformed(id, "GuardDuty's answer is no finding")),
    }
}

/// The detector of the account and region. There is one at most.
/// Source: GuardDuty API reference, `ListDetectors`.
async fn detector(clients: &Clients, times: &Times) -> Observed<String> {
    if let Some(known) = clients.known_detector() {
        return Ok(known);
    }
    let listing = async {
        let answer = aws_sdk_guardduty::Client::list_detectors(&clients.guardduty)
            .send()
            .await
            .map_err(|error| unreadable(LIST, "detectors", &error))?;
        let ids = answer.detector_ids.ok_or_else(|| {
            Unreadable::new(
                LIST,
                "detectors",
                Cause::Malformed,
                "the answer holds no detectors",
            )
        })?;
        ids.into_iter().next().ok_or_else(|| {
            Unreadable::new(
                LIST,
                "detectors",
                Cause::NotFound,
                "GuardDuty is not enabled in this account and region",
            )
        })
    };
    let id = times.within(LIST, "detectors", listing).await?;
    clients.keep_detector(&id);
    Ok(id)
}

fn malformed(id: &str, why: &str) -> Unreadable {
    Unreadable::new(GET, id, Cause::Malformed, why)
}

/// The parts of a finding that our own reading of events knows, so that the same checks of names apply to both.
fn document(wire: &Wire) -> Value {
    let service = wire.service();
    let info = service.and_then(|service| service.additional_info());
    json!({
        "Id": wire.id(),
        "Type": wire.r#type(),
        "Severity": wire.severity(),
        "AccountId": wire.account_id(),
        "Region": wire.region(),
        "Arn": wire.arn(),
        "Title": wire.title(),
        "UpdatedAt": wire.updated_at(),
        "SchemaVersion": wire.schema_version(),
        "Partition": wire.partition(),
        "CreatedAt": wire.created_at(),
        "Resource": wire.resource().map(resource),
        "Service": {
            "Archived": service.and_then(Service::archived),
            "Count": service.and_then(Service::count),
            "DetectorId": service.and_then(Service::detector_id),
            "ServiceName": service.and_then(Service::service_name),
            "AdditionalInfo": info.map(|info| json!({ "Value": info.value(), "Type": info.r#type() })),
        },
    })
}

fn resource(resource: &Resource) -> Value {
    let workload = resource
        .kubernetes_details()
        .and_then(|details| details.kubernetes_workload_details());
    json!({
        "ResourceType": resource.resource_type(),
        "EksClusterDetails": resource.eks_cluster_details().map(|cluster| json!({ "Arn": cluster.arn() })),
        "InstanceDetails": resource.instance_details().map(|instance| json!({ "InstanceId": instance.instance_id() })),
        "KubernetesDetails": workload.map(|workload| json!({
            "KubernetesWorkloadDetails": {
                "Name": workload.name(),
                "Namespace": workload.namespace(),
                "Type": workload.r#type(),
                "Uid": workload.uid(),
            }
        })),
    })
}

/// Compares what an event said with what GuardDuty says. Severity and count change with every update; what a finding is
/// about does not.
#[must_use]
pub fn compare(event: &Finding, read: Observed<Option<Finding>>) -> Reread {
    let theirs = match read {
        Err(why) => return Reread::Unreadable(why),
        Ok(None) => return Reread::NotThere,
        Ok(Some(theirs)) => theirs,
    };
    let mut differences = Vec::new();
    let mut differ = |what: &str, ours: String, theirs: String| {
        if ours != theirs {
            differences.push(format!("{what}: the event says {ours}, GuardDuty says {theirs}"));
        }
    };
    differ("account", event.account.to_string(), theirs.account.to_string());
    differ("region", event.region.to_string(), theirs.region.to_string());
    // Security Hub's form spells the type its own way, and carries no workload.
    if let Some(ours) = &event.workload {
        differ("type", event.kind.clone(), theirs.kind.clone());
        let words =
            |workload: &day2_core::trigger::Workload| format!("{}/{}", workload.namespace, workload.name);
        let there = theirs.workload.as_ref();
        differ("pod", words(ours), there.map_or_else(|| "none".to_owned(), words));
        if let (Some(ours), Some(theirs)) = (&ours.uid, there.and_then(|there| there.uid.as_ref())) {
            differ("uid of the pod", ours.clone(), theirs.clone());
        }
    }
    if let Some(ours) = &event.cluster_arn {
        let there = theirs.cluster_arn.as_ref();
        differ(
            "cluster",
            ours.to_string(),
            there.map_or_else(|| "none".to_owned(), ToString::to_string),
        );
    }
    if differences.is_empty() {
        Reread::Confirmed(Box::new(theirs))
    } else {
        Reread::Differs(differences)
    }
}

#[cfg(test)]
mod tests;
