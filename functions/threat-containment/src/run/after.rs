//! Everything after the isolation: evidence, the node, who is like the pod, the proof, and the end.

use day2_aws::error::OpsError;
use day2_aws::evidence::{EvidenceLimits, EvidenceReceipt, EvidenceStore};
use day2_core::Observed;
use day2_core::action::Plan;
use day2_core::containment::{Containment, MeasureState, Taken};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::ThreatContainment;
use super::case::Case;
use super::contain::Ground;
use super::end::ends;
use super::work::{Done, Work, namespace_of, sealed};
use crate::act::capture::{Capturing, capture};
use crate::act::{node, prove};
use crate::facts::{NodeFacts, WorkloadFacts};
use crate::gather::{self, Clients};
use crate::plan::{self, Draft, NAME, open_measures};

impl ThreatContainment {
    /// Everything after the isolation: evidence, the node, who is like it, the proof, and the end.
    pub(super) async fn after_isolation(
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
        let deny = self.settings.function.sessions.deny;
        let others = gather::workload::facts((ctx, &ground.cluster), &ground.pod, &namespace, deny, &times);
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
        wait_until(case, proof_at).await;
        let proving = prove::prove(&ground.cluster, &ground.pod, node, agent, times.deadline);
        let proof = Box::pin(proving).await;
        // After the network is closed: what the pod could still fetch until then is older too.
        Box::pin(self.deny_sessions(case, ctx, ground, work, (&others, &receipt))).await?;
        let ending = self.ending(ground, &others, work);
        work.skips.extend(ending.skips.clone());
        let mut proposed = None;
        let mut ended = None;
        let open = open_measures(&ending, Some(&work.record));
        if !open.is_empty() {
            match self.may_end(ground, &receipt, work, &open, approval) {
                Err(why) if why.is_empty() => {
                    proposed = Some(self.propose_end(case, ground, &open, work).await?);
                }
                Err(why) => {
                    for taken in &open {
                        work.skip(taken, &why);
                    }
                }
                Ok(receipt) => {
                    Box::pin(self.end_now(case, ground, work, &open, receipt)).await?;
                    ended = Some(Box::pin(self.look_for_end(case, ground)).await);
                }
            }
        } else if work.record.measures.iter().any(ends) {
            // Whoever worked on it may have died before it could say so, and the pod is still ending.
            Box::pin(self.look_after(case, &mut work.record)).await?;
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
    pub(super) async fn nodes(
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
        let outcomes = node::take(ctx, &ground.cluster, &open, &times).await;
        work.take(&open, outcomes, case.watch.now());
        let saved = self.save(case, work).await;
        (facts, saved)
    }

    pub(super) async fn capture(
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

    pub(super) fn evidence_store(&self) -> Option<EvidenceStore> {
        let place = self.settings.function.evidence.clone()?;
        let limits = EvidenceLimits {
            artefact_bytes: u64::try_from(self.settings.function.capture.log_bytes()).unwrap_or(u64::MAX),
            ..EvidenceLimits::default()
        };
        Some(EvidenceStore::new(&self.edge.aws, place, limits))
    }

    /// The plan for the end of the workload.
    pub(super) fn ending(&self, ground: &Ground, others: &WorkloadFacts, work: &Work) -> Draft {
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
}

/// Waits, and no longer than the work may last.
pub(super) async fn wait_until(case: &Case<'_>, at: Timestamp) {
    let at = at.min(case.times().deadline);
    tokio::time::sleep(case.watch.until(at)).await;
}

fn store_name(app: &ThreatContainment) -> &str {
    app.settings
        .function
        .evidence
        .as_ref()
        .map_or("evidence", |place| place.bucket.as_str())
}
