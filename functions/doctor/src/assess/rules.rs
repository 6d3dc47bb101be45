//! `DOC-042` and `DOC-043`: what happens reaches the functions. Their event rules are as they were made, and rules, topics and alarms
//! may call them. A rule that is disabled calls nobody, and nothing else tells so.

use day2_core::Cause;
use day2_core::arn::AccountId;
use serde_json::Value;

use super::policy::{Answer, Policy, Request};
use super::{IfAny, Tally};
use crate::facts::{EventRule, Facts, Rule, RuleTarget};
use crate::settings::{Caller, DoctorSettings, Function};

const AS_MADE: (&str, &str) = ("DOC-042", "every event rule is as it was made");
const MAY_CALL: (&str, &str) = ("DOC-043", "whatever calls a function may call it");

/// Words of a rule that is switched on. Source: API `DescribeRule` of EventBridge, `State`.
const ENABLED: [&str; 2] = ["ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"];

/// What is done with a function for a rule, a topic or an alarm.
const INVOKE: &str = "lambda:InvokeFunction";

/// What a function without a policy lets in: nobody.
const NO_POLICY: &str = r#"{"Statement": []}"#;

pub(super) fn as_made(facts: &Facts, settings: &DoctorSettings) -> IfAny {
    const APPLY: &str = "run terraform apply, which puts the rule back";
    const GONE: &str = "there is no such rule";
    let mut tally = Tally::default();
    for (which, seen) in &facts.event_rules {
        let Some(function) = settings.functions.get(&which.function) else {
            continue;
        };
        let rule = match seen {
            Ok(rule) => rule,
            Err(why) => {
                tally.unread(&which.name, why, GONE, APPLY);
                continue;
            }
        };
        let wrong = wrong(which, rule, function);
        if !wrong.is_empty() {
            tally.bad(&which.name, wrong.join(", "), APPLY);
        } else if let Err(why) = &rule.targets {
            tally.unread(&which.name, why, GONE, APPLY);
        } else {
            tally.good();
        }
    }
    tally.item_if_any(
        AS_MADE,
        "event rules",
        "somebody changed the rule beside Terraform, so that the function hears other events than it should, or none: see its plan, and apply it",
    )
}

/// All that is not as it was made, of what is known.
fn wrong(which: &EventRule, seen: &Rule, function: &Function) -> Vec<String> {
    let mut wrong = Vec::new();
    if !ENABLED.contains(&seen.state.as_str()) {
        wrong.push(format!("it is {}", seen.state));
    }
    match (&seen.pattern, function.event_rules.get(&which.name)) {
        (None, _) => wrong.push("it has no event pattern".to_owned()),
        (Some(pattern), Some(made)) if !same(pattern, made) => {
            wrong.push("its event pattern is another one".to_owned());
        }
        (Some(_), _) => {}
    }
    if let Ok(targets) = &seen.targets {
        let own = function.arn.as_str();
        let ours: Vec<&RuleTarget> = targets.iter().filter(|one| one.arn == own).collect();
        if ours.is_empty() {
            wrong.push(format!("it does not call {own}"));
        } else if ours.iter().all(|one| one.reshaped) {
            wrong.push(format!("it gives {own} something else than the event"));
        }
    }
    wrong
}

/// Whether two texts are the same JSON: Terraform writes `<`, `>` and `&` as escapes, and members come in any order.
pub(super) fn same(one: &str, other: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    read(one).is_some_and(|one| read(other) == Some(one))
}

pub(super) fn may_call(facts: &Facts, settings: &DoctorSettings) -> IfAny {
    const BACK: &str =
        "run terraform apply, which puts the statement back; one that denies must be taken away";
    let mut tally = Tally::default();
    for (name, seen) in &facts.policies {
        let Some(function) = settings.functions.get(name) else {
            continue;
        };
        let text = match seen {
            Ok(text) => text.as_str(),
            // API `GetPolicy` of Lambda: what has no policy is not found.
            Err(why) if why.cause == Cause::NotFound => NO_POLICY,
            Err(why) => {
                tally.unknown(name, why.to_string());
                continue;
            }
        };
        let policy = match Policy::read(text) {
            Ok(policy) => policy,
            Err(why) => {
                tally.unknown(name, format!("its policy {why}"));
                continue;
            }
        };
        for caller in &function.callers {
            let (path, principal) = (format!("{name} {}", caller.source_arn), &caller.principal);
            match answer(&policy, caller, function) {
                Answer::Allowed => tally.good(),
                Answer::Refused(why) => tally.bad(
                    path,
                    format!("{principal} may not call the function for it: {why}"),
                    BACK,
                ),
                Answer::Open(why) => tally.unknown(
                    path,
                    format!("whether {principal} may call the function for it is not known: {why}"),
                ),
            }
        }
    }
    tally.item_if_any(
        MAY_CALL,
        "callers",
        "somebody changed the policy of the function beside Terraform (CloudTrail: RemovePermission): see its plan, and apply it",
    )
}

/// What the policy of a function says to a caller, with what a service sends along.
fn answer(policy: &Policy, caller: &Caller, function: &Function) -> Answer {
    let source = &caller.source_arn;
    // It stands in the ARN of every rule, topic and alarm; settings without it are refused.
    let account = source.account_id().map(AccountId::as_str).unwrap_or_default();
    let keys = [
        ("aws:securetransport", "true"),
        ("aws:sourceaccount", account),
        ("aws:sourcearn", source.as_str()),
        // By these a guard rail lets services through (IAM User Guide, "AWS global condition context keys").
        ("aws:principalisawsservice", "true"),
        ("aws:principalservicename", caller.principal.as_str()),
    ];
    policy.answer(&Request {
        service: &caller.principal,
        action: INVOKE,
        resource: function.arn.as_str(),
        keys: &keys,
    })
}
