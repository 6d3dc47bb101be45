//! Evidence over the real wire protocol of S3: what the store writes, what the bucket refuses, and what the audit finds. The
//! bucket is versioned and locked; its policy, which refuses the forgeries below, is Terraform's and is left out, so that
//! they can be made.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketVersioningStatus, DefaultRetention, ObjectLockConfiguration, ObjectLockEnabled,
    ObjectLockRetentionMode, ObjectLockRule, VersioningConfiguration,
};
use day2_aws::Moment;
use day2_aws::boot;
use day2_aws::evidence::{Captured, Evidence, EvidenceLimits, EvidenceReceipt, EvidenceStore};
use day2_core::evidence::{Capture, Case, EvidenceBucket, Gap, ManifestLink};
use day2_core::names::DnsLabel;
use day2_core::{Item, Verdict};
use day2_platform::aws::{Emulator, Options};
use day2_platform::ports::Port;
use evidence_audit::assess::assess;
use evidence_audit::facts::LockMode;
use evidence_audit::gather::{Clients, gather};
use evidence_audit::settings::Audit;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::time::Instant;

const BUCKET: &str = "day2-evidence";

struct Stand {
    _folder: tempfile::TempDir,
    _emulator: Emulator,
    s3: Client,
    place: EvidenceBucket,
    target: DnsLabel,
    now: Timestamp,
}

impl Stand {
    async fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let emulator = Emulator::start(Options {
            state_dir: folder.path().to_owned(),
            port: Port::claim()?,
        })
        .await?;
        let key = emulator
            .api()
            .json("kms", "TrentService.CreateKey", &json!({}))
            .await?;
        let key = key["KeyMetadata"]["Arn"]
            .as_str()
            .context("no ARN of a key")?
            .to_owned();
        let s3 = Client::new(&emulator.sdk_config());
        s3.create_bucket()
            .bucket(BUCKET)
            .object_lock_enabled_for_bucket(true)
            .send()
            .await?;
        let retention = DefaultRetention::builder()
            .mode(ObjectLockRetentionMode::Governance)
            .days(400)
            .build();
        let lock = ObjectLockConfiguration::builder()
            .object_lock_enabled(ObjectLockEnabled::Enabled)
            .rule(ObjectLockRule::builder().default_retention(retention).build())
            .build();
        s3.put_object_lock_configuration()
            .bucket(BUCKET)
            .object_lock_configuration(lock)
            .send()
            .await?;
        Ok(Self {
            _folder: folder,
            _emulator: emulator,
            s3,
            place: EvidenceBucket {
                bucket: BUCKET.parse()?,
                key_arn: key.parse()?,
            },
            target: "prod-a".parse()?,
            now: boot::now(),
        })
    }

    /// One capture of a case: a pod and a log, and a log that never was.
    async fn capture(
        &self,
        started_at: Timestamp,
        previous: Option<ManifestLink>,
    ) -> Result<EvidenceReceipt> {
        let store =
            EvidenceStore::with_client(self.s3.clone(), self.place.clone(), EvidenceLimits::default());
        let capture = Capture::new(Case::new(&self.target, "pod:0f3a#1"), started_at, "request-1");
        let until = Instant::now() + Duration::from_mins(1);
        let evidence = Evidence::begin(&store, capture, started_at, previous, until);
        let save = async |kind: &str, bytes: &[u8]| -> Result<()> {
            let room = evidence.room(1 << 20).await?;
            let captured = Captured {
                kind: kind.to_owned(),
                source: "container web".to_owned(),
                cut: None,
                captured_at: started_at,
                bytes: bytes.to_vec(),
            };
            evidence.put(room, captured).await?;
            Ok(())
        };
        let large = vec![0xff; 3 << 20];
        let (pod, log) = tokio::join!(save("pod", b"{}"), save("log", &large));
        pod.and(log)?;
        evidence.missed(
            "log",
            "container web, previous run",
            Gap::Absent,
            "it never ran before",
        );
        Ok(evidence.seal(started_at).await?)
    }

    async fn audit(&self) -> Result<Vec<Item>> {
        let audit = Audit {
            lock_mode: LockMode::Governance,
            lock_ends_days: 30,
            recent_days: 8,
            sealing_minutes: 20,
            max_mebibytes: 100,
        };
        let at = Moment {
            now: self.now,
            deadline: self.now + SignedDuration::from_mins(1),
        };
        let clients = Clients { s3: self.s3.clone() };
        let facts = gather(&clients, BUCKET, &self.target, &audit, at).await;
        Ok(assess(&facts, &self.place, &audit, &TimeZone::UTC, self.now))
    }

    async fn put(&self, key: &str, bytes: &'static [u8]) -> Result<String> {
        let put = self.s3.put_object().bucket(BUCKET).key(key);
        let put = put.body(ByteStream::from_static(bytes)).send().await?;
        Ok(put.version_id().context("no version")?.to_owned())
    }
}

