//! `HLT-211` to `HLT-213`: findings, and whether anybody was looking.

mod hub;

use std::collections::BTreeMap;

use day2_reads::findings::Finding as Threat;
use jiff::Timestamp;

use super::super::line::{Finding, Line};
use super::super::{Scene, words};
use crate::facts::security::{Runtime, SecurityFacts};
use crate::reduce::short;

pub(super) fn lines(seen: &SecurityFacts, scene: &Scene<'_>) -> Vec<Line> {
    let mut lines = vec![threats(seen, scene), watching(seen, scene)];
    lines.extend(
        seen.hub
            .as_ref()
            .map(|hub| hub::line(hub, seen.findings.is_ok(), scene)),
    );
    lines
}

/// Whether `GuardDuty` makes findings at all.
fn blind(seen: &SecurityFacts) -> Vec<(String, String)> {
    match &seen.detectors {
        Err(why) => vec![("detector".to_owned(), why.to_string())],
        Ok(all) if all.is_empty() => vec![(
            "detector".to_owned(),
            "GuardDuty is not switched on in this account and region".to_owned(),
        )],
        Ok(all) => all
            .iter()
            .filter(|detector| detector.status != "ENABLED")
            .map(|detector| {
                let says = format!("the detector is {}: it makes no new findings", detector.status);
                (format!("detector {}", detector.id), says)
            })
            .collect(),
    }
}

/// What has a say among findings: neither archived nor an example, and of the target's own account. Whoever filters by the
/// API alone trusts a filter; and an administrator's detector holds the findings of its members too.
fn counts(threat: &Threat, scene: &Scene<'_>) -> bool {
    !threat.archived && !threat.sample && own(&threat.account, scene)
}

/// Whether a finding is about the target's account. One that names none is not left out.
fn own(account: &str, scene: &Scene<'_>) -> bool {
    account.is_empty() || account == scene.target.account_id.as_str()
}

fn threats(seen: &SecurityFacts, scene: &Scene<'_>) -> Line {
    const CODE: &str = "HLT-211";
    const TITLE: &str = "GuardDuty has no open finding";
    let findings = match &seen.findings {
        Ok(findings) => findings,
        Err(why) => return Line::unreadable(CODE, TITLE, why),
    };
    // The same thing on the same resource is one line, however often it was found.
    let mut groups: BTreeMap<(&str, &str), Group> = BTreeMap::new();
    let (mut open, mut left_out) = (0, 0);
    for threat in findings {
        if counts(threat, scene) {
            open += 1;
            groups
                .entry((&threat.resource, &threat.kind))
                .or_default()
                .add(threat);
        } else {
            left_out += 1;
        }
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by(|(_, a), (_, b)| b.severity.total_cmp(&a.severity).then(b.last.cmp(&a.last)));
    let wrong = groups
        .iter()
        .map(|((resource, kind), group)| Finding::of(format!("{kind} on {resource}"), group.says(scene.now)));
    let policy = &scene.plan.security;
    let detectors = seen.detectors.as_ref().map_or(0, Vec::len);
    Line::new(CODE, TITLE, detectors)
        .seen(format!(
            "{} open in {}, {left_out} archived, examples or of other accounts",
            words::count(open, "finding"),
            words::count(groups.len(), "group")
        ))
        .threshold(
            format!(
                "none of severity {} or more that changed in the last {} days",
                policy.severity_at_least, policy.look_back_days
            ),
            "security.severity_at_least, security.look_back_days",
        )
        .remedy("look at the finding before anything is restarted or drained: that destroys the evidence; archive it when it is closed")
        .wrong(wrong)
        .unread(blind(seen))
}

/// Findings of one type about one resource.
#[derive(Debug, Default)]
struct Group {
    findings: usize,
    seen: u64,
    severity: f64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    cluster: Option<String>,
    title: String,
}

impl Group {
    fn add(&mut self, threat: &Threat) {
        self.findings += 1;
        self.seen = self.seen.saturating_add(threat.count.max(1));
        self.severity = self.severity.max(threat.severity);
        self.first = earlier(self.first, threat.created_at);
        self.last = self.last.max(threat.updated_at);
        if self.title.is_empty() {
            self.title = short(threat.title.trim_end_matches('.'), 160);
        }
        if self.cluster.is_none() {
            self.cluster.clone_from(&threat.cluster);
        }
    }

    fn says(&self, now: Timestamp) -> String {
        let ago = |at: Option<Timestamp>| {
            at.map_or_else(
                || "at an unknown time".to_owned(),
                |at| format!("{} ago", words::age(at, now)),
            )
        };
        let place = self
            .cluster
            .as_ref()
            .map_or_else(String::new, |cluster| format!(" in cluster {cluster}"));
        let title = match self.title.as_str() {
            "" => String::new(),
            title => format!(": {title}"),
        };
        format!(
            "severity {:.1}{place}, seen {} in {}, first {}, last {}{title}",
            self.severity,
            words::count(usize::try_from(self.seen).unwrap_or(usize::MAX), "time"),
            words::count(self.findings, "finding"),
            ago(self.first),
            ago(self.last),
        )
    }
}

fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    }
}

