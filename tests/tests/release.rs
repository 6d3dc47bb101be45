//! The real binary of `threat-release` against a real API server with its own role and the shipped rights: a containment is
//! made by hand as `threat-containment` makes it, and undone by approval; killed at every write it comes to the same end.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use day2_aws::journal::Journal;
use day2_core::containment::{
    ContainedPod, Containment, ContainmentState, LABEL, Measure, MeasureState, Sealed, Taken, sessions,
};
use day2_platform::aws::control::ClusterPlace;
use day2_platform::aws::{ACCOUNT, REGION};
use day2_platform::clock;
use day2_platform::cluster::extensions::{self, Extension};
use day2_platform::cluster::objects;
use day2_platform::cluster::shapes::{NodeSpec, Workload};
use day2_platform::faults::{Fault, Faults, Front, Gate, Rule, Upstream};
use day2_platform::platform::Platform;
use day2_platform::sandbox::{Event, Ground, Launch, Outcome, Sandbox};
use day2_platform::world::plan::TARGET;
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::{Node, Pod};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::ResourceExt as _;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use crate::acting::journal::Journal as Rows;
use crate::acting::stand::{came_to, writes};
use crate::dry_run::{changed, differences, steps};
use crate::house::{json_files, root, text};

const FUNCTION: &str = "threat-release";
const NODES: [&str; 2] = ["ip-10-0-0-10.ec2.internal", "ip-10-0-1-10.ec2.internal"];
const OWNER: &str = "threat-containment:test";
/// The containment that the samples name.
const NAMED: &str = "prod-a.4f0c1a2b3c4d5e6f708192a3b4c5d6e7";
const PAUSED: &str = "autoscaling.keda.sh/paused";
const PAUSE_OWNER: &str = "day2.dev/keda-pause";
const CORDON_OWNER: &str = "day2.dev/cordon";
/// What is scaled to zero: kind, name, replicas before.
const SCALED: [(&str, &str, i64); 3] = [
    ("Deployment", "api", 2),
    ("StatefulSet", "db", 1),
    ("ReplicaSet", "lone", 1),
];
/// The role of the contained pod, and the policy of it that nobody may touch.
const ROLE: &str = "shop-web";
const OF_THE_TEAM: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]}"#;
const SOON: Duration = Duration::from_mins(1);

struct Stand {
    faults: Faults,
    admin: kube::Client,
    journal: Journal,
    rows: Rows,
    launch: Launch,
    iam: aws_sdk_iam::Client,
    generation: u32,
    _fronts: [Front; 2],
    _platform: Platform,
    _folder: tempfile::TempDir,
}

