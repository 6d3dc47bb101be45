//! What AWS changed lately: scaling activities, updates of EKS, events of the database.

use day2_core::Observed;
use day2_core::target::{Engine, Target};
use day2_reads::metric::Window;
use day2_reads::scaling_activities::{self, Activity};
use day2_reads::times::Times;
use day2_reads::updates::{self, Of, Update};
use day2_reads::{addons, db_clusters, node_groups};
use futures::future::join_all;
use futures::stream::{self, StreamExt};
use jiff::Timestamp;

use super::{AwsClients, database};
use crate::facts::aws_changes::{About, AwsChanges, Change, Source};
use crate::settings::{Group, Plan};

/// Lists of updates that are read at once.
const AT_ONCE: usize = 4;

/// What the groups `eks` and `database` leave out is not looked at here either.
pub(super) async fn read(
    eks: &aws_sdk_eks::Client,
    clients: &AwsClients,
    target: &Target,
    plan: &Plan,
    times: &Times,
) -> AwsChanges {
    let since = times.ago(plan.changes.minutes);
    let (activities, updates, events) = futures::join!(
        activities(clients, target, since, times),
        async {
            if plan.looks_at(Group::Eks) {
                Box::pin(updates(eks, target, since, times)).await
            } else {
                Vec::new()
            }
        },
        async {
            if plan.looks_at(Group::Database) {
                Box::pin(events(clients, target, since, times)).await
            } else {
                Vec::new()
            }
        },
    );
    let sources = activities.into_iter().chain(updates).chain(events).collect();
    AwsChanges { sources }
}

async fn activities(clients: &AwsClients, target: &Target, since: Timestamp, times: &Times) -> Vec<Source> {
    join_all(target.node_groups.iter().map(async |group| {
        let name = group.auto_scaling_group.as_str();
        let read = scaling_activities::since(&clients.autoscaling, times, name, since).await;
        Source {
            name: format!("scaling activities of {name}"),
            about: About::NodeGroup(group.name.as_str().to_owned()),
            changes: read.map(|all| all.into_iter().map(activity).collect()),
        }
    }))
    .await
}

fn activity(seen: Activity) -> Change {
    let failed = seen.came_to_nothing();
    let why = if failed && !seen.message.is_empty() {
        format!(": {}", seen.message)
    } else {
        String::new()
    };
    Change {
        at: seen.started_at,
        says: format!("{}, {}{why}", seen.description, seen.status),
        what: seen.group,
        failed,
    }
}

async fn updates(
    client: &aws_sdk_eks::Client,
    target: &Target,
    since: Timestamp,
    times: &Times,
) -> Vec<Source> {
    let Some(cluster) = &target.cluster else {
        return Vec::new();
    };
    let cluster = cluster.name.as_str();
    let (groups, addons) = futures::join!(
        node_groups::of_cluster(client, times, cluster),
        addons::of_cluster(client, times, cluster),
    );
    let mut sources = Vec::new();
    let mut wanted = vec![Of::Cluster];
    match groups {
        Ok(all) => wanted.extend(all.into_iter().map(|(name, _)| Of::NodeGroup(name))),
        Err(why) => sources.push(failed("updates of node groups", About::Platform, why)),
    }
    match addons {
        Ok(all) => wanted.extend(all.into_iter().map(|(name, _)| Of::Addon(name))),
        Err(why) => sources.push(failed("updates of add-ons", About::Platform, why)),
    }
    let read = stream::iter(wanted).map(async |of| {
        let (name, about) = match &of {
            Of::Cluster => (format!("cluster {cluster}"), About::Platform),
            Of::NodeGroup(name) => (format!("node group {name}"), About::NodeGroup(name.clone())),
            Of::Addon(name) => (format!("add-on {name}"), About::Platform),
        };
        let changes = updates::since(client, times, cluster, &of, since).await;
        Source {
            changes: changes.map(|all| all.iter().map(|one| update(&name, one, times.now)).collect()),
            name: format!("updates of {name}"),
            about,
        }
    });
    sources.extend(read.buffered(AT_ONCE).collect::<Vec<_>>().await);
    sources
}

fn failed(name: &str, about: About, why: day2_core::Unreadable) -> Source {
    Source {
        name: name.to_owned(),
        about,
        changes: Err(why),
    }
}

fn update(name: &str, seen: &Update, now: Timestamp) -> Change {
    let params: Vec<String> = seen
        .params
        .iter()
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    let errors: Vec<String> = seen
        .errors
        .iter()
        .map(|(code, message)| format!("{code}: {message}"))
        .collect();
    let mut says = format!("{}, {}", seen.kind, seen.status);
    for part in [params, errors] {
        if !part.is_empty() {
            says = format!("{says}; {}", part.join(", "));
        }
    }
    Change {
        at: seen.began_at.unwrap_or(now),
        what: name.to_owned(),
        says,
        failed: matches!(seen.status.as_str(), "Failed" | "Cancelled"),
    }
}

async fn events(clients: &AwsClients, target: &Target, since: Timestamp, times: &Times) -> Vec<Source> {
    let Some(declared) = &target.database else {
        return Vec::new();
    };
    let id = declared.id.as_str();
    let instances: Observed<Vec<String>> = match declared.engine {
        Engine::Rds => Ok(vec![id.to_owned()]),
        Engine::Aurora => db_clusters::describe(&clients.rds, times, id)
            .await
            .map(|seen| seen.members.into_iter().map(|member| member.id).collect()),
    };
    let window = Window {
        from: since,
        to: times.now,
    };
    let instances = match instances {
        Ok(instances) => instances,
        Err(why) => return vec![failed("events of the database", About::Database, why)],
    };
    let read = database::of_sources(clients, declared.engine, id, &instances, window, times).await;
    read.into_iter()
        .map(|(name, events)| Source {
            name: format!("events of {name}"),
            about: About::Database,
            changes: events.map(|all| {
                all.into_iter()
                    .map(|event| Change {
                        at: event.at,
                        what: event.source,
                        failed: event.categories.iter().any(|category| category.contains("fail")),
                        says: event.message,
                    })
                    .collect()
            }),
        })
        .collect()
}
