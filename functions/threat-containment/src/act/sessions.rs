//! The policy that denies the older sessions of a role. It is created and never overwritten: its name is the containment's own.

use aws_sdk_iam::Client;
use day2_aws::error::{OpsError, aws, chain};
use day2_aws::evidence::EvidenceReceipt;
use day2_core::Unreadable;
use day2_core::containment::sessions::{is_policy_document, policy_document, role_name};
use day2_core::containment::{Measure, MeasureState, Taken};
use day2_kube::objects::PodDetail;
use day2_reads::role_policies;
use day2_reads::times::Times;
use jiff::Timestamp;

use super::Came;
use crate::gather::Clients;

const PUT: &str = "iam:PutRolePolicy";

/// Puts the policy of one measure. Healthy pods may fail for it, so that it takes the receipt of the pod's evidence.
pub async fn deny(
    clients: &Clients,
    pod: &PodDetail,
    taken: &Taken,
    receipt: &EvidenceReceipt,
    times: &Times,
) -> Came {
    if receipt.case().subject() != pod.uid {
        return Came::refused("the evidence is of another pod");
    }
    let Measure::DenySessions {
        role,
        policy,
        issued_before: Some(moment),
    } = &taken.measure
    else {
        return Came::refused("it denies no sessions before a moment");
    };
    let Some(role) = role_name(role) else {
        return Came::refused("the role's name is not fit for a call");
    };
    hold(clients.iam(), (role, policy), *moment, times).await
}

async fn hold(client: &Client, (role, policy): (&str, &str), moment: Timestamp, times: &Times) -> Came {
    match role_policies::inline(client, times, role, policy).await {
        Ok(None) => {}
        Ok(Some(seen)) if is_policy_document(&seen, moment) => return Came::found(says(moment)),
        Ok(Some(_)) => {
            return Came::refused(format!(
                "the role has a policy {policy} that says something else: left as it is"
            ));
        }
        Err(why) => return failed(why),
    }
    let sent = tokio::time::timeout(times.left(), put(client, role, policy, moment)).await;
    let error = match sent {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error),
        Err(_) => Some(OpsError::Read(Unreadable::new(
            PUT,
            role,
            day2_core::Cause::TimedOut,
            "the time of this run was used up",
        ))),
    };
    match (role_policies::inline(client, times, role, policy).await, error) {
        (Ok(Some(seen)), _) if is_policy_document(&seen, moment) => Came::made(says(moment)),
        (Ok(None), Some(error)) if !error.is_transient() => Came {
            state: MeasureState::Failed,
            now: false,
            says: format!("{}; no session is denied", chain(&error)),
            uid: None,
            error: Some(error),
        },
        // It may have been taken: reads of IAM are eventually consistent. It stays open, and whoever comes next looks.
        (Ok(_), error) => Came {
            state: MeasureState::Pending,
            now: error.is_none(),
            says: "IAM does not show the policy yet".to_owned(),
            uid: None,
            error,
        },
        (Err(why), error) => Came {
            state: MeasureState::Pending,
            now: error.is_none(),
            says: format!("whether the policy is there could not be read: {why}"),
            uid: None,
            error,
        },
    }
}

/// IAM user guide, "Troubleshoot IAM": changes may take time until they are seen everywhere.
fn says(moment: Timestamp) -> String {
    format!(
        "what was issued before {moment} is denied; it may take IAM some minutes until that holds everywhere"
    )
}

fn failed(why: Unreadable) -> Came {
    Came {
        state: MeasureState::Failed,
        now: false,
        says: format!("{why}; nothing was changed"),
        uid: None,
        error: Some(OpsError::Read(why)),
    }
}

