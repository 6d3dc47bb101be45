//! `ha-status` as a process against two real control planes, of which one is stopped and started again.

use anyhow::{Context as _, Result, ensure};
use day2_platform::aws::{ACCOUNT, REGION};
use day2_platform::cluster::extensions;
use day2_platform::cluster::objects::{
    create_nodes, create_workload, deployment_ready, ensure_namespace, nodes_ready,
};
use day2_platform::cluster::shapes::{NodeSpec, Workload};
use day2_platform::platform::Platform;
use day2_platform::sandbox::{Event, Ground, Launch, Sandbox};
use day2_platform::world::plan::TARGET;
use serde_json::{Value, json};

const FUNCTION: &str = "ha-status";
const SECOND: &str = "prod-b";

/// The settings of a pair in which two probes at once prove a failure, and two that it is over.
fn document(deployment: &Value, endpoints: [&str; 2]) -> Value {
    let [first, second] = endpoints;
    let side = |name: &str, endpoint: &str| {
        json!({
            "platform": {"name": name, "account_id": ACCOUNT, "region": REGION, "cluster": {"name": name, "endpoint": endpoint}},
            "min_ready_nodes": 2,
        })
    };
    json!({
        "deployment": deployment,
        "targets": [{"name": "prod", "account_id": ACCOUNT, "region": REGION}],
        "function": {"targets": {"prod": {
            "primary": side(TARGET, first), "secondary": side(SECOND, second),
            "detection": {"failed_probes": 2, "failed_minutes": 0, "good_probes": 2, "agreeing_looks": 1},
            "capacity": {"peak": {"cpu_cores": 1, "memory_gib": 1, "pods": 2}},
            "not_checked": ["groups", "queue"],
        }}},
    })
}

/// One probe by hand: the state, and the items by code.
async fn probe(sandbox: &mut Sandbox) -> Result<(String, Value)> {
    let answer = sandbox.invoke(Event::new("{}")).await?.answer()?;
    let report = answer.pointer("/reports/0").context("no report")?.clone();
    let seen = report["items"][0]["seen"].as_str().context("no item")?.to_owned();
    Ok((seen, report))
}

fn verdict<'r>(report: &'r Value, code: &str) -> &'r str {
    let items = report["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let item = items.iter().find(|item| item["code"] == code);
    item.and_then(|item| item["verdict"].as_str()).unwrap_or("none")
}

#[tokio::test]
async fn a_side_that_stops_blocks_the_pair_and_one_that_comes_back_mends_it() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let platform = Platform::start(&folder.path().join("platform")).await?;
    let _world = platform.seed().await?;
    let mut second = platform.second_cluster(SECOND).await?;
    let client = second.admin_client()?;
    let names = ["n-1", "n-2"];
    let nodes = names.map(|name| NodeSpec::new(name, "i-0123456789abcdef0", "us-east-1a", "workers"));
    create_nodes(&client, &nodes).await?;
    nodes_ready(&client, &names).await?;
    ensure_namespace(&client, "shop").await?;
    let web = Workload::new("shop", "web", 2);
    create_workload(&client, &web).await?;
    deployment_ready(&client, "shop", "web").await?;
    let ground = Ground::make(&platform.emulator, "day2").await?;
    let role = ground
        .role(&platform.emulator, (&platform.cluster, TARGET), FUNCTION)
        .await?;
    let arn = format!("arn:aws:iam::{ACCOUNT}:role/{}", role.name);
    aws_sdk_eks::Client::new(&platform.emulator.sdk_config())
        .create_access_entry()
        .cluster_name(SECOND)
        .principal_arn(&arn)
        .kubernetes_groups(format!("day2:{FUNCTION}"))
        .send()
        .await?;
    let document = document(
        &ground.deployment(),
        [platform.cluster.endpoint(), second.endpoint()],
    );
    let endpoint = platform.emulator.endpoint();
    let launch = Launch::new(
        FUNCTION,
        folder.path().join("sandbox"),
        &role.credentials,
        &endpoint,
    )?
    .settings(&document);
    let mut sandbox = Sandbox::start(&launch).await?;

    // The shipped rights are not granted in the second cluster yet: that is no outage.
    for _ in 0..3 {
        let (seen, report) = probe(&mut sandbox).await?;
        ensure!(seen.starts_with("UNKNOWN"), "{seen}");
        ensure!(
            verdict(&report, "HAS-002") == "UNKNOWN" && verdict(&report, "HAS-008") == "PASS",
            "{report:#}"
        );
    }
    grant(&second).await?;
    probe(&mut sandbox).await?;
    let (seen, report) = probe(&mut sandbox).await?;
    ensure!(seen.starts_with("ACTIVE"), "{seen}");
    ensure!(report["status"] == "PASS", "{report:#}");

    second.stop_apiserver();
    let (seen, _) = probe(&mut sandbox).await?;
    ensure!(seen.starts_with("UNKNOWN"), "one probe proves nothing: {seen}");
    let (seen, report) = probe(&mut sandbox).await?;
    ensure!(seen.starts_with("BLOCKED_SECONDARY_UNAVAILABLE"), "{seen}");
    ensure!(
        verdict(&report, "HAS-004") == "UNKNOWN",
        "the survivor could, the other side is not judged: {report:#}"
    );

    second.start_apiserver().await?;
    let (seen, _) = probe(&mut sandbox).await?;
    ensure!(
        seen.starts_with("BLOCKED_SECONDARY_UNAVAILABLE"),
        "one probe proves nothing: {seen}"
    );
    let (seen, report) = probe(&mut sandbox).await?;
    ensure!(
        seen.starts_with("ACTIVE") && seen.contains("recovered from BLOCKED_SECONDARY_UNAVAILABLE"),
        "{seen}"
    );
    ensure!(report["status"] == "PASS", "{report:#}");
    Ok(())
}

/// What `infra/kubernetes/ha-status.yaml` grants.
async fn grant(cluster: &day2_platform::cluster::Cluster) -> Result<()> {
    let manifest = std::fs::read_to_string(crate::house::root().join("infra/kubernetes/ha-status.yaml"))?;
    for document in serde_yaml_ng::Deserializer::from_str(&manifest) {
        let object: Value = serde::Deserialize::deserialize(document)?;
        let plural = if object["kind"] == "ClusterRole" {
            "clusterroles"
        } else {
            "clusterrolebindings"
        };
        extensions::create(&cluster.admin_client()?, plural, object).await?;
    }
    Ok(())
}
