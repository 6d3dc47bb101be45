use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::operation::get_object_retention::GetObjectRetentionOutput;
use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{DeleteMarkerEntry, ObjectLockRetention, ObjectLockRetentionMode, ObjectVersion};
use aws_smithy_mocks::{MockResponse, Rule, RuleMode, mock, mock_client};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use day2_aws::time::sdk_time;
use jiff::SignedDuration;

use super::*;
use crate::facts::LockMode;
use crate::fixture::{KEY, Luck, Stored, audit, days_ago, good, now, stored, target};

const BUCKET: &str = "day2-evidence";

fn at(seconds: i64) -> Moment {
    Moment {
        now: now(),
        deadline: now() + SignedDuration::from_secs(seconds),
    }
}

fn two() -> Vec<Stored> {
    let older = stored("pod:0f3a#1", days_ago(30), Luck::Good, None);
    let newer = stored("pod:0f3a#1", days_ago(3), Luck::Twice, Some(older.link.clone()));
    vec![older, newer]
}

/// Versions with their bytes, in the order of their keys.
fn objects(all: &[Stored]) -> Vec<(Version, Vec<u8>)> {
    let mut objects: Vec<(Version, Vec<u8>)> = Vec::new();
    for one in all {
        let versions = one.fact.artefacts.iter().chain(&one.fact.manifests);
        objects.extend(
            versions
                .map(|fact| fact.version.clone())
                .zip(one.bytes.iter().cloned()),
        );
    }
    objects.sort_by(|a, b| a.0.key.cmp(&b.0.key));
    objects
}

fn listed(version: &Version) -> ObjectVersion {
    ObjectVersion::builder()
        .key(&version.key)
        .version_id(&version.id)
        .size(i64::try_from(version.bytes).unwrap())
        .last_modified(sdk_time(version.written_at))
        .build()
}

/// A list in pages of three.
fn list(objects: &[(Version, Vec<u8>)]) -> Rule {
    let versions: Vec<Version> = objects.iter().map(|(version, _)| version.clone()).collect();
    mock!(aws_sdk_s3::Client::list_object_versions).then_compute_output(move |input| {
        assert_eq!(
            (input.bucket(), input.prefix()),
            (Some(BUCKET), Some("evidence/prod-a/"))
        );
        let marker = input.key_marker().zip(input.version_id_marker());
        let from = marker.map_or(0, |(key, id)| {
            1 + versions
                .iter()
                .position(|one| (one.key.as_str(), one.id.as_str()) == (key, id))
                .unwrap()
        });
        let page = &versions[from..versions.len().min(from + 3)];
        let more = from + page.len() < versions.len();
        let last = page.last().filter(|_| more);
        ListObjectVersionsOutput::builder()
            .name(BUCKET)
            .is_truncated(more)
            .set_versions(Some(page.iter().map(listed).collect()))
            .set_next_key_marker(last.map(|one| one.key.clone()))
            .set_next_version_id_marker(last.map(|one| one.id.clone()))
            .build()
    })
}

fn read(objects: Vec<(Version, Vec<u8>)>) -> Rule {
    mock!(aws_sdk_s3::Client::get_object).then_compute_output(move |input| {
        let wanted = (input.key().unwrap(), input.version_id().unwrap());
        let found = objects
            .iter()
            .find(|(one, _)| (one.key.as_str(), one.id.as_str()) == wanted);
        GetObjectOutput::builder()
            .ssekms_key_id(KEY)
            .body(ByteStream::from(found.unwrap().1.clone()))
            .build()
    })
}

fn locks(objects: Vec<(Version, Vec<u8>)>) -> Rule {
    mock!(aws_sdk_s3::Client::get_object_retention).then_compute_output(move |input| {
        let found = objects
            .iter()
            .find(|(one, _)| Some(one.key.as_str()) == input.key())
            .unwrap();
        let until = found.0.written_at + SignedDuration::from_hours(24 * 400);
        let retention = ObjectLockRetention::builder()
            .mode(ObjectLockRetentionMode::Governance)
            .retain_until_date(sdk_time(until))
            .build();
        GetObjectRetentionOutput::builder().retention(retention).build()
    })
}