impl Stand {
    async fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let platform = Platform::start(&folder.path().join("platform")).await?;
        let admin = platform.cluster.admin_client()?;
        populate(&admin).await?;
        platform
            .emulator
            .control()
            .set_cluster(&ClusterPlace {
                name: TARGET.to_owned(),
                endpoint: platform.cluster.endpoint().to_owned(),
                certificate_authority: STANDARD.encode(platform.cluster.ca_pem()),
                authentication_mode: "API".to_owned(),
                version: "1.33".to_owned(),
            })
            .await?;
        let ground = Ground::make(&platform.emulator, "day2").await?;
        let faults = Faults::new();
        let aws = faults.before(Upstream::aws(&platform.emulator)).await?;
        let cluster = faults.before(Upstream::cluster(&platform.cluster)?).await?;
        let role = ground
            .role(&platform.emulator, (&platform.cluster, TARGET), FUNCTION)
            .await?;
        let document = json!({
            "deployment": ground.deployment(),
            "targets": [{"name": TARGET, "account_id": ACCOUNT, "region": REGION,
                         "cluster": {"name": TARGET, "endpoint": cluster.endpoint()}}],
            "function": {"safety": {"mode": "approve", "max_steps": 20, "cool_down_minutes": 5, "max_actions_per_day": 48}},
        });
        let launch = Launch::new(
            FUNCTION,
            folder.path().join("sandboxes"),
            &role.credentials,
            aws.endpoint(),
        )?;
        let dynamodb = aws_sdk_dynamodb::Client::new(&platform.emulator.sdk_config());
        let iam = aws_sdk_iam::Client::new(&platform.emulator.sdk_config());
        let trust = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "pods.eks.amazonaws.com"},
        }]});
        let role = iam.create_role().role_name(ROLE);
        role.assume_role_policy_document(trust.to_string()).send().await?;
        put_policy(&iam, "app", OF_THE_TEAM).await?;
        Ok(Self {
            faults,
            admin,
            journal: Journal::new(dynamodb.clone(), ground.journal_table.as_str()),
            rows: Rows::new(dynamodb, ground.journal_table),
            launch: launch.settings(&document),
            iam,
            generation: 0,
            _fronts: [aws, cluster],
            _platform: platform,
            _folder: folder,
        })
    }

    fn shop<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.admin.clone(), "shop")
    }

    fn scaled_objects(&self) -> Api<DynamicObject> {
        let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("keda.sh", "v1alpha1", "ScaledObject"));
        Api::namespaced_with(self.admin.clone(), "shop", &kind)
    }

    async fn pods(&self) -> Result<[Pod; 2]> {
        let mut pods = objects::pods_of(&self.admin, "shop", "web").await?;
        pods.sort_by_key(kube::ResourceExt::name_any);
        pods.try_into().ok().context("two pods of web")
    }

    /// Contains the first pod of `web` with every kind of measure, as `threat-containment` does, and writes the record.
    async fn contain(&mut self) -> Result<Containment> {
        self.generation += 1;
        let [pod, _] = self.pods().await?;
        let uid = pod.uid().context("a pod without uid")?;
        let policy = self.isolate(&pod.name_any(), &uid).await?;
        let node = pod
            .spec
            .as_ref()
            .and_then(|spec| spec.node_name.clone())
            .context("no node")?;
        let nodes = Api::<Node>::all(self.admin.clone());
        let cordon =
            json!({"metadata": {"annotations": {CORDON_OWNER: OWNER}}, "spec": {"unschedulable": true}});
        let node_uid = nodes.patch(&node, &day2(), &Patch::Merge(&cordon)).await?.uid();
        let pause = json!({"metadata": {"annotations": {PAUSED: "true", PAUSE_OWNER: OWNER}}});
        let paused = self
            .scaled_objects()
            .patch("web", &day2(), &Patch::Merge(&pause))
            .await?;
        let mut measures = vec![
            ("pod shop/web", Measure::Label { value: uid.clone() }),
            (
                "policy",
                Measure::Policy {
                    name: policy.name_any(),
                    uid: policy.uid(),
                },
            ),
            (
                "node",
                Measure::Cordon {
                    node: node.clone(),
                    uid: node_uid.context("a node without uid")?,
                    owner: OWNER.to_owned(),
                },
            ),
            (
                "ScaledObject shop/web",
                Measure::PauseScaledObject {
                    name: "web".to_owned(),
                    uid: paused.uid().context("a ScaledObject without uid")?,
                    owner: OWNER.to_owned(),
                },
            ),
        ];
        let moment = sessions::moment_after(clock::now());
        let denial = sessions::policy_name(&Containment::id_of(TARGET, &uid, self.generation));
        put_policy(&self.iam, &denial, &sessions::policy_document(moment)).await?;
        measures.push((
            "policy of role shop-web",
            Measure::DenySessions {
                role: format!("arn:aws:iam::{ACCOUNT}:role/{ROLE}"),
                policy: denial,
                issued_before: Some(moment),
            },
        ));
        for (kind, name, replicas_before) in SCALED {
            let uid = self.scale(kind, name, 0).await?;
            measures.push((
                name,
                Measure::Scale {
                    workload: kind.to_owned(),
                    name: name.to_owned(),
                    uid,
                    replicas_before,
                },
            ));
        }
        let contained = ContainedPod {
            uid,
            namespace: "shop".to_owned(),
            name: pod.name_any(),
            node: Some(node),
            owner: Some("Deployment shop/web".to_owned()),
        };
        self.remember(contained, measures).await
    }

    async fn isolate(&self, pod: &str, uid: &str) -> Result<NetworkPolicy> {
        let label = json!({"metadata": {"labels": {LABEL: uid}}});
        self.shop::<Pod>()
            .patch(pod, &day2(), &Patch::Merge(&label))
            .await?;
        let policy: NetworkPolicy = serde_json::from_value(json!({
            "metadata": {"name": format!("day2-quarantine-{uid}"), "namespace": "shop",
                         "annotations": {"day2.dev/owner": OWNER, "day2.dev/pod-uid": uid}},
            "spec": {"podSelector": {"matchLabels": {LABEL: uid}}, "policyTypes": ["Ingress", "Egress"]},
        }))?;
        let post = PostParams {
            field_manager: Some("day2".to_owned()),
            ..PostParams::default()
        };
        Ok(self.shop().create(&post, &policy).await?)
    }

    async fn remember(&self, pod: ContainedPod, measures: Vec<(&str, Measure)>) -> Result<Containment> {
        let now = clock::now();
        let taken = |(resource, measure): (&str, Measure)| Taken {
            resource: resource.to_owned(),
            measure,
            before: String::new(),
            after: String::new(),
            undo: String::new(),
            state: MeasureState::Active,
            says: String::new(),
            changed_at: None,
        };
        let containment = Containment {
            id: Containment::id_of(TARGET, &pod.uid, self.generation),
            target: TARGET.to_owned(),
            pod,
            generation: self.generation,
            finding: format!("{ACCOUNT}/{REGION}/f-1"),
            finding_type: "CryptoCurrency:Runtime/BitcoinTool.B".to_owned(),
            opened_at: now,
            request_id: "r-1".to_owned(),
            measures: measures.into_iter().map(taken).collect(),
            evidence: vec![Sealed {
                manifest_key: "evidence/prod-a/pod/x/manifest-1.json".to_owned(),
                sha256: "00".repeat(32),
                version_id: Some("v".to_owned()),
                artefacts: 12,
                complete: true,
                at: now,
            }],
            state: ContainmentState::Open,
            released_at: None,
            noted: 0,
            joined: Vec::new(),
            version: 0,
        };
        self.journal.open_containment(&containment, &[], now).await?;
        Ok(containment)
    }

    /// Sets the replicas as the admin; gives the uid.
    async fn scale(&self, kind: &str, name: &str, replicas: i64) -> Result<String> {
        let patch = json!({"spec": {"replicas": replicas}});
        let (patch, params) = (Patch::Merge(&patch), PatchParams::default());
        let scaled = match kind {
            "Deployment" => {
                self.shop::<Deployment>()
                    .patch_scale(name, &params, &patch)
                    .await?
            }
            "StatefulSet" => {
                self.shop::<StatefulSet>()
                    .patch_scale(name, &params, &patch)
                    .await?
            }
            _ => {
                self.shop::<ReplicaSet>()
                    .patch_scale(name, &params, &patch)
                    .await?
            }
        };
        scaled.metadata.uid.context("no uid")
    }

    async fn replicas(&self) -> Result<[Option<i32>; 3]> {
        let spec =
            |scale: k8s_openapi::api::autoscaling::v1::Scale| scale.spec.and_then(|spec| spec.replicas);
        Ok([
            spec(self.shop::<Deployment>().get_scale("api").await?),
            spec(self.shop::<StatefulSet>().get_scale("db").await?),
            spec(self.shop::<ReplicaSet>().get_scale("lone").await?),
        ])
    }

    /// Everything of a containment is undone, its neighbours are as they were, and the record is closed.
    async fn is_released(&self, containment: &Containment) -> Result<()> {
        let record = self
            .journal
            .containment(&containment.id)
            .await?
            .context("no record")?;
        ensure!(record.state == ContainmentState::Released, "{record:?}");
        ensure!(
            record
                .measures
                .iter()
                .all(|taken| taken.state == MeasureState::Undone),
            "{:?}",
            record.measures
        );
        let [pod, neighbour] = self.pods().await?;
        ensure!(
            !pod.labels().contains_key(LABEL),
            "the label is there: {:?}",
            pod.labels()
        );
        ensure!(
            neighbour.labels().get(LABEL).is_some_and(|value| value == "kept"),
            "the neighbour lost its label"
        );
        let policies: Vec<String> = self
            .shop::<NetworkPolicy>()
            .list(&kube::api::ListParams::default())
            .await?
            .items
            .iter()
            .map(kube::ResourceExt::name_any)
            .collect();
        ensure!(policies == ["default-deny"], "{policies:?}");
        let nodes = Api::<Node>::all(self.admin.clone());
        for node in NODES {
            let seen = nodes.get(node).await?;
            let cordoned = seen.spec.as_ref().and_then(|spec| spec.unschedulable) == Some(true);
            ensure!(
                !cordoned && !seen.annotations().contains_key(CORDON_OWNER),
                "{node} is cordoned"
            );
        }
        let object = self.scaled_objects().get("web").await?;
        ensure!(
            !object.annotations().contains_key(PAUSED),
            "{:?}",
            object.annotations()
        );
        let replicas = self.replicas().await?;
        ensure!(replicas == [Some(2), Some(1), Some(1)], "{replicas:?}");
        let policies = self.iam.list_role_policies().role_name(ROLE).send().await?;
        let policies = policies.policy_names();
        ensure!(policies == ["app"], "the role has {policies:?}");
        Ok(())
    }
}

