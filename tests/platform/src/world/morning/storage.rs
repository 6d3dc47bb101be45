//! Volumes that do not come, and backups that were not complete.

use anyhow::{Context, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Node, PersistentVolumeClaim};
use k8s_openapi::api::storage::v1::{StorageClass, VolumeAttachment};
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use super::{Broken, LIMIT, SEARCH, Trouble, World};
use crate::clock;
use crate::cluster::{extensions, objects};
use crate::wait::wait_until;

const CLAIM: &str = "index-data";
/// Nobody provisions here: the driver of a real cluster would.
const CLASS: &str = "gp3";
const DRIVER: &str = "ebs.csi.aws.com";
const ATTACHMENT: &str = "csi-4f6b0c6f9a1c2d3e";
/// Since when the volume cannot be attached: longer than any driver needs.
const STUCK_MINUTES: i64 = 20;
/// Namespace of Velero.
pub(super) const VELERO: &str = "velero";
const SCHEDULE: &str = "daily";
/// Days of complete backups before the last one.
const COMPLETE_DAYS: i64 = 6;
const ITEMS: u64 = 1_840;

impl World {
    pub(super) async fn claim_waits(&self, trouble: Trouble) -> Result<Broken> {
        let classes = Api::<StorageClass>::all(self.kube.clone());
        if classes.get_opt(CLASS).await?.is_none() {
            let class: StorageClass = serde_json::from_value(json!({
                "metadata": {"name": CLASS}, "provisioner": DRIVER, "volumeBindingMode": "Immediate",
                "reclaimPolicy": "Delete",
            }))?;
            objects::create(&classes, &class).await?;
        }
        let claims = Api::<PersistentVolumeClaim>::namespaced(self.kube.clone(), SEARCH);
        let claim: PersistentVolumeClaim = serde_json::from_value(json!({
            "metadata": {"name": CLAIM},
            "spec": {
                "accessModes": ["ReadWriteOnce"], "storageClassName": CLASS,
                "resources": {"requests": {"storage": "100Gi"}},
            },
        }))?;
        objects::create(&claims, &claim).await?;
        wait_until(LIMIT, "the claim waits", async || {
            let phase = claims.get(CLAIM).await?.status.and_then(|status| status.phase);
            ensure!(phase.as_deref() == Some("Pending"), "{phase:?}");
            Ok(())
        })
        .await?;
        Ok(trouble.told(Some(SEARCH), CLAIM.to_owned(), "Pending"))
    }

    pub(super) async fn claim_is_gone(&self) -> Result<()> {
        let claims = Api::<PersistentVolumeClaim>::namespaced(self.kube.clone(), SEARCH);
        claims.delete(CLAIM, &DeleteParams::default()).await?;
        wait_until(LIMIT, "the claim is gone", async || {
            ensure!(claims.get_opt(CLAIM).await?.is_none(), "it is there");
            Ok(())
        })
        .await
    }

    /// The age of an object is the apiserver's to say: the attachment is new, its error is old.
    pub(super) async fn attachment_is_stuck(&self, trouble: Trouble) -> Result<Broken> {
        let nodes = Api::<Node>::all(self.kube.clone())
            .list(&ListParams::default())
            .await?;
        let node = nodes.items.first().context("no node")?.name_any();
        let attachments = Api::<VolumeAttachment>::all(self.kube.clone());
        let attachment: VolumeAttachment = serde_json::from_value(json!({
            "metadata": {"name": ATTACHMENT},
            "spec": {"attacher": DRIVER, "nodeName": node, "source": {"persistentVolumeName": "pvc-1f0d2c3b"}},
        }))?;
        objects::create(&attachments, &attachment).await?;
        let since = clock::now().checked_sub(SignedDuration::from_mins(STUCK_MINUTES))?;
        let message = "rpc error: code = Internal desc = Could not attach volume: VolumeInUse";
        let status =
            json!({"status": {"attached": false, "attachError": {"message": message, "time": since}}});
        attachments
            .patch_status(ATTACHMENT, &PatchParams::default(), &Patch::Merge(status))
            .await
            .context("write the attachment's error")?;
        Ok(trouble.told(None, ATTACHMENT.to_owned(), "VolumeInUse"))
    }

