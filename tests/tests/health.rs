//! `health-check` as a process with its own rights, on the seeded world: every list of a real API server and of the emulated
//! AWS, then what it may not read, then everything that can break in a morning, each named once and gone when it is mended. One
//! platform for all claims.

mod rollback;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use aws_sdk_eks::types::UpdateLabelsPayload;
use day2_platform::cluster::objects;
use day2_platform::cluster::recorder::Mark;
use day2_platform::pki::Authority;
use day2_platform::platform::Platform;
use day2_platform::sandbox::{Event, Ground, Launch, Role, Sandbox};
use day2_platform::wait::wait_until;
use day2_platform::world::World;
use day2_platform::world::morning::{Broken, PLATFORM_TEAM, TEAM_LABEL, TEAMS, Trouble};
use day2_platform::world::plan::TARGET;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::rbac::v1::{self as rbac, ClusterRole};
use kube::api::{Api, DeleteParams, PostParams};
use serde_json::{Value, json};

const FUNCTION: &str = "health-check";
/// A look at a small cluster on a busy machine, and what a triage may take.
const LIMIT: Duration = Duration::from_mins(1);
/// One alarm that rang is history when it is silent again.
const RANG: &str = "HLT-203";
const CHANGED: &str = "HLT-191";
/// The declared Secret, in the namespace of the first team.
const STORED: &str = "edge-tls";
/// The Role and its binding that let the function read it, named as `infra` names them.
const READS_STORED: &str = "day2:health-check:certificates";

/// Where each trouble is told. Backups are `backup-verification`'s.
const TOLD: [(Trouble, &str); 18] = [
    (Trouble::NodeNotReady, "HLT-111"),
    (Trouble::NodeCordonedForDays, "HLT-113"),
    (Trouble::ImageCannotBePulled, "HLT-122"),
    (Trouble::KilledForMemory, "HLT-122"),
    (Trouble::NeverFits, "HLT-123"),
    (Trouble::AutoscalerAtMaximum, "HLT-128"),
    (Trouble::BudgetNeverMet, "HLT-129"),
    (Trouble::ClaimPending, "HLT-141"),
    (Trouble::AttachmentStuck, "HLT-142"),
    (Trouble::QuotaNearlyFull, "HLT-151"),
    (Trouble::ScalingPaused, "HLT-167"),
    (Trouble::CertificateNotReady, "HLT-172"),
    (Trouble::CertificateExpiring, "HLT-172"),
    (Trouble::AlarmRings, "HLT-201"),
    (Trouble::HighFinding, "HLT-211"),
    (Trouble::DatabaseStorageLow, "HLT-234"),
    (Trouble::EndpointFails, "HLT-241"),
    (Trouble::VolumeNearlyFull, "HLT-251"),
];

/// Actions of AWS, and the lines that nobody can judge without them.
const DENIED_BY_AWS: [(&str, &[&str]); 8] = [
    ("cloudwatch:DescribeAlarms", &["HLT-201", "HLT-202", "HLT-203"]),
    ("guardduty:ListFindings", &["HLT-211"]),
    ("guardduty:ListCoverage", &["HLT-212"]),
    ("securityhub:GetFindings", &["HLT-213"]),
    ("eks:ListInsights", &["HLT-224"]),
    ("rds:DescribeEvents", &["HLT-236"]),
    ("cloudwatch:ListMetrics", &["HLT-251"]),
    (
        "cloudwatch:GetMetricData",
        &["HLT-232", "HLT-233", "HLT-234", "HLT-251"],
    ),
];

/// Lists of the cluster, and the lines that nobody can judge without them.
const DENIED_BY_THE_CLUSTER: [(&str, &[&str]); 5] = [
    ("poddisruptionbudgets", &["HLT-129"]),
    ("horizontalpodautoscalers", &["HLT-128"]),
    ("cronjobs", &["HLT-131"]),
    ("resourcequotas", &["HLT-151"]),
    ("persistentvolumes", &["HLT-143", "HLT-144"]),
];

/// The platform, and the function with its own rights.
struct Stand {
    platform: Platform,
    world: World,
    sandbox: Sandbox,
    role: String,
}

