//! `SCW-004` to `SCW-006`: database instances, connections against the effective maximum, replica lag.

use day2_core::database::{lag_is_not_told, replica_lag_limit_ms, replica_lag_words};
use day2_core::{Item, Observed, Verdict};
use jiff::Timestamp;

use super::max_connections::effective_maximum;
use super::{population, usable, worse_of};
use crate::facts::{Database, DatabaseInstance};
use crate::settings::{DatabasePolicy, Limits};
use day2_reads::metric::Series;

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

/// Every instance is available, there is a writer, and there are enough readers.
pub(crate) fn instances(seen: &Observed<Database>, min_readers: u32) -> Item {
    const CODE: &str = "SCW-004";
    const TITLE: &str = "database instances are available";
    let expected = 1 + u64::from(min_readers);
    let database = match seen {
        Ok(database) => database,
        Err(why) => return Item::unreadable(CODE, TITLE, expected, why),
    };
    let (mut wrong, mut unread) = (Vec::new(), Vec::new());
    for instance in &database.instances {
        match &instance.status {
            Ok(status) if serves(status) => {}
            Ok(status) => wrong.push((instance.id.clone(), format!("is {status}"))),
            Err(why) => unread.push((instance.id.clone(), why.to_string())),
        }
    }
    if !serves(&database.status) {
        wrong.push(("cluster".to_owned(), format!("is {}", database.status)));
    }
    let writers = database
        .instances
        .iter()
        .filter(|instance| instance.writer)
        .count();
    let readers = database.instances.len() - writers;
    if writers == 0 {
        wrong.push(("writer".to_owned(), "no instance is the writer".to_owned()));
    }
    if u64::try_from(readers).unwrap_or(u64::MAX) < u64::from(min_readers) {
        wrong.push((
            "readers".to_owned(),
            format!("{readers} of at least {min_readers}"),
        ));
    }
    let verdict = worse_of(&wrong, &unread);
    let examined = database.instances.len() - unread.len();
    Item::judge(CODE, TITLE, verdict, population(examined, expected), format!("{writers} writer, {readers} readers, {} not available", wrong.len()))
        .threshold(format!("one writer and at least {min_readers} readers, all available"), "database.min_readers")
        .remedy("read the RDS events of the instance; do not send the morning's connections to a database that is changing")
        .subjects(wrong)
        .subjects(unread)
}

/// Connections of each *instance* against the effective maximum: the cluster metric mixes writer and readers.
pub(crate) fn connections(
    seen: &Observed<Database>,
    series: &Observed<Vec<Series>>,
    policy: &DatabasePolicy,
    limits: &Limits,
    now: Timestamp,
) -> Item {
    const CODE: &str = "SCW-005";
    const TITLE: &str = "database connections have room";
    let (database, series) = match (seen, series) {
        (Ok(database), Ok(series)) => (database, series),
        (Err(why), _) | (_, Err(why)) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let apart: Vec<(&str, &str)> = database
        .instances
        .iter()
        .filter_map(|one| Some((one.id.as_str(), of_another_class(database, one, policy)?)))
        .collect();
    let expected = u64::try_from(database.instances.len() - apart.len()).unwrap_or(u64::MAX);
    let maximum = match effective_maximum(database, policy) {
        Ok(maximum) => maximum,
        Err(reason) => {
            return Item::judge(
                CODE,
                TITLE,
                Verdict::Unknown,
                population(0, expected),
                format!("the maximum is not known: {reason}"),
            )
            .threshold(
                format!("at most {} % of the maximum", policy.connections_percent()),
                "database.max_connections_percent",
            )
            .remedy("declare database.max_connections in the settings");
        }
    };
    let limit = f64::from(maximum.connections) * policy.connections_percent() / 100.0;
    let (mut wrong, mut silent, mut highest) = (Vec::new(), Vec::new(), 0.0_f64);
    let judged = |one: &&Series| apart.iter().all(|(id, _)| *id != one.resource);
    let judged: Vec<&Series> = series.iter().filter(judged).collect();
    for one in &judged {
        match usable(&one.points, now, limits.min_datapoints) {
            Err(reason) => silent.push((one.resource.clone(), reason)),
            Ok(values) => {
                let peak = values.iter().copied().fold(0.0, f64::max);
                highest = highest.max(peak);
                if peak > limit {
                    let percent = peak / f64::from(maximum.connections) * 100.0;
                    wrong.push((
                        one.resource.clone(),
                        format!("{peak:.0} connections, {percent:.0} % of {}", maximum.connections),
                    ));
                }
            }
        }
    }
    let waiting: Vec<_> = database
        .instances
        .iter()
        .filter_map(|instance| {
            let status = instance
                .parameters
                .as_deref()
                .filter(|status| *status != "in-sync")?;
            let says = format!("parameters are {status}: it still works with the maximum from before");
            Some((instance.id.clone(), says))
        })
        .collect();
    let verdict = match (wrong.is_empty(), silent.is_empty() && waiting.is_empty()) {
        (false, _) => Verdict::Fail,
        (true, false) => Verdict::Unknown,
        (true, true) => Verdict::Pass,
    };
    let examined = judged.len() - silent.len();
    let mut words = format!(
        "at most {highest:.0} of {} connections on one instance",
        maximum.connections
    );
    for (id, class) in apart {
        words = format!("{words}; not judged: {id}, whose class is {class}");
    }
    Item::judge(CODE, TITLE, verdict, population(examined, expected), words)
        .threshold(
            format!("at most {} % of {} connections", policy.connections_percent(), maximum.connections),
            format!("database.max_connections_percent; {}", maximum.source),
        )
        .remedy("find the client that holds them before the peak adds more; raising ACU changes max_connections only after a reboot")
        .subjects(wrong)
        .subjects(waiting)
        .subjects(silent)
}

/// The class of a read replica of an RDS instance that is smaller or larger than it: the maximum that is declared is the
/// instance's, and says nothing of this one.
fn of_another_class<'d>(
    database: &'d Database,
    one: &'d DatabaseInstance,
    policy: &DatabasePolicy,
) -> Option<&'d str> {
    policy.max_connections?;
    let source = database.instances.iter().find(|one| one.writer)?;
    let (own, source) = (one.class.as_deref()?, source.class.as_deref()?);
    (own != source && !database.engine.starts_with("aurora")).then_some(own)
}

