//! Mistakes that show only when fields are seen together.

use day2_core::arn::Arn;
use day2_core::settings::{Checker, Validate};
use serde_json::{Map, Value};

use super::{Caller, DoctorSettings, Function, Scheduler};
use crate::NAME;

/// Who calls functions: the service, and the service in the ARN of what it calls for (`infra/modules/ops-function/events.tf` and
/// `alarms.tf`).
const CALLERS: [(&str, &str); 3] = [
    ("events.amazonaws.com", "events"),
    ("sns.amazonaws.com", "sns"),
    ("lambda.alarms.cloudwatch.amazonaws.com", "cloudwatch"),
];

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
        at.each("topics_elsewhere", &self.topics_elsewhere, |at, topic| {
            is_topic(at, "", topic);
        });
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
        is_role(at, &self.role_arn);
        at.require(
            !self.permissions.is_empty(),
            "permissions",
            "[]",
            "would prove nothing of the role",
            "write the statements of its permissions.json",
        );
        at.field("inputs", |at| {
            for (schedule, input) in self.inputs.iter() {
                at.require(
                    serde_json::from_str::<Map<String, Value>>(input).is_ok(),
                    schedule,
                    input,
                    "is no input of a function",
                    "write it as a JSON object, as Terraform does",
                );
            }
        });
        match &self.scheduler {
            Some(scheduler) => at.nested("scheduler", scheduler),
            None => at.require(
                self.inputs.is_empty(),
                "scheduler",
                "null",
                "names no role for the schedules of this function",
                "write its role_arn and permissions, as Terraform does",
            ),
        }
        at.field("event_rules", |at| {
            for (rule, pattern) in self.event_rules.iter() {
                at.require(
                    serde_json::from_str::<Map<String, Value>>(pattern).is_ok(),
                    rule,
                    pattern,
                    "is no event pattern",
                    "write it as a JSON object, as Terraform does",
                );
            }
        });
        at.each("callers", &self.callers, |at, caller| caller.validate(at));
    }
}

fn is_role(at: &mut Checker<'_>, arn: &Arn) {
    at.require(
        arn.service() == "iam" && arn.resource().starts_with("role/"),
        "role_arn",
        arn,
        "is not the ARN of a role",
        "write arn:…:iam::ACCOUNT:role/NAME",
    );
}

impl Validate for Scheduler {
    fn validate(&self, at: &mut Checker<'_>) {
        is_role(at, &self.role_arn);
        at.require(
            !self.permissions.is_empty(),
            "permissions",
            "[]",
            "would prove nothing of the role",
            "write lambda:InvokeFunction for the function and sqs:SendMessage for the queue of failures",
        );
    }
}

impl Validate for Caller {
    fn validate(&self, at: &mut Checker<'_>) {
        let known = CALLERS.iter().find(|(service, _)| *service == self.principal);
        let Some((service, of_source)) = known else {
            at.mistake(
                "principal",
                &self.principal,
                "is no service that calls functions",
                format!("write one of {}", CALLERS.map(|(service, _)| service).join(", ")),
            );
            return;
        };
        let source = &self.source_arn;
        at.require(
            source.service() == *of_source && source.account_id().is_some(),
            "source_arn",
            source,
            format!("is nothing that {service} calls a function for"),
            format!("write arn:…:{of_source}:REGION:ACCOUNT:…, as Terraform does"),
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
