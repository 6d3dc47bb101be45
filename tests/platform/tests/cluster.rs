//! A real control plane with KWOK nodes: what later tests lean on is shown to work here.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use day2_platform::cluster::extensions::{self, Extension};
use day2_platform::cluster::objects::{self, waiting_reason};
use day2_platform::cluster::recorder::Mark;
use day2_platform::cluster::shapes::{NodeSpec, Workload};
use day2_platform::cluster::stages::{self, SickNode, SickPod};
use day2_platform::cluster::{Cluster, ClusterOptions, LogInstance};
use day2_platform::wait::wait_until;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::api::{Api, DeleteParams, EvictParams, LogParams};
use kube::{Client, ResourceExt};

/// Set in the second process of [`no_process_remains_when_the_owner_is_killed`]: the state folder.
const OWNER_OF: &str = "DAY2_TEST_CLUSTER_OWNER_OF";
const SOON: Duration = Duration::from_secs(90);

/// Where nobody listens: a cluster starts before any AWS answers.
const NOBODY: &str = "http://127.0.0.1:9";

async fn cluster(state: &Path) -> Result<Cluster> {
    Cluster::start(ClusterOptions {
        state_dir: state.to_owned(),
        sts_base: NOBODY.to_owned(),
        eks_endpoint: NOBODY.to_owned(),
        region: "us-east-1".to_owned(),
        cluster_name: "prod-a".to_owned(),
    })
    .await
}

/// Processes that name `folder` in their command line, as each part does; zombies have none.
fn remaining(folder: &Path) -> Result<Vec<String>> {
    let list = Command::new("ps")
        .args(["-A", "-ww", "-o", "pid=,args="])
        .output()
        .context("ps")?;
    let marker = folder.to_string_lossy().into_owned();
    let list = String::from_utf8_lossy(&list.stdout).into_owned();
    Ok(list
        .lines()
        .filter(|line| line.contains(&marker))
        .map(str::to_owned)
        .collect())
}

async fn all_gone(folder: &Path) -> Result<()> {
    wait_until(SOON, "no process remains", async || {
        let left = remaining(folder)?;
        ensure!(left.is_empty(), "{left:#?}");
        Ok(())
    })
    .await
}

/// One cluster for all these claims, because each start takes seconds of two cores.
#[tokio::test]
async fn nodes_and_workloads_live_and_fall_sick_as_on_a_real_cluster() -> Result<()> {
    let state = tempfile::tempdir()?;
    let started = Instant::now();
    let mut cluster = cluster(state.path()).await?;
    eprintln!("cluster ready after {:.1} s", started.elapsed().as_secs_f64());
    let client = cluster.admin_client()?;

    let names: Vec<String> = (0..3)
        .map(|number| format!("ip-10-0-{number}-10.ec2.internal"))
        .collect();
    let nodes: Vec<NodeSpec> = names
        .iter()
        .zip(["us-east-1a", "us-east-1b", "us-east-1c"])
        .map(|(name, zone)| NodeSpec::new(name, format!("i-{zone}"), zone, "workers"))
        .collect();
    objects::create_nodes(&client, &nodes).await?;
    objects::nodes_ready(&client, &names.iter().map(String::as_str).collect::<Vec<_>>()).await?;
    eprintln!("nodes ready after {:.1} s", started.elapsed().as_secs_f64());

    let web = Workload {
        spread_over_zones: true,
        ..Workload::new("shop", "web", 20)
    };
    objects::create_workload(&client, &web).await?;
    objects::deployment_ready(&client, "shop", "web").await?;
    eprintln!("20 pods ready after {:.1} s", started.elapsed().as_secs_f64());
    let pods = objects::pods_of(&client, "shop", "web").await?;
    assert_eq!(pods.len(), 20);

    eviction_is_refused_by_a_tight_budget(&client, &web, &pods[0]).await?;
    every_image_has_the_digest_of_its_reference(&pods)?;
    custom_resources_are_checked_by_the_definitions_of_their_projects(&client).await?;
    eprintln!(
        "definitions served after {:.1} s",
        started.elapsed().as_secs_f64()
    );
    a_container_with_a_log_of_its_own_shows_both_instances(&cluster, &client).await?;
    logs_are_readable(&cluster, &client, &pods[0]).await?;
    the_recorder_knows_what_the_admin_asked(&cluster, &client).await?;
    an_unknown_token_is_refused_and_strangers_see_health_only(&cluster).await?;
    a_pod_crashes_and_recovers(&client, &pods[1].name_any()).await?;
    the_other_sick_pods_look_sick(&client).await?;
    a_node_falls_and_rises(&client, &names[0]).await?;

    let kwok = std::fs::read_to_string(cluster.logs().join("kwok.log"))?;
    // A stage that is played on a pod which is gone, or was changed meanwhile, is played again or not needed any more.
    let harmless = [
        "not found",
        "may specify no more than one IP",
        "the object has been modified",
    ];
    let failed: Vec<&str> = kwok
        .lines()
        .filter(|line| line.contains("\"ERROR\"") && !harmless.iter().any(|word| line.contains(word)))
        .collect();
    assert_eq!(failed, [""; 0], "a stage cannot be applied");

    the_apiserver_goes_down_and_comes_back_with_its_data(&mut cluster, &client).await?;

    cluster.alive()?;
    assert!(
        remaining(state.path())?.len() >= 5,
        "the next claim must be able to fail"
    );
    let stopping = Instant::now();
    cluster.stop();
    eprintln!("stopped in {:.1} s", stopping.elapsed().as_secs_f64());
    all_gone(state.path()).await
}

