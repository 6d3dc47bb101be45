//! `BAK-028`: no volume snapshot that the newest completed backup began is missing, and one without volumes is told.
//!
//! Which volumes need a backup is not known here: a namespace without any is as well without a snapshot. So what a backup leaves out
//! is told and not judged, and judged is what it set out to save.

use day2_core::Item;
use day2_kube::objects::VeleroBackup;
use jiff::Timestamp;

use super::schedules::{due, is_younger};
use super::{completed_of, counted};
use crate::assess::{Says, count, population, worse_of};
use crate::facts::VeleroFacts;
use crate::settings::VeleroPolicy;

pub(super) fn saved(facts: &VeleroFacts, policy: &VeleroPolicy, now: Timestamp) -> Item {
    const CODE: &str = "BAK-028";
    const TITLE: &str = "no Velero volume snapshot is missing";
    let (schedules, backups) = match super::made(CODE, TITLE, facts) {
        Ok(both) => both,
        Err(item) => return *item,
    };
    let (mut wrong, mut unread): (Says, Says) = (Vec::new(), Vec::new());
    let (mut told, mut without) = (Vec::new(), 0_usize);
    for schedule in counted(schedules, policy) {
        let name = || schedule.name.clone();
        let done = completed_of(schedule, backups);
        let Some(&newest) = done.first() else {
            let due = due(schedule, policy, now).ok().flatten();
            if due.is_some_and(|due| is_younger(schedule, due)) {
                told.push(format!("{}: not due yet", schedule.name));
            } else {
                unread.push((name(), "no backup of it ever completed".to_owned()));
            }
            continue;
        };
        let missing = missing(newest);
        if !missing.is_empty() {
            wrong.push((
                name(),
                format!("{} is Completed with {}", newest.name, missing.join(" and ")),
            ));
        }
        if newest.scope.leaves_volumes_out() {
            without += 1;
        }
        told.push(format!("{}: {}", schedule.name, saves(newest)));
    }
    // Of what passes a mail shows the title only.
    let title = if without == 0 {
        TITLE.to_owned()
    } else {
        format!(
            "{TITLE} (volumes are left out in writing by {})",
            count(without, "schedule")
        )
    };
    let examined = told.len();
    let seen = if told.is_empty() {
        "nothing could be looked at".to_owned()
    } else {
        told.join("; ")
    };
    Item::judge(CODE, &title, worse_of(&wrong, &unread), population(examined, 1), seen)
        .threshold(
            "as many completed as were attempted",
            "the newest completed backup of each schedule",
        )
        .remedy("velero backup describe --details names the volumes; then the log of the velero pod and of the snapshot controller")
        .subjects(wrong)
        .subjects(unread)
}

/// Kinds of snapshots of which fewer completed than were attempted.
fn missing(backup: &VeleroBackup) -> Vec<String> {
    [
        (
            backup.snapshots_completed,
            backup.snapshots_attempted,
            "snapshots",
        ),
        (
            backup.csi_snapshots_completed,
            backup.csi_snapshots_attempted,
            "CSI snapshots",
        ),
    ]
    .into_iter()
    .filter(|(completed, attempted, _)| completed < attempted)
    .map(|(completed, attempted, of)| format!("{completed} of {attempted} {of}"))
    .collect()
}

/// What it saves of volumes, as far as its object says: files and moved data are counted in other objects.
fn saves(backup: &VeleroBackup) -> String {
    let attempted = backup
        .snapshots_attempted
        .saturating_add(backup.csi_snapshots_attempted);
    let completed = backup
        .snapshots_completed
        .saturating_add(backup.csi_snapshots_completed);
    if attempted > 0 {
        format!("{completed} of {attempted} snapshots")
    } else if backup.scope.leaves_volumes_out() {
        "no volumes, as it is written".to_owned()
    } else if backup.scope.moves_snapshots {
        "snapshots whose data is moved, not counted".to_owned()
    } else if backup.scope.backs_up_files {
        "files of volumes, not counted".to_owned()
    } else {
        "no snapshot attempted".to_owned()
    }
}
