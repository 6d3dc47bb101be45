//! What a run has seen and done; it becomes the report.

use day2_aws::error::OpsError;
use day2_aws::evidence::EvidenceReceipt;
use day2_core::Observed;
use day2_core::action::{Plan, PlanId, Skip, StepResult, StepState};
use day2_core::containment::{Containment, Measure, MeasureState, Sealed, Taken};
use day2_kube::quarantine::Isolation;
use jiff::Timestamp;
use serde_json::Value;

use super::case::Case;
use super::contain::Ground;
use crate::act::{Came, settle};
use crate::facts::{NodeFacts, WorkloadFacts};
use crate::plan::{self, About, NAME};

/// What a run has seen and done; it becomes the report.
pub(crate) struct Work {
    pub(crate) record: Containment,
    pub(crate) results: Vec<StepResult>,
    pub(crate) skips: Vec<Skip>,
    /// Failures that may pass: the event comes again.
    pub(crate) again: Option<OpsError>,
}

impl Work {
    /// A measure that is not begun, and why.
    pub(super) fn skip(&mut self, taken: &Taken, why: &str) {
        self.skips.push(Skip {
            resource: taken.resource.clone(),
            why: why.to_owned(),
        });
    }

    /// Takes what came of measures into the results.
    pub(super) fn take(&mut self, measures: &[Taken], came: Vec<Came>, now: Timestamp) {
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
    pub(super) fn isolated(&self) -> bool {
        let mut isolation = self
            .record
            .measures
            .iter()
            .filter(|taken| matches!(taken.measure, Measure::Label { .. } | Measure::Policy { .. }));
        isolation.all(|taken| taken.state == MeasureState::Active)
    }
}

/// What came of everything after the isolation.
pub(super) struct Done {
    pub(super) receipt: Observed<EvidenceReceipt>,
    pub(super) nodes: NodeFacts,
    pub(super) others: WorkloadFacts,
    pub(super) proof: Observed<Isolation>,
    pub(super) proposed: Option<(PlanId, Timestamp, Vec<Taken>)>,
    /// What still runs with the pod's image, when something was ended.
    pub(super) ended: Option<Observed<Vec<String>>>,
}

/// What an earlier delivery did.
pub(super) fn earlier(taken: &Taken) -> StepResult {
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
    skips: &[Skip],
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

pub(super) fn sealed(receipt: &EvidenceReceipt, at: Timestamp) -> Sealed {
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