/// Replica lag of each reader.
pub(crate) fn replica_lag(
    seen: &Observed<Database>,
    series: &Observed<Vec<Series>>,
    policy: &DatabasePolicy,
    min_readers: u32,
    limits: &Limits,
    now: Timestamp,
) -> Item {
    const CODE: &str = "SCW-006";
    const TITLE: &str = "readers follow the writer";
    let (database, series) = match (seen, series) {
        (Ok(database), Ok(series)) => (database, series),
        (Err(why), _) | (_, Err(why)) => {
            return Item::unreadable(CODE, TITLE, u64::from(min_readers), why);
        }
    };
    let readers = database
        .instances
        .iter()
        .filter(|instance| !instance.writer)
        .count();
    let limit = replica_lag_limit_ms(&database.engine, policy.max_replica_lag_ms);
    let stands = |id: &str| {
        let reader = database.instances.iter().find(|instance| instance.id == id);
        reader.and_then(|reader| reader.not_following.as_deref())
    };
    let (mut wrong, mut silent, mut highest) = (Vec::new(), Vec::new(), 0.0_f64);
    for one in series {
        if let Some(why) = stands(&one.resource) {
            wrong.push((one.resource.clone(), format!("does not follow: {why}")));
            continue;
        }
        let told = usable(&one.points, now, limits.min_datapoints);
        let told = told.and_then(|values| match lag_is_not_told(&one.points, now) {
            Some(why) => Err(why.to_owned()),
            None => Ok(values),
        });
        match told {
            Err(reason) => silent.push((one.resource.clone(), reason)),
            Ok(values) => {
                let peak = values.iter().copied().fold(0.0, f64::max);
                highest = highest.max(peak);
                if peak > f64::from(limit) {
                    wrong.push((one.resource.clone(), format!("{peak:.0} ms behind")));
                }
            }
        }
    }
    let verdict = worse_of(&wrong, &silent);
    let expected = u64::from(min_readers).max(u64::try_from(readers).unwrap_or(u64::MAX));
    Item::judge(
        CODE,
        TITLE,
        verdict,
        population(series.len() - silent.len(), expected),
        format!("at most {highest:.0} ms behind on {readers} readers"),
    )
    .threshold(
        replica_lag_words(&database.engine, policy.max_replica_lag_ms),
        "database.max_replica_lag_ms",
    )
    .remedy("find the long transaction or the load on the writer; reads of the morning would be stale")
    .subjects(wrong)
    .subjects(silent)
}

#[cfg(test)]
#[path = "tests/database.rs"]
mod tests;
