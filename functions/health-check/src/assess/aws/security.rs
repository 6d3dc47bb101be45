//! `HLT-211` to `HLT-213`: findings, and whether anybody was looking.

use std::collections::BTreeMap;

use day2_reads::findings::Finding as Threat;
use day2_reads::security_findings::SecurityFinding;
use jiff::Timestamp;

use super::super::line::{Finding, Line};
use super::super::{Scene, words};
use crate::facts::security::{Hub, Runtime, SecurityFacts};

/// Security Hub repeats what `GuardDuty` found; it is told once.
const GUARD_DUTY: &str = "GuardDuty";

/// Most groups of Security Hub that are named; the rest is counted. A new account may have hundreds.
const NAMED: usize = 40;

pub(super) fn lines(seen: &SecurityFacts, scene: &Scene<'_>) -> Vec<Line> {
    let mut lines = vec![threats(seen, scene), watching(seen, scene)];
    lines.extend(
        seen.hub
            .as_ref()
            .map(|hub| hub_line(hub, seen.findings.is_ok(), scene)),
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

/// What has a say among findings: neither archived nor an example. Whoever filters by the API alone trusts a filter.
fn counts(threat: &Threat) -> bool {
    !threat.archived && !threat.sample
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
        if counts(threat) {
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
            "{} open in {}, {left_out} archived or examples",
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
}

impl Group {
    fn add(&mut self, threat: &Threat) {
        self.findings += 1;
        self.seen = self.seen.saturating_add(threat.count.max(1));
        self.severity = self.severity.max(threat.severity);
        self.first = earlier(self.first, threat.created_at);
        self.last = self.last.max(threat.updated_at);
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
        format!(
            "severity {:.1}{place}, seen {} in {}, first {}, last {}",
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

/// Open findings of Security Hub by title, with the age of the oldest. What is suppressed, resolved, archived or an example
/// does not count.
fn hub_line(hub: &Hub, threats_are_known: bool, scene: &Scene<'_>) -> Line {
    const CODE: &str = "HLT-213";
    const TITLE: &str = "Security Hub has no finding that is open for too long";
    let (findings, any) = match (&hub.open, &hub.any) {
        (Ok(findings), Ok(any)) => (findings, *any),
        (Err(why), _) | (_, Err(why)) => return Line::unreadable(CODE, TITLE, why),
    };
    let policy = &scene.plan.security;
    let open: Vec<&SecurityFinding> = findings
        .iter()
        .filter(|one| {
            matches!(one.workflow.as_str(), "NEW" | "NOTIFIED")
                && one.record == "ACTIVE"
                && !one.sample
                && !(threats_are_known && one.product == GUARD_DUTY)
        })
        .collect();
    let mut groups: BTreeMap<(bool, &str), Vec<&SecurityFinding>> = BTreeMap::new();
    for one in &open {
        // Critical ones sort first.
        let key = (one.severity != "CRITICAL", one.title.as_str());
        groups.entry(key).or_default().push(one);
    }
    let (mut wrong, mut oldest) = (Vec::new(), None);
    for ((not_critical, title), group) in &groups {
        let first = group.iter().filter_map(|one| one.created_at).min();
        oldest = earlier(oldest, first);
        let (word, limit) = if *not_critical {
            ("HIGH", policy.high_open_days)
        } else {
            ("CRITICAL", policy.critical_open_days)
        };
        // A finding without a date may be as old as any.
        let days = first.map_or(i64::MAX, |at| words::minutes_since(at, scene.now) / 1440);
        if days >= i64::from(limit) {
            wrong.push(Finding::of(*title, hub_says(word, group, first, scene.now)));
        }
    }
    let more = wrong.len().saturating_sub(NAMED);
    wrong.truncate(NAMED);
    if more > 0 {
        wrong.push(Finding::of(
            "others",
            format!("{} more", words::count(more, "group")),
        ));
    }
    let age = oldest.map_or_else(String::new, |at| {
        format!(", the oldest for {}", words::age(at, scene.now))
    });
    // A good platform has nothing open; a Security Hub that holds nothing at all was told nothing.
    let examined = if any { open.len().max(1) } else { 0 };
    let silent = (!any).then(|| {
        let says = "holds no finding of any kind: no standard and no product reports to it";
        ("Security Hub".to_owned(), says.to_owned())
    });
    Line::new(CODE, TITLE, examined)
        .seen(format!(
            "{} open in {}{age}",
            words::count(open.len(), "finding"),
            words::count(groups.len(), "group")
        ))
        .threshold(
            format!(
                "CRITICAL for less than {} days, HIGH for less than {} days",
                policy.critical_open_days, policy.high_open_days
            ),
            "security.critical_open_days, security.high_open_days",
        )
        .remedy("mend it, or set its workflow status to SUPPRESSED with the reason in a note")
        .wrong(wrong)
        .unread(silent)
}

fn hub_says(severity: &str, group: &[&SecurityFinding], first: Option<Timestamp>, now: Timestamp) -> String {
    let age = first.map_or_else(
        || "since an unknown time".to_owned(),
        |at| format!("the oldest open for {}", words::age(at, now)),
    );
    let example = group.first().map(|one| one.resource.as_str()).unwrap_or_default();
    let (product, number) = (
        group.first().map(|one| one.product.as_str()).unwrap_or_default(),
        group.len(),
    );
    let on = if number == 1 {
        example.to_owned()
    } else {
        format!("{}, for example {example}", words::count(number, "resource"))
    };
    format!("{severity}, by {product}, on {on}, {age}")
}
