//! Settings of `doctor`: what Terraform deployed, function by function. Nobody writes them by hand.

#[cfg(test)]
mod tests;
mod validate;

use day2_core::arn::Arn;
use day2_core::names::ClusterName;
use day2_core::settings::{Mistakes, Named};
use day2_core::target::Target;
use deserr::Deserr;

/// The `function` part of the settings document.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct DoctorSettings {
    /// Every deployed function by name, the doctor included.
    pub functions: Named<Function>,
    /// The platforms that the functions look at.
    #[deserr(default)]
    pub platforms: Vec<Target>,
    /// What no role may do.
    #[deserr(default)]
    pub never: Vec<Never>,
    /// Topics that must reach somebody: that of the reports, those of targets, that of the alarms about Day2 itself.
    pub topics: Vec<Arn>,
    /// Topics of targets in other accounts or regions, of which nothing is known here. The report names them.
    #[deserr(default)]
    pub topics_elsewhere: Vec<Arn>,
    /// Names of the alarms about Day2 itself that are about no single function: the queue of failures, the silence of the watchdog,
    /// topics whose messages do not arrive.
    #[deserr(default)]
    pub alarms: Vec<String>,
    /// The topic that alarms about Day2 itself must notify; absent where the deployment has no such alarms.
    #[deserr(default)]
    pub operations_topic_arn: Option<Arn>,
    /// The way of the canary; absent when it is switched off.
    #[deserr(default)]
    pub canary: Option<Canary>,
    /// Alarms that call a function.
    #[deserr(default)]
    pub calling_alarms: Vec<Arn>,
    /// Whether the schedules are to fire. Default true.
    #[deserr(default = true)]
    pub schedules_enabled: bool,
    /// Longest wait for the self-check of one function, in seconds, 5 to 300. Default 60.
    #[deserr(default = 60)]
    pub answer_seconds: u32,
    /// Lines of self-checks that count for nothing, as `function/CODE` or `function/CODE/target`, each with the reason. The
    /// report names them.
    #[deserr(default)]
    pub not_checked: Named<String>,
}

impl DoctorSettings {
    /// Names of all alarms about Day2 itself.
    pub(crate) fn health_alarms(&self) -> impl Iterator<Item = &String> {
        let functions = self.functions.values().flat_map(|function| &function.alarms);
        functions.chain(&self.alarms)
    }

    /// The topic of alarms, where it is among [`topics`](Self::topics). One of another account or region is not, and tells us nothing.
    pub(crate) fn alarm_topic(&self) -> Option<&Arn> {
        let topic = self.operations_topic_arn.as_ref()?;
        self.topics.contains(topic).then_some(topic)
    }
}

/// A deployed function.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Function {
    /// ARN of the Lambda function.
    pub arn: Arn,
    /// Role that it runs with.
    pub role_arn: Arn,
    /// SHA-256 of its package in Base64, as Lambda tells it (API `GetFunctionConfiguration`: `CodeSha256`).
    pub code_sha256: String,
    /// SHA-256 of its settings document in hexadecimal; absent for the doctor itself, whose document cannot hold its own.
    #[deserr(default)]
    pub settings_sha256: Option<String>,
    /// What its role must be allowed: `Statement` of its permissions.json, which its code calls, and `implied`, which AWS calls with
    /// the role.
    pub permissions: Vec<Permission>,
    /// Its schedules: name → expression.
    #[deserr(default)]
    pub schedules: Named<String>,
    /// What its schedules give to it: name → input, as the JSON that Terraform writes. That of a schedule without one is not judged.
    #[deserr(default)]
    pub inputs: Named<String>,
    /// How EventBridge Scheduler calls it; absent without schedules.
    #[deserr(default)]
    pub scheduler: Option<Scheduler>,
    /// Its event rules: name → pattern, as the JSON that Terraform writes.
    #[deserr(default)]
    pub event_rules: Named<String>,
    /// What calls it beside schedules: event rules, topics, alarms.
    #[deserr(default)]
    pub callers: Vec<Caller>,
    /// Its group in Kubernetes.
    pub kubernetes_group: String,
    /// EKS clusters in which it has an access entry.
    #[deserr(default)]
    pub clusters: Vec<ClusterName>,
    /// Names of the alarms about it.
    #[deserr(default)]
    pub alarms: Vec<String>,
}

/// The role of a function's schedules.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Scheduler {
    /// The role.
    pub role_arn: Arn,
    /// What it must be allowed: to call the function, and to keep what it could not deliver.
    pub permissions: Vec<Permission>,
}

/// Something that a function is called for: an event rule, a topic or an alarm.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Caller {
    /// The service that calls: `events.amazonaws.com`, `sns.amazonaws.com` or `lambda.alarms.cloudwatch.amazonaws.com`.
    pub principal: String,
    /// ARN of the rule, topic or alarm.
    pub source_arn: Arn,
}

/// One statement of a policy that allows.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Permission {
    /// IAM actions.
    pub actions: Vec<String>,
    /// Resources, `*` or patterns of ARNs.
    pub resources: Vec<String>,
    /// What must be true of the request, key by key.
    #[deserr(default)]
    pub conditions: Vec<Condition>,
}

/// A key of a condition with the values that meet it, of whatever operator.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Condition {
    /// The key, for example `s3:prefix`.
    pub key: String,
    /// The values or patterns.
    pub values: Vec<String>,
}

/// What no role may do, but for a few.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Never {
    /// IAM actions.
    pub actions: Vec<String>,
    /// Resources.
    pub resources: Vec<String>,
    /// Functions whose task it is.
    #[deserr(default)]
    pub but: Vec<String>,
}

/// A topic of the same key as the reports', and the queue behind it that only the doctor reads.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Canary {
    /// The topic.
    pub topic_arn: Arn,
    /// URL of the queue.
    pub queue_url: String,
    /// Longest wait for the message in seconds, 1 to 60. Default 20: SNS takes well under a second.
    #[deserr(default = 20)]
    pub wait_seconds: u32,
}
