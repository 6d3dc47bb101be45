//! `BAK-005`: what is encrypted, and whether its keys can be used. A snapshot whose key is gone cannot be restored.

use day2_core::{Item, Observed};
use jiff::Timestamp;

use super::{Says, population, worse_of, youngest};
use crate::facts::DatabaseFacts;
use crate::settings::DatabasePolicy;
use day2_reads::keys::Key;

pub(crate) fn encrypted(facts: &DatabaseFacts, policy: &DatabasePolicy, now: Timestamp) -> Item {
    const CODE: &str = "BAK-005";
    const TITLE: &str = "database and newest snapshot are encrypted, and their keys work";
    let (database, snapshots) = match (&facts.database, &facts.snapshots) {
        (Ok(database), Ok(snapshots)) => (database, snapshots),
        (Err(why), _) | (_, Err(why)) => return Item::unreadable(CODE, TITLE, 2, why),
    };
    let newest = youngest(snapshots.iter().filter(|one| one.is_available()), |one| {
        one.taken_at
    });
    let (mut wrong, mut unread): (Says, Says) = (Vec::new(), Vec::new());
    let mut things = vec![(database.id.clone(), database.backups.encrypted)];
    things.extend(newest.map(|one| (one.id.clone(), one.encrypted)));
    let examined = things.len();
    for (name, encrypted) in things {
        match encrypted {
            Some(false) if policy.encryption => wrong.push((name, "is not encrypted".to_owned())),
            Some(true | false) => {}
            None => unread.push((name, "RDS does not say whether it is encrypted".to_owned())),
        }
    }
    for (arn, key) in &facts.keys {
        match unusable(key, now) {
            None => {}
            Some(Ok(says)) => wrong.push((arn.clone(), says)),
            Some(Err(says)) => unread.push((arn.clone(), says)),
        }
    }
    let seen = format!(
        "{examined} looked at, {} of {} keys can be used",
        facts
            .keys
            .iter()
            .filter(|(_, key)| unusable(key, now).is_none())
            .count(),
        facts.keys.len()
    );
    // Without a snapshot there is one thing less; BAK-002 says so.
    Item::judge(CODE, TITLE, worse_of(&wrong, &unread), population(examined, 1), seen)
        .threshold("encrypted, with keys that are Enabled", "database.encryption")
        .remedy("cancel the deletion of the key or enable it (aws kms cancel-key-deletion, enable-key); an unencrypted database becomes an encrypted one by restoring an encrypted copy of a snapshot")
        .subjects(wrong)
        .subjects(unread)
}

/// Why a key cannot be used (`Ok`), or why that is not known (`Err`); `None` for a key that works.
pub(crate) fn unusable(key: &Observed<Key>, now: Timestamp) -> Option<Result<String, String>> {
    match key {
        Ok(key) if key.state == "Enabled" => None,
        // A key of AWS is updated without a moment's outage.
        Ok(key) if key.state == "Updating" => None,
        Ok(key) => {
            let gone = key.deleted_at.map_or_else(String::new, |at| {
                let left = at.duration_since(now);
                format!(", gone in {}", super::lasting(left))
            });
            Some(Ok(format!(
                "the key is {}{gone}: nothing that it encrypts can be restored",
                key.state
            )))
        }
        Err(why) => Some(Err(why.to_string())),
    }
}
