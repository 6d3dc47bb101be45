//! What can be wrong with a platform in the morning, one thing at a time: each [`Trouble`] breaks exactly one thing and
//! comes with what a report should say of it; each can be mended. Beside them the ordinary life that no report should name.

mod nodes;
mod ordinary;
mod scaling;
mod services;
mod storage;
mod workloads;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Namespace;
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use super::World;
use super::workloads::TROUBLE;
use crate::cluster::extensions::{self, Extension};
use crate::cluster::objects;
use crate::cluster::shapes::Workload;
use crate::wait::wait_until;

/// Label of namespaces that names the team to which they belong.
pub const TEAM_LABEL: &str = "team";
/// The two teams, each with a namespace of its name, whose things break.
pub const TEAMS: [&str; 2] = ["payments", "search"];
/// Who owns what is in no namespace, and the namespaces of nobody else.
pub const PLATFORM_TEAM: &str = "platform";
/// How long controllers and KWOK may take on a busy machine.
const LIMIT: std::time::Duration = std::time::Duration::from_mins(2);

const PAYMENTS: &str = TEAMS[0];
const SEARCH: &str = TEAMS[1];

/// One thing that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// The kubelet of a node says that it is not ready.
    NodeNotReady,
    /// A node takes no pods since two days, because somebody cordoned it and forgot.
    NodeCordonedForDays,
    /// The images of a Deployment cannot be pulled.
    ImageCannotBePulled,
    /// A pod is killed for its memory again and again.
    KilledForMemory,
    /// A pod asks for more than any node has.
    NeverFits,
    /// An autoscaler makes as many pods as it may, and would make more.
    AutoscalerAtMaximum,
    /// An autoscaler's scaling is paused by its annotation (KEDA).
    ScalingPaused,
    /// A budget keeps as many pods as there are, so that no node of them can be drained.
    BudgetNeverMet,
    /// A claim waits for a volume that nobody makes.
    ClaimPending,
    /// A volume cannot be attached.
    AttachmentStuck,
    /// 92 % of a quota is used.
    QuotaNearlyFull,
    /// A certificate could not be renewed and is not ready (cert-manager).
    CertificateNotReady,
    /// A certificate that is ready ends in five days (cert-manager).
    CertificateExpiring,
    /// The last backup of a schedule is partially failed (Velero).
    BackupPartiallyFailed,
    /// `GuardDuty` found something of high severity.
    HighFinding,
    /// An alarm rings.
    AlarmRings,
    /// The endpoint that users see answers 500.
    EndpointFails,
    /// The database's volume is nearly as large as it can become.
    DatabaseStorageLow,
    /// 93 % of a claim's volume is used.
    VolumeNearlyFull,
}

/// What is broken now, in the words that a report needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// What was broken.
    pub trouble: Trouble,
    /// The name that a report must say: of the node, the workload, the claim, the alarm.
    pub subject: String,
    /// Its namespace, if it is in one.
    pub namespace: Option<&'static str>,
    /// The team that should hear of it.
    pub owner: &'static str,
    /// A word of the cause, as the platform itself tells it.
    pub cause: &'static str,
}

impl Trouble {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::NodeNotReady,
        Self::NodeCordonedForDays,
        Self::ImageCannotBePulled,
        Self::KilledForMemory,
        Self::NeverFits,
        Self::AutoscalerAtMaximum,
        Self::ScalingPaused,
        Self::BudgetNeverMet,
        Self::ClaimPending,
        Self::AttachmentStuck,
        Self::QuotaNearlyFull,
        Self::CertificateNotReady,
        Self::CertificateExpiring,
        Self::BackupPartiallyFailed,
        Self::HighFinding,
        Self::AlarmRings,
        Self::EndpointFails,
        Self::DatabaseStorageLow,
        Self::VolumeNearlyFull,
    ];

    /// The definitions that the cluster needs for it.
    const fn extension(self) -> Option<Extension> {
        match self {
            Self::ScalingPaused => Some(Extension::Keda),
            Self::CertificateNotReady | Self::CertificateExpiring => Some(Extension::CertManager),
            Self::BackupPartiallyFailed => Some(Extension::Velero),
            _ => None,
        }
    }

    const fn told(self, namespace: Option<&'static str>, subject: String, cause: &'static str) -> Broken {
        Broken {
            trouble: self,
            subject,
            namespace,
            owner: match namespace {
                Some(team) => team,
                None => PLATFORM_TEAM,
            },
            cause,
        }
    }
}

impl Broken {
    /// The platform's people hear of it, although it is in a namespace.
    fn of_platform(self) -> Self {
        Self {
            owner: PLATFORM_TEAM,
            ..self
        }
    }
}

/// Every method fails when AWS or the cluster refuses what it asks for.
#[expect(clippy::missing_errors_doc, reason = "said once for all of them, above")]
impl World {
    /// Installs definitions of custom resources, as [`extensions::install`].
    pub async fn install(&self, extensions: &[Extension]) -> Result<()> {
        extensions::install(&self.kube, extensions).await
    }

