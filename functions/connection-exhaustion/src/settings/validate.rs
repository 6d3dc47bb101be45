//! Mistakes that show only when fields are seen together.

use day2_core::database::Acu;
use day2_core::settings::{Checker, Validate};

use super::{AcuPolicy, Client, ConnectionExhaustionSettings, Limits, Policy};

impl Validate for ConnectionExhaustionSettings {
    fn validate(&self, at: &mut Checker<'_>) {
        at.nested("safety", &self.safety);
        at.require(
            !self.targets.is_empty(),
            "targets",
            "{}",
            "acts on nothing",
            "add a policy for each target with a database",
        );
        at.field("targets", |at| {
            for (target, policy) in self.targets.iter() {
                at.target_named(target, target);
                at.field(target, |at| policy_of(policy, at));
            }
        });
        // One alarm calls for one target, or an event could mean two databases.
        let all = self.targets.values().flat_map(|policy| &policy.alarm_arns);
        at.unique("alarm_arns", "", "target", all);
    }
}

fn policy_of(policy: &Policy, at: &mut Checker<'_>) {
    for alarm in &policy.alarm_arns {
        let is_alarm = alarm.service() == "cloudwatch"
            && alarm.resource().starts_with("alarm:")
            && alarm.region().is_some()
            && alarm.account_id().is_some();
        at.require(
            is_alarm,
            "alarm_arns",
            alarm,
            "is not the ARN of an alarm",
            "write arn:…:cloudwatch:REGION:ACCOUNT:alarm:NAME",
        );
    }
    clients(policy, at);
    at.require(
        policy.max_connections != Some(0),
        "max_connections",
        0,
        "would make every connection one too many",
        "write the value of `show max_connections`, or leave it out",
    );
    at.field("limits", |at| limits(&policy.limits, at));
    at.field("leak", |at| {
        let leak = &policy.leak;
        at.require(
            leak.excess() >= 5.0,
            "excess_percent",
            leak.excess(),
            "is within what connections sway by themselves",
            "write at least 5",
        );
        at.require(
            (10..=1_440).contains(&leak.changed_within_minutes),
            "changed_within_minutes",
            leak.changed_within_minutes,
            "is not within 10 and 1440",
            "write 10 to 1440, or leave it out for 120",
        );
    });
    if let Some(acu) = &policy.acu {
        at.field("acu", |at| capacity(acu, at));
    }
}

fn clients(policy: &Policy, at: &mut Checker<'_>) {
    at.unique(
        "clients",
        "name",
        "client",
        policy.clients.iter().map(|one| &one.name),
    );
    at.unique(
        "clients",
        "deployment",
        "client",
        policy.clients.iter().map(Client::resource),
    );
    at.each("clients", &policy.clients, |at, client| {
        at.require(
            !client.name.trim().is_empty() && client.name.chars().count() <= 63,
            "name",
            &client.name,
            "is not a name",
            "write 1 to 63 characters",
        );
        at.require(
            (1..=10_000).contains(&client.pool_size),
            "pool_size",
            client.pool_size,
            "is not within 1 and 10000",
            "write how many connections one pod may open",
        );
        // The cluster itself lives there; a restart for the sake of a database has no business with it.
        at.require(
            !(client.may_restart && client.namespace.starts_with("kube-")),
            "may_restart",
            "true",
            format!(
                "would restart a part of the cluster itself, in {}",
                client.namespace
            ),
            "leave it out",
        );
    });
    if let Some(suspect) = &policy.suspect {
        let known = policy.clients.iter().any(|client| client.name == *suspect);
        at.require(
            known,
            "suspect",
            suspect,
            "is not the name of a client",
            "name one of clients, or leave it out",
        );
    }
}

fn limits(limits: &Limits, at: &mut Checker<'_>) {
    let (act_at, target) = (limits.act_at(), limits.target());
    at.require(
        act_at >= 10.0,
        "act_at_percent",
        act_at,
        "would act on a database with room",
        "write 10 to 100",
    );
    at.require(
        target >= 10.0 && target < act_at,
        "target_percent",
        target,
        "is not between 10 and act_at_percent",
        "write less than act_at_percent, so that a raise ends the alarm",
    );
    for (field, value, least, most) in [
        ("act_within_minutes", limits.act_within_minutes, 1, 240),
        ("look_back_minutes", limits.look_back_minutes, 15, 60),
        ("min_datapoints", limits.min_datapoints, 2, 15),
    ] {
        at.require(
            (least..=most).contains(&value),
            field,
            value,
            format!("is not within {least} and {most}"),
            format!("write {least} to {most}"),
        );
    }
}

/// No engine has more (API `ServerlessV2ScalingConfiguration`).
const MOST_ACU: f64 = 256.0;

fn capacity(acu: &AcuPolicy, at: &mut Checker<'_>) {
    for (field, value) in [("max_ceiling", acu.max_ceiling), ("max_step", acu.max_step)] {
        let half_step = Acu::exactly(value).is_some();
        at.require(
            half_step && (0.5..=MOST_ACU).contains(&value),
            field,
            value,
            "is not a capacity in steps of 0.5 from 0.5 to 256 ACU",
            "write for example 32 or 16.5",
        );
    }
    at.require(
        (30..=10_080).contains(&acu.lease_minutes),
        "lease_minutes",
        acu.lease_minutes,
        "is not within 30 and 10080",
        "write 30 to 10080, or leave it out for 240",
    );
}
