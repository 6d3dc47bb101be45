//! The platform of these tests, its troubles, and one delivery of an event.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use aws_sdk_cloudwatch::types::{ComparisonOperator, Dimension};
use day2_kube::Rollout;
use day2_kube::objects::DeploymentDetail;
use day2_platform::aws::control::Control;
use day2_platform::aws::{ACCOUNT, REGION};
use day2_platform::clock;
use day2_platform::faults::{Exchange, Fault, Faults, Front, Gate, Mark, Rule, Upstream};
use day2_platform::platform::Platform;
use day2_platform::sandbox::{Event, Ground, Launch, Outcome, Role, Sandbox};
use day2_platform::wait::wait_until;
use day2_platform::world::World;
use day2_platform::world::alarms::{
    PROVISIONING, PROVISIONING_DIMENSION, PROVISIONING_METRIC, PROVISIONING_NAMESPACE, PROVISIONING_SECONDS,
};
use day2_platform::world::plan::TARGET;
use day2_platform::world::workloads::CONTROL_NAMESPACE;
use k8s_openapi::api::apps::v1::Deployment;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::journal::Journal;
use crate::house::{read_json, root};

pub(super) const PROVISIONING_LATENCY: &str = "provisioning-latency";
pub(super) const CONNECTION_EXHAUSTION: &str = "connection-exhaustion";
/// For what comes at once unless the machine is busy.
pub(super) const SOON: Duration = Duration::from_mins(1);
/// A raise is begun with a minute left, before looking and after publishing.
pub(super) const LONG: Duration = Duration::from_secs(100);
/// Another alarm on the same metric.
pub(super) const SECOND_ALARM: &str = "prod-a-provisioning-p95-again";
/// How many workspaces find no node.
const WAITING: usize = 2;
/// Nodes of the workspaces before anything is raised.
pub(super) const BEFORE: i32 = 10;
/// And after what waits has got as many nodes as it needs.
pub(super) const RAISED: i32 = 12;
/// The write that raises them.
pub(super) const RAISE: &str = "eks:UpdateNodegroupConfig";

pub(super) struct Stand {
    pub(super) faults: Faults,
    pub(super) journal: Journal,
    pub(super) world: World,
    pub(super) provisioning: Launch,
    pub(super) connections: Launch,
    /// The same with a client that leaks and may be restarted.
    pub(super) leaking: Launch,
    pub(super) observing_provisioning: Launch,
    pub(super) observing_connections: Launch,
    pub(super) observing_leak: Launch,
    pub(super) scaling: aws_sdk_autoscaling::Client,
    pub(super) rds: aws_sdk_rds::Client,
    /// The first instances of the workspace group.
    instances: Vec<String>,
    _fronts: [Front; 2],
    platform: Platform,
    _folder: tempfile::TempDir,
}

