//! `BAK-001`, `BAK-002` and `BAK-006`: automated backups are on, the newest snapshot is young, the database refuses to be
//! deleted.

use day2_core::{Item, Verdict};
use jiff::{SignedDuration, Timestamp};

use super::window::Window;
use super::{Says, age, count, hours, lasting, minutes, population, worse_of, youngest};
use crate::facts::DatabaseFacts;
use crate::settings::DatabasePolicy;
use day2_reads::backups::DbSnapshot;

/// A snapshot that is not available after this long will not become so by itself.
const STUCK: SignedDuration = SignedDuration::from_hours(6);

/// Automated backups are kept for at least as long as the policy says; 0 days is "off".
pub(crate) fn automated(facts: &DatabaseFacts, policy: &DatabasePolicy) -> Item {
    const CODE: &str = "BAK-001";
    const TITLE: &str = "automated backups are on and kept long enough";
    let database = match &facts.database {
        Ok(database) => database,
        Err(why) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let (verdict, seen) = match database.backups.retention_days {
        None => (Verdict::Unknown, "RDS gives no retention".to_owned()),
        Some(0) => (
            Verdict::Fail,
            "automated backups are off: retention is 0 days".to_owned(),
        ),
        Some(days) => {
            let enough = i64::from(days) >= i64::from(policy.min_retention_days);
            let verdict = if enough { Verdict::Pass } else { Verdict::Fail };
            (
                verdict,
                format!("kept for {}", count(usize::try_from(days).unwrap_or(0), "day")),
            )
        }
    };
    let examined = usize::from(database.backups.retention_days.is_some());
    let item = Item::judge(CODE, TITLE, verdict, population(examined, 1), seen.clone())
        .threshold(
            format!("at least {}", count(usize::try_from(policy.min_retention_days).unwrap_or(0), "day")),
            "database.min_retention_days",
        )
        .remedy("raise the retention (aws rds modify-db-cluster or modify-db-instance --backup-retention-period); turning it on again begins an empty history");
    if verdict == Verdict::Pass {
        item
    } else {
        item.subject(&database.id, seen)
    }
}

/// Oldest that the newest snapshot may be, and why just that.
fn oldest(facts: &DatabaseFacts, policy: &DatabasePolicy) -> (SignedDuration, String) {
    if let Some(limit) = policy.max_snapshot_age_hours {
        return (hours(limit), "database.max_snapshot_age_hours".to_owned());
    }
    let declared = facts
        .database
        .as_ref()
        .ok()
        .and_then(|one| one.backups.window.as_deref());
    let window = declared.and_then(Window::parse);
    // An hour where RDS gives none: the longest that RDS chooses by itself is 30 minutes.
    let length = window.map_or(SignedDuration::from_hours(1), Window::length);
    let limit = hours(24)
        .saturating_add(length)
        .saturating_add(minutes(policy.snapshot_grace_minutes));
    let source = format!(
        "a day, the backup window ({} UTC) and database.snapshot_grace_minutes",
        declared.unwrap_or("not known, an hour taken")
    );
    (limit, source)
}

/// The newest *available* snapshot, over all pages, is young enough. Neither the first of the list nor one that is still
/// being made says anything.
pub(crate) fn newest(facts: &DatabaseFacts, policy: &DatabasePolicy, now: Timestamp) -> Item {
    const CODE: &str = "BAK-002";
    const TITLE: &str = "the newest available snapshot is young enough";
    let all = match &facts.snapshots {
        Ok(all) => all,
        Err(why) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let counts = |one: &&DbSnapshot| {
        one.is_available()
            && (one.kind == "automated" || (policy.count_manual_snapshots && one.kind == "manual"))
    };
    let (limit, source) = oldest(facts, policy);
    let kind = if policy.count_manual_snapshots {
        "snapshot"
    } else {
        "automated snapshot"
    };
    let (mut wrong, mut unread): (Says, Says) = (Vec::new(), Vec::new());
    let newest = youngest(all.iter().filter(counts), |one| one.taken_at);
    let seen = match newest.and_then(|one| Some((one, one.taken_at?))) {
        None => {
            wrong.push((format!("no available {kind}"), among(all)));
            format!("none of {} is an available {kind}", count(all.len(), "snapshot"))
        }
        Some((one, at)) => match age(at, now) {
            None => {
                unread.push((
                    one.id.clone(),
                    format!("is said to be of {at}, which has not come yet"),
                ));
                "its time cannot be believed".to_owned()
            }
            Some(age) => {
                if age > limit {
                    wrong.push((one.id.clone(), format!("is {} old", lasting(age))));
                }
                format!(
                    "{} of {} is {} old",
                    one.id,
                    count(all.len(), "snapshot"),
                    lasting(age)
                )
            }
        },
    };
    wrong.extend(broken(all, newest.and_then(|one| one.taken_at), now));
    Item::judge(CODE, TITLE, worse_of(&wrong, &unread), population(all.len(), 1), seen)
        .threshold(format!("an available {kind} of the last {}", lasting(limit)), source)
        .remedy("read the RDS events of the database for why none was made (aws rds describe-events), and make one by hand now")
        .subjects(wrong)
        .subjects(unread)
}

/// What there is instead, by status and kind.
fn among(all: &[DbSnapshot]) -> String {
    if all.is_empty() {
        return "there are no snapshots at all".to_owned();
    }
    let mut kinds: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    for one in all {
        *kinds.entry(format!("{} {}", one.status, one.kind)).or_default() += 1;
    }
    let list: Vec<String> = kinds
        .iter()
        .map(|(kind, number)| format!("{number} {kind}"))
        .collect();
    format!("there are {}", list.join(", "))
}

/// Snapshots newer than the newest good one that failed, or that have been in the making for too long.
fn broken(all: &[DbSnapshot], good: Option<Timestamp>, now: Timestamp) -> Says {
    let newer = |one: &&DbSnapshot| match (one.taken_at, good) {
        (Some(at), Some(good)) => at > good,
        _ => true,
    };
    let says = |one: &DbSnapshot| {
        let for_long = one
            .taken_at
            .and_then(|at| age(at, now))
            .is_some_and(|age| age > STUCK);
        if matches!(one.status.as_str(), "failed" | "error") {
            Some(format!("is {}", one.status))
        } else if for_long && !one.is_available() {
            Some(format!(
                "has been {} for more than {}",
                one.status,
                lasting(STUCK)
            ))
        } else {
            None
        }
    };
    all.iter()
        .filter(newer)
        .filter_map(|one| Some((one.id.clone(), says(one)?)))
        .collect()
}

/// Deletion protection is on.
pub(crate) fn protected(facts: &DatabaseFacts) -> Item {
    const CODE: &str = "BAK-006";
    const TITLE: &str = "the database refuses to be deleted";
    let database = match &facts.database {
        Ok(database) => database,
        Err(why) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let (verdict, seen) = match database.backups.deletion_protection {
        None => (
            Verdict::Unknown,
            "RDS does not say whether deletion protection is on",
        ),
        Some(true) => (Verdict::Pass, "deletion protection is on"),
        Some(false) => (Verdict::Fail, "deletion protection is off"),
    };
    let examined = usize::from(database.backups.deletion_protection.is_some());
    let item = Item::judge(CODE, TITLE, verdict, population(examined, 1), seen)
        .threshold("on", "database.deletion_protection")
        .remedy("turn it on (--deletion-protection); automated snapshots go with a database that is deleted");
    if verdict == Verdict::Fail {
        item.subject(&database.id, seen)
    } else {
        item
    }
}
