//! `DOC-011` and `DOC-012`: each role may do what its function needs, and not what no function needs; that of its schedules may call
//! it. By IAM's simulation, which knows the policies and the boundary of a role and the service control policies of the
//! organization, and no policy of a resource.

use std::collections::{BTreeMap, BTreeSet};

use day2_core::Item;

use super::Tally;
use crate::facts::{Decision, Facts, Simulation};

const ENOUGH: (&str, &str) = ("DOC-011", "every role may do what its function needs");
const NOT_TOO_MANY: (&str, &str) = ("DOC-012", "no role may do what no function needs");

/// Word of IAM (`PolicyEvaluationDecisionType`).
const ALLOWED: &str = "allowed";
const EXPLICIT: &str = "explicitDeny";

/// Whether a right is refused with whatever values of conditions, from good to bad.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Refused {
    Always,
    NotKnown(String),
    NotAlways,
}

/// What IAM's answer means for one action.
enum Said<'a> {
    Decided(&'a Decision),
    NotKnown(String),
}

pub(super) fn enough(facts: &Facts) -> Item {
    const NOT_ALLOWED: &str = "run terraform apply, which puts the policies of the role back; then look at its permissions boundary";
    const DENIED: &str = "find the Deny in the role's policies, its permissions boundary or a service control policy, and take it away";
    let mut tally = Tally::default();
    each(
        facts,
        |one| &one.needed,
        &mut tally,
        |tally, one, action, said| {
            let (name, resource) = (format!("{} {action}", one.function), &one.resource);
            match said {
                Said::NotKnown(why) => tally.unknown(name, format!("on {resource}: {why}")),
                Said::Decided(decision) => match decision.decision.as_str() {
                    ALLOWED => tally.good(),
                    EXPLICIT => tally.bad(name, format!("denied explicitly on {resource}"), DENIED),
                    _ => tally.bad(name, format!("not allowed on {resource}"), NOT_ALLOWED),
                },
            }
        },
    );
    tally.item(
        ENOUGH,
        "rights",
        "mend the policies of each role as its line says",
    )
}

/// The same is asked with several values of conditions, and counts once, by the worst of the answers.
pub(super) fn not_too_many(facts: &Facts) -> Item {
    const TAKE_AWAY: &str = "take away the policy that was attached to the role beside `permissions`, `implied` and, in a VPC, `interfaces`";
    let mut tally = Tally::default();
    let mut worst: BTreeMap<(&str, &str, &str), Refused> = BTreeMap::new();
    each(
        facts,
        |one| &one.never,
        &mut tally,
        |_, one, action, said| {
            let refused = match said {
                Said::Decided(decision) if decision.decision == ALLOWED => Refused::NotAlways,
                Said::Decided(_) => Refused::Always,
                Said::NotKnown(why) => Refused::NotKnown(why),
            };
            let asked = (one.function.as_str(), action, one.resource.as_str());
            let known = worst.entry(asked).or_insert(Refused::Always);
            if refused > *known {
                *known = refused;
            }
        },
    );
    for ((function, action, resource), refused) in worst {
        let name = format!("{function} {action}");
        match refused {
            Refused::Always => tally.good(),
            Refused::NotKnown(why) => tally.unknown(name, format!("on {resource}: {why}")),
            Refused::NotAlways => tally.bad(name, format!("allowed on {resource}"), TAKE_AWAY),
        }
    }
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
    mut judge: impl FnMut(&mut Tally, &'a Simulation, &'a str, Said<'a>),
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
                    judge(tally, one, action, said(decisions, action));
                }
            }
        }
    }
}

/// A denial that lacks the value of a condition is none. Every question gives values for the keys of the deployment's own policies, so
/// that what it lacks is of another one: a boundary, a service control policy, a policy that somebody attached.
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
