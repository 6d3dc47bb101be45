//! `DOC-011` and `DOC-012`: each role may do what its function needs, and not what no function needs. By IAM's simulation,
//! which knows the policies and the boundary of a role and the service control policies of the organization, and no policy of
//! a resource.

use std::collections::BTreeSet;

use day2_core::Item;

use super::Tally;
use crate::facts::{Decision, Facts, Simulation};

const ENOUGH: (&str, &str) = ("DOC-011", "every role may do what its function needs");
const NOT_TOO_MANY: (&str, &str) = ("DOC-012", "no role may do what no function needs");

/// Word of IAM (`PolicyEvaluationDecisionType`).
const ALLOWED: &str = "allowed";
const EXPLICIT: &str = "explicitDeny";

/// What IAM's answer means for one action.
enum Said<'a> {
    Decided(&'a Decision),
    NotKnown(String),
}

pub(super) fn enough(facts: &Facts) -> Item {
    let mut tally = Tally::default();
    each(
        facts,
        |one| &one.needed,
        &mut tally,
        |tally, one, action, decision| {
            let name = format!("{} {action}", one.function);
            match decision.decision.as_str() {
            ALLOWED => tally.good(),
            EXPLICIT => tally.bad(
                name,
                format!("denied explicitly on {}", one.resource),
                "find the Deny in the role's policies, its permissions boundary or a service control policy, and take it away",
            ),
            _ => tally.bad(
                name,
                format!("not allowed on {}", one.resource),
                "run terraform apply, which puts the policies `permissions` and `implied` of the role back; then look at its permissions boundary",
            ),
        }
        },
    );
    tally.item(
        ENOUGH,
        "rights",
        "mend the policies of each role as its line says",
    )
}

pub(super) fn not_too_many(facts: &Facts) -> Item {
    let mut tally = Tally::default();
    each(
        facts,
        |one| &one.never,
        &mut tally,
        |tally, one, action, decision| {
            if decision.decision == ALLOWED {
                tally.bad(
                    format!("{} {action}", one.function),
                    format!("allowed on {}", one.resource),
                    "take away the policy that was attached to the role beside `permissions`, `implied` and, in a VPC, `interfaces`",
                );
            } else {
                tally.good();
            }
        },
    );
    tally.item(
        NOT_TOO_MANY,
        "things that no role may do",
        "see who attached a policy to the role (CloudTrail: PutRolePolicy, AttachRolePolicy), and take it away",
    )
}

/// Goes through the actions of every simulation. What could not be simulated is said once for each function and reason.
fn each<'a>(
    facts: &'a Facts,
    actions: impl Fn(&'a Simulation) -> &'a Vec<String>,
    tally: &mut Tally,
    judge: impl Fn(&mut Tally, &Simulation, &str, &Decision),
) {
    let mut told = BTreeSet::new();
    for one in &facts.rights {
        let actions = actions(one);
        match &one.decisions {
            Err(why) if !actions.is_empty() => {
                let says = why.to_string();
                if told.insert((one.function.clone(), says.clone())) {
                    tally.unknown(&one.function, says);
                }
            }
            Err(_) => {}
            Ok(decisions) => {
                for action in actions {
                    match said(decisions, action) {
                        Said::Decided(decision) => judge(tally, one, action, decision),
                        Said::NotKnown(why) => {
                            tally.unknown(
                                format!("{} {action}", one.function),
                                format!("on {}: {why}", one.resource),
                            );
                        }
                    }
                }
            }
        }
    }
}

/// A decision that lacks the value of a condition is none, whatever its word is.
fn said<'a>(decisions: &'a [Decision], action: &str) -> Said<'a> {
    let found = decisions
        .iter()
        .find(|one| one.action.eq_ignore_ascii_case(action));
    match found {
        None => Said::NotKnown("IAM's answer does not mention it".to_owned()),
        Some(one) if one.decision != ALLOWED && !one.missing.is_empty() => Said::NotKnown(format!(
            "it depends on {}, which a simulation does not know",
            one.missing.join(", ")
        )),
        Some(one) => Said::Decided(one),
    }
}
