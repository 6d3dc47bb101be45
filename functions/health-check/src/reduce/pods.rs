//! Pods: counted by node, grouped by workload and cause, and forgotten.

use std::collections::{BTreeMap, BTreeSet};

use day2_kube::Reduce;
use day2_kube::objects::{ContainerKind, PodHealth, Resources};
use jiff::{SignedDuration, Timestamp};

use super::cause::{Cause, Limits, Look, Trouble, look};
use super::mesh::{MeshTally, Wishes};
use super::nodes::NodeFact;
use super::owner::Workload;
use crate::counted::{Before, Counted};
use crate::facts::namespaces::Namespaces;
use crate::settings::{self, Plan};

/// Groups that are kept. More than that is one large trouble, and the report counts the rest.
const MOST_GROUPS: usize = 5_000;

/// Names kept of each group.
const EXAMPLES: usize = 3;

/// What pods are judged by while they are read.
#[derive(Debug, Clone)]
pub struct PodRules<'a> {
    /// Moment and limits.
    pub limits: Limits,
    /// Restarts before this do not count.
    pub restarts_since: Timestamp,
    /// Nodes that do not answer; none when nodes could not be read.
    pub gone: BTreeSet<&'a str>,
    /// What the run before left: how often containers had been restarted then.
    pub before: Option<&'a Before>,
    /// What namespaces ask of the mesh; none when nobody looks at the mesh.
    pub wishes: Option<Wishes<'a>>,
}

/// What is kept of all pods.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PodTally {
    /// Pods that were judged: not those that have finished or are being deleted in time.
    pub judged: usize,
    /// Pods that are not well, by workload and cause.
    pub groups: BTreeMap<(Workload, Cause), Group>,
    /// Pods in groups beyond those that are kept.
    pub unlisted: usize,
    /// Pods that are not well yet and too young to be judged, by workload.
    pub young: BTreeMap<Workload, usize>,
    /// Restarts by workload.
    pub restarts: BTreeMap<Workload, Restarts>,
    /// Restarts over the whole life of containers that were restarted in the last week, for the next run to compare with.
    pub counters: Counted,
    /// What pods take of each node.
    pub load: BTreeMap<String, Load>,
    /// Proxies.
    pub mesh: MeshTally,
    /// Claims that pods without a node wait with, namespace and name.
    pub wanted_claims: BTreeSet<(String, String)>,
}

/// Pods of one workload with one cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// How many.
    pub pods: usize,
    /// The evidence of the first.
    pub says: String,
    /// The earliest beginning that is known.
    pub since: Option<Timestamp>,
    /// Names of the first.
    pub examples: Vec<String>,
}

/// Restarts of one workload.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restarts {
    /// Restarts in the window that are certain: all of a pod that was made in it, those since a run that noted the count, else
    /// one for each container whose last end lies in it.
    pub certain: i64,
    /// Restarts in the window that there may have been at most; the same number where it is known.
    pub most: i64,
    /// Why it is not known, of the first container of which it is not.
    pub gap: Option<Gap>,
    /// Restarts over the whole lives of these containers.
    pub lifetime: i64,
    /// Reason or exit code of the latest end, and its time.
    pub last: Option<(Timestamp, String)>,
}

/// Why nobody knows how often a container had been restarted when the window began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// No run before has noted anything.
    NoRun,
    /// The run before had no room to note it.
    NoRoom,
    /// The run before did not note it, because it had not been restarted within a week; before that it may have been.
    Calm,
    /// The run before, which noted it, was within the window.
    Later,
    /// The run before, which noted it, was long before the window.
    Earlier,
}

/// What pods take of a node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Their requests.
    pub requests: Resources,
    /// Their number.
    pub pods: i64,
}

