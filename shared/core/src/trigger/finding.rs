//! `GuardDuty` findings: as EventBridge sends them (camelCase) and as `GetFindings` returns them (`PascalCase`).
//!
//! Sources: <https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-guardduty.html>,
//! <https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Finding.html>.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::reading::{at, parsed, required, text};
use crate::arn::{AccountId, Arn, Region};
use crate::moment;
use crate::names::{DnsLabel, DnsName};
use crate::shown;

/// A finding, reduced to what identifies it and what guards ask.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Id within account and region.
    pub id: String,
    /// Type, for example `CryptoCurrency:Runtime/BitcoinTool.B!DNS`. From Security Hub it is rebuilt as well as its
    /// own spelling allows and may differ from the original.
    #[serde(rename = "type")]
    pub kind: String,
    /// 0 to 10; the API documents 1 to 10.
    pub severity: f64,
    /// Account in which it was found; not that of an administrator who forwards it.
    pub account: AccountId,
    /// Region in which it was found.
    pub region: Region,
    /// The EKS cluster, if it concerns one.
    pub cluster_arn: Option<Arn>,
    /// The Kubernetes workload, if it names one. Security Hub's form carries none.
    pub workload: Option<Workload>,
    /// The EC2 instance, if it names one. Of a finding without a workload it says on which node to look.
    pub instance: Option<String>,
    /// A generated example. Anything that is not a clear no counts as yes: an example must never be acted on.
    pub sample: bool,
    /// Archived by a person. Anything that is not a clear no counts as yes.
    pub archived: bool,
    /// How often it was seen, if told.
    pub count: Option<u64>,
    /// When `GuardDuty` last changed it, if told readably.
    pub updated_at: Option<Timestamp>,
}

/// A Kubernetes object in names that can go into a path or a selector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Workload {
    /// Namespace.
    pub namespace: DnsLabel,
    /// Name.
    pub name: DnsName,
    /// Kind in the words of `GuardDuty`, for example `pods`.
    pub kind: Option<String>,
    /// UID, often absent; the live object's UID is read again anyway.
    pub uid: Option<String>,
}

impl Finding {
    /// The same for a finding from its own account and from an administrator's (`cases.md` D03).
    #[must_use]
    pub fn dedup_key(&self) -> String {
        format!("{}/{}/{}", self.account, self.region, self.id)
    }
}

/// Prefix of the names in generated examples. It is no valid Kubernetes name (upper case), so no real workload can
/// hide behind it.
const GENERATED: &str = "GeneratedFinding";

/// A finding in `GuardDuty`'s own form.
pub(super) fn native(finding: &Value) -> Result<Finding, String> {
    let of = "finding";
    let id: String = id(text(finding, &["id"]).ok_or("the finding has no `id`")?)?;
    let kind = text(finding, &["type"]).ok_or("the finding has no `type`")?;
    let severity = at(finding, &["severity"])
        .and_then(Value::as_f64)
        .ok_or("the finding has no number in `severity`")?;
    let details = at(
        finding,
        &["resource", "kubernetesDetails", "kubernetesWorkloadDetails"],
    );
    let cluster = text(finding, &["resource", "eksClusterDetails", "arn"]);
    let sample = sample(finding) || generated(cluster) || generated(details.and_then(|d| text(d, &["name"])));
    Ok(Finding {
        id,
        kind: kind_of(kind)?,
        severity: in_range(severity)?,
        account: required(finding, &["accountId"], of)?,
        region: required(finding, &["region"], of)?,
        // The names of examples are not valid ones; nothing is read from them.
        cluster_arn: cluster.filter(|_| !sample).map(cluster_arn).transpose()?,
        workload: details.filter(|_| !sample).map_or(Ok(None), workload)?,
        instance: text(finding, &["resource", "instanceDetails", "instanceId"])
            .filter(|_| !sample)
            .and_then(instance),
        sample,
        archived: at(finding, &["service", "archived"]).is_some_and(not_clearly_no),
        count: at(finding, &["service", "count"]).and_then(Value::as_u64),
        updated_at: at(finding, &["updatedAt"]).and_then(moment::instant_in),
    })
}

pub(super) fn id(text: &str) -> Result<String, String> {
    let plain = text.len() <= 128 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    plain
        .then(|| text.to_owned())
        .ok_or_else(|| format!("the finding's `id` {} is no finding id", shown::quoted(text)))
}

