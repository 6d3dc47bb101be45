//! `HLT-251`: how full volumes are. `kubectl get pvc` shows what they can hold and never what they hold.

use day2_core::Observed;

use super::super::line::{Finding, Line};
use super::super::{Scene, words};
use super::filling::{filling, gib, outdated, usable};
use crate::facts::volumes::Volume;

/// Volumes that are named of those that are not mounted.
const NAMED: usize = 3;

/// A volume that is listed, and whose newest datapoint is too old.
struct Gone {
    name: String,
    /// Why nothing can be said of it.
    why: String,
    /// In percent of what fits, when it was last seen.
    percent: f64,
    /// How long ago that was.
    age: String,
}

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
    let mut gone: Vec<Gone> = Vec::new();
    for volume in volumes {
        let name = format!("{}/{}", volume.namespace, volume.claim);
        // The newest capacity: a volume may have been enlarged within the day.
        let capacity = usable(&volume.capacity, scene.now)
            .last()
            .map_or(f64::NAN, |(_, bytes)| *bytes);
        match filling(&volume.used, capacity, scene.now) {
            Err(why) => match outdated(&volume.used, scene.now) {
                // One that was full when it was last seen may be mounted all the same, and its node silent.
                Some((at, used)) if used / capacity * 100.0 <= most => gone.push(Gone {
                    name,
                    why,
                    percent: used / capacity * 100.0,
                    age: words::age(at, scene.now),
                }),
                _ => unread.push((name, why)),
            },
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
    let examined = volumes.len() - unread.len() - gone.len();
    // Where others are seen, one that no longer is was unmounted: CloudWatch lists a metric for hours after its last datapoint.
    // Where none is, whoever reports them may have stopped.
    let unmounted = if examined == 0 {
        unread.extend(gone.into_iter().map(|one| (one.name, one.why)));
        String::new()
    } else {
        not_mounted(gone)
    };
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
            "{}, the fullest {fullest:.0} %{note}{unmounted}",
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

/// What is not judged: how many volumes, and how full the fullest of them were.
fn not_mounted(mut gone: Vec<Gone>) -> String {
    if gone.is_empty() {
        return String::new();
    }
    gone.sort_by(|a, b| b.percent.total_cmp(&a.percent));
    let fullest: Vec<String> = gone
        .iter()
        .take(NAMED)
        .map(|one| format!("{} {:.0} % {} ago", one.name, one.percent, one.age))
        .collect();
    format!(
        "; not mounted now, by their datapoints, and not judged: {}, the fullest when last seen: {}",
        words::count(gone.len(), "volume"),
        fullest.join(", ")
    )
}
