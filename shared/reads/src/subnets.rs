//! Subnets (`ec2:DescribeSubnets`).

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::Filter;
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_core::Observed;

use crate::answer::{lacks, listed};
use crate::times::Times;

const ACTION: &str = "ec2:DescribeSubnets";

/// One subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subnet {
    /// Id.
    pub id: String,
    /// Availability Zone name.
    pub zone: String,
    /// `AvailableIpAddressCount`.
    pub free_addresses: u64,
}

/// Every subnet of the VPC with its free addresses; one read serves groups and NAT gateways.
///
/// # Errors
///
/// When the list could not be read completely.
pub async fn of_vpc(client: &Client, times: &Times, vpc: &str) -> Observed<Vec<Subnet>> {
    times.within(ACTION, vpc, read(client, vpc)).await
}

async fn read(client: &Client, vpc: &str) -> Observed<Vec<Subnet>> {
    let mut subnets = Vec::new();
    let mut token = None;
    let mut pages = Pages::new(ACTION, vpc);
    loop {
        let page = client
            .describe_subnets()
            .filters(Filter::builder().name("vpc-id").values(vpc).build())
            .set_next_token(token.clone())
            .send()
            .await
            .map_err(|error| unreadable(ACTION, vpc, &error))?;
        for seen in listed(ACTION, vpc, "Subnets", page.subnets.as_deref())? {
            let id = seen.subnet_id().unwrap_or_default();
            subnets.push(Subnet {
                id: id.to_owned(),
                zone: seen.availability_zone().unwrap_or_default().to_owned(),
                free_addresses: seen
                    .available_ip_address_count()
                    .and_then(|count| u64::try_from(count).ok())
                    .ok_or_else(|| lacks(ACTION, id, "AvailableIpAddressCount"))?,
            });
        }
        token = pages.next(page.next_token())?;
        if token.is_none() {
            return Ok(subnets);
        }
    }
}
