//! What AWS tells of a platform that is well: it is watched, backed up and up to date.

use anyhow::{Context, Result};
use aws_config::SdkConfig;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde_json::json;

use super::plan::TARGET;
use crate::aws::Emulator;
use crate::aws::control::{BackupPolicy, Control, Coverage, Database, Snapshot};

/// The backup window of the database; each snapshot begins ten minutes into it, UTC.
pub(super) const WINDOW: &str = "03:00-04:00";
const SNAPSHOT_AT: Time = Time::constant(3, 10, 0, 0);
const RETENTION_DAYS: u32 = 7;
const ADDONS: [&str; 3] = ["coredns", "kube-proxy", "vpc-cni"];
const INSIGHTS: [&str; 2] = [
    "Kubelet version skew",
    "Deprecated APIs removed in Kubernetes v1.34",
];

/// Makes it; `nodes` are in the cluster.
pub(super) async fn make(emulator: &Emulator, nodes: u32, now: Timestamp) -> Result<()> {
    let (control, aws) = (emulator.control(), emulator.sdk_config());
    control.set_coverage(TARGET, nodes, Coverage::Healthy).await?;
    // Passed controls are findings too: a hub with none would be one that nothing reports to.
    let passed = json!({"Severity": {"Label": "INFORMATIONAL"}, "Compliance": {"Status": "PASSED"}, "Workflow": {"Status": "RESOLVED"},
                        "Title": "EKS clusters should run on a supported Kubernetes version"});
    control.post_security_hub_finding(&passed).await?;
    for insight in INSIGHTS {
        control
            .place_insight(TARGET, insight, "PASSING", "Nothing was found.", &[])
            .await?;
    }
    make_addons(&aws).await?;
    let key = make_key(emulator).await?;
    make_backups(&control, key, now)
        .await
        .context("the backups of the database")
}

async fn make_addons(aws: &SdkConfig) -> Result<()> {
    let eks = aws_sdk_eks::Client::new(aws);
    for name in ADDONS {
        eks.create_addon()
            .cluster_name(TARGET)
            .addon_name(name)
            .send()
            .await
            .with_context(|| format!("create the add-on {name}"))?;
    }
    Ok(())
}

/// The key of the database; gives its ARN.
async fn make_key(emulator: &Emulator) -> Result<String> {
    let made = emulator
        .api()
        .json("kms", "TrentService.CreateKey", &json!({}))
        .await?;
    let arn = made
        .pointer("/KeyMetadata/Arn")
        .and_then(serde_json::Value::as_str);
    Ok(arn.context("the key has no ARN")?.to_owned())
}

/// As many automated snapshots as are kept, the last of this morning or of yesterday's.
async fn make_backups(control: &Control, key: String, now: Timestamp) -> Result<()> {
    let database = Database::Cluster(TARGET);
    let policy = BackupPolicy {
        retention_days: Some(RETENTION_DAYS),
        window: Some(WINDOW.to_owned()),
        encrypted: Some(true),
        kms_key_id: Some(key),
        deletion_protection: Some(true),
    };
    control.set_backup_policy(database, &policy).await?;
    let begun = now.checked_sub(SignedDuration::from_hours(24 * i64::from(RETENTION_DAYS)))?;
    control.set_restorable(database, Some(begun), None).await?;
    let today = now.to_zoned(TimeZone::UTC).with().time(SNAPSHOT_AT).build()?;
    let last = if today.timestamp() < now {
        today
    } else {
        today.checked_sub(1.day())?
    };
    for ago in 0..RETENTION_DAYS {
        let at = last.checked_sub(i64::from(ago).days())?;
        let snapshot = Snapshot {
            id: format!("rds:{TARGET}-{}", at.strftime("%Y-%m-%d-%H-%M")),
            created: Some(at.timestamp()),
            ..Snapshot::default()
        };
        control.place_snapshot(database, &snapshot).await?;
    }
    Ok(())
}
