//! An inline policy of an IAM role (`iam:GetRolePolicy`).

use aws_sdk_iam::Client;
use day2_aws::error::unreadable;
use day2_core::{Cause, Observed, Unreadable};

use crate::answer::lacks;
use crate::times::Times;

const ACTION: &str = "iam:GetRolePolicy";

/// The document of an inline policy as JSON; none when the role has none of this name. A role that does not exist has none
/// either: IAM gives both the code `NoSuchEntity`.
///
/// # Errors
///
/// When it could not be read.
pub async fn inline(client: &Client, times: &Times, role: &str, policy: &str) -> Observed<Option<String>> {
    times.within(ACTION, role, read(client, role, policy)).await
}

async fn read(client: &Client, role: &str, policy: &str) -> Observed<Option<String>> {
    let answer = client
        .get_role_policy()
        .role_name(role)
        .policy_name(policy)
        .send()
        .await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            let error = unreadable(ACTION, role, &error);
            return match error.cause {
                Cause::NotFound => Ok(None),
                _ => Err(error),
            };
        }
    };
    if answer.policy_document().is_empty() {
        return Err(lacks(ACTION, role, "PolicyDocument"));
    }
    decoded(answer.policy_document())
        .map(Some)
        .ok_or_else(|| Unreadable::new(ACTION, role, Cause::Malformed, "the document is no encoded text"))
}

/// The document comes percent-encoded (IAM API reference, `GetRolePolicy`: URL-encoded compliant with RFC 3986).
fn decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut plain = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'%' => {
                let (high, low) = (bytes.next()?, bytes.next()?);
                let digit = |byte: u8| char::from(byte).to_digit(16);
                u8::try_from(digit(high)? * 16 + digit(low)?).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(plain).ok()
}
