//! The record of a containment: made with the counters of the circuit breaker, written under the condition that nobody else
//! wrote it since.

use day2_aws::error::OpsError;
use day2_aws::journal::Breaker;
use day2_core::containment::{ContainedPod, Containment, ContainmentState, Taken};

use super::ThreatContainment;
use super::case::Case;
use super::contain::Ground;
use super::tell::hour_of;
use super::work::{Work, owner_name};
use crate::plan;

impl ThreatContainment {
    /// Writes the record, and learns whether this run may go on.
    pub(super) async fn save(&self, case: &Case<'_>, work: &mut Work) -> Result<(), OpsError> {
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

    /// The circuit breaker: by hour, by day, and by owner, so that no workload is cut off as a whole.
    pub(super) fn breakers(&self, case: &Case<'_>, ground: &Ground) -> Vec<Breaker> {
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
}

/// A record that is about to be opened.
pub(super) fn draft_record(case: &Case<'_>, ground: &Ground, measures: &[Taken]) -> Containment {
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
