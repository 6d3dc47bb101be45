//! `PRV-006` and `PRV-007`: does the API server answer, and are the nodes of the group Ready?

use day2_core::settings::Labels;
use day2_core::{Item, Observed, Verdict};
use day2_kube::Readyz;
use day2_kube::objects::Node;

use super::words::{count, fail_if, population, short};
use crate::facts::EksFacts;
use crate::settings::Limits;

/// What speaks against the control plane, in words; empty when nothing does.
pub(crate) fn complaints(
    readyz: &Observed<Readyz>,
    eks: &EksFacts,
    not_looked_at: usize,
    limits: &Limits,
) -> Vec<String> {
    let mut found = Vec::new();
    if let Ok(readyz) = readyz {
        if !readyz.ready {
            found.push(format!("the API server is not ready: {}", list(&readyz.failed)));
        }
        let took = readyz.latency.as_millis();
        if took > u128::from(limits.api_latency_ms) {
            found.push(format!("the API server took {took} ms to answer"));
        }
    }
    if let Ok(cluster) = &eks.cluster
        && cluster.status != "ACTIVE"
    {
        found.push(format!("the cluster is {}", cluster.status));
    }
    if not_looked_at > 0 {
        found.push(format!(
            "the scheduler has not looked at {}",
            count(not_looked_at, "waiting pod")
        ));
    }
    found
}

fn list(checks: &[String]) -> String {
    if checks.is_empty() {
        "it does not say which check failed".to_owned()
    } else {
        checks.join(", ")
    }
}

/// `PRV-006`.
pub(crate) fn api_item(
    readyz: &Observed<Readyz>,
    eks: &EksFacts,
    not_looked_at: usize,
    limits: &Limits,
) -> Item {
    const CODE: &str = "PRV-006";
    const TITLE: &str = "the control plane answers and schedules";
    let seen = match readyz {
        Ok(readyz) => readyz,
        Err(why) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let wrong = complaints(readyz, eks, not_looked_at, limits);
    let mut words = format!(
        "/readyz says {} in {} ms",
        if seen.ready { "ready" } else { "not ready" },
        seen.latency.as_millis()
    );
    if let Err(why) = &eks.cluster {
        words = format!("{words}; the cluster's status could not be read: {why}");
    }
    let verdict = match (wrong.is_empty(), &eks.cluster) {
        (false, _) => Verdict::Fail,
        (true, Err(_)) => Verdict::Unknown,
        (true, Ok(_)) => Verdict::Pass,
    };
    Item::judge(CODE, TITLE, verdict, population(1, 1), words)
        .threshold(
            format!("ready within {} ms, cluster ACTIVE, no pod overlooked", limits.api_latency_ms),
            "limits.api_latency_ms; eks:DescribeCluster",
        )
        .remedy("look at the cluster's health issues and its control plane logs; more nodes would add load, not take it away")
        .subjects(wrong.into_iter().map(|says| ("control plane".to_owned(), says)))
}

/// Nodes of the group: how many there are, and how many are Ready.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Readiness {
    /// Node objects that carry the group's labels.
    pub(crate) joined: usize,
    /// Those that are Ready.
    pub(crate) ready: usize,
}

impl Readiness {
    /// Counts.
    pub(crate) fn of(nodes: &[Node], selector: &Labels) -> Self {
        let own: Vec<&Node> = nodes
            .iter()
            .filter(|node| selector.select(&node.labels))
            .collect();
        Self {
            joined: own.len(),
            ready: own.iter().filter(|node| node.readiness().is_ready()).count(),
        }
    }

    /// Whether more are not Ready than the limit allows. A group without nodes has none that are not Ready.
    pub(crate) fn is_poor(self, limits: &Limits) -> bool {
        let missing = self.joined - self.ready;
        #[expect(clippy::cast_precision_loss, reason = "node counts are far below 2^52")]
        let share = missing as f64 * 100.0;
        #[expect(clippy::cast_precision_loss, reason = "node counts are far below 2^52")]
        let most = limits.not_ready_share() * self.joined as f64;
        missing > 0 && share > most
    }

    /// `3 of 50 nodes are not Ready`.
    pub(crate) fn words(self) -> String {
        format!(
            "{} of {} are not Ready",
            self.joined - self.ready,
            count(self.joined, "node")
        )
    }
}

/// `PRV-007`.
pub(crate) fn nodes_item(nodes: &Observed<Vec<Node>>, selector: &Labels, limits: &Limits) -> Item {
    const CODE: &str = "PRV-007";
    const TITLE: &str = "the nodes of the group are Ready";
    let nodes = match nodes {
        Ok(nodes) => nodes,
        Err(why) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let readiness = Readiness::of(nodes, selector);
    let wrong = nodes
        .iter()
        .filter(|node| selector.select(&node.labels) && !node.readiness().is_ready())
        .map(|node| {
            let why = node
                .condition("Ready")
                .and_then(|ready| ready.message.clone().or_else(|| ready.reason.clone()))
                .unwrap_or_else(|| "its kubelet has not reported".to_owned());
            (node.name.clone(), why)
        });
    Item::judge(
        CODE,
        TITLE,
        fail_if(readiness.is_poor(limits)),
        population(readiness.joined, 1),
        readiness.words(),
    )
    .threshold(
        format!("at most {} % not Ready", short(limits.not_ready_share())),
        "limits.not_ready_percent; labels of the node group",
    )
    .remedy("describe the nodes; what is wrong with them will be wrong with new ones if it is the image, the network or the template")
    .subjects(wrong.take(10))
}
