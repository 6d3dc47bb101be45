//! Auto Scaling groups, their scheduled actions and activities, and the instances behind them.

use aws_sdk_autoscaling::Client as AutoScaling;
use aws_sdk_ec2::Client as Ec2;
use day2_aws::error::unreadable;
use day2_aws::pages::Pages;
use day2_aws::time::timestamp;
use day2_core::{Cause, Observed, Unreadable};
use jiff::Timestamp;

use crate::facts::{Activity, Group, Instance, Member, ScheduledAction};

/// Describes the named groups. A group that AWS does not return stays in the answer as "not found".
pub(crate) async fn groups(client: &AutoScaling, names: &[String]) -> Vec<(String, Observed<Group>)> {
    const ACTION: &str = "autoscaling:DescribeAutoScalingGroups";
    let mut found = Vec::new();
    let mut token = None;
    let mut pages = Pages::new(ACTION, names.join(", "));
    loop {
        let answer = client
            .describe_auto_scaling_groups()
            .set_auto_scaling_group_names(Some(names.to_vec()))
            .set_next_token(token.clone())
            .send()
            .await;
        let page = match answer {
            Ok(page) => page,
            Err(error) => {
                let why = unreadable(ACTION, names.join(", "), &error);
                return names
                    .iter()
                    .map(|name| (name.clone(), Err(why.clone())))
                    .collect();
            }
        };
        found.extend(page.auto_scaling_groups().iter().map(group));
        match pages.next(page.next_token()) {
            Ok(None) => break,
            Ok(next) => token = next,
            Err(why) => {
                return names
                    .iter()
                    .map(|name| (name.clone(), Err(why.clone())))
                    .collect();
            }
        }
    }
    names
        .iter()
        .map(|name| {
            let one = found
                .iter()
                .find(|group: &&Group| group.name == *name)
                .cloned()
                .ok_or_else(|| {
                    Unreadable::new(
                        ACTION,
                        name,
                        Cause::NotFound,
                        "no Auto Scaling group has this name",
                    )
                });
            (name.clone(), one)
        })
        .collect()
}

fn group(seen: &aws_sdk_autoscaling::types::AutoScalingGroup) -> Group {
    Group {
        name: seen.auto_scaling_group_name().unwrap_or_default().to_owned(),
        desired: i64::from(seen.desired_capacity().unwrap_or_default()),
        min: i64::from(seen.min_size().unwrap_or_default()),
        max: i64::from(seen.max_size().unwrap_or_default()),
        suspended: seen
            .suspended_processes()
            .iter()
            .map(|process| {
                let reason = process.suspension_reason().unwrap_or_default().to_owned();
                (process.process_name().unwrap_or_default().to_owned(), reason)
            })
            .collect(),
        instances: seen
            .instances()
            .iter()
            .map(|instance| Member {
                id: instance.instance_id().unwrap_or_default().to_owned(),
                zone: instance.availability_zone().unwrap_or_default().to_owned(),
                lifecycle_state: instance
                    .lifecycle_state()
                    .map(|state| state.as_str().to_owned())
                    .unwrap_or_default(),
                health: instance.health_status().unwrap_or_default().to_owned(),
                protected: instance.protected_from_scale_in().unwrap_or_default(),
                instance_type: instance.instance_type().map(str::to_owned),
            })
            .collect(),
        subnets: seen
            .vpc_zone_identifier()
            .unwrap_or_default()
            .split(',')
            .map(str::trim)
            .filter(|id| !id.is_empty())
            .map(str::to_owned)
            .collect(),
    }
}

