//! `HLT-221` to `HLT-224`: what EKS finds wrong with the cluster. Its status says none of it.

use day2_core::Observed;
use day2_reads::addons::Addon;
use day2_reads::clusters::Cluster;
use day2_reads::insights::{Details, Insight, PASSING};
use day2_reads::node_groups::NodeGroup;

use super::super::line::{Finding, Line};
use super::super::{Scene, words};
use crate::facts::eks::{EksFacts, Judged};

/// Resources of an insight that are named; the rest is counted.
const NAMED: usize = 3;

pub(super) fn lines(seen: &EksFacts, scene: &Scene<'_>) -> Vec<Line> {
    let mut lines = vec![cluster(&seen.cluster)];
    let auto_mode = seen.cluster.as_ref().is_ok_and(|cluster| cluster.auto_mode);
    lines.push(addons(&seen.addons, auto_mode));
    lines.push(node_groups(&seen.node_groups));
    lines.push(insights(&seen.insights, scene));
    lines
}

fn cluster(seen: &Observed<Cluster>) -> Line {
    const CODE: &str = "HLT-221";
    const TITLE: &str = "EKS finds nothing wrong with the cluster";
    let cluster = match seen {
        Ok(cluster) => cluster,
        Err(why) => return Line::unreadable(CODE, TITLE, why),
    };
    let status = matches!(
        cluster.status.as_str(),
        "CREATING" | "DELETING" | "FAILED" | "PENDING"
    )
    .then(|| Finding::of(&cluster.name, format!("is {}", cluster.status)));
    let issues = cluster
        .issues
        .iter()
        .map(|(code, message)| Finding::of(code, message));
    Line::new(CODE, TITLE, 1)
        .seen(format!(
            "{}, {}",
            cluster.status,
            words::count(cluster.issues.len(), "health issue")
        ))
        .threshold("no health issue", "eks:DescribeCluster, health.issues")
        .remedy("mend what the issue names: EKS cannot keep or update the control plane until then")
        .wrong(status)
        .wrong(issues)
}

/// Add-ons are not expected: those of Auto Mode are part of the service, and others may be installed without EKS. Without any
/// there is nothing to say.
fn addons(seen: &Observed<Vec<(String, Observed<Addon>)>>, auto_mode: bool) -> Line {
    const CODE: &str = "HLT-222";
    const TITLE: &str = "EKS add-ons are healthy";
    let all = match seen {
        Ok(all) => all,
        Err(why) => return Line::unreadable(CODE, TITLE, why),
    };
    let (mut wrong, mut unread) = (Vec::new(), Vec::new());
    for (name, addon) in all {
        match addon {
            Err(why) => unread.push((name.clone(), why.to_string())),
            Ok(addon) => {
                let bad = matches!(
                    addon.status.as_str(),
                    "DEGRADED" | "CREATE_FAILED" | "UPDATE_FAILED" | "DELETE_FAILED"
                );
                if bad || !addon.issues.is_empty() {
                    wrong.push(Finding::of(name, state(&addon.status, &addon.issues)));
                }
            }
        }
    }
    Line::new(CODE, TITLE, all.len() - unread.len())
        .if_any_where(auto_mode)
        .seen(format!(
            "{} of {} in trouble",
            wrong.len(),
            words::count(all.len(), "add-on")
        ))
        .threshold("no add-on is degraded or failed", "eks:DescribeAddon")
        .remedy("read the add-on's issues; an add-on that failed to update keeps its old version")
        .wrong(wrong)
        .unread(unread)
}

