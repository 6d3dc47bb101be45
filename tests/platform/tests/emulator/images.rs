//! Machine images, and the architectures of instance types.

use aws_sdk_ec2::error::ProvideErrorMetadata as _;
use aws_sdk_ec2::types::{ArchitectureValues, Filter, ImageState};
use day2_platform::aws::control::Image;

use crate::emulator::emulator;

#[tokio::test]
async fn an_image_is_as_placed_and_an_unknown_one_is_an_error() {
    let emulator = emulator().await;
    let (control, ec2) = (
        emulator.control(),
        aws_sdk_ec2::Client::new(&emulator.sdk_config()),
    );
    let old = Image {
        image_id: "ami-0123456789abcdef1".into(),
        architecture: "arm64".into(),
        deprecation_time: Some("2026-10-01T00:00:00Z".parse().unwrap()),
        ..Image::default()
    };
    control.place_image(&old).await.unwrap();
    let describe = async |id: &str, disabled: bool| {
        let call = ec2.describe_images().image_ids(id).include_disabled(disabled);
        call.send().await
    };
    let seen = describe(&old.image_id, false).await.unwrap();
    let image = &seen.images()[0];
    assert_eq!(image.state(), Some(&ImageState::Available));
    assert_eq!(image.architecture(), Some(&ArchitectureValues::Arm64));
    assert_eq!(image.deprecation_time(), Some("2026-10-01T00:00:00Z"));

    let disabled = Image {
        state: Some("disabled".into()),
        ..old.clone()
    };
    control.place_image(&disabled).await.unwrap();
    assert!(describe(&old.image_id, false).await.unwrap().images().is_empty());
    let seen = describe(&old.image_id, true).await.unwrap();
    assert_eq!(seen.images()[0].state(), Some(&ImageState::Disabled));

    control.forget_image(&old.image_id).await.unwrap();
    let error = describe(&old.image_id, true).await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidAMIID.NotFound"));
}

#[tokio::test]
async fn graviton_is_arm_and_a_filter_passes_over_what_does_not_exist() {
    let ec2 = aws_sdk_ec2::Client::new(&emulator().await.sdk_config());
    let names = ["m7g.2xlarge", "g5.xlarge", "g5g.xlarge", "nonsense"];
    let filter = Filter::builder().name("instance-type");
    let filter = filter.set_values(Some(names.map(str::to_owned).to_vec())).build();
    let seen = ec2
        .describe_instance_types()
        .filters(filter)
        .send()
        .await
        .unwrap();
    let found: Vec<(&str, &str)> = seen
        .instance_types()
        .iter()
        .map(|kind| {
            let architectures = kind.processor_info().unwrap().supported_architectures();
            (kind.instance_type().unwrap().as_str(), architectures[0].as_str())
        })
        .collect();
    let expected = [
        ("m7g.2xlarge", "arm64"),
        ("g5.xlarge", "x86_64"),
        ("g5g.xlarge", "arm64"),
    ];
    assert_eq!(found, expected);
}