/// The answer to a call that comes to a plan.
async fn shown(sandbox: &mut Sandbox, call: &Value) -> Result<Value> {
    let answer = sandbox.invoke(Event::new(call.to_string())).await?.answer()?;
    ensure!(answer["outcome"] == "planned", "{call}: {answer}");
    Ok(answer)
}

/// Plans the release of a containment and gives the event that approves it.
async fn planned(sandbox: &mut Sandbox, id: &str) -> Result<Event> {
    approval(&shown(sandbox, &json!({"containment": id})).await?)
}

/// The event that approves the plan of an answer.
fn approval(shown: &Value) -> Result<Event> {
    let plan = shown.pointer("/reports/0/action/plan_id").and_then(Value::as_str);
    let plan = plan.with_context(|| format!("no plan id: {shown}"))?;
    Ok(Event::new(
        json!({"targets": [TARGET], "approve": plan}).to_string(),
    ))
}

async fn put_policy(iam: &aws_sdk_iam::Client, name: &str, document: &str) -> Result<()> {
    let put = iam.put_role_policy().role_name(ROLE).policy_name(name);
    put.policy_document(document).send().await?;
    Ok(())
}

/// Written in the name of the product, as `threat-containment` does.
fn day2() -> PatchParams {
    PatchParams {
        field_manager: Some("day2".to_owned()),
        ..PatchParams::default()
    }
}

