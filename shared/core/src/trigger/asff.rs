//! `GuardDuty` findings in Security Hub's format (ASFF). It flattens `service` into text fields and does not carry
//! the Kubernetes workload; whoever needs that asks `GuardDuty` for the finding of this id.
//!
//! Source: <https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format-syntax.html>.

use serde_json::Value;

use super::Trigger;
use super::finding::{
    Finding, cluster_arn, generated, id, in_range, instance, kind_of, not_clearly_no, says_sample,
};
use super::reading::{at, required, text};
use crate::arn::Arn;
use crate::moment;
use crate::shown;

/// The finding of an event. Both event types send one finding each; several would need several results.
/// Source: <https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-cwe-event-formats.html>.
pub(super) fn all(detail: &Value) -> Trigger {
    match detail
        .get("findings")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    {
        Some([one_finding]) => one(one_finding),
        Some([]) | None => Trigger::Rejected(
            "the Security Hub event has no `detail.findings`; send the event as AWS wrote it".to_owned(),
        ),
        Some(several) => Trigger::Rejected(format!(
            "the Security Hub event has {} findings; send them one at a time",
            several.len()
        )),
    }
}

/// One finding.
pub(super) fn one(finding: &Value) -> Trigger {
    let product = text(finding, &["ProductArn"]).unwrap_or_default();
    if !product.ends_with("/aws/guardduty") {
        return Trigger::Ignored(format!(
            "a Security Hub finding of product {}",
            shown::quoted(product)
        ));
    }
    match read(finding) {
        Ok(finding) => Trigger::Finding(finding),
        Err(why) => Trigger::Rejected(format!("{why}; send the event as AWS wrote it")),
    }
}

fn read(finding: &Value) -> Result<Finding, String> {
    // The id is an ARN: …:detector/<detector>/finding/<id>. Its region is the finding's own; `Region` is often absent.
    let arn: Arn = required(finding, &["Id"], "finding")?;
    let short = arn.resource().split_once("/finding/").map(|(_, id)| id);
    let short = short.filter(|_| arn.service() == "guardduty");
    let short = short.ok_or_else(|| {
        format!(
            "the finding's `Id` {} is not of GuardDuty",
            shown::quoted(arn.as_str())
        )
    })?;
    let field = |name: &str| {
        let key = format!("aws/guardduty/service/{name}");
        finding.get("ProductFields").and_then(|fields| fields.get(&key))
    };
    let resources = finding
        .get("Resources")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let cluster = resources
        .iter()
        .filter(|resource| text(resource, &["Type"]) == Some("AwsEksCluster"))
        .find_map(|resource| text(resource, &["Id"]));
    let sample = finding.get("Sample").is_some_and(not_clearly_no)
        || field("additionalInfo/sample").is_some_and(not_clearly_no)
        || field("additionalInfo/value")
            .and_then(Value::as_str)
            .is_some_and(says_sample)
        || text(finding, &["Title"]).is_some_and(|title| title.starts_with("[SAMPLE]"))
        || resources
            .iter()
            .any(|resource| generated(text(resource, &["Id"])));
    let region = match text(finding, &["Region"]) {
        Some(_) => required(finding, &["Region"], "finding")?,
        None => arn.region().cloned().ok_or("the finding names no region")?,
    };
    Ok(Finding {
        id: id(short)?,
        kind: kind(finding)?,
        severity: severity(finding)?,
        account: required(finding, &["AwsAccountId"], "finding")?,
        region,
        cluster_arn: cluster.filter(|_| !sample).map(cluster_arn).transpose()?,
        workload: None,
        instance: resources
            .iter()
            .filter(|resource| text(resource, &["Type"]) == Some("AwsEc2Instance"))
            .filter_map(|resource| text(resource, &["Id"]))
            .find_map(|id| instance(id.rsplit('/').next().unwrap_or(id)))
            .filter(|_| !sample),
        sample,
        archived: field("archived").is_some_and(not_clearly_no)
            || text(finding, &["RecordState"]).is_some_and(|state| state != "ACTIVE"),
        count: field("count")
            .and_then(Value::as_str)
            .and_then(|count| count.parse().ok()),
        updated_at: at(finding, &["UpdatedAt"]).and_then(moment::instant_in),
    })
}

/// Security Hub writes `TTPs/Discovery/Discovery:Kubernetes-MaliciousIPCaller` for
/// `Discovery:Kubernetes/MaliciousIPCaller`: the last part, with the first `-` behind the `:` back to `/`.
fn kind(finding: &Value) -> Result<String, String> {
    let types = at(finding, &["Types"])
        .and_then(|types| types.get(0))
        .and_then(Value::as_str);
    let types = types
        .filter(|types| !types.is_empty())
        .ok_or("the finding has no `Types`")?;
    let last = types.rsplit('/').next().unwrap_or(types);
    let rebuilt = match last.split_once(':') {
        Some((purpose, family)) => format!("{purpose}:{}", family.replacen('-', "/", 1)),
        None => last.to_owned(),
    };
    kind_of(&rebuilt)
}

/// `Product` is `GuardDuty`'s own number; `Normalized` is Security Hub's, 0 to 100.
fn severity(finding: &Value) -> Result<f64, String> {
    let number = |path: &[&str]| at(finding, path).and_then(Value::as_f64);
    number(&["Severity", "Product"])
        .or_else(|| number(&["Severity", "Normalized"]).map(|normalized| normalized / 10.0))
        .ok_or_else(|| "the finding has no number in `Severity`".to_owned())
        .and_then(in_range)
}