impl Stand {
    async fn make(folder: &std::path::Path) -> Result<Self> {
        let platform = Platform::start(&folder.join("platform")).await?;
        let world = platform.seed().await?;
        let ground = Ground::make(&platform.emulator, "day2").await?;
        let Role { credentials, name } = ground
            .role(&platform.emulator, (&platform.cluster, TARGET), FUNCTION)
            .await?;
        place_a_certificate(&platform.cluster.admin_client()?).await?;
        let plan = json!({
            "certificates": {"secrets": [{"namespace": TEAMS[0], "name": STORED}]},
            "nodes": {"join_minutes": 0},
            "workloads": {"grace_minutes": 0, "hpa_minutes": 0},
            "storage": {"pending_minutes": 0, "attach_minutes": 0},
            "ownership": {"label": TEAM_LABEL, "platform": PLATFORM_TEAM},
            "alarms": {"prefix": format!("{TARGET}-")},
            "probes": [{"name": "coder", "url": world.endpoint_url()}],
        });
        let settings = json!({"targets": BTreeMap::from([(TARGET, plan)])});
        let document = world.document(&ground.deployment(), &settings, platform.cluster.endpoint());
        let endpoint = platform.emulator.endpoint();
        let launch =
            Launch::new(FUNCTION, folder.join("sandbox"), &credentials, &endpoint)?.settings(&document);
        let sandbox = Sandbox::start(&launch).await?;
        Ok(Self {
            platform,
            world,
            sandbox,
            role: name,
        })
    }

    async fn look(&mut self, task: &str) -> Result<Value> {
        let payload = json!({"task": task, "targets": [TARGET]}).to_string();
        let event = Event::new(payload).time_left(LIMIT);
        let answer = self.sandbox.invoke(event).await?.answer()?;
        let report = answer["reports"].get(0).cloned();
        report.with_context(|| format!("no report in {answer}"))
    }

    /// Lays a refusal over what the role may do in AWS; none takes it away.
    async fn deny_at_aws(&self, action: Option<&str>) -> Result<()> {
        let mut call = vec![("RoleName", self.role.as_str()), ("PolicyName", "denied")];
        let policy = action.map(|action| {
            let deny = json!({"Effect": "Deny", "Action": action, "Resource": "*"});
            json!({"Version": "2012-10-17", "Statement": [deny]}).to_string()
        });
        let name = match &policy {
            Some(policy) => {
                call.push(("PolicyDocument", policy));
                "PutRolePolicy"
            }
            None => "DeleteRolePolicy",
        };
        let api = self.platform.emulator.api();
        api.query("iam", "2010-05-08", name, &call).await.map(drop)
    }

    /// Takes one resource out of what the role may do in the cluster; none gives it back.
    async fn deny_in_the_cluster(&self, resource: Option<&str>) -> Result<()> {
        let api = Api::<ClusterRole>::all(self.platform.cluster.admin_client()?);
        let name = format!("day2:{FUNCTION}");
        let mut role = api.get(&name).await?;
        let rules = std::fs::read_to_string(crate::house::root().join("functions/health-check/rbac.yaml"))?;
        let mut rules: Vec<Value> = serde_yaml_ng::from_str(&rules)?;
        rules.retain(|rule| resource.is_none_or(|out| rule["resources"] != json!([out])));
        role.rules = Some(serde_json::from_value(json!(rules))?);
        api.replace(&name, &PostParams::default(), &role).await?;
        Ok(())
    }
}

/// A Secret with a certificate and its key, a second one that nobody declares, and the right to the first by its name, as the
/// output `certificate_roles` of `infra` gives it.
async fn place_a_certificate(kube: &kube::Client) -> Result<()> {
    let team = TEAMS[0];
    objects::ensure_namespace(kube, team).await?;
    let pair = Authority::new("edge")?.server("edge", &["edge.example.com"])?;
    for name in [STORED, "undeclared-tls"] {
        let secret: Secret = serde_json::from_value(json!({
            "metadata": {"name": name}, "type": "kubernetes.io/tls",
            "stringData": {"tls.crt": pair.certificate, "tls.key": pair.key},
        }))?;
        objects::create(&Api::namespaced(kube.clone(), team), &secret).await?;
    }
    let role: rbac::Role = serde_json::from_value(json!({
        "metadata": {"name": READS_STORED},
        "rules": [{"apiGroups": [""], "resources": ["secrets"], "resourceNames": [STORED], "verbs": ["get"]}],
    }))?;
    objects::create(&Api::namespaced(kube.clone(), team), &role).await?;
    allow_stored(kube).await
}