    pub(super) async fn attachment_is_gone(&self) -> Result<()> {
        let attachments = Api::<VolumeAttachment>::all(self.kube.clone());
        attachments.delete(ATTACHMENT, &DeleteParams::default()).await?;
        wait_until(LIMIT, "the attachment is gone", async || {
            ensure!(attachments.get_opt(ATTACHMENT).await?.is_none(), "it is there");
            Ok(())
        })
        .await
    }

    /// Velero with a location that is available, a schedule and a week of complete backups of every namespace.
    ///
    /// # Errors
    ///
    /// When the cluster refuses an object.
    pub async fn velero(&self) -> Result<()> {
        self.install(&[extensions::Extension::Velero]).await?;
        objects::ensure_namespace(&self.kube, VELERO).await?;
        let now = clock::now();
        let location = json!({
            "apiVersion": "velero.io/v1", "kind": "BackupStorageLocation",
            "metadata": {"name": "default", "namespace": VELERO},
            "spec": {"provider": "aws", "objectStorage": {"bucket": "prod-a-velero"}, "default": true},
            "status": {"phase": "Available", "lastValidationTime": now, "lastSyncedTime": now},
        });
        extensions::create(&self.kube, "backupstoragelocations", location).await?;
        let schedule = json!({
            "apiVersion": "velero.io/v1", "kind": "Schedule",
            "metadata": {"name": SCHEDULE, "namespace": VELERO},
            "spec": {"schedule": "0 2 * * *", "template": {"includedNamespaces": ["*"], "ttl": "720h0m0s"}},
            "status": {"phase": "Enabled", "lastBackup": hours_ago(now, 2)?},
        });
        extensions::create(&self.kube, "schedules", schedule).await?;
        for day in 1..=COMPLETE_DAYS {
            self.backup(hours_ago(now, 24 * day + 2)?, "Completed", 0).await?;
        }
        self.backup(hours_ago(now, 2)?, "Completed", 0).await
    }

    async fn backup(&self, begun: Timestamp, phase: &str, errors: u32) -> Result<()> {
        extensions::create(&self.kube, "backups", backup(begun, phase, errors)?).await
    }

    pub(super) async fn backup_fails_in_part(&self, trouble: Trouble) -> Result<Broken> {
        let schedules = json!({"apiVersion": "velero.io/v1", "kind": "Schedule", "metadata": {"name": SCHEDULE, "namespace": VELERO}});
        if !extensions::exists(&self.kube, "schedules", &schedules).await? {
            self.velero().await?;
        }
        self.backup(hours_ago(clock::now(), 1)?, "PartiallyFailed", 3)
            .await?;
        Ok(trouble
            .told(Some(VELERO), SCHEDULE.to_owned(), "PartiallyFailed")
            .of_platform())
    }

    /// The next backup is complete; the failed one stays, as in life.
    pub(super) async fn backup_completes(&self) -> Result<()> {
        self.backup(clock::now(), "Completed", 0).await
    }
}

fn hours_ago(now: Timestamp, hours: i64) -> Result<Timestamp> {
    let at = now.checked_sub(SignedDuration::from_hours(hours))?;
    Ok(Timestamp::from_second(at.as_second())?)
}

/// A backup of the schedule that took four minutes.
fn backup(begun: Timestamp, phase: &str, errors: u32) -> Result<Value> {
    let name = format!("{SCHEDULE}-{}", begun.strftime("%Y%m%d%H%M%S"));
    let done = begun.checked_add(SignedDuration::from_mins(4))?;
    Ok(json!({
        "apiVersion": "velero.io/v1", "kind": "Backup",
        "metadata": {"name": name, "namespace": VELERO, "labels": {
            "velero.io/schedule-name": SCHEDULE, "velero.io/storage-location": "default",
        }},
        "spec": {"includedNamespaces": ["*"], "storageLocation": "default", "ttl": "720h0m0s"},
        "status": {
            "phase": phase, "version": 1, "formatVersion": "1.1.0", "startTimestamp": begun, "completionTimestamp": done,
            "expiration": begun.checked_add(SignedDuration::from_hours(720))?, "errors": errors,
            "progress": {"totalItems": ITEMS, "itemsBackedUp": ITEMS - u64::from(errors)},
        },
    }))
}