/// "No findings" says something only where somebody looks. An agent that does not report is UNKNOWN and no failure of the
/// platform, but it is never a pass.
fn watching(seen: &SecurityFacts, scene: &Scene<'_>) -> Line {
    const CODE: &str = "HLT-212";
    const TITLE: &str = "GuardDuty watches the platform";
    let mut unread = blind(seen);
    let mut examined = seen.detectors.as_ref().map_or(0, Vec::len);
    let mut words_seen = vec![words::count(examined, "detector")];
    if let Some(runtime) = &seen.runtime {
        let (agents, says) = agents(runtime, scene, &mut unread);
        examined += agents;
        words_seen.push(says);
    }
    let mut unread_once = unread;
    unread_once.sort();
    unread_once.dedup();
    Line::new(CODE, TITLE, examined)
        .seen(words_seen.join(", "))
        .threshold(
            "a detector that is ENABLED, and agents that are HEALTHY",
            "security.runtime_monitoring",
        )
        .remedy("see Runtime Monitoring, Coverage in the console of GuardDuty; until then the absence of findings means nothing")
        .unread(unread_once)
}

fn agents(runtime: &Runtime, scene: &Scene<'_>, unread: &mut Vec<(String, String)>) -> (usize, String) {
    let cluster = scene
        .target
        .cluster
        .as_ref()
        .map_or("the cluster", |cluster| cluster.name.as_str());
    let examined = match &runtime.cluster {
        Err(why) => {
            unread.push(("coverage".to_owned(), why.to_string()));
            0
        }
        Ok(all) if all.is_empty() => {
            let says = "Runtime Monitoring does not know the cluster: no agent watches its nodes";
            unread.push((cluster.to_owned(), says.to_owned()));
            0
        }
        Ok(all) => {
            for one in all.iter().filter(|one| one.status != "HEALTHY") {
                let issue = one.issue.as_deref().unwrap_or("no reason is given");
                let nodes = match (one.covered_nodes, one.compatible_nodes) {
                    (Some(covered), Some(compatible)) => format!(", {covered} of {compatible} nodes covered"),
                    _ => String::new(),
                };
                let says = format!("agents are {}: {issue}{nodes}", one.status);
                unread.push((one.cluster.clone(), says));
            }
            all.len()
        }
    };
    let all = match &runtime.all {
        Ok(counts) => format!(
            "{} of {} watched in the account",
            counts.healthy,
            words::count(
                usize::try_from(counts.healthy + counts.unhealthy).unwrap_or(usize::MAX),
                "cluster"
            )
        ),
        Err(why) => {
            unread.push(("coverage statistics".to_owned(), why.to_string()));
            "how many clusters are watched is not known".to_owned()
        }
    };
    (examined, all)
}
