//! What groups launch from: templates, images, instance types, and the launches that came to nothing.

use aws_sdk_autoscaling::operation::describe_auto_scaling_groups::DescribeAutoScalingGroupsOutput;
use aws_sdk_autoscaling::operation::describe_scaling_activities::DescribeScalingActivitiesOutput;
use aws_sdk_autoscaling::types as asg;
use aws_sdk_ec2::operation::describe_images::{DescribeImagesError, DescribeImagesOutput};
use aws_sdk_ec2::operation::describe_instance_types::DescribeInstanceTypesOutput;
use aws_sdk_ec2::operation::describe_launch_template_versions::DescribeLaunchTemplateVersionsOutput;
use aws_sdk_ec2::types as ec2;
use aws_smithy_mocks::{RuleMode, mock, mock_client};
use aws_smithy_types::error::ErrorMetadata;
use day2_aws::time::sdk_time;
use day2_core::Cause;

use super::{at, times};
use crate::scaling_groups::{LaunchChoice, LaunchSource, Template};
use crate::{images, instance_types, launch_templates, scaling_activities, scaling_groups};

fn template(name: &str, version: &str) -> Template {
    Template {
        id: Some(format!("lt-{name}")),
        name: name.to_owned(),
        version: version.to_owned(),
    }
}

fn specification(name: &str) -> asg::LaunchTemplateSpecification {
    asg::LaunchTemplateSpecification::builder()
        .launch_template_id(format!("lt-{name}"))
        .launch_template_name(name)
        .version("7")
        .build()
}

/// What a group with this launches from.
async fn launches_from(
    with: impl Fn(asg::builders::AutoScalingGroupBuilder) -> asg::builders::AutoScalingGroupBuilder
    + Send
    + Sync
    + 'static,
) -> Vec<LaunchChoice> {
    let page = mock!(aws_sdk_autoscaling::Client::describe_auto_scaling_groups).then_output(move || {
        let group = asg::AutoScalingGroup::builder()
            .auto_scaling_group_name("g")
            .desired_capacity(1)
            .min_size(1)
            .max_size(1);
        DescribeAutoScalingGroupsOutput::builder()
            .auto_scaling_groups(with(group).build())
            .build()
    });
    let client = mock_client!(aws_sdk_autoscaling, RuleMode::MatchAny, [&page]);
    let seen = scaling_groups::describe(&client, &times(), &["g".into()]).await;
    seen[0].1.as_ref().unwrap().launches_from.clone()
}

#[tokio::test]
async fn a_group_tells_its_template_its_configuration_or_nothing() {
    let own = launches_from(|group| group.launch_template(specification("own"))).await;
    assert_eq!(own.len(), 1);
    assert_eq!(own[0].source, LaunchSource::Template(template("own", "7")));
    assert!(own[0].instance_types.is_empty() && !own[0].by_attributes);

    // AWS takes the default version where none is named; an empty text is no name.
    let bare = asg::LaunchTemplateSpecification::builder()
        .launch_template_name("bare")
        .version("")
        .build();
    let bare =
        launches_from(move |group| group.launch_template(bare.clone()).launch_configuration_name("")).await;
    let expected = Template {
        id: None,
        name: "bare".into(),
        version: "$Default".into(),
    };
    assert_eq!(bare[0].source, LaunchSource::Template(expected));

    let old = launches_from(|group| group.launch_configuration_name("lc-1")).await;
    assert_eq!(old[0].source, LaunchSource::Configuration("lc-1".into()));
    assert!(launches_from(|group| group).await.is_empty());
}

