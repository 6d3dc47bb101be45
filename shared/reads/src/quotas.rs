//! Service quotas (`servicequotas:GetServiceQuota`).

use aws_sdk_servicequotas::Client;
use day2_aws::error::unreadable;
use day2_core::Observed;

use crate::answer::lacks;
use crate::times::Times;

const ACTION: &str = "servicequotas:GetServiceQuota";

/// One service quota.
#[derive(Debug, Clone, PartialEq)]
pub struct Quota {
    /// Name in Service Quotas.
    pub name: String,
    /// Applied value, in the unit of the quota.
    pub value: f64,
}

/// One applied quota, by the codes of Service Quotas, for example `ec2` and `L-1216C47A`.
///
/// # Errors
///
/// When it could not be read, or has no applied value.
pub async fn applied(client: &Client, times: &Times, service: &str, code: &str) -> Observed<Quota> {
    let resource = format!("{service}/{code}");
    times
        .within(ACTION, &resource, read(client, &resource, service, code))
        .await
}

async fn read(client: &Client, resource: &str, service: &str, code: &str) -> Observed<Quota> {
    let answer = client
        .get_service_quota()
        .service_code(service)
        .quota_code(code)
        .send()
        .await
        .map_err(|error| unreadable(ACTION, resource, &error))?;
    let seen = answer.quota().ok_or_else(|| lacks(ACTION, resource, "quota"))?;
    Ok(Quota {
        name: seen.quota_name().unwrap_or(code).to_owned(),
        value: seen.value().ok_or_else(|| lacks(ACTION, resource, "value"))?,
    })
}
