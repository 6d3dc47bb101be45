//! Acting: record, isolate, capture beside the node's measures, prove, and only then, with evidence in hand, end.
//!
//! Each change is remembered before it is made and marked after it. The record is written under the condition that nobody
//! else wrote it since: a run that was frozen and taken over learns so before its next change.

use day2_aws::error::{OpsError, chain};
use day2_aws::evidence::{EvidenceLimits, EvidenceReceipt, EvidenceStore};
use day2_aws::journal::{Breaker, Held, Opened};
use day2_core::Observed;
use day2_core::action::{Guard, Outcome, Plan, PlanId, StepResult, StepState};
use day2_core::containment::{ContainedPod, Containment, ContainmentState, MeasureState, Sealed, Taken};
use day2_core::report::Run;
use day2_kube::quarantine::Isolation;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::ThreatContainment;
use super::case::{Case, Road};
use super::contain::Ground;
use super::tell::{Ending, How, hour_of};
use crate::act::capture::{Capturing, capture};
use crate::act::{Came, eradicate, isolate, node, prove, settle};
use crate::facts::{NodeFacts, WorkloadFacts};
use crate::gather;
use crate::gather::Clients;
use crate::plan::{self, About, Draft, NAME, open_measures, owner};
use crate::report;
use crate::report::items::{self, Seen};
use crate::settings::Eradicate;

/// Longest look for the end of what was ended.
const LONGEST_LOOK: SignedDuration = SignedDuration::from_secs(60);

/// Pause between two looks.
const LOOK_EVERY: SignedDuration = SignedDuration::from_secs(3);

/// Time that the report and its record need after a destructive step.
const AFTER_DESTRUCTION: SignedDuration = SignedDuration::from_secs(3);

/// What a run has seen and done; it becomes the report.
pub(crate) struct Work {
    pub(crate) record: Containment,
    pub(crate) results: Vec<StepResult>,
    pub(crate) skips: Vec<day2_core::action::Skip>,
    /// Failures that may pass: the event comes again.
    pub(crate) again: Option<OpsError>,
    /// Something was changed now, or found changed.
    pub(crate) acted: bool,
}

impl Work {
    /// Takes what came of measures into the results.
    fn take(&mut self, measures: &[Taken], came: Vec<Came>, now: Timestamp) {
        settle(&mut self.record, measures, &came, now);
        for (taken, came) in measures.iter().zip(came) {
            tracing::info!(
                function = NAME,
                resource = taken.resource,
                state = came.state.words(),
                now = came.now,
                "measure"
            );
            let state = match (came.state, came.now) {
                (MeasureState::Active, true) => StepState::Applied,
                (MeasureState::Active, false) | (MeasureState::Theirs, _) => StepState::AlreadyDone,
                (MeasureState::Pending, _) => StepState::Unknown,
                (MeasureState::Failed, _) if came.error.is_some() => StepState::Failed,
                _ => StepState::Refused,
            };
            self.acted |= matches!(
                state,
                StepState::Applied | StepState::AlreadyDone | StepState::Unknown
            );
            self.results.push(StepResult {
                resource: taken.resource.clone(),
                state,
                says: came.says,
                lease: None,
                expires_at: None,
            });
            if let Some(error) = came.error.filter(OpsError::is_transient) {
                self.again = self.again.take().or(Some(error));
            }
        }
    }

    /// Whether the measures of this kind are in force.
    fn isolated(&self) -> bool {
        let mut isolation = self.record.measures.iter().filter(|taken| {
            matches!(
                taken.measure,
                day2_core::containment::Measure::Label { .. }
                    | day2_core::containment::Measure::Policy { .. }
            )
        });
        isolation.all(|taken| taken.state == MeasureState::Active)
    }
}

