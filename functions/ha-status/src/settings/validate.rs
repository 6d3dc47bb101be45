//! Mistakes that show only when fields are seen together.

use day2_core::settings::{Checker, Validate};

use super::{HaSettings, Pair, Part, Side};

impl Validate for HaSettings {
    fn validate(&self, at: &mut Checker<'_>) {
        at.require(
            !self.targets.is_empty(),
            "targets",
            "{}",
            "names no pair",
            "add a pair for each target",
        );
        at.field("targets", |at| {
            for (target, pair) in self.targets.iter() {
                at.target_named(target, target);
                at.field(target, |at| pair_of(pair, at));
            }
        });
    }
}

fn pair_of(pair: &Pair, at: &mut Checker<'_>) {
    at.field("primary", |at| side(&pair.primary, at));
    at.field("secondary", |at| side(&pair.secondary, at));
    let place = |side: &Side| {
        let platform = &side.platform;
        let cluster = platform.cluster.as_ref().map(|cluster| cluster.name.to_string());
        (platform.account_id.clone(), platform.region.clone(), cluster)
    };
    at.require(
        place(&pair.primary) != place(&pair.secondary),
        "secondary",
        &pair.secondary.platform.name,
        "is the same cluster as the primary",
        "name two clusters: one that fails takes nothing along",
    );
    if let Some(why) = &pair.disabled {
        at.require(
            !why.trim().is_empty(),
            "disabled",
            "\"\"",
            "gives no reason",
            "write why, or leave it out",
        );
    }
    at.field("detection", |at| {
        let detection = &pair.detection;
        for (field, value) in [
            ("failed_probes", detection.failed_probes),
            ("good_probes", detection.good_probes),
            ("agreeing_looks", detection.agreeing_looks),
            ("max_latency_ms", detection.max_latency_ms),
        ] {
            at.require(
                value > 0,
                field,
                value,
                "would believe nothing",
                "write at least 1",
            );
        }
    });
    at.require(
        pair.provisioning_minutes > 0,
        "provisioning_minutes",
        pair.provisioning_minutes,
        "would expect a side at once",
        "write how long it takes, for example 60",
    );
    if let Some(peak) = &pair.capacity.peak {
        let empty = peak.cpu_cores == 0 && peak.memory_gib == 0 && peak.pods == 0;
        at.field("capacity", |at| {
            at.require(!empty, "peak", "0", "is no load", "write what runs at the peak");
        });
    }
    left_out(pair, at);
}

fn side(side: &Side, at: &mut Checker<'_>) {
    at.nested("platform", &side.platform);
    at.require(
        side.platform.cluster.is_some(),
        "platform",
        &side.platform.name,
        "declares no cluster",
        "add its cluster",
    );
    at.require(
        side.min_ready_nodes > 0,
        "min_ready_nodes",
        side.min_ready_nodes,
        "would pass without any node",
        "write at least 1",
    );
    at.require(
        (1..=side.min_ready_nodes.max(1)).contains(&side.min_serving_nodes),
        "min_serving_nodes",
        side.min_serving_nodes,
        "is not between 1 and min_ready_nodes",
        "write the fewest nodes with which the side serves at all",
    );
    at.unique("groups", "", "group", &side.groups);
    if let Some(queue) = &side.queue {
        at.field("queue", |at| {
            at.require(
                !queue.namespace.is_empty() && !queue.metric.is_empty(),
                "metric",
                &queue.metric,
                "names no metric",
                "write namespace and metric as CloudWatch has them",
            );
            at.require(
                queue.max_depth.is_finite() && queue.max_depth >= 0.0,
                "max_depth",
                queue.max_depth,
                "is no depth",
                "write the most that may wait",
            );
        });
    }
}

/// Each part is either declared or left out in writing.
fn left_out(pair: &Pair, at: &mut Checker<'_>) {
    let sides = [&pair.primary, &pair.secondary];
    let declared = [
        (Part::Groups, sides.iter().any(|side| !side.groups.is_empty())),
        (Part::Queue, sides.iter().any(|side| side.queue.is_some())),
    ];
    for (part, declared) in declared {
        let word = part.word();
        let left_out = pair.not_checked.contains(&part);
        at.require(
            declared || left_out,
            "not_checked",
            word,
            "is neither declared nor left out in writing",
            format!("declare it, or add \"{word}\" to not_checked"),
        );
        at.require(
            !(declared && left_out),
            "not_checked",
            word,
            "is declared and left out at once",
            "keep one of the two",
        );
    }
}
