//! Who an STS says the caller is, and who that is inside the cluster.

use super::token::Refused;

/// A caller, from the ARN that `GetCallerIdentity` answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The ARN as answered, for example `arn:aws:sts::123456789012:assumed-role/ops/session`.
    pub(crate) arn: String,
    partition: String,
    pub(crate) account: String,
    /// `role` or `user`.
    kind: &'static str,
    /// Name of the role or user, without path: an assumed role does not tell its path.
    name: String,
    /// Session of an assumed role.
    pub(crate) session: Option<String>,
    /// `UserId` of the answer.
    pub(crate) user_id: String,
}

impl Identity {
    /// Reads the answer of an STS, JSON or XML: both are documented forms, chosen by the `Accept` header.
    pub(crate) fn from_answer(body: &str) -> Result<Self, Refused> {
        let json: Option<serde_json::Value> = serde_json::from_str(body).ok();
        let field = |name: &str| match &json {
            Some(answer) => answer
                .pointer(&format!(
                    "/GetCallerIdentityResponse/GetCallerIdentityResult/{name}"
                ))
                .and_then(serde_json::Value::as_str),
            None => between(body, &format!("<{name}>"), &format!("</{name}>")),
        };
        let arn = field("Arn").ok_or_else(|| Refused("the answer of STS names no ARN".to_owned()))?;
        Self::from_arn(arn, field("UserId").unwrap_or_default())
    }

    fn from_arn(arn: &str, user_id: &str) -> Result<Self, Refused> {
        let refused = || Refused(format!("`{arn}` is neither a role's session nor a user"));
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let ["arn", partition, service, "", account, resource] = parts.as_slice() else {
            return Err(refused());
        };
        let mut path = resource.split('/');
        let (kind, name, session) = match (*service, path.next()) {
            ("sts", Some("assumed-role")) => match (path.next(), path.next(), path.next()) {
                (Some(role), Some(session), None) => ("role", role, Some(session.to_owned())),
                _ => return Err(refused()),
            },
            ("iam", Some("user")) => ("user", path.next_back().ok_or_else(refused)?, None),
            _ => return Err(refused()),
        };
        Ok(Self {
            arn: arn.to_owned(),
            partition: (*partition).to_owned(),
            account: (*account).to_owned(),
            kind,
            name: name.to_owned(),
            session,
            user_id: user_id.to_owned(),
        })
    }

    /// The IAM principal behind the caller, without path.
    pub(crate) fn principal(&self) -> String {
        format!(
            "arn:{}:iam::{}:{}/{}",
            self.partition, self.account, self.kind, self.name
        )
    }

    /// Whether an access entry for `principal` is meant for this caller.
    pub(crate) fn is_principal(&self, principal: &str) -> bool {
        let parts: Vec<&str> = principal.splitn(6, ':').collect();
        let ["arn", partition, "iam", "", account, resource] = parts.as_slice() else {
            return false;
        };
        let mut path = resource.split('/');
        [*partition, *account] == [self.partition.as_str(), self.account.as_str()]
            && path.next() == Some(self.kind)
            && path.next_back() == Some(self.name.as_str())
    }

    /// The Kubernetes user. An access entry without a user name of its own gets the one that the EKS user guide
    /// gives ("Create access entries"): the ARN of the role's session, or of the user.
    pub(crate) fn username(&self, of_entry: &str) -> String {
        if of_entry.is_empty() {
            return self.arn.clone();
        }
        of_entry.replace("{{SessionName}}", self.session.as_deref().unwrap_or_default())
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(inside, _)| inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:sts::123456789012:assumed-role/day2-scale-window/scale-window";

    #[test]
    fn the_answer_is_read_from_xml_and_from_json() {
        let xml = format!(
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
             <Arn>{ARN}</Arn><UserId>AROAX:scale-window</UserId><Account>123456789012</Account>\
             </GetCallerIdentityResult></GetCallerIdentityResponse>"
        );
        let json = format!(
            r#"{{"GetCallerIdentityResponse":{{"GetCallerIdentityResult":{{"Account":"123456789012","Arn":"{ARN}","UserId":"AROAX:scale-window"}},"ResponseMetadata":{{"RequestId":"r"}}}}}}"#
        );
        let seen = Identity::from_answer(&xml).unwrap();
        assert_eq!(seen, Identity::from_answer(&json).unwrap());
        assert_eq!(
            seen.principal(),
            "arn:aws:iam::123456789012:role/day2-scale-window"
        );
        assert_eq!(seen.session.as_deref(), Some("scale-window"));
        assert!(Identity::from_answer("<html>").is_err());
        assert!(Identity::from_answer("{}").is_err());
    }

    #[test]
    fn an_entry_is_found_with_and_without_the_path_of_its_role_and_never_by_another_account() {
        let seen = Identity::from_arn(ARN, "").unwrap();
        assert!(seen.is_principal("arn:aws:iam::123456789012:role/day2-scale-window"));
        assert!(seen.is_principal("arn:aws:iam::123456789012:role/teams/ops/day2-scale-window"));
        for other in [
            "arn:aws:iam::999999999999:role/day2-scale-window",
            "arn:aws-cn:iam::123456789012:role/day2-scale-window",
            "arn:aws:iam::123456789012:user/day2-scale-window",
            "arn:aws:iam::123456789012:role/day2-scale-window-2",
            "arn:aws:iam::123456789012:role/day2-scale-window/other",
            "day2-scale-window",
        ] {
            assert!(!seen.is_principal(other), "{other}");
        }
    }

    #[test]
    fn the_user_is_the_session_unless_the_entry_names_another() {
        let seen = Identity::from_arn(ARN, "").unwrap();
        assert_eq!(seen.username(""), ARN);
        assert_eq!(seen.username("ops:{{SessionName}}"), "ops:scale-window");
        let user = Identity::from_arn("arn:aws:iam::123456789012:user/people/jo", "").unwrap();
        assert_eq!(
            (user.username(""), user.principal()),
            (user.arn.clone(), "arn:aws:iam::123456789012:user/jo".into())
        );
    }

    #[test]
    fn the_account_itself_and_federated_users_have_no_entry() {
        for arn in [
            "arn:aws:iam::123456789012:root",
            "arn:aws:sts::123456789012:federated-user/jo",
            "arn:aws:sts::123456789012:assumed-role/only-role",
            "nonsense",
        ] {
            assert!(Identity::from_arn(arn, "").is_err(), "{arn}");
        }
    }
}
