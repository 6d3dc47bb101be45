//! What the settings name and others made: clusters with the functions' access entries, groups, databases, alarms.

use aws_config::SdkConfig;
use day2_aws::boot;
use day2_aws::error::unreadable;
use day2_core::arn::Arn;
use day2_core::target::{Engine, Target};
use day2_core::{Cause, Observed, Unreadable};
use day2_reads::alarms::Notices;
use day2_reads::times::Times;
use day2_reads::{alarms, clusters, db_clusters, db_instances, scaling_groups};
use futures::StreamExt as _;

use super::{Clients, lacks};
use crate::facts::{Cluster, Entry, Notifies};
use crate::settings::DoctorSettings;

const ENTRY: &str = "eks:DescribeAccessEntry";

/// Platforms, and access entries, that are looked at at the same time.
const AT_ONCE: usize = 8;

/// What was found.
#[derive(Default)]
pub(super) struct World {
    pub(super) clusters: Vec<(String, Observed<Cluster>)>,
    pub(super) entries: Vec<Entry>,
    pub(super) groups: Vec<(String, Observed<()>)>,
    pub(super) databases: Vec<(String, Observed<String>)>,
    pub(super) calling_alarms: Vec<(String, Observed<()>)>,
    pub(super) health_alarms: Vec<(String, Observed<Notifies>)>,
}

/// Looks at everything.
pub(super) async fn look(clients: &Clients, settings: &DoctorSettings, times: &Times) -> World {
    let platforms = async {
        futures::stream::iter(&settings.platforms)
            .map(|target| async move {
                let reach = Reach::new(&boot::for_target(&clients.aws, target).await);
                (target, Box::pin(reach.look(target, times)).await)
            })
            .buffered(AT_ONCE)
            .collect::<Vec<_>>()
            .await
    };
    let own = aws_sdk_eks::Client::new(&clients.aws);
    let (platforms, entries, calling_alarms, health_alarms) = tokio::join!(
        platforms,
        Box::pin(entries(&own, settings, times)),
        Box::pin(calling(&clients.aws, settings, times)),
        Box::pin(health(&clients.cloudwatch, settings, times)),
    );
    let mut world = World {
        entries,
        calling_alarms,
        health_alarms,
        ..World::default()
    };
    for (target, seen) in platforms {
        let path = |name: &str| format!("{}/{name}", target.name);
        world
            .clusters
            .extend(seen.cluster.map(|(name, one)| (path(&name), one)));
        world
            .groups
            .extend(seen.groups.into_iter().map(|(name, one)| (path(&name), one)));
        world
            .databases
            .extend(seen.database.map(|(name, one)| (path(&name), one)));
    }
    world
}

/// Clients that reach one platform: with its role, in its region.
pub(super) struct Reach {
    pub(super) eks: aws_sdk_eks::Client,
    pub(super) autoscaling: aws_sdk_autoscaling::Client,
    pub(super) rds: aws_sdk_rds::Client,
}

/// What was found of one platform, by the names in its settings.
pub(super) struct Platform {
    pub(super) cluster: Option<(String, Observed<Cluster>)>,
    pub(super) groups: Vec<(String, Observed<()>)>,
    pub(super) database: Option<(String, Observed<String>)>,
}

impl Reach {
    fn new(aws: &SdkConfig) -> Self {
        Self {
            eks: aws_sdk_eks::Client::new(aws),
            autoscaling: aws_sdk_autoscaling::Client::new(aws),
            rds: aws_sdk_rds::Client::new(aws),
        }
    }

    pub(super) async fn look(&self, target: &Target, times: &Times) -> Platform {
        let groups: Vec<String> = target
            .node_groups
            .iter()
            .map(|group| group.auto_scaling_group.as_str().to_owned())
            .collect();
        let (cluster, groups, database) = tokio::join!(
            self.cluster(target, times),
            scaling_groups::describe(&self.autoscaling, times, &groups),
            self.database(target, times),
        );
        Platform {
            cluster,
            groups: groups
                .into_iter()
                .map(|(name, seen)| (name, seen.map(drop)))
                .collect(),
            database,
        }
    }

    async fn cluster(&self, target: &Target, times: &Times) -> Option<(String, Observed<Cluster>)> {
        let name = target.cluster.as_ref()?.name.as_str();
        let seen = clusters::describe(&self.eks, times, name).await;
        let seen = seen.map(|cluster| Cluster {
            status: cluster.status,
            mode: cluster.authentication_mode,
        });
        Some((name.to_owned(), seen))
    }

