//! The judged lines of a report, its figure and its sentence.

mod clients;

use day2_core::alarm_now::AlarmNow;
use day2_core::chart::{Bars, Chart};
use day2_core::judging::{population, worse_of};
use day2_core::{Item, Verdict};

use clients::{explained, pools_at_most, pools_now};

use super::Scene;
use super::instance::Judged;
use super::status::{Standing as Status, standing};
use super::trend::Forecast;

/// Every line, in the order of the report.
pub(crate) fn items(scene: &Scene<'_>, alarm: Option<&AlarmNow>) -> Vec<Item> {
    let mut items = Vec::new();
    items.extend(alarm.map(alarm_item));
    items.extend([
        database(scene),
        room(scene),
        runs_full(scene),
        reboots(scene),
        pools_now(scene),
        pools_at_most(scene),
        explained(scene),
    ]);
    items
}

fn alarm_item(now: &AlarmNow) -> Item {
    let verdict = match now {
        AlarmNow::Breaching(_) => Verdict::Fail,
        AlarmNow::NoLonger { .. } | AlarmNow::Forced { .. } => Verdict::Pass,
        AlarmNow::MissingData { .. } | AlarmNow::NotEnough { .. } | AlarmNow::Unknown { .. } => {
            Verdict::Unknown
        }
    };
    Item::judge(
        "CNX-001",
        "the alarm that called no longer rings",
        verdict,
        population(1, 1),
        now.to_string(),
    )
    .threshold(
        "the alarm's own, over its own metric",
        "cloudwatch:DescribeAlarms",
    )
    .remedy("read the lines below: each instance is judged by itself")
}

