//! What would be changed, in steps, and the id that names exactly that.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::guard::Refusal;
use crate::digest::sha256;
use crate::json::canonical;

/// What takes a step back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Undo {
    /// The change is temporary: a lease takes it back.
    Lease {
        /// How long it lasts.
        minutes: u32,
        /// What taking it back means, for example `terminate what is empty of the 10 added nodes`.
        words: String,
    },
    /// The change stays until somebody undoes it in this way.
    ByHand {
        /// The command or the place.
        words: String,
    },
    /// There is nothing to undo.
    Nothing {
        /// Why not.
        words: String,
    },
}

impl Undo {
    /// The words for a report.
    #[must_use]
    pub fn words(&self) -> &str {
        match self {
            Self::Lease { words, .. } | Self::ByHand { words } | Self::Nothing { words } => words,
        }
    }
}

/// One change: `change` is what the function carries it out by, all else is for people and for the id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct Step<C> {
    /// The change as the function carries it out.
    pub change: C,
    /// What is changed, by its own name: an ARN, `deployment coder/coderd`, `Auto Scaling group prod-a-workspace`.
    pub resource: String,
    /// The change in a few words, for example `raise the desired capacity of workspace`.
    pub title: String,
    /// The value now, for example `50 nodes`. Part of the plan's id.
    pub before: String,
    /// The value afterwards. Part of the plan's id.
    pub after: String,
    /// What must still be true when the change is made.
    pub precondition: String,
    /// What takes it back. Part of the plan's id.
    pub undo: Undo,
    /// How much is touched, with numbers.
    pub blast_radius: String,
    /// Whether it disturbs something that runs. Such a step is refused where the platform is already degraded.
    pub disruptive: bool,
    /// Seconds that making the change may take at most. It is not started with less time left.
    pub takes_seconds: u32,
}

/// Something that was considered and is not part of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct Skip {
    /// What it is about.
    pub resource: String,
    /// Why it is left out, and what would help instead.
    pub why: String,
}

/// Steps in the order in which they are carried out, and what is left out.
///
/// With a refusal in it a plan is never carried out: refusals are about the whole, skips about one thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct Plan<C> {
    /// What would be changed.
    pub steps: Vec<Step<C>>,
    /// What was considered and left out.
    pub skips: Vec<Skip>,
    /// Guards that object to the whole.
    pub refusals: Vec<Refusal>,
}

impl<C> Default for Plan<C> {
    fn default() -> Self {
        Self {
            steps: Vec::new(),
            skips: Vec::new(),
            refusals: Vec::new(),
        }
    }
}

impl<C> Plan<C> {
    /// A plan of nothing, with the reason.
    #[must_use]
    pub fn nothing(resource: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            skips: vec![Skip {
                resource: resource.into(),
                why: why.into(),
            }],
            ..Self::default()
        }
    }

    /// The id: the same for the same changes to the same things, whatever was read and whenever.
    #[must_use]
    pub fn id(&self, function: &str, target: &str) -> PlanId {
        PlanId(sha256(&self.canonical(function, target), 32))
    }

    /// What the id is the hash of: JSON without white space, with sorted keys, of function, target and steps.
    #[must_use]
    pub fn canonical(&self, function: &str, target: &str) -> String {
        let steps: Vec<Value> = self
            .steps
            .iter()
            .map(|step| {
                json!({ "resource": step.resource, "before": step.before, "after": step.after, "undo": step.undo })
            })
            .collect();
        canonical(json!({ "function": function, "target": target, "steps": steps }))
    }

    /// The differences of this plan to one that was approved, in words; empty when the steps are the same.
    #[must_use]
    pub fn differences<D>(&self, approved: &Plan<D>) -> Vec<String> {
        let mut found = Vec::new();
        for step in &self.steps {
            match approved.steps.iter().find(|old| old.resource == step.resource) {
                None => found.push(format!("{}: was not part of the approved plan", step.resource)),
                Some(old) if (&old.before, &old.after) != (&step.before, &step.after) => found.push(format!(
                    "{}: approved {} -> {}, now {} -> {}",
                    step.resource, old.before, old.after, step.before, step.after
                )),
                Some(old) if old.undo != step.undo => found.push(format!(
                    "{}: approved with the undo \"{}\", now \"{}\"",
                    step.resource,
                    old.undo.words(),
                    step.undo.words()
                )),
                Some(_) => {}
            }
        }
        for old in &approved.steps {
            if !self.steps.iter().any(|step| step.resource == old.resource) {
                found.push(format!(
                    "{}: {} -> {} was approved and is no longer part of the plan",
                    old.resource, old.before, old.after
                ));
            }
        }
        let order = |steps: Vec<&str>| steps.join(", ");
        let now = order(self.steps.iter().map(|step| step.resource.as_str()).collect());
        let then = order(approved.steps.iter().map(|step| step.resource.as_str()).collect());
        if found.is_empty() && now != then {
            found.push(format!("the order was {then} and is {now}"));
        }
        found
    }
}

impl<C: Serialize> Plan<C> {
    /// The plan as it is reported and remembered: the same, with each change as JSON.
    ///
    /// # Errors
    ///
    /// In words, when a change is no JSON.
    pub fn to_record(&self) -> Result<Plan<Value>, String> {
        let steps = self.steps.iter().map(Step::to_record).collect::<Result<_, _>>()?;
        Ok(Plan {
            steps,
            skips: self.skips.clone(),
            refusals: self.refusals.clone(),
        })
    }
}

impl<C: Serialize> Step<C> {
    fn to_record(&self) -> Result<Step<Value>, String> {
        Ok(Step {
            change: serde_json::to_value(&self.change)
                .map_err(|why| format!("the change of {} is no JSON: {why}", self.resource))?,
            resource: self.resource.clone(),
            title: self.title.clone(),
            before: self.before.clone(),
            after: self.after.clone(),
            precondition: self.precondition.clone(),
            undo: self.undo.clone(),
            blast_radius: self.blast_radius.clone(),
            disruptive: self.disruptive,
            takes_seconds: self.takes_seconds,
        })
    }
}

/// The id of a plan: SHA-256 in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct PlanId(String);

impl PlanId {
    /// The id of this text, if it is one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        (text.len() == 64 && text.chars().all(is_hex)).then(|| Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