/// There may be none: nodes come from Auto Mode, Karpenter or groups of one's own.
fn node_groups(seen: &Observed<Vec<(String, Observed<NodeGroup>)>>) -> Line {
    const CODE: &str = "HLT-223";
    const TITLE: &str = "EKS node groups are healthy";
    let all = match seen {
        Ok(all) => all,
        Err(why) => return Line::unreadable(CODE, TITLE, why),
    };
    let (mut wrong, mut unread) = (Vec::new(), Vec::new());
    for (name, group) in all {
        match group {
            Err(why) => unread.push((name.clone(), why.to_string())),
            Ok(group) => {
                let bad = matches!(
                    group.status.as_str(),
                    "DEGRADED" | "CREATE_FAILED" | "DELETE_FAILED"
                );
                if bad || !group.issues.is_empty() {
                    wrong.push(Finding::of(name, state(&group.status, &group.issues)));
                }
            }
        }
    }
    Line::new(CODE, TITLE, all.len() - unread.len())
        .if_any()
        .seen(format!(
            "{} of {} in trouble",
            wrong.len(),
            words::count(all.len(), "node group")
        ))
        .threshold(
            "no group is degraded or carries an issue",
            "eks:DescribeNodegroup",
        )
        .remedy("mend the first issue: EKS replaces no nodes of a degraded group")
        .wrong(wrong)
        .unread(unread)
}

fn state(status: &str, issues: &[(String, String)]) -> String {
    let told: Vec<String> = issues
        .iter()
        .map(|(code, message)| format!("{code}: {message}"))
        .collect();
    if told.is_empty() {
        format!("is {status}")
    } else {
        format!("is {status}: {}", told.join("; "))
    }
}

fn insights(seen: &Observed<Vec<Judged>>, scene: &Scene<'_>) -> Line {
    const CODE: &str = "HLT-224";
    const TITLE: &str = "EKS insights pass";
    let all = match seen {
        Ok(all) => all,
        Err(why) => return Line::unreadable(CODE, TITLE, why),
    };
    let policy = &scene.plan.eks;
    let counted: Vec<_> = all
        .iter()
        .filter(|(insight, _)| !policy.ignore_insights.contains(&insight.name))
        .collect();
    let oldest = i64::from(policy.insight_max_age_hours) * 60;
    let (mut wrong, mut unread) = (Vec::new(), Vec::new());
    for (insight, details) in &counted {
        match insight.status.as_str() {
            PASSING => {}
            "ERROR" => wrong.push(Finding::of(
                &insight.name,
                complaint(insight, details.as_ref(), scene),
            )),
            "WARNING" if policy.insight_warnings => {
                wrong.push(Finding::of(
                    &insight.name,
                    complaint(insight, details.as_ref(), scene),
                ));
            }
            "WARNING" => {}
            other => unread.push((insight.name.clone(), format!("is {other}: {}", insight.reason))),
        }
        let stale = insight
            .refreshed_at
            .is_none_or(|at| words::minutes_since(at, scene.now) > oldest);
        if stale {
            let age = insight.refreshed_at.map_or_else(
                || "never".to_owned(),
                |at| format!("{} ago", words::age(at, scene.now)),
            );
            unread.push((insight.name.clone(), format!("EKS looked last {age}")));
        }
    }
    Line::new(CODE, TITLE, counted.len())
        .seen(format!("{} of {} do not pass", wrong.len(), words::count(counted.len(), "insight")))
        .threshold(
            format!("all pass, none older than {} h", policy.insight_max_age_hours),
            "eks.insight_warnings, eks.ignore_insights, eks.insight_max_age_hours",
        )
        .remedy("follow the recommendation; an insight about APIs stays red for up to 30 days after it is mended, because EKS looks so far back")
        .wrong(wrong)
        .unread(unread)
}

fn complaint(insight: &Insight, details: Option<&Observed<Details>>, scene: &Scene<'_>) -> String {
    let age = insight
        .since
        .map_or_else(String::new, |at| format!(" for {}", words::age(at, scene.now)));
    let version = insight
        .version
        .as_ref()
        .map_or_else(String::new, |version| format!(", about version {version}"));
    let more = match details {
        None => String::new(),
        Some(Err(why)) => format!("; its details could not be read: {why}"),
        Some(Ok(details)) => {
            let named: Vec<&str> = details.resources.iter().take(NAMED).map(String::as_str).collect();
            let rest = details.resources.len().saturating_sub(NAMED);
            let resources = match (named.is_empty(), rest) {
                (true, _) => String::new(),
                (false, 0) => format!(" [{}]", named.join(", ")),
                (false, rest) => format!(" [{} and {rest} more]", named.join(", ")),
            };
            format!("{resources}; {}", details.recommendation)
        }
    };
    format!("{}{age}{version}: {}{more}", insight.status, insight.reason)
}