async fn allow_stored(kube: &kube::Client) -> Result<()> {
    let binding: rbac::RoleBinding = serde_json::from_value(json!({
        "metadata": {"name": READS_STORED},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": READS_STORED},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": format!("day2:{FUNCTION}")}],
    }))?;
    objects::create(&Api::namespaced(kube.clone(), TEAMS[0]), &binding).await
}

/// Code → names of its subjects, of the items with this verdict.
fn named(report: &Value, verdict: &str) -> BTreeMap<String, Vec<String>> {
    let items = report["items"].as_array().into_iter().flatten();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for item in items.filter(|item| item["verdict"] == verdict) {
        let subjects = item["subjects"].as_array().into_iter().flatten();
        let names = subjects.filter_map(|one| one["name"].as_str()).map(str::to_owned);
        let code = item["code"].as_str().unwrap_or_default().to_owned();
        found.entry(code).or_default().extend(names);
    }
    found
}

fn codes(report: &Value, verdict: &str) -> BTreeSet<String> {
    named(report, verdict).into_keys().collect()
}

fn set(codes: &[&str]) -> BTreeSet<String> {
    codes.iter().map(|code| (*code).to_owned()).collect()
}

#[tokio::test]
async fn a_morning_is_told_whole_each_trouble_once_and_a_denied_list_hides_no_other_w28_k02() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut stand = Stand::make(folder.path()).await?;
    let well = all_is_well(&mut stand).await?;
    what_is_denied_is_unknown_and_hides_nothing(&mut stand, &well).await?;
    a_declared_secret_is_read_by_its_name_and_no_other(&mut stand, &well).await?;
    what_eks_finds_out_is_told_with_what_to_do(&mut stand).await?;
    what_was_just_deployed_is_the_change(&mut stand).await?;
    each_trouble_is_named_once_and_gone_when_it_is_mended(&mut stand).await?;
    nothing_but_reading(&stand)
}

/// An ordinary night gives no complaint, and every group has its lines. Gives the codes.
async fn all_is_well(stand: &mut Stand) -> Result<BTreeSet<String>> {
    stand.world.ordinary_life().await?;
    stand.world.workspaces_may_move().await?;
    let report = stand.look("morning").await?;
    ensure!(report["status"] == "PASS", "{report:#}");
    let passed = codes(&report, "PASS");
    for needed in [
        "HLT-101", "HLT-102", "HLT-103", "HLT-111", "HLT-112", "HLT-113", "HLT-114", "HLT-121", "HLT-122",
        "HLT-123", "HLT-124", "HLT-173", "HLT-201", "HLT-202", "HLT-203", "HLT-211", "HLT-212", "HLT-213",
        "HLT-221", "HLT-222", "HLT-223", "HLT-224", "HLT-231", "HLT-232", "HLT-233", "HLT-234", "HLT-241",
        "HLT-251",
    ] {
        ensure!(passed.contains(needed), "{needed} is not among {passed:?}");
    }
    Ok(passed)
}

async fn what_is_denied_is_unknown_and_hides_nothing(
    stand: &mut Stand,
    well: &BTreeSet<String>,
) -> Result<()> {
    for (action, lines) in DENIED_BY_AWS {
        stand.deny_at_aws(Some(action)).await?;
        let report = stand.look("morning").await?;
        only_these_are_unknown(&report, lines, well).with_context(|| format!("without {action}"))?;
    }
    stand.deny_at_aws(None).await?;
    for (resource, lines) in DENIED_BY_THE_CLUSTER {
        stand.deny_in_the_cluster(Some(resource)).await?;
        // The API server takes a moment to see a changed role.
        let mut last = None;
        for _ in 0..10 {
            let report = stand.look("morning").await?;
            last = Some(only_these_are_unknown(&report, lines, well));
            if matches!(last, Some(Ok(()))) {
                break;
            }
        }
        last.context("no look")?
            .with_context(|| format!("without {resource}"))?;
    }
    stand.deny_in_the_cluster(None).await?;
    wait_until(LIMIT, "everything is readable again", async || {
        let report = stand.look("morning").await?;
        ensure!(report["status"] == "PASS", "{:?}", named(&report, "UNKNOWN"));
        Ok(())
    })
    .await
}

