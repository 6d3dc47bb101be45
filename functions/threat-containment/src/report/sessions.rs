//! The sessions of the pod's IAM role that it already has: which role, and the line that ends them. The function does not do it:
//! it would need the right to write policies of roles, and other pods may act as the same role.

use day2_core::arn::Arn;

use super::items::Seen;

/// The question, and what a person needs to answer it, each a line of its own: a mail cuts long ones.
///
/// The statement is the one of `AWSRevokeOlderSessions` (IAM user guide, "Revoke IAM role temporary security credentials"). A
/// session that is fetched afterwards is newer than it: that needs the network, which the quarantine takes away.
pub(super) fn sessions(seen: &Seen<'_>) -> Vec<(String, String)> {
    let pod = seen.pod;
    let account = format!("service account {}/{}", pod.namespace, pod.service_account);
    let still = "sessions of AWS that the pod already has stay valid until they expire";
    let only = |says: String| vec![(account.clone(), says)];
    let found = match seen.others.map(|others| &others.account) {
        None => return only(format!("{still}; find its IAM role, and deny the older sessions")),
        Some(Err(why)) => {
            return only(format!(
                "{still}; its IAM role could not be read ({why}): look for it, and deny the older sessions"
            ));
        }
        Some(Ok(found)) => found,
    };
    let Some(arn) = found.as_ref().and_then(|account| account.role_arn.as_deref()) else {
        let look = format!(
            "aws eks list-pod-identity-associations --cluster-name NAME --namespace {} --service-account {}",
            pod.namespace, pod.service_account
        );
        return vec![
            (
                account,
                format!("{still}; no IAM role stands at the account (IRSA)"),
            ),
            ("its role by EKS Pod Identity".to_owned(), look),
        ];
    };
    let Some(role) = role_name(arn) else {
        return only(format!(
            "{still}; its annotation names {arn:?}, which is no ARN of a role"
        ));
    };
    vec![
        (
            account,
            format!("{still}; it acts as {arn}, and perhaps other pods do too"),
        ),
        ("deny its older sessions".to_owned(), deny(role)),
        (
            "undo that".to_owned(),
            format!("aws iam delete-role-policy --role-name {role} --policy-name day2-older-sessions"),
        ),
    ]
}

fn deny(role: &str) -> String {
    format!(
        "aws iam put-role-policy --role-name {role} --policy-name day2-older-sessions --policy-document \"$(printf \
         '{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\",\
         \"Condition\":{{\"DateLessThan\":{{\"aws:TokenIssueTime\":\"%s\"}}}}}}]}}' \"$(date -u +%FT%TZ)\")\""
    )
}

/// The name of the role of an ARN. It goes into a line that a person pastes, and whoever may change a service account wrote it:
/// only the characters of role names pass (IAM API reference, `CreateRole`: `[\w+=,.@-]+`).
fn role_name(arn: &str) -> Option<&str> {
    let parsed: Arn = arn.parse().ok()?;
    let at = arn.strip_suffix(parsed.resource())?.len();
    let path = arn.get(at..)?.strip_prefix("role/")?;
    let name = path.rsplit('/').next()?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    (parsed.service() == "iam"
        && !name.is_empty()
        && name.len() <= 64
        && path.chars().all(|c| fits(c) || c == '/'))
    .then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_name_of_a_role_gets_into_the_line_e12() {
        for (arn, name) in [
            (
                "arn:aws:iam::123456789012:role/prod-a-checkout",
                Some("prod-a-checkout"),
            ),
            (
                "arn:aws-us-gov:iam::123456789012:role/apps/shop/checkout",
                Some("checkout"),
            ),
            ("arn:aws:iam::123456789012:user/checkout", None),
            ("arn:aws:s3:::role/checkout", None),
            ("arn:aws:iam::123456789012:role/", None),
            ("arn:aws:iam::123456789012:role/x; rm -rf /", None),
            ("arn:aws:iam::123456789012:role/$(curl evil.example)", None),
            ("arn:aws:iam::123456789012:role/a`id`", None),
            ("checkout", None),
            ("", None),
        ] {
            assert_eq!(role_name(arn), name, "{arn}");
        }
    }

    #[test]
    fn the_line_denies_what_was_issued_before_it_and_is_whole() {
        let line = deny("checkout");
        let document = line
            .split('\'')
            .nth(1)
            .unwrap()
            .replace("%s", "2026-06-02T10:00:00Z");
        let document: serde_json::Value = serde_json::from_str(&document).unwrap();
        let statement = &document["Statement"][0];
        assert_eq!(statement["Effect"], "Deny");
        assert_eq!(
            statement["Condition"]["DateLessThan"]["aws:TokenIssueTime"],
            "2026-06-02T10:00:00Z"
        );
        assert!(line.starts_with("aws iam put-role-policy --role-name checkout ") && line.ends_with(")\""));
    }
}
