//! `HLT-101` to `HLT-103`: the API server, versions, and the cluster's own workloads.

use std::collections::{BTreeMap, BTreeSet};

use day2_core::{Observed, Unreadable};
use day2_kube::{Readyz, Version};

use super::line::{Finding, Line};
use super::read::reduced;
use super::workloads::Broken;
use super::{Scene, words};
use crate::facts::Facts;
use crate::facts::cluster::ClusterFacts;
use crate::facts::inside::Inside;
use crate::reduce::workloads::made_by;

pub(super) fn lines(seen: &ClusterFacts, facts: &Facts, broken: &[Broken], scene: &Scene<'_>) -> Vec<Line> {
    let mut lines = vec![ready(&seen.readyz, scene)];
    lines.extend(skew(&seen.version, &facts.inside));
    lines.push(system(facts, broken, scene));
    lines
}

/// `/readyz` says ok, and says it soon enough. The status of the cluster in EKS says neither: it is `ACTIVE` after a failed
/// update too.
fn ready(seen: &Observed<Readyz>, scene: &Scene<'_>) -> Line {
    const CODE: &str = "HLT-101";
    const TITLE: &str = "the API server is ready and answers in time";
    let readyz = match seen {
        Ok(readyz) => readyz,
        Err(why) => return Line::unreadable(CODE, TITLE, why),
    };
    let limit = scene.plan.cluster.max_latency_ms;
    let took = readyz.latency.as_millis();
    let slow = took > u128::from(limit);
    let failed = (!readyz.ready).then(|| {
        let checks = words::count(readyz.failed.len(), "check");
        Finding::of(
            "/readyz",
            format!("not ready, {checks} failed: {}", readyz.failed.join(", ")),
        )
    });
    // A time in the words of every run would make two equal reports differ; it is told when it matters.
    let seen = if slow {
        format!("/readyz answered after {took} ms")
    } else {
        format!("/readyz answered within {limit} ms")
    };
    Line::new(CODE, TITLE, 1)
        .seen(seen)
        .threshold(format!("ready within {limit} ms"), "cluster.max_latency_ms")
        .remedy("see the control plane's metrics and log in CloudWatch, and what sends it many requests")
        .wrong(failed)
        .wrong(slow.then(|| Finding::of("/readyz latency", format!("{took} ms"))))
}

/// Minor versions that a kubelet may be behind the API server; it may never be ahead (source: Kubernetes, "Version Skew
/// Policy", kubelet).
const BEHIND: u64 = 3;

/// `v1.33.5-eks-113cf36` as (1, 33).
fn minor(version: &str) -> Option<(u64, u64)> {
    let mut numbers = version.trim_start_matches('v').split('.');
    let major = numbers.next()?.parse().ok()?;
    let minor: String = numbers.next()?.chars().take_while(char::is_ascii_digit).collect();
    Some((major, minor.parse().ok()?))
}

fn skew(seen: &Observed<Version>, inside: &Inside) -> Option<Line> {
    const CODE: &str = "HLT-102";
    const TITLE: &str = "kubelets fit the API server's version";
    let nodes = match reduced(inside.nodes.as_ref(), CODE, TITLE)? {
        Ok(nodes) => nodes,
        Err(line) => return Some(line),
    };
    let server = match seen {
        Ok(version) => &version.git_version,
        Err(why) => return Some(Line::unreadable(CODE, TITLE, why)),
    };
    let mut kubelets: BTreeMap<&str, usize> = BTreeMap::new();
    for node in &nodes.sum {
        let version = node.kubelet_version.as_deref().unwrap_or_default();
        *kubelets.entry(version).or_default() += 1;
    }
    let (mut wrong, mut unread) = (Vec::new(), Vec::new());
    for (version, count) in &kubelets {
        let on = words::count(*count, "node");
        match (minor(server), minor(version)) {
            (Some(server_minor), Some(kubelet)) => {
                let says = if kubelet > server_minor {
                    format!("on {on}: newer than the API server, {server}")
                } else if server_minor.0 == kubelet.0 && server_minor.1 - kubelet.1 <= BEHIND {
                    continue;
                } else {
                    format!("on {on}: more than {BEHIND} minor versions behind the API server, {server}")
                };
                wrong.push(Finding::of(format!("kubelet {version}"), says));
            }
            _ => unread.push((
                format!("kubelet {version}"),
                format!("on {on}: no version that is known"),
            )),
        }
    }
    let versions: Vec<&str> = kubelets.keys().copied().collect();
    Some(
        Line::new(CODE, TITLE, nodes.sum.len())
            .seen(format!("API server {server}, kubelets {}", versions.join(", ")))
            .threshold(
                format!("at most {BEHIND} minor versions behind, never ahead"),
                "Kubernetes, Version Skew Policy",
            )
            .remedy(
                "replace the nodes, oldest version first; the control plane cannot be updated further before",
            )
            .wrong(wrong)
            .unread(unread)
            .short_of(nodes.shortfall.as_ref()),
    )
}