/// Two nodes, a suspect with a neighbour, what is scaled, a policy of somebody else, and KEDA.
async fn populate(admin: &kube::Client) -> Result<()> {
    let nodes: Vec<NodeSpec> = NODES
        .iter()
        .zip(["us-east-1a", "us-east-1b"])
        .map(|(name, zone)| NodeSpec::new(*name, format!("i-{zone}"), zone, "workers"))
        .collect();
    objects::create_nodes(admin, &nodes).await?;
    objects::nodes_ready(admin, &NODES).await?;
    for (name, replicas) in [("web", 2), ("api", 2)] {
        objects::create_workload(admin, &Workload::new("shop", name, replicas)).await?;
        objects::deployment_ready(admin, "shop", name).await?;
    }
    let template = |name: &str| {
        json!({"metadata": {"labels": {"app": name}},
               "spec": {"containers": [{"name": "main", "image": "registry.example/x:1.0.0"}]}})
    };
    let namespaced = |name: &str| json!({"name": name, "namespace": "shop"});
    let sets: StatefulSet = serde_json::from_value(json!({
        "metadata": namespaced("db"),
        "spec": {"replicas": 1, "serviceName": "db", "selector": {"matchLabels": {"app": "db"}}, "template": template("db")},
    }))?;
    objects::create(&Api::namespaced(admin.clone(), "shop"), &sets).await?;
    let lone: ReplicaSet = serde_json::from_value(json!({
        "metadata": namespaced("lone"),
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "lone"}}, "template": template("lone")},
    }))?;
    objects::create(&Api::namespaced(admin.clone(), "shop"), &lone).await?;
    let theirs: NetworkPolicy = serde_json::from_value(json!({
        "metadata": namespaced("default-deny"), "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
    }))?;
    objects::create(&Api::namespaced(admin.clone(), "shop"), &theirs).await?;
    extensions::install(admin, &[Extension::Keda]).await?;
    let object = json!({
        "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": namespaced("web"),
        "spec": {"scaleTargetRef": {"name": "web"}, "triggers": [{"type": "cpu", "metadata": {"value": "60"}}]},
    });
    extensions::create(admin, "scaledobjects", object).await?;
    // The neighbour carries a label of its own under our name: it is nobody's to take.
    let mut pods = objects::pods_of(admin, "shop", "web").await?;
    pods.sort_by_key(kube::ResourceExt::name_any);
    let neighbour = pods.get(1).context("no neighbour")?.name_any();
    let kept = json!({"metadata": {"labels": {LABEL: "kept"}}});
    let pods = Api::<Pod>::namespaced(admin.clone(), "shop");
    pods.patch(&neighbour, &PatchParams::default(), &Patch::Merge(&kept))
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_containment_is_undone_by_approval_and_only_what_is_still_ours() -> Result<()> {
    let mut stand = Stand::new().await?;
    let mut sandbox = Sandbox::start(&stand.launch).await?;
    nothing_is_undone_without_a_name(&mut sandbox).await?;
    what_is_shown_is_what_its_approval_carries_out_o11(&mut stand, &mut sandbox).await?;
    let mut sandbox = killed_at_each_change_it_comes_to_the_same_end_d12(&mut stand, sandbox).await?;
    what_somebody_changed_since_is_left(&mut stand, &mut sandbox).await
}

