//! Evidence: everything that would be lost with the pod, and what shows how it came to be there. Changes nothing in the
//! cluster. No text of a log goes anywhere but into the bucket (`cases.md` E18).

mod around;

use day2_aws::error::OpsError;
use day2_aws::evidence::{Captured, Evidence, EvidenceReceipt, EvidenceStore};
use day2_core::containment::Containment;
use day2_core::evidence::{Capture, Case, Cut, Fingerprint, Gap, ManifestLink};
use day2_core::names::{DnsLabel, DnsName};
use day2_core::target::Target;
use day2_core::trigger::Finding;
use day2_kube::objects::{PodContainer, PodDetail};
use day2_kube::{ClusterClient, ContainerLog, KindAt, LogEnd, LogQuery, Owners, Raw};
use day2_reads::times::Times;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Duration, Instant};

use crate::settings::CaptureLimits;

/// Room for one object of the API; larger ones do not exist (etcd takes 1.5 MiB).
const OBJECT_BYTES: u64 = 2 << 20;

/// Most containers whose logs are read; a pod with more is somebody's joke on us.
const MOST_CONTAINERS: usize = 40;

/// Kept for what comes after a capture: the proof, and the end of the workload. Of a short time a third.
const AFTERWARDS: Duration = Duration::from_secs(15);

/// What is captured, and of whom.
#[derive(Debug, Clone, Copy)]
pub struct Capturing<'a> {
    /// The target.
    pub target: &'a Target,
    /// The pod.
    pub pod: &'a PodDetail,
    /// What controls it.
    pub owners: &'a Owners,
    /// The finding that led here.
    pub finding: &'a Finding,
    /// Request id of the run: a redelivery gets a folder of its own.
    pub request_id: &'a str,
    /// Limits of the settings.
    pub limits: CaptureLimits,
    /// The evidence that is known already.
    pub known: Option<&'a Containment>,
}

/// Captures and seals.
///
/// # Errors
///
/// When nothing is proven to be stored, or the manifest is not: then nothing may be destroyed.
pub async fn capture(
    store: &EvidenceStore,
    cluster: &ClusterClient,
    capturing: Capturing<'_>,
    times: &Times,
) -> Result<EvidenceReceipt, OpsError> {
    let started_at = (times.clock)();
    let case = Case::new(&capturing.target.name, capturing.pod.uid.as_str());
    let id = Capture::new(case, started_at, capturing.request_id);
    let most = Duration::from_secs(u64::from(capturing.limits.seconds));
    let left = times.left();
    let kept = AFTERWARDS.min(left / 3);
    let until = Instant::now() + most.min(left.saturating_sub(kept));
    let evidence = Evidence::begin(store, id, started_at, previous(capturing.known), until);
    let left = evidence
        .artefacts_until()
        .saturating_duration_since(Instant::now());
    let deadline = started_at
        .checked_add(SignedDuration::try_from(left).unwrap_or(SignedDuration::ZERO))
        .unwrap_or(times.deadline)
        .min(times.deadline);
    let collector = Collector {
        evidence: &evidence,
        cluster,
        deadline,
        clock: &*times.clock,
    };
    // What is not done by then is lost, and said so by the seal.
    let everything = Box::pin(collector.everything(&capturing));
    let _ = tokio::time::timeout_at(evidence.artefacts_until(), everything).await;
    evidence.seal((times.clock)()).await
}

/// The manifest of the last capture that the journal knows of.
fn previous(known: Option<&Containment>) -> Option<ManifestLink> {
    let last = known?.evidence.last()?;
    Some(ManifestLink {
        key: last.manifest_key.clone(),
        version_id: last.version_id.clone()?,
        sha256: Fingerprint::parse(&last.sha256)?,
    })
}

struct Collector<'a> {
    evidence: &'a Evidence,
    cluster: &'a ClusterClient,
    deadline: Timestamp,
    clock: &'a dyn Fn() -> Timestamp,
}