impl ThreatContainment {
    /// Contains: in mode `auto`, or by an approval.
    pub(super) async fn act(
        &self,
        case: &Case<'_>,
        run: &Run,
        held: &Held,
        ground: Ground,
    ) -> Result<Value, OpsError> {
        let settings = &self.settings.function;
        let ctx = self.ctx(case.target).await;
        let approval = match &case.road {
            Road::Approved(approved) => {
                match Box::pin(self.bound(case, run, held, &ctx, &ground, approved)).await? {
                    Ok(plan) => Some(plan),
                    Err(answer) => return Ok(answer),
                }
            }
            _ => None,
        };
        let isolation = plan::isolate::isolate(&ground.pod, settings, &ground.id);
        let record = self.draft_record(case, &ground, &isolation.measures);
        let breakers = self.breakers(case, &ground);
        let journal = &self.edge.journal;
        let mut tripped = None;
        let record = match journal
            .open_containment(&record, &breakers, case.watch.now())
            .await?
        {
            Opened::New(record) => record,
            Opened::Known(mut record) => {
                let cut_off = isolation
                    .measures
                    .iter()
                    .filter(|taken| record.measure(&taken.resource).is_none());
                let missing: Vec<Taken> = cut_off.cloned().collect();
                if !missing.is_empty() && case.by_hand() {
                    // A person says that it is cut off nevertheless; remembered before it is made.
                    for taken in missing {
                        record.remember(taken);
                    }
                    self.save_record(case, &mut record).await?;
                } else if !missing.is_empty() {
                    tripped = Some(
                        "the breaker was open when this pod was found; send the finding's id by hand to cut it off \
                         nevertheless"
                            .to_owned(),
                    );
                }
                record
            }
            Opened::Tripped { says } => {
                tripped = Some(says);
                let label = plan::isolate::label_only(&ground.pod, &ground.id);
                let record = self.draft_record(case, &ground, &label.measures);
                match journal.open_containment(&record, &[], case.watch.now()).await? {
                    Opened::New(record) | Opened::Known(record) => record,
                    Opened::Tripped { says } => return Err(OpsError::Refused(says)),
                }
            }
        };
        let mut work = Work {
            record,
            results: Vec::new(),
            skips: isolation.skips.clone(),
            again: None,
            acted: false,
        };
        let first = match &tripped {
            Some(_) => plan::isolate::label_only(&ground.pod, &ground.id).measures,
            None => isolation.measures.clone(),
        };
        Box::pin(self.isolate_now(case, &ground, &mut work, &first)).await;
        if let Some(says) = tripped {
            return Box::pin(self.end_tripped(case, run, held, work, &ground, says)).await;
        }
        let done = Box::pin(self.after_isolation(case, &ctx, &ground, &mut work, approval.as_ref())).await?;
        Box::pin(self.conclude(case, run, held, &ground, work, done, approval.is_some())).await
    }

    /// Label and policy at once.
    async fn isolate_now(&self, case: &Case<'_>, ground: &Ground, work: &mut Work, first: &[Taken]) {
        let mark = owner(&ground.id);
        let finding = case.finding.dedup_key();
        let isolating = isolate::Isolating {
            pod: &ground.pod,
            owner: &mark,
            finding: &finding,
        };
        let deadline = case.times().deadline;
        let came = isolate::isolate(&ground.cluster, isolating, first, deadline).await;
        work.take(first, came, case.watch.now());
    }