    async fn database(&self, target: &Target, times: &Times) -> Option<(String, Observed<String>)> {
        let database = target.database.as_ref()?;
        let id = database.id.as_str();
        let status = match database.engine {
            Engine::Aurora => db_clusters::describe(&self.rds, times, id)
                .await
                .map(|one| one.status),
            Engine::Rds => db_instances::describe(&self.rds, times, id)
                .await
                .map(|one| one.status),
        };
        Some((id.to_owned(), status))
    }
}

/// The access entries that Terraform made. They are in the deployment's own account and region (`infra/targets.tf`).
pub(super) async fn entries(
    eks: &aws_sdk_eks::Client,
    settings: &DoctorSettings,
    times: &Times,
) -> Vec<Entry> {
    let all = settings.functions.iter().flat_map(|(name, function)| {
        let clusters = function.clusters.iter();
        clusters.map(move |cluster| (name, function.role_arn.as_str(), cluster.as_str()))
    });
    futures::stream::iter(all)
        .map(|(function, role, cluster)| async move {
            let read = times.within(ENTRY, cluster, groups_of(eks, cluster, role));
            Entry {
                function: function.clone(),
                cluster: cluster.to_owned(),
                groups: read.await,
            }
        })
        .buffered(AT_ONCE)
        .collect()
        .await
}

async fn groups_of(eks: &aws_sdk_eks::Client, cluster: &str, role: &str) -> Observed<Vec<String>> {
    let resource = format!("{cluster} {role}");
    let answer = eks
        .describe_access_entry()
        .cluster_name(cluster)
        .principal_arn(role)
        .send()
        .await
        .map_err(|error| unreadable(ENTRY, &resource, &error))?;
    let entry = answer
        .access_entry()
        .ok_or_else(|| lacks(ENTRY, &resource, "accessEntry"))?;
    Ok(entry.kubernetes_groups().to_vec())
}

/// Alarms that call functions: each in the account and region of its ARN, with the role of a platform there.
async fn calling(aws: &SdkConfig, settings: &DoctorSettings, times: &Times) -> Vec<(String, Observed<()>)> {
    let mut all = Vec::with_capacity(settings.calling_alarms.len());
    for (place, arns) in by_place(settings) {
        let names: Vec<String> = arns.iter().map(|arn| name_of(arn).to_owned()).collect();
        let Some(target) = place else {
            all.extend(
                arns.iter()
                    .map(|arn| (arn.as_str().to_owned(), Err(unreached(arn)))),
            );
            continue;
        };
        let client = aws_sdk_cloudwatch::Client::new(&boot::for_target(aws, target).await);
        let seen = alarms::by_names(&client, times, &names).await;
        all.extend(seen.into_iter().map(|(name, one)| (name, one.map(drop))));
    }
    all
}

/// The alarms by a platform of the same account and region, if there is one.
pub(super) fn by_place(settings: &DoctorSettings) -> Vec<(Option<&Target>, Vec<&Arn>)> {
    let mut places: Vec<(Option<&Target>, Vec<&Arn>)> = Vec::new();
    for arn in &settings.calling_alarms {
        let here = |target: &&Target| {
            arn.account_id() == Some(&target.account_id) && arn.region() == Some(&target.region)
        };
        let target = settings.platforms.iter().find(here);
        let known = places
            .iter_mut()
            .find(|(place, _)| place.map(|one| &one.name) == target.map(|one| &one.name));
        match known {
            Some((_, arns)) => arns.push(arn),
            None => places.push((target, vec![arn])),
        }
    }
    places
}

/// `alarm:prod-a-connections` → `prod-a-connections`.
fn name_of(arn: &Arn) -> &str {
    arn.resource().strip_prefix("alarm:").unwrap_or(arn.resource())
}

fn unreached(arn: &Arn) -> Unreadable {
    Unreadable::new(
        "cloudwatch:DescribeAlarms",
        arn.as_str(),
        Cause::Other,
        "no target of the settings is in its account and region",
    )
}

async fn health(
    client: &aws_sdk_cloudwatch::Client,
    settings: &DoctorSettings,
    times: &Times,
) -> Vec<(String, Observed<Notifies>)> {
    let names: Vec<String> = settings.health_alarms().cloned().collect();
    let seen = alarms::notices_by_names(client, times, &names).await;
    let notifies = |Notices { enabled, on_alarm }| Notifies { enabled, on_alarm };
    seen.into_iter()
        .map(|(name, one)| (name, one.map(notifies)))
        .collect()
}
