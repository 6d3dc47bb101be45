//! `BAK-041`: somebody restored a backup lately, and it was right. Completed is not restorable.

use day2_core::compare::Notes;
use day2_core::{Cause, Item, Observed, Unreadable};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::aws_backup::{Outcome, outcome};
use super::{Says, Scene, age, count, days, lasting, population, worse_of, youngest};
use crate::facts::ProofFacts;
use crate::settings::ProofPolicy;
use day2_kube::objects::VeleroRestore;

/// Name of the note.
const NOTE: &str = "restore_proof";

/// One attempt to restore.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Drill {
    at: Timestamp,
    /// Begin of the day of one that is known by its day only: it may have been at any time until `at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_before: Option<Timestamp>,
    by: String,
    /// What went wrong; none when it was right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failed: Option<String>,
}

impl Drill {
    /// The first moment at which it may have been: what failed before it is history.
    fn begin(&self) -> Timestamp {
        self.not_before.unwrap_or(self.at)
    }
}

/// The last proven restore is young enough, and none failed since.
///
/// The newest proof is noted, because AWS Backup forgets its jobs after 30 days and Velero its restores with the backup.
pub(crate) fn proven(facts: &ProofFacts, policy: &ProofPolicy, scene: &Scene<'_>, notes: &mut Notes) -> Item {
    let now = scene.now;
    let (mut wrong, mut unread): (Says, Says) = (Vec::new(), Vec::new());
    let remembered = scene
        .noted(NOTE)
        .and_then(|text| serde_json::from_str::<Drill>(text).ok());
    let mut drills: Vec<Drill> = Vec::new();
    let mut places = 0;
    for (place, seen) in places_of(facts, policy, scene) {
        places += 1;
        match seen {
            Ok(seen) => drills.extend(seen),
            Err(why) => unread.push((place.to_owned(), why.to_string())),
        }
    }
    let blind = unread.len();
    let believed = |drill: &&Drill| age(drill.at, now).is_some();
    unread.extend(
        drills
            .iter()
            .filter(|drill| age(drill.at, now).is_none())
            .map(|drill| (drill.by.clone(), "is of the future".to_owned())),
    );
    let good: Vec<&Drill> = remembered
        .iter()
        .chain(&drills)
        .filter(believed)
        .filter(|drill| drill.failed.is_none())
        .collect();
    let proven = youngest(good.iter().copied(), |drill| Some(drill.at)).cloned();
    if let Some(text) = proven
        .as_ref()
        .and_then(|drill| serde_json::to_string(drill).ok())
    {
        notes.put(NOTE, text);
    }
    // A failure of the day of a declared drill may have been after it.
    let history = good.iter().map(|drill| drill.begin()).max();
    let failed = drills
        .iter()
        .filter(believed)
        .filter(|drill| drill.failed.is_some() && history.is_none_or(|until| drill.at > until));
    if let Some(last) = youngest(failed, |drill| Some(drill.at)) {
        let why = last.failed.as_deref().unwrap_or_default();
        wrong.push((
            last.by.clone(),
            format!("failed {} ago: {why}", ago(last.at, now)),
        ));
    }
    let seen = match &proven {
        None => {
            // What was not read may be the proof.
            if unread.is_empty() {
                wrong.push((
                    "no proof".to_owned(),
                    "no restore is known to have been right, ever".to_owned(),
                ));
            }
            "never, as far as is known".to_owned()
        }
        Some(drill) => {
            let old = age(drill.at, now).unwrap_or_default();
            if old > days(policy.max_age_days) && unread.is_empty() {
                wrong.push((
                    drill.by.clone(),
                    format!("the last proof is {} old", lasting(old)),
                ));
            }
            format!("{} ago, by {}", lasting(old), drill.by)
        }
    };
    // A proof that is known and young stands beside a drill whose time cannot be believed, but not beside a place that could not
    // be read: a drill that failed since may stand there.
    let young = proven
        .as_ref()
        .and_then(|drill| age(drill.at, now))
        .is_some_and(|old| old <= days(policy.max_age_days));
    let verdict = if young && blind == 0 {
        worse_of(&wrong, &Says::new())
    } else {
        worse_of(&wrong, &unread)
    };
    let examined = if young {
        (places - blind).max(usize::from(blind == 0))
    } else {
        places - unread.len().min(places)
    };
    Item::judge(
        "BAK-041",
        "a restore was proven lately (Completed \u{2260} restorable)",
        verdict,
        population(examined, 1),
        format!("{seen}{}. That a backup is Completed does not prove that it can be restored", refused(facts, proven.as_ref())),
    )
    .threshold(
        format!("a proven restore of the last {}, and none that failed since", count(usize::try_from(policy.max_age_days).unwrap_or(0), "day")),
        "restore_proof.max_age_days",
    )
    .remedy("restore into an isolated place, count what is there against the original, and leave a record (see docs/functions/backup-verification.md)")
    .subjects(wrong)
    .subjects(unread)
}

/// In a report without `BAK-041` the first line about something that was kept says what it does not prove. It stands in the
/// title, because that is what a mail shows of a line that passes.
pub(crate) fn unasked(items: &mut [Item]) {
    let first = items.iter_mut().find(|item| {
        matches!(
            item.code.as_str(),
            "BAK-002" | "BAK-011" | "BAK-012" | "BAK-022" | "BAK-031"
        )
    });
    if let Some(item) = first {
        item.title
            .push_str(" (Completed \u{2260} restorable; no proof is asked for)");
    }
}