impl Collector<'_> {
    async fn everything(&self, capturing: &Capturing<'_>) {
        let pod = capturing.pod;
        let names: (Result<DnsLabel, _>, Result<DnsName, _>, Result<DnsLabel, _>) =
            (pod.namespace.parse(), pod.name.parse(), pod.uid.parse());
        let (Ok(namespace), Ok(name), Ok(uid)) = names else {
            self.evidence.missed(
                "pod",
                "the cluster",
                Gap::Lost,
                "its names are not fit for a path",
            );
            return;
        };
        futures::join!(
            self.finding(capturing.finding),
            self.objects(capturing),
            self.logs(&namespace, &name, &pod.containers),
            self.events(&namespace, &uid),
            self.policies(&namespace),
            self.endpoints(&namespace, pod),
            self.bindings(&namespace, pod),
        );
    }

    async fn finding(&self, finding: &Finding) {
        let bytes = serde_json::to_vec_pretty(finding).unwrap_or_default();
        self.save("finding", "the event, as it was read", bytes, None)
            .await;
    }

    /// The pod, what controls it, its account and its node.
    async fn objects(&self, capturing: &Capturing<'_>) {
        let pod = capturing.pod;
        let mut wanted = vec![
            (
                "pod",
                KindAt::new("", "v1", "pods"),
                Some(&*pod.namespace),
                pod.name.clone(),
            ),
            (
                "service-account",
                KindAt::new("", "v1", "serviceaccounts"),
                Some(&*pod.namespace),
                pod.service_account.clone(),
            ),
        ];
        if let Some(node) = &pod.node {
            wanted.push(("node", KindAt::new("", "v1", "nodes"), None, node.clone()));
        }
        let plain = join_all(wanted.iter().map(async |(kind, at, namespace, name)| match at {
            Ok(at) => self.object(kind, at, *namespace, name).await,
            Err(refused) => self.evidence.missed(kind, name, Gap::Lost, &refused.to_string()),
        }));
        let owners = join_all(capturing.owners.controllers.iter().map(async |controller| {
            let owner = day2_kube::objects::Owner {
                api_version: controller.api_version.clone(),
                kind: controller.kind.clone(),
                name: controller.name.clone(),
                uid: controller.uid.clone(),
            };
            match self.cluster.kind_of(&owner, self.deadline).await {
                Ok(Some(at)) => {
                    self.object("owner", &at, Some(&controller.namespace), &controller.name)
                        .await;
                }
                Ok(None) => self.evidence.missed(
                    "owner",
                    &controller.full_name(),
                    Gap::Lost,
                    "the cluster does not know its kind",
                ),
                Err(why) => {
                    self.evidence
                        .missed("owner", &controller.full_name(), Gap::Lost, &why.to_string());
                }
            }
        }));
        futures::join!(plain, owners);
    }

    async fn logs(&self, namespace: &DnsLabel, pod: &DnsName, containers: &[PodContainer]) {
        let shown = containers.iter().take(MOST_CONTAINERS);
        join_all(shown.map(async |container| {
            futures::join!(
                self.log(namespace, pod, container, false),
                self.log(namespace, pod, container, true),
            );
        }))
        .await;
        for container in containers.iter().skip(MOST_CONTAINERS) {
            let source = format!("container {}", container.name);
            let why = format!("only {MOST_CONTAINERS} containers are read");
            self.evidence.missed("log", &source, Gap::Lost, &why);
        }
    }

    async fn log(&self, namespace: &DnsLabel, pod: &DnsName, container: &PodContainer, previous: bool) {
        let which = if previous { ", previous run" } else { "" };
        let source = format!("container {}{which}", container.name);
        let expected = if previous {
            container.has_previous
        } else {
            container.ran
        };
        let Ok(name) = container.name.parse::<DnsLabel>() else {
            self.evidence.missed(
                "log",
                &source,
                Gap::Lost,
                "the container's name is not fit for a path",
            );
            return;
        };
        if previous && !expected {
            self.evidence
                .missed("log", &source, Gap::Absent, "the container has not ended before");
            return;
        }
        let room = match self.evidence.room(u64::MAX).await {
            Ok(room) => room,
            Err(why) => {
                self.evidence.missed("log", &source, Gap::Lost, &why.to_string());
                return;
            }
        };
        let query = LogQuery {
            namespace,
            pod,
            container: &name,
            previous,
            limit_bytes: usize::try_from(room.bytes()).unwrap_or(usize::MAX),
            tail_lines: None,
        };
        match self.cluster.container_log(&query, self.deadline).await {
            Ok(ContainerLog::Read(read)) => {
                let cut = match read.end {
                    LogEnd::Whole => None,
                    LogEnd::Bytes => Some(Cut::Bytes),
                    LogEnd::Time => Some(Cut::Time),
                    LogEnd::Broken(_) => Some(Cut::Broken),
                };
                let captured = Captured {
                    kind: "log".to_owned(),
                    source,
                    cut,
                    captured_at: (self.clock)(),
                    bytes: read.bytes.to_vec(),
                };
                // A failure is part of the manifest by itself.
                let _ = self.evidence.put(room, captured).await;
            }
            // Expected by the pod's status and not there: rotated away with its container, which is a loss.
            Ok(ContainerLog::NotThere(_)) => {
                let gap = if expected { Gap::Lost } else { Gap::Absent };
                self.evidence
                    .missed("log", &source, gap, "the kubelet has no such log");
            }
            Ok(ContainerLog::PodGone) => {
                self.evidence.missed("log", &source, Gap::Lost, "the pod is gone");
            }
            Err(why) => self.evidence.missed("log", &source, Gap::Lost, &why.to_string()),
        }
    }

    pub(super) async fn object(&self, kind: &str, at: &KindAt, namespace: Option<&str>, name: &str) {
        let source = match namespace {
            Some(namespace) => format!("{at} {namespace}/{name}"),
            None => format!("{at} {name}"),
        };
        match self.cluster.get_raw(at, namespace, name, self.deadline).await {
            Ok(Raw::Object(object)) => {
                let bytes = serde_json::to_vec_pretty(&*object).unwrap_or_default();
                self.save(kind, &source, bytes, None).await;
            }
            Ok(Raw::Absent) => self
                .evidence
                .missed(kind, &source, Gap::Lost, "it does not exist any more"),
            Ok(Raw::NotServed) => {
                self.evidence
                    .missed(kind, &source, Gap::Absent, "the cluster does not know the kind");
            }
            Err(why) => self.evidence.missed(kind, &source, Gap::Lost, &why.to_string()),
        }
    }

    pub(super) async fn save(&self, kind: &str, source: &str, bytes: Vec<u8>, cut: Option<Cut>) {
        match self.evidence.room(OBJECT_BYTES).await {
            Ok(room) => {
                let captured = Captured {
                    kind: kind.to_owned(),
                    source: source.to_owned(),
                    cut,
                    captured_at: (self.clock)(),
                    bytes,
                };
                // A failure is part of the manifest by itself.
                let _ = self.evidence.put(room, captured).await;
            }
            Err(why) => self.evidence.missed(kind, source, Gap::Lost, &why.to_string()),
        }
    }
}