impl Reduce<PodHealth> for PodRules<'_> {
    type Sum = PodTally;

    fn empty(&self) -> PodTally {
        PodTally::default()
    }

    fn take(&self, sum: &mut PodTally, pod: PodHealth) {
        if let (Some(node), false) = (&pod.node, pod.finished()) {
            let load = sum.load.entry(node.clone()).or_default();
            load.requests += pod.requests;
            load.pods += 1;
        }
        let gone = pod.node.as_deref().is_some_and(|node| self.gone.contains(node));
        let seen = look(&pod, gone, &self.limits);
        let leaving = pod.deleting_since.is_some() || pod.phase == "Succeeded";
        if !leaving {
            sum.judged += 1;
            self.restarts(sum, &pod);
            if let Some(wishes) = self.wishes.as_ref().filter(|_| !pod.finished()) {
                wishes.take(&mut sum.mesh, &pod);
            }
        }
        match seen {
            Look::Well => {}
            Look::Young => *sum.young.entry(Workload::of(&pod)).or_default() += 1,
            Look::Troubled(trouble) => {
                if pod.node.is_none() {
                    let claims = pod
                        .claims
                        .iter()
                        .map(|claim| (pod.namespace.clone(), claim.clone()));
                    sum.wanted_claims.extend(claims);
                }
                sum.add(Workload::of(&pod), trouble, &pod.name);
            }
        }
    }

    fn join(&self, sum: &mut PodTally, page: PodTally) {
        sum.judged += page.judged;
        sum.unlisted += page.unlisted;
        for (key, group) in page.groups {
            sum.join_group(key, group);
        }
        for (workload, count) in page.young {
            *sum.young.entry(workload).or_default() += count;
        }
        for (workload, more) in page.restarts {
            sum.restarts.entry(workload).or_default().join(more);
        }
        sum.counters.join(page.counters);
        for (node, more) in page.load {
            let load = sum.load.entry(node).or_default();
            load.requests += more.requests;
            load.pods += more.pods;
        }
        sum.mesh.join(page.mesh);
        sum.wanted_claims.extend(page.wanted_claims);
    }
}

impl<'a> PodRules<'a> {
    /// The rules of a plan. Without nodes, none counts as gone; without namespaces, nobody is known to ask for the mesh.
    #[must_use]
    pub fn new(
        plan: &Plan,
        nodes: Option<&'a [NodeFact]>,
        namespaces: Option<&'a Namespaces>,
        before: Option<&'a Before>,
        now: Timestamp,
    ) -> Self {
        let limits = &plan.workloads;
        let window = SignedDuration::from_hours(i64::from(limits.window_hours));
        let since = now.saturating_sub(window).unwrap_or(now);
        Self {
            limits: Limits {
                now,
                grace_minutes: i64::from(limits.grace_minutes),
                terminating_minutes: i64::from(limits.terminating_minutes),
                failed_since: since,
            },
            restarts_since: since,
            before,
            gone: nodes
                .into_iter()
                .flatten()
                .filter(|node| !node.readiness.is_ready())
                .map(|node| node.name.as_str())
                .collect(),
            wishes: namespaces
                .filter(|_| plan.looks_at(settings::Group::Mesh))
                .map(Wishes),
        }
    }

    /// The count of restarts is over the life of a pod. What lies in the window is told by the age of the pod, by the count
    /// that the run before has left, by the length of the last run, or else by the time of the last end, which makes one
    /// restart certain and any other possible.
    fn restarts(&self, sum: &mut PodTally, pod: &PodHealth) {
        let inside = |at: Option<Timestamp>| at.is_some_and(|at| at >= self.restarts_since);
        let whole_life = inside(pod.created_at);
        let mut found = Restarts::default();
        for one in &pod.containers {
            let Some(end) = &one.last_end else {
                continue;
            };
            let name = format!("{}/{}", pod.uid.get(..8).unwrap_or(&pod.uid), one.name);
            if end
                .finished_at
                .is_some_and(|at| self.limits.minutes(at) < A_WEEK_IN_MINUTES)
            {
                sum.counters.add(name.clone(), one.restarts);
            }
            // An init container ends by itself and starts again with its pod.
            if !inside(end.finished_at) || (one.kind == ContainerKind::Init && end.exit_code == 0) {
                continue;
            }
            let (certain, most, gap) = if whole_life {
                (one.restarts, one.restarts, None)
            } else {
                self.in_the_window(&name, pod.created_at, one.restarts, end.started_at)
            };
            found.certain += certain.max(1);
            found.most += most.max(1);
            found.gap = found.gap.or(gap.filter(|_| certain < most));
            found.lifetime += one.restarts;
            let why = if end.reason == "Error" || end.reason.is_empty() {
                format!("{} exit code {}", one.name, end.exit_code)
            } else {
                format!("{} {}", one.name, super::short(&end.reason, 40))
            };
            found.last = found.last.max(end.finished_at.map(|at| (at, why)));
        }
        if found.certain > 0 {
            sum.restarts.entry(Workload::of(pod)).or_default().join(found);
        }
    }

