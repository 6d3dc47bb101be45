//! `HLT-151`: resource quotas that are nearly used up: the next pod, or the next rollout, is refused.

use super::Scene;
use super::line::{Finding, Line};
use super::nodes::percent;
use super::read::listed;
use super::words::count;
use crate::facts::inside::Inside;

pub(super) fn lines(inside: &Inside, scene: &Scene<'_>) -> Option<Line> {
    const CODE: &str = "HLT-151";
    const TITLE: &str = "resource quotas have room";
    let (all, shortfall) = match listed(inside.quotas.as_ref(), CODE, TITLE)? {
        Ok(read) => read,
        Err(line) => return Some(line),
    };
    let limit = i64::from(scene.plan.quotas.used_percent);
    let wrong = all.iter().flat_map(|quota| {
        quota.hard.iter().filter_map(move |(resource, hard)| {
            let used = quota.used.get(resource).copied().unwrap_or_default();
            // A quota of zero forbids on purpose.
            let share = percent(used, *hard).filter(|share| *share >= limit)?;
            let name = format!("{}/ResourceQuota/{} {resource}", quota.namespace, quota.name);
            Some(Finding::inside(&quota.namespace, name, format!("{share} % used")))
        })
    });
    Some(
        Line::new(CODE, TITLE, all.len())
            .if_any()
            .seen(count(all.len(), "quota"))
            .threshold(format!("below {limit} %"), "quotas.used_percent")
            .remedy("raise the quota, or remove what is not needed; a rollout needs room for its surge")
            .wrong(wrong)
            .short_of(shortfall),
    )
}
