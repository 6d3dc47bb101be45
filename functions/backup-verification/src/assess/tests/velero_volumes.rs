//! `BAK-028`: what a completed backup says of its volumes.

use day2_core::Verdict::{self, Fail, Pass, Unknown};
use day2_kube::objects::VeleroBackup;
use serde_json::{Value, json};

use super::world::*;
use crate::facts::Facts;

/// A backup of last night as Velero writes it, with these settings and these counts.
fn of_last_night(spec: &str, counts: &str) -> VeleroBackup {
    let [spec, counts]: [Value; 2] = [spec, counts].map(|text| serde_json::from_str(text).unwrap());
    let mut status = json!({"phase": "Completed", "startTimestamp": hours_ago(10).to_string(),
                            "progress": {"totalItems": 100, "itemsBackedUp": 100}});
    for (name, number) in counts.as_object().unwrap() {
        status[name] = number.clone();
    }
    object(json!({
        "metadata": {"namespace": "velero", "name": "daily-0", "labels": {"velero.io/schedule-name": "daily"}},
        "spec": spec, "status": status
    }))
}

fn all(facts: &mut Facts) -> &mut Vec<VeleroBackup> {
    facts
        .velero
        .as_mut()
        .unwrap()
        .backups
        .as_mut()
        .unwrap()
        .as_mut()
        .unwrap()
}

/// The settings, the counts, the verdict, and what is said.
type Row = (&'static str, &'static str, Verdict, &'static str);

const ROWS: [Row; 15] = [
    // Objects of old, and those of a cluster without volumes.
    ("{}", "{}", Pass, "daily: no snapshot attempted"),
    (
        r#"{"snapshotVolumes": null}"#,
        "{}",
        Pass,
        "daily: no snapshot attempted",
    ),
    (
        r#"{"snapshotVolumes": true}"#,
        r#"{"volumeSnapshotsAttempted": 0, "volumeSnapshotsCompleted": 0}"#,
        Pass,
        "daily: no snapshot attempted",
    ),
    (
        "{}",
        r#"{"volumeSnapshotsAttempted": 3, "volumeSnapshotsCompleted": 3}"#,
        Pass,
        "daily: 3 of 3 snapshots",
    ),
    (
        "{}",
        r#"{"volumeSnapshotsAttempted": 3, "volumeSnapshotsCompleted": 2}"#,
        Fail,
        "daily-0 is Completed with 2 of 3 snapshots",
    ),
    // Velero leaves a count of zero out.
    (
        "{}",
        r#"{"volumeSnapshotsAttempted": 3}"#,
        Fail,
        "daily-0 is Completed with 0 of 3 snapshots",
    ),
    (
        "{}",
        r#"{"csiVolumeSnapshotsAttempted": 2, "csiVolumeSnapshotsCompleted": 2}"#,
        Pass,
        "daily: 2 of 2 snapshots",
    ),
    (
        "{}",
        r#"{"csiVolumeSnapshotsAttempted": 2, "csiVolumeSnapshotsCompleted": 1}"#,
        Fail,
        "daily-0 is Completed with 1 of 2 CSI snapshots",
    ),
    (
        "{}",
        r#"{"csiVolumeSnapshotsAttempted": 2, "volumeSnapshotsAttempted": 4, "volumeSnapshotsCompleted": 3}"#,
        Fail,
        "daily-0 is Completed with 3 of 4 snapshots and 0 of 2 CSI snapshots",
    ),
    // One kind makes nothing good of the other.
    (
        "{}",
        r#"{"csiVolumeSnapshotsAttempted": 1, "volumeSnapshotsAttempted": 1, "volumeSnapshotsCompleted": 2}"#,
        Fail,
        "daily-0 is Completed with 0 of 1 CSI snapshots",
    ),
    (
        r#"{"snapshotMoveData": true}"#,
        "{}",
        Pass,
        "daily: snapshots whose data is moved, not counted",
    ),
    (
        r#"{"snapshotVolumes": false, "defaultVolumesToFsBackup": true}"#,
        "{}",
        Pass,
        "daily: files of volumes, not counted",
    ),
    (
        r#"{"snapshotVolumes": false, "defaultVolumesToRestic": true}"#,
        "{}",
        Pass,
        "daily: files of volumes, not counted",
    ),
    (
        r#"{"snapshotVolumes": false, "defaultVolumesToFsBackup": false}"#,
        "{}",
        Pass,
        "daily: no volumes, as it is written",
    ),
    (
        r#"{"snapshotVolumes": false}"#,
        "{}",
        Pass,
        "daily: no volumes, as it is written",
    ),
];

#[test]
fn a_snapshot_that_was_attempted_and_did_not_complete_is_missing_though_the_backup_is_completed() {
    for (spec, counts, verdict, says) in ROWS {
        let items = judged(|facts| all(facts)[0] = of_last_night(spec, counts));
        let found = item(&items, "BAK-028");
        assert_eq!(found.verdict(), verdict, "{spec} {counts} {found:#?}");
        let told = if verdict == Fail {
            only(&items, "BAK-028", Fail, &["daily"]);
            found.subjects[0].says.clone()
        } else {
            found.seen.clone()
        };
        assert_eq!(told, says, "{spec} {counts}");
        let written = "(volumes are left out in writing by 1 schedule)";
        assert_eq!(
            found.title.ends_with(written),
            says.ends_with("as it is written"),
            "{}",
            found.title
        );
    }
}

/// What failed last month is history; what was never completed is not known.
#[test]
fn only_the_newest_completed_backup_of_a_schedule_that_counts_is_judged() {
    let old = judged(|facts| all(facts)[5].snapshots_attempted = 4);
    assert_eq!(complaints(&old), []);
    let never = judged(|facts| all(facts).clear());
    let found = item(&never, "BAK-028");
    assert_eq!(found.verdict(), Unknown);
    assert_eq!(found.subjects[0].says, "no backup of it ever completed");
    let none = judged(|facts| facts.velero.as_mut().unwrap().schedules = Ok(Some(Vec::new())));
    assert_eq!(item(&none, "BAK-028").verdict(), Unknown, "nothing was looked at");
}
