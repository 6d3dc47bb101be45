//! How much of the account `GuardDuty`'s Runtime Monitoring sees (`guardduty:GetCoverageStatistics`).

use aws_sdk_guardduty::Client;
use aws_sdk_guardduty::types::{
    CoverageFilterCondition, CoverageFilterCriteria, CoverageFilterCriterion, CoverageFilterCriterionKey,
    CoverageStatisticsType, CoverageStatus, ResourceType,
};
use day2_aws::error::unreadable;
use day2_core::Observed;

use crate::answer::lacks;
use crate::times::Times;

const ACTION: &str = "guardduty:GetCoverageStatistics";

/// EKS clusters by coverage status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Clusters whose agents all report.
    pub healthy: u64,
    /// Clusters with an agent that does not report.
    pub unhealthy: u64,
}

/// Counts the EKS clusters of the account and region that Runtime Monitoring knows.
///
/// # Errors
///
/// When it could not be read.
pub async fn of_clusters(client: &Client, times: &Times, detector: &str) -> Observed<Counts> {
    times.within(ACTION, detector, read(client, detector)).await
}

async fn read(client: &Client, detector: &str) -> Observed<Counts> {
    let clusters = CoverageFilterCriterion::builder()
        .criterion_key(CoverageFilterCriterionKey::ResourceType)
        .filter_condition(
            CoverageFilterCondition::builder()
                .equals(ResourceType::Eks.as_str())
                .build(),
        )
        .build();
    let answer = client
        .get_coverage_statistics()
        .detector_id(detector)
        .filter_criteria(
            CoverageFilterCriteria::builder()
                .filter_criterion(clusters)
                .build(),
        )
        .statistics_type(CoverageStatisticsType::CountByCoverageStatus)
        .send()
        .await
        .map_err(|error| unreadable(ACTION, detector, &error))?;
    let counts = answer
        .coverage_statistics()
        .and_then(|statistics| statistics.count_by_coverage_status())
        .ok_or_else(|| lacks(ACTION, detector, "countByCoverageStatus"))?;
    let of = |status: &CoverageStatus| {
        counts
            .get(status)
            .and_then(|count| u64::try_from(*count).ok())
            .unwrap_or_default()
    };
    Ok(Counts {
        healthy: of(&CoverageStatus::Healthy),
        unhealthy: of(&CoverageStatus::Unhealthy),
    })
}
