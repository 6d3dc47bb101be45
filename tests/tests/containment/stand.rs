//! The platform of these tests with its miner, and one delivery of a finding.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use aws_sdk_s3::types::{
    DefaultRetention, ObjectLockConfiguration, ObjectLockEnabled, ObjectLockRetentionMode, ObjectLockRule,
};
use day2_core::containment::Containment;
use day2_platform::aws::{ACCOUNT, REGION};
use day2_platform::clock;
use day2_platform::faults::{Faults, Front, Mark, Upstream};
use day2_platform::platform::Platform;
use day2_platform::sandbox::{Event, Ground, Launch, Role};
use day2_platform::wait::wait_until;
use day2_platform::world::World;
use day2_platform::world::miner::{
    DEPLOYMENT, Miner, NAMESPACE, NEIGHBOUR, OTHER_NAMESPACE, PodId, REPLICAS, finding, role_arn,
};
use day2_platform::world::plan::TARGET;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Node, Pod};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use crate::acting::journal::Journal;

const FUNCTION: &str = "threat-containment";
pub(super) const RELEASE: &str = "threat-release";
pub(super) const AUDIT: &str = "evidence-audit";
pub(super) const BUCKET: &str = "day2-evidence";
pub(super) const LABEL: &str = "day2.dev/quarantine";
/// A run with its proof and its publication.
pub(super) const LONG: Duration = Duration::from_mins(2);

/// How the function is deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Observe,
    /// Isolates and captures.
    Auto,
    /// The same with a circuit breaker of three.
    Few,
    /// Ends workloads too.
    End,
    /// Asks for everything.
    Approve,
}

/// A way to AWS and to the cluster with a script and a record of its own, so that runs beside each other are told apart.
pub(super) struct Lane {
    pub(super) faults: Faults,
    launches: BTreeMap<&'static str, Launch>,
    _fronts: [Front; 2],
}

impl Lane {
    pub(super) fn launch(&self, mode: Mode) -> Launch {
        self.launches[mode.word()].clone()
    }
}

pub(super) struct Stand {
    pub(super) faults: Faults,
    lane: Lane,
    pub(super) journal: Journal,
    pub(super) records: day2_aws::journal::Journal,
    pub(super) world: World,
    pub(super) miner: Miner,
    pub(super) admin: kube::Client,
    pub(super) ground: Ground,
    /// ARN of the key of the evidence.
    key: String,
    /// Function and its session.
    sessions: Vec<(&'static str, Role)>,
    s3: aws_sdk_s3::Client,
    pub(super) platform: Platform,
    folder: tempfile::TempDir,
}

impl Mode {
    const ALL: [Self; 5] = [Self::Observe, Self::Auto, Self::Few, Self::End, Self::Approve];

    const fn word(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Auto => "auto",
            Self::Few => "few",
            Self::End => "end",
            Self::Approve => "approve",
        }
    }

    fn settings(self, key: &str) -> Value {
        let mut settings = json!({
            "mode": match self {
                Self::Observe | Self::Approve => self.word(),
                Self::Auto | Self::Few | Self::End => "auto",
            },
            "eradicate": match self {
                Self::End => "auto",
                Self::Observe | Self::Approve => "approve",
                Self::Auto | Self::Few => "never",
            },
            "settle_seconds": 0,
            "evidence": {"bucket": BUCKET, "key_arn": key},
            "breaker": {"max_per_hour": 100, "max_per_day": 500, "max_percent_of_replicas": 100},
            "node": {"max_cordoned_nodes": 50, "max_cordoned_percent": 100},
            "workload": {"may_stop_healthy_replicas": true, "may_delete_pods": true},
            "sessions": {"deny": true, "roles": [role_arn(DEPLOYMENT), role_arn(NEIGHBOUR)]},
            "targets": BTreeMap::from([(TARGET, json!({}))]),
        });
        if self == Self::Few {
            settings["breaker"] = json!({"max_per_hour": 2, "max_percent_of_replicas": 100});
        }
        settings
    }
}

