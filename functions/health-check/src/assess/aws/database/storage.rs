//! `HLT-234`: storage, and when it will be full.

use day2_core::Observed;
use jiff::Timestamp;

use super::super::super::Scene;
use super::super::super::line::{Finding, Line};
use super::super::filling::{filling, gib, usable};
use crate::facts::database::{Database, Storage};

const GIB: f64 = 1_073_741_824.0;

/// The largest volume of an Aurora cluster, in GiB. Newer engine versions go to 256 TiB; the smaller number holds for all.
/// Source: *Amazon Aurora User Guide*, "Amazon Aurora size limits".
const AURORA_LIMIT_GIB: f64 = 131_072.0;

/// RDS enlarges a volume by itself when less than 10 % is free for five minutes, and then not again for six hours. Less
/// than half of that is left only where it could not. Source: *Amazon RDS User Guide*, "Managing capacity automatically
/// with Amazon RDS storage autoscaling".
const LEAST_FREE_PERCENT: f64 = 5.0;

pub(super) fn line(seen: &Observed<Database>, storage: &Observed<Storage>, scene: &Scene<'_>) -> Line {
    const CODE: &str = "HLT-234";
    const TITLE: &str = "the database has room to grow";
    let (database, storage) = match (seen, storage) {
        (Ok(database), Ok(storage)) => (database, storage),
        (Err(why), _) | (_, Err(why)) => return Line::unreadable(CODE, TITLE, why),
    };
    let judged = match storage {
        Storage::Shared(points) => Ok(Room {
            used: points.clone(),
            limit_gib: AURORA_LIMIT_GIB,
            says: "of the largest volume of Aurora (VolumeBytesUsed)".to_owned(),
            short_of: None,
        }),
        Storage::Free(points) => room_of_instance(database, points, scene),
    };
    let policy = &scene.plan.database;
    let (most, hours) = (policy.storage_percent(), policy.full_within_hours);
    let line = |examined| {
        Line::new(CODE, TITLE, examined)
            .threshold(
                format!("at most {most:.0} % in use, and not full within {hours} h"),
                "database.max_storage_percent, database.full_within_hours",
            )
            .remedy("find what grows, raise the storage or its autoscaling limit: a full database stops")
    };
    let state = judged.and_then(|room| Ok((filling(&room.used, room.limit_gib * GIB, scene.now)?, room)));
    match state {
        Err(why) => line(0).seen("not known").unread([(database.id.clone(), why)]),
        Ok((state, room)) => {
            let wrong = state.complaint(most, hours).into_iter().chain(room.short_of);
            let growth = match (state.hours_to_full, state.growth_is_known) {
                (Some(hours), _) => format!("full in {:.0} d at the growth of the last day", hours / 24.0),
                (None, true) => "not clearly growing".to_owned(),
                (None, false) => "growth not known yet".to_owned(),
            };
            line(1)
                .seen(format!(
                    "{} in use, {:.1} % {}, {growth}",
                    gib(state.used),
                    state.percent,
                    room.says
                ))
                .wrong(wrong.map(|says| Finding::of(&database.id, says)))
        }
    }
}

/// What is in use, and up to what it can grow.
struct Room {
    used: Vec<(Timestamp, f64)>,
    limit_gib: f64,
    says: String,
    short_of: Option<String>,
}

fn room_of_instance(
    database: &Database,
    free: &[(Timestamp, f64)],
    scene: &Scene<'_>,
) -> Result<Room, String> {
    let instance = database.instances.first().ok_or("no instance is known")?;
    let described = instance.described.as_ref().map_err(ToString::to_string)?;
    let storage = described.storage.ok_or("how much storage it has is not said")?;
    #[expect(clippy::cast_precision_loss, reason = "an RDS volume has at most 65,536 GiB")]
    let (allocated, limit) = (
        storage.allocated_gib as f64,
        storage
            .autoscaling_limit_gib
            .unwrap_or_default()
            .max(storage.allocated_gib) as f64,
    );
    let autoscaling = limit > allocated;
    let newest = usable(free, scene.now).last().map(|(_, bytes)| *bytes);
    let free_percent = newest.map(|bytes| bytes / (allocated * GIB) * 100.0);
    Ok(Room {
        used: free
            .iter()
            .map(|(at, bytes)| (*at, allocated * GIB - bytes))
            .collect(),
        limit_gib: limit,
        says: if autoscaling {
            format!("of the {limit:.0} GiB up to which RDS enlarges it, {allocated:.0} GiB now")
        } else {
            format!("of {allocated:.0} GiB, which nothing enlarges")
        },
        short_of: free_percent
            .filter(|percent| autoscaling && *percent < LEAST_FREE_PERCENT)
            .map(|percent| format!("{percent:.1} % free, and autoscaling has not enlarged it")),
    })
}