async fn eviction_is_refused_by_a_tight_budget(client: &Client, web: &Workload, pod: &Pod) -> Result<()> {
    objects::create_budget(client, web, "100%").await?;
    let api = Api::<Pod>::namespaced(client.clone(), "shop");
    let refusal = wait_until(SOON, "the budget counts", async || {
        let dry = EvictParams {
            post_options: kube::api::PostParams {
                dry_run: true,
                ..Default::default()
            },
            ..Default::default()
        };
        match api.evict(&pod.name_any(), &dry).await {
            Err(kube::Error::Api(status))
                if status.code == 429 && status.message.contains("disruption budget") =>
            {
                Ok(status)
            }
            Err(error) => bail!("{error}"),
            Ok(_) => bail!("evicted"),
        }
    })
    .await?;
    let causes = refusal.details.clone().context("details")?.causes;
    assert_eq!(
        causes.first().map(|cause| cause.reason.as_str()),
        Some("DisruptionBudget"),
        "{refusal:?}"
    );
    Ok(())
}

async fn logs_are_readable(cluster: &Cluster, client: &Client, pod: &Pod) -> Result<()> {
    cluster.add_pod_log("2026-03-02T06:30:00Z".parse()?, &["connection pool exhausted"])?;
    let api = Api::<Pod>::namespaced(client.clone(), "shop");
    let log = api.logs(&pod.name_any(), &LogParams::default()).await?;
    assert!(log.ends_with("connection pool exhausted\n"), "{log}");

    let kubectl = Command::new(cluster.kubectl_path())
        .arg("--kubeconfig")
        .arg(cluster.admin_kubeconfig_path())
        .args(["--namespace=shop", "logs", &pod.name_any(), "--tail=1"])
        .output()?;
    let said = String::from_utf8_lossy(&kubectl.stdout);
    assert_eq!(
        said,
        "connection pool exhausted\n",
        "{}",
        String::from_utf8_lossy(&kubectl.stderr)
    );
    Ok(())
}

fn every_image_has_the_digest_of_its_reference(pods: &[Pod]) -> Result<()> {
    let mut containers = Vec::new();
    let first_pod = pods.first().context("no pod")?;
    for pod in pods {
        let status = pod
            .status
            .as_ref()
            .and_then(|status| status.container_statuses.clone());
        let first = status.into_iter().flatten().next().context("no container")?;
        let (repository, digest) = first.image_id.split_once("@sha256:").context("no digest")?;
        ensure!(
            repository == "registry.example/web" && digest.len() == 64,
            "{first:?}"
        );
        ensure!(
            first.image_id == status_of(first_pod)?.image_id,
            "another digest: {first:?}"
        );
        let container = first.container_id.context("no container id")?;
        ensure!(container.starts_with("containerd://"), "{container}");
        containers.push(container);
    }
    containers.sort();
    containers.dedup();
    ensure!(containers.len() == pods.len(), "two containers have one id");
    Ok(())
}

