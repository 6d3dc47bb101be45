//! What stands between a plan and its first change: the approval, and the pause after the last action.

use day2_core::action::{ActionRecord, Approved, CoolDown, Guard, Mode, Occasion, Plan, Refusal};
use day2_core::report::Run;
use jiff::Timestamp;

use super::case::{Case, later};
use super::respond::Memory;
use super::{Action, ActionApp};
use crate::error::OpsError;
use crate::journal::{Proposal, Used};

/// What is left of a plan that was approved. What an earlier delivery of the approval has done is no part of the plan of now any
/// more, and was approved; what it had only remembered when it died still is.
fn left_of<C, D>(mut approved: Plan<C>, now: &Plan<D>, begun: impl Fn(&str) -> bool) -> Plan<C> {
    approved.steps.retain(|step| {
        let planned = now.steps.iter().any(|other| other.resource == step.resource);
        planned || !begun(&step.resource)
    });
    approved
}

impl<A: Action> ActionApp<A> {
    /// An approval is of exactly these steps: what differs is refused, in words.
    pub(super) async fn bind_approval(
        &self,
        case: &Case<'_>,
        memory: &Memory,
        key: &str,
        plan: &mut Plan<A::Change>,
    ) -> Result<(), OpsError> {
        let Occasion::Approved(approved) = &case.occasion else {
            return Ok(());
        };
        let target = case.target.name.as_str();
        let id = plan.id(A::NAME, target);
        if id == approved.plan {
            return Ok(());
        }
        let proposal = self
            .edge
            .journal
            .proposal(A::NAME, target, &approved.plan)
            .await?;
        let begun = |resource: &str| {
            memory
                .standing
                .leases_of(key)
                .any(|lease| lease.resource == resource)
        };
        let left = proposal.map(|proposal| left_of(proposal.plan, plan, begun));
        if left.as_ref().is_some_and(|left| left.id(A::NAME, target) == id) {
            return Ok(());
        }
        let mut differences = left.map(|left| plan.differences(&left)).unwrap_or_default();
        if differences.is_empty() {
            differences.push(format!("approved was {}, planned is {id}", approved.plan));
        }
        for difference in differences {
            plan.refusals.push(Refusal::new(
                Guard::Approval,
                format!("the world has changed since the plan was mailed: {difference}"),
                "run the function again by hand, and approve the plan of now",
            ));
        }
        Ok(())
    }

    pub(super) async fn ask(
        &self,
        case: &Case<'_>,
        run: &Run,
        key: &str,
        action: &ActionRecord,
    ) -> Result<Timestamp, OpsError> {
        let target = case.target.name.as_str();
        let minutes = A::safety(&self.settings.function).approval_minutes;
        let until = later(case.watch.now(), minutes);
        let proposal = Proposal {
            approved: Approved {
                plan: action.plan.id(A::NAME, target),
                proposed_at: run.started_at,
                alarm_arn: case.occasion.alarm_arn().map(str::to_owned),
                containment: case.occasion.containment().map(str::to_owned),
                occasion: key.to_owned(),
            },
            plan: action.plan.clone(),
            expires_at: until,
            used_by: None,
        };
        self.edge.journal.propose(A::NAME, target, &proposal).await?;
        Ok(until)
    }

    /// The last questions before the first change; each is one conditional write.
    pub(super) async fn begin(
        &self,
        case: &Case<'_>,
        memory: &Memory,
        key: &str,
        run: &Run,
    ) -> Result<Option<Refusal>, OpsError> {
        let (journal, target, now) = (&self.edge.journal, case.target.name.as_str(), case.watch.now());
        if memory.lock.is_none() {
            return Err(OpsError::Refused(
                "a change without the lock of its target".to_owned(),
            ));
        }
        if let Occasion::Approved(approved) = &case.occasion {
            let proposal = Proposal {
                approved: approved.clone(),
                plan: Plan::default(),
                expires_at: now,
                used_by: None,
            };
            let used = journal
                .use_proposal(A::NAME, target, &proposal, &run.request_id, now)
                .await?;
            if used == Used::No {
                let says = "this approval was used before, or its time is over";
                let way_out = "run the function again by hand, and approve the plan of now";
                return Ok(Some(Refusal::new(Guard::Approval, says, way_out)));
            }
        }
        if matches!(case.occasion, Occasion::Revert) {
            return Ok(None);
        }
        let pause = CoolDown {
            occasion: key.to_owned(),
            until: later(now, A::safety(&self.settings.function).cool_down_minutes),
        };
        let overrule = matches!(case.occasion, Occasion::Approved(_));
        if !journal.pause(A::NAME, target, &pause, now, overrule).await? {
            let says = "the cool-down of another action began while this one was planned";
            return Ok(Some(Refusal::new(
                Guard::CoolDown,
                says,
                "safety.cool_down_minutes",
            )));
        }
        if self.mode() == Mode::Auto {
            // In the other modes an alarm changes nothing, and is looked at in the pause too.
            case.pauses_until.set(Some(pause.until));
        }
        journal.begin(A::NAME, target, key, now).await?;
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use day2_core::action::{Step, Undo};

    use super::*;

    fn plan(resources: &[&str]) -> Plan<()> {
        let step = |resource: &&str| Step {
            change: (),
            resource: (*resource).to_owned(),
            title: String::new(),
            before: "1".to_owned(),
            after: "2".to_owned(),
            precondition: String::new(),
            undo: Undo::Nothing { words: String::new() },
            blast_radius: String::new(),
            disruptive: false,
            takes_seconds: 1,
        };
        Plan {
            steps: resources.iter().map(step).collect(),
            ..Plan::default()
        }
    }

    #[test]
    fn of_an_approved_plan_only_what_was_done_is_left_out_d12() {
        for (now, begun, left) in [
            // Nothing was begun: whatever is not planned any more is a difference, and no step that was done.
            (&["a", "b"][..], &[][..], &["a", "b"][..]),
            (&["b"], &[], &["a", "b"]),
            (&[], &[], &["a", "b"]),
            // Done, and therefore not planned again.
            (&["b"], &["a"], &["b"]),
            (&[], &["a", "b"], &[]),
            // Remembered and not done: it is planned again.
            (&["a", "b"], &["a"], &["a", "b"]),
            (&["b"], &["a", "b"], &["b"]),
        ] {
            let seen = left_of(plan(&["a", "b"]), &plan(now), |one| begun.contains(&one));
            let seen: Vec<&str> = seen.steps.iter().map(|step| step.resource.as_str()).collect();
            assert_eq!(seen, left, "planned {now:?}, begun {begun:?}");
        }
    }
}