async fn put(client: &Client, role: &str, policy: &str, moment: Timestamp) -> Result<(), OpsError> {
    client
        .put_role_policy()
        .role_name(role)
        .policy_name(policy)
        .policy_document(policy_document(moment))
        .send()
        .await
        .map(|_| ())
        .map_err(aws(PUT, role))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aws_sdk_iam::operation::get_role_policy::{GetRolePolicyError, GetRolePolicyOutput};
    use aws_sdk_iam::operation::put_role_policy::{PutRolePolicyError, PutRolePolicyOutput};
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    fn moment() -> Timestamp {
        "2026-06-02T10:00:01Z".parse().unwrap()
    }

    fn code(code: &str) -> ErrorMetadata {
        ErrorMetadata::builder().code(code).build()
    }

    /// What the role says at each look.
    fn looks(documents: Vec<Option<String>>) -> Rule {
        let last = documents.len() - 1;
        let number = std::sync::atomic::AtomicUsize::new(0);
        mock!(Client::get_role_policy)
            .match_requests(|request| {
                request.role_name() == Some("checkout") && request.policy_name() == Some("older")
            })
            .then_compute_response(move |_| {
                let at = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                match &documents[at.min(last)] {
                    None => aws_smithy_mocks::MockResponse::Error(GetRolePolicyError::generic(code(
                        "NoSuchEntity",
                    ))),
                    Some(document) => aws_smithy_mocks::MockResponse::Output(
                        GetRolePolicyOutput::builder()
                            .role_name("checkout")
                            .policy_name("older")
                            .policy_document(document)
                            .build()
                            .unwrap(),
                    ),
                }
            })
    }

    fn puts() -> Rule {
        mock!(Client::put_role_policy)
            .match_requests(|request| {
                request.role_name() == Some("checkout")
                    && request.policy_name() == Some("older")
                    && request
                        .policy_document()
                        .is_some_and(|document| is_policy_document(document, moment()))
            })
            .then_output(|| PutRolePolicyOutput::builder().build())
    }

    async fn held(rules: &[&Rule]) -> Came {
        let client = mock_client!(aws_sdk_iam, RuleMode::MatchAny, rules);
        let now: Timestamp = "2026-06-02T10:00:00Z".parse().unwrap();
        let times = Times {
            now,
            deadline: now + jiff::SignedDuration::from_secs(30),
            clock: Arc::new(move || now),
        };
        hold(&client, ("checkout", "older"), moment(), &times).await
    }

    #[tokio::test]
    async fn the_policy_is_put_once_and_looked_at_and_never_in_place_of_another_one() {
        let ours = policy_document(moment());
        let put = puts();
        let came = held(&[&looks(vec![None, Some(ours.clone())]), &put]).await;
        assert!(came.state == MeasureState::Active && came.now, "{came:?}");
        assert_eq!(put.num_calls(), 1);

        let put = puts();
        let came = held(&[&looks(vec![Some(ours.clone())]), &put]).await;
        assert!(came.state == MeasureState::Active && !came.now, "{came:?}");
        assert_eq!(put.num_calls(), 0, "a second delivery puts nothing");

        let put = puts();
        let theirs = ours.replace("Deny", "Allow");
        let came = held(&[&looks(vec![Some(theirs)]), &put]).await;
        assert!(
            came.state == MeasureState::Failed && came.error.is_none(),
            "{came:?}"
        );
        assert_eq!(put.num_calls(), 0, "what somebody wrote is not overwritten");
    }

    #[tokio::test]
    async fn what_is_not_seen_is_not_said_to_be_denied_w28() {
        let put = puts();
        let came = held(&[&looks(vec![None]), &put]).await;
        assert_eq!(
            (came.state, put.num_calls()),
            (MeasureState::Pending, 1),
            "{came:?}"
        );

        let refused =
            mock!(Client::put_role_policy).then_error(|| PutRolePolicyError::generic(code("AccessDenied")));
        let came = held(&[&looks(vec![None]), &refused]).await;
        assert!(came.state == MeasureState::Failed, "{came:?}");
        assert!(came.error.is_some_and(|error| !error.is_transient()));

        let unread =
            mock!(Client::get_role_policy).then_error(|| GetRolePolicyError::generic(code("AccessDenied")));
        let put = puts();
        let came = held(&[&unread, &put]).await;
        assert!(
            came.state == MeasureState::Failed && came.error.is_some(),
            "{came:?}"
        );
        assert_eq!(put.num_calls(), 0);
    }
}