/// The codes that are not a PASS, with the names of their subjects.
fn found(items: &[Item]) -> Vec<(String, Vec<String>)> {
    let bad = items.iter().filter(|item| item.verdict() != Verdict::Pass);
    bad.map(|item| {
        let names = item.subjects.iter().map(|one| one.name.clone()).collect();
        (format!("{} {}", item.verdict(), item.code), names)
    })
    .collect()
}

#[tokio::test]
async fn what_is_saved_can_be_proven_and_every_forgery_is_found_w20_k29_e14() -> Result<()> {
    let stand = Stand::start().await?;
    let s3 = &stand.s3;
    let first = stand
        .capture(stand.now - SignedDuration::from_mins(5), None)
        .await?;
    let second = stand.capture(stand.now, Some(first.link().clone())).await?;
    ensure!(first.complete() && first.artefacts() == 2, "{first:?}");
    let items = stand.audit().await?;
    ensure!(found(&items).is_empty(), "{:?}", found(&items));
    let counts: Vec<u64> = items.iter().map(|item| item.population().examined).collect();
    ensure!(counts == [2, 2, 4, 4, 6, 6, 6, 2], "{counts:?}");

    // What is there is not replaced, and a locked version not deleted.
    let pod = &first.entries()[0];
    let again = s3.put_object().bucket(BUCKET).key(&pod.key).if_none_match("*");
    let refused = again.body(ByteStream::from_static(b"poorer")).send().await;
    ensure!(refused.is_err_and(|error| error.code() == Some("PreconditionFailed")));
    let delete = s3
        .delete_object()
        .bucket(BUCKET)
        .key(&pod.key)
        .version_id(&pod.version_id);
    ensure!(
        delete
            .send()
            .await
            .is_err_and(|error| error.code() == Some("AccessDenied"))
    );
    // Bytes that were damaged on the way are refused, not stored.
    let damaged = s3.put_object().bucket(BUCKET).key("evidence/prod-a/x/y/0001-pod");
    let damaged = damaged.checksum_sha256("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    ensure!(
        damaged
            .body(ByteStream::from_static(b"other"))
            .send()
            .await
            .is_err()
    );
    ensure!(
        found(&stand.audit().await?).is_empty(),
        "none of these attempts left a trace"
    );

    // Forgeries that only the bucket's policy would stop.
    let over = stand.put(&pod.key, b"forged").await?;
    let log = &second.entries()[1];
    s3.delete_object().bucket(BUCKET).key(&log.key).send().await?;
    let stray = format!(
        "{}note.txt",
        log.key.rsplit_once('/').context("no folder")?.0.to_owned() + "/"
    );
    stand.put(&stray, b"who wrote this").await?;
    let items = stand.audit().await?;
    let lines = found(&items);
    let of = |code: &str| {
        lines
            .iter()
            .find(|(one, _)| one.ends_with(code))
            .map(|(_, names)| names.clone())
    };
    ensure!(of("EVA-004") == Some(vec![log.key.clone()]), "hidden: {lines:?}");
    let mut added = of("EVA-005").context("nothing added")?;
    added.sort();
    let mut expected = vec![pod.key.clone(), stray];
    expected.sort();
    ensure!(added == expected, "added: {lines:?}");
    ensure!(
        of("EVA-003").is_none(),
        "what was saved is still what was saved: {lines:?}"
    );
    ensure!(!over.is_empty() && lines.len() == 2, "{lines:?}");

    // A third capture that was killed before its manifest.
    let killed = Capture::new(
        second.case().clone(),
        stand.now - SignedDuration::from_hours(1),
        "request-9",
    );
    stand.put(&killed.artefact_key(1, "pod", 1), b"{}").await?;
    let items = stand.audit().await?;
    let open = items
        .iter()
        .find(|item| item.code == "EVA-001")
        .context("no EVA-001")?;
    // Its object was written just now, so it may still be at work.
    ensure!(
        open.verdict() == Verdict::Unknown && open.subjects[0].name == killed.prefix(),
        "{open:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_bucket_without_versions_makes_no_receipt() -> Result<()> {
    let mut stand = Stand::start().await?;
    stand.s3.create_bucket().bucket("plain").send().await?;
    stand.place.bucket = "plain".parse()?;
    let error = stand.capture(stand.now, None).await.unwrap_err();
    ensure!(format!("{error:#}").contains("keeps no versions"), "{error:#}");
    // The same bucket with versions makes one, so it was that.
    let versions = VersioningConfiguration::builder()
        .status(BucketVersioningStatus::Enabled)
        .build();
    let versioned = stand.s3.put_bucket_versioning().bucket("plain");
    versioned.versioning_configuration(versions).send().await?;
    let later = stand.now + SignedDuration::from_mins(1);
    stand.capture(later, None).await?;
    Ok(())
}