impl Stand {
    pub(super) async fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let platform = Platform::start(&folder.path().join("platform")).await?;
        let mut world = platform.seed().await?;
        world.new_nodes_are_closed(true);
        let aws = platform.emulator.sdk_config();
        let ground = Ground::make(&platform.emulator, "day2").await?;
        let faults = Faults::new();
        let front = faults.before(Upstream::aws(&platform.emulator)).await?;
        let cluster = faults.before(Upstream::cluster(&platform.cluster)?).await?;
        let mut launches = Vec::new();
        let variables = world.tfvars(None);
        for (function, mode, change) in [
            (PROVISIONING_LATENCY, "auto", two_alarms as fn(&mut Value)),
            (CONNECTION_EXHAUSTION, "auto", |_: &mut Value| {}),
            (CONNECTION_EXHAUSTION, "auto", a_leak),
            (PROVISIONING_LATENCY, "observe", |_: &mut Value| {}),
            (CONNECTION_EXHAUSTION, "observe", |_: &mut Value| {}),
            (CONNECTION_EXHAUSTION, "observe", a_leak),
        ] {
            let mut platform_settings = variables[function.replace('-', "_")]["targets"][TARGET].clone();
            change(&mut platform_settings);
            let settings = json!({
                "safety": {"mode": mode, "cool_down_minutes": 5, "max_actions_per_day": 48},
                "targets": BTreeMap::from([(TARGET, platform_settings)]),
            });
            let document = world.document(&ground.deployment(), &settings, cluster.endpoint());
            launches.push((function, document));
        }
        let mut roles = BTreeMap::new();
        for function in [PROVISIONING_LATENCY, CONNECTION_EXHAUSTION] {
            let cluster = (&platform.cluster, TARGET);
            let Role { credentials, .. } = ground.role(&platform.emulator, cluster, function).await?;
            roles.insert(function, credentials);
        }
        let sandboxes = folder.path().join("sandboxes");
        let launches = launches
            .iter()
            .map(|(function, document)| {
                let launch = Launch::new(function, &sandboxes, &roles[function], front.endpoint())?;
                Ok(launch.settings(document))
            })
            .collect::<Result<Vec<Launch>>>()?;
        let [
            provisioning,
            connections,
            leaking,
            observing_provisioning,
            observing_connections,
            observing_leak,
        ] = launches.try_into().ok().context("six launches")?;
        let cloudwatch = aws_sdk_cloudwatch::Client::new(&aws);
        make_second_alarm(&cloudwatch).await?;
        let instances = world.workspace_instances().await?;
        ensure!(instances.len() == 10, "{instances:?}");
        Ok(Self {
            faults,
            journal: Journal::new(aws_sdk_dynamodb::Client::new(&aws), ground.journal_table),
            world,
            provisioning,
            connections,
            leaking,
            observing_provisioning,
            observing_connections,
            observing_leak,
            scaling: aws_sdk_autoscaling::Client::new(&aws),
            rds: aws_sdk_rds::Client::new(&aws),
            instances,
            _fronts: [front, cluster],
            platform,
            _folder: folder,
        })
    }

    /// Workspaces find no node, and building them takes long.
    pub(super) async fn workspaces_wait(&self) -> Result<()> {
        self.world.workspaces_pending(WAITING).await?;
        let state = self.world.provisioning_is_slow(240.0).await?;
        ensure!(state == "ALARM", "the alarm is {state}");
        let second = self.control().evaluate_alarm(SECOND_ALARM).await?;
        ensure!(second == "ALARM", "the second alarm is {second}");
        Ok(())
    }

    /// What comes from inside AWS.
    pub(super) fn control(&self) -> Control {
        self.platform.emulator.control()
    }

    /// The world as it was before any alarm, and nothing remembered of one.
    pub(super) async fn as_before(&mut self) -> Result<()> {
        self.faults.clear();
        self.journal.forget().await?;
        self.world.workspace_group_is(&self.instances).await?;
        let desired = self.desired().await?;
        ensure!(desired == BEFORE, "{desired}");
        Ok(())
    }

    /// Desired capacity of the workspaces' group.
    pub(super) async fn desired(&self) -> Result<i32> {
        let name = self.world.plan().workspace_group().auto_scaling_group();
        let seen = self
            .scaling
            .describe_auto_scaling_groups()
            .auto_scaling_group_names(name)
            .send()
            .await?;
        let group = seen.auto_scaling_groups().first().context("no group")?;
        group.desired_capacity().context("no desired capacity")
    }

    /// Sets it, as a person does.
    pub(super) async fn somebody_sets(&self, desired: i32) -> Result<()> {
        let name = self.world.plan().workspace_group().auto_scaling_group();
        let set = self.scaling.set_desired_capacity();
        set.auto_scaling_group_name(name)
            .desired_capacity(desired)
            .send()
            .await?;
        Ok(())
    }

    /// One delivery, during which the world does what a cloud does: what is launched becomes nodes before anybody looks.
    pub(super) async fn deliver(&mut self, sandbox: &mut Sandbox, event: Event) -> Result<Outcome> {
        self.deliver_to(sandbox, event, RAISE).await
    }

    /// The same where another call is the write that raises.
    pub(super) async fn deliver_to(
        &mut self,
        sandbox: &mut Sandbox,
        event: Event,
        raise: &str,
    ) -> Result<Outcome> {
        let raised = Gate::new();
        let rule = self
            .faults
            .add(Rule::new(raise, Fault::HoldAfter(raised.clone())));
        let pending = sandbox.send(event)?;
        let outcome = {
            let mut ended = std::pin::pin!(sandbox.outcome(pending));
            tokio::select! {
                outcome = &mut ended => outcome,
                reached = raised.reached(LONG) => {
                    reached?;
                    self.nodes_join(&raised).await?;
                    ended.await
                }
            }
        };
        self.faults.remove(rule);
        outcome
    }

    /// What was launched becomes nodes, and only then the size can be read again. The write itself is held no longer than
    /// the client's patience, after which it would be sent again.
    pub(super) async fn nodes_join(&mut self, raised: &Gate) -> Result<()> {
        let looks = Gate::new();
        let read = "autoscaling:DescribeAutoScalingGroups";
        let rule = self.faults.add(Rule::new(read, Fault::HoldBefore(looks.clone())));
        raised.release();
        let joined = self.world.follow_launches().await;
        looks.release();
        self.faults.remove(rule);
        joined.map(drop)
    }

    /// Calls since the mark of one action that were accepted.
    pub(super) fn accepted(&self, mark: Mark, action: &str) -> usize {
        let writes = self.faults.writes_since(mark);
        writes.iter().filter(|call| call.action() == action).count()
    }

    /// Nothing was written since the mark but journal, reports and mails.
    pub(super) fn nothing_was_changed(&self, mark: Mark) -> Result<()> {
        let changed = crate::dry_run::changed(&self.faults.since(mark));
        ensure!(changed.is_empty(), "{changed:?}");
        Ok(())
    }

    /// Whether the rollout of a Deployment of the control group is over, and all its pods are there.
    pub(super) async fn rolled_out(&self, name: &str) -> Result<()> {
        let client = self.platform.cluster.admin_client()?;
        let api = kube::Api::<Deployment>::namespaced(client, CONTROL_NAMESPACE);
        wait_until(SOON, "the rollout ends", async || {
            let seen: DeploymentDetail = serde_json::from_value(serde_json::to_value(api.get(name).await?)?)?;
            let rollout = Rollout::of(&seen);
            ensure!(rollout.is_complete(), "{rollout}");
            Ok(())
        })
        .await
    }

    /// Exactly one change is remembered and in force.
    pub(super) async fn one_open_lease(&self) -> Result<()> {
        self.one_lease("active").await
    }

    /// Exactly one change is remembered, in this state.
    pub(super) async fn one_lease(&self, state: &str) -> Result<()> {
        let leases = self.journal.leases().await?;
        let states: Vec<&str> = leases.iter().map(|lease| lease.state.as_str()).collect();
        ensure!(states == [state], "leases are {states:?}");
        Ok(())
    }
}