async fn a_declared_secret_is_read_by_its_name_and_no_other(
    stand: &mut Stand,
    well: &BTreeSet<String>,
) -> Result<()> {
    let kube = stand.platform.cluster.admin_client()?;
    Api::<rbac::RoleBinding>::namespaced(kube.clone(), TEAMS[0])
        .delete(READS_STORED, &DeleteParams::default())
        .await?;
    wait_until(LIMIT, "the right is gone", async || {
        let report = stand.look("morning").await?;
        only_these_are_unknown(&report, &["HLT-173"], well)
    })
    .await?;
    allow_stored(&kube).await?;
    wait_until(LIMIT, "the Secret is readable again", async || {
        let report = stand.look("morning").await?;
        ensure!(report["status"] == "PASS", "{:?}", named(&report, "UNKNOWN"));
        Ok(())
    })
    .await?;
    let role = format!("assumed-role/day2-{FUNCTION}/");
    let recorder = stand.platform.cluster.recorder();
    let asked = recorder.calls_by(Mark::default(), |user| user.contains(&role))?;
    let asked: BTreeSet<String> = asked
        .iter()
        .filter(|call| call.resource == "secrets")
        .map(|call| format!("{} {}/{}", call.verb, call.namespace, call.name))
        .collect();
    ensure!(
        asked == BTreeSet::from([format!("get {}/{STORED}", TEAMS[0])]),
        "of Secrets it asked {asked:?}"
    );
    Ok(())
}

/// The lines that could not be judged; all others that pass on a good day pass.
fn only_these_are_unknown(report: &Value, lines: &[&str], well: &BTreeSet<String>) -> Result<()> {
    let (unknown, passed) = (codes(report, "UNKNOWN"), codes(report, "PASS"));
    ensure!(unknown == set(lines), "unknown are {unknown:?}, not {lines:?}");
    let hidden: Vec<&String> = well
        .difference(&passed)
        .filter(|code| !unknown.contains(*code))
        .collect();
    ensure!(hidden.is_empty(), "not told any more: {hidden:?}");
    ensure!(
        report["status"] == "UNKNOWN",
        "the report says {}",
        report["status"]
    );
    let words = report.to_string();
    ensure!(words.contains("permission denied"), "no reason is given: {words}");
    Ok(())
}

/// An insight that does not pass is described, and is over when it passes again.
async fn what_eks_finds_out_is_told_with_what_to_do(stand: &mut Stand) -> Result<()> {
    const NAME: &str = "Add-on version compatibility";
    let control = stand.platform.emulator.control();
    let why = "one add-on is too old";
    control.place_insight(TARGET, NAME, "ERROR", why, &[]).await?;
    let report = stand.look("morning").await?;
    ensure!(
        named(&report, "FAIL") == BTreeMap::from([("HLT-224".to_owned(), vec![NAME.to_owned()])]),
        "{:?}",
        named(&report, "FAIL")
    );
    control.place_insight(TARGET, NAME, "PASSING", "", &[]).await?;
    let report = stand.look("morning").await?;
    ensure!(report["status"] == "PASS", "{:?}", named(&report, "FAIL"));
    Ok(())
}

async fn what_was_just_deployed_is_the_change(stand: &mut Stand) -> Result<()> {
    stand.world.image_pulls_fail(2).await?;
    // A change of a node group that explains nothing of it: the Deployment must come first all the same.
    let label = UpdateLabelsPayload::builder()
        .add_or_update_labels("seen-by", "test")
        .build();
    aws_sdk_eks::Client::new(&stand.platform.emulator.sdk_config())
        .update_nodegroup_config()
        .cluster_name(TARGET)
        .nodegroup_name("workspace")
        .labels(label)
        .send()
        .await?;
    let report = stand.look("triage").await?;
    let mut failed = named(&report, "FAIL");
    let near = failed
        .remove(CHANGED)
        .context("no change lies near what is broken")?;
    ensure!(
        near.first()
            .is_some_and(|first| first.contains("/Deployment/ws-new-")),
        "the first is not what broke: {near:?}"
    );
    let images = failed.remove("HLT-122").context("no broken image")?;
    ensure!(
        images.len() == 2 && images.iter().all(|name| name.contains("/Deployment/ws-new-")),
        "{images:?}"
    );
    ensure!(failed.is_empty(), "more than that is told: {failed:?}");
    rollback::what_went_back_to_an_earlier_template_is_the_change(stand).await?;
    stand.world.image_pulls_work().await
}

