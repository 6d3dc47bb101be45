//! `BAK-021`: Velero can reach the places where backups are kept.

use day2_core::Item;
use jiff::Timestamp;

use crate::assess::{Says, age, count, lasting, minutes, population, worse_of};
use crate::facts::VeleroFacts;
use crate::settings::VeleroPolicy;

pub(super) fn available(facts: &VeleroFacts, policy: &VeleroPolicy, now: Timestamp) -> Item {
    const CODE: &str = "BAK-021";
    const TITLE: &str = "Velero's storage locations are available";
    let all = match super::served(CODE, TITLE, &facts.locations) {
        Ok(all) => all,
        Err(item) => return *item,
    };
    let limit = minutes(policy.max_validation_age_minutes);
    let (mut wrong, mut unread): (Says, Says) = (Vec::new(), Vec::new());
    for location in all {
        let name = location.name.clone();
        let why = location.message.as_deref().unwrap_or("Velero gives no reason");
        match location.phase.as_str() {
            "Available" => {}
            "" => unread.push((name.clone(), "was never validated".to_owned())),
            phase => wrong.push((name.clone(), format!("is {phase}: {why}"))),
        }
        if location.default && location.read_only {
            wrong.push((
                name.clone(),
                "is the default and read-only: nothing can be backed up".to_owned(),
            ));
        }
        // `Available` of yesterday is yesterday's.
        match location.validated_at.and_then(|at| age(at, now)) {
            Some(age) if age > limit => {
                wrong.push((
                    name,
                    format!("was validated last {} ago: is Velero running?", lasting(age)),
                ));
            }
            None if location.phase == "Available" => {
                unread.push((name, "Velero does not say when it was validated".to_owned()));
            }
            Some(_) | None => {}
        }
    }
    let verdict = if all.is_empty() {
        wrong.push((
            "no storage location".to_owned(),
            "backups have nowhere to go".to_owned(),
        ));
        day2_core::Verdict::Fail
    } else {
        worse_of(&wrong, &unread)
    };
    Item::judge(CODE, TITLE, verdict, population(all.len(), 1), format!("{}, {} in order", count(all.len(), "location"), all.len().saturating_sub(wrong.len() + unread.len())))
        .threshold(
            format!("Available, validated within {}", lasting(limit)),
            "velero.max_validation_age_minutes",
        )
        .remedy("velero backup-location get; read the log of the velero pod: usually the role of its service account, or the bucket")
        .subjects(wrong)
        .subjects(unread)
}
