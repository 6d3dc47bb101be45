//! NAT gateways (`ec2:DescribeNatGateways`).

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{AvailabilityMode, ConnectivityType, Filter};
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_core::Observed;

use crate::answer::listed;
use crate::times::Times;

const ACTION: &str = "ec2:DescribeNatGateways";

/// One NAT gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NatGateway {
    /// Id.
    pub id: String,
    /// Subnet.
    pub subnet: String,
    /// `pending | failed | available | deleting | deleted`.
    pub state: String,
    /// Failure message of AWS, if any.
    pub failure: Option<String>,
    /// A private gateway leads to other networks and not to the internet.
    pub private: bool,
    /// Zones of a regional gateway, which has no subnet; empty for a zonal one.
    pub zones: Vec<String>,
}

/// Every NAT gateway of the VPC in every state: a filter on `available` would hide the broken ones.
///
/// # Errors
///
/// When the list could not be read completely.
pub async fn of_vpc(client: &Client, times: &Times, vpc: &str) -> Observed<Vec<NatGateway>> {
    times.within(ACTION, vpc, read(client, vpc)).await
}

async fn read(client: &Client, vpc: &str) -> Observed<Vec<NatGateway>> {
    let mut gateways = Vec::new();
    let mut token = None;
    let mut pages = Pages::new(ACTION, vpc);
    loop {
        let page = client
            .describe_nat_gateways()
            .filter(Filter::builder().name("vpc-id").values(vpc).build())
            .set_next_token(token.clone())
            .send()
            .await
            .map_err(|error| unreadable(ACTION, vpc, &error))?;
        let seen = listed(ACTION, vpc, "NatGateways", page.nat_gateways.as_deref())?;
        gateways.extend(seen.iter().map(|seen| {
            NatGateway {
                id: seen.nat_gateway_id().unwrap_or_default().to_owned(),
                subnet: seen.subnet_id().unwrap_or_default().to_owned(),
                state: seen
                    .state()
                    .map(|state| state.as_str().to_owned())
                    .unwrap_or_default(),
                failure: seen.failure_message().map(str::to_owned),
                private: seen.connectivity_type() == Some(&ConnectivityType::Private),
                zones: match seen.availability_mode() {
                    Some(AvailabilityMode::Regional) => seen
                        .nat_gateway_addresses()
                        .iter()
                        .filter_map(|address| address.availability_zone())
                        .map(str::to_owned)
                        .collect(),
                    _ => Vec::new(),
                },
            }
        }));
        token = pages.next(page.next_token())?;
        if token.is_none() {
            return Ok(gateways);
        }
    }
}
