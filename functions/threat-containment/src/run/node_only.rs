//! Findings about what is no live pod: an instance, or a pod that is gone. Reported with what is there; nothing is contained.

use day2_aws::error::OpsError;
use day2_core::action::Outcome;
use day2_core::containment::{Containment, Measure, MeasureState};
use day2_kube::{KindAt, ListQuery, Raw};
use serde_json::{Value, json};

use super::ThreatContainment;
use super::case::Case;
use super::look::Known;
use super::tell::Ending;
use crate::facts::{Reread, instance_of};
use crate::gather::{guardduty, node};
use crate::report::{self as items, OnNode};

/// Most pods of a node that are named.
const MOST_PODS: usize = 200;

impl ThreatContainment {
    /// A finding that names only an instance: its node and the pods on it (`cases.md` K24).
    pub(super) async fn node_only(&self, mut case: Case<'_>) -> Result<Value, OpsError> {
        case.has_time()?;
        let ctx = self.ctx(case.target).await;
        let times = case.times();
        let detector = case.platform.detector_id.clone();
        let read = guardduty::finding(&ctx, detector.as_deref(), &case.finding.id, &times).await;
        let reread = guardduty::compare(&case.finding, read);
        if let Reread::Confirmed(theirs) = &reread {
            case.finding.instance = theirs.instance.clone().or(case.finding.instance.take());
        }
        self.about_instance(&case, &reread).await
    }

    /// The same, for a finding that was read at GuardDuty already and turned out to name no pod.
    pub(super) async fn node_only_claimed(&self, case: &Case<'_>) -> Result<Value, OpsError> {
        let reread = Reread::Confirmed(Box::new(case.finding.clone()));
        self.about_instance(case, &reread).await
    }

    async fn about_instance(&self, case: &Case<'_>, reread: &Reread) -> Result<Value, OpsError> {
        let seen = self.on_node(case).await;
        let says = match &seen {
            Ok(OnNode { node: Some(_), pods }) => {
                format!(
                    "the finding names a node with {} pods and no pod; nothing was contained",
                    pods.len()
                )
            }
            Ok(OnNode { node: None, .. }) => {
                "the finding names an instance that is no node of the cluster; nothing was contained"
                    .to_owned()
            }
            Err(_) => {
                "the finding names no pod, and its node could not be read; nothing was contained".to_owned()
            }
        };
        let items = items::instance_only(&case.finding, reread, &seen);
        let occasion = format!("instance:{}", case.finding.dedup_key());
        let ending = Ending::of(Outcome::NothingToDo, says, items);
        self.tell_once_an_hour(case, "instances", occasion, ending).await
    }

    async fn on_node(&self, case: &Case<'_>) -> day2_core::Observed<OnNode> {
        let ctx = self.ctx(case.target).await;
        let times = case.times();
        let cluster = ctx.cluster(case.target, &times).await?;
        let nodes = node::nodes(&cluster, &times).await?;
        let instance = case.finding.instance.as_deref();
        let found = nodes
            .iter()
            .find(|node| instance.is_some() && instance_of(node) == instance);
        let Some(found) = found else {
            return Ok(OnNode {
                node: None,
                pods: Vec::new(),
            });
        };
        let query = ListQuery::all().with_fields(format!("spec.nodeName={}", found.name));
        let pods = cluster.list_pods(&query, times.deadline).await?;
        Ok(OnNode {
            node: Some(found.name.clone()),
            pods: pods
                .items()
                .iter()
                .take(MOST_PODS)
                .map(|pod| format!("{}/{}", pod.namespace, pod.name))
                .collect(),
        })
    }

    /// The pod that the finding names is gone. If we ended it, that is said; otherwise somebody was quicker.
    pub(super) async fn gone(
        &self,
        case: &Case<'_>,
        known: &Known,
        reread: &Reread,
    ) -> Result<Value, OpsError> {
        let Some(workload) = &case.finding.workload else {
            return Err(OpsError::Refused("a pod that is gone has a name".to_owned()));
        };
        let of_pod = |one: &Containment| {
            one.pod.namespace == *workload.namespace.as_str()
                && one.pod.name == *workload.name.as_str()
                && workload.uid.as_ref().is_none_or(|uid| *uid == one.pod.uid)
        };
        let mut ours = match known {
            Known::Open(one) => Some((**one).clone()).filter(of_pod),
            other => self.all(case, other).await?.into_iter().rev().find(of_pod),
        };
        let name = format!("{}/{}", workload.namespace, workload.name);
        let (says, occasion) = match &ours {
            Some(record) => (
                format!("pod {name} is contained and gone"),
                format!("pod:{}#{}/gone", record.pod.uid, record.generation),
            ),
            None => (
                format!("pod {name} is gone; nothing was contained"),
                format!("gone:{}", case.finding.dedup_key()),
            ),
        };
        if let Some(record) = &mut ours {
            // Whoever worked on it may have died in between.
            self.look_after(case, record).await?;
        }
        let items = items::gone(&case.finding, reread, ours.as_ref());
        let outcome = if ours.is_some() {
            Outcome::Applied
        } else {
            Outcome::NothingToDo
        };
        self.tell(case, occasion, Ending::of(outcome, says, items)).await
    }

    /// Looks whether the end of a workload that was remembered and not marked came about: by the replicas that it has, or by
    /// the pod that is gone. What cannot be seen stays as it is.
    pub(super) async fn look_after(&self, case: &Case<'_>, record: &mut Containment) -> Result<(), OpsError> {
        let pending: Vec<_> = record
            .measures
            .iter()
            .filter(|taken| taken.state == MeasureState::Pending)
            .cloned()
            .collect();
        if pending.is_empty() || !record.is_open() {
            return Ok(());
        }
        let ctx = self.ctx(case.target).await;
        let times = case.times();
        let cluster = ctx.cluster(case.target, &times).await.map_err(OpsError::Read)?;
        let mut seen = false;
        for taken in pending {
            let done = match &taken.measure {
                Measure::DeletePod => true,
                Measure::Scale { workload, name, .. } => {
                    let plural = format!("{}s", workload.to_ascii_lowercase());
                    let at = KindAt::new("apps", "v1", &plural);
                    let namespace = Some(record.pod.namespace.as_str());
                    match at {
                        Ok(at) => matches!(
                            cluster.get_raw(&at, namespace, name, times.deadline).await,
                            Ok(Raw::Object(object)) if object.pointer("/spec/replicas") == Some(&json!(0))
                        ),
                        Err(_) => false,
                    }
                }
                _ => false,
            };
            if done {
                let says = "done by an earlier delivery, which ended before it could say so";
                record.mark(&taken.resource, MeasureState::Active, says, case.watch.now());
                seen = true;
            }
        }
        if seen {
            self.save_record(case, record).await?;
        }
        Ok(())
    }
}
