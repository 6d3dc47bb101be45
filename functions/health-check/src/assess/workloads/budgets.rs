//! `HLT-129`: disruption budgets that never allow a disruption, so that no node under them can be drained or updated.

use day2_kube::objects::{PodDisruptionBudget, Status};

use crate::assess::line::{Finding, Line};
use crate::assess::read::listed;
use crate::assess::words::count;
use crate::facts::inside::Inside;
use crate::reduce::short;

pub(super) fn line(inside: &Inside) -> Option<Line> {
    const CODE: &str = "HLT-129";
    const TITLE: &str = "every disruption budget can be met";
    let (all, shortfall) = match listed(inside.budgets.as_ref(), CODE, TITLE)? {
        Ok(read) => read,
        Err(line) => return Some(line),
    };
    let wrong = all.iter().filter_map(|one| {
        let name = format!("{}/PodDisruptionBudget/{}", one.namespace, one.name);
        Some(Finding::inside(&one.namespace, name, never(one)?))
    });
    Some(
        Line::new(CODE, TITLE, all.len())
            .if_any()
            .seen(count(all.len(), "disruption budget"))
            .threshold("at least one pod may go while all are healthy", "PodDisruptionBudget status")
            .remedy("allow one disruption (maxUnavailable: 1) or run one replica more; drains and node updates wait for it until they fail")
            .wrong(wrong)
            .short_of(shortfall),
    )
}

/// Why it would not let a pod go even if all were healthy. One that selects no pods protects nothing and stops nothing.
fn never(one: &PodDisruptionBudget) -> Option<String> {
    if one.observed_generation < one.generation {
        return None;
    }
    let failed = one.conditions.iter().find(|condition| {
        condition.kind == "DisruptionAllowed"
            && condition.status == Status::False
            && condition.reason.as_deref() == Some("SyncFailed")
    });
    if let Some(failed) = failed {
        let message = failed.message.as_deref().unwrap_or("no reason given");
        return Some(short(&format!("cannot be computed: {message}"), 200));
    }
    let rule = match (&one.min_available, &one.max_unavailable) {
        (Some(least), _) => format!("minAvailable {least}"),
        (None, Some(most)) => format!("maxUnavailable {most}"),
        (None, None) => "its rule".to_owned(),
    };
    (one.expected_pods > 0 && one.desired_healthy >= one.expected_pods).then(|| {
        format!(
            "{rule} demands {} healthy of {} pods: none may ever be evicted",
            one.desired_healthy, one.expected_pods
        )
    })
}
