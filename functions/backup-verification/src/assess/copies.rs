//! `BAK-011`: copies in other regions and accounts. A backup beside the database goes with it.

use day2_core::Item;
use jiff::Timestamp;

use super::encryption::unusable;
use super::{Says, age, count, hours, lasting, population, worse_of, youngest};
use crate::facts::CopyFacts;
use crate::settings::{CopyPolicy, Through};

/// Where copies are, and by what that is known where nobody looks there.
fn place(plan: &CopyPolicy) -> String {
    let of_role = plan.role_arn.as_ref().and_then(|role| role.account_id());
    let account = of_role.or(plan.account_id.as_ref());
    let place = account.map_or_else(
        || plan.region.to_string(),
        |account| format!("{} of {account}", plan.region),
    );
    match plan.through {
        Through::CopyJobs => format!("{place} (by copy jobs; not seen there)"),
        Through::Snapshots | Through::AwsBackup => place,
    }
}

pub(crate) fn elsewhere(plans: &[CopyPolicy], facts: &[CopyFacts], now: Timestamp) -> Item {
    let (mut wrong, mut unread): (Says, Says) = (Vec::new(), Vec::new());
    let (mut examined, mut ages) = (0, Vec::new());
    for (plan, seen) in plans.iter().zip(facts) {
        let place = place(plan);
        let copies = match &seen.copies {
            Ok(copies) => copies,
            Err(why) => {
                unread.push((place, why.to_string()));
                continue;
            }
        };
        examined += 1;
        let newest = youngest(copies.iter().filter(|copy| copy.available), |copy| copy.taken_at);
        let continuous = copies.iter().find(|copy| copy.continuous);
        // It may be young enough where no other is: the restorable time of the database at home (BAK-003) is not that of the copy.
        let open = continuous.map(|copy| {
            let says = format!(
                "{} is continuous, and how far it reaches is not known here",
                copy.id
            );
            (place.clone(), says)
        });
        let Some((newest, at)) = newest.and_then(|copy| Some((copy, copy.taken_at?))) else {
            if let Some(open) = open {
                unread.push(open);
            } else {
                let there = count(copies.len(), "copy").replace("copys", "copies");
                wrong.push((place, format!("no copy that can be restored: {there} there")));
            }
            continue;
        };
        match age(at, now) {
            None => unread.push((place.clone(), format!("{} is of the future", newest.id))),
            Some(age) => {
                if age > hours(plan.max_age_hours) {
                    if let Some(open) = open {
                        unread.push(open);
                    } else {
                        wrong.push((
                            place.clone(),
                            format!("the newest copy, {}, is {} old", newest.id, lasting(age)),
                        ));
                    }
                }
                ages.push(format!("{place}: {}", lasting(age)));
            }
        }
        if newest.encrypted == Some(false) {
            wrong.push((place.clone(), format!("{} is not encrypted", newest.id)));
        }
        match seen.key.as_ref().and_then(|(_, key)| unusable(key, now)) {
            None => {}
            Some(Ok(says)) => wrong.push((place, says)),
            Some(Err(says)) => unread.push((place, says)),
        }
    }
    let seen = if ages.is_empty() {
        "no copy of a known age was found".to_owned()
    } else {
        format!("newest copy, {}", ages.join("; "))
    };
    Item::judge(
        "BAK-011",
        "copies in other regions and accounts are young enough",
        worse_of(&wrong, &unread),
        population(examined, plans.len()),
        seen,
    )
    .threshold("an encrypted copy of at most the declared age in each place", "copies[…].max_age_hours")
    .remedy("see the job that copies (AWS Backup copy jobs, or your own) and the grants of the key in the other place")
    .subjects(wrong)
    .subjects(unread)
}