/// Scheduled actions of one group, over all pages.
pub(crate) async fn scheduled_actions(client: &AutoScaling, group: &str) -> Observed<Vec<ScheduledAction>> {
    const ACTION: &str = "autoscaling:DescribeScheduledActions";
    let mut actions = Vec::new();
    let mut token = None;
    let mut pages = Pages::new(ACTION, group);
    loop {
        let page = client
            .describe_scheduled_actions()
            .auto_scaling_group_name(group)
            .set_next_token(token.clone())
            .send()
            .await
            .map_err(|error| unreadable(ACTION, group, &error))?;
        actions.extend(
            page.scheduled_update_group_actions()
                .iter()
                .map(|action| ScheduledAction {
                    group: action.auto_scaling_group_name().unwrap_or(group).to_owned(),
                    name: action.scheduled_action_name().unwrap_or_default().to_owned(),
                    recurrence: action.recurrence().map(str::to_owned),
                    time_zone: action.time_zone().map(str::to_owned),
                    starts_at: action.start_time().and_then(timestamp),
                    desired: action.desired_capacity().map(i64::from),
                }),
        );
        token = pages.next(page.next_token())?;
        if token.is_none() {
            return Ok(actions);
        }
    }
}

/// Activities of one group that began at or after `since`. AWS answers newest first, so reading stops at the first
/// older one (API `DescribeScalingActivities`).
pub(crate) async fn activities(
    client: &AutoScaling,
    group: &str,
    since: Timestamp,
) -> Observed<Vec<Activity>> {
    const ACTION: &str = "autoscaling:DescribeScalingActivities";
    let mut activities = Vec::new();
    let mut token = None;
    let mut pages = Pages::new(ACTION, group);
    loop {
        let page = client
            .describe_scaling_activities()
            .auto_scaling_group_name(group)
            .set_next_token(token.clone())
            .send()
            .await
            .map_err(|error| unreadable(ACTION, group, &error))?;
        for seen in page.activities() {
            let Some(started_at) = seen.start_time().and_then(timestamp) else {
                continue;
            };
            if started_at < since {
                return Ok(activities);
            }
            activities.push(Activity {
                group: seen.auto_scaling_group_name().unwrap_or(group).to_owned(),
                status: seen
                    .status_code()
                    .map(|code| code.as_str().to_owned())
                    .unwrap_or_default(),
                description: seen.description().unwrap_or_default().to_owned(),
                message: seen
                    .status_message()
                    .or_else(|| seen.cause())
                    .unwrap_or_default()
                    .to_owned(),
                started_at,
            });
        }
        token = pages.next(page.next_token())?;
        if token.is_none() {
            return Ok(activities);
        }
    }
}

/// Instances by id, asked in batches: the ids come from the groups, so other people's instances are never counted.
///
/// Managed nodes of EKS Auto Mode are asked for explicitly; an account may hide them otherwise and the answer would be
/// silently empty (`IncludeManagedResources` of API `DescribeInstances`).
pub(crate) async fn instances(client: &Ec2, ids: &[String]) -> Observed<Vec<Instance>> {
    const ACTION: &str = "ec2:DescribeInstances";
    // One request names at most this many ids; the API allows 1,000 results per page.
    const BATCH: usize = 200;
    let mut instances = Vec::new();
    for batch in ids.chunks(BATCH) {
        let mut token = None;
        let mut pages = Pages::new(ACTION, "instances of the groups");
        loop {
            let page = client
                .describe_instances()
                .include_managed_resources(true)
                .filters(
                    aws_sdk_ec2::types::Filter::builder()
                        .name("instance-id")
                        .set_values(Some(batch.to_vec()))
                        .build(),
                )
                .set_next_token(token.clone())
                .send()
                .await
                .map_err(|error| unreadable(ACTION, "instances of the groups", &error))?;
            let seen = page
                .reservations()
                .iter()
                .flat_map(aws_sdk_ec2::types::Reservation::instances);
            instances.extend(seen.map(|instance| {
                Instance {
                    id: instance.instance_id().unwrap_or_default().to_owned(),
                    zone: instance
                        .placement()
                        .and_then(|placement| placement.availability_zone())
                        .unwrap_or_default()
                        .to_owned(),
                    instance_type: instance
                        .instance_type()
                        .map(|kind| kind.as_str().to_owned())
                        .unwrap_or_default(),
                    spot: instance.instance_lifecycle()
                        == Some(&aws_sdk_ec2::types::InstanceLifecycleType::Spot),
                    launched_at: instance.launch_time().and_then(timestamp),
                }
            }));
            token = pages.next(page.next_token())?;
            if token.is_none() {
                break;
            }
        }
    }
    Ok(instances)
}
