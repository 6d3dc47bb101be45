//! `HLT-232` and `HLT-233`: connections against the effective maximum, and replica lag.

use day2_core::Observed;
use day2_core::database::max_connections::{Maximum, Size, deciding, effective};
use day2_core::database::{lag_is_not_told, replica_lag_limit_ms, replica_lag_words};
use day2_core::target::Engine;
use day2_reads::metric::Series;
use jiff::Timestamp;

use super::super::super::line::{Finding, Line};
use super::super::super::{Scene, words};
use super::super::filling::usable;
use super::least_readers;
use crate::facts::database::{Database, Instance};

/// Class of a Serverless v2 instance (API `DBInstanceClass`).
const SERVERLESS_CLASS: &str = "db.serverless";

/// The largest value of a window, if it has enough usable points (`cases.md` W21).
fn peak(points: &[(Timestamp, f64)], scene: &Scene<'_>) -> Result<f64, String> {
    let least = usize::try_from(scene.plan.database.min_datapoints).unwrap_or(usize::MAX);
    let values = usable(points, scene.now);
    if values.len() < least {
        return Err(format!("{} of at least {least} datapoints", values.len()));
    }
    Ok(values.iter().map(|(_, value)| *value).fold(0.0, f64::max))
}

/// Whether this is a read replica of an RDS instance and smaller or larger than it: what is declared is the instance's maximum.
fn is_of_another_class(database: &Database, instance: &Instance) -> bool {
    let class = |one: &Instance| one.described.as_ref().ok().and_then(|seen| seen.class.clone());
    let source = database.instances.iter().find(|one| one.writer).and_then(class);
    let differs = |own: String| source.is_some_and(|source| source != own);
    database.kind == Engine::Rds && !instance.writer && class(instance).is_some_and(differs)
}

/// The maximum of one instance: declared, or from its parameters, class and capacity range.
fn maximum(database: &Database, instance: &Instance, scene: &Scene<'_>) -> Result<(u32, String), String> {
    let declared = scene.plan.database.max_connections;
    if let Some(declared) = declared.filter(|_| !is_of_another_class(database, instance)) {
        return Ok((declared, "database.max_connections".to_owned()));
    }
    let way_out = |why: String| format!("the maximum is not known: {why}; declare database.max_connections");
    let described = instance
        .described
        .as_ref()
        .map_err(|why| way_out(why.to_string()))?;
    let class = described
        .class
        .as_deref()
        .ok_or_else(|| way_out("its class is not said".to_owned()))?;
    let size = if class == SERVERLESS_CLASS {
        let range = database
            .serverless
            .ok_or_else(|| way_out("its cluster has no capacity range".to_owned()))?;
        Size::Serverless(range)
    } else {
        Size::Class(class)
    };
    let own = instance
        .parameter
        .as_ref()
        .map_err(|why| way_out(why.to_string()))?;
    let cluster = database
        .parameter
        .as_ref()
        .map_err(|why| way_out(why.to_string()))?;
    let Maximum {
        connections, source, ..
    } = effective(&database.engine, size, deciding(own.as_ref(), cluster.as_ref())).map_err(way_out)?;
    Ok((connections, source))
}