async fn nothing_is_undone_without_a_name(sandbox: &mut Sandbox) -> Result<()> {
    for (call, says) in [
        (json!({"targets": [TARGET]}), "`containment` is missing"),
        (json!({"containment": "prod-a"}), "is no id of a containment"),
        (
            json!({"containment": "prod-b.1", "targets": [TARGET]}),
            "is of the target prod-b",
        ),
        (json!({"containment": "prod-b.1"}), "there is no target `prod-b`"),
        (
            json!({"containment": "prod-a.1", "approve": "a".repeat(64)}),
            "leave `containment` out",
        ),
        (
            json!({"finding": "f-1", "containment": "prod-a.1"}),
            "takes no `finding`",
        ),
        (json!({"containment": "prod-a.1", "mode": "auto"}), "mode"),
    ] {
        let error = sandbox.invoke(Event::new(call.to_string())).await?.error()?;
        ensure!(error.contains(says), "{call}: {error}");
    }
    let unknown = json!({"containment": "prod-a.1"});
    let answer = sandbox.invoke(Event::new(unknown.to_string())).await?.answer()?;
    ensure!(answer["outcome"] == "nothing_to_do", "{answer}");
    ensure!(
        answer.to_string().contains("the journal has no containment"),
        "{answer}"
    );
    Ok(())
}

