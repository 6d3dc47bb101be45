//! One run: which target an event is about, which road it came by, and what is answered.
//!
//! It is a runner of its own, and not the one of other actions: a containment isolates first, captures at the same time,
//! and decides about the end of the workload afterwards; and forty pods may be contained at the same time
//! (`docs/decisions/0009-the-runner-of-containments.md`).

mod act;
mod after;
mod approve;
pub(crate) mod case;
mod conclude;
mod contain;
mod end;
mod joins;
mod look;
mod node_only;
mod record;
mod review;
mod sessions;
mod tell;
#[cfg(test)]
mod tests;
mod work;

use std::sync::{Arc, Mutex};

use aws_config::SdkConfig;
use day2_aws::app::{Clients as Kept, Edge, Parts};
use day2_aws::boot::Environment;
use day2_aws::error::OpsError;
use day2_aws::{Invocation, Served};
use day2_core::action::Mode;
use day2_core::emf::Figure;
use day2_core::settings::Settings;
use day2_core::target::Target;
use day2_core::trigger::{Finding, Manual, Trigger, classify};
use serde_json::{Value, json};

use crate::accept::{Acceptance, accept};
use crate::gather::Clients;
use crate::plan::NAME;
use crate::repeats::Repeats;
use crate::self_check;
use crate::settings::{Platform, ThreatContainmentSettings};

pub use case::TASK;
use case::{Case, Road};

/// A function that is ready to take events.
pub struct ThreatContainment {
    pub(crate) settings: Settings<ThreatContainmentSettings>,
    pub(crate) edge: Edge,
    clients: Kept<Clients>,
    repeats: Mutex<Repeats>,
}

impl Served for ThreatContainment {
    async fn start(aws: SdkConfig, environment: &Environment) -> Result<Self, OpsError> {
        Parts::load(aws, environment).await.map(Self::new)
    }

    async fn handle(&self, event: &[u8], invocation: &Invocation) -> Result<Value, OpsError> {
        Box::pin(self.event(event, invocation)).await
    }
}

impl ThreatContainment {
    /// Prefix of its item codes.
    pub const CODE: &'static str = "THR";

    /// A function of given parts.
    #[must_use]
    pub fn new(parts: Parts<ThreatContainmentSettings>) -> Self {
        let (settings, edge) = parts.split();
        Self {
            settings,
            edge,
            clients: Kept::default(),
            repeats: Mutex::default(),
        }
    }

    /// Uses `clients` for the target of this name instead of connecting, for tests.
    #[must_use]
    pub fn with_clients(self, target: &str, clients: Clients) -> Self {
        self.clients.keep(target, clients);
        self
    }

    /// The clients of a target.
    pub(crate) async fn ctx(&self, target: &Target) -> Arc<Clients> {
        self.clients
            .of(target, &self.edge.aws, async |aws| Clients::new(aws))
            .await
    }

    async fn event(&self, event: &[u8], invocation: &Invocation) -> Result<Value, OpsError> {
        match classify(event) {
            Trigger::Finding(finding) => Box::pin(self.finding(finding, invocation)).await,
            Trigger::Manual(manual) => self.manual(manual, invocation).await,
            Trigger::SelfCheck => Box::pin(self_check::answer(self, invocation)).await,
            Trigger::Revert { .. } => Err(OpsError::Event(format!(
                "{NAME} takes nothing back: send {{\"targets\":[\"…\"],\"containment\":\"…\"}} to threat-release"
            ))),
            Trigger::Scheduled(_) => Err(OpsError::Event(format!(
                "{NAME} has no schedule: it acts on findings; send {{\"targets\":[\"…\"]}} to look at what is contained"
            ))),
            Trigger::Alarm(_) => Ok(ignored("the event is an alarm")),
            Trigger::Ignored(reason) => Ok(ignored(&reason)),
            Trigger::Rejected(reason) => Err(OpsError::Event(reason)),
        }
    }

    /// A finding by itself, by a topic, or from Security Hub: all take the same road.
    async fn finding(&self, finding: Finding, invocation: &Invocation) -> Result<Value, OpsError> {
        let mode = self.settings.function.mode;
        let copy = finding.clone();
        match accept(&finding, &self.settings, invocation.now) {
            Acceptance::Foreign(why) => {
                tracing::warn!(
                    function = NAME,
                    account = finding.account.as_str(),
                    region = finding.region.as_str(),
                    finding = finding.id,
                    "foreign finding ignored"
                );
                let here = |target: &Target| target.is_in(&finding.account, &finding.region);
                // A finding of our own account about no cluster is ordinary: the rule takes all of GuardDuty's.
                if finding.cluster_arn.is_some() || !self.settings.targets.iter().any(here) {
                    self.edge.tell(&[Figure::foreign(NAME, TASK)], invocation.now);
                }
                Ok(json!({ "outcome": "ignored", "foreign": true, "reason": why }))
            }
            Acceptance::HeldBack { target, why } => {
                let case = self.case(target, mode, Road::Finding, copy, invocation)?;
                self.held_back(&case, &why).await
            }
            Acceptance::Node { target, .. } => {
                let case = self.case(target, mode, Road::Finding, copy, invocation)?;
                Box::pin(self.node_only(case)).await
            }
            Acceptance::Pod { target, .. } | Acceptance::LookUp { target } => {
                let case = self.case(target, mode, Road::Finding, copy, invocation)?;
                match self.repeated(&case).await? {
                    Some(answer) => Ok(answer),
                    None => Box::pin(self.contain(case)).await,
                }
            }
        }
    }