fn failed(status: u16, code: &str) -> HttpResponse {
    let body = format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
    HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body))
}

fn clients(rules: &[&Rule]) -> Clients {
    Clients {
        s3: mock_client!(aws_sdk_s3, RuleMode::MatchAny, rules),
    }
}

#[tokio::test]
async fn everything_is_read_newest_first_over_all_pages() {
    let objects = objects(&two());
    let clients = clients(&[&list(&objects), &read(objects.clone()), &locks(objects.clone())]);
    let mut seen = gather(&clients, BUCKET, &target(), &audit(), at(60))
        .await
        .unwrap();
    let mut expected = good();
    for evidence in [&mut seen, &mut expected] {
        for capture in &mut evidence.captures {
            capture
                .artefacts
                .sort_by(|a, b| a.version.key.cmp(&b.version.key));
        }
    }
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn markers_and_foreign_keys_are_kept_apart() {
    let older = stored("pod:0f3a#1", days_ago(30), Luck::Good, None);
    let key = older.fact.artefacts[0].version.key.clone();
    let list = mock!(aws_sdk_s3::Client::list_object_versions).then_output(move || {
        let marker = |key: &str| DeleteMarkerEntry::builder().key(key).version_id("d").build();
        ListObjectVersionsOutput::builder()
            .name(BUCKET)
            .delete_markers(marker(&key))
            .delete_markers(marker("evidence/prod-a/stray"))
            .build()
    });
    let seen = gather(&clients(&[&list]), BUCKET, &target(), &audit(), at(60))
        .await
        .unwrap();
    assert_eq!(seen.captures[0].markers.len(), 1);
    assert_eq!(seen.captures[0].prefix, older.fact.prefix);
    assert_eq!(seen.foreign, ["evidence/prod-a/stray"]);
}

#[tokio::test]
async fn what_does_not_fit_into_the_bytes_of_a_run_is_not_reached_and_its_lock_is_known() {
    let mut all = two();
    let large = 2 << 20;
    all[0].fact.artefacts[0].version.bytes = large;
    let objects = objects(&all);
    let clients = clients(&[&list(&objects), &read(objects.clone()), &locks(objects.clone())]);
    let little = Audit {
        max_mebibytes: 1,
        ..audit()
    };
    let seen = gather(&clients, BUCKET, &target(), &little, at(60))
        .await
        .unwrap();
    let older = &seen.captures[1];
    let fact = older
        .artefacts
        .iter()
        .find(|one| one.version.bytes == large)
        .unwrap();
    assert!(fact.content.is_none() && matches!(fact.lock, Some(Ok(Some(_)))));
    assert!(
        older.artefacts.iter().any(|one| one.content.is_some()),
        "its neighbour is read"
    );
}

#[tokio::test]
async fn without_time_the_list_is_an_error_and_nothing_is_made_up() {
    let objects = objects(&two());
    let clients = clients(&[&list(&objects), &read(objects.clone()), &locks(objects.clone())]);
    match gather(&clients, BUCKET, &target(), &audit(), at(0)).await {
        Err(why) => assert_eq!(why.cause, Cause::TimedOut),
        Ok(seen) => {
            let mut facts = seen.captures.iter().flat_map(CaptureFact::versions);
            assert!(facts.all(|fact| fact.content.is_none() && fact.lock.is_none() && fact.proof.is_none()));
        }
    }
}

#[tokio::test]
async fn a_version_that_cannot_be_read_costs_its_own_line() {
    let objects = objects(&two());
    let first = objects[0].0.clone();
    let denied = mock!(aws_sdk_s3::Client::get_object)
        .match_requests(move |input| input.key() == Some(first.key.as_str()))
        .then_compute_response(|_| MockResponse::Http(failed(403, "AccessDenied")));
    let clients = clients(&[
        &list(&objects),
        &denied,
        &read(objects.clone()),
        &locks(objects.clone()),
    ]);
    let seen = gather(&clients, BUCKET, &target(), &audit(), at(60))
        .await
        .unwrap();
    let facts: Vec<&VersionFact> = seen.captures.iter().flat_map(CaptureFact::versions).collect();
    let unread: Vec<_> = facts
        .iter()
        .filter(|fact| matches!(fact.content, Some(Err(_))))
        .collect();
    assert_eq!((facts.len(), unread.len()), (7, 1));
}

#[tokio::test]
async fn no_lock_is_an_answer_and_a_refusal_is_none() {
    let version = &objects(&two())[0].0;
    for (code, unlocked) in [("NoSuchObjectLockConfiguration", true), ("AccessDenied", false)] {
        let rule = mock!(aws_sdk_s3::Client::get_object_retention).then_compute_response(move |_| {
            MockResponse::Http(failed(if unlocked { 404 } else { 403 }, code))
        });
        let clients = clients(&[&rule]);
        let lock = object::lock(&clients.s3, BUCKET, version).await;
        assert_eq!(lock.is_ok_and(|lock| lock.is_none()), unlocked, "{code}");
    }
    let empty = mock!(aws_sdk_s3::Client::get_object_retention)
        .then_output(|| GetObjectRetentionOutput::builder().build());
    let why = object::lock(&clients(&[&empty]).s3, BUCKET, version)
        .await
        .unwrap_err();
    assert_eq!(why.cause, Cause::Malformed, "an empty answer is not `not locked`");
    let compliance = mock!(aws_sdk_s3::Client::get_object_retention).then_output(|| {
        let retention = ObjectLockRetention::builder()
            .mode(ObjectLockRetentionMode::Compliance)
            .retain_until_date(sdk_time(now()))
            .build();
        GetObjectRetentionOutput::builder().retention(retention).build()
    });
    let lock = object::lock(&clients(&[&compliance]).s3, BUCKET, version)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((lock.mode, lock.until), (LockMode::Compliance, now()));
}

#[tokio::test]
async fn an_answer_that_is_no_list_and_one_that_goes_in_circles_are_errors_w05() {
    let empty = mock!(aws_sdk_s3::Client::list_object_versions)
        .then_output(|| ListObjectVersionsOutput::builder().build());
    let why = gather(&clients(&[&empty]), BUCKET, &target(), &audit(), at(60))
        .await
        .unwrap_err();
    assert_eq!(why.cause, Cause::Malformed);
    let circle = mock!(aws_sdk_s3::Client::list_object_versions).then_output(|| {
        ListObjectVersionsOutput::builder()
            .name(BUCKET)
            .is_truncated(true)
            .next_key_marker("evidence/prod-a/x")
            .build()
    });
    let why = gather(&clients(&[&circle]), BUCKET, &target(), &audit(), at(60))
        .await
        .unwrap_err();
    assert_eq!(why.cause, Cause::Partial);
}

#[tokio::test]
async fn a_self_check_reads_the_newest_version_and_says_when_there_is_none() {
    let objects = objects(&two());
    let all = clients(&[&list(&objects), &read(objects.clone()), &locks(objects.clone())]);
    let (listed, read) = probe(&all, BUCKET, &target(), at(60)).await;
    assert_eq!((listed, read), (Ok(()), Some((Ok(()), Ok(())))));
    let (listed, read) = probe(&clients(&[&list(&[])]), BUCKET, &target(), at(60)).await;
    assert_eq!((listed, read), (Ok(()), None));
    let denied = mock!(aws_sdk_s3::Client::list_object_versions)
        .then_compute_response(|_| MockResponse::Http(failed(403, "AccessDenied")));
    let (listed, read) = probe(&clients(&[&denied]), BUCKET, &target(), at(60)).await;
    assert!(listed.is_err_and(|why| why.cause == Cause::Denied) && read.is_none());
}