fn ago(at: Timestamp, now: Timestamp) -> String {
    age(at, now).map_or_else(|| "some time".to_owned(), lasting)
}

/// Every place that the policy names, with the drills that are known there.
fn places_of(
    facts: &ProofFacts,
    policy: &ProofPolicy,
    scene: &Scene<'_>,
) -> Vec<(&'static str, Observed<Vec<Drill>>)> {
    let mut places = Vec::new();
    if let Some(jobs) = &facts.restore_jobs {
        let drills = jobs.as_ref().map_err(Clone::clone).map(|jobs| {
            jobs.iter()
                .filter_map(|job| {
                    let failed = match outcome(job) {
                        Outcome::Proven => None,
                        Outcome::Failed(why) => Some(why),
                        Outcome::NotValidated | Outcome::Running => return None,
                    };
                    Some(Drill {
                        at: job.completed_at.or(job.created_at)?,
                        not_before: None,
                        by: format!("AWS Backup job {}", job.id),
                        failed,
                    })
                })
                .collect()
        });
        places.push(("AWS Backup", drills));
    }
    if let Some(restores) = &facts.velero {
        let drills = match restores {
            Ok(Some(restores)) => Ok(restores.iter().filter_map(of_velero).collect()),
            Ok(None) => Err(Unreadable::new(
                "list restores",
                "velero.io",
                Cause::NotFound,
                "the cluster does not know velero.io",
            )),
            Err(why) => Err(why.clone()),
        };
        places.push(("Velero", drills));
    }
    if let Some(record) = &facts.record {
        let drills = record.as_ref().map_err(Clone::clone).map(|record| {
            let by = if record.by.is_empty() {
                "somebody"
            } else {
                record.by.as_str()
            };
            vec![Drill {
                at: record.at,
                not_before: None,
                by: format!("the record of {by}"),
                failed: (record.result != "success").then(|| record.result.clone()),
            }]
        });
        places.push(("the record in S3", drills));
    }
    if let Some(declared) = &policy.declared {
        // The end of that day, but not of today: a drill that is declared was done.
        let day = declared
            .on
            .date()
            .to_zoned(scene.zone.clone())
            .and_then(|day| Ok((day.timestamp(), day.tomorrow()?.timestamp())))
            .map_err(|error| {
                Unreadable::new(
                    "read the declared day",
                    declared.by.as_str(),
                    Cause::Malformed,
                    error.to_string(),
                )
            });
        let today = scene.now.to_zoned(scene.zone.clone()).date() == declared.on.date();
        let drills = day.map(|(begin, end)| {
            vec![Drill {
                at: if today { scene.now } else { end },
                not_before: Some(begin),
                by: format!("{} on {}, as declared", declared.by, declared.on),
                failed: None,
            }]
        });
        places.push(("the settings", drills));
    }
    places
}

/// A restore into another namespace that dealt with something. One over what is there is no drill, however it ends: it skips what
/// is there, and completes having restored nothing. One that was [`refused`] never began, and proves nothing either way.
fn of_velero(restore: &VeleroRestore) -> Option<Drill> {
    if !restore.elsewhere {
        return None;
    }
    let at = ended(restore)?;
    let by = format!("Velero restore {}", restore.name);
    let failed = match restore.phase.as_str() {
        "Completed" if restore.items.unwrap_or(0) == 0 => return None,
        "Completed" if restore.errors == 0 => None,
        "Completed" | "PartiallyFailed" | "Failed" => Some(format!(
            "is {} ({} errors, {} warnings){}",
            restore.phase,
            restore.errors,
            restore.warnings,
            restore
                .failure
                .as_ref()
                .map_or_else(String::new, |why| format!(": {why}")),
        )),
        _ => return None,
    };
    Some(Drill {
        at,
        not_before: None,
        by,
        failed,
    })
}

/// When a restore ended, or began at least.
fn ended(restore: &VeleroRestore) -> Option<Timestamp> {
    restore.completed_at.or(restore.started_at)
}

/// When a restore was asked for: Velero gives no time to one that it refuses, because it sets the begin after its validation only.
/// Source: Velero, `pkg/controller/restore_controller.go`.
fn asked(restore: &VeleroRestore) -> Option<Timestamp> {
    ended(restore).or(restore.created_at)
}

/// In words, the newest drill that Velero refused, for example for a name of a backup that does not exist. One that is older than the
/// proof is history.
fn refused(facts: &ProofFacts, proven: Option<&Drill>) -> String {
    let Some(Ok(Some(restores))) = &facts.velero else {
        return String::new();
    };
    let newest = restores
        .iter()
        .filter(|restore| restore.elsewhere && restore.phase == "FailedValidation")
        .filter(|restore| proven.is_none_or(|proven| asked(restore).is_none_or(|at| at > proven.at)))
        .max_by_key(|restore| asked(restore));
    newest.map_or_else(String::new, |restore| {
        format!(
            "; Velero refused the restore {} (FailedValidation): it never began, and tells nothing of the backup",
            restore.name
        )
    })
}
