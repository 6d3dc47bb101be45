//! An action that is ready to take events: which target an event is about, and which road it came by.

use std::sync::Arc;

use aws_config::SdkConfig;
use day2_core::action::{Mode, Occasion, PlanId};
use day2_core::containment::Containment;
use day2_core::emf::Figure;
use day2_core::settings::Settings;
use day2_core::target::Target;
use day2_core::trigger::{Alarm, AlarmState, Manual, Trigger, classify};
use serde_json::{Value, json};

use super::Action;
use super::case::Case;
use crate::app::{Clients, Edge, Invocation, Parts, Watch};
use crate::boot::Environment;
use crate::error::OpsError;

/// An action that is ready to take events.
pub struct ActionApp<A: Action> {
    pub(super) settings: Settings<A::Settings>,
    pub(super) edge: Edge,
    clients: Clients<A::Ctx>,
}

impl<A: Action> ActionApp<A> {
    /// Loads the settings and builds the clients.
    ///
    /// # Errors
    ///
    /// As [`Parts::load`].
    pub async fn start(aws: SdkConfig, environment: &Environment) -> Result<Self, OpsError> {
        Parts::load(aws, environment).await.map(Self::new)
    }

    /// An app of given parts.
    #[must_use]
    pub fn new(parts: Parts<A::Settings>) -> Self {
        let (settings, edge) = parts.split();
        Self {
            settings,
            edge,
            clients: Clients::default(),
        }
    }

    /// Uses `ctx` for the target of this name instead of connecting, for tests.
    #[must_use]
    pub fn with_ctx(self, target: &str, ctx: A::Ctx) -> Self {
        self.clients.keep(target, ctx);
        self
    }

    /// The clients of a target.
    pub(super) async fn ctx(&self, target: &Target) -> Arc<A::Ctx> {
        self.clients
            .of(target, &self.edge.aws, async |aws| A::connect(aws).await)
            .await
    }

    /// The mode that was deployed.
    pub(super) fn mode(&self) -> Mode {
        A::safety(&self.settings.function).mode
    }
}

/// Takes one event and returns what the invocation answers: `{"outcome":…,"reports":[…]}`.
///
/// # Errors
///
/// [`OpsError`] for what Lambda shall deliver again (transient) or keep at the failure destination: a rejected event,
/// too little time, a claim or lock held elsewhere, a journal that cannot be reached with changes pending, transient
/// failures beyond their budget, a publication that failed.
pub async fn handle_action<A: Action>(
    app: &ActionApp<A>,
    event: &[u8],
    invocation: &Invocation,
) -> Result<Value, OpsError> {
    match classify(event) {
        Trigger::Alarm(alarm) => Box::pin(app.alarm(alarm, invocation)).await,
        Trigger::Manual(manual) => Box::pin(app.manual(manual, invocation)).await,
        Trigger::Revert { lease } => Box::pin(app.revert(&lease, invocation)).await,
        Trigger::SelfCheck => app.self_check(invocation).await,
        Trigger::Finding(_) => Ok(ignored::<A>("the event is a finding")),
        Trigger::Scheduled(_) => Err(OpsError::Event(format!(
            "{} has no schedule: it acts on alarms; send {{\"targets\":[\"…\"]}} to run it by hand",
            A::NAME
        ))),
        Trigger::Ignored(reason) => Ok(ignored::<A>(&reason)),
        Trigger::Rejected(reason) => Err(OpsError::Event(reason)),
    }
}

/// Takes the containment out of a call by hand of a function that undoes them. Its id begins with the target, which need
/// not be named then. An approval names a plan, and the plan is of one containment.
fn containment_of(event: &mut Manual, function: &str) -> Result<Option<String>, String> {
    let containment = event.containment.take();
    match (&containment, &event.approve) {
        (None, None) => {
            return Err(format!(
                "`containment` is missing; send {function} {{\"containment\":\"…\"}} with the id from the report of \
                 threat-containment"
            ));
        }
        (Some(_), Some(_)) => {
            return Err(
                "`approve` names a plan, and the plan is of one containment; leave `containment` out"
                    .to_owned(),
            );
        }
        (None, Some(_)) => {}
        (Some(id), None) => {
            let target = Containment::target_in(id).ok_or_else(|| {
                format!("`containment` {id:?} is no id of a containment; copy it from the report")
            })?;
            if event.targets.is_empty() {
                event.targets.push(target.to_owned());
            } else if event.targets != [target] {
                return Err(format!(
                    "the containment {id} is of the target {target}; leave `targets` out"
                ));
            }
        }
    }
    Ok(containment)
}

