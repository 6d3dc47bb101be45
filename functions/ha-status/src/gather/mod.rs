//! Probes both sides at once. No thresholds, no opinions: what could not be read stays as the reason why.

use aws_config::SdkConfig;
use day2_aws::boot;
use day2_core::target::Target;
use day2_core::{Cause, Observed, Unreadable};
use day2_kube::objects::PodRoom;
use day2_kube::{ClusterClient, Folded, Listed, Reduce};
use day2_reads::metric::{Metric, Points, Query, Window};
use day2_reads::times::Times;
use day2_reads::{clusters, metrics, scaling_activities, scaling_groups};
use futures::future::join_all;

use crate::facts::{Demand, Facts, GroupFacts, Load, SideFacts};
use crate::settings::{Pair, Queue, Side};

/// How far back failed launches name a constraint.
const ACTIVITIES_MINUTES: u32 = 60;

/// How far back the depth of a queue is looked at. Metrics of SQS come with a delay of up to a minute, and only while the
/// queue is active. Source: *Amazon SQS Developer Guide*, "Available CloudWatch metrics".
const QUEUE_MINUTES: u32 = 15;

/// The function's own configuration; those of the sides follow from the settings.
#[derive(Debug, Clone)]
pub struct Clients {
    /// The function's own.
    pub own: SdkConfig,
}

/// The SDK clients of one side.
pub(crate) struct SideClients {
    eks: aws_sdk_eks::Client,
    autoscaling: aws_sdk_autoscaling::Client,
    cloudwatch: aws_sdk_cloudwatch::Client,
    credentials: Option<aws_credential_types::provider::SharedCredentialsProvider>,
}

impl SideClients {
    /// Clients in the side's region, with its role if it has one. Makes no call.
    pub(crate) async fn of(clients: &Clients, platform: &Target) -> Self {
        let aws = boot::for_target(&clients.own, platform).await;
        Self {
            eks: aws_sdk_eks::Client::new(&aws),
            autoscaling: aws_sdk_autoscaling::Client::new(&aws),
            cloudwatch: aws_sdk_cloudwatch::Client::new(&aws),
            credentials: aws.credentials_provider(),
        }
    }

    /// Connects to the side's cluster.
    pub(crate) async fn connect(&self, platform: &Target, times: &Times) -> Observed<ClusterClient> {
        clusters::connect(&self.eks, self.credentials.clone(), platform, times).await
    }
}

/// Probes both sides. One that hangs costs the other nothing.
pub async fn gather(clients: &Clients, pair: &Pair, times: &Times) -> Facts {
    let (primary, secondary) = futures::join!(
        Box::pin(side(clients, &pair.primary, times)),
        Box::pin(side(clients, &pair.secondary, times)),
    );
    Facts { primary, secondary }
}

async fn side(clients: &Clients, side: &Side, times: &Times) -> SideFacts {
    let platform = &side.platform;
    let clients = SideClients::of(clients, platform).await;
    let name = platform.cluster.as_ref().map(|cluster| cluster.name.as_str());
    let (cluster, seen, groups, queue) = futures::join!(
        async {
            match name {
                Some(name) => clusters::describe(&clients.eks, times, name).await,
                None => Err(undeclared(platform)),
            }
        },
        Box::pin(inside(&clients, platform, times)),
        groups(&clients, side, times),
        async {
            match &side.queue {
                Some(queue) => Some(depth(&clients, queue, times).await),
                None => None,
            }
        },
    );
    let (readyz, nodes, demand) = seen;
    SideFacts {
        cluster,
        readyz,
        nodes,
        demand,
        groups,
        queue,
    }
}

/// What the API server says.
type Inside = (
    Observed<day2_kube::Readyz>,
    Observed<Vec<day2_kube::objects::NodeRoom>>,
    Observed<Demand>,
);

async fn inside(clients: &SideClients, platform: &Target, times: &Times) -> Inside {
    let client = match clients.connect(platform, times).await {
        Ok(client) => client,
        Err(why) => return (Err(why.clone()), Err(why.clone()), Err(why)),
    };
    let deadline = times.deadline;
    // Alone at first: its latency is that of the API server, not of our own lists.
    let readyz = client.readyz(deadline).await;
    let (nodes, pods) = futures::join!(
        client.list_node_rooms(deadline),
        client.list_pod_rooms_into(&EachPod, deadline),
    );
    (
        readyz,
        nodes.and_then(Listed::complete),
        pods.and_then(Folded::complete),
    )
}

/// Sums up by node what pods take while they are read, so that memory does not grow with their number.
#[derive(Debug, Clone, Copy)]
pub struct EachPod;

impl Reduce<PodRoom> for EachPod {
    type Sum = Demand;

    fn empty(&self) -> Demand {
        Demand::default()
    }

    fn take(&self, sum: &mut Demand, pod: PodRoom) {
        if pod.over {
            return;
        }
        let load = Load::new(pod.requests, 1);
        let Some(node) = pod.node else {
            // What belongs to a node waits for that one, and takes nothing of another.
            if !pod.of_node {
                sum.waiting = sum.waiting.plus(load);
            }
            return;
        };
        let here = sum.on.entry(node).or_default();
        if pod.of_node {
            here.of_node = here.of_node.plus(load);
        } else {
            here.moving = here.moving.plus(load);
        }
    }

    fn join(&self, sum: &mut Demand, page: Demand) {
        sum.waiting = sum.waiting.plus(page.waiting);
        for (node, more) in page.on {
            let here = sum.on.entry(node).or_default();
            here.moving = here.moving.plus(more.moving);
            here.of_node = here.of_node.plus(more.of_node);
        }
    }
}

async fn groups(clients: &SideClients, side: &Side, times: &Times) -> Vec<GroupFacts> {
    let names: Vec<String> = side.groups.iter().map(ToString::to_string).collect();
    if names.is_empty() {
        return Vec::new();
    }
    let since = times.ago(ACTIVITIES_MINUTES);
    let (groups, activities) = futures::join!(
        scaling_groups::describe(&clients.autoscaling, times, &names),
        join_all(names.iter().map(|name| scaling_activities::since(
            &clients.autoscaling,
            times,
            name,
            since
        ))),
    );
    groups
        .into_iter()
        .zip(activities)
        .map(|((name, group), activities)| GroupFacts {
            name,
            group,
            activities,
        })
        .collect()
}

async fn depth(clients: &SideClients, queue: &Queue, times: &Times) -> Observed<Points> {
    let metric = queue.dimensions.iter().fold(
        Metric::new(queue.namespace.as_str(), queue.metric.as_str()),
        |metric, (name, value)| metric.with(name, value.as_str()),
    );
    let window = Window {
        from: times.ago(QUEUE_MINUTES),
        to: times.now,
    };
    let query = Query::new(metric, "Maximum", 60);
    let series = metrics::read(&clients.cloudwatch, times, window, &[query]).await?;
    Ok(series.into_iter().next().unwrap_or_default())
}

fn undeclared(platform: &Target) -> Unreadable {
    Unreadable::new(
        "settings",
        platform.name.as_str(),
        Cause::NotFound,
        "the side declares no cluster",
    )
}

#[cfg(test)]
mod tests;