/// Connections of each *instance*: the cluster's own metric mixes writer and readers.
pub(super) fn connections(
    seen: &Observed<Database>,
    series: &Observed<Vec<Series>>,
    scene: &Scene<'_>,
) -> Line {
    const CODE: &str = "HLT-232";
    const TITLE: &str = "database connections have room";
    let (database, series) = match (seen, series) {
        (Ok(database), Ok(series)) => (database, series),
        (Err(why), _) | (_, Err(why)) => return Line::unreadable(CODE, TITLE, why),
    };
    let limit = scene.plan.database.connections_percent();
    let (mut wrong, mut unread, mut highest, mut sources) = (Vec::new(), Vec::new(), 0.0_f64, Vec::new());
    let mut apart = Vec::new();
    for instance in &database.instances {
        // Nothing could be declared for it.
        let is_other =
            scene.plan.database.max_connections.is_some() && is_of_another_class(database, instance);
        let most = maximum(database, instance, scene);
        if is_other && most.is_err() {
            apart.push(instance.id.as_str());
            continue;
        }
        let points = series
            .iter()
            .find(|one| one.resource == instance.id)
            .map(|one| one.points.as_slice())
            .unwrap_or_default();
        let judged = peak(points, scene).and_then(|peak| Ok((peak, most?)));
        match judged {
            Err(why) => unread.push((instance.id.clone(), why)),
            Ok((peak, (most, source))) => {
                let percent = peak / f64::from(most.max(1)) * 100.0;
                highest = highest.max(percent);
                if percent > limit {
                    let says = format!("{peak:.0} connections, {percent:.0} % of {most}");
                    wrong.push(Finding::of(&instance.id, says));
                }
                sources.push(format!("{}: {most} by {source}", instance.id));
            }
        }
    }
    let mut known = if sources.is_empty() {
        String::new()
    } else {
        format!("; maximum {}", sources.join(", "))
    };
    if !apart.is_empty() {
        let of_another_class = "whose class is another than that of what is declared";
        known = format!("{known}; not judged: {}, {of_another_class}", apart.join(", "));
    }
    let judged = database.instances.len() - apart.len();
    Line::new(CODE, TITLE, judged - unread.len())
        .expected(u64::try_from(judged).unwrap_or(u64::MAX))
        .seen(format!("at most {highest:.0} % in use{known}"))
        .threshold(
            format!("at most {limit:.0} % of the effective maximum"),
            "database.max_connections_percent",
        )
        .remedy("find the client that holds them; raising ACU changes max_connections only after a reboot")
        .wrong(wrong)
        .unread(unread)
}

/// Replica lag of each reader. Without readers, and without any expected, nobody could lag; which read replicas an RDS instance has,
/// only itself tells.
pub(super) fn lag(seen: &Observed<Database>, series: &Observed<Vec<Series>>, scene: &Scene<'_>) -> Line {
    const CODE: &str = "HLT-233";
    const TITLE: &str = "readers follow the writer";
    let (database, series) = match (seen, series) {
        (Ok(database), Ok(series)) => (database, series),
        (Err(why), _) | (_, Err(why)) => return Line::unreadable(CODE, TITLE, why),
    };
    let readers: Vec<&Instance> = database.instances.iter().filter(|one| one.follows()).collect();
    let untold = database
        .instances
        .iter()
        .filter(|one| one.writer && database.kind == Engine::Rds)
        .filter_map(|one| Some((one.id.clone(), one.described.as_ref().err()?)))
        .map(|(id, why)| (id, format!("its read replicas are not known: {why}")));
    let least = least_readers(database.kind, scene);
    let wanted = scene.plan.database.max_replica_lag_ms;
    let limit = replica_lag_limit_ms(&database.engine, wanted);
    let (mut wrong, mut unread, mut highest) = (Vec::new(), Vec::new(), 0.0_f64);
    for reader in &readers {
        if let Some(trouble) = trouble(reader) {
            wrong.push(Finding::of(&reader.id, format!("does not follow: {trouble}")));
            continue;
        }
        let points = series
            .iter()
            .find(|one| one.resource == reader.id)
            .map(|one| one.points.as_slice())
            .unwrap_or_default();
        let lag = match lag_is_not_told(points, scene.now) {
            Some(why) => Err(why.to_owned()),
            None => peak(points, scene),
        };
        match lag {
            Err(why) => unread.push((reader.id.clone(), why)),
            Ok(peak) => {
                highest = highest.max(peak);
                if peak > f64::from(limit) {
                    wrong.push(Finding::of(&reader.id, format!("{peak:.0} ms behind")));
                }
            }
        }
    }
    let expected = u64::from(least).max(u64::try_from(readers.len()).unwrap_or(u64::MAX));
    Line::new(CODE, TITLE, readers.len() - unread.len())
        .if_any_where(least == 0)
        .expected(expected)
        .seen(format!(
            "at most {highest:.0} ms behind on {}",
            words::count(readers.len(), "reader")
        ))
        .threshold(
            replica_lag_words(&database.engine, wanted),
            "database.max_replica_lag_ms",
        )
        .remedy("find the long transaction or the load on the writer; what is read there is stale")
        .wrong(wrong)
        .unread(unread)
        .unread(untold)
}

/// Why a read replica does not follow, where RDS says that it does not.
fn trouble(reader: &Instance) -> Option<&str> {
    let described = reader.described.as_ref().ok()?;
    described.replication.trouble.as_deref()
}
