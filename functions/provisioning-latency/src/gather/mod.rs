//! Reads the world. No thresholds, no opinions: what could not be read stays as the reason why.
//!
//! Reads that do not need each other's answer run together, so that a run takes about as long as its slowest chain.

#[cfg(test)]
mod tests;

use day2_core::alarm_now::Datapoint;
use day2_core::settings::Settings;
use day2_core::target::Target;
use day2_core::{Cause, Observed, Unreadable};
use day2_kube::{ClusterClient, ListQuery, Listed};
use day2_reads::metric::{Points, Window};
use day2_reads::times::Times;
use day2_reads::{
    alarms, clusters, instance_refreshes, metrics, node_groups, quotas, scaling_activities, scaling_groups,
    scheduled_actions, subnets,
};
use futures::future::join_all;
use jiff::Timestamp;

use crate::facts::{AlarmFacts, ClusterFacts, EksFacts, Facts, GroupFacts};
use crate::gauge::Gauge;
use crate::settings::{Binding, Platform, ProvisioningLatencySettings};

/// How far the metric is read: enough for every alarm that is judged again, and for the figure.
const METRIC_MINUTES: u32 = 60;

/// The SDK clients of one target.
#[derive(Debug, Clone)]
pub struct Clients {
    /// Auto Scaling.
    pub autoscaling: aws_sdk_autoscaling::Client,
    /// CloudWatch.
    pub cloudwatch: aws_sdk_cloudwatch::Client,
    /// EC2.
    pub ec2: aws_sdk_ec2::Client,
    /// EKS.
    pub eks: aws_sdk_eks::Client,
    /// Service Quotas.
    pub quotas: aws_sdk_servicequotas::Client,
    /// Signs the cluster's token.
    pub credentials: Option<aws_credential_types::provider::SharedCredentialsProvider>,
}

impl Clients {
    /// Clients over one configuration.
    #[must_use]
    pub fn new(aws: &aws_config::SdkConfig) -> Self {
        Self {
            autoscaling: aws_sdk_autoscaling::Client::new(aws),
            cloudwatch: aws_sdk_cloudwatch::Client::new(aws),
            ec2: aws_sdk_ec2::Client::new(aws),
            eks: aws_sdk_eks::Client::new(aws),
            quotas: aws_sdk_servicequotas::Client::new(aws),
            credentials: aws.credentials_provider(),
        }
    }
}

/// For whom and since when the world is read.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The alarm of the occasion; none for all of the target.
    pub alarm_arn: Option<&'a str>,
    /// Whether a change is taken back: then alarms and quota are not asked about.
    pub reverts: bool,
    /// Since when activities matter beyond the limits of the settings: the begin of the change to take back.
    pub since: Option<Timestamp>,
}

/// Reads everything.
pub async fn gather(
    clients: &Clients,
    settings: &Settings<ProvisioningLatencySettings>,
    target: &Target,
    question: Question<'_>,
    times: &Times,
) -> Option<Facts> {
    let platform = settings.function.targets.get(target.name.as_str())?;
    let bindings: Vec<&Binding> = platform
        .alarms
        .iter()
        .filter(|binding| {
            !question.reverts && question.alarm_arn.is_none_or(|arn| arn == binding.arn.as_str())
        })
        .collect();
    let (alarms, cluster, group, eks) = futures::join!(
        alarm_facts(clients, &bindings, times),
        cluster_facts(clients, target, times),
        group_facts(clients, platform, target, question, times),
        eks_facts(clients, target, times),
    );
    Some(Facts {
        alarms,
        cluster,
        group,
        eks,
    })
}

/// The alarms by their names, then the metric of each that has one.
async fn alarm_facts(clients: &Clients, bindings: &[&Binding], times: &Times) -> Vec<AlarmFacts> {
    let names: Vec<String> = bindings.iter().map(|binding| alarm_name(binding)).collect();
    let read = alarms::by_names(&clients.cloudwatch, times, &names).await;
    let facts = bindings.iter().zip(read).map(async |(binding, (name, alarm))| {
        let arn = binding.arn.as_str().to_owned();
        // Names repeat between accounts and regions; the ARN does not.
        let alarm = alarm.and_then(|alarm| match &alarm.arn {
            Some(seen) if *seen != arn => Err(Unreadable::new(
                "cloudwatch:DescribeAlarms",
                arn.as_str(),
                Cause::NotFound,
                format!("the alarm of this name here is {seen}"),
            )),
            _ => Ok(alarm),
        });
        let gauge = alarm.as_ref().ok().and_then(|alarm| Gauge::of(binding, alarm));
        let points = match gauge {
            None => None,
            Some(gauge) => Some(datapoints(clients, &gauge, times).await),
        };
        AlarmFacts {
            arn,
            name,
            alarm,
            points,
        }
    });
    join_all(facts).await
}

fn alarm_name(binding: &Binding) -> String {
    let resource = binding.arn.resource();
    resource.strip_prefix("alarm:").unwrap_or(resource).to_owned()
}

