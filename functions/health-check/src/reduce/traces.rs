//! What was changed since a moment, by the metadata of the objects.

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
    /// It is new.
    pub new: bool,
}

/// Keeps what was touched since a moment.
#[derive(Debug, Clone, Copy)]
pub struct Since {
    /// The moment.
    pub at: Timestamp,
    /// Whether only new objects count: a replica set is changed by every scaling, but made by a new template only.
    pub new_only: bool,
}

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
        let changed = trace.changed.filter(|(at, _)| !self.new_only && *at >= self.at);
        let (at, by) = match (changed, new) {
            (Some((at, by)), _) => (at, Some(by)),
            (None, Some(at)) => (at, None),
            (None, None) => return,
        };
        let (owner_kind, name) = trace
            .owner
            .map_or_else(|| (String::new(), trace.name), |owner| (owner.kind, owner.name));
        sum.add(Touched {
            at,
            namespace: trace.namespace,
            owner_kind,
            name,
            by,
            new: new.is_some(),
        });
    }

    fn join(&self, sum: &mut TraceTally, page: TraceTally) {
        sum.examined += page.examined;
        sum.unlisted += page.unlisted;
        for touched in page.changes {
            sum.add(touched);
        }
    }
}

impl TraceTally {
    fn add(&mut self, touched: Touched) {
        self.changes.push(touched);
        if self.changes.len() >= 2 * MOST {
            self.changes.sort_by(|a, b| b.cmp(a));
            self.unlisted += self.changes.len() - MOST;
            self.changes.truncate(MOST);
        }
    }
}
