//! `BAK-025` and `BAK-026`: every namespace is in a schedule, and in a completed backup of late.

use day2_core::{Item, Verdict};
use day2_kube::objects::{Coverage, Namespace, Scope, VeleroBackup, VeleroSchedule};
use jiff::{SignedDuration, Timestamp};

use super::{began, counted};
use crate::assess::{Says, age, count, hours, lasting, population, youngest};
use crate::facts::VeleroFacts;
use crate::settings::VeleroPolicy;

/// Namespaces that need a backup: those that are neither excluded nor on their way out.
fn needed<'a>(all: &'a [Namespace], policy: &VeleroPolicy) -> Vec<&'a Namespace> {
    let excluded = Scope {
        included_namespaces: policy.exclude_namespaces.clone(),
        ..Scope::default()
    };
    let is_excluded =
        |name: &str| !policy.exclude_namespaces.is_empty() && excluded.covers(name) == Coverage::Whole;
    all.iter()
        .filter(|one| one.deleting_since.is_none() && !is_excluded(&one.name))
        .collect()
}

/// Every namespace is wholly in some schedule that runs.
pub(super) fn scheduled(facts: &VeleroFacts, policy: &VeleroPolicy) -> Item {
    const CODE: &str = "BAK-025";
    const TITLE: &str = "every namespace is in a Velero schedule";
    let schedules = match super::served(CODE, TITLE, &facts.schedules) {
        Ok(all) => all,
        Err(item) => return *item,
    };
    let namespaces = match &facts.namespaces {
        Ok(all) => needed(all, policy),
        Err(why) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let running: Vec<&VeleroSchedule> = counted(schedules, policy)
        .filter(|schedule| !schedule.paused && schedule.phase != "FailedValidation")
        .collect();
    let wrong: Says = namespaces
        .iter()
        .filter_map(|namespace| {
            let name = namespace.name.as_str();
            let mut part = None;
            for schedule in &running {
                match schedule.scope.covers(name) {
                    Coverage::Whole => return None,
                    Coverage::Part(by) => part = Some((schedule.name.as_str(), by)),
                    Coverage::No => {}
                }
            }
            let says = part.map_or_else(
                || "is in no schedule".to_owned(),
                |(schedule, by)| format!("is in {schedule} only as far as {} lets it", by.join(", ")),
            );
            Some((name.to_owned(), says))
        })
        .collect();
    let verdict = if wrong.is_empty() {
        Verdict::Pass
    } else {
        Verdict::Fail
    };
    let good = namespaces.len() - wrong.len();
    Item::judge(CODE, TITLE, verdict, population(namespaces.len(), 1), format!("{good} of {} are", count(namespaces.len(), "namespace")))
        .threshold("all but the excluded ones", "velero.exclude_namespaces")
        .remedy("add them to a schedule, or name them in velero.exclude_namespaces; what lives in no namespace (CRDs, cluster roles) comes along only with a backup of all")
        .subjects(wrong)
}

/// Every namespace is in a completed backup that is young and can still be restored.
pub(super) fn backed_up(facts: &VeleroFacts, policy: &VeleroPolicy, now: Timestamp) -> Item {
    const CODE: &str = "BAK-026";
    const TITLE: &str = "every namespace is in a young completed backup";
    let backups = match super::served(CODE, TITLE, &facts.backups) {
        Ok(all) => all,
        Err(item) => return *item,
    };
    let namespaces = match &facts.namespaces {
        Ok(all) => needed(all, policy),
        Err(why) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let limit = hours(policy.max_age_hours);
    // Velero removes an expired backup any minute: nothing to rely on.
    let usable =
        |backup: &&VeleroBackup| backup.phase == "Completed" && backup.expires_at.is_none_or(|end| end > now);
    let (mut wrong, mut oldest): (Says, _) = (Vec::new(), SignedDuration::ZERO);
    for namespace in &namespaces {
        let name = namespace.name.as_str();
        let holds = |backup: &&VeleroBackup| backup.scope.covers(name) == Coverage::Whole;
        let newest = youngest(backups.iter().filter(usable).filter(holds), began).and_then(began);
        match newest.and_then(|at| age(at, now)) {
            Some(age) => {
                oldest = oldest.max(age);
                if age > limit {
                    wrong.push((
                        name.to_owned(),
                        format!("its last completed backup is {} old", lasting(age)),
                    ));
                }
            }
            // One of today has not met a schedule yet.
            None if namespace
                .created_at
                .and_then(|at| age(at, now))
                .is_some_and(|age| age <= limit) => {}
            None => wrong.push((
                name.to_owned(),
                "is in no completed backup that is still there".to_owned(),
            )),
        }
    }
    let verdict = if wrong.is_empty() {
        Verdict::Pass
    } else {
        Verdict::Fail
    };
    let good = namespaces.len() - wrong.len();
    Item::judge(
        CODE,
        TITLE,
        verdict,
        population(namespaces.len(), 1),
        format!(
            "{good} of {}; the oldest of the newest is {} old",
            count(namespaces.len(), "namespace"),
            lasting(oldest)
        ),
    )
    .threshold(
        format!("at most {} old, not expired", lasting(limit)),
        "velero.max_age_hours",
    )
    .remedy("see BAK-022 and BAK-025 for the schedule that should have taken it along")
    .subjects(wrong)
}
