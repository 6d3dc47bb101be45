//! What was changed since a moment, by the metadata of the objects.

use std::collections::BTreeSet;

use day2_kube::Reduce;
use day2_kube::objects::Trace;
use jiff::Timestamp;

/// Changes that are kept of one kind.
const MOST: usize = 500;

/// What is kept of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TraceTally {
    /// Objects that were looked at.
    pub examined: usize,
    /// The newest changes.
    pub changes: Vec<Touched>,
    /// Changes beyond those.
    pub unlisted: usize,
    /// Templates that a Deployment went back to, now or earlier, and that were scaled or marked since the moment.
    pub used_again: BTreeSet<Template>,
}

/// A template of a Deployment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Template {
    /// Namespace.
    pub namespace: String,
    /// The Deployment.
    pub of: String,
    /// Its number.
    pub revision: String,
}

/// One object that was made or changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Touched {
    /// When.
    pub at: Timestamp,
    /// Namespace.
    pub namespace: String,
    /// Kind of the owner, if it has one.
    pub owner_kind: String,
    /// Name of the owner; of the object itself where it has none.
    pub name: String,
    /// Who changed it, as the API server recorded it.
    pub by: Option<String>,
    /// What was done to it.
    pub how: How,
    /// The number of its template, of a Deployment.
    pub revision: Option<String>,
}

/// What was done to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// It is new.
    Made,
    /// Something of it was changed.
    Changed,
}

/// Keeps what was touched since a moment.
#[derive(Debug, Clone, Copy)]
pub struct Since {
    /// The moment.
    pub at: Timestamp,
    /// What counts.
    pub look: Look,
}

/// What of a kind counts as a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// New objects only: a replica set is changed by every scaling, but made by a new template only.
    Templates,
    /// New and changed objects.
    Objects,
    /// New and changed objects, each by its own name, but for what Kubernetes' own controllers do to them.
    Workloads,
}

/// Seconds between the two times that one request leaves in an object, of which both are whole seconds.
const SAME_SECONDS: i64 = 1;

/// The client of the controllers of workloads.
const CONTROLLER: &str = "kube-controller-manager";

impl Reduce<Trace> for Since {
    type Sum = TraceTally;

    fn empty(&self) -> TraceTally {
        TraceTally::default()
    }

    fn take(&self, sum: &mut TraceTally, trace: Trace) {
        sum.examined += 1;
        if trace.is_lock {
            return;
        }
        let new = trace.created_at.filter(|at| *at >= self.at);
        let mut changes = trace.changes;
        changes.retain(|(at, by)| *at >= self.at && (self.look != Look::Workloads || by != CONTROLLER));
        // A workload goes by its own name, also where an operator owns it: so do its pods.
        let owner = trace.owner.filter(|_| self.look != Look::Workloads);
        let (owner_kind, name) =
            owner.map_or_else(|| (String::new(), trace.name), |owner| (owner.kind, owner.name));
        let touched = |at: Timestamp, by: Option<String>, how: How| Touched {
            at,
            namespace: trace.namespace.clone(),
            owner_kind: owner_kind.clone(),
            name: name.clone(),
            by: by.filter(|by| !by.is_empty()),
            how,
            revision: trace.revision.clone(),
        };
        if self.look == Look::Templates {
            let again = trace.revision.as_ref();
            let again = again.filter(|_| trace.used_again && !changes.is_empty());
            sum.used_again.extend(again.map(|revision| Template {
                namespace: trace.namespace.clone(),
                of: name.clone(),
                revision: revision.clone(),
            }));
            sum.add(new.map(|at| touched(at, None, How::Made)));
            return;
        }
        // Who made it is the client whose last change is the first; whatever came later is a change.
        let with_it =
            |at: &Timestamp| new.is_some_and(|new| at.as_second() - new.as_second() <= SAME_SECONDS);
        if !changes.iter().any(|(at, _)| with_it(at)) {
            sum.add(new.map(|at| touched(at, None, How::Made)));
        }
        for (at, by) in changes {
            let how = if with_it(&at) { How::Made } else { How::Changed };
            sum.add(Some(touched(at, Some(by), how)));
        }
    }

    fn join(&self, sum: &mut TraceTally, page: TraceTally) {
        sum.examined += page.examined;
        sum.unlisted += page.unlisted;
        sum.used_again.extend(page.used_again);
        for touched in page.changes {
            sum.add(Some(touched));
        }
    }
}

impl TraceTally {
    fn add(&mut self, touched: Option<Touched>) {
        self.changes.extend(touched);
        if self.changes.len() >= 2 * MOST {
            self.changes.sort_by(|a, b| b.cmp(a));
            self.unlisted += self.changes.len() - MOST;
            self.changes.truncate(MOST);
        }
    }
}
