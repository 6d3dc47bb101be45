//! `BAK-003` and `BAK-004`: from when to when the database can be restored to a point in time.

use day2_core::{Item, Verdict};
use jiff::{SignedDuration, Timestamp};

use super::{Says, age, count, days, lasting, minutes, population, worse_of};
use crate::facts::DatabaseFacts;
use crate::settings::DatabasePolicy;

/// The earliest restorable time moves once a day, when the oldest backup is dropped.
const DROPPED_ONCE_A_DAY: SignedDuration = SignedDuration::from_hours(26);

/// What would be lost if the database were gone now. A snapshot's age says nothing of this: point-in-time restore does.
pub(crate) fn lag(facts: &DatabaseFacts, policy: &DatabasePolicy, now: Timestamp) -> Item {
    const CODE: &str = "BAK-003";
    const TITLE: &str = "the latest restorable time is close (RPO)";
    let database = match &facts.database {
        Ok(database) => database,
        Err(why) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let limit = minutes(policy.max_restorable_lag_minutes);
    let lag = database.backups.latest_restorable.map(|at| age(at, now));
    let (mut wrong, mut unread): (Says, Says) = (Vec::new(), Vec::new());
    let seen = match lag {
        None if database.backups.retention_days == Some(0) => {
            wrong.push((
                database.id.clone(),
                "has no point-in-time restore: automated backups are off".to_owned(),
            ));
            "there is no restorable time".to_owned()
        }
        None => {
            unread.push((
                database.id.clone(),
                "RDS gives no latest restorable time".to_owned(),
            ));
            "not known".to_owned()
        }
        // Refused rather than taken for "no lag".
        Some(None) => {
            unread.push((
                database.id.clone(),
                "its latest restorable time has not come yet".to_owned(),
            ));
            "its time cannot be believed".to_owned()
        }
        Some(Some(lag)) => {
            if lag > limit {
                wrong.push((database.id.clone(), format!("{} would be lost now", lasting(lag))));
            }
            format!("the last {} would be lost now", lasting(lag))
        }
    };
    let examined = usize::from(unread.is_empty());
    Item::judge(CODE, TITLE, worse_of(&wrong, &unread), population(examined, 1), seen)
        .threshold(format!("at most {}", lasting(limit)), "database.max_restorable_lag_minutes")
        .remedy("look at the state of the database and its events: logs are written every five minutes unless it is stopped, full or in trouble")
        .subjects(wrong)
        .subjects(unread)
}

/// Point-in-time restore reaches as far back as the retention promises, or to the creation of a younger database.
pub(crate) fn reach(facts: &DatabaseFacts, policy: &DatabasePolicy, now: Timestamp) -> Item {
    const CODE: &str = "BAK-004";
    const TITLE: &str = "point-in-time restore reaches back as far as promised";
    let (database, earliest) = match (&facts.database, &facts.earliest_restorable) {
        (Ok(database), Ok(earliest)) => (database, earliest),
        (Err(why), _) | (_, Err(why)) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let backups = &database.backups;
    let unknown = |seen: &str| {
        Item::judge(CODE, TITLE, Verdict::Unknown, population(0, 1), seen)
            .subject(&database.id, seen)
            .remedy("describe the database and its automated backups by hand")
    };
    let promised = backups
        .retention_days
        .and_then(|days| u32::try_from(days).ok())
        .unwrap_or(0);
    let Some(earliest) = earliest else {
        return unknown("RDS gives no earliest restorable time");
    };
    let Some(back) = age(*earliest, now) else {
        return unknown("its earliest restorable time has not come yet");
    };
    if backups.latest_restorable.is_some_and(|latest| latest < *earliest) {
        return unknown("its latest restorable time lies before its earliest");
    }
    // At least what the policy asks for; a longer retention that was set must be there too.
    let promised = promised.max(policy.min_retention_days);
    let existed = backups
        .created_at
        .and_then(|at| age(at, now))
        .unwrap_or(SignedDuration::MAX);
    let wanted = days(promised).min(existed).saturating_sub(DROPPED_ONCE_A_DAY);
    let seen = format!("restorable {} back", lasting(back));
    let wrong = back < wanted;
    let verdict = if wrong { Verdict::Fail } else { Verdict::Pass };
    let item = Item::judge(CODE, TITLE, verdict, population(1, 1), seen)
        .threshold(
            format!("{} back, less the day that is being dropped", count(usize::try_from(promised).unwrap_or(0), "day")),
            "retention of the database and database.min_retention_days",
        )
        .remedy("the retention was raised lately and still fills, or backups were turned off and on again: what lies before is in snapshots only");
    if wrong {
        item.subject(
            &database.id,
            format!("only {} back, since {earliest}", lasting(back)),
        )
    } else {
        item
    }
}
