//! `HLT-101`: the API server.

use day2_core::Observed;
use day2_kube::Readyz;

use super::line::{Finding, Line};
use super::{Scene, words};
use crate::facts::cluster::ClusterFacts;

pub(super) fn lines(seen: &ClusterFacts, scene: &Scene<'_>) -> Vec<Line> {
    vec![ready(&seen.readyz, scene)]
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
    Line::new(CODE, TITLE, 1)
        .seen(format!("/readyz answered in {took} ms"))
        .threshold(format!("ready within {limit} ms"), "cluster.max_latency_ms")
        .remedy("see the control plane's metrics and log in CloudWatch, and what sends it many requests")
        .wrong(failed)
        .wrong(slow.then(|| Finding::of("/readyz latency", format!("{took} ms"))))
}
