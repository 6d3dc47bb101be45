//! Which findings are acted on. Pure: the event says where to look, and the settings say what counts.
//!
//! A finding is tied to a target by the **ARN** of its cluster, which is made of the settings: account, region, name and
//! partition. A cluster of the same name elsewhere is somebody else's (`cases.md` E08, E09).

use day2_core::settings::Settings;
use day2_core::target::Target;
use day2_core::trigger::{Finding, Workload};
use jiff::{SignedDuration, Timestamp};

use crate::settings::{Accept, ThreatContainmentSettings};

/// Clocks of AWS and of a sandbox differ by less; requests are refused at five minutes.
const MOST_AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// What is to be done about a finding.
#[derive(Debug, Clone, PartialEq)]
pub enum Acceptance<'a> {
    /// It is about a pod of this target.
    Pod {
        /// The target.
        target: &'a Target,
        /// The pod, in names that can go into a path.
        workload: &'a Workload,
    },
    /// It is about the cluster of this target, and does not carry the workload (Security Hub's form): GuardDuty is to be
    /// asked for it.
    LookUp {
        /// The target.
        target: &'a Target,
    },
    /// It is about a node of this target and names no pod: reported, and nothing contained.
    Node {
        /// The target.
        target: &'a Target,
        /// The EC2 instance.
        instance: &'a str,
    },
    /// It is ours, and not acted on: told once an hour, otherwise counted.
    HeldBack {
        /// The target.
        target: &'a Target,
        /// Why.
        why: HeldBack,
    },
    /// It is about nothing of ours.
    Foreign(String),
}

/// Why a finding of ours is not acted on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeldBack {
    /// A generated example.
    Sample,
    /// Archived by a person or by a suppression rule.
    Archived,
    /// Below the least severity.
    Severity(String),
    /// Of a type that is not accepted.
    Type(String),
    /// Last updated too long ago, or in the future.
    Stale(String),
    /// About something in the cluster that is no pod.
    NoPod(String),
}

impl HeldBack {
    /// The reason in words, with what would let it through.
    #[must_use]
    pub fn says(&self) -> String {
        match self {
            Self::Sample => {
                "it is a sample finding: the road from GuardDuty to here works, and nothing is contained"
                    .to_owned()
            }
            Self::Archived => "it is archived in GuardDuty, by a person or a suppression rule".to_owned(),
            Self::Severity(why) | Self::Type(why) | Self::Stale(why) | Self::NoPod(why) => why.clone(),
        }
    }

    /// The setting or deed that would let it through.
    #[must_use]
    pub const fn allowed_by(&self) -> &'static str {
        match self {
            Self::Sample => "a finding of a real threat",
            Self::Archived => "unarchive the finding in GuardDuty, then send its id by hand",
            Self::Severity(_) => "accept.min_severity",
            Self::Type(_) => "accept.finding_types",
            Self::Stale(_) => "accept.max_age_minutes, or send the finding's id by hand",
            Self::NoPod(_) => "look at the finding in GuardDuty: only pods are contained",
        }
    }
}

/// Judges a finding of an event.
#[must_use]
pub fn accept<'a>(
    finding: &'a Finding,
    settings: &'a Settings<ThreatContainmentSettings>,
    now: Timestamp,
) -> Acceptance<'a> {
    let Some(target) = target_of(finding, settings) else {
        return Acceptance::Foreign(foreign(finding));
    };
    let rules = &settings.function.accept;
    if let Some(why) = held_back(finding, rules, now) {
        return Acceptance::HeldBack { target, why };
    }
    match (&finding.workload, &finding.cluster_arn, &finding.instance) {
        (Some(workload), _, _) if is_pod(workload) => Acceptance::Pod { target, workload },
        (Some(workload), _, _) => {
            let kind = workload.kind.as_deref().unwrap_or_default();
            let why = HeldBack::NoPod(format!("it names a workload of kind {kind:?}, which is no pod"));
            Acceptance::HeldBack { target, why }
        }
        // Security Hub's form, and a finding about the node that a cluster is named with.
        (None, Some(_), _) => Acceptance::LookUp { target },
        (None, None, Some(instance)) => Acceptance::Node { target, instance },
        (None, None, None) => {
            let why = HeldBack::NoPod("it names neither a pod nor an instance".to_owned());
            Acceptance::HeldBack { target, why }
        }
    }
}

/// GuardDuty writes the kind as the audit log does, `pods`. Runtime Monitoring leaves it out or writes `pod`.
fn is_pod(workload: &Workload) -> bool {
    workload
        .kind
        .as_deref()
        .is_none_or(|kind| kind.eq_ignore_ascii_case("pods") || kind.eq_ignore_ascii_case("pod"))
}

/// Why a finding is not acted on, whatever it is about.
#[must_use]
pub fn held_back(finding: &Finding, rules: &Accept, now: Timestamp) -> Option<HeldBack> {
    if finding.sample {
        return Some(HeldBack::Sample);
    }
    if finding.archived {
        return Some(HeldBack::Archived);
    }
    if finding.severity < rules.min_severity {
        return Some(HeldBack::Severity(format!(
            "its severity is {}, and {} is the least that is acted on",
            finding.severity, rules.min_severity
        )));
    }
    if !rules.types().any(|begin| begins(&finding.kind, begin)) {
        return Some(HeldBack::Type(format!(
            "findings of type {} are not acted on",
            finding.kind
        )));
    }
    let updated = finding.updated_at?;
    let age = now.duration_since(updated);
    if age > SignedDuration::from_mins(i64::from(rules.max_age_minutes)) {
        return Some(HeldBack::Stale(format!(
            "it was updated {} minutes ago, and findings older than {} are stale",
            age.as_mins(),
            rules.max_age_minutes
        )));
    }
    (age < -MOST_AHEAD).then(|| {
        HeldBack::Stale(format!(
            "it was updated {} minutes in the future, by our clock",
            -age.as_mins()
        ))
    })
}

/// Whether a type begins so; a trailing `*` says the same.
fn begins(kind: &str, begin: &str) -> bool {
    let begin = begin.trim_end_matches('*');
    !begin.is_empty() && kind.starts_with(begin)
}

/// The target whose cluster a finding names. One without a cluster is of the only target in its account and region;
/// between several nothing is guessed.
fn target_of<'a>(finding: &Finding, settings: &'a Settings<ThreatContainmentSettings>) -> Option<&'a Target> {
    let watched = |target: &&Target| settings.function.targets.contains_key(target.name.as_str());
    let here = |target: &&Target| target.is_in(&finding.account, &finding.region);
    let mut candidates = settings.targets.iter().filter(watched).filter(here);
    if let Some(arn) = &finding.cluster_arn {
        return candidates.find(|target| cluster_arn(target).as_deref() == Some(arn.as_str()));
    }
    // Of an example nothing is read, not even its cluster.
    let first = candidates.next()?;
    let only = candidates.next().is_none();
    (only || finding.sample).then_some(first)
}

/// The ARN of a target's cluster.
#[must_use]
pub fn cluster_arn(target: &Target) -> Option<String> {
    let cluster = target.cluster.as_ref()?;
    Some(format!(
        "arn:{}:eks:{}:{}:cluster/{}",
        target.region.partition(),
        target.region,
        target.account_id,
        cluster.name
    ))
}

fn foreign(finding: &Finding) -> String {
    let of = finding
        .cluster_arn
        .as_ref()
        .map_or_else(|| "no cluster".to_owned(), ToString::to_string);
    format!(
        "the finding is of account {} in {}, about {of}, which is no target of the settings",
        finding.account, finding.region
    )
}

#[cfg(test)]
mod tests;