/// Looked at, planned and then approved: all three plans are the same, and nothing but the approval changes anything, whatever
/// else is sent meanwhile.
async fn what_is_shown_is_what_its_approval_carries_out_o11(
    stand: &mut Stand,
    sandbox: &mut Sandbox,
) -> Result<()> {
    let containment = stand.contain().await?;
    let mark = stand.faults.mark();
    let observe = json!({"containment": containment.id, "mode": "observe"});
    let observed = shown(sandbox, &observe).await?;
    no_sample_changes_anything_o11(sandbox, &containment.id).await?;
    let planned = shown(sandbox, &json!({"containment": containment.id})).await?;
    let before = changed(&stand.faults.since(mark));
    ensure!(before.is_empty(), "changed before it was approved: {before:#?}");
    let waits = |answer: &Value| answer.pointer("/reports/0/action/approve_until").is_some();
    ensure!(!waits(&observed) && waits(&planned), "{observed:#}\n{planned:#}");

    let (mark, approval) = (stand.faults.mark(), approval(&planned)?);
    let done = sandbox.invoke(approval).await?.answer()?;
    ensure!(done["outcome"] == "applied", "{done}");
    for shown in [&observed, &planned] {
        let differences = differences(shown, &done)?;
        ensure!(differences.is_empty(), "{differences:#?}");
    }
    // Every measure and the end of the record; each changes one thing, the last of them in the journal.
    let (steps, changes) = (steps(&planned)?, changed(&stand.faults.since(mark)));
    ensure!(
        steps.len() == containment.measures.len() + 1 && changes.len() == containment.measures.len(),
        "{steps:#?}\n{changes:#?}"
    );
    let effect = done
        .pointer("/reports/0/action/effect")
        .cloned()
        .unwrap_or_default();
    ensure!(
        effect.to_string().contains("verified") && !effect.to_string().contains("not_verified"),
        "{effect}"
    );
    stand.is_released(&containment).await?;
    // The approval is used up, and a released containment has nothing to undo.
    let again = Event::new(json!({"containment": containment.id}).to_string());
    let answer = sandbox.invoke(again).await?.answer()?;
    ensure!(answer["outcome"] == "nothing_to_do", "{answer}");
    Ok(())
}

/// Every sample, as it is and, where it names a containment, with the name of the one that is open.
async fn no_sample_changes_anything_o11(sandbox: &mut Sandbox, id: &str) -> Result<()> {
    let folder = root().join("events").join(FUNCTION);
    let samples = json_files(&folder);
    ensure!(samples.len() >= 7, "only {samples:?}");
    let (mut words, mut planned) = (Vec::new(), 0);
    for name in &samples {
        let sample = text(&folder.join(name));
        let mut events = vec![sample.clone()];
        if sample.contains(NAMED) {
            events.push(sample.replace(NAMED, id));
        }
        for event in events {
            let word = match sandbox.invoke(Event::new(event)).await? {
                Outcome::Answer(answer) => answer["outcome"].as_str().unwrap_or("answered").to_owned(),
                Outcome::Error { kind, .. } => kind,
                other => bail!("{name}: {other:?}"),
            };
            planned += usize::from(word == "planned");
            words.push(format!("{name}: {word}"));
        }
    }
    // With the task, without it, and only to look.
    ensure!(planned == 3, "{planned} came to a plan: {words:#?}");
    Ok(())
}

/// Killed at the writes of an approved run, and the same event again.
async fn killed_at_each_change_it_comes_to_the_same_end_d12(
    stand: &mut Stand,
    mut sandbox: Sandbox,
) -> Result<Sandbox> {
    let containment = stand.contain().await?;
    let approval = planned(&mut sandbox, &containment.id).await?;
    let mark = stand.faults.mark();
    ensure!(came_to(sandbox.invoke(approval).await?)? == "applied");
    let all = writes(&stand.faults.since(mark));
    let in_cluster = all
        .iter()
        .filter(|(action, _)| action.starts_with("kubernetes:"))
        .count();
    ensure!(in_cluster == 7, "{all:?}");
    for (action, number, after) in kill_points(&all) {
        sandbox = killed(stand, sandbox, (&action, number, after))
            .await
            .with_context(|| format!("killed at {action} no. {number}, after it: {after}"))?;
    }
    Ok(sandbox)
}

