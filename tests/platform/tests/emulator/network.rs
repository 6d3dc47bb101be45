//! EC2 networks: subnets with free addresses, NAT gateways with states.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{Filter, NatGatewayState};
use day2_platform::aws::control::NatState;

use crate::emulator::emulator;

/// A VPC with one /20 subnet per zone a, b and c; gives its id and theirs.
pub(crate) async fn network(ec2: &Client) -> (String, Vec<String>) {
    let vpc = ec2
        .create_vpc()
        .cidr_block("10.0.0.0/16")
        .send()
        .await
        .unwrap()
        .vpc
        .unwrap()
        .vpc_id
        .unwrap();
    let mut subnets = Vec::new();
    for (index, zone) in ["a", "b", "c"].into_iter().enumerate() {
        let subnet = ec2
            .create_subnet()
            .vpc_id(&vpc)
            .cidr_block(format!("10.0.{}.0/20", index * 16))
            .availability_zone(format!("us-east-1{zone}"))
            .send()
            .await
            .unwrap();
        subnets.push(subnet.subnet.unwrap().subnet_id.unwrap());
    }
    (vpc, subnets)
}

fn in_vpc(vpc: &str) -> Filter {
    Filter::builder().name("vpc-id").values(vpc).build()
}

#[tokio::test]
async fn a_subnet_has_the_free_addresses_of_its_size_or_as_many_as_were_placed() {
    let emulator = emulator().await;
    let ec2 = Client::new(&emulator.sdk_config());
    let (vpc, subnets) = network(&ec2).await;
    emulator
        .control()
        .set_free_addresses(&subnets[1], 7)
        .await
        .unwrap();

    let seen = ec2.describe_subnets().filters(in_vpc(&vpc)).send().await.unwrap();
    let mut free: Vec<_> = seen
        .subnets()
        .iter()
        .map(|subnet| {
            (
                subnet.availability_zone().unwrap(),
                subnet.available_ip_address_count().unwrap(),
            )
        })
        .collect();
    free.sort_unstable();
    assert_eq!(
        free,
        [("us-east-1a", 4091), ("us-east-1b", 7), ("us-east-1c", 4091)]
    );
}

#[tokio::test]
async fn nat_gateways_are_found_by_vpc_and_state_and_can_fail_or_be_deleted() {
    let emulator = emulator().await;
    let ec2 = Client::new(&emulator.sdk_config());
    let (vpc, subnets) = network(&ec2).await;
    let mut gateways = Vec::new();
    for subnet in &subnets {
        let made = ec2.create_nat_gateway().subnet_id(subnet).send().await.unwrap();
        gateways.push(made.nat_gateway.unwrap().nat_gateway_id.unwrap());
    }
    emulator
        .control()
        .set_nat_gateway(&gateways[1], NatState::Failed)
        .await
        .unwrap();
    ec2.delete_nat_gateway()
        .nat_gateway_id(&gateways[2])
        .send()
        .await
        .unwrap();

    let seen = ec2
        .describe_nat_gateways()
        .filter(in_vpc(&vpc))
        .send()
        .await
        .unwrap();
    let by_id = |id: &str| {
        seen.nat_gateways()
            .iter()
            .find(|one| one.nat_gateway_id() == Some(id))
            .unwrap()
    };
    assert_eq!(by_id(&gateways[0]).state(), Some(&NatGatewayState::Available));
    assert_eq!(by_id(&gateways[0]).subnet_id(), Some(subnets[0].as_str()));
    assert_eq!(by_id(&gateways[1]).state(), Some(&NatGatewayState::Failed));
    assert_eq!(by_id(&gateways[1]).failure_code(), Some("InternalError"));
    assert_eq!(by_id(&gateways[2]).state(), Some(&NatGatewayState::Deleted));

    let available = Filter::builder().name("state").values("available").build();
    let seen = ec2
        .describe_nat_gateways()
        .filter(in_vpc(&vpc))
        .filter(available)
        .send()
        .await
        .unwrap();
    assert_eq!(seen.nat_gateways().len(), 1);
}