/// The cluster's own workloads, those that are really there: on EKS Auto Mode `DNS`, network and storage run outside of the
/// cluster, and that nothing is in `kube-system` is normal (source: EKS user guide, "Automate cluster infrastructure with EKS
/// Auto Mode"). What EKS manages and how it does is told by the group `eks`.
fn system(facts: &Facts, broken: &[Broken], scene: &Scene<'_>) -> Line {
    const CODE: &str = "HLT-103";
    const TITLE: &str = "the cluster's own workloads are well";
    let inside = &facts.inside;
    let lists = [&inside.deployments, &inside.stateful_sets, &inside.daemon_sets];
    let mut line = Line::new(CODE, TITLE, 0);
    let (mut found, mut all) = (0, 0);
    for list in lists.into_iter().flatten() {
        match list {
            Ok(list) => {
                found += list.sum.of_system;
                all += list.sum.examined;
                line = line.short_of(list.shortfall.as_ref());
            }
            Err(why) => line = line.short_of(Some(why)),
        }
    }
    line = match &inside.pods {
        Some(Ok(pods)) => line.short_of(pods.shortfall.as_ref()),
        Some(Err(why)) => line.short_of(Some(why)),
        None => line,
    };
    let namespaces = scene.plan.cluster.system_namespaces.join(", ");
    line.examined = found;
    let seen = match (found, auto_mode(facts)) {
        (1.., _) => format!("{} in {namespaces}", words::count(found, "workload")),
        (0, Ok(true)) => {
            line.examined = all.max(1);
            format!("no workloads in {namespaces}, as is normal on EKS Auto Mode")
        }
        // Without Auto Mode, a cluster without DNS and network of its own is not one that was looked at.
        (0, Ok(false)) => format!("no workloads in {namespaces}, and this is not EKS Auto Mode"),
        (0, Err(whys)) => {
            for why in whys {
                line = line.short_of(Some(why));
            }
            format!("no workloads in {namespaces}, and whether this is EKS Auto Mode is not known")
        }
    };
    let wrong = broken
        .iter()
        .filter(|one| one.is_in(&scene.plan.cluster.system_namespaces))
        .map(Broken::finding);
    let line = line
        .seen(seen)
        .threshold("all pods that each asks for", "cluster.system_namespaces")
        .remedy("describe the workload and its pods; every other workload depends on these")
        .wrong(wrong);
    of_addons(line, facts)
}

/// Whether EKS Auto Mode makes the nodes: what the cluster says of itself, else the labels of its nodes. Where neither was
/// read, why.
fn auto_mode(facts: &Facts) -> Result<bool, Vec<&Unreadable>> {
    let unread = match facts.aws.eks.as_ref().map(|eks| &eks.cluster) {
        Some(Ok(cluster)) => return Ok(cluster.auto_mode),
        Some(Err(why)) => Some(why),
        None => None,
    };
    let short = match &facts.inside.nodes {
        Some(Ok(nodes)) => {
            let auto = nodes.sum.iter().any(|node| node.auto_mode);
            if auto || nodes.shortfall.is_none() {
                return Ok(auto);
            }
            nodes.shortfall.as_ref()
        }
        Some(Err(why)) => Some(why),
        None => None,
    };
    Err(unread.into_iter().chain(short).collect())
}

/// The line with what an installed add-on should have made and nobody finds. EKS calls an add-on `ACTIVE` for some time after
/// somebody deleted what it made. Which add-ons are installed is not asked where the group `eks` is left out.
fn of_addons(mut line: Line, facts: &Facts) -> Line {
    let addons = match facts.aws.eks.as_ref().map(|eks| &eks.addons) {
        Some(Ok(addons)) => addons,
        Some(Err(why)) => return line.short_of(Some(why)),
        None => return line,
    };
    let inside = &facts.inside;
    let mut there = BTreeSet::new();
    for list in [&inside.deployments, &inside.daemon_sets] {
        match list {
            Some(Ok(list)) if list.shortfall.is_none() => there.extend(list.sum.of_addons.iter().copied()),
            // What could not be read whole is not known to lack anything.
            _ => return line,
        }
    }
    for (name, addon) in addons {
        let lacking = made_by(name).iter().filter(|made| !there.contains(*made));
        match addon {
            Ok(addon) if is_settled(&addon.status) => {
                line = line.wrong(lacking.map(|(kind, workload)| {
                    let says = format!("is not there, although the EKS add-on {name} is installed");
                    Finding::of(format!("{kind}/{workload}"), says)
                }));
            }
            Ok(_) => {}
            Err(why) => {
                line = line.unread(lacking.map(|(kind, workload)| {
                    let says =
                        format!("is not there, and the state of the EKS add-on {name} is not known: {why}");
                    (format!("{kind}/{workload}"), says)
                }));
            }
        }
    }
    line
}

/// An add-on that is not being made, changed or taken away. Source: API `AddonStatus`.
fn is_settled(status: &str) -> bool {
    matches!(status, "ACTIVE" | "DEGRADED" | "UPDATE_FAILED")
}
