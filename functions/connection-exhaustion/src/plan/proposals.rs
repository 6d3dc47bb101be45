//! What people could do where the function does not act: text, with figures.

use day2_core::action::Skip;

use super::instance::Judged;
use super::pools::{Pool, sums};
use crate::facts::Database;
use crate::settings::Policy;

/// From this use of the maximum ACU on, a higher maximum relieves CPU and memory at once.
const NEAR_THE_MAXIMUM_PERCENT: f64 = 90.0;

/// Whether more ACU would relieve anything before the reboot.
pub(crate) fn relief(hot: &[&Judged<'_>]) -> String {
    let used = hot
        .iter()
        .filter_map(|one| one.utilization_percent)
        .reduce(f64::max);
    match used {
        Some(used) if used >= NEAR_THE_MAXIMUM_PERCENT => format!(
            "The capacity in use is {used:.0} % of the maximum: more ACU relieve CPU and memory at once, which may let \
             statements end sooner"
        ),
        Some(used) => format!(
            "The capacity in use is {used:.0} % of the maximum: nothing is relieved before the reboot"
        ),
        None => "How much of the capacity is used is not known".to_owned(),
    }
}

/// Proposals, each as something that was left out of the plan.
pub(crate) fn proposals(
    database: &Database,
    judged: &[Judged<'_>],
    hot: &[&Judged<'_>],
    pools: &[Pool<'_>],
    policy: &Policy,
) -> Vec<Skip> {
    let mut skips = Vec::new();
    skips.extend(smaller_pools(judged, pools, policy).map(|why| Skip {
        resource: "pools of the clients".to_owned(),
        why,
    }));
    skips.push(Skip {
        resource: "RDS Proxy".to_owned(),
        why: "a proxy lets many clients share few connections, where they do not pin them; it is a change of every \
              client's endpoint, and nothing for an incident"
            .to_owned(),
    });
    let writer_is_hot = hot.iter().any(|one| one.instance.writer);
    if writer_is_hot && database.cluster.is_some() {
        skips.push(Skip {
            resource: "another reader".to_owned(),
            why: "a reader takes connections off the writer only where clients send their reads to the reader endpoint"
                .to_owned(),
        });
    }
    skips
}

/// Pools that fit the writer's maximum when every autoscaler has gone to the end.
fn smaller_pools(judged: &[Judged<'_>], pools: &[Pool<'_>], policy: &Policy) -> Option<String> {
    let writer = judged.iter().find(|one| one.instance.writer)?;
    let maximum = writer.maximum.as_ref().ok()?.connections;
    let most = sums(pools).ok()?.most_connections;
    #[expect(clippy::cast_precision_loss, reason = "numbers of connections")]
    let factor = (f64::from(maximum) * policy.limits.target() / 100.0 - f64::from(policy.other_connections))
        / most as f64;
    if !factor.is_finite() || !(0.0..1.0).contains(&factor) {
        return None;
    }
    let lines: Vec<String> = pools
        .iter()
        .map(|pool| {
            let now = pool.client.pool_size;
            let smaller = super::trend::whole((f64::from(now) * factor).floor()).max(1);
            format!("{} from {now} to {smaller}", pool.client.name)
        })
        .collect();
    Some(format!(
        "at the autoscalers' maximum they open up to {most} connections, and {} accepts {maximum}. To stay at {} % of \
         that, lower pool_size of {}; or lower maxReplicas",
        writer.instance.id,
        policy.limits.target(),
        lines.join(", ")
    ))
}