fn ignored<A: Action>(reason: &str) -> Value {
    tracing::info!(function = A::NAME, reason, "event ignored");
    json!({ "outcome": "ignored", "reason": reason })
}

impl<A: Action> ActionApp<A> {
    async fn alarm(&self, alarm: Alarm, invocation: &Invocation) -> Result<Value, OpsError> {
        // The mapping is ours: nothing in the event can point us at something else (`cases.md` E19, O04).
        let bound = A::alarms(&self.settings.function)
            .into_iter()
            .find(|(_, arn)| **arn == alarm.arn)
            .and_then(|(target, _)| self.settings.target(target));
        let Some(target) = bound else {
            self.count_foreign(&alarm, invocation);
            return Ok(ignored::<A>("the alarm is not bound to a target in the settings"));
        };
        match alarm.state {
            AlarmState::Alarm | AlarmState::InsufficientData => {}
            AlarmState::Ok | AlarmState::Other(_) => {
                return Ok(ignored::<A>("the alarm did not go to ALARM"));
            }
        }
        let case = Case::new(target, Occasion::Alarm(alarm), self.mode(), invocation);
        Box::pin(self.respond(case)).await
    }

    /// An alarm of ours that is bound nowhere is ordinary on a topic that many alarms notify; one of an account or region without
    /// a target should not come at all (`cases.md` E09).
    fn count_foreign(&self, alarm: &Alarm, invocation: &Invocation) {
        let its = |target: &Target| target.is_in(&alarm.account, &alarm.region);
        if self.settings.targets.iter().any(its) {
            return;
        }
        tracing::warn!(
            function = A::NAME,
            account = alarm.account.as_str(),
            region = alarm.region.as_str(),
            alarm = alarm.arn.as_str(),
            "foreign alarm refused"
        );
        let foreign = Figure::foreign(A::NAME, A::TASK);
        self.edge.tell(&[foreign], invocation.now);
    }

    async fn manual(&self, mut event: Manual, invocation: &Invocation) -> Result<Value, OpsError> {
        let containment = if A::RELEASES {
            containment_of(&mut event, A::NAME).map_err(OpsError::Event)?
        } else {
            None
        };
        event.names_nothing_else(A::NAME).map_err(OpsError::Event)?;
        if let Some(task) = event.task.as_deref().filter(|task| *task != A::TASK) {
            return Err(OpsError::Event(format!(
                "{} has no task `{task}`; it has {}, self-check and revert",
                A::NAME,
                A::TASK
            )));
        }
        let target = self.one_target(&event.targets)?;
        let mode = self
            .mode()
            .lowered_to(event.mode.as_deref())
            .map_err(OpsError::Event)?;
        let occasion = match &event.approve {
            None => containment.map_or(Occasion::Manual, |containment| Occasion::Release { containment }),
            Some(_) if event.mode.is_some() => {
                return Err(OpsError::Event(
                    "`approve` carries a plan out, so `mode` has no meaning beside it; leave out one of the two"
                        .to_owned(),
                ));
            }
            Some(plan) => self.approved(target, plan, invocation).await?,
        };
        let case = Case::new(target, occasion, mode, invocation);
        Box::pin(self.respond(case)).await
    }