impl Stand {
    pub(super) async fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let platform = Platform::start(&folder.path().join("platform")).await?;
        let world = platform.seed().await?;
        let miner = world.miner().await?;
        let aws = platform.emulator.sdk_config();
        let ground = Ground::make(&platform.emulator, "day2").await?;
        let s3 = aws_sdk_s3::Client::new(&aws);
        let key = evidence_bucket(&platform, &s3).await?;
        let of = (&platform.cluster, TARGET);
        let mut sessions = Vec::new();
        for function in [FUNCTION, RELEASE, AUDIT] {
            sessions.push((function, ground.role(&platform.emulator, of, function).await?));
        }
        let dynamodb = aws_sdk_dynamodb::Client::new(&aws);
        let table = ground.journal_table.clone();
        let lane = lane(
            &platform,
            &world,
            &ground,
            (key.as_str(), sessions.as_slice(), folder.path()),
        )
        .await?;
        Ok(Self {
            faults: lane.faults.clone(),
            lane,
            journal: Journal::new(dynamodb.clone(), table.clone()),
            records: day2_aws::journal::Journal::new(dynamodb, table),
            admin: platform.cluster.admin_client()?,
            world,
            miner,
            ground,
            key,
            sessions,
            s3,
            platform,
            folder,
        })
    }

    /// Another way.
    pub(super) async fn lane(&self) -> Result<Lane> {
        let of = (self.key.as_str(), self.sessions.as_slice(), self.folder.path());
        lane(&self.platform, &self.world, &self.ground, of).await
    }

    pub(super) fn launch(&self, mode: Mode) -> Launch {
        self.lane.launch(mode)
    }

    /// Of the function that undoes, or of the one that audits.
    pub(super) fn launch_of(&self, function: &str) -> Launch {
        self.lane.launches[function].clone()
    }

    /// The containment of a pod, as the journal has it.
    pub(super) async fn record(&self, pod: &PodId) -> Result<Containment> {
        let id = Containment::id_of(TARGET, &pod.uid, 1);
        let record = self.records.containment(&id).await?;
        record.with_context(|| format!("the journal has no containment of {}", pod.name))
    }

    /// GuardDuty finds a pod; the event as EventBridge delivers it.
    pub(super) async fn finding(&self, pod: &PodId, id: &str) -> Result<Event> {
        let document = self.finding_document(pod, id).await?;
        Ok(Event::new(document.to_string()).time_left(LONG))
    }

    /// The same event as a document, to be spoiled.
    pub(super) async fn finding_document(&self, pod: &PodId, id: &str) -> Result<Value> {
        let posted = self
            .platform
            .emulator
            .control()
            .place_finding(&finding(pod, id))
            .await?;
        Ok(whole(&detail(pod, id, &posted.updated_at)))
    }

    /// The same of a finding that has no uid, neither in the event nor at GuardDuty.
    pub(super) async fn finding_without_uid(&self, pod: &PodId, id: &str) -> Result<Value> {
        let mut found = detail(pod, id, &now());
        found["resource"]["kubernetesDetails"]["kubernetesWorkloadDetails"]["uid"] = Value::Null;
        let posted = self.platform.emulator.control().place_finding(&found).await?;
        found["updatedAt"] = json!(posted.updated_at);
        Ok(whole(&found))
    }

    /// GuardDuty finds the pod of the same image in the other namespace.
    pub(super) async fn finding_of_sibling(&self, id: &str) -> Result<Event> {
        let mut found = detail(&self.miner.sibling, id, &now());
        found["resource"]["kubernetesDetails"]["kubernetesWorkloadDetails"]["namespace"] =
            json!(OTHER_NAMESPACE);
        let control = self.platform.emulator.control();
        let posted = control.place_finding(&found).await?;
        found["updatedAt"] = json!(posted.updated_at);
        Ok(event(&found))
    }

    /// The same finding, seen again.
    pub(super) async fn updated(&self, pod: &PodId, id: &str) -> Result<Event> {
        self.finding(pod, id).await
    }

    /// An event that GuardDuty did not send.
    pub(super) fn forged(pod: &PodId, id: &str) -> Event {
        event(&detail(pod, id, &now()))
    }

    /// An event with one value replaced.
    pub(super) fn changed(pod: &PodId, id: &str, (at, to): (&str, Value)) -> Result<Event> {
        let mut detail = detail(pod, id, &now());
        *detail.pointer_mut(at).with_context(|| format!("no {at}"))? = to;
        Ok(event(&detail))
    }

    /// The same finding, forwarded by an administrator's account.
    pub(super) fn by_administrator(pod: &PodId, id: &str) -> Event {
        let mut whole = whole(&detail(pod, id, &now()));
        whole["account"] = json!("111122223333");
        whole["id"] = json!("ffffffff-4b5a-6978-8796-a5b4c3d2e1f0");
        Event::new(whole.to_string()).time_left(LONG)
    }

    /// Calls since the mark of one action that were accepted.
    pub(super) fn accepted(&self, mark: Mark, action: &str) -> usize {
        let writes = self.faults.writes_since(mark);
        writes.iter().filter(|call| call.action() == action).count()
    }

    /// No write went to the cluster, to Auto Scaling, to IAM, or into the evidence.
    pub(super) fn nothing_was_changed(&self, mark: Mark) -> Result<()> {
        let changed = crate::dry_run::changed(&self.faults.since(mark));
        ensure!(changed.is_empty(), "{changed:?}");
        Ok(())
    }

    pub(super) async fn kubectl(&self, arguments: &[&str]) -> Result<Value> {
        let output = tokio::process::Command::new(self.platform.cluster.kubectl_path())
            .arg("--kubeconfig")
            .arg(self.platform.cluster.admin_kubeconfig_path())
            .args(arguments)
            .output()
            .await?;
        ensure!(
            output.status.success(),
            "kubectl {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(serde_json::from_slice(&output.stdout).unwrap_or_default())
    }

    /// Pods of the whole cluster that carry the label.
    pub(super) async fn labelled(&self) -> Result<Vec<String>> {
        names(&Api::<Pod>::all(self.admin.clone()), LABEL).await
    }

    /// Pods that the quarantine of a pod selects.
    pub(super) async fn selected_by_quarantine(&self, pod: &PodId) -> Result<Vec<String>> {
        let name = format!("day2-quarantine-{}", pod.uid);
        let policy = self.shop::<NetworkPolicy>().get(&name).await?;
        let spec = serde_json::to_value(policy.spec)?;
        ensure!(spec["policyTypes"] == json!(["Ingress", "Egress"]), "{spec}");
        ensure!(
            spec.get("ingress").is_none() && spec.get("egress").is_none(),
            "{spec}"
        );
        let value = spec["podSelector"]["matchLabels"][LABEL]
            .as_str()
            .context("it selects by another label")?;
        names(&self.shop::<Pod>(), &format!("{LABEL}={value}")).await
    }

    /// Cordoned nodes.
    pub(super) async fn cordoned(&self) -> Result<Vec<String>> {
        let nodes = Api::<Node>::all(self.admin.clone());
        let nodes = nodes.list(&ListParams::default()).await?.items;
        let cordoned = nodes
            .iter()
            .filter(|node| node.spec.as_ref().and_then(|spec| spec.unschedulable) == Some(true));
        Ok(sorted(cordoned))
    }

    /// Replicas that the suspect's Deployment asks for.
    pub(super) async fn replicas(&self) -> Result<i32> {
        let seen = self.shop::<Deployment>().get(DEPLOYMENT).await?;
        seen.spec.and_then(|spec| spec.replicas).context("no replicas")
    }

    /// Keys and bytes of the evidence of a pod.
    pub(super) async fn evidence(&self, uid: &str) -> Result<Vec<(String, Vec<u8>)>> {
        let prefix = format!("evidence/{TARGET}/{uid}/");
        let listed = self
            .s3
            .list_objects_v2()
            .bucket(BUCKET)
            .prefix(prefix)
            .send()
            .await?;
        let mut found = Vec::new();
        for object in listed.contents() {
            let key = object.key().context("no key")?;
            let body = self.s3.get_object().bucket(BUCKET).key(key).send().await?;
            found.push((key.to_owned(), body.body.collect().await?.to_vec()));
        }
        Ok(found)
    }

    /// The reports that were published, one after the other.
    pub(super) async fn reports(&self) -> Result<Vec<u8>> {
        let bucket = self.ground.report_bucket.as_str();
        let listed = self.s3.list_objects_v2().bucket(bucket).send().await?;
        let mut all = Vec::new();
        for object in listed.contents() {
            let key = object.key().context("no key")?;
            let body = self.s3.get_object().bucket(bucket).key(key).send().await?;
            all.extend_from_slice(&body.body.collect().await?.to_vec());
        }
        Ok(all)
    }

    /// Waits until the journal has a containment of this pod, which another delivery is about to open.
    pub(super) async fn is_known(&self, pod: &PodId) -> Result<()> {
        wait_until(
            Duration::from_mins(1),
            "the containment is in the journal",
            async || self.record(pod).await.map(drop),
        )
        .await
    }

    /// The world as it was before any finding, with a new pod that mines, and nothing remembered.
    pub(super) async fn as_before(&mut self) -> Result<()> {
        self.faults.clear();
        self.journal.forget().await?;
        let policies = self.shop::<NetworkPolicy>();
        for name in names(&policies, "").await? {
            if name.starts_with("day2-quarantine") {
                policies.delete(&name, &DeleteParams::default()).await?;
            }
        }
        self.nodes_as_before().await?;
        self.world.roles_as_before().await?;
        let replicas = json!({"spec": {"replicas": REPLICAS}});
        self.shop::<Deployment>()
            .patch_scale(DEPLOYMENT, &PatchParams::default(), &Patch::Merge(&replicas))
            .await?;
        let contained = ListParams::default().labels(LABEL);
        let pods = self.shop::<Pod>();
        pods.delete_collection(&DeleteParams::default(), &contained)
            .await?;
        let of_miner = ListParams::default().labels(&format!("app={DEPLOYMENT}"));
        wait_until(
            Duration::from_mins(1),
            "three fresh pods, and none that was contained",
            async || {
                let left = names(&pods, LABEL).await?;
                ensure!(left.is_empty(), "{left:?} are there");
                let all = pods.list(&of_miner).await?.items;
                let fresh = sorted(all.iter().filter(|pod| {
                    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
                    let is_ready = conditions
                        .into_iter()
                        .flatten()
                        .any(|one| one.type_ == "Ready" && one.status == "True");
                    is_ready && pod.metadata.deletion_timestamp.is_none()
                }));
                ensure!(fresh.len() == usize::try_from(REPLICAS)?, "{fresh:?}");
                Ok(())
            },
        )
        .await?;
        let mut pods = Vec::new();
        pods.extend(self.world.pod_ids(NAMESPACE, DEPLOYMENT).await?);
        ensure!(pods.len() == usize::try_from(REPLICAS)?, "{pods:?}");
        self.miner.pod = pods.remove(0);
        self.miner.others = pods;
        Ok(())
    }
}