    /// Everything after the isolation: evidence, the node, who is like it, the proof, and the end.
    async fn after_isolation(
        &self,
        case: &Case<'_>,
        ctx: &Clients,
        ground: &Ground,
        work: &mut Work,
        approval: Option<&Plan<Value>>,
    ) -> Result<Done, OpsError> {
        let isolated_at = case.watch.now();
        let times = case.times();
        let namespace = namespace_of(ground)?;
        let known = work.record.clone();
        let capturing = self.capture(case, ground, Some(&known));
        let nodes = self.nodes(case, ctx, ground, work);
        let others = gather::workload::facts(&ground.cluster, &ground.pod, &namespace, &times);
        let (receipt, (nodes, saved), others) =
            futures::join!(Box::pin(capturing), Box::pin(nodes), Box::pin(others));
        saved?;
        if let Ok(receipt) = &receipt {
            work.record.evidence.push(sealed(receipt, case.watch.now()));
            self.save(case, work).await?;
        }
        let node = ground.pod.node.as_deref().and_then(|name| nodes.node(name));
        let agent = case.platform.policy_agent;
        let settle = SignedDuration::from_secs(i64::from(self.settings.function.settle_seconds));
        let proof_at = isolated_at.checked_add(settle).unwrap_or(isolated_at);
        self.wait_until(case, proof_at).await;
        let proof = prove::prove(&ground.cluster, &ground.pod, node, agent, times.deadline).await;
        let ending = self.ending(ground, &others, work);
        work.skips.extend(ending.skips.clone());
        let mut proposed = None;
        let mut ended = None;
        let open = open_measures(&ending, Some(&work.record));
        if !open.is_empty() {
            match self.may_end(ground, &receipt, work, &open, approval) {
                Err(why) if why.is_empty() => {
                    proposed = Some(self.propose_end(case, ground, &open, work).await?)
                }
                Err(why) => {
                    for taken in &open {
                        work.skips.push(day2_core::action::Skip {
                            resource: taken.resource.clone(),
                            why: why.clone(),
                        });
                    }
                }
                Ok(receipt) => {
                    Box::pin(self.end_now(case, ground, work, &open, receipt)).await?;
                    ended = Some(Box::pin(self.look_for_end(case, ground)).await);
                }
            }
        } else if work.record.measures.iter().any(|taken| ends(taken)) {
            ended = Some(Box::pin(self.look_for_end(case, ground)).await);
        }
        Ok(Done {
            receipt,
            nodes,
            others,
            proof,
            proposed,
            ended,
        })
    }

    /// The node's measures, which wait for nothing but the nodes.
    async fn nodes(
        &self,
        case: &Case<'_>,
        ctx: &Clients,
        ground: &Ground,
        work: &mut Work,
    ) -> (NodeFacts, Result<(), OpsError>) {
        let times = case.times();
        let facts = gather::node::facts(ctx, &ground.cluster, &ground.pod, &times).await;
        let policy = &self.settings.function.node;
        let draft = if plan::isolate::denied(&self.settings.function, &ground.pod.namespace).is_some() {
            let mut draft = Draft::default();
            draft.skip("node", "the pod's namespace is denied: its node is left as it is");
            draft
        } else {
            plan::node::node(&ground.pod, &facts, policy, case.target, &ground.id)
        };
        work.skips.extend(draft.skips.clone());
        let open: Vec<Taken> = draft
            .measures
            .iter()
            .filter(|taken| {
                let known = work.record.measure(&taken.resource);
                known.is_none_or(|known| matches!(known.state, MeasureState::Pending | MeasureState::Failed))
            })
            .cloned()
            .collect();
        for taken in &open {
            work.record.remember(taken.clone());
        }
        // Also without a measure: it says that the isolation stands.
        if let Err(error) = self.save(case, work).await {
            return (facts, Err(error));
        }
        if open.is_empty() {
            return (facts, Ok(()));
        }
        let came = node::take(ctx, &ground.cluster, &open, &times).await;
        work.take(&open, came, case.watch.now());
        let saved = self.save(case, work).await;
        (facts, saved)
    }

    async fn capture(
        &self,
        case: &Case<'_>,
        ground: &Ground,
        known: Option<&Containment>,
    ) -> Observed<EvidenceReceipt> {
        let Some(store) = self.evidence_store() else {
            return Err(day2_core::Unreadable::new(
                "settings",
                "evidence",
                day2_core::Cause::NotFound,
                "the settings name no evidence bucket",
            ));
        };
        let capturing = Capturing {
            target: case.target,
            pod: &ground.pod,
            owners: &ground.owners,
            finding: &case.finding,
            request_id: &case.invocation.request_id,
            limits: self.settings.function.capture,
            known,
        };
        let done = capture(&store, &ground.cluster, capturing, &case.times()).await;
        done.map_err(|error| {
            tracing::warn!(function = NAME, error = ?error, "evidence is not sealed");
            error.to_unreadable("s3:PutObject", store_name(self))
        })
    }