    /// The proposal that an approval names. Whether it may still be used is decided by the table when it is used.
    async fn approved(
        &self,
        target: &Target,
        plan: &str,
        invocation: &Invocation,
    ) -> Result<Occasion, OpsError> {
        let plan = PlanId::parse(plan).ok_or_else(|| {
            OpsError::Event(format!(
                "`approve` {plan:?} is no plan id; send the 64 hexadecimal digits of the mail"
            ))
        })?;
        if self.mode() < Mode::Approve {
            return Err(OpsError::Event(format!(
                "`approve` has no meaning: {} is deployed in mode {}",
                A::NAME,
                self.mode()
            )));
        }
        let proposal = self
            .edge
            .journal
            .proposal(A::NAME, target.name.as_str(), &plan)
            .await?
            .ok_or_else(|| {
                OpsError::Event(format!(
                    "no plan {plan} was proposed for {}; copy the line of the mail, or run the function again for a \
                     plan of now",
                    target.name
                ))
            })?;
        let over = proposal.expires_at <= Watch::start(invocation.now).now();
        if over && proposal.used_by.is_none() {
            return Err(OpsError::Event(format!(
                "the plan could be approved until {}; run the function again for a plan of now",
                proposal.expires_at
            )));
        }
        Ok(Occasion::Approved(proposal.approved))
    }

    async fn revert(&self, id: &str, invocation: &Invocation) -> Result<Value, OpsError> {
        let lease = self.edge.journal.lease(id).await?;
        let lease = lease.ok_or_else(|| OpsError::Event(format!("there is no lease `{id}`")))?;
        if lease.function != A::NAME {
            return Err(OpsError::Event(format!(
                "lease `{id}` is of {}; send it there",
                lease.function
            )));
        }
        if !lease.state.is_open() {
            let state = lease.state.word();
            return Ok(json!({ "outcome": "already_done", "lease": id, "state": state }));
        }
        let target = self.settings.target(&lease.target).ok_or_else(|| {
            OpsError::Event(format!(
                "lease `{id}` is of the target {}, which is no longer in the settings: take {} back to {} by hand",
                lease.target, lease.resource, lease.before
            ))
        })?;
        let mut case = Case::new(target, Occasion::Revert, self.mode(), invocation);
        case.lease = Some(lease);
        Box::pin(self.respond(case)).await
    }

    /// An action is for one target; which one must be said.
    fn one_target(&self, names: &[String]) -> Result<&Target, OpsError> {
        let known: Vec<&str> = self
            .settings
            .targets
            .iter()
            .map(|target| target.name.as_str())
            .collect();
        let [name] = names else {
            return Err(OpsError::Event(format!(
                "{} changes one target at a time, and {} are named; send {{\"targets\":[\"…\"]}} with one of {}",
                A::NAME,
                names.len(),
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_hand(containment: Option<&str>, approve: Option<&str>, targets: &[&str]) -> Manual {
        Manual {
            containment: containment.map(str::to_owned),
            approve: approve.map(str::to_owned),
            targets: targets.iter().map(|target| (*target).to_owned()).collect(),
            ..Manual::default()
        }
    }

    #[test]
    fn a_containment_names_its_target_and_no_other_and_an_approval_names_none() {
        let id = "prod-a.0123456789abcdef0123456789abcdef";
        for targets in [&[][..], &["prod-a"]] {
            let mut call = by_hand(Some(id), None, targets);
            assert_eq!(containment_of(&mut call, "f"), Ok(Some(id.to_owned())));
            assert_eq!(
                (call.targets, call.containment),
                (vec!["prod-a".to_owned()], None)
            );
        }
        let mut approval = by_hand(None, Some("plan"), &["prod-a"]);
        assert_eq!(containment_of(&mut approval, "f"), Ok(None));
        for (mut call, says) in [
            (
                by_hand(None, None, &["prod-a"]),
                "`containment` is missing; send f",
            ),
            (by_hand(Some(id), Some("plan"), &[]), "leave `containment` out"),
            (by_hand(Some(id), None, &["prod-b"]), "is of the target prod-a"),
            (
                by_hand(Some(id), None, &["prod-a", "prod-b"]),
                "is of the target prod-a",
            ),
            (by_hand(Some("pod"), None, &[]), "is no id of a containment"),
        ] {
            let refused = containment_of(&mut call, "f").unwrap_err();
            assert!(refused.contains(says), "{refused}");
        }
    }
}
