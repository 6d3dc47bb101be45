use aws_sdk_eks::operation::describe_pod_identity_association::{
    DescribePodIdentityAssociationError, DescribePodIdentityAssociationOutput,
};
use aws_sdk_eks::operation::list_pod_identity_associations::ListPodIdentityAssociationsOutput;
use aws_sdk_eks::types as eks;
use aws_sdk_iam::operation::get_role_policy::{GetRolePolicyError, GetRolePolicyOutput};
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use aws_smithy_types::error::ErrorMetadata;
use day2_core::Cause;

use super::times;
use crate::pod_identities::{self, ActsAs};
use crate::role_policies;

type Eks = aws_sdk_eks::Client;
type Iam = aws_sdk_iam::Client;

fn code(code: &str) -> ErrorMetadata {
    ErrorMetadata::builder().code(code).build()
}

fn summary(id: &str) -> eks::PodIdentityAssociationSummary {
    eks::PodIdentityAssociationSummary::builder()
        .association_id(id)
        .build()
}

fn described(id: &'static str, target: Option<&'static str>) -> Rule {
    mock!(Eks::describe_pod_identity_association)
        .match_requests(move |request| {
            request.cluster_name() == Some("prod-a") && request.association_id() == Some(id)
        })
        .then_output(move || {
            let one = eks::PodIdentityAssociation::builder()
                .namespace("shop")
                .service_account(id)
                .role_arn("arn:aws:iam::123456789012:role/own")
                .set_target_role_arn(target.map(str::to_owned));
            DescribePodIdentityAssociationOutput::builder()
                .association(one.build())
                .build()
        })
}

#[tokio::test]
async fn associations_are_read_over_all_pages_with_the_role_whose_credentials_pods_get_w05() {
    let first = mock!(Eks::list_pod_identity_associations)
        .match_requests(|request| request.next_token().is_none())
        .then_output(|| {
            ListPodIdentityAssociationsOutput::builder()
                .associations(summary("a-1"))
                .next_token("2")
                .build()
        });
    let second = mock!(Eks::list_pod_identity_associations)
        .match_requests(|request| request.next_token() == Some("2"))
        .then_output(|| {
            ListPodIdentityAssociationsOutput::builder()
                .associations(summary("a-2"))
                .associations(summary("deleted-meanwhile"))
                .build()
        });
    let gone = mock!(Eks::describe_pod_identity_association)
        .match_requests(|request| request.association_id() == Some("deleted-meanwhile"))
        .then_error(|| DescribePodIdentityAssociationError::generic(code("ResourceNotFoundException")));
    let chained = "arn:aws:iam::210987654321:role/target";
    let (one, two) = (described("a-1", None), described("a-2", Some(chained)));
    let client = mock_client!(
        aws_sdk_eks,
        RuleMode::MatchAny,
        [&first, &second, &one, &two, &gone]
    );
    let seen = pod_identities::of_cluster(&client, &times(), "prod-a")
        .await
        .unwrap();
    let acts = |account: &str, role: &str| ActsAs {
        namespace: "shop".to_owned(),
        service_account: account.to_owned(),
        role_arn: role.to_owned(),
    };
    assert_eq!(
        seen,
        [
            acts("a-1", "arn:aws:iam::123456789012:role/own"),
            acts("a-2", chained)
        ]
    );
}

#[tokio::test]
async fn an_association_that_cannot_be_read_is_not_none_w04_w28() {
    let asked_for = mock!(Eks::list_pod_identity_associations)
        .match_requests(|request| {
            request.namespace() == Some("shop") && request.service_account() == Some("checkout")
        })
        .then_output(|| {
            ListPodIdentityAssociationsOutput::builder()
                .associations(summary("a-1"))
                .build()
        });
    let denied = mock!(Eks::describe_pod_identity_association)
        .then_error(|| DescribePodIdentityAssociationError::generic(code("AccessDeniedException")));
    let client = mock_client!(aws_sdk_eks, RuleMode::MatchAny, [&asked_for, &denied]);
    let own = ("shop", "checkout");
    let seen = pod_identities::of_account(&client, &times(), "prod-a", own).await;
    assert_eq!(seen.unwrap_err().cause, Cause::Denied);

    let empty = mock!(Eks::list_pod_identity_associations)
        .then_output(|| ListPodIdentityAssociationsOutput::builder().build());
    let client = mock_client!(aws_sdk_eks, RuleMode::MatchAny, [&empty]);
    let seen = pod_identities::of_account(&client, &times(), "prod-a", own).await;
    assert_eq!(seen.unwrap_err().cause, Cause::Malformed);

    let none = mock!(Eks::list_pod_identity_associations).then_output(|| {
        ListPodIdentityAssociationsOutput::builder()
            .set_associations(Some(Vec::new()))
            .build()
    });
    let client = mock_client!(aws_sdk_eks, RuleMode::MatchAny, [&none]);
    let seen = pod_identities::of_account(&client, &times(), "prod-a", own).await;
    assert_eq!(seen, Ok(Vec::new()));
}

#[tokio::test]
async fn an_inline_policy_is_read_as_it_was_written_and_one_that_is_not_there_is_none_w28() {
    let says = |document: &'static str| {
        mock!(Iam::get_role_policy)
            .match_requests(|request| {
                request.role_name() == Some("checkout") && request.policy_name() == Some("older")
            })
            .then_output(move || {
                GetRolePolicyOutput::builder()
                    .role_name("checkout")
                    .policy_name("older")
                    .policy_document(document)
                    .build()
                    .unwrap()
            })
    };
    let fails = |with: &'static str| {
        mock!(Iam::get_role_policy).then_error(move || GetRolePolicyError::generic(code(with)))
    };
    let cases = [
        (
            says("%7B%22a%22%3A%22b%2Bc%C3%A9%22%7D"),
            Ok(Some("{\"a\":\"b+c\u{e9}\"}".to_owned())),
        ),
        (fails("NoSuchEntity"), Ok(None)),
        (says("%7"), Err(Cause::Malformed)),
        (says("%zz"), Err(Cause::Malformed)),
        (says(""), Err(Cause::Malformed)),
        (fails("AccessDenied"), Err(Cause::Denied)),
    ];
    for (rule, expected) in cases {
        let client = mock_client!(aws_sdk_iam, RuleMode::MatchAny, [&rule]);
        let seen = role_policies::inline(&client, &times(), "checkout", "older").await;
        assert_eq!(seen.map_err(|why| why.cause), expected);
    }
}