/// Until a pod that waits since then is counted.
pub(super) async fn noticed(since: Instant) {
    tokio::time::sleep_until(since + Duration::from_secs(62)).await;
}

/// An alarm that rang this moment, by EventBridge.
pub(super) fn alarm(function: &str, name: &str) -> Result<String> {
    let sample = root().join(format!("events/{function}/alarm-eventbridge.json"));
    let mut event = read_json(&sample).map_err(anyhow::Error::msg)?;
    let at = clock::now().strftime("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string();
    event["resources"][0] = json!(format!("arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"));
    event["detail"]["alarmName"] = json!(name);
    event["detail"]["state"]["timestamp"] = json!(at);
    Ok(event.to_string())
}

/// The alarm of slow provisioning, now.
pub(super) fn slow() -> Result<Event> {
    Ok(Event::new(alarm(PROVISIONING_LATENCY, PROVISIONING)?).time_left(LONG))
}

/// The word of what came of it.
pub(crate) fn came_to(outcome: Outcome) -> Result<String> {
    let answer = outcome.answer()?;
    let word = answer["outcome"].as_str();
    Ok(word.with_context(|| format!("no outcome: {answer}"))?.to_owned())
}

/// A function error after which Lambda delivers again; its message.
pub(super) fn comes_again(outcome: Outcome) -> Result<String> {
    match outcome {
        Outcome::Error { kind, message } if kind == "Transient" => Ok(message),
        other => anyhow::bail!("no transient error: {other:?}"),
    }
}

/// Every accepted write, as the action and which of its calls it was.
pub(crate) fn writes(calls: &[Exchange]) -> Vec<(String, u64)> {
    let mut numbers: BTreeMap<String, u64> = BTreeMap::new();
    let mut writes = Vec::new();
    for call in calls {
        let number = numbers.entry(call.action()).or_default();
        *number += 1;
        if call.is_write() {
            writes.push((call.action(), *number));
        }
    }
    writes
}

/// Whether an action writes journal, report or mail, and nothing else.
pub(super) fn is_our_own(action: &str) -> bool {
    ["dynamodb:", "s3:", "sns:"]
        .iter()
        .any(|service| action.starts_with(service))
}

fn two_alarms(settings: &mut Value) {
    let arn = settings["alarms"][0]["arn"].as_str().unwrap_or_default();
    let second = json!({"arn": arn.replace(PROVISIONING, SECOND_ALARM)});
    if let Some(alarms) = settings["alarms"].as_array_mut() {
        alarms.push(second);
    }
}

fn a_leak(settings: &mut Value) {
    settings["clients"][0]["may_restart"] = json!(true);
    settings["clients"][0]["pool_size"] = json!(100);
}

async fn make_second_alarm(cloudwatch: &aws_sdk_cloudwatch::Client) -> Result<()> {
    let (dimension, value) = PROVISIONING_DIMENSION;
    cloudwatch
        .put_metric_alarm()
        .alarm_name(SECOND_ALARM)
        .namespace(PROVISIONING_NAMESPACE)
        .metric_name(PROVISIONING_METRIC)
        .dimensions(Dimension::builder().name(dimension).value(value).build())
        .extended_statistic("p95")
        .period(60)
        .evaluation_periods(5)
        .datapoints_to_alarm(3)
        .threshold(f64::from(PROVISIONING_SECONDS))
        .comparison_operator(ComparisonOperator::GreaterThanThreshold)
        .treat_missing_data("missing")
        .send()
        .await?;
    Ok(())
}
