//! Plans that change nothing yet: shown in `observe`, proposed in `approve`, and found again when a person approves.
//!
//! In `approve` evidence is captured at once: it changes nothing, and pods die. An approved run plans again, refuses with the
//! difference when the steps have changed, and captures again, because what it destroys needs a receipt of its own run.

use day2_aws::Invocation;
use day2_aws::error::OpsError;
use day2_aws::evidence::EvidenceReceipt;
use day2_aws::journal::{Held, Proposal, Used};
use day2_core::Observed;
use day2_core::action::{Approved, Guard, Mode, Outcome, Plan, PlanId};
use day2_core::containment::{Measure, Taken};
use day2_core::report::Run;
use day2_core::target::Target;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::ThreatContainment;
use super::case::{Case, Road};
use super::contain::Ground;
use super::tell::{Ending, How};
use super::work::{Work, about, namespace_of, owner_name};
use crate::facts::{NodeFacts, WorkloadFacts};
use crate::gather::{self, Clients};
use crate::plan::{self, Change, Draft, NAME, is_done, open_measures};
use crate::report::items::{self, Seen};
use crate::settings::Eradicate;

/// Everything that a whole plan stands on.
pub(super) struct Whole {
    pub(super) nodes: NodeFacts,
    pub(super) others: WorkloadFacts,
    pub(super) draft: Draft,
    pub(super) open: Vec<Taken>,
}

impl ThreatContainment {
    /// Reads everything and plans everything.
    pub(super) async fn whole(
        &self,
        case: &Case<'_>,
        ctx: &Clients,
        ground: &Ground,
    ) -> Result<Whole, OpsError> {
        let times = case.times();
        let namespace = namespace_of(ground)?;
        let settings = &self.settings.function;
        let (nodes, others) = futures::join!(
            Box::pin(gather::node::facts(ctx, &ground.cluster, &ground.pod, &times)),
            Box::pin(gather::workload::facts(
                (ctx, &ground.cluster),
                &ground.pod,
                &namespace,
                settings.sessions.deny,
                &times
            )),
        );
        let isolation = plan::isolate::isolate(&ground.pod, settings, &ground.id);
        let denied = plan::isolate::denied(settings, &ground.pod.namespace).is_some();
        let node = if denied {
            Draft::default()
        } else {
            plan::node::node(&ground.pod, &nodes, &settings.node, case.target, &ground.id)
        };
        let contained =
            plan::eradicate::contained_of(&ground.known, owner_name(ground).as_deref(), &ground.id);
        let upon = plan::eradicate::Ground {
            pod: &ground.pod,
            owners: &ground.owners,
            workload: &others,
            contained,
            containment_id: &ground.id,
        };
        let ending = plan::eradicate::eradicate(upon, settings);
        let sessions = plan::sessions::sessions(&ground.pod, &others, settings, case.target, &ground.id);
        let draft = isolation.then(node).then(sessions).then(ending);
        let open = open_measures(&draft, ground.record());
        Ok(Whole {
            nodes,
            others,
            draft,
            open,
        })
    }

    /// Shows the plan, with what was captured if anything was, and changes nothing.
    pub(super) async fn show(
        &self,
        case: &Case<'_>,
        run: &Run,
        held: &Held,
        ground: Ground,
        receipt: Option<Observed<EvidenceReceipt>>,
    ) -> Result<Value, OpsError> {
        let ctx = self.ctx(case.target).await;
        let whole = Box::pin(self.whole(case, &ctx, &ground)).await?;
        let ending = planned(case, &ground, &whole, receipt.as_ref())?;
        self.publish(case, run, held, ending, How::Mail).await
    }