/// `ThreatPurpose:Resource/Family.Mechanism!Artifact`.
pub(super) fn kind_of(text: &str) -> Result<String, String> {
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '/' | '.' | '!' | '-' | '_' | '&' | ' ');
    let fits = text.len() <= 128 && text.chars().all(plain);
    fits.then(|| text.to_owned())
        .ok_or_else(|| format!("the finding's `type` {} is no finding type", shown::quoted(text)))
}

/// An instance id, `i-` and hexadecimal digits; what is none names no node.
pub(super) fn instance(text: &str) -> Option<String> {
    let digits = text.strip_prefix("i-")?;
    let fits = (8..=17).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_hexdigit());
    fits.then(|| text.to_owned())
}

pub(super) fn in_range(severity: f64) -> Result<f64, String> {
    let fits = (0.0..=10.0).contains(&severity);
    fits.then_some(severity)
        .ok_or_else(|| format!("the finding's `severity` {severity} is not within 0 and 10"))
}

pub(super) fn cluster_arn(text: &str) -> Result<Arn, String> {
    let arn: Arn = parsed(text, "eksClusterDetails.arn", "finding")?;
    let name = arn.resource().strip_prefix("cluster/").unwrap_or_default();
    let fits = arn.service() == "eks"
        && arn.region().is_some()
        && arn.account_id().is_some()
        && !name.is_empty()
        && name.parse::<crate::names::ClusterName>().is_ok();
    if fits {
        Ok(arn)
    } else {
        Err(format!(
            "the finding's cluster {} is no EKS cluster",
            shown::quoted(text)
        ))
    }
}

/// The workload: both names or none. Half a name, or one that is no name, is refused and not repaired.
fn workload(details: &Value) -> Result<Option<Workload>, String> {
    let there = |field: &str| at(details, &[field]).is_some_and(|value| !value.is_null());
    if !there("name") && !there("namespace") {
        return Ok(None);
    }
    let of = "finding's workload";
    let kind = match at(details, &["type"]) {
        None | Some(Value::Null) => None,
        Some(_) => Some(plain_word(details, "type")?),
    };
    let uid = match at(details, &["uid"]) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) if text.is_empty() => None,
        Some(_) => Some(plain_word(details, "uid")?),
    };
    Ok(Some(Workload {
        namespace: required(details, &["namespace"], of)?,
        name: required(details, &["name"], of)?,
        kind,
        uid,
    }))
}

fn plain_word(details: &Value, field: &str) -> Result<String, String> {
    let text =
        text(details, &[field]).ok_or_else(|| format!("the finding's workload has no text in `{field}`"))?;
    let fits = text.len() <= 64
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
    fits.then(|| text.to_owned())
        .ok_or_else(|| format!("the finding's workload has {} as `{field}`", shown::quoted(text)))
}

/// All marks of an example that `GuardDuty`'s own forms carry (`cases.md` E05).
fn sample(finding: &Value) -> bool {
    let flagged = at(finding, &["service", "additionalInfo", "sample"]).is_some_and(not_clearly_no);
    let inside = text(finding, &["service", "additionalInfo", "value"]).is_some_and(says_sample);
    let titled = text(finding, &["title"]).is_some_and(|title| title.starts_with("[SAMPLE]"));
    flagged || inside || titled
}

/// Whether the parts of a finding that the API returns carry a mark of an example: its title, `additionalInfo.value`, and
/// the names and ARNs of its resources. An example must neither be acted on nor counted.
pub fn marked_as_sample<'a>(
    title: Option<&str>,
    additional: Option<&str>,
    names: impl IntoIterator<Item = &'a str>,
) -> bool {
    title.is_some_and(|title| title.starts_with("[SAMPLE]"))
        || additional.is_some_and(says_sample)
        || names.into_iter().any(|name| generated(Some(name)))
}

/// `additionalInfo.value` is JSON in a text, for example `{"sample":true}`.
pub(super) fn says_sample(value: &str) -> bool {
    serde_json::from_str::<Value>(value).map_or_else(
        |_| value.contains("\"sample\""),
        |value| value.get("sample").is_some_and(not_clearly_no),
    )
}

pub(super) fn generated(name: Option<&str>) -> bool {
    name.is_some_and(|name| name.starts_with(GENERATED) || name.contains(&format!("/{GENERATED}")))
}

/// Whether a flag is anything but absent, null, `false` or its text.
pub(super) fn not_clearly_no(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false)) && value.as_str() != Some("false")
}