#[tokio::test]
async fn overrides_of_one_template_are_one_choice_and_their_own_template_is_another() {
    let one = |kind: &str| asg::LaunchTemplateOverrides::builder().instance_type(kind);
    let mixed = asg::LaunchTemplate::builder()
        .launch_template_specification(specification("base"))
        .overrides(one("m7g.xlarge").build())
        .overrides(
            one("m7i.xlarge")
                .launch_template_specification(specification("intel"))
                .build(),
        )
        .overrides(one("m6g.xlarge").build())
        .overrides(one("c7g.xlarge").image_id("ami-2").build())
        .build();
    let policy = asg::MixedInstancesPolicy::builder()
        .launch_template(mixed)
        .build();
    let seen = launches_from(move |group| group.mixed_instances_policy(policy.clone())).await;
    let told: Vec<(LaunchSource, Vec<String>, Option<String>)> = seen
        .into_iter()
        .map(|choice| (choice.source, choice.instance_types, choice.image))
        .collect();
    let kinds = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let of = |name| LaunchSource::Template(template(name, "7"));
    assert_eq!(
        told,
        [
            (of("base"), kinds(&["m7g.xlarge", "m6g.xlarge"]), None),
            (of("intel"), kinds(&["m7i.xlarge"]), None),
            (of("base"), kinds(&["c7g.xlarge"]), Some("ami-2".to_owned())),
        ]
    );
}

#[tokio::test]
async fn a_policy_without_overrides_launches_its_template_and_attributes_are_told() {
    let plain = asg::LaunchTemplate::builder().launch_template_specification(specification("base"));
    let by_attributes = plain.clone().overrides(
        asg::LaunchTemplateOverrides::builder()
            .instance_requirements(asg::InstanceRequirements::builder().build())
            .build(),
    );
    for (template, attributes) in [(plain, false), (by_attributes, true)] {
        let policy = asg::MixedInstancesPolicy::builder()
            .launch_template(template.build())
            .build();
        let seen = launches_from(move |group| group.mixed_instances_policy(policy.clone())).await;
        assert_eq!((seen.len(), seen[0].by_attributes), (1, attributes));
    }
}

fn version(image: &str) -> DescribeLaunchTemplateVersionsOutput {
    let data = ec2::ResponseLaunchTemplateData::builder()
        .set_image_id(Some(image.to_owned()).filter(|id| !id.is_empty()))
        .instance_type(ec2::InstanceType::M5Large);
    let version = ec2::LaunchTemplateVersion::builder()
        .version_number(7)
        .launch_template_data(data.build());
    DescribeLaunchTemplateVersionsOutput::builder()
        .launch_template_versions(version.build())
        .build()
}

#[tokio::test]
async fn a_version_is_asked_for_by_id_or_by_name_and_never_by_both() {
    let by_id = mock!(aws_sdk_ec2::Client::describe_launch_template_versions)
        .match_requests(|request| {
            request.launch_template_id() == Some("lt-own")
                && request.launch_template_name().is_none()
                && request.versions() == ["$Latest"]
                && request.resolve_alias().is_none()
        })
        .then_output(|| version("ami-1"));
    let by_name = mock!(aws_sdk_ec2::Client::describe_launch_template_versions)
        .match_requests(|request| {
            request.launch_template_name() == Some("own") && request.launch_template_id().is_none()
        })
        .then_output(|| version(""));
    let client = mock_client!(aws_sdk_ec2, RuleMode::MatchAny, [&by_id, &by_name]);
    let own = template("own", "$Latest");
    let seen = launch_templates::version(&client, &times(), &own).await.unwrap();
    assert_eq!((seen.number, seen.image), (7, Some(Ok("ami-1".to_owned()))));
    assert_eq!(seen.instance_type.as_deref(), Some("m5.large"));
    let unnamed = Template { id: None, ..own };
    let seen = launch_templates::version(&client, &times(), &unnamed)
        .await
        .unwrap();
    assert_eq!(
        seen.image, None,
        "an image that is not named is not one without a name"
    );
}

