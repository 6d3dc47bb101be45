//! `BAK-007`: the backup window is where it was. One that moved into business hours, or away, is somebody's change.

use day2_core::compare::Notes;
use day2_core::{Item, Verdict};

use super::{Scene, population};
use crate::facts::DatabaseFacts;
use crate::settings::DatabasePolicy;

/// Name of the note.
const NOTE: &str = "backup_window";

/// Compares with the declared window, or with that of the run before.
pub(crate) fn window(
    facts: &DatabaseFacts,
    policy: &DatabasePolicy,
    scene: &Scene<'_>,
    notes: &mut Notes,
) -> Item {
    const CODE: &str = "BAK-007";
    const TITLE: &str = "the backup window was not moved";
    let database = match &facts.database {
        Ok(database) => database,
        Err(why) => {
            // The next run compares with what was known last.
            keep(scene, notes);
            return Item::unreadable(CODE, TITLE, 1, why);
        }
    };
    let Some(now) = &database.backups.window else {
        keep(scene, notes);
        return Item::judge(
            CODE,
            TITLE,
            Verdict::Unknown,
            population(0, 1),
            "RDS gives no backup window",
        );
    };
    notes.put(NOTE, now.as_str());
    let judged = |was: &str, source: &str| {
        let moved = was != now;
        let verdict = if moved { Verdict::Fail } else { Verdict::Pass };
        let item = Item::judge(CODE, TITLE, verdict, population(1, 1), format!("{now} UTC"))
            .threshold(format!("{was} UTC"), source.to_owned())
            .remedy("see who changed it (CloudTrail: ModifyDBCluster, ModifyDBInstance); if it was meant, declare database.backup_window");
        if moved {
            item.subject(&database.id, format!("was {was}, is {now}"))
        } else {
            item
        }
    };
    if let Some(declared) = &policy.backup_window {
        return judged(declared, "database.backup_window");
    }
    match (scene.before, scene.noted(NOTE)) {
        (_, Some(was)) => judged(was, "the run before; declare database.backup_window to fix it"),
        (Err(why), None) => Item::unreadable(CODE, TITLE, 1, why),
        (Ok(_), None) => Item::judge(
            CODE,
            TITLE,
            Verdict::Unknown,
            population(0, 1),
            format!("{now} UTC; no run before noted one, the next one compares with this"),
        )
        .remedy("nothing, or declare database.backup_window to compare at once"),
    }
}

fn keep(scene: &Scene<'_>, notes: &mut Notes) {
    if let Some(was) = scene.noted(NOTE) {
        notes.put(NOTE, was);
    }
}
