//! Row 5: the morning checklist before a scale-up, line by line, against `scale-window`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use day2_platform::faults::{Fault, Faults, Front, Rule, Upstream};
use day2_platform::platform::Platform;
use day2_platform::sandbox::{Ground, Role};
use day2_platform::world::World;
use day2_platform::world::plan::TARGET;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::titled;
use crate::child;
use crate::folders;
use crate::peers::{Peers, cli};
use crate::replay::REGION;
use crate::row::{Case, Goal, Metric, Row, Sample, Side};
use crate::runtime_api::RuntimeApi;
use crate::sandbox::{Launch, cold};

/// The function whose rights and binary are used.
const FUNCTION: &str = "scale-window";

/// The morning's look, as a person calls it.
const EVENT: &[u8] = br#"{"task":"prescale","targets":["prod-a"]}"#;

/// Exchanges of a checklist that must wait for one another, whoever writes it: the cluster's description, its nodes, one more
/// that needs them (or: the database, its instances, their metrics), the report, the mail, the record. The claim of the run
/// is beside the first of them.
const CHECK: u32 = 6;

/// Exchanges of the index page of all reports that come after these: the end of its turn. Its turn, what the journal holds and
/// the page are made beside report, mail and record (decision 20).
const INDEX: u32 = 1;

/// What does not change while it is measured is answered from memory, so that the emulator's own time, which is not that of
/// AWS, is left out of both sides.
const REMEMBERED: [&str; 7] = [
    "autoscaling:*",
    "cloudwatch:DescribeAlarms",
    "ec2:*",
    "eks:*",
    "rds:DescribeDBClusters",
    "rds:DescribeDBInstances",
    "servicequotas:*",
];

/// Row 5.
///
/// # Errors
///
/// When the platform or a program is missing or cannot be started.
pub fn row(peers: &Peers, quick: bool) -> Result<Row> {
    let api = Rc::new(RuntimeApi::start()?);
    let stand = Rc::new(Stand::new()?);
    let mut row = titled(5);
    let delays: &[u64] = if quick { &[20] } else { &[20, 50] };
    for delay in delays {
        let delay = Duration::from_millis(*delay);
        let label = format!("{} ms per exchange", delay.as_millis());
        let times = |times| {
            vec![Goal::TimesLess {
                metric: Metric::Wall,
                times,
            }]
        };
        row.cases.push(Case {
            label: format!("{label}, CLI lines"),
            peer: stand.peer(
                "aws and kubectl",
                delay,
                Command::new(folders::peers().join("scan/checklist.sh")),
            ),
            ours: stand.ours(delay, &api)?,
            same: same_decision,
            goals: times(8.0),
        });
        let mut python = Command::new(peers.python());
        python.arg(folders::peers().join("scan/checklist.py"));
        row.cases.push(Case {
            label: format!("{label}, boto3"),
            peer: stand.peer("boto3", delay, python),
            ours: stand.ours(delay, &api)?,
            same: same_decision,
            goals: times(4.0),
        });
        row.cases.push(Case {
            label: format!("{label}, critical path"),
            peer: stand.bound(delay, &api)?,
            ours: stand.ours(delay, &api)?,
            same: |ours, _| both_go(ours),
            goals: vec![Goal::AtMostTimes {
                metric: Metric::Wall,
                times: 1.3,
            }],
        });
    }
    row.notes = vec![
        "On the local platform with the seeded world: a real API server, and AWS played by the emulator, whose answers to what \
         does not change are kept in memory by the front that adds the delay. The CLI is started for every line, as the guide \
         has it; boto3 does the same lines in one process. `scale-window` does some twenty checks where the guide has six \
         lines, and stores and mails a report."
            .to_owned(),
        format!(
            "Critical path: the same run with no delay, and {} exchanges of the delay. {CHECK} are the checklist's: three reads that \
             need each other (cluster, nodes, what stands on them; or database, instances, their metrics), report, mail, record; \
             the claim of the run is beside the first. {INDEX} is that of the index page of all reports: the end of its turn, after \
             the record. The rest of the page is made beside report, mail and record. The peers make neither report nor page.",
            CHECK + INDEX
        ),
    ];
    Ok(row)
}