fn status_of(pod: &Pod) -> Result<k8s_openapi::api::core::v1::ContainerStatus> {
    let status = pod
        .status
        .as_ref()
        .and_then(|status| status.container_statuses.clone());
    status.into_iter().flatten().next().context("no container")
}

/// Downloads the definitions when the cache has none.
async fn custom_resources_are_checked_by_the_definitions_of_their_projects(client: &Client) -> Result<()> {
    extensions::install(client, &Extension::ALL).await?;
    extensions::install(client, &[Extension::Keda]).await?;
    let scaled = |most: serde_json::Value| {
        serde_json::json!({
            "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"scaleTargetRef": {"name": "web"}, "maxReplicaCount": most,
                     "triggers": [{"type": "cron", "metadata": {"desiredReplicas": "1"}}]},
        })
    };
    let refusal = extensions::create(client, "scaledobjects", scaled("many".into()))
        .await
        .err()
        .context("it was taken")?;
    ensure!(format!("{refusal:#}").contains("maxReplicaCount"), "{refusal:#}");
    extensions::create(client, "scaledobjects", scaled(7.into())).await?;
    ensure!(extensions::exists(client, "scaledobjects", &scaled(7.into())).await?);
    extensions::delete(client, "scaledobjects", &scaled(7.into())).await?;
    ensure!(!extensions::exists(client, "scaledobjects", &scaled(7.into())).await?);
    Ok(())
}

