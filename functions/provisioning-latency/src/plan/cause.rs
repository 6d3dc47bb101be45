//! `PRV-002`: why provisioning is slow. Several causes are all said, the one that reaches furthest first.

use day2_core::{Item, Observed, Verdict};
use day2_kube::objects::Node;

use super::alarm::Standing;
use super::control::{Readiness, complaints};
use super::images::PullFailures;
use super::pending::Waiting;
use super::provisioner::Health;
use super::words::{count, population};
use crate::facts::Facts;
use crate::settings::Platform;
use day2_core::settings::Labels;

/// What slows provisioning down, in the order in which it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Cause {
    /// API server, scheduler, or the nodes themselves.
    ControlPlane,
    /// The Deployment that builds workspaces.
    Provisioner,
    /// Images do not come.
    Registry,
    /// Workspaces wait for nodes. The only cause that more nodes cure.
    Capacity,
}

impl Cause {
    /// The word for a report.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::ControlPlane => "control plane",
            Self::Provisioner => "provisioner",
            Self::Registry => "registry",
            Self::Capacity => "capacity",
        }
    }
}

/// The causes that were seen, and what could not be looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Diagnosis {
    /// Each with its evidence in one sentence, furthest reaching first.
    pub(crate) causes: Vec<(Cause, String)>,
    /// Causes that could not be looked for, and why.
    pub(crate) unread: Vec<(Cause, String)>,
}

impl Diagnosis {
    /// The evidence for one cause.
    pub(crate) fn evidence(&self, cause: Cause) -> Option<&str> {
        self.causes
            .iter()
            .find(|(found, _)| *found == cause)
            .map(|(_, says)| says.as_str())
    }

    /// `control plane and capacity`.
    pub(crate) fn words(&self) -> String {
        let words: Vec<&str> = self.causes.iter().map(|(cause, _)| cause.word()).collect();
        words.join(" and ")
    }
}

/// What is looked at.
pub(crate) struct Evidence<'a> {
    /// Everything that was read.
    pub(crate) facts: &'a Facts,
    /// The provisioner.
    pub(crate) health: &'a Health<'a>,
    /// Waiting workspaces.
    pub(crate) waiting: &'a Observed<Waiting>,
    /// Images that do not come.
    pub(crate) pulls: &'a Observed<PullFailures>,
    /// Labels of the group's nodes.
    pub(crate) selector: &'a Labels,
}

/// Looks for each cause by itself: one that could not be looked for hides no other.
pub(crate) fn diagnose(evidence: &Evidence<'_>, platform: &Platform) -> Diagnosis {
    let mut found = Diagnosis::default();
    let mut add = |cause: Cause, seen: Result<Option<String>, String>| match seen {
        Ok(Some(says)) => found.causes.push((cause, says)),
        Ok(None) => {}
        Err(why) => found.unread.push((cause, why)),
    };
    add(Cause::ControlPlane, control_plane(evidence, platform));
    add(
        Cause::Provisioner,
        match evidence.health {
            Health::Well(_) => Ok(None),
            Health::Sick(_, says) => Ok(Some(says.clone())),
            Health::Absent => Ok(Some("the Deployment does not exist".to_owned())),
            Health::Unread(why) => Err(why.to_string()),
        },
    );
    add(
        Cause::Registry,
        evidence.pulls.as_ref().map_err(ToString::to_string).map(|pulls| {
            (pulls.total() > 0).then(|| {
                format!(
                    "{} without an image: {}",
                    count(pulls.total(), "pod"),
                    pulls.words()
                )
            })
        }),
    );
    add(
        Cause::Capacity,
        evidence
            .waiting
            .as_ref()
            .map_err(ToString::to_string)
            .and_then(|waiting| match (waiting.for_nodes(), waiting.not_judgeable()) {
                (0, 0) => Ok(None),
                (0, open) => Err(format!(
                    "the group has no node to compare what {} ask for with: raise it to one by hand",
                    count(open, "waiting pod")
                )),
                (number, _) => Ok(Some(format!(
                    "{} without a node: {}",
                    count(number, "workspace pod"),
                    waiting.words()
                ))),
            }),
    );
    found
}

