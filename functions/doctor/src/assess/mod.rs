//! Every opinion of `doctor`. Pure: same facts, same settings, same items. Each complaint ends with its fix.

mod alarm_topic;
mod clusters;
mod functions;
mod mails;
mod policy;
mod readiness;
mod rights;
mod rules;
mod schedules;
#[cfg(test)]
pub(crate) mod tests;
mod world;

pub(crate) use day2_core::judging::{population, worse_of};
use day2_core::settings::Zone;
use day2_core::{Cause, Item, Unreadable};

use crate::facts::Facts;
use crate::settings::DoctorSettings;
pub(crate) use readiness::knows_what_to_examine;

/// The judgement of one examination.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judged {
    /// The items, by code.
    pub items: Vec<Item>,
    /// Codes of the lines of which there is no item, because the deployment has nothing of their kind: clusters, databases,
    /// groups, alarms, schedules, event rules.
    pub absent: Vec<String>,
}

/// The code of a line about things of which a deployment may have none, and its item where it has some.
type IfAny = (&'static str, Option<Item>);

/// Judges one examination. What there is to look at stands in the settings, so that a list without things is no list that
/// could not be read.
#[must_use]
pub fn assess(facts: &Facts, settings: &DoctorSettings, zone: &Zone) -> Judged {
    let mut judged = Judged {
        items: vec![
            functions::answer(facts),
            functions::able(facts, settings),
            functions::as_deployed(facts, settings),
            rights::enough(facts),
            rights::not_too_many(facts),
        ],
        absent: Vec::new(),
    };
    judged.add(clusters::let_functions_in(facts, settings));
    judged.add(clusters::entries(facts, settings));
    judged.items.push(mails::reach_somebody(facts));
    // A canary that was switched off is not looked at, which is not the same as nothing to look at.
    judged.items.extend(mails::come_through(facts));
    // Nor is a topic of alarms that belongs to another account or region.
    if let Some(line) = alarm_topic::lets_alarms_in(facts, settings) {
        judged.add(line);
    }
    judged.add(schedules::fire(facts, settings, zone));
    judged.add(rules::as_made(facts, settings));
    judged.add(rules::may_call(facts, settings));
    judged.add(world::clusters(facts));
    judged.add(world::groups(facts));
    judged.add(world::databases(facts));
    judged.add(world::calling_alarms(facts));
    judged.add(world::health_alarms(facts, settings));
    judged
}

impl Judged {
    fn add(&mut self, (code, item): IfAny) {
        match item {
            Some(item) => self.items.push(item),
            None => self.absent.push(code.to_owned()),
        }
    }
}

/// What one item found out about its things.
#[derive(Default)]
struct Tally {
    good: usize,
    bad: Vec<(String, String)>,
    unknown: Vec<(String, String)>,
}

impl Tally {
    /// One thing is as it should be.
    const fn good(&mut self) {
        self.good += 1;
    }

    /// One thing is not, and how to mend it.
    fn bad(&mut self, name: impl Into<String>, says: impl Into<String>, fix: &str) {
        self.bad
            .push((name.into(), format!("{}; fix: {fix}", says.into())));
    }

    /// Nothing can be said of one thing.
    fn unknown(&mut self, name: impl Into<String>, says: impl Into<String>) {
        self.unknown.push((name.into(), says.into()));
    }

    /// A thing that could not be read: one that does not exist is bad, and of any other nothing is known.
    fn unread(&mut self, name: impl Into<String>, why: &Unreadable, missing: &str, fix: &str) {
        if why.cause == Cause::NotFound {
            self.bad(name, missing, fix);
        } else {
            self.unknown(name, why.to_string());
        }
    }

    const fn is_empty(&self) -> bool {
        self.good == 0 && self.bad.is_empty() && self.unknown.is_empty()
    }

    /// The item. `things` is what was looked at, in the plural.
    fn item(self, (code, title): (&str, &str), things: &str, remedy: &str) -> Item {
        let judged = self.good + self.bad.len();
        let all = judged + self.unknown.len();
        let verdict = worse_of(&self.bad, &self.unknown);
        let mut seen = format!("{judged} of {all} {things} looked at, {} bad", self.bad.len());
        if !self.unknown.is_empty() {
            seen = format!("{seen}, {} not known", self.unknown.len());
        }
        // Nothing at all where something must be is not enough: at least one is expected.
        Item::judge(code, title, verdict, population(judged, all.max(1)), seen)
            .remedy(remedy)
            .subjects(self.bad)
            .subjects(self.unknown)
    }

    /// The item, if there is anything of the kind.
    fn item_if_any(self, title: (&'static str, &str), things: &str, remedy: &str) -> IfAny {
        let item = (!self.is_empty()).then(|| self.item(title, things, remedy));
        (title.0, item)
    }
}