    /// Breaks one thing, and returns when it shows.
    pub async fn begin(&mut self, trouble: Trouble) -> Result<Broken> {
        self.teams_are_there().await?;
        if let Some(extension) = trouble.extension() {
            self.install(&[extension]).await?;
        }
        let done = match trouble {
            Trouble::NodeNotReady => self.node_fails(trouble).await,
            Trouble::NodeCordonedForDays => self.node_is_forgotten(trouble).await,
            Trouble::ImageCannotBePulled => self.image_cannot_be_pulled(trouble).await,
            Trouble::KilledForMemory => self.killed_for_memory(trouble).await,
            Trouble::NeverFits => self.never_fits(trouble).await,
            Trouble::AutoscalerAtMaximum => self.autoscaler_is_at_maximum(trouble).await,
            Trouble::ScalingPaused => self.scaling_is_paused(trouble).await,
            Trouble::BudgetNeverMet => self.budget_is_never_met(trouble).await,
            Trouble::ClaimPending => self.claim_waits(trouble).await,
            Trouble::AttachmentStuck => self.attachment_is_stuck(trouble).await,
            Trouble::QuotaNearlyFull => self.quota_is_nearly_full(trouble).await,
            Trouble::CertificateNotReady | Trouble::CertificateExpiring => {
                self.certificate_is_bad(trouble).await
            }
            Trouble::BackupPartiallyFailed => self.backup_fails_in_part(trouble).await,
            Trouble::HighFinding => self.finding_is_high(trouble).await,
            Trouble::AlarmRings => self.alarm_rings(trouble).await,
            Trouble::EndpointFails => Ok(self.endpoint_fails(trouble)),
            Trouble::DatabaseStorageLow | Trouble::VolumeNearlyFull => self.volume_fills_up(trouble).await,
        };
        done.with_context(|| format!("begin {trouble:?}"))
    }

    /// Mends it, and returns when that shows.
    pub async fn end(&mut self, trouble: Trouble) -> Result<()> {
        let done = match trouble {
            Trouble::NodeNotReady => self.node_is_well().await,
            Trouble::NodeCordonedForDays => self.node_is_remembered().await,
            Trouble::ImageCannotBePulled
            | Trouble::KilledForMemory
            | Trouble::NeverFits
            | Trouble::AutoscalerAtMaximum
            | Trouble::BudgetNeverMet => self.workload_is_gone(trouble).await,
            Trouble::ScalingPaused => self.scaling_goes_on().await,
            Trouble::ClaimPending => self.claim_is_gone().await,
            Trouble::AttachmentStuck => self.attachment_is_gone().await,
            Trouble::QuotaNearlyFull => self.quota_has_room().await,
            Trouble::CertificateNotReady | Trouble::CertificateExpiring => {
                self.certificate_is_good(trouble).await
            }
            Trouble::BackupPartiallyFailed => self.backup_completes().await,
            Trouble::HighFinding => self.finding_is_archived().await,
            Trouble::AlarmRings => self.alarm_is_silent().await,
            Trouble::EndpointFails => {
                self.probe.fail_with(None);
                Ok(())
            }
            Trouble::DatabaseStorageLow | Trouble::VolumeNearlyFull => self.volume_has_room(trouble).await,
        };
        done.with_context(|| format!("end {trouble:?}"))
    }

    /// The teams' namespaces, with their labels.
    pub(super) async fn teams_are_there(&self) -> Result<()> {
        for team in TEAMS {
            objects::ensure_namespace(&self.kube, team).await?;
            let labels = json!({"metadata": {"labels": {(TEAM_LABEL): team}}});
            Api::<Namespace>::all(self.kube.clone())
                .patch(team, &PatchParams::default(), &Patch::Merge(labels))
                .await
                .with_context(|| format!("label the namespace {team}"))?;
        }
        Ok(())
    }

    /// Makes a Deployment that nobody waits for, with `changes` laid over it.
    async fn deploy(&self, trouble: &str, workload: &Workload, changes: &Value) -> Result<()> {
        let mut deployment = workload.deployment_with(changes)?;
        deployment
            .labels_mut()
            .insert(TROUBLE.to_owned(), trouble.to_owned());
        objects::create(
            &Api::namespaced(self.kube.clone(), &workload.namespace),
            &deployment,
        )
        .await
    }

    /// Deletes the Deployments made for it, with what else [`Self::workload_is_gone`] knows of.
    async fn undeploy(&self, trouble: &str) -> Result<()> {
        let made = ListParams::default().labels(&format!("{TROUBLE}={trouble}"));
        let all = Api::<Deployment>::all(self.kube.clone());
        let mut apps = Vec::new();
        for one in all.list(&made).await? {
            let (namespace, name) = (one.namespace().unwrap_or_default(), one.name_any());
            Api::<Deployment>::namespaced(self.kube.clone(), &namespace)
                .delete(&name, &DeleteParams::background())
                .await
                .with_context(|| format!("delete {namespace}/{name}"))?;
            apps.push((namespace, name));
        }
        wait_until(LIMIT, "their pods are gone", async || {
            for (namespace, name) in &apps {
                let left = objects::pods_of(&self.kube, namespace, name).await?.len();
                ensure!(left == 0, "{left} of {namespace}/{name} are left");
            }
            Ok(())
        })
        .await
    }
}

/// The value of the label [`TROUBLE`] of what is made for a trouble.
fn mark(trouble: Trouble) -> String {
    format!("{trouble:?}").to_lowercase()
}
