//! Auto Scaling groups whose instances are EC2 instances.

use std::collections::BTreeSet;

use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::types::{AutoScalingGroup, LaunchTemplateSpecification, LifecycleState, Tag};
use aws_sdk_ec2::types::{InstanceLifecycleType, InstanceType, RequestLaunchTemplateData, Reservation};
use day2_platform::aws::control::Instance;
use jiff::Timestamp;

use crate::emulator::emulator;
use crate::emulator::network::network;

/// A group of three instances, at most six, in three zones.
pub(crate) async fn group(name: &str) -> (Client, aws_sdk_ec2::Client) {
    let config = emulator().await.sdk_config();
    let (scaling, ec2) = (Client::new(&config), aws_sdk_ec2::Client::new(&config));
    let (_, subnets) = network(&ec2).await;
    let data = RequestLaunchTemplateData::builder()
        .instance_type(InstanceType::M6iXlarge)
        .build();
    ec2.create_launch_template()
        .launch_template_name(name)
        .launch_template_data(data)
        .send()
        .await
        .unwrap();
    scaling
        .create_auto_scaling_group()
        .auto_scaling_group_name(name)
        .min_size(0)
        .max_size(6)
        .desired_capacity(3)
        .launch_template(
            LaunchTemplateSpecification::builder()
                .launch_template_name(name)
                .version("$Latest")
                .build(),
        )
        .vpc_zone_identifier(subnets.join(","))
        .tags(
            Tag::builder()
                .key("role")
                .value("apps")
                .propagate_at_launch(true)
                .build(),
        )
        .send()
        .await
        .unwrap();
    (scaling, ec2)
}

pub(crate) async fn described(scaling: &Client, name: &str) -> AutoScalingGroup {
    let seen = scaling
        .describe_auto_scaling_groups()
        .auto_scaling_group_names(name)
        .send()
        .await
        .unwrap();
    seen.auto_scaling_groups()[0].clone()
}

#[tokio::test]
async fn instances_of_a_group_are_ec2_instances_with_the_same_ids_in_the_groups_zones() {
    let (scaling, ec2) = group("same-ids").await;
    let seen = described(&scaling, "same-ids").await;
    let ids: BTreeSet<_> = seen
        .instances()
        .iter()
        .map(|one| one.instance_id().unwrap().to_owned())
        .collect();
    let zones: BTreeSet<_> = seen
        .instances()
        .iter()
        .map(|one| one.availability_zone().unwrap())
        .collect();
    assert_eq!((ids.len(), zones.len()), (3, 3));
    assert_eq!(seen.availability_zones().len(), 3);
    assert!(
        seen.instances()
            .iter()
            .all(|one| one.lifecycle_state() == Some(&LifecycleState::InService))
    );

    let machines = ec2
        .describe_instances()
        .set_instance_ids(Some(ids.into_iter().collect()))
        .send()
        .await
        .unwrap();
    let machines: Vec<_> = machines
        .reservations()
        .iter()
        .flat_map(Reservation::instances)
        .collect();
    assert_eq!(machines.len(), 3);
    for machine in machines {
        assert_eq!(machine.instance_type(), Some(&InstanceType::M6iXlarge));
        assert!(machine.launch_time().is_some());
        assert!(
            machine
                .tags()
                .iter()
                .any(|tag| (tag.key(), tag.value()) == (Some("role"), Some("apps")))
        );
        let zone = machine.placement().unwrap().availability_zone();
        assert!(zones.contains(zone.unwrap()));
    }
}

#[tokio::test]
async fn a_group_has_exactly_the_instances_that_are_placed() {
    let (scaling, ec2) = group("placed").await;
    let launched: Timestamp = "2026-01-05T06:02:00Z".parse().unwrap();
    let spot = Instance {
        instance_id: Some("i-0123456789abcdef0".to_owned()),
        availability_zone: Some("us-east-1b".to_owned()),
        lifecycle: Some("spot".to_owned()),
        launch_time: Some(launched),
        private_dns_name: Some("ip-10-0-16-9.ec2.internal".to_owned()),
        ..Instance::default()
    };
    let waiting = Instance {
        lifecycle_state: Some("Terminating:Wait".to_owned()),
        protected_from_scale_in: Some(true),
        ..Instance::default()
    };
    let placed = emulator()
        .await
        .control()
        .place_instances("placed", &[spot, waiting])
        .await
        .unwrap();
    assert_eq!(placed[0].launch_time, launched);

    let seen = described(&scaling, "placed").await;
    assert_eq!((seen.desired_capacity(), seen.instances().len()), (Some(3), 2));
    let states: Vec<_> = seen
        .instances()
        .iter()
        .map(|one| one.lifecycle_state().unwrap().as_str())
        .collect();
    assert_eq!(states, ["InService", "Terminating:Wait"]);
    let machine = ec2
        .describe_instances()
        .instance_ids("i-0123456789abcdef0")
        .send()
        .await
        .unwrap();
    let machine = &machine.reservations()[0].instances()[0];
    assert_eq!(machine.instance_lifecycle(), Some(&InstanceLifecycleType::Spot));
    assert_eq!(machine.launch_time().unwrap().secs(), launched.as_second());
    assert_eq!(machine.private_dns_name(), Some("ip-10-0-16-9.ec2.internal"));
}

#[tokio::test]
async fn a_placed_quota_can_be_read_and_another_is_a_typed_error() {
    let emulator = emulator().await;
    emulator
        .control()
        .set_quota("ec2", "L-1216C47A", "Running On-Demand Standard instances", 640.0)
        .await
        .unwrap();
    let quotas = aws_sdk_servicequotas::Client::new(&emulator.sdk_config());
    let seen = quotas
        .get_service_quota()
        .service_code("ec2")
        .quota_code("L-1216C47A")
        .send()
        .await
        .unwrap();
    assert_eq!(seen.quota().unwrap().value(), Some(640.0));
    let error = quotas
        .get_service_quota()
        .service_code("ec2")
        .quota_code("L-0")
        .send()
        .await
        .unwrap_err();
    assert!(error.into_service_error().is_no_such_resource_exception());
}
