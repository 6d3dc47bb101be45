//! Findings of Security Hub (`securityhub:GetFindings`).

use aws_sdk_securityhub::Client;
use aws_sdk_securityhub::types::{
    AwsSecurityFinding, AwsSecurityFindingFilters, RecordState, Severity, SeverityLabel, StringFilter,
    StringFilterComparison, Workflow, WorkflowStatus,
};
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_core::{Observed, moment};
use jiff::Timestamp;

use crate::answer::listed;
use crate::times::Times;

const ACTION: &str = "securityhub:GetFindings";

/// Most findings of one page (API `GetFindings`).
const PAGE: i32 = 100;

/// One finding (API `AwsSecurityFinding`), reduced to what a report says of it. All texts are hostile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityFinding {
    /// Finding id, an ARN for most products.
    pub id: String,
    /// What it says in one line; the same for all findings of one control.
    pub title: String,
    /// Product that made it, for example `Security Hub`, `Inspector` or `GuardDuty`.
    pub product: String,
    /// `CRITICAL`, `HIGH`, …
    pub severity: String,
    /// Account that it is about; an administrator sees those of its members too.
    pub account: String,
    /// Region that it is about; in an aggregation Region there are findings of others.
    pub region: String,
    /// The first resource, type and id.
    pub resource: String,
    /// `NEW`, `NOTIFIED`, `SUPPRESSED`, `RESOLVED`.
    pub workflow: String,
    /// `ACTIVE` or `ARCHIVED`.
    pub record: String,
    /// A generated example.
    pub sample: bool,
    /// When its product made it.
    pub created_at: Option<Timestamp>,
    /// When its product changed it last.
    pub updated_at: Option<Timestamp>,
}

/// Every active finding of severity `CRITICAL` or `HIGH` that nobody suppressed or resolved (workflow status `NEW` or
/// `NOTIFIED`). The filter is Security Hub's; what it returns still says its state, so that a caller can check.
///
/// # Errors
///
/// When the list could not be read completely, also when Security Hub is not switched on in the account and region.
pub async fn open(client: &Client, times: &Times) -> Observed<Vec<SecurityFinding>> {
    const OPEN: &str = "open findings";
    // A finding has hundreds of fields, so that the future of a page is large.
    times.within(ACTION, OPEN, Box::pin(read(client, OPEN))).await
}

/// Whether Security Hub holds any active finding at all, of whatever severity and state. One without any gets none from
/// anywhere, so that "nothing is open" would say nothing.
///
/// # Errors
///
/// When it could not be read.
pub async fn any(client: &Client, times: &Times) -> Observed<bool> {
    const ANY: &str = "any finding";
    let read = async {
        let active = AwsSecurityFindingFilters::builder()
            .record_state(equals(RecordState::Active.as_str()))
            .build();
        let page = client
            .get_findings()
            .filters(active)
            .max_results(1)
            .send()
            .await
            .map_err(|error| unreadable(ACTION, ANY, &error))?;
        let seen = listed(ACTION, ANY, "Findings", page.findings.as_deref())?;
        // A page may be empty and still not be the last.
        Ok(!seen.is_empty() || page.next_token().is_some_and(|token| !token.is_empty()))
    };
    times.within(ACTION, ANY, Box::pin(read)).await
}

fn equals(value: &str) -> StringFilter {
    StringFilter::builder()
        .value(value)
        .comparison(StringFilterComparison::Equals)
        .build()
}

fn filters() -> AwsSecurityFindingFilters {
    // Values of one attribute are joined by OR, attributes by AND (API `AwsSecurityFindingFilters`).
    AwsSecurityFindingFilters::builder()
        .workflow_status(equals(WorkflowStatus::New.as_str()))
        .workflow_status(equals(WorkflowStatus::Notified.as_str()))
        .record_state(equals(RecordState::Active.as_str()))
        .severity_label(equals(SeverityLabel::Critical.as_str()))
        .severity_label(equals(SeverityLabel::High.as_str()))
        .build()
}

async fn read(client: &Client, resource: &str) -> Observed<Vec<SecurityFinding>> {
    let mut findings = Vec::new();
    let mut token = None;
    let mut pages = Pages::new(ACTION, resource);
    loop {
        let page = client
            .get_findings()
            .filters(filters())
            .max_results(PAGE)
            .set_next_token(token.clone())
            .send()
            .await
            .map_err(|error| unreadable(ACTION, resource, &error))?;
        let seen = listed(ACTION, resource, "Findings", page.findings.as_deref())?;
        findings.extend(seen.iter().map(finding));
        token = pages.next(page.next_token())?;
        if token.is_none() {
            return Ok(findings);
        }
    }
}

fn finding(seen: &AwsSecurityFinding) -> SecurityFinding {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let title = text(seen.title());
    // The last part of an ARN is long enough to find it and short enough to read.
    let resource = seen.resources().first().map_or_else(String::new, |one| {
        let id = one.id().unwrap_or_default();
        let short = id.rsplit_once(':').map_or(id, |(_, last)| last);
        format!("{} {short}", one.r#type().unwrap_or("resource"))
    });
    SecurityFinding {
        id: text(seen.id()),
        product: text(seen.product_name().or_else(|| seen.product_arn())),
        severity: seen
            .severity()
            .and_then(Severity::label)
            .map(|label| label.as_str().to_owned())
            .unwrap_or_default(),
        account: text(seen.aws_account_id()),
        region: text(seen.region()),
        resource,
        workflow: seen
            .workflow()
            .and_then(Workflow::status)
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
        record: seen
            .record_state()
            .map(|state| state.as_str().to_owned())
            .unwrap_or_default(),
        // Security Hub's own flag, or the mark in the title that GuardDuty's examples carry.
        sample: seen.sample().unwrap_or_default() || title.starts_with("[SAMPLE]"),
        created_at: seen
            .first_observed_at()
            .or_else(|| seen.created_at())
            .and_then(moment::instant),
        updated_at: seen.updated_at().and_then(moment::instant),
        title,
    }
}
