//! Ids of `GuardDuty` findings (`guardduty:ListFindings`).

use aws_sdk_guardduty::Client;
use aws_sdk_guardduty::types::{Condition, FindingCriteria};
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_core::Observed;
use jiff::Timestamp;

use crate::answer::listed;
use crate::times::Times;

const ACTION: &str = "guardduty:ListFindings";

/// Most ids of one page (API `ListFindings`).
const PAGE: i32 = 50;

/// Which findings are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Least severity, 1 to 10; 7 is where *High* begins (*Amazon GuardDuty User Guide*, "Severity levels").
    pub severity_at_least: u8,
    /// Only findings that changed at or after this; `GuardDuty` keeps findings for 90 days.
    pub updated_since: Timestamp,
}

/// Ids of the findings of one detector that nobody archived.
///
/// Without a criterion on `service.archived` the API returns archived findings too, and its older conditions (`Gte`)
/// are 32-bit integers, which cannot hold a time in milliseconds (API `ListFindings`, `Condition`).
///
/// # Errors
///
/// When the list could not be read completely.
pub async fn open(client: &Client, times: &Times, detector: &str, wanted: Wanted) -> Observed<Vec<String>> {
    times
        .within(ACTION, detector, read(client, detector, wanted))
        .await
}

fn criteria(wanted: Wanted) -> FindingCriteria {
    FindingCriteria::builder()
        .criterion("service.archived", Condition::builder().equals("false").build())
        .criterion(
            "severity",
            Condition::builder()
                .greater_than_or_equal(i64::from(wanted.severity_at_least))
                .build(),
        )
        .criterion(
            "updatedAt",
            Condition::builder()
                .greater_than_or_equal(wanted.updated_since.as_millisecond())
                .build(),
        )
        .build()
}

async fn read(client: &Client, detector: &str, wanted: Wanted) -> Observed<Vec<String>> {
    let mut ids = Vec::new();
    let mut token = None;
    let mut pages = Pages::new(ACTION, detector);
    loop {
        let page = client
            .list_findings()
            .detector_id(detector)
            .finding_criteria(criteria(wanted))
            .max_results(PAGE)
            .set_next_token(token.clone())
            .send()
            .await
            .map_err(|error| unreadable(ACTION, detector, &error))?;
        ids.extend_from_slice(listed(
            ACTION,
            detector,
            "findingIds",
            page.finding_ids.as_deref(),
        )?);
        token = pages.next(page.next_token())?;
        if token.is_none() {
            return Ok(ids);
        }
    }
}
