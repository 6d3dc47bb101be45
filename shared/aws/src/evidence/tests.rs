use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_sdk_s3::operation::put_object::{PutObjectInput, PutObjectOutput};
use aws_sdk_s3::types::ServerSideEncryption;
use aws_smithy_mocks::{MockResponse, Rule, RuleMode, mock, mock_client};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::base64;
use aws_smithy_types::body::SdkBody;
use day2_core::evidence::{Case, verify};

use super::*;
use crate::fixture::{MORNING, at};

const KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555";
const SECRET: &str = "password=hunter2 AKIAIOSFODNN7EXAMPLE eyJhbGciOi";

/// What a bucket does with one write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Stores,
    Denies,
    Throttles,
    IsTaken,
    /// Stores, and the answer is an error of the server.
    StoresAndBreaks,
    SaysAnotherChecksum,
    SaysNoChecksum,
    SaysAnotherKey,
    SaysNoVersion,
}

/// A bucket with its objects, which does each write as it is told, and the last turn for ever.
#[derive(Clone, Default)]
struct Bucket {
    objects: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Bucket {
    fn store(&self, turns: &[Turn]) -> EvidenceStore {
        self.limited(turns, EvidenceLimits::default())
    }

    fn limited(&self, turns: &[Turn], limits: EvidenceLimits) -> EvidenceStore {
        let rule = self.rule(turns.to_vec());
        let s3 = mock_client!(aws_sdk_s3, RuleMode::MatchAny, [&rule]);
        let place = EvidenceBucket {
            bucket: "evidence".parse().unwrap(),
            key_arn: KEY.parse().unwrap(),
        };
        EvidenceStore::with_client(s3, place, limits)
    }

    fn rule(&self, turns: Vec<Turn>) -> Rule {
        let (objects, asked) = (Arc::clone(&self.objects), Arc::clone(&self.asked));
        mock!(aws_sdk_s3::Client::put_object).then_compute_response(move |put: &PutObjectInput| {
            let key = put.key().unwrap().to_owned();
            let number = {
                let mut asked = asked.lock().unwrap();
                asked.push(key.clone());
                asked.len() - 1
            };
            let turn = *turns.get(number).or(turns.last()).unwrap();
            assert_eq!(put.if_none_match(), Some("*"));
            assert_eq!(put.ssekms_key_id(), Some(KEY));
            assert_eq!(put.bucket(), Some("evidence"));
            let sent = put.checksum_sha256().unwrap().to_owned();
            let body = put.body().bytes().unwrap().to_vec();
            assert_eq!(base64::encode(Fingerprint::of(&body).as_bytes()), sent);
            let good = PutObjectOutput::builder()
                .checksum_sha256(sent)
                .server_side_encryption(ServerSideEncryption::AwsKms)
                .ssekms_key_id(KEY)
                .version_id(format!("v-{number}"));
            let failed = |status: u16, code: &str| {
                let body = format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
                let status = StatusCode::try_from(status).unwrap();
                MockResponse::Http(HttpResponse::new(status, SdkBody::from(body)))
            };
            let keep = || {
                let before = objects.lock().unwrap().insert(key.clone(), body.clone());
                assert!(before.is_none(), "{key} was overwritten");
            };
            match turn {
                Turn::Denies => return failed(403, "AccessDenied"),
                Turn::Throttles => return failed(503, "SlowDown"),
                Turn::IsTaken => return failed(412, "PreconditionFailed"),
                Turn::StoresAndBreaks => {
                    keep();
                    return failed(500, "InternalError");
                }
                _ => keep(),
            }
            MockResponse::Output(match turn {
                Turn::SaysAnotherChecksum => good
                    .checksum_sha256(base64::encode(Fingerprint::of(b"other").as_bytes()))
                    .build(),
                Turn::SaysNoChecksum => good.set_checksum_sha256(None).build(),
                Turn::SaysAnotherKey => good
                    .ssekms_key_id("arn:aws:kms:us-east-1:123456789012:key/other")
                    .build(),
                Turn::SaysNoVersion => good.set_version_id(None).build(),
                _ => good.build(),
            })
        })
    }

    fn keys(&self) -> Vec<String> {
        self.objects.lock().unwrap().keys().cloned().collect()
    }

    fn manifest(&self) -> day2_core::evidence::Manifest {
        let objects = self.objects.lock().unwrap();
        let (_, bytes) = objects
            .iter()
            .find(|(key, _)| key.contains("/manifest-"))
            .unwrap();
        verify(bytes).unwrap()
    }
}

fn capture() -> Capture {
    Capture::new(
        Case::new(&"prod-a".parse().unwrap(), "pod:0f3a#1"),
        at(MORNING),
        "request-1",
    )
}

fn begin(store: &EvidenceStore, seconds: u64) -> Evidence {
    let until = Instant::now() + Duration::from_secs(seconds);
    Evidence::begin(store, capture(), at(MORNING), None, until)
}

fn captured(kind: &str, bytes: &[u8]) -> Captured {
    Captured {
        kind: kind.to_owned(),
        source: format!("source of {kind}"),
        cut: None,
        captured_at: at(MORNING),
        bytes: bytes.to_vec(),
    }
}

async fn save(evidence: &Evidence, kind: &str, bytes: &[u8]) -> Observed<Custody> {
    let room = evidence.room(1 << 20).await?;
    evidence.put(room, captured(kind, bytes)).await
}

#[tokio::test]
async fn a_receipt_names_what_lies_in_the_bucket_k29() {
    let bucket = Bucket::default();
    let store = bucket.store(&[Turn::Stores]);
    let evidence = begin(&store, 60);
    let (pod, log) = tokio::join!(save(&evidence, "pod", b"{}"), save(&evidence, "log", b"lines"));
    evidence.missed(
        "log",
        "container init, previous run",
        Gap::Absent,
        "it never ran before",
    );
    let receipt = evidence.seal(at(MORNING)).await.unwrap();

    let (pod, log) = (pod.unwrap(), log.unwrap());
    let objects = bucket.objects.lock().unwrap().clone();
    assert_eq!(
        (&objects[&pod.key][..], &objects[&log.key][..]),
        (&b"{}"[..], &b"lines"[..])
    );
    assert_eq!(pod.sha256, Fingerprint::of(b"{}"));
    assert_eq!(receipt.artefacts(), 2);
    assert!(receipt.complete() && receipt.lost().is_empty());
    assert_eq!(receipt.missing().len(), 1);
    assert_eq!(receipt.case().subject(), "pod:0f3a#1");
    assert_eq!(
        receipt.link().sha256,
        Fingerprint::of(&objects[&receipt.link().key])
    );
    assert_eq!(
        bucket.asked.lock().unwrap().last(),
        Some(&receipt.link().key),
        "the manifest is written last"
    );
    let manifest = bucket.manifest();
    assert_eq!(manifest.entries[0].version_id, pod.version_id);
    assert_eq!(receipt.entries(), manifest.entries);
}

#[tokio::test]
async fn a_second_capture_of_a_case_holds_the_hash_of_the_first_and_overwrites_nothing() {
    let bucket = Bucket::default();
    let store = bucket.store(&[Turn::Stores]);
    let first = begin(&store, 60);
    save(&first, "pod", b"rich").await.unwrap();
    let first = first.seal(at(MORNING)).await.unwrap();
    let later = at("2026-03-06T12:30:00Z");
    let again = Capture::new(first.case().clone(), later, "request-1");
    let until = Instant::now() + Duration::from_mins(1);
    let second = Evidence::begin(&store, again, later, Some(first.link().clone()), until);
    save(&second, "pod", b"poor").await.unwrap();
    let second = second.seal(later).await.unwrap();
    assert_eq!(bucket.keys().len(), 4);
    let objects = bucket.objects.lock().unwrap();
    let manifest = verify(&objects[&second.link().key]).unwrap();
    assert_eq!(manifest.previous.as_ref(), Some(first.link()));
    assert!(objects.values().any(|bytes| bytes == b"rich"));
}

#[tokio::test]
async fn nothing_that_s3_does_not_prove_makes_a_receipt_w20_k29() {
    for (turn, says) in [
        (Turn::Denies, "permission denied"),
        (Turn::SaysAnotherChecksum, "checksum of other bytes"),
        (Turn::SaysNoChecksum, "no checksum"),
        (Turn::SaysAnotherKey, "another key"),
        (Turn::SaysNoVersion, "keeps no versions"),
    ] {
        // The artefact.
        let bucket = Bucket::default();
        let evidence = begin(&bucket.store(&[turn]), 60);
        let why = save(&evidence, "pod", b"{}").await.unwrap_err();
        assert!(why.to_string().contains(says), "{turn:?}: {why}");
        assert!(evidence.seal(at(MORNING)).await.is_err(), "{turn:?}");

        // The manifest, after a good artefact.
        let bucket = Bucket::default();
        let evidence = begin(&bucket.store(&[Turn::Stores, turn]), 60);
        save(&evidence, "pod", b"{}").await.unwrap();
        let error = evidence.seal(at(MORNING)).await.unwrap_err();
        assert!(
            crate::error::chain(&error).contains(says.trim_start_matches("permission "))
                || turn == Turn::Denies,
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_manifest_of_nothing_is_written_and_makes_no_receipt_w20() {
    let bucket = Bucket::default();
    let evidence = begin(&bucket.store(&[Turn::Denies, Turn::Stores]), 60);
    save(&evidence, "pod", b"{}").await.unwrap_err();
    let error = evidence.seal(at(MORNING)).await.unwrap_err();
    assert!(
        matches!(&error, OpsError::Refused(why) if why.contains("no artefact is stored")),
        "{error:?}"
    );
    let manifest = bucket.manifest();
    assert_eq!((manifest.entries.len(), manifest.missing[0].gap), (0, Gap::Lost));
}

#[tokio::test]
async fn one_lost_artefact_costs_its_own_line_and_no_other() {
    let bucket = Bucket::default();
    let evidence = begin(&bucket.store(&[Turn::Stores, Turn::Denies, Turn::Stores]), 60);
    save(&evidence, "pod", b"{}").await.unwrap();
    save(&evidence, "log", b"lines").await.unwrap_err();
    save(&evidence, "events", b"[]").await.unwrap();
    let receipt = evidence.seal(at(MORNING)).await.unwrap();
    assert_eq!(receipt.artefacts(), 2);
    assert!(!receipt.complete());
    let lost = receipt.lost();
    assert!(
        lost.len() == 1 && lost[0].starts_with("log of source of log"),
        "{lost:?}"
    );
}

#[tokio::test]
async fn a_lost_answer_leads_to_another_key_and_the_first_is_named() {
    for turn in [
        Turn::StoresAndBreaks,
        Turn::Throttles,
        Turn::IsTaken,
        Turn::SaysAnotherChecksum,
    ] {
        let bucket = Bucket::default();
        let evidence = begin(&bucket.store(&[turn, Turn::Stores]), 60);
        let custody = save(&evidence, "pod", b"{}").await.unwrap();
        assert!(custody.key.ends_with("/0001-pod.2"), "{turn:?}: {}", custody.key);
        evidence.seal(at(MORNING)).await.unwrap();
        let manifest = bucket.manifest();
        let abandoned: Vec<&str> = manifest.abandoned.iter().map(|one| one.key.as_str()).collect();
        let first = capture().artefact_key(1, "pod", 1);
        // What somebody else put there is not ours to vouch for.
        let ours = if turn == Turn::IsTaken {
            vec![]
        } else {
            vec![first.as_str()]
        };
        assert_eq!(abandoned, ours, "{turn:?}");
    }
}

#[tokio::test]
async fn a_bucket_that_stays_out_of_order_is_asked_three_times() {
    let bucket = Bucket::default();
    let evidence = begin(&bucket.store(&[Turn::Throttles]), 60);
    save(&evidence, "pod", b"{}").await.unwrap_err();
    assert_eq!(bucket.asked.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn what_was_saved_before_the_time_was_up_is_sealed_as_incomplete_k30() {
    let bucket = Bucket::default();
    let store = bucket.store(&[Turn::Stores, Turn::Throttles, Turn::Throttles, Turn::Stores]);
    // The pauses before the second and the third attempt are longer than the time that is left.
    let until = Instant::now() + Duration::from_secs(SEAL_SECONDS) + Duration::from_millis(400);
    let evidence = Evidence::begin(&store, capture(), at(MORNING), None, until);
    save(&evidence, "pod", b"{}").await.unwrap();
    let late = save(&evidence, "log", b"lines").await.unwrap_err();
    assert_eq!(late.cause, Cause::TimedOut, "{late}");
    let room = evidence.room(1_024).await;
    assert_eq!(room.unwrap_err().cause, Cause::TimedOut);
    evidence.missed("events", "pod", Gap::Lost, "the time was up");
    let receipt = evidence.seal(at(MORNING)).await.unwrap();
    assert_eq!((receipt.artefacts(), receipt.complete()), (1, false));
    let lost = receipt.lost();
    assert!(
        lost[0].starts_with("events") && lost[1].starts_with("log"),
        "{lost:?}"
    );
}

#[tokio::test]
async fn a_log_that_was_cut_by_time_is_kept_and_the_capture_is_not_complete_k30() {
    let bucket = Bucket::default();
    let evidence = begin(&bucket.store(&[Turn::Stores]), 60);
    let room = evidence.room(1_024).await.unwrap();
    let half = Captured {
        cut: Some(Cut::Time),
        ..captured("log", b"half a li")
    };
    evidence.put(room, half).await.unwrap();
    let receipt = evidence.seal(at(MORNING)).await.unwrap();
    assert_eq!(receipt.lost(), ["log of source of log: cut when the time was up"]);
    assert!(!receipt.complete());
}

#[tokio::test]
async fn what_nobody_waited_for_counts_as_lost() {
    let bucket = Bucket::default();
    let evidence = begin(&bucket.store(&[Turn::Stores, Turn::Throttles, Turn::Stores]), 60);
    save(&evidence, "pod", b"{}").await.unwrap();
    let given_up = tokio::time::timeout(Duration::from_millis(1), save(&evidence, "log", b"lines")).await;
    assert!(given_up.is_err(), "it waits before its second attempt");
    let receipt = evidence.seal(at(MORNING)).await.unwrap();
    assert!(!receipt.complete());
    assert_eq!(receipt.lost(), ["log of source of log: its writing was given up"]);
    assert_eq!(bucket.manifest().abandoned.len(), 3);
}

#[tokio::test]
async fn memory_and_total_are_bounded_k28() {
    let limits = EvidenceLimits {
        artefact_bytes: 4_096,
        in_memory_bytes: 8_192,
        total_bytes: 10_000,
        writes: 2,
    };
    let bucket = Bucket::default();
    let evidence = begin(&bucket.limited(&[Turn::Stores], limits), 60);
    let first = evidence.room(2 << 30).await.unwrap();
    assert_eq!(first.bytes(), 4_096, "no artefact is larger");
    let second = evidence.room(4_096).await.unwrap();
    let third = tokio::time::timeout(Duration::from_millis(20), evidence.room(1)).await;
    assert!(third.is_err(), "the third waits for memory");
    // What was not needed goes back to the total; what is too much is cut and marked.
    evidence.put(first, captured("small", b"x")).await.unwrap();
    let large = evidence
        .put(second, captured("large", &[7; 5_000]))
        .await
        .unwrap();
    assert_eq!(large.bytes, 4_096);
    let third = evidence.room(4_096).await.unwrap();
    let fourth = evidence.room(4_096).await.unwrap();
    assert_eq!(
        (third.bytes(), fourth.bytes()),
        (4_096, 10_000 - 1 - 4_096 - 4_096)
    );
    drop(third);
    evidence.put(fourth, captured("rest", &[7; 1_807])).await.unwrap();
    let fifth = evidence.room(4_096).await.unwrap();
    evidence.put(fifth, captured("last", &[7; 4_096])).await.unwrap();
    assert_eq!(evidence.room(1).await.unwrap_err().cause, Cause::Partial);
    evidence.seal(at(MORNING)).await.unwrap();
    let cuts: Vec<_> = bucket
        .manifest()
        .entries
        .iter()
        .filter_map(|entry| entry.truncated)
        .collect();
    assert_eq!(cuts, [Cut::Bytes]);
}

#[tokio::test]
async fn what_was_captured_is_in_no_text_of_ours_e18() {
    for turn in [
        Turn::Denies,
        Turn::SaysAnotherChecksum,
        Turn::StoresAndBreaks,
        Turn::Stores,
    ] {
        let bucket = Bucket::default();
        let evidence = begin(&bucket.store(&[turn, turn, turn, Turn::Stores]), 60);
        let room = evidence.room(1_024).await.unwrap();
        let log = captured("log", SECRET.as_bytes());
        let mut said = format!("{log:?} {room:?}");
        let put = evidence.put(room, log).await;
        said = format!("{said} {put:?} {evidence:?}");
        let receipt = evidence.seal(at(MORNING)).await;
        said = format!("{said} {receipt:?}");
        if let Ok(receipt) = &receipt {
            said.push_str(&serde_json::to_string(receipt).unwrap());
        }
        for word in SECRET.split([' ', '=']) {
            assert!(!said.contains(word), "{turn:?} tells {word}");
        }
    }
}