#[tokio::test]
async fn a_parameter_is_resolved_by_a_second_call_and_its_refusal_costs_the_image_only_w28() {
    for allowed in [true, false] {
        let first = mock!(aws_sdk_ec2::Client::describe_launch_template_versions)
            .match_requests(|request| request.resolve_alias() != Some(true))
            .then_output(|| version("resolve:ssm:/aws/service/eks/image_id"));
        let second = mock!(aws_sdk_ec2::Client::describe_launch_template_versions)
            .match_requests(|request| request.resolve_alias() == Some(true));
        let second = if allowed {
            second.then_output(|| version("ami-9"))
        } else {
            second.then_error(|| {
                let code = ErrorMetadata::builder().code("UnauthorizedOperation").build();
                ec2_error(code)
            })
        };
        let client = mock_client!(aws_sdk_ec2, RuleMode::MatchAny, [&first, &second]);
        let seen = launch_templates::version(&client, &times(), &template("own", "7"))
            .await
            .unwrap();
        match seen.image.unwrap() {
            Ok(id) => assert!(allowed && id == "ami-9"),
            Err(why) => assert!(!allowed && why.cause == Cause::Denied, "{why}"),
        }
        assert_eq!(seen.number, 7);
    }
}

fn ec2_error(
    code: ErrorMetadata,
) -> aws_sdk_ec2::operation::describe_launch_template_versions::DescribeLaunchTemplateVersionsError {
    aws_sdk_ec2::operation::describe_launch_template_versions::DescribeLaunchTemplateVersionsError::generic(
        code,
    )
}

#[tokio::test]
async fn a_template_or_version_that_does_not_exist_is_not_found_w25() {
    let empty = mock!(aws_sdk_ec2::Client::describe_launch_template_versions).then_output(|| {
        DescribeLaunchTemplateVersionsOutput::builder()
            .set_launch_template_versions(Some(Vec::new()))
            .build()
    });
    let gone = mock!(aws_sdk_ec2::Client::describe_launch_template_versions).then_error(|| {
        let code = "InvalidLaunchTemplateId.NotFound";
        ec2_error(ErrorMetadata::builder().code(code).build())
    });
    for rule in [&empty, &gone] {
        let client = mock_client!(aws_sdk_ec2, RuleMode::MatchAny, [rule]);
        let seen = launch_templates::version(&client, &times(), &template("own", "7")).await;
        assert_eq!(seen.unwrap_err().cause, Cause::NotFound);
    }
}

#[tokio::test]
async fn an_image_is_asked_for_by_id_with_those_that_are_hidden() {
    let page = mock!(aws_sdk_ec2::Client::describe_images)
        .match_requests(|request| {
            request.image_ids() == ["ami-1"]
                && request.include_deprecated() == Some(true)
                && request.include_disabled() == Some(true)
        })
        .then_output(|| {
            let image = ec2::Image::builder()
                .image_id("ami-1")
                .state(ec2::ImageState::Disabled)
                .architecture(ec2::ArchitectureValues::Arm64)
                .deprecation_time("2026-10-01T00:00:00.000Z");
            DescribeImagesOutput::builder().images(image.build()).build()
        });
    let client = mock_client!(aws_sdk_ec2, RuleMode::MatchAny, [&page]);
    let seen = images::by_id(&client, &times(), "ami-1").await.unwrap();
    assert_eq!((&*seen.state, &*seen.architecture), ("disabled", "arm64"));
    assert_eq!(seen.deprecated_at, Some(at("2026-10-01T00:00:00Z")));
    assert_eq!(seen.allowed, None);
}

#[tokio::test]
async fn an_image_that_is_gone_is_not_found_and_one_without_a_state_is_malformed_w04() {
    let gone = mock!(aws_sdk_ec2::Client::describe_images).then_error(|| {
        DescribeImagesError::generic(ErrorMetadata::builder().code("InvalidAMIID.NotFound").build())
    });
    let none = mock!(aws_sdk_ec2::Client::describe_images).then_output(|| {
        DescribeImagesOutput::builder()
            .set_images(Some(Vec::new()))
            .build()
    });
    let bare = mock!(aws_sdk_ec2::Client::describe_images).then_output(|| {
        let image = ec2::Image::builder().image_id("ami-1").build();
        DescribeImagesOutput::builder().images(image).build()
    });
    for (rule, cause) in [
        (&gone, Cause::NotFound),
        (&none, Cause::NotFound),
        (&bare, Cause::Malformed),
    ] {
        let client = mock_client!(aws_sdk_ec2, RuleMode::MatchAny, [rule]);
        let seen = images::by_id(&client, &times(), "ami-1").await;
        assert_eq!(seen.unwrap_err().cause, cause);
    }
}