async fn each_trouble_is_named_once_and_gone_when_it_is_mended(stand: &mut Stand) -> Result<()> {
    let mut broken = Vec::new();
    for (trouble, code) in TOLD {
        broken.push((code, stand.world.begin(trouble).await?));
    }
    let report = stand.look("morning").await?;
    let unknown = named(&report, "UNKNOWN");
    ensure!(unknown.is_empty(), "unknown: {unknown:?}");
    let mut told = told(&report);
    for (code, one) in &broken {
        told = without(told, code, one)?;
    }
    ensure!(told.is_empty(), "more than that is told: {told:#?}");

    let mut rang = BTreeSet::new();
    for (trouble, code) in TOLD {
        stand.world.end(trouble).await?;
        if trouble == Trouble::AlarmRings {
            rang = named(&report, "FAIL")
                .remove(code)
                .into_iter()
                .flatten()
                .collect();
        }
    }
    let report = stand.look("morning").await?;
    let mut left = named(&report, "FAIL");
    let history: BTreeSet<String> = left.remove(RANG).into_iter().flatten().collect();
    ensure!(history == rang, "rang in the night: {history:?}, not {rang:?}");
    ensure!(left.is_empty(), "still told: {left:?}");
    // Also what was mended by deleting the last of its kind.
    let changes = &report["changes"];
    ensure!(
        changes["still"] == json!([])
            && changes["resolved"]
                .as_array()
                .is_some_and(|all| all.len() >= TOLD.len()),
        "not all is resolved: {changes:#}"
    );
    Ok(())
}

/// One failed subject: code, owner, and all that is said of it.
#[derive(Debug, Clone)]
struct Told {
    code: String,
    owner: String,
    words: String,
}

fn told(report: &Value) -> Vec<Told> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let items = report["items"].as_array().into_iter().flatten();
    items
        .filter(|item| item["verdict"] == "FAIL")
        .flat_map(|item| {
            let subjects = item["subjects"].as_array().into_iter().flatten();
            subjects.map(move |subject| Told {
                code: text(&item["code"]),
                owner: text(&item["owner"]),
                words: format!(
                    "{} {} {} {}",
                    text(&item["title"]),
                    text(&item["seen"]),
                    text(&subject["name"]),
                    text(&subject["says"])
                ),
            })
        })
        .collect()
}

/// What is told beside this trouble, which is told exactly once, with its cause, to its owner.
fn without(told: Vec<Told>, code: &str, broken: &Broken) -> Result<Vec<Told>> {
    let (about, rest): (Vec<Told>, Vec<Told>) = told
        .into_iter()
        .partition(|one| one.code == code && one.words.contains(&broken.subject));
    let [one] = about.as_slice() else {
        bail!(
            "{broken:?} is told {} times in {code}: {about:#?}\nand beside it: {rest:#?}",
            about.len()
        );
    };
    ensure!(
        one.words.contains(broken.cause),
        "{broken:?} is told without its cause: {}",
        one.words
    );
    ensure!(one.owner == broken.owner, "{broken:?} is told to {}", one.owner);
    Ok(rest)
}

fn nothing_but_reading(stand: &Stand) -> Result<()> {
    let role = format!("assumed-role/day2-{FUNCTION}/");
    let recorder = stand.platform.cluster.recorder();
    let asked = recorder.calls_by(Mark::default(), |user| user.contains(&role))?;
    let written: Vec<_> = asked
        .iter()
        .filter(|call| !matches!(call.verb.as_str(), "list" | "get"))
        .collect();
    ensure!(
        !asked.is_empty() && written.is_empty(),
        "beyond reading: {written:#?}"
    );
    Ok(())
}