    pub(super) async fn captured(&self, case: &Case<'_>, ground: &Ground) -> Observed<EvidenceReceipt> {
        Box::pin(self.capture(case, ground, ground.record())).await
    }

    fn evidence_store(&self) -> Option<EvidenceStore> {
        let place = self.settings.function.evidence.clone()?;
        let limits = EvidenceLimits {
            artefact_bytes: u64::try_from(self.settings.function.capture.log_bytes()).unwrap_or(u64::MAX),
            ..EvidenceLimits::default()
        };
        Some(EvidenceStore::new(&self.edge.aws, place, limits))
    }

    /// The plan for the end of the workload.
    fn ending(&self, ground: &Ground, others: &WorkloadFacts, work: &Work) -> Draft {
        let contained =
            plan::eradicate::contained_of(&ground.known, work.record.pod.owner.as_deref(), &ground.id);
        let upon = plan::eradicate::Ground {
            pod: &ground.pod,
            owners: &ground.owners,
            workload: others,
            contained,
            containment_id: &ground.id,
        };
        plan::eradicate::eradicate(upon, &self.settings.function)
    }

    /// Whether the workload may be ended now, with the evidence that allows it. An empty reason means: ask.
    fn may_end<'r>(
        &self,
        ground: &Ground,
        receipt: &'r Observed<EvidenceReceipt>,
        work: &Work,
        open: &[Taken],
        approval: Option<&Plan<Value>>,
    ) -> Result<&'r EvidenceReceipt, String> {
        let receipt = receipt
            .as_ref()
            .map_err(|why| format!("evidence is not safe, so nothing is destroyed: {why}"))?;
        let lost = receipt.lost();
        if !lost.is_empty() {
            return Err(format!(
                "evidence is not complete, so nothing is destroyed by itself: {}",
                lost.join("; ")
            ));
        }
        if !work.isolated() {
            return Err(
                "the isolation is not in force, so the end of the workload is left to a person".to_owned(),
            );
        }
        if let Some(plan) = approval {
            let approved = |taken: &Taken| {
                let mut steps = plan.steps.iter();
                steps.any(|step| {
                    (&step.resource, &step.before, &step.after)
                        == (&taken.resource, &taken.before, &taken.after)
                })
            };
            return match open.iter().find(|taken| !approved(taken)) {
                None => Ok(receipt),
                Some(taken) => Err(format!(
                    "{} -> {} is not what was approved for {}",
                    taken.before, taken.after, taken.resource
                )),
            };
        }
        if self.settings.function.eradicate == Eradicate::Auto && ground.reread.is_confirmed() {
            return Ok(receipt);
        }
        // Asked: by the settings, or because GuardDuty could not confirm the finding in this run (E10).
        Err(String::new())
    }

    /// Ends the workload, one measure after the other; the first that does not succeed stops the rest.
    async fn end_now(
        &self,
        case: &Case<'_>,
        ground: &Ground,
        work: &mut Work,
        open: &[Taken],
        receipt: &EvidenceReceipt,
    ) -> Result<(), OpsError> {
        let mut stopped: Option<String> = None;
        for taken in open {
            let seconds = i64::from(plan::words(&taken.measure).seconds);
            let needed = AFTER_DESTRUCTION
                .checked_add(SignedDuration::from_secs(seconds))
                .unwrap_or(AFTER_DESTRUCTION);
            if stopped.is_none() && case.left() < needed {
                stopped = Some(format!(
                    "{} s are left and it may take {}: it was not begun",
                    case.left().as_secs(),
                    needed.as_secs()
                ));
                work.again = work.again.take().or(Some(OpsError::Deadline {
                    what: plan::words(&taken.measure).title.to_owned(),
                    needed_seconds: needed.unsigned_abs().as_secs(),
                    left_seconds: case.left().max(SignedDuration::ZERO).unsigned_abs().as_secs(),
                }));
            }
            if let Some(why) = &stopped {
                work.results.push(StepResult {
                    resource: taken.resource.clone(),
                    state: StepState::NotBegun,
                    says: why.clone(),
                    lease: None,
                    expires_at: None,
                });
                continue;
            }
            if let Some(failed) = work
                .record
                .measures
                .iter_mut()
                .find(|one| one.resource == taken.resource)
            {
                failed.state = MeasureState::Pending;
            }
            work.record.remember(taken.clone());
            self.save(case, work).await?;
            let came = eradicate::end(
                &ground.cluster,
                &ground.pod,
                taken,
                receipt,
                case.times().deadline,
            )
            .await;
            if came.state != MeasureState::Active && came.state != MeasureState::Theirs {
                stopped = Some("a step before it did not succeed".to_owned());
            }
            work.take(std::slice::from_ref(taken), vec![came], case.watch.now());
            self.save(case, work).await?;
        }
        Ok(())
    }

    /// Looks until nothing with the pod's image runs in its namespace any more, or the time is up. What runs it elsewhere is
    /// another workload, which nobody ended: it is told, and not waited for.
    pub(super) async fn look_for_end(&self, case: &Case<'_>, ground: &Ground) -> Observed<Vec<String>> {
        let until = case
            .watch
            .now()
            .checked_add(LONGEST_LOOK)
            .unwrap_or_else(|_| case.end())
            .min(case.times().deadline);
        loop {
            let seen = gather::workload::still_runs(&ground.cluster, &ground.pod, &case.times()).await;
            let next = case.watch.now().checked_add(LOOK_EVERY).unwrap_or(until);
            let here = format!("{}/", ground.pod.namespace);
            let ended = seen
                .as_ref()
                .is_ok_and(|pods| !pods.iter().any(|pod| pod.starts_with(&here)));
            if ended || next >= until {
                return seen;
            }
            self.wait_until(case, next).await;
        }
    }

    async fn wait_until(&self, case: &Case<'_>, at: Timestamp) {
        let at = at.min(case.times().deadline);
        tokio::time::sleep(case.watch.until(at)).await;
    }

    /// Writes the record, and learns whether this run may go on.
    async fn save(&self, case: &Case<'_>, work: &mut Work) -> Result<(), OpsError> {
        self.save_record(case, &mut work.record).await
    }

    pub(super) async fn save_record(
        &self,
        case: &Case<'_>,
        record: &mut Containment,
    ) -> Result<(), OpsError> {
        let now = case.watch.now();
        if self.edge.journal.save_containment(record, now).await? {
            return Ok(());
        }
        Err(OpsError::InProgress {
            what: format!("containment {}", record.id),
            until: case.lease_until(),
        })
    }

    fn draft_record(&self, case: &Case<'_>, ground: &Ground, measures: &[Taken]) -> Containment {
        let pod = &ground.pod;
        Containment {
            id: ground.id.clone(),
            target: case.target.name.as_str().to_owned(),
            pod: ContainedPod {
                uid: pod.uid.clone(),
                namespace: pod.namespace.clone(),
                name: pod.name.clone(),
                node: pod.node.clone(),
                owner: owner_name(ground),
            },
            generation: ground.generation,
            finding: case.finding.dedup_key(),
            finding_type: case.finding.kind.clone(),
            opened_at: case.watch.now(),
            request_id: case.invocation.request_id.clone(),
            measures: measures.to_vec(),
            evidence: Vec::new(),
            state: ContainmentState::Open,
            released_at: None,
            noted: 0,
            joined: Vec::new(),
            version: 0,
        }
    }

    /// The circuit breaker: by hour, by day, and by owner, so that no workload is cut off as a whole.
    fn breakers(&self, case: &Case<'_>, ground: &Ground) -> Vec<Breaker> {
        let limits = &self.settings.function.breaker;
        let now = case.watch.now();
        let (hour, _) = hour_of(now);
        let day = now.strftime("%Y-%m-%d");
        let mut breakers = vec![
            Breaker {
                window: format!("hour {hour}"),
                most: limits.max_per_hour,
                says: format!(
                    "{} containments began in this hour already (breaker.max_per_hour)",
                    limits.max_per_hour
                ),
            },
            Breaker {
                window: format!("day {day}"),
                most: limits.max_per_day,
                says: format!(
                    "{} containments began on this day already (breaker.max_per_day)",
                    limits.max_per_day
                ),
            },
        ];
        if let Some(top) = ground.owners.controllers.last() {
            let most = plan::eradicate::most_of_owner(top.replicas, limits.replicas_share());
            // A DaemonSet has no replicas of its own to count by; hour and day bound it.
            if top.kind != "DaemonSet" {
                breakers.push(Breaker {
                    window: format!("owner {} {day}", top.uid),
                    most,
                    says: format!(
                        "{most} pods of {} were cut off on this day already, and more would stop it \
                         (breaker.max_percent_of_replicas)",
                        top.full_name()
                    ),
                });
            }
        }
        breakers
    }

    /// The breaker is open: the pod is labelled and reported (`cases.md` D10).
    async fn end_tripped(
        &self,
        case: &Case<'_>,
        run: &Run,
        held: &Held,
        mut work: Work,
        ground: &Ground,
        says: String,
    ) -> Result<Value, OpsError> {
        self.save(case, &mut work).await?;
        let items = vec![
            items::finding(&case.finding, &ground.reread),
            report::breaker(&says),
        ];
        let about = about(case, ground);
        let ending = Ending {
            plan: plan_of(&work.record, &about, &[], &work.skips)?,
            results: work.results,
            ..Ending::of(
                Outcome::Refused,
                "circuit breaker: the pod was labelled and not cut off",
                items,
            )
        }
        .refusing(
            Guard::CircuitBreaker,
            says,
            "the settings it names; look first at who makes so many findings",
        );
        let done = Box::pin(self.hourly(case, "circuit breaker", run, held, ending)).await;
        match work.again {
            Some(error) if !case.by_hand() && done.is_ok() => Err(error),
            _ => done,
        }
    }

    /// The report of what was done.
    #[expect(
        clippy::too_many_arguments,
        reason = "everything that a report is made of, used once"
    )]
    async fn conclude(
        &self,
        case: &Case<'_>,
        run: &Run,
        held: &Held,
        ground: &Ground,
        work: Work,
        done: Done,
        approved: bool,
    ) -> Result<Value, OpsError> {
        let seen = Seen {
            finding: &case.finding,
            reread: &ground.reread,
            pod: &ground.pod,
            owners: &ground.owners,
            nodes: Some(&done.nodes),
            others: Some(&done.others),
            receipt: Some(&done.receipt),
            proof: Some(&done.proof),
            record: Some(&work.record),
            ended: done.ended.as_ref(),
        };
        let items = items::all(&seen);
        let failed = work
            .results
            .iter()
            .any(|result| matches!(result.state, StepState::Failed));
        let outcome = if failed { Outcome::Failed } else { Outcome::Applied };
        let says = items::headline(&done.proof, &work.record, done.proposed.is_some());
        let about = about(case, ground);
        let mut results = work.results;
        let open = done
            .proposed
            .as_ref()
            .map(|(_, _, open)| open.as_slice())
            .unwrap_or_default();
        for taken in open {
            results.push(StepResult {
                resource: taken.resource.clone(),
                state: StepState::Planned,
                says: "waits for approval".to_owned(),
                lease: None,
                expires_at: None,
            });
        }
        for taken in &work.record.measures {
            if !results.iter().any(|result| result.resource == taken.resource) {
                results.push(earlier(taken));
            }
        }
        let ending = Ending {
            plan: plan_of(&work.record, &about, open, &work.skips)?,
            results,
            effect: Some(items::effect(&done.proof)),
            proposed: done.proposed.map(|(id, until, _)| (id, until)),
            approved,
            ..Ending::of(outcome, says, items)
        };
        if let Some(error) = work.again.filter(|_| !case.by_hand()) {
            // Something was changed and something was not: a person learns of it now, and the event comes again.
            self.publish(case, run, held, ending, How::Again).await?;
            tracing::warn!(function = NAME, error = chain(&error), "comes again");
            return Err(error);
        }
        self.publish(case, run, held, ending, How::Mail).await
    }
}