/// Before and after each change of the cluster and of IAM, after the journal was told of it, and after the mail. Before a write is after the
/// one before it.
fn kill_points(all: &[(String, u64)]) -> Vec<(String, u64, bool)> {
    let mut points = Vec::new();
    let mut follows = false;
    for (action, number) in all {
        let changes = action.starts_with("kubernetes:") || action.starts_with("iam:");
        if changes {
            points.push((action.clone(), *number, false));
        }
        if changes || follows || action == "sns:Publish" {
            points.push((action.clone(), *number, true));
        }
        follows = changes;
    }
    points
}

async fn killed(stand: &mut Stand, mut first: Sandbox, at: (&str, u64, bool)) -> Result<Sandbox> {
    let (action, number, after) = at;
    let containment = stand.contain().await?;
    let approval = planned(&mut first, &containment.id).await?;
    let gate = Gate::new();
    let fault = if after {
        Fault::HoldAfter(gate.clone())
    } else {
        Fault::HoldBefore(gate.clone())
    };
    let rule = stand.faults.add(Rule::new(action, fault).nth(number));
    let mark = stand.faults.mark();
    let pending = first.send(approval.clone())?;
    tokio::select! {
        reached = gate.reached(SOON) => reached?,
        ended = first.outcome(pending.clone()) => bail!("it ended before that: {ended:?}"),
    }
    first.kill()?;
    ensure!(first.outcome(pending).await? == Outcome::Died(137));
    stand.faults.remove(rule);
    stand.rows.let_claims_end().await?;
    let mut second = Sandbox::start(&stand.launch).await?;
    let outcome = second.invoke(approval).await?;
    let word = came_to(outcome.clone())?;
    ensure!(
        matches!(word.as_str(), "applied" | "already_done" | "nothing_to_do"),
        "{outcome:?}"
    );
    stand.is_released(&containment).await?;
    for action in ["kubernetes:delete networkpolicies", "iam:DeleteRolePolicy"] {
        let writes = stand.faults.writes_since(mark);
        let made = writes.iter().filter(|call| call.action() == action).count();
        ensure!(made == 1, "{action}: {made} times");
    }
    Ok(second)
}

async fn what_somebody_changed_since_is_left(stand: &mut Stand, sandbox: &mut Sandbox) -> Result<()> {
    let containment = stand.contain().await?;
    // A person lifts our cordon and sets another, and scales one workload.
    let node = containment.pod.node.clone().context("no node")?;
    let nodes = Api::<Node>::all(stand.admin.clone());
    let person = PatchParams::default();
    for unschedulable in [false, true] {
        let patch = json!({"metadata": {"annotations": {CORDON_OWNER: null}}, "spec": {"unschedulable": unschedulable}});
        nodes.patch(&node, &person, &Patch::Merge(&patch)).await?;
    }
    stand.scale("Deployment", "api", 1).await?;
    let approval = planned(sandbox, &containment.id).await?;
    // Between plan and approval somebody restores the replicas of another: the plan is no longer the approved one.
    stand.scale("StatefulSet", "db", 1).await?;
    let answer = sandbox.invoke(approval).await?.answer()?;
    ensure!(answer["outcome"] == "refused", "{answer}");
    ensure!(
        answer.to_string().contains("no longer part of the plan"),
        "{answer}"
    );
    let [pod, _] = stand.pods().await?;
    ensure!(pod.labels().contains_key(LABEL), "a refused run undid something");

    let approval = planned(sandbox, &containment.id).await?;
    let answer = sandbox.invoke(approval).await?.answer()?;
    ensure!(answer["outcome"] == "applied", "{answer}");
    let record = stand
        .journal
        .containment(&containment.id)
        .await?
        .context("no record")?;
    let left: Vec<&str> = record
        .measures
        .iter()
        .filter(|taken| taken.state == MeasureState::Left)
        .map(|taken| taken.resource.as_str())
        .collect();
    ensure!(left == ["node", "api"] && !record.is_open(), "{record:?}");
    ensure!(
        nodes.get(&node).await?.spec.and_then(|spec| spec.unschedulable) == Some(true),
        "their cordon was lifted"
    );
    let replicas = stand.replicas().await?;
    ensure!(replicas == [Some(1), Some(1), Some(1)], "{replicas:?}");
    Ok(())
}
