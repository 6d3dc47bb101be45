//! The sessions of the pod's IAM roles that it already has: which roles, what was done about them, and where nothing was, the
//! line that ends them.

use day2_core::containment::sessions::role_name;
use day2_core::containment::{Containment, Measure, MeasureState, Taken};
use day2_core::{Item, Verdict};

use super::items::{Seen, judged, number};

/// The questions, and what a person needs to answer them, each a line of its own: a mail cuts long ones.
pub(super) fn questions(seen: &Seen<'_>) -> Vec<(String, String)> {
    let pod = seen.pod;
    let account = format!("service account {}/{}", pod.namespace, pod.service_account);
    let still = "sessions of AWS that the pod already has stay valid until they expire";
    let only = |says: String| vec![(account.clone(), says)];
    let roles = match seen.others.map(crate::facts::WorkloadFacts::roles) {
        None => return only(format!("{still}; find its IAM role, and deny the older sessions")),
        Some(Err(why)) => {
            return only(format!(
                "{still}; its IAM role could not be read ({why}): look for it, and deny the older sessions"
            ));
        }
        Some(Ok(roles)) => roles,
    };
    if roles.is_empty() {
        return only(
            "it acts as no IAM role of its own, neither by IRSA nor by EKS Pod Identity; if pods may ask the instance \
             metadata, it had the role of its node"
                .to_owned(),
        );
    }
    let mut lines = Vec::new();
    for arn in roles {
        match denied(seen.record, arn) {
            Some(taken) => lines.extend([
                (
                    account.clone(),
                    format!("it acts as {arn}, and perhaps other pods do too; {}", taken.says),
                ),
                (
                    "healthy pods of this role".to_owned(),
                    "they fail until they renew their sessions: restart those that do not by themselves"
                        .to_owned(),
                ),
            ]),
            None => lines.extend(by_hand(&account, still, arn)),
        }
    }
    lines
}

/// The measure of this role that is in force.
fn denied<'a>(record: Option<&'a Containment>, arn: &str) -> Option<&'a Taken> {
    record?.measures.iter().find(|taken| {
        matches!(&taken.measure, Measure::DenySessions { role, .. } if role == arn)
            && taken.state == MeasureState::Active
    })
}

fn by_hand(account: &str, still: &str, arn: &str) -> Vec<(String, String)> {
    let Some(role) = role_name(arn) else {
        return vec![(
            account.to_owned(),
            format!("{still}; it names {arn:?}, which is no ARN of a role"),
        )];
    };
    vec![
        (
            account.to_owned(),
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

/// Whether the roles' older sessions are denied; none where that was not begun.
pub(super) fn item(record: &Containment) -> Option<Item> {
    let roles: Vec<&Taken> = record
        .measures
        .iter()
        .filter(|taken| matches!(taken.measure, Measure::DenySessions { .. }))
        .collect();
    let verdict = match roles.as_slice() {
        [] => return None,
        all if all.iter().all(|taken| taken.state == MeasureState::Active) => Verdict::Pass,
        _ => Verdict::Fail,
    };
    let subjects = roles.iter().map(|taken| {
        (
            taken.resource.clone(),
            format!("{}: {}", taken.state.words(), taken.says),
        )
    });
    let item = judged(
        "THR-011",
        "the older sessions of the pod's role are denied",
        verdict,
        number(roles.len()),
        format!("{} roles", roles.len()),
    );
    Some(item.subjects(subjects).remedy(
        "deny them by hand in IAM (the role's page, Revoke sessions); healthy pods of the role must renew theirs",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

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