/// What came of everything after the isolation.
struct Done {
    receipt: Observed<EvidenceReceipt>,
    nodes: NodeFacts,
    others: WorkloadFacts,
    proof: Observed<Isolation>,
    proposed: Option<(PlanId, Timestamp, Vec<Taken>)>,
    /// What still runs with the pod's image, when something was ended.
    ended: Option<Observed<Vec<String>>>,
}

/// Whether a measure ends something.
fn ends(taken: &Taken) -> bool {
    use day2_core::containment::Measure::{DeletePod, Scale};
    matches!(taken.measure, Scale { .. } | DeletePod)
}

/// What an earlier delivery did.
fn earlier(taken: &Taken) -> StepResult {
    let (state, says) = match taken.state {
        MeasureState::Active => (StepState::AlreadyDone, "done by an earlier delivery"),
        MeasureState::Theirs => (StepState::AlreadyDone, "found so, not ours"),
        MeasureState::Pending => (
            StepState::Unknown,
            "an earlier delivery was about to do it; nothing shows that it did",
        ),
        MeasureState::Failed => (StepState::Failed, "an earlier delivery failed to do it"),
        MeasureState::Undone | MeasureState::Left => (StepState::NotBegun, "undone by a release"),
    };
    StepResult {
        resource: taken.resource.clone(),
        state,
        says: if taken.says.is_empty() {
            says.to_owned()
        } else {
            format!("{says}: {}", taken.says)
        },
        lease: None,
        expires_at: None,
    }
}