/// The statistic and, in the same request, how many samples are behind each value.
pub(crate) async fn datapoints(clients: &Clients, gauge: &Gauge, times: &Times) -> Observed<Vec<Datapoint>> {
    let window = Window {
        from: times.ago(METRIC_MINUTES),
        to: times.now,
    };
    let queries = [gauge.query.clone(), gauge.query.under("SampleCount")];
    let answers = metrics::read(&clients.cloudwatch, times, window, &queries).await?;
    let mut answers = answers.into_iter();
    let values = answers.next().unwrap_or_default();
    let samples = answers.next().unwrap_or_default();
    Ok(together(values, &samples))
}

fn together(values: Points, samples: &Points) -> Vec<Datapoint> {
    values
        .into_iter()
        .map(|(at, value)| Datapoint {
            at,
            value,
            samples: samples
                .iter()
                .find(|(when, _)| *when == at)
                .map(|(_, count)| *count),
        })
        .collect()
}

async fn cluster_facts(clients: &Clients, target: &Target, times: &Times) -> ClusterFacts {
    let client = match connect(clients, target, times).await {
        Ok(client) => client,
        Err(why) => return ClusterFacts::unreadable(&why),
    };
    let (all, deadline) = (ListQuery::all(), times.deadline);
    let (readyz, nodes, pods, deployments, node_pools) = futures::join!(
        client.readyz(deadline),
        client.list_nodes(&all, deadline),
        client.list_pods(&all, deadline),
        client.list_deployment_details(&all, deadline),
        client.list_nodepools(deadline),
    );
    ClusterFacts {
        readyz,
        nodes: nodes.and_then(Listed::complete),
        pods: pods.and_then(Listed::complete),
        deployments: deployments.and_then(Listed::complete),
        node_pools: node_pools.and_then(|pools| pools.map(Listed::complete).transpose()),
    }
}

/// Connects to the target's cluster.
pub(crate) async fn connect(clients: &Clients, target: &Target, times: &Times) -> Observed<ClusterClient> {
    clusters::connect(&clients.eks, clients.credentials.clone(), target, times).await
}

/// The Auto Scaling group of the settings.
pub(crate) fn scaling_group<'a>(platform: &Platform, target: &'a Target) -> Option<&'a str> {
    target
        .node_group(&platform.node_group)
        .map(|group| group.auto_scaling_group.as_str())
}

async fn group_facts(
    clients: &Clients,
    platform: &Platform,
    target: &Target,
    question: Question<'_>,
    times: &Times,
) -> GroupFacts {
    // The settings' validation refuses a node group that the target does not have.
    let name = scaling_group(platform, target).unwrap_or_default().to_owned();
    let names = [name.clone()];
    let look_back = times.ago(platform.limits.launches_minutes);
    let since = question.since.map_or(look_back, |since| since.min(look_back));
    let (group, scheduled, activities, refreshes, subnets, quota) = futures::join!(
        async {
            let answers = scaling_groups::describe(&clients.autoscaling, times, &names).await;
            answers
                .into_iter()
                .next()
                .map_or_else(|| Err(unanswered(&name)), |(_, group)| group)
        },
        scheduled_actions::of_group(&clients.autoscaling, times, &name),
        scaling_activities::since(&clients.autoscaling, times, &name, since),
        instance_refreshes::of_group(&clients.autoscaling, times, &name),
        async {
            match &target.vpc_id {
                Some(vpc) => subnets::of_vpc(&clients.ec2, times, vpc.as_str()).await,
                None => Err(Unreadable::new(
                    "settings",
                    "vpc_id",
                    Cause::NotFound,
                    "the target declares no vpc_id, so that its free addresses are not known",
                )),
            }
        },
        async {
            match &platform.quota {
                Some(quota) if !question.reverts => {
                    Some(quotas::applied(&clients.quotas, times, &quota.service, &quota.code).await)
                }
                _ => None,
            }
        },
    );
    GroupFacts {
        name,
        group,
        scheduled,
        activities,
        refreshes,
        subnets,
        quota,
    }
}

/// An answer that lacks the one thing that was asked about.
pub(crate) fn unanswered(group: &str) -> Unreadable {
    Unreadable::new(
        "autoscaling:DescribeAutoScalingGroups",
        group,
        Cause::Malformed,
        "the answer does not speak about it",
    )
}

async fn eks_facts(clients: &Clients, target: &Target, times: &Times) -> EksFacts {
    let Some(cluster) = &target.cluster else {
        let why = Unreadable::new(
            "settings",
            target.name.as_str(),
            Cause::NotFound,
            "the target declares no cluster",
        );
        return EksFacts {
            cluster: Err(why.clone()),
            node_groups: Err(why),
        };
    };
    let name = cluster.name.as_str();
    let (cluster, node_groups) = futures::join!(
        clusters::describe(&clients.eks, times, name),
        node_groups::of_cluster(&clients.eks, times, name),
    );
    EksFacts { cluster, node_groups }
}
