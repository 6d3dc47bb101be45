//! `GuardDuty` findings by id (`guardduty:GetFindings`).

mod resource;

use aws_sdk_guardduty::Client;
use aws_sdk_guardduty::types;
use day2_aws::error::unreadable;
use day2_core::moment;
use day2_core::trigger::marked_as_sample;
use day2_core::{Cause, Observed, Unreadable};
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;

use crate::answer::{lacks, listed};
use crate::times::Times;

const ACTION: &str = "guardduty:GetFindings";

/// Most ids of one request (`FindingIds` of API `GetFindings`).
const BATCH: usize = 50;

/// Requests at once. A finding may be some ten kilobytes long, and an account may have thousands.
const AT_ONCE: usize = 4;

/// One finding (API `Finding`), reduced to what a report says of it. All texts are hostile: an attacker chooses names of
/// processes, images and pods (*Amazon GuardDuty User Guide*, "Runtime Monitoring finding types").
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Finding id.
    pub id: String,
    /// Type, for example `CryptoCurrency:Runtime/BitcoinTool.B!DNS`.
    pub kind: String,
    /// What it says in a sentence, for example `A privileged container was launched in the cluster.`; empty where it says none.
    pub title: String,
    /// 1.0 to 10.0.
    pub severity: f64,
    /// Account in which it was found.
    pub account: String,
    /// Region in which it was found.
    pub region: String,
    /// What it is about, in one name: a Kubernetes workload, an instance, a role.
    pub resource: String,
    /// The EKS cluster, if it concerns one.
    pub cluster: Option<String>,
    /// How often it was seen (`service.count`).
    pub count: u64,
    /// Archived by a person or by a suppression rule.
    pub archived: bool,
    /// A generated example.
    pub sample: bool,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was seen again last.
    pub updated_at: Option<Timestamp>,
}

/// The findings of these ids, in no particular order. Asks nothing when there are none.
///
/// # Errors
///
/// When a request failed, or an answer left out a finding that was asked for: it could be the one that matters.
pub async fn by_ids(
    client: &Client,
    times: &Times,
    detector: &str,
    ids: &[String],
) -> Observed<Vec<Finding>> {
    let batches = stream::iter(ids.chunks(BATCH))
        .map(|batch| times.within(ACTION, detector, read(client, detector, batch)))
        .buffered(AT_ONCE);
    batches.try_concat().await
}

async fn read(client: &Client, detector: &str, ids: &[String]) -> Observed<Vec<Finding>> {
    let answer = client
        .get_findings()
        .detector_id(detector)
        .set_finding_ids(Some(ids.to_vec()))
        .send()
        .await
        .map_err(|error| unreadable(ACTION, detector, &error))?;
    let seen = listed(ACTION, detector, "findings", answer.findings.as_deref())?;
    let findings: Vec<Finding> = seen
        .iter()
        .map(|one| finding(detector, one))
        .collect::<Observed<_>>()?;
    let missing = ids
        .iter()
        .filter(|id| !findings.iter().any(|one| one.id == **id))
        .count();
    if missing > 0 {
        let detail = format!("{missing} of {} findings are not in the answer", ids.len());
        return Err(Unreadable::new(ACTION, detector, Cause::Partial, detail));
    }
    Ok(findings)
}

fn finding(detector: &str, seen: &types::Finding) -> Observed<Finding> {
    let missing = |member| lacks(ACTION, detector, member);
    let id = seen.id().ok_or_else(|| missing("id"))?.to_owned();
    let service = seen.service();
    let resource = seen.resource();
    let cluster = resource.and_then(types::Resource::eks_cluster_details);
    let cluster_arn = cluster.and_then(types::EksClusterDetails::arn);
    let name = resource.map(resource::name).unwrap_or_default();
    let additional = service
        .and_then(types::Service::additional_info)
        .and_then(types::ServiceAdditionalInfo::value);
    Ok(Finding {
        kind: seen.r#type().ok_or_else(|| missing("type"))?.to_owned(),
        title: seen.title().unwrap_or_default().to_owned(),
        severity: seen.severity().ok_or_else(|| missing("severity"))?,
        account: seen.account_id().unwrap_or_default().to_owned(),
        region: seen.region().unwrap_or_default().to_owned(),
        cluster: cluster
            .and_then(types::EksClusterDetails::name)
            .map(str::to_owned),
        count: service
            .and_then(types::Service::count)
            .and_then(|count| u64::try_from(count).ok())
            .unwrap_or(1),
        archived: service.and_then(types::Service::archived).unwrap_or_default(),
        sample: marked_as_sample(
            seen.title(),
            additional,
            [Some(name.own.as_str()), cluster_arn].into_iter().flatten(),
        ),
        created_at: seen.created_at().and_then(moment::instant),
        updated_at: seen.updated_at().and_then(moment::instant),
        resource: name.shown(&id),
        id,
    })
}