/// The plan as it is reported: what is remembered, and what waits.
pub(super) fn plan_of(
    record: &Containment,
    about: &About,
    waiting: &[Taken],
    skips: &[day2_core::action::Skip],
) -> Result<Plan<Value>, OpsError> {
    let all = record.measures.iter().chain(waiting);
    Plan {
        steps: all.map(|taken| plan::step(taken, about)).collect(),
        skips: skips.to_vec(),
        refusals: Vec::new(),
    }
    .to_record()
    .map_err(OpsError::Refused)
}

/// What a plan is about.
pub(super) fn about(case: &Case<'_>, ground: &Ground) -> About {
    About {
        namespace: ground.pod.namespace.clone(),
        pod: ground.pod.name.clone(),
        uid: ground.pod.uid.clone(),
        finding: case.finding.id.clone(),
        generation: ground.generation,
    }
}

/// The pod's owner in words.
pub(super) fn owner_name(ground: &Ground) -> Option<String> {
    ground
        .owners
        .controllers
        .last()
        .map(day2_kube::objects::Controller::full_name)
}

pub(super) fn namespace_of(ground: &Ground) -> Result<day2_core::names::DnsLabel, OpsError> {
    ground
        .pod
        .namespace
        .parse()
        .map_err(|misfit| OpsError::Refused(format!("the namespace of the pod {misfit}")))
}

fn sealed(receipt: &EvidenceReceipt, at: Timestamp) -> Sealed {
    let link = receipt.link();
    Sealed {
        manifest_key: link.key.clone(),
        sha256: link.sha256.to_string(),
        version_id: Some(link.version_id.clone()),
        artefacts: receipt.artefacts(),
        complete: receipt.complete(),
        at,
    }
}

fn store_name(app: &ThreatContainment) -> &str {
    app.settings
        .function
        .evidence
        .as_ref()
        .map_or("evidence", |place| place.bucket.as_str())
}
