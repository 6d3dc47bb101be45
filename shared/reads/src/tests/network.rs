use aws_sdk_ec2::operation::describe_nat_gateways::{DescribeNatGatewaysError, DescribeNatGatewaysOutput};
use aws_sdk_ec2::operation::describe_subnets::DescribeSubnetsOutput;
use aws_sdk_ec2::types as ec2;
use aws_smithy_mocks::{RuleMode, mock, mock_client};
use aws_smithy_types::error::ErrorMetadata;
use day2_core::{Cause, Observed};

use super::{times, times_with};
use crate::{nat_gateways, subnets};

fn nat(id: &str) -> ec2::NatGateway {
    ec2::NatGateway::builder()
        .nat_gateway_id(id)
        .subnet_id("subnet-a")
        .state(ec2::NatGatewayState::Available)
        .build()
}

#[tokio::test]
async fn every_page_of_nat_gateways_is_read_w05() {
    let first = mock!(aws_sdk_ec2::Client::describe_nat_gateways)
        .match_requests(|request| request.next_token().is_none())
        .then_output(|| {
            DescribeNatGatewaysOutput::builder()
                .nat_gateways(nat("nat-1"))
                .next_token("2")
                .build()
        });
    let empty = mock!(aws_sdk_ec2::Client::describe_nat_gateways)
        .match_requests(|request| request.next_token() == Some("2"))
        .then_output(|| {
            DescribeNatGatewaysOutput::builder()
                .set_nat_gateways(Some(Vec::new()))
                .next_token("3")
                .build()
        });
    let last = mock!(aws_sdk_ec2::Client::describe_nat_gateways)
        .match_requests(|request| request.next_token() == Some("3"))
        .then_output(|| {
            DescribeNatGatewaysOutput::builder()
                .nat_gateways(nat("nat-2"))
                .build()
        });
    let client = mock_client!(aws_sdk_ec2, RuleMode::MatchAny, [&first, &empty, &last]);
    let seen = nat_gateways::of_vpc(&client, &times(), "vpc-1").await.unwrap();
    assert_eq!(
        seen.iter().map(|gateway| &*gateway.id).collect::<Vec<_>>(),
        ["nat-1", "nat-2"]
    );
}

#[tokio::test]
async fn a_token_that_comes_back_is_an_error_and_not_an_endless_loop_w05() {
    let looped = mock!(aws_sdk_ec2::Client::describe_nat_gateways).then_output(|| {
        DescribeNatGatewaysOutput::builder()
            .nat_gateways(nat("nat-1"))
            .next_token("same")
            .build()
    });
    let client = mock_client!(aws_sdk_ec2, RuleMode::MatchAny, [&looped]);
    let why = nat_gateways::of_vpc(&client, &times(), "vpc-1")
        .await
        .unwrap_err();
    assert_eq!(why.cause, Cause::Partial);
    assert_eq!(looped.num_calls(), 2);
}

#[tokio::test]
async fn a_denied_read_says_denied_and_never_an_empty_list_w28() {
    let denied = mock!(aws_sdk_ec2::Client::describe_nat_gateways).then_error(|| {
        DescribeNatGatewaysError::generic(
            ErrorMetadata::builder()
                .code("UnauthorizedOperation")
                .message("no")
                .build(),
        )
    });
    let client = mock_client!(aws_sdk_ec2, RuleMode::MatchAny, [&denied]);
    let why = nat_gateways::of_vpc(&client, &times(), "vpc-1")
        .await
        .unwrap_err();
    assert_eq!(
        (why.operation.as_str(), why.cause),
        ("ec2:DescribeNatGateways", Cause::Denied)
    );
}

#[tokio::test]
async fn an_answer_without_its_list_is_malformed_and_an_empty_list_is_empty_w04() {
    let lost =
        mock!(aws_sdk_ec2::Client::describe_subnets).then_output(|| DescribeSubnetsOutput::builder().build());
    let client = mock_client!(aws_sdk_ec2, RuleMode::MatchAny, [&lost]);
    let why = subnets::of_vpc(&client, &times(), "vpc-1").await.unwrap_err();
    assert_eq!(why.cause, Cause::Malformed);
    assert!(why.detail.contains("Subnets"), "{why}");
    let none = mock!(aws_sdk_ec2::Client::describe_subnets).then_output(|| {
        DescribeSubnetsOutput::builder()
            .set_subnets(Some(Vec::new()))
            .build()
    });
    let client = mock_client!(aws_sdk_ec2, RuleMode::MatchAny, [&none]);
    assert_eq!(subnets::of_vpc(&client, &times(), "vpc-1").await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_subnet_without_a_count_is_malformed_and_not_full_w04() {
    let page = mock!(aws_sdk_ec2::Client::describe_subnets).then_output(|| {
        DescribeSubnetsOutput::builder()
            .subnets(ec2::Subnet::builder().subnet_id("subnet-a").build())
            .build()
    });
    let client = mock_client!(aws_sdk_ec2, RuleMode::MatchAny, [&page]);
    let why = subnets::of_vpc(&client, &times(), "vpc-1").await.unwrap_err();
    assert_eq!((why.resource.as_str(), why.cause), ("subnet-a", Cause::Malformed));
}

#[tokio::test]
async fn a_read_after_the_deadline_is_timed_out_and_names_itself_w03() {
    let over = times_with("2026-11-20T11:30:00Z");
    let hangs = std::future::pending::<Observed<()>>();
    let why = over
        .within("ec2:DescribeSubnets", "vpc-1", hangs)
        .await
        .unwrap_err();
    assert_eq!(
        (why.operation.as_str(), why.resource.as_str(), why.cause),
        ("ec2:DescribeSubnets", "vpc-1", Cause::TimedOut)
    );
    assert!(times_with("2026-11-20T11:29:00Z").left().is_zero());
    assert_eq!(times().left().as_secs(), 60);
}