/// The platform, with fronts that add a delay.
struct Stand {
    faults: Faults,
    aws: String,
    settings: String,
    credentials: [(&'static str, String); 3],
    kubeconfig: PathBuf,
    path: std::ffi::OsString,
    folder: TempDir,
    platform: Platform,
    fronts: [Front; 2],
    _world: World,
    // Last: everything above needs it to end.
    _runtime: Runtime,
}

impl Stand {
    fn new() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let folder = tempfile::tempdir()?;
        let made = runtime.block_on(async {
            let platform = Platform::start(&folder.path().join("platform")).await?;
            let world = platform.seed().await?;
            let ground = Ground::make(&platform.emulator, "day2").await?;
            let role = ground
                .role(&platform.emulator, (&platform.cluster, TARGET), FUNCTION)
                .await?;
            let faults = Faults::new();
            let aws = faults.before(Upstream::aws(&platform.emulator)).await?;
            let cluster = faults.before(Upstream::cluster(&platform.cluster)?).await?;
            let settings = world.document(&ground.deployment(), &world.scale_window(), cluster.endpoint());
            anyhow::Ok((platform, world, role, faults, aws, cluster, settings.to_string()))
        });
        let (platform, world, role, faults, aws, cluster, settings) = made?;
        let kubectl = platform.cluster.kubectl_path();
        let tools = kubectl.parent().context("no folder")?;
        let cli = cli()?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(
            [tools.to_owned(), cli]
                .into_iter()
                .chain(std::env::split_paths(&path)),
        )?;
        let Role { credentials, .. } = role;
        let stand = Self {
            faults,
            aws: aws.endpoint().to_owned(),
            settings,
            credentials: [
                ("AWS_ACCESS_KEY_ID", credentials.access_key_id().to_owned()),
                (
                    "AWS_SECRET_ACCESS_KEY",
                    credentials.secret_access_key().to_owned(),
                ),
                (
                    "AWS_SESSION_TOKEN",
                    credentials.session_token().unwrap_or_default().to_owned(),
                ),
            ],
            kubeconfig: folder.path().join("kubeconfig"),
            path,
            folder,
            platform,
            fronts: [aws, cluster],
            _world: world,
            _runtime: runtime,
        };
        stand.write_kubeconfig(&kubectl)?;
        Ok(stand)
    }

    /// A person's way in: a token of a service account that may read everything, through the front of the cluster.
    fn write_kubeconfig(&self, kubectl: &std::path::Path) -> Result<()> {
        let admin = self.platform.cluster.admin_kubeconfig_path();
        let run = |arguments: &[&str]| -> Result<String> {
            let output = Command::new(kubectl)
                .arg("--kubeconfig")
                .arg(admin)
                .args(arguments)
                .output()?;
            ensure!(
                output.status.success(),
                "kubectl: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        run(&["create", "serviceaccount", "bench", "-n", "default"])?;
        run(&[
            "create",
            "clusterrolebinding",
            "bench",
            "--clusterrole=view",
            "--serviceaccount=default:bench",
        ])?;
        run(&[
            "create",
            "clusterrole",
            "bench-nodes",
            "--verb=get,list",
            "--resource=nodes",
        ])?;
        run(&[
            "create",
            "clusterrolebinding",
            "bench-nodes",
            "--clusterrole=bench-nodes",
            "--serviceaccount=default:bench",
        ])?;
        let token = run(&["create", "token", "bench", "-n", "default", "--duration=8h"])?;
        let ca = self.folder.path().join("ca.pem");
        std::fs::write(&ca, self.platform.cluster.ca_pem())?;
        let [_, cluster] = &self.fronts;
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": TARGET,
            "clusters": [{"name": TARGET, "cluster": {"server": cluster.endpoint(), "certificate-authority": ca}}],
            "users": [{"name": "bench", "user": {"token": token}}],
            "contexts": [{"name": TARGET, "context": {"cluster": TARGET, "user": "bench"}}],
        });
        std::fs::write(&self.kubeconfig, config.to_string()).context("cannot write the kubeconfig")
    }

    /// From now on every exchange takes so much longer.
    fn delay(&self, delay: Duration) {
        self.faults.clear();
        self.faults.add(Rule::new("*", Fault::Delay(delay)));
        for action in REMEMBERED {
            self.faults.add(Rule::new(action, Fault::Stale));
        }
    }

    fn peer(self: &Rc<Self>, name: &str, delay: Duration, mut command: Command) -> Side {
        command
            .env("AWS_ENDPOINT_URL", &self.aws)
            .env("AWS_REGION", REGION)
            .env("AWS_DEFAULT_REGION", REGION)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("CLUSTER", TARGET)
            .env("HOME", self.folder.path())
            .env("KUBECONFIG", &self.kubeconfig)
            .env("PATH", &self.path)
            .envs(self.credentials.clone());
        let held = Rc::clone(self);
        Side::new(name, move || {
            held.delay(delay);
            child::run(&mut command)
        })
    }

    fn launch(&self) -> Result<Launch> {
        let mut variables: BTreeMap<String, String> = self
            .credentials
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        variables.insert("AWS_ENDPOINT_URL".to_owned(), self.aws.clone());
        variables.insert("DAY2_SETTINGS".to_owned(), self.settings.clone());
        Ok(Launch {
            program: folders::built(FUNCTION)?,
            arguments: Vec::new(),
            folder: folders::root(),
            variables,
            starved: None,
        })
    }

    fn ours(self: &Rc<Self>, delay: Duration, api: &Rc<RuntimeApi>) -> Result<Side> {
        let (held, api, launch) = (Rc::clone(self), Rc::clone(api), self.launch()?);
        Ok(Side::new("scale-window", move || {
            held.delay(delay);
            cold(&api, &launch, EVENT)
        }))
    }

    /// The same run with no delay, and the delays that nobody can save.
    fn bound(self: &Rc<Self>, delay: Duration, api: &Rc<RuntimeApi>) -> Result<Side> {
        let (held, api, launch) = (Rc::clone(self), Rc::clone(api), self.launch()?);
        Ok(Side::new("critical path", move || {
            held.delay(Duration::ZERO);
            let sample = cold(&api, &launch, EVENT)?;
            both_go(&sample.answer)?;
            Ok(Sample {
                wall: sample.wall + delay * (CHECK + INDEX),
                ..sample
            })
        }))
    }
}

fn both_go(ours: &Value) -> Result<()> {
    match ours.pointer("/reports/0/status").and_then(Value::as_str) {
        Some("PASS") => Ok(()),
        status => bail!("scale-window says {status:?}: {ours}"),
    }
}

/// Go or no-go.
fn same_decision(ours: &Value, peer: &Value) -> Result<()> {
    both_go(ours)?;
    ensure!(
        peer.get("go") == Some(&Value::Bool(true)),
        "the checklist says no-go: {peer}"
    );
    Ok(())
}