    /// Captures evidence at once, and asks for the rest.
    pub(super) async fn propose(
        &self,
        case: &Case<'_>,
        run: &Run,
        held: &Held,
        ground: Ground,
    ) -> Result<Value, OpsError> {
        let ctx = self.ctx(case.target).await;
        let (receipt, whole) = futures::join!(
            self.captured(case, &ground),
            Box::pin(self.whole(case, &ctx, &ground))
        );
        let whole = whole?;
        let mut ending = planned(case, &ground, &whole, Some(&receipt))?;
        if !whole.open.is_empty() {
            let plan = ending.plan.clone();
            let id = plan.id(NAME, case.target.name.as_str());
            let until = self.ask(case, &ground, id.clone(), plan).await?;
            ending.proposed = Some((id, until));
        }
        self.publish(case, run, held, ending, How::Mail).await
    }

    /// Asks for the end of a workload whose pod is cut off already.
    pub(super) async fn propose_end(
        &self,
        case: &Case<'_>,
        ground: &Ground,
        open: &[Taken],
        work: &Work,
    ) -> Result<(PlanId, Timestamp, Vec<Taken>), OpsError> {
        let draft = Draft {
            skips: work.skips.clone(),
            ..Draft::default()
        };
        let plan = steps(case, ground, open, &draft)?;
        let id = plan.id(NAME, case.target.name.as_str());
        let until = self.ask(case, ground, id.clone(), plan).await?;
        Ok((id, until, open.to_vec()))
    }

    async fn ask(
        &self,
        case: &Case<'_>,
        ground: &Ground,
        id: PlanId,
        plan: Plan<Value>,
    ) -> Result<Timestamp, OpsError> {
        let now = Timestamp::from_second(case.watch.now().as_second()).unwrap_or_default();
        let minutes = i64::from(self.settings.function.approval_minutes);
        let until = now
            .checked_add(SignedDuration::from_mins(minutes))
            .unwrap_or(Timestamp::MAX);
        let proposal = Proposal {
            approved: Approved {
                plan: id,
                proposed_at: case.watch.now(),
                alarm_arn: None,
                occasion: ground.id.clone(),
                containment: None,
            },
            plan,
            expires_at: until,
            used_by: None,
        };
        let target = case.target.name.as_str();
        self.edge.journal.propose(NAME, target, &proposal).await?;
        Ok(until)
    }

    /// A person approves: the proposal says which finding and pod it is about.
    pub(super) async fn approved(
        &self,
        target: &Target,
        plan: &str,
        invocation: &Invocation,
    ) -> Result<Value, OpsError> {
        let mode = self.settings.function.mode;
        let plan = PlanId::parse(plan).ok_or_else(|| {
            OpsError::Event(format!(
                "`approve` {plan:?} is no plan id; send the 64 hexadecimal digits of the mail"
            ))
        })?;
        if mode < Mode::Approve {
            return Err(OpsError::Event(format!(
                "`approve` has no meaning: {NAME} is deployed in mode {mode}"
            )));
        }
        let proposal = self
            .edge
            .journal
            .proposal(NAME, target.name.as_str(), &plan)
            .await?
            .ok_or_else(|| {
                OpsError::Event(format!(
                    "no plan {plan} was proposed for {}; copy the line of the mail",
                    target.name
                ))
            })?;
        if proposal.expires_at <= invocation.now && proposal.used_by.is_none() {
            return Err(OpsError::Event(format!(
                "the plan could be approved until {}; send the finding's id by hand for a plan of now",
                proposal.expires_at
            )));
        }
        let about = proposal
            .plan
            .steps
            .first()
            .and_then(|step| serde_json::from_value::<Change>(step.change.clone()).ok())
            .map(|change| change.about)
            .ok_or_else(|| OpsError::Refused("the proposal cannot be read by this version".to_owned()))?;
        let (mut finding, platform) = self.read_finding(target, &about.finding, invocation).await?;
        // Approved was the end of this pod, by its uid, whatever else the finding may name by now.
        if let Some(workload) = &mut finding.workload {
            workload.uid = Some(about.uid);
        }
        let road = Road::Approved(proposal.approved);
        let case = Case::new((target, platform), mode, road, finding, invocation);
        Box::pin(self.contain(case)).await
    }

