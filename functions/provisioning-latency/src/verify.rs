//! Looks whether a change had its effect, until the deadline: the size, the nodes that came, the rollout, and what the
//! metric does. An answer without error is not an effect.

use std::time::Duration;

use day2_aws::Inquiry;
use day2_core::Observed;
use day2_core::action::{Effect, Step};
use day2_core::settings::{Labels, Settings};
use day2_core::target::Target;
use day2_kube::{ClusterClient, ListQuery, Listed, Rollout};
use day2_reads::alarms;
use day2_reads::times::Times;

use crate::apply::fresh;
use crate::change::{Change, GiveBack, Raise, Restart};
use crate::gather::{Clients, connect, datapoints};
use crate::gauge::Gauge;
use crate::plan::control::Readiness;
use crate::plan::words::{count, short, whole};
use crate::settings::{Platform, ProvisioningLatencySettings};

/// Pause between two looks: a node takes a minute and more.
const PAUSE: Duration = Duration::from_secs(10);

/// Time that is kept for saying what was seen.
const RESERVE: Duration = Duration::from_secs(8);

/// What one look at one change showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    /// All of the effect.
    All(String),
    /// A part, or nothing yet.
    Part(String),
}

/// Looks until everything is seen or the time is up.
pub(crate) async fn verify(
    clients: &Clients,
    settings: &Settings<ProvisioningLatencySettings>,
    target: &Target,
    inquiry: Inquiry<'_>,
    done: &[Step<Change>],
    times: &Times,
) -> Effect {
    let Some(platform) = settings.function.targets.get(target.name.as_str()) else {
        return Effect::NotVerified {
            says: "the target is not declared".to_owned(),
        };
    };
    let cluster = connect(clients, target, times).await;
    loop {
        let mut seen = Vec::with_capacity(done.len());
        for step in done {
            seen.push(match &step.change {
                Change::Raise(raise) => raised(clients, &cluster, platform, target, raise, times).await,
                Change::Restart(restart) => restarted(&cluster, restart, times).await,
                Change::GiveBack(back) => given_back(clients, back, times).await,
                Change::Uncordon(_) => uncordoned(&cluster, inquiry, times).await,
            });
        }
        let complete = seen.iter().all(|one| matches!(one, Seen::All(_)));
        if complete || times.left() < PAUSE + RESERVE {
            let words: Vec<String> = seen
                .into_iter()
                .map(|one| match one {
                    Seen::All(says) | Seen::Part(says) => says,
                })
                .collect();
            let metric = metric(clients, platform, inquiry, times).await;
            let says = format!("{}{metric}", words.join("; "));
            return if complete {
                Effect::Verified { says }
            } else {
                Effect::NotVerified { says }
            };
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn raised(
    clients: &Clients,
    cluster: &Observed<ClusterClient>,
    platform: &Platform,
    target: &Target,
    raise: &Raise,
    times: &Times,
) -> Seen {
    let group = match fresh(clients, &raise.group, times).await {
        Ok(group) => group,
        Err(why) => return Seen::Part(format!("the group could not be read again: {why}")),
    };
    let in_service = group
        .instances
        .iter()
        .filter(|one| one.lifecycle_state == "InService")
        .count();
    let nobody = Labels::default();
    let selector = target
        .node_group(&platform.node_group)
        .map_or(&nobody, |group| &group.selector);
    let ready = match cluster {
        Ok(cluster) => cluster
            .list_nodes(&ListQuery::all().labelled(selector.selector()), times.deadline)
            .await
            .and_then(Listed::complete)
            .map(|nodes| Readiness::of(&nodes, selector).ready),
        Err(why) => Err(why.clone()),
    };
    judge_raise(raise, group.desired, whole(in_service), ready.map(whole))
}

/// Judges one look at a raise, in nodes.
pub(crate) fn judge_raise(raise: &Raise, desired: i64, in_service: i64, ready: Observed<i64>) -> Seen {
    let words = match &ready {
        Ok(ready) => format!("{ready} Ready"),
        Err(why) => format!("how many are Ready could not be read ({why})"),
    };
    let says = format!(
        "desired is {desired} of {} wanted, {in_service} in service, {words}",
        raise.to
    );
    let came = desired >= raise.to && in_service >= raise.to && ready.is_ok_and(|ready| ready >= raise.to);
    if came { Seen::All(says) } else { Seen::Part(says) }
}

async fn restarted(cluster: &Observed<ClusterClient>, restart: &Restart, times: &Times) -> Seen {
    let name = format!("{}/{}", restart.namespace, restart.deployment);
    let cluster = match cluster {
        Ok(cluster) => cluster,
        Err(why) => return Seen::Part(format!("{name} could not be read again: {why}")),
    };
    let seen = cluster
        .get_deployment(&restart.namespace, &restart.deployment, times.deadline)
        .await;
    match seen {
        Ok(Some(deployment)) => {
            let rollout = Rollout::of(&deployment);
            let says = format!("the rollout of {name}: {rollout}");
            if rollout.is_complete() {
                Seen::All(says)
            } else {
                Seen::Part(says)
            }
        }
        Ok(None) => Seen::Part(format!("{name} does not exist any more")),
        Err(why) => Seen::Part(format!("{name} could not be read again: {why}")),
    }
}

async fn given_back(clients: &Clients, back: &GiveBack, times: &Times) -> Seen {
    match fresh(clients, &back.group, times).await {
        Ok(group) => {
            let still =
                back.nodes
                    .iter()
                    .filter(|leaving| {
                        group.instances.iter().any(|one| {
                            one.id == leaving.instance && !one.lifecycle_state.starts_with("Terminat")
                        })
                    })
                    .count();
            judge_give_back(back, group.desired, still)
        }
        Err(why) => Seen::Part(format!("the group could not be read again: {why}")),
    }
}

/// Judges one look at a taking back: all of it is seen when as many nodes are gone as were planned to go, not merely some.
pub(crate) fn judge_give_back(back: &GiveBack, desired: i64, still: usize) -> Seen {
    let wanted = back.from - whole(back.nodes.len());
    let says = format!(
        "desired is {desired} of {wanted} wanted, {still} of {} still in the group",
        count(back.nodes.len(), "node")
    );
    if desired <= wanted && still == 0 {
        Seen::All(says)
    } else {
        Seen::Part(says)
    }
}

/// Whether no node carries the lease's cordon any more.
async fn uncordoned(cluster: &Observed<ClusterClient>, inquiry: Inquiry<'_>, times: &Times) -> Seen {
    let owner = Change::cordon_owner(inquiry.lease.map_or(inquiry.key, |lease| lease.id.as_str()));
    let nodes = match cluster {
        Ok(cluster) => cluster
            .list_nodes(&ListQuery::all(), times.deadline)
            .await
            .and_then(Listed::complete),
        Err(why) => Err(why.clone()),
    };
    match nodes {
        Ok(nodes) => {
            let held = nodes
                .iter()
                .filter(|node| node.cordon_owner.as_deref() == Some(owner.as_str()))
                .count();
            if held == 0 {
                Seen::All("no node carries our cordon".to_owned())
            } else {
                Seen::Part(format!("{} with our cordon", count(held, "node")))
            }
        }
        Err(why) => Seen::Part(format!("the nodes could not be read again: {why}")),
    }
}

/// What the metric says by now: the newest datapoint, which is mostly older than the change.
async fn metric(clients: &Clients, platform: &Platform, inquiry: Inquiry<'_>, times: &Times) -> String {
    let Some(arn) = inquiry.occasion.alarm_arn() else {
        return String::new();
    };
    let Some(binding) = platform.alarms.iter().find(|binding| binding.arn.as_str() == arn) else {
        return String::new();
    };
    let name = arn
        .rsplit_once(":alarm:")
        .map_or(arn, |(_, name)| name)
        .to_owned();
    let read = alarms::by_names(&clients.cloudwatch, times, &[name]).await;
    let gauge = read
        .into_iter()
        .next()
        .and_then(|(_, alarm)| Gauge::of(binding, &alarm.ok()?));
    let Some(gauge) = gauge else {
        return String::new();
    };
    // The clock has gone on since the change.
    let now = (times.clock)();
    let later = Times { now, ..times.clone() };
    let points = datapoints(clients, &gauge, &later).await.unwrap_or_default();
    let newest = points
        .iter()
        .rev()
        .find(|point| point.value.is_finite() && point.at <= now);
    newest.map_or_else(
        || format!("; {} has no new datapoint", gauge.query.statistic),
        |point| {
            format!(
                "; {} was {} at {}, the alarm rings {} {}",
                gauge.query.statistic,
                short(point.value),
                point.at.strftime("%H:%M UTC"),
                gauge.rule.comparison.words(),
                short(gauge.rule.threshold)
            )
        },
    )
}

#[cfg(test)]
mod tests {
    use day2_core::{Cause, Unreadable};

    use super::*;
    use crate::change::{Leaving, Through};

    #[test]
    fn a_taking_back_is_seen_only_when_as_many_are_gone_as_were_planned() {
        let leaving = |number: usize| Leaving {
            instance: format!("i-{number}"),
            node: format!("w{number}"),
            uid: String::new(),
        };
        let back = GiveBack {
            group: "g".to_owned(),
            from: 75,
            floor: 50,
            nodes: (0..10).map(leaving).collect(),
        };
        for (desired, still, all) in [
            (65, 0, true),
            (60, 0, true),
            (66, 0, false),
            (65, 1, false),
            (74, 9, false),
        ] {
            let seen = judge_give_back(&back, desired, still);
            assert_eq!(matches!(seen, Seen::All(_)), all, "{desired} {still} {seen:?}");
        }
    }

    #[test]
    fn a_raise_is_seen_only_when_size_instances_and_ready_nodes_are_there() {
        let raise = Raise {
            group: "g".to_owned(),
            through: Through::AutoScaling,
            baseline: 50,
            from: 50,
            to: 75,
        };
        let unread = || Err(Unreadable::new("list nodes", "c", Cause::Denied, ""));
        for (desired, in_service, ready, all) in [
            (75, 75, Ok(75), true),
            (80, 80, Ok(78), true),
            (74, 75, Ok(75), false),
            (75, 74, Ok(75), false),
            (75, 75, Ok(74), false),
            (75, 75, unread(), false),
        ] {
            let seen = judge_raise(&raise, desired, in_service, ready);
            assert_eq!(
                matches!(seen, Seen::All(_)),
                all,
                "{desired} {in_service} {seen:?}"
            );
        }
    }
}
