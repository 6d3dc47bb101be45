//! Mistakes that show only when fields are seen together.

use day2_core::arn::Arn;
use day2_core::settings::{Checker, Validate};

use super::{DoctorSettings, Function};
use crate::NAME;

impl Validate for DoctorSettings {
    fn validate(&self, at: &mut Checker<'_>) {
        at.require(
            self.functions.keys().any(|name| name != NAME),
            "functions",
            "{}",
            "names no function but the doctor",
            "name each function that is deployed, as Terraform does",
        );
        at.field("functions", |at| {
            for (name, function) in self.functions.iter() {
                at.nested(name, function);
            }
        });
        at.unique(
            "platforms",
            "name",
            "target",
            self.platforms.iter().map(|one| &one.name),
        );
        at.each("platforms", &self.platforms, |at, one| one.validate(at));
        at.each("topics", &self.topics, |at, topic| is_topic(at, "", topic));
        at.unique("topics", "", "topic", &self.topics);
        at.require(
            (5..=300).contains(&self.answer_seconds),
            "answer_seconds",
            self.answer_seconds,
            "is not within 5 and 300",
            "write 5 to 300, or leave it out for 60",
        );
        if let Some(canary) = &self.canary {
            at.field("canary", |at| {
                is_topic(at, "topic_arn", &canary.topic_arn);
                at.require(
                    !self.topics.contains(&canary.topic_arn),
                    "topic_arn",
                    &canary.topic_arn,
                    "is a topic that people read",
                    "give the canary a topic of its own, as Terraform does: it must mail nobody",
                );
                at.require(
                    (1..=60).contains(&canary.wait_seconds),
                    "wait_seconds",
                    canary.wait_seconds,
                    "is not within 1 and 60",
                    "write 1 to 60, or leave it out for 20",
                );
            });
        }
        self.left_out_on_purpose(at);
    }
}

fn is_topic(at: &mut Checker<'_>, field: &str, arn: &Arn) {
    at.require(
        arn.service() == "sns" && arn.region().is_some() && arn.account_id().is_some(),
        field,
        arn,
        "is not the ARN of an SNS topic",
        "write arn:…:sns:REGION:ACCOUNT:NAME",
    );
}

impl Validate for Function {
    fn validate(&self, at: &mut Checker<'_>) {
        at.require(
            self.arn.service() == "lambda" && self.arn.resource().starts_with("function:"),
            "arn",
            &self.arn,
            "is not the ARN of a function",
            "write arn:…:lambda:REGION:ACCOUNT:function:NAME",
        );
        at.require(
            self.role_arn.service() == "iam" && self.role_arn.resource().starts_with("role/"),
            "role_arn",
            &self.role_arn,
            "is not the ARN of a role",
            "write arn:…:iam::ACCOUNT:role/NAME",
        );
        at.require(
            !self.permissions.is_empty(),
            "permissions",
            "[]",
            "would prove nothing of the role",
            "write the statements of its permissions.json",
        );
    }
}

impl DoctorSettings {
    /// A misspelt line would be taken for one that is left out, while it still counts.
    fn left_out_on_purpose(&self, at: &mut Checker<'_>) {
        at.field("not_checked", |at| {
            for (line, reason) in self.not_checked.iter() {
                let mut parts = line.split('/');
                let (function, code) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
                at.require(
                    self.functions.contains_key(function) && !code.is_empty() && parts.count() <= 1,
                    line,
                    line,
                    "is no line of a self-check",
                    "write function/CODE or function/CODE/target, for example evidence-audit/EVA-802",
                );
                at.require(
                    !reason.trim().is_empty(),
                    line,
                    reason,
                    "is no reason",
                    "say why it counts for nothing; the report repeats it",
                );
            }
        });
    }
}