/// Names of the objects that a label selects.
async fn names<K>(objects: &Api<K>, label: &str) -> Result<Vec<String>>
where
    K: kube::Resource + Clone + std::fmt::Debug + serde::de::DeserializeOwned,
{
    let selected = ListParams::default().labels(label);
    Ok(sorted(objects.list(&selected).await?.items.iter()))
}

fn sorted<'a, K: kube::Resource + 'a>(objects: impl Iterator<Item = &'a K>) -> Vec<String> {
    let mut names: Vec<String> = objects.map(kube::ResourceExt::name_any).collect();
    names.sort();
    names
}

/// Fronts and launches over a platform.
async fn lane(
    platform: &Platform,
    world: &World,
    ground: &Ground,
    (key, sessions, folder): (&str, &[(&'static str, Role)], &Path),
) -> Result<Lane> {
    let faults = Faults::new();
    let front = faults.before(Upstream::aws(&platform.emulator)).await?;
    let cluster = faults.before(Upstream::cluster(&platform.cluster)?).await?;
    let sandboxes = folder.join("sandboxes");
    let mut launches = BTreeMap::new();
    for (function, role) in sessions {
        let documents: Vec<(&'static str, Value)> = match *function {
            RELEASE => vec![(
                RELEASE,
                json!({"safety": {"mode": "approve", "max_steps": 9, "cool_down_minutes": 5}}),
            )],
            AUDIT => vec![(
                AUDIT,
                json!({"evidence": {"bucket": BUCKET, "key_arn": key}, "targets": BTreeMap::from([(TARGET, json!({}))])}),
            )],
            _ => Mode::ALL.map(|mode| (mode.word(), mode.settings(key))).to_vec(),
        };
        for (word, settings) in documents {
            let document = world.document(&ground.deployment(), &settings, cluster.endpoint());
            let launch = Launch::new(function, &sandboxes, &role.credentials, front.endpoint())?;
            launches.insert(word, launch.settings(&document));
        }
    }
    Ok(Lane {
        faults,
        launches,
        _fronts: [front, cluster],
    })
}

/// The word of what came of it.
pub(super) fn outcome_of(answer: &Value) -> &str {
    answer["outcome"].as_str().unwrap_or_default()
}

/// The line of this code.
pub(super) fn items<'a>(answer: &'a Value, code: &str) -> Option<&'a Value> {
    answer["reports"][0]["items"]
        .as_array()?
        .iter()
        .find(|item| item["code"] == code)
}

fn now() -> String {
    clock::now().strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

/// The finding with what GuardDuty fills in.
fn detail(pod: &PodId, id: &str, updated_at: &str) -> Value {
    let mut detail = finding(pod, id);
    detail["schemaVersion"] = json!("2.0");
    detail["partition"] = json!("aws");
    detail["accountId"] = json!(ACCOUNT);
    detail["region"] = json!(REGION);
    detail["arn"] = json!(format!(
        "arn:aws:guardduty:{REGION}:{ACCOUNT}:detector/d/finding/{id}"
    ));
    detail["createdAt"] = json!(updated_at);
    detail["updatedAt"] = json!(updated_at);
    detail
}

fn whole(detail: &Value) -> Value {
    json!({
        "version": "0", "id": "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", "detail-type": "GuardDuty Finding",
        "source": "aws.guardduty", "account": ACCOUNT, "time": now(), "region": REGION, "resources": [],
        "detail": detail,
    })
}

fn event(detail: &Value) -> Event {
    Event::new(whole(detail).to_string()).time_left(LONG)
}

/// The bucket of `infra/evidence`, and the ARN of its key.
async fn evidence_bucket(platform: &Platform, s3: &aws_sdk_s3::Client) -> Result<String> {
    let api = platform.emulator.api();
    let key = api.json("kms", "TrentService.CreateKey", &json!({})).await?;
    let key = key["KeyMetadata"]["Arn"]
        .as_str()
        .context("no ARN of a key")?
        .to_owned();
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
    Ok(key)
}
