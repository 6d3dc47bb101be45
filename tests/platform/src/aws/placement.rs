//! Which emulator answers for which service: one table, and what follows from it for everybody who calls.
//!
//! The product knows nothing of this: its SDK clients read the standard endpoint variables.

use std::collections::BTreeMap;

use super::{REGION, ROOT_KEY};

/// An emulator of the platform. Another one (for what `MiniStack` lacks) becomes another variant and other rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    MiniStack,
}

/// One service: its part of the SDK's variable `AWS_ENDPOINT_URL_<…>` (the service id, upper case, `_` for
/// blanks), its key in the `endpoints` block of Terraform's AWS provider, and who answers for it.
struct Row {
    variable: &'static str,
    terraform: &'static str,
    at: At,
}

const fn at_ministack(variable: &'static str, terraform: &'static str) -> Row {
    Row {
        variable,
        terraform,
        at: At::MiniStack,
    }
}

/// A service that Terraform uses and that is missing here would go to real AWS, so the list is generous.
const TABLE: &[Row] = &[
    at_ministack("AUTO_SCALING", "autoscaling"),
    at_ministack("CLOUDTRAIL", "cloudtrail"),
    at_ministack("CLOUDWATCH", "cloudwatch"),
    at_ministack("CLOUDWATCH_LOGS", "logs"),
    at_ministack("DYNAMODB", "dynamodb"),
    at_ministack("EC2", "ec2"),
    at_ministack("EKS", "eks"),
    at_ministack("EVENTBRIDGE", "events"),
    at_ministack("GUARDDUTY", "guardduty"),
    at_ministack("IAM", "iam"),
    at_ministack("KMS", "kms"),
    at_ministack("LAMBDA", "lambda"),
    at_ministack("RDS", "rds"),
    at_ministack("S3", "s3"),
    at_ministack("S3_CONTROL", "s3control"),
    at_ministack("SCHEDULER", "scheduler"),
    at_ministack("SECRETS_MANAGER", "secretsmanager"),
    at_ministack("SERVICE_QUOTAS", "servicequotas"),
    at_ministack("SES", "ses"),
    at_ministack("SESV2", "sesv2"),
    at_ministack("SFN", "sfn"),
    at_ministack("SNS", "sns"),
    at_ministack("SQS", "sqs"),
    at_ministack("SSM", "ssm"),
    at_ministack("STS", "sts"),
];

/// The table with the addresses of one running platform.
#[derive(Debug, Clone)]
pub struct Placement {
    ministack: String,
}

impl Placement {
    pub(super) const fn new(ministack: String) -> Self {
        Self { ministack }
    }

    fn address(&self, at: At) -> &str {
        match at {
            At::MiniStack => &self.ministack,
        }
    }

    /// The endpoint variables for the AWS CLI, Terraform and functions: one for everything, and one more for
    /// each service that another emulator answers.
    #[must_use]
    pub fn endpoint_variables(&self) -> BTreeMap<String, String> {
        let elsewhere = TABLE.iter().filter(|row| row.at != At::MiniStack);
        let mut variables: BTreeMap<String, String> = elsewhere
            .map(|row| {
                (
                    format!("AWS_ENDPOINT_URL_{}", row.variable),
                    self.address(row.at).to_owned(),
                )
            })
            .collect();
        variables.insert("AWS_ENDPOINT_URL".to_owned(), self.ministack.clone());
        variables
    }

    /// The endpoint variables with the root user's credentials and the region: what a person's shell needs.
    #[must_use]
    pub fn shell_variables(&self) -> BTreeMap<String, String> {
        let mut variables = self.endpoint_variables();
        let fixed = [
            ("AWS_ACCESS_KEY_ID", ROOT_KEY),
            ("AWS_SECRET_ACCESS_KEY", ROOT_KEY),
            ("AWS_REGION", REGION),
            ("AWS_DEFAULT_REGION", REGION),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_PAGER", ""),
        ];
        variables.extend(fixed.map(|(name, value)| (name.to_owned(), value.to_owned())));
        variables
    }

    /// The `endpoints` block of Terraform's AWS provider.
    #[must_use]
    pub fn terraform_endpoints(&self) -> BTreeMap<String, String> {
        TABLE
            .iter()
            .map(|row| (row.terraform.to_owned(), self.address(row.at).to_owned()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_service_stands_once_and_has_an_address() {
        let placement = Placement::new("http://127.0.0.1:1".to_owned());
        let variables: BTreeSet<_> = TABLE.iter().map(|row| row.variable).collect();
        assert_eq!(variables.len(), TABLE.len());
        assert_eq!(placement.terraform_endpoints().len(), TABLE.len());
        assert!(
            placement
                .terraform_endpoints()
                .values()
                .all(|address| address == "http://127.0.0.1:1")
        );
    }

    #[test]
    fn one_variable_is_enough_while_one_emulator_answers_for_everything() {
        let placement = Placement::new("http://127.0.0.1:1".to_owned());
        let variables = placement.endpoint_variables();
        assert_eq!(
            variables.into_iter().collect::<Vec<_>>(),
            [("AWS_ENDPOINT_URL".to_owned(), "http://127.0.0.1:1".to_owned())]
        );
    }
}