    async fn manual(&self, event: Manual, invocation: &Invocation) -> Result<Value, OpsError> {
        if event.containment.is_some() {
            let why = format!("{NAME} takes no `containment`; threat-release does");
            return Err(OpsError::Event(why));
        }
        if let Some(task) = event.task.as_deref().filter(|task| *task != TASK) {
            return Err(OpsError::Event(format!(
                "{NAME} has no task `{task}`; it has {TASK} and self-check"
            )));
        }
        let target = self.one_target(&event.targets)?;
        let mode = self
            .settings
            .function
            .mode
            .lowered_to(event.mode.as_deref())
            .map_err(OpsError::Event)?;
        match (&event.approve, &event.finding) {
            (Some(_), Some(_)) => Err(OpsError::Event(
                "`approve` knows its finding; leave out `finding`".to_owned(),
            )),
            (Some(_), None) if event.mode.is_some() => Err(OpsError::Event(
                "`approve` carries a plan out, so `mode` has no meaning beside it; leave out one of the two"
                    .to_owned(),
            )),
            (Some(plan), None) => Box::pin(self.approved(target, plan, invocation)).await,
            (None, Some(finding)) => Box::pin(self.named(target, mode, finding, invocation)).await,
            (None, None) => Box::pin(self.review(target, invocation)).await,
        }
    }

    /// A person names a finding: it is read at GuardDuty, and then takes the road of every other.
    async fn named(
        &self,
        target: &Target,
        mode: Mode,
        id: &str,
        invocation: &Invocation,
    ) -> Result<Value, OpsError> {
        let (finding, platform) = self.read_finding(target, id, invocation).await?;
        let mut rules = self.settings.function.accept.clone();
        // A person says that it is time.
        rules.max_age_minutes = u32::MAX;
        if let Some(why) = crate::accept::held_back(&finding, &rules, invocation.now) {
            return Err(OpsError::Event(format!(
                "finding {id} is not acted on: {} ({})",
                why.says(),
                why.allowed_by()
            )));
        }
        let case = Case::new((target, platform), mode, Road::Manual, finding, invocation);
        if case.finding.workload.is_none() {
            return Box::pin(self.node_only(case)).await;
        }
        Box::pin(self.contain(case)).await
    }

    /// The finding of this id at GuardDuty, which must be about the target's cluster.
    pub(super) async fn read_finding(
        &self,
        target: &Target,
        id: &str,
        invocation: &Invocation,
    ) -> Result<(Finding, &Platform), OpsError> {
        let platform = self.platform(target)?;
        let ctx = self.ctx(target).await;
        let times = day2_reads::times::Times::of(day2_aws::Moment {
            now: invocation.now,
            deadline: invocation.deadline,
        });
        let read = crate::gather::guardduty::finding(&ctx, platform.detector_id.as_deref(), id, &times);
        let finding = read.await.map_err(OpsError::Read)?;
        let finding = finding.ok_or_else(|| {
            OpsError::Event(format!(
                "GuardDuty of {} in {} has no finding {id}",
                target.account_id, target.region
            ))
        })?;
        let ours = target.is_in(&finding.account, &finding.region)
            && finding
                .cluster_arn
                .as_ref()
                .is_none_or(|arn| crate::accept::cluster_arn(target).as_deref() == Some(arn.as_str()));
        if !ours {
            return Err(OpsError::Event(format!(
                "finding {id} is not about {}",
                target.name
            )));
        }
        Ok((finding, platform))
    }

    pub(super) fn case<'a>(
        &'a self,
        target: &'a Target,
        mode: Mode,
        road: Road,
        finding: Finding,
        invocation: &Invocation,
    ) -> Result<Case<'a>, OpsError> {
        let platform = self.platform(target)?;
        Ok(Case::new((target, platform), mode, road, finding, invocation))
    }

    fn platform(&self, target: &Target) -> Result<&Platform, OpsError> {
        self.settings
            .function
            .targets
            .get(target.name.as_str())
            .ok_or_else(|| {
                OpsError::Event(format!(
                    "{} is not watched: add it to the targets of {NAME} in the settings",
                    target.name
                ))
            })
    }

    /// What is contained is of one target; which one must be said.
    fn one_target(&self, names: &[String]) -> Result<&Target, OpsError> {
        let known: Vec<&str> = self
            .settings
            .targets
            .iter()
            .map(|target| target.name.as_str())
            .collect();
        let [name] = names else {
            return Err(OpsError::Event(format!(
                "{NAME} needs exactly one target; send {{\"targets\":[\"…\"]}} with one of {}",
                known.join(", ")
            )));
        };
        self.settings.target(name).ok_or_else(|| {
            OpsError::Event(format!(
                "there is no target `{name}`; the settings have {}",
                known.join(", ")
            ))
        })
    }

    pub(super) fn zone(&self) -> &str {
        self.settings.deployment.zone.name()
    }
}

fn ignored(reason: &str) -> Value {
    tracing::info!(function = NAME, reason, "event ignored");
    json!({ "outcome": "ignored", "reason": reason })
}
