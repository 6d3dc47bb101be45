//! `HLT-251`: how full volumes are. `kubectl get pvc` shows what they can hold and never what they hold.

use day2_core::Observed;

use super::super::line::{Finding, Line};
use super::super::{Scene, words};
use super::filling::{filling, gib, usable};
use crate::facts::volumes::Volume;

pub(super) fn line(seen: &Observed<Vec<Volume>>, scene: &Scene<'_>) -> Line {
    const CODE: &str = "HLT-251";
    const TITLE: &str = "volumes have room";
    let volumes = match seen {
        Ok(volumes) => volumes,
        Err(why) => return Line::unreadable(CODE, TITLE, why),
    };
    let policy = &scene.plan.volumes;
    let (most, hours) = (policy.used_percent(), policy.full_within_hours);
    let (mut wrong, mut unread, mut fullest, mut growing) = (Vec::new(), Vec::new(), 0.0_f64, 0);
    for volume in volumes {
        let name = format!("{}/{}", volume.namespace, volume.claim);
        // The newest capacity: a volume may have been enlarged within the day.
        let capacity = usable(&volume.capacity, scene.now)
            .last()
            .map_or(f64::NAN, |(_, bytes)| *bytes);
        match filling(&volume.used, capacity, scene.now) {
            Err(why) => unread.push((name, why)),
            Ok(state) => {
                fullest = fullest.max(state.percent);
                growing += usize::from(state.growth_is_known);
                if let Some(says) = state.complaint(most, hours) {
                    let says = format!("{says}: {} of {}", gib(state.used), gib(capacity));
                    wrong.push(Finding::inside(&volume.namespace, name, says));
                }
            }
        }
    }
    let examined = volumes.len() - unread.len();
    let note = match examined - growing {
        0 => String::new(),
        new => format!("; growth of {} not known yet", words::count(new, "volume")),
    };
    let seen = if volumes.is_empty() {
        format!(
            "no volume is reported as {} in {}",
            policy.used_metric, policy.metric_namespace
        )
    } else {
        format!(
            "{}, the fullest {fullest:.0} %{note}",
            words::count(examined, "volume")
        )
    };
    Line::new(CODE, TITLE, examined)
        .expected(u64::from(policy.expected_at_least))
        .seen(seen)
        .threshold(
            format!("at most {most:.0} %, and not full within {hours} h"),
            "volumes.max_used_percent, volumes.full_within_hours",
        )
        .remedy("enlarge the claim (its class must allow it), or find what fills it")
        .wrong(wrong)
        .unread(unread)
}
