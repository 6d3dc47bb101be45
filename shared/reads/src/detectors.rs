//! `GuardDuty` detectors (`guardduty:ListDetectors`, `guardduty:GetDetector`).

use aws_sdk_guardduty::Client;
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_core::Observed;
use futures::future::join_all;

use crate::answer::{lacks, listed};
use crate::times::Times;

const LIST: &str = "guardduty:ListDetectors";
const GET: &str = "guardduty:GetDetector";

/// The detector of the account and region. There is at most one (*Amazon GuardDuty User Guide*, "Concepts and
/// terminology": detector).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detector {
    /// Detector id, 32 hexadecimal digits.
    pub id: String,
    /// `ENABLED`, or `DISABLED` while it is suspended: then it keeps old findings and makes no new ones.
    pub status: String,
}

/// Every detector of the account and region; an empty list means that `GuardDuty` is not switched on here.
///
/// # Errors
///
/// When the list, or one of its detectors, could not be read: whether it is suspended decides what "no findings" means.
pub async fn all(client: &Client, times: &Times) -> Observed<Vec<Detector>> {
    const ALL: &str = "detectors";
    let ids = times.within(LIST, ALL, ids(client, ALL)).await?;
    let described = join_all(
        ids.into_iter()
            .map(async |id| times.within(GET, &id, get(client, &id)).await),
    );
    described.await.into_iter().collect()
}

async fn ids(client: &Client, resource: &str) -> Observed<Vec<String>> {
    let mut ids = Vec::new();
    let mut token = None;
    let mut pages = Pages::new(LIST, resource);
    loop {
        let page = client
            .list_detectors()
            .set_next_token(token.clone())
            .send()
            .await
            .map_err(|error| unreadable(LIST, resource, &error))?;
        ids.extend_from_slice(listed(
            LIST,
            resource,
            "detectorIds",
            page.detector_ids.as_deref(),
        )?);
        token = pages.next(page.next_token())?;
        if token.is_none() {
            return Ok(ids);
        }
    }
}

async fn get(client: &Client, id: &str) -> Observed<Detector> {
    let seen = client
        .get_detector()
        .detector_id(id)
        .send()
        .await
        .map_err(|error| unreadable(GET, id, &error))?;
    let status = seen.status().ok_or_else(|| lacks(GET, id, "status"))?;
    Ok(Detector {
        id: id.to_owned(),
        status: status.as_str().to_owned(),
    })
}