async fn a_container_with_a_log_of_its_own_shows_both_instances(
    cluster: &Cluster,
    client: &Client,
) -> Result<()> {
    let [name, _] = day2_platform::cluster::SPEAKING;
    let mut pod: Pod = serde_json::from_value(serde_json::json!({
        "metadata": {"name": "speaker"},
        "spec": {"containers": [
            {"name": name, "image": "registry.example/a:1@sha256:1111111111111111111111111111111111111111111111111111111111111111"},
            {"name": "other", "image": "localhost:5000/b"},
        ]},
    }))?;
    let api = Api::<Pod>::namespaced(client.clone(), "shop");
    objects::create(&api, &pod).await?;
    pod = wait_until(SOON, "the pod runs", async || {
        let pod = api.get("speaker").await?;
        ensure!(pod.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Running"));
        Ok(pod)
    })
    .await?;
    let ids: Vec<String> = pod
        .status
        .iter()
        .flat_map(|status| status.container_statuses.iter().flatten())
        .map(|one| one.image_id.clone())
        .collect();
    ensure!(
        ids.iter()
            .any(|id| *id == format!("registry.example/a@sha256:{}", "1".repeat(64))),
        "{ids:?}"
    );
    ensure!(
        ids.iter().any(|id| id.starts_with("localhost:5000/b@sha256:")),
        "{ids:?}"
    );

    let at = "2026-03-02T06:30:00Z".parse()?;
    let logs = cluster.pod_logs();
    logs.add(name, LogInstance::Current, at, &[b"now \xff\xfe"])?;
    logs.add(name, LogInstance::Previous, at, &[b"before"])?;
    let read = async |container: &str, previous: bool| -> Result<Vec<u8>> {
        let path =
            format!("/api/v1/namespaces/shop/pods/speaker/log?container={container}&previous={previous}");
        let request = http::Request::get(path).body(kube::client::Body::empty())?;
        Ok(client
            .send(request)
            .await?
            .into_body()
            .collect_bytes()
            .await?
            .to_vec())
    };
    ensure!(read(name, false).await?.ends_with(b"now \xff\xfe\n"));
    ensure!(read(name, true).await?.ends_with(b"before\n"));
    let other = read("other", false).await?;
    ensure!(
        !other.windows(3).any(|three| three == b"now"),
        "the neighbour says it too"
    );
    ensure!(logs.add("other", LogInstance::Current, at, &[b"x"]).is_err());
    Ok(())
}

async fn the_apiserver_goes_down_and_comes_back_with_its_data(
    cluster: &mut Cluster,
    client: &Client,
) -> Result<()> {
    let version = async || client.apiserver_version().await;
    version().await?;
    cluster.stop_apiserver();
    ensure!(version().await.is_err(), "it still answers");
    cluster.alive()?;
    let started = Instant::now();
    cluster.start_apiserver().await?;
    eprintln!(
        "the apiserver is back after {:.1} s",
        started.elapsed().as_secs_f64()
    );
    ensure!(objects::pods_of(client, "shop", "web").await?.len() == 20);
    Ok(())
}

async fn the_recorder_knows_what_the_admin_asked(cluster: &Cluster, client: &Client) -> Result<()> {
    let recorder = cluster.recorder();
    let all = recorder.calls_since(Mark::default())?;
    assert!(all.iter().all(|call| call.user == "admin"), "{all:#?}");
    let mark = recorder.mark()?;
    let _ = Api::<Pod>::namespaced(client.clone(), "shop").get("nobody").await;
    let call = recorder
        .wait_for(mark, SOON, |call| call.name == "nobody")
        .await?;
    assert_eq!(
        (call.right().as_str(), call.namespace.as_str(), call.status),
        ("get pods", "shop", 404)
    );
    assert!(call.groups.contains(&"system:masters".to_owned()), "{call:?}");
    let evictions = recorder.calls_by(Mark::default(), |user| user == "admin")?;
    assert!(
        evictions
            .iter()
            .any(|call| call.right() == "create pods/eviction" && call.status == 429)
    );
    Ok(())
}

async fn an_unknown_token_is_refused_and_strangers_see_health_only(cluster: &Cluster) -> Result<()> {
    let ask = async |token: Option<&str>, path: &str| -> Result<u16> {
        let mut config = kube::Config::new(cluster.endpoint().parse()?);
        config.accept_invalid_certs = true;
        config.default_retry = false;
        config.auth_info.token = token.map(|token| token.to_owned().into());
        let request = http::Request::get(path).body(kube::client::Body::empty())?;
        Ok(Client::try_from(config)?.send(request).await?.status().as_u16())
    };
    assert_eq!(
        ask(Some("k8s-aws-v1.aHR0cHM6Ly9ldmlsLmV4YW1wbGUv"), "/api/v1/nodes").await?,
        401
    );
    assert_eq!(ask(None, "/api/v1/nodes").await?, 401);
    assert_eq!(ask(None, "/readyz").await?, 200);
    let log = std::fs::read_to_string(cluster.logs().join("token-webhook.log"))?;
    assert!(log.contains("refused: `evil.example` is no STS of AWS"), "{log}");
    Ok(())
}

async fn a_pod_crashes_and_recovers(client: &Client, name: &str) -> Result<()> {
    let api = Api::<Pod>::namespaced(client.clone(), "shop");
    stages::break_pod(client, "shop", name, SickPod::CrashLoop).await?;
    wait_until(SOON, "the pod crashes", async || {
        let pod = api.get(name).await?;
        ensure!(
            waiting_reason(&pod).as_deref() == Some("CrashLoopBackOff"),
            "{:?}",
            pod.status
        );
        Ok(())
    })
    .await?;
    stages::mend_pod(client, "shop", name).await?;
    // The Deployment may still be called ready from before the crash: only the pod itself tells.
    wait_until(SOON, "the pod runs again", async || {
        let pod = api.get(name).await?;
        let restarts = pod
            .status
            .and_then(|status| Some(status.container_statuses?.first()?.restart_count));
        ensure!(restarts == Some(8), "{restarts:?}");
        Ok(())
    })
    .await?;
    objects::deployment_ready(client, "shop", "web").await
}

async fn the_other_sick_pods_look_sick(client: &Client) -> Result<()> {
    for (sick, phase, reason) in [
        (SickPod::OomKilled, "Running", Some("CrashLoopBackOff")),
        (SickPod::ImagePullBackOff, "Pending", Some("ImagePullBackOff")),
        (SickPod::Failed, "Failed", None),
    ] {
        let annotations = [(stages::STAGE.to_owned(), sick.stage().to_owned())].into();
        let workload = Workload {
            annotations,
            ..Workload::new("sick", sick.stage(), 1)
        };
        objects::create_workload(client, &workload).await?;
        wait_until(SOON, &format!("the pod is {}", sick.stage()), async || {
            let pods = objects::pods_of(client, "sick", sick.stage()).await?;
            let seen = |pod: &Pod| {
                (
                    pod.status.clone().and_then(|status| status.phase),
                    waiting_reason(pod),
                )
            };
            let wanted = (Some(phase.to_owned()), reason.map(str::to_owned));
            ensure!(
                pods.iter().any(|pod| seen(pod) == wanted),
                "{:?}",
                pods.iter().map(seen).collect::<Vec<_>>()
            );
            Ok(())
        })
        .await?;
        // A pod that has failed is replaced at once, without end.
        Api::<Deployment>::namespaced(client.clone(), "sick")
            .delete(sick.stage(), &DeleteParams::background())
            .await?;
    }
    Ok(())
}

async fn a_node_falls_and_rises(client: &Client, name: &str) -> Result<()> {
    let api = Api::<Node>::all(client.clone());
    for (sick, pods_stay_ready) in [(SickNode::NotReady, true), (SickNode::Unknown, false)] {
        stages::break_node(client, name, sick).await?;
        wait_until(SOON, "the node is tainted", async || {
            let taints = api
                .get(name)
                .await?
                .spec
                .and_then(|spec| spec.taints)
                .unwrap_or_default();
            ensure!(
                taints.iter().any(|taint| taint.effect == "NoExecute"),
                "{taints:?}"
            );
            Ok(())
        })
        .await?;
        wait_until(SOON, "the deployment notices", async || {
            let ready = objects::deployment_ready_now(client, "shop", "web").await.is_ok();
            ensure!(ready == pods_stay_ready, "available: {ready}");
            Ok(())
        })
        .await?;
        stages::mend_node(client, name).await?;
        objects::deployment_ready(client, "shop", "web").await?;
    }
    Ok(())
}

/// Runs this very test again in a second process, which owns the cluster, and kills that one.
#[tokio::test]
async fn no_process_remains_when_the_owner_is_killed() -> Result<()> {
    if let Some(state) = std::env::var_os(OWNER_OF) {
        let state = PathBuf::from(state);
        let _cluster = cluster(&state).await?;
        std::fs::write(state.join("up"), "")?;
        std::future::pending::<()>().await;
    }
    let state = tempfile::tempdir()?;
    let mut owner = Command::new(std::env::current_exe()?)
        .args([
            "--exact",
            "cluster::no_process_remains_when_the_owner_is_killed",
            "--nocapture",
        ])
        .env(OWNER_OF, state.path())
        .stdout(Stdio::null())
        .spawn()?;
    // The second process may have to wait for the first build of the control plane.
    wait_until(Duration::from_mins(45), "the cluster is up", async || {
        ensure!(owner.try_wait()?.is_none(), "its owner ended");
        Ok(std::fs::metadata(state.path().join("up"))?)
    })
    .await?;
    assert!(
        remaining(state.path())?.len() >= 5,
        "the test must be able to fail"
    );
    owner.kill()?;
    owner.wait()?;
    all_gone(state.path()).await
}

/// The scheduler is the last part: all others run when it cannot start, because its log is a folder.
#[tokio::test]
async fn a_start_that_fails_halfway_leaves_no_process() -> Result<()> {
    let state = tempfile::tempdir()?;
    let logs = state.path().join("logs");
    std::fs::create_dir_all(logs.join("kube-scheduler.log"))?;
    let Err(why) = cluster(state.path()).await else {
        bail!("it started without a scheduler")
    };
    assert!(format!("{why:#}").contains("kube-scheduler.log"), "{why:#}");
    let said = std::fs::metadata(logs.join("kube-apiserver.log"))?.len();
    assert!(said > 0, "nothing had been started");
    all_gone(state.path()).await
}