#[tokio::test]
async fn types_are_filtered_so_that_an_unknown_one_spoils_no_other() {
    let page = mock!(aws_sdk_ec2::Client::describe_instance_types)
        .match_requests(|request| {
            request.instance_types().is_empty()
                && request.filters()[0].name() == Some("instance-type")
                && request.filters()[0].values() == ["m7g.large", "m99.large"]
        })
        .then_output(|| {
            let processor =
                ec2::ProcessorInfo::builder().supported_architectures(ec2::ArchitectureType::Arm64);
            let kind = ec2::InstanceTypeInfo::builder()
                .instance_type(ec2::InstanceType::M7gLarge)
                .processor_info(processor.build());
            DescribeInstanceTypesOutput::builder()
                .instance_types(kind.build())
                .build()
        });
    let client = mock_client!(aws_sdk_ec2, RuleMode::MatchAny, [&page]);
    let names = ["m7g.large".to_owned(), "m99.large".to_owned()];
    let seen = instance_types::named(&client, &times(), &names).await.unwrap();
    assert_eq!(
        (&*seen[0].name, seen[0].architectures.join(" ")),
        ("m7g.large", "arm64".to_owned())
    );
    assert_eq!(seen.len(), 1);
    // Without names the API would describe every type there is.
    assert!(
        instance_types::named(&client, &times(), &[])
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(page.num_calls(), 1);
}

#[tokio::test]
async fn failed_launches_of_weeks_are_filtered_by_the_service_and_once_more_here() {
    let activity = |status: asg::ScalingActivityStatusCode, started: &str, details: &str| {
        asg::Activity::builder()
            .start_time(sdk_time(at(started)))
            .status_code(status)
            .details(details)
            .build()
    };
    let page = mock!(aws_sdk_autoscaling::Client::describe_scaling_activities)
        .match_requests(|request| {
            let wanted: Vec<(Option<&str>, &[String])> = request
                .filters()
                .iter()
                .map(|filter| (filter.name(), filter.values()))
                .collect();
            wanted
                == [
                    (
                        Some("StartTimeLowerBound"),
                        &["2026-11-06T11:00:00Z".to_owned()][..],
                    ),
                    (Some("Status"), &["Failed".to_owned(), "Cancelled".to_owned()][..]),
                ]
        })
        .then_output(move || {
            use asg::ScalingActivityStatusCode as Status;
            let zone = r#"{"Subnet ID":"subnet-1","Availability Zone":"us-east-1b"}"#;
            DescribeScalingActivitiesOutput::builder()
                .activities(activity(Status::Cancelled, "2026-11-19T11:45:00Z", zone))
                .activities(activity(Status::Successful, "2026-11-19T11:44:00Z", "{}"))
                .activities(activity(Status::Failed, "2026-11-10T11:45:00Z", "not JSON"))
                .activities(activity(Status::Failed, "2026-11-05T11:45:00Z", "{}"))
                .build()
        });
    let client = mock_client!(aws_sdk_autoscaling, RuleMode::MatchAny, [&page]);
    let seen = scaling_activities::failed_since(&client, &times(), "g", at("2026-11-06T11:30:00.25Z"))
        .await
        .unwrap();
    let told: Vec<(&str, Option<&str>)> = seen
        .iter()
        .map(|one| (&*one.status, one.zone.as_deref()))
        .collect();
    assert_eq!(told, [("Cancelled", Some("us-east-1b")), ("Failed", None)]);
}
