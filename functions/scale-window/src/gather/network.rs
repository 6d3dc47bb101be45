//! NAT gateways, subnets and quotas.

use aws_sdk_ec2::Client as Ec2;
use aws_sdk_ec2::types::{AvailabilityMode, ConnectivityType, Filter};
use aws_sdk_servicequotas::Client as ServiceQuotas;
use day2_aws::error::unreadable;
use day2_aws::pages::Pages;
use day2_core::Observed;

use crate::facts::{NatGateway, Quota, Subnet};

/// Every NAT gateway of the VPC in every state: a filter on `available` would hide the broken ones.
pub(crate) async fn nat_gateways(client: &Ec2, vpc: &str) -> Observed<Vec<NatGateway>> {
    const ACTION: &str = "ec2:DescribeNatGateways";
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
        gateways.extend(page.nat_gateways().iter().map(|seen| {
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

/// Every subnet of the VPC with its free addresses; one read serves the groups and the NAT gateways.
pub(crate) async fn subnets(client: &Ec2, vpc: &str) -> Observed<Vec<Subnet>> {
    const ACTION: &str = "ec2:DescribeSubnets";
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
        subnets.extend(page.subnets().iter().map(|seen| {
            Subnet {
                id: seen.subnet_id().unwrap_or_default().to_owned(),
                zone: seen.availability_zone().unwrap_or_default().to_owned(),
                free_addresses: seen
                    .available_ip_address_count()
                    .and_then(|count| u64::try_from(count).ok())
                    .unwrap_or_default(),
            }
        }));
        token = pages.next(page.next_token())?;
        if token.is_none() {
            return Ok(subnets);
        }
    }
}

/// One applied quota.
pub(crate) async fn quota(client: &ServiceQuotas, service: &str, code: &str) -> Observed<Quota> {
    const ACTION: &str = "servicequotas:GetServiceQuota";
    let resource = format!("{service}/{code}");
    let answer = client
        .get_service_quota()
        .service_code(service)
        .quota_code(code)
        .send()
        .await
        .map_err(|error| unreadable(ACTION, &resource, &error))?;
    let seen = answer.quota();
    let value = seen
        .and_then(aws_sdk_servicequotas::types::ServiceQuota::value)
        .ok_or_else(|| {
            day2_core::Unreadable::new(
                ACTION,
                &resource,
                day2_core::Cause::Malformed,
                "the answer holds no value",
            )
        })?;
    let name = seen
        .and_then(|quota| quota.quota_name())
        .unwrap_or(code)
        .to_owned();
    Ok(Quota { name, value })
}
