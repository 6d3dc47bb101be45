//! Whether a plan is carried out: the one place where dry run and apply part.

use super::{Mode, Occasion, Outcome, Plan};

/// What is to be done with a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Report only, with this outcome.
    Report(Outcome),
    /// Remember the plan and ask for approval.
    Ask,
    /// Carry it out.
    Execute,
}

/// Decides. A refusal wins over everything, an empty plan over the mode; an approval is the permission that `approve`
/// waits for; taking back runs in every mode, because it was agreed to when the change was made.
#[must_use]
pub fn decide<C>(mode: Mode, occasion: &Occasion, plan: &Plan<C>) -> Decision {
    if !plan.refusals.is_empty() {
        return Decision::Report(Outcome::Refused);
    }
    if plan.steps.is_empty() {
        return Decision::Report(Outcome::NothingToDo);
    }
    match (occasion, mode) {
        (Occasion::Revert, _) | (_, Mode::Auto) | (Occasion::Approved(_), Mode::Approve) => Decision::Execute,
        (_, Mode::Approve) => Decision::Ask,
        (_, Mode::Observe) => Decision::Report(Outcome::Planned),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::action::guard::{Guard, Refusal};
    use crate::action::{Approved, PlanId, Step, Undo};

    fn plan() -> Plan<()> {
        let step = Step {
            change: (),
            resource: "r".to_owned(),
            title: String::new(),
            before: String::new(),
            after: String::new(),
            precondition: String::new(),
            undo: Undo::Nothing { words: String::new() },
            blast_radius: String::new(),
            disruptive: false,
            takes_seconds: 1,
        };
        Plan {
            steps: vec![step],
            ..Plan::default()
        }
    }

    fn approved() -> Occasion {
        Occasion::Approved(Approved {
            plan: PlanId::parse(&"a".repeat(64)).unwrap(),
            proposed_at: Timestamp::UNIX_EPOCH,
            alarm_arn: None,
            containment: None,
            occasion: String::new(),
        })
    }

    #[test]
    fn only_auto_an_approval_and_a_revert_carry_a_plan_out_o11() {
        let table = [
            (
                Mode::Observe,
                Occasion::Manual,
                Decision::Report(Outcome::Planned),
            ),
            (Mode::Approve, Occasion::Manual, Decision::Ask),
            (Mode::Auto, Occasion::Manual, Decision::Execute),
            (Mode::Observe, approved(), Decision::Report(Outcome::Planned)),
            (Mode::Approve, approved(), Decision::Execute),
            (Mode::Observe, Occasion::Revert, Decision::Execute),
            (Mode::Approve, Occasion::Revert, Decision::Execute),
        ];
        for (mode, occasion, expected) in table {
            assert_eq!(
                decide(mode, &occasion, &plan()),
                expected,
                "{mode} {}",
                occasion.word()
            );
        }
    }

    #[test]
    fn a_refusal_stops_every_mode_and_every_occasion() {
        let mut refused = plan();
        refused.refusals.push(Refusal {
            guard: Guard::Cap,
            says: "too many".to_owned(),
            allowed_by: "step.max_nodes".to_owned(),
        });
        for mode in [Mode::Observe, Mode::Approve, Mode::Auto] {
            for occasion in [Occasion::Manual, approved(), Occasion::Revert] {
                assert_eq!(
                    decide(mode, &occasion, &refused),
                    Decision::Report(Outcome::Refused)
                );
            }
        }
    }

    #[test]
    fn nothing_to_do_is_said_in_every_mode() {
        for mode in [Mode::Observe, Mode::Approve, Mode::Auto] {
            assert_eq!(
                decide(mode, &Occasion::Manual, &Plan::<()>::default()),
                Decision::Report(Outcome::NothingToDo)
            );
        }
    }
}
