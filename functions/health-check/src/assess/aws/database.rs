//! `HLT-231` to `HLT-236`: the database.

mod load;
mod storage;
mod waiting;

use day2_core::Observed;
use day2_core::target::Engine;

use super::super::line::{Finding, Line};
use super::super::{Scene, words};
use crate::facts::database::{Database, DatabaseFacts};

pub(super) fn lines(seen: &DatabaseFacts, scene: &Scene<'_>) -> Vec<Line> {
    vec![
        instances(&seen.database, scene),
        load::connections(&seen.database, &seen.connections, scene),
        load::lag(&seen.database, &seen.lag, scene),
        storage::line(&seen.database, &seen.storage, scene),
        waiting::maintenance(&seen.database, &seen.maintenance, scene),
        waiting::events(&seen.events, scene),
    ]
}

/// Least number of readers: Aurora has one to fail over to unless the plan says otherwise.
fn least_readers(kind: Engine, scene: &Scene<'_>) -> u32 {
    let aurora = u32::from(kind == Engine::Aurora);
    scene.plan.database.min_readers.unwrap_or(aurora)
}

/// Whether connections are served in this state. Source: *Amazon RDS User Guide*, "Viewing Amazon RDS DB instance status".
fn serves(status: &str) -> bool {
    matches!(
        status,
        "available"
            | "backing-up"
            | "configuring-enhanced-monitoring"
            | "configuring-iam-database-auth"
            | "configuring-log-exports"
            | "storage-config-upgrade"
            | "storage-optimization"
    )
}

/// Every instance serves, there is a writer, and there are enough readers.
fn instances(seen: &Observed<Database>, scene: &Scene<'_>) -> Line {
    const CODE: &str = "HLT-231";
    const TITLE: &str = "database instances are available";
    let database = match seen {
        Ok(database) => database,
        Err(why) => return Line::unreadable(CODE, TITLE, why),
    };
    let (mut wrong, mut unread) = (Vec::new(), Vec::new());
    for instance in &database.instances {
        match &instance.described {
            Ok(described) if serves(&described.status) => {}
            Ok(described) => wrong.push(Finding::of(&instance.id, format!("is {}", described.status))),
            Err(why) => unread.push((instance.id.clone(), why.to_string())),
        }
        let own = instance
            .described
            .as_ref()
            .ok()
            .and_then(|described| described.parameter_groups.first())
            .and_then(|group| group.status.as_deref());
        // `applying` passes by itself; the others wait for a reboot or for a person.
        let waits = [own, instance.cluster_parameters.as_deref()]
            .into_iter()
            .flatten()
            .find(|status| !matches!(*status, "in-sync" | "applying"));
        if let Some(status) = waits {
            wrong.push(Finding::of(
                &instance.id,
                format!("its parameters are {status}: it works with those from before"),
            ));
        }
    }
    if database.kind == Engine::Aurora && !serves(&database.status) {
        wrong.push(Finding::of(
            format!("cluster {}", database.id),
            format!("is {}", database.status),
        ));
    }
    let writers = database.instances.iter().filter(|one| one.writer).count();
    let readers = database.instances.len() - writers;
    if writers == 0 {
        wrong.push(Finding::of("writer", "no instance is the writer"));
    }
    let least = least_readers(database.kind, scene);
    // Of an RDS instance that could not be described nobody knows its read replicas; it is told as unread.
    let are_known = database.kind == Engine::Aurora
        || database
            .instances
            .iter()
            .any(|one| one.writer && one.described.is_ok());
    if are_known && u64::try_from(readers).unwrap_or(u64::MAX) < u64::from(least) {
        wrong.push(Finding::of("readers", format!("{readers} of at least {least}")));
    }
    let elsewhere: usize = database
        .instances
        .iter()
        .filter_map(|one| one.described.as_ref().ok())
        .map(|one| one.replication.elsewhere.len())
        .sum();
    let mut told = format!(
        "{}, {}",
        words::count(writers, "writer"),
        words::count(readers, "reader")
    );
    if elsewhere > 0 {
        let replicas = words::count(elsewhere, "read replica");
        told = format!("{told}; {replicas} in another region, not looked at");
    }
    Line::new(CODE, TITLE, database.instances.len() - unread.len())
        .expected(u64::from(least) + 1)
        .seen(told)
        .threshold(
            format!("one writer and at least {least} readers, all available"),
            "database.min_readers",
        )
        .remedy("read the events of the instance")
        .wrong(wrong)
        .unread(unread)
}