fn database(scene: &Scene<'_>) -> Item {
    const CODE: &str = "CNX-002";
    const TITLE: &str = "the database is available";
    let database = match &scene.facts.database {
        Ok(database) => database,
        Err(why) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let verdict = match standing(&database.status) {
        Status::Available => Verdict::Pass,
        Status::Passing | Status::Other => Verdict::Fail,
    };
    let range = database
        .cluster
        .as_ref()
        .and_then(|cluster| cluster.range)
        .map_or_else(
            || "provisioned".to_owned(),
            |range| format!("Serverless v2, {range}"),
        );
    Item::judge(
        CODE,
        TITLE,
        verdict,
        population(1, 1),
        format!(
            "{} is {}; {} ({range}), {} instances",
            database.id,
            database.status,
            database.engine,
            database.instances.len()
        ),
    )
    .threshold("available", "rds:DescribeDBClusters, rds:DescribeDBInstances")
    .remedy("wait until the change has ended; if it does not end, read the RDS events of the cluster")
}

fn room(scene: &Scene<'_>) -> Item {
    let (mut wrong, mut unread, mut fine) = (Vec::new(), Vec::new(), Vec::new());
    for one in scene.judged {
        let id = one.instance.id.clone();
        match (one.share(), one.unknown()) {
            (Some(share), _) if share >= scene.policy.limits.act_at() => wrong.push((id, source(one))),
            // The maximum in force may be lower than the one that is known, so that a good share proves nothing.
            (Some(_), _)
                if one
                    .maximum
                    .as_ref()
                    .is_ok_and(|maximum| maximum.after_reboot.is_some() && maximum.may_be_lower) =>
            {
                unread.push((id, source(one)));
            }
            (Some(_), _) => match one.in_doubt(&scene.policy.limits) {
                Some(why) => unread.push((id, why)),
                None => fine.push(one.figures()),
            },
            (None, why) => unread.push((id, why.unwrap_or("not known").to_owned())),
        }
    }
    let seen = format!("{} of {} instances have room", fine.len(), scene.judged.len());
    Item::judge(
        "CNX-003",
        "connections have room on every instance",
        worse_of(&wrong, &unread),
        population(wrong.len() + fine.len(), scene.judged.len().max(1)),
        seen,
    )
    .threshold(
        format!("below {} % of the maximum in force", scene.policy.limits.act_at()),
        "limits.act_at_percent",
    )
    .remedy("find who holds them (pg_stat_activity by application_name and state); end what is idle in transaction")
    .subjects(wrong)
    .subjects(unread)
}

/// The figures of an instance with the source of its maximum.
fn source(one: &Judged<'_>) -> String {
    match &one.maximum {
        Ok(maximum) => {
            let later = maximum
                .after_reboot
                .filter(|later| *later != maximum.connections)
                .map_or_else(String::new, |later| format!("; {later} after a reboot"));
            format!("{}; {}{later}", one.figures(), maximum.source)
        }
        Err(why) => format!("{}; its maximum is not known: {why}", one.figures()),
    }
}

fn runs_full(scene: &Scene<'_>) -> Item {
    let (mut wrong, mut unread, mut fine) = (Vec::new(), Vec::new(), 0_usize);
    for one in scene.judged {
        let id = one.instance.id.clone();
        let within = f64::from(scene.policy.limits.act_within_minutes);
        match &one.forecast {
            Ok(Forecast::Full) => wrong.push((id, format!("full now: {}", one.figures()))),
            Ok(Forecast::Minutes {
                soonest,
                likely,
                latest,
            }) => {
                let per_minute = one
                    .level
                    .as_ref()
                    .ok()
                    .and_then(|level| level.trend.as_ref().ok())
                    .map_or(0.0, |trend| trend.per_minute);
                let says = format!(
                    "rises by {per_minute:.1} a minute, full in about {likely:.0} minutes (between {soonest:.0} and \
                     {latest:.0})"
                );
                if *soonest <= within {
                    wrong.push((id, says));
                } else {
                    fine += 1;
                }
            }
            Ok(Forecast::NotRising) => fine += 1,
            Err(why) => unread.push((id, why.clone())),
        }
    }
    Item::judge(
        "CNX-004",
        "no instance runs full soon",
        worse_of(&wrong, &unread),
        population(wrong.len() + fine, scene.judged.len().max(1)),
        format!("{} of {} instances run full", wrong.len(), scene.judged.len()),
    )
    .threshold(
        format!(
            "not within {} minutes, by a line through the last {}",
            scene.policy.limits.act_within_minutes, scene.policy.limits.look_back_minutes
        ),
        "limits.act_within_minutes, limits.look_back_minutes",
    )
    .remedy("shed load before the minute that is named: no login is possible any more when it is full")
    .subjects(wrong)
    .subjects(unread)
}

fn reboots(scene: &Scene<'_>) -> Item {
    let (mut wrong, mut unread) = (Vec::new(), Vec::new());
    for one in scene.judged {
        let id = one.instance.id.clone();
        if one.pending_reboot {
            let later = one.maximum.as_ref().ok().and_then(|maximum| maximum.after_reboot);
            let words = later.map_or_else(String::new, |later| format!(": {later} connections then"));
            wrong.push((id, format!("waits for a reboot{words}")));
        } else if let Err(why) = &one.instance.described {
            unread.push((id, why.to_string()));
        }
    }
    Item::judge(
        "CNX-005",
        "the configured maximum is in force",
        worse_of(&wrong, &unread),
        population(scene.judged.len() - unread.len(), scene.judged.len().max(1)),
        format!(
            "{} of {} instances wait for a reboot",
            wrong.len(),
            scene.judged.len()
        ),
    )
    .threshold("no parameter group is pending-reboot", "ParameterApplyStatus")
    .remedy("reboot the readers, then fail over to one of them, in a quiet minute: max_connections is static")
    .subjects(wrong)
    .subjects(unread)
}

/// Shares of all instances that are known.
pub(crate) fn charts(judged: &[Judged<'_>]) -> Vec<Chart> {
    let bars: Vec<(String, f64)> = judged
        .iter()
        .filter_map(|one| Some((one.instance.id.clone(), one.share()?)))
        .collect();
    if bars.is_empty() {
        return Vec::new();
    }
    vec![Chart::Bars(Bars {
        title: "Connections in percent of the maximum in force".to_owned(),
        unit: "%".to_owned(),
        bars,
    })]
}

/// The fullest instance in one sentence.
pub(crate) fn says(scene: &Scene<'_>) -> String {
    let fullest = scene
        .judged
        .iter()
        .filter_map(|one| Some((one, one.share()?)))
        .max_by(|(_, one), (_, other)| one.total_cmp(other));
    match fullest {
        None => "connections could not be judged".to_owned(),
        Some((one, share)) => {
            let maximum = one.maximum.as_ref().map_or(0, |maximum| maximum.connections);
            let soon = match one.forecast {
                Ok(Forecast::Full) => ", full".to_owned(),
                Ok(Forecast::Minutes { likely, .. }) => format!(", full in {likely:.0} min"),
                _ => String::new(),
            };
            format!("{} at {share:.0} % of {maximum}{soon}", one.instance.id)
        }
    }
}