fn control_plane(evidence: &Evidence<'_>, platform: &Platform) -> Result<Option<String>, String> {
    let not_looked_at = evidence.waiting.as_ref().map_or(0, Waiting::not_looked_at);
    let facts = evidence.facts;
    let mut says = complaints(&facts.cluster.readyz, &facts.eks, not_looked_at, &platform.limits);
    says.extend(poor_nodes(&facts.cluster.nodes, evidence.selector, platform));
    if !says.is_empty() {
        return Ok(Some(says.join("; ")));
    }
    match (&facts.cluster.readyz, &facts.cluster.nodes) {
        (Err(why), _) | (_, Err(why)) => Err(why.to_string()),
        (Ok(_), Ok(_)) => Ok(None),
    }
}

fn poor_nodes(nodes: &Observed<Vec<Node>>, selector: &Labels, platform: &Platform) -> Option<String> {
    let readiness = Readiness::of(nodes.as_ref().ok()?, selector);
    readiness.is_poor(&platform.limits).then(|| readiness.words())
}

/// What is said of the whole, in the words of the runbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// The alarm is over.
    NoLongerBreaching,
    /// Nobody can tell whether it is slow.
    NotEnoughData,
    /// Slow for a cause that was seen: the furthest reaching one.
    Caused(Cause),
    /// Slow, and none of the known causes was seen.
    Unexplained,
}

impl Class {
    /// The class of a run.
    pub(crate) fn of(standing: &Standing, diagnosis: &Diagnosis) -> Self {
        match standing {
            Standing::Fine(_) => Self::NoLongerBreaching,
            Standing::NotEnough(_) => Self::NotEnoughData,
            Standing::Slow(_) => diagnosis
                .causes
                .first()
                .map_or(Self::Unexplained, |(cause, _)| Self::Caused(*cause)),
        }
    }

    /// The words for a report.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::NoLongerBreaching => "no longer breaching",
            Self::NotEnoughData => "not enough data",
            Self::Caused(cause) => cause.word(),
            Self::Unexplained => "slow, cause not found",
        }
    }
}

/// The item.
pub(crate) fn item(class: Class, diagnosis: &Diagnosis) -> Item {
    const CODE: &str = "PRV-002";
    const TITLE: &str = "nothing is seen that slows provisioning down";
    const LOOKED_FOR: usize = 4;
    let verdict = match (diagnosis.causes.is_empty(), class, diagnosis.unread.is_empty()) {
        (false, _, _) => Verdict::Fail,
        (true, Class::Unexplained, _) | (true, _, false) => Verdict::Unknown,
        (true, _, true) => Verdict::Pass,
    };
    let seen = if diagnosis.causes.is_empty() {
        format!("{}: none of the causes looked for", class.words())
    } else if matches!(class, Class::Caused(_)) {
        diagnosis.words()
    } else {
        format!("{}; seen all the same: {}", class.words(), diagnosis.words())
    };
    let named = |(cause, says): &(Cause, String)| (cause.word().to_owned(), says.clone());
    Item::judge(
        CODE,
        TITLE,
        verdict,
        population(LOOKED_FOR - diagnosis.unread.len(), 1),
        seen,
    )
    .threshold(
        "no sign of control plane, provisioner, registry or capacity trouble",
        "PRV-003 to PRV-007",
    )
    .remedy("the first line reaches furthest: begin there. Only missing capacity is cured by more nodes")
    .subjects(diagnosis.causes.iter().map(named))
    .subjects(
        diagnosis
            .unread
            .iter()
            .map(|(cause, why)| (cause.word().to_owned(), format!("could not be looked for: {why}"))),
    )
}
