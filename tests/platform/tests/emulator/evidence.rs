//! What an evidence bucket must do: keep by default, refuse to overwrite, refuse to forget.

use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    DefaultRetention, ObjectLockConfiguration, ObjectLockEnabled, ObjectLockRetentionMode, ObjectLockRule,
};

use crate::emulator::emulator;

const BUCKET: &str = "evidence-kept";

#[tokio::test]
async fn an_object_is_locked_by_the_buckets_default_and_can_neither_be_overwritten_nor_deleted() {
    let s3 = aws_sdk_s3::Client::new(&emulator().await.sdk_config());
    s3.create_bucket()
        .bucket(BUCKET)
        .object_lock_enabled_for_bucket(true)
        .send()
        .await
        .unwrap();
    let retention = DefaultRetention::builder()
        .mode(ObjectLockRetentionMode::Compliance)
        .days(3)
        .build();
    let lock = ObjectLockConfiguration::builder()
        .object_lock_enabled(ObjectLockEnabled::Enabled)
        .rule(ObjectLockRule::builder().default_retention(retention).build())
        .build();
    s3.put_object_lock_configuration()
        .bucket(BUCKET)
        .object_lock_configuration(lock)
        .send()
        .await
        .unwrap();
    let put = |bytes: &'static [u8]| {
        s3.put_object()
            .bucket(BUCKET)
            .key("case/log")
            .body(ByteStream::from_static(bytes))
            .if_none_match("*")
            .send()
    };
    let first = put(b"first").await.unwrap();
    let version = first.version_id().unwrap();
    let error = put(b"poorer").await.unwrap_err();
    assert_eq!(error.code(), Some("PreconditionFailed"));
    let kept = s3
        .get_object_retention()
        .bucket(BUCKET)
        .key("case/log")
        .send()
        .await
        .unwrap();
    let kept = kept.retention().unwrap();
    assert_eq!(kept.mode().unwrap().as_str(), "COMPLIANCE");
    let days =
        (kept.retain_until_date().unwrap().secs() - day2_platform::clock::now().as_second() + 60) / 86_400;
    assert_eq!(days, 3);

    let forget = s3
        .delete_object()
        .bucket(BUCKET)
        .key("case/log")
        .version_id(version)
        .send();
    assert_eq!(forget.await.unwrap_err().code(), Some("AccessDenied"));
    // A delete marker hides the object and destroys nothing.
    let hidden = s3
        .delete_object()
        .bucket(BUCKET)
        .key("case/log")
        .send()
        .await
        .unwrap();
    assert_eq!(hidden.delete_marker(), Some(true));
    let still = s3
        .get_object()
        .bucket(BUCKET)
        .key("case/log")
        .version_id(version)
        .send()
        .await
        .unwrap();
    assert_eq!(
        still.body.collect().await.unwrap().into_bytes().as_ref(),
        b"first"
    );
}
