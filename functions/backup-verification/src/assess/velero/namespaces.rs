//! `BAK-025` and `BAK-026`: every namespace is in a schedule, and in a completed backup of late.

use day2_core::{Item, Verdict};
use day2_kube::objects::{Coverage, Namespace, Scope, VeleroBackup, VeleroSchedule};
use jiff::{SignedDuration, Timestamp};

use super::schedules::{EARLY, due};
use super::{began, running};
use crate::assess::{Says, age, count, hours, lasting, population, worse_of, youngest};
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
    let running: Vec<&VeleroSchedule> = running(schedules, policy).collect();
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
    let dues = facts.schedules.as_ref().map(|all| {
        let all = all.as_deref().unwrap_or_default();
        running(all, policy)
            .map(|schedule| (&schedule.scope, due(schedule, policy, now)))
            .collect::<Vec<_>>()
    });
    let at_most = hours(policy.max_age_hours);
    // Velero removes an expired backup any minute: nothing to rely on.
    let usable =
        |backup: &&VeleroBackup| backup.phase == "Completed" && backup.expires_at.is_none_or(|end| end > now);
    let (mut wrong, mut unread): (Says, Says) = (Vec::new(), Vec::new());
    let mut oldest = SignedDuration::ZERO;
    for namespace in &namespaces {
        let name = namespace.name.as_str();
        let limit = dues
            .as_ref()
            .map_or(at_most, |dues| at_most.max(rhythm(name, dues, now)));
        let holds = |backup: &&VeleroBackup| backup.scope.covers(name) == Coverage::Whole;
        let newest = youngest(backups.iter().filter(usable).filter(holds), began).and_then(began);
        let says = match newest.and_then(|at| age(at, now)) {
            Some(age) => {
                oldest = oldest.max(age);
                if age <= limit {
                    continue;
                }
                format!("its last completed backup is {} old", lasting(age))
            }
            // One that has not met a schedule yet.
            None if namespace
                .created_at
                .and_then(|at| age(at, now))
                .is_some_and(|age| age <= limit) =>
            {
                continue;
            }
            None => "is in no completed backup that is still there".to_owned(),
        };
        // A weekly one may be in time.
        let unknown = match &dues {
            Ok(dues) => dues
                .iter()
                .find_map(|(scope, due)| {
                    due.as_ref()
                        .err()
                        .filter(|_| scope.covers(name) == Coverage::Whole)
                })
                .cloned(),
            Err(why) => Some(why.to_string()),
        };
        match unknown {
            None => wrong.push((name.to_owned(), says)),
            Some(why) => unread.push((
                name.to_owned(),
                format!("{says}, and when one was due is not known: {why}"),
            )),
        }
    }
    let good = namespaces.len() - wrong.len() - unread.len();
    Item::judge(
        CODE,
        TITLE,
        worse_of(&wrong, &unread),
        population(namespaces.len(), 1),
        format!(
            "{good} of {}; the oldest of the newest is {} old",
            count(namespaces.len(), "namespace"),
            lasting(oldest)
        ),
    )
    .threshold(
        format!(
            "at most {} old, or of the last time that its schedules were due, not expired",
            lasting(at_most)
        ),
        "velero.max_age_hours, the schedules' own cron expressions",
    )
    .remedy("see BAK-022 and BAK-025 for the schedule that should have taken it along")
    .subjects(wrong)
    .subjects(unread)
}

/// When a schedule was due last; none for one that never is; in words why it is not known.
type Due = Result<Option<Timestamp>, String>;

/// How old the newest backup of a namespace is when it is that of the last time at which a schedule was due that takes it whole;
/// nothing without such a schedule. One that is covered every week only is not late on the other six days.
fn rhythm(namespace: &str, dues: &[(&Scope, Due)], now: Timestamp) -> SignedDuration {
    dues.iter()
        .filter(|(scope, _)| scope.covers(namespace) == Coverage::Whole)
        .filter_map(|(_, due)| due.as_ref().ok().copied().flatten())
        .max()
        .map_or(SignedDuration::ZERO, |due| {
            now.duration_since(due).saturating_add(EARLY)
        })
}