    /// Least and most restarts in the window of a container that is older than it, and why they may differ. Its pod was made at
    /// `made`; its last run began at `began`, if that is told, and ended in the window.
    fn in_the_window(
        &self,
        name: &str,
        made: Option<Timestamp>,
        restarts: i64,
        began: Option<Timestamp>,
    ) -> (i64, i64, Option<Gap>) {
        let noted = self.before.and_then(|before| {
            let since = restarts - counted_then(before, name, made)?;
            // A count that is lower than it was is that of another container.
            (since >= 0).then(|| (self.apart(before), since))
        });
        match noted {
            Some((apart, since)) if apart.abs() <= SLACK_SECONDS => (since, since, None),
            _ if began.is_some_and(|began| began < self.restarts_since) => (1, 1, None),
            Some((apart, since)) if apart > 0 => (since, restarts, Some(Gap::Later)),
            Some((_, since)) => (1, since, Some(Gap::Earlier)),
            None => (1, restarts, Some(self.not_noted())),
        }
    }

    fn not_noted(&self) -> Gap {
        match self.before {
            None => Gap::NoRun,
            Some(before) if before.is_full() => Gap::NoRoom,
            Some(_) => Gap::Calm,
        }
    }

    /// Seconds from the beginning of the window to the run before.
    fn apart(&self, before: &Before) -> i64 {
        before.at.as_second() - self.restarts_since.as_second()
    }
}

/// What the run before knew of a container. It notes what was restarted within a week: what it left out although it had room was
/// calm in that week, and never restarted where its pod is younger.
fn counted_then(before: &Before, name: &str, made: Option<Timestamp>) -> Option<i64> {
    let age = made.map(|made| before.at.as_second() - made.as_second());
    let never = age.is_some_and(|age| age < A_WEEK_IN_MINUTES * 60) && !before.is_full();
    before.counters.get(name).copied().or(never.then_some(0))
}

/// Who was restarted within it may be again.
const A_WEEK_IN_MINUTES: i64 = 7 * 24 * 60;

/// The schedule of every day does not run at the very second.
const SLACK_SECONDS: i64 = 2 * 3600;

impl Restarts {
    fn join(&mut self, more: Self) {
        self.certain += more.certain;
        self.most += more.most;
        self.gap = self.gap.or(more.gap);
        self.lifetime += more.lifetime;
        self.last = self.last.take().max(more.last);
    }
}

impl PodTally {
    fn add(&mut self, workload: Workload, trouble: Trouble, pod: &str) {
        let group = Group {
            pods: 1,
            says: trouble.says,
            since: trouble.since,
            examples: vec![pod.to_owned()],
        };
        self.join_group((workload, trouble.cause), group);
    }

    fn join_group(&mut self, key: (Workload, Cause), more: Group) {
        if let Some(group) = self.groups.get_mut(&key) {
            group.pods += more.pods;
            group.since = earlier(group.since, more.since);
            let room = EXAMPLES.saturating_sub(group.examples.len());
            group.examples.extend(more.examples.into_iter().take(room));
        } else if self.groups.len() < MOST_GROUPS {
            self.groups.insert(key, more);
        } else {
            self.unlisted += more.pods;
        }
    }

    /// Puts pods of Jobs under the `CronJob` that made the Job.
    pub fn adopt(&mut self, cron_job: impl Fn(&str, &str) -> Option<String>) {
        let owner = |workload: &Workload| {
            let of = (workload.kind == "Job").then(|| cron_job(&workload.namespace, &workload.name))??;
            Some(Workload::new(&workload.namespace, "CronJob", &of))
        };
        for ((workload, cause), group) in std::mem::take(&mut self.groups) {
            let workload = owner(&workload).unwrap_or(workload);
            self.join_group((workload, cause), group);
        }
        for (workload, restarts) in std::mem::take(&mut self.restarts) {
            let workload = owner(&workload).unwrap_or(workload);
            self.restarts.entry(workload).or_default().join(restarts);
        }
    }

    /// Pods of a workload that are known not to be well, or not to be well yet.
    #[must_use]
    pub fn accounted_for(&self, workload: &Workload) -> usize {
        let young = self.young.get(workload).copied().unwrap_or_default();
        let of = |cause| (workload.clone(), cause);
        let present = self.groups.range(of(Cause::ImagePull)..=of(Cause::NodeGone));
        // A stateful set makes no other pod of the same name before the old one is gone.
        let held = self.groups.get(&of(Cause::Terminating));
        let held = held.filter(|_| workload.kind == "StatefulSet");
        let troubled: usize = present
            .map(|(_, group)| group)
            .chain(held)
            .map(|group| group.pods)
            .sum();
        young + troubled
    }
}

fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