    /// An approval is of exactly these steps: the plan is made again, and what differs is refused in words. The inner error
    /// is the answer that says so. Uses the approval up.
    pub(super) async fn bound(
        &self,
        case: &Case<'_>,
        run: &Run,
        held: &Held,
        ctx: &Clients,
        ground: &Ground,
        approved: &Approved,
    ) -> Result<Result<Plan<Value>, Value>, OpsError> {
        let target = case.target.name.as_str();
        let proposal = self.edge.journal.proposal(NAME, target, &approved.plan).await?;
        let proposal = proposal.ok_or_else(|| OpsError::Event(format!("plan {} is gone", approved.plan)))?;
        let whole = Box::pin(self.whole(case, ctx, ground)).await?;
        let mut now = steps(case, ground, &whole.open, &whole.draft)?;
        if case.mode == Mode::Auto {
            // All else is done in this mode by itself; only the end of the workload waits.
            now.steps.retain(|step| ends(&step.change));
        }
        // What an earlier delivery of this approval has done is no part of the plan any more, and was approved.
        let mut left = proposal.plan.clone();
        left.steps
            .retain(|step| !is_done(ground.record(), &step.resource));
        let refused = if now.id(NAME, target) == left.id(NAME, target) {
            match self
                .edge
                .journal
                .use_proposal(NAME, target, &proposal, &run.request_id, case.watch.now())
                .await?
            {
                Used::Yes => return Ok(Ok(proposal.plan)),
                Used::No => vec!["this approval was used before, or its time is over".to_owned()],
            }
        } else {
            let mut differences = now.differences(&left);
            if differences.is_empty() {
                differences.push(format!(
                    "approved was {}, planned is {}",
                    approved.plan,
                    now.id(NAME, target)
                ));
            }
            differences
        };
        let mut ending = planned(case, ground, &whole, None)?;
        ending.outcome = Outcome::Refused;
        "the approval does not fit the plan of now".clone_into(&mut ending.says);
        for difference in refused {
            ending = ending.refusing(
                Guard::Approval,
                format!("the world has changed since the plan was mailed: {difference}"),
                "send the finding's id by hand, and approve the plan of now",
            );
        }
        self.publish(case, run, held, ending, How::Mail).await.map(Err)
    }

    /// Whether the end of workloads is asked for or done at all.
    pub(crate) fn may_eradicate(&self) -> bool {
        self.settings.function.eradicate != Eradicate::Never
    }
}

/// Whether a change ends a workload, or keeps its scaler from bringing it back.
fn ends(change: &Value) -> bool {
    let change = serde_json::from_value::<Change>(change.clone());
    change.is_ok_and(|change| {
        matches!(
            change.measure,
            Measure::PauseScaledObject { .. } | Measure::Scale { .. } | Measure::DeletePod
        )
    })
}

/// Measures as the steps of a plan.
fn steps(case: &Case<'_>, ground: &Ground, open: &[Taken], draft: &Draft) -> Result<Plan<Value>, OpsError> {
    let about = about(case, ground);
    Plan {
        steps: open.iter().map(|taken| plan::step(taken, &about)).collect(),
        skips: draft.skips.clone(),
        refusals: draft.refusals.clone(),
    }
    .to_record()
    .map_err(OpsError::Refused)
}

/// The report of a plan that changed nothing.
fn planned(
    case: &Case<'_>,
    ground: &Ground,
    whole: &Whole,
    receipt: Option<&Observed<EvidenceReceipt>>,
) -> Result<Ending, OpsError> {
    let seen = Seen {
        finding: &case.finding,
        reread: &ground.reread,
        pod: &ground.pod,
        owners: &ground.owners,
        nodes: Some(&whole.nodes),
        others: Some(&whole.others),
        receipt,
        proof: None,
        record: ground.record(),
        ended: None,
    };
    let outcome = if whole.open.is_empty() {
        Outcome::NothingToDo
    } else {
        Outcome::Planned
    };
    let pod = format!("{}/{}", ground.pod.namespace, ground.pod.name);
    Ok(Ending {
        plan: steps(case, ground, &whole.open, &whole.draft)?,
        ..Ending::of(
            outcome,
            format!("pod {pod} would be contained"),
            items::all(&seen),
        )
    })
}
